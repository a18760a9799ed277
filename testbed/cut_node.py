"""A node whose cards tangram's own agent cuts: the real agent over the fake NVML library, with a fake
device plugin beside it that has to be told."""
import copy
import json
import pathlib
import shutil
import subprocess
import sys

from api import Api, environment
from replica import wait_for

HERE = pathlib.Path(__file__).resolve().parent
NODE = "cut-by-agent"
NODES, REPORTS = "/api/v1/nodes", "/apis/tangram.dev/v1alpha1/gpunodes"
NODE_PATH, REPORT_PATH = f"{NODES}/{NODE}", f"{REPORTS}/{NODE}"
POOL = {"apiVersion": "tangram.dev/v1alpha1", "kind": "GpuPool", "metadata": {"name": "by-agent"},
        "spec": {"mode": "Recommend", "nodeSelector": {"cut": "by-agent"},
                 "partitioning": {"backend": "Agent"},
                 "scaling": {"giveBack": False, "maxNewNodes": 0}}}


def machine(**more):
    """One card, with an instance in its second half that somebody uses."""
    return {"cards": [{"name": "NVIDIA H100 80GB HBM3",
                       "mig": {"enabled": True, "instances": [{"profile": "3g.40gb", "start": 4}]},
                       "processes": [{"pid": 4242, "instance": 1}]}], **more}


def make_node(api, name, like, cards, labels):
    """A node that offers no device yet, once it is ready; `like`: one that is there already, for what
    all nodes of this testbed have."""
    kept = {k: v for k, v in like["metadata"]["labels"].items() if not k.startswith("nvidia.com/")}
    node = {"apiVersion": "v1", "kind": "Node", "spec": {}, "status": copy.deepcopy(like["status"]),
            "metadata": {"name": name, "annotations": like["metadata"].get("annotations", {}),
                         "labels": {**kept, "kubernetes.io/hostname": name,
                                    "nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3",
                                    "nvidia.com/gpu.memory": "81559",
                                    "nvidia.com/gpu.count": str(cards),
                                    "nvidia.com/mig.strategy": "mixed",
                                    "nvidia.com/mig.capable": "true", **labels}}}
    for devices in (node["status"]["capacity"], node["status"]["allocatable"]):
        for resource in [r for r in devices if r.startswith("nvidia.com/")]:
            del devices[resource]
    status, answer = api.call("POST", NODES, node)
    assert status == 201, answer
    path = f"{NODES}/{name}"
    api.patch(path + "/status", {"status": node["status"]})

    def is_ready():
        now = api.call("GET", path)[1]
        return not now["spec"].get("taints") and any(
            c["type"] == "Ready" and c["status"] == "True" for c in now["status"]["conditions"])

    wait_for("the node is ready", is_ready)


class CutNode:
    def __init__(self, build, bed, like, played, node=NODE, every="1s", pod_resources="",
                 started=lambda node: None):
        """`like`: a node that is there already, for what all nodes of this testbed have; `played`: the
        machine that the fake library is; `pod_resources`: the kubelet's socket, where one is played;
        `started` is called before anything runs that has to be stopped."""
        self.build, self.bed, self.name = build, bed, node
        self.every, self.pod_resources = every, pod_resources
        self.path, self.report_path = f"{NODES}/{node}", f"{REPORTS}/{node}"
        self.api = Api(bed)
        self.folder = pathlib.Path(bed) / f"node-{node}"
        self.folder.mkdir(exist_ok=True)
        self.machine = self.folder / "machine.json"
        self.machine.write_text(json.dumps(played))
        pathlib.Path(f"{self.machine}.changes").unlink(missing_ok=True)
        self.processes = []
        started(self)
        make_node(self.api, node, like, len(played["cards"]), {"cut": "by-agent"})
        self.plugin_log = self.folder / "device-plugin"
        self.plugin_log.write_text("")
        self._start_plugin()
        self.start_agent()
        wait_for("the agent reports", lambda: "cards" in self.report().get("status", {}))
        wait_for("the device plugin looked", lambda: self.looks() == 1)

    def _start(self, log, command, **more):
        with pathlib.Path(log).open("a") as out:
            self.processes.append(subprocess.Popen(list(map(str, command)), stdout=out, stderr=out, **more))
        return self.processes[-1]

    def _start_plugin(self):
        plugin = self._start(
            self.plugin_log, ["nvidia-device-plugin", HERE / "fake_device_plugin.py", self.build, self.bed,
                              self.name, self.machine], executable=sys.executable)
        self.proc = self.folder / "proc"  # this node's: plugins of other nodes are not to be hung up
        shutil.rmtree(self.proc, ignore_errors=True)
        self.proc.mkdir()
        (self.proc / str(plugin.pid)).symlink_to(f"/proc/{plugin.pid}")

    def start_agent(self):
        return self._start(
            self.folder / "agent",
            [self.build / "tangram", "agent", "--report", "--mig", "--every", self.every,
             "--node-name", self.name, "--nvml", self.build / "src/agent/fake_nvml.so",
             "--pod-resources", self.pod_resources, "--proc", self.proc,
             "--metrics-address", "127.0.0.1:0", "--health-address", "127.0.0.1:0"],
            env={**environment(self.bed), "TANGRAM_FAKE_NVML": str(self.machine)})

    def stop_agent(self):
        """The one that was started last, and nothing since."""
        agent = self.processes.pop()
        agent.kill()
        agent.wait()

    def report(self):
        return self.api.call("GET", self.report_path)[1]

    def instances(self):
        """Of its card, as the agent reports them: [(start, profile)]."""
        return [(one["start"], one["profile"])
                for one in self.report()["status"]["cards"][0]["mig"]["instances"]]

    def looks(self):
        return self.plugin_log.read_text().count("looked")

    def stop(self):
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.wait()

    def close(self):
        self.stop()
        for path in ("/apis/tangram.dev/v1alpha1/gpupools/by-agent", self.report_path, self.path):
            self.api.call("DELETE", path)
        wait_for("the node is gone", lambda: self.api.call("GET", self.path)[0] == 404)
        self.api.close()
