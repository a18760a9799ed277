package dcgm

import (
	"bufio"
	"io"
	"slices"
	"strconv"
	"time"

	"tangram.dev/testbed/internal/node"
	"tangram.dev/testbed/internal/spec"
)

// WriteHistory writes the samples before `end` as OpenMetrics, with the labels that Prometheus
// would have stored. It returns the number of samples.
func (f *Fleet) WriteHistory(w io.Writer, c *spec.Cluster, nodes []node.Node, end time.Time) (int, error) {
	h := history{out: bufio.NewWriterSize(w, 1<<20), step: c.Metrics.Step.Std(), end: end}
	h.begin = end.Add(-c.Metrics.History.Std())
	for _, m := range Metrics {
		if len(c.Metrics.HistoryMetrics) > 0 && !slices.Contains(c.Metrics.HistoryMetrics, m.Name) {
			continue
		}
		h.out.Write(appendHeader(nil, m))
		for _, n := range nodes {
			for _, e := range f.Nodes[n.Name] {
				h.entity(c, n, m, e)
			}
		}
	}
	h.out.WriteString("# EOF\n")
	return h.samples, h.out.Flush()
}

type history struct {
	out        *bufio.Writer
	begin, end time.Time
	step       time.Duration
	samples    int
	line       []byte
}

// Before the pod in the labels came, the same card had a row without a pod.
func (h *history) entity(c *spec.Cluster, n node.Node, m Metric, e *Entity) {
	came := h.begin
	if len(e.Users) > 0 {
		came = e.Users[len(e.Users)-1].Since
	}
	h.span(m, e, stored(c, n, e.Vacant), h.begin, minTime(came, h.end))
	h.span(m, e, stored(c, n, e.Labels), maxTime(came, h.begin), h.end)
}

func (h *history) span(m Metric, e *Entity, labels []Label, from, to time.Time) {
	if !from.Before(to) {
		return
	}
	series := appendSeries(nil, m.Name, labels)
	for t := from.Truncate(h.step).Add(h.step); t.Before(to); t = t.Add(h.step) {
		h.sample(m, e, series, t)
	}
	if to.Equal(h.end) {
		h.sample(m, e, series, h.end) // so that the past ends now, however long the step
	}
}

func (h *history) sample(m Metric, e *Entity, series []byte, t time.Time) {
	value, ok := m.Value(e, t)
	if !ok {
		return
	}
	h.line = append(append(h.line[:0], series...), ' ')
	h.line = append(m.append(h.line, value), ' ')
	h.line = append(strconv.AppendInt(h.line, t.Unix(), 10), '\n')
	h.out.Write(h.line)
	h.samples++
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
