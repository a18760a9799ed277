#!/usr/bin/env python3
"""kill -9 of the leader around each of its writes: another finds what it left, and nothing is lost,
done twice or left behind the gate.

Usage: kill_points_test.py BUILD_DIR TESTBED_DIR [TEST...]     (testbed/faults runs it)
"""
import pathlib
import signal
import sys
import time
import unittest

import yaml

import breakable
import cut_node
from breakable import (BED, BUILD, ELECTION, IN_CLUSTER, LEASE_TIME, OTHER, OUT_OF_CLUSTER, PLANS,
                       POOL, POOLS, SECRETS, VIEWS, WEBHOOKS, Cluster, classed, holding, pool,
                       webhook_configuration)
from fleet import CARD, gated, gates_of, node_of, pod
from mig_manager import CUT_PATH, CUT_POOL, LAYOUTS_OPTION, bring_up, take_down
from replica import fault_points, wait_for

# As it is by default, and with every right that it can be given.
CHARTS = [pathlib.Path(__file__).resolve().parent / f"testdata/chart-{name}.yaml"
          for name in ("default", "full")]
# Rights that the program does not make use of: what other verbs stand in for, and what is to come.
UNUSED = {"patch leases", "patch secrets", "create leaderships",
          "patch pods/status", "create deviceclasses"}
OPERATIONS = "/apis/tangram.dev/v1alpha1/nodeoperations"
KILLED = -signal.SIGKILL
# Plans of a pool follow one another, and its status, after 3 s and not 15 s.
HURRY = ("--hurry", "5")
TAKEOVER = LEASE_TIME + 8.0  # seconds: the Lease, and the stalls of a busy machine; as a rule + 1


def setUpModule():
    breakable.prepare()


class Points(unittest.TestCase):
    def test_each_right_to_write_has_a_point(self):
        """Of the chart: a write that is new needs a right, and so a point and one who provokes it."""
        rights = set()
        for one in (one for chart in CHARTS for one in yaml.safe_load_all(chart.read_text())):
            if one and one["kind"] in ("ClusterRole", "Role") and one["metadata"]["name"].endswith(
                    "-controller"):
                rights |= {f"{verb} {resource}" for rule in one["rules"]
                           for verb in rule["verbs"] for resource in rule["resources"]
                           if verb not in ("get", "list", "watch", "approve")}
        self.assertEqual(sorted(rights - set(PROVOKE)), sorted(UNUSED))
        self.assertEqual(sorted(set(PROVOKE) - rights), ["delete mutatingwebhookconfigurations"],
                         "out of the cluster alone")


class KillPoints(Cluster):
    """For each point: a leader that dies there, and another that finds what it left."""

    def setUp(self):
        super().setUp()
        self.leader = None

    def elect(self, *args):
        replica = self.start(str(len(self.replicas)), *ELECTION, *LAYOUTS_OPTION, "--agents-cut", *HURRY,
                             *args)
        wait_for("it is up, or died of it",
                 lambda: replica.says("everything is read") or replica.process.poll() is not None)
        return replica

    def hand_over(self, *args, after=lambda: None):
        """The leader goes in order, one that is armed leads, and a third waits behind it."""
        armed = self.elect(*args)
        if self.leader:
            self.assertEqual(self.leader.stop(), 0)
        after()
        wait_for("it leads, or died of it",
                 lambda: armed.says("leading as") or armed.process.poll() is not None, 20)
        self.leader = self.elect()
        return armed

    def check_takeover(self, armed):
        self.assertEqual(armed.process.wait(20), KILLED, armed.log)
        died = time.monotonic()
        names = self.create(4)  # while nobody leads
        wait_for("the other leads", lambda: self.leader.says("leading as"), 30)
        took = time.monotonic() - died
        self.check_bound(names)
        return took

    def test_the_leader_dies_at_every_point(self):
        points = fault_points(BUILD)
        self.assertEqual(sorted({point.split(" ", 1)[1] for point in points}), sorted(PROVOKE),
                         "each write has a point, and each point somebody who provokes it")
        self.leader = self.elect()
        for point in points + ["after patch pods 5", "before update leases 3"]:
            began = time.monotonic()
            _, verb, resource = point.split(" ")[:3]
            took = PROVOKE[f"{verb} {resource}"](self, point)
            self.clear()
            print(f"    {point}: {took:.1f} s until another led, {time.monotonic() - began:.1f} s "
                  "in all", file=sys.stderr)
            self.assertLess(took, TAKEOVER, point)


