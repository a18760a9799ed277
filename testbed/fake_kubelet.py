"""What the kubelets of many nodes do with devices: each pod that is bound gets one that is free, and the
socket `pod-resources` says which pod holds which (gRPC, in as much of HTTP/2 as the agent needs).

Which devices there are the fake device plugin of the node writes down. As NVIDIA's packs, a pod gets
its instance on the card that has the most in use.
"""
import asyncio
import collections
import json
import pathlib
import struct
import threading

from fleet import asks, node_of

DATA, HEADERS, SETTINGS, PING = 0, 1, 4, 6
ACK = END_STREAM = 1
END_HEADERS = 4
PREFACE = len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
MOST_IN_A_FRAME = 16384


def field(number, data):
    """One of a protobuf message, that holds bytes."""
    data = data.encode() if isinstance(data, str) else data
    length, left = b"", len(data)
    while left > 0x7F:
        length, left = length + bytes([left & 0x7F | 0x80]), left >> 7
    return bytes([number << 3 | 2]) + length + bytes([left]) + data


def pod_resources(name, namespace, resource, device):
    """Of a ListPodResourcesResponse (v1)."""
    devices = field(1, resource) + field(2, device)
    container = field(1, "c") + field(2, devices)
    return field(1, field(1, name) + field(2, namespace) + field(3, container))


def header(name, value):
    """HPACK: a literal that nobody remembers."""
    return b"\0" + bytes([len(name)]) + name.encode() + bytes([len(value)]) + value.encode()


def frame(kind, flags, stream, body=b""):
    return struct.pack(">I", len(body))[1:] + struct.pack(">BBI", kind, flags, stream) + body


def answer(stream, message):
    """The answer to a call, whole."""
    data = b"\0" + struct.pack(">I", len(message)) + message
    said = frame(HEADERS, END_HEADERS, stream, b"\x88" + header("content-type", "application/grpc"))
    for at in range(0, len(data), MOST_IN_A_FRAME):
        said += frame(DATA, 0, stream, data[at:at + MOST_IN_A_FRAME])
    return said + frame(HEADERS, END_HEADERS | END_STREAM, stream, header("grpc-status", "0"))


class Kubelet:
    """Of one node. `wrong`: what may not happen, told by all of them."""

    def __init__(self, node, machine, wrong):
        self.node = node
        self._file = pathlib.Path(f"{machine}.devices")
        self._read_at = None
        self._devices = {}  # id: (what pods ask for, where it stands)
        self._held = {}     # uid: (namespace, name, resource, id, where)
        self._wrong = wrong

    def _look(self):
        """At what the device plugin wrote, where it did since."""
        if not self._file.exists() or self._file.stat().st_mtime_ns == self._read_at:
            return
        self._read_at = self._file.stat().st_mtime_ns
        self._devices = {device: (resource, where)
                         for resource, ones in json.loads(self._file.read_text()).items()
                         for device, where in ones}
        for uid, (_, name, resource, device, where) in list(self._held.items()):
            if self._devices.get(device) != (resource, where):
                self._wrong.append(f"{resource} of {name} on {self.node} was taken apart: it was at {where}")
                del self._held[uid]

    def admit(self, one):
        meta = one["metadata"]
        if meta["uid"] in self._held:
            return
        self._look()
        resource = next(iter(asks(one)))
        taken = {device for _, _, _, device, _ in self._held.values()}
        used = collections.Counter(self._devices[device][1].split(":")[0] for device in taken)
        free = [(-used[where.split(":")[0]], where, device) for device, (of, where) in self._devices.items()
                if of == resource and device not in taken]
        if not free:
            self._wrong.append(f"{meta['name']} was sent to {self.node}, which has no {resource} left")
            return
        _, where, device = min(free)
        self._held[meta["uid"]] = (meta["namespace"], meta["name"], resource, device, where)

    def forget(self, one):
        self._held.pop(one["metadata"]["uid"], None)

    def list(self):
        self._look()
        return b"".join(pod_resources(name, namespace, resource, device)
                        for namespace, name, resource, device, _ in self._held.values())


class Kubelets:
    """Of all nodes that are added. Pods are told by who watches them."""

    def __init__(self):
        self.wrong = []
        self._of = {}
        self._lock = threading.Lock()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def add(self, node, machine, socket):
        with self._lock:
            kubelet = self._of[node] = Kubelet(node, machine, self.wrong)
        serving = asyncio.start_unix_server(lambda r, w: self._serve(kubelet, r, w), socket)
        asyncio.run_coroutine_threadsafe(serving, self._loop).result()

    def seen(self, kind, one):
        """A change of a pod, as fleet.Watch tells it."""
        kubelet = self._of.get(node_of(one))
        if kubelet is None:
            return
        with self._lock:
            if kind == "DELETED":
                kubelet.forget(one)
            else:
                kubelet.admit(one)

    def close(self):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    async def _serve(self, kubelet, reader, writer):
        try:
            await reader.readexactly(PREFACE)
            writer.write(frame(SETTINGS, 0, 0))
            while True:
                head = await reader.readexactly(9)
                kind, flags, stream = struct.unpack(">BBI", head[3:])
                body = await reader.readexactly(int.from_bytes(head[:3], "big"))
                writer.write(self._reply(kubelet, kind, flags, stream, body))
        except (asyncio.IncompleteReadError, ConnectionError):  # the agent ended, or its connection
            writer.close()

    def _reply(self, kubelet, kind, flags, stream, body):
        if kind in (SETTINGS, PING) and not flags & ACK:
            return frame(kind, ACK, 0, body if kind == PING else b"")
        if kind not in (DATA, HEADERS) or not flags & END_STREAM:
            return b""
        with self._lock:  # the agent calls List and nothing else
            return answer(stream, kubelet.list())
