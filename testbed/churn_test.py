#!/usr/bin/env python3
"""Thousands of pods come, name a class, are placed, and go, while an independent checker counts.

Usage: churn_test.py BUILD_DIR TESTBED_DIR [PODS]     (testbed/churn runs it)
The checker reads the API server's own stream of pods, in its order, and shares no code with the
planner: whenever a pod is sent to a node, that node must have what the pod asks for (checker.py).
"""
import collections
import json
import pathlib
import random
import subprocess
import sys
import threading
import time
import unittest

from api import Api, apply_crds, environment
from checker import Checker
from fleet import CARD, PODS, SHARE, SLICE, Watch, create, pod, ready_nodes
from replica import Replica

BUILD, BED = (pathlib.Path(a).resolve() for a in sys.argv[1:3])
COUNT = int(sys.argv[3]) if len(sys.argv) > 3 else 5000
AT_ONCE = 2000  # pods that are there together, at most
CLASSES = {"whole": (CARD, {"isolation": "Exclusive"}),
           "share": (SHARE, {"memory": "16Gi", "isolation": "Shared"}),
           "slice": (SLICE, {"memory": "4Gi", "isolation": "Hardware"})}


def gpu_class(name):
    return {"apiVersion": "tangram.dev/v1alpha1", "kind": "GpuClass", "metadata": {"name": name},
            "spec": CLASSES[name][1]}


def asking(number):
    """A pod that names a class and no device."""
    name = list(CLASSES)[number % len(CLASSES)]
    one = pod(f"p{number}", CARD, labels={"tangram.dev/gpu-class": name})
    one["spec"]["containers"][0]["resources"]["limits"].pop(CARD)
    return one


def of_class(one):
    """What a pod has to ask for once the webhook chose."""
    name = one["metadata"]["labels"]["tangram.dev/gpu-class"]
    return collections.Counter({CLASSES[name][0]: 1})


class Remover(threading.Thread):
    """Takes away pods that run, whichever, so that others have room."""

    def __init__(self, checker):
        super().__init__(daemon=True)
        self._checker = checker
        self._dice = random.Random(5)
        self.end = False

    def run(self):
        api = Api(BED)
        while not self.end:
            running = sorted(self._checker.here.copy())
            if len(running) < AT_ONCE:
                time.sleep(0.05)
                continue
            for name in self._dice.sample(running, len(running) - AT_ONCE + 1):
                api.call("DELETE", f"{PODS}/{name}?gracePeriodSeconds=0")


class Churn(unittest.TestCase):
    def test_every_pod_ends_on_a_node_that_has_room(self):
        env = environment(BED)
        apply_crds(BED)
        subprocess.run([env["KUBECTL"], "apply", "-f", "-"], env=env, check=True, text=True,
                       stdout=subprocess.DEVNULL,
                       input=json.dumps({"apiVersion": "v1", "kind": "List",
                                         "items": [gpu_class(name) for name in CLASSES]}))
        nodes = ready_nodes(BED)
        replica = Replica(BUILD, BED, "churn", "--webhook-address", "127.0.0.1:0", "--webhook-url",
                          "https://127.0.0.1", "--webhook-name", "tangram-churn", "--qps", "1000",
                          "--gate-limit", "300s")  # there is room, once others have gone
        self.addCleanup(replica.stop)
        replica.wait_ready()
        # A busy machine may take longer than the second after which pods go on without us.
        subprocess.run([env["KUBECTL"], "patch", "mutatingwebhookconfiguration", "tangram-churn",
                        "--type=json", "-p", json.dumps([
                            {"op": "replace", "path": "/webhooks/0/timeoutSeconds", "value": 20}])],
                       env=env, check=True, stdout=subprocess.DEVNULL)
        checker = Checker(nodes, of_class)
        watch = Watch(BED, checker)
        remover = Remover(checker)
        remover.start()
        create(BED, [asking(number) for number in range(COUNT)])
        watch.wait_for("all were bound", lambda: len(checker.bound) == COUNT or checker.wrong, 600)
        remover.end = True
        remover.join()
        watch.close()
        self.assertEqual(checker.wrong[:5], [])
        counts = replica.counts()
        self.assertEqual(counts["tangram_placement_lifted_total"], COUNT)
        self.assertEqual(counts["tangram_placement_released_total"], 0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2, warnings="ignore")
