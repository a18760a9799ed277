#!/usr/bin/env python3
"""A pool makes ready what is expected, by what Prometheus says was wanted in the hours before.

Usage: forecast_test.py BUILD_DIR TESTBED_DIR WORK_DIR     (testbed/e2e runs it)
"""
import json
import pathlib
import re
import subprocess
import sys
import time
import unittest

from api import Api, apply_crds, environment
from prometheus import History
from replica import Replica, wait_for

BUILD, BED, WORK = (pathlib.Path(a).resolve() for a in sys.argv[1:4])
PATH = "/apis/tangram.dev/v1alpha1/"
METRIC = "tangram_pool_instances_wanted"
POOL = {"apiVersion": "tangram.dev/v1alpha1", "kind": "GpuPool", "metadata": {"name": "halves"},
        "spec": {"mode": "Recommend",
                 "nodeSelector": {"node.kubernetes.io/instance-type": "p4d.24xlarge"},
                 "partitioning": {"backend": "Agent", "forecast": {"ahead": "1h"}},
                 "scaling": {"giveBack": False}}}


def tangram(*args):
    return subprocess.run([BUILD / "tangram", *map(str, args)], capture_output=True, text=True,
                          timeout=300, check=False, env=environment(BED))


def wanted(profile, count, weeks=3):
    """So many at each moment of the weeks before now."""
    now = int(time.time())
    labels = {"gpu_pool": "halves", "profile": profile}
    return [(METRIC, labels, at, count) for at in range(now - weeks * 604800, now, 600)]


def cuts(actions):
    return [a for a in actions if a["kind"] == "Repartition"]


class Forecast(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        apply_crds(BED)
        cls.api = Api(BED)
        assert cls.api.call("POST", PATH + "gpupools", POOL)[0] == 201
        cls.history = History(WORK / "forecast", wanted("2g.10gb", 4))
        cls.replica = Replica(BUILD, BED, "forecast", "--prometheus", cls.history.url)
        cls.replica.wait_ready()
        cls.history.scrape(cls.replica.port("metrics"))

    @classmethod
    def tearDownClass(cls):
        assert cls.replica.stop() == 0
        for kind in ("gpuplans", "gpupools"):
            cls.api.call("DELETE", PATH + kind)
        cls.history.stop()

    def test_1_what_is_expected_is_planned(self):
        def reasons():
            return {a["reason"] for p in self.api.call("GET", PATH + "gpuplans")[1]["items"]
                    for a in cuts(p["spec"]["actions"])}

        says = re.compile(r"4 of 2g.10gb expected until .* \(\d\d % sure\)")
        wait_for("cards are to be cut", lambda: any(map(says.match, reasons())), 120)

        def reason():
            pool = self.api.call("GET", PATH + "gpupools/halves")[1]
            return pool["status"]["conditions"][0]["reason"]

        wait_for("its history is known", lambda: reason() == "InForce")

    def test_2_what_is_wanted_now_is_recorded(self):
        holds = self.replica.counts()[f'{METRIC}{{gpu_pool="halves",profile="2g.10gb"}}']
        recorded = f'{METRIC}{{job="tangram",gpu_pool="halves",profile="2g.10gb"}}'
        wait_for("prometheus has it", lambda: self.history.query(recorded) == [float(holds)])

    def test_3_a_person_sees_the_same(self):
        saved = WORK / "forecast.json"
        made = tangram("snapshot", "--prometheus", self.history.url, "-f", saved)
        self.assertEqual(made.returncode, 0, made.stderr)
        rows = json.loads(saved.read_text())["demand"]
        row = next(r for r in rows if r["profile"] == "2g.10gb")
        # Of this hour only what pods want now may be known.
        self.assertEqual((row["pool"], set(row["peaks"][:-1])), ("halves", {4}))
        self.assertGreaterEqual(len(row["peaks"]), 3 * 7 * 24 - 1)
        (WORK / "pool.yaml").write_text(json.dumps(POOL))
        shown = tangram("plan", "--snapshot", saved, "--policy", WORK / "pool.yaml", "-o", "json")
        self.assertEqual(shown.returncode, 1, shown.stderr)
        proposed = cuts(self.api.call("GET", PATH + "gpuplans")[1]["items"][0]["spec"]["actions"])
        self.assertEqual({(a["node"], a["gpu"]) for a in cuts(json.loads(shown.stdout)["actions"])},
                         {(a["node"], a["gpu"]) for a in proposed})


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]], verbosity=2)
