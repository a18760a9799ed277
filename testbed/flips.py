"""Demand that flips from halves of cards to sevenths and back, on a real control plane with fake GPUs:
do layouts follow, and whom does it disturb?

Nodes of eight H100s, each cut for the day. A flip scales two Deployments: by day servers want a
3g.40gb each, by night jobs want sevenths, and no layout that stays serves both. With `--cutting`
  agent        tangram's agent cuts (the real one, over the fake NVML), as plans of a pool in mode Auto say
  mig-manager  a fake of NVIDIA's does, which wipes whole nodes; plans are Tangram's as well
  fixed        nobody does: half of each card is for either, and the scheduler is alone
Brings a testbed up and takes it down. Prints Markdown; exits 1 where a pod was evicted that no plan named,
a budget was broken, a pod lost what it ran on, or an operation ended Failed.
"""
import collections
import concurrent.futures
import contextlib
import json
import math
import pathlib
import subprocess
import sys
import time

import yaml

from api import Api, apply_crds, environment
from cut_node import CutNode, make_node
from fake_kubelet import Kubelets
from fleet import GATE, Watch, ready_nodes
from measure import at_least, controller, cpu_of, memory_of, own_bed, parser
from mig_manager import CONFIG, DAEMONS, LAYOUTS, LAYOUTS_OPTION, STATE, MigManager

GROUP = "/apis/tangram.dev/v1alpha1"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
BUDGETS = "/apis/policy/v1/namespaces/default/poddisruptionbudgets"
CARDS = 8  # of a node
HALF, SEVENTH = "3g.40gb", "1g.10gb"
WANTS = {"servers": f"nvidia.com/mig-{HALF}", "jobs": f"nvidia.com/mig-{SEVENTH}"}
# Of a node, as in examples/flips.yaml.
DEMAND = {"day": {"servers": 14, "jobs": 3.2}, "night": {"servers": 1.8, "jobs": 32}}
BACKENDS = {"agent": "Agent", "mig-manager": "MigManager"}
TIGHT = {"servers": 14.8, "jobs": 3.2}  # a day with no room unless pods that stand alone move together
SETTLED = 60  # seconds after a flip; what holds later is told apart
STARTERS = 4  # nodes that are brought up at once


def demand(time_of_day, options):
    each = TIGHT if options.tight and time_of_day == "day" else DEMAND[time_of_day]
    return {name: round(count * options.nodes) for name, count in each.items()}


def layouts(options, node):
    """Of each card of node number `node`: its profiles, from its first memory slice on."""
    if options.cutting == "fixed":
        return [[SEVENTH] * 4 + [HALF]] * CARDS
    for_jobs = math.ceil(demand("day", options)["jobs"] / 7)
    return [[HALF] * 2] * (CARDS - 1) + [[SEVENTH] * 7 if node < for_jobs else [HALF] * 2]


def card(node, index, profiles):
    starts, at = [], 0
    for profile in profiles:
        starts.append({"profile": profile, "start": at})
        at += 4 if profile == HALF else 1
    return {"name": "NVIDIA H100 80GB HBM3", "uuid": f"GPU-{node:08d}-{index:04d}-4000-8000-000000000000",
            "mig": {"enabled": True, "instances": starts}}


def mig_config(layout):
    """An entry of mig-manager's ConfigMap, and its name."""
    devices = [{"devices": [i], "mig-enabled": True, "mig-devices": dict(collections.Counter(profiles))}
               for i, profiles in enumerate(layout)]
    return "by-day" if layout[-1][0] == HALF else "by-day-with-jobs", devices


