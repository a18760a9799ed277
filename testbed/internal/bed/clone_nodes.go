package bed

import (
	"context"
	"errors"
	"fmt"
	"maps"

	clientv3 "go.etcd.io/etcd/client/v3"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"tangram.dev/testbed/internal/gpu"
	"tangram.dev/testbed/internal/node"
)

const slicePrefix = "/registry/resourceslices/"

// canCloneNodes refuses what a copy of the Node alone would not be complete without.
func canCloneNodes(ctx context.Context, client *clientv3.Client) error {
	slices, err := client.Get(ctx, slicePrefix, clientv3.WithPrefix(), clientv3.WithCountOnly())
	if err == nil && slices.Count > 0 {
		err = errors.New("nodes with ResourceSlices cannot be cloned: their slices and claims are not " +
			"copied; take a cluster file without dra, or clone --pods")
	}
	return err
}

// nodeModels are nodes with what runs on them. What one copy holds is what its model holds, so that
// the copied cluster is as consistent as the one that the scheduler filled.
type nodeModels struct {
	nodes []nodeModel
	pods  int // that run on all of them
}

type nodeModel struct {
	stored *corev1.Node
	played node.Node
	pods   []*corev1.Pod
	before int // pods of the models before this one
}

// cloneNodes makes nodes, and on each the pods of its model.
func cloneNodes(dir string, m models, want Counts) (int, copier, error) {
	_, inventory, err := Load(clusterFile(dir))
	if err != nil {
		return 0, nil, err
	}
	all, err := gather(m, inventory)
	if err != nil {
		return 0, nil, err
	}
	return max(0, want.Nodes-len(all.nodes)), func(i int, put putter) error {
		clone, pods := all.clone(i)
		if err := put(nodePrefix+clone.Name, clone); err != nil {
			return err
		}
		for _, pod := range pods {
			if err := put(podKey(pod), pod); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// gather finds for each node of the store who it is in the cluster file, and its pods.
func gather(m models, inventory []node.Node) (nodeModels, error) {
	played := map[string]node.Node{}
	for _, n := range inventory {
		played[n.Name] = n
	}
	pods := map[string][]*corev1.Pod{}
	for _, pod := range m.running {
		pods[pod.Spec.NodeName] = append(pods[pod.Spec.NodeName], pod)
	}
	var all nodeModels
	for _, stored := range m.nodes {
		n, known := played[stored.Name]
		if !known {
			return all, fmt.Errorf("node %s is not of the cluster file: clone a testbed that is as `up` "+
				"left it, once", stored.Name)
		}
		on := pods[stored.Name]
		all.nodes = append(all.nodes, nodeModel{stored: stored, played: n, pods: on, before: all.pods})
		all.pods += len(on)
	}
	return all, nil
}

// clone is copy number i of a node, and its pods. Models take turns.
func (m nodeModels) clone(i int) (*corev1.Node, []*corev1.Pod) {
	round := i / len(m.nodes)
	model := m.nodes[i%len(m.nodes)]
	clone := cloneNode(model.stored, model.played.Copy(round+1, len(m.nodes)+i+1))
	pods := make([]*corev1.Pod, 0, len(model.pods))
	for at, pod := range model.pods {
		copied := clonePod(pod, round*m.pods+model.before+at, clone)
		if _, pinned := copied.Spec.NodeSelector[corev1.LabelHostname]; pinned {
			copied.Spec.NodeSelector[corev1.LabelHostname] = clone.Name
		}
		pods = append(pods, copied)
	}
	return clone, pods
}

// cloneNode is the stored node as `as`: what that would register under its own name is its own.
func cloneNode(stored *corev1.Node, as node.Node) *corev1.Node {
	own := as.Object()
	clone := stored.DeepCopy()
	clone.Name = own.Name
	clone.UID = types.UID(gpu.StableUUID(0, "node", own.Name))
	if clone.Labels == nil {
		clone.Labels = map[string]string{}
	}
	maps.Copy(clone.Labels, own.Labels)
	clone.Spec.ProviderID = own.Spec.ProviderID
	clone.Status.Addresses = own.Status.Addresses
	return clone
}
