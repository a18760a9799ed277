#!/usr/bin/env python3
"""NodeOperations on a real control plane: an approved plan cuts a node by way of mig-manager (a fake,
mig_manager.py), is rolled back where that fails, and goes on where the controller is killed.

Usage: operations_test.py BUILD_DIR TESTBED_DIR     (testbed/controller runs it)
"""
import pathlib
import signal
import subprocess
import sys
import unittest

from api import Api, apply_crds, environment
from fleet import node_of, pod, ready_nodes
from mig_manager import (CONFIG, CUT, CUT_PATH, CUT_POOL, DAEMONS, LAYOUTS, LAYOUTS_OPTION, THEIRS,
                         bring_up, take_down)
from replica import Replica, wait_for

BUILD, BED = (pathlib.Path(a).resolve() for a in sys.argv[1:3])
GROUP = "/apis/tangram.dev/v1alpha1"
PODS = "/api/v1/namespaces/default/pods"
TAINT = "tangram.dev/repartition"


def condition(thing, kind):
    for one in thing.get("status", {}).get("conditions", []):
        if one["type"] == kind:
            return f"{one['status']} {one['reason']}"
    return ""


class Operations(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        apply_crds(BED)
        cls.api = Api(BED)
        cls.like = ready_nodes(BED)[0]

    def setUp(self):
        self.mig = bring_up(BED, self.like)
        self.replicas = []

    def tearDown(self):
        for replica in self.replicas:
            replica.stop(signal.SIGKILL)
        self.mig.close()
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
                                     *LAYOUTS_OPTION, *args))
        return self.replicas[-1]

    def plan(self):
        plans = self.get(f"{GROUP}/gpuplans")["items"]
        return plans[0] if plans else None

    def operation(self):
        """The only one; None: there is none yet."""
        found = self.get(f"{GROUP}/nodeoperations")["items"]
        self.assertLessEqual(len(found), 1, "one plan and one node: one operation")
        return found[0] if found else None

    def steps(self):
        return [s["name"] for s in self.operation()["status"]["steps"]]

    def ended(self, kind):
        """As `kind`; what else it ended as is told at once."""
        one = self.operation()
        if one is None:
            return False
        over = [k for k in ("Done", "RolledBack", "Failed") if condition(one, k).startswith("True")]
        self.assertIn(over, ([], [kind]), one)
        return over == [kind]

    def approve_what_is_proposed(self):
        """Seven pods that ask for a seventh each wait; so a card is to be cut."""
        for i in range(7):
            one = pod(f"{self.id().split('.')[-1].replace('_', '-')}-{i}", "nvidia.com/mig-1g.5gb")
            one["spec"]["nodeSelector"] = {"cut": "here"}
            self.make(PODS, one)
        self.make(f"{GROUP}/gpupools", CUT_POOL)
        wait_for("a plan is proposed", lambda: self.plan() is not None)
        self.assertEqual([a["kind"] for a in self.plan()["spec"]["actions"]], ["Repartition"])
        self.assertIsNone(self.operation(), "nothing is done before it is approved")
        name = self.plan()["metadata"]["name"]
        subprocess.run([BUILD / "tangram", "apply", name], check=True, capture_output=True,
                       env=environment(BED), timeout=60)

    def check_left_as_found(self):
        node = self.get(CUT_PATH)
        self.assertNotIn(TAINT, [t["key"] for t in node["spec"].get("taints", [])])
        self.assertEqual([node["metadata"]["labels"][d] for d in DAEMONS], ["true", "true"])
        return node

    def check_cut(self):
        """The node has the layout, the pods run, and the journal and the plan say so."""
        wait_for("it is done", lambda: self.ended("Done"), 120)
        self.assertEqual(self.steps(), ["Reserve", "Evict", "Apply", "Restart", "Verify", "Release"])
        node = self.check_left_as_found()
        self.assertTrue(node["metadata"]["labels"][CONFIG].startswith("tangram-"))
        self.assertEqual(node["status"]["allocatable"]["nvidia.com/mig-1g.5gb"], "7")
        self.assertEqual(sorted(map(str, self.mig.cards)),
                         sorted(map(str, [{"1g.5gb": 7}, {"3g.20gb": 2}])))
        self.assertEqual(len(self.mig.applied), 1, "it was asked once")
        wait_for("the plan is done", lambda: condition(self.plan(), "Done").startswith("True"))
        record = self.plan()["status"]["actions"][0]
        self.assertIn(self.operation()["metadata"]["name"], record["message"])
        wait_for("its pods run", lambda: all(
            node_of(p) == CUT for p in self.get(PODS)["items"]))

    def test_an_approved_plan_cuts_the_node(self):
        replica = self.start()
        replica.wait_ready()
        self.approve_what_is_proposed()
        self.check_cut()
        text = self.get(LAYOUTS)["data"]["config.yaml"]
        for line in THEIRS.splitlines():
            self.assertIn(line, text.splitlines(), "what others wrote stays")
        self.assertEqual(replica.stop(), 0)

    def test_it_goes_on_where_the_controller_was_killed(self):
        """Its taint is written, and nobody knows of it; then its label."""
        for _ in range(2):
            self.start("--die-at", "after patch nodes")
            self.replicas[-1].wait_ready()
            if not self.plan():
                self.approve_what_is_proposed()
            self.assertEqual(self.replicas[-1].process.wait(60), -signal.SIGKILL)
        self.start().wait_ready()
        self.check_cut()

    def test_what_mig_manager_cannot_do_is_rolled_back(self):
        self.mig.faults = ["fails"]
        self.start("--hurry", "20").wait_ready()
        self.approve_what_is_proposed()
        wait_for("it is rolled back", lambda: self.ended("RolledBack"), 300)
        self.assertEqual(condition(self.operation(), "Done"), "False StepFailed")
        node = self.check_left_as_found()
        self.assertEqual(node["metadata"]["labels"][CONFIG], "all-3g")
        self.assertEqual(self.mig.cards, [{"3g.20gb": 2}, {"3g.20gb": 2}])
        self.assertEqual(node["status"]["allocatable"]["nvidia.com/mig-3g.20gb"], "4")
        wait_for("the plan says so", lambda: condition(self.plan(), "Failed").startswith("True"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2, warnings="ignore")
