"""What the benchmarks on a testbed share: a bed of their own, times of pods, and what a process took."""
import argparse
import contextlib
import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time

from api import ROOT, Api
from fleet import gates_of, node_of
from replica import Replica, wait_for


def parser(doc):
    """With --build; `parse` checks it."""
    made = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawTextHelpFormatter)
    made.add_argument("--build", type=pathlib.Path, default=ROOT / "build", metavar="DIR",
                      help="where `tangram` was built; default: build")
    return made


def parse(made):
    options = made.parse_args()
    options.build = options.build.resolve()
    if not os.access(options.build / "tangram", os.X_OK):
        made.error(f"{options.build}/tangram is not there: make build, or name --build DIR")
    return options


def at_least(least):
    """A type for argparse."""
    def number(text):
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number of at least {least}")
        return int(text)
    return number


def call(*command):
    """Runs it to its end. Where we are told to stop, so is it, and has the time to clean up."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as child:
        try:
            code = child.wait()
        except BaseException:
            child.terminate()
            raise
    if code != 0:
        sys.exit(f"{pathlib.Path(sys.argv[0]).name}: {pathlib.Path(command[0]).name} ended with "
                 f"{code}; what it said is above")


@contextlib.contextmanager
def own_bed(cluster, nodes=None):
    """A testbed of this cluster file, with copies of its nodes up to so many; gone at the end, also
    after Ctrl-C and SIGTERM."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(130))
    with tempfile.TemporaryDirectory() as folder:
        bed = pathlib.Path(folder) / "bed"
        try:
            call(ROOT / "testbed/up", "--cluster", ROOT / f"testbed/clusters/{cluster}.yaml",
                 "--dir", bed)
            if nodes:
                call(ROOT / "testbed/clone", "--dir", bed, "--nodes", str(nodes))
            yield bed
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second one would leave it half gone
            if (bed / "pids.json").exists():
                subprocess.run([ROOT / "testbed/down", bed], check=True, stdout=subprocess.DEVNULL)


@contextlib.contextmanager
def controller(build, bed, name, *arguments):
    """A Replica that has read everything."""
    replica = Replica(build, bed, name, *arguments)
    try:
        wait_for(f"the controller read everything: {replica.log}",
                 lambda: replica.process.poll() is not None or replica.says("everything is read"), 300)
        if replica.process.poll() is not None:
            sys.exit(f"{pathlib.Path(sys.argv[0]).name}: the controller ended:\n"
                     f"{replica.log.read_text()[-2000:]}")
        yield replica
    except BaseException:
        replica.stop(signal.SIGKILL)  # whatever it may still do, nobody looks at it
        raise
    replica.stop()


def number_of(bed, resource):
    page = Api(bed).call("GET", f"/api/v1/{resource}?limit=1")[1]
    return len(page["items"]) + page["metadata"].get("remainingItemCount", 0)


class Times:
    """When each pod was created, lifted and bound. What a fleet.Watch calls."""

    def __init__(self):
        self.created, self.lifted, self.bound, self.gone = {}, {}, {}, 0

    def __call__(self, kind, one, at):
        name = one["metadata"]["name"]
        self.gone += kind == "DELETED"
        self.created.setdefault(name, at)
        if not gates_of(one):
            self.lifted.setdefault(name, at)
        if node_of(one):
            self.bound.setdefault(name, at)

    def waits(self):
        """From created to gate lifted, in ms."""
        return [1000 * (self.lifted[name] - at) for name, at in self.created.items()]


def percentile(values, percent):
    return statistics.quantiles(values, n=100)[percent - 1]


def cpu_of(pid):
    """User and system, in seconds."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_of(pid):
    """Resident now and at the peak, in MiB."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return tuple(int(re.search(rf"{what}:\s+(\d+)", status)[1]) / 1024 for what in ("VmRSS", "VmHWM"))


def share_over(pid, seconds):
    """Of a core."""
    before, began = cpu_of(pid), time.monotonic()
    time.sleep(seconds)
    return (cpu_of(pid) - before) / (time.monotonic() - began)
