"""A fake device plugin with feature discovery of one node: it acts on the real API server, as
NVIDIA's do where their hardware is.

As read in k8s-device-plugin v0.20: the label nvidia.com/device-plugin.config names a key of a
ConfigMap, and the default holds without it; a key that is not there changes nothing; else both read
it again when the label changes, offer devices anew and say so in labels. Pods that run are not
touched. `faults` befall what it is told, one each: "ignores" (nobody reads the label), "lies"
(feature discovery says so, the kubelet offers what was there), "wrong" (other shares than it says).
"""
import copy
import threading
import time

import yaml

from api import Api
from replica import wait_for

CONFIG = "nvidia.com/device-plugin.config"
SHARED = "shared-0"  # the node of bring_up
SHARED_PATH = f"/api/v1/nodes/{SHARED}"
CONFIGS = "/api/v1/namespaces/kube-system/configmaps/plugin-configs"
SHARING_OPTIONS = ("--sharing-configs", "kube-system/plugin-configs",
                   "--sharing-default", "unshared")
SHARED_POOL = {"apiVersion": "tangram.dev/v1alpha1", "kind": "GpuPool", "metadata": {"name": "shared"},
               "spec": {"mode": "Recommend", "nodeSelector": {"shared": "here"},
                        "sharing": {"strategy": "TimeSlicing", "maxReplicas": 8},
                        "scaling": {"giveBack": False, "maxNewNodes": 0}}}
THEIRS = {
    "unshared": "version: v1\nflags:\n  migStrategy: mixed\n",
    "two": """# of the platform team
version: v1
flags:
  migStrategy: mixed   # as the ClusterPolicy says
sharing:
  timeSlicing:
    renameByDefault: true
    resources:
    - name: nvidia.com/gpu
      replicas: 2
"""}


def bring_up(bed, like):
    """A node with two A100s in two shares each; `like`: one that is there already, for what all nodes
    of this testbed have."""
    api = Api(bed)
    kept = {k: v for k, v in like["metadata"]["labels"].items() if not k.startswith("nvidia.com/")}
    status = copy.deepcopy(like["status"])
    for part in ("capacity", "allocatable"):
        status[part] = {k: v for k, v in status[part].items() if not k.startswith("nvidia.com/")}
    node = {"apiVersion": "v1", "kind": "Node", "spec": {}, "status": status,
            "metadata": {"name": SHARED, "annotations": like["metadata"].get("annotations", {}), "labels": {
                **kept, "kubernetes.io/hostname": SHARED, "shared": "here",
                "nvidia.com/gpu.product": "NVIDIA-A100-SXM4-40GB", "nvidia.com/gpu.memory": "40960",
                "nvidia.com/gpu.count": "2", "nvidia.com/mig.strategy": "mixed",
                "nvidia.com/gpu.deploy.device-plugin": "true", CONFIG: "two"}}}
    for path, one in ((SHARED_PATH, node), (CONFIGS, {
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": CONFIGS.split("/")[-1]},
            "data": THEIRS})):
        code, answer = api.call("POST", path.rsplit("/", 1)[0], one)
        assert code == 201, answer
    api.patch(SHARED_PATH + "/status", {"status": status})
    plugin = DevicePlugin(bed, SHARED_PATH, 2)

    def is_ready():
        now = api.call("GET", SHARED_PATH)[1]
        return not now["spec"].get("taints") and any(
            c["type"] == "Ready" and c["status"] == "True" for c in now["status"]["conditions"])

    wait_for("the node is ready", is_ready)
    api.close()
    return plugin


def take_down(bed):
    api = Api(bed)
    for path in ("/apis/tangram.dev/v1alpha1/gpupools/shared", CONFIGS, SHARED_PATH):
        api.call("DELETE", path)
    wait_for("the node is gone", lambda: api.call("GET", SHARED_PATH)[0] == 404)
    api.close()


class DevicePlugin:
    def __init__(self, bed, path, cards):
        self.api = Api(bed)
        self.path = path
        self.cards = cards
        self.faults = []
        self.told = []  # values of the label, in their order
        self.error = None
        self._seen = None
        self._look()
        self._ends = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self):
        self._ends = True
        self._thread.join()
        if self.error:
            raise self.error

    def _run(self):
        try:
            while not self._ends:
                self._look()
                time.sleep(0.2)
        except Exception as error:  # told by close, on the thread that can fail the test
            self.error = error

    def _look(self):
        wanted = self.api.call("GET", self.path)[1]["metadata"]["labels"].get(CONFIG, "unshared")
        if wanted == self._seen:
            return
        first, self._seen = self._seen is None, wanted
        self.told += [] if first else [wanted]
        text = self.api.call("GET", CONFIGS)[1]["data"].get(wanted)
        if text is None:
            return  # not applied
        fault = self.faults.pop(0) if self.faults and not first else ""
        if fault != "ignores":
            self._take(yaml.safe_load(text), fault)

    def _take(self, config, fault):
        assert config["version"] == "v1", config
        slices = config.get("sharing", {}).get("timeSlicing", {})
        by_name = {r["name"]: r["replicas"] for r in slices.get("resources", [])}
        replicas = by_name.get("nvidia.com/gpu", 1) + (1 if fault == "wrong" else 0)
        renamed = replicas > 1 and slices.get("renameByDefault", False)
        code, answer = self.api.patch(self.path, {"metadata": {"labels": {
            "nvidia.com/gpu.replicas": str(replicas),
            "nvidia.com/gpu.sharing-strategy": "time-slicing" if replicas > 1 else "none"}}})
        assert code == 200, answer
        if fault == "lies":
            return
        count = str(self.cards * replicas)
        offers = {"nvidia.com/gpu": "0" if renamed else count,
                  "nvidia.com/gpu.shared": count if renamed else "0"}
        code, answer = self.api.patch(self.path + "/status", {"status": {
            "capacity": offers, "allocatable": offers}})
        assert code == 200, answer
