// Command karpenter is Karpenter with its kwok provider, put together as kwok/main.go of its module
// does, with what keeps a machine of kwok from being one of a cloud changed here.
package main

import (
	"os"
	"path/filepath"

	"sigs.k8s.io/controller-runtime/pkg/log"
	kwok "sigs.k8s.io/karpenter/kwok/cloudprovider"
	"sigs.k8s.io/karpenter/kwok/options"
	"sigs.k8s.io/karpenter/pkg/cloudprovider/overlay"
	"sigs.k8s.io/karpenter/pkg/controllers"
	"sigs.k8s.io/karpenter/pkg/controllers/state"
	"sigs.k8s.io/karpenter/pkg/operator"
)

func main() {
	// It takes no --kubeconfig. This is that of the testbed's folder, in which it is started.
	if err := os.Setenv("KUBECONFIG", "kubeconfig"); err != nil {
		panic(err)
	}
	ctx, op := operator.NewOperator()
	types, err := kwok.ConstructInstanceTypes(ctx)
	if err != nil {
		log.FromContext(ctx).Error(err, "no instance types")
	}
	sold := &cloud{
		CloudProvider: kwok.NewCloudProvider(ctx, booting{op.GetClient()}, types),
		types:         types,
		soldOut:       filepath.Join(filepath.Dir(options.FromContext(ctx).InstanceTypesFilePath), "sold-out"),
	}
	decorated := overlay.Decorate(sold, op.GetClient(), op.InstanceTypeStore)
	cluster := state.NewCluster(op.Clock, op.GetClient(), decorated)
	op.WithControllers(ctx, controllers.NewControllers(ctx, op.Manager, op.Clock, op.GetClient(),
		op.EventRecorder, decorated, sold, cluster, op.InstanceTypeStore)...).Start(ctx)
}
