"""A fake device plugin with feature discovery of one node: reads the cards of the fake NVML library
when it begins and when it is hung up, as the real ones do, and no other time (k8s-device-plugin#992);
then the kubelet offers what it saw, and the node's labels say so.

Usage: fake_device_plugin.py BUILD_DIR TESTBED_DIR NODE MACHINE     (cut_node.py starts it)
"""
import collections
import json
import os
import pathlib
import signal
import subprocess
import sys

from api import Api

BUILD, BED = (pathlib.Path(a).resolve() for a in sys.argv[1:3])
NODE, MACHINE = sys.argv[3:5]


def seen():
    """The cards' devices, by what pods ask for: [[id, where it stands]]."""
    said = subprocess.run(
        [BUILD / "tangram", "agent", "--once", "-o", "json", "--nvml", BUILD / "src/agent/fake_nvml.so"],
        check=True, capture_output=True, env={**os.environ, "TANGRAM_FAKE_NVML": MACHINE}).stdout
    devices = collections.defaultdict(list)
    for card in json.loads(said)["cards"]:
        mig = card["mig"]
        names = {profile["id"]: profile["name"] for profile in mig["profiles"]}
        if not mig["enabled"]:
            devices["nvidia.com/gpu"].append([card["uuid"], f"{card['index']}"])
        for instance in mig["instances"]:
            devices["nvidia.com/mig-" + names[instance["profileId"]]] += [
                [one["uuid"], f"{card['index']}:{instance['start']}"] for one in instance["computeInstances"]]
    return devices


def tell_kubelet(devices):
    """Beside the machine, for who plays the kubelet."""
    file = pathlib.Path(f"{MACHINE}.devices")
    part = file.with_suffix(".part")
    part.write_text(json.dumps(devices))
    part.rename(file)


def look(api):
    devices = seen()
    tell_kubelet(devices)
    counts = collections.Counter({resource: len(ones) for resource, ones in devices.items()})
    path = f"/api/v1/nodes/{NODE}"
    was = api.call("GET", path)[1]
    known = {r for r in was["status"]["allocatable"] if r.startswith("nvidia.com/")}
    offers = {r: str(counts[r]) for r in known | set(counts)}
    labels = {label: None for label in was["metadata"]["labels"] if label.startswith("nvidia.com/mig-")}
    labels.update({f"{r}.count": str(n) for r, n in counts.items() if "/mig-" in r})
    labels["nvidia.com/gpu.replicas"] = "1" if counts["nvidia.com/gpu"] else "0"
    for where, patch in ((path + "/status", {"status": {"capacity": offers, "allocatable": offers}}),
                         (path, {"metadata": {"labels": labels}})):
        status, answer = api.patch(where, patch)
        assert status == 200, answer
    print("looked", flush=True)


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    api = Api(BED)
    while True:
        look(api)
        signal.sigwait({signal.SIGHUP})
