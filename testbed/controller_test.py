#!/usr/bin/env python3
"""tangram controller on a real control plane, judged by what the API server shows.

Usage: controller_test.py BUILD_DIR TESTBED_DIR     (testbed/controller runs it)
The checks share no code with the planner: they add up what pods ask for, node by node.
"""
import collections
import json
import pathlib
import re
import signal
import subprocess
import sys
import time
import unittest

from api import environment
from fleet import GATE, gates_of, node_of
from replica import Replica, wait_for

BUILD, BED = (pathlib.Path(a).resolve() for a in sys.argv[1:3])
ENV = environment(BED)


def kubectl(*args, stdin=None, check=True):
    done = subprocess.run([ENV["KUBECTL"], *args], input=stdin, capture_output=True, text=True,
                          env=ENV, timeout=120, check=False)
    if check and done.returncode != 0:
        raise AssertionError(f"kubectl {' '.join(args)}: {done.stderr}")
    return done.stdout


def get(*args):
    return json.loads(kubectl("get", *args, "-o", "json"))


def pod(name, gpus=1, gates=(GATE,), **more):
    meta = {"name": name, "namespace": "default", "labels": more.pop("labels", {})}
    ask = {"cpu": "1", "memory": "1Gi", "nvidia.com/gpu": str(gpus)}
    spec = {"containers": [{"name": "c", "image": "x", "resources": {"limits": ask}}],
            "schedulingGates": [{"name": g} for g in gates], **more}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}


def create(pods):
    kubectl("create", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List",
                                                   "items": pods}))


def pods(prefix=""):
    items = get("pods", "-n", "default")["items"]
    return {p["metadata"]["name"]: p for p in items if p["metadata"]["name"].startswith(prefix)}


