package plane

import (
	"context"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// viewerRules are what a report needs to read, and nothing else: no secrets, no config maps.
var viewerRules = []rbacv1.PolicyRule{
	{APIGroups: []string{""}, Verbs: readVerbs,
		Resources: []string{"nodes", "pods", "namespaces", "resourcequotas"}},
	{APIGroups: []string{"policy"}, Verbs: readVerbs, Resources: []string{"poddisruptionbudgets"}},
	{APIGroups: []string{"scheduling.k8s.io"}, Verbs: readVerbs,
		Resources: []string{"priorityclasses"}},
	{APIGroups: []string{"scheduling.k8s.io", "scheduling.volcano.sh", "scheduling.run.ai",
		"scheduling.x-k8s.io"}, Verbs: readVerbs, Resources: []string{"podgroups"}},
	{APIGroups: []string{"batch"}, Verbs: readVerbs, Resources: []string{"jobs"}},
	{APIGroups: []string{"jobset.x-k8s.io"}, Verbs: readVerbs, Resources: []string{"jobsets"}},
	{APIGroups: []string{"resource.k8s.io"}, Verbs: readVerbs, Resources: []string{"*"}},
	{APIGroups: []string{"kueue.x-k8s.io"}, Verbs: readVerbs, Resources: []string{"*"}},
}

var restrictedRules = []rbacv1.PolicyRule{
	{APIGroups: []string{""}, Verbs: []string{"list"}, Resources: []string{"pods", "nodes"}},
}

var readVerbs = []string{"get", "list", "watch"}

const (
	execAccount   = "tangram-exec"
	execNamespace = "kube-system"
)

// GrantUsers binds the viewer, the restricted user and the service account behind kubeconfig-exec.
func (p *Plane) GrantUsers(ctx context.Context) error {
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: execAccount}}
	accounts := p.Client.CoreV1().ServiceAccounts(execNamespace)
	if _, err := accounts.Create(ctx, account, metav1.CreateOptions{}); err != nil {
		return err
	}
	viewers := []rbacv1.Subject{
		{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: ViewerUser},
		{Kind: rbacv1.ServiceAccountKind, Name: execAccount, Namespace: execNamespace},
	}
	if err := p.grant(ctx, ViewerUser, viewerRules, viewers); err != nil {
		return err
	}
	restricted := []rbacv1.Subject{
		{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: RestrictedUser}}
	if err := p.grant(ctx, RestrictedUser, restrictedRules, restricted); err != nil {
		return err
	}
	seconds := int64(lifetime.Seconds())
	token, err := accounts.CreateToken(ctx, execAccount, &authenticationv1.TokenRequest{
		Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &seconds}}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	return ExecKubeconfig(p.Dir, p.Address, p.CA, token.Status.Token)
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
