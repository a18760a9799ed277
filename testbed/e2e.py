#!/usr/bin/env python3
"""The commands as a user runs them, against a real API server and a real Prometheus.

Usage: e2e.py BUILD_DIR TESTBED_DIR WORK_DIR     (testbed/e2e runs it)
"""
import json
import pathlib
import subprocess
import sys
import unittest

from api import Api, apply_crds
from replica import Replica, wait_for

BUILD, BED, WORK = (pathlib.Path(a).resolve() for a in sys.argv[1:4])
ENV = dict(line.split("=", 1) for line in (BED / "env").read_text().splitlines() if "=" in line)
SECRET = "s3cr3t-do-not-leak"


def tangram(*args, kubeconfig="kubeconfig", stdin=None):
    """Runs the command; its result, never raising."""
    return subprocess.run([BUILD / "tangram", *map(str, args)], capture_output=True, text=True,
                          input=stdin, timeout=300, check=False,
                          env={"KUBECONFIG": str(BED / kubeconfig), "PATH": "/usr/bin:/bin"})


def live(*args, kubeconfig="kubeconfig"):
    return tangram(*args, "--prometheus", ENV["PROMETHEUS"], "--window", "36h",
                   kubeconfig=kubeconfig)


class Measured(unittest.TestCase):
    """The controller reads usage, too: what is idle is planned for, and explained by what it did."""
    POOL = {"apiVersion": "tangram.dev/v1alpha1", "kind": "GpuPool", "metadata": {"name": "all"},
            "spec": {"mode": "Recommend", "nodeSelector": {}, "disruption": {"stopIdle": True}}}
    PATH = "/apis/tangram.dev/v1alpha1/"

    def test_pods_that_idle_are_in_the_plan_of_the_controller(self):
        apply_crds(BED)
        api = Api(BED)
        self.assertEqual(api.call("POST", self.PATH + "gpupools", self.POOL)[0], 201)
        replica = Replica(BUILD, BED, "measured", "--prometheus", ENV["PROMETHEUS"], "--window", "36h")
        try:
            replica.wait_ready()

            def stopped():
                return {a["pod"]["name"] for p in api.call("GET", self.PATH + "gpuplans")[1]["items"]
                        for a in p["spec"]["actions"] if a["kind"] == "StopPod"}

            # It reads 36 hours first: half a minute, and several beside other tests.
            wait_for("the idle notebook is to stop", lambda: "lab-0" in stopped(), 400)
            self.assertNotIn("steady", stopped())
            told = tangram("explain", "pod", "lab-0", "-n", "research", "--from", "controller")
            self.assertIn("over 1d12h", told.stdout)
        finally:
            self.assertEqual(replica.stop(), 0)
            for kind in ("gpuplans", "gpupools"):
                api.call("DELETE", self.PATH + kind)


