// Package spec is the cluster file: what a person writes to describe a cluster, strictly parsed.
package spec

import (
	corev1 "k8s.io/api/core/v1"
	resourcev1 "k8s.io/api/resource/v1"
)

// Cluster is a whole file. testbed/README.md documents every field.
type Cluster struct {
	Name            string          `json:"name"`
	Seed            int64           `json:"seed"`
	Metrics         Metrics         `json:"metrics"`
	DRA             DRA             `json:"dra"`
	Components      []string        `json:"components"` // karpenter | kueue
	Karpenter       Karpenter       `json:"karpenter"`
	NodeGroups      []NodeGroup     `json:"nodeGroups"`
	PriorityClasses []PriorityClass `json:"priorityClasses"`
	Quotas          []Quota         `json:"quotas"`
	Workloads       []Workload      `json:"workloads"`
	Budgets         []Budget        `json:"podDisruptionBudgets"`
	Namespaces      []Namespace     `json:"namespaces"`
}

// Namespace gives labels to a namespace. Namespaces of workloads need no entry.
type Namespace struct {
	Name   string            `json:"name"`
	Labels map[string]string `json:"labels"`
}

// Metrics says how the cluster is measured.
type Metrics struct {
	History        Duration `json:"history"`
	Step           Duration `json:"step"`
	ScrapeInterval Duration `json:"scrapeInterval"`
	Labels         string   `json:"labels"`         // plain | operator | operator-honor
	Hostname       string   `json:"hostname"`       // Hostname | hostname
	HistoryMetrics []string `json:"historyMetrics"` // empty means all
}

// DRA are settings of NVIDIA's DRA driver for the whole cluster.
type DRA struct {
	ExtendedResource bool `json:"extendedResource"`
}

// Karpenter is what the machines of its kwok provider are, and how long they take to come.
type Karpenter struct {
	RegistrationDelay Duration       `json:"registrationDelay"` // from the launch to the Node
	DeviceDelay       Duration       `json:"deviceDelay"`       // from the Node to its cards
	InstanceTypes     []InstanceType `json:"instanceTypes"`
}

// InstanceType is a machine that can be had at any time, unlike a NodeGroup, which is there.
type InstanceType struct {
	Name    string `json:"name"`
	Product string `json:"product"`
	GPUs    int    `json:"gpus"`
	CPU     string `json:"cpu"`
	Memory  string `json:"memory"`
	// Offers are USD an hour, by capacity type and zone. A type without offers is not to be had.
	Offers map[string]map[string]float64 `json:"offers"`
}

// Group is the group of one node of this type.
func (t InstanceType) Group() *NodeGroup {
	g := &NodeGroup{Name: "karpenter", Count: 1, Product: t.Product, GPUs: t.GPUs, CPU: t.CPU,
		Memory: t.Memory, InstanceType: t.Name}
	g.complete()
	return g
}

// NodeGroup is `count` equal nodes.
type NodeGroup struct {
	Name         string            `json:"name"`
	Count        int               `json:"count"`
	Product      string            `json:"product"`
	GPUs         int               `json:"gpus"`
	CPU          string            `json:"cpu"`
	Memory       string            `json:"memory"`
	InstanceType string            `json:"instanceType"`
	Cloud        string            `json:"cloud"` // eks | karpenter | gke | aks | none
	Region       string            `json:"region"`
	Zones        []string          `json:"zones"`
	CapacityType string            `json:"capacityType"` // on-demand | spot
	Driver       string            `json:"driver"`
	MIG          *MIG              `json:"mig"`
	Sharing      *Sharing          `json:"sharing"`
	DRA          string            `json:"dra"`      // none | gpus | partitions
	Exporter     string            `json:"exporter"` // running | none
	Taints       []corev1.Taint    `json:"taints"`
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	Age          Duration          `json:"age"`
}

// MIG is how the cards of a node are partitioned.
type MIG struct {
	Strategy string `json:"strategy"` // mixed | single | none
	Config   string `json:"config"`   // the name in label nvidia.com/mig.config
	// Layouts[i] are the profiles of card i; a shorter list repeats. An empty list is a card with
	// MIG mode off.
	Layouts [][]string `json:"layouts"`
}

// Sharing is the device plugin's sharing of whole cards.
type Sharing struct {
	Strategy        string `json:"strategy"` // time-slicing | mps
	Replicas        int    `json:"replicas"`
	RenameByDefault bool   `json:"renameByDefault"`
}

// PriorityClass is a scheduling.k8s.io PriorityClass.
type PriorityClass struct {
	Name             string `json:"name"`
	Value            int32  `json:"value"`
	GlobalDefault    bool   `json:"globalDefault"`
	PreemptionPolicy string `json:"preemptionPolicy"`
}

// Quota is a ResourceQuota.
type Quota struct {
	Name      string            `json:"name"`
	Namespace string            `json:"namespace"`
	Hard      map[string]string `json:"hard"`
}

// Budget is a PodDisruptionBudget over the pods of one workload.
type Budget struct {
	Name           string `json:"name"`
	Namespace      string `json:"namespace"`
	Workload       string `json:"workload"`
	MinAvailable   string `json:"minAvailable"`
	MaxUnavailable string `json:"maxUnavailable"`
}

// Workload is a controller and its pods.
type Workload struct {
	Name          string                        `json:"name"`
	Namespace     string                        `json:"namespace"`
	Team          string                        `json:"team"`
	Kind          string                        `json:"kind"` // Deployment | StatefulSet | Job | Pod
	Notebook      bool                          `json:"notebook"`
	Replicas      int                           `json:"replicas"`
	Expect        string                        `json:"expect"` // running | pending
	GPU           map[string]int64              `json:"gpu"`
	Claim         *resourcev1.ResourceClaimSpec `json:"claim"`
	CPU           string                        `json:"cpu"`
	Memory        string                        `json:"memory"`
	Image         string                        `json:"image"`
	PriorityClass string                        `json:"priorityClass"`
	Tolerations   []corev1.Toleration           `json:"tolerations"`
	NodeSelector  map[string]string             `json:"nodeSelector"`
	Affinity      *corev1.Affinity              `json:"affinity"`
	Labels        map[string]string             `json:"labels"`
	Annotations   map[string]string             `json:"annotations"`
	Env           map[string]string             `json:"env"`
	Gates         []string                      `json:"schedulingGates"`
	Age           Duration                      `json:"age"`
	Usage         Usage                         `json:"usage"`
}

// Usage is what the cards of one pod do over time.
type Usage struct {
	Pattern   string   `json:"pattern"` // idle | constant | diurnal | replay | none
	At        float64  `json:"at"`
	Min       float64  `json:"min"`
	Max       float64  `json:"max"`
	Noise     float64  `json:"noise"`
	Column    int      `json:"column"`
	MemoryMiB int64    `json:"memoryMiB"`
	Gaps      []Gap    `json:"gaps"`
	NaN       float64  `json:"nan"`
	IdleSince Duration `json:"idleSince"`
	XID       int      `json:"xid"`
	// ActiveCards is how many of the pod's cards do the work; 0 means all.
	ActiveCards int `json:"activeCards"`
}

// Gap is a span without samples that began `ago` before the start of the testbed.
type Gap struct {
	Ago Duration `json:"ago"`
	For Duration `json:"for"`
}
