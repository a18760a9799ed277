package spec

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const head = "nodeGroups:\n- {name: g, count: 1, product: NVIDIA-A100-SXM4-40GB, gpus: 2"

func TestParseRefusesWithTheFieldAndTheCure(t *testing.T) {
	work := head + "}\nworkloads:\n- {name: w"
	cases := []struct{ name, file, wrong string }{
		{"unknown field", head + ", gpu: 3}", `unknown field "nodeGroups[0].gpu"`},
		{"repeated key", "seed: 1\nseed: 2\n", "already set"},
		{"no nodes", "name: x", "nodeGroups: empty"},
		{"unknown card", strings.Replace(head, "A100-SXM4-40GB", "X1", 1) + "}", `unknown product "NVIDIA-X1"`},
		{"bad layout", head + ", mig: {strategy: mixed, layouts: [[4g.20gb, 4g.20gb]]}}", "do not fit together"},
		{"more layouts than cards", head + ", mig: {strategy: mixed, layouts: [[], [], []]}}", "3 entries for 2 cards"},
		{"one replica", head + ", sharing: {strategy: time-slicing, replicas: 1}}", "use at least 2"},
		{"MPS beyond the limit", head + ", sharing: {strategy: mps, replicas: 49}}", "MPS allows 48"},
		{"DRA and MIG", head + ", dra: gpus, mig: {strategy: mixed, layouts: [[]]}}", "one driver owns a card"},
		{"cloud without region", head + ", cloud: eks}", "needs region and instanceType"},
		{"quantity", head + ", cpu: many}", "no Kubernetes quantity"},
		{"group name", strings.Replace(head, "name: g", "name: G_1", 1) + "}", "lower-case"},
		{"count", strings.Replace(head, "count: 1", "count: 0", 1) + "}", "count is 0"},
		{"kind", work + ", kind: DaemonSet}", "use Deployment, StatefulSet, Job, Pod"},
		{"twin", work + "}\n- {name: w}", "named twice"},
		{"notebook kind", work + ", notebook: true}", "a notebook is a StatefulSet"},
		{"foreign resource", work + ", gpu: {amd.com/gpu: 1}}", "names start with nvidia.com/"},
		{"pattern", work + ", usage: {pattern: wild}}", `usage.pattern is "wild"`},
		{"share over one", work + ", usage: {pattern: constant, at: 40}}", "usage.at is 40; use 0 to 1"},
		{"gap in the future", work + ", usage: {gaps: [{ago: 1h, for: 2h}]}}", "end before now"},
		{"priority", work + ", priorityClass: p}", `"p" is not in priorityClasses`},
		{"gates", work + ", schedulingGates: [a/b]}", "need expect: pending"},
		{"budget for nobody", head + "}\npodDisruptionBudgets:\n- {name: b, namespace: x, workload: w, minAvailable: \"1\"}", "no workload x/w"},
		{"duration", head + "}\nmetrics: {history: soon}", `"soon" is not a duration`},
		{"number as duration", head + "}\nmetrics: {step: 300}", "write it as text"},
		{"types for nobody", head + "}\nkarpenter: {instanceTypes: [{name: x}]}", "go with components: [karpenter]"},
		{"capacity type", head + "}\ncomponents: [karpenter]\nkarpenter: {instanceTypes: [{name: x, offers: {reserved: {a: 1}}}]}",
			"use on-demand, spot"},
		{"card of a type", head + "}\ncomponents: [karpenter]\nkarpenter: {instanceTypes: [{name: x, gpus: 1}]}", "unknown product"},
		{"too much history", head + "}\nmetrics: {history: 300d, step: 10s}", "use a longer step"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse([]byte(c.file))
			if err == nil || !strings.Contains(err.Error(), c.wrong) {
				t.Fatalf("error is %v, want %q in it", err, c.wrong)
			}
		})
	}
}

func TestParseNamesEveryMistakeAtOnce(t *testing.T) {
	_, err := Parse([]byte(head + ", cpu: many, capacityType: free}"))
	if err == nil || !strings.Contains(err.Error(), "cpu") || !strings.Contains(err.Error(), "capacityType") {
		t.Fatalf("error is %v, want both mistakes in it", err)
	}
}

func TestDefaults(t *testing.T) {
	c, err := Parse([]byte(head + "}\nworkloads:\n- {name: w}"))
	if err != nil {
		t.Fatal(err)
	}
	w := c.Workloads[0]
	if w.Kind != "Deployment" || w.Replicas != 1 || w.Expect != "running" || w.Usage.Pattern != "idle" {
		t.Errorf("defaults are %+v", w)
	}
	if c.Metrics.History.Std() != 24*time.Hour || c.NodeGroups[0].CapacityType != "on-demand" {
		t.Errorf("defaults are %+v", c)
	}
}

func TestDurations(t *testing.T) {
	for text, want := range map[string]time.Duration{"14d": 336 * time.Hour, "90s": 90 * time.Second,
		"2h30m": 150 * time.Minute, "0d": 0} {
		got, err := parseDuration(text)
		if err != nil || got != want {
			t.Errorf("%s is %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "d", "-1d", "-5s", "1.5d", "99999d"} {
		if _, err := parseDuration(text); err == nil {
			t.Errorf("%q was taken for a duration", text)
		}
	}
}

func TestTheClusterFilesAreValid(t *testing.T) {
	files, err := filepath.Glob("../../clusters/*.yaml")
	if err != nil || len(files) < 3 {
		t.Fatalf("found %v, %v", files, err)
	}
	for _, file := range files {
		if _, err := Load(file); err != nil {
			t.Error(err)
		}
	}
}

func FuzzParse(f *testing.F) {
	data, err := os.ReadFile("../../clusters/small.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(head + "}"))
	f.Fuzz(func(_ *testing.T, data []byte) {
		_, _ = Parse(data) // any input is an answer or an error, never a crash
	})
}
