"""Adds up what the API server says of pods, and shares no code with the planner."""
import collections

from fleet import GATE, asks, gates_of, node_of, offers


class Checker:
    """Reads a Watch's changes, in the server's order: a node must have what is sent to it, a pod is
    sent once and bound where it was sent, and no leader writes after the one that followed it.

    `expected(pod)`: what the pod should ask for once it is let go; nothing where that is not known.
    """

    def __init__(self, nodes, expected=lambda one: None):
        self._offers = offers(nodes)
        self._expected = expected
        self._held = {}  # pod: (node, what it asks for)
        self._used = collections.defaultdict(collections.Counter)
        self._sent = {}  # pod, uid: where
        self._transitions = -1  # of the last leader that wrote
        self.wrong = []
        self.bound = set()  # ever
        self.here = set()   # bound, and not gone

    def forget_leaders(self):
        """The Lease is gone, and leaders are counted from the beginning."""
        self._transitions = -1

    def __call__(self, kind, one, _):
        name = one["metadata"]["name"]
        if kind == "DELETED":
            self.here.discard(name)
            node, asked = self._held.pop(name, (None, None))
            if node:
                self._used[node] -= asked
            return
        if gates_of(one):
            return
        if name not in self._held:
            self._let_go(name, one)
        if name in self._held:
            self._check_place(name, one)

    def _let_go(self, name, one):
        notes = one["metadata"].get("annotations", {})
        if "tangram.dev/nodes" not in notes:
            self.wrong.append(f"{name} was let go without a node: {notes.get(GATE)}")
            return
        self._check_fence(name, notes.get("tangram.dev/fence", ""))
        node, asked = notes["tangram.dev/nodes"].split(",")[0], asks(one)
        expected = self._expected(one)
        if expected is not None and asked != expected:
            self.wrong.append(f"{name} asks for {dict(asked)}, its class is {dict(expected)}: "
                              f"{notes.get('tangram.dev/choice')}")
        self._held[name] = (node, asked)
        self._used[node] += asked
        for resource, count in asked.items():
            if self._used[node][resource] > self._offers[node][resource]:
                self.wrong.append(f"{name} was sent to {node}, which has no {resource} left: "
                                  f"{self._used[node][resource]} of {self._offers[node][resource]}")

    def _check_fence(self, name, fence):
        if not fence:  # no election
            return
        transitions = int(fence.rpartition("/")[2])
        if transitions < self._transitions:
            self.wrong.append(f"{name} was let go by {fence}, which led no longer")
        self._transitions = transitions

    def _check_place(self, name, one):
        notes = one["metadata"].get("annotations", {})
        sent = notes.get("tangram.dev/nodes", "")
        if self._sent.setdefault((name, one["metadata"]["uid"]), sent) != sent:
            self.wrong.append(f"{name} was sent to {sent} after another node")
        if node_of(one) and name not in self.here:
            if node_of(one) not in sent.split(","):
                self.wrong.append(f"{name} is on {node_of(one)}, where it was not sent")
            self.bound.add(name)
            self.here.add(name)
