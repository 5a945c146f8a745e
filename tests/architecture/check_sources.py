#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails if a source is not plain ASCII or lacks its licence line. Usage: check_sources.py ROOT"""
import sys
from pathlib import Path

FOLDERS = ("include", "src", "tests", "features", "examples", "bench", "cmake", "scripts", ".ci")
# Byte for byte what others wrote, or what a test sends.
DATA = ("tests/data", "tests/vectors")
SUFFIXES = {".cpp", ".hpp", ".in", ".cmake", ".py", ".sh", ".bash", ".rb"}
LICENCE = "SPDX-License-Identifier: Apache-2.0"


def is_source(path):
    if path.name == "CMakeLists.txt" or path.suffix in SUFFIXES:
        return True
    return path.suffix == "" and path.read_bytes().startswith(b"#!")


def sources(root):
    yield root / "CMakeLists.txt"
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            name = path.relative_to(root).as_posix()
            if path.is_file() and not name.startswith(DATA) and is_source(path):
                yield path


def faults(root):
    for path in sources(root):
        name = path.relative_to(root).as_posix()
        lines = path.read_bytes().split(b"\n")
        first = lines[1 if lines[0].startswith(b"#!") else 0]
        if first not in (f"// {LICENCE}".encode(), f"# {LICENCE}".encode()):
            yield f"{name} does not begin with its licence line, {LICENCE}"
        for number, line in enumerate(lines, 1):
            if not line.isascii():
                yield f"{name}:{number} is not ASCII"


def main():
    found = list(faults(Path(sys.argv[1])))
    for fault in found:
        print(fault)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
