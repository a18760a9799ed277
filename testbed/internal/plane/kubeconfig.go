package plane

import (
	"os"
	"path/filepath"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// writeKubeconfig keeps a kubeconfig for one user of the server at `address`.
func writeKubeconfig(path, address string, ca []byte, user *clientcmdapi.AuthInfo) error {
	config := clientcmdapi.NewConfig()
	config.Clusters["testbed"] = &clientcmdapi.Cluster{Server: address, CertificateAuthorityData: ca}
	config.AuthInfos["user"] = user
	config.Contexts["testbed"] = &clientcmdapi.Context{Cluster: "testbed", AuthInfo: "user"}
	config.CurrentContext = "testbed"
	data, err := clientcmd.Write(*config)
	if err != nil {
		return err
	}
	return WriteFile(path, data, 0o600)
}

func certificateUser(p pair) *clientcmdapi.AuthInfo {
	return &clientcmdapi.AuthInfo{ClientCertificateData: p.cert, ClientKeyData: p.key}
}

// ExecKubeconfig keeps dir/kubeconfig-exec: a credential plugin that prints this token.
func ExecKubeconfig(dir, address string, ca []byte, token string) error {
	credential := `{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",` +
		`"status":{"token":"` + token + `"}}`
	answer := filepath.Join(dir, "pki", "exec-credential.json")
	if err := os.WriteFile(answer, []byte(credential+"\n"), 0o600); err != nil {
		return err
	}
	plugin := filepath.Join(dir, "exec-credential")
	if err := os.WriteFile(plugin, []byte("#!/bin/sh\nexec cat '"+answer+"'\n"), 0o755); err != nil {
		return err
	}
	return writeKubeconfig(filepath.Join(dir, "kubeconfig-exec"), address, ca, &clientcmdapi.AuthInfo{
		Exec: &clientcmdapi.ExecConfig{
			APIVersion:      "client.authentication.k8s.io/v1",
			Command:         plugin,
			InteractiveMode: clientcmdapi.NeverExecInteractiveMode,
		}})
}
