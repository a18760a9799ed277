#!/usr/bin/env python3
"""What goes wrong in a cluster, done to `tangram controller` on a real control plane.

Usage: faults_test.py BUILD_DIR TESTBED_DIR [TEST...]     (testbed/faults runs it)
docs/failures.md says of each fault what happens, and names its test.
"""
import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import breakable
import plane
from api import Api, apply_crds
from breakable import (BED, ELECTION, EXCLUDED, IN_CLUSTER, LEASE_TIME, NAMESPACE, NUMBERS, OTHER,
                       OUT_OF_CLUSTER, SECRETS, WEBHOOKS, Cluster, classed, webhook_configuration)
from fleet import CARD, PODS, gated, gates_of, pod
from proxy import Proxy
from replica import wait_for



def setUpModule():
    breakable.prepare()


def expired_certificates():
    """A Secret's data as ours, but of yesterday."""
    with tempfile.TemporaryDirectory() as folder:
        key, certificate = f"{folder}/key", f"{folder}/crt"
        for args in (["ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", key],
                     ["req", "-new", "-key", key, "-subj", "/CN=tangram", "-out", f"{folder}/csr"],
                     ["x509", "-req", "-in", f"{folder}/csr", "-signkey", key, "-days", "-1",
                      "-out", certificate]):
            subprocess.run(["openssl", *args], check=True, capture_output=True)
        pair = {"crt": pathlib.Path(certificate).read_text(), "key": pathlib.Path(key).read_text()}
    return {"ca.crt": pair["crt"], **{f"{of}.{part}": text for of in ("authority", "tls")
                                      for part, text in pair.items()}}


