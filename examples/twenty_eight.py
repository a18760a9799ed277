#!/usr/bin/env python3
"""Writes twenty-eight.json: 28 development pods that each ask for a share of the smallest instance, and one free A100.

What `tangram plan` makes of it stands in docs/seed-cases.md: seven instances of four shares on the one card.
"""
import json
import sys

TAKEN = "2026-11-21T12:00:00Z"
PRODUCT = "NVIDIA-A100-SXM4-40GB"


def pod(i):
    name = f"dev-{i:02}"
    return {
        "namespace": "dev", "name": name, "uid": f"uid-{name}", "owner": {"kind": "StatefulSet", "name": "dev"},
        "phase": "Pending", "createdAt": "2026-11-21T11:00:00Z", "cpuMilli": 1000, "memoryMiB": 4096,
        "devices": {"nvidia.com/mig-1g.5gb.shared": 1},
        "labels": {"tangram.dev/workload": "development"},
        "annotations": {"tangram.dev/gpu-memory": "1Gi"},
    }


def main():
    snapshot = {
        "format": "tangram-snapshot", "version": 1, "takenAt": TAKEN, "cluster": "twenty-eight",
        "nodes": [{
            "name": "gpu-0", "createdAt": "2026-10-01T08:00:00Z", "cloud": "gcp", "region": "us-central1",
            "instanceType": "a2-highgpu-1g", "capacityType": "OnDemand", "pool": "a100", "cpuMilli": 32000,
            "memoryMiB": 131072, "devices": {"nvidia.com/gpu": 1}, "migStrategy": "Mixed",
            "gpus": [{"index": 0, "uuid": "GPU-0", "product": PRODUCT, "memoryMiB": 40960}],
            "price": {"rateMicroUsdPerHour": 3673400,
                      "source": "skypilot-org/skypilot-catalog@e385a0d3 catalogs/v8/gcp/vms.csv"},
            "labels": {"nvidia.com/gpu.product": PRODUCT, "kubernetes.io/hostname": "gpu-0"},
        }],
        "pods": [pod(i) for i in range(28)],
        "namespaces": [{"name": "dev", "labels": {}}],
    }
    json.dump(snapshot, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