class Nodes:
    """All of them, with who cuts them."""

    def __init__(self, bed, options, stack, kubelets):
        self._bed, self._options, self._stack, self._kubelets = bed, options, stack, kubelets
        self._like = ready_nodes(bed)[0]
        if options.cutting == "mig-manager":
            self._make_configs()
        with concurrent.futures.ThreadPoolExecutor(STARTERS) as starters:
            make = self._cut_node if options.cutting == "agent" else self._labelled_node
            for done in [starters.submit(make, number) for number in range(options.nodes)]:
                done.result()

    def _make_configs(self):
        entries = dict(mig_config(layouts(self._options, node)) for node in range(self._options.nodes))
        text = yaml.safe_dump({"version": "v1", "mig-configs": entries}, default_flow_style=False)
        made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": LAYOUTS.split("/")[-1]},
                "data": {"config.yaml": text}}
        post(Api(self._bed), LAYOUTS.rsplit("/", 1)[0], made)

    def _cut_node(self, number):
        name = f"cut-{number}"
        folder = pathlib.Path(self._bed) / f"node-{name}"
        folder.mkdir()
        socket = folder / "kubelet.sock"
        self._kubelets.add(name, folder / "machine.json", socket)
        cards = [card(number, i, profiles) for i, profiles in enumerate(layouts(self._options, number))]
        CutNode(self._options.build, self._bed, self._like, {"cards": cards}, name, every="5s",
                pod_resources=socket, started=lambda node: self._stack.callback(node.stop))

    def _labelled_node(self, number):
        layout = layouts(self._options, number)
        labels = {"cut": "by-agent"}
        if self._options.cutting == "mig-manager":
            labels |= {CONFIG: mig_config(layout)[0], STATE: "success", **{d: "true" for d in DAEMONS}}
        make_node(Api(self._bed), f"cut-{number}", self._like, CARDS, labels)
        manager = MigManager(self._bed, LAYOUTS, f"cut-{number}",
                             [dict(collections.Counter(profiles)) for profiles in layout], every=1)
        if self._options.cutting == "fixed":
            manager.close()
        else:
            self._stack.callback(manager.close)


def post(api, path, one):
    status, answer = api.call("POST", path, one)
    assert status in (200, 201), answer


def deployment(name, gated):
    container = {"name": "c", "image": "x", "resources": {"limits": {
        "cpu": "500m", "memory": "1Gi", WANTS[name]: "1"}}}
    spec = {"terminationGracePeriodSeconds": 1, "nodeSelector": {"cut": "by-agent"},
            "containers": [container]}
    if gated:
        spec["schedulingGates"] = [{"name": GATE}]
    return {"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": name, "namespace": "default"},
            "spec": {"replicas": 0, "selector": {"matchLabels": {"app": name}},
                     "template": {"metadata": {"labels": {"app": name}}, "spec": spec}}}


BUDGET = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
          "metadata": {"name": "servers", "namespace": "default"},
          "spec": {"maxUnavailable": "5%", "selector": {"matchLabels": {"app": "servers"}}}}


def pool(options):
    return {"apiVersion": "tangram.dev/v1alpha1", "kind": "GpuPool", "metadata": {"name": "flips"},
            "spec": {"mode": "Auto", "nodeSelector": {"cut": "by-agent"},
                     "partitioning": {"backend": BACKENDS[options.cutting],
                                      "maxNodesDisturbed": options.nodes},
                     "disruption": {"moves": options.moves},
                     "scaling": {"giveBack": False, "maxNewNodes": 0}}}


class Pods:
    """What a fleet.Watch tells: who runs, who was evicted, and who went otherwise."""

    def __init__(self, kubelets):
        self._kubelets = kubelets
        self._runs = {}  # uid: of which Deployment
        self._wanted = [(0, dict.fromkeys(WANTS, 0))]  # since when
        self.running = dict.fromkeys(WANTS, 0)
        self.gone = dict.fromkeys(WANTS, 0)  # without an eviction
        self.scaled_away = dict.fromkeys(WANTS, 0)
        self.evicted = []  # (when, name)
        self.over_budget = []
        self.failed = []

    def want(self, wanted):
        for name, count in self.wanted().items():
            self.scaled_away[name] += max(0, count - wanted[name])
        self._wanted.append((time.monotonic(), wanted))

    def wanted(self):
        return self._wanted[-1][1]

    def served(self):
        """How many pods run of those that are wanted."""
        return sum(min(self.running[name], count) for name, count in self.wanted().items())

    def __call__(self, kind, one, at):
        if "app" not in one["metadata"]["labels"]:
            return
        self._kubelets.seen(kind, one)
        uid, name = one["metadata"]["uid"], one["metadata"]["labels"]["app"]
        ends = kind == "DELETED" or "deletionTimestamp" in one["metadata"]
        phase = one["status"].get("phase")
        if phase == "Running" and not ends and uid not in self._runs:
            self._runs[uid] = name
            self.running[name] += 1
        if ends and self._runs.pop(uid, None):
            self.running[name] -= 1
        if kind == "DELETED":
            self._count_gone(name, one, at)
        elif phase == "Failed":
            self.failed.append(f"{one['metadata']['name']}: {one['status'].get('reason')}")

    def _count_gone(self, name, one, at):
        reasons = [c.get("reason") for c in one["status"].get("conditions", [])
                   if c["type"] == "DisruptionTarget"]
        if not reasons:
            self.gone[name] += 1
            return
        self.evicted.append((at, one["metadata"]["name"]))
        if name == "servers" and self.running[name] < self._fewest(at):
            self.over_budget.append(f"{one['metadata']['name']} was evicted, and {self.running[name]} "
                                    f"servers were left")

    def _fewest(self, at):
        """Servers that the budget leaves; its controller may not know yet of what is wanted since
        10 s."""
        since = [wanted for i, (_, wanted) in enumerate(self._wanted)
                 if i + 1 == len(self._wanted) or self._wanted[i + 1][0] > at - 10]
        most = min(wanted["servers"] for wanted in since)
        return most - math.ceil(most * 0.05)


