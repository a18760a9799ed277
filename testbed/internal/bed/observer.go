package bed

import (
	"encoding/json"
	"time"

	corev1 "k8s.io/api/core/v1"
	resourcev1 "k8s.io/api/resource/v1"

	"tangram.dev/testbed/internal/assign"
	"tangram.dev/testbed/internal/dcgm"
	"tangram.dev/testbed/internal/node"
	"tangram.dev/testbed/internal/spec"
	"tangram.dev/testbed/internal/usage"
	"tangram.dev/testbed/internal/work"
)

// UsageAnnotation lets a test say what its own pod does: a `usage` of the cluster file as JSON.
const UsageAnnotation = "testbed.tangram.dev/usage"

// observer knows who holds which device and what every device does. Not safe for concurrent use.
type observer struct {
	cluster *spec.Cluster
	fixed   []node.Node // those of the cluster file
	nodes   []node.Node // and those that Karpenter made
	table   *assign.Table
	traces  *usage.Traces
	started time.Time
}

func newObserver(c *spec.Cluster, nodes []node.Node, s state, say func(string, ...any)) *observer {
	return &observer{cluster: c, fixed: nodes, nodes: nodes, table: assign.NewTable(nodes),
		started: s.Started, traces: loadTraces(c, s.Traces, say)}
}

// Traces are optional: without them a replay workload follows a day between its min and its max.
func loadTraces(c *spec.Cluster, dir string, say func(string, ...any)) *usage.Traces {
	replays := 0
	for _, w := range c.Workloads {
		if w.Usage.Pattern == "replay" {
			replays++
		}
	}
	if replays == 0 {
		return nil
	}
	traces, err := usage.LoadTraces(dir)
	if err != nil {
		say("no measured traces (%v): %d workloads with pattern replay follow a day instead", err, replays)
		return nil
	}
	return traces
}

// observe takes the pods and claims of now and returns what is measured from now on.
func (o *observer) observe(pods []*corev1.Pod, claims []*resourcev1.ResourceClaim) (*dcgm.Fleet, bool) {
	changed := o.table.Sync(pods, assign.Index(claims))
	find := work.Finder(o.cluster)
	ordinals := work.Ordinals(pods, find)
	byName := map[string]*corev1.Pod{}
	for _, pod := range pods {
		byName[pod.Namespace+"/"+pod.Name] = pod
	}
	return dcgm.NewFleet(o.cluster, o.nodes, o.table.All(),
		func(namespace, name string) (usage.Curve, time.Time) {
			pod := byName[namespace+"/"+name]
			return o.curve(pod, find, ordinals[namespace+"/"+name])
		}), changed
}

func (o *observer) curve(pod *corev1.Pod, find func(*corev1.Pod) *spec.Workload,
	ordinal int) (usage.Curve, time.Time) {
	if pod == nil {
		return usage.New(usage.Absent, 0, "", 0, o.started, nil), o.started
	}
	u, key := usage.Absent, pod.Namespace+"/"+pod.Name
	if w := find(pod); w != nil {
		u, key = w.Usage, w.Namespace+"/"+w.Name
	}
	if text := pod.Annotations[UsageAnnotation]; text != "" {
		var own spec.Usage
		if err := json.Unmarshal([]byte(text), &own); err == nil {
			u = own
		}
	}
	return usage.New(u, o.cluster.Seed, key, ordinal, o.started, o.traces), pod.CreationTimestamp.Time
}