class Live(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.saved = WORK / "small.json"
        cls.made = live("report", "-o", "json", "--save-snapshot", cls.saved)
        cls.report = json.loads(cls.made.stdout)

    def findings(self, kind):
        return [f for leak in self.report["leaks"] for f in leak["findings"] if f["kind"] == kind]

    def test_recorded_report_is_the_live_one_byte_for_byte(self):
        self.assertEqual(self.made.returncode, 0, self.made.stderr)
        again = tangram("report", "-o", "json", "--snapshot", self.saved)
        self.assertEqual(again.stdout, self.made.stdout)

    def test_sums_add_up(self):
        totals = self.report["totals"]
        parts = sum(totals[k] for k in ("wasteUsdPerMonth", "usefulUsdPerMonth",
                                        "unmeasuredUsdPerMonth"))
        self.assertAlmostEqual(parts, totals["usdPerMonth"], places=5)
        self.assertAlmostEqual(sum(leak["usdPerMonth"] for leak in self.report["leaks"]),
                               totals["wasteUsdPerMonth"], places=5)

    def test_counts_what_the_cluster_file_says(self):
        totals = self.report["totals"]
        self.assertEqual((totals["gpuNodes"], totals["gpus"], totals["podsPending"]), (7, 17, 1))
        self.assertEqual(self.report["unknownModels"], [])

    def test_empty_node_and_idle_notebook_are_found(self):
        self.assertIn("a100-idle-0", [f["node"] for f in self.findings("EmptyNode")])
        idle = {f["pod"]: f for f in self.findings("IdlePod")}
        self.assertIn("lab-0", idle)
        self.assertEqual(idle["lab-0"]["evidence"]["metric"], "DCGM_FI_PROF_GR_ENGINE_ACTIVE")

    def test_busy_pod_is_not_idle(self):
        self.assertNotIn("steady-0", [f["pod"] for f in self.findings("IdlePod")])

    def test_no_environment_value_leaves_the_cluster(self):
        self.assertNotIn(SECRET, self.saved.read_text())
        self.assertNotIn(SECRET, self.made.stdout + self.made.stderr)

    def test_hashed_names_leave_no_name(self):
        hashed = tangram("snapshot", "--snapshot", self.saved, "--hash-names", "--hash-key", "k")
        self.assertEqual(hashed.returncode, 0, hashed.stderr)
        for name in ("a100-idle-0", "lab-0", "steady"):
            self.assertNotIn(name, hashed.stdout)
        report = tangram("report", "-o", "json", "--snapshot", "-", stdin=hashed.stdout)
        self.assertEqual(json.loads(report.stdout)["totals"], self.report["totals"])

    def test_devices_of_dra_are_in_the_snapshot_and_plans_read_them(self):
        saved = json.loads(self.saved.read_text())
        devices = [d for s in saved["slices"] for d in s.get("devices", [])]
        self.assertEqual({s["pool"] for s in saved["slices"]}, {"h100-dra-0"})
        self.assertTrue(any(s.get("counters") for s in saved["slices"]), "MIG as shared counters")
        self.assertTrue(any("-mig-" in d["name"] and d.get("consumes") for d in devices))
        self.assertEqual({c["name"] for c in saved["deviceClasses"]},
                         {"gpu.nvidia.com", "mig.nvidia.com"})
        names = {d["name"] for d in devices}
        held = [d for c in saved["claims"] for d in c.get("devices", [])]
        self.assertTrue(held)
        self.assertLessEqual({d["device"] for d in held}, names)
        plan = tangram("plan", "-o", "json", "--snapshot", self.saved)
        self.assertIn(plan.returncode, (0, 1), plan.stderr)
        now = live("plan", "-o", "json")
        self.assertEqual(json.loads(now.stdout)["actions"], json.loads(plan.stdout)["actions"])

    def test_table_fits_a_hundred_columns(self):
        table = tangram("report", "--snapshot", self.saved).stdout
        self.assertLessEqual(max(map(len, table.splitlines())), 100)
        self.assertNotIn("\x1b", table)

    def test_page_shows_the_reports_numbers_in_chromium(self):
        page, data = WORK / "small.html", WORK / "small-report.json"
        made = tangram("report", "-o", "json", "--snapshot", self.saved, "--html", page)
        data.write_text(made.stdout)
        shown = subprocess.run(["node", "report/test/page.test.mjs", page, data],
                               cwd=BUILD / "web" / "report", capture_output=True, text=True,
                               timeout=180, check=False)
        self.assertEqual(shown.returncode, 0, shown.stdout + shown.stderr)


class Rights(unittest.TestCase):
    def test_viewer_sees_everything(self):
        run = live("report", "-o", "json", kubeconfig="kubeconfig-viewer")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual([g for g in json.loads(run.stdout)["gaps"] if "forbidden" in g["why"]], [])

    def test_restricted_user_gets_a_report_and_the_missing_rules(self):
        run = live("report", "-o", "json", kubeconfig="kubeconfig-restricted")
        self.assertEqual(run.returncode, 0, run.stderr)
        gaps = json.loads(run.stdout)["gaps"]
        self.assertTrue(any("poddisruptionbudgets" in g["what"] for g in gaps), gaps)
        self.assertTrue(all(g["remedy"] for g in gaps), gaps)

    def test_exec_plugin_works(self):
        run = tangram("report", "--prometheus", "none", kubeconfig="kubeconfig-exec")
        self.assertEqual(run.returncode, 0, run.stderr)

    def test_expired_token_is_said_and_fails_with_3(self):
        run = tangram("report", "--prometheus", "none", kubeconfig="kubeconfig-expired-token")
        self.assertEqual(run.returncode, 3, run.stdout)
        self.assertRegex(run.stderr, "401|Unauthorized|expired")


class BadInput(unittest.TestCase):
    def refused(self, code, words, *args, **kwargs):
        run = tangram(*args, **kwargs)
        self.assertEqual(run.returncode, code, run.stdout + run.stderr)
        self.assertRegex(run.stderr, words)
        self.assertEqual(run.stdout, "")

    def test_unreachable_server(self):
        config = (BED / "kubeconfig").read_text()
        server = next(l.split()[1] for l in config.splitlines() if l.strip().startswith("server:"))
        gone = WORK / "gone.yaml"
        gone.write_text(config.replace(server, "https://127.0.0.1:1"))
        self.refused(3, "127.0.0.1:1", "report", "--kubeconfig", gone, "--prometheus", "none")

    def test_unknown_context(self):
        self.refused(2, "nowhere", "report", "--context", "nowhere")

    def test_prometheus_that_is_not_there_is_a_gap(self):
        run = tangram("report", "-o", "json", "--prometheus", "http://127.0.0.1:1")
        self.assertEqual(run.returncode, 0, run.stderr)
        report = json.loads(run.stdout)
        self.assertIsNone(report["window"])
        self.assertTrue(any("127.0.0.1:1" in g["why"] for g in report["gaps"]), report["gaps"])

    def test_window_and_output_are_checked(self):
        self.refused(2, "14d, 1h30m or 45s", "report", "--window", "soon")
        self.refused(2, "json", "report", "-o", "xml")

    def test_snapshots_are_checked(self):
        self.refused(2, "No such file", "report", "--snapshot", "/nowhere.json")
        self.refused(2, "directory", "report", "--snapshot", "/tmp")
        self.refused(2, "snapshot", "report", "--snapshot", "-", stdin="{")
        later = '{"format": "tangram-snapshot", "version": 1000}'
        self.refused(2, "version 1000", "report", "--snapshot", "-", stdin=later)

    def test_price_file_without_columns(self):
        prices = WORK / "bad.csv"
        prices.write_text("a,b\n1,2\n")
        self.refused(2, "bad.csv", "report", "--prices", prices, "--prometheus", "none")


if __name__ == "__main__":
    result = unittest.main(argv=[sys.argv[0]], exit=False).result
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
