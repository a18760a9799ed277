#!/usr/bin/env python3
"""`tangram agent` writes its node's GpuNode to a real API server, with the rights that the chart
gives it, and cuts cards (of the fake NVML library) as that object asks.

Usage: agent_test.py BUILD_DIR TESTBED_DIR HELM     (testbed/e2e_deploy runs it)
"""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import yaml

from api import Api, apply_crds, environment
from replica import wait_for

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD, BED, HELM = (pathlib.Path(a).resolve() for a in sys.argv[1:4])
GPU_NODES = "/apis/tangram.dev/v1alpha1/gpunodes"
NAMESPACE = "tangram-system"
NODE, OTHER = "cut-me", "not-me"
CARD = "GPU-00000000-0000-4000-8000-000000000000"
CREATE = "nvmlDeviceCreateGpuInstanceWithPlacement"


def machine(**more):
    """One card, with a busy instance and a free one."""
    return {"cards": [{"name": "NVIDIA H100 80GB HBM3", "mig": {"enabled": True, "instances": [
        {"profile": "1g.10gb", "start": 0}, {"profile": "3g.40gb", "start": 4}]},
        "processes": [{"pid": 4242, "instance": 1}]}], **more}


def at(*instances):
    return [{"profile": profile, "start": start} for profile, start in instances]


def cut(node):
    """The instances that the report says, by their start."""
    return at(*((i["profile"], i["start"]) for i in node["status"]["cards"][0]["mig"]["instances"]))


