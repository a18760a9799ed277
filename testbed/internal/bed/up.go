package bed

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"tangram.dev/testbed/internal/dcgm"
	"tangram.dev/testbed/internal/node"
	"tangram.dev/testbed/internal/plane"
	"tangram.dev/testbed/internal/spec"
)

// Options are the arguments of `up`.
type Options struct {
	Cluster string // the cluster file
	Dir     string // empty: a new folder under the system's temporary one
	Bin     string // programs that `build` made
	Stages  string // kwok's stage file
	Traces  string // folder of measured traces; may be absent
	Viewer  string // file with the ClusterRole of kubeconfig-viewer
	Module  string // program that builds a component and prints its path
	Say     func(format string, args ...any)
}

// Bed is a testbed that is coming up.
type Bed struct {
	Options
	cluster    *spec.Cluster
	nodes      []node.Node
	plane      *plane.Plane
	supervisor *plane.Supervisor
	started    time.Time
}

// Up brings a testbed up and returns its folder. When it fails, nothing it started is left running
// and of the folder only the logs stay.
func Up(ctx context.Context, o Options) (string, error) {
	b := &Bed{Options: o, started: time.Now()}
	var err error
	if b.cluster, b.nodes, err = Load(o.Cluster); err != nil {
		return "", err
	}
	if err = b.makeDir(); err != nil {
		return "", err
	}
	if b.supervisor, err = plane.NewSupervisor(b.Dir); err != nil {
		return "", err
	}
	if err = b.run(ctx); err != nil {
		b.supervisor.StopAll()
		return "", fmt.Errorf("%w\nlogs: %s", errors.Join(err, b.keepLogs()),
			filepath.Join(b.Dir, "logs"))
	}
	return b.Dir, nil
}

// keepLogs removes all that a failed start left but its logs, so that the folder can be used again.
func (b *Bed) keepLogs() error {
	entries, err := os.ReadDir(b.Dir)
	for _, entry := range entries {
		if entry.Name() != "logs" {
			err = errors.Join(err, os.RemoveAll(filepath.Join(b.Dir, entry.Name())))
		}
	}
	return err
}

// Load reads a cluster file and lists its nodes.
func Load(path string) (*spec.Cluster, []node.Node, error) {
	c, err := spec.Load(path)
	if err != nil {
		return nil, nil, err
	}
	if err := dcgm.Known(c.Metrics.HistoryMetrics); err != nil {
		return nil, nil, fmt.Errorf("cluster file %s: metrics.historyMetrics: %w", path, err)
	}
	nodes, err := node.Inventory(c)
	return c, nodes, err
}

func (b *Bed) makeDir() error {
	if b.Dir == "" {
		dir, err := os.MkdirTemp("", "tangram-testbed-")
		b.Dir = dir
		return err
	}
	var err error
	if b.Dir, err = filepath.Abs(b.Dir); err != nil {
		return err
	}
	if _, err := os.Stat(plane.PidFile(b.Dir)); err == nil {
		return fmt.Errorf("%s holds a testbed already; run testbed/down %s first", b.Dir, b.Dir)
	}
	if err := os.MkdirAll(b.Dir, 0o755); err != nil {
		return err
	}
	entries, err := os.ReadDir(b.Dir)
	for _, entry := range entries {
		if entry.Name() != "logs" { // `down` removes the whole folder: it must be ours
			return fmt.Errorf("%s is not empty; name a new folder", b.Dir)
		}
	}
	return err
}

// run is the whole way up, step by step. Each step says what it did and how long it took.
func (b *Bed) run(ctx context.Context) error {
	steps := []struct {
		name string
		do   func(context.Context) error
	}{
		{"control plane", b.startPlane},
		{"components", b.startComponents},
		{"nodes", b.createCluster},
		{"workloads", b.createWorkloads},
		{"pods settled", b.settle},
		{"ages", b.backdate},
		{"exporter", b.startExporter},
		{"history", b.writeHistory},
		{"prometheus", b.startPrometheus},
	}
	for _, step := range steps {
		began := time.Now()
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
		if err := b.supervisor.AnyExited(); err != nil {
			return fmt.Errorf("%s: %w", step.name, b.withLogs(err))
		}
		b.Say("%-14s %.1f s", step.name, time.Since(began).Seconds())
	}
	return nil
}

// withLogs adds the end of every log: whoever reads the failure needs no second command.
func (b *Bed) withLogs(err error) error {
	for _, name := range b.supervisor.Names() {
		if tail := b.supervisor.Tail(name, 8); tail != "" {
			err = errors.Join(err, fmt.Errorf("--- end of %s.log ---\n%s", name, tail))
		}
	}
	return err
}

func (b *Bed) startPlane(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	source, err := os.ReadFile(b.Cluster)
	if err != nil {
		return err
	}
	if err := os.WriteFile(clusterFile(b.Dir), source, 0o644); err != nil {
		return err
	}
	b.plane = &plane.Plane{Dir: b.Dir, Bin: b.Bin, Stages: b.Stages, Supervisor: b.supervisor}
	if err := b.plane.Start(ctx); err != nil {
		return err
	}
	return writeJSON(stateFile(b.Dir), state{Started: b.started, Traces: b.Traces, Etcd: b.plane.EtcdURL})
}
