package bed

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"tangram.dev/testbed/internal/spec"
)

func quiet(string, ...any) {}

func writeText(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

const tiny = "nodeGroups:\n- {name: cpu, count: 1}\n"

func TestUpRefusesAFolderThatIsNotItsOwn(t *testing.T) {
	dir := t.TempDir()
	cluster := writeText(t, t.TempDir(), "c.yaml", tiny)
	precious := writeText(t, dir, "precious", "x")
	_, err := Up(context.Background(), Options{Cluster: cluster, Dir: dir, Say: quiet})
	if err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("error is %v", err)
	}
	if _, err := os.Stat(precious); err != nil {
		t.Error("a stranger's file was removed")
	}
}

func TestAFailedUpLeavesOnlyItsLogs(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "bed")
	cluster := writeText(t, t.TempDir(), "c.yaml", tiny)
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "etcd"), []byte("#!/bin/sh\necho broken disk\nexit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	_, err := Up(context.Background(), Options{Cluster: cluster, Dir: dir, Bin: bin, Say: quiet})
	if err == nil || !strings.Contains(err.Error(), "etcd stopped") || !strings.Contains(err.Error(), "broken disk") {
		t.Errorf("error is %v, want the program and the end of its log", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 || entries[0].Name() != "logs" {
		t.Errorf("left: %v, %v", entries, err)
	}
}

func TestDownRefusesAFolderWithoutARecord(t *testing.T) {
	dir := t.TempDir()
	if err := Down(dir); err == nil || !strings.Contains(err.Error(), "holds no testbed") {
		t.Errorf("error is %v", err)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Error("the folder was removed")
	}
}

func TestAnUnknownHistoryMetricIsRefused(t *testing.T) {
	cluster := writeText(t, t.TempDir(), "c.yaml", tiny+"metrics: {historyMetrics: [DCGM_FI_NO]}\n")
	if _, _, err := Load(cluster); err == nil || !strings.Contains(err.Error(), "DCGM_FI_NO") {
		t.Errorf("error is %v", err)
	}
}

func TestNodesOfKarpenterAreMetOnceTheirCardsAreThere(t *testing.T) {
	c, err := spec.Parse([]byte(tiny + "components: [karpenter]\nkarpenter:\n  instanceTypes:\n" +
		"  - {name: g6.12xlarge, product: NVIDIA-L4, gpus: 4}\n"))
	if err != nil {
		t.Fatal(err)
	}
	labels := map[string]string{corev1.LabelInstanceTypeStable: "g6.12xlarge"}
	made := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "made", Labels: labels}}
	o := newObserver(c, nil, state{}, quiet)
	for _, step := range []struct {
		label string
		met   int
	}{{"", 0}, {"kwok.x-k8s.io/node", 0}, {"nvidia.com/gpu.product", 1}} {
		labels[step.label] = "x"
		o.meet([]*corev1.Node{made})
		if len(o.nodes) != step.met {
			t.Errorf("with label %q %d nodes are met, want %d", step.label, len(o.nodes), step.met)
		}
	}
	if units := o.nodes[0].Units(); len(units) != 4 {
		t.Errorf("it has %d cards", len(units))
	}
	if o.meet([]*corev1.Node{made}) || !o.meet(nil) || len(o.nodes) != 0 {
		t.Error("a node is news when it comes and when it goes, and not while it stays")
	}
}

func TestUnsettledSaysWhy(t *testing.T) {
	c, err := spec.Parse([]byte(tiny + "workloads:\n- {name: runs, kind: Pod}\n- {name: waits, kind: Pod, expect: pending}\n- {name: lacks, replicas: 2}\n"))
	if err != nil {
		t.Fatal(err)
	}
	pod := func(name string, kind corev1.PodConditionType, status corev1.ConditionStatus, phase corev1.PodPhase) *corev1.Pod {
		return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name},
			Status: corev1.PodStatus{Phase: phase, Conditions: []corev1.PodCondition{{Type: kind, Status: status, Message: "no room"}}}}
	}
	pods := []*corev1.Pod{pod("runs", corev1.PodScheduled, "False", corev1.PodPending),
		pod("waits", corev1.PodScheduled, "False", corev1.PodPending)}
	missing := strings.Join(unsettled(c, pods), "\n")
	for _, want := range []string{"default/runs: 0 of 1 pods are running: runs: no room", "default/lacks: 0 of 2", "quota"} {
		if !strings.Contains(missing, want) {
			t.Errorf("%q is not in:\n%s", want, missing)
		}
	}
	if strings.Contains(missing, "waits") {
		t.Error("a pod that waits as expected is named")
	}
}

func TestSetAgeMovesWhatKubeletWouldHaveWritten(t *testing.T) {
	born := metav1.NewTime(time.Unix(1000, 0))
	now := metav1.Now()
	pod := &corev1.Pod{Status: corev1.PodStatus{StartTime: &now,
		Conditions:        []corev1.PodCondition{{LastTransitionTime: now}},
		ContainerStatuses: []corev1.ContainerStatus{{State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: now}}}}}}
	setAge(pod, born)
	for what, got := range map[string]metav1.Time{"creation": pod.CreationTimestamp, "start": *pod.Status.StartTime,
		"condition": pod.Status.Conditions[0].LastTransitionTime, "container": pod.Status.ContainerStatuses[0].State.Running.StartedAt} {
		if !got.Equal(&born) {
			t.Errorf("%s is %s", what, got)
		}
	}
}
