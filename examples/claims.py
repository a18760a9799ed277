#!/usr/bin/env python3
"""Writes claims.json: two nodes of four H100s that DRA publishes, two cards on each PCIe root, a node with one card that several
may hold, and pods that ask by claims.

What `tangram plan` makes of it stands in docs/dra.md.
"""
import json
import sys

TAKEN = "2026-11-21T12:00:00Z"
DRIVER = "gpu.nvidia.com"
PRODUCT = "NVIDIA H100 80GB HBM3"
ROOT = "resource.kubernetes.io/pcieRoot"
CARDS = 4


def node(name, cards=CARDS):
    return {
        "name": name, "createdAt": "2026-10-01T08:00:00Z", "cloud": "gcp", "region": "us-central1",
        "instanceType": f"a3-highgpu-{cards}g", "capacityType": "OnDemand", "pool": "h100", "cpuMilli": 104000, "memoryMiB": 958464,
        "gpus": [{"index": i, "uuid": f"GPU-{name}-{i}", "product": PRODUCT.replace(" ", "-"), "memoryMiB": 81559,
                  "draDevice": f"gpu-{i}"} for i in range(cards)],
    }


def published(name, cards=CARDS, **more):
    return {
        "name": f"{name}-{DRIVER}", "driver": DRIVER, "pool": name, "generation": 1, "poolSlices": 1, "reach": {"node": name},
        "devices": [{
            "name": f"gpu-{i}",
            "attributes": [{"name": "productName", "value": PRODUCT},
                           {"name": ROOT, "value": f"pci0000:{16 * (1 + i // 2):02x}"},
                           {"name": "type", "value": "gpu"},
                           {"name": "uuid", "value": f"GPU-{name}-{i}"}],
            "capacity": [{"name": "memory", "value": "81559Mi"}], **more,
        } for i in range(cards)],
    }


def request(count, selector=None, memory=None):
    asked = {"name": "gpus", "deviceClass": DRIVER, "count": count}
    if memory:
        asked["capacity"] = {"memory": memory}
    return asked | ({"selectors": [selector]} if selector else {})


def claim(name, asked, constraints=None, held=None, **how):
    made = {"namespace": "ml", "name": f"{name}-gpus", "uid": f"uid-{name}-gpus", "requests": [asked]}
    if constraints:
        made["constraints"] = constraints
    if held:
        on, devices = held
        made["devices"] = [{"request": "gpus", "driver": DRIVER, "pool": on, "device": device, **how} for device in devices]
        made["nodes"] = [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": [on]}]}]
        made["reservedFor"] = [f"uid-{name}"]
    return made


def pod(name, on=None):
    made = {
        "namespace": "ml", "name": name, "uid": f"uid-{name}", "owner": {"kind": "Job", "name": name},
        "phase": "Running" if on else "Pending", "createdAt": "2026-11-21T11:00:00Z", "cpuMilli": 8000, "memoryMiB": 65536,
        "claims": [f"{name}-gpus"],
    }
    return made | ({"node": on, "ready": True, "startedAt": "2026-11-21T11:05:00Z"} if on else {})


def main():
    together = [{"matchAttribute": ROOT}]
    snapshot = {
        "format": "tangram-snapshot", "version": 6, "takenAt": TAKEN, "cluster": "claims",
        "nodes": [node("dev-0", 1), node("dgx-0"), node("dgx-1")],
        "pods": [pod("fit"), pod("notebook-a", "dev-0"), pod("notebook-b"), pod("odd"), pod("pair"), pod("serve-a", "dgx-0"), pod("serve-b", "dgx-0"), pod("wide")],
        "claims": [
            claim("fit", request(1, 'device.capacity["gpu.nvidia.com"].memory.compareTo(quantity("79Gi")) >= 0')),
            claim("notebook-a", request(1, memory="20Gi"), held=("dev-0", ["gpu-0"]), shared=True, consumed={"memory": "20Gi"}),
            claim("notebook-b", request(1, memory="20Gi")),
            claim("odd", request(1, 'ip("10.0.0.1").family() == 4')),
            claim("pair", request(2), together),
            claim("serve-a", request(1), held=("dgx-0", ["gpu-0"])),
            claim("serve-b", request(1), held=("dgx-0", ["gpu-2"])),
            claim("wide", request(3), together),
        ],
        "slices": [published("dev-0", 1, sharedByCapacity=True), published("dgx-0"), published("dgx-1")],
        "deviceClasses": [{"name": DRIVER, "selectors": [
            'device.driver == "gpu.nvidia.com" && device.attributes["gpu.nvidia.com"].?type.orValue("") == "gpu"']}],
        "namespaces": [{"name": "ml"}],
    }
    json.dump(snapshot, sys.stdout, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
