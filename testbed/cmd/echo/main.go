// Command echo is the least that an admission webhook can be: it reads a review, looks at nothing but
// its uid, and admits. What a better webhook costs is measured against it.
//
//	echo --dir DIR   serves the testbed in DIR, with the certificate of its API server, on a free port
//	                 of loopback; writes the webhook's URL as its only line
//
// GET /count answers how many reviews came.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
)

// review has the fields of admission.k8s.io/v1 that matter to it; a full one would be decoded in vain.
type review struct {
	APIVersion string    `json:"apiVersion"`
	Kind       string    `json:"kind"`
	Request    *request  `json:"request,omitempty"`
	Response   *response `json:"response,omitempty"`
}

type request struct {
	UID string `json:"uid"`
}

type response struct {
	UID     string `json:"uid"`
	Allowed bool   `json:"allowed"`
}

func main() {
	dir := flag.String("dir", "", "the testbed's folder")
	flag.Parse()
	if *dir == "" || flag.NArg() > 0 {
		fail(fmt.Errorf("echo needs --dir DIR, the folder of a testbed that is up, and nothing else"))
	}
	fail(serve(filepath.Join(*dir, "pki")))
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "echo:", err)
	os.Exit(1)
}

func serve(pki string) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("https://%s/\n", listener.Addr())
	var count atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc("POST /", func(w http.ResponseWriter, r *http.Request) {
		count.Add(1)
		admit(w, r)
	})
	mux.HandleFunc("GET /count", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, count.Load())
	})
	return http.ServeTLS(listener, mux, filepath.Join(pki, "apiserver.crt"),
		filepath.Join(pki, "apiserver.key"))
}

func admit(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var asked review
	if err == nil {
		err = json.Unmarshal(body, &asked)
	}
	if err != nil || asked.Request == nil {
		http.Error(w, fmt.Sprintf("no AdmissionReview: %v", err), http.StatusBadRequest)
		return
	}
	answer := review{APIVersion: asked.APIVersion, Kind: asked.Kind,
		Response: &response{UID: asked.Request.UID, Allowed: true}}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer) // who is gone needs no answer
}
