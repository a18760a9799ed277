package plane

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strconv"
	"time"

	"k8s.io/client-go/kubernetes"
)

func (p *Plane) startEtcd(ctx context.Context) error {
	url := func(port int) string { return "http://127.0.0.1:" + strconv.Itoa(port) }
	var chosen []int
	err := p.attempt(ctx, "etcd", 2, func(ports []int) []string {
		chosen = ports
		return []string{
			"--data-dir", filepath.Join(p.Dir, "etcd"),
			"--listen-client-urls", url(ports[0]), "--advertise-client-urls", url(ports[0]),
			"--listen-peer-urls", url(ports[1]), "--initial-advertise-peer-urls", url(ports[1]),
			"--initial-cluster", "default=" + url(ports[1]),
			"--unsafe-no-fsync", "--log-level", "warn",
		}
	}, func(ports []int) bool { return answers(url(ports[0]) + "/readyz") })
	if err == nil {
		p.EtcdURL = url(chosen[0])
	}
	return err
}

var probe = &http.Client{Timeout: time.Second}

func answers(url string) bool {
	response, err := probe.Get(url)
	if err != nil {
		return false
	}
	response.Body.Close()
	return response.StatusCode == http.StatusOK
}

func (p *Plane) startAPIServer(ctx context.Context, pki *pki) error {
	return p.attempt(ctx, "kube-apiserver", 1, func(ports []int) []string {
		p.Address = fmt.Sprintf("https://127.0.0.1:%d", ports[0])
		p.adminConfig(pki)
		return []string{
			"--etcd-servers", p.EtcdURL,
			"--bind-address", "127.0.0.1", "--advertise-address", "127.0.0.1",
			"--secure-port", strconv.Itoa(ports[0]),
			"--tls-cert-file", p.pkiPath("apiserver.crt"),
			"--tls-private-key-file", p.pkiPath("apiserver.key"),
			"--client-ca-file", p.pkiPath("ca.crt"),
			"--service-account-issuer", issuer,
			"--service-account-key-file", p.pkiPath("sa.key"),
			"--service-account-signing-key-file", p.pkiPath("sa.key"),
			"--authorization-mode", "Node,RBAC",
			"--service-cluster-ip-range", "10.0.0.0/24",
			"--endpoint-reconciler-type", "none", // it refuses loopback, and nothing needs it
			"--max-requests-inflight", "1000", "--max-mutating-requests-inflight", "500",
			"--profiling=false",
		}
	}, func([]int) bool { return p.apiReady(ctx, pki) })
}

func (p *Plane) apiReady(ctx context.Context, pki *pki) bool {
	client, err := kubernetes.NewForConfig(p.Config)
	if err != nil {
		return false
	}
	short, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if _, err := client.RESTClient().Get().AbsPath("/readyz").DoRaw(short); err != nil {
		return false
	}
	p.Client = client
	return p.writeKubeconfigs(pki) == nil
}

// startControllers does not wait: the nodes and pods that follow show whether they work.
func (p *Plane) startControllers() error {
	kubeconfig := filepath.Join(p.Dir, "kubeconfig")
	common := []string{
		"--kubeconfig", kubeconfig, "--leader-elect=false", "--secure-port", "0",
		"--kube-api-qps", strconv.Itoa(clientQPS), "--kube-api-burst", strconv.Itoa(clientBurst),
	}
	manager := append([]string{
		"--controllers", "*",
		"--service-account-private-key-file", p.pkiPath("sa.key"),
		"--root-ca-file", p.pkiPath("ca.crt"),
		"--concurrent-replicaset-syncs", "20", "--concurrent-deployment-syncs", "20",
		"--concurrent-statefulset-syncs", "20", "--concurrent-job-syncs", "20",
		"--node-monitor-grace-period", "120s", // a busy machine is no dead node
		"--node-monitor-period", "2s",
		"--profiling=false",
	}, common...)
	if _, err := p.Supervisor.Start("kube-controller-manager",
		p.program("kube-controller-manager"), manager...); err != nil {
		return err
	}
	scheduler := append([]string{"--profiling=false"}, common...)
	if _, err := p.Supervisor.Start("kube-scheduler", p.program("kube-scheduler"),
		scheduler...); err != nil {
		return err
	}
	_, err := p.Supervisor.Start("kwok", p.program("kwok"),
		"--kubeconfig", kubeconfig, "--config", p.Stages,
		"--manage-nodes-with-annotation-selector", "kwok.x-k8s.io/node=fake",
		"--node-lease-duration-seconds", "40", "--cidr", "10.128.0.0/12", "--v", "WARN")
	return err
}

// StartPrometheus runs Prometheus on its own configuration and data folder and returns its URL.
func (p *Plane) StartPrometheus(ctx context.Context, config, data string) (string, error) {
	var url string
	err := p.attempt(ctx, "prometheus", 1, func(ports []int) []string {
		url = fmt.Sprintf("http://127.0.0.1:%d", ports[0])
		return []string{
			"--config.file", config, "--storage.tsdb.path", data,
			"--storage.tsdb.retention.time", "90d",
			"--web.listen-address", fmt.Sprintf("127.0.0.1:%d", ports[0]),
			"--web.enable-lifecycle", "--log.level", "warn",
		}
	}, func([]int) bool { return answers(url + "/-/ready") })
	return url, err
}
