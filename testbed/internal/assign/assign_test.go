package assign

import (
	"fmt"
	"math/rand"
	"testing"

	corev1 "k8s.io/api/core/v1"
	resourcev1 "k8s.io/api/resource/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"tangram.dev/testbed/internal/node"
	"tangram.dev/testbed/internal/spec"
)

func inventory(t *testing.T, group string) []node.Node {
	t.Helper()
	c, err := spec.Parse([]byte("nodeGroups:\n- {name: gpu, count: 1, " + group + "}"))
	if err != nil {
		t.Fatal(err)
	}
	nodes, err := node.Inventory(c)
	if err != nil {
		t.Fatal(err)
	}
	return nodes
}

func pod(name, resourceName string, count int64) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "a", Name: name, UID: types.UID("uid-" + name)},
		Spec: corev1.PodSpec{NodeName: "gpu-0", Containers: []corev1.Container{{Name: "main",
			Resources: corev1.ResourceRequirements{Limits: corev1.ResourceList{
				corev1.ResourceName(resourceName): *resource.NewQuantity(count, resource.DecimalSI)}}}}},
	}
}

func places(held []Held) string {
	text := ""
	for _, h := range held {
		text += fmt.Sprintf("%s:%d/%s@%d/%d ", h.Pod, h.GPU, h.Profile, h.Start, h.Replica)
	}
	return text
}

func TestDevicesGoAsTheRealPluginGivesThem(t *testing.T) {
	const a100 = "product: NVIDIA-A100-SXM4-40GB, gpus: 2"
	cases := []struct {
		name, group string
		pods        []*corev1.Pod
		want        string
	}{
		{"whole cards are packed", a100, []*corev1.Pod{pod("b", "nvidia.com/gpu", 1), pod("a", "nvidia.com/gpu", 1)},
			"a:0/@0/-1 b:1/@0/-1 "},
		{"a pod with two cards", a100, []*corev1.Pod{pod("a", "nvidia.com/gpu", 2)}, "a:0/@0/-1 a:1/@0/-1 "},
		{"instances by profile, lowest first",
			a100 + ", mig: {strategy: mixed, layouts: [[1g.5gb@4, 3g.20gb@0], [1g.5gb@2]]}",
			[]*corev1.Pod{pod("a", "nvidia.com/mig-1g.5gb", 2), pod("b", "nvidia.com/mig-3g.20gb", 1)},
			"b:0/3g.20gb@0/-1 a:0/1g.5gb@4/-1 a:1/1g.5gb@2/-1 "},
		{"single strategy hands instances out as gpu",
			a100 + ", mig: {strategy: single, layouts: [[3g.20gb, 3g.20gb]]}",
			[]*corev1.Pod{pod("a", "nvidia.com/gpu", 1)}, "a:0/3g.20gb@0/-1 "},
		{"replicas are spread over cards",
			"product: Tesla-T4, gpus: 2, sharing: {strategy: time-slicing, replicas: 3, renameByDefault: true}",
			[]*corev1.Pod{pod("a", "nvidia.com/gpu.shared", 1), pod("b", "nvidia.com/gpu.shared", 1), pod("c", "nvidia.com/gpu.shared", 1)},
			"a:0/@0/0 c:0/@0/1 b:1/@0/0 "},
		{"nothing left gives nothing", a100, []*corev1.Pod{pod("a", "nvidia.com/gpu", 3)}, "a:0/@0/-1 a:1/@0/-1 "},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			table := NewTable(inventory(t, c.group))
			table.Sync(c.pods, nil)
			if got := places(table.All()); got != c.want {
				t.Errorf("got %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestAPodKeepsItsDeviceWhileOthersComeAndGo(t *testing.T) {
	nodes := inventory(t, "product: NVIDIA-L4, gpus: 2")
	table := NewTable(nodes)
	a, b, c := pod("a", "nvidia.com/gpu", 1), pod("b", "nvidia.com/gpu", 1), pod("c", "nvidia.com/gpu", 1)
	table.Sync([]*corev1.Pod{a, b}, nil)
	if !table.Sync([]*corev1.Pod{b, c}, nil) {
		t.Error("a change was not reported")
	}
	if got := places(table.All()); got != "c:0/@0/-1 b:1/@0/-1 " {
		t.Errorf("got %s", got)
	}
	again := NewTable(nodes)
	again.Restore(table.All())
	if again.Sync([]*corev1.Pod{b, c}, nil) || places(again.All()) != places(table.All()) {
		t.Errorf("after a restart: %s", places(again.All()))
	}
	c.Status.Phase = corev1.PodSucceeded
	again.Sync([]*corev1.Pod{b, c}, nil)
	if got := places(again.All()); got != "b:1/@0/-1 " {
		t.Errorf("a finished pod still holds: %s", got)
	}
}

func TestClaimsTellTheDevice(t *testing.T) {
	table := NewTable(inventory(t, "product: NVIDIA-H100-80GB-HBM3, gpus: 2, dra: partitions"))
	p := pod("a", "cpu", 1)
	claim := "a-gpu-x"
	p.Status.ResourceClaimStatuses = []corev1.PodResourceClaimStatus{{Name: "gpu", ResourceClaimName: &claim}}
	allocated := &resourcev1.ResourceClaim{ObjectMeta: metav1.ObjectMeta{Namespace: "a", Name: claim}}
	allocated.Status.Allocation = &resourcev1.AllocationResult{Devices: resourcev1.DeviceAllocationResult{
		Results: []resourcev1.DeviceRequestAllocationResult{
			{Driver: "gpu.nvidia.com", Pool: "gpu-0", Device: "gpu-1-mig-3g40gb-9-4"},
			{Driver: "other", Pool: "gpu-0", Device: "gpu-0"}}}}
	table.Sync([]*corev1.Pod{p}, nil)
	if len(table.All()) != 0 {
		t.Error("devices before the claim is allocated")
	}
	table.Sync([]*corev1.Pod{p}, Index([]*resourcev1.ResourceClaim{allocated}))
	if got := places(table.All()); got != "a:1/3g.40gb@4/-1 " {
		t.Errorf("got %s", got)
	}
}

// Whatever comes and goes, no device has two owners and no pod more than it asked for.
func TestNoDeviceIsHeldTwice(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	table := NewTable(inventory(t, "product: Tesla-T4, gpus: 4, sharing: {strategy: time-slicing, replicas: 4}"))
	var live []*corev1.Pod
	for step := range 500 {
		if random.Intn(2) == 0 && len(live) > 0 {
			live = append(live[:0:0], live[1:]...)
		} else {
			live = append(live, pod(fmt.Sprint("p", step), "nvidia.com/gpu", int64(1+random.Intn(3))))
		}
		table.Sync(live, nil)
		owners := map[string]string{}
		for _, h := range table.All() {
			if other := owners[h.DeviceID]; other != "" {
				t.Fatalf("step %d: %s belongs to %s and %s", step, h.DeviceID, other, h.Pod)
			}
			owners[h.DeviceID] = h.Pod
		}
		if len(owners) > 16 {
			t.Fatalf("step %d: %d of 16 devices are held", step, len(owners))
		}
	}
}
