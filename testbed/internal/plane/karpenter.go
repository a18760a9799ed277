package plane

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"tangram.dev/testbed/internal/spec"
)

// StartKarpenter runs Karpenter beside the control plane: its kinds, the program, and a NodePool and
// KWOKNodeClass with the name gpu. `crds` is the folder of its kinds.
func (p *Plane) StartKarpenter(ctx context.Context, program, crds string, k *spec.Karpenter) error {
	dir := filepath.Join(p.Dir, "karpenter")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	types, err := instanceTypes(k)
	if err != nil {
		return err
	}
	file := filepath.Join(dir, "instance-types.json")
	if err := os.WriteFile(file, types, 0o644); err != nil {
		return err
	}
	if err := p.kubectl(ctx, nil, "apply", "--server-side", "-f", crds); err != nil {
		return err
	}
	if err := p.kubectl(ctx, nil, "wait", "--for=condition=Established", "--timeout=60s", "-f",
		crds); err != nil {
		return err
	}
	ports, err := freePorts(2)
	if err != nil {
		return err
	}
	// It takes ports and no addresses: these two listen everywhere.
	child, err := p.Supervisor.Start("karpenter", program, "--instance-types-file-path", file,
		"--health-probe-port", strconv.Itoa(ports[0]), "--metrics-port", strconv.Itoa(ports[1]),
		"--kube-client-qps", strconv.Itoa(clientQPS), "--kube-client-burst", strconv.Itoa(clientBurst),
		"--disable-leader-election=true", // apart, the value would end the flags
		"--feature-gates", "NodeOverlay=true,StaticCapacity=true,CapacityBuffer=true")
	if err != nil {
		return err
	}
	ready := fmt.Sprintf("http://127.0.0.1:%d/readyz", ports[0])
	if err := p.await(ctx, child, func() bool { return answers(ready) }); err != nil {
		return err
	}
	return p.apply(ctx, gpuPool(k))
}

// instanceTypes are as Karpenter's kwok provider reads them.
func instanceTypes(k *spec.Karpenter) ([]byte, error) {
	all := []object{}
	for _, t := range k.InstanceTypes {
		resources := object{"cpu": t.Group().CPU, "memory": t.Group().Memory}
		if t.GPUs > 0 {
			resources["nvidia.com/gpu"] = strconv.Itoa(t.GPUs)
		}
		all = append(all, object{"name": t.Name, "architecture": "amd64",
			"operatingSystems": []string{"linux"}, "resources": resources, "offerings": offerings(t)})
	}
	return json.MarshalIndent(all, "", " ")
}

func offerings(t spec.InstanceType) []object {
	all := []object{}
	for _, capacity := range slices.Sorted(maps.Keys(t.Offers)) {
		zones := t.Offers[capacity]
		for _, zone := range slices.Sorted(maps.Keys(zones)) {
			all = append(all, object{"Price": zones[zone], "Available": true, "Requirements": []object{
				in("karpenter.sh/capacity-type", capacity), in("topology.kubernetes.io/zone", zone)}})
		}
	}
	return all
}

func in(key string, values ...string) object {
	return object{"key": key, "operator": "In", "values": values}
}

// gpuPool takes any type. A node that nothing needs goes after half a minute.
func gpuPool(k *spec.Karpenter) []object {
	class := object{"group": "karpenter.kwok.sh", "kind": "KWOKNodeClass", "name": "gpu"}
	return []object{
		{"apiVersion": "karpenter.kwok.sh/v1alpha1", "kind": "KWOKNodeClass",
			"metadata": object{"name": "gpu"},
			"spec":     object{"nodeRegistrationDelay": k.RegistrationDelay.Std().String()}},
		{"apiVersion": "karpenter.sh/v1", "kind": "NodePool", "metadata": object{"name": "gpu"},
			"spec": object{
				"disruption": object{"consolidateAfter": "30s"},
				"template": object{"spec": object{"nodeClassRef": class, "requirements": []object{
					in("kubernetes.io/arch", "amd64"), in("kubernetes.io/os", "linux"),
					in("karpenter.sh/capacity-type", "on-demand", "spot")}}}}},
	}
}
