// Command testbed brings a real Kubernetes control plane with fake GPU nodes up and down.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"tangram.dev/testbed/internal/bed"
)

const usage = `usage: testbed up --cluster FILE --bin DIR --stages FILE [--dir DIR] [--traces DIR]
                  [--module PROGRAM]
       testbed down DIR
       testbed check FILE...
       testbed clone --dir DIR --pods N | --nodes N
       testbed exporter --dir DIR`

func main() {
	if len(os.Args) < 2 {
		fail(fmt.Errorf("%s", usage))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	commands := map[string]func(context.Context, []string) error{
		"up": up, "down": down, "check": check, "clone": clone, "exporter": exporter}
	command := commands[os.Args[1]]
	if command == nil {
		fail(fmt.Errorf("unknown command %q\n%s", os.Args[1], usage))
	}
	if err := command(ctx, os.Args[2:]); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "testbed:", err)
	os.Exit(1)
}

func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "testbed: "+format+"\n", args...)
}

func up(ctx context.Context, args []string) error {
	o := bed.Options{Say: say}
	flags := flag.NewFlagSet("up", flag.ExitOnError)
	flags.StringVar(&o.Cluster, "cluster", "", "the cluster file")
	flags.StringVar(&o.Dir, "dir", "", "folder for everything; default: a new temporary one")
	flags.StringVar(&o.Bin, "bin", "", "folder of the control plane's programs")
	flags.StringVar(&o.Stages, "stages", "", "kwok's stage file")
	flags.StringVar(&o.Traces, "traces", "", "folder of measured traces")
	flags.StringVar(&o.Viewer, "viewer", "", "file with the ClusterRole of kubeconfig-viewer")
	flags.StringVar(&o.Module, "module", "", "program that builds a component and prints its path")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if o.Cluster == "" || flags.NArg() > 0 {
		return fmt.Errorf("up needs --cluster FILE and takes no other arguments; see --help")
	}
	began := time.Now()
	dir, err := bed.Up(ctx, o)
	if err != nil {
		return err
	}
	say("ready in %.1f s", time.Since(began).Seconds())
	fmt.Println(dir)
	return nil
}

func down(_ context.Context, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("down needs the folder that `up` printed")
	}
	return bed.Down(args[0])
}

func check(_ context.Context, args []string) error {
	for _, path := range args {
		c, nodes, err := bed.Load(path)
		if err != nil {
			return err
		}
		cards := 0
		for _, n := range nodes {
			cards += len(n.Cards)
		}
		fmt.Printf("%s: %d nodes, %d cards, %d workloads\n", path, len(nodes), cards, len(c.Workloads))
	}
	return nil
}

func clone(ctx context.Context, args []string) error {
	var want bed.Counts
	flags := flag.NewFlagSet("clone", flag.ExitOnError)
	dir := flags.String("dir", "", "the testbed's folder")
	flags.IntVar(&want.Pods, "pods", 0, "how many pods there shall be, on the nodes that are there")
	flags.IntVar(&want.Nodes, "nodes", 0, "how many nodes there shall be, each with its pods")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *dir == "" || flags.NArg() > 0 || min(want.Pods, want.Nodes) != 0 || max(want.Pods, want.Nodes) <= 0 {
		return fmt.Errorf("clone needs --dir DIR, and --pods N or --nodes N, a number above 0: " +
			"either more pods on these nodes, or more nodes with their pods")
	}
	return bed.Clone(ctx, *dir, want, say)
}

func exporter(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("exporter", flag.ExitOnError)
	dir := flags.String("dir", "", "the testbed's folder")
	if err := flags.Parse(args); err != nil {
		return err
	}
	return bed.RunExporter(ctx, *dir, say)
}
