// Package gpu holds the facts of the cards that the fakes play: names, memory, MIG profiles.
//
// Sources: NVIDIA MIG User Guide (profiles, starts, memory, multiprocessors), NVIDIA data sheets
// (power), `nvidia-smi` listings of the boards (total memory as NVML reports it).
package gpu

import (
	"fmt"
	"sort"
	"strings"
)

// Model is one board as NVML describes it.
type Model struct {
	Product      string // the value of nvidia.com/gpu.product
	Name         string // NVML's name, dcgm-exporter's modelName
	Family       string // GFD's gpu.family
	Architecture string // the DRA driver's attribute
	Brand        string
	Major, Minor int // compute capability
	MemoryMiB    int64
	SM           int
	IdleWatt     float64
	MaxWatt      float64
	IdleMHz      float64
	MaxMHz       float64
	Axis         int // memory slices of the card; 0 means no MIG
	Profiles     []Profile
}

// Engines are the counts of fixed-function units of a GPU instance.
type Engines struct{ Copy, Decoder, Encoder, JPEG, OFA int }

// Profile is one MIG profile of one board.
type Profile struct {
	Name      string // NVIDIA's spelling, such as 1g.10gb+me
	ID        int    // NVML's GPU instance profile id
	G         int    // compute slices
	Size      int    // memory slices
	MemoryMiB int64
	SM        int
	Engines   Engines
	Starts    []int // legal first memory slices
}

// ResourceName is what the device plugin's mixed strategy calls the profile.
func (p Profile) ResourceName() string {
	return "nvidia.com/mig-" + p.Label()
}

// Label is the profile as resource names and node labels spell it: they cannot hold a plus sign.
func (p Profile) Label() string { return strings.ReplaceAll(p.Name, "+", ".") }

// Find returns the model with this product label.
func Find(product string) (*Model, error) {
	for i := range models {
		if models[i].Product == product {
			return &models[i], nil
		}
	}
	known := make([]string, 0, len(models))
	for _, m := range models {
		known = append(known, m.Product)
	}
	sort.Strings(known)
	return nil, fmt.Errorf("unknown product %q; known: %s", product, strings.Join(known, ", "))
}

// Profile returns the named MIG profile of this model.
func (m *Model) Profile(name string) (*Profile, error) {
	for i := range m.Profiles {
		if m.Profiles[i].Name == name {
			return &m.Profiles[i], nil
		}
	}
	if len(m.Profiles) == 0 {
		return nil, fmt.Errorf("%s has no MIG", m.Product)
	}
	known := make([]string, 0, len(m.Profiles))
	for _, p := range m.Profiles {
		known = append(known, p.Name)
	}
	return nil, fmt.Errorf("%s has no MIG profile %q; known: %s", m.Product, name,
		strings.Join(known, ", "))
}

var models = []Model{
	{Product: "NVIDIA-A100-SXM4-40GB", Name: "NVIDIA A100-SXM4-40GB", Family: "ampere",
		Architecture: "Ampere", Brand: "Nvidia", Major: 8, MemoryMiB: 40960, SM: 108,
		IdleWatt: 52, MaxWatt: 400, IdleMHz: 210, MaxMHz: 1410, Axis: 8, Profiles: a100x40},
	{Product: "NVIDIA-A100-SXM4-80GB", Name: "NVIDIA A100-SXM4-80GB", Family: "ampere",
		Architecture: "Ampere", Brand: "Nvidia", Major: 8, MemoryMiB: 81920, SM: 108,
		IdleWatt: 60, MaxWatt: 400, IdleMHz: 210, MaxMHz: 1410, Axis: 8, Profiles: a100x80},
	{Product: "NVIDIA-A30", Name: "NVIDIA A30", Family: "ampere", Architecture: "Ampere",
		Brand: "Nvidia", Major: 8, MemoryMiB: 24576, SM: 56, IdleWatt: 28, MaxWatt: 165,
		IdleMHz: 210, MaxMHz: 1440, Axis: 4, Profiles: a30},
	{Product: "NVIDIA-A10G", Name: "NVIDIA A10G", Family: "ampere", Architecture: "Ampere",
		Brand: "Nvidia", Major: 8, Minor: 6, MemoryMiB: 23028, SM: 80, IdleWatt: 16,
		MaxWatt: 300, IdleMHz: 210, MaxMHz: 1710},
	{Product: "NVIDIA-H100-80GB-HBM3", Name: "NVIDIA H100 80GB HBM3", Family: "hopper",
		Architecture: "Hopper", Brand: "Nvidia", Major: 9, MemoryMiB: 81559, SM: 132,
		IdleWatt: 70, MaxWatt: 700, IdleMHz: 345, MaxMHz: 1980, Axis: 8, Profiles: h100},
	{Product: "NVIDIA-H200", Name: "NVIDIA H200", Family: "hopper", Architecture: "Hopper",
		Brand: "Nvidia", Major: 9, MemoryMiB: 143771, SM: 132, IdleWatt: 76, MaxWatt: 700,
		IdleMHz: 345, MaxMHz: 1980, Axis: 8, Profiles: h200},
	{Product: "NVIDIA-B200", Name: "NVIDIA B200", Family: "blackwell", Architecture: "Blackwell",
		Brand: "Nvidia", Major: 10, MemoryMiB: 183359, SM: 148, IdleWatt: 140, MaxWatt: 1000,
		IdleMHz: 120, MaxMHz: 1965, Axis: 8, Profiles: b200},
	{Product: "NVIDIA-L4", Name: "NVIDIA L4", Family: "ada-lovelace", Architecture: "Ada Lovelace",
		Brand: "Nvidia", Major: 8, Minor: 9, MemoryMiB: 23034, SM: 58, IdleWatt: 13, MaxWatt: 72,
		IdleMHz: 210, MaxMHz: 2040},
	{Product: "NVIDIA-L40S", Name: "NVIDIA L40S", Family: "ada-lovelace",
		Architecture: "Ada Lovelace", Brand: "Nvidia", Major: 8, Minor: 9, MemoryMiB: 46068,
		SM: 142, IdleWatt: 34, MaxWatt: 350, IdleMHz: 210, MaxMHz: 2520},
	{Product: "Tesla-T4", Name: "Tesla T4", Family: "turing", Architecture: "Turing",
		Brand: "Tesla", Major: 7, Minor: 5, MemoryMiB: 15360, SM: 40, IdleWatt: 10, MaxWatt: 70,
		IdleMHz: 300, MaxMHz: 1590},
	{Product: "Tesla-V100-SXM2-16GB", Name: "Tesla V100-SXM2-16GB", Family: "volta",
		Architecture: "Volta", Brand: "Tesla", Major: 7, MemoryMiB: 16384, SM: 80, IdleWatt: 40,
		MaxWatt: 300, IdleMHz: 135, MaxMHz: 1530},
}
