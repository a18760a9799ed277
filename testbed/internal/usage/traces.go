package usage

import (
	"archive/tar"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"time"
)

// Traces are the measured pods of a published serving trace (alibaba/clusterdata, GenAI 2026):
// duty cycle in percent and memory in bytes, a row a pod and moment.
type Traces struct{ columns []*Column }

// Column is one measured pod. Its span repeats for ever.
type Column struct {
	duty, memory series
}

type series struct {
	at    []int64 // Unix seconds, ascending
	value []float64
}

// LoadTraces reads DIR/genai. A folder that is not there is fs.ErrNotExist.
func LoadTraces(dir string) (*Traces, error) {
	duty, order, err := readTrace(filepath.Join(dir, "genai", "pod_gpu_duty_cycle_anon.tar.gz"))
	if err != nil {
		return nil, err
	}
	memory, _, err := readTrace(filepath.Join(dir, "genai", "pod_gpu_memory_used_bytes_anon.tar.gz"))
	if err != nil {
		return nil, err
	}
	t := &Traces{}
	for _, pod := range order {
		t.columns = append(t.columns, &Column{duty: duty[pod].sorted(), memory: memory[pod].sorted()})
	}
	if len(t.columns) == 0 {
		return nil, errors.New("the trace has no rows")
	}
	return t, nil
}

// Column is pod number i, counted from 0 and around; nil where there are no traces.
func (t *Traces) Column(i int) *Column {
	if t == nil {
		return nil
	}
	return t.columns[i%len(t.columns)]
}

func readTrace(path string) (map[string]*series, []string, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	plain, err := gzip.NewReader(file)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	archive := tar.NewReader(plain)
	if _, err := archive.Next(); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	pods, order, err := readRows(csv.NewReader(archive))
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	return pods, order, nil
}

func readRows(rows *csv.Reader) (map[string]*series, []string, error) {
	rows.ReuseRecord = true
	header, err := rows.Read()
	if err != nil {
		return nil, nil, err
	}
	value, at, pod := slices.Index(header, "value"), slices.Index(header, "timestamp_anon"),
		slices.Index(header, "container_ip")
	if value < 0 || at < 0 || pod < 0 {
		return nil, nil, errors.New("columns value, timestamp_anon and container_ip are needed")
	}
	pods := map[string]*series{}
	var order []string
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return pods, order, nil
		}
		if err != nil {
			return nil, nil, err
		}
		v, err1 := strconv.ParseFloat(row[value], 64)
		when, err2 := strconv.ParseFloat(row[at], 64)
		if err1 != nil || err2 != nil {
			continue // the published files have a few broken rows
		}
		s := pods[row[pod]]
		if s == nil {
			s = &series{}
			name := string([]byte(row[pod]))
			pods[name] = s
			order = append(order, name)
		}
		s.at, s.value = append(s.at, int64(when)), append(s.value, v)
	}
}

func (s *series) sorted() series {
	if s == nil {
		return series{}
	}
	if !sort.SliceIsSorted(s.at, func(i, j int) bool { return s.at[i] < s.at[j] }) {
		sort.Sort(byTime{s})
	}
	return *s
}

type byTime struct{ s *series }

func (b byTime) Len() int           { return len(b.s.at) }
func (b byTime) Less(i, j int) bool { return b.s.at[i] < b.s.at[j] }
func (b byTime) Swap(i, j int) {
	b.s.at[i], b.s.at[j] = b.s.at[j], b.s.at[i]
	b.s.value[i], b.s.value[j] = b.s.value[j], b.s.value[i]
}

// look is the last value at or before t, where the trace's span repeats.
func (s series) look(t time.Time) float64 {
	if len(s.at) == 0 {
		return 0
	}
	first, last := s.at[0], s.at[len(s.at)-1]
	span := last - first + 60
	want := first + t.Unix()%span
	i := sort.Search(len(s.at), func(i int) bool { return s.at[i] > want })
	return s.value[max(0, i-1)]
}

// Duty is the duty cycle at t, 0 to 1.
func (c *Column) Duty(t time.Time) float64 { return c.duty.look(t) / 100 }

// MemoryMiB is the memory in use at t.
func (c *Column) MemoryMiB(t time.Time) int64 { return int64(c.memory.look(t)) >> 20 }
