package dcgm

import (
	"bufio"
	"io"
	"strings"
	"time"
)

// WriteScrape writes what the exporter of one node answers at t.
func (f *Fleet) WriteScrape(w io.Writer, node string, t time.Time) error {
	out := bufio.NewWriter(w)
	var line []byte
	for _, m := range Metrics {
		header := false
		for _, e := range f.Nodes[node] {
			value, ok := m.Value(e, t)
			if !ok {
				continue
			}
			if !header {
				line = appendHeader(line[:0], m)
				out.Write(line)
				header = true
			}
			line = appendSeries(line[:0], m.Name, e.Labels)
			line = append(line, ' ')
			line = append(m.append(line, value), '\n')
			out.Write(line)
		}
	}
	return out.Flush() // a bufio.Writer keeps the first error
}

func appendHeader(line []byte, m Metric) []byte {
	line = append(line, "# HELP "+m.Name+" "+m.Help+"\n"...)
	return append(line, "# TYPE "+m.Name+" gauge\n"...)
}

var escape = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func appendSeries(line []byte, name string, labels []Label) []byte {
	line = append(line, name...)
	for i, l := range labels {
		line = append(line, map[bool]byte{true: '{', false: ','}[i == 0])
		line = append(line, l.Name...)
		line = append(line, '=', '"')
		line = append(line, escape.Replace(l.Value)...)
		line = append(line, '"')
	}
	return append(line, '}')
}
