#!/usr/bin/env python3
"""NodeOperations that tangram's agent carries out, on a real control plane: an approved plan cuts a
card beside the pod that runs there, is rolled back where the driver refuses, and goes on where the
controller is killed.

Usage: agent_operations_test.py BUILD_DIR TESTBED_DIR     (testbed/controller runs it)
"""
import pathlib
import signal
import subprocess
import sys
import unittest

from api import Api, apply_crds, environment
from cut_node import NODE, NODE_PATH, POOL, REPORT_PATH, CutNode, machine
from fleet import node_of, pod, ready_nodes
from operations_test import TAINT, condition
from replica import Replica, wait_for

BUILD, BED = (pathlib.Path(a).resolve() for a in sys.argv[1:3])
GROUP = "/apis/tangram.dev/v1alpha1"
PODS = "/api/v1/namespaces/default/pods"
BEFORE = [(4, "3g.40gb")]
AFTER = [(0, "1g.10gb"), (1, "1g.10gb"), (2, "1g.10gb"), (3, "1g.10gb"), (4, "3g.40gb")]
CREATE = "nvmlDeviceCreateGpuInstanceWithPlacement"


class AgentOperations(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        apply_crds(BED)
        cls.api = Api(BED)
        cls.like = ready_nodes(BED)[0]

    def setUp(self):
        self.name = self.id().split(".")[-1]
        self.replicas = []
        self.node = None
        self.past = None  # the name of a plan that is over

    def tearDown(self):
        for replica in self.replicas:
            replica.stop(signal.SIGKILL)
        for path in (PODS + "?gracePeriodSeconds=0", f"{GROUP}/gpuplans", f"{GROUP}/nodeoperations"):
            self.api.call("DELETE", path)
        if self.node:
            self.node.close()

    def bring_up(self, played):
        """The node, with a pod that holds the instance that is there."""
        self.node = CutNode(BUILD, BED, self.like, played)
        holder = pod("holder", "nvidia.com/mig-3g.40gb")
        holder["spec"]["nodeSelector"] = {"cut": "by-agent"}
        self.make(PODS, holder)
        wait_for("the pod runs", lambda: node_of(self.get(PODS + "/holder")) == NODE)
        self.holder = self.get(PODS + "/holder")["metadata"]["uid"]

    def make(self, path, one):
        status, answer = self.api.call("POST", path, one)
        self.assertIn(status, (200, 201), answer)

    def get(self, path):
        return self.api.call("GET", path)[1]

    def start(self, *args):
        self.replicas.append(Replica(BUILD, BED, f"{self.name}-{len(self.replicas)}", "--agents-cut",
                                     *args))
        return self.replicas[-1]

    def plan(self):
        plans = self.get(f"{GROUP}/gpuplans")["items"]
        return next((p for p in plans if p["metadata"]["name"] != self.past), None)

    def operation(self):
        found = self.get(f"{GROUP}/nodeoperations")["items"]
        self.assertLessEqual(len(found), 1, "one plan and one node: one operation")
        return found[0] if found else None

    def ended(self, kind):
        one = self.operation()
        if one is None:
            return False
        over = [k for k in ("Done", "RolledBack", "Failed") if condition(one, k).startswith("True")]
        self.assertIn(over, ([], [kind]), one)
        return over == [kind]

    def approve_what_is_proposed(self):
        """Four pods that ask for a seventh each wait, and half of the card is free."""
        for i in range(4):
            one = pod(f"seventh-{i}", "nvidia.com/mig-1g.10gb")
            one["spec"]["nodeSelector"] = {"cut": "by-agent"}
            self.make(PODS, one)
        self.make(f"{GROUP}/gpupools", POOL)
        self.approve_the_plan()

    def approve_the_plan(self):
        wait_for("a plan is proposed", lambda: self.plan() is not None)
        actions = self.plan()["spec"]["actions"]
        self.assertEqual([a["kind"] for a in actions], ["Repartition"])
        self.assertEqual(actions[0].get("disturbs", []), [], "what fits beside a pod disturbs none")
        subprocess.run([BUILD / "tangram", "apply", self.plan()["metadata"]["name"]], check=True,
                       capture_output=True, env=environment(BED), timeout=60)

    def check_left_as_found(self):
        node = self.get(NODE_PATH)
        self.assertNotIn(TAINT, [t["key"] for t in node["spec"].get("taints", [])])
        self.assertEqual(self.get(PODS + "/holder")["metadata"]["uid"], self.holder, "nobody was evicted")
        return node

    def check_cut(self):
        wait_for("it is done", lambda: self.ended("Done"), 120)
        one = self.operation()
        self.assertEqual([s["name"] for s in one["status"]["steps"]],
                         ["Reserve", "Evict", "Apply", "Verify", "Release"])
        self.assertEqual(one["spec"]["repartition"]["backend"], "Agent")
        self.assertEqual(self.node.instances(), AFTER)
        self.assertEqual(self.get(REPORT_PATH)["spec"]["operation"], one["metadata"]["name"])
        node = self.check_left_as_found()
        self.assertEqual(node["status"]["allocatable"]["nvidia.com/mig-1g.10gb"], "4")
        self.assertEqual(self.node.looks(), 2, "at its start, and when it was told")
        wait_for("the plan is done", lambda: condition(self.plan(), "Done").startswith("True"))
        wait_for("its pods run", lambda: all(node_of(p) == NODE for p in self.get(PODS)["items"]))

    def test_what_fits_beside_a_pod_is_made_beside_it(self):
        self.bring_up(machine())
        self.start().wait_ready()
        self.approve_what_is_proposed()
        self.check_cut()
        self.assertEqual(self.replicas[0].stop(), 0)

    def test_it_goes_on_where_the_controller_was_killed(self):
        self.bring_up(machine())
        for point in ("before patch gpunodes", "after patch gpunodes"):
            self.start("--die-at", point).wait_ready()
            if not self.plan():
                self.approve_what_is_proposed()
            self.assertEqual(self.replicas[-1].process.wait(60), -signal.SIGKILL)
        self.start().wait_ready()
        self.check_cut()

    def test_what_the_driver_refuses_is_rolled_back(self):
        self.bring_up(machine(faults=[{"call": CREATE, "after": 2, "times": 1, "answer": 999}]))
        self.start("--hurry", "20").wait_ready()
        self.approve_what_is_proposed()
        wait_for("it is rolled back", lambda: self.ended("RolledBack"), 300)
        why = next(c for c in self.operation()["status"]["conditions"] if c["type"] == "RolledBack")
        self.assertEqual(why["reason"], "StepFailed")
        self.assertIn("the agent says DriverRefused", why["message"])
        self.assertEqual(self.node.instances(), BEFORE)
        self.assertEqual(self.check_left_as_found()["status"]["allocatable"]["nvidia.com/mig-3g.40gb"], "1")

    def test_a_node_whose_agent_is_silent_waits_and_says_so(self):
        self.bring_up(machine())
        self.node.stop_agent()
        self.api.patch(REPORT_PATH + "/status", {"status": {"observedAt": "2026-01-01T00:00:00.000Z"}})
        self.start().wait_ready()
        self.approve_what_is_proposed()
        wait_for("the plan says why", lambda: f"the agent on {NODE} is silent" in " ".join(
            c["message"] for c in self.plan().get("status", {}).get("conditions", [])))
        self.assertIsNone(self.operation())
        self.node.start_agent()  # and goes on once it is back
        self.check_cut()

    def test_what_was_planned_without_a_report_is_planned_anew(self):
        """Without one it is guessed where instances stand, and here the guess is wrong."""
        self.bring_up(machine())
        self.node.stop_agent()
        self.api.call("DELETE", REPORT_PATH)
        self.start().wait_ready()
        self.approve_what_is_proposed()
        wait_for("the plan says why", lambda: f"no agent reports the cards of {NODE}" in " ".join(
            c["message"] for c in self.plan().get("status", {}).get("conditions", [])))
        self.node.start_agent()
        wait_for("it is skipped", lambda: ["Skipped"] == [
            a["state"] for a in self.plan()["status"].get("actions", [])])
        self.assertIsNone(self.operation())
        self.past = self.plan()["metadata"]["name"]
        self.approve_the_plan()
        self.check_cut()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2, warnings="ignore")
