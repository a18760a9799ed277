"""One `tangram controller` against a testbed."""
import collections
import functools
import pathlib
import re
import signal
import subprocess
import time

from api import environment


def wait_for(what, holds, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return
        time.sleep(0.2)
    raise AssertionError(f"not within {seconds} s: {what}")


@functools.cache
def fault_points(build):
    """Where a controller can be told to die: "before patch pods"."""
    return subprocess.run([pathlib.Path(build) / "tangram", "controller", "--fault-points"],
                          check=True, capture_output=True, text=True).stdout.splitlines()


class Replica:
    def __init__(self, build, bed, name, *args, kubeconfig=None):
        self._build = build
        self.log = pathlib.Path(bed) / "logs" / f"controller-{name}.log"
        usage = () if "--prometheus" in args else ("--prometheus", "none")
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [pathlib.Path(build) / "tangram", "controller", "--health-address", "127.0.0.1:0",
                 "--metrics-address", "127.0.0.1:0", *usage, *args],
                stdout=subprocess.DEVNULL, stderr=log,
                env={**environment(bed), **({"KUBECONFIG": str(kubeconfig)} if kubeconfig else {})})

    def says(self, pattern):
        return re.search(pattern, self.log.read_text())

    def wait_ready(self):
        wait_for("controller is ready: " + str(self.log), lambda: self.says("everything is read"))

    def port(self, what):
        return int(self.says(rf"{what} on port (\d+)")[1])

    def ask(self, what, path):
        done = subprocess.run(["curl", "-s", "-w", "\n%{http_code}",
                               f"http://127.0.0.1:{self.port(what)}{path}"],
                              capture_output=True, text=True, timeout=10, check=True)
        body, _, status = done.stdout.rpartition("\n")
        return int(status), body

    def counts(self):
        """What /metrics says, by the whole name of the series."""
        lines = [line.rsplit(" ", 1) for line in self.ask("metrics", "/metrics")[1].splitlines()
                 if line and not line.startswith("#")]
        return {name: float(value) for name, value in lines}

    def stop(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            if how == signal.SIGTERM and self.says("everything is read"):
                self._check_writes()
            self.process.send_signal(how)
        return self.process.wait(timeout=30)

    def requests(self):
        """How many it sent to the API server: (verb, resource): count."""
        sent = collections.Counter()
        for series, count in self.counts().items():
            if series.startswith("tangram_kube_requests_total{"):
                labels = dict(re.findall(r'(\w+)="([^"]*)"', series))
                sent[labels["verb"], re.sub(r"\.[^/]*", "", labels["resource"])] += count
        return sent

    def _check_writes(self):
        """All that it wrote is known to the test that kills it at each write."""
        written = {f"{verb} {resource}" for verb, resource in self.requests()
                   if verb not in ("get", "list", "watch")}
        unknown = written - {point.split(" ", 1)[1] for point in fault_points(self._build)}
        if unknown:
            raise AssertionError(f"{sorted(unknown)}: add it to kWrites (src/adapter/live/"
                                 "fault_point.cc) and to PROVOKE (testbed/kill_points_test.py)")
