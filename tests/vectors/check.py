#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads framing.json with nothing but struct, zlib and json, and tells whether it is right.

A second implementation of docs/framing.md, so that the vectors are more than a record of what
the first one does. Exit code 0 if all agree, 1 with one line for each that does not.
"""

import json
import pathlib
import re
import struct
import sys
import zlib

HERE = pathlib.Path(__file__).resolve().parent
MAGIC = b"JSN1"


class Failure(Exception):
    """Why no further message can be read; its text is a kind of failure."""


def detect(stream, limit):
    """The wire format of a stream, by its first byte."""
    first = stream[:1]
    if first[0] << 24 <= limit:
        return "prefix"
    if first in b' \t\r\n{["-0123456789tfn':
        return "lines"
    if first == b"J":
        return "crc"
    if first in b"G\x16":
        raise Failure("bad_header")
    if 0x20 <= first[0] <= 0x7F:
        raise Failure("invalid_json")
    return "prefix"


def prefix_payloads(stream, limit):
    while stream:
        if len(stream) < 4:
            raise Failure("closed_mid_message")
        (length,) = struct.unpack_from(">I", stream)
        if length > limit:
            raise Failure("oversize")
        payload, stream = stream[4:4 + length], stream[4 + length:]
        if len(payload) < length:
            raise Failure("closed_mid_message")
        yield payload


def crc_payloads(stream, limit):
    while stream:
        if stream[:4] != MAGIC[:len(stream)]:
            raise Failure("bad_header")
        if len(stream) < 8:
            raise Failure("closed_mid_message")
        (length,) = struct.unpack_from(">I", stream, 4)
        if length > limit:
            raise Failure("oversize")
        if len(stream) < 12 + length:
            raise Failure("closed_mid_message")
        (checksum,) = struct.unpack_from(">I", stream, 8)
        payload, stream = stream[12:12 + length], stream[12 + length:]
        if zlib.crc32(payload) != checksum:
            raise Failure("bad_checksum")
        yield payload


def line_payloads(stream, limit):
    *lines, rest = stream.split(b"\n")
    for line in lines:
        line = line.removesuffix(b"\r")
        if len(line) > limit:
            raise Failure("oversize")
        if line.strip(b" \t\r"):
            yield line
    if len(rest.removesuffix(b"\r")) > limit:
        raise Failure("oversize")
    if rest:
        raise Failure("closed_mid_message")


PAYLOADS = {"prefix": prefix_payloads, "crc": crc_payloads, "lines": line_payloads}
ENCODE = {
    "prefix": lambda payload: struct.pack(">I", len(payload)) + payload,
    "crc": lambda payload: MAGIC + struct.pack(">II", len(payload), zlib.crc32(payload)) + payload,
    "lines": lambda payload: payload + b"\n",
}


def refuse_constant(name):
    raise ValueError(name)


def depth(value):
    members = value.values() if isinstance(value, dict) else value
    return 1 + max(map(depth, members), default=0) if isinstance(value, (dict, list)) else 0


def check_text(payload, max_depth):
    """Returns the text of a payload that is a message."""
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError:
        raise Failure("invalid_utf8") from None
    try:
        value = json.loads(text, parse_constant=refuse_constant)
        # An escaped surrogate without its other half has no UTF-8.
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except ValueError:
        raise Failure("invalid_json") from None
    if depth(value) > max_depth:
        raise Failure("too_deep")
    return text


def read(vector, limits):
    """What a stream leads to: format, messages, and failure if there is one."""
    stream = bytes.fromhex(vector["hex"])
    limit = vector.get("max_message_size", limits["max_message_size"])
    framing = vector["framing"]
    messages = []
    try:
        if framing == "auto":
            framing = None
            if stream:
                framing = detect(stream, limit)
        for payload in PAYLOADS[framing](stream, limit) if framing else ():
            messages.append(check_text(payload, limits["max_depth"]))
    except Failure as failure:
        return framing, messages, str(failure)
    return framing, messages, None


def complaints(vector, limits):
    framing, messages, failure = read(vector, limits)
    if messages != vector["messages"]:
        yield f"messages are {messages}"
    if failure != vector["failure"]:
        yield f"failure is {failure}"
    if vector["framing"] == "auto" and framing != vector["detected"]:
        yield f"detected is {framing}"
    if vector.get("canonical"):
        encoded = b"".join(ENCODE[framing](message.encode()) for message in messages)
        if encoded.hex() != vector["hex"]:
            yield f"encoded to {encoded.hex()}"


def documented_streams():
    """What `hexdump -C` shows in docs/framing.md, in hexadecimal."""
    text = HERE.joinpath("../../docs/framing.md").read_text("utf-8")
    for dump in re.findall(r"(?m)(?:^[0-9a-f]{8}  .*\|\n)+", text):
        rows = re.findall(r"(?m)^[0-9a-f]{8}  (.*?) *\|", dump)
        yield bytes.fromhex("".join(rows)).hex()


def main():
    index = json.loads(HERE.joinpath("framing.json").read_text("ascii"))
    vectors = index["vectors"]
    found = [f"{vector['name']}: {complaint}"
             for vector in vectors for complaint in complaints(vector, index["limits"])]
    if len({vector["name"] for vector in vectors}) != len(vectors):
        found.append("two vectors have one name")
    for framing in ("prefix", "crc", "lines", "auto"):
        failures = {vector["failure"] for vector in vectors if vector["framing"] == framing}
        if not {None, "oversize", "invalid_json", "closed_mid_message"} <= failures:
            found.append(f"too few kinds of vectors for {framing}")
    documented = list(documented_streams())
    canonical = {vector["hex"] for vector in vectors if vector.get("canonical")}
    found += [f"docs/framing.md: {stream} is not among the vectors"
              for stream in documented if stream not in canonical]
    if len(documented) != 3:
        found.append(f"docs/framing.md has {len(documented)} dumps")
    print(*found, sep="\n", end="\n" if found else "")
    print(f"{len(vectors)} vectors, {len(found)} complaints")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
