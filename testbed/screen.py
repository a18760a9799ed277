"""A program in a terminal of its own."""
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time


class Screen:
    def __init__(self, program, *args, env, lines=24, columns=90):
        self._terminal, inner = pty.openpty()
        self.resize(lines, columns)
        self.process = subprocess.Popen([program, *args], stdin=inner, stdout=inner, stderr=inner,
                                        env=env, start_new_session=True)
        os.close(inner)
        self.said = ""

    def resize(self, lines, columns):
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def press(self, key):
        os.write(self._terminal, key.encode())

    def read_until(self, text, seconds=60):
        """What it says from here on, up to `text`."""
        end = time.monotonic() + seconds
        while text not in self.said:
            if time.monotonic() > end:
                raise AssertionError(f"not within {seconds} s: {text!r} in {self.said[-3000:]!r}")
            if not select.select([self._terminal], [], [], 1)[0]:
                continue
            try:
                self.said += os.read(self._terminal, 4096).decode(errors="replace")
            except OSError as error:  # it ended, and the terminal with it
                raise AssertionError(f"ended without {text!r}: {self.said[-3000:]!r}") from error
        before, _, self.said = self.said.partition(text)
        return before

    def close(self):
        """Its exit code."""
        try:
            return self.process.wait(timeout=30)
        finally:
            self.process.kill()
            os.close(self._terminal)
