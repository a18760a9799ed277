package bed

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// startComponents runs what the cluster file asks for beside the control plane. Each is a module of
// its own, which is built when it is first asked for.
func (b *Bed) startComponents(ctx context.Context) error {
	for _, name := range b.cluster.Components {
		command := exec.CommandContext(ctx, b.Module, name)
		command.Stderr = os.Stderr
		output, err := command.Output()
		if err != nil {
			return fmt.Errorf("build %s: %w", name, err)
		}
		program := strings.TrimSpace(string(output))
		short, cancel := context.WithTimeout(ctx, 3*time.Minute)
		defer cancel()
		if err := b.startComponent(short, name, program); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func (b *Bed) startComponent(ctx context.Context, name, program string) error {
	beside := filepath.Dir(program)
	if name == "karpenter" {
		return b.plane.StartKarpenter(ctx, program, filepath.Join(beside, "crds"), &b.cluster.Karpenter)
	}
	return b.plane.StartKueue(ctx, program, filepath.Join(beside, "config", "components"))
}