def is_true(thing, kind):
    return any(c["type"] == kind and c["status"] == "True"
               for c in thing.get("status", {}).get("conditions", []))


class Journal:
    """Plans and operations, as they were seen last: the controller forgets old ones."""

    def __init__(self, bed):
        self._api = Api(bed)
        self.plans, self.operations = {}, {}

    def look(self):
        for path, seen in (("gpuplans", self.plans), ("nodeoperations", self.operations)):
            for one in self._api.call("GET", f"{GROUP}/{path}")[1].get("items", []):
                seen[one["metadata"]["name"]] = one

    def carried_out(self):
        return [plan for plan in self.plans.values() if is_true(plan, "Approved")]

    def named(self):
        """Pods that plans may disturb."""
        return {pod["name"] for plan in self.carried_out() for action in plan["spec"]["actions"]
                for pod in action.get("disturbs", [])}

    def outcomes(self):
        """How operations ended, by how many; those under way are `open`."""
        kinds = ("Done", "RolledBack", "Failed")
        return collections.Counter(next((kind for kind in kinds if is_true(one, kind)), "open")
                                   for one in self.operations.values())

    def under_way(self):
        """Operations that did not end, and where they are."""
        said = []
        for name, one in self.operations.items():
            steps = one.get("status", {}).get("steps", [])
            if steps and not any(is_true(one, kind) for kind in ("Done", "RolledBack", "Failed")):
                said.append(f"{name} is at {steps[-1]['name']} since {steps[-1]['startedAt']}")
        return said

    def troubles(self):
        """What the operations say that did not end Done, by how many say it."""
        return collections.Counter(
            f"{kind}: {c['reason']}: {c['message']}" for one in self.operations.values()
            for kind in ("RolledBack", "Failed") for c in one.get("status", {}).get("conditions", [])
            if c["type"] == kind and c["status"] == "True")


class NotServed(Exception):
    """Not all pods run though they have to."""


class Phase:
    """From one flip to the next."""

    def __init__(self, name, wanted, pods):
        self.name, self.wanted = name, sum(wanted.values())
        self.told = ", ".join(f"{count} {who}" for who, count in wanted.items())
        self.began = time.monotonic()
        self.evicted_before = len(pods.evicted)
        self.evicted = 0
        self.samples = []  # (seconds since it began, how many run)

    def sample(self, pods):
        self.samples.append((time.monotonic() - self.began, pods.served()))
        self.evicted = len(pods.evicted) - self.evicted_before

    def until(self, percent):
        """Seconds until so many ran; None: never."""
        return next((at for at, running in self.samples if 100 * running >= percent * self.wanted), None)

    def pod_seconds(self):
        """(that ran, that were wanted to)."""
        ran = sum((later - at) * running for (at, running), (later, _) in zip(self.samples, self.samples[1:]))
        return ran, self.samples[-1][0] * self.wanted

    def worst(self, after=0.0):
        return min((running / self.wanted for at, running in self.samples if at >= after), default=None)


