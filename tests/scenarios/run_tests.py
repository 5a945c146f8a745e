#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs tests of a GoogleTest program, each of which has to be there.

Usage: run_tests.py PROGRAM TEST...

GoogleTest itself is content with a filter that nothing matches, and a scenario without a test would
pass for ever. TEST may have wildcards, for tests with parameters. Exit code 77 if all were skipped.
"""
import re
import subprocess
import sys

SKIPPED = 77


def main() -> int:
    program, *tests = sys.argv[1:]
    for test in tests:
        listed = subprocess.run([program, "--gtest_list_tests", f"--gtest_filter={test}"],
                                stdout=subprocess.PIPE, text=True, check=True).stdout
        if not re.search(r"^  \S", listed, re.MULTILINE):
            print(f"{program} has no test {test}")
            return 1
    run = subprocess.run([program, f"--gtest_filter={':'.join(tests)}"],
                         stdout=subprocess.PIPE, text=True, check=False)
    print(run.stdout, end="")
    passed = re.search(r"\[  PASSED  \] (\d+) test", run.stdout)
    if run.returncode == 0 and passed and int(passed[1]) == 0:
        return SKIPPED
    return run.returncode


if __name__ == "__main__":
    sys.exit(main())
