package node

import (
	"fmt"
	"maps"
	"strconv"
	"strings"

	"tangram.dev/testbed/internal/gpu"
)

// discovered are the labels of GPU feature discovery v0.20 (and of the GPU operator around it).
func (n Node) discovered() map[string]string {
	if len(n.Cards) == 0 {
		return nil
	}
	model := n.Cards[0].Model
	labels := map[string]string{
		"nvidia.com/gpu.present":                      "true",
		"feature.node.kubernetes.io/pci-10de.present": "true",
		"nvidia.com/gpu.product":                      model.Product,
		"nvidia.com/gpu.count":                        strconv.Itoa(len(n.Cards)),
		"nvidia.com/gpu.memory":                       strconv.FormatInt(model.MemoryMiB, 10),
		"nvidia.com/gpu.family":                       model.Family,
		"nvidia.com/gpu.compute.major":                strconv.Itoa(model.Major),
		"nvidia.com/gpu.compute.minor":                strconv.Itoa(model.Minor),
		"nvidia.com/gpu.replicas":                     "1",
		"nvidia.com/gpu.sharing-strategy":             "none",
		"nvidia.com/gpu.mode":                         "compute",
		"nvidia.com/mig.capable":                      strconv.FormatBool(len(model.Profiles) > 0),
		"nvidia.com/mig.strategy":                     n.migStrategy(),
		"nvidia.com/mps.capable":                      "false",
		"nvidia.com/vgpu.present":                     "false",
		"nvidia.com/cuda.driver-version.full":         n.Group.Driver,
		"nvidia.com/cuda.runtime-version.full":        "13.0",
		"nvidia.com/cuda.runtime-version.major":       "13",
		"nvidia.com/cuda.runtime-version.minor":       "0",
		"nvidia.com/gpu.deploy.dcgm-exporter":         "true",
		"nvidia.com/gpu.deploy.device-plugin":         "true",
		"nvidia.com/gpu.deploy.gpu-feature-discovery": "true",
	}
	for i, part := range strings.SplitN(n.Group.Driver, ".", 3) {
		name := []string{"major", "minor", "revision"}[i]
		labels["nvidia.com/cuda.driver-version."+name] = part
	}
	if n.Group.InstanceType != "" {
		labels["nvidia.com/gpu.machine"] = n.Group.InstanceType
	}
	maps.Copy(labels, n.sharingLabels())
	maps.Copy(labels, n.migLabels())
	return labels
}

func (n Node) migStrategy() string {
	if n.Group.MIG == nil {
		return "mixed"
	}
	return n.Group.MIG.Strategy
}

// A shared card keeps its physical count; -SHARED marks resources that were not renamed.
func (n Node) sharingLabels() map[string]string {
	s := n.Group.Sharing
	if s == nil {
		return nil
	}
	labels := map[string]string{
		"nvidia.com/gpu.replicas":         strconv.Itoa(s.Replicas),
		"nvidia.com/gpu.sharing-strategy": s.Strategy,
		"nvidia.com/mps.capable":          strconv.FormatBool(s.Strategy == "mps"),
	}
	if !s.RenameByDefault {
		labels["nvidia.com/gpu.product"] = n.Group.Product + "-SHARED"
	}
	return labels
}

func (n Node) migLabels() map[string]string {
	m := n.Group.MIG
	if m == nil {
		return nil
	}
	labels := map[string]string{
		"nvidia.com/mig.config":       m.Config,
		"nvidia.com/mig.config.state": "success",
	}
	switch m.Strategy {
	case "mixed":
		maps.Copy(labels, n.mixedLabels())
	case "single":
		maps.Copy(labels, n.singleLabels())
	}
	return labels
}

func (n Node) mixedLabels() map[string]string {
	labels := map[string]string{}
	counts := map[string]int{}
	whole := 0
	for _, card := range n.Cards {
		if !card.MIG {
			whole++
		}
		for _, i := range card.Instances {
			counts[i.Profile.Name]++
			maps.Copy(labels, instanceLabels("nvidia.com/mig-"+i.Profile.Label(), card, i))
			labels["nvidia.com/mig-"+i.Profile.Label()+".count"] = strconv.Itoa(counts[i.Profile.Name])
		}
	}
	if whole == 0 { // no whole card is left to hand out
		labels["nvidia.com/gpu.replicas"] = "0"
	}
	return labels
}

func instanceLabels(prefix string, card gpu.Card, i gpu.Instance) map[string]string {
	p := i.Profile
	labels := map[string]string{
		"product":          card.Model.Product + "-MIG-" + p.Label(),
		"memory":           strconv.FormatInt(p.MemoryMiB, 10),
		"multiprocessors":  strconv.Itoa(p.SM),
		"slices.gi":        strconv.Itoa(p.G),
		"slices.ci":        strconv.Itoa(p.G),
		"engines.copy":     strconv.Itoa(p.Engines.Copy),
		"engines.decoder":  strconv.Itoa(p.Engines.Decoder),
		"engines.encoder":  strconv.Itoa(p.Engines.Encoder),
		"engines.jpeg":     strconv.Itoa(p.Engines.JPEG),
		"engines.ofa":      strconv.Itoa(p.Engines.OFA),
		"replicas":         "1",
		"sharing-strategy": "none",
	}
	full := make(map[string]string, len(labels))
	for key, value := range labels {
		full[fmt.Sprintf("%s.%s", prefix, key)] = value
	}
	return full
}

// The single strategy needs one profile on every card; otherwise the labels say INVALID.
func (n Node) singleLabels() map[string]string {
	names := map[string]int{}
	for _, card := range n.Cards {
		if !card.MIG {
			names["MIG off"]++
		}
		for _, i := range card.Instances {
			names[i.Profile.Name]++
		}
	}
	if len(names) != 1 || names["MIG off"] > 0 {
		return map[string]string{
			"nvidia.com/gpu.product":  n.Group.Product + "-MIG-INVALID",
			"nvidia.com/gpu.count":    "0",
			"nvidia.com/gpu.replicas": "0",
			"nvidia.com/gpu.memory":   "0",
		}
	}
	first := n.Cards[0].Instances[0]
	labels := instanceLabels("nvidia.com/gpu", n.Cards[0], first)
	labels["nvidia.com/gpu.count"] = strconv.Itoa(names[first.Profile.Name])
	return labels
}
