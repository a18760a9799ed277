#!/usr/bin/env python3
"""GpuPlans on a real control plane: proposed, approved by `tangram apply`, carried out, recorded.

Usage: plans_test.py BUILD_DIR TESTBED_DIR     (testbed/controller runs it)
"""
import json
import pathlib
import re
import signal
import subprocess
import sys
import unittest

from api import environment
from replica import Replica, wait_for
from screen import Screen

BUILD, BED = (pathlib.Path(a).resolve() for a in sys.argv[1:3])
ROOT = pathlib.Path(__file__).resolve().parent.parent
ENV = environment(BED)
TYPE = "node.kubernetes.io/instance-type"
POOL = {"apiVersion": "tangram.dev/v1alpha1", "kind": "GpuPool", "metadata": {"name": "a100"},
        "spec": {"mode": "Recommend", "nodeSelector": {TYPE: "p4d.24xlarge"},
                 "disruption": {"moves": "Controlled"}, "scaling": {"minNodes": 1}}}
WEB = {"apiVersion": "apps/v1", "kind": "Deployment",
       "metadata": {"name": "web", "namespace": "default"},
       "spec": {"replicas": 3, "selector": {"matchLabels": {"app": "web"}},
                "template": {"metadata": {"labels": {"app": "web"}},
                             "spec": {"nodeSelector": {TYPE: "p4d.24xlarge"},
                                      "containers": [{"name": "c", "image": "x", "resources": {
                                          "limits": {"nvidia.com/gpu": "2"}}}]}}}}


def run(program, *args, stdin=None, may_fail=False):
    done = subprocess.run([program, *args], input=stdin, capture_output=True, text=True, env=ENV,
                          timeout=120, check=False)
    if done.returncode != 0 and not may_fail:
        raise AssertionError(f"{args}: {done.stdout}{done.stderr}")
    return done


def kubectl(*args, **more):
    return run(ENV["KUBECTL"], *args, **more).stdout


def tangram(*args):
    return run(BUILD / "tangram", *args, may_fail=True)


def get(*args):
    return json.loads(kubectl("get", *args, "-o", "json"))


def create(thing):
    kubectl("create", "-f", "-", stdin=json.dumps(thing))


def condition(thing, kind):
    for one in thing.get("status", {}).get("conditions", []):
        if one["type"] == kind:
            return f"{one['status']} {one['reason']}"
    return ""


def plans():
    return {p["metadata"]["name"]: p for p in get("gpuplans")["items"]}


def open_plan():
    """The one that is not over; None: there is none yet."""
    over = ("Done", "Failed", "Superseded")
    left = [p for p in plans().values()
            if not any(condition(p, kind).startswith("True") for kind in over)]
    return left[0] if left else None


def events_of(plan):
    return {e["reason"] for e in get("events", "-n", "default", "--field-selector",
                                     f"involvedObject.kind=GpuPlan,involvedObject.name={plan}")["items"]}


def undated(text):
    """Without the times of the snapshot that it is about."""
    text = re.sub(r"\d{4}-\d\d-\d\d[T ][\d:.]+Z?", "TIME", text)
    return re.sub(r"for (\d+|a few) seconds?", "for SECONDS", text)


def pods():
    return {p["metadata"]["uid"]: p for p in get("pods", "-n", "default")["items"]
            if "deletionTimestamp" not in p["metadata"]}


