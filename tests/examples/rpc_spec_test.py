#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Usage: rpc_spec_test.py SERVER EXAMPLES

Starts examples/rpc_spec_server and has it answer the examples of the JSON-RPC 2.0 specification, in every
wire format, by TCP and by a UNIX-domain socket.
"""

import json
import pathlib
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import unittest
import zlib

SERVER, EXAMPLES = sys.argv[1:3]
PATIENCE = 30
FORMATS = ("prefix", "crc", "lines")

# What is answered with nothing is followed by this, whose reply has to be the next one.
PROBE = '{"jsonrpc":"2.0","method":"subtract","params":[3,1],"id":"probe"}'


def encode(text, framing):
    payload = text.encode()
    if framing == "lines":
        return payload.replace(b"\n", b" ") + b"\n"
    length = struct.pack(">I", len(payload))
    if framing == "prefix":
        return length + payload
    return b"JSN1" + length + struct.pack(">I", zlib.crc32(payload)) + payload


def decode(stream, framing):
    """The text of the next message."""
    if framing == "lines":
        line = stream.readline()
        assert line.endswith(b"\n"), line
        return line
    if framing == "crc":
        assert stream.read(4) == b"JSN1"
    (size,) = struct.unpack(">I", stream.read(4))
    checksum = stream.read(4) if framing == "crc" else None
    payload = stream.read(size)
    assert checksum in (None, struct.pack(">I", zlib.crc32(payload)))
    return payload


def normal(reply):
    """Replies to a batch may come in any order."""
    if isinstance(reply, list):
        return sorted(json.dumps(one, sort_keys=True) for one in reply)
    return reply


class Server:
    """The example, as long as the `with` block."""

    def __init__(self, bind):
        self.process = subprocess.Popen([SERVER, "--bind", bind], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE)
        assert ready, "the server does not get ready"
        self.address = self.process.stdout.readline().decode().removeprefix("listening on ").strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def connect(self):
        if self.address.startswith("unix:"):
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(PATIENCE)
            connection.connect(self.address.removeprefix("unix:"))
            return connection
        host, port = self.address.rsplit(":", 1)
        return socket.create_connection((host, int(port)), timeout=PATIENCE)

    def stop(self):
        """The exit code, and what was written to standard error."""
        self.process.send_signal(signal.SIGTERM)
        _, errors = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, errors


class SpecExamples(unittest.TestCase):
    maxDiff = 2000

    @classmethod
    def setUpClass(cls):
        cls.cases = json.loads(pathlib.Path(EXAMPLES).read_text(encoding="utf-8"))["cases"]

    def answer(self, server, case, framing):
        """The reply to an example on a connection of its own; None if there is none."""
        with server.connect() as connection, connection.makefile("rb") as stream:
            connection.sendall(encode(case["request"], framing))
            if case["response"] is not None:
                return json.loads(decode(stream, framing))
            connection.sendall(encode(PROBE, framing))
            reply = json.loads(decode(stream, framing))
            return None if reply["id"] == "probe" else reply

    def check(self, bind):
        with Server(bind) as server:
            for framing in FORMATS:
                for case in self.cases:
                    with self.subTest(framing=framing, case=case["name"]):
                        reply = self.answer(server, case, framing)
                        self.assertEqual(normal(reply), normal(case["response"]))
            self.assertEqual(server.stop(), (0, b""))

    def test_there_are_fifteen(self):
        self.assertEqual(len(self.cases), 15)

    def test_by_tcp(self):
        self.check("127.0.0.1:0")

    def test_by_a_unix_domain_socket(self):
        with tempfile.TemporaryDirectory() as folder:
            self.check(f"unix:{folder}/socket")

    def test_all_on_one_connection(self):
        with Server("127.0.0.1:0") as server:
            for framing in FORMATS:
                with server.connect() as connection, connection.makefile("rb") as stream:
                    for case in self.cases:
                        with self.subTest(framing=framing, case=case["name"]):
                            connection.sendall(encode(case["request"], framing))
                            if case["response"] is not None:
                                reply = json.loads(decode(stream, framing))
                                self.assertEqual(normal(reply), normal(case["response"]))
                    connection.sendall(encode(PROBE, framing))
                    self.assertEqual(json.loads(decode(stream, framing))["id"], "probe")


class Usage(unittest.TestCase):
    def test_says_how_it_is_used(self):
        done = subprocess.run([SERVER, "--port"], capture_output=True, timeout=PATIENCE, check=False)
        self.assertEqual((done.returncode, done.stdout), (2, b""))
        self.assertIn(b"usage: rpc_spec_server", done.stderr)

    def test_says_why_it_cannot_listen(self):
        with Server("127.0.0.1:0") as server:
            done = subprocess.run([SERVER, "--bind", server.address], capture_output=True,
                                  timeout=PATIENCE, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn(server.address.encode(), done.stderr)


unittest.main(argv=sys.argv[:1])
