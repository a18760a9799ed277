#!/usr/bin/env python3
"""Karpenter makes nodes for pods and for NodeClaims that are made by hand, and takes them away.

Usage: karpenter_test.py TESTBED_DIR     (testbed/karpenter runs it)
"""
import contextlib
import datetime
import json
import pathlib
import sys
import time
import unittest
import urllib.parse
import urllib.request

from api import Api, environment
from replica import wait_for

BED = pathlib.Path(sys.argv[1]).resolve()
CLAIMS = "/apis/karpenter.sh/v1/nodeclaims"
OVERLAYS = "/apis/karpenter.sh/v1alpha1/nodeoverlays"
POOL = "/apis/karpenter.sh/v1/nodepools/gpu"
PODS = "/api/v1/namespaces/default/pods"
TYPE, ZONE, CAPACITY = ("node.kubernetes.io/instance-type", "topology.kubernetes.io/zone",
                        "karpenter.sh/capacity-type")
STEPS = ("Launched", "Registered", "Initialized")


def pod(name, count, resource="nvidia.com/gpu"):
    ask = {"cpu": "1", resource: str(count)}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
            "spec": {"containers": [{"name": "main", "image": "x", "resources": {"limits": ask}}]}}


def claim(name, kind, capacity="on-demand", zone="us-east-1a", gpus=1, annotations=None):
    """As one that Karpenter makes for the pool, but for its owner and for what it leaves open."""
    only = {TYPE: kind, ZONE: zone, CAPACITY: capacity}
    return {"apiVersion": "karpenter.sh/v1", "kind": "NodeClaim",
            "metadata": {"name": name, "labels": {"karpenter.sh/nodepool": "gpu"},
                         "annotations": annotations or {}},
            "spec": {"nodeClassRef": {"group": "karpenter.kwok.sh", "kind": "KWOKNodeClass",
                                      "name": "gpu"},
                     "requirements": [{"key": key, "operator": "In", "values": [value]}
                                      for key, value in only.items()],
                     "resources": {"requests": {"nvidia.com/gpu": str(gpus)}}}}


def conditions(found):
    return {c["type"]: c for c in (found or {}).get("status", {}).get("conditions", [])}


def is_true(found, step):
    return conditions(found).get(step, {}).get("status") == "True"


@contextlib.contextmanager
def sold_out(*offers):
    """Launches of these find no capacity meanwhile."""
    path = BED / "karpenter/sold-out"
    path.write_text("\n".join(offers))
    try:
        yield
    finally:
        path.unlink()


