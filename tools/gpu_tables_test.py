#!/usr/bin/env python3
"""Each kind of wrong fact stops gpu_tables.py with a message that names the entry."""
import copy
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).parent
DATA = HERE.parent / "data"


def run(models, boards):
    with tempfile.TemporaryDirectory() as folder:
        paths = [pathlib.Path(folder, name) for name in ("models.json", "mig.json", "out.inc")]
        for path, content in zip(paths, (models, boards)):
            path.write_text(content if isinstance(content, str) else json.dumps(content))
        done = subprocess.run([sys.executable, HERE / "gpu_tables.py", *paths],
                              capture_output=True, text=True, check=False)
        return done.returncode, done.stderr, paths[2].exists()


class GpuTables(unittest.TestCase):
    def setUp(self):
        self.models = json.loads((DATA / "gpu_models.json").read_text())
        self.boards = json.loads((DATA / "mig_profiles.json").read_text())

    def expect_refused(self, *words):
        code, message, wrote = run(self.models, self.boards)
        self.assertNotEqual(code, 0)
        self.assertFalse(wrote)
        for word in words:
            self.assertIn(word, message)

    def model(self, name):
        return next(m for m in self.models["models"] if m["name"] == name)

    def test_the_real_files_pass(self):
        self.assertEqual(run(self.models, self.boards), (0, "", True))

    def test_a_name_twice(self):
        self.models["models"].append(copy.deepcopy(self.model("T4-16GB")))
        self.expect_refused("stands twice")

    def test_a_product_of_two_models_of_one_size(self):
        self.model("L40-48GB")["products"].append("NVIDIA-L40S")
        self.expect_refused("nvidia-l40s", "tell apart")

    def test_starts_must_ascend(self):
        self.boards["A100-40GB"]["profiles"][0]["placements"] = [1, 0]
        self.expect_refused("A100-40GB: 1g.5gb", "ascend")

    def test_a_placement_past_the_axis(self):
        self.boards["A30-24GB"]["profiles"][2]["placements"] = [0, 3]
        self.expect_refused("A30-24GB: 2g.12gb", "past the axis of 4")

    def test_an_unknown_fact_with_a_mark(self):
        self.boards["A100-40GB"]["profiles"][0]["memoryMiB"] = None
        self.expect_refused("1g.5gb", "memoryMiB is unknown")

    def test_a_missing_field(self):
        del self.model("T4-16GB")["nvlink"]
        self.expect_refused("no field 'nvlink'")

    def test_a_mig_entry_that_is_not_there(self):
        self.model("A30-24GB")["mig"] = "A31"
        self.expect_refused("A30-24GB", "'A31'")

    def test_a_key_twice(self):
        self.boards = '{"A30-24GB": {}, "A30-24GB": {}}'
        self.expect_refused("stands twice")

    def test_no_json(self):
        self.boards = "{"
        self.expect_refused("gpu_tables.py:")


if __name__ == "__main__":
    unittest.main()
