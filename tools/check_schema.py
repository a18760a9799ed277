#!/usr/bin/env python3
"""Checks what tangram writes against docs/schema/.

Usage: check_schema.py [--root DIR] [--random PROGRAM]
                       [--report TANGRAM | --plan TANGRAM | --explain TANGRAM | --top TANGRAM |
                        --mig-pack TANGRAM | --simulate TANGRAM | --agent TANGRAM --nvml LIBRARY]
                       [FILE...]

Without FILE: every snapshot in examples/*.json. PROGRAM prints a random snapshot for a seed; those
are checked too. With --report, --plan or --top the reports, plans or frames that the program TANGRAM makes of all
these are checked, not the snapshots; with --explain, what it says of some pods of each; with --mig-pack, packings for every model; with --simulate, replays
and runs by every policy, and --what-if of the snapshots with usage; with --agent, the machines of src/agent/testdata, played by the fake LIBRARY.

A schema must not be looser than what is written: an object with a field added or a required one
taken out must fail, and whatever the schema of an output allows (fields, kinds, names of an enum,
null) must occur in one of the documents.
"""
import argparse
import copy
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

import jsonschema

def is_snapshot(document):
    return isinstance(document, dict) and document.get("format") == "tangram-snapshot"


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True).stdout


def snapshots(options):
    """(name, snapshot) of the files and of the random ones."""
    for file in options.files or sorted((options.root / "examples").glob("*.json")):
        document = json.loads(file.read_bytes())
        if options.files or is_snapshot(document):
            yield str(file), document
    for seed in range(16 if options.random else 0):
        # Without nodes there is nothing to report, and it must still be a report.
        size = [str(seed), str(seed % 10), "40"]
        made = subprocess.run([options.random, *size], check=True, capture_output=True).stdout
        yield f"random snapshot {seed}", json.loads(made)


def without_usage(snapshot):
    snapshot.pop("usage", None)


def without_memory(snapshot):
    for device in snapshot.get("usage", {}).get("devices", []):
        for key in ("memoryMeanMiB", "memoryMaxMiB", "memoryTotalMiB"):
            device.pop(key, None)


def of_unknown_models(snapshot):
    for node in snapshot.get("nodes", []):
        for gpu in node.get("gpus", []):
            gpu["product"] = "Z900"


def just_started(snapshot):
    for pod in snapshot.get("pods", []):
        pod["startedAt"] = snapshot["takenAt"]


def nowhere(snapshot):
    for pod in snapshot.get("pods", []):
        pod.pop("node", None)


def moved(snapshot):
    """A pod of a StatefulSet that came back on another card of its node."""
    devices = snapshot.get("usage", {}).get("devices", [])
    for device in list(devices):
        if not device.get("pod") or "instanceId" in device or "gpuIndex" not in device:
            continue
        node = next((n for n in snapshot["nodes"] if n["name"] == device.get("node")), {})
        for gpu in node.get("gpus", []):
            if gpu["index"] != device["gpuIndex"]:
                devices.append(dict(device, gpuIndex=gpu["index"], uuid=gpu.get("uuid", "")))


def changed(found):
    """Also the small ones with a change each, for what no recorded or random snapshot has."""
    for name, snapshot in found:
        yield name, snapshot
        if len(snapshot.get("nodes", [])) > 100:
            continue
        for change in (without_usage, without_memory, of_unknown_models, just_started, nowhere,
                       moved):
            other = copy.deepcopy(snapshot)
            change(other)
            yield f"{name}, {change.__name__}", other


def written(name, command, given=None, good=(0,)):
    """The JSON that the command writes for a snapshot."""
    made = subprocess.run([*command, "-o", "json"], capture_output=True,
                          input=None if given is None else json.dumps(given).encode())
    if made.returncode not in good:
        sys.exit(f"{name}: {made.stderr.decode()}")
    return json.loads(made.stdout)


def reports(options):
    for name, snapshot in changed(snapshots(options)):
        yield name, written(name, [options.report, "report", "--snapshot", "-"], snapshot)


POLICIES = ([], ["--moves", "replicated"], ["--moves", "controlled", "--resize", "--stop-idle"],
            ["--mig", "none"], ["--preempt"])


def plans(options):
    every_kind = options.root / "src/cli/testdata/plan_every_kind.json"
    policies = [*POLICIES, ["--policy", str(options.root / "src/cli/testdata/ready.yaml")]]
    found = [*changed(snapshots(options))]
    if not options.files:
        found.append((every_kind.name, json.loads(every_kind.read_bytes())))
    for name, snapshot in found:
        for policy in policies:
            about = f"{name} {' '.join(policy)}"
            command = [options.plan, "plan", "--snapshot", "-", *policy]
            yield about, written(about, command, snapshot, good=(0, 1))


