#!/usr/bin/env python3
"""How devices are shared, changed on a real control plane by way of the device plugin (a fake,
device_plugin.py): more shares disturb no pod, what fails is rolled back, and kill -9 loses nothing.

Usage: sharing_test.py BUILD_DIR TESTBED_DIR     (testbed/controller runs it)
"""
import pathlib
import signal
import subprocess
import sys
import unittest

from api import Api, apply_crds, environment
from device_plugin import (CONFIG, CONFIGS, SHARED, SHARED_PATH, SHARED_POOL, SHARING_OPTIONS, THEIRS,
                           bring_up, take_down)
from fleet import node_of, pod, ready_nodes
from replica import Replica, wait_for

BUILD, BED = (pathlib.Path(a).resolve() for a in sys.argv[1:3])
GROUP = "/apis/tangram.dev/v1alpha1"
PODS = "/api/v1/namespaces/default/pods"
SHARE = "nvidia.com/gpu.shared"


def condition(thing, kind):
    for one in thing.get("status", {}).get("conditions", []):
        if one["type"] == kind:
            return f"{one['status']} {one['reason']}"
    return ""


class Sharing(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        apply_crds(BED)
        cls.api = Api(BED)
        cls.like = ready_nodes(BED)[0]

    def setUp(self):
        self.plugin = bring_up(BED, self.like)
        self.replicas = []

    def tearDown(self):
        for replica in self.replicas:
            replica.stop(signal.SIGKILL)
        self.plugin.close()
        for path in (PODS + "?gracePeriodSeconds=0", f"{GROUP}/gpuplans", f"{GROUP}/nodeoperations"):
            self.api.call("DELETE", path)
        take_down(BED)

    def make(self, path, one):
        status, answer = self.api.call("POST", path, one)
        self.assertIn(status, (200, 201), answer)

    def get(self, path):
        return self.api.call("GET", path)[1]

    def start(self, *args):
        self.replicas.append(Replica(BUILD, BED, f"{self.id().split('.')[-1]}-{len(self.replicas)}",
                                     *SHARING_OPTIONS, "--hurry", "20", *args))
        self.replicas[-1].wait_ready()
        return self.replicas[-1]

    def plan(self):
        plans = self.get(f"{GROUP}/gpuplans")["items"]
        return plans[0] if plans else None

    def operation(self):
        """The only one; None: there is none yet."""
        found = self.get(f"{GROUP}/nodeoperations")["items"]
        self.assertLessEqual(len(found), 1, "one plan and one action: one operation")
        return found[0] if found else None

    def ended(self, kind):
        """As `kind`; what else it ended as is told at once."""
        one = self.operation()
        if one is None:
            return False
        over = [k for k in ("Done", "RolledBack", "Failed") if condition(one, k).startswith("True")]
        self.assertIn(over, ([], [kind]), one)
        return over == [kind]

    def running(self):
        """Pods on the node, by uid."""
        return {p["metadata"]["uid"] for p in self.get(PODS)["items"] if node_of(p) == SHARED}

    def propose(self):
        """Six pods ask for a share each, and four are there: two wait."""
        for i in range(6):
            one = pod(f"share-{i}", SHARE)
            one["spec"]["nodeSelector"] = {"shared": "here"}
            self.make(PODS, one)
        wait_for("four run", lambda: len(self.running()) == 4)
        self.make(f"{GROUP}/gpupools", SHARED_POOL)
        wait_for("a plan is proposed", lambda: self.plan() is not None)
        self.assertEqual([a["kind"] for a in self.plan()["spec"]["actions"]], ["Reshare"])
        self.assertIsNone(self.operation(), "nothing is done before it is approved")

    def approve(self):
        subprocess.run([BUILD / "tangram", "apply", self.plan()["metadata"]["name"]], check=True,
                       capture_output=True, env=environment(BED), timeout=60)

    def check_theirs(self):
        """What others wrote stands as they wrote it; returns the names of ours."""
        data = self.get(CONFIGS)["data"]
        self.assertEqual({k: data[k] for k in THEIRS}, THEIRS)
        ours = sorted(set(data) - set(THEIRS))
        self.assertTrue(all(name.startswith("tangram-") for name in ours), ours)
        return ours

    def check_untouched(self, before):
        self.assertNotIn("taints", self.get(SHARED_PATH)["spec"])
        self.assertLessEqual(before, self.running(), "who ran still does")

    def test_more_shares_disturb_nobody_though_the_controller_is_killed(self):
        self.start("--die-at", "after patch configmaps")
        self.propose()
        before = self.running()
        self.approve()
        self.assertEqual(self.replicas[-1].process.wait(60), -signal.SIGKILL)
        self.start("--die-at", "after patch nodes")
        self.assertEqual(self.replicas[-1].process.wait(180), -signal.SIGKILL)
        self.start()
        wait_for("it is done", lambda: self.ended("Done"), 120)
        steps = [s["name"] for s in self.operation()["status"]["steps"]]
        self.assertEqual(steps, ["Apply", "Verify", "Release"], "no taint, no eviction")
        ours = self.check_theirs()
        self.assertEqual(len(ours), 1, "one configuration")
        self.assertIn("migStrategy: mixed   # as the ClusterPolicy says", self.get(CONFIGS)["data"][ours[0]])
        self.assertEqual(self.plugin.told, ours, "it was told once")
        self.assertEqual(self.get(SHARED_PATH)["metadata"]["labels"][CONFIG], ours[0])
        wait_for("all six run", lambda: len(self.running()) == 6)
        self.check_untouched(before)
        wait_for("the plan is done", lambda: condition(self.plan(), "Done").startswith("True"))

    def test_a_configuration_that_somebody_changed_is_not_applied(self):
        """Its key, while it is on its way: the controller is killed before it names it."""
        self.start("--die-at", "after patch configmaps")
        self.propose()
        self.approve()
        self.assertEqual(self.replicas[-1].process.wait(60), -signal.SIGKILL)
        ours, = self.check_theirs()
        self.api.patch(CONFIGS, {"data": {ours: "version: v1\n"}})
        self.start()
        wait_for("it is given up", lambda: self.ended("RolledBack"), 60)
        self.assertEqual(condition(self.operation(), "RolledBack"), "True ConfigRefused")
        self.assertEqual(self.get(SHARED_PATH)["metadata"]["labels"][CONFIG], "two")
        self.assertEqual(self.get(CONFIGS)["data"][ours], "version: v1\n", "it is left as it is")
        self.assertEqual(self.plugin.told, [])

    def test_without_the_default_nothing_begins(self):
        self.api.patch(CONFIGS, {"data": {"unshared": None}})
        self.start()
        self.propose()
        self.approve()
        wait_for("the plan says so", lambda: condition(self.plan(), "Failed").startswith("True"))
        self.assertIn("key unshared: there is no such key",
                      self.plan()["status"]["actions"][0]["message"])
        self.assertIsNone(self.operation())

    def test_what_the_plugin_does_wrong_is_rolled_back(self):
        self.plugin.faults = ["wrong"]
        self.start()
        self.propose()
        before = self.running()
        self.approve()
        wait_for("it is rolled back", lambda: self.ended("RolledBack"), 600)
        self.assertEqual(condition(self.operation(), "Done"), "False StepFailed")
        node = self.get(SHARED_PATH)
        self.assertEqual(node["metadata"]["labels"][CONFIG], "two")
        self.assertEqual(node["status"]["allocatable"][SHARE], "4")
        self.check_theirs()
        self.check_untouched(before)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2, warnings="ignore")
