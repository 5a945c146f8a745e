# SPDX-License-Identifier: Apache-2.0
"""Messages as Python programs send them: the header in one send, the payload in a second one, with
Nagle's algorithm left on, and json.dumps() with its own spacing and non-ASCII text unescaped.

    v1   4-byte big-endian length, payload
    v2   JSN1, 4-byte big-endian length, 4-byte big-endian CRC-32 of the payload, payload
"""

import functools
import json
import socket
import struct
import time
import zlib

from command import PATIENCE, receive_exactly
from peer import Peer

VERSIONS = ["v1", "v2"]
FRAMING = {"v1": "prefix", "v2": "crc"}


def for_each_version(test):
    """Runs a test method that takes a version with each of them."""
    @functools.wraps(test)
    def run(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                test(self, version)
    return run


def fastest(action):
    """How many seconds `action` takes, at best: a machine that is busy for a moment proves nothing.

    Waiting for a delayed acknowledgement takes 40 ms or more, every time.
    """
    times = []
    for _ in range(3):
        began = time.monotonic()
        action()
        times.append(time.monotonic() - began)
    return min(times)


def dumps(value):
    return json.dumps(value, ensure_ascii=False)


def header(version, payload):
    if version == "v1":
        return struct.pack(">I", len(payload))
    return b"JSN1" + struct.pack(">II", len(payload), zlib.crc32(payload))


class Connection:
    """One end of a connection, by default one that a client has just made."""

    def __init__(self, version, connected):
        self.version = version
        self.socket = connected
        self.socket.settimeout(PATIENCE)
        if connected.family != socket.AF_UNIX:
            assert not connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send_text(self, text):
        payload = text.encode()
        self.socket.sendall(header(self.version, payload))
        self.socket.sendall(payload)

    def send(self, value):
        self.send_text(dumps(value))

    def receive_text(self):
        if self.version == "v1":
            (size,) = struct.unpack(">I", receive_exactly(self.socket, 4))
            return receive_exactly(self.socket, size).decode()
        magic, size, checksum = struct.unpack(">4sII", receive_exactly(self.socket, 12))
        assert magic == b"JSN1", magic
        payload = receive_exactly(self.socket, size)
        assert zlib.crc32(payload) == checksum
        return payload.decode()

    def receive(self):
        return json.loads(self.receive_text())

    def request(self, value):
        self.send(value)
        return self.receive()

    def at_end(self):
        """Has the other side hung up, with nothing sent before?"""
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True


def server(version, talk, port=0):
    """A Peer whose talk() gets a Connection."""
    return Peer(lambda connected: talk(Connection(version, connected)), port)


def echo(connection):
    while True:
        connection.send_text(connection.receive_text())


# Every kind of value, and what json.dumps() does with it.
VALUES = [
    None, True, False, 0, -1, 2**63 - 1, -2**63, 2**64 - 1, 1.0, -0.0, 0.1, 1e300, 5e-324,
    1.7976931348623157e308, 123456789.123456789, "", "hello", "gr\u00fc\u00df \u4f60\u597d",
    "\U0001f600", "\u0000\u001f\u007f\u2028", "\"\\/\b\f\n\r\t", [], {}, [[]], [{}], [None],
    {"": 0}, {"a": {"b": {"c": [1, 2.5, "x", None, True]}}},
    {"z": 1, "a": 2, "\u00fc": 3, "A": 4}, list(range(1000)),
    {f"name {i}": {"value": i, "text": "\u20ac" * i} for i in range(50)},
]


def nested(depth):
    value = []
    for _ in range(depth - 1):
        value = [value]
    return value


# Payload sizes that need many packets; a message may have 10 MiB.
MIB = 1024 * 1024


def text_of_size(size):
    """A JSON string of `size` bytes with characters of two bytes, cut anywhere by packets."""
    return '"' + ("\u00e9" * ((size - 2) // 2)) + "x" * (size % 2) + '"'
