"""A fake mig-manager with the device plugin and feature discovery of the nodes that it is given: it
acts on the real API server, as the real ones do where their hardware is.

As read in mig-parted v0.15: it acts only when the value of nvidia.com/mig.config changes; reads the
layout of that name from its ConfigMap; says "pending" and pauses NVIDIA's daemons, so that the node
offers no GPU; wipes and cuts; lets them run again and says "success" or "failed". `faults` befall
its applications, one each: "hangs" (mig-parted#485), "fails" (cleared, and nothing made), "lies"
(mig-parted#18: success, and nothing made).
"""
import collections
import copy
import threading
import time

import yaml

from api import Api
from replica import wait_for

CONFIG = "nvidia.com/mig.config"
STATE = CONFIG + ".state"
DAEMONS = ("nvidia.com/gpu.deploy.device-plugin", "nvidia.com/gpu.deploy.gpu-feature-discovery")
PAUSED = "paused-for-mig-change"
CUT = "cut-0"  # the node of bring_up
CUT_PATH = f"/api/v1/nodes/{CUT}"
LAYOUTS = "/api/v1/namespaces/kube-system/configmaps/mig-layouts"
LAYOUTS_OPTION = ("--mig-layouts", "kube-system/mig-layouts")
CUT_POOL = {"apiVersion": "tangram.dev/v1alpha1", "kind": "GpuPool", "metadata": {"name": "cut"},
            "spec": {"mode": "Recommend", "nodeSelector": {"cut": "here"},
                     "partitioning": {"backend": "MigManager"},
                     "scaling": {"giveBack": False, "maxNewNodes": 0}}}
THEIRS = """# of the platform team
version: v1
mig-configs:
  all-3g:
  - devices: all
    mig-enabled: true
    mig-devices: {"3g.20gb": 2}
  all-disabled:
  - devices: all
    mig-enabled: false
"""


def bring_up(bed, like):
    """A node with two A100s, each cut in two, that mig-manager looks after; `like`: one that is there
    already, for what all nodes of this testbed have."""
    api = Api(bed)
    kept = {k: v for k, v in like["metadata"]["labels"].items() if not k.startswith("nvidia.com/")}
    node = {"apiVersion": "v1", "kind": "Node", "spec": {}, "status": copy.deepcopy(like["status"]),
            "metadata": {"name": CUT, "annotations": like["metadata"].get("annotations", {}), "labels": {
                **kept, "kubernetes.io/hostname": CUT, "cut": "here",
                "nvidia.com/gpu.product": "NVIDIA-A100-SXM4-40GB", "nvidia.com/gpu.memory": "40960",
                "nvidia.com/gpu.count": "2", "nvidia.com/mig.strategy": "mixed",
                "nvidia.com/mig.capable": "true", CONFIG: "all-3g", STATE: "success",
                **{daemon: "true" for daemon in DAEMONS}}}}
    for path, one in ((CUT_PATH, node), (LAYOUTS, {
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": LAYOUTS.split("/")[-1]},
            "data": {"config.yaml": THEIRS}})):
        status, answer = api.call("POST", path.rsplit("/", 1)[0], one)
        assert status == 201, answer
    api.patch(CUT_PATH + "/status", {"status": node["status"]})
    mig = MigManager(bed, LAYOUTS, CUT, [{"3g.20gb": 2}, {"3g.20gb": 2}])

    def is_ready():
        now = api.call("GET", CUT_PATH)[1]
        return not now["spec"].get("taints") and any(
            c["type"] == "Ready" and c["status"] == "True" for c in now["status"]["conditions"])

    wait_for("the node is ready", is_ready)
    api.close()
    return mig


def take_down(bed):
    api = Api(bed)
    for path in ("/apis/tangram.dev/v1alpha1/gpupools/cut", LAYOUTS, CUT_PATH):
        api.call("DELETE", path)
    wait_for("the node is gone", lambda: api.call("GET", CUT_PATH)[0] == 404)
    api.close()


class MigManager:
    def __init__(self, bed, config_map, node, cards, every=0.2):
        """`config_map`: its path; `cards`: of each card of the node, {profile: count}; `every`: how many
        seconds are between two looks at the node."""
        self.api = Api(bed)
        self.config_map = config_map
        self.path = f"/api/v1/nodes/{node}"
        self.cards = cards
        self.faults = []
        self.applied = []  # values of the label, in their order
        self.seen = self._node()["metadata"]["labels"].get(CONFIG, "")
        self.error = None
        self._every = every
        self._ends = threading.Event()
        self._offer()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self):
        self._ends.set()
        self._thread.join()
        if self.error:
            raise self.error

    def _run(self):
        try:
            while not self._ends.wait(self._every):
                self._look()
        except Exception as error:  # told by close, on the thread that can fail the test
            self.error = error

    def _node(self):
        return self.api.call("GET", self.path)[1]

    def _label(self, labels):
        status, answer = self.api.patch(self.path, {"metadata": {"labels": labels}})
        assert status == 200, answer

    def _look(self):
        labels = self._node()["metadata"]["labels"]
        if labels.get(CONFIG, "") != self.seen:
            self.seen = labels.get(CONFIG, "")
            self.applied.append(self.seen)
            self._apply()
        elif self._hung(labels):
            self._offer()  # somebody else let the daemons run

    def _hung(self, labels):
        return labels.get(STATE) == "pending" and all(labels.get(d) == "true" for d in DAEMONS)

    def _layout(self):
        """{card: {profile: count}} of the label's value; None: there is no such entry."""
        _, found = self.api.call("GET", self.config_map)
        entry = yaml.safe_load(found["data"]["config.yaml"])["mig-configs"].get(self.seen)
        if entry is None:
            return None
        cards = list(self.cards)
        for part in entry:
            which = range(len(cards)) if part["devices"] == "all" else part["devices"]
            for i in which:
                cards[i] = dict(part.get("mig-devices", {})) if part["mig-enabled"] else {}
        return cards

    def _apply(self):
        layout = self._layout()
        if layout is None:
            return self._label({STATE: "failed"})
        if layout == self.cards:
            return self._label({STATE: "success"})
        fault = self.faults.pop(0) if self.faults else ""
        self._label({STATE: "pending", **{daemon: PAUSED for daemon in DAEMONS}})
        self._offer(nothing=True)
        time.sleep(0.5)
        if fault == "hangs":
            return None
        self.cards = [{} for _ in layout] if fault in ("fails", "lies") else layout
        self._offer()
        return self._label({STATE: "failed" if fault == "fails" else "success",
                            **{daemon: "true" for daemon in DAEMONS}})

    def _offer(self, nothing=False):
        """What the kubelet offers and, unless it is paused, what feature discovery says."""
        counts = collections.Counter()
        for card in self.cards:
            counts.update({f"nvidia.com/mig-{p}": n for p, n in card.items()} or {"nvidia.com/gpu": 1})
        was = self._node()
        known = {r for r in was["status"]["allocatable"] if r.startswith("nvidia.com/")}
        offers = {r: "0" if nothing else str(counts[r]) for r in known | set(counts)}
        status, answer = self.api.patch(self.path + "/status", {"status": {
            "capacity": offers, "allocatable": offers}})
        assert status == 200, answer
        if nothing:
            return
        labels = {label: None for label in was["metadata"]["labels"]
                  if label.startswith("nvidia.com/mig-")}
        labels.update({f"{r}.count": str(n) for r, n in counts.items() if "/mig-" in r})
        labels["nvidia.com/gpu.replicas"] = "1" if counts["nvidia.com/gpu"] else "0"
        self._label(labels)
