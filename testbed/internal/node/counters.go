package node

import (
	"fmt"

	resourcev1 "k8s.io/api/resource/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"tangram.dev/testbed/internal/gpu"
)

type counters = map[string]resourcev1.Counter

func setName(card gpu.Card) string { return fmt.Sprintf("gpu-%d-counter-set", card.Index) }

func mebi(n int64) resource.Quantity { return *resource.NewQuantity(n<<20, resource.BinarySI) }

func count(n int) resourcev1.Counter {
	return resourcev1.Counter{Value: *resource.NewQuantity(int64(n), resource.DecimalSI)}
}

// wholeCounters is all that a card has. Each counter is the most that any legal layout may draw,
// so the whole-card device and every maximal layout fit and nothing beside them does.
func wholeCounters(card gpu.Card) counters {
	all := counters{
		"memory":          {Value: mebi(card.Model.MemoryMiB)},
		"multiprocessors": count(card.Model.SM),
	}
	var most gpu.Engines
	for _, p := range card.Model.Profiles {
		most.Copy = max(most.Copy, p.Engines.Copy)
		most.Decoder = max(most.Decoder, p.Engines.Decoder)
		most.Encoder = max(most.Encoder, p.Engines.Encoder)
		most.JPEG = max(most.JPEG, p.Engines.JPEG)
		most.OFA = max(most.OFA, p.Engines.OFA)
	}
	addEngines(all, most)
	for slice := range card.Model.Axis {
		all[fmt.Sprintf("memory-slice-%d", slice)] = count(1)
	}
	return all
}

func profileCounters(i gpu.Instance) counters {
	used := counters{
		"memory":          {Value: mebi(i.Profile.MemoryMiB)},
		"multiprocessors": count(i.Profile.SM),
	}
	addEngines(used, i.Profile.Engines)
	for slice := i.Start; slice < i.Start+i.Profile.Size; slice++ {
		used[fmt.Sprintf("memory-slice-%d", slice)] = count(1)
	}
	return used
}

func addEngines(to counters, e gpu.Engines) {
	to["copy-engines"] = count(e.Copy)
	to["decoders"] = count(e.Decoder)
	to["encoders"] = count(e.Encoder)
	to["jpeg-engines"] = count(e.JPEG)
	to["ofa-engines"] = count(e.OFA)
}
