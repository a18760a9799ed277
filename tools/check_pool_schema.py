#!/usr/bin/env python3
"""Checks that docs/schema/gpupool.schema.json and the reader (src/pool) take and refuse the same files.

Usage: check_pool_schema.py [ROOT]

The reader's own test reads the same files. A bad file that only the reader can refuse says so.
"""
import json
import pathlib
import sys

import jsonschema
import yaml

CANNOT = "# the schema cannot say it"


class Loader(yaml.SafeLoader):
    """As Kubernetes reads YAML: times are text."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def objects(text):
    for document in yaml.load_all(text, Loader):
        if isinstance(document, dict) and document.get("kind") == "List":
            yield from document["items"]
        elif document is not None:
            yield document


def problems(root):
    schema = json.loads((root / "docs/schema/gpupool.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    testdata = root / "src/pool/testdata"
    good = sorted((testdata / "good").glob("*.yaml")) + [root / "examples/pools.yaml"]
    for file in good:
        for error in (e for o in objects(file.read_text()) for e in validator.iter_errors(o)):
            yield f"{file}: {error.json_path}: {error.message}"
    for file in sorted((testdata / "bad").glob("*.yaml")):
        text = file.read_text()
        refused = any(not validator.is_valid(o) for o in objects(text))
        if refused == (CANNOT in text):
            yield f"{file}: the schema {'refuses' if refused else 'takes'} it"


if __name__ == "__main__":
    found = list(problems(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")))
    print("\n".join(found) if found else "the schema of GpuPool takes what the reader takes")
    sys.exit(1 if found else 0)
