package node

import (
	"sort"
	"strconv"

	"tangram.dev/testbed/internal/gpu"
)

// Unit is one thing the device plugin hands out: a card, a GPU instance or a replica of a card.
type Unit struct {
	Resource string
	Card     int
	Instance int    // index into the card's instances, or -1
	Replica  int    // or -1
	ID       string // the device id that kubelet sees
}

const wholeCard = "nvidia.com/gpu"

// Units lists what the device plugin of this node advertises, in the order it would hand out.
//
// Source: k8s-device-plugin v0.20: the mixed strategy names each profile, single names instances
// nvidia.com/gpu, none lists whole cards; replicated ids are "<uuid>::<n>".
func (n Node) Units() []Unit {
	if n.Group.DRA != "none" {
		return nil
	}
	var units []Unit
	for _, card := range n.Cards {
		units = append(units, n.unitsOf(card)...)
	}
	sort.SliceStable(units, func(i, j int) bool { return units[i].Replica < units[j].Replica })
	return units
}

func (n Node) unitsOf(card gpu.Card) []Unit {
	if s := n.Group.Sharing; s != nil {
		name := wholeCard
		if s.RenameByDefault {
			name += ".shared"
		}
		units := make([]Unit, s.Replicas)
		for i := range units {
			units[i] = Unit{name, card.Index, -1, i, replicaID(card.UUID, i)}
		}
		return units
	}
	if !card.MIG || n.Group.MIG.Strategy == "none" {
		return []Unit{{wholeCard, card.Index, -1, -1, card.UUID}}
	}
	var units []Unit
	for i, instance := range card.Instances {
		name := instance.Profile.ResourceName()
		if n.Group.MIG.Strategy == "single" {
			name = wholeCard
		}
		units = append(units, Unit{name, card.Index, i, -1, card.InstanceUUID(instance)})
	}
	return units
}

// Extended counts the units by resource name. A mixed node whose cards are all partitioned
// advertises nvidia.com/gpu as 0 no more than the real plugin does: the name is absent.
func (n Node) Extended() map[string]int64 {
	counts := map[string]int64{}
	for _, u := range n.Units() {
		counts[u.Resource]++
	}
	return counts
}

func replicaID(uuid string, replica int) string { return uuid + "::" + strconv.Itoa(replica) }
