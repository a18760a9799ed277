"""A small cluster in which tests break things around `tangram controller`.

Everything is judged by what the API server shows (checker.py); no code is shared with the planner.
Reads BUILD_DIR and TESTBED_DIR from the command line.
"""
import base64
import itertools
import pathlib
import signal
import socket
import ssl
import sys
import unittest

from api import Api, apply_crds
from checker import Checker
from fleet import CARD, PODS, Watch, create, gated, gates_of, node_of, pod, ready_nodes
from replica import Replica, wait_for

BUILD, BED = (pathlib.Path(a).resolve() for a in sys.argv[1:3])
NAMESPACE = "tangram-system"
LEASE = f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases/tangram-faults"
LEADERSHIP = "/apis/tangram.dev/v1alpha1/leaderships/tangram-faults"
SECRETS = f"/api/v1/namespaces/{NAMESPACE}/secrets"
WEBHOOKS = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
POOLS = "/apis/tangram.dev/v1alpha1/gpupools"
PLANS = "/apis/tangram.dev/v1alpha1/gpuplans"
VIEWS = "/apis/tangram.dev/v1alpha1/viewrequests"
POOL = "spare"
LEASE_TIME = 2.0  # seconds, as ELECTION says
ELECTION = ("--leader-elect", "--namespace", NAMESPACE, "--lease", "tangram-faults",
            "--leader-elect-lease-duration", "2s", "--leader-elect-renew-deadline", "1300ms",
            "--leader-elect-retry-period", "300ms")
EXCLUDED = "excluded"
OTHER = "other"  # a namespace whose pods the checker does not count
# No name comes twice: kube-scheduler 1.36.1 ends ("Pod updated on a different node") where, while its
# watch is away, a pod was deleted and another of its name was bound.
NUMBERS = itertools.count()
IN_CLUSTER = ("--webhook-address", "127.0.0.1:0", "--webhook-name", "tangram-faults",
              "--webhook-secret", "webhook")
OUT_OF_CLUSTER = ("--webhook-address", "127.0.0.1:0", "--webhook-name", "tangram-faults",
                  "--webhook-url", "https://127.0.0.1")


def webhook_configuration():
    """As the chart makes it, but with an address where nobody listens."""
    return {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
            "metadata": {"name": "tangram-faults"},
            "webhooks": [{"name": "pods.tangram.dev", "admissionReviewVersions": ["v1"],
                          "sideEffects": "None", "failurePolicy": "Ignore", "timeoutSeconds": 1,
                          "clientConfig": {"url": "https://127.0.0.1:1/mutate"},
                          "rules": [{"apiGroups": [""], "apiVersions": ["v1"],
                                     "operations": ["CREATE"], "resources": ["pods"]}],
                          "objectSelector": {"matchExpressions": [
                              {"key": "tangram.dev/gpu-class", "operator": "Exists"}]}}]}


def classed(name):
    """A pod that names the class, and no device."""
    one = pod(name, CARD, labels={"tangram.dev/gpu-class": "claimed"})
    one["spec"]["containers"][0]["resources"]["limits"].pop(CARD)
    one["metadata"]["namespace"] = OTHER
    return one


def pool(mode):
    """Of the node with DRA, which nobody uses: there is one to give back."""
    return {"apiVersion": "tangram.dev/v1alpha1", "kind": "GpuPool", "metadata": {"name": POOL},
            "spec": {"mode": mode, "nodeSelector": {
                "node.kubernetes.io/instance-type": "p4de.24xlarge"}}}


def holding(one):
    """The conditions that hold of it."""
    return sorted(c["type"] for c in one.get("status", {}).get("conditions", [])
                  if c["status"] == "True")


def prepare():
    """What all tests need: CRDs, namespaces and a class that DRA serves. Once for a testbed."""
    apply_crds(BED)
    api = Api(BED)
    for namespace in (NAMESPACE, OTHER, EXCLUDED):
        api.call("POST", "/api/v1/namespaces", {"metadata": {"name": namespace}})
    api.call("POST", "/apis/tangram.dev/v1alpha1/gpuclasses",
             {"apiVersion": "tangram.dev/v1alpha1", "kind": "GpuClass",
              "metadata": {"name": "claimed"},
              "spec": {"models": ["A100-80GB"], "isolation": "Exclusive"}})
    api.close()


