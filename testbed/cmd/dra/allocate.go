package main

import (
	"context"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	resourceapi "k8s.io/api/resource/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/dynamic-resource-allocation/cel"
	"k8s.io/dynamic-resource-allocation/structured"
)

// A device that somebody holds; one of those who share it.
type heldDevice struct {
	Driver, Pool, Device string
	Shared               bool
	Consumed             map[resourceapi.QualifiedName]resource.Quantity
}

type allocationQuestion struct {
	Node      string
	Labels    map[string]string // of the node
	Slices    []*resourceapi.ResourceSlice
	Classes   []*resourceapi.DeviceClass
	Claims    []*resourceapi.ResourceClaim
	Allocated []heldDevice
}

type allocationAnswer struct {
	Error string `json:"error,omitempty"`
	Fits  bool   `json:"fits"`
	// "request=driver/pool/device", claim after claim, with " capacity=amount" for what is consumed.
	Devices []string `json:"devices,omitempty"`
}

type classList []*resourceapi.DeviceClass

func (c classList) List() ([]*resourceapi.DeviceClass, error) { return c, nil }

func (c classList) Get(name string) (*resourceapi.DeviceClass, error) {
	for _, class := range c {
		if class.Name == name {
			return class, nil
		}
	}
	return nil, fmt.Errorf("device class %q not found", name)
}

// plain is the amount in whole units, or else in thousandths.
func plain(amount resource.Quantity) string {
	if milli := amount.MilliValue(); milli%1000 != 0 {
		return fmt.Sprintf("%dm", milli)
	}
	return fmt.Sprint(amount.Value())
}

// allocate says whether the claims fit on the node, beside what is allocated already.
func allocate(q allocationQuestion) (answer allocationAnswer) {
	defer func() {
		if fault := recover(); fault != nil {
			answer = allocationAnswer{Error: fmt.Sprint(fault)}
		}
	}()
	ctx := context.Background()
	allocated := sets.New[structured.DeviceID]()
	consumed := structured.NewConsumedCapacityCollection()
	for _, held := range q.Allocated {
		id := structured.MakeDeviceID(held.Driver, held.Pool, held.Device)
		if !held.Shared {
			allocated.Insert(id)
		} else if held.Consumed != nil {
			consumed.Insert(structured.NewDeviceConsumedCapacity(id, held.Consumed))
		}
	}
	allocator, err := structured.NewAllocator(ctx,
		structured.Features{
			AdminAccess: true, PrioritizedList: true, PartitionableDevices: true, DeviceTaints: true,
			DeviceBindingAndStatus: true, ConsumableCapacity: true,
		},
		structured.AllocatedState{
			AllocatedDevices:         allocated,
			AllocatedSharedDeviceIDs: sets.New[structured.SharedDeviceID](),
			AggregatedCapacity:       consumed,
		},
		classList(q.Classes), q.Slices, cel.NewCache(100, features))
	if err != nil {
		return allocationAnswer{Error: err.Error()}
	}
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: q.Node, Labels: q.Labels}}
	result, err := allocator.Allocate(ctx, node, q.Claims)
	if err != nil {
		return allocationAnswer{Error: err.Error()}
	}
	answer.Fits = len(result) == len(q.Claims)
	for _, claim := range result {
		for _, given := range claim.Devices.Results {
			line := given.Request + "=" + given.Driver + "/" + given.Pool + "/" + given.Device
			for _, name := range slices.Sorted(maps.Keys(given.ConsumedCapacity)) {
				amount := given.ConsumedCapacity[name]
				line += fmt.Sprintf(" %s=%s", name, plain(amount))
			}
			answer.Devices = append(answer.Devices, line)
		}
	}
	return answer
}
