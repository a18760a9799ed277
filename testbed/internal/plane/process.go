// Package plane starts and stops the real control plane on loopback.
package plane

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Process is a child as DIR/pids.json records it. Started is the kernel's start time of the pid:
// it tells our child from a stranger that was later given the same number.
type Process struct {
	Name    string `json:"name"`
	PID     int    `json:"pid"`
	Started string `json:"started"`
}

// Supervisor starts children and knows which of them are alive. Safe from any goroutine.
type Supervisor struct {
	dir      string
	mu       sync.Mutex
	children []Process
	exited   map[int]error
}

// NewSupervisor keeps logs in dir/logs and the record in dir/pids.json.
func NewSupervisor(dir string) (*Supervisor, error) {
	if err := os.MkdirAll(filepath.Join(dir, "logs"), 0o755); err != nil {
		return nil, err
	}
	return &Supervisor{dir: dir, exited: map[int]error{}}, nil
}

// Start runs a program in a session of its own, so that it outlives us.
func (s *Supervisor) Start(name, program string, args ...string) (Process, error) {
	log, err := os.OpenFile(s.logPath(name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return Process{}, err
	}
	defer log.Close()
	command := exec.Command(program, args...)
	command.Stdout, command.Stderr = log, log
	command.Dir = s.dir
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := command.Start(); err != nil {
		return Process{}, fmt.Errorf("start %s: %w", name, err)
	}
	p := Process{Name: name, PID: command.Process.Pid, Started: startTime(command.Process.Pid)}
	go func() {
		err := command.Wait()
		s.mu.Lock()
		defer s.mu.Unlock()
		s.exited[p.PID] = fmt.Errorf("%s stopped: %v", name, err)
	}()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.children = append(s.children, p)
	return p, s.record()
}

// Exited is the reason why a child has stopped, or nil while it runs.
func (s *Supervisor) Exited(p Process) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.exited[p.PID]
}

// AnyExited is the first child that has stopped, by name, or nil.
func (s *Supervisor) AnyExited() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.children {
		if err := s.exited[p.PID]; err != nil {
			return err
		}
	}
	return nil
}

// Forget drops a child that stopped and will be started anew.
func (s *Supervisor) Forget(p Process) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, child := range s.children {
		if child.PID == p.PID {
			s.children = append(s.children[:i], s.children[i+1:]...)
			break
		}
	}
	delete(s.exited, p.PID)
	_ = s.record() // the next Start records again and reports
}

// StopAll ends every child.
func (s *Supervisor) StopAll() {
	s.mu.Lock()
	children := append([]Process(nil), s.children...)
	s.mu.Unlock()
	Stop(children)
}

// Tail is the end of a child's log.
func (s *Supervisor) Tail(name string, lines int) string {
	data, err := os.ReadFile(s.logPath(name))
	if err != nil {
		return ""
	}
	all := strings.Split(strings.TrimSpace(string(data)), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// Names lists the children in the order of their start.
func (s *Supervisor) Names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for _, p := range s.children {
		names = append(names, p.Name)
	}
	return names
}

func (s *Supervisor) logPath(name string) string {
	return filepath.Join(s.dir, "logs", name+".log")
}

func (s *Supervisor) record() error {
	data, err := json.MarshalIndent(s.children, "", "  ")
	if err != nil {
		return err
	}
	return WriteFile(PidFile(s.dir), data, 0o644)
}

// PidFile is where a testbed in dir records its children.
func PidFile(dir string) string { return filepath.Join(dir, "pids.json") }

// Nothing of a testbed is kept, so nobody needs long to say goodbye.
const gracePeriod = 2 * time.Second

// Stop ends the processes that are still the recorded ones and waits until they are gone.
func Stop(processes []Process) {
	signalAll(processes, syscall.SIGTERM)
	if waitGone(processes, gracePeriod) {
		return
	}
	signalAll(processes, syscall.SIGKILL)
	waitGone(processes, 5*time.Second)
}

func signalAll(processes []Process, signal syscall.Signal) {
	for _, p := range processes {
		if p.alive() {
			_ = syscall.Kill(p.PID, signal) // gone meanwhile is what we want
		}
	}
}

func waitGone(processes []Process, limit time.Duration) bool {
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		left := 0
		for _, p := range processes {
			if p.alive() {
				left++
			}
		}
		if left == 0 {
			return true
		}
	}
	return false
}

func (p Process) alive() bool {
	return p.Started != "" && startTime(p.PID) == p.Started
}

// startTime is field 22 of /proc/PID/stat, or "" when the process is gone or a zombie.
func startTime(pid int) string {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	_, rest, found := strings.Cut(string(data), ") ") // the name may hold spaces
	fields := strings.Fields(rest)
	if !found || len(fields) < 20 || fields[0] == "Z" {
		return ""
	}
	return fields[19]
}

// WriteFile replaces a file in one step, so that a reader sees the old or the new content.
func WriteFile(path string, data []byte, mode os.FileMode) error {
	part := path + ".part"
	if err := os.WriteFile(part, data, mode); err != nil {
		return err
	}
	return os.Rename(part, path)
}
