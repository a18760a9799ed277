package gpu

import (
	"strings"
	"testing"
)

func TestPlaceFollowsNVIDIAsRules(t *testing.T) {
	cases := []struct {
		name    string
		product string
		layout  []string
		starts  []int
		wrong   string
	}{
		{"the balanced layout", "NVIDIA-A100-SXM4-40GB", []string{"3g.20gb", "2g.10gb", "1g.5gb", "1g.5gb"},
			[]int{4, 0, 2, 3}, ""},
		{"seven singles", "NVIDIA-A100-SXM4-40GB", []string{"1g.5gb", "1g.5gb", "1g.5gb", "1g.5gb",
			"1g.5gb", "1g.5gb", "1g.5gb"}, []int{0, 1, 2, 3, 4, 5, 6}, ""},
		{"pinned", "NVIDIA-A100-SXM4-40GB", []string{"1g.5gb@3"}, []int{3}, ""},
		{"a card of four slices", "NVIDIA-A30", []string{"2g.12gb", "2g.12gb"}, []int{0, 2}, ""},
		{"eight singles", "NVIDIA-A100-SXM4-40GB", strings.Split(strings.Repeat("1g.5gb ", 7)+"1g.5gb", " "),
			nil, "do not fit together"},
		{"slot seven holds no single", "NVIDIA-A100-SXM4-40GB", []string{"1g.5gb@7"}, nil, "cannot start"},
		{"two media instances", "NVIDIA-A100-SXM4-40GB", []string{"1g.5gb+me", "1g.5gb+me"}, nil,
			"at most one +me"},
		{"another card's profile", "NVIDIA-A100-SXM4-40GB", []string{"1g.10gb", "1g.18gb"}, nil,
			`no MIG profile "1g.18gb"`},
		{"no MIG at all", "NVIDIA-L4", []string{"1g.5gb"}, nil, "has no MIG"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			model, err := Find(c.product)
			if err != nil {
				t.Fatal(err)
			}
			instances, err := model.Place(c.layout)
			if c.wrong != "" {
				if err == nil || !strings.Contains(err.Error(), c.wrong) {
					t.Fatalf("error is %v, want %q in it", err, c.wrong)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for i, instance := range instances {
				if instance.Start != c.starts[i] {
					t.Errorf("%s starts at %d, want %d", c.layout[i], instance.Start, c.starts[i])
				}
			}
		})
	}
}

// The ids are those that drivers were seen to give: 1g from 7, 2g 3 4 5, 3g 1 2, 7g 0.
func TestInstanceIDs(t *testing.T) {
	model, err := Find("NVIDIA-A100-SXM4-40GB")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"1g.5gb@0": 7, "1g.5gb@6": 13, "2g.10gb@0": 3, "2g.10gb@4": 5, "3g.20gb@0": 1,
		"3g.20gb@4": 2, "7g.40gb@0": 0}
	for text, id := range want {
		instances, err := model.Place([]string{text})
		if err != nil {
			t.Fatal(err)
		}
		if got := instances[0].ID(model.Axis); got != id {
			t.Errorf("%s has id %d, want %d", text, got, id)
		}
	}
}

func TestStableUUIDDependsOnItsArgumentsOnly(t *testing.T) {
	if StableUUID(1, "a", "b") != StableUUID(1, "a", "b") {
		t.Error("the same arguments gave two UUIDs")
	}
	if StableUUID(1, "a") == StableUUID(2, "a") || StableUUID(1, "a") == StableUUID(1, "b") {
		t.Error("different arguments gave one UUID")
	}
}
