#!/usr/bin/env python3
"""The Helm chart, by the real Helm: linted, rendered, installed, upgraded and removed.

Usage: chart_test.py TESTBED_DIR HELM     (testbed/e2e runs it)
TANGRAM_UPDATE_GOLDEN=1 rewrites testbed/testdata/chart-*.yaml.
"""
import os
import pathlib
import re
import subprocess
import sys
import time
import unittest

import yaml

from api import Api, apply_crds, environment

ROOT = pathlib.Path(__file__).resolve().parent.parent
BED, HELM = (pathlib.Path(a).resolve() for a in sys.argv[1:3])
KUBECTL = environment(BED)["KUBECTL"]
CHART = ROOT / "deploy/chart"
NAMESPACE = "tangram-system"
OURS = f"system:serviceaccount:{NAMESPACE}:tangram"
GROUP = "/apis/tangram.dev/v1alpha1"
LEADERSHIP = f"{GROUP}/leaderships/tangram-controller"
WEBHOOK = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/tangram-webhook"


def helm(*args, check=True):
    made = subprocess.run([HELM, *map(str, args)], capture_output=True, text=True, check=False,
                          env=environment(BED))
    if check and made.returncode:
        raise AssertionError(f"helm {args}: {made.stdout}{made.stderr}")
    return made


def install(*args):
    return helm("upgrade", "--install", "tangram", CHART, "-n", NAMESPACE, "--create-namespace",
                "--wait", "--timeout", "3m", *args)


def crds():
    return [yaml.safe_load(f.read_text()) for f in sorted((ROOT / "deploy/crds").glob("*.yaml"))]