# What makes a leader write, by the write: each takes the test and the point, and returns how long
# nobody led.


def at_takeover(test, point):
    armed = test.hand_over("--die-at", point)
    return test.check_takeover(armed)


def at_a_new_lease(test, point):
    armed = test.hand_over("--die-at", point, after=test.forget_leaders)
    return test.check_takeover(armed)


def at_lifting(test, point):
    armed = test.hand_over("--die-at", point)
    names = test.create(12)
    took = test.check_takeover(armed)
    test.check_bound(names)
    return took


def at_an_eviction(test, point):
    """A pod that was sent to a node that is gone; its ReplicaSet makes another."""
    lost = pod("lost", CARD, labels={"app": "lost"}, annotations={"tangram.dev/nodes": "gone"})
    lost["metadata"]["namespace"] = OTHER
    lost["spec"]["affinity"] = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
        "nodeSelectorTerms": [{"matchFields": [{"key": "metadata.name", "operator": "In",
                                                "values": ["gone"]}]}]}}}
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet",
             "metadata": {"name": "lost", "namespace": OTHER},
             "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "lost"}},
                      "template": {"metadata": {"labels": {"app": "lost"}},
                                   "spec": gated(pod("x", CARD))["spec"]}}}
    armed = test.hand_over("--die-at", point)
    test.make(f"/api/v1/namespaces/{OTHER}/pods", lost)
    test.make(f"/apis/apps/v1/namespaces/{OTHER}/replicasets", owner)
    took = test.check_takeover(armed)

    def replaced():
        found = test.pods(OTHER)
        return len(found) == 1 and found[0]["metadata"]["name"] != "lost" and node_of(found[0])

    wait_for("another pod runs in its place", replaced)
    return took


def at_telling(test, point):
    """A pod that no node could hold."""
    armed = test.hand_over("--die-at", point)
    large = gated(pod("large", CARD, 9))
    large["metadata"]["namespace"] = OTHER
    test.make(f"/api/v1/namespaces/{OTHER}/pods", large)
    took = test.check_takeover(armed)
    wait_for("it is told, by whoever leads", lambda: test.events_on("large"))
    test.assertEqual(gates_of(test.pods(OTHER)[0]), ["tangram.dev/placement"])
    return took


def at_telling_again(test, point):
    """A pod that waits for one reason, for another, and for the first again."""
    armed = test.hand_over("--die-at", point)
    picky = gated(pod("picky", CARD, 8))
    picky["metadata"]["namespace"] = OTHER
    picky["spec"]["nodeSelector"] = {"faults": "here"}
    test.make(f"/api/v1/namespaces/{OTHER}/pods", picky)
    wait_for("no node allows it", lambda: "NoNodeAllows" in test.events_on("picky"))
    holder = pod("holder", CARD)
    holder["metadata"]["namespace"] = OTHER
    holder["spec"]["nodeName"] = "h100-0"
    test.make(f"/api/v1/namespaces/{OTHER}/pods", holder)
    test.label("h100-0", "here")
    wait_for("there is no room", lambda: "NoRoom" in test.events_on("picky"))
    test.label("h100-0", None)
    return test.check_takeover(armed)


def at_certificates(test, point):
    """A replica that makes the webhook's certificates at its start: it never leads."""
    test.make(SECRETS, {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "webhook"}})
    test.make(WEBHOOKS, webhook_configuration())
    armed = test.start("webhook", *ELECTION, *IN_CLUSTER, "--die-at", point)
    test.assertEqual(armed.process.wait(20), KILLED, armed.log)
    test.check_bound(test.create(4))
    test.start("webhook-again", *ELECTION, *IN_CLUSTER).wait_ready()
    test.check_certificates()
    test.replicas.pop().stop()
    return 0


def at_the_end(test, point):
    """A replica out of the cluster, which takes its webhook away when it stops."""
    armed = test.hand_over(*OUT_OF_CLUSTER, "--die-at", point)
    armed.process.terminate()
    return test.check_takeover(armed)


