package plane

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"

	"sigs.k8s.io/yaml"
)

// Webhooks that Kueue serves with the frameworks of kueueConfig, by their paths. The rest of its
// manifests is for kinds that no testbed has.
var kueuePaths = []string{
	"kueue-x-k8s-io-v1beta2-clusterqueue", "kueue-x-k8s-io-v1beta2-cohort",
	"kueue-x-k8s-io-v1beta2-resourceflavor", "kueue-x-k8s-io-v1beta2-workload",
	"batch-v1-job", "-v1-pod", "apps-v1-deployment", "apps-v1-statefulset",
}

// Kinds of several versions: Kueue converts between them.
var kueueConverted = []string{"localqueues", "clusterqueues", "cohorts", "workloads",
	"multikueueclusters"}

const kueueConfig = `apiVersion: config.kueue.x-k8s.io/v1beta2
kind: Configuration
health: {healthProbeBindAddress: "127.0.0.1:%d"}
metrics: {bindAddress: "127.0.0.1:%d"}
webhook: {host: 127.0.0.1, port: %d, certDir: %s}
internalCertManagement: {enable: false}
leaderElection: {leaderElect: false}
clientConnection: {qps: %d, burst: %d}
integrations: {frameworks: ["batch/job", "pod", "deployment", "statefulset"]}
`

// StartKueue runs Kueue's manager beside the control plane: its kinds, the manager, and once that is
// ready its webhooks, at its address in place of a Service. `manifests` is the folder
// config/components of its module.
func (p *Plane) StartKueue(ctx context.Context, program, manifests string) error {
	dir := filepath.Join(p.Dir, "kueue")
	certs := filepath.Join(dir, "certs")
	if err := os.MkdirAll(certs, 0o700); err != nil {
		return err
	}
	for from, to := range map[string]string{"apiserver.crt": "tls.crt", "apiserver.key": "tls.key"} {
		data, err := os.ReadFile(p.pkiPath(from))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(certs, to), data, 0o600); err != nil {
			return err
		}
	}
	ports, err := freePorts(3)
	if err != nil {
		return err
	}
	health, address := ports[0], "https://127.0.0.1:"+strconv.Itoa(ports[2])
	config := filepath.Join(dir, "config.yaml")
	text := fmt.Sprintf(kueueConfig, health, ports[1], ports[2], certs, clientQPS, clientBurst)
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		return err
	}
	if err := p.applyKueueCRDs(ctx, filepath.Join(manifests, "crd/bases"), address); err != nil {
		return err
	}
	child, err := p.Supervisor.Start("kueue", program, "--config", config,
		"--kubeconfig", filepath.Join(p.Dir, "kubeconfig"),
		"--feature-gates", "VisibilityOnDemand=false")
	if err != nil {
		return err
	}
	ready := fmt.Sprintf("http://127.0.0.1:%d/readyz", health)
	if err := p.await(ctx, child, func() bool { return answers(ready) }); err != nil {
		return err
	}
	return p.applyKueueWebhooks(ctx, filepath.Join(manifests, "webhook/manifests.yaml"), address)
}

type object = map[string]any

func (p *Plane) clientConfig(url string) object {
	return object{"url": url, "caBundle": p.CA}
}

func (p *Plane) applyKueueCRDs(ctx context.Context, folder, address string) error {
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil {
		return err
	}
	all := []object{{"apiVersion": "v1", "kind": "Namespace", "metadata": object{"name": "kueue-system"}}}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		crd := object{}
		if err := yaml.Unmarshal(data, &crd); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		spec := crd["spec"].(object)
		plural := spec["names"].(object)["plural"].(string)
		if slices.Contains(kueueConverted, plural) {
			spec["conversion"] = object{"strategy": "Webhook", "webhook": object{
				"clientConfig":             p.clientConfig(address + "/convert"),
				"conversionReviewVersions": []string{"v1"}}}
		}
		all = append(all, crd)
	}
	if err := p.apply(ctx, all); err != nil {
		return err
	}
	return p.kubectl(ctx, nil, "wait", "--for=condition=Established", "--timeout=60s", "crd", "--all")
}

func (p *Plane) applyKueueWebhooks(ctx context.Context, file, address string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var all []object
	for _, document := range bytes.Split(data, []byte("\n---\n")) {
		configuration := object{}
		if err := yaml.Unmarshal(document, &configuration); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		metadata := configuration["metadata"].(object)
		metadata["name"] = "kueue-" + metadata["name"].(string)
		configuration["webhooks"] = p.kueueWebhooks(configuration["webhooks"].([]any), address)
		all = append(all, configuration)
	}
	return p.apply(ctx, all)
}

// kueueWebhooks are those that are served, at `address`, and not for the cluster's own pods.
func (p *Plane) kueueWebhooks(webhooks []any, address string) []any {
	var served []any
	for _, entry := range webhooks {
		webhook := entry.(object)
		path := webhook["clientConfig"].(object)["service"].(object)["path"].(string)
		known := func(name string) bool {
			return path == "/mutate-"+name || path == "/validate-"+name
		}
		if !slices.ContainsFunc(kueuePaths, known) {
			continue
		}
		webhook["clientConfig"] = p.clientConfig(address + path)
		webhook["namespaceSelector"] = object{"matchExpressions": []object{{
			"key": "kubernetes.io/metadata.name", "operator": "NotIn",
			"values": []string{"kube-system", "kueue-system"}}}}
		served = append(served, webhook)
	}
	return served
}

func (p *Plane) apply(ctx context.Context, objects []object) error {
	list, err := yaml.Marshal(object{"apiVersion": "v1", "kind": "List", "items": objects})
	if err != nil {
		return err
	}
	return p.kubectl(ctx, list, "apply", "--server-side", "-f", "-")
}

func (p *Plane) kubectl(ctx context.Context, input []byte, args ...string) error {
	command := exec.CommandContext(ctx, p.program("kubectl"),
		append([]string{"--kubeconfig", filepath.Join(p.Dir, "kubeconfig")}, args...)...)
	command.Stdin = bytes.NewReader(input)
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("kubectl %s: %w\n%s", args[0], err, output)
	}
	return nil
}
