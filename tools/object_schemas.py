#!/usr/bin/env python3
"""The JSON Schemas of our objects as files, made from their CustomResourceDefinitions.

Usage: object_schemas.py [--write] [ROOT]

deploy/crds is the source; docs/schema/gpuclass.schema.json and gpupool.schema.json are made from it
with --write. Without it this checks that they are up to date, and that they take and refuse the
files of src/objects/testdata as the reader does, whose own test reads the same files. A bad file
that only the reader can refuse says so.
"""
import json
import pathlib
import sys

import jsonschema
import yaml

CANNOT = "# the schema cannot say it"
KINDS = {  # kind -> its schema, guide, folder of files, example, longest name
    "GpuClass": ("gpuclass", "classes", "gpu_class", "classes.yaml", 63),
    "GpuPool": ("gpupool", "pools", "gpu_pool", "pools.yaml", 253),
}
NAME = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"


class Loader(yaml.SafeLoader):
    """As Kubernetes reads YAML: times are text."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def or_null(schema):
    """The same, or null: what the API server takes as not there."""
    schema = dict(schema)
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    schema["type"] = types + ["null"]
    if "enum" in schema:
        schema["enum"] = schema["enum"] + [None]
    return schema


def of_field(crd):
    """A structural schema as JSON Schema; what only CEL says is left out."""
    schema = {k: v for k, v in crd.items()
              if not k.startswith("x-kubernetes-") and k not in ("anyOf", "nullable", "items",
                                                                 "properties",
                                                                 "additionalProperties")}
    if crd.get("x-kubernetes-int-or-string"):
        schema["type"] = ["integer", "string"]
    if crd.get("x-kubernetes-list-type") == "set":
        schema["uniqueItems"] = True
    if "items" in crd:
        schema["items"] = of_field(crd["items"])
    if "additionalProperties" in crd:
        schema["additionalProperties"] = of_field(crd["additionalProperties"])
    if "properties" in crd:
        required = crd.get("required", [])
        schema["properties"] = {
            name: of_field(field) if name in required else or_null(of_field(field))
            for name, field in crd["properties"].items()}
        schema["additionalProperties"] = False
    return schema


def schema_of(crd):
    kind, version = crd["spec"]["names"]["kind"], crd["spec"]["versions"][0]
    file, guide, _, _, longest = KINDS[kind]
    root = version["schema"]["openAPIV3Schema"]
    api_version = f"{crd['spec']['group']}/{version['name']}"
    name = {"type": "string", "pattern": NAME, "maxLength": longest,
            "description": "Its name, unique in the file."}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"https://tangram.dev/schema/{file}.schema.json",
        "title": kind,
        "description": f"{root['description']} docs/{guide}.md is the guide. null is as good as "
                       "not there.",
        "type": "object",
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "properties": {
            "apiVersion": {"const": api_version, "description": "The version of this form."},
            "kind": {"const": kind, "description": "What this is."},
            "metadata": {"type": "object", "required": ["name"],
                         "description": "As of every Kubernetes object.",
                         "properties": {"name": name}},
            "spec": of_field(root["properties"]["spec"]),
            "status": {"description": "What a cluster says of it; not read."},
        },
        "additionalProperties": False,
    }


def objects(text):
    for document in yaml.load_all(text, Loader):
        if isinstance(document, dict) and document.get("kind") == "List":
            yield from document["items"]
        elif document is not None:
            yield document


def problems(root, write):
    for crd_file in sorted((root / "deploy/crds").glob("*.yaml")):
        crd = yaml.safe_load(crd_file.read_text())
        kind = crd["spec"]["names"]["kind"]
        if kind not in KINDS:
            continue
        file, _, folder, example, _ = KINDS[kind]
        schema = schema_of(crd)
        jsonschema.Draft202012Validator.check_schema(schema)
        text = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        target = root / f"docs/schema/{file}.schema.json"
        if write:
            target.write_text(text)
        elif not target.exists() or target.read_text() != text:
            yield f"{target} is not as {crd_file} says; run tools/object_schemas.py --write"
        validator = jsonschema.Draft202012Validator(schema)
        testdata = root / "src/objects/testdata" / folder
        for good in sorted((testdata / "good").glob("*")) + [root / "examples" / example]:
            for error in (e for o in objects(good.read_text()) for e in validator.iter_errors(o)):
                yield f"{good}: {error.json_path}: {error.message}"
        for bad in sorted((testdata / "bad").glob("*")):
            text = bad.read_text()
            refused = any(not validator.is_valid(o) for o in objects(text))
            if refused == (CANNOT in text):
                yield f"{bad}: the schema {'refuses' if refused else 'takes'} it"


if __name__ == "__main__":
    options = [a for a in sys.argv[1:] if a.startswith("-")]
    roots = [a for a in sys.argv[1:] if not a.startswith("-")]
    found = list(problems(pathlib.Path(roots[0] if roots else "."), "--write" in options))
    print("\n".join(found) if found else "the schemas take what the reader takes")
    sys.exit(1 if found else 0)
