package bed

import (
	"context"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"tangram.dev/testbed/internal/node"
	"tangram.dev/testbed/internal/spec"
	"tangram.dev/testbed/internal/work"
)

const writers = 32 // requests in flight while objects are made

var create = metav1.CreateOptions{}

// task is one write. It is repeated for a while, because a fresh server still makes its own
// namespaces; "already exists" is success.
type task func(context.Context) error

// write runs tasks in parallel and returns the first that failed for good.
func write(ctx context.Context, tasks []task) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	queue := make(chan task)
	failures := make(chan error, len(tasks))
	var group sync.WaitGroup
	for range min(writers, len(tasks)) {
		group.Add(1)
		go func() {
			defer group.Done()
			for t := range queue {
				if err := patiently(ctx, t); err != nil {
					failures <- err
				}
			}
		}()
	}
	for _, t := range tasks {
		queue <- t
	}
	close(queue)
	group.Wait()
	close(failures)
	return <-failures
}

func patiently(ctx context.Context, t task) error {
	deadline := time.Now().Add(15 * time.Second)
	for {
		err := t(ctx)
		if err == nil || apierrors.IsAlreadyExists(err) {
			return nil
		}
		if apierrors.IsInvalid(err) || apierrors.IsBadRequest(err) || time.Now().After(deadline) {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// createCluster makes all that pods rest on.
func (b *Bed) createCluster(ctx context.Context) error {
	if err := write(ctx, b.namespaceTasks()); err != nil {
		return err
	}
	return write(ctx, append(b.policyTasks(), b.nodeTasks()...))
}

// The default service account is made here too: pods are refused before it exists, and the
// controller that makes it has only just started.
func (b *Bed) namespaceTasks() []task {
	core := b.plane.Client.CoreV1()
	tasks := []task{func(ctx context.Context) error { return b.plane.GrantUsers(ctx, b.Viewer) }}
	for _, namespace := range work.Namespaces(b.cluster) {
		tasks = append(tasks, func(ctx context.Context) error {
			_, err := core.Namespaces().Create(ctx, namespace, create)
			if err != nil && !apierrors.IsAlreadyExists(err) {
				return err
			}
			account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "default"}}
			_, err = core.ServiceAccounts(namespace.Name).Create(ctx, account, create)
			return err
		})
	}
	return tasks
}

func (b *Bed) policyTasks() []task {
	client := b.plane.Client
	var tasks []task
	for _, class := range b.cluster.PriorityClasses {
		tasks = append(tasks, func(ctx context.Context) error {
			_, err := client.SchedulingV1().PriorityClasses().Create(ctx, work.PriorityClass(class), create)
			return err
		})
	}
	for _, quota := range b.cluster.Quotas {
		tasks = append(tasks, func(ctx context.Context) error {
			_, err := client.CoreV1().ResourceQuotas(quota.Namespace).Create(ctx, work.Quota(quota), create)
			return err
		})
	}
	for _, budget := range b.cluster.Budgets {
		tasks = append(tasks, func(ctx context.Context) error {
			_, err := client.PolicyV1().PodDisruptionBudgets(budget.Namespace).Create(ctx,
				work.Budget(budget), create)
			return err
		})
	}
	for _, class := range work.DeviceClasses(b.cluster) {
		tasks = append(tasks, func(ctx context.Context) error {
			_, err := client.ResourceV1().DeviceClasses().Create(ctx, class, create)
			return err
		})
	}
	return tasks
}

func (b *Bed) nodeTasks() []task {
	var tasks []task
	for _, n := range b.nodes {
		tasks = append(tasks, func(ctx context.Context) error { return b.createNode(ctx, n) })
		for _, slice := range n.Slices() {
			tasks = append(tasks, func(ctx context.Context) error {
				_, err := b.plane.Client.ResourceV1().ResourceSlices().Create(ctx, slice, create)
				return err
			})
		}
	}
	return tasks
}

// createNode registers the node as kubelet does and then publishes what the device plugin has.
func (b *Bed) createNode(ctx context.Context, n node.Node) error {
	nodes := b.plane.Client.CoreV1().Nodes()
	if _, err := nodes.Create(ctx, n.Object(), create); err != nil && !apierrors.IsAlreadyExists(err) {
		return err
	}
	patch := n.ExtendedPatch()
	if patch == nil {
		return nil
	}
	_, err := nodes.Patch(ctx, n.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{},
		"status")
	return err
}

func (b *Bed) createWorkloads(ctx context.Context) error {
	var tasks []task
	for i := range b.cluster.Workloads {
		w := &b.cluster.Workloads[i]
		tasks = append(tasks, func(ctx context.Context) error {
			if err := b.createWorkload(ctx, w); err != nil {
				return fmt.Errorf("workload %s/%s: %w", w.Namespace, w.Name, err)
			}
			return nil
		})
	}
	return write(ctx, tasks)
}

func (b *Bed) createWorkload(ctx context.Context, w *spec.Workload) error {
	client := b.plane.Client
	if template := work.ClaimTemplate(w); template != nil {
		_, err := client.ResourceV1().ResourceClaimTemplates(w.Namespace).Create(ctx, template, create)
		if err != nil && !apierrors.IsAlreadyExists(err) {
			return err
		}
	}
	var err error
	switch w.Kind {
	case "Deployment":
		_, err = client.AppsV1().Deployments(w.Namespace).Create(ctx, work.Deployment(w), create)
	case "StatefulSet":
		_, err = client.AppsV1().StatefulSets(w.Namespace).Create(ctx, work.StatefulSet(w), create)
	case "Job":
		_, err = client.BatchV1().Jobs(w.Namespace).Create(ctx, work.Job(w), create)
	case "Pod":
		_, err = client.CoreV1().Pods(w.Namespace).Create(ctx, work.Pod(w), create)
	}
	return err
}
