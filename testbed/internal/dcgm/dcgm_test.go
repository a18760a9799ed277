package dcgm

import (
	"bytes"
	"math"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"tangram.dev/testbed/internal/assign"
	"tangram.dev/testbed/internal/node"
	"tangram.dev/testbed/internal/spec"
	"tangram.dev/testbed/internal/usage"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const file = `
metrics: {history: 2h, step: 5m, labels: LABELS}
nodeGroups:
- {name: mig, count: 1, product: NVIDIA-A100-SXM4-40GB, gpus: 2, mig: {strategy: mixed, layouts: [[1g.5gb, 3g.20gb], []]}}
- {name: t4, count: 1, product: Tesla-T4, gpus: 1, sharing: {strategy: time-slicing, replicas: 4}}
- {name: dra, count: 1, product: NVIDIA-H100-80GB-HBM3, gpus: 2, dra: partitions}
- {name: dark, count: 1, product: NVIDIA-L4, gpus: 1, exporter: none}
`

func fleet(t *testing.T, labels string, use spec.Usage) (*Fleet, *spec.Cluster, []node.Node) {
	t.Helper()
	c, err := spec.Parse([]byte(strings.Replace(file, "LABELS", labels, 1)))
	if err != nil {
		t.Fatal(err)
	}
	nodes, err := node.Inventory(c)
	if err != nil {
		t.Fatal(err)
	}
	held := []assign.Held{
		{Namespace: "a", Pod: "small", PodUID: "1", Container: "main", Node: "mig-0", Profile: "1g.5gb", Start: nodes[0].Cards[0].Instances[0].Start},
		{Namespace: "a", Pod: "first", PodUID: "2", Container: "main", Node: "t4-0", Replica: 0},
		{Namespace: "a", Pod: "second", PodUID: "3", Container: "main", Node: "t4-0", Replica: 1},
		{Namespace: "a", Pod: "claimed", PodUID: "4", Container: "main", Node: "dra-0", GPU: 1, Profile: "2g.20gb", Start: 2, Claim: "c", Device: "gpu-1-mig-2g20gb-14-2"},
	}
	curve := usage.New(use, 1, "a/w", 0, now, nil)
	return NewFleet(c, nodes, held, func(string, string) (usage.Curve, time.Time) {
		return curve, now.Add(-time.Hour)
	}), c, nodes
}

func scrape(t *testing.T, f *Fleet, node string) map[string]*dto.MetricFamily {
	t.Helper()
	var text bytes.Buffer
	if err := f.WriteScrape(&text, node, now); err != nil {
		t.Fatal(err)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(&text)
	if err != nil {
		t.Fatal(err)
	}
	return families
}

func label(m *dto.Metric, name string) string {
	for _, l := range m.Label {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}

var busy = spec.Usage{Pattern: "constant", At: 0.3, MemoryMiB: 3000}

func TestAPartitionedCardHasARowAnInstance(t *testing.T) {
	f, _, nodes := fleet(t, "plain", busy)
	families := scrape(t, f, "mig-0")
	engine := families["DCGM_FI_PROF_GR_ENGINE_ACTIVE"].Metric
	if len(engine) != 3 {
		t.Fatalf("%d rows, want two instances and a card", len(engine))
	}
	row := engine[0]
	if label(row, "pod") != "small" || label(row, "GPU_I_PROFILE") != "1g.5gb" ||
		label(row, "UUID") != nodes[0].Cards[0].UUID || label(row, "Hostname") != "mig-0" ||
		label(row, "modelName") != "NVIDIA A100-SXM4-40GB" || row.Gauge.GetValue() != 0.3 {
		t.Errorf("row is %v", row)
	}
	if util := families["DCGM_FI_DEV_GPU_UTIL"].Metric; len(util) != 1 || label(util[0], "gpu") != "1" {
		t.Errorf("GPU_UTIL is not supported on instances; rows: %v", util)
	}
	used := families["DCGM_FI_DEV_FB_USED"].Metric[0].Gauge.GetValue()
	free := families["DCGM_FI_DEV_FB_FREE"].Metric[0].Gauge.GetValue()
	if used != 3011 || used+free != 4864 {
		t.Errorf("used %g and free %g of 4864 MiB", used, free)
	}
}

func TestASharedCardHasOneRowWithOnePod(t *testing.T) {
	f, _, _ := fleet(t, "plain", busy)
	families := scrape(t, f, "t4-0")
	rows := families["DCGM_FI_PROF_GR_ENGINE_ACTIVE"].Metric
	if len(rows) != 1 || label(rows[0], "pod") != "second" {
		t.Fatalf("rows are %v, want one with the last pod", rows)
	}
	if got := rows[0].Gauge.GetValue(); math.Abs(got-0.6) > 1e-6 {
		t.Errorf("the card is busy %g, want the sum of both pods", got)
	}
	if got := families["DCGM_FI_DEV_FB_USED"].Metric[0].Gauge.GetValue(); got != 6004 {
		t.Errorf("the card holds %g MiB", got)
	}
}

func TestAClaimMakesAnInstanceRow(t *testing.T) {
	f, _, _ := fleet(t, "plain", busy)
	rows := scrape(t, f, "dra-0")["DCGM_FI_DEV_FB_USED"].Metric
	if len(rows) != 2 || label(rows[0], "GPU_I_PROFILE") != "" || label(rows[1], "GPU_I_ID") != "4" ||
		label(rows[1], "dra_device_name") != "gpu-1-mig-2g20gb-14-2" || label(rows[1], "dra_mig_profile") != "2g.20gb" {
		t.Errorf("rows are %v", rows)
	}
}

func TestMissingSamples(t *testing.T) {
	none, _, _ := fleet(t, "plain", spec.Usage{Pattern: "none"})
	if families := scrape(t, none, "t4-0"); len(families) != 0 {
		t.Errorf("pattern none has %d families", len(families))
	}
	broken, _, _ := fleet(t, "plain", spec.Usage{Pattern: "idle", NaN: 1})
	families := scrape(t, broken, "t4-0")
	if v := families["DCGM_FI_PROF_GR_ENGINE_ACTIVE"].Metric[0].Gauge.GetValue(); !math.IsNaN(v) {
		t.Errorf("got %g, want NaN", v)
	}
	if v := families["DCGM_FI_DEV_FB_USED"].Metric[0].Gauge.GetValue(); math.IsNaN(v) {
		t.Error("an integer field is NaN")
	}
}

// The past must have the labels that scraping gives, or one card would be two series.
func TestHistoryHasTheLabelsOfAScrape(t *testing.T) {
	cases := []struct{ labels, has, hasNot string }{
		{"plain", `pod="small"`, "exported_pod"},
		{"operator", `exported_pod="small"`, `,pod="small"`},
		{"operator-honor", `pod="small"`, "exported_pod"},
	}
	for _, c := range cases {
		f, cluster, nodes := fleet(t, c.labels, busy)
		var text bytes.Buffer
		samples, err := f.WriteHistory(&text, cluster, nodes, now)
		if err != nil || samples == 0 || !strings.HasSuffix(text.String(), "# EOF\n") {
			t.Fatalf("%s: %d samples, %v", c.labels, samples, err)
		}
		if !strings.Contains(text.String(), c.has) || strings.Contains(text.String(), c.hasNot) {
			t.Errorf("%s: want %s and no %s", c.labels, c.has, c.hasNot)
		}
		if !strings.Contains(text.String(), `instance="10.64.0.1:9400"`) || !strings.Contains(text.String(), `job="nvidia-dcgm-exporter"`) {
			t.Errorf("%s: instance or job is missing", c.labels)
		}
	}
}

func TestBeforeAPodCameItsCardWasVacant(t *testing.T) {
	f, cluster, nodes := fleet(t, "plain", busy) // two hours of history, the pods came an hour ago
	var text bytes.Buffer
	if _, err := f.WriteHistory(&text, cluster, nodes, now); err != nil {
		t.Fatal(err)
	}
	var vacant, taken []string
	for _, line := range strings.Split(text.String(), "\n") {
		if !strings.HasPrefix(line, "DCGM_FI_PROF_GR_ENGINE_ACTIVE{") || !strings.Contains(line, "t4-0") {
			continue
		}
		if strings.Contains(line, "pod=") {
			taken = append(taken, line)
		} else {
			vacant = append(vacant, line)
		}
	}
	if len(vacant) != 11 || len(taken) != 12 {
		t.Errorf("%d samples before and %d after, want 11 and 12", len(vacant), len(taken))
	}
	if slices.ContainsFunc(vacant, func(line string) bool { return !strings.Contains(line, "} 0.000000 ") }) {
		t.Error("a vacant card was busy")
	}
}

func TestServerAnswersForItsNodes(t *testing.T) {
	f, _, _ := fleet(t, "plain", busy)
	server := &Server{}
	server.Show(f, map[string]bool{"dra-0": true})
	for path, status := range map[string]int{"/nodes/mig-0/metrics": 200, "/nodes/dra-0/metrics": 404,
		"/nodes/dark-0/metrics": 404, "/nodes/x/metrics": 404} {
		answer := httptest.NewRecorder()
		server.Handler().ServeHTTP(answer, httptest.NewRequest("GET", path, nil))
		if answer.Code != status {
			t.Errorf("%s answers %d, want %d", path, answer.Code, status)
		}
	}
}
