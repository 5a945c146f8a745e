#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs tests of GoogleTest programs, each of which has to be there.

Usage: run_tests.py (--program PROGRAM TEST...)...

GoogleTest itself is content with a filter that nothing matches, and a scenario without a test would
pass for ever. TEST may have wildcards, for tests with parameters. Exit code 77 if all were skipped.
"""
import re
import subprocess
import sys

SKIPPED = 77


def groups(arguments: list[str]) -> list[tuple[str, list[str]]]:
    """Programs and their tests."""
    found: list[tuple[str, list[str]]] = []
    words = iter(arguments)
    for word in words:
        if word == "--program":
            found.append((next(words), []))
        else:
            found[-1][1].append(word)
    return found


def missing(program: str, tests: list[str]) -> list[str]:
    """Those of `tests` that the program does not have."""
    def lists(test: str) -> bool:
        listed = subprocess.run([program, "--gtest_list_tests", f"--gtest_filter={test}"],
                                stdout=subprocess.PIPE, text=True, check=True).stdout
        return re.search(r"^  \S", listed, re.MULTILINE) is not None
    return [test for test in tests if not lists(test)]


def passed(output: str) -> int:
    """How many tests were run and not skipped."""
    count = re.search(r"\[  PASSED  \] (\d+) test", output)
    return int(count[1]) if count else 0


def main() -> int:
    total = 0
    for program, tests in groups(sys.argv[1:]):
        if absent := missing(program, tests):
            print(f"{program} has no test {', '.join(absent)}")
            return 1
        run = subprocess.run([program, f"--gtest_filter={':'.join(tests)}"],
                             stdout=subprocess.PIPE, text=True, check=False)
        print(run.stdout, end="")
        if run.returncode != 0:
            return 1
        total += passed(run.stdout)
    return 0 if total > 0 else SKIPPED


if __name__ == "__main__":
    sys.exit(main())
