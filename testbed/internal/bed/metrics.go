package bed

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	resourcev1 "k8s.io/api/resource/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"tangram.dev/testbed/internal/dcgm"
	"tangram.dev/testbed/internal/node"
	"tangram.dev/testbed/internal/plane"
	"tangram.dev/testbed/internal/spec"
)

// startExporter decides who holds which device, records it and starts the process that keeps it.
func (b *Bed) startExporter(ctx context.Context) error {
	if err := writeAssignments(b.Dir, nil); err != nil {
		return err
	}
	own, err := os.Executable()
	if err != nil {
		return err
	}
	child, err := b.supervisor.Start("exporter", own, "exporter", "--dir", b.Dir)
	if err != nil {
		return err
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if _, err := exporterPort(b.Dir); err == nil {
			return nil
		}
		if err := b.supervisor.Exited(child); err != nil {
			return b.withLogs(err)
		}
		if time.Now().After(deadline) {
			return b.withLogs(fmt.Errorf("the exporter does not listen"))
		}
	}
}

func exporterPort(dir string) (int, error) {
	data, err := os.ReadFile(portFile(dir))
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(string(data))
}

// writeTargets tells Prometheus, which looks at this file, whom to ask.
func writeTargets(dir string, c *spec.Cluster, nodes []node.Node, fleet *dcgm.Fleet) error {
	port, err := exporterPort(dir)
	if err != nil {
		return err
	}
	targets, err := fleet.TargetFile(c, nodes, port)
	if err != nil {
		return err
	}
	return plane.WriteFile(targetsFile(dir), targets, 0o644)
}

// writeHistory backfills Prometheus' data folder before Prometheus starts.
func (b *Bed) writeHistory(ctx context.Context) error {
	fleet, err := b.fleet(ctx)
	if err != nil {
		return err
	}
	if err := writeTargets(b.Dir, b.cluster, b.nodes, fleet); err != nil {
		return err
	}
	if b.cluster.Metrics.History == 0 || len(fleet.Order) == 0 {
		return nil
	}
	return b.backfill(ctx, fleet)
}

// fleet reads the server itself, not a cache: the pods were just given their ages.
func (b *Bed) fleet(ctx context.Context) (*dcgm.Fleet, error) {
	var known assignments
	if err := readJSON(assignmentsFile(b.Dir), &known); err != nil {
		return nil, err
	}
	list, err := b.plane.Client.CoreV1().Pods("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	claimList, err := b.plane.Client.ResourceV1().ResourceClaims("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	var pods []*corev1.Pod
	for i := range list.Items {
		pods = append(pods, &list.Items[i])
	}
	var claims []*resourcev1.ResourceClaim
	for i := range claimList.Items {
		claims = append(claims, &claimList.Items[i])
	}
	o := newObserver(b.cluster, b.nodes, state{Started: b.started, Traces: b.Traces}, b.Say)
	o.table.Restore(known.Assignments)
	fleet, changed := o.observe(pods, claims)
	if changed { // the exporter process has not caught up; both follow the same order
		return fleet, writeAssignments(b.Dir, o.table.All())
	}
	return fleet, nil
}

func (b *Bed) backfill(ctx context.Context, fleet *dcgm.Fleet) error {
	path := filepath.Join(b.Dir, "history.om")
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer os.Remove(path)
	samples, err := fleet.WriteHistory(file, b.cluster, b.nodes, time.Now())
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		return fmt.Errorf("promtool is not on the PATH; it comes with Prometheus: %w", err)
	}
	// One block for all: promtool reads its input once a block.
	command := exec.CommandContext(ctx, promtool, "tsdb", "create-blocks-from",
		"--max-block-duration=486h", "-q", "openmetrics", path, b.prometheusData())
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("promtool: %w: %s", err, output)
	}
	b.Say("%d samples of history", samples)
	return nil
}

func (b *Bed) prometheusData() string { return filepath.Join(b.Dir, "prometheus") }

func (b *Bed) startPrometheus(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	config := filepath.Join(b.Dir, "prometheus.yaml")
	content := dcgm.PrometheusConfig(b.cluster, targetsFile(b.Dir))
	if err := os.WriteFile(config, content, 0o644); err != nil {
		return err
	}
	url, err := b.plane.StartPrometheus(ctx, config, b.prometheusData())
	if err != nil {
		return err
	}
	env := fmt.Sprintf("KUBECONFIG=%s\nPROMETHEUS=%s\nKUBECTL=%s\n", filepath.Join(b.Dir, "kubeconfig"),
		url, filepath.Join(b.Bin, "kubectl"))
	return plane.WriteFile(filepath.Join(b.Dir, "env"), []byte(env), 0o644)
}
