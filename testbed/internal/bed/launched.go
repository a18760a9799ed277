package bed

import (
	"cmp"
	"context"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"

	"tangram.dev/testbed/internal/node"
	"tangram.dev/testbed/internal/spec"
)

// launched is who a node is that Karpenter made, or false for any other.
func launched(c *spec.Cluster, n *corev1.Node) (node.Node, bool) {
	at := slices.IndexFunc(c.Karpenter.InstanceTypes, func(t spec.InstanceType) bool {
		return t.Name == n.Labels[corev1.LabelInstanceTypeStable]
	})
	if at < 0 || n.Labels["kwok.x-k8s.io/node"] == "" { // which its kwok provider writes, and nobody else
		return node.Node{}, false
	}
	made, err := node.Launched(c.Seed, n.Name, addressOf(n), c.Karpenter.InstanceTypes[at])
	return made, err == nil
}

func addressOf(n *corev1.Node) string {
	for _, address := range n.Status.Addresses {
		if address.Type == corev1.NodeInternalIP {
			return address.Address
		}
	}
	return n.Name
}

func product(object any) string {
	n, ok := object.(*corev1.Node)
	if !ok {
		return ""
	}
	return n.Labels["nvidia.com/gpu.product"]
}

// boot plays, on each node that Karpenter makes, what comes up there a while after kubelet, which is
// kwok's: feature discovery and the device plugin.
func (w *watch) boot(ctx context.Context, client kubernetes.Interface, c *spec.Cluster,
	say func(string, ...any)) error {
	comes := func(object any) {
		n, known := launched(c, object.(*corev1.Node))
		if !known || len(n.Cards) == 0 {
			return
		}
		go func() {
			time.Sleep(c.Karpenter.DeviceDelay.Std())
			err := patiently(ctx, func(ctx context.Context) error { return publish(ctx, client, n) })
			if err != nil {
				say("cards of %s: %v", n.Name, err)
			}
		}()
	}
	_, err := w.factory.Core().V1().Nodes().Informer().AddEventHandler(
		cache.ResourceEventHandlerFuncs{AddFunc: comes})
	return err
}

// publish labels the node and then shows its cards. A node that is gone by then needs neither.
func publish(ctx context.Context, client kubernetes.Interface, n node.Node) error {
	labels, err := n.DiscoveryPatch()
	if err != nil {
		return err
	}
	nodes := client.CoreV1().Nodes()
	_, err = nodes.Patch(ctx, n.Name, types.MergePatchType, labels, metav1.PatchOptions{})
	if err == nil {
		_, err = nodes.Patch(ctx, n.Name, types.StrategicMergePatchType, n.ExtendedPatch(),
			metav1.PatchOptions{}, "status")
	}
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// meet takes in the nodes that Karpenter made and whose cards are there by now, and forgets those that
// went. It returns whether there are others than before.
func (o *observer) meet(present []*corev1.Node) bool {
	nodes := slices.Clone(o.fixed)
	for _, n := range present {
		if made, known := launched(o.cluster, n); known && product(n) != "" {
			nodes = append(nodes, made)
		}
	}
	slices.SortFunc(nodes[len(o.fixed):], func(a, b node.Node) int { return cmp.Compare(a.Name, b.Name) })
	same := slices.EqualFunc(nodes, o.nodes, func(a, b node.Node) bool { return a.Name == b.Name })
	if !same {
		o.nodes = nodes
		o.table.Follow(nodes)
	}
	return !same
}
