package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestAdmit(t *testing.T) {
	cases := []struct {
		name, body string
		code       int
		answer     string
	}{
		{"a review", `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u1","object":{}}}`,
			http.StatusOK, `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"u1","allowed":true}}`},
		{"broken", `{"request":`, http.StatusBadRequest, "no AdmissionReview"},
		{"something else", `{"kind":"Pod"}`, http.StatusBadRequest, "no AdmissionReview"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			admit(w, httptest.NewRequest(http.MethodPost, "/", strings.NewReader(c.body)))
			if w.Code != c.code || !strings.HasPrefix(w.Body.String(), c.answer) {
				t.Errorf("%d %s, want %d %s", w.Code, w.Body, c.code, c.answer)
			}
		})
	}
}
