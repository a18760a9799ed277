package node

import (
	"encoding/json"
	"fmt"
	"maps"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const podsPerNode = "110"

// Object is the Node as its kubelet would register it, before any device plugin has spoken.
func (n Node) Object() *corev1.Node {
	labels := n.cloudLabels()
	maps.Copy(labels, n.discovered())
	maps.Copy(labels, n.Group.Labels)
	annotations := map[string]string{"kwok.x-k8s.io/node": "fake"}
	maps.Copy(annotations, n.Group.Annotations)
	hardware := corev1.ResourceList{
		corev1.ResourceCPU:    resource.MustParse(n.Group.CPU),
		corev1.ResourceMemory: resource.MustParse(n.Group.Memory),
		corev1.ResourcePods:   resource.MustParse(podsPerNode),
	}
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: n.Name, Labels: labels, Annotations: annotations},
		Spec:       corev1.NodeSpec{ProviderID: n.providerID(), Taints: n.taints()},
		Status: corev1.NodeStatus{
			Capacity: hardware, Allocatable: hardware,
			Addresses: []corev1.NodeAddress{
				{Type: corev1.NodeInternalIP, Address: n.IP},
				{Type: corev1.NodeHostName, Address: n.Name},
			},
			NodeInfo: corev1.NodeSystemInfo{KubeletVersion: "v1.36.1", Architecture: "amd64",
				OperatingSystem: "linux", OSImage: "Ubuntu 24.04.2 LTS", KernelVersion: "6.8.0",
				ContainerRuntimeVersion: "containerd://2.0.5"},
		},
	}
}

// DiscoveryPatch is the merge patch by which feature discovery labels a node that has registered.
func (n Node) DiscoveryPatch() ([]byte, error) {
	return json.Marshal(map[string]any{"metadata": map[string]any{"labels": n.discovered()}})
}

// ExtendedPatch is the strategic merge patch of node status by which kubelet publishes what the
// device plugin registered. Empty when there is nothing to publish.
func (n Node) ExtendedPatch() []byte {
	list := ""
	for name, count := range n.Extended() {
		if list != "" {
			list += ","
		}
		list += fmt.Sprintf("%q:\"%d\"", name, count)
	}
	if list == "" {
		return nil
	}
	return []byte(`{"status":{"capacity":{` + list + `},"allocatable":{` + list + `}}}`)
}
