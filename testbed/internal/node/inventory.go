// Package node makes the fake nodes: the object a kubelet would register, the labels that feature
// discovery and the clouds write, the resources of the device plugin, the slices of the DRA driver.
package node

import (
	"fmt"

	"tangram.dev/testbed/internal/gpu"
	"tangram.dev/testbed/internal/spec"
)

// Node is one fake machine.
type Node struct {
	Name    string
	Ordinal int // in its group
	Zone    string
	IP      string
	Group   *spec.NodeGroup
	Cards   []gpu.Card
}

// Inventory lists every node of the cluster with its cards, in the file's order.
func Inventory(c *spec.Cluster) ([]Node, error) {
	var nodes []Node
	for i := range c.NodeGroups {
		g := &c.NodeGroups[i]
		for ordinal := range g.Count {
			n := Node{Name: nameOf(g, ordinal), Ordinal: ordinal, IP: addressOf(len(nodes) + 1), Group: g}
			if len(g.Zones) > 0 {
				n.Zone = g.Zones[ordinal%len(g.Zones)]
			}
			cards, err := cardsOf(c.Seed, n.Name, g)
			if err != nil {
				return nil, err
			}
			n.Cards = cards
			nodes = append(nodes, n)
		}
	}
	return nodes, nil
}

// Launched is a node of this name that Karpenter made. Its cards depend on seed and name, as all do.
func Launched(seed int64, name, ip string, t spec.InstanceType) (Node, error) {
	g := t.Group()
	cards, err := cardsOf(seed, name, g)
	return Node{Name: name, IP: ip, Group: g, Cards: cards}, err
}

func nameOf(g *spec.NodeGroup, ordinal int) string {
	return fmt.Sprintf("%s-%d", g.Name, ordinal)
}

// addressOf is that of the node with this number, from 1.
func addressOf(serial int) string {
	return fmt.Sprintf("10.%d.%d.%d", 64+serial>>16, serial>>8&255, serial&255)
}

// Copy is a node like this one, as if its group went on: round 1 stands behind the group as the file
// has it, round 2 behind round 1. Serial is its number among all nodes, from 1. Its cards keep their
// UUIDs, so that it is good for the Node, and for neither slices nor metrics.
func (n Node) Copy(round, serial int) Node {
	n.Ordinal += round * n.Group.Count
	n.Name = nameOf(n.Group, n.Ordinal)
	n.IP = addressOf(serial)
	return n
}

func cardsOf(seed int64, node string, g *spec.NodeGroup) ([]gpu.Card, error) {
	if g.GPUs == 0 {
		return nil, nil
	}
	model, err := gpu.Find(g.Product)
	if err != nil {
		return nil, err
	}
	cards := make([]gpu.Card, g.GPUs)
	for i := range cards {
		cards[i] = gpu.NewCard(model, seed, node, i)
		if g.MIG == nil {
			continue
		}
		layout := g.MIG.Layouts[i%len(g.MIG.Layouts)]
		cards[i].MIG = len(layout) > 0
		if cards[i].Instances, err = model.Place(layout); err != nil {
			return nil, err
		}
	}
	return cards, nil
}
