#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails if a document says what the tree does not. Usage: check_documents.py ROOT VERSION"""
import re
import sys
from pathlib import Path


def changelog_faults(root, version):
    """The newest version of the changelog is the project's; changes to come may stand above it."""
    headings = re.findall(r"^## \[?([^\]\s]+)", (root / "CHANGELOG.md").read_text(), re.MULTILINE)
    released = [heading for heading in headings if heading.lower() != "unreleased"]
    newest = released[0] if released else "none"
    if newest != version:
        yield f"the newest version in CHANGELOG.md is {newest}; project() says {version}"


def readme_faults(root):
    """The README's first program is examples/readme.cpp, but for the licence line."""
    blocks = re.findall(r"^```cpp\n(.*?)^```", (root / "README.md").read_text(),
                        re.MULTILINE | re.DOTALL)
    program = (root / "examples/readme.cpp").read_text()
    program = re.sub(r"\A// SPDX[^\n]*\n\n?", "", program)
    if not blocks:
        yield "README.md has no ```cpp block"
    elif blocks[0].strip() != program.strip():
        yield "the first program in README.md is not examples/readme.cpp"


def link_faults(root):
    """What a page links to in this tree exists."""
    pages = [page for page in sorted(root.rglob("*.md"))
             if page.relative_to(root).parts[0] not in ("build", ".git")]
    for page in pages:
        text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
            if ":" not in target and not (page.parent / target).exists():
                yield f"{page.relative_to(root)} links to {target}, which does not exist"


def path_faults(root):
    """The files ARCHITECTURE.md leads its reader to exist."""
    page = root / "ARCHITECTURE.md"
    for name in re.findall(r"`([\w.]+/[\w./]+\.(?:cpp|hpp|py|cmake|md))`", page.read_text()):
        if not any((root / base / name).exists() for base in ("", "src", "include/jsocket")):
            yield f"ARCHITECTURE.md names {name}, which does not exist"


def scenario_faults(root):
    """docs/reliability.md lists the scenarios there are, in the same words."""
    listed = re.findall(r"^\| (\d\d) \| (.+) \|$", (root / "docs/reliability.md").read_text(),
                        re.MULTILINE)
    tested = re.findall(r'^ *jsocket_scenario\((\d\d) "([^"]+)"',
                        (root / "tests/scenarios/CMakeLists.txt").read_text(), re.MULTILINE)
    for number, statement in sorted(set(listed) ^ set(tested)):
        where = "docs/reliability.md" if (number, statement) in listed else "tests/scenarios"
        yield f"scenario {number}, {statement}, is only in {where}"


def snippet_faults(root):
    """The C++ of docs/testing.md is in a test, but for its layout."""
    page = (root / "docs/testing.md").read_text()
    tested = "".join((root / "tests/testing/page_test.cpp").read_text().split())
    for snippet in re.findall(r"^```cpp\n(.*?)^```", page, re.MULTILINE | re.DOTALL):
        if "".join(snippet.split()) not in tested:
            yield f"docs/testing.md has a snippet that no test runs: {snippet.splitlines()[0]}"


def main():
    root, version = Path(sys.argv[1]), sys.argv[2]
    faults = [*changelog_faults(root, version), *readme_faults(root), *link_faults(root),
              *path_faults(root), *scenario_faults(root), *snippet_faults(root)]
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