class Agent(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        apply_crds(BED)
        cls.api = Api(BED)
        made = subprocess.run(
            [HELM, "template", "tangram", ROOT / "deploy/chart", "-n", NAMESPACE, "--set",
             "crds.install=false,agent.enabled=true,agent.report=true,agent.mig.enabled=true"],
            check=True, capture_output=True, text=True).stdout
        kinds = ("ServiceAccount", "ClusterRole", "ClusterRoleBinding", "ValidatingAdmissionPolicy",
                 "ValidatingAdmissionPolicyBinding")
        cls.rights = [d for d in yaml.safe_load_all(made) if d and d["kind"] in kinds
                      and d["metadata"]["name"] == "tangram-agent"]
        cls.post("/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
        cls.kubectl("apply")
        for name in (NODE, OTHER):
            cls.post("/api/v1/nodes", {"metadata": {"name": name}, "spec": {"unschedulable": True}})

    @classmethod
    def tearDownClass(cls):
        for name in (NODE, OTHER):
            cls.api.call("DELETE", f"/api/v1/nodes/{name}")
        cls.kubectl("delete")
        cls.api.call("DELETE", f"/api/v1/namespaces/{NAMESPACE}")

    @classmethod
    def post(cls, path, body):
        status, answer = cls.api.call("POST", path, body)
        assert status in (200, 201, 409), answer
        return answer

    @classmethod
    def kubectl(cls, verb):
        env = environment(BED)
        subprocess.run([env["KUBECTL"], verb, "-f", "-"], env=env, check=True, capture_output=True,
                       input=yaml.safe_dump_all(cls.rights), text=True)

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tangram-agent-", dir=BED))
        self.agents = []
        self.log = self.folder / "log"

    def tearDown(self):
        for agent in self.agents:
            agent.kill()
            agent.wait()
        for path in (f"{GPU_NODES}/{NODE}", f"{GPU_NODES}/{OTHER}",
                     f"/api/v1/namespaces/{NAMESPACE}/pods/agent?gracePeriodSeconds=0"):
            self.api.call("DELETE", path)

    def token(self):
        """As the kubelet gives one to the agent's pod on NODE."""
        pod = self.post(f"/api/v1/namespaces/{NAMESPACE}/pods", {
            "metadata": {"name": "agent"}, "spec": {
                "serviceAccountName": "tangram-agent", "nodeName": NODE,
                "containers": [{"name": "agent", "image": "agent"}]}})
        if pod["kind"] != "Pod":
            pod = self.api.call("GET", f"/api/v1/namespaces/{NAMESPACE}/pods/agent")[1]
        bound = {"kind": "Pod", "apiVersion": "v1", "name": "agent", "uid": pod["metadata"]["uid"]}
        made = self.post(f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts/tangram-agent/token", {
            "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
            "spec": {"boundObjectRef": bound, "audiences": [], "expirationSeconds": 3600}})
        return made["status"]["token"]

    def config(self):
        config = yaml.safe_load((BED / "kubeconfig").read_text())
        config["users"][0]["user"] = {"token": self.token()}
        path = self.folder / "kubeconfig"
        path.write_text(yaml.safe_dump(config))
        return path

    def start(self, played, *args, node=NODE):
        file = self.folder / "machine.json"
        if played is not None:
            file.write_text(json.dumps(played))
        with self.log.open("a") as log:
            self.agents.append(subprocess.Popen(
                [BUILD / "tangram", "agent", "--report", "--mig", "--every", "1s",
                 "--nvml", BUILD / "src/agent/fake_nvml.so", "--pod-resources", "",
                 "--kubeconfig", self.config(), *args],
                stdout=subprocess.DEVNULL, stderr=log,
                env={**os.environ, "TANGRAM_FAKE_NVML": str(file), "NODE_NAME": node}))
        return self.agents[-1]

    def node(self):
        status, node = self.api.call("GET", f"{GPU_NODES}/{NODE}")
        return node if status == 200 and "cards" in node.get("status", {}) else None

    def reported(self):
        wait_for("a report: " + str(self.log), self.node, 30)
        return self.node()

    def order(self, name, *instances, uuid=CARD):
        status, answer = self.api.patch(f"{GPU_NODES}/{NODE}", {"spec": {
            "operation": name, "layouts": [{"uuid": uuid, "mig": True, "instances": at(*instances)}]}})
        self.assertEqual(status, 200, answer)
        return answer["metadata"]["generation"]

    def answer(self, generation, *states):
        def there():
            order = (self.node() or {}).get("status", {}).get("order", {})
            return order.get("generation") == generation and order["state"] in states
        wait_for(f"order {generation} is {states}: {self.log}", there, 30)
        return self.node()["status"]["order"]

    def test_reports_and_keeps_still(self):
        self.start(machine())
        node = self.reported()
        card = node["status"]["cards"][0]
        self.assertEqual(card["uuid"], CARD)
        self.assertEqual([(i["profile"], i["start"], i["inUse"]) for i in card["mig"]["instances"]],
                         [("1g.10gb", 0, True), ("3g.40gb", 4, False)])
        ready, = node["status"]["conditions"]
        self.assertEqual((ready["status"], ready["reason"]), ("True", "Reading"))
        owner, = node["metadata"]["ownerReferences"]
        uid = self.api.call("GET", f"/api/v1/nodes/{NODE}")[1]["metadata"]["uid"]
        self.assertEqual((owner["kind"], owner["uid"]), ("Node", uid))
        time.sleep(13)  # nothing changed: no write, though it samples each second
        self.assertEqual(self.node()["metadata"]["resourceVersion"],
                         node["metadata"]["resourceVersion"])

    def test_cuts_in_free_placements(self):
        self.start(machine())
        before = self.reported()
        generation = self.order("cut", ("1g.10gb", 0), ("2g.20gb", 2), ("3g.40gb", 4))
        answer = self.answer(generation, "Done", "Failed")
        self.assertEqual((answer["state"], answer["reason"]), ("Done", "Cut"), answer)
        now = self.node()
        self.assertEqual(cut(now), at(("1g.10gb", 0), ("2g.20gb", 2), ("3g.40gb", 4)))
        old = before["status"]["cards"][0]["mig"]["instances"]
        new = now["status"]["cards"][0]["mig"]["instances"]
        self.assertEqual([new[0], new[2]], old)
        self.assertEqual(answer["before"], [{"uuid": CARD, "mig": True, "instances": cut(before)}])

    def test_what_is_in_use_stays(self):
        self.start(machine())
        before = self.reported()
        answer = self.answer(self.order("in-use", ("2g.20gb", 0)), "Done", "Failed")
        self.assertEqual((answer["state"], answer["reason"]), ("Failed", "InUse"))
        self.assertIn("in use by process 4242; end that first", answer["message"])
        self.assertEqual(cut(self.node()), cut(before))
        answer = self.answer(self.order("no-card", uuid="GPU-gone"), "Done", "Failed")
        self.assertEqual((answer["state"], answer["reason"]), ("Failed", "CardLost"))

    def test_two_owners_are_refused(self):
        self.start(machine())
        before = self.reported()
        label = "nvidia.com/gpu.deploy.mig-manager"
        self.api.patch(f"/api/v1/nodes/{NODE}", {"metadata": {"labels": {label: "true"}}})
        self.addCleanup(self.api.patch, f"/api/v1/nodes/{NODE}", {"metadata": {"labels": {label: None}}})
        answer = self.answer(self.order("two", ("1g.10gb", 0), ("2g.20gb", 2)), "Done", "Failed")
        self.assertEqual((answer["state"], answer["reason"]), ("Failed", "TwoOwners"))
        self.assertIn(f"{label}=true", answer["message"])
        self.assertEqual(cut(self.node()), cut(before))

    def test_a_lie_of_the_driver_is_found_and_undone(self):
        self.start(machine(faults=[{"call": CREATE, "lies": True, "times": 1}]))
        before = self.reported()
        answer = self.answer(self.order("lie", ("1g.10gb", 0), ("2g.20gb", 4)), "Done", "Failed")
        self.assertEqual((answer["state"], answer["reason"]), ("Failed", "NothingMade"))
        self.assertIn("The cards are cut as they were before", answer["message"])
        self.assertEqual(cut(self.node()), cut(before))

    def test_goes_on_after_a_kill(self):
        slow = [{"call": CREATE, "milliseconds": 3000, "times": 1}]
        agent = self.start(machine(faults=slow))
        self.reported()
        generation = self.order("killed", ("1g.10gb", 0), ("2g.20gb", 2))
        wait_for("the free instance is gone",
                 lambda: (self.folder / "machine.json.changes").exists(), 30)
        agent.send_signal(signal.SIGKILL)
        agent.wait()
        running = self.answer(generation, "Running")
        self.start(None)
        answer = self.answer(generation, "Done", "Failed")
        self.assertEqual(answer["state"], "Done", answer)
        self.assertEqual(answer["before"], running["before"])
        self.assertEqual(cut(self.node()), at(("1g.10gb", 0), ("2g.20gb", 2)))

    def test_writes_of_its_own_node_alone(self):
        self.start(machine(), node=OTHER)
        wait_for("it is refused", lambda: "writes only the GpuNode of that name" in
                 self.log.read_text(), 30)
        self.assertEqual(self.api.call("GET", f"{GPU_NODES}/{OTHER}")[0], 404)

    def test_the_schema(self):
        def make(spec):
            return self.api.call("POST", GPU_NODES, {
                "apiVersion": "tangram.dev/v1alpha1", "kind": "GpuNode",
                "metadata": {"name": OTHER}, "spec": spec})
        layout = {"uuid": CARD, "mig": True}
        for spec, why in (({"operation": "a"}, "operation and layouts together"),
                          ({"operation": "a", "layouts": []}, "at least 1"),
                          ({"operation": "a", "layouts": [layout, layout]}, "Duplicate"),
                          ({"operation": "a", "layouts": [{**layout, "mig": False,
                                                           "instances": at(("1g.10gb", 0))}]},
                           "only with MIG on"),
                          ({"operation": "a", "layouts": [{**layout, "instances": at(
                              ("1g.10gb", 0), ("2g.20gb", 0))}]}, "Duplicate"),
                          ({"operation": "a", "layouts": [{**layout, "instances": at(
                              ("big", 0))}]}, "should match")):
            status, answer = make(spec)
            self.assertEqual(status, 422, answer)
            self.assertIn(why, answer["message"])
        self.assertEqual(make({"operation": "a", "layouts": [layout]})[0], 201)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]], verbosity=2)