class Rendered(unittest.TestCase):
    maxDiff = None

    def render(self, *args):
        return helm("template", "tangram", CHART, "-n", NAMESPACE, *args).stdout

    def test_lint(self):
        for values in ([], ["-f", ROOT / "testbed/testdata/chart-full.values.yaml"]):
            made = helm("lint", "--strict", CHART, "-n", NAMESPACE, *values)
            self.assertIn("0 chart(s) failed", made.stdout)
            self.assertNotIn("[WARNING]", made.stdout)

    def test_golden(self):
        cases = {"default": ["--set", "crds.install=false"],
                 "full": ["-f", ROOT / "testbed/testdata/chart-full.values.yaml"]}
        for name, args in cases.items():
            golden = ROOT / f"testbed/testdata/chart-{name}.yaml"
            text = self.render(*args)
            if os.environ.get("TANGRAM_UPDATE_GOLDEN") == "1":
                golden.write_text(text)
            self.assertEqual(text, golden.read_text(), golden)

    def test_the_crds_are_those_of_deploy(self):
        documents = [d for d in yaml.safe_load_all(self.render())
                     if d and d["kind"] == "CustomResourceDefinition"]
        for made in documents:
            self.assertEqual(made["metadata"].pop("annotations"),
                             {"helm.sh/resource-policy": "keep"})
            made["metadata"].pop("labels")
        self.assertEqual(sorted(documents, key=lambda d: d["metadata"]["name"]),
                         sorted(crds(), key=lambda d: d["metadata"]["name"]))

    def test_nothing_is_made_by_a_hook(self):
        self.assertNotIn("helm.sh/hook", self.render())

    def test_a_wrong_value_is_an_error(self):
        for value, why in (("replica=3", "replica"), ("replicas=none", "replicas"),
                           ("webhook.timeoutSeconds=30", "timeoutSeconds"),
                           ("webhook.failurePolicy=Maybe", "failurePolicy"),
                           ("image.digest=latest", "digest"), ("agent.interval=often", "interval"),
                           ("agent.kubeletRoot=var", "kubeletRoot")):
            made = helm("template", "tangram", CHART, "-n", NAMESPACE, "--set", value, check=False)
            self.assertNotEqual(made.returncode, 0, value)
            self.assertIn(why, made.stderr, value)

    def test_the_agent_has_no_more_rights_than_documented(self):
        def agent(*args):
            made = self.render("--set", "crds.install=false,agent.enabled=true", *args)
            return next(d for d in yaml.safe_load_all(made) if d and d["kind"] == "DaemonSet")

        pod = agent()["spec"]["template"]["spec"]
        self.assertNotIn("serviceAccountName", pod)
        self.assertIs(pod["automountServiceAccountToken"], False)
        self.assertNotIn("hostNetwork", pod)
        self.assertEqual([v["hostPath"]["path"] for v in pod["volumes"]],
                         ["/var/lib/kubelet/pod-resources", "/var/log/containers"])
        container, = pod["containers"]
        self.assertTrue(all(mount["readOnly"] for mount in container["volumeMounts"]))
        self.assertEqual(container["securityContext"], {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]}})
        with_counters, = agent("--set", "agent.counters=true")["spec"]["template"]["spec"]["containers"]
        self.assertEqual(with_counters["securityContext"]["capabilities"],
                         {"drop": ["ALL"], "add": ["SYS_ADMIN"]})

        limits = agent("--set", "agent.limitMemory.enabled=true")["spec"]["template"]["spec"]
        self.assertEqual(limits["volumes"][2]["hostPath"]["path"], "/sys/fs/cgroup")
        container, = limits["containers"]
        self.assertTrue(container["volumeMounts"][2]["readOnly"])
        self.assertIn("--cgroup-root=" + container["volumeMounts"][2]["mountPath"], container["args"])
        self.assertEqual(container["securityContext"]["capabilities"],
                         {"drop": ["ALL"], "add": ["SYS_ADMIN"]})

    def test_an_agent_that_reports_may_do_that_and_no_more(self):
        def made(*args):
            text = self.render("--set", "crds.install=false,agent.enabled=true,agent.report=true", *args)
            return {d["kind"]: d for d in yaml.safe_load_all(text)
                    if d and d["metadata"]["name"] == "tangram-agent"}

        def rights(role):
            return [(r["resources"], r["verbs"]) for r in role["rules"]]

        reports = made()
        own = [(["gpunodes/status"], ["patch"]), (["nodes"], ["get"])]
        self.assertEqual(rights(reports["ClusterRole"]), [(["gpunodes"], ["create"]), *own])
        container, = reports["DaemonSet"]["spec"]["template"]["spec"]["containers"]
        self.assertNotIn("--mig", container["args"])
        self.assertNotIn("add", container["securityContext"]["capabilities"])
        self.assertIn("ValidatingAdmissionPolicyBinding", reports)
        cuts = made("--set", "agent.mig.enabled=true")
        self.assertEqual(rights(cuts["ClusterRole"]),
                         [(["gpunodes"], ["create", "get", "list", "watch"]), *own])
        container, = cuts["DaemonSet"]["spec"]["template"]["spec"]["containers"]
        self.assertIn("--mig", container["args"])
        self.assertEqual(container["securityContext"]["capabilities"],
                         {"drop": ["ALL"], "add": ["SYS_ADMIN"]})
        wrong = helm("template", "tangram", CHART, "-n", NAMESPACE, "--set",
                     "agent.enabled=true,agent.mig.enabled=true", check=False)
        self.assertIn("agent.report", wrong.stderr)

    def test_the_agents_pods_are_no_replicas_of_the_controller(self):
        made = [d for d in yaml.safe_load_all(self.render(
            "--set", "crds.install=false,agent.enabled=true")) if d]
        kinds = {d["kind"]: d for d in made if d["kind"] in ("Deployment", "DaemonSet")}
        selected = kinds["Deployment"]["spec"]["selector"]["matchLabels"].items()
        labels = kinds["DaemonSet"]["spec"]["template"]["metadata"]["labels"].items()
        self.assertFalse(selected <= labels)

    def test_the_default_namespace_is_refused(self):
        made = helm("template", "tangram", CHART, "-n", "default", check=False)
        self.assertNotEqual(made.returncode, 0)
        self.assertIn("namespace of its own", made.stderr)

    def test_what_we_write_is_fenced(self):
        """Each right to write is known to the fence, or is one that does no harm, whoever uses it."""
        harmless = {("tangram.dev", "leaderships"), ("tangram.dev", "viewrequests"),
                    ("resource.k8s.io", "resourceclaimtemplates"),
                    ("resource.k8s.io", "deviceclasses"), ("events.k8s.io", "events"),
                    ("admissionregistration.k8s.io", "mutatingwebhookconfigurations")}
        documents = [d for d in yaml.safe_load_all(self.render("--set", "crds.install=false")) if d]
        named = {(d["kind"], d["metadata"]["name"]): d for d in documents}
        writes = {(group, resource)
                  for rule in named["ClusterRole", "tangram-controller"]["rules"]
                  if set(rule["verbs"]) & {"create", "update", "patch", "delete"}
                  for group in rule["apiGroups"] for resource in rule["resources"]}
        fence = named["ValidatingAdmissionPolicy", "tangram-fence"]["spec"]["matchConstraints"]
        fenced = {(group, resource) for rule in fence["resourceRules"]
                  for group in rule["apiGroups"] for resource in rule["resources"]}
        self.assertEqual(writes - fenced, harmless)


