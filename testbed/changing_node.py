#!/usr/bin/env python3
"""A node with two cards that tangram's agent cuts, for people who try it: runs until it is stopped.

Usage: changing_node.py BUILD_DIR TESTBED_DIR     (tools/demo_cluster runs it)
"""
import pathlib
import signal
import sys

from cut_node import CutNode
from fleet import ready_nodes

HALVES = {"enabled": True, "instances": [{"profile": "3g.40gb", "start": 0},
                                         {"profile": "3g.40gb", "start": 4}]}


def main():
    build, bed = (pathlib.Path(a).resolve() for a in sys.argv[1:3])
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    cards = [{"name": "NVIDIA H100 80GB HBM3", "mig": HALVES} for _ in range(2)]
    node = CutNode(build, bed, ready_nodes(bed)[0], {"cards": cards}, "mig-0")
    print("ready", flush=True)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    node.close()


if __name__ == "__main__":
    main()
