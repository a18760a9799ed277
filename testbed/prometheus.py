"""A Prometheus of a test's own, with a history that the test made up."""
import json
import pathlib
import socket
import subprocess
import urllib.parse
import urllib.request

from replica import wait_for


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class History:
    """Keeps what `samples` say, and scrapes whoever is named to `scrape`.

    samples: (name, labels, unix time, value), of one series in a row and in the order of time.
    """

    def __init__(self, folder, samples):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        self._fill(samples)
        self._targets = self.folder / "targets.json"
        self._targets.write_text("[]")
        (self.folder / "prometheus.yml").write_text(json.dumps({"scrape_configs": [{
            "job_name": "tangram", "scrape_interval": "1s", "scrape_timeout": "1s",
            "file_sd_configs": [{"files": [str(self._targets)], "refresh_interval": "1s"}]}]}))
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        with (self.folder / "log").open("w") as log:
            self.process = subprocess.Popen(
                ["prometheus", f"--config.file={self.folder}/prometheus.yml",
                 f"--storage.tsdb.path={self.folder}/tsdb", "--storage.tsdb.retention.time=10w",
                 f"--web.listen-address=127.0.0.1:{port}"],
                stdout=log, stderr=log)
        wait_for("prometheus answers: " + str(self.folder / "log"), self._is_ready)

    def _fill(self, samples):
        text, family = "", None
        for name, labels, at, value in samples:
            if name != family:
                text += f"# TYPE {name} gauge\n"
                family = name
            shown = ",".join(f'{key}="{of}"' for key, of in labels.items())
            text += f"{name}{{{shown}}} {value} {at}\n"
        source = self.folder / "history.om"
        source.write_text(text + "# EOF\n")
        subprocess.run(["promtool", "tsdb", "create-blocks-from", "--max-block-duration=486h", "-q",
                        "openmetrics", source, self.folder / "tsdb"], check=True, timeout=120)

    def _is_ready(self):
        try:
            return urllib.request.urlopen(self.url + "/-/ready", timeout=5).status == 200
        except OSError:
            return False

    def scrape(self, port):
        self._targets.write_text(json.dumps([{"targets": [f"127.0.0.1:{port}"]}]))

    def query(self, promql):
        """The values, by nothing."""
        path = "/api/v1/query?" + urllib.parse.urlencode({"query": promql})
        answer = json.load(urllib.request.urlopen(self.url + path, timeout=10))
        return [float(one["value"][1]) for one in answer["data"]["result"]]

    def stop(self):
        self.process.terminate()
        self.process.wait(30)
