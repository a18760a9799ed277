package plane

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"os"
	"strings"
	"testing"
	"time"

	"tangram.dev/testbed/internal/spec"
)

func TestStopEndsTheRecordedProcessAndNoStranger(t *testing.T) {
	s, err := NewSupervisor(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	ours, err := s.Start("sleeper", "sleep", "600")
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := s.Start("stranger", "sleep", "600")
	if err != nil {
		t.Fatal(err)
	}
	reused := stranger
	reused.Started = "1" // the record of a process that had this number before
	Stop([]Process{ours, reused})
	if ours.alive() {
		t.Error("our process runs on")
	}
	if !stranger.alive() {
		t.Error("a process that only has the number was ended")
	}
	Stop([]Process{stranger})
}

func TestAnEndedChildIsReportedWithItsLog(t *testing.T) {
	s, err := NewSupervisor(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	child, err := s.Start("teller", "sh", "-c", "echo one; echo two; exit 3")
	if err != nil {
		t.Fatal(err)
	}
	for s.Exited(child) == nil {
		time.Sleep(time.Millisecond)
	}
	if err := s.AnyExited(); err == nil || !strings.Contains(err.Error(), "teller stopped: exit status 3") {
		t.Errorf("reported as %v", err)
	}
	if tail := s.Tail("teller", 1); tail != "two" {
		t.Errorf("tail is %q", tail)
	}
	s.Forget(child)
	if s.AnyExited() != nil || len(s.Names()) != 0 {
		t.Error("a forgotten child is remembered")
	}
}

func TestPortsDiffer(t *testing.T) {
	ports, err := freePorts(20)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int]bool{}
	for _, port := range ports {
		if seen[port] || port == 0 {
			t.Errorf("ports are %v", ports)
		}
		seen[port] = true
	}
}

func TestCertificatesAreSignedByTheAuthority(t *testing.T) {
	ca, err := newAuthority()
	if err != nil {
		t.Fatal(err)
	}
	client, err := ca.client("someone", "some-group")
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(client.cert)
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(ca.cert)
	if _, err := cert.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err != nil {
		t.Error(err)
	}
	if cert.Subject.CommonName != "someone" || cert.Subject.Organization[0] != "some-group" {
		t.Errorf("subject is %s", cert.Subject)
	}
}

func TestTheExpiredTokenIsExpired(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	token, err := expiredToken(key)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(token, ".")
	data, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims struct{ Exp int64 }
	if err := json.Unmarshal(data, &claims); err != nil || len(parts) != 3 {
		t.Fatalf("%v, %d parts", err, len(parts))
	}
	if claims.Exp == 0 || time.Unix(claims.Exp, 0).After(time.Now()) {
		t.Errorf("expires at %d", claims.Exp)
	}
}

func TestInstanceTypesAreAsKarpenterReadsThem(t *testing.T) {
	data, err := instanceTypes(&spec.Karpenter{InstanceTypes: []spec.InstanceType{
		{Name: "g6.xlarge", GPUs: 1, CPU: "4", Memory: "16Gi",
			Offers: map[string]map[string]float64{"spot": {"b": 0.5, "a": 0.4}}},
		{Name: "sold nowhere"}}})
	if err != nil {
		t.Fatal(err)
	}
	var types []struct {
		Resources map[string]string
		Offerings []struct {
			Price        float64
			Requirements []struct {
				Key, Operator string
				Values        []string
			}
		}
	}
	if err := json.Unmarshal(data, &types); err != nil {
		t.Fatal(err)
	}
	if got := types[0].Resources["nvidia.com/gpu"]; got != "1" {
		t.Errorf("%q cards", got)
	}
	offerings := types[0].Offerings
	if len(offerings) != 2 || offerings[0].Price != 0.4 || offerings[0].Requirements[1].Values[0] != "a" {
		t.Errorf("offerings are %v", offerings)
	}
	if len(types[1].Offerings) != 0 || types[1].Resources["nvidia.com/gpu"] != "" {
		t.Errorf("a type without cards that is sold nowhere is %v", types[1])
	}
}

func TestStartTimeOfNobody(t *testing.T) {
	if startTime(os.Getpid()) == "" {
		t.Error("we run, and have no start time")
	}
	if startTime(1<<30) != "" {
		t.Error("a process that cannot be has a start time")
	}
}
