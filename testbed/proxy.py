"""A network that misbehaves: a TCP proxy on loopback before the API server."""
import pathlib
import selectors
import socket
import threading
import time
import urllib.parse

import yaml


class Proxy:
    """Passes bytes on, both ways, until told to be slow, silent or rude. TLS goes through it."""

    def __init__(self, bed):
        config = yaml.safe_load((pathlib.Path(bed) / "kubeconfig").read_text())
        server = urllib.parse.urlparse(config["clusters"][0]["cluster"]["server"])
        self._to = (server.hostname, server.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        config["clusters"][0]["cluster"]["server"] = (
            f"https://127.0.0.1:{self._listener.getsockname()[1]}")
        self.kubeconfig = pathlib.Path(bed) / "kubeconfig-proxy"
        self.kubeconfig.write_text(yaml.safe_dump(config))
        self._lock = threading.Lock()
        self._pairs = []
        self.delay = 0       # seconds that each piece of an answer takes
        self.silent = False  # nothing passes, and no connection ends
        self.taken = 0       # connections
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed
                return
            try:
                server = socket.create_connection(self._to)
            except OSError:  # nobody listens there
                client.close()
                continue
            with self._lock:
                self.taken += 1
                self._pairs.append((client, server))
            threading.Thread(target=self._pump, args=(client, server), daemon=True).start()

    def _pump(self, client, server):
        with selectors.DefaultSelector() as ready:
            ready.register(client, selectors.EVENT_READ, server)
            ready.register(server, selectors.EVENT_READ, client)
            try:
                while True:
                    for key, _ in ready.select():
                        if not self._pass(key.fileobj, key.data, key.fileobj is server):
                            return
            except (OSError, ValueError):  # cut
                return
            finally:
                for end in (client, server):
                    end.close()

    def _pass(self, source, target, is_answer):
        piece = source.recv(65536)
        while self.silent:
            time.sleep(0.02)
        if is_answer:
            time.sleep(self.delay)
        target.sendall(piece)
        return piece

    def cut(self):
        """Ends every connection, as a middlebox that lost its table does."""
        with self._lock:
            for pair in self._pairs:
                for end in pair:
                    try:
                        end.shutdown(socket.SHUT_RDWR)
                    except OSError:  # ended by itself
                        pass
            self._pairs.clear()

    def close(self):
        self.silent = False
        self._listener.close()
        self.cut()
