"""Pods by the thousand on a testbed: created on several connections, and followed by one watch."""
import collections
import http.client
import json
import queue
import threading
import time

from api import Api
from replica import wait_for

CREATORS = 4
PODS = "/api/v1/namespaces/default/pods"
GATE = "tangram.dev/placement"
SHARE = "nvidia.com/gpu.shared"
SLICE = "nvidia.com/mig-1g.5gb"
CARD = "nvidia.com/gpu"


def pod(name, resource, count=1, **meta):
    """Bare: no class and no gate."""
    ask = {"cpu": "1", "memory": "1Gi", resource: str(count)}
    return {"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "namespace": "default", **meta},
            "spec": {"containers": [{"name": "c", "image": "x", "resources": {"limits": ask}}],
                     "tolerations": [{"key": CARD, "operator": "Exists"}]}}


def gated(one):
    return {**one, "spec": {**one["spec"], "schedulingGates": [{"name": GATE}]}}


def gates_of(one):
    return [gate["name"] for gate in one["spec"].get("schedulingGates", [])]


def node_of(one):
    return one["spec"].get("nodeName", "")


def create(bed, pods, per_second=None):
    """All of them, in turns on CREATORS connections; evenly, or as fast as the server takes them."""
    work = queue.SimpleQueue()
    began = time.monotonic()
    for i, one in enumerate(pods):
        work.put((began + i / per_second if per_second else 0, json.dumps(one)))
    failed = []

    def run():
        api = Api(bed)
        while True:
            try:
                due, body = work.get_nowait()
            except queue.Empty:
                return
            time.sleep(max(0, due - time.monotonic()))
            status, answer = api.call("POST", PODS, body)
            if status != 201:
                failed.append(answer)

    threads = [threading.Thread(target=run) for _ in range(CREATORS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise AssertionError(f"{len(failed)} pods were refused, the first: {failed[0]}")


def delete_all(bed):
    Api(bed, timeout=300).call("DELETE", PODS + "?gracePeriodSeconds=0")


class Watch:
    """Every change of a pod, in the server's order, from now on, whatever becomes of the connection.
    `seen(kind, pod, at)` is called on the watch's thread; `at` is this machine's monotonic clock."""

    def __init__(self, bed, seen):
        self._bed = bed
        self._seen = seen
        self._closed = False
        self.error = None
        self._api = Api(bed)
        _, found = self._api.call("GET", PODS + "?limit=1")
        self._version = found["metadata"]["resourceVersion"]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        try:
            while not self._closed:  # the server ends each watch after a while
                self._follow()
        except Exception as error:  # told by wait_for, on the thread that can fail the test
            self.error = None if self._closed else error

    def _follow(self):
        try:
            if not self._version:
                self._list()
            self._read(self._api.open(
                f"{PODS}?watch=true&resourceVersion={self._version}&allowWatchBookmarks=true"))
        except (OSError, http.client.HTTPException):  # the server is away
            self._api = Api(self._bed)
            time.sleep(0.2)

    def _list(self):
        """After the server forgot what happened since: what is there now. Deletions are not told."""
        self._api = Api(self._bed)
        _, found = self._api.call("GET", PODS)
        for one in found["items"]:
            self._seen("MODIFIED", one, time.monotonic())
        self._version = found["metadata"]["resourceVersion"]

    def _read(self, answer):
        while line := answer.readline():
            at = time.monotonic()
            change = json.loads(line)
            if change["type"] == "ERROR" and change["object"]["code"] == 410:
                self._version = ""
                return
            if change["type"] == "ERROR":
                raise RuntimeError(change["object"])
            self._version = change["object"]["metadata"]["resourceVersion"]
            if change["type"] != "BOOKMARK":
                self._seen(change["type"], change["object"], at)

    def wait_for(self, what, holds, seconds):
        end = time.monotonic() + seconds
        while not holds():
            if self.error:
                raise self.error
            if time.monotonic() > end:
                raise AssertionError(f"not within {seconds} s: {what}")
            time.sleep(0.02)

    def close(self):
        self._closed = True
        self._api.close()


def offers(nodes):
    """What each node offers of cards, shares and instances, from the API's own list."""
    return {node["metadata"]["name"]: collections.Counter(
        {name: int(count) for name, count in node["status"]["allocatable"].items()
         if name.startswith("nvidia.com/")}) for node in nodes}


def ready_nodes(bed, without_devices=()):
    """All nodes, once each offers its devices (unless it has them by DRA) and lost the taints of one
    that is not ready yet: a cluster that just came up loses them one by one."""
    api = Api(bed)
    nodes = []

    def are_ready():
        nodes[:] = api.call("GET", "/api/v1/nodes")[1]["items"]
        offered = offers(nodes)
        return all(offered[name] or name in without_devices for name in offered) and not any(
            node["spec"].get("taints") for node in nodes)

    wait_for("all nodes are ready", are_ready)
    api.close()
    return nodes


def asks(one):
    asked = collections.Counter()
    for container in one["spec"]["containers"]:
        for name, count in container.get("resources", {}).get("limits", {}).items():
            if name.startswith("nvidia.com/"):
                asked[name] += int(count)
    return asked
