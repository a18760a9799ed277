#!/usr/bin/env python3
"""Pods that ask for devices of DRA, by claims or by `resources.limits`, on a real control plane.

Usage: dra_test.py BUILD_DIR TESTBED_DIR [TEST...]     (testbed/dra runs it)
What the scheduler allocated is the judge of what Tangram said.
"""
import json
import pathlib
import signal
import subprocess
import sys
import unittest

from api import Api, environment
from fleet import CARD, GATE, PODS, gated, gates_of, node_of, pod
from replica import Replica, wait_for

BUILD, BED = (pathlib.Path(a).resolve() for a in sys.argv[1:3])
ENV = environment(BED)
CLASS = "gpu.nvidia.com"
BY_CLASS = "deviceclass.resource.kubernetes.io/" + CLASS
DRA = "/apis/resource.k8s.io/v1/namespaces/default"
CARDS = {"small-0": 2, "large-0": 4}


def tangram(*args):
    """Its result, never raising."""
    return subprocess.run([BUILD / "tangram", *map(str, args)], capture_output=True, text=True,
                          timeout=120, check=False, env=ENV)


def devices_of(count, **more):
    return {"devices": {"requests": [{"name": "gpus", "exactly": {
        "deviceClassName": CLASS, "count": count, **more}}]}}


def claiming(name, **how):
    """A pod of a claim: resourceClaimName, or resourceClaimTemplateName."""
    one = gated(pod(name, CARD))
    container = one["spec"]["containers"][0]
    del container["resources"]["limits"][CARD]
    container["resources"]["claims"] = [{"name": "gpus"}]
    one["spec"]["resourceClaims"] = [{"name": "gpus", **how}]
    return one


