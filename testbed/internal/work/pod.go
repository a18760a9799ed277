// Package work turns the workloads of a cluster file into Kubernetes objects.
package work

import (
	"maps"
	"sort"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	resourcev1 "k8s.io/api/resource/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	appsv1 "k8s.io/api/apps/v1"

	"tangram.dev/testbed/internal/spec"
)

// NotebookLabel is what Kubeflow's notebook controller puts on the pods of a notebook.
const NotebookLabel = "notebook-name"

const claimName = "gpu"

func selector(w *spec.Workload) map[string]string { return map[string]string{"app": w.Name} }

func podLabels(w *spec.Workload) map[string]string {
	labels := selector(w)
	if w.Team != "" {
		labels["team"] = w.Team
	}
	if w.Notebook {
		labels[NotebookLabel] = w.Name
		labels["statefulset"] = w.Name
	}
	maps.Copy(labels, w.Labels)
	return labels
}

func template(w *spec.Workload) corev1.PodTemplateSpec {
	pod := corev1.PodSpec{
		Containers:        []corev1.Container{container(w)},
		NodeSelector:      w.NodeSelector,
		Affinity:          w.Affinity,
		PriorityClassName: w.PriorityClass,
		Tolerations:       w.Tolerations,
	}
	if w.Claim != nil {
		templateName := w.Name + "-gpu"
		pod.ResourceClaims = []corev1.PodResourceClaim{
			{Name: claimName, ResourceClaimTemplateName: &templateName}}
	}
	for _, gate := range w.Gates {
		pod.SchedulingGates = append(pod.SchedulingGates, corev1.PodSchedulingGate{Name: gate})
	}
	if w.Kind == "Job" {
		pod.RestartPolicy = corev1.RestartPolicyNever
	}
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: podLabels(w), Annotations: w.Annotations},
		Spec:       pod,
	}
}

func container(w *spec.Workload) corev1.Container {
	requests := corev1.ResourceList{
		corev1.ResourceCPU:    resource.MustParse(w.CPU),
		corev1.ResourceMemory: resource.MustParse(w.Memory),
	}
	limits := corev1.ResourceList{}
	for name, count := range w.GPU {
		quantity := *resource.NewQuantity(count, resource.DecimalSI)
		requests[corev1.ResourceName(name)] = quantity
		limits[corev1.ResourceName(name)] = quantity
	}
	c := corev1.Container{
		Name:      "main",
		Image:     w.Image,
		Resources: corev1.ResourceRequirements{Requests: requests, Limits: limits},
	}
	if w.Notebook {
		c.Name = w.Name // as Kubeflow names it
	}
	if w.Claim != nil {
		c.Resources.Claims = []corev1.ResourceClaim{{Name: claimName}}
	}
	for name, value := range w.Env {
		c.Env = append(c.Env, corev1.EnvVar{Name: name, Value: value})
	}
	sort.Slice(c.Env, func(i, j int) bool { return c.Env[i].Name < c.Env[j].Name })
	return c
}

func meta(w *spec.Workload) metav1.ObjectMeta {
	labels := selector(w)
	if w.Team != "" {
		labels["team"] = w.Team
	}
	return metav1.ObjectMeta{Name: w.Name, Namespace: w.Namespace, Labels: labels}
}

// Deployment is the object of a workload of that kind; so are StatefulSet, Job and Pod below.
func Deployment(w *spec.Workload) *appsv1.Deployment {
	replicas := int32(w.Replicas)
	return &appsv1.Deployment{ObjectMeta: meta(w), Spec: appsv1.DeploymentSpec{
		Replicas: &replicas,
		Selector: &metav1.LabelSelector{MatchLabels: selector(w)},
		Template: template(w),
	}}
}

// StatefulSet is the object of a workload of that kind.
func StatefulSet(w *spec.Workload) *appsv1.StatefulSet {
	replicas := int32(w.Replicas)
	set := &appsv1.StatefulSet{ObjectMeta: meta(w), Spec: appsv1.StatefulSetSpec{
		Replicas:            &replicas,
		ServiceName:         w.Name,
		PodManagementPolicy: appsv1.ParallelPodManagement,
		Selector:            &metav1.LabelSelector{MatchLabels: selector(w)},
		Template:            template(w),
	}}
	if w.Notebook {
		set.Labels[NotebookLabel] = w.Name
	}
	return set
}

// Job is the object of a workload of that kind.
func Job(w *spec.Workload) *batchv1.Job {
	replicas := int32(w.Replicas)
	return &batchv1.Job{ObjectMeta: meta(w), Spec: batchv1.JobSpec{
		Parallelism: &replicas, Completions: &replicas, Template: template(w),
	}}
}

// Pod is the object of a workload of that kind.
func Pod(w *spec.Workload) *corev1.Pod {
	pods := template(w)
	pods.ObjectMeta.Name, pods.ObjectMeta.Namespace = w.Name, w.Namespace
	return &corev1.Pod{ObjectMeta: pods.ObjectMeta, Spec: pods.Spec}
}

// ClaimTemplate is nil for a workload without a claim.
func ClaimTemplate(w *spec.Workload) *resourcev1.ResourceClaimTemplate {
	if w.Claim == nil {
		return nil
	}
	return &resourcev1.ResourceClaimTemplate{
		ObjectMeta: metav1.ObjectMeta{Name: w.Name + "-gpu", Namespace: w.Namespace},
		Spec:       resourcev1.ResourceClaimTemplateSpec{Spec: *w.Claim},
	}
}