def explanations(options):
    """Of each kind of pod in the files, and of the random ones that wait."""
    every_case = options.root / "src/cli/testdata/explain.json"
    found = [(every_case.name, json.loads(every_case.read_bytes()))]
    found += [one for one in snapshots(options) if one[0].startswith("random")]
    for name, snapshot in found:
        some = snapshot["pods"] if name == every_case.name else snapshot["pods"][:3]
        for pod in some:
            asked = f"{pod['namespace']}/{pod['name']}"
            if not re.fullmatch(r"[\w.-]+/\w[\w.-]*", asked):
                continue  # no shell can ask for it
            command = [options.explain, "explain", "pod", asked, "--snapshot", "-"]
            yield f"{name} {asked}", written(f"{name} {asked}", command, snapshot)


def tops(options):
    for name, snapshot in changed(snapshots(options)):
        yield name, written(name, [options.top, "top", "--snapshot", "-"], snapshot)


def packings(options):
    """Some demands on each card of the table, of profiles whose placements are known."""
    table = json.loads((options.root / "data/mig_profiles.json").read_bytes())
    dice = random.Random(1)
    for model, card in table.items():
        known = [p["name"] for p in card.get("profiles", []) if p["placements"]]
        for most in (0, 1, 30, 1000) if known else ():
            some = dice.sample(known, dice.randint(1, len(known)))
            demand = ",".join(f"{profile}={dice.randint(0, most)}" for profile in some)
            name = f"{model} {demand}"
            command = [options.mig_pack, "mig", "pack", "--model", model, "--demand", demand]
            yield name, written(name, [*command, "--nodes", "1"])


SMALL_LOAD = {"length": "2h",
              "nodes": [{"name": "a", "gpuModel": "T4", "gpus": 2, "cpu": 8, "memoryGiB": 32, "count": 1}],
              "workloads": [{"name": "w", "perHour": 4, "duration": {"fixed": "1h"},
                             "asks": {"gpus": 2}}]}
NODES_CSV = "sn,cpu_milli,memory_mib,gpu,model\na,8000,8192,1,T4\n"
PODS_CSV = "name,cpu_milli,memory_mib,num_gpu,gpu_milli\n"


def simulations(options):
    """Replays and runs in time by every policy, and what-ifs."""
    with tempfile.TemporaryDirectory() as folder:
        def file(name, text):
            path = pathlib.Path(folder) / name
            path.write_text(text)
            return str(path)

        simulate = [options.simulate, "simulate"]
        nodes = file("nodes.csv", NODES_CSV)
        for pods in ("", "p,1000,1024,1,1000\n", "p,1000,1024,1,1000\nq,1000,1024,1,500\n"):
            replay = ["--nodes", nodes, "--pods", file("pods.csv", PODS_CSV + pods), "--policy", "all"]
            yield from ((f"replay of {pods!r}", run) for run in written("replay", simulate + replay))
        day = str(options.root / "examples/day.yaml")
        for run in written("day", [*simulate, "--load", day, "--policy", "all"]):
            yield "day.yaml", run
        empty = {**SMALL_LOAD, "nodes": [], "workloads": []}
        for run in written("day", [*simulate, "--load", day, "--cutting", "fixed,wipe,beside,ahead"]):
            yield "day.yaml, cut", run
        for load in (SMALL_LOAD, {**SMALL_LOAD, "workloads": []}, empty):
            yield "small load", written("load", [*simulate, "--load", "-"], load)
        for name, snapshot in changed(snapshots(options)):
            if "usage" in snapshot:
                yield name, written(name, [*simulate, "--what-if", "--snapshot", "-"], snapshot)


NO_PERMISSION = 4  # an answer of NVML


def inventories(options):
    """The machines of src/agent, each as it is, and once more where the library refuses much."""
    refused = ["nvmlSystemGetDriverVersion", "nvmlSystemGetNVMLVersion", "nvmlDeviceGetPciInfo_v3",
               "nvmlSystemGetCudaDriverVersion_v2", "nvmlDeviceGetUUID", "nvmlDeviceGetName",
               "nvmlDeviceGetMinorNumber", "nvmlDeviceGetGpuInstancePossiblePlacements_v2"]
    nameless = {"call": "nvmlDeviceGetGpuInstanceProfileInfoV", "answer": 13}
    for file in sorted((options.root / "src/agent/testdata").glob("*.json")):
        machine = json.loads(file.read_bytes())
        faults = [{"call": call, "answer": NO_PERMISSION} for call in refused]
        for name, wrong in (("", []), (", refused", [*faults, nameless])):
            with tempfile.NamedTemporaryFile("w", suffix=".json") as played:
                json.dump({**machine, "faults": wrong}, played)
                played.flush()
                os.environ["TANGRAM_FAKE_NVML"] = played.name
                yield file.name + name, written(
                    file.name, [options.agent, "agent", "--once", "--nvml", options.nvml])