class Run:
    def __init__(self, bed, options, kubelets):
        self._bed, self._options = bed, options
        self._api = Api(bed)
        self.pods = Pods(kubelets)
        self._watch = Watch(bed, self.pods)
        self.journal = Journal(bed)
        self.phases = []
        for name in WANTS:
            post(self._api, DEPLOYMENTS, deployment(name, options.gated))
        post(self._api, BUDGETS, BUDGET)

    def phase(self, name, seconds, whole):
        """`whole`: it ends as soon as all run, and has to."""
        wanted = demand(name, self._options)
        self.pods.want(wanted)
        phase = Phase(name, wanted, self.pods)
        for who, count in wanted.items():
            status, answer = self._api.patch(f"{DEPLOYMENTS}/{who}", {"spec": {"replicas": count}})
            assert status == 200, answer
        while time.monotonic() - phase.began < seconds and not (whole and phase.until(100) is not None):
            time.sleep(0.5)
            phase.sample(self.pods)
            if len(phase.samples) % 10 == 0:
                self.journal.look()
        if self._watch.error:
            raise self._watch.error
        if whole and phase.until(100) is None:
            self.fail(phase)
        print(f"{name}: {phase.samples[-1][1]} of {phase.wanted} pods run after "
              f"{phase.samples[-1][0]:.0f} s", file=sys.stderr, flush=True)
        return phase

    def fail(self, phase):
        self.journal.look()
        said = [f"{phase.name}: {self.pods.running} run of {phase.told} after {phase.samples[-1][0]:.0f} s",
                *self.journal.under_way(), *self.journal.troubles()]
        raise NotServed("\n".join(said))

    def flip(self):
        """The warm-up, which does not count, and the phases that do."""
        short = self._options.short
        if self._options.cutting == "fixed":  # most of them run at once, and the others never
            self.phase("day", SETTLED, False)
        else:
            self.phase("day", self._options.phase, True)
        for number in range(self._options.flips):
            self.phases.append(self.phase(("night", "day")[number % 2], self._options.phase, short))
        self.settle()

    def settle(self):
        """Operations that are under way come to their end."""
        end = time.monotonic() + 60
        self.journal.look()
        while self.journal.outcomes()["open"] and time.monotonic() < end:
            time.sleep(1)
            self.journal.look()
        self._watch.close()

    def wrong(self, kubelets):
        """What may not happen, each by an example."""
        named = self.journal.named()
        return {"pods evicted that no plan named": [n for _, n in self.pods.evicted if n not in named],
                "budget violations": self.pods.over_budget,
                "pods that lost or never had their instance": kubelets.wrong,
                "pods that went and nobody sent away": [
                    f"{count} {name}, {self.pods.scaled_away[name]} were scaled away"
                    for name, count in self.pods.gone.items() if count > self.pods.scaled_away[name]],
                "pods that failed": self.pods.failed,
                "operations that ended Failed": [
                    trouble for trouble in self.journal.troubles() if trouble.startswith("Failed")]}


def row(*cells):
    print("| " + " | ".join(map(str, cells)) + " |")


def seconds(value):
    return "never" if value is None else f"{value:.0f} s"


def percent(value):
    return "–" if value is None else f"{100 * value:.1f} %"


def print_phases(phases):
    row("flip to", "wanted", "50 % run after", "90 %", "all", "served", "worst",
        f"worst after {SETTLED} s", "evicted")
    row("---", "---", *["---:"] * 7)
    for phase in phases:
        ran, wanted = phase.pod_seconds()
        row(phase.name, phase.told, *(seconds(phase.until(part)) for part in (50, 90, 100)),
            percent(ran / wanted), percent(phase.worst()), percent(phase.worst(SETTLED)), phase.evicted)


