package bed

import (
	"context"
	"fmt"
	"sort"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"tangram.dev/testbed/internal/spec"
	"tangram.dev/testbed/internal/work"
)

const settleLimit = 3 * time.Minute

// settle waits until every pod is as the file expects it: running, or pending for a stated reason.
func (b *Bed) settle(ctx context.Context) error {
	deadline := time.Now().Add(settleLimit)
	for {
		pods, err := b.pods(ctx)
		if err != nil {
			return err
		}
		missing := unsettled(b.cluster, pods)
		if len(missing) == 0 {
			return nil
		}
		if err := b.supervisor.AnyExited(); err != nil {
			return b.withLogs(err)
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("after %s these are not as the cluster file says:\n  %s", settleLimit,
				strings.Join(missing[:min(len(missing), 10)], "\n  "))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(250 * time.Millisecond):
		}
	}
}

func (b *Bed) pods(ctx context.Context) ([]*corev1.Pod, error) {
	list, err := b.plane.Client.CoreV1().Pods("").List(ctx, metav1.ListOptions{ResourceVersion: "0"})
	if err != nil {
		return nil, err
	}
	pods := make([]*corev1.Pod, len(list.Items))
	for i := range list.Items {
		pods[i] = &list.Items[i]
	}
	return pods, nil
}

// unsettled names the workloads that are short of pods in the expected state, and why.
func unsettled(c *spec.Cluster, pods []*corev1.Pod) []string {
	ready := map[string]int{}
	why := map[string]string{}
	find := work.Finder(c)
	for _, pod := range pods {
		w := find(pod)
		if w == nil {
			continue
		}
		key := w.Namespace + "/" + w.Name
		message, ok := asExpected(pod, w.Expect)
		if ok {
			ready[key]++
		} else {
			why[key] = pod.Name + ": " + message
		}
	}
	var missing []string
	for _, w := range c.Workloads {
		key := w.Namespace + "/" + w.Name
		if ready[key] < w.Replicas {
			reason := why[key]
			if reason == "" {
				reason = "the controller made no more pods; is a quota in the way?"
			}
			missing = append(missing, fmt.Sprintf("%s: %d of %d pods are %s: %s", key, ready[key],
				w.Replicas, w.Expect, reason))
		}
	}
	sort.Strings(missing)
	return missing
}

func asExpected(pod *corev1.Pod, expect string) (string, bool) {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodScheduled && condition.Status == corev1.ConditionFalse {
			return condition.Message, expect == "pending"
		}
		if condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue {
			return "it runs", expect == "running" && pod.Status.Phase == corev1.PodRunning
		}
	}
	return "phase " + string(pod.Status.Phase), false
}
