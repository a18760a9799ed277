package plane

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"time"
)

const issuer = "https://kubernetes.default.svc"

// expiredToken is a well-formed service account token, signed by the right key, that ran out an
// hour ago: the server answers 401 to it.
func expiredToken(key *ecdsa.PrivateKey) (string, error) {
	past := time.Now().Add(-time.Hour)
	header, err := part(map[string]any{"alg": "ES256", "typ": "JWT"})
	if err != nil {
		return "", err
	}
	claims, err := part(map[string]any{
		"iss": issuer, "aud": []string{issuer},
		"sub": "system:serviceaccount:kube-system:default",
		"iat": past.Add(-time.Hour).Unix(), "nbf": past.Add(-time.Hour).Unix(), "exp": past.Unix(),
		"kubernetes.io": map[string]any{"namespace": "kube-system",
			"serviceaccount": map[string]string{"name": "default", "uid": "expired"}},
	})
	if err != nil {
		return "", err
	}
	digest := sha256.Sum256([]byte(header + "." + claims))
	r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
	if err != nil {
		return "", err
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return header + "." + claims + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

func part(value any) (string, error) {
	data, err := json.Marshal(value)
	return base64.RawURLEncoding.EncodeToString(data), err
}
