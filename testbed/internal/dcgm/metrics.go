package dcgm

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
)

// Metric is one family of dcgm-exporter's defaults.
type Metric struct {
	Name   string
	Help   string
	NotMIG bool // the driver does not support it for GPU instances
	ratio  bool // printed with six decimals, as the exporter prints floating-point fields
	value  func(e *Entity, t time.Time) float64
}

// Metrics are the families that are played, in the exporter's order.
var Metrics = []Metric{
	{Name: "DCGM_FI_DEV_SM_CLOCK", Help: "SM clock frequency (in MHz).", value: (*Entity).clock},
	{Name: "DCGM_FI_DEV_POWER_USAGE", Help: "Power draw (in W).", ratio: true, value: (*Entity).power},
	{Name: "DCGM_FI_DEV_GPU_UTIL", Help: "GPU utilization (in %).", NotMIG: true,
		value: func(e *Entity, t time.Time) float64 { return math.Round(100 * e.engine(t)) }},
	{Name: "DCGM_FI_DEV_XID_ERRORS", Help: "Value of the last XID error encountered.",
		value: (*Entity).xid},
	{Name: "DCGM_FI_DEV_FB_FREE", Help: "Framebuffer memory free (in MiB).",
		value: func(e *Entity, t time.Time) float64 { return float64(e.totalMiB() - e.usedMiB(t)) }},
	{Name: "DCGM_FI_DEV_FB_USED", Help: "Framebuffer memory used (in MiB).",
		value: func(e *Entity, t time.Time) float64 { return float64(e.usedMiB(t)) }},
	{Name: "DCGM_FI_PROF_GR_ENGINE_ACTIVE", Help: "Ratio of time the graphics engine is active.",
		ratio: true, value: (*Entity).engine},
	{Name: "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE", ratio: true,
		Help:  "Ratio of cycles the tensor (HMMA) pipe is active.",
		value: func(e *Entity, t time.Time) float64 { return tensorShare * e.engine(t) }},
	{Name: "DCGM_FI_PROF_DRAM_ACTIVE", ratio: true,
		Help:  "Ratio of cycles the device memory interface is active sending or receiving data.",
		value: func(e *Entity, t time.Time) float64 { return dramShare * e.engine(t) }},
}

// Serving keeps memory busier than the tensor pipes. Only the proportions are made up here: every
// busy figure follows the engine's.
const (
	tensorShare = 0.35
	dramShare   = 0.55
	idleMiB     = 4  // a card without a context
	contextMiB  = 11 // an idle GPU instance, as the MIG guide shows
)

// Known refuses names that are not among Metrics.
func Known(names []string) error {
	for _, name := range names {
		if !slices.ContainsFunc(Metrics, func(m Metric) bool { return m.Name == name }) {
			return fmt.Errorf("%q is not played; see internal/dcgm/metrics.go", name)
		}
	}
	return nil
}

// Value is the sample of a metric at t; false when the exporter has none.
func (m Metric) Value(e *Entity, t time.Time) (float64, bool) {
	if m.NotMIG && e.Instance != nil || !e.present(t) {
		return 0, false
	}
	for _, u := range e.Users {
		if m.ratio && u.Curve.NaN(t) {
			return math.NaN(), true
		}
	}
	return m.value(e, t), true
}

func (m Metric) append(line []byte, value float64) []byte {
	if math.IsNaN(value) {
		return append(line, "NaN"...)
	}
	if m.ratio {
		return strconv.AppendFloat(line, value, 'f', 6, 64)
	}
	return strconv.AppendInt(line, int64(value), 10)
}

// A row is missing when any of its pods is in a gap.
func (e *Entity) present(t time.Time) bool {
	for _, u := range e.Users {
		if !u.Curve.Present(t) {
			return false
		}
	}
	return true
}

func (e *Entity) engine(t time.Time) float64 {
	sum := 0.0
	for _, u := range e.Users {
		if !t.Before(u.Since) {
			sum += u.Curve.Engine(t, u.Position)
		}
	}
	return math.Min(1, sum)
}

func (e *Entity) totalMiB() int64 {
	if e.Instance != nil {
		return e.Instance.Profile.MemoryMiB
	}
	return e.card.Model.MemoryMiB
}

func (e *Entity) usedMiB(t time.Time) int64 {
	used := int64(idleMiB)
	if e.Instance != nil {
		used = contextMiB
	}
	for _, u := range e.Users {
		if !t.Before(u.Since) {
			used += u.Curve.MemoryMiB(t)
		}
	}
	return min(used, e.totalMiB())
}

func (e *Entity) xid(time.Time) float64 {
	for _, u := range e.Users {
		if u.Curve.XID() != 0 {
			return float64(u.Curve.XID())
		}
	}
	return 0
}

// busy is the share of the whole card that is at work: power and clock are the card's, and the
// exporter repeats them on every instance.
func (c *card) busy(t time.Time) float64 {
	sum := 0.0
	for _, e := range c.entities {
		share := 1.0
		if e.Instance != nil {
			share = float64(e.Instance.Profile.SM) / float64(c.Model.SM)
		}
		sum += share * e.engine(t)
	}
	return math.Min(1, sum)
}

func (e *Entity) power(t time.Time) float64 {
	m := e.card.Model
	return m.IdleWatt + (m.MaxWatt-m.IdleWatt)*e.card.busy(t)
}

func (e *Entity) clock(t time.Time) float64 {
	if e.card.busy(t) > 0 {
		return e.card.Model.MaxMHz
	}
	return e.card.Model.IdleMHz
}
