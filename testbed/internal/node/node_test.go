package node

import (
	"maps"
	"testing"

	resourcev1 "k8s.io/api/resource/v1"

	"tangram.dev/testbed/internal/spec"
)

func first(t *testing.T, group string) Node {
	t.Helper()
	c, err := spec.Parse([]byte("nodeGroups:\n- {name: pool, count: 2, " + group + "}"))
	if err != nil {
		t.Fatal(err)
	}
	nodes, err := Inventory(c)
	if err != nil {
		t.Fatal(err)
	}
	return nodes[0]
}

func TestLabelsAndResources(t *testing.T) {
	cases := []struct {
		name, group string
		labels      map[string]string // an empty value means absent
		extended    map[string]int64
	}{
		{"whole cards", "product: NVIDIA-L4, gpus: 2",
			map[string]string{"nvidia.com/gpu.product": "NVIDIA-L4", "nvidia.com/gpu.count": "2",
				"nvidia.com/gpu.memory": "23034", "nvidia.com/gpu.replicas": "1", "nvidia.com/mig.capable": "false"},
			map[string]int64{"nvidia.com/gpu": 2}},
		{"time-slicing", "product: Tesla-T4, gpus: 2, sharing: {strategy: time-slicing, replicas: 4}",
			map[string]string{"nvidia.com/gpu.product": "Tesla-T4-SHARED", "nvidia.com/gpu.count": "2",
				"nvidia.com/gpu.replicas": "4", "nvidia.com/gpu.sharing-strategy": "time-slicing"},
			map[string]int64{"nvidia.com/gpu": 8}},
		{"renamed", "product: Tesla-T4, gpus: 1, sharing: {strategy: mps, replicas: 4, renameByDefault: true}",
			map[string]string{"nvidia.com/gpu.product": "Tesla-T4", "nvidia.com/mps.capable": "true"},
			map[string]int64{"nvidia.com/gpu.shared": 4}},
		{"mixed with a whole card", "product: NVIDIA-A100-SXM4-40GB, gpus: 2, mig: {strategy: mixed, layouts: [[1g.5gb+me, 3g.20gb], []]}",
			map[string]string{"nvidia.com/mig-1g.5gb.me.count": "1", "nvidia.com/mig-3g.20gb.memory": "20096",
				"nvidia.com/gpu.product": "NVIDIA-A100-SXM4-40GB", "nvidia.com/gpu.replicas": "1"},
			map[string]int64{"nvidia.com/gpu": 1, "nvidia.com/mig-1g.5gb.me": 1, "nvidia.com/mig-3g.20gb": 1}},
		{"mixed without one", "product: NVIDIA-A30, gpus: 1, mig: {strategy: mixed, layouts: [[2g.12gb, 2g.12gb]]}",
			map[string]string{"nvidia.com/mig-2g.12gb.count": "2", "nvidia.com/gpu.replicas": "0"},
			map[string]int64{"nvidia.com/mig-2g.12gb": 2}},
		{"single", "product: NVIDIA-A100-SXM4-40GB, gpus: 2, mig: {strategy: single, layouts: [[3g.20gb, 3g.20gb]]}",
			map[string]string{"nvidia.com/gpu.product": "NVIDIA-A100-SXM4-40GB-MIG-3g.20gb",
				"nvidia.com/gpu.count": "4", "nvidia.com/gpu.memory": "20096"},
			map[string]int64{"nvidia.com/gpu": 4}},
		{"single with two profiles", "product: NVIDIA-A100-SXM4-40GB, gpus: 1, mig: {strategy: single, layouts: [[3g.20gb, 2g.10gb]]}",
			map[string]string{"nvidia.com/gpu.product": "NVIDIA-A100-SXM4-40GB-MIG-INVALID", "nvidia.com/gpu.count": "0"},
			map[string]int64{"nvidia.com/gpu": 2}},
		{"DRA", "product: NVIDIA-H100-80GB-HBM3, gpus: 2, dra: gpus",
			map[string]string{"nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3"}, map[string]int64{}},
		{"spot of AKS", "cloud: aks, region: eastus, zones: [eastus-1], instanceType: x, capacityType: spot",
			map[string]string{"kubernetes.azure.com/scalesetpriority": "spot", "nvidia.com/gpu.present": "",
				"topology.kubernetes.io/zone": "eastus-1"}, map[string]int64{}},
		{"on demand of EKS", "cloud: eks, region: us-east-1, instanceType: x",
			map[string]string{"eks.amazonaws.com/capacityType": "ON_DEMAND", "eks.amazonaws.com/nodegroup": "pool"}, map[string]int64{}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			n := first(t, c.group)
			labels := n.Object().Labels
			for name, want := range c.labels {
				if labels[name] != want {
					t.Errorf("%s is %q, want %q", name, labels[name], want)
				}
			}
			if got := n.Extended(); !maps.Equal(got, c.extended) {
				t.Errorf("resources are %v, want %v", got, c.extended)
			}
		})
	}
}

func TestSlicesKeepTheLimitsOfTheAPI(t *testing.T) {
	n := first(t, "product: NVIDIA-H100-80GB-HBM3, gpus: 16, dra: partitions")
	slices := n.Slices()
	devices := 0
	for _, s := range slices {
		if int(s.Spec.Pool.ResourceSliceCount) != len(slices) {
			t.Errorf("%s says %d slices of %d", s.Name, s.Spec.Pool.ResourceSliceCount, len(slices))
		}
		if len(s.Spec.Devices) > 0 && len(s.Spec.SharedCounters) > 0 {
			t.Errorf("%s has devices and counters", s.Name)
		}
		if len(s.Spec.Devices) > 64 || len(s.Spec.SharedCounters) > resourcev1.ResourceSliceMaxCounterSets {
			t.Errorf("%s is too large", s.Name)
		}
		devices += len(s.Spec.Devices)
		for _, d := range s.Spec.Devices {
			if len(d.Attributes)+len(d.Capacity) > 32 {
				t.Errorf("%s has too many attributes", d.Name)
			}
		}
	}
	if devices != 16*26 { // one card and 25 legal places of its seven profiles
		t.Errorf("%d devices, want %d", devices, 16*26)
	}
}

// Nothing fits beside a whole card, and every legal instance fits into an empty one.
func TestCountersOfACard(t *testing.T) {
	n := first(t, "product: NVIDIA-A100-SXM4-40GB, gpus: 1, dra: partitions")
	whole := wholeCounters(n.Cards[0])
	for _, d := range n.partitions(n.Cards[0]) {
		for name, used := range d.ConsumesCounters[0].Counters {
			all, known := whole[name]
			if !known || used.Value.Cmp(all.Value) > 0 {
				t.Errorf("%s draws %s of %s, the card has %s", d.Name, used.Value.String(), name, all.Value.String())
			}
		}
	}
	if len(whole) > 32 {
		t.Errorf("%d counters in one set", len(whole))
	}
}
