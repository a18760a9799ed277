package node

import (
	"fmt"
	"maps"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"tangram.dev/testbed/internal/gpu"
)

// cloudLabels are what the named offer writes on a node of its own.
//
// Sources: well-known labels of EKS managed node groups, Karpenter v1, GKE node pools, AKS pools.
func (n Node) cloudLabels() map[string]string {
	g := n.Group
	labels := map[string]string{
		"kubernetes.io/arch":     "amd64",
		"kubernetes.io/os":       "linux",
		"kubernetes.io/hostname": n.Name,
	}
	if g.InstanceType != "" {
		labels["node.kubernetes.io/instance-type"] = g.InstanceType
	}
	if g.Region != "" {
		labels["topology.kubernetes.io/region"] = g.Region
		labels["topology.kubernetes.io/zone"] = n.Zone
	}
	maps.Copy(labels, n.offerLabels())
	return labels
}

func (n Node) offerLabels() map[string]string {
	g := n.Group
	spot := g.CapacityType == "spot"
	labels := map[string]string{}
	switch g.Cloud {
	case "eks":
		labels["eks.amazonaws.com/nodegroup"] = g.Name
		labels["eks.amazonaws.com/capacityType"] = map[bool]string{false: "ON_DEMAND", true: "SPOT"}[spot]
	case "karpenter":
		labels["karpenter.sh/nodepool"] = g.Name
		labels["karpenter.sh/capacity-type"] = g.CapacityType
		labels["karpenter.sh/registered"] = "true"
		labels["karpenter.sh/initialized"] = "true"
		family, size, _ := strings.Cut(g.InstanceType, ".")
		labels["karpenter.k8s.aws/instance-family"] = family
		labels["karpenter.k8s.aws/instance-size"] = size
		if len(n.Cards) > 0 {
			labels["karpenter.k8s.aws/instance-gpu-count"] = fmt.Sprint(len(n.Cards))
		}
	case "gke":
		labels["cloud.google.com/gke-nodepool"] = g.Name
		labels["cloud.google.com/gke-provisioning"] = map[bool]string{false: "standard", true: "spot"}[spot]
		if spot {
			labels["cloud.google.com/gke-spot"] = "true"
		}
		if len(n.Cards) > 0 {
			labels["cloud.google.com/gke-accelerator"] = gkeAccelerator(n.Cards[0].Model)
			labels["cloud.google.com/gke-accelerator-count"] = fmt.Sprint(len(n.Cards))
		}
	case "aks":
		labels["kubernetes.azure.com/agentpool"] = g.Name
		labels["agentpool"] = g.Name
		if spot {
			labels["kubernetes.azure.com/scalesetpriority"] = "spot"
		}
		if len(n.Cards) > 0 {
			labels["kubernetes.azure.com/accelerator"] = "nvidia"
		}
	}
	return labels
}

func gkeAccelerator(m *gpu.Model) string {
	switch m.Product {
	case "Tesla-T4":
		return "nvidia-tesla-t4"
	case "NVIDIA-A100-SXM4-40GB":
		return "nvidia-tesla-a100"
	case "NVIDIA-A100-SXM4-80GB":
		return "nvidia-a100-80gb"
	case "NVIDIA-L4":
		return "nvidia-l4"
	case "NVIDIA-H100-80GB-HBM3":
		return "nvidia-h100-80gb"
	case "NVIDIA-H200":
		return "nvidia-h200-141gb"
	}
	return strings.ToLower(m.Product)
}

func (n Node) providerID() string {
	id := gpu.StableUUID(1, n.Name)
	switch n.Group.Cloud {
	case "eks", "karpenter":
		return fmt.Sprintf("aws:///%s/i-0%s", n.Zone, strings.ReplaceAll(id, "-", "")[:16])
	case "gke":
		return fmt.Sprintf("gce://example-project/%s/%s", n.Zone, n.Name)
	case "aks":
		return fmt.Sprintf("azure:///subscriptions/%s/resourceGroups/mc_example/providers/"+
			"Microsoft.Compute/virtualMachineScaleSets/aks-%s-vmss/virtualMachines/%d",
			gpu.StableUUID(1, "subscription"), n.Group.Name, n.Ordinal)
	}
	return "kwok://" + n.Name
}

// AKS taints its spot pools itself; the other clouds leave taints to the owner.
func (n Node) taints() []corev1.Taint {
	taints := append([]corev1.Taint(nil), n.Group.Taints...)
	if n.Group.Cloud == "aks" && n.Group.CapacityType == "spot" {
		taints = append(taints, corev1.Taint{
			Key: "kubernetes.azure.com/scalesetpriority", Value: "spot", Effect: "NoSchedule"})
	}
	return taints
}