class Placement(unittest.TestCase):
    def setUp(self):
        self.replicas = []

    def tearDown(self):
        for replica in self.replicas:
            replica.stop(signal.SIGKILL)
        kubectl("delete", "pods", "--all", "-n", "default", "--grace-period=0", "--force",
                "--wait=false")
        wait_for("pods are gone", lambda: not pods())

    def start(self, name, *args):
        self.replicas.append(Replica(BUILD, BED, name, "--gate-limit", "4s", *args))
        return self.replicas[-1]

    def check_room(self):
        """No node holds more GPUs than it has, counting every pod that is bound to it."""
        held = collections.Counter()
        for one in pods().values():
            if node_of(one) and one["status"].get("phase") not in ("Succeeded", "Failed"):
                limits = one["spec"]["containers"][0]["resources"]["limits"]
                held[node_of(one)] += int(limits["nvidia.com/gpu"])
        has = {n["metadata"]["name"]: int(n["status"]["allocatable"]["nvidia.com/gpu"])
               for n in get("nodes")["items"]}
        for node, count in held.items():
            self.assertLessEqual(count, has[node], node)
        return held

    def check_sent(self, names):
        """Each went where it was sent, by our patch and no other write."""
        for name, one in pods().items():
            if name in names:
                sent = one["metadata"]["annotations"]["tangram.dev/nodes"].split(",")
                self.assertIn(node_of(one), sent, name)

    def bound(self, prefix, count):
        found = pods(prefix).values()
        return len(found) == count and all(node_of(p) for p in found)

    def test_pods_are_placed_and_packed(self):
        controller = self.start("pack")
        controller.wait_ready()
        self.assertEqual(controller.ask("health", "/readyz"), (200, "ok\n"))
        create([pod(f"p{i}", gpus=1 + i % 4) for i in range(64)])
        wait_for("all are bound", lambda: self.bound("p", 64))
        held = self.check_room()
        self.check_sent({f"p{i}" for i in range(64)})
        self.assertEqual(sum(held.values()), 160)
        self.assertLessEqual(len(held), 30, "160 cards fit on 20 nodes; pods come one by one")
        status, metrics = controller.ask("metrics", "/metrics")
        self.assertEqual(status, 200)
        self.assertIn("tangram_placement_lifted_total 64", metrics)
        self.assertEqual(controller.stop(), 0, "a graceful end")

    def test_what_is_not_ours_is_not_touched(self):
        controller = self.start("others")
        controller.wait_ready()
        create([pod("plain", gates=()), pod("theirs", gates=("example.com/hold",)),
                pod("both", gates=(GATE, "example.com/hold"))])
        wait_for("the plain one is bound", lambda: self.bound("plain", 1))
        time.sleep(6)
        found = pods()
        self.assertEqual(gates_of(found["theirs"]), ["example.com/hold"])
        self.assertEqual(gates_of(found["both"]), [GATE, "example.com/hold"])
        for one in found.values():
            managers = [m["manager"] for m in one["metadata"].get("managedFields", [])]
            self.assertNotIn("tangram", " ".join(managers))
        patch = {"spec": {"schedulingGates": [{"$patch": "delete", "name": "example.com/hold"}]}}
        kubectl("patch", "pod", "both", "-n", "default", "--type=strategic",
                "-p", json.dumps(patch))
        wait_for("ours was the last gate", lambda: self.bound("both", 1))

    def test_a_gang_starts_whole(self):
        self.start("gang").wait_ready()
        labels = {"tangram.dev/gang": "g", "tangram.dev/gang-size": "4"}
        create([pod(f"g{i}", gpus=8, labels=labels) for i in range(3)])
        time.sleep(6)  # past the gate limit
        self.assertEqual([gates_of(p) for p in pods("g").values()], [[GATE]] * 3)
        create([pod("g3", gpus=8, labels=labels)])
        wait_for("the gang is bound", lambda: self.bound("g", 4))
        self.check_room()

    def job(self, name, count, gpus=8):
        """A Job whose pods are of a gang, and do not say how large it is."""
        template = pod("x", gpus=gpus, labels={"tangram.dev/gang": name})
        return {"apiVersion": "batch/v1", "kind": "Job",
                "metadata": {"name": name, "namespace": "default"},
                "spec": {"parallelism": count, "completions": count, "completionMode": "Indexed",
                         "template": {"metadata": {"labels": template["metadata"]["labels"]},
                                      "spec": {**template["spec"], "restartPolicy": "Never"}}}}

    def test_a_gang_is_as_large_as_its_job_says(self):
        """320 cards: of two Jobs of 24 nodes each, one starts whole, and the other not at all."""
        self.start("jobs").wait_ready()
        names = ("train-a", "train-b")
        kubectl("create", "-f", "-", stdin=json.dumps(
            {"apiVersion": "v1", "kind": "List", "items": [self.job(name, 24) for name in names]}))
        try:
            wait_for("one is bound", lambda: any(self.bound(name, 24) for name in names))
            wait_for("all pods are there", lambda: len(pods("train-")) == 48)
            time.sleep(6)  # past the gate limit
            bound = sorted(sum(bool(node_of(p)) for p in pods(name).values()) for name in names)
            self.assertEqual(bound, [0, 24])
            self.check_room()
        finally:
            kubectl("delete", "jobs", *names, "-n", "default", "--wait=false")

    def serve(self, group, version, plural, kind):
        """A kind of others, and no controller behind it."""
        name = f"{plural}.{group}"
        schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        kubectl("create", "-f", "-", stdin=json.dumps({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": name},
            "spec": {"group": group, "scope": "Namespaced",
                     "names": {"plural": plural, "kind": kind},
                     "versions": [{"name": version, "served": True, "storage": True,
                                   "schema": {"openAPIV3Schema": schema}}]}}))
        self.addCleanup(kubectl, "delete", "crd", name, "--wait=false")
        kubectl("wait", "--for=condition=Established", "crd", name, "--timeout=30s")

    def test_a_gang_waits_for_the_object_that_knows_its_size(self):
        self.serve("scheduling.x-k8s.io", "v1alpha1", "podgroups", "PodGroup")
        self.serve("jobset.x-k8s.io", "v1alpha2", "jobsets", "JobSet")
        self.start("groups").wait_ready()
        part = {"parallelism": 2,
                "template": {"metadata": {"labels": {"tangram.dev/gang": "set"}}}}
        cases = {
            "pg": ({"scheduling.x-k8s.io/pod-group": "pg"},
                   {"apiVersion": "scheduling.x-k8s.io/v1alpha1", "kind": "PodGroup",
                    "spec": {"minMember": 4}}),
            "set": ({"tangram.dev/gang": "set", "jobset.sigs.k8s.io/jobset-name": "set"},
                    {"apiVersion": "jobset.x-k8s.io/v1alpha2", "kind": "JobSet",
                     "spec": {"replicatedJobs": [{"name": "workers", "replicas": 2,
                                                  "template": {"spec": part}}]}})}
        create([pod(f"{name}{i}", labels=labels)
                for name, (labels, _) in cases.items() for i in range(3)])
        time.sleep(2)
        self.assertFalse(any(node_of(p) for p in pods().values()), "nobody says a size yet")
        for name, (_, owner) in cases.items():
            owner["metadata"] = {"name": name, "namespace": "default"}
            kubectl("create", "-f", "-", stdin=json.dumps(owner))
        time.sleep(2)
        self.assertFalse(any(node_of(p) for p in pods().values()), "three of four")
        create([pod(f"{name}3", labels=labels) for name, (labels, _) in cases.items()])
        for name in cases:
            wait_for(f"{name} is bound", lambda name=name: self.bound(name, 4))

    def test_a_pod_without_room_is_told_and_left_to_the_scheduler(self):
        self.start("large").wait_ready()
        create([pod("large", gpus=9)])
        wait_for("its gate is lifted", lambda: not gates_of(pods()["large"]))
        one = pods()["large"]
        self.assertNotIn("tangram.dev/nodes", one["metadata"]["annotations"])
        self.assertIn("TooLarge", one["metadata"]["annotations"][GATE])
        wait_for("an event says why", lambda: any(
            e["reason"] == "TooLarge" and "at most 8" in e["message"]
            for e in get("events", "-n", "default")["items"]))

    def test_own_affinity_is_kept(self):
        self.start("affinity").wait_ready()
        term = {"matchExpressions": [{"key": "node.kubernetes.io/instance-type", "operator": "In",
                                      "values": ["p4d.24xlarge"]}]}
        affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
            "nodeSelectorTerms": [term]}}}
        create([pod(f"aff{i}", affinity=affinity) for i in range(4)])
        wait_for("they are bound", lambda: self.bound("aff", 4))
        for one in pods("aff").values():
            self.assertTrue(node_of(one).startswith("a100-"))

    def test_a_pod_whose_node_is_gone_is_evicted_and_made_again(self):
        self.start("lost").wait_ready()
        kubectl("cordon", "a100-9")
        controller = {"apiVersion": "apps/v1", "kind": "ReplicaSet",
                      "metadata": {"name": "lost", "namespace": "default"},
                      "spec": {"replicas": 0, "selector": {"matchLabels": {"app": "lost"}},
                               "template": {"metadata": {"labels": {"app": "lost"}},
                                            "spec": pod("x")["spec"]}}}
        kubectl("create", "-f", "-", stdin=json.dumps(controller))
        pinned = pod("lost-pinned", gates=(), labels={"app": "lost"})
        pinned["metadata"]["annotations"] = {"tangram.dev/nodes": "no-such-node"}
        pinned["spec"]["affinity"] = {"nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
                {"matchFields": [{"key": "metadata.name", "operator": "In",
                                  "values": ["no-such-node"]}]}]}}}
        create([pinned])
        kubectl("scale", "rs", "lost", "--replicas=1")  # adopts the pinned pod
        try:
            wait_for("another pod is bound", lambda: any(
                node_of(p) for n, p in pods("lost-").items() if n != "lost-pinned"))
            self.assertNotIn("lost-pinned", pods())
        finally:
            kubectl("delete", "rs", "lost", "--wait=false")
            kubectl("uncordon", "a100-9")

    def test_the_leader_is_killed_and_the_other_takes_over(self):
        election = ("--leader-elect", "--namespace", "default", "--lease", "tangram-test")
        replicas = [self.start("one", *election), self.start("two", *election)]
        for replica in replicas:
            replica.wait_ready()
        wait_for("one leads", lambda: any(r.says("leading as") for r in replicas))
        leader, other = sorted(replicas, key=lambda r: not r.says("leading as"))
        create([pod(f"k{i}") for i in range(120)])
        wait_for("some are lifted", lambda: any(node_of(p) for p in pods("k").values()))
        leader.stop(signal.SIGKILL)
        create([pod(f"kk{i}") for i in range(60)])
        wait_for("the other leads", lambda: other.says("leading as"), 40)
        wait_for("all are bound", lambda: self.bound("k", 180), 60)
        self.check_room()
        self.check_sent({f"k{i}" for i in range(120)} | {f"kk{i}" for i in range(60)})
        began = time.monotonic()
        third = self.start("three", *election)
        third.wait_ready()
        self.assertEqual(other.stop(), 0)
        wait_for("the Lease was given up", lambda: third.says("leading as"), 10)
        print(f"takeover after a graceful end: {time.monotonic() - began:.1f} s", file=sys.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
