package bed

import (
	"bytes"
	"context"
	"fmt"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/client-go/kubernetes/scheme"

	"tangram.dev/testbed/internal/work"
)

// No API sets a creation time, yet idle rules ask for the age of a pod. So the ages of the cluster
// file are written where the API server keeps its objects; its watches pass the change on.
func (b *Bed) backdate(ctx context.Context) error {
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{b.plane.EtcdURL},
		DialTimeout: 5 * time.Second})
	if err != nil {
		return err
	}
	defer client.Close()
	ages := b.ages()
	for _, prefix := range []string{"/registry/minions/", "/registry/pods/", "/registry/deployments/",
		"/registry/replicasets/", "/registry/statefulsets/", "/registry/jobs/"} {
		found, err := client.Get(ctx, prefix, clientv3.WithPrefix())
		if err != nil {
			return err
		}
		for _, kv := range found.Kvs {
			if err := rewrite(ctx, client, string(kv.Key), ages, b.started); err != nil {
				return fmt.Errorf("%s: %w", kv.Key, err)
			}
		}
	}
	return nil
}

// ages finds the age of an object of the cluster file, by kind and name.
func (b *Bed) ages() func(runtime.Object) (time.Duration, bool) {
	nodes := map[string]time.Duration{}
	for _, n := range b.nodes {
		nodes[n.Name] = n.Group.Age.Std()
	}
	find := work.Finder(b.cluster)
	return func(object runtime.Object) (time.Duration, bool) {
		if n, ok := object.(*corev1.Node); ok {
			age, known := nodes[n.Name]
			return age, known
		}
		if w := find(asPod(object)); w != nil {
			return w.Age.Std(), true
		}
		return 0, false
	}
}

// asPod shows any workload object to the finder as a pod that it would own.
func asPod(object runtime.Object) *corev1.Pod {
	if pod, ok := object.(*corev1.Pod); ok {
		return pod
	}
	accessor, err := meta.Accessor(object)
	if err != nil {
		return &corev1.Pod{}
	}
	owner := metav1.OwnerReference{Kind: object.GetObjectKind().GroupVersionKind().Kind,
		Name: accessor.GetName()}
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: accessor.GetNamespace(),
		OwnerReferences: []metav1.OwnerReference{owner}}}
}

// rewrite repeats until nobody wrote between its read and its write.
func rewrite(ctx context.Context, client *clientv3.Client, key string,
	age func(runtime.Object) (time.Duration, bool), now time.Time) error {
	stored := protobuf.NewSerializer(scheme.Scheme, scheme.Scheme)
	for {
		found, err := client.Get(ctx, key)
		if err != nil || len(found.Kvs) == 0 {
			return err
		}
		object, kind, err := stored.Decode(found.Kvs[0].Value, nil, nil)
		if err != nil {
			return err
		}
		object.GetObjectKind().SetGroupVersionKind(*kind)
		span, known := age(object)
		if !known {
			return nil
		}
		setAge(object, metav1.NewTime(now.Add(-span).Truncate(time.Second)))
		var data bytes.Buffer
		if err := stored.Encode(object, &data); err != nil {
			return err
		}
		done, err := client.Txn(ctx).
			If(clientv3.Compare(clientv3.ModRevision(key), "=", found.Kvs[0].ModRevision)).
			Then(clientv3.OpPut(key, data.String())).Commit()
		if err != nil || done.Succeeded {
			return err
		}
	}
}

func setAge(object runtime.Object, born metav1.Time) {
	if accessor, err := meta.Accessor(object); err == nil {
		accessor.SetCreationTimestamp(born)
	}
	switch o := object.(type) {
	case *corev1.Node:
		for i := range o.Status.Conditions {
			o.Status.Conditions[i].LastTransitionTime = born
		}
	case *batchv1.Job:
		if o.Status.StartTime != nil {
			o.Status.StartTime = &born
		}
	case *corev1.Pod:
		for i := range o.Status.Conditions {
			o.Status.Conditions[i].LastTransitionTime = born
		}
		if o.Status.StartTime != nil {
			o.Status.StartTime = &born
		}
		for i := range o.Status.ContainerStatuses {
			if running := o.Status.ContainerStatuses[i].State.Running; running != nil {
				running.StartedAt = born
			}
		}
	}
}
