package bed

import (
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"tangram.dev/testbed/internal/node"
	"tangram.dev/testbed/internal/spec"
)

func TestClonesDifferInWhatMustBeUniqueAndInNothingElse(t *testing.T) {
	m := models{nodes: []*corev1.Node{
		{ObjectMeta: metav1.ObjectMeta{Name: "a"}}, {ObjectMeta: metav1.ObjectMeta{Name: "b"}}},
		running: []*corev1.Pod{
			{ObjectMeta: metav1.ObjectMeta{Name: "web-7f-x", GenerateName: "web-7f-", UID: "1",
				Labels: map[string]string{"app": "web"}}},
			{ObjectMeta: metav1.ObjectMeta{Name: "lab-0", UID: "2"}},
		}}
	names, uids, addresses := map[string]bool{}, map[string]bool{}, map[string]bool{}
	nodes := map[string]int{}
	const count = 2000
	for i := range count {
		pod := m.clone(i)
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

func TestClonesTakeNoNameThatKubernetesGenerates(t *testing.T) {
	const generated = len("bcdfg") // letters after the base
	m := models{nodes: []*corev1.Node{{}}, running: []*corev1.Pod{
		{ObjectMeta: metav1.ObjectMeta{Name: "web-bbbbb", GenerateName: "web-"}}}}
	for i := range 1000 {
		if name := m.clone(i).Name; len(name) <= len("web-")+generated {
			t.Fatalf("copy %d is %s", i, name)
		}
	}
}

// twoGroups are four nodes as the API server would have stored them, with 0, 1, 2 and 3 pods.
func twoGroups(t *testing.T) (models, []node.Node) {
	t.Helper()
	c, err := spec.Parse([]byte(`nodeGroups:
- {name: a, count: 3, product: NVIDIA-L4, gpus: 3, cloud: eks, region: r, zones: [r-1, r-2], instanceType: x}
- {name: b, count: 1, product: NVIDIA-L4, gpus: 3, cloud: aks, region: r, zones: [r-1], instanceType: x}
`))
	if err != nil {
		t.Fatal(err)
	}
	inventory, err := node.Inventory(c)
	if err != nil {
		t.Fatal(err)
	}
	var m models
	for i, n := range inventory {
		stored := n.Object()
		stored.UID = "model"
		stored.Labels["added"] = "later"
		stored.Status.Conditions = []corev1.NodeCondition{{Type: "Ready", Status: "True"}}
		m.nodes = append(m.nodes, stored)
		for p := range i {
			m.running = append(m.running, &corev1.Pod{
				ObjectMeta: metav1.ObjectMeta{Namespace: "s", Name: fmt.Sprintf("p-%d-%d", i, p),
					GenerateName: "p-"},
				Spec: corev1.PodSpec{NodeName: n.Name,
					NodeSelector: map[string]string{"kubernetes.io/hostname": n.Name, "zone": "z"}}})
		}
	}
	return m, inventory
}

func TestClonedNodesAreOfTheirOwnWithThePodsOfTheirModels(t *testing.T) {
	m, inventory := twoGroups(t)
	all, err := gather(m, inventory)
	if err != nil {
		t.Fatal(err)
	}
	unique := map[string]int{}
	for _, n := range m.nodes {
		unique[n.Name]++
		unique[n.Spec.ProviderID]++
		unique[n.Status.Addresses[0].Address]++
	}
	const count = 2000
	for i := range count {
		clone, pods := all.clone(i)
		model := m.nodes[i%4]
		for _, own := range []string{clone.Name, string(clone.UID), clone.Spec.ProviderID,
			clone.Status.Addresses[0].Address} {
			unique[own]++
		}
		if clone.Labels["kubernetes.io/hostname"] != clone.Name || clone.Labels["added"] != "later" ||
			clone.Labels["topology.kubernetes.io/zone"] != model.Labels["topology.kubernetes.io/zone"] ||
			clone.Status.Addresses[1].Address != clone.Name || len(clone.Status.Conditions) != 1 {
			t.Fatalf("%s of %s: %v, %v", clone.Name, model.Name, clone.Labels, clone.Status)
		}
		if len(pods) != i%4 {
			t.Fatalf("%s has %d pods, its model %d", clone.Name, len(pods), i%4)
		}
		for _, pod := range pods {
			unique[pod.Name]++
			unique[string(pod.UID)]++
			unique[pod.Status.PodIP]++
			if pod.Spec.NodeName != clone.Name || pod.Status.HostIP != clone.Status.Addresses[0].Address ||
				pod.Spec.NodeSelector["kubernetes.io/hostname"] != clone.Name ||
				pod.Spec.NodeSelector["zone"] != "z" {
				t.Fatalf("%s on %s: %v, %v", pod.Name, clone.Name, pod.Spec, pod.Status)
			}
		}
	}
	for what, times := range unique {
		if times != 1 {
			t.Errorf("%q stands %d times", what, times)
		}
	}
	if want := 4*3 + count*4 + count/4*6*3; len(unique) != want {
		t.Errorf("%d names, uids and addresses, want %d", len(unique), want)
	}
	if m.nodes[0].Name != "a-0" || m.running[0].Spec.NodeSelector["kubernetes.io/hostname"] != "a-1" {
		t.Error("a model was changed")
	}
}

func TestNodesAreNamedAsIfTheirGroupWentOn(t *testing.T) {
	m, inventory := twoGroups(t)
	all, err := gather(m, inventory)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"a-3", "a-4", "a-5", "b-1", "a-6"} {
		if clone, _ := all.clone(i); clone.Name != want {
			t.Errorf("copy %d is %s, want %s", i, clone.Name, want)
		}
	}
}

func TestOnlyNodesOfTheClusterFileAreCloned(t *testing.T) {
	m, inventory := twoGroups(t)
	if _, err := gather(m, inventory[1:]); err == nil || !strings.Contains(err.Error(), "node a-0") {
		t.Errorf("error is %v, want the node's name", err)
	}
}
