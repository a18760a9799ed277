package main

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	resourceapi "k8s.io/api/resource/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/dynamic-resource-allocation/cel"
	"k8s.io/dynamic-resource-allocation/structured"
)

type deviceName struct{ Driver, Pool, Device string }

type allocationQuestion struct {
	Node      string
	Labels    map[string]string // of the node
	Slices    []*resourceapi.ResourceSlice
	Classes   []*resourceapi.DeviceClass
	Claims    []*resourceapi.ResourceClaim
	Allocated []deviceName
}

type allocationAnswer struct {
	Error   string   `json:"error,omitempty"`
	Fits    bool     `json:"fits"`
	Devices []string `json:"devices,omitempty"` // "request=driver/pool/device", claim after claim
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

// allocate says whether the claims fit on the node, beside what is allocated already.
func allocate(q allocationQuestion) (answer allocationAnswer) {
	defer func() {
		if fault := recover(); fault != nil {
			answer = allocationAnswer{Error: fmt.Sprint(fault)}
		}
	}()
	ctx := context.Background()
	allocated := sets.New[structured.DeviceID]()
	for _, name := range q.Allocated {
		allocated.Insert(structured.MakeDeviceID(name.Driver, name.Pool, name.Device))
	}
	allocator, err := structured.NewAllocator(ctx,
		structured.Features{
			AdminAccess: true, PrioritizedList: true, PartitionableDevices: true, DeviceTaints: true,
			DeviceBindingAndStatus: true, ConsumableCapacity: true,
		},
		structured.AllocatedState{
			AllocatedDevices:         allocated,
			AllocatedSharedDeviceIDs: sets.New[structured.SharedDeviceID](),
			AggregatedCapacity:       structured.NewConsumedCapacityCollection(),
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
			answer.Devices = append(answer.Devices,
				given.Request+"="+given.Driver+"/"+given.Pool+"/"+given.Device)
		}
	}
	return answer
}
