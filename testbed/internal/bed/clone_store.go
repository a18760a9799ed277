package bed

import (
	"bytes"
	"context"
	"fmt"
	"sync"

	clientv3 "go.etcd.io/etcd/client/v3"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/client-go/kubernetes/scheme"
)

// putter takes an object for the store.
type putter func(key string, object runtime.Object) error

// copier hands copy number i over, which may be several objects. Called by several goroutines.
type copier func(i int, put putter) error

type written struct{ objects, bytes int }

// fill writes the copies 0 to count-1.
func fill(ctx context.Context, client *clientv3.Client, count int, one copier) (written, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var workers sync.WaitGroup
	writers := make([]writer, cloneAtOnce)
	for w := range writers {
		writers[w] = writer{client: client, stored: protobuf.NewSerializer(scheme.Scheme, scheme.Scheme)}
		workers.Go(func() {
			if err := writers[w].writeEvery(ctx, w, count, one); err != nil {
				cancel(err)
			}
		})
	}
	workers.Wait()
	var total written
	for _, w := range writers {
		total.objects += w.done.objects
		total.bytes += w.done.bytes
	}
	return total, context.Cause(ctx)
}

// writer puts objects into the store, clonesATxn in a transaction.
type writer struct {
	client *clientv3.Client
	stored runtime.Encoder
	puts   []clientv3.Op
	done   written
}

// writeEvery writes each cloneAtOnce-th copy.
func (w *writer) writeEvery(ctx context.Context, first, count int, one copier) error {
	put := func(key string, object runtime.Object) error { return w.put(ctx, key, object) }
	for i := first; i < count; i += cloneAtOnce {
		if err := one(i, put); err != nil {
			return err
		}
	}
	return w.flush(ctx)
}

func (w *writer) put(ctx context.Context, key string, object runtime.Object) error {
	var data bytes.Buffer
	if err := w.stored.Encode(object, &data); err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	w.puts = append(w.puts, clientv3.OpPut(key, data.String()))
	w.done.objects++
	w.done.bytes += data.Len()
	if len(w.puts) < clonesATxn {
		return nil
	}
	return w.flush(ctx)
}

func (w *writer) flush(ctx context.Context) error {
	if len(w.puts) == 0 {
		return nil
	}
	_, err := w.client.Txn(ctx).Then(w.puts...).Commit()
	w.puts = w.puts[:0]
	return err
}
