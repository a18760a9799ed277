#!/usr/bin/env python3
"""Fails on an include against the dependency direction of ARCHITECTURE.md.

Usage: check_layers.py [SRC]      (SRC defaults to src)
"""
import pathlib
import re
import sys

# What each part may include, beside itself.
MAY_USE = {
    "base": "",
    "yaml": "base",
    "gpu": "base",
    "cel": "base",
    "claims": "base cel gpu cluster",
    "cluster": "base gpu",
    "plan": "base cel gpu cluster claims",
    "control": "base gpu cluster plan",
    "objects": "base yaml gpu cluster plan",
    "report": "base gpu cluster plan",
    "sim": "base yaml gpu cluster plan",
    "lint": "base yaml gpu",
    "metrics": "base",
    "net": "base",
    "kube": "base net metrics",
    "telemetry": "base net",
    "adapter": "base yaml gpu cluster plan control objects report metrics net kube telemetry",
    "agent": "base gpu metrics net kube",
    "cli": "base yaml gpu cluster plan control objects report sim lint metrics net kube telemetry adapter agent",
    "main": "base cli",
}

# Libraries that would bring the outside into the pure parts.
PURE = ("yaml", "gpu", "cel", "claims", "plan", "report", "cluster", "objects", "control")
FORBIDDEN_IN_PURE = re.compile(
    r"#include <(curl/|thread|mutex|condition_variable|atomic|random|future|sys/|netinet/)")
CLOCK = re.compile(r"(system_clock|steady_clock|high_resolution_clock)::now")


def problems(src):
    for file in sorted(p for p in src.rglob("*") if p.suffix in (".h", ".cc")):
        part = file.relative_to(src).parts[0]
        allowed = set(MAY_USE.get(part, "").split()) | {part}
        if part not in MAY_USE:
            yield f"{file}: folder '{part}' is not in tools/check_layers.py"
            continue
        for number, line in enumerate(file.read_text().splitlines(), 1):
            where = f"{file}:{number}"
            include = re.match(r'#include "(\w+)/', line)
            if include and include[1] not in allowed:
                yield f"{where}: {part} may not include {include[1]}"
            is_test = file.stem.endswith(("_test", "_testing"))
            if part in PURE and not is_test and FORBIDDEN_IN_PURE.match(line):
                yield f"{where}: {part} is pure; it may not use {line.strip()}"
            if CLOCK.search(line) and file.name != "clock.cc":
                yield f"{where}: only base/clock.cc reads a clock"


if __name__ == "__main__":
    source = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "src")
    found = list(problems(source))
    print("\n".join(found) if found else f"layers: {len(MAY_USE)} parts, no include upwards")
    sys.exit(1 if found else 0)
