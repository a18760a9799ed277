package bed

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"

	"tangram.dev/testbed/internal/assign"
	"tangram.dev/testbed/internal/dcgm"
	"tangram.dev/testbed/internal/node"
	"tangram.dev/testbed/internal/plane"
)

// settleTime lets a burst of events pass before devices are counted again.
const settleTime = 200 * time.Millisecond

// RunExporter is the process behind `testbed exporter`: the device plugins and the exporters of
// every node, until the context ends.
func RunExporter(ctx context.Context, dir string, say func(string, ...any)) error {
	o, err := restoreObserver(dir, say)
	if err != nil {
		return err
	}
	config, err := clientcmd.BuildConfigFromFlags("", dir+"/kubeconfig")
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	server := &dcgm.Server{}
	watch := newWatch(client)
	if err := watch.boot(ctx, client, o.cluster, say); err != nil {
		return err
	}
	if err := watch.start(ctx); err != nil {
		return err
	}
	go watch.follow(ctx, o, server, dir, say)
	return serve(ctx, server, dir)
}

func restoreObserver(dir string, say func(string, ...any)) (*observer, error) {
	cluster, nodes, err := Load(clusterFile(dir))
	if err != nil {
		return nil, err
	}
	var s state
	if err := readJSON(stateFile(dir), &s); err != nil {
		return nil, err
	}
	var known assignments
	if err := readJSON(assignmentsFile(dir), &known); err != nil {
		return nil, err
	}
	o := newObserver(cluster, nodes, s, say)
	o.table.Restore(known.Assignments)
	return o, nil
}

func serve(ctx context.Context, server *dcgm.Server, dir string) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	port := listener.Addr().(*net.TCPAddr).Port
	if err := plane.WriteFile(portFile(dir), []byte(fmt.Sprint(port)), 0o644); err != nil {
		return err
	}
	web := &http.Server{Handler: server.Handler(), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		<-ctx.Done()
		web.Close()
	}()
	if err := web.Serve(listener); err != http.ErrServerClosed {
		return err
	}
	return nil
}

// watch follows pods, claims and nodes.
type watch struct {
	factory informers.SharedInformerFactory
	wake    chan struct{}
}

func newWatch(client kubernetes.Interface) *watch {
	return &watch{factory: informers.NewSharedInformerFactory(client, 0), wake: make(chan struct{}, 1)}
}

func (w *watch) start(ctx context.Context) error {
	touch := func() {
		select {
		case w.wake <- struct{}{}:
		default: // one look is already due
		}
	}
	handler := cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { touch() },
		UpdateFunc: func(any, any) { touch() },
		DeleteFunc: func(any) { touch() },
	}
	pods, claims := w.factory.Core().V1().Pods(), w.factory.Resource().V1().ResourceClaims()
	for _, informer := range []cache.SharedIndexInformer{pods.Informer(), claims.Informer()} {
		if _, err := informer.AddEventHandler(handler); err != nil {
			return err
		}
	}
	// A node's heartbeat is no news; its coming and going is, and that of its cards.
	coming := cache.ResourceEventHandlerFuncs{AddFunc: handler.AddFunc, DeleteFunc: handler.DeleteFunc,
		UpdateFunc: func(before, after any) {
			if product(before) != product(after) {
				touch()
			}
		}}
	if _, err := w.factory.Core().V1().Nodes().Informer().AddEventHandler(coming); err != nil {
		return err
	}
	w.factory.Start(ctx.Done())
	w.factory.WaitForCacheSync(ctx.Done())
	return ctx.Err()
}

func (w *watch) follow(ctx context.Context, o *observer, server *dcgm.Server, dir string,
	say func(string, ...any)) {
	var written []assign.Held
	for {
		pods, err1 := w.factory.Core().V1().Pods().Lister().List(labels.Everything())
		claims, err2 := w.factory.Resource().V1().ResourceClaims().Lister().List(labels.Everything())
		nodes, err3 := w.factory.Core().V1().Nodes().Lister().List(labels.Everything())
		if err1 == nil && err2 == nil && err3 == nil {
			met := o.meet(nodes)
			fleet, changed := o.observe(pods, claims)
			server.Show(fleet, gone(o.nodes, nodes))
			if met {
				if err := writeTargets(dir, o.cluster, o.nodes, fleet); err != nil {
					say("targets: %v", err)
				}
			}
			if changed || written == nil {
				written = o.table.All()
				if err := writeAssignments(dir, written); err != nil {
					say("assignments: %v", err)
				}
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-w.wake:
			time.Sleep(settleTime)
		}
	}
}

func gone(known []node.Node, present []*corev1.Node) map[string]bool {
	missing := map[string]bool{}
	for _, n := range known {
		missing[n.Name] = true
	}
	for _, n := range present {
		delete(missing, n.Name)
	}
	return missing
}
