package bed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/clientcmd"

	"tangram.dev/testbed/internal/plane"
)

const (
	podPrefix   = "/registry/pods/"
	nodePrefix  = "/registry/minions/"
	clonesATxn  = 100 // etcd takes 128
	cloneAtOnce = 4
)

// Clone fills the store up to `count` pods with copies of the running ones: the bytes that the API
// server itself wrote for a pod that controller, scheduler and kwok made, under another name, uid,
// node and address. It stops everything but etcd and the API server first: the controllers would
// delete what nobody asked for, and a reader is then measured against a quiet server. Returns when
// the API server shows them all.
func Clone(ctx context.Context, dir string, count int, say func(string, ...any)) error {
	if err := keepOnlyTheStore(dir); err != nil {
		return err
	}
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
	models, err := readModels(ctx, client)
	if err != nil {
		return err
	}
	began := time.Now()
	bytes, err := writeClones(ctx, client, models, count-models.pods)
	if err != nil {
		return err
	}
	say("%d pods cloned from %d in %.1f s, %d bytes each in the store", count-models.pods,
		len(models.running), time.Since(began).Seconds(), bytes/max(1, count-models.pods))
	return waitForPods(ctx, dir, count)
}

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
	nodes   []string
	pods    int // all that there are, running or not
}

func readModels(ctx context.Context, client *clientv3.Client) (models, error) {
	var m models
	found, err := client.Get(ctx, podPrefix, clientv3.WithPrefix())
	if err != nil {
		return m, err
	}
	stored := protobuf.NewSerializer(scheme.Scheme, scheme.Scheme)
	for _, kv := range found.Kvs {
		object, kind, err := stored.Decode(kv.Value, nil, nil)
		if err != nil {
			return m, fmt.Errorf("%s: %w", kv.Key, err)
		}
		object.GetObjectKind().SetGroupVersionKind(*kind)
		pod, ok := object.(*corev1.Pod)
		if ok && pod.Status.Phase == corev1.PodRunning {
			m.running = append(m.running, pod)
		}
	}
	m.pods = len(found.Kvs)
	nodes, err := client.Get(ctx, nodePrefix, clientv3.WithPrefix(), clientv3.WithKeysOnly())
	if err != nil {
		return m, err
	}
	for _, kv := range nodes.Kvs {
		m.nodes = append(m.nodes, path.Base(string(kv.Key)))
	}
	if len(m.running) == 0 || len(m.nodes) == 0 {
		return m, errors.New("nothing to clone: no pod is running, or there is no node")
	}
	return m, nil
}

// clone is copy number i: models and nodes take turns.
func (m models) clone(i int, random *rand.Rand) *corev1.Pod {
	pod := m.running[i%len(m.running)].DeepCopy()
	base := pod.GenerateName
	if base == "" {
		base = pod.Name + "-"
	}
	pod.Name = base + suffix(i)
	pod.UID = types.UID(fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", random.Uint32(),
		random.Uint32()>>16, random.Uint32()>>20, random.Uint32()>>20, random.Uint64()>>16))
	pod.Spec.NodeName = m.nodes[(i/len(m.running))%len(m.nodes)]
	pod.Status.PodIP = fmt.Sprintf("10.%d.%d.%d", 130+i>>16, i>>8&255, i&255)
	pod.Status.PodIPs = []corev1.PodIP{{IP: pod.Status.PodIP}}
	return pod
}

// suffix is five letters as Kubernetes writes them after a generated name; different for different
// i below 27^5, which is 14 million.
func suffix(i int) string {
	const letters = "bcdfghjklmnpqrstvwxz2456789"
	text := make([]byte, 5)
	for at := range text {
		text[at] = letters[i%len(letters)]
		i /= len(letters)
	}
	return string(text)
}

// writeClones returns how many bytes it wrote.
func writeClones(ctx context.Context, client *clientv3.Client, m models, count int) (int, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var workers sync.WaitGroup
	written := make([]int, cloneAtOnce)
	for w := range cloneAtOnce {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for from := w * clonesATxn; from < count; from += cloneAtOnce * clonesATxn {
				size, err := writeBatch(ctx, client, m, from, min(from+clonesATxn, count))
				written[w] += size
				if err != nil {
					cancel(err)
					return
				}
			}
		}()
	}
	workers.Wait()
	total := 0
	for _, size := range written {
		total += size
	}
	return total, context.Cause(ctx)
}

func writeBatch(ctx context.Context, client *clientv3.Client, m models, from, to int) (int, error) {
	random := rand.New(rand.NewPCG(uint64(from), 1))
	stored := protobuf.NewSerializer(scheme.Scheme, scheme.Scheme)
	var puts []clientv3.Op
	size := 0
	for i := from; i < to; i++ {
		pod := m.clone(i, random)
		var data bytes.Buffer
		if err := encode(stored, pod, &data); err != nil {
			return size, err
		}
		size += data.Len()
		puts = append(puts, clientv3.OpPut(podPrefix+pod.Namespace+"/"+pod.Name, data.String()))
	}
	_, err := client.Txn(ctx).Then(puts...).Commit()
	return size, err
}

func encode(stored runtime.Encoder, pod *corev1.Pod, to io.Writer) error {
	if err := stored.Encode(pod, to); err != nil {
		return fmt.Errorf("%s/%s: %w", pod.Namespace, pod.Name, err)
	}
	return nil
}

// waitForPods waits until the API server's cache, which follows etcd, has them all. Before that its
// lists come from etcd, after seconds of waiting for the cache.
func waitForPods(ctx context.Context, dir string, count int) error {
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
	// One item and the number of those after it. Without a version the answer is etcd's of now.
	one := metav1.ListOptions{Limit: 1}
	page, err := client.CoreV1().Pods("").List(ctx, one)
	if err != nil {
		return err
	}
	if rest := page.RemainingItemCount; rest == nil || int(*rest)+1 < count {
		return fmt.Errorf("the API server shows fewer than %d pods", count)
	}
	one.ResourceVersion = page.ResourceVersion
	one.ResourceVersionMatch = metav1.ResourceVersionMatchNotOlderThan
	for {
		_, err := client.CoreV1().Pods("").List(ctx, one)
		if err == nil || !apierrors.IsTimeout(err) { // "Too large resource version"
			return err
		}
	}
}
