package gpu

import (
	"fmt"
	"strings"
)

// Instance is a GPU instance at its place on the card's memory slices.
type Instance struct {
	Profile *Profile
	Start   int
}

// ID is the GPU instance id that the driver gives for this place: instances are numbered as the
// nodes of a tree whose levels are the instance sizes, the whole card first.
func (i Instance) ID(axis int) int {
	return axis/i.Profile.Size - 1 + i.Start/i.Profile.Size
}

// Place finds legal starts for the profiles of one card, in the order of the list. An entry may
// pin its start as "1g.5gb@3". Extended media profiles fit once a card.
func (m *Model) Place(profiles []string) ([]Instance, error) {
	instances := make([]Instance, len(profiles))
	pinned := make([]bool, len(profiles))
	media := 0
	for i, text := range profiles {
		name, at, hasStart := strings.Cut(text, "@")
		p, err := m.Profile(name)
		if err != nil {
			return nil, err
		}
		instances[i] = Instance{Profile: p}
		if strings.Contains(name, "+me") {
			media++
		}
		if !hasStart {
			continue
		}
		if _, err := fmt.Sscanf(at, "%d", &instances[i].Start); err != nil || !legal(p, instances[i].Start) {
			return nil, fmt.Errorf("%s cannot start at %q; legal starts: %v", name, at, p.Starts)
		}
		pinned[i] = true
	}
	if media > 1 {
		return nil, fmt.Errorf("%s: at most one +me instance fits on a card", strings.Join(profiles, ", "))
	}
	if !m.place(instances, pinned, 0, 0) {
		return nil, fmt.Errorf("%s do not fit together on one %s", strings.Join(profiles, ", "), m.Product)
	}
	return instances, nil
}

func legal(p *Profile, start int) bool {
	for _, s := range p.Starts {
		if s == start {
			return true
		}
	}
	return false
}

// place tries each legal start of instance `next` and those after it. `used` has a bit a slice.
func (m *Model) place(instances []Instance, pinned []bool, next int, used uint64) bool {
	if next == len(instances) {
		return true
	}
	p := instances[next].Profile
	starts := p.Starts
	if pinned[next] {
		starts = []int{instances[next].Start}
	}
	for _, start := range starts {
		mask := (uint64(1)<<p.Size - 1) << start
		if used&mask != 0 {
			continue
		}
		instances[next].Start = start
		if m.place(instances, pinned, next+1, used|mask) {
			return true
		}
	}
	return false
}
