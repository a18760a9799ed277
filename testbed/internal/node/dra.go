package node

import (
	"fmt"
	"strings"

	resourcev1 "k8s.io/api/resource/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"tangram.dev/testbed/internal/gpu"
)

// DRADriver is the name of NVIDIA's DRA driver.
const DRADriver = "gpu.nvidia.com"

// Slices are the ResourceSlices of this node's DRA driver: pool = node, generation 1. With
// partitions, one slice has every counter set and each card has a slice of devices.
//
// Source: dra-driver-nvidia-gpu (2026-08), partitionable model for Kubernetes 1.35 and later.
func (n Node) Slices() []*resourcev1.ResourceSlice {
	switch n.Group.DRA {
	case "gpus":
		devices := make([]resourcev1.Device, 0, len(n.Cards))
		for _, card := range n.Cards {
			devices = append(devices, n.wholeDevice(card))
		}
		return []*resourcev1.ResourceSlice{n.slice(0, 1, devices, nil)}
	case "partitions":
		total := len(n.Cards) + (len(n.Cards)+setsPerSlice-1)/setsPerSlice
		var slices []*resourcev1.ResourceSlice
		for from := 0; from < len(n.Cards); from += setsPerSlice {
			var sets []resourcev1.CounterSet
			for _, card := range n.Cards[from:min(from+setsPerSlice, len(n.Cards))] {
				sets = append(sets, resourcev1.CounterSet{Name: setName(card), Counters: wholeCounters(card)})
			}
			slices = append(slices, n.slice(len(slices), total, nil, sets))
		}
		for _, card := range n.Cards {
			slices = append(slices, n.slice(len(slices), total, n.partitions(card), nil))
		}
		return slices
	}
	return nil
}

const setsPerSlice = resourcev1.ResourceSliceMaxCounterSets

func (n Node) slice(index, total int, devices []resourcev1.Device,
	sets []resourcev1.CounterSet) *resourcev1.ResourceSlice {
	return &resourcev1.ResourceSlice{
		ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("%s-%s-%d", n.Name, DRADriver, index)},
		Spec: resourcev1.ResourceSliceSpec{
			Driver:   DRADriver,
			NodeName: &n.Name,
			Pool: resourcev1.ResourcePool{Name: n.Name, Generation: 1,
				ResourceSliceCount: int64(total)},
			Devices:        devices,
			SharedCounters: sets,
		},
	}
}

type attributes = map[resourcev1.QualifiedName]resourcev1.DeviceAttribute

func text(value string) resourcev1.DeviceAttribute {
	return resourcev1.DeviceAttribute{StringValue: &value}
}

// version drops the leading zeros of NVIDIA's driver versions: "580.82.07" is no semantic version.
func version(value string) resourcev1.DeviceAttribute {
	parts := strings.Split(value, ".")
	for i, part := range parts {
		if part = strings.TrimLeft(part, "0"); part == "" {
			part = "0"
		}
		parts[i] = part
	}
	for len(parts) < 3 {
		parts = append(parts, "0")
	}
	joined := strings.Join(parts, ".")
	return resourcev1.DeviceAttribute{VersionValue: &joined}
}

func (n Node) common(card gpu.Card, kind string) attributes {
	numa := int64(card.Index * 2 / len(n.Cards))
	return attributes{
		"type":                            text(kind),
		"productName":                     text(card.Model.Name),
		"brand":                           text(card.Model.Brand),
		"architecture":                    text(card.Model.Architecture),
		"cudaComputeCapability":           version(fmt.Sprintf("%d.%d", card.Model.Major, card.Model.Minor)),
		"driverVersion":                   version(n.Group.Driver),
		"cudaDriverVersion":               version("13.0"),
		"addressingMode":                  text("HMM"),
		"resource.kubernetes.io/pciBusID": text(strings.ToLower(card.BusID[4:])),
		"resource.kubernetes.io/pcieRoot": text(fmt.Sprintf("pci0000:%s",
			strings.ToLower(card.BusID[9:11]))),
		"resource.kubernetes.io/numaNode": {IntValue: &numa},
	}
}

func (n Node) wholeDevice(card gpu.Card) resourcev1.Device {
	all := n.common(card, "gpu")
	all["uuid"] = text(card.UUID)
	return resourcev1.Device{
		Name:       fmt.Sprintf("gpu-%d", card.Index),
		Attributes: all,
		Capacity:   map[resourcev1.QualifiedName]resourcev1.DeviceCapacity{"memory": {Value: mebi(card.Model.MemoryMiB)}},
	}
}

// partitions are the whole card and one device for each profile at each legal start.
func (n Node) partitions(card gpu.Card) []resourcev1.Device {
	whole := n.wholeDevice(card)
	whole.ConsumesCounters = []resourcev1.DeviceCounterConsumption{
		{CounterSet: setName(card), Counters: wholeCounters(card)}}
	devices := []resourcev1.Device{whole}
	for i := range card.Model.Profiles {
		for _, start := range card.Model.Profiles[i].Starts {
			devices = append(devices, n.migDevice(card, gpu.Instance{
				Profile: &card.Model.Profiles[i], Start: start}))
		}
	}
	return devices
}

func (n Node) migDevice(card gpu.Card, i gpu.Instance) resourcev1.Device {
	all := n.common(card, "mig")
	all["parentUUID"] = text(card.UUID)
	all["profile"] = text(i.Profile.Name)
	used := profileCounters(i)
	capacity := map[resourcev1.QualifiedName]resourcev1.DeviceCapacity{}
	for counter, name := range map[string]resourcev1.QualifiedName{
		"memory": "memory", "multiprocessors": "multiprocessors", "copy-engines": "copyEngines",
		"decoders": "decoders", "encoders": "encoders", "jpeg-engines": "jpegEngines",
		"ofa-engines": "ofaEngines"} {
		capacity[name] = resourcev1.DeviceCapacity{Value: used[counter].Value}
	}
	return resourcev1.Device{
		Name:       MIGDeviceName(card.Index, i),
		Attributes: all,
		Capacity:   capacity,
		ConsumesCounters: []resourcev1.DeviceCounterConsumption{
			{CounterSet: setName(card), Counters: used}},
	}
}

// MIGDeviceName is the driver's name for a possible GPU instance: card, profile, profile id, start.
func MIGDeviceName(card int, i gpu.Instance) string {
	profile := strings.NewReplacer(".", "", "+", "-").Replace(i.Profile.Name)
	return fmt.Sprintf("gpu-%d-mig-%s-%d-%d", card, profile, i.Profile.ID, i.Start)
}
