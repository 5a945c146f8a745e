# SPDX-License-Identifier: Apache-2.0
"""Runs the jsocket command, the one named by JSOCKET_COMMAND, and looks at everything it does."""

import json
import os
import select
import signal
import socket
import struct
import subprocess
import unittest

from waiting import PATIENCE, wait_for  # noqa: F401, tests import both from here

COMMAND = os.environ["JSOCKET_COMMAND"]

# How much later than its time-out a command may end on a busy machine; less than the time-out of
# 10 s that commands have if none is given.
SLACK = 8


class Result:
    """How a command ended, and what it wrote."""

    def __init__(self, code, out, err):
        self.code = code
        self.out = out.decode()
        self.err = err.decode()

    def __repr__(self):
        return f"exit code {self.code}, stdout {self.out[:500]!r}, stderr {self.err[:500]!r}"


def jsocket(*arguments, stdin=None, **options):
    """The result of a command that ends by itself; `stdin` is text or bytes, or a descriptor."""
    if isinstance(stdin, str):
        stdin = stdin.encode()
    if stdin is None or isinstance(stdin, int):
        options["stdin"] = subprocess.DEVNULL if stdin is None else stdin
    else:
        options["input"] = stdin
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("stderr", subprocess.PIPE)
    done = subprocess.run([COMMAND, *arguments], timeout=PATIENCE, check=False, **options)
    return Result(done.returncode, done.stdout or b"", done.stderr or b"")


def read_line(pipe):
    """The next line of a pipe that nothing else reads; fails after PATIENCE."""
    ready, _, _ = select.select([pipe], [], [], PATIENCE)
    if not ready:
        raise AssertionError("still waiting for a line")
    return pipe.readline()


class Listening:
    """A command that listens as long as the `with` block; or another program that says where."""

    def __init__(self, *arguments, program=COMMAND, **options):
        self.process = subprocess.Popen(
            [program, *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
        self.ready_line = read_line(self.process.stdout).decode()
        self.address = self.ready_line.removeprefix("listening on ").strip()
        self.result = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.result is None:
            self.process.kill()
            self.process.communicate()

    def connect(self):
        """A plain socket connected to the server."""
        if self.address.startswith("unix:"):
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(PATIENCE)
            connection.connect(self.address.removeprefix("unix:"))
            return connection
        host, port = self.address.rsplit(":", 1)
        return socket.create_connection((host.strip("[]"), int(port)), timeout=PATIENCE)

    def stop(self, number=signal.SIGTERM):
        """Sends a signal and returns the result; what was printed when ready is not in it."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=PATIENCE)
        self.result = Result(self.process.returncode, out, err)
        return self.result

    def stop_and_get_stats(self):
        return json.loads(self.stop().out)


class Serve(Listening):
    """A `jsocket serve --echo`."""

    def __init__(self, *arguments, bind="127.0.0.1:0"):
        super().__init__("serve", "--echo", "--bind", bind, *arguments)


def frame(payload):
    """A message as the prefix framing has it."""
    if isinstance(payload, str):
        payload = payload.encode()
    return struct.pack(">I", len(payload)) + payload


def receive_exactly(connection, size):
    data = bytearray()
    while len(data) < size:
        piece = connection.recv(size - len(data))
        if not piece:
            raise EOFError(f"end of the stream after {len(data)} of {size} bytes")
        data += piece
    return bytes(data)


def receive_frame(connection):
    """The text of the next message in prefix framing."""
    (size,) = struct.unpack(">I", receive_exactly(connection, 4))
    return receive_exactly(connection, size).decode()


def receive_to_end(connection):
    """Everything up to the end of the stream; a reset counts as one."""
    data = bytearray()
    try:
        while piece := connection.recv(65536):
            data += piece
    except ConnectionResetError:
        pass
    return bytes(data)


class CommandTest(unittest.TestCase):
    """What a well-behaved command's results look like."""

    maxDiff = 2000

    def assert_success(self, result, out=None):
        self.assertEqual((result.code, result.err), (0, ""), result)
        if out is not None:
            self.assertEqual(result.out, out)

    def assert_complains(self, code, result, *words, out=""):
        """Exit code `code`, `out` on stdout, and one line on stderr that contains all `words`."""
        self.assertEqual((result.code, result.out), (code, out), result)
        self.assertRegex(result.err, r"\Ajsocket: [^\n]+\n\Z")
        for word in words:
            self.assertIn(word, result.err)

    def assert_usage_error(self, result, *words, out=""):
        self.assert_complains(2, result, *words, out=out)

    def assert_failed(self, result, *words, out=""):
        self.assert_complains(1, result, *words, out=out)
