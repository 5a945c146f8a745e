#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints a page or a header as Doxygen is to see it. Usage: filter.py FILE

Pages and comments are written for people who read them where they are. What Doxygen needs beyond
that is put in here: names of headings, which links then lead to, and commands where a comment has
the forms of this project.
"""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# In Doxyfile, too.
PAGES = [ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")]


def is_page(path):
    return path in PAGES or (path.suffix == ".md" and path.parent == ROOT / "docs")


def page_id(path):
    return f"page_{path.stem.lower()}"


def anchor(path, heading):
    """The name of a heading, from its text or from a link to it."""
    words = re.sub(r"[^\w\s-]", "", heading.lower())
    return f"{path.stem.lower()}_{re.sub(r'[^a-z0-9]', '_', words)}"


def linked(path, match):
    """A link of the page `path`, to where its target is among the pages; or just its text."""
    text, target = match.groups()
    if re.match(r"\w+:", target):
        return match.group(0)
    name, _, heading = target.partition("#")
    page = (path.parent / name).resolve() if name else path
    if not is_page(page):
        return text
    text = text.replace("`", "")  # they would be shown
    if heading:
        return f"[{text}](@ref {anchor(page, heading)})"
    return f"[{text}](@ref {'index' if page.stem == 'README' else page_id(page)})"


def page_line(path, line, names):
    heading = re.match(r"(#+) (.*)", line)
    if heading and len(heading[1]) > 1:
        names.append(anchor(path, heading[2]))
        again = names.count(names[-1]) - 1  # the second one of a page gets a number, as on GitHub
        return f"{line} {{#{names[-1]}{f'_{again}' if again else ''}}}"
    if heading and path.stem != "README":
        return f"{line} {{#{page_id(path)}}}"
    return re.sub(r"\[([^\]\[]+)\]\(([^)\s]+)\)", lambda match: linked(path, match), line)


def page(path, text):
    in_code = False
    names = []
    for line in text.splitlines():
        in_code ^= line.startswith("```")
        yield line if in_code or line.startswith("```") else page_line(path, line, names)


def header(text):
    """What stands before the namespace, or the first #include, is about the file."""
    text, found = re.subn(r"^((?:///[^\n]*\n)+)(?=namespace |\n#include )", r"/// @file\n\1", text,
                          count=1, flags=re.MULTILINE)
    if not found:
        yield "/// @file"
    in_rule = False
    for line in text.splitlines():
        rule = re.match(r"(\s*/// )(Threads|Lifetime|Errors): +(.*)", line)
        more = re.match(r"(\s*/// ) {8,}(.*)", line)
        if rule:
            yield f"{rule[1]}@par {rule[2]}"
            yield rule[1] + rule[3]
        elif in_rule and more:
            yield more[1] + more[2]
        else:
            yield line
        in_rule = bool(rule or (in_rule and more))


def main():
    path = Path(sys.argv[1]).resolve()
    text = path.read_text()
    if path.suffix == ".md":
        text = "\n".join(page(path, text))
    elif path.suffix == ".hpp":
        text = "\n".join(header(text))
    print(text)


if __name__ == "__main__":
    main()