class Views(unittest.TestCase):
    """What the controller answers is what is worked out from the API server's lists."""

    @classmethod
    def setUpClass(cls):
        kubectl("apply", "-f", str(ROOT / "deploy/crds"))
        kubectl("wait", "crd", "--all", "--for=condition=Established", "--timeout=60s")
        create(WEB)
        wait_for("the Deployment runs", lambda: len(
            [p for p in pods().values() if p["status"].get("phase") == "Running"]) == 3)
        kubectl("create", "-f", "-", stdin=json.dumps(POOL))
        cls.replica = Replica(BUILD, BED, "views")
        cls.replica.wait_ready()

    @classmethod
    def tearDownClass(cls):
        cls.replica.stop()
        kubectl("delete", "gpupool", "a100")
        kubectl("delete", "gpuplans", "--all")
        kubectl("delete", "deployment", "web", "-n", "default")
        wait_for("its pods are gone", lambda: not pods())

    def check_same(self, *args):
        asked = tangram(*args, "--from", "controller")
        listed = tangram(*args, "--from", "cluster", "--prometheus", "none")
        self.assertEqual(undated(asked.stdout), undated(listed.stdout))
        self.assertEqual(asked.returncode, listed.returncode, asked.stderr + listed.stderr)
        return asked

    def test_plans_are_the_same(self):
        plan = self.check_same("plan", "-o", "json")
        self.assertEqual(plan.returncode, 1, "there are nodes to give back")
        self.assertTrue(json.loads(plan.stdout)["actions"])
        self.check_same("plan")
        self.check_same("plan", "--pool", "a100", "-o", "gpuplan")

    def test_pods_are_explained_the_same(self):
        name = next(iter(pods().values()))["metadata"]["name"]
        self.assertIn(name, self.check_same("explain", "pod", name).stdout)
        missing = self.check_same("explain", "pod", "default/nobody")
        self.assertEqual((missing.returncode, missing.stdout), (2, ""))
        self.assertIn("there is no pod default/nobody", missing.stderr)

    def test_top_is_the_same(self):
        top = json.loads(self.check_same("top", "-o", "json").stdout)
        self.assertEqual([p["name"] for p in top["pools"] if p["name"] == "a100"], ["a100"])
        self.assertIn("by name", self.check_same("top", "--sort", "name").stdout)
        self.check_same("top", "--once", "--columns", "60", "--lines", "12")

    def test_top_in_a_terminal_asks_for_what_it_shows(self):
        def answers():
            return self.replica.requests()["patch", "viewrequests/status"]

        def lines(frame):
            return [re.sub(r"\x1b[^a-zA-Z]*[a-zA-Z]", "", line).rstrip("\r")
                    for line in frame.split("\n")]

        before = answers()
        # No frame is due meanwhile: a key and another size are asked for at once.
        screen = Screen(BUILD / "tangram", "top", "--from", "controller", "--interval", "1h",
                        "--no-color", env=ENV)
        try:
            screen.read_until("measured · by waste")
            screen.read_until("q quits")
            screen.press("n")
            screen.read_until("measured · by name")
            screen.read_until("\x1b[J")
            screen.resize(9, 60)
            frame = lines(screen.read_until("\x1b[J"))
            while len(frame) > 9 or max(map(len, frame)) > 60:
                frame = lines(screen.read_until("\x1b[J"))
            screen.press("q")
            screen.read_until("\x1b[?1049l")
        finally:
            self.assertEqual(screen.close(), 0)
        self.assertGreaterEqual(answers() - before, 3)
        self.assertEqual(get("viewrequests")["items"], [])

    def test_top_in_a_terminal_keeps_the_last_frame_while_nobody_answers(self):
        screen = Screen(BUILD / "tangram", "top", "--from", "controller", "--interval", "500ms",
                        env=ENV)
        try:
            screen.read_until("by waste")
            self.replica.process.send_signal(signal.SIGSTOP)
            screen.read_until("not read again: no controller answers")
            self.replica.process.send_signal(signal.SIGCONT)
            screen.read_until("q quits")
            screen.press("q")
            screen.read_until("\x1b[?1049l")
        finally:
            self.replica.process.send_signal(signal.SIGCONT)
            self.assertEqual(screen.close(), 0)
        wait_for("what was left behind is gone", lambda: get("viewrequests")["items"] == [])

    def test_top_reads_the_cluster_for_another_window(self):
        refused = tangram("top", "--once", "--window", "2h", "--from", "controller")
        self.assertEqual(refused.returncode, 2)
        self.assertIn("leave out --window", refused.stderr)

    def test_who_asks_leaves_nothing_behind(self):
        tangram("plan", "--from", "controller")
        self.assertEqual(get("viewrequests")["items"], [])

    def test_no_option_names_a_file_over_there(self):
        for command, word in (("Plan", "--snapshot=/etc/passwd"), ("Plan", "--policy=/etc/passwd"),
                              ("Plan", "--moves=controlled"), ("Top", "--policy=/etc/passwd"),
                              ("Top", "--prometheus=http://127.0.0.1:1"), ("Top", "--lines=1e9")):
            one = {"apiVersion": "tangram.dev/v1alpha1", "kind": "ViewRequest",
                   "metadata": {"name": "nosy"}, "spec": {"command": command, "arguments": [word]}}
            create(one)
            wait_for("it is refused", lambda: get("viewrequest", "nosy").get(
                "status", {}).get("outcome") == "Refused")
            self.assertNotIn("root:", json.dumps(get("viewrequest", "nosy")))
            kubectl("delete", "viewrequest", "nosy")

    def test_what_it_cannot_say_is_worked_out_here(self):
        moved = tangram("plan", "--moves", "controlled", "-o", "json")
        self.assertEqual(moved.returncode, 1, moved.stderr)
        refused = tangram("plan", "--moves", "controlled", "--from", "controller")
        self.assertEqual(refused.returncode, 2)
        self.assertIn("leave out --moves", refused.stderr)