class Installed(unittest.TestCase):
    """One release, from its installation on; each test leaves it as it found it."""

    @classmethod
    def setUpClass(cls):
        cls.admin, cls.ours = Api(BED), Api(BED, OURS)
        # As `kubectl apply -f deploy/crds` leaves them, for those who began without the chart.
        apply_crds(BED)
        install("--take-ownership")
        cls.admin.call("DELETE", LEADERSHIP)
        cls.lead("pod-a_1", 3)
        cls.wait_for_policies()

    @classmethod
    def tearDownClass(cls):
        helm("uninstall", "tangram", "-n", NAMESPACE, "--wait", "--ignore-not-found")

    @classmethod
    def lead(cls, holder, transitions):
        """As a process does that has won the Lease, and has to before it writes anything else."""
        spec = {"holderIdentity": holder, "leaseTransitions": transitions}
        code, answer = cls.ours.patch(LEADERSHIP, {"spec": spec})
        if code == 404:
            code, answer = cls.ours.call("POST", LEADERSHIP.rsplit("/", 1)[0], {
                "apiVersion": "tangram.dev/v1alpha1", "kind": "Leadership",
                "metadata": {"name": "tangram-controller"}, "spec": spec})
        assert code in (200, 201), answer

    def lead_anew(self):
        """As at the beginning, after a test in which others led."""
        self.admin.call("DELETE", LEADERSHIP)
        self.lead("pod-a_1", 3)
        self.wait_for_policies()

    @classmethod
    def wait_for_policies(cls):
        """A policy holds some moments after it is written."""
        for _ in range(100):
            code, _ = cls.ours.call("POST", f"{GROUP}/nodeoperations?dryRun=All",
                                    cls.operation("probe", fence="nobody/0"))
            if code == 403:
                return
            time.sleep(0.1)
        raise AssertionError("the fence never held")

    @staticmethod
    def operation(name, fence=None):
        annotations = {"tangram.dev/fence": fence} if fence else {}
        return {"apiVersion": "tangram.dev/v1alpha1", "kind": "NodeOperation",
                "metadata": {"name": name, "annotations": annotations},
                "spec": {"kind": "ScaleDown", "node": "node-1", "reason": "it is empty"}}

    @staticmethod
    def plan(name, approved=False, fence="pod-a_1/3"):
        totals = {"nodes": 1, "gpus": 8, "gpusHeld": 0, "usdPerHour": 1, "nodesWithoutPrice": 0,
                  "podsWaiting": 0}
        action = {"id": 0, "pass": "scale", "kind": "GiveBack", "node": "n1", "reason": "empty",
                  "disturbs": [], "needs": []}
        return {"apiVersion": "tangram.dev/v1alpha1", "kind": "GpuPlan",
                "metadata": {"name": name, "annotations": {"tangram.dev/fence": fence}},
                "spec": {"pool": "p", "approved": approved, "takenAt": "2026-11-22T00:00:00Z", "before": totals,
                         "after": totals, "actions": [action]}}

    def gated_pod(self, name):
        code, answer = self.admin.call("POST", "/api/v1/namespaces/default/pods", {
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "labels": {"tangram.dev/gpu-class": "development"}},
            "spec": {"schedulingGates": [{"name": "tangram.dev/placement"},
                                         {"name": "example.com/other"}],
                     "containers": [{"name": "main", "image": "x"}]}})
        self.assertEqual(code, 201, answer)
        path = f"/api/v1/namespaces/default/pods/{name}"
        self.addCleanup(self.admin.call, "DELETE", path)
        return path

    # ---- rights ----

    def may(self, verb, group, resource, name="", namespace="", user=OURS):
        resource, _, subresource = resource.partition("/")
        _, answer = self.admin.call("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", {
            "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
            "spec": {"user": user, "groups": ["system:serviceaccounts", "system:authenticated"],
                     "resourceAttributes": {"verb": verb, "group": group, "resource": resource,
                                            "subresource": subresource, "name": name,
                                            "namespace": namespace}}})
        return answer["status"]["allowed"]

    MAY = [  # verb, group, resource, name, namespace
        *[(verb, group, resource) for verb in ("get", "list", "watch") for group, resource in (
            ("", "nodes"), ("", "pods"), ("", "namespaces"), ("", "resourcequotas"),
            ("policy", "poddisruptionbudgets"), ("scheduling.k8s.io", "priorityclasses"),
            ("resource.k8s.io", "resourceclaims"), ("resource.k8s.io", "resourceslices"),
            ("resource.k8s.io", "deviceclasses"), ("kueue.x-k8s.io", "clusterqueues"),
            ("kueue.x-k8s.io", "localqueues"), ("tangram.dev", "gpuclasses"),
            ("tangram.dev", "gpupools"), ("tangram.dev", "gpuplans"),
            ("tangram.dev", "nodeoperations"), ("tangram.dev", "gpunodes"),
            ("tangram.dev", "viewrequests"))],
        ("patch", "", "pods"), ("patch", "", "pods/status"), ("create", "", "pods/eviction"),
        ("create", "resource.k8s.io", "resourceclaimtemplates"),
        ("create", "resource.k8s.io", "deviceclasses"),
        ("patch", "tangram.dev", "gpuclasses/status"), ("patch", "tangram.dev", "gpupools/status"),
        ("create", "tangram.dev", "leaderships"),
        ("patch", "tangram.dev", "leaderships", "tangram-controller"),
        ("create", "tangram.dev", "gpuplans"), ("approve", "tangram.dev", "gpuplans"),
        ("patch", "tangram.dev", "nodeoperations/status"),
        ("patch", "tangram.dev", "viewrequests/status"), ("delete", "tangram.dev", "viewrequests"),
        ("create", "events.k8s.io", "events"),
        ("patch", "admissionregistration.k8s.io", "mutatingwebhookconfigurations",
         "tangram-webhook"),
        ("create", "coordination.k8s.io", "leases", "", NAMESPACE),
        ("update", "coordination.k8s.io", "leases", "tangram-controller", NAMESPACE),
        ("update", "", "secrets", "tangram-webhook-certificate", NAMESPACE),
    ]
    MAY_NOT = [
        ("create", "", "pods"), ("delete", "", "pods"), ("update", "", "pods"),
        ("deletecollection", "", "pods"), ("create", "", "pods/binding"), ("create", "", "pods/exec"),
        ("get", "", "pods/log"), ("patch", "", "nodes"), ("delete", "", "nodes"),
        ("get", "", "secrets"), ("list", "", "secrets", "", NAMESPACE),
        ("get", "", "secrets", "another", NAMESPACE), ("create", "", "secrets", "", NAMESPACE),
        ("get", "", "configmaps"), ("get", "", "configmaps", "", NAMESPACE),
        ("update", "coordination.k8s.io", "leases", "another", NAMESPACE),
        ("update", "coordination.k8s.io", "leases", "tangram-controller", "kube-system"),
        ("delete", "coordination.k8s.io", "leases", "tangram-controller", NAMESPACE),
        ("patch", "admissionregistration.k8s.io", "mutatingwebhookconfigurations", "another"),
        ("create", "admissionregistration.k8s.io", "mutatingwebhookconfigurations"),
        ("patch", "admissionregistration.k8s.io", "validatingadmissionpolicies", "tangram-fence"),
        ("delete", "tangram.dev", "gpuclasses"), ("patch", "tangram.dev", "gpuclasses"),
        ("create", "tangram.dev", "gpunodes"), ("patch", "tangram.dev", "gpunodes"),
        ("create", "tangram.dev", "gpupools"), ("patch", "tangram.dev", "gpupools"),
        ("create", "tangram.dev", "viewrequests"), ("patch", "tangram.dev", "viewrequests"),
        ("delete", "tangram.dev", "leaderships", "tangram-controller"),
        ("patch", "tangram.dev", "leaderships", "another"),
        ("patch", "resource.k8s.io", "resourceclaims"),
        ("update", "resource.k8s.io", "resourceclaims/status"),
        ("patch", "apps", "deployments"), ("patch", "batch", "jobs"),
        ("escalate", "rbac.authorization.k8s.io", "clusterroles"),
        ("impersonate", "", "users"), ("*", "*", "*"),
    ]

    def test_the_account_may_do_what_it_has_to(self):
        for case in self.MAY:
            self.assertTrue(self.may(*case), case)

    def test_the_account_may_do_no_more(self):
        for case in self.MAY_NOT:
            self.assertFalse(self.may(*case), case)

    # ---- the fence ----

    def test_only_the_leader_writes_pods(self):
        pod = self.gated_pod("fenced")
        eviction = {"apiVersion": "policy/v1", "kind": "Eviction",
                    "metadata": {"name": "fenced", "namespace": "default"}}

        def write(fence):
            """The codes of each kind of write, the eviction last."""
            meta = {"annotations": {"tangram.dev/fence": fence}} if fence else {}
            status = {"conditions": [{"type": "tangram.dev/Placed", "status": "False"}]}
            return (self.ours.patch(pod, {"metadata": {**meta, "labels": {"x": "y"}}})[0],
                    self.ours.patch(pod + "/status", {"metadata": meta, "status": status})[0],
                    self.ours.call("POST", pod + "/eviction?dryRun=All",
                                   {**eviction, "metadata": {**eviction["metadata"], **meta}})[0])

        self.assertEqual(write("pod-b_2/2"), (403, 403, 403), "an old leader")
        self.assertEqual(write("pod-a_1/2"), (403, 403, 403), "the leader, in an earlier life")
        self.assertEqual(write(None), (403, 403, 403), "who does not say")
        self.assertEqual(write("pod-a_1/3"), (200, 200, 201), "the leader")
        self.assertEqual(self.admin.patch(pod, {"metadata": {"labels": {"x": "z"}}})[0], 200,
                         "others are not fenced")

    def test_the_refusal_says_who_leads(self):
        pod = self.gated_pod("told")
        _, answer = self.ours.patch(pod, {"metadata": {"annotations": {
            "tangram.dev/fence": "pod-b_2/2"}}})
        self.assertIn('carries tangram.dev/fence "pod-b_2/2", and the leader is "pod-a_1/3"; only '
                      "the leader writes: look at the Lease again", answer["message"])

    def test_only_the_leader_writes_our_objects(self):
        path = f"{GROUP}/nodeoperations/fenced"
        self.addCleanup(self.abandon, path)
        create = lambda fence: self.ours.call("POST", f"{GROUP}/nodeoperations",
                                              self.operation("fenced", fence))[0]
        self.assertEqual(create("pod-b_2/2"), 403)
        self.assertEqual(create("pod-a_1/3"), 201)
        # The API server takes no metadata with a status, so that there it is a field.
        status = lambda fence: self.ours.patch(path + "/status", {
            "metadata": {"annotations": {"tangram.dev/fence": "pod-a_1/3"}},
            "status": {"step": "Cordon", **({"fence": fence} if fence else {})}})[0]
        self.assertEqual(status("pod-b_2/2"), 403)
        self.assertEqual(status(None), 403)
        self.assertEqual(status("pod-a_1/3"), 200)

    def test_what_is_deleted_is_as_the_leader_left_it(self):
        self.admin.call("POST", f"{GROUP}/gpuplans", self.plan("old", fence="pod-b_2/2"))
        path = f"{GROUP}/gpuplans/old"
        self.addCleanup(self.admin.call, "DELETE", path)

        def delete(version):
            options = {"apiVersion": "v1", "kind": "DeleteOptions"}
            if version:
                options["preconditions"] = {"resourceVersion": version}
            return self.ours.call("DELETE", path, options)[0]

        version = lambda: self.admin.call("GET", path)[1]["metadata"]["resourceVersion"]
        self.assertEqual(delete(version()), 403, "another leader wrote it last")
        code, _ = self.ours.patch(path, {"metadata": {"annotations": {
            "tangram.dev/fence": "pod-a_1/3"}}})
        self.assertEqual(code, 200)
        self.assertEqual(delete(None), 403, "at no known version")
        self.assertEqual(delete("1"), 409, "at an old version")
        self.assertEqual(delete(version()), 200)

    def test_leadership_is_not_taken_back(self):
        for holder, transitions, want in (("pod-a_1", 3, 200), ("pod-b_2", 3, 422),
                                          ("pod-b_2", 2, 422), ("pod-a_1", 2, 422)):
            code, answer = self.ours.patch(LEADERSHIP + "?dryRun=All", {"spec": {
                "holderIdentity": holder, "leaseTransitions": transitions}})
            self.assertEqual(code, want, answer)
        self.assertIn("another leads since", answer["message"])

    def test_without_a_leadership_the_cluster_goes_on(self):
        """A missing parameter is met before match conditions: it must not stop anybody's pods."""
        self.addCleanup(self.lead_anew)
        self.admin.call("DELETE", LEADERSHIP)
        time.sleep(1)
        pod = self.gated_pod("unruled")
        self.assertEqual(self.admin.patch(pod, {"metadata": {"labels": {"x": "y"}}})[0], 200)
        code, answer = self.admin.call("POST", f"{GROUP}/gpuclasses?dryRun=All", {
            "apiVersion": "tangram.dev/v1alpha1", "kind": "GpuClass", "metadata": {"name": "a"},
            "spec": {}})
        self.assertEqual(code, 201, answer)
        # The price: until the leader has made it again, nothing is compared.
        self.assertEqual(self.ours.patch(pod, {"metadata": {"labels": {"x": "z"}}})[0], 200)

    def test_the_fence_holds_after_a_new_installation(self):
        """With a built-in kind as parameter it would not (kubernetes#130887)."""
        self.addCleanup(self.lead_anew)
        helm("uninstall", "tangram", "-n", NAMESPACE, "--wait")
        time.sleep(3)  # the API server looks at its policies once a second
        install()
        self.lead("pod-c_3", 9)
        self.wait_for_policies()
        pod = self.gated_pod("again")
        write = lambda fence: self.ours.patch(pod, {"metadata": {"annotations": {
            "tangram.dev/fence": fence}}})[0]
        self.assertEqual(write("pod-a_1/3"), 403)
        self.assertEqual(write("pod-c_3/9"), 200)

    def eventually(self, ask, want):
        for _ in range(100):
            got = ask()
            if got == want:
                return got
            time.sleep(0.05)
        return got

    def test_a_new_leader_shuts_the_old_one_out(self):
        pod = self.gated_pod("handed-over")
        self.addCleanup(self.lead_anew)
        late = []
        for turn in range(4, 24):
            self.lead(f"pod-{turn}_1", turn)
            began = time.monotonic()
            old = {"metadata": {"annotations": {"tangram.dev/fence": f"pod-{turn - 1}_1/{turn - 1}",
                                                "turn": str(turn)}}}
            while self.ours.patch(pod, old)[0] == 200:
                pass
            late.append(time.monotonic() - began)
        self.assertLess(max(late), 2.0)
        print(f"fence: an old leader is refused after {sorted(late)[len(late) // 2] * 1e3:.0f} ms "
              f"(median), {max(late) * 1e3:.0f} ms (worst of {len(late)})", file=sys.stderr)

    # ---- what schemas cannot say ----

    def abandon(self, path):
        self.admin.patch(path, {"metadata": {"annotations": {"tangram.dev/abandon": "true"}}})
        self.admin.call("DELETE", path)

    def test_approving_needs_the_verb(self):
        path = f"{GROUP}/gpuplans/proposed"
        self.assertEqual(self.admin.call("POST", f"{GROUP}/gpuplans", self.plan("proposed"))[0], 201)
        self.addCleanup(self.admin.call, "DELETE", path)
        # A person who may write plans, and one whom the approver's role was given.
        self.grant("writer", rules=[{"apiGroups": ["tangram.dev"], "resources": ["gpuplans"],
                                     "verbs": ["create", "update", "patch"]}])
        self.grant("boss", role="tangram-approver")
        writer, boss = Api(BED, "writer"), Api(BED, "boss")
        code, answer = writer.patch(path, {"spec": {"approved": True}})
        self.assertEqual(code, 403)
        self.assertIn("needs the verb approve on gpuplans; ask for the ClusterRole "
                      "tangram-approver", answer["message"])
        code, _ = writer.call("POST", f"{GROUP}/gpuplans?dryRun=All", self.plan("smuggled", True))
        self.assertEqual(code, 403, "nor may it be made approved")
        self.assertEqual(writer.patch(path, {"metadata": {"labels": {"a": "b"}}})[0], 200)
        self.assertEqual(boss.patch(path, {"spec": {"approved": True}})[0], 200)
        self.assertEqual(writer.patch(path, {"metadata": {"labels": {"a": "c"}}})[0], 200)

    def grant(self, user, rules=None, role=None):
        rbac = "/apis/rbac.authorization.k8s.io/v1"
        kind = {"apiVersion": "rbac.authorization.k8s.io/v1"}
        if rules:
            role = f"test-{user}"
            self.admin.call("POST", f"{rbac}/clusterroles", {
                **kind, "kind": "ClusterRole", "metadata": {"name": role}, "rules": rules})
            self.addCleanup(self.admin.call, "DELETE", f"{rbac}/clusterroles/{role}")
        self.admin.call("POST", f"{rbac}/clusterrolebindings", {
            **kind, "kind": "ClusterRoleBinding", "metadata": {"name": f"test-{user}"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole",
                        "name": role},
            "subjects": [{"kind": "User", "name": user,
                          "apiGroup": "rbac.authorization.k8s.io"}]})
        self.addCleanup(self.admin.call, "DELETE", f"{rbac}/clusterrolebindings/test-{user}")
        self.eventually(lambda: self.may("patch", "tangram.dev", "gpuplans", user=user), True)

    def test_a_journal_under_way_is_not_deleted(self):
        path = f"{GROUP}/nodeoperations/under-way"
        self.admin.call("POST", f"{GROUP}/nodeoperations", self.operation("under-way"))
        code, answer = self.admin.call("DELETE", path)
        self.assertEqual(code, 403, answer)
        self.assertIn("wait until it ends, or annotate it tangram.dev/abandon=true first",
                      answer["message"])
        condition = {"type": "Done", "status": "True", "reason": "Verified", "message": "",
                     "lastTransitionTime": "2026-11-22T00:00:00Z"}
        self.admin.patch(path + "/status", {"status": {"conditions": [condition]}})
        self.assertEqual(self.admin.call("DELETE", path)[0], 200, "it ended")
        self.admin.call("POST", f"{GROUP}/nodeoperations", self.operation("under-way"))
        self.admin.patch(path, {"metadata": {"annotations": {"tangram.dev/abandon": "true"}}})
        self.assertEqual(self.admin.call("DELETE", path)[0], 200, "it was given up")

    # ---- upgrades and removal ----

    def test_an_upgrade_brings_crds_up_to_date_and_keeps_what_we_wrote(self):
        # An older CRD, the certificate and its authority as Tangram wrote them. The API server takes
        # only a real one, as that of the testbed.
        crd = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/gpupools.tangram.dev"
        _, before = self.admin.call("GET", crd)
        older = {"spec": {"names": {**before["spec"]["names"], "shortNames": ["oldpool"]}}}
        self.assertEqual(self.admin.patch(crd, older)[0], 200)
        secret = f"/api/v1/namespaces/{NAMESPACE}/secrets/tangram-webhook-certificate"
        self.assertEqual(self.ours.patch(secret, {"data": {"tls.key": "a2V5"}})[0], 200)
        authority = self.admin.authority()
        code, answer = self.ours.call("PATCH", WEBHOOK, [{
            "op": "add", "path": "/webhooks/0/clientConfig/caBundle", "value": authority}],
            "application/json-patch+json")
        self.assertEqual(code, 200, answer)
        install("--set", "replicas=3")
        self.assertEqual(self.admin.call("GET", crd)[1]["spec"]["names"]["shortNames"], ["gpool"])
        self.assertEqual(self.admin.call("GET", secret)[1]["data"], {"tls.key": "a2V5"})
        self.assertEqual(self.admin.call("GET", WEBHOOK)[1]["webhooks"][0]["clientConfig"]
                         ["caBundle"], authority)
        _, deployment = self.admin.call(
            "GET", f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/tangram-controller")
        self.assertEqual(deployment["spec"]["replicas"], 3)

    def test_the_webhook_sees_pods_with_a_class_and_no_others(self):
        _, made = self.admin.call("GET", WEBHOOK)
        hook = made["webhooks"][0]
        self.assertEqual((hook["failurePolicy"], hook["timeoutSeconds"]), ("Ignore", 1))
        self.assertEqual(hook["namespaceSelector"]["matchExpressions"][0]["values"],
                         ["kube-system", NAMESPACE])
        # Nobody answers on the Service here: pods are created all the same, if a second later.
        began = time.monotonic()
        self.gated_pod("unanswered")
        self.assertLess(time.monotonic() - began, 3)

    def test_the_documented_command_frees_gated_pods(self):
        pod = self.gated_pod("stuck")
        guide = (ROOT / "docs/installation.md").read_text()
        command = re.search(r"```\n(kubectl get pods -A -l tangram.dev/gpu-class.*?)```", guide,
                            re.S)[1].replace("kubectl", KUBECTL)
        made = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False,
                              env=environment(BED))
        self.assertEqual(made.returncode, 0, made.stderr)
        gates = self.admin.call("GET", pod)[1]["spec"]["schedulingGates"]
        self.assertEqual(gates, [{"name": "example.com/other"}], "others' gates stay")


