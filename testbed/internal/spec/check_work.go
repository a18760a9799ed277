package spec

import (
	"slices"
	"strings"
)

func (p *problems) workload(where string, w *Workload, classes []PriorityClass) {
	p.name(where, w.Name)
	p.name(where+" namespace", w.Namespace)
	p.oneOf(where, "kind", w.Kind, "Deployment", "StatefulSet", "Job", "Pod")
	p.oneOf(where, "expect", w.Expect, "running", "pending")
	p.require(w.Replicas >= 1 && w.Replicas <= 10000, "%s: replicas is %d; use 1 to 10000", where,
		w.Replicas)
	p.require(w.Kind != "Pod" || w.Replicas == 1, "%s: a Pod has 1 replica, not %d", where, w.Replicas)
	p.require(!w.Notebook || w.Kind == "StatefulSet", "%s: a notebook is a StatefulSet, not a %s",
		where, w.Kind)
	p.require(w.Claim == nil || len(w.GPU) == 0, "%s: give gpu or claim, not both", where)
	p.require(len(w.Gates) == 0 || w.Expect == "pending", "%s: gated pods need expect: pending", where)
	p.quantity(where, "cpu", w.CPU)
	p.quantity(where, "memory", w.Memory)
	for name, count := range w.GPU {
		p.require(strings.HasPrefix(name, "nvidia.com/"), "%s: gpu has %q; names start with nvidia.com/",
			where, name)
		p.require(count >= 1, "%s: gpu %s is %d; use at least 1", where, name, count)
	}
	known := slices.ContainsFunc(classes, func(c PriorityClass) bool { return c.Name == w.PriorityClass })
	p.require(w.PriorityClass == "" || known, "%s: priorityClass %q is not in priorityClasses", where,
		w.PriorityClass)
	p.usage(where, &w.Usage)
}

func (p *problems) usage(where string, u *Usage) {
	p.oneOf(where, "usage.pattern", u.Pattern, "idle", "constant", "diurnal", "replay", "none")
	for _, field := range []struct {
		name  string
		value float64
	}{{"at", u.At}, {"min", u.Min}, {"max", u.Max}, {"noise", u.Noise}, {"nan", u.NaN}} {
		p.require(field.value >= 0 && field.value <= 1, "%s: usage.%s is %g; use 0 to 1", where,
			field.name, field.value)
	}
	p.require(u.Min <= u.Max, "%s: usage.min %g is above usage.max %g", where, u.Min, u.Max)
	p.require(u.MemoryMiB >= 0, "%s: usage.memoryMiB is %d; use 0 or more", where, u.MemoryMiB)
	p.require(u.Column >= 0, "%s: usage.column is %d; columns count from 0", where, u.Column)
	p.require(u.ActiveCards >= 0, "%s: usage.activeCards is %d; use 0 for all", where, u.ActiveCards)
	for i, gap := range u.Gaps {
		p.require(gap.For > 0 && gap.For <= gap.Ago, "%s: usage.gaps[%d]: `for` must be above 0 and "+
			"end before now", where, i)
	}
}

func (p *problems) policies(c *Cluster, names map[string]*Workload) {
	for _, b := range c.Budgets {
		where := "podDisruptionBudgets " + b.Name
		p.name(where, b.Name)
		p.require(names[b.Namespace+"/"+b.Workload] != nil, "%s: no workload %s/%s", where, b.Namespace,
			b.Workload)
		p.require((b.MinAvailable == "") != (b.MaxUnavailable == ""),
			"%s: give one of minAvailable and maxUnavailable", where)
	}
	for _, q := range c.Quotas {
		where := "quotas " + q.Name
		p.name(where, q.Name)
		p.name(where+" namespace", q.Namespace)
		for resource, value := range q.Hard {
			p.quantity(where, "hard "+resource, value)
		}
	}
	for _, class := range c.PriorityClasses {
		p.name("priorityClasses "+class.Name, class.Name)
	}
	for _, n := range c.Namespaces {
		p.name("namespaces "+n.Name, n.Name)
	}
}
