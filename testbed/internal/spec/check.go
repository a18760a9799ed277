package spec

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"

	"tangram.dev/testbed/internal/gpu"
)

const maxHistorySteps = 20000

var dnsLabel = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)

// check collects every mistake: a person mends a file once, not once a line.
func (c *Cluster) check() error {
	p := &problems{}
	p.metrics(&c.Metrics)
	for i, name := range c.Components {
		where := fmt.Sprintf("components[%d]", i)
		p.oneOf(where, "name", name, "karpenter", "kueue")
		p.require(!slices.Contains(c.Components[:i], name), "%s: %s is named twice", where, name)
	}
	p.karpenter(c)
	p.require(len(c.NodeGroups) > 0, "nodeGroups: empty; name at least one group of nodes")
	seen := map[string]bool{}
	for i := range c.NodeGroups {
		g := &c.NodeGroups[i]
		where := fmt.Sprintf("nodeGroups[%d] %q", i, g.Name)
		p.require(!seen[g.Name], "%s: this name is taken by another group", where)
		seen[g.Name] = true
		p.group(where, g)
	}
	names := map[string]*Workload{}
	for i := range c.Workloads {
		w := &c.Workloads[i]
		where := fmt.Sprintf("workloads[%d] %q", i, w.Name)
		key := w.Namespace + "/" + w.Name
		p.require(names[key] == nil, "%s: %s is named twice", where, key)
		names[key] = w
		p.workload(where, w, c.PriorityClasses)
	}
	p.policies(c, names)
	return errors.Join(p.found...)
}

type problems struct{ found []error }

func (p *problems) require(ok bool, format string, args ...any) {
	if !ok {
		p.found = append(p.found, fmt.Errorf(format, args...))
	}
}

func (p *problems) oneOf(where, field, value string, allowed ...string) {
	p.require(slices.Contains(allowed, value), "%s: %s is %q; use %s", where, field, value,
		strings.Join(allowed, ", "))
}

func (p *problems) quantity(where, field, value string) {
	_, err := resource.ParseQuantity(value)
	p.require(err == nil, "%s: %s is %q, which is no Kubernetes quantity", where, field, value)
}

func (p *problems) name(where, value string) {
	p.require(dnsLabel.MatchString(value),
		"%s: a name has lower-case letters, digits and '-', at most 63", where)
}

func (p *problems) metrics(m *Metrics) {
	p.oneOf("metrics", "labels", m.Labels, "plain", "operator", "operator-honor")
	p.oneOf("metrics", "hostname", m.Hostname, "Hostname", "hostname")
	p.require(m.Step.Std() >= time.Second, "metrics: step is %s; use at least 1s", m.Step.Std())
	p.require(m.ScrapeInterval.Std() >= time.Second, "metrics: scrapeInterval is %s; use at least 1s",
		m.ScrapeInterval.Std())
	if m.Step > 0 {
		p.require(m.History/m.Step <= maxHistorySteps,
			"metrics: %s of history in steps of %s is over %d samples a series; use a longer step",
			m.History.Std(), m.Step.Std(), maxHistorySteps)
	}
}

func (p *problems) karpenter(c *Cluster) {
	k, wanted := &c.Karpenter, slices.Contains(c.Components, "karpenter")
	p.require(wanted == (len(k.InstanceTypes) > 0),
		"karpenter: instanceTypes go with components: [karpenter], and the other way round")
	p.require(k.RegistrationDelay.Std()%time.Second == 0,
		"karpenter: registrationDelay is %s; use whole seconds", k.RegistrationDelay.Std())
	seen := map[string]bool{}
	for i, t := range k.InstanceTypes {
		where := fmt.Sprintf("karpenter.instanceTypes[%d] %q", i, t.Name)
		p.require(t.Name != "" && !seen[t.Name], "%s: each type has a name of its own", where)
		seen[t.Name] = true
		p.group(where, t.Group())
		for capacity := range t.Offers {
			p.oneOf(where, "offers", capacity, "on-demand", "spot")
		}
	}
}

func (p *problems) group(where string, g *NodeGroup) {
	p.name(where, g.Name)
	p.require(g.Count >= 1 && g.Count <= 5000, "%s: count is %d; use 1 to 5000", where, g.Count)
	p.require(g.GPUs >= 0 && g.GPUs <= 16, "%s: gpus is %d; use 0 to 16", where, g.GPUs)
	p.quantity(where, "cpu", g.CPU)
	p.quantity(where, "memory", g.Memory)
	p.oneOf(where, "cloud", g.Cloud, "eks", "karpenter", "gke", "aks", "none")
	p.oneOf(where, "capacityType", g.CapacityType, "on-demand", "spot")
	p.oneOf(where, "dra", g.DRA, "none", "gpus", "partitions")
	p.oneOf(where, "exporter", g.Exporter, "running", "none")
	p.require(g.Cloud == "none" || (g.Region != "" && g.InstanceType != ""),
		"%s: a cloud needs region and instanceType", where)
	if g.GPUs == 0 {
		p.require(g.MIG == nil && g.Sharing == nil && g.DRA == "none",
			"%s: mig, sharing and dra need gpus", where)
		return
	}
	model, err := gpu.Find(g.Product)
	if err != nil {
		p.require(false, "%s: %v", where, err)
		return
	}
	p.mig(where, g, model)
	p.sharing(where, g, model)
	p.require(g.DRA != "partitions" || len(model.Profiles) > 0,
		"%s: dra partitions need a card with MIG; %s has none", where, g.Product)
	p.require(g.DRA == "none" || (g.MIG == nil && g.Sharing == nil),
		"%s: dra excludes mig and sharing: one driver owns a card", where)
}

func (p *problems) mig(where string, g *NodeGroup, model *gpu.Model) {
	if g.MIG == nil {
		return
	}
	p.oneOf(where, "mig.strategy", g.MIG.Strategy, "mixed", "single", "none")
	p.require(len(g.MIG.Layouts) >= 1 && len(g.MIG.Layouts) <= g.GPUs,
		"%s: mig.layouts has %d entries for %d cards; give 1 to %d", where, len(g.MIG.Layouts),
		g.GPUs, g.GPUs)
	for card, layout := range g.MIG.Layouts {
		_, err := model.Place(layout)
		p.require(err == nil, "%s: mig.layouts[%d]: %v", where, card, err)
	}
}

func (p *problems) sharing(where string, g *NodeGroup, model *gpu.Model) {
	if g.Sharing == nil {
		return
	}
	p.oneOf(where, "sharing.strategy", g.Sharing.Strategy, "time-slicing", "mps")
	p.require(g.Sharing.Replicas >= 2, "%s: sharing.replicas is %d; use at least 2", where,
		g.Sharing.Replicas)
	p.require(g.MIG == nil, "%s: sharing of MIG instances is not played here; drop mig or sharing", where)
	most := 16
	if model.Major*10+model.Minor >= 75 {
		most = 48
	}
	p.require(g.Sharing.Strategy != "mps" || g.Sharing.Replicas <= most,
		"%s: MPS allows %d replicas on %s, not %d", where, most, g.Product, g.Sharing.Replicas)
}
