// Package usage says what a card does at any moment. A curve is a pure function of the time, so the
// past that is written to Prometheus and the present that it scrapes are one line.
package usage

import (
	"hash/fnv"
	"math"
	"time"

	"tangram.dev/testbed/internal/spec"
)

// Curve is the use of the cards of one pod.
type Curve struct {
	usage  spec.Usage
	seed   uint64
	start  time.Time // when the testbed came up: gaps and idleSince count back from here
	replay *Column   // nil unless the pattern is replay and the trace is there
	phase  float64   // hours
}

// Absent is the use of a card that nobody holds.
var Absent = spec.Usage{Pattern: "idle"}

// New makes the curve of one pod. `key` names its workload and `ordinal` its place in it.
func New(u spec.Usage, seed int64, key string, ordinal int, start time.Time, traces *Traces) Curve {
	h := fnv.New64a()
	h.Write([]byte(key))
	c := Curve{usage: u, start: start}
	c.seed = mix(uint64(seed) ^ h.Sum64() + uint64(ordinal)*0x9e3779b97f4a7c15)
	c.phase = 4 * unit(c.seed)
	if u.Pattern == "replay" {
		c.replay = traces.Column(u.Column + ordinal)
	}
	return c
}

// Present says whether the card has samples at t.
func (c Curve) Present(t time.Time) bool {
	if c.usage.Pattern == "none" {
		return false
	}
	for _, gap := range c.usage.Gaps {
		from := c.start.Add(-gap.Ago.Std())
		if !t.Before(from) && t.Before(from.Add(gap.For.Std())) {
			return false
		}
	}
	return true
}

// NaN says whether the sample at t is not a number.
func (c Curve) NaN(t time.Time) bool {
	return c.usage.NaN > 0 && c.random(t, 7) < c.usage.NaN
}

// Engine is the share of time in which the graphics engine of the pod's card `position` was busy.
func (c Curve) Engine(t time.Time, position int) float64 {
	if c.usage.ActiveCards > 0 && position >= c.usage.ActiveCards {
		return 0
	}
	if idle := c.usage.IdleSince.Std(); idle > 0 && !t.Before(c.start.Add(-idle)) {
		return 0
	}
	value := c.base(t)
	if c.usage.Noise > 0 && value > 0 {
		value += c.usage.Noise * (2*c.random(t, uint64(position)+11) - 1)
	}
	return math.Min(1, math.Max(0, value))
}

func (c Curve) base(t time.Time) float64 {
	switch c.usage.Pattern {
	case "constant":
		return c.usage.At
	case "diurnal":
		return c.day(t)
	case "replay":
		if c.replay == nil {
			return c.day(t)
		}
		return c.replay.Duty(t)
	}
	return 0
}

// day rises from `min` at night to `max` in the afternoon, UTC.
func (c Curve) day(t time.Time) float64 {
	hours := float64(t.Unix()%86400)/3600 - 4 - c.phase
	swing := (1 - math.Cos(2*math.Pi*hours/24)) / 2
	return c.usage.Min + (c.usage.Max-c.usage.Min)*swing
}

// MemoryMiB is the memory that the pod holds on one of its cards.
func (c Curve) MemoryMiB(t time.Time) int64 {
	if c.usage.MemoryMiB == 0 && c.replay != nil {
		return c.replay.MemoryMiB(t)
	}
	return c.usage.MemoryMiB
}

// XID is the last error number, 0 for none.
func (c Curve) XID() int { return c.usage.XID }

// random is uniform in [0, 1) and the same for every caller within one minute.
func (c Curve) random(t time.Time, stream uint64) float64 {
	return unit(mix(c.seed + stream*0xbf58476d1ce4e5b9 + uint64(t.Unix()/60)))
}

func unit(x uint64) float64 { return float64(x>>11) / (1 << 53) }

func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}