class NobodyAnswers(unittest.TestCase):
    def test_the_cluster_is_read(self):
        kubectl("apply", "-f", str(ROOT / "deploy/crds"))
        kubectl("wait", "crd", "--all", "--for=condition=Established", "--timeout=60s")
        plan = tangram("plan", "-o", "json")
        self.assertIn("no controller answers", plan.stderr)
        self.assertIn("nodes", json.loads(plan.stdout)["before"])


class Plans(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        kubectl("apply", "-f", str(ROOT / "deploy/crds"))
        kubectl("wait", "crd", "--all", "--for=condition=Established", "--timeout=60s")
        create(WEB)
        wait_for("the Deployment runs", lambda: len(
            [p for p in pods().values() if p.get("status", {}).get("phase") == "Running"]) == 3)
        cls.spread()
        cls.replica = Replica(BUILD, BED, "plans")
        cls.replica.wait_ready()

    @classmethod
    def tearDownClass(cls):
        cls.replica.stop()
        kubectl("delete", "gpupools", "--all")
        kubectl("delete", "deployment", "web", "-n", "default")
        kubectl("uncordon", "-l", f"{TYPE}=p4d.24xlarge")

    @classmethod
    def spread(cls):
        """One pod a node, however the scheduler likes to pack them."""
        for _ in range(10):
            nodes = [p["spec"]["nodeName"] for p in pods().values()]
            twice = [p for p in pods().values() if nodes.count(p["spec"]["nodeName"]) > 1]
            if len(nodes) == 3 and not twice:
                return
            for node in set(nodes):
                kubectl("cordon", node)
            if twice:
                kubectl("delete", "pod", twice[0]["metadata"]["name"], "-n", "default",
                        "--grace-period=0", "--force")
            wait_for("three run", lambda: len(
                [p for p in pods().values() if p["spec"].get("nodeName")]) == 3)
            for node in set(nodes):
                kubectl("uncordon", node)
        raise AssertionError("the pods do not spread")

    def test_1_a_plan_waits_for_approval(self):
        create(POOL)
        wait_for("a plan is proposed", lambda: open_plan() is not None)
        wait_for("it says so", lambda: condition(open_plan(), "Approved")
                 == "False WaitingForApproval")
        plan = open_plan()
        self.assertEqual(plan["spec"]["pool"], "a100")
        kinds = [a["kind"] for a in plan["spec"]["actions"]]
        self.assertEqual((kinds.count("GiveBack"), kinds.count("MovePod")), (9, 2), kinds)
        self.assertLess(plan["spec"]["after"]["usdPerHour"], plan["spec"]["before"]["usdPerHour"])
        listed = tangram("apply")
        self.assertEqual(listed.returncode, 1, listed.stderr)
        self.assertIn(plan["metadata"]["name"], listed.stdout)
        self.assertIn("waits for approval", listed.stdout)

        same = tangram("plan", "--pool", "a100", "--prometheus", "none", "-o", "gpuplan")
        self.assertIn(f'name: "{plan["metadata"]["name"]}"', same.stdout,
                      "tangram plan shows the same plan from the same state")

        pool = get("gpupool", "a100")
        wait_for("the pool says how it is", lambda: condition(get("gpupool", "a100"), "Ready")
                 == "True InForce")
        pool = get("gpupool", "a100")
        self.assertEqual((pool["status"]["nodes"], pool["status"]["gpus"]), (10, 80))

    def test_2_only_what_it_names_is_disturbed(self):
        before = pods()
        plan = open_plan()
        name = plan["metadata"]["name"]
        named = {(p["namespace"], p["name"]) for a in plan["spec"]["actions"]
                 for p in a["disturbs"]}
        # The scheduler does not know which nodes are to go.
        kubectl("cordon", *(a["node"] for a in plan["spec"]["actions"] if a["kind"] == "GiveBack"))
        shown = tangram("apply", name, "--dry-run")
        self.assertEqual(shown.returncode, 1, shown.stderr)
        self.assertFalse(plans()[name]["spec"]["approved"])
        done = tangram("apply", name, "--wait", "--timeout", "60s")
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)  # nodes are for people
        self.assertIn("waits for people", done.stdout)
        plan = plans()[name]
        self.assertEqual(condition(plan, "Approved"), "True ApprovedByPerson")
        self.assertEqual(condition(plan, "Executing"), "True WaitsForPeople")
        gone = {(p["metadata"]["namespace"], p["metadata"]["name"])
                for uid, p in before.items() if uid not in pods()}
        self.assertEqual(gone, named)
        records = {a["id"]: a for a in plan["status"]["actions"]}
        for action in plan["spec"]["actions"]:
            if action["kind"] == "MovePod":
                record = records[action["id"]]
                self.assertEqual(record["state"], "Done")
                self.assertIn(record["podUid"], before)

    def test_3_what_people_do_is_seen(self):
        plan = open_plan()
        name = plan["metadata"]["name"]
        nodes = [a["node"] for a in plan["spec"]["actions"] if a["kind"] == "GiveBack"]
        kubectl("delete", "node", *nodes)
        wait_for("the plan is done", lambda: condition(plans()[name], "Done")
                 == "True AllActionsDone")
        states = {a["state"] for a in plans()[name]["status"]["actions"]}
        self.assertEqual(states, {"Done"})
        wait_for("its events tell the story", lambda: events_of(name) == {
            "Proposed", "Approved", "Executing", "Done"})

    def test_4_bad_input_is_told(self):
        missing = tangram("apply", "a100-nothing")
        self.assertEqual(missing.returncode, 2)
        self.assertIn("there is no GpuPlan a100-nothing", missing.stderr)
        over = next(name for name, p in plans().items()
                    if condition(p, "Done").startswith("True"))
        again = tangram("apply", over)
        self.assertEqual(again.returncode, 2)
        self.assertIn("is done", again.stderr)
        listed = tangram("apply", "--all")
        self.assertIn(over, listed.stdout)

    def test_5_a_pool_whose_nodes_another_selects_is_not_in_force(self):
        create({**POOL, "metadata": {"name": "everything"},
                "spec": {"mode": "Auto", "nodeSelector": {}}})
        for pool in ("a100", "everything"):
            wait_for(pool, lambda pool=pool: condition(get("gpupool", pool), "Ready")
                     == "False NodesOverlap", seconds=90)
            self.assertEqual(get("gpupool", pool)["status"]["mode"], "Observe")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
