#!/usr/bin/env python3
"""Kueue admits by quota and chooses a flavor; tangram controller then chooses the node.

Usage: kueue_test.py BUILD_DIR TESTBED_DIR     (testbed/kueue runs it)
"""
import pathlib
import signal
import sys
import time
import unittest

from api import Api
from replica import Replica, wait_for

BUILD, BED = (pathlib.Path(a).resolve() for a in sys.argv[1:3])
KUEUE = "/apis/kueue.x-k8s.io/v1beta2"
PODS = "/api/v1/namespaces/default/pods"
JOBS = "/apis/batch/v1/namespaces/default/jobs"
WORKLOADS = f"{KUEUE}/namespaces/default/workloads"
OURS, THEIRS = "tangram.dev/placement", "kueue.x-k8s.io/admission"
QUEUE = {"kueue.x-k8s.io/queue-name": "team"}
# In the order in which Kueue tries them, with the cards that each may use: half of what is there.
FLAVORS = {"h100": ("NVIDIA-H100-80GB-HBM3", 4), "a100": ("NVIDIA-A100-SXM4-40GB", 4)}


def spec_of(gpus, gates=(OURS,)):
    ask = {"cpu": "1", "nvidia.com/gpu": str(gpus)}
    return {"schedulingGates": [{"name": gate} for gate in gates], "restartPolicy": "Never",
            "containers": [{"name": "main", "image": "x", "resources": {"limits": ask}}]}


class Kueue(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.api = Api(BED)
        for name, (product, _) in FLAVORS.items():
            cls.make("resourceflavors", "ResourceFlavor", name,
                     {"nodeLabels": {"nvidia.com/gpu.product": product}})
        cls.make("clusterqueues", "ClusterQueue", "gpus", {
            "namespaceSelector": {}, "resourceGroups": [{
                "coveredResources": ["nvidia.com/gpu", "cpu"],
                "flavors": [{"name": name, "resources": [
                    {"name": "nvidia.com/gpu", "nominalQuota": quota},
                    {"name": "cpu", "nominalQuota": 100}]}
                    for name, (_, quota) in FLAVORS.items()]}]})
        cls.make("namespaces/default/localqueues", "LocalQueue", "team", {"clusterQueue": "gpus"})
        cls.controller = Replica(BUILD, BED, "kueue", "--gate-limit", "4s")
        cls.controller.wait_ready()

    @classmethod
    def tearDownClass(cls):
        cls.controller.stop(signal.SIGKILL)

    @classmethod
    def make(cls, path, kind, name, spec):
        code, answer = cls.api.call("POST", f"{KUEUE}/{path}", {
            "apiVersion": "kueue.x-k8s.io/v1beta2", "kind": kind, "metadata": {"name": name},
            "spec": spec})
        assert code == 201, answer

    def tearDown(self):
        for path in (JOBS, PODS, WORKLOADS):  # of a group that runs, Kueue lets no pod go before
            self.api.call("DELETE", path, {"propagationPolicy": "Background",
                                           "gracePeriodSeconds": 0})
        wait_for("pods are gone, and no quota is held", lambda: not self.pods()
                 and not self.api.call("GET", WORKLOADS)[1]["items"])

    def pod(self, name, gpus=1, labels=None, annotations=None):
        code, answer = self.api.call("POST", PODS, {
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "labels": {**QUEUE, **(labels or {})},
                         "annotations": annotations or {}},
            "spec": spec_of(gpus)})
        self.assertEqual(code, 201, answer)

    def pods(self, prefix=""):
        _, answer = self.api.call("GET", PODS)
        return {p["metadata"]["name"]: p for p in answer["items"]
                if p["metadata"]["name"].startswith(prefix)}

    def bound(self, prefix, count):
        found = self.pods(prefix).values()
        return len(found) == count and all(p["spec"].get("nodeName") for p in found)

    def check_chosen(self, prefix, flavor):
        """Each is where we sent it, on a node of the flavor that Kueue gave it."""
        for name, pod in self.pods(prefix).items():
            spec, node = pod["spec"], pod["spec"]["nodeName"]
            self.assertEqual(pod["metadata"]["annotations"]["tangram.dev/nodes"], node, name)
            self.assertEqual(spec["nodeSelector"]["nvidia.com/gpu.product"], FLAVORS[flavor][0])
            self.assertTrue(node.startswith(flavor), node)

    def check_untouched(self, name):
        pod = self.pods()[name]
        self.assertLessEqual({OURS, THEIRS}, {gate["name"] for gate in pod["spec"]["schedulingGates"]})
        self.assertNotIn("tangram.dev/nodes", pod["metadata"].get("annotations", {}))
        managers = {field["manager"] for field in pod["metadata"]["managedFields"]}
        self.assertFalse([m for m in managers if "tangram" in m], managers)

    def test_kueue_chooses_the_flavor_and_we_the_node(self):
        self.pod("first-0", 4)
        wait_for("the first is bound", lambda: self.bound("first", 1))
        self.pod("second-0", 4)
        wait_for("the second is bound", lambda: self.bound("second", 1))
        self.check_chosen("first", "h100")
        self.check_chosen("second", "a100")

    def test_what_kueue_holds_back_stays_untouched(self):
        """Nodes have room for it; the quota has not."""
        self.pod("a-0", 4)
        self.pod("b-0", 4)
        wait_for("two are bound", lambda: self.bound("a", 1) and self.bound("b", 1))
        self.pod("held-0", 4)
        time.sleep(6)  # past the gate limit
        self.check_untouched("held-0")
        self.api.call("DELETE", f"{PODS}/a-0", {"gracePeriodSeconds": 0})
        wait_for("quota is free again", lambda: self.bound("held", 1))

    def test_a_pod_group_is_a_gang(self):
        group = {"labels": {"kueue.x-k8s.io/pod-group-name": "g"},
                 "annotations": {"kueue.x-k8s.io/pod-group-total-count": "3"}}
        for i in range(2):
            self.pod(f"g-{i}", 1, **group)
        time.sleep(6)
        for i in range(2):
            self.check_untouched(f"g-{i}")
        self.pod("g-2", 1, **group)
        wait_for("the group is bound", lambda: self.bound("g", 3))
        self.check_chosen("g", "h100")

    def test_a_job_that_kueue_starts_is_a_gang_of_its_size(self):
        """Kueue holds the Job itself; what it then makes starts whole."""
        code, answer = self.api.call("POST", JOBS, {
            "apiVersion": "batch/v1", "kind": "Job",
            "metadata": {"name": "train", "labels": QUEUE},
            "spec": {"parallelism": 4, "completions": 4, "suspend": True,
                     "template": {"metadata": {"labels": {"tangram.dev/gang": "train"}},
                                  "spec": spec_of(1)}}})
        self.assertEqual(code, 201, answer)
        wait_for("the Job's pods are bound", lambda: self.bound("train", 4))
        self.check_chosen("train", "h100")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=1)