class Cluster(unittest.TestCase):
    """Replicas and pods of one test, all gone after it; a checker that watches from its beginning."""

    def setUp(self):
        self.api = Api(BED)
        self.replicas = []
        self.checker = Checker(ready_nodes(BED, without_devices={"dra-0"}))
        self.watch = Watch(BED, self.checker)

    def tearDown(self):
        for replica in self.replicas:
            replica.stop(signal.SIGKILL)
        self.clear()
        self.forget_leaders()
        self.watch.close()
        self.api.close()

    def start(self, name, *args, qps=1000, **more):
        self.replicas.append(Replica(BUILD, BED, f"{self.id().split('.')[-1]}-{name}",
                                     "--gate-limit", "300s", "--qps", str(qps), *args, **more))
        return self.replicas[-1]

    def forget_leaders(self):
        """Nobody ever led: as where an administrator deletes both (docs/high-availability.md)."""
        for path in (LEASE, LEADERSHIP):
            self.api.call("DELETE", path)
        self.checker.forget_leaders()

    def make(self, path, one):
        status, answer = self.api.call("POST", path, one)
        self.assertIn(status, (200, 201), answer)
        return answer["metadata"]["name"]

    def pods(self, namespace="default"):
        return self.api.call("GET", f"/api/v1/namespaces/{namespace}/pods")[1]["items"]

    def clear(self):
        """All that tests make; nodes, classes and namespaces stay."""
        for path in (f"/apis/apps/v1/namespaces/{OTHER}/replicasets", PODS,
                     f"/api/v1/namespaces/{OTHER}/pods",
                     f"/apis/resource.k8s.io/v1/namespaces/{OTHER}/resourceclaimtemplates",
                     f"/apis/events.k8s.io/v1/namespaces/{OTHER}/events"):
            self.api.call("DELETE", path + "?gracePeriodSeconds=0")
        for path in (f"{POOLS}/{POOL}", PLANS, f"{SECRETS}/webhook", f"{WEBHOOKS}/tangram-faults"):
            self.api.call("DELETE", path)
        wait_for("pods are gone", lambda: not self.pods() + self.pods(OTHER))

    def events_on(self, name):
        """Why it waits, as its events say."""
        items = self.api.call("GET", f"/apis/events.k8s.io/v1/namespaces/{OTHER}/events")[1]["items"]
        return [e["reason"] for e in items if e["regarding"]["name"] == name
                and e["reportingController"] == "tangram.dev/controller"]

    def label(self, node, value):
        self.api.patch(f"/api/v1/nodes/{node}", {"metadata": {"labels": {"faults": value}}})

    def check_certificates(self):
        """What is served, what the Secret holds and what the API server trusts belong together."""
        data = self.api.call("GET", f"{SECRETS}/webhook")[1]["data"]
        webhook = self.api.call("GET", f"{WEBHOOKS}/tangram-faults")[1]["webhooks"][0]
        self.assertEqual(webhook["clientConfig"]["caBundle"], data["ca.crt"])
        context = ssl.create_default_context(cadata=base64.b64decode(data["ca.crt"]).decode())
        with socket.create_connection(("127.0.0.1", self.replicas[-1].port("webhook"))) as plain:
            name = f"tangram-faults.{NAMESPACE}.svc"
            with context.wrap_socket(plain, server_hostname=name) as served:
                self.assertTrue(served.getpeercert())

    def create(self, count, *more):
        """So many pods behind the gate, which all have room, and behind these gates of others."""
        names = [f"p{next(NUMBERS)}" for _ in range(count)]
        made = [gated(pod(name, CARD)) for name in names]
        for one in made:
            one["spec"]["schedulingGates"] += [{"name": gate} for gate in more]
        create(BED, made)
        return names

    def check_bound(self, names, seconds=30):
        self.watch.wait_for(
            "all are bound", lambda: set(names) <= self.checker.bound or self.checker.wrong,
            seconds)
        found = {one["metadata"]["name"]: one for one in self.pods()}
        for name in names:
            self.assertEqual(gates_of(found[name]), [], name)
            self.assertTrue(node_of(found[name]), name)
        self.assertEqual(self.checker.wrong[:5], [])
