package work

import (
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	resourcev1 "k8s.io/api/resource/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"tangram.dev/testbed/internal/node"
	"tangram.dev/testbed/internal/spec"
)

// Namespaces lists every namespace that the file names, with its labels.
func Namespaces(c *spec.Cluster) []*corev1.Namespace {
	labels := map[string]map[string]string{}
	for _, w := range c.Workloads {
		labels[w.Namespace] = nil
	}
	for _, q := range c.Quotas {
		labels[q.Namespace] = nil
	}
	for _, n := range c.Namespaces {
		labels[n.Name] = n.Labels
	}
	var list []*corev1.Namespace
	for name, set := range labels {
		list = append(list, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: set}})
	}
	return list
}

// PriorityClass is the object of one entry of the file.
func PriorityClass(p spec.PriorityClass) *schedulingv1.PriorityClass {
	class := &schedulingv1.PriorityClass{
		ObjectMeta: metav1.ObjectMeta{Name: p.Name}, Value: p.Value, GlobalDefault: p.GlobalDefault}
	if p.PreemptionPolicy != "" {
		policy := corev1.PreemptionPolicy(p.PreemptionPolicy)
		class.PreemptionPolicy = &policy
	}
	return class
}

// Quota is the object of one entry of the file, whose quantities were checked.
func Quota(q spec.Quota) *corev1.ResourceQuota {
	hard := corev1.ResourceList{}
	for name, value := range q.Hard {
		hard[corev1.ResourceName(name)] = resource.MustParse(value)
	}
	return &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Name: q.Name, Namespace: q.Namespace},
		Spec:       corev1.ResourceQuotaSpec{Hard: hard},
	}
}

// Budget is the object of one entry of the file.
func Budget(b spec.Budget) *policyv1.PodDisruptionBudget {
	budget := &policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Name: b.Name, Namespace: b.Namespace},
		Spec: policyv1.PodDisruptionBudgetSpec{
			Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": b.Workload}}},
	}
	if b.MinAvailable != "" {
		value := intstr.Parse(b.MinAvailable)
		budget.Spec.MinAvailable = &value
	} else {
		value := intstr.Parse(b.MaxUnavailable)
		budget.Spec.MaxUnavailable = &value
	}
	return budget
}

// DeviceClasses are the classes that NVIDIA's DRA driver installs, or none where no node has it.
func DeviceClasses(c *spec.Cluster) []*resourcev1.DeviceClass {
	used := false
	for _, g := range c.NodeGroups {
		used = used || g.DRA != "none"
	}
	if !used {
		return nil
	}
	whole := deviceClass("gpu.nvidia.com", "gpu")
	if c.DRA.ExtendedResource {
		name := "nvidia.com/gpu"
		whole.Spec.ExtendedResourceName = &name
	}
	return []*resourcev1.DeviceClass{whole, deviceClass("mig.nvidia.com", "mig")}
}

func deviceClass(name, kind string) *resourcev1.DeviceClass {
	expression := "device.driver == '" + node.DRADriver + "' && device.attributes['" +
		node.DRADriver + "'].type == '" + kind + "'"
	return &resourcev1.DeviceClass{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: resourcev1.DeviceClassSpec{Selectors: []resourcev1.DeviceSelector{
			{CEL: &resourcev1.CELDeviceSelector{Expression: expression}}}},
	}
}