def print_run(run, kubelets, replica):
    ran, wanted = (sum(column) for column in zip(*(phase.pod_seconds() for phase in run.phases)))
    late = [worst for phase in run.phases if (worst := phase.worst(SETTLED)) is not None]
    print()
    row("whole run", "")
    row("---", "---:")
    row("served", percent(ran / wanted))
    row("worst moment", percent(min(phase.worst() for phase in run.phases)))
    row(f"worst moment, {SETTLED} s after a flip and later", percent(min(late, default=None)))
    row("plans carried out", len(run.journal.carried_out()))
    row("operations", ", ".join(f"{count} {how}" for how, count in run.journal.outcomes().items()) or 0)
    row("pods evicted", len(run.pods.evicted))
    for what, found in run.wrong(kubelets).items():
        row(what, len(found))
    if replica:
        row("controller's CPU, memory at its peak",
            f"{cpu_of(replica.process.pid):.0f} s, {memory_of(replica.process.pid)[1]:.0f} MiB")
    for trouble, count in run.journal.troubles().most_common(5):
        print(f"\n{count} x {trouble}")
    for one in run.journal.under_way()[:5]:
        print(f"\n{one}")


def title(options):
    said = f"{options.nodes} nodes x {CARDS} cards, cutting: {options.cutting}"
    if options.cutting != "fixed":
        said += f", moves: {options.moves}, pods are {'gated' if options.gated else 'bare'}"
    return said + (", tight days" if options.tight else "") + "\n"


def planner(bed, options):
    if options.cutting == "fixed":
        return contextlib.nullcontext()
    how = ("--agents-cut",) if options.cutting == "agent" else LAYOUTS_OPTION
    return controller(options.build, bed, "flips", *how, "--qps", "1000",
                      "--gate-limit", f"{options.phase}s")  # pods wait for a cut rather than go on alone


def main(bed, options):
    apply_crds(bed)
    kubelets = Kubelets()
    with contextlib.ExitStack() as stack:
        began = time.monotonic()
        Nodes(bed, options, stack, kubelets)
        print(f"{options.nodes} nodes are there after {time.monotonic() - began:.0f} s", file=sys.stderr)
        replica = stack.enter_context(planner(bed, options))
        run = Run(bed, options, kubelets)
        if replica:
            post(Api(bed), f"{GROUP}/gpupools", pool(options))
        try:
            run.flip()
        finally:
            if options.keep_logs:
                keep(bed, options, run)
        print(title(options))
        print_phases(run.phases)
        print_run(run, kubelets, replica)
        wrong = {what: found for what, found in run.wrong(kubelets).items() if found}
        for what, found in wrong.items():
            print(f"flips: {len(found)} {what}; the first: {found[0]}", file=sys.stderr)
    return 1 if wrong else 0


def keep(bed, options, run):
    """The controller's log, what there is, and plans and operations as they were seen last."""
    folder = options.keep_logs
    folder.mkdir(parents=True, exist_ok=True)
    run.journal.look()
    subprocess.run([options.build / "tangram", "snapshot", "--prometheus", "none", "--file",
                    folder / "snapshot.json"], env=environment(bed), check=False)
    for log in (pathlib.Path(bed) / "logs").glob("controller-*.log"):
        (folder / log.name).write_text(log.read_text())
    (folder / "plans.json").write_text(json.dumps(run.journal.plans, indent=1))
    (folder / "operations.json").write_text(json.dumps(run.journal.operations, indent=1))
    (folder / "phases.json").write_text(json.dumps([[p.name, p.samples] for p in run.phases]))


def arguments():
    made = parser(__doc__)
    made.add_argument("--nodes", type=at_least(1), default=100)
    made.add_argument("--cutting", choices=["agent", "fixed", "mig-manager"], default="agent")
    made.add_argument("--flips", type=at_least(1), default=2)
    made.add_argument("--phase", type=at_least(10), default=300, metavar="SECONDS", help="from flip to flip")
    made.add_argument("--moves", choices=["None", "Replicated", "Controlled"], default="Replicated",
                      help="of the pool: whether pods may be moved")
    made.add_argument("--gated", action="store_true",
                      help="Tangram says where pods go; else they are the scheduler's")
    made.add_argument("--tight", action="store_true",
                      help="so many servers by day that others have to move together for them")
    made.add_argument("--short", action="store_true", help="a phase ends as soon as all run, and has to")
    made.add_argument("--keep-logs", type=pathlib.Path, metavar="DIR", help="what was planned and done")
    options = made.parse_args()
    options.build = options.build.resolve()
    return options


if __name__ == "__main__":
    asked = arguments()
    try:
        with own_bed("bare") as own:
            status = main(own, asked)
    except NotServed as error:
        sys.exit(f"flips: {error}")
    sys.exit(status)
