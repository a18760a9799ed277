package usage

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tangram.dev/testbed/internal/spec"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestPatterns(t *testing.T) {
	cases := []struct {
		name     string
		usage    spec.Usage
		ago      time.Duration
		position int
		want     float64
	}{
		{"idle", spec.Usage{Pattern: "idle"}, 0, 0, 0},
		{"constant", spec.Usage{Pattern: "constant", At: 0.4}, time.Hour, 0, 0.4},
		{"idle since", spec.Usage{Pattern: "constant", At: 0.4, IdleSince: spec.Duration(time.Hour)}, 30 * time.Minute, 0, 0},
		{"before idle since", spec.Usage{Pattern: "constant", At: 0.4, IdleSince: spec.Duration(time.Hour)}, 2 * time.Hour, 0, 0.4},
		{"a card that works", spec.Usage{Pattern: "constant", At: 0.4, ActiveCards: 2}, 0, 1, 0.4},
		{"a card that does not", spec.Usage{Pattern: "constant", At: 0.4, ActiveCards: 2}, 0, 2, 0},
		{"replay without a trace follows a day", spec.Usage{Pattern: "replay", Min: 0.3, Max: 0.3}, 0, 0, 0.3},
	}
	for _, c := range cases {
		curve := New(c.usage, 7, "a/w", 0, start, nil)
		if got := curve.Engine(start.Add(-c.ago), c.position); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%s: %g, want %g", c.name, got, c.want)
		}
	}
}

func TestADayStaysBetweenItsEndsAndReachesThem(t *testing.T) {
	curve := New(spec.Usage{Pattern: "diurnal", Min: 0.1, Max: 0.7}, 7, "a/w", 3, start, nil)
	low, high := 1.0, 0.0
	for t := start; t.Before(start.Add(24 * time.Hour)); t = t.Add(time.Minute) {
		low, high = math.Min(low, curve.Engine(t, 0)), math.Max(high, curve.Engine(t, 0))
	}
	if low < 0.0999 || low > 0.11 || high > 0.7001 || high < 0.69 {
		t.Errorf("from %g to %g, want 0.1 to 0.7", low, high)
	}
}

func TestNoiseIsTheSameForEveryCallerAndStaysInRange(t *testing.T) {
	u := spec.Usage{Pattern: "constant", At: 0.95, Noise: 0.2}
	a, b := New(u, 7, "a/w", 0, start, nil), New(u, 7, "a/w", 0, start, nil)
	other := New(u, 8, "a/w", 0, start, nil)
	differs := false
	for i := range 1000 {
		at := start.Add(time.Duration(i) * time.Minute)
		x := a.Engine(at, 0)
		if x != b.Engine(at, 0) || x < 0 || x > 1 {
			t.Fatalf("%g and %g at %s", x, b.Engine(at, 0), at)
		}
		differs = differs || x != other.Engine(at, 0)
	}
	if !differs {
		t.Error("another seed gave the same noise")
	}
}

func TestGapsAndNaN(t *testing.T) {
	hour := spec.Duration(time.Hour)
	curve := New(spec.Usage{Pattern: "idle", NaN: 0.1, Gaps: []spec.Gap{{Ago: 6 * hour, For: 2 * hour}}},
		7, "a/w", 0, start, nil)
	for ago, present := range map[time.Duration]bool{7 * time.Hour: true, 6 * time.Hour: false,
		5 * time.Hour: false, 4 * time.Hour: true, 0: true} {
		if curve.Present(start.Add(-ago)) != present {
			t.Errorf("%s ago: present is %t", ago, !present)
		}
	}
	count := 0
	for i := range 10000 {
		if curve.NaN(start.Add(time.Duration(i) * time.Minute)) {
			count++
		}
	}
	if count < 850 || count > 1150 {
		t.Errorf("%d of 10000 samples are NaN, want about 1000", count)
	}
}

func TestTracesRepeatAndAreFoundByColumn(t *testing.T) {
	dir := t.TempDir()
	if _, err := LoadTraces(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("an absent folder gives %v", err)
	}
	if err := os.Mkdir(filepath.Join(dir, "genai"), 0o755); err != nil {
		t.Fatal(err)
	}
	pack(t, dir, "pod_gpu_duty_cycle_anon", "value,timestamp_anon,container_ip\n"+
		"10,60.0,x\n80,120.0,x\nbroken,1,x\n20,60.0,y\n")
	pack(t, dir, "pod_gpu_memory_used_bytes_anon", "timestamp_anon,value,container_ip\n"+
		"60.0,2097152,x\n60.0,1048576,y\n")
	traces, err := LoadTraces(dir)
	if err != nil {
		t.Fatal(err)
	}
	x := traces.Column(0)
	if x != traces.Column(2) || x == traces.Column(1) {
		t.Error("columns do not go around")
	}
	if got := x.Duty(time.Unix(1200, 0)); got != 0.1 { // the span is 120 s long
		t.Errorf("duty is %g", got)
	}
	if got := x.Duty(time.Unix(1270, 0)); got != 0.8 {
		t.Errorf("duty is %g", got)
	}
	if got := x.MemoryMiB(time.Unix(1270, 0)); got != 2 {
		t.Errorf("memory is %d", got)
	}
}

func pack(t *testing.T, dir, name, text string) {
	t.Helper()
	file, err := os.Create(filepath.Join(dir, "genai", name+".tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	packed := gzip.NewWriter(file)
	defer packed.Close()
	archive := tar.NewWriter(packed)
	defer archive.Close()
	if err := archive.WriteHeader(&tar.Header{Name: name + ".csv", Size: int64(len(text)), Mode: 0o600}); err != nil {
		t.Fatal(err)
	}
	if _, err := archive.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
}
