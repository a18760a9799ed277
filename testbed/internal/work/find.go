package work

import (
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"tangram.dev/testbed/internal/spec"
)

// Finder tells which workload of the file a pod belongs to, by the name of its owner; nil for none.
func Finder(c *spec.Cluster) func(*corev1.Pod) *spec.Workload {
	byName := map[string]*spec.Workload{}
	for i := range c.Workloads {
		w := &c.Workloads[i]
		byName[w.Namespace+"/"+w.Kind+"/"+w.Name] = w
	}
	return func(pod *corev1.Pod) *spec.Workload {
		kind, name := "Pod", pod.Name
		if len(pod.OwnerReferences) > 0 {
			kind, name = pod.OwnerReferences[0].Kind, pod.OwnerReferences[0].Name
		}
		if kind == "ReplicaSet" { // a Deployment's: NAME-HASH
			if dash := strings.LastIndex(name, "-"); dash > 0 {
				kind, name = "Deployment", name[:dash]
			}
		}
		return byName[pod.Namespace+"/"+kind+"/"+name]
	}
}

// Ordinals numbers the pods of each workload: by the number in the name for a StatefulSet, else by
// the order of names. The key is "namespace/name".
func Ordinals(pods []*corev1.Pod, find func(*corev1.Pod) *spec.Workload) map[string]int {
	names := map[*spec.Workload][]string{}
	ordinals := map[string]int{}
	for _, pod := range pods {
		w := find(pod)
		if w == nil {
			continue
		}
		if w.Kind == "StatefulSet" {
			number, err := strconv.Atoi(pod.Name[strings.LastIndex(pod.Name, "-")+1:])
			if err == nil {
				ordinals[pod.Namespace+"/"+pod.Name] = number
				continue
			}
		}
		names[w] = append(names[w], pod.Name)
	}
	for w, list := range names {
		slices.Sort(list)
		for i, name := range list {
			ordinals[w.Namespace+"/"+name] = i
		}
	}
	return ordinals
}
