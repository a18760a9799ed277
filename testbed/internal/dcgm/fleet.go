// Package dcgm plays NVIDIA's dcgm-exporter on every node: the series, their text and their past.
//
// Source: dcgm-exporter 4.x: NAME{gpu,UUID,pci_bus_id,device,modelName[,GPU_I_PROFILE,GPU_I_ID],
// Hostname,DCGM_FI_DRIVER_VERSION,container,namespace,pod}. A partitioned card has a row an
// instance, with the UUID of the card. Of the pods that share a card only one gets its labels.
package dcgm

import (
	"strconv"
	"time"

	"tangram.dev/testbed/internal/assign"
	"tangram.dev/testbed/internal/gpu"
	"tangram.dev/testbed/internal/node"
	"tangram.dev/testbed/internal/spec"
	"tangram.dev/testbed/internal/usage"
)

// Entity is what dcgm-exporter has a row for: a card or a GPU instance.
type Entity struct {
	Instance *gpu.Instance // nil for a whole card
	Users    []User        // who holds it; the last one is the pod in the labels
	Labels   []Label       // of the row, with the pod
	Vacant   []Label       // of the row as it was before the pod came
	card     *card
}

// User is one pod on an entity.
type User struct {
	Held     assign.Held
	Curve    usage.Curve
	Position int // which of the pod's devices this is
	Since    time.Time
}

// Label is a name and a value.
type Label struct{ Name, Value string }

type card struct {
	gpu.Card
	entities []*Entity
}

// Fleet is everything that is measured at one moment. Read-only once built.
type Fleet struct {
	Nodes map[string][]*Entity // by node; nodes without an exporter are absent
	Order []string
}

// CurveOf finds the use of a pod by its namespace and name.
type CurveOf func(namespace, pod string) (usage.Curve, time.Time)

// NewFleet joins the inventory with what pods hold.
func NewFleet(c *spec.Cluster, nodes []node.Node, held []assign.Held, curve CurveOf) *Fleet {
	f := &Fleet{Nodes: map[string][]*Entity{}}
	users := map[string][]User{} // by node and card
	position := map[string]int{} // devices of a pod seen so far
	for _, h := range held {
		u := User{Held: h, Position: position[h.PodUID]}
		position[h.PodUID]++
		u.Curve, u.Since = curve(h.Namespace, h.Pod)
		key := cardKey(h.Node, h.GPU)
		users[key] = append(users[key], u)
	}
	for _, n := range nodes {
		if n.Group.Exporter == "none" || len(n.Cards) == 0 {
			continue
		}
		f.Order = append(f.Order, n.Name)
		for _, physical := range n.Cards {
			one := &card{Card: physical}
			one.entities = entitiesOf(one, n, users[cardKey(n.Name, physical.Index)])
			for _, e := range one.entities {
				e.Vacant = rowLabels(c, n, e)
				e.Labels = append(append([]Label(nil), e.Vacant...), podLabels(e)...)
			}
			f.Nodes[n.Name] = append(f.Nodes[n.Name], one.entities...)
		}
	}
	return f
}

func cardKey(node string, index int) string { return node + "/" + strconv.Itoa(index) }

// A card of the device plugin shows its layout. A card of the DRA driver shows the instances that
// claims have made, or itself while it has none.
func entitiesOf(c *card, n node.Node, users []User) []*Entity {
	instances := c.Instances
	if n.Group.DRA == "partitions" {
		instances = nil
		for _, u := range users {
			if p, err := c.Model.Profile(u.Held.Profile); err == nil {
				instances = append(instances, gpu.Instance{Profile: p, Start: u.Held.Start})
			}
		}
	}
	if len(instances) == 0 {
		return []*Entity{{Users: users, card: c}}
	}
	entities := make([]*Entity, len(instances))
	for i := range instances {
		entities[i] = &Entity{Instance: &instances[i], card: c}
		for _, u := range users {
			if u.Held.Profile == instances[i].Profile.Name && u.Held.Start == instances[i].Start {
				entities[i].Users = append(entities[i].Users, u)
			}
		}
	}
	return entities
}

func rowLabels(c *spec.Cluster, n node.Node, e *Entity) []Label {
	index := strconv.Itoa(e.card.Index)
	labels := []Label{{"gpu", index}, {"UUID", e.card.UUID}, {"pci_bus_id", e.card.BusID},
		{"device", "nvidia" + index}, {"modelName", e.card.Model.Name}}
	if e.Instance != nil {
		labels = append(labels, Label{"GPU_I_PROFILE", e.Instance.Profile.Name},
			Label{"GPU_I_ID", strconv.Itoa(e.Instance.ID(e.card.Model.Axis))})
	}
	return append(labels, Label{c.Metrics.Hostname, n.Name},
		Label{"DCGM_FI_DRIVER_VERSION", n.Group.Driver})
}

func podLabels(e *Entity) []Label {
	if len(e.Users) == 0 {
		return nil
	}
	h := e.Users[len(e.Users)-1].Held
	labels := []Label{{"container", h.Container}, {"namespace", h.Namespace}, {"pod", h.Pod}}
	if h.Claim == "" {
		return labels
	}
	labels = append(labels, Label{"dra_claim_name", h.Claim}, Label{"dra_claim_namespace", h.Namespace},
		Label{"dra_driver_name", node.DRADriver}, Label{"dra_pool_name", h.Node},
		Label{"dra_device_name", h.Device})
	if e.Instance != nil {
		labels = append(labels, Label{"dra_mig_profile", h.Profile},
			Label{"dra_mig_device_uuid", e.card.InstanceUUID(*e.Instance)})
	}
	return labels
}
