#!/usr/bin/env python3
"""Checks snapshots against docs/schema/snapshot.schema.json.

Usage: check_schema.py [--root DIR] [--random PROGRAM] [FILE...]

Without FILE: every snapshot in examples/*.json. PROGRAM prints a random snapshot for a seed; some
of them are checked too, and must fail once a field is taken out or added.
"""
import argparse
import copy
import json
import pathlib
import subprocess
import sys

import jsonschema


def snapshots_in(folder):
    for file in sorted(folder.glob("*.json")):
        document = json.loads(file.read_text())
        if isinstance(document, dict) and document.get("format") == "tangram-snapshot":
            yield str(file), document


def random_snapshots(program):
    for seed in range(8):
        text = subprocess.run([program, str(seed)], check=True, capture_output=True).stdout
        yield f"random snapshot {seed}", json.loads(text)


def broken_forms(document):
    """Forms of `document` that must not pass."""
    without = copy.deepcopy(document)
    del without["takenAt"]
    yield "takenAt taken out", without
    if document.get("pods"):
        added = copy.deepcopy(document)
        added["pods"][0]["colour"] = "blue"
        yield "a field added", added
    if document.get("nodes") and document["nodes"][0].get("gpus"):
        negative = copy.deepcopy(document)
        negative["nodes"][0]["gpus"][0]["index"] = -1
        yield "a negative index", negative


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path("."))
    parser.add_argument("--random")
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    options = parser.parse_args()

    schema = json.loads((options.root / "docs/schema/snapshot.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)

    checked = [(str(file), json.loads(file.read_text())) for file in options.files]
    checked = checked or list(snapshots_in(options.root / "examples"))
    made = list(random_snapshots(options.random)) if options.random else []
    problems = []
    for name, document in checked + made:
        for error in list(validator.iter_errors(document))[:5]:
            problems.append(f"{name}: {error.json_path}: {error.message[:200]}")
    for name, document in made:
        for change, broken in broken_forms(document):
            if validator.is_valid(broken):
                problems.append(f"{name}, {change}: passes, and should not")
    print("\n".join(problems) or f"schema: {len(checked)} files, {len(made)} random snapshots pass")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
