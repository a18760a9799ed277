"""The control plane's own processes, killed and started again."""
import json
import os
import pathlib
import signal
import subprocess
import urllib.request

from api import Api
from replica import wait_for


def kill(bed, name):
    """Kills what pids.json calls so, and returns how it was started."""
    record = pathlib.Path(bed) / "pids.json"
    process = next(p for p in json.loads(record.read_text()) if p["name"] == name)
    folder = pathlib.Path("/proc") / str(process["pid"])
    command = (folder / "cmdline").read_bytes().decode().split("\0")[:-1]
    command[0] = os.readlink(folder / "exe")
    os.kill(process["pid"], signal.SIGKILL)
    wait_for(f"{name} is gone", lambda: not (folder / "exe").exists())
    return command


def start(bed, name, command):
    """As testbed/up does: in a session of its own, and in pids.json, so that `down` ends it."""
    bed = pathlib.Path(bed)
    with (bed / "logs" / f"{name}.log").open("a") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=bed, start_new_session=True)
    stat = pathlib.Path(f"/proc/{process.pid}/stat").read_text()
    record = bed / "pids.json"
    children = [p for p in json.loads(record.read_text()) if p["name"] != name]
    children.append({"name": name, "pid": process.pid,
                     "started": stat.rpartition(") ")[2].split()[19]})
    part = record.with_suffix(".part")
    part.write_text(json.dumps(children, indent=2))
    part.rename(record)
    return process


def wait_answers(bed):
    def answers():
        try:
            api = Api(bed)
            status, _ = api.call("GET", "/api/v1/namespaces/default")
            api.close()
            return status == 200
        except (OSError, ValueError):
            return False

    wait_for("the API server answers", answers)


def compact(bed):
    """Makes etcd forget every version before the one of now."""
    etcd = json.loads((pathlib.Path(bed) / "state.json").read_text())["etcd"]

    def post(path, body):
        request = urllib.request.Request(etcd + path, json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    post("/v3/kv/compaction",
         {"revision": post("/v3/kv/range", {"key": "eA=="})["header"]["revision"]})