class Removed(unittest.TestCase):
    """What is left once the chart is gone."""

    def test_classes_stay_and_nothing_else_does(self):
        admin = Api(BED)
        install("--take-ownership")
        code, answer = admin.call("POST", f"{GROUP}/gpuclasses", {
            "apiVersion": "tangram.dev/v1alpha1", "kind": "GpuClass",
            "metadata": {"name": "kept"}, "spec": {}})
        self.assertEqual(code, 201, answer)
        self.addCleanup(admin.call, "DELETE", f"{GROUP}/gpuclasses/kept")
        helm("uninstall", "tangram", "-n", NAMESPACE, "--wait")
        self.assertEqual(admin.call("GET", f"{GROUP}/gpuclasses/kept")[0], 200)
        left = subprocess.run(
            [KUBECTL, "get", "-A", "-o", "name", "-l", "app.kubernetes.io/instance=tangram",
             "all,serviceaccounts,secrets,roles,rolebindings,clusterroles,clusterrolebindings,"
             "mutatingwebhookconfigurations,validatingadmissionpolicies,"
             "validatingadmissionpolicybindings,networkpolicies,poddisruptionbudgets"],
            env=environment(BED), capture_output=True, text=True, check=True).stdout.split()
        self.assertEqual([name for name in left if "pod/" not in name], [])
        # The same release again takes up what was kept.
        install()
        helm("uninstall", "tangram", "-n", NAMESPACE, "--wait")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=1)
