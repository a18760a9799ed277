package plane

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// Plane is a running control plane.
type Plane struct {
	Dir        string
	Bin        string // folder of the programs
	Stages     string // kwok's stage file
	Supervisor *Supervisor
	Address    string // https://127.0.0.1:N
	EtcdURL    string
	CA         []byte
	Config     *rest.Config // of the administrator
	Client     kubernetes.Interface
}

// Users who are not administrators; users.go gives them their rights.
const (
	ViewerUser     = "tangram-viewer"
	RestrictedUser = "tangram-restricted"
)

// Our own client and every component ask far faster than their defaults allow: a testbed is made
// of thousands of objects at once. README.md says so, for whoever compares speed.
const (
	clientQPS   = 1000
	clientBurst = 2000
)

// Start brings up etcd, the API server, the controllers, the scheduler and kwok, in that order,
// and returns when the API server is ready. What it started is stopped by the Supervisor's owner.
func (p *Plane) Start(ctx context.Context) error {
	if err := p.startEtcd(ctx); err != nil {
		return err
	}
	pki, err := p.writePKI()
	if err != nil {
		return fmt.Errorf("certificates: %w", err)
	}
	if err := p.startAPIServer(ctx, pki); err != nil {
		return err
	}
	return p.startControllers()
}

type pki struct {
	ca      *authority
	admin   pair
	signing *ecdsa.PrivateKey
}

func (p *Plane) pkiPath(name string) string { return filepath.Join(p.Dir, "pki", name) }

func (p *Plane) writePKI() (*pki, error) {
	if err := os.MkdirAll(p.pkiPath(""), 0o700); err != nil {
		return nil, err
	}
	ca, err := newAuthority()
	if err != nil {
		return nil, err
	}
	p.CA = ca.pem
	server, err := ca.server()
	if err != nil {
		return nil, err
	}
	admin, err := ca.client("testbed-admin", "system:masters")
	if err != nil {
		return nil, err
	}
	signing, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	private, err := privatePEM(signing)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(p.pkiPath("sa.key"), private, 0o600); err != nil {
		return nil, err
	}
	if err := os.WriteFile(p.pkiPath("ca.crt"), ca.pem, 0o644); err != nil {
		return nil, err
	}
	return &pki{ca, admin, signing}, writePair(p.pkiPath(""), "apiserver", server)
}

// attempt starts a program on fresh ports until it is ready. Another program can take a port
// between our look and the start; then the start is repeated with others.
func (p *Plane) attempt(ctx context.Context, name string, ports int,
	args func([]int) []string, ready func([]int) bool) error {
	const attempts = 5
	var last error
	for range attempts {
		chosen, err := freePorts(ports)
		if err != nil {
			return err
		}
		child, err := p.Supervisor.Start(name, p.program(name), args(chosen)...)
		if err != nil {
			return err
		}
		last = p.await(ctx, child, func() bool { return ready(chosen) })
		if last == nil {
			return nil
		}
		if !strings.Contains(p.Supervisor.Tail(name, 50), "address already in use") {
			break
		}
		p.Supervisor.Forget(child)
	}
	return fmt.Errorf("%w\n--- end of %s.log ---\n%s", last, name, p.Supervisor.Tail(name, 15))
}

func (p *Plane) program(name string) string {
	if name == "prometheus" {
		return "prometheus"
	}
	return filepath.Join(p.Bin, name)
}

// await polls until ready, the child stops or the context ends.
func (p *Plane) await(ctx context.Context, child Process, ready func() bool) error {
	for !ready() {
		if err := p.Supervisor.Exited(child); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w", child.Name, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
	return nil
}

func (p *Plane) adminConfig(pki *pki) {
	p.Config = &rest.Config{
		Host: p.Address,
		TLSClientConfig: rest.TLSClientConfig{
			CAData: p.CA, CertData: pki.admin.cert, KeyData: pki.admin.key},
		QPS: clientQPS, Burst: clientBurst,
	}
}

// writeKubeconfigs keeps one file for each kind of caller that tests need.
func (p *Plane) writeKubeconfigs(pki *pki) error {
	users := map[string]*clientcmdapi.AuthInfo{"kubeconfig": certificateUser(pki.admin)}
	for file, user := range map[string]string{
		"kubeconfig-viewer": ViewerUser, "kubeconfig-restricted": RestrictedUser} {
		certificate, err := pki.ca.client(user)
		if err != nil {
			return err
		}
		users[file] = certificateUser(certificate)
	}
	token, err := expiredToken(pki.signing)
	if err != nil {
		return err
	}
	users["kubeconfig-expired-token"] = &clientcmdapi.AuthInfo{Token: token}
	for file, user := range users {
		if err := writeKubeconfig(filepath.Join(p.Dir, file), p.Address, p.CA, user); err != nil {
			return err
		}
	}
	return nil
}