class Faults(Cluster):
    def pair(self, **more):
        """Two replicas, the first of which leads."""
        first = self.start("first", *ELECTION, **more)
        first.wait_ready()
        wait_for("it leads", lambda: first.says("leading as"))
        second = self.start("second", *ELECTION, **more)
        second.wait_ready()
        return first, second

    def check_running(self):
        for replica in self.replicas:
            self.assertIsNone(replica.process.poll(), replica.log)

    def test_the_api_server_is_killed_and_its_history_with_it(self):
        """It comes back without what happened meanwhile: watches get 410, and lists are read again."""
        network = Proxy(BED)
        self.addCleanup(network.close)
        first, second = self.pair(kubeconfig=network.kubeconfig)
        names = self.create(20)
        self.check_bound(names)
        lists = first.requests()["list", "pods"]
        network.silent = True
        names += self.create(20)
        command = plane.kill(BED, "kube-apiserver")
        plane.compact(BED)
        network.cut()
        time.sleep(LEASE_TIME)  # nobody leads
        plane.start(BED, "kube-apiserver", command)
        plane.wait_answers(BED)
        self.api = Api(BED)
        network.silent = False
        self.check_bound(names, 60)
        self.check_running()
        wait_for("its watch was too old", lambda: first.requests()["list", "pods"] > lists)
        lifted = sum(r.counts()["tangram_placement_lifted_total"] for r in (first, second))
        self.assertLessEqual(lifted, 40, "nothing is done twice")

    def test_watches_are_cut_slow_and_silent(self):
        network = Proxy(BED)
        self.addCleanup(network.close)
        first, second = self.pair(kubeconfig=network.kubeconfig)
        names = []
        for _ in range(10):
            names += self.create(2)
            network.cut()
            time.sleep(0.2)
        self.check_bound(names)
        network.delay = 0.2
        self.check_bound(self.create(10))
        network.delay = 0
        network.silent = True
        names = self.create(5)
        wait_for("who hears nothing stops leading", lambda: first.says("no longer leading")
                 or second.says("no longer leading"))
        network.silent = False
        self.check_bound(names)
        self.check_running()

    def test_somebody_writes_every_pod_all_the_time(self):
        """And is always first: we hear of each change a moment later."""
        network = Proxy(BED)
        self.addCleanup(network.close)
        first, second = self.pair(kubeconfig=network.kubeconfig)
        hold = "example.com/hold"
        names = self.create(10, hold)
        writers = [Writer(names) for _ in range(4)]
        network.delay = 0.1
        for name in names:
            self.api.call("PATCH", f"{PODS}/{name}", {"spec": {"schedulingGates": [
                {"$patch": "delete", "name": hold}]}}, "application/strategic-merge-patch+json")
        time.sleep(2)
        written = sum(writer.stop() for writer in writers)
        network.delay = 0
        self.check_bound(names)
        failed = sum(r.counts()["tangram_placement_failed_total"] for r in (first, second))
        print(f"    {written} writes of others, {failed:.0f} of ours failed", file=sys.stderr)
        self.assertGreater(failed, 0)

    def test_a_leader_that_was_stopped_writes_nothing(self):
        """Stopped with writes decided and not sent, for longer than the Lease."""
        names = self.create(40)
        first = self.start("first", *ELECTION, qps=10)  # its writes wait for their turn
        wait_for("it leads", lambda: first.says("leading as"))
        second = self.start("second", *ELECTION)
        self.watch.wait_for("some are bound", lambda: self.checker.bound, 20)
        waiting = first.counts()["tangram_kube_flow_waiting"]
        before = first.requests()["patch", "pods"]
        first.process.send_signal(signal.SIGSTOP)
        self.assertGreater(waiting, 5)
        wait_for("the other leads", lambda: second.says("leading as"))
        self.check_bound(names, 60)
        first.process.send_signal(signal.SIGCONT)
        wait_for("it knows", lambda: first.says("no longer leading"))
        time.sleep(1)  # in which ten would go
        self.assertLess(first.requests()["patch", "pods"] - before, 4, "what waited was not sent")
        self.assertEqual(second.stop(), 0)
        self.check_bound(self.create(2))

    def test_a_webhook_that_is_down_or_silent_costs_a_second(self):
        replica = self.start("webhook", *OUT_OF_CLUSTER)
        replica.wait_ready()
        wait_for("it chooses", lambda: self.created_with_class("a")[0])
        for name, how, least in (("silent", signal.SIGSTOP, 0.9), ("down", signal.SIGKILL, 0)):
            replica.process.send_signal(how)
            chosen, took = self.created_with_class(name)
            self.assertFalse(chosen)
            self.assertLess(took, least + 1)
            self.assertGreaterEqual(took, least)
            print(f"    {name}: {took:.2f} s", file=sys.stderr)

    def created_with_class(self, name):
        """Whether the webhook chose for a pod, and how long its creation took."""
        one = classed(f"{name}-{next(NUMBERS)}")
        began = time.monotonic()
        status, answer = self.api.call("POST", f"/api/v1/namespaces/{OTHER}/pods", one)
        self.assertEqual(status, 201, answer)
        return "tangram.dev/choice" in answer["metadata"].get("annotations", {}), (
            time.monotonic() - began)

    def test_a_certificate_that_expired_is_made_anew(self):
        self.make(SECRETS, {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "webhook"},
                            "stringData": expired_certificates()})
        self.make(WEBHOOKS, webhook_configuration())
        self.start("webhook", *ELECTION, *IN_CLUSTER).wait_ready()
        self.check_certificates()

    def test_crds_that_are_missing_or_of_another_version_are_picked_up(self):
        path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/gpupools.tangram.dev"
        crd = self.api.call("GET", path)[1]
        older = json.loads(json.dumps(crd))
        older["metadata"] = {"name": crd["metadata"]["name"]}
        older.pop("status")
        older["spec"]["versions"][0]["name"] = "v1alpha0"
        self.api.call("DELETE", path)
        wait_for("it is gone", lambda: self.api.call("GET", path)[0] == 404)
        self.make(path.rpartition("/")[0], older)
        self.addCleanup(apply_crds, BED)
        first, _ = self.pair()
        self.check_bound(self.create(4))
        self.assertTrue(first.says(r"gpupools.tangram.dev: this cluster does not serve v1alpha1"))
        self.assertEqual(first.ask("health", "/readyz")[0], 200)
        self.api.call("DELETE", path)
        wait_for("it is gone", lambda: self.api.call("GET", path)[0] == 404)
        apply_crds(BED)
        wait_for("it is picked up", lambda: first.says("gpupools.tangram.dev: served now"))

    def test_excluded_namespaces_are_never_touched(self):
        """Whatever their pods carry: our label, our gate."""
        replica = self.start("replica", *OUT_OF_CLUSTER, "--preempt",
                             "--exclude-namespaces", f"{NAMESPACE},{EXCLUDED}")
        replica.wait_ready()
        wait_for("it chooses", lambda: self.created_with_class("a")[0])
        for namespace in ("kube-system", NAMESPACE, EXCLUDED):
            for one in (classed("chosen"), gated(pod("gated", CARD))):
                one["metadata"]["namespace"] = namespace
                self.make(f"/api/v1/namespaces/{namespace}/pods", one)
        self.check_bound(self.create(4))
        time.sleep(1)
        for namespace in ("kube-system", NAMESPACE, EXCLUDED):
            for name, gates in (("chosen", []), ("gated", ["tangram.dev/placement"])):
                path = f"/api/v1/namespaces/{namespace}/pods/{name}"
                found = self.api.call("GET", path)[1]
                self.assertEqual(gates_of(found), gates, path)
                self.assertNotIn("annotations", found["metadata"], path)
                self.api.call("DELETE", path + "?gracePeriodSeconds=0")


class Writer(threading.Thread):
    """Writes to these pods, one after the other, again and again."""

    def __init__(self, names):
        super().__init__(daemon=True)
        self._names = names
        self._end = threading.Event()
        self._written = 0
        self.start()

    def run(self):
        api = Api(BED)
        while not self._end.is_set():
            for name in self._names:
                self._written += 1
                api.patch(f"{PODS}/{name}",
                          {"metadata": {"annotations": {"touched": str(self._written)}}})
        api.close()

    def stop(self):
        """How often it wrote."""
        self._end.set()
        self.join()
        return self._written


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2, warnings="ignore")
