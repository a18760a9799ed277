#!/usr/bin/env python3
"""The readers of our objects and a real API server with deploy/crds take and refuse the same.

Usage: objects_test.py BUILD_DIR TESTBED_DIR     (testbed/e2e runs it)

The documents are the files of src/objects/testdata, and many that are made from them at random,
with a fixed seed. The server is asked to refuse unknown fields, which it else drops with a warning.
Two things are known to differ, and are not tried: a whole number that is written with a point
(1.0), which only the reader refuses, and the form of labels and annotations, which it passes over.
"""
import copy
import json
import pathlib
import random
import re
import subprocess
import sys
import unittest

import yaml

from api import Api, apply_crds

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD, BED = (pathlib.Path(a).resolve() for a in sys.argv[1:3])
MUTATIONS = 1000
KINDS = {"GpuClass": ("gpu_class", "gpuclasses"), "GpuPool": ("gpu_pool", "gpupools")}
GROUP = "/apis/tangram.dev/v1alpha1"
# What stands in place of a value, or is added to one: near the edges of what is taken.
VALUES = [None, True, False, 0, 1, 2, 32, 33, 48, 49, 100, 101, 100000, 100001, -1, 1.5, 1048575, 1048576,
          2**40, 2**40 + 1, 2**63, "", "a", "b", "true", "1", "1Mi", "1023Ki", "1Ti", "1.5Gi", "1.0005Gi",
          "1e9", "20GB", "1048575.9", "Shared", "Exclusive", "Hardware", "None", "Mps", "Auto",
          "Observe", "NVLink", "T4-16GB", "T4", "1g.5gb", "1g5gb", "1g.5gb+me", "x" * 63, "x" * 64,
          "a.b", "a..b", "-a", "A", "é" * 63, "system-x", "Sensitive", [], {}, ["a"], ["a", "a"],
          ["1g.5gb"], ["T4-16GB", "L4-24GB"], [None], [1], {"a": "b"}, {"a": None}, {"a": 1},
          [{"cel": {"expression": "true"}}], [{"cel": {}}], [{}], ["n%d" % i for i in range(8)],
          ["n%d" % i for i in range(9)], "🚀 \"quoted\"\n\ttext\\"]


