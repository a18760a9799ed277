package bed

import (
	"context"
	"errors"
	"fmt"
	"path"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/clientcmd"

	"tangram.dev/testbed/internal/gpu"
	"tangram.dev/testbed/internal/plane"
)

const (
	podPrefix   = "/registry/pods/"
	nodePrefix  = "/registry/minions/"
	clonesATxn  = 100 // etcd takes 128
	cloneAtOnce = 4
)

// Counts is what there shall be after Clone: so many pods on the nodes that are there, or so many
// nodes with the pods of those that they copy. One of the two is 0.
type Counts struct{ Pods, Nodes int }

// Clone fills the store with copies of running pods, or of nodes with the pods that run on them: the
// bytes that the API server itself wrote for what controller, scheduler and kwok made, under other
// names, uids and addresses. It stops everything but etcd and the API server first: the controllers
// would delete what nobody asked for, and a reader is then measured against a quiet server. Returns
// when the API server shows them all.
func Clone(ctx context.Context, dir string, want Counts, say func(string, ...any)) error {
	var s state
	if err := readJSON(stateFile(dir), &s); err != nil {
		return err
	}
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{s.Etcd},
		DialTimeout: 5 * time.Second})
	if err != nil {
		return err
	}
	defer client.Close()
	plan := clonePods
	if want.Nodes > 0 {
		plan = cloneNodes
		if err := canCloneNodes(ctx, client); err != nil { // before anything is stopped
			return err
		}
	}
	if err := keepOnlyTheStore(dir); err != nil {
		return err
	}
	models, err := readModels(ctx, client)
	if err != nil {
		return err
	}
	began := time.Now()
	count, copyOne, err := plan(dir, models, want)
	if err != nil {
		return err
	}
	made, err := fill(ctx, client, count, copyOne)
	if err != nil {
		return err
	}
	say("%d objects cloned from %d nodes and %d running pods in %.1f s, %d bytes each in the store",
		made.objects, len(models.nodes), len(models.running), time.Since(began).Seconds(),
		made.bytes/max(1, made.objects))
	return waitForAll(ctx, dir, len(models.nodes)+models.pods+made.objects)
}

// clonePods makes pods only: cards are then promised many times over.
func clonePods(_ string, m models, want Counts) (int, copier, error) {
	return max(0, want.Pods-m.pods), func(i int, put putter) error {
		pod := m.clone(i)
		return put(podKey(pod), pod)
	}, nil
}

func podKey(pod *corev1.Pod) string { return podPrefix + pod.Namespace + "/" + pod.Name }

// keepOnlyTheStore stops the other programs; `down` passes over what is gone.
func keepOnlyTheStore(dir string) error {
	var all, others []plane.Process
	if err := readJSON(plane.PidFile(dir), &all); err != nil {
		return err
	}
	for _, p := range all {
		if p.Name != "etcd" && p.Name != "kube-apiserver" {
			others = append(others, p)
		}
	}
	plane.Stop(others)
	return nil
}

// models are what clones are made of.
type models struct {
	running []*corev1.Pod
	nodes   []*corev1.Node
	pods    int // all that there are, running or not
}

func readModels(ctx context.Context, client *clientv3.Client) (models, error) {
	var m models
	pods, err := readAll[*corev1.Pod](ctx, client, podPrefix)
	if err != nil {
		return m, err
	}
	m.pods = len(pods)
	for _, pod := range pods {
		if pod.Status.Phase == corev1.PodRunning {
			m.running = append(m.running, pod)
		}
	}
	if m.nodes, err = readAll[*corev1.Node](ctx, client, nodePrefix); err != nil {
		return m, err
	}
	if len(m.running) == 0 || len(m.nodes) == 0 {
		return m, errors.New("nothing to clone: no pod is running, or there is no node")
	}
	return m, nil
}

func readAll[T runtime.Object](ctx context.Context, client *clientv3.Client,
	prefix string) ([]T, error) {
	found, err := client.Get(ctx, prefix, clientv3.WithPrefix())
	if err != nil {
		return nil, err
	}
	stored := protobuf.NewSerializer(scheme.Scheme, scheme.Scheme)
	var all []T
	for _, kv := range found.Kvs {
		object, kind, err := stored.Decode(kv.Value, nil, nil)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", kv.Key, err)
		}
		object.GetObjectKind().SetGroupVersionKind(*kind)
		one, ok := object.(T)
		if !ok {
			return nil, fmt.Errorf("%s: is a %T", kv.Key, object)
		}
		all = append(all, one)
	}
	return all, nil
}

// clone is copy number i: models and nodes take turns.
func (m models) clone(i int) *corev1.Pod {
	return clonePod(m.running[i%len(m.running)], i, m.nodes[(i/len(m.running))%len(m.nodes)])
}

// clonePod is copy number i of all, on this node.
func clonePod(model *corev1.Pod, i int, node *corev1.Node) *corev1.Pod {
	pod := model.DeepCopy()
	base := pod.GenerateName
	if base == "" {
		base = pod.Name + "-"
	}
	pod.Name = base + suffix(i)
	pod.UID = types.UID(gpu.StableUUID(int64(i), "pod", pod.Namespace, pod.Name))
	pod.Spec.NodeName = node.Name
	pod.Status.PodIP = fmt.Sprintf("10.%d.%d.%d", 130+i>>16, i>>8&255, i&255)
	pod.Status.PodIPs = []corev1.PodIP{{IP: pod.Status.PodIP}}
	pod.Status.HostIP, pod.Status.HostIPs = "", nil
	for _, address := range node.Status.Addresses {
		if address.Type == corev1.NodeInternalIP {
			pod.Status.HostIP = address.Address
			pod.Status.HostIPs = []corev1.HostIP{{IP: address.Address}}
		}
	}
	return pod
}

// suffix is what Kubernetes writes after a generated name, but of six letters where that has five: no
// copy takes the name of a pod that is there. Different for different i below 27^6.
func suffix(i int) string {
	const letters = "bcdfghjklmnpqrstvwxz2456789"
	text := make([]byte, 6)
	for at := range text {
		text[at] = letters[i%len(letters)]
		i /= len(letters)
	}
	return string(text)
}

// waitForAll waits until the API server's cache, which follows etcd, has all nodes and pods, together
// `count`. Objects of one transaction have one version, so that the cache counts as up to date with
// the first of them: only the number tells.
func waitForAll(ctx context.Context, dir string, count int) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	config, err := clientcmd.BuildConfigFromFlags("", path.Join(dir, "kubeconfig"))
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	one := metav1.ListOptions{Limit: 1} // and the number of those after it
	for {
		nodes, err := client.CoreV1().Nodes().List(ctx, one)
		if err != nil {
			return err
		}
		pods, err := client.CoreV1().Pods("").List(ctx, one)
		if err != nil {
			return err
		}
		shown := counted(nodes) + counted(pods)
		if shown == count {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the API server shows %d nodes and pods, and there should be %d", shown, count)
		case <-time.After(500 * time.Millisecond):
		}
	}
}

func counted(page metav1.ListInterface) int {
	if rest := page.GetRemainingItemCount(); rest != nil {
		return 1 + int(*rest)
	}
	return 1
}
