package bed

import (
	"math/rand/v2"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestClonesDifferInWhatMustBeUniqueAndInNothingElse(t *testing.T) {
	m := models{nodes: []string{"a", "b"}, running: []*corev1.Pod{
		{ObjectMeta: metav1.ObjectMeta{Name: "web-7f-x", GenerateName: "web-7f-", UID: "1",
			Labels: map[string]string{"app": "web"}}},
		{ObjectMeta: metav1.ObjectMeta{Name: "lab-0", UID: "2"}},
	}}
	random := rand.New(rand.NewPCG(1, 1))
	names, uids, addresses := map[string]bool{}, map[string]bool{}, map[string]bool{}
	nodes := map[string]int{}
	const count = 2000
	for i := range count {
		pod := m.clone(i, random)
		names[pod.Name], uids[string(pod.UID)], addresses[pod.Status.PodIP] = true, true, true
		nodes[pod.Spec.NodeName]++
		if len(pod.UID) != 36 {
			t.Fatalf("uid %q", pod.UID)
		}
		if i%2 == 0 && pod.Labels["app"] != "web" {
			t.Fatalf("labels of %s: %v", pod.Name, pod.Labels)
		}
	}
	if len(names) != count || len(uids) != count || len(addresses) != count {
		t.Errorf("%d names, %d uids, %d addresses of %d", len(names), len(uids), len(addresses), count)
	}
	if nodes["a"] != count/2 || nodes["b"] != count/2 {
		t.Errorf("nodes %v", nodes)
	}
	if m.running[0].Name != "web-7f-x" {
		t.Error("the model was changed")
	}
}
