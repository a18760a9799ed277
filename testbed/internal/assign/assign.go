// Package assign plays kubelet's device manager and NVIDIA's device plugin: which card, GPU
// instance or replica each bound pod holds.
//
// Source: k8s-device-plugin v0.20. Whole cards and instances are taken lowest first; replicas go to
// the card with the fewest replicas in use.
package assign

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"tangram.dev/testbed/internal/node"
)

// Held is one device in the hands of one container.
type Held struct {
	Namespace string `json:"namespace"`
	Pod       string `json:"pod"`
	PodUID    string `json:"podUID"`
	Container string `json:"container"`
	Node      string `json:"node"`
	Resource  string `json:"resource"` // empty for a DRA device
	DeviceID  string `json:"deviceID"` // as kubelet's pod-resources API shows it
	GPU       int    `json:"gpu"`      // index of the card
	GPUUUID   string `json:"gpuUUID"`
	Profile   string `json:"migProfile,omitempty"`
	Start     int    `json:"migStart"` // 0 where there is no profile
	Replica   int    `json:"replica"`  // -1 where the card is not shared
	Claim     string `json:"claim,omitempty"`
	Device    string `json:"draDevice,omitempty"`
}

// Table is the state of every device plugin of the cluster. Not safe for concurrent use.
type Table struct {
	nodes map[string]*plugin
	held  map[string][]Held // by pod UID
}

type plugin struct {
	node  node.Node
	units []node.Unit
	taken map[string]string // device id to pod UID
}

// NewTable starts with every device free.
func NewTable(nodes []node.Node) *Table {
	t := &Table{nodes: map[string]*plugin{}, held: map[string][]Held{}}
	t.Follow(nodes)
	return t
}

// Follow takes the nodes of now. Those that were known keep what they handed out.
func (t *Table) Follow(nodes []node.Node) {
	before := t.nodes
	t.nodes = map[string]*plugin{}
	for _, n := range nodes {
		t.nodes[n.Name] = before[n.Name]
		if t.nodes[n.Name] == nil {
			t.nodes[n.Name] = &plugin{node: n, units: n.Units(), taken: map[string]string{}}
		}
	}
}

// Restore takes back what an earlier table had handed out.
func (t *Table) Restore(held []Held) {
	for _, h := range held {
		t.held[h.PodUID] = append(t.held[h.PodUID], h)
		if p := t.nodes[h.Node]; p != nil && h.Resource != "" {
			p.taken[h.DeviceID] = h.PodUID
		}
	}
}

// Sync frees the devices of pods that are gone and gives devices to pods that are new, in the order
// of their names. It returns whether anything changed.
func (t *Table) Sync(pods []*corev1.Pod, claims ClaimIndex) bool {
	present := map[string]bool{}
	var fresh []*corev1.Pod
	for _, pod := range pods {
		if !holdsDevices(pod) {
			continue
		}
		present[string(pod.UID)] = true
		if _, known := t.held[string(pod.UID)]; !known {
			fresh = append(fresh, pod)
		}
	}
	changed := t.release(present)
	sort.Slice(fresh, func(i, j int) bool { return key(fresh[i]) < key(fresh[j]) })
	for _, pod := range fresh {
		held := append(t.allocate(pod), t.claimed(pod, claims)...)
		if len(held) > 0 {
			t.held[string(pod.UID)] = held
			changed = true
		}
	}
	return changed
}

func key(pod *corev1.Pod) string { return pod.Namespace + "/" + pod.Name }

// A finished or unbound pod holds nothing.
func holdsDevices(pod *corev1.Pod) bool {
	return pod.Spec.NodeName != "" && pod.Status.Phase != corev1.PodSucceeded &&
		pod.Status.Phase != corev1.PodFailed
}

func (t *Table) release(present map[string]bool) bool {
	changed := false
	for uid, held := range t.held {
		if present[uid] {
			continue
		}
		for _, h := range held {
			if p := t.nodes[h.Node]; p != nil {
				delete(p.taken, h.DeviceID)
			}
		}
		delete(t.held, uid)
		changed = true
	}
	return changed
}

func (t *Table) allocate(pod *corev1.Pod) []Held {
	p := t.nodes[pod.Spec.NodeName]
	if p == nil {
		return nil
	}
	var held []Held
	for _, container := range pod.Spec.Containers {
		for _, name := range resourcesOf(container) {
			count := container.Resources.Limits[corev1.ResourceName(name)]
			for range count.Value() {
				unit, ok := p.next(name)
				if !ok {
					break // the resource belongs to a DRA class: the claim tells the device
				}
				p.taken[unit.ID] = string(pod.UID)
				held = append(held, p.describe(pod, container.Name, unit))
			}
		}
	}
	return held
}

func resourcesOf(container corev1.Container) []string {
	var names []string
	for name := range container.Resources.Limits {
		if strings.HasPrefix(string(name), "nvidia.com/") {
			names = append(names, string(name))
		}
	}
	slices.Sort(names)
	return names
}

// next is the free unit that the plugin prefers.
func (p *plugin) next(resource string) (node.Unit, bool) {
	used := map[int]int{}
	for _, u := range p.units {
		if u.Replica >= 0 && p.taken[u.ID] != "" {
			used[u.Card]++
		}
	}
	best := -1
	for i, u := range p.units {
		if u.Resource != resource || p.taken[u.ID] != "" {
			continue
		}
		if best < 0 || used[u.Card] < used[p.units[best].Card] {
			best = i
		}
	}
	if best < 0 {
		return node.Unit{}, false
	}
	return p.units[best], true
}

func (p *plugin) describe(pod *corev1.Pod, container string, unit node.Unit) Held {
	h := holder(pod, container)
	h.Resource, h.DeviceID, h.Replica = unit.Resource, unit.ID, unit.Replica
	h.GPU, h.GPUUUID = unit.Card, p.node.Cards[unit.Card].UUID
	if unit.Instance >= 0 {
		instance := p.node.Cards[unit.Card].Instances[unit.Instance]
		h.Profile, h.Start = instance.Profile.Name, instance.Start
	}
	return h
}

func holder(pod *corev1.Pod, container string) Held {
	return Held{Namespace: pod.Namespace, Pod: pod.Name, PodUID: string(pod.UID),
		Container: container, Node: pod.Spec.NodeName, Replica: -1}
}

// All lists every held device by node, card, place and replica.
func (t *Table) All() []Held {
	var all []Held
	for _, held := range t.held {
		all = append(all, held...)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].order() < all[j].order() })
	return all
}

func (h Held) order() string {
	return fmt.Sprintf("%s %04d %04d %04d %s/%s", h.Node, h.GPU, h.Start, h.Replica+1, h.Namespace,
		h.Pod)
}
