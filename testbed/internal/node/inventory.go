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
			n := Node{Name: fmt.Sprintf("%s-%d", g.Name, ordinal), Ordinal: ordinal, Group: g}
			serial := len(nodes) + 1
			n.IP = fmt.Sprintf("10.%d.%d.%d", 64+serial>>16, serial>>8&255, serial&255)
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