class Loader(yaml.SafeLoader):
    """As Kubernetes reads YAML: times are text."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def seeds(which="*"):
    """Every object of the files, by kind; `which` is good, bad or both."""
    found = {kind: [] for kind in KINDS}
    for kind, (folder, _) in KINDS.items():
        files = sorted((ROOT / "src/objects/testdata" / folder).glob(f"{which}/*"))
        for file in files:
            documents = [d for d in yaml.load_all(file.read_text(), Loader) if isinstance(d, dict)]
            for document in documents:
                if document.get("kind") != "List" and isinstance(document.get("metadata"), dict):
                    metadata = document["metadata"]
                    document["metadata"] = {"name": metadata.get("name")}
                    document.pop("status", None)
                    found[kind].append(document)
    return found


def fields(kind):
    """Every field that the spec can have, by the path of the map that it is in."""
    crd = yaml.safe_load((ROOT / f"deploy/crds/tangram.dev_{KINDS[kind][1]}.yaml").read_text())
    spec = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    places = []

    def walk(schema, path):
        for name, field in schema.get("properties", {}).items():
            places.append(path + [name])
            walk(field, path + [name])

    walk(spec, ["spec"])
    return places


def mutate(document, places, rng):
    document = copy.deepcopy(document)
    for _ in range(rng.choice([1, 1, 2, 3])):
        *path, last = rng.choice(places + [["spec"], ["metadata", "name"], ["spec", "unknown"]])
        at = document
        for step in path:
            if not isinstance(at.get(step), dict):
                at[step] = {}
            at = at[step]
        if rng.random() < 0.2:
            at.pop(last, None)
        else:
            value = rng.choice(VALUES)
            at[last] = copy.deepcopy(value)
    return document


class Reader:
    """Our reader of one kind, asked a document at a time."""

    def __init__(self, kind):
        self._process = subprocess.Popen([BUILD / "src/objects/tangram_read_objects", kind],
                                         text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def wrong_with(self, text):
        self._process.stdin.write(text + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().rstrip("\n")

    def close(self):
        self._process.stdin.close()
        self._process.wait(timeout=10)
        self._process.stdout.close()


class Same(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        apply_crds(BED)
        cls.api = Api(BED)
        cls.readers = {kind: Reader(kind) for kind in KINDS}

    @classmethod
    def tearDownClass(cls):
        for reader in cls.readers.values():
            reader.close()

    def assert_same(self, document, kind):
        text = json.dumps(document, ensure_ascii=False)
        wrong = self.readers[kind].wrong_with(text)
        code, answer = self.api.call(
            "POST", f"{GROUP}/{KINDS[kind][1]}?dryRun=All&fieldValidation=Strict", text)
        self.assertIn(code, (201, 400, 422), answer)
        self.assertEqual(wrong == "", code == 201,
                         f"\n{json.dumps(document)}\nreader: {wrong or 'takes it'}\n"
                         f"server: {code} {answer.get('message', 'takes it')}")
        return code == 201

    def test_the_files(self):
        for kind, documents in seeds().items():
            for document in documents:
                with self.subTest(document):
                    self.assert_same(document, kind)

    def test_what_is_made_from_them(self):
        rng = random.Random(20261122)
        good, bad = seeds("good"), seeds("bad")
        for kind in KINDS:
            places, taken = fields(kind), 0
            for _ in range(MUTATIONS):
                start = rng.choice(good[kind] if rng.random() < 0.8 else bad[kind])
                document = mutate(start, places, rng)
                with self.subTest(kind):
                    taken += self.assert_same(document, kind)
            # Neither side decides by refusing everything.
            self.assertGreater(taken, MUTATIONS // 20, kind)
            self.assertLess(taken, MUTATIONS * 19 // 20, kind)

    def test_rules_say_what_to_do(self):
        """A message of ours holds a remedy: what to write, leave out, lower or do."""
        remedy = re.compile(r"\b(write|leave|take|give|name|lower|raise|make|delete|set|stands)\b")
        messages = []

        def walk(node):
            if isinstance(node, dict):
                messages.extend(r["message"] for r in node.get("x-kubernetes-validations", []))
                node = list(node.values())
            if isinstance(node, list):
                for item in node:
                    walk(item)

        for file in (ROOT / "deploy/crds").glob("*.yaml"):
            walk(yaml.safe_load(file.read_text()))
        self.assertGreater(len(messages), 15)
        for message in messages:
            self.assertRegex(message, remedy)

    def test_every_kind_of_action_is_a_plan_object(self):
        """What `tangram plan -o json` writes fits into a GpuPlan, null or not."""
        made = subprocess.run([BUILD / "tangram", "plan", "--snapshot",
                               ROOT / "examples/messy.json", "-o", "json"], capture_output=True,
                              text=True, check=False)
        self.assertEqual(made.returncode, 1, made.stderr)
        plan = json.loads(made.stdout)
        spec = {"pool": "p", "takenAt": plan["takenAt"], "before": plan["before"],
                "after": plan["after"], "actions": plan["actions"][:1000],
                "certificates": plan["certificates"]}
        document = {"apiVersion": "tangram.dev/v1alpha1", "kind": "GpuPlan",
                    "metadata": {"name": "messy"}, "spec": spec}
        code, answer = self.api.call(
            "POST", f"{GROUP}/gpuplans?dryRun=All&fieldValidation=Strict", document)
        self.assertEqual(code, 201, answer.get("message"))
        self.assertEqual(answer["spec"]["actions"], spec["actions"], "nothing is lost")

    def test_the_plan_of_a_pool_is_a_plan_object(self):
        """`tangram plan --pool NAME -o gpuplan` is created as it is."""
        made = subprocess.run([BUILD / "tangram", "plan", "--snapshot",
                               ROOT / "examples/messy.json", "--policy",
                               ROOT / "examples/pools.yaml", "--pool", "services", "--moves",
                               "controlled", "-o", "gpuplan"],
                              capture_output=True, text=True, check=False)
        self.assertEqual(made.returncode, 1, made.stderr)
        document = yaml.safe_load(made.stdout)
        code, answer = self.api.call(
            "POST", f"{GROUP}/gpuplans?dryRun=All&fieldValidation=Strict", document)
        self.assertEqual(code, 201, answer.get("message"))
        self.assertEqual(answer["spec"]["actions"], document["spec"]["actions"])
        self.assertEqual(answer["metadata"]["labels"]["tangram.dev/pool"], "services")
        self.assertFalse(answer["spec"]["approved"])


class Journal(unittest.TestCase):
    """Plans and operations, once written, stay as they are."""

    def setUp(self):
        self.api = Api(BED)
        apply_crds(BED)

    def make(self, plural, document):
        code, answer = self.api.call("POST", f"{GROUP}/{plural}", document)
        self.assertEqual(code, 201, answer.get("message"))
        path = f"{GROUP}/{plural}/{document['metadata']['name']}"
        self.addCleanup(self.api.call, "DELETE", path)
        return path

    def refused(self, path, patch, why):
        code, answer = self.api.patch(path, patch)
        self.assertEqual(code, 422, answer)
        self.assertIn(why, answer["message"])

    def test_an_operation_does_not_change(self):
        path = self.make("nodeoperations", {
            "apiVersion": "tangram.dev/v1alpha1", "kind": "NodeOperation",
            "metadata": {"name": "op"},
            "spec": {"kind": "ScaleDown", "node": "node-1", "reason": "it is empty"}})
        self.refused(path, {"spec": {"node": "node-2"}}, "does not change once it is written")
        code, answer = self.api.patch(path + "/status", {"status": {"step": "Cordon"}})
        self.assertEqual((code, answer["status"]["step"]), (200, "Cordon"))

    def test_parameters_go_by_kind(self):
        for spec in ({"kind": "Repartition"}, {"kind": "ScaleDown", "interruption": {
                "deadline": "2026-11-22T00:00:00Z", "signal": "SpotInterruption"}}):
            code, answer = self.api.call("POST", f"{GROUP}/nodeoperations?dryRun=All", {
                "apiVersion": "tangram.dev/v1alpha1", "kind": "NodeOperation",
                "metadata": {"name": "op"}, "spec": {"node": "node-1", "reason": "x", **spec}})
            self.assertEqual(code, 422, answer)
            self.assertIn("stands there for kind", answer["message"])

    def test_a_plan_is_approved_once_and_does_not_change(self):
        totals = {"nodes": 1, "gpus": 8, "gpusHeld": 0, "gpusBusy": None, "usdPerHour": 1.25,
                  "nodesWithoutPrice": 0, "podsWaiting": 0}
        action = {"id": 0, "pass": "scale", "kind": "GiveBack", "node": "node-1", "reason": "empty",
                  "usdPerHourBefore": 1.25, "usdPerHourAfter": None, "disturbs": [], "needs": []}
        path = self.make("gpuplans", {
            "apiVersion": "tangram.dev/v1alpha1", "kind": "GpuPlan", "metadata": {"name": "plan"},
            "spec": {"pool": "p", "takenAt": "2026-11-22T00:00:00Z", "before": totals, "after": totals,
                     "actions": [action]}})
        self.refused(path, {"spec": {"actions": [{**action, "node": "node-2"}]}}, "do not change")
        self.refused(path, {"spec": {"takenAt": "2026-11-23T00:00:00Z"}}, "a plan does not change")
        self.refused(path, {"spec": {"pool": "q"}}, "a plan does not change")
        code, answer = self.api.patch(path, {"spec": {"approved": True}})
        self.assertEqual(code, 200, answer)
        self.refused(path, {"spec": {"approved": False}}, "set the pool's mode to Observe to stop")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=1, failfast="-f" in sys.argv)
