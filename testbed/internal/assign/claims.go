package assign

import (
	"regexp"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	resourcev1 "k8s.io/api/resource/v1"

	"tangram.dev/testbed/internal/node"
)

// ClaimIndex finds a claim by "namespace/name".
type ClaimIndex map[string]*resourcev1.ResourceClaim

// Index builds a ClaimIndex.
func Index(claims []*resourcev1.ResourceClaim) ClaimIndex {
	index := ClaimIndex{}
	for _, c := range claims {
		index[c.Namespace+"/"+c.Name] = c
	}
	return index
}

// claimed lists the devices that the scheduler allocated to the claims of a pod: its own claims
// and the one it made for an extended resource that a DeviceClass serves.
func (t *Table) claimed(pod *corev1.Pod, claims ClaimIndex) []Held {
	p := t.nodes[pod.Spec.NodeName]
	if p == nil || len(pod.Spec.Containers) == 0 {
		return nil
	}
	names := map[string]string{} // claim to container
	for _, status := range pod.Status.ResourceClaimStatuses {
		if status.ResourceClaimName != nil {
			names[*status.ResourceClaimName] = containerOf(pod, status.Name)
		}
	}
	for _, reference := range pod.Spec.ResourceClaims {
		if reference.ResourceClaimName != nil {
			names[*reference.ResourceClaimName] = containerOf(pod, reference.Name)
		}
	}
	if extended := pod.Status.ExtendedResourceClaimStatus; extended != nil {
		names[extended.ResourceClaimName] = pod.Spec.Containers[0].Name
	}
	var held []Held
	for name, container := range names {
		claim := claims[pod.Namespace+"/"+name]
		if claim == nil || claim.Status.Allocation == nil {
			continue
		}
		for _, result := range claim.Status.Allocation.Devices.Results {
			if h, ok := p.device(pod, container, result); ok {
				h.Claim = name
				held = append(held, h)
			}
		}
	}
	return held
}

func containerOf(pod *corev1.Pod, claim string) string {
	for _, container := range pod.Spec.Containers {
		for _, used := range container.Resources.Claims {
			if used.Name == claim {
				return container.Name
			}
		}
	}
	return pod.Spec.Containers[0].Name
}

var deviceName = regexp.MustCompile(`^gpu-(\d+)(?:-mig-.+-(\d+)-(\d+))?$`)

func (p *plugin) device(pod *corev1.Pod, container string,
	result resourcev1.DeviceRequestAllocationResult) (Held, bool) {
	parts := deviceName.FindStringSubmatch(result.Device)
	if result.Driver != node.DRADriver || parts == nil {
		return Held{}, false
	}
	card, err := strconv.Atoi(parts[1])
	if err != nil || card >= len(p.node.Cards) {
		return Held{}, false
	}
	h := holder(pod, container)
	h.GPU, h.GPUUUID = card, p.node.Cards[card].UUID
	h.DeviceID, h.Device = h.GPUUUID, result.Device
	for _, profile := range p.node.Cards[card].Model.Profiles {
		if strconv.Itoa(profile.ID) == parts[2] {
			h.Profile = profile.Name
			h.Start, _ = strconv.Atoi(parts[3]) // digits by the expression above
		}
	}
	return h, true
}