class Karpenter(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.api = Api(BED)
        wait_for("the pool is ready", lambda: is_true(cls.api.call("GET", POOL)[1], "Ready"))

    def tearDown(self):
        self.api.call("DELETE", PODS, {"gracePeriodSeconds": 0})
        self.api.call("DELETE", CLAIMS)
        self.api.call("DELETE", OVERLAYS)
        wait_for("claims and nodes are gone", lambda: not self.claims() and not self.nodes())

    def make(self, path, body):
        return self.api.call("POST", path, body)[0]

    def claims(self):
        return {c["metadata"]["name"]: c for c in self.api.call("GET", CLAIMS)[1]["items"]}

    def nodes(self):
        _, answer = self.api.call("GET", "/api/v1/nodes?labelSelector=karpenter.sh/nodepool")
        return {n["metadata"]["name"]: n for n in answer["items"]}

    def pod(self, name):
        return self.api.call("GET", f"{PODS}/{name}")[1]

    def runs(self, name):
        return self.pod(name).get("status", {}).get("phase") == "Running"

    def took(self, what, since):
        print(f"  {what}: {time.monotonic() - since:.1f} s", file=sys.stderr, flush=True)

    def wait_step(self, name, step):
        wait_for(f"{name} is {step}", lambda: is_true(self.claims().get(name), step))

    def check_node(self, node, kind, product, gpus):
        labels, allocatable = node["metadata"]["labels"], node["status"]["allocatable"]
        expected = {TYPE: kind, "nvidia.com/gpu.product": product, "nvidia.com/gpu.count": str(gpus),
                    "karpenter.sh/registered": "true"}
        self.assertEqual(expected, {key: labels.get(key) for key in expected})
        self.assertIn("nvidia.com/gpu.memory", labels)
        self.assertEqual(str(gpus), allocatable["nvidia.com/gpu"])

    def check_measured(self, node):
        """Device plugin and exporter of the testbed know it as they know the nodes of the file."""
        file = BED / "assignments.json"
        wait_for("the pod holds its card", lambda: node in [
            held["node"] for held in json.loads(file.read_text())["assignments"]])
        query = urllib.parse.quote(f'DCGM_FI_DEV_FB_USED{{Hostname="{node}"}}')
        url = f"{environment(BED)['PROMETHEUS']}/api/v1/query?query={query}"
        wait_for("the node is measured",
                 lambda: json.load(urllib.request.urlopen(url, timeout=10))["data"]["result"])

    def test_a_pod_gets_one_node_of_the_cheapest_type(self):
        began = time.monotonic()
        self.assertEqual(201, self.make(PODS, pod("one", 1)))
        wait_for("the pod runs", lambda: self.runs("one"))
        self.took("a pod runs on a new node", began)
        name = self.pod("one")["spec"]["nodeName"]
        self.assertEqual([name], list(self.nodes()))
        self.check_node(self.nodes()[name], "g6.xlarge", "NVIDIA-L4", 1)
        self.assertEqual("spot", self.nodes()[name]["metadata"]["labels"][CAPACITY])
        self.check_measured(name)

    def test_a_claim_of_a_name_is_made_once_and_taken_back(self):
        began = time.monotonic()
        wanted = claim("tangram-test-1", "g6.12xlarge", "spot", "us-east-1b", gpus=4)
        self.assertEqual([201, 409], [self.make(CLAIMS, wanted), self.make(CLAIMS, wanted)])
        for step in STEPS:
            self.wait_step("tangram-test-1", step)
            self.took(step, began)
        made = self.claims()["tangram-test-1"]
        at = [datetime.datetime.fromisoformat(conditions(made)[step]["lastTransitionTime"])
              for step in STEPS]
        self.assertGreaterEqual(at[1] - at[0], datetime.timedelta(seconds=2))  # the machine boots
        self.assertGreaterEqual(at[2] - at[1], datetime.timedelta(seconds=1))  # its cards come
        node = self.nodes()[made["status"]["nodeName"]]
        self.check_node(node, "g6.12xlarge", "NVIDIA-L4", 4)
        self.assertEqual("us-east-1b", node["metadata"]["labels"][ZONE])
        self.assertEqual("tangram-test-1", node["metadata"]["ownerReferences"][0]["name"])

        began = time.monotonic()
        self.assertEqual(200, self.api.call("DELETE", f"{CLAIMS}/tangram-test-1")[0])
        wait_for("node and claim are gone", lambda: not self.nodes() and not self.claims())
        self.took("deleted", began)

    def check_vanishes(self, name, *args):
        began = time.monotonic()
        self.assertEqual(201, self.make(CLAIMS, claim(name, *args)))
        wait_for(f"{name} is gone", lambda: name not in self.claims(), seconds=20)
        self.took(f"no capacity for {name}", began)
        _, events = self.api.call("GET", "/api/v1/events?fieldSelector=" + urllib.parse.quote(
            f"involvedObject.kind=NodeClaim,involvedObject.name={name}"))
        self.assertEqual({"InsufficientCapacityError"}, {e["reason"] for e in events["items"]})

    def test_a_claim_without_capacity_vanishes_unlaunched(self):
        self.check_vanishes("sold-nowhere", "p5e.48xlarge")
        self.check_vanishes("unknown-zone", "g6.xlarge", "spot", "us-east-1z")
        with sold_out("g5.xlarge * spot"):
            self.check_vanishes("sold-out", "g5.xlarge", "spot")
            self.assertEqual(201, self.make(CLAIMS, claim("sold", "g5.xlarge", "on-demand")))
            self.wait_step("sold", "Launched")
        self.assertEqual(201, self.make(CLAIMS, claim("sold-out", "g5.xlarge", "spot")))
        self.wait_step("sold-out", "Launched")

    def test_what_is_given_back_while_it_boots_never_comes(self):
        self.assertEqual(201, self.make(CLAIMS, claim("boots", "g6.xlarge")))
        self.wait_step("boots", "Launched")
        self.api.call("DELETE", f"{CLAIMS}/boots")
        wait_for("the claim is gone", lambda: not self.claims())
        time.sleep(4)  # longer than it boots
        self.assertFalse(self.nodes())

    def test_a_pod_gets_the_next_where_the_cheapest_is_sold_out(self):
        with sold_out("g6.xlarge * *", "g5.xlarge * spot", "g5.xlarge us-east-1a *"):
            self.assertEqual(201, self.make(PODS, pod("next", 1)))
            wait_for("the pod runs", lambda: self.runs("next"))
        labels = self.nodes()[self.pod("next")["spec"]["nodeName"]]["metadata"]["labels"]
        self.assertEqual(["g5.xlarge", "us-east-1b", "on-demand"],
                         [labels[key] for key in (TYPE, ZONE, CAPACITY)])

    def test_an_overlay_brings_a_machine_whose_instances_nobody_makes(self):
        """Karpenter waits for what the NodeClaim requests, and no mig-manager is at work here."""
        self.assertEqual(201, self.make(OVERLAYS, {
            "apiVersion": "karpenter.sh/v1alpha1", "kind": "NodeOverlay", "metadata": {"name": "mig"},
            "spec": {"requirements": [{"key": TYPE, "operator": "In", "values": ["p4d.24xlarge"]}],
                     "capacity": {"nvidia.com/mig-1g.5gb": "56"}}}))
        wait_for("the overlay holds",
                 lambda: is_true(self.api.call("GET", f"{OVERLAYS}/mig")[1], "Ready"))
        self.assertEqual(201, self.make(PODS, pod("small", 1, "nvidia.com/mig-1g.5gb")))
        wait_for("a machine has its cards", lambda: any(
            "nvidia.com/gpu" in n["status"]["allocatable"] for n in self.nodes().values()))
        made, = self.claims().values()
        self.assertEqual("p4d.24xlarge", made["metadata"]["labels"][TYPE])
        wait_for("it waits for instances", lambda: "ResourceNotRegistered" == conditions(
            self.claims()[made["metadata"]["name"]])["Initialized"]["reason"])

    def test_an_empty_node_goes_unless_it_says_not_to(self):
        """Karpenter counts a claim of ours as the pool's own, by its label."""
        keep = {"karpenter.sh/do-not-disrupt": "true"}
        self.assertEqual(201, self.make(CLAIMS, claim("kept", "g6.xlarge", annotations=keep)))
        self.assertEqual(201, self.make(CLAIMS, claim("empty", "g6.xlarge")))
        self.wait_step("empty", "Initialized")
        began = time.monotonic()
        wait_for("the empty node is gone", lambda: "empty" not in self.claims(), seconds=120)
        self.took("an empty node went", began)
        self.assertTrue(is_true(self.claims()["kept"], "Initialized"))
        self.assertEqual(1, len(self.nodes()))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]], verbosity=2)
