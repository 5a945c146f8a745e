# SPDX-License-Identifier: Apache-2.0
"""The command on a terminal of a fixed size, which tmux(1) is."""

import itertools
import os
import shlex
import subprocess

from command import COMMAND, PATIENCE, wait_for

_numbers = itertools.count()


class Terminal:
    """A command on a terminal as long as the `with` block, and then the screen that it left."""

    def __init__(self, *arguments, columns=80, lines=50, **environment):
        self._name = f"jsocket-test-{os.getpid()}-{next(_numbers)}"
        self._size = ["-x", str(columns), "-y", str(lines)]
        # The screen outlives the command, and says in its last line how that ended.
        command = shlex.join([COMMAND, *arguments])
        self._script = f"{command}; echo exit code $?; exec cat"
        self._environment = {"LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"], **environment}

    def _tmux(self, *arguments):
        done = subprocess.run(["tmux", "-L", self._name, "-f", os.devnull, *arguments],
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE,
                              env=self._environment, check=True)
        return done.stdout.decode()

    def __enter__(self):
        self._tmux("new-session", "-d", *self._size, self._script)
        return self

    def __exit__(self, *_):
        self._tmux("kill-server")

    def screen(self):
        """Its lines, without white space at their ends and empty ones below."""
        return self._tmux("capture-pane", "-p").rstrip().split("\n")

    def raw_screen(self):
        """The same text with the sequences that colour it."""
        return self._tmux("capture-pane", "-e", "-p")

    def wait_for(self, condition, what):
        """The first screen of which condition(screen) is true."""
        def fitting():
            screen = self.screen()
            return screen if condition(screen) else None
        return wait_for(fitting, what)

    def wait_for_end(self):
        """The screen, without the line that says how the command ended, and its exit code."""
        screen = self.wait_for(lambda lines: lines[-1].startswith("exit code "), "the end")
        return screen[:-1], int(screen[-1].removeprefix("exit code "))

    def press(self, *keys):
        """Keys by the names that tmux has for them: "q", "C-c", "Up"."""
        self._tmux("send-keys", *keys)
