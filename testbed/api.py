"""The API server of a testbed by plain HTTP: what kubectl would hide, and fast."""
import base64
import http.client
import json
import os
import pathlib
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.parse

import yaml


ROOT = pathlib.Path(__file__).resolve().parent.parent
IDLE = 60  # seconds; the API server closes a connection that was idle for 90


def environment(bed):
    """What programs that talk to the testbed need: KUBECONFIG, KUBECTL and what is there anyway."""
    lines = (pathlib.Path(bed) / "env").read_text().splitlines()
    return {**os.environ, **dict(line.split("=", 1) for line in lines if "=" in line)}


def apply_crds(bed):
    """Applies deploy/crds, and waits until they are served."""
    env = environment(bed)
    for command in (["apply", "--server-side", "--force-conflicts"],
                    ["wait", "--for=condition=Established", "--timeout=60s"]):
        subprocess.run([env["KUBECTL"], *command, "-f", ROOT / "deploy/crds"], env=env, check=True,
                       capture_output=True)


class Api:
    """One connection as the administrator, or in the name of another user."""

    def __init__(self, bed, user=None, timeout=30):
        config = yaml.safe_load((pathlib.Path(bed) / "kubeconfig").read_text())
        cluster = config["clusters"][0]["cluster"]
        login = config["users"][0]["user"]
        self._authority = self._pem(cluster, "certificate-authority")
        context = ssl.create_default_context(cadata=self._authority)
        with tempfile.TemporaryDirectory() as folder:
            files = []
            for name in ("client-certificate", "client-key"):
                files.append(pathlib.Path(folder) / name)
                files[-1].write_text(self._pem(login, name))
            context.load_cert_chain(*files)
        address = urllib.parse.urlparse(cluster["server"])
        self._connection = http.client.HTTPSConnection(address.hostname, address.port,
                                                       context=context, timeout=timeout)
        self._user = {"Impersonate-User": user} if user else {}
        self._used = time.monotonic()

    @staticmethod
    def _pem(entry, name):
        if name in entry:
            return pathlib.Path(entry[name]).read_text()
        return base64.b64decode(entry[name + "-data"]).decode()

    def authority(self):
        """The server's certificate authority, as Kubernetes writes one."""
        return base64.b64encode(self._authority.encode()).decode()

    def call(self, method, path, body=None, content_type="application/json"):
        """The status code and the object of the answer."""
        if body is not None and not isinstance(body, str):
            body = json.dumps(body)
        status, answer = self.raw(method, path, None if body is None else body.encode(), content_type)
        return status, json.loads(answer or b"null")

    def raw(self, method, path, data=None, content_type="application/json"):
        """The same in bytes: what a clock is held to."""
        if time.monotonic() - self._used > IDLE:
            self._connection.close()  # the request opens another
        self._connection.request(method, path, data, {"Content-Type": content_type, **self._user})
        answer = self._connection.getresponse()
        self._used = time.monotonic()
        return answer.status, answer.read()

    def open(self, path):
        """The answer of a GET that goes on, as a file of lines."""
        self._connection.timeout = None
        self._connection.connect()
        self._connection.request("GET", path, headers=self._user)
        answer = self._connection.getresponse()
        if answer.status != 200:
            raise OSError(f"GET {path}: {answer.status} {answer.read(500)!r}")
        return answer

    def close(self):
        """Also what open() returned, whoever reads it."""
        if self._connection.sock is not None:
            self._connection.sock.shutdown(socket.SHUT_RDWR)
        self._connection.close()

    def patch(self, path, body):
        return self.call("PATCH", path, body, "application/merge-patch+json")
