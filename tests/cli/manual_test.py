# SPDX-License-Identifier: Apache-2.0
"""The manual pages: what they say is what `--help` says, and their linters find nothing."""

import os
import re
import subprocess
import tempfile
import time
import unittest

from command import PATIENCE, CommandTest, jsocket

# (command, option or argument) as `--help` shows it at the beginning of a line.
SHOWN = re.compile(r"^  (?:-h,)?(--[a-z-]+|[A-Z]+\b)", re.MULTILINE)


def rendered(path):
    """The text of a page, as man(1) shows it; fails if groff has a warning."""
    done = subprocess.run(["man", "--warnings", "-E", "ascii", "-l", path], timeout=PATIENCE,
                          env={"PATH": os.environ["PATH"], "MANWIDTH": "80", "MANPAGER": "cat",
                               "LC_ALL": "C", "MANROFFOPT": "-c"},
                          stdin=subprocess.DEVNULL, capture_output=True, check=True)
    if done.stderr:
        raise AssertionError(f"{path}: {done.stderr.decode()}")
    return re.sub(r".\x08", "", done.stdout.decode())


class Manual(CommandTest):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = folder.name
        cls.written = jsocket("manual", folder.name, "--date", "2024-02-29")
        cls.pages = {name: rendered(os.path.join(folder.name, name))
                     for name in sorted(os.listdir(folder.name))}
        cls.commands = re.findall(r"^  ([a-z]+) ", jsocket("--help").out.split("Commands:")[1],
                                  re.MULTILINE)

    def test_has_a_page_for_each_command(self):
        self.assert_success(self.written, "")
        self.assertIn("send", self.commands)
        self.assertEqual(sorted(self.pages),
                         sorted(["jsocket.1", *(f"jsocket-{name}.1" for name in self.commands)]))

    def test_passes_the_linter(self):
        for name in self.pages:
            with self.subTest(page=name):
                done = subprocess.run(["mandoc", "-T", "lint", "-W", "all", name], cwd=self.folder,
                                      capture_output=True, timeout=PATIENCE, check=False)
                self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"", b""))

    def test_names_every_option_and_argument(self):
        for command in [None, *self.commands]:
            shown = jsocket(*([command] if command else []), "--help").out
            shown = re.split(r"^(?:Commands:|Examples:)", shown, flags=re.MULTILINE)[0]
            page = self.pages[f"jsocket-{command}.1" if command else "jsocket.1"]
            options = SHOWN.findall(shown)
            self.assertIn("--help", options)
            for option in options:
                with self.subTest(command=command, option=option):
                    self.assertRegex(page, rf"(?m)^ +(-h, )?{option}\b")

    def test_says_what_options_are_for_and_their_defaults(self):
        page = " ".join(self.pages["jsocket-send.1"].split())
        for text in ["jsocket send [OPTION...] SERVER JSON", "--timeout SECONDS",
                     "connecting included. By default 10.", "--framing prefix|crc|lines",
                     "jsocket send 127.0.0.1:5489 '{\"echo\": \"hello\"}'", "jsocket-send - send a"]:
            self.assertIn(text, page)

    def test_says_what_holds_for_all_commands(self):
        for name, page in self.pages.items():
            for heading in ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS",
                            "ENVIRONMENT", "FILES", "SEE ALSO"]:
                with self.subTest(page=name, heading=heading):
                    self.assertRegex(page, rf"(?m)^{heading}$")
            self.assertIn("2024-02-29", page)
            self.assertIn("JSOCKET_CONFIG", page)

    def test_leaves_brackets_quotes_and_dashes_as_they_can_be_copied(self):
        with open(os.path.join(self.folder, "jsocket-send.1"), encoding="ascii") as file:
            self.assertIn(r"\fB\-\-tls\-host\-name\fR", file.read())  # no hyphens
        self.assertIn('[contexts.production]', self.pages["jsocket-contexts.1"])
        self.assertIn("`listening on unix:PATH`", " ".join(self.pages["jsocket-serve.1"].split()))


class ManualWithoutADate(CommandTest):
    def test_has_the_one_of_today(self):
        with tempfile.TemporaryDirectory() as folder:
            days = [time.strftime("%Y-%m-%d", time.gmtime())]
            self.assert_success(jsocket("manual", folder), "")
            days.append(time.strftime("%Y-%m-%d", time.gmtime()))
            page = rendered(os.path.join(folder, "jsocket-manual.1"))
        self.assertTrue(any(day in page for day in days), page)


class ManualFails(CommandTest):
    def test_if_it_cannot_write(self):
        self.assert_failed(jsocket("manual", "/nowhere/at/all", "--date", "2024-01-01"),
                           "/nowhere/at/all/jsocket.1")

    def test_for_a_date_that_is_none(self):
        with tempfile.TemporaryDirectory() as folder:
            for date in ["", "xx", "2026-13-45", "2026-02-30", "2026-1-1", "2026-01-01 ", "-123-01-01"]:
                with self.subTest(date=date):
                    self.assert_usage_error(jsocket("manual", folder, "--date", date), "--date")
            self.assertEqual(os.listdir(folder), [])

    def test_without_a_folder(self):
        self.assert_usage_error(jsocket("manual"), "FOLDER")


if __name__ == "__main__":
    unittest.main()
