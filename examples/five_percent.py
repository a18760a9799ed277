#!/usr/bin/env python3
"""Writes five-percent.json: a cluster as many are, where every small service holds a whole card.

Twenty nodes of four A100, two of them forgotten; 48 replicas of six light services hold a card each and keep it 8-8.5 %
busy; six notebooks hold one and do nothing; the rest is free. So 5 % of the cards' time is used.
What `tangram plan --resize --stop-idle` makes of it stands in docs/plan.md.
"""
import json
import sys

TAKEN = "2026-11-21T12:00:00Z"
PRODUCT = "NVIDIA-A100-80GB-PCIe"
MEMORY = 81920


def node(i):
    name = f"gpu-{i:02}"
    return {
        "name": name, "createdAt": "2026-10-01T08:00:00Z", "cloud": "azure", "region": "canadacentral",
        "instanceType": "Standard_NC96ads_A100_v4", "capacityType": "OnDemand", "pool": "a100",
        "cpuMilli": 96000, "memoryMiB": 901120, "devices": {"nvidia.com/gpu": 4},
        "migStrategy": "Mixed",
        "gpus": [{"index": g, "uuid": f"GPU-{i:02}{g}", "product": PRODUCT, "memoryMiB": MEMORY}
                 for g in range(4)],
        "price": {"rateMicroUsdPerHour": 17630000, "asOf": "2026-06-18",
                  "source": "Azure/karpenter-provider-azure, canadacentral"},
        "labels": {"nvidia.com/gpu.product": PRODUCT, "kubernetes.io/hostname": name},
    }


def pod(app, kind, replica, at):
    suffix = f"-{replica}" if kind == "StatefulSet" else f"-6f7d9db747-{replica:05}"
    name = app + suffix
    return {
        "namespace": "apps", "name": name, "uid": f"uid-{name}",
        "owner": {"kind": kind, "name": app}, "node": f"gpu-{at // 4:02}", "phase": "Running",
        "ready": True, "createdAt": "2026-11-01T08:00:00Z", "startedAt": "2026-11-01T08:01:00Z",
        "cpuMilli": 2000, "memoryMiB": 16384, "devices": {"nvidia.com/gpu": 1},
        "labels": {"app": app, "team": app.split("-")[0]},
    }


def usage(holder, at, mean):
    idle = mean == 0
    return {
        "node": holder["node"], "gpuIndex": at % 4, "uuid": f"GPU-{at // 4:02}{at % 4}",
        "namespace": "apps", "pod": holder["name"], "container": "main", "metric": "Engine",
        "samples": 2016, "activeMeanPpm": mean, "activeMaxPpm": 0 if idle else 13 * mean // 10,
        "busySharePpm": 0 if idle else 900000,
        **({} if idle else {"lastActive": "2026-11-21T11:59:00Z"}),
        "memoryMeanMiB": 5000, "memoryMaxMiB": 5200, "memoryTotalMiB": MEMORY,
    }


def main():
    pods, devices = [], []
    for i in range(54):
        at = (i * 37) % 72  # spread over 18 nodes, as a scheduler that balances does
        light = i < 48
        app = f"team{i % 6}-{'serving' if light else 'notebook'}"
        pods.append(pod(app, "Deployment" if light else "StatefulSet", i // 6 if light else 0, at))
        devices.append(usage(pods[-1], at, 80000 + 1000 * (i % 6) if light else 0))
    snapshot = {
        "format": "tangram-snapshot", "version": 1, "takenAt": TAKEN, "cluster": "five-percent",
        "nodes": [node(i) for i in range(20)],
        "pods": sorted(pods, key=lambda p: p["name"]),
        "namespaces": [{"name": "apps", "labels": {}}],
        "usage": {"from": "2026-11-14T12:00:00Z", "to": TAKEN, "intervalMs": 300000,
                  "source": "made up", "devices": sorted(
                      devices, key=lambda d: (d["node"], d["gpuIndex"]))},
    }
    json.dump(snapshot, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
