package main

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/controller-runtime/pkg/client"
	kwok "sigs.k8s.io/karpenter/kwok/cloudprovider"
	v1 "sigs.k8s.io/karpenter/pkg/apis/v1"
	"sigs.k8s.io/karpenter/pkg/cloudprovider"
	"sigs.k8s.io/karpenter/pkg/scheduling"
	"sigs.k8s.io/karpenter/pkg/utils/resources"
)

// cloud is kwok's provider with a capacity that runs out. As it stands it panics for a NodeClaim that
// no offering fits, and repeats one of an unknown type for five minutes; clouds say at once that there
// is no capacity, whereupon Karpenter deletes the NodeClaim.
type cloud struct {
	*kwok.CloudProvider
	types   []*cloudprovider.InstanceType
	soldOut string // a file, read at each launch: TYPE ZONE CAPACITY-TYPE a line, * for any
}

// Create launches the cheapest machine that fits and is to be had. Its Node has the whole capacity of
// the type, where kwok's own has what the NodeClaim requests.
func (c *cloud) Create(ctx context.Context, claim *v1.NodeClaim) (*v1.NodeClaim, error) {
	gone, err := os.ReadFile(c.soldOut)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	machine, offering := cheapest(c.types, claim, strings.Split(string(gone), "\n"))
	if offering == nil {
		return nil, cloudprovider.NewInsufficientCapacityError(
			errors.New("no offering that fits is to be had"))
	}
	chosen := claim.DeepCopy()
	fix(chosen, corev1.LabelInstanceTypeStable, machine.Name)
	fix(chosen, corev1.LabelTopologyZone, offering.Zone())
	fix(chosen, v1.CapacityTypeLabelKey, offering.CapacityType())
	whole := maps.Clone(chosen.Spec.Resources.Requests)
	if whole == nil {
		whole = corev1.ResourceList{}
	}
	maps.Copy(whole, machine.Capacity)
	chosen.Spec.Resources.Requests = whole
	return c.CloudProvider.Create(ctx, chosen)
}

func cheapest(types []*cloudprovider.InstanceType, claim *v1.NodeClaim,
	gone []string) (machine *cloudprovider.InstanceType, best *cloudprovider.Offering) {
	wanted := scheduling.NewNodeSelectorRequirementsWithMinValues(claim.Spec.Requirements...)
	requests := ofTypes(types, claim.Spec.Resources.Requests)
	for _, t := range types {
		if t.Requirements.Intersects(wanted) != nil || !resources.Fits(requests, t.Allocatable()) {
			continue
		}
		for _, o := range t.Offerings.Available().Compatible(wanted) {
			if (best == nil || o.Price < best.Price) && !isGone(gone, t.Name, o.Zone(), o.CapacityType()) {
				machine, best = t, o
			}
		}
	}
	return machine, best
}

// ofTypes leaves out what no type has: a NodeOverlay added it, and Karpenter has looked whether it fits.
func ofTypes(types []*cloudprovider.InstanceType, requests corev1.ResourceList) corev1.ResourceList {
	known := corev1.ResourceList{}
	for _, t := range types {
		for name := range t.Capacity {
			if amount, asked := requests[name]; asked {
				known[name] = amount
			}
		}
	}
	return known
}

func isGone(gone []string, offer ...string) bool {
	for _, line := range gone {
		fields := strings.Fields(line)
		same := len(fields) == len(offer)
		for i := 0; same && i < len(offer); i++ {
			same = fields[i] == "*" || fields[i] == offer[i]
		}
		if same {
			return true
		}
	}
	return false
}

// fix leaves one value of a requirement.
func fix(claim *v1.NodeClaim, key, value string) {
	kept := claim.Spec.Requirements[:0]
	for _, r := range claim.Spec.Requirements {
		if r.Key != key {
			kept = append(kept, r)
		}
	}
	claim.Spec.Requirements = append(kept, v1.NodeSelectorRequirementWithMinValues{
		Key: key, Operator: corev1.NodeSelectorOpIn, Values: []string{value}})
}

// booting makes Nodes as they come up: kubelet knows of no cards before the device plugin has spoken,
// which the testbed's own program plays, and a machine that was given back as it booted never comes.
type booting struct{ client.Client }

func (b booting) Create(ctx context.Context, o client.Object, options ...client.CreateOption) error {
	node, ok := o.(*corev1.Node)
	if !ok {
		return b.Client.Create(ctx, o, options...)
	}
	if back, err := b.givenBack(ctx, node); back || err != nil {
		return err
	}
	node = node.DeepCopy() // the provider reads its own as well
	for _, list := range []corev1.ResourceList{node.Status.Capacity, node.Status.Allocatable} {
		maps.DeleteFunc(list, func(name corev1.ResourceName, _ resource.Quantity) bool {
			return strings.HasPrefix(string(name), "nvidia.com/")
		})
	}
	return b.Client.Create(ctx, node, options...)
}

// givenBack is whether the NodeClaim, whose name kwok's provider makes the host's, wants it no more.
func (b booting) givenBack(ctx context.Context, node *corev1.Node) (bool, error) {
	claim := &v1.NodeClaim{}
	err := b.Get(ctx, client.ObjectKey{Name: node.Labels[corev1.LabelHostname]}, claim)
	if apierrors.IsNotFound(err) {
		return true, nil
	}
	id := claim.Status.ProviderID
	return claim.DeletionTimestamp != nil || (id != "" && id != node.Spec.ProviderID), err
}