class Allowed:
    """What a schema allows, and which of it was seen in documents."""

    def __init__(self, schema):
        self.schema = schema
        self.seen = set()
        self.samples = {}  # path in the schema -> the first object there
        self.all = set(self.walk(schema, "$", set()))

    def resolve(self, schema, path):
        if "$ref" not in schema:
            return schema, path
        name = schema["$ref"].removeprefix("#/$defs/")
        return self.schema["$defs"][name], name

    def branches(self, schema):
        return schema.get("oneOf", [schema])

    def walk(self, schema, path, visited):
        """Everything allowed: "finding.node", "leakName=Idle", "finding.gpu=null"."""
        for branch in self.branches(schema):
            branch, at = self.resolve(branch, path)
            yield from (f"{at}={name}" for name in branch.get("enum", []))
            if "oneOf" in branch:  # a definition that is one of several
                yield from self.walk(branch, at, visited)
            if "null" in branch.get("type", ""):
                yield f"{path}=null"
            if at in visited:
                continue
            for key, below in branch.get("properties", {}).items():
                yield f"{at}.{key}"
                yield from self.walk(below, f"{at}.{key}", visited | {at})
            if "items" in branch:
                yield from self.walk(branch["items"], f"{at}[]", visited | {at})

    def branch_of(self, schema, value, path):
        """The branch of `schema` that `value` is of, by its kind where there are several."""
        found = [self.resolve(b, path) for b in self.branches(schema) if b.get("type") != "null"]
        for branch, at in found:
            kind = branch.get("properties", {}).get("kind", {}).get("const")
            if kind is not None and isinstance(value, dict) and kind == value.get("kind"):
                return branch, at
        return found[0] if found else ({}, path)  # it does not pass, and that is said elsewhere

    def look(self, schema, value, path="$"):
        """Notes what of the schema `value` uses."""
        if value is None:
            self.seen.add(f"{path}=null")
            return
        branch, at = self.branch_of(schema, value, path)
        if "oneOf" in branch:
            self.look(branch, value, at)
            return
        if "enum" in branch:
            self.seen.add(f"{at}={value}")
        if isinstance(value, dict):
            self.samples.setdefault(at, (branch, value))
            for key, below in value.items():
                self.seen.add(f"{at}.{key}")
                if key in branch.get("properties", {}):
                    self.look(branch["properties"][key], below, f"{at}.{key}")
        if isinstance(value, list) and "items" in branch:
            for below in value:
                self.look(branch["items"], below, f"{at}[]")


def broken_forms(value, required):
    """(what, form) of the object that must not pass."""
    for key in required:
        yield f"{key} taken out", {name: kept for name, kept in value.items() if name != key}
    yield "a field added", {**value, "colour": "blue"}


def looseness(allowed):
    """Objects that were seen and pass although they are broken."""
    for path, (schema, value) in sorted(allowed.samples.items()):
        if schema.get("additionalProperties") is not False:
            continue  # labels: any name is a field
        alone = {**schema, "$defs": allowed.schema["$defs"]}
        validator = jsonschema.Draft202012Validator(alone)
        for change, broken in broken_forms(value, schema.get("required", [])):
            if validator.is_valid(broken):
                yield f"{path}, {change}: passes, and should not"


def openings(allowed):
    """Objects of an output that may have other fields, or lack one: they always have them all."""
    for path, (schema, _) in sorted(allowed.samples.items()):
        if schema.get("additionalProperties") is not False:
            yield f"{path}: additionalProperties is not false"
        for key in schema.get("properties", {}).keys() - set(schema.get("required", [])):
            yield f"{path}.{key}: is always there, and is not required"


def problems_of(name, validator, document):
    for error in list(validator.iter_errors(document))[:5]:
        yield f"{name}: {error.json_path}: {error.message[:200]}"


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path("."))
    parser.add_argument("--random")
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--report")
    output.add_argument("--plan")
    output.add_argument("--explain")
    output.add_argument("--top")
    output.add_argument("--mig-pack")
    output.add_argument("--simulate")
    output.add_argument("--agent")
    parser.add_argument("--nvml", help="the library that --agent is to load")
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    return parser.parse_args()


def documents(options):
    """The name of the schema, and the documents that it describes."""
    for name, made in (("report", reports), ("plan", plans), ("explain", explanations),
                       ("top", tops),
                       ("mig-pack", packings), ("simulate", simulations),
                       ("agent", inventories)):
        if getattr(options, name.replace("-", "_")):
            return name, made(options)
    return "snapshot", snapshots(options)


def main():
    options = arguments()
    what, found = documents(options)
    schema = json.loads((options.root / f"docs/schema/{what}.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    allowed = Allowed(schema)
    problems = []
    count = 0
    for name, document in found:
        problems += problems_of(name, validator, document)
        allowed.look(schema, document)
        count += 1
    problems += looseness(allowed)
    if what != "snapshot":
        problems += openings(allowed)
    if what != "snapshot" and (options.random or options.agent) and not options.files:
        problems += (f"the schema allows {name}, which no document has"
                     for name in sorted(allowed.all - allowed.seen))
    print("\n".join(problems) or f"{what} schema: {count} documents pass")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
