# SPDX-License-Identifier: Apache-2.0
"""What a server says that wants a client's time or memory."""

import contextlib
import json

from command import receive_frame
from peer import Peer

# As large as a message may be, but for some bytes.
HUGE = 10 * 1024 * 1024 - 1000


class Flood(Peer):
    """Sends the same bytes again and again, as fast as they are taken; reads `asked` bytes before,
    and nothing else."""

    def __init__(self, data, asked=1):
        super().__init__(self.talk)
        self._data = data * max(1, 65536 // len(data))
        self._asked = asked

    def talk(self, connection):
        connection.recv(self._asked)
        while True:
            connection.sendall(self._data)


class Trickle(Peer):
    """Reads a message, and sends the bytes of its reply one at a time."""

    def __init__(self, data):
        super().__init__(self.talk)
        self._data = data

    def talk(self, connection):
        receive_frame(connection)
        for byte in self._data:
            connection.sendall(bytes([byte]))
            if self.stopping.wait(0.02):
                return


class SlowReader(Peer):
    """Takes what clients send a bit at a time, and says nothing."""

    def __init__(self):
        super().__init__(self.talk)

    def talk(self, connection):
        with contextlib.suppress(ConnectionError):
            while not self.stopping.wait(0.02) and connection.recv(4096):
                pass


def method(name, *schemas):
    return {"name": name, "paramStructure": "by-position",
            "params": [{"name": f"p{number}", "schema": schema}
                       for number, schema in enumerate(schemas)]}


def document(*methods, **members):
    """What rpc.discover returns, as text."""
    return json.dumps({"methods": list(methods), **members}, separators=(",", ":"))


def long_reference():
    """One reference as long as a message, that many use."""
    uses = {"type": "array", "items": [{"$ref": "#/long"}] * 400}
    return document(method("m", uses), long={"$ref": "#" + "/a" * (HUGE // 2 - 10_000)})


def many_references():
    """References that are as long together as a message."""
    uses = [{"$ref": "#" + "/a" * 5000} for _ in range(900)]
    return document(method("m", {"type": "array", "items": uses}))


def fan_out():
    """Each schema has ten times the next one, sixteen levels deep."""
    levels = {f"s{level}": {"type": "array", "items": [{"$ref": f"#/s{level + 1}"}] * 10}
              for level in range(16)}
    return document(method("m", {"$ref": "#/s0"}), **levels)


def cycle():
    """Two schemas that refer to each other, many times."""
    one, other = ({"type": "object", "properties": {f"n{i}": {"$ref": to} for i in range(50)}}
                  for to in ("#/b", "#/a"))
    return document(method("m", {"$ref": "#/a"}), a=one, b=other)


def many_parameters():
    return document(method("m", *[{}] * 200_000))


def many_methods(count=100_000):
    return document(*({"name": f"method{number}"} for number in range(count)))
