package dcgm

import (
	"encoding/json"
	"fmt"
	"strings"

	"tangram.dev/testbed/internal/gpu"
	"tangram.dev/testbed/internal/node"
	"tangram.dev/testbed/internal/spec"
)

// Job is the name under which Prometheus scrapes the exporters.
const Job = "nvidia-dcgm-exporter"

// targetLabels are what Prometheus itself adds to the series of one node. The GPU operator's
// ServiceMonitor adds the exporter's own pod, which is why series arrive as exported_pod when
// honorLabels is false, and why rows without a pod get the exporter's when it is true.
func targetLabels(c *spec.Cluster, n node.Node) []Label {
	labels := []Label{{"instance", n.IP + ":9400"}}
	if c.Metrics.Labels == "plain" {
		return labels
	}
	suffix := strings.ReplaceAll(gpu.StableUUID(c.Seed, "exporter", n.Name), "-", "")[:5]
	return append(labels,
		Label{"container", "nvidia-dcgm-exporter"}, Label{"endpoint", "gpu-metrics"},
		Label{"namespace", "gpu-operator"}, Label{"pod", "nvidia-dcgm-exporter-" + suffix},
		Label{"service", "nvidia-dcgm-exporter"})
}

// stored joins labels as Prometheus does when it scrapes.
func stored(c *spec.Cluster, n node.Node, series []Label) []Label {
	target := append(targetLabels(c, n), Label{"job", Job})
	honor := c.Metrics.Labels != "operator"
	taken := map[string]bool{}
	for _, l := range target {
		taken[l.Name] = true
	}
	own := map[string]bool{}
	var joined []Label
	for _, l := range series {
		if taken[l.Name] && !honor {
			l.Name = "exported_" + l.Name
		}
		own[l.Name] = true
		joined = append(joined, l)
	}
	for _, l := range target {
		if !own[l.Name] {
			joined = append(joined, l)
		}
	}
	return joined
}

// TargetFile is the file_sd list of the exporters behind 127.0.0.1:port.
func (f *Fleet) TargetFile(c *spec.Cluster, nodes []node.Node, port int) ([]byte, error) {
	type group struct {
		Targets []string          `json:"targets"`
		Labels  map[string]string `json:"labels"`
	}
	groups := []group{}
	for _, n := range nodes {
		if _, measured := f.Nodes[n.Name]; !measured {
			continue
		}
		labels := map[string]string{"__metrics_path__": MetricsPath(n.Name)}
		for _, l := range targetLabels(c, n) {
			labels[l.Name] = l.Value
		}
		groups = append(groups, group{[]string{fmt.Sprintf("127.0.0.1:%d", port)}, labels})
	}
	return json.MarshalIndent(groups, "", " ")
}

// MetricsPath is where the exporter of a node answers.
func MetricsPath(node string) string { return "/nodes/" + node + "/metrics" }

// PrometheusConfig is the whole configuration of the testbed's Prometheus.
func PrometheusConfig(c *spec.Cluster, targets string) []byte {
	return []byte(fmt.Sprintf(`global:
  scrape_interval: %ds
scrape_configs:
- job_name: %s
  honor_labels: %t
  file_sd_configs:
  - files: [%q]
`, int(c.Metrics.ScrapeInterval.Std().Seconds()), Job, c.Metrics.Labels != "operator", targets))
}
