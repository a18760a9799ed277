package plane

import (
	"bytes"
	"context"
	"fmt"
	"os"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
)

var restrictedRules = []rbacv1.PolicyRule{
	{APIGroups: []string{""}, Verbs: []string{"list"}, Resources: []string{"pods", "nodes"}},
}

// watchRules are what the service account behind kubeconfig-exec may do beside the viewer.
var watchRules = []rbacv1.PolicyRule{
	{APIGroups: []string{""}, Verbs: []string{"watch"}, Resources: []string{"pods", "nodes", "namespaces"}},
}

const (
	execAccount   = "tangram-exec"
	execNamespace = "kube-system"
)

// GrantUsers binds the viewer, the restricted user and the service account behind kubeconfig-exec.
// `viewer` is the file whose first object is the ClusterRole that Tangram gives to those who only
// look; so a rule that is missing there is missing here.
func (p *Plane) GrantUsers(ctx context.Context, viewer string) error {
	role, err := readRole(viewer)
	if err != nil {
		return err
	}
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: execAccount}}
	accounts := p.Client.CoreV1().ServiceAccounts(execNamespace)
	if _, err := accounts.Create(ctx, account, metav1.CreateOptions{}); err != nil {
		return err
	}
	execSubject := rbacv1.Subject{
		Kind: rbacv1.ServiceAccountKind, Name: execAccount, Namespace: execNamespace}
	for _, one := range []struct {
		name     string
		rules    []rbacv1.PolicyRule
		subjects []rbacv1.Subject
	}{
		{ViewerUser, role.Rules, []rbacv1.Subject{user(ViewerUser), execSubject}},
		{RestrictedUser, restrictedRules, []rbacv1.Subject{user(RestrictedUser)}},
		{execAccount, watchRules, []rbacv1.Subject{execSubject}},
	} {
		if err := p.grant(ctx, one.name, one.rules, one.subjects); err != nil {
			return err
		}
	}
	seconds := int64(lifetime.Seconds())
	token, err := accounts.CreateToken(ctx, execAccount, &authenticationv1.TokenRequest{
		Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &seconds}}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	return ExecKubeconfig(p.Dir, p.Address, p.CA, token.Status.Token)
}

func readRole(path string) (*rbacv1.ClusterRole, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	role := &rbacv1.ClusterRole{}
	if err := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(data), 4096).Decode(role); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if role.Kind != "ClusterRole" || len(role.Rules) == 0 {
		return nil, fmt.Errorf("%s: its first object is no ClusterRole with rules", path)
	}
	return role, nil
}

func user(name string) rbacv1.Subject {
	return rbacv1.Subject{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: name}
}

func (p *Plane) grant(ctx context.Context, name string, rules []rbacv1.PolicyRule,
	subjects []rbacv1.Subject) error {
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: name}, Rules: rules}
	if _, err := p.Client.RbacV1().ClusterRoles().Create(ctx, role, metav1.CreateOptions{}); err != nil {
		return err
	}
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name},
		Subjects:   subjects,
	}
	_, err := p.Client.RbacV1().ClusterRoleBindings().Create(ctx, binding, metav1.CreateOptions{})
	return err
}
