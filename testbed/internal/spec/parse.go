package spec

import (
	"errors"
	"fmt"
	"os"
	"time"

	"sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// Load reads, completes and checks a cluster file.
func Load(path string) (*Cluster, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cluster file: %w", err)
	}
	c, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("cluster file %s: %w", path, err)
	}
	return c, nil
}

// Parse is Load without the file. Unknown fields and repeated keys are errors.
func Parse(data []byte) (*Cluster, error) {
	c := &Cluster{}
	if err := yaml.UnmarshalStrict(data, c); err != nil {
		return nil, withPath(data, err)
	}
	c.complete()
	if err := c.check(); err != nil {
		return nil, err
	}
	return c, nil
}

// withPath says where the unknown fields are, which the YAML reader does not.
func withPath(data []byte, err error) error {
	text, convertError := yaml.YAMLToJSONStrict(data)
	if convertError != nil {
		return err
	}
	unknown, decodeError := json.UnmarshalStrict(text, &Cluster{})
	if decodeError != nil || len(unknown) == 0 {
		return err
	}
	return errors.Join(unknown...)
}

func (c *Cluster) complete() {
	setDefault(&c.Name, "testbed")
	setDefault(&c.Metrics.History, Duration(24*time.Hour))
	setDefault(&c.Metrics.Step, Duration(5*time.Minute))
	setDefault(&c.Metrics.ScrapeInterval, Duration(30*time.Second))
	setDefault(&c.Metrics.Labels, "plain")
	setDefault(&c.Metrics.Hostname, "Hostname")
	setDefault(&c.Karpenter.RegistrationDelay, Duration(3*time.Second))
	setDefault(&c.Karpenter.DeviceDelay, Duration(2*time.Second))
	for i := range c.NodeGroups {
		c.NodeGroups[i].complete()
	}
	for i := range c.Workloads {
		c.Workloads[i].complete()
	}
}

func (g *NodeGroup) complete() {
	setDefault(&g.CPU, "96")
	setDefault(&g.Memory, "768Gi")
	setDefault(&g.Cloud, "none")
	setDefault(&g.CapacityType, "on-demand")
	setDefault(&g.Driver, "580.82.07")
	setDefault(&g.DRA, "none")
	setDefault(&g.Exporter, "running")
	setDefault(&g.Age, Duration(30*24*time.Hour))
	if len(g.Zones) == 0 && g.Region != "" {
		g.Zones = []string{g.Region + "a"}
	}
	if g.MIG != nil {
		setDefault(&g.MIG.Config, "custom-"+g.Name)
	}
}

func (w *Workload) complete() {
	setDefault(&w.Namespace, "default")
	setDefault(&w.Kind, "Deployment")
	setDefault(&w.Replicas, 1)
	setDefault(&w.Expect, "running")
	setDefault(&w.CPU, "1")
	setDefault(&w.Memory, "4Gi")
	setDefault(&w.Image, "registry.example/"+w.Name+":1")
	setDefault(&w.Usage.Pattern, "idle")
	setDefault(&w.Age, Duration(24*time.Hour))
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
