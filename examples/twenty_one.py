#!/usr/bin/env python3
"""Writes twenty-one.json: 21 inference services that each ask for the smallest instance, and four nodes of one A100.

What `tangram plan` makes of it stands in docs/seed-cases.md: three cards are cut in seven, and the fourth goes back.
"""
import json
import sys

TAKEN = "2026-11-21T12:00:00Z"
PRODUCT = "NVIDIA-A100-SXM4-40GB"


def node(i):
    name = f"gpu-{i}"
    return {
        "name": name, "createdAt": "2026-10-01T08:00:00Z", "cloud": "gcp", "region": "us-central1",
        "instanceType": "a2-highgpu-1g", "capacityType": "OnDemand", "pool": "a100", "cpuMilli": 12000,
        "memoryMiB": 87040, "devices": {"nvidia.com/gpu": 1}, "migStrategy": "Mixed",
        "gpus": [{"index": 0, "uuid": f"GPU-{i}", "product": PRODUCT, "memoryMiB": 40960}],
        "price": {"rateMicroUsdPerHour": 3673400,
                  "source": "skypilot-org/skypilot-catalog@e385a0d3 catalogs/v8/gcp/vms.csv"},
        "labels": {"nvidia.com/gpu.product": PRODUCT, "kubernetes.io/hostname": name},
    }


def pod(i):
    name = f"serve-{i:02}"
    return {
        "namespace": "serving", "name": f"{name}-6f7d9db747-00000", "uid": f"uid-{name}",
        "owner": {"kind": "Deployment", "name": name}, "phase": "Pending", "createdAt": "2026-11-21T11:00:00Z",
        "cpuMilli": 1000, "memoryMiB": 8192, "devices": {"nvidia.com/mig-1g.5gb": 1},
        "labels": {"tangram.dev/isolation": "Hardware", "tangram.dev/latency": "Sensitive"},
    }


def main():
    snapshot = {
        "format": "tangram-snapshot", "version": 1, "takenAt": TAKEN, "cluster": "twenty-one",
        "nodes": [node(i) for i in range(4)],
        "pods": [pod(i) for i in range(21)],
        "namespaces": [{"name": "serving", "labels": {}}],
    }
    json.dump(snapshot, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
