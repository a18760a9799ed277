// Package bed is a whole testbed: it puts the control plane, the nodes, the work and the metrics
// together, and takes them apart.
package bed

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"tangram.dev/testbed/internal/assign"
	"tangram.dev/testbed/internal/plane"
)

// Files of a testbed's folder that its parts share.
func clusterFile(dir string) string     { return filepath.Join(dir, "cluster.yaml") }
func stateFile(dir string) string       { return filepath.Join(dir, "state.json") }
func assignmentsFile(dir string) string { return filepath.Join(dir, "assignments.json") }
func portFile(dir string) string        { return filepath.Join(dir, "exporter.port") }
func targetsFile(dir string) string     { return filepath.Join(dir, "targets.json") }

// state is what the exporter process needs to go on where `up` left off.
type state struct {
	Started time.Time `json:"started"` // "now" of the cluster file
	Traces  string    `json:"traces"`  // folder of measured traces; may be absent
	Etcd    string    `json:"etcd"`    // its client URL
}

type assignments struct {
	Assignments []assign.Held `json:"assignments"`
}

func writeJSON(path string, value any) error {
	data, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	return plane.WriteFile(path, append(data, '\n'), 0o644)
}

func readJSON(path string, value any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, value); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func writeAssignments(dir string, held []assign.Held) error {
	if held == nil {
		held = []assign.Held{}
	}
	return writeJSON(assignmentsFile(dir), assignments{held})
}
