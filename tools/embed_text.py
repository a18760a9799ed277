#!/usr/bin/env python3
"""Writes a text file as a C++ string literal, to be included after `=`.

Usage: embed_text.py INPUT OUTPUT
"""
import pathlib
import sys


def literal(text):
    lines = text.splitlines(keepends=True)
    escaped = (line.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
               for line in lines)
    return "\n".join(f'"{line}"' for line in escaped) + "\n"


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    source = pathlib.Path(sys.argv[1]).read_text(encoding="ascii")
    pathlib.Path(sys.argv[2]).write_text(literal(source), encoding="ascii")
