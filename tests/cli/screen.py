# SPDX-License-Identifier: Apache-2.0
"""Runs commands in a terminal of a fixed size that nobody sees: tmux, with a server of its own."""

import itertools
import os
import subprocess
import time

from command import PATIENCE

_numbers = itertools.count()


class Terminal:
    """A terminal that runs a shell command, as long as the `with` block."""

    def __init__(self, command, columns=80, rows=24, environment=None):
        self._name = f"jsocket-{os.getpid()}-{next(_numbers)}"
        environment = {"LANG": "C.UTF-8", **(environment or {})}
        settings = [word for name, value in environment.items()
                    for word in ("-e", f"{name}={value}")]
        # The shell stays, so that what the command has left on the screen can be seen.
        self._tmux("new-session", "-d", "-x", str(columns), "-y", str(rows), *settings,
                   f"{command}; echo exit code $?; exec cat")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["tmux", "-L", self._name, "kill-server"], check=False,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def press(self, *keys):
        """Keys as tmux names them: q, Down, PageUp, C-c."""
        self._tmux("send-keys", *keys)

    def resize(self, columns, rows):
        self._tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def capture(self, *options):
        """What is on the screen."""
        return self._tmux("capture-pane", "-p", *options)

    def wait_for(self, condition, what=None):
        """Returns the first screen that contains a text, or of which a function is true."""
        wanted = condition if callable(condition) else lambda screen: condition in screen
        deadline = time.monotonic() + PATIENCE
        while True:
            screen = self.capture()
            if wanted(screen):
                return screen
            if time.monotonic() > deadline:
                raise AssertionError(f"still waiting for {what or condition!r}:\n{screen}")
            time.sleep(0.02)

    def value(self, what):
        """Something that tmux knows, such as alternate_on, whether the screen is a program's."""
        return self._tmux("display-message", "-p", "#{" + what + "}").strip()

    def _tmux(self, *arguments):
        environment = {name: value for name, value in os.environ.items() if name != "TMUX"}
        return subprocess.run(
            ["tmux", "-L", self._name, "-f", "/dev/null", *arguments], env=environment, check=True,
            stdout=subprocess.PIPE, timeout=PATIENCE).stdout.decode()