def at_a_claim(test, point):
    """A pod of a class that DRA serves."""
    armed = test.hand_over(*OUT_OF_CLUSTER, "--die-at", point)
    test.make(f"/api/v1/namespaces/{OTHER}/pods", classed("claimed"))
    took = test.check_takeover(armed)
    wait_for("it runs", lambda: node_of(test.pods(OTHER)[0]))
    return took


def at_a_plan(test, point):
    """A pool in mode Auto, whose empty nodes are to go; the plan is approved once, and goes on."""
    armed = test.hand_over("--die-at", point)
    test.make(POOLS, pool("Auto"))
    took = test.check_takeover(armed)

    def goes_on():
        found = test.api.call("GET", PLANS)[1]["items"]
        return [(p["spec"]["approved"], holding(p)) for p in found] == [
            (True, ["Approved", "Executing", "Proposed"])]

    wait_for("one plan is approved, and waits for people", goes_on)
    wait_for("the pool is in force", lambda: holding(
        test.api.call("GET", f"{POOLS}/{POOL}")[1]) == ["Ready"])
    return took


def at_a_plan_that_comes_back(test, point):
    """Proposed, out of date as the pool is only observed, and proposed again: the old one goes."""
    def plans():
        return [holding(p) for p in test.api.call("GET", PLANS)[1]["items"]]

    test.make(POOLS, pool("Recommend"))
    wait_for("it is proposed", lambda: plans() == [["Proposed"]])
    test.api.patch(f"{POOLS}/{POOL}", {"spec": {"mode": "Observe"}})
    wait_for("it is out of date", lambda: plans() == [["Proposed", "Superseded"]])
    armed = test.hand_over("--die-at", point)
    test.api.patch(f"{POOLS}/{POOL}", {"spec": {"mode": "Recommend"}})
    took = test.check_takeover(armed)
    wait_for("it is proposed again", lambda: ["Proposed"] in plans())
    return took


def question():
    return {"apiVersion": "tangram.dev/v1alpha1", "kind": "ViewRequest",
            "metadata": {"generateName": "asked-"}, "spec": {"command": "Plan"}}


def outcome(test, name):
    return test.api.call("GET", f"{VIEWS}/{name}")[1].get("status", {}).get("outcome")


def at_an_operation(test, point):
    """A node is cut, by way of mig-manager, for pods that wait for smaller instances."""
    nodes = test.api.call("GET", "/api/v1/nodes")[1]["items"]
    mig = bring_up(BED, next(n for n in nodes if n["metadata"]["name"].startswith("h100")))
    armed = test.hand_over("--die-at", point)
    for i in range(7):
        one = pod(f"seventh-{i}", "nvidia.com/mig-1g.5gb")
        one["metadata"]["namespace"] = OTHER
        one["spec"]["nodeSelector"] = {"cut": "here"}
        test.make(f"/api/v1/namespaces/{OTHER}/pods", one)
    test.make(POOLS, {**CUT_POOL, "spec": {**CUT_POOL["spec"], "mode": "Auto"}})
    took = test.check_takeover(armed)

    def is_cut():
        done = [holding(one) for one in test.api.call("GET", OPERATIONS)[1]["items"]]
        test.assertNotIn("Failed", sum(done, []))
        return done == [["Done"]]

    wait_for("the node is cut", is_cut, 120)
    node = test.api.call("GET", CUT_PATH)[1]
    test.assertNotIn("taints", node["spec"])
    test.assertEqual(node["status"]["allocatable"]["nvidia.com/mig-1g.5gb"], "7")
    test.assertEqual(len(mig.applied), 1, "mig-manager was asked once")
    mig.close()
    test.clear()
    test.api.call("DELETE", OPERATIONS)
    take_down(BED)
    return took