class Dra(unittest.TestCase):
    def setUp(self):
        self.api = Api(BED)
        self.addCleanup(self.api.close)
        self.replicas = []

    def tearDown(self):
        for replica in self.replicas:
            replica.stop(signal.SIGKILL)
        for name in self.pods():
            self.delete(f"{PODS}/{name}?gracePeriodSeconds=0")
        for kind in ("resourceclaims", "resourceclaimtemplates"):
            for one in self.get(f"{DRA}/{kind}")["items"]:
                self.delete(f"{DRA}/{kind}/{one['metadata']['name']}")
        wait_for("pods and claims are gone", lambda: not self.pods() and not self.claims())

    def start(self, *args):
        self.replicas.append(Replica(BUILD, BED, "dra", *args))
        self.replicas[-1].wait_ready()

    def get(self, path):
        code, answer = self.api.call("GET", path)
        self.assertEqual(code, 200, answer)
        return answer

    def post(self, path, body):
        code, answer = self.api.call("POST", path, body)
        self.assertEqual(code, 201, answer)

    def delete(self, path):
        self.api.call("DELETE", path)

    def pods(self):
        return {p["metadata"]["name"]: p for p in self.get(PODS)["items"]}

    def claims(self):
        return {c["metadata"]["name"]: c for c in self.get(f"{DRA}/resourceclaims")["items"]}

    def create(self, *pods):
        for one in pods:
            self.post(PODS, one)

    def template(self, count, name="", **more):
        name = name or f"of-{count}"
        self.post(f"{DRA}/resourceclaimtemplates", {
            "apiVersion": "resource.k8s.io/v1", "kind": "ResourceClaimTemplate",
            "metadata": {"name": name}, "spec": {"spec": devices_of(count, **more)}})
        return {"resourceClaimTemplateName": name}

    def let_several_hold(self, node):
        """Each card of the node, from now to the end of the test."""
        path = "/apis/resource.k8s.io/v1/resourceslices"
        for one in self.get(path)["items"]:
            if one["spec"].get("nodeName") != node:
                continue
            name = f"{path}/{one['metadata']['name']}"
            devices = one["spec"]["devices"]
            shared = [{**device, "allowMultipleAllocations": True} for device in devices]
            code, answer = self.api.patch(name, {"spec": {"devices": shared}})
            self.assertEqual(code, 200, answer)
            self.addCleanup(self.api.patch, name, {"spec": {"devices": devices}})

    def bound(self, *names):
        pods = self.pods()
        return all(name in pods and node_of(pods[name]) for name in names)

    def claim_of(self, name):
        """The claim that serves the pod: its own, or the one that the scheduler made for it."""
        status = self.pods()[name]["status"]
        extended = status.get("extendedResourceClaimStatus")
        if extended:
            return self.claims()[extended["resourceClaimName"]]
        return self.claims()[status["resourceClaimStatuses"][0]["resourceClaimName"]]

    def allocated(self, name):
        """(pool, device) of the pod's claim, as the scheduler allocated it."""
        results = self.claim_of(name)["status"]["allocation"]["devices"]["results"]
        return sorted((r["pool"], r["device"]) for r in results)

    def check_sent(self, name):
        """It went where it was sent, and its devices are of that node."""
        one = self.pods()[name]
        self.assertEqual(one["metadata"]["annotations"]["tangram.dev/nodes"], node_of(one))
        devices = self.allocated(name)
        self.assertEqual({pool for pool, _ in devices}, {node_of(one)}, name)
        return node_of(one), len(devices)

    def check_devices(self, name):
        """They are those that it was sent for."""
        reason = self.pods()[name]["metadata"]["annotations"][GATE]
        for _, device in self.allocated(name):
            self.assertIn(device, reason)

    def events(self, name):
        items = self.get("/api/v1/namespaces/default/events")["items"]
        return {e["reason"]: e["message"] for e in items if e["involvedObject"]["name"] == name}

    def plan(self, *args):
        run = tangram("plan", "-o", "json", "--prometheus", "none", *args)
        self.assertIn(run.returncode, (0, 1), run.stderr)
        return json.loads(run.stdout)

    # ---- claims ----

    def test_a_pod_of_a_claim_goes_where_its_devices_are(self):
        self.start()
        self.create(claiming("three", **self.template(3)))
        wait_for("it is bound", lambda: self.bound("three"))
        self.create(claiming("two", **self.template(2)))
        wait_for("it is bound", lambda: self.bound("two"))
        self.post(f"{DRA}/resourceclaims", {
            "apiVersion": "resource.k8s.io/v1", "kind": "ResourceClaim",
            "metadata": {"name": "own"}, "spec": devices_of(1)})
        self.create(claiming("one", resourceClaimName="own"))
        wait_for("it is bound", lambda: self.bound("one"))  # by itself it would go to small-0
        self.assertEqual(self.check_sent("three"), ("large-0", 3))
        self.check_devices("three")
        self.assertEqual(self.check_sent("two"), ("small-0", 2))
        self.assertEqual(self.pods()["one"]["spec"]["nodeName"], "large-0", "the last free card")

    def test_a_claim_that_cannot_be_served_now_waits_with_the_reason(self):
        self.start("--gate-limit", "120s")
        self.create(claiming("first", **self.template(3)))
        wait_for("it is bound", lambda: self.bound("first"))
        self.create(claiming("second", resourceClaimTemplateName="of-3"),
                    claiming("never", **self.template(5)))
        wait_for("both are told why",
                 lambda: "NoRoom" in self.events("second") and self.events("never"))
        claim = self.pods()["second"]["status"]["resourceClaimStatuses"][0]["resourceClaimName"]
        self.assertIn(f"others hold the devices for its claim {claim}",
                      self.events("second")["NoRoom"])
        self.assertIn("no node that it may use has devices", self.events("never")["NoSuchDevice"])
        self.assertEqual([gates_of(self.pods()[name]) for name in ("second", "never")], [[GATE]] * 2)
        self.assertNotIn("allocation", self.claim_of("second").get("status", {}))
        self.delete(f"{PODS}/first?gracePeriodSeconds=0")
        wait_for("the second has its devices", lambda: self.bound("second"))
        self.assertEqual(self.check_sent("second"), ("large-0", 3))
        self.assertEqual(gates_of(self.pods()["never"]), [GATE])

    def test_pods_share_a_card_by_its_memory(self):
        self.let_several_hold("large-0")
        self.start("--gate-limit", "120s")
        part = self.template(1, "part", capacity={"requests": {"memory": "30Gi"}})
        names = [f"part-{i}" for i in range(3)]
        self.create(*(claiming(name, **part) for name in names))
        wait_for("all are bound", lambda: self.bound(*names))
        held = [self.allocated(name) for name in names]
        self.assertEqual({pool for [(pool, _)] in held}, {"large-0"}, "no other has such cards")
        self.assertEqual(len({device for [(_, device)] in held}), 2, "two of 30 GiB on 80 GB")
        for name in names:
            self.check_sent(name)
            [result] = self.claim_of(name)["status"]["allocation"]["devices"]["results"]
            self.assertEqual(result["consumedCapacity"]["memory"], "30Gi")
        self.create(claiming("two", **self.template(2)))
        wait_for("it is bound", lambda: self.bound("two"))  # cards that nobody has any of
        self.assertFalse({d for [d] in held} & set(self.allocated("two")))
        self.check_sent("two")

    # ---- extended resources ----

    def test_limits_are_served_by_the_plugin_or_by_dra(self):
        """Eight cards, two of them of the plugin: eight pods find them, and the ninth waits."""
        self.start("--gate-limit", "120s")
        names = [f"p{i}" for i in range(8)]
        self.create(*(gated(pod(name, CARD)) for name in names))
        wait_for("all are bound", lambda: self.bound(*names))
        nodes = [node_of(one) for one in self.pods().values()]
        self.assertEqual({n: nodes.count(n) for n in nodes}, {"plugin-0": 2, **CARDS})
        by_dra = [n for n, one in self.pods().items() if node_of(one) in CARDS]
        for name in by_dra:  # alike and bound at once: one may get the other's card
            self.assertEqual(self.check_sent(name)[1], 1)
        self.create(gated(pod("late", CARD)))
        wait_for("it is told why", lambda: "NoRoom" in self.events("late"))
        self.assertEqual(gates_of(self.pods()["late"]), [GATE])
        self.replicas[-1].stop(signal.SIGKILL)
        self.start("--gate-limit", "120s")  # another one reads who holds what
        wait_for("it is told again", lambda: "NoRoom" in self.events("late"))
        self.assertEqual(gates_of(self.pods()["late"]), [GATE])
        self.delete(f"{PODS}/{by_dra[0]}?gracePeriodSeconds=0")
        wait_for("it has the card", lambda: self.bound("late"))
        self.check_sent("late")

    def test_a_class_is_asked_for_by_its_own_name(self):
        self.start("--gate-limit", "120s")
        self.create(gated(pod("three", BY_CLASS, 3)), gated(pod("five", BY_CLASS, 5)))
        wait_for("it is bound", lambda: self.bound("three"))
        self.assertEqual(self.check_sent("three"), ("large-0", 3))
        self.check_devices("three")
        wait_for("the other is told why", lambda: "NoSuchDevice" in self.events("five"))
        self.assertIn(f"5 {BY_CLASS}", self.events("five")["NoSuchDevice"])

    # ---- snapshots ----

    def test_a_snapshot_has_what_dra_says_and_its_plan_comes_true(self):
        """The plan of the file is that of the cluster, and the scheduler gives what it says."""
        self.create(claiming("claimed", **self.template(2)), pod("running", BY_CLASS, 1))
        wait_for("it runs, and the claims are made", lambda: self.bound("running") and
                 self.pods()["claimed"]["status"].get("resourceClaimStatuses"))
        file = BED / "dra-snapshot.json"
        made = tangram("snapshot", "--prometheus", "none")
        self.assertEqual(made.returncode, 0, made.stderr)
        file.write_text(made.stdout)
        saved = json.loads(made.stdout)
        self.assertEqual({s["pool"]: len(s["devices"]) for s in saved["slices"]}, CARDS)
        classes = {c["name"]: c.get("extendedResource") for c in saved["deviceClasses"]}
        self.assertEqual(classes, {CLASS: CARD, "mig.nvidia.com": None})
        claims = {c["name"]: c for c in saved["claims"]}
        self.assertEqual(set(claims), set(self.claims()))
        held = claims[self.claim_of("running")["metadata"]["name"]]
        self.assertEqual(sorted((d["pool"], d["device"]) for d in held["devices"]),
                         self.allocated("running"))
        plan = self.plan("--snapshot", file)
        placed = {a["pod"]["name"]: a for a in plan["actions"] if a["kind"] == "PlacePod"}
        live = self.plan()
        self.assertEqual(live["actions"], plan["actions"])
        self.start()
        wait_for("it is bound", lambda: self.bound("claimed"))
        action = placed["claimed"]
        self.assertEqual(self.check_sent("claimed"), (action["node"], 2))
        self.assertEqual(self.allocated("claimed"),
                         sorted((d["pool"], d["device"]) for d in action["devices"]))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
