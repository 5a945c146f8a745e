#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails if a file includes what its layer may not know. Usage: check_layers.py ROOT"""
import re
import sys
from pathlib import Path

# A file may include its own layer and those that its row names.
MAY_INCLUDE = {
    "support": set(),
    "core": {"support"},
    "framing": {"core", "support"},
    "socket": {"core", "framing", "support"},
    "client": {"core", "socket", "support"},
    "server": {"core", "socket", "support"},
    "rpc": {"core", "client", "server", "support"},
    "testing": {"core", "framing", "socket", "server", "support"},
    "websocket": {"core", "framing", "socket", "server", "support"},
    "juggler": {"core", "websocket", "support"},
    "chat": {"core", "websocket", "support"},
    "jsockd": {"core", "framing", "socket", "support"},
}
# These may include anything, and nothing includes them.
TOP = {"jsocket.hpp", "cli"}

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:<([^>]+)>|"([^"]+)")', re.MULTILINE)


def layer_of(name):
    """The layer of a path below include/jsocket or src."""
    if name == "jsocket.hpp":
        return name
    return name.split("/")[0] if "/" in name else "core"


def included(root, path, angle, quote):
    """The path below include/jsocket or src that an #include means, or None if it is not ours."""
    if angle is not None:
        return angle.removeprefix("jsocket/") if angle.startswith("jsocket/") else None
    beside = path.parent / quote
    if beside.is_file():
        for base in (root / "src", root / "include/jsocket"):
            if beside.resolve().is_relative_to(base.resolve()):
                return beside.resolve().relative_to(base.resolve()).as_posix()
    return quote


def sources(root):
    for base in (root / "include/jsocket", root / "src"):
        for path in sorted(base.rglob("*.[ch]pp")):
            yield path, path.relative_to(base).as_posix()


def layer_faults(root):
    for path, name in sources(root):
        layer = layer_of(name)
        if layer in TOP:
            continue
        if layer not in MAY_INCLUDE:
            yield f"{name}: no row of {Path(__file__).name} is about the layer {layer}"
            continue
        for angle, quote in INCLUDE.findall(path.read_text()):
            target = included(root, path, angle or None, quote or None)
            if target is None:
                continue
            other = layer_of(target)
            if other != layer and other not in MAY_INCLUDE[layer]:
                yield f"{name} ({layer}) includes {target} ({other})"


def third_party_faults(root):
    for path in sorted((root / "include/jsocket").rglob("*.hpp")):
        name = path.relative_to(root / "include/jsocket").as_posix()
        for number, line in enumerate(path.read_text().splitlines(), 1):
            code = line.split("//")[0]
            for library in re.findall(r"\b(nlohmann|spdlog|fmt|asio|zlib|CLI)\b\s*(?:::|/|\.h)", code):
                if (name, library) != ("json.hpp", "nlohmann"):
                    yield f"{name}:{number} names {library}, which is not for public headers"


def main():
    root = Path(sys.argv[1])
    faults = list(layer_faults(root)) + list(third_party_faults(root))
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
