#!/usr/bin/env python3
"""Writes shared-developers.json: four notebooks on spot-able nodes of one A100 each, every one of them hardly used.

Google Cloud, us-east4, a2-ultragpu-1g: $5.7077 an hour on demand and $2.3673 as spot (data/prices.csv). What
`tangram plan --resize` makes of it stands in docs/seed-cases.md: one spot card that the four share.
"""
import json
import sys

TAKEN = "2026-11-21T12:00:00Z"
PRODUCT = "NVIDIA-A100-SXM4-80GB"
MEMORY = 81920


def node(i):
    name = f"dev-{i}"
    return {
        "name": name, "createdAt": "2026-10-01T08:00:00Z", "cloud": "gcp", "region": "us-east4",
        "instanceType": "a2-ultragpu-1g", "capacityType": "OnDemand", "pool": "dev",
        "cpuMilli": 12000, "memoryMiB": 172032, "devices": {"nvidia.com/gpu": 1},
        "migStrategy": "Mixed",
        "gpus": [{"index": 0, "uuid": f"GPU-{i}", "product": PRODUCT, "memoryMiB": MEMORY}],
        "price": {"rateMicroUsdPerHour": 5707700, "spotRateMicroUsdPerHour": 2367300,
                  "source": "skypilot-org/skypilot-catalog@e385a0d3 catalogs/v8/gcp/vms.csv"},
        "labels": {"nvidia.com/gpu.product": PRODUCT, "kubernetes.io/hostname": name},
    }


def pod(i):
    name = f"notebook-{'abcd'[i]}"
    return {
        "namespace": "dev", "name": f"{name}-0", "uid": f"uid-{name}",
        "owner": {"kind": "StatefulSet", "name": name}, "node": f"dev-{i}", "phase": "Running",
        "ready": True, "createdAt": "2026-11-01T08:00:00Z", "startedAt": "2026-11-01T08:01:00Z",
        "cpuMilli": 2000, "memoryMiB": 16384, "devices": {"nvidia.com/gpu": 1},
        "labels": {"notebook-name": name, "tangram.dev/interruptible": "true"},
    }


def usage(i, mean, memory):
    return {
        "node": f"dev-{i}", "gpuIndex": 0, "uuid": f"GPU-{i}", "namespace": "dev",
        "pod": f"notebook-{'abcd'[i]}-0", "container": "main", "metric": "Engine", "samples": 2016,
        "activeMeanPpm": mean, "activeMaxPpm": 900000, "busySharePpm": 200000,
        "lastActive": "2026-11-21T11:59:00Z", "memoryMeanMiB": memory - 1000, "memoryMaxMiB": memory,
        "memoryTotalMiB": MEMORY,
    }


def main():
    snapshot = {
        "format": "tangram-snapshot", "version": 1, "takenAt": TAKEN, "cluster": "shared-developers",
        "nodes": [node(i) for i in range(4)],
        "pods": [pod(i) for i in range(4)],
        "namespaces": [{"name": "dev", "labels": {}}],
        "usage": {"from": "2026-11-14T12:00:00Z", "to": TAKEN, "intervalMs": 300000,
                  "source": "made up", "devices": [
                      usage(0, 60000, 9000), usage(1, 110000, 14000),
                      usage(2, 80000, 12000), usage(3, 40000, 7000)]},
    }
    json.dump(snapshot, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