def at_an_order(test, point):
    """A card is cut by the agent, beside what is in use there."""
    nodes = test.api.call("GET", "/api/v1/nodes")[1]["items"]
    like = next(n for n in nodes if n["metadata"]["name"].startswith("h100"))
    cut = cut_node.CutNode(BUILD, BED, like, cut_node.machine())
    armed = test.hand_over("--die-at", point)
    for i in range(4):
        one = pod(f"seventh-{i}", "nvidia.com/mig-1g.10gb")
        one["metadata"]["namespace"] = OTHER
        one["spec"]["nodeSelector"] = {"cut": "by-agent"}
        test.make(f"/api/v1/namespaces/{OTHER}/pods", one)
    test.make(POOLS, {**cut_node.POOL, "spec": {**cut_node.POOL["spec"], "mode": "Auto"}})
    took = test.check_takeover(armed)

    def is_cut():
        done = [holding(one) for one in test.api.call("GET", OPERATIONS)[1]["items"]]
        test.assertNotIn("Failed", sum(done, []))
        return done == [["Done"]]

    wait_for("the node is cut", is_cut, 120)
    test.assertNotIn("taints", test.api.call("GET", cut_node.NODE_PATH)[1]["spec"])
    test.assertEqual(len(cut.instances()), 5)
    test.assertEqual(cut.looks(), 2, "the agent was asked once")
    test.clear()
    test.api.call("DELETE", OPERATIONS)
    cut.close()
    return took


def at_old_operations(test, point):
    """More of one node than are kept."""
    armed = test.hand_over("--die-at", point)
    for i in range(12):
        name = f"old-{i}"
        test.make(OPERATIONS, {
            "apiVersion": "tangram.dev/v1alpha1", "kind": "NodeOperation",
            "metadata": {"name": name, "labels": {"app.kubernetes.io/managed-by": "tangram"}},
            "spec": {"kind": "Repartition", "node": "long-ago", "reason": "x", "repartition": {
                "cards": [{"gpu": 0, "layoutBefore": [], "layoutAfter": [{"profile": "7g.80gb"}]}]}}})
        over = {"type": "Done", "status": "True", "reason": "Verified", "message": "",
                "lastTransitionTime": "2026-11-22T12:00:00Z"}
        test.api.patch(f"{OPERATIONS}/{name}/status", {"status": {"conditions": [over]}})
    took = test.check_takeover(armed)
    wait_for("the oldest are gone", lambda: len(
        test.api.call("GET", OPERATIONS)[1]["items"]) == 10)
    test.api.call("DELETE", OPERATIONS)
    return took


def at_a_class(test, point):
    """Classes are judged by what the webhook answers from."""
    armed = test.hand_over(*OUT_OF_CLUSTER, "--die-at", point)
    return test.check_takeover(armed)


def at_an_answer(test, point):
    """Somebody asks; the answer is of whoever leads."""
    armed = test.hand_over("--die-at", point)
    asked = test.make(VIEWS, question())
    took = test.check_takeover(armed)
    wait_for("it is answered", lambda: outcome(test, asked) == "Answered")
    test.api.call("DELETE", f"{VIEWS}/{asked}")
    return took


def at_what_is_left(test, point):
    """Somebody asks, and goes away: what was answered is deleted a while later."""
    armed = test.hand_over("--die-at", point)
    test.make(VIEWS, question())
    took = test.check_takeover(armed)
    wait_for("it is gone", lambda: not test.api.call("GET", VIEWS)[1]["items"], 30)
    return took


PROVOKE = {"create leases": at_a_new_lease,
           "update leases": at_takeover,
           "patch leaderships": at_takeover,
           "patch pods": at_lifting,
           "create pods/eviction": at_an_eviction,
           "create events": at_telling,
           "patch events": at_telling_again,
           "update secrets": at_certificates,
           "patch mutatingwebhookconfigurations": at_certificates,
           "delete mutatingwebhookconfigurations": at_the_end,
           "create resourceclaimtemplates": at_a_claim,
           "create gpuplans": at_a_plan,
           "patch gpuplans": at_a_plan,
           "patch gpuplans/status": at_a_plan,
           "delete gpuplans": at_a_plan_that_comes_back,
           "create nodeoperations": at_an_operation,
           "patch nodeoperations": at_old_operations,
           "patch nodeoperations/status": at_an_operation,
           "delete nodeoperations": at_old_operations,
           "patch nodes": at_an_operation,
           "patch gpunodes": at_an_order,
           "patch configmaps": at_an_operation,
           "patch gpupools/status": at_a_plan,
           "patch gpuclasses/status": at_a_class,
           "patch viewrequests/status": at_an_answer,
           "delete viewrequests": at_what_is_left}


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2, warnings="ignore")
