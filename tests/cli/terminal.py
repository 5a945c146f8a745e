# SPDX-License-Identifier: Apache-2.0
"""A program in a terminal: typed to, and looked at, by way of tmux."""

import os
import re
import subprocess

from command import PATIENCE, wait_for

# tmux does not always get to know the exit code. C-c is for the program, not for this shell.
RUN = 'trap : INT; "$@"; echo "[ended with $?]"'
ENDED = re.compile(r"^\[ended with (\d+)\]$", re.MULTILINE)


class Terminal:
    """A program in a terminal of its own, in a tmux server of its own, as long as the `with` block."""

    count = 0

    def __init__(self, *command, environment=None, columns=100, lines=40):
        Terminal.count += 1
        self.tmux = ["tmux", "-L", f"jsocket-{os.getpid()}-{Terminal.count}", "-f", "/dev/null"]
        inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        environment = {**inherited, "TERM": "xterm", "LC_ALL": "C.UTF-8", **(environment or {})}
        settings = [f"{name}={value}" for name, value in environment.items()]
        self.run("new-session", "-d", "-x", str(columns), "-y", str(lines),
                 "env", "-i", *settings, "sh", "-c", RUN, "sh", *command, ";",
                 "set-option", "remain-on-exit", "on")

    def run(self, *arguments):
        return subprocess.run([*self.tmux, *arguments], stdin=subprocess.DEVNULL, timeout=PATIENCE,
                              stdout=subprocess.PIPE, check=True).stdout.decode()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.run("kill-server")

    def type(self, text):
        self.run("send-keys", "-l", "--", text)

    def press(self, *keys):
        """Keys by the names that tmux has for them: Enter, Tab, C-c."""
        self.run("send-keys", *keys)

    def screen(self, *options):
        return self.run("capture-pane", "-p", *options)

    def wait_for(self, text, *options):
        """The screen, once it has this text."""
        return self.wait_until(lambda screen: text in screen, repr(text), *options)

    def wait_until(self, condition, what, *options):
        def found():
            screen = self.screen(*options)
            return screen if condition(screen) else None
        try:
            return wait_for(found, what)
        except AssertionError as error:
            raise AssertionError(f"{error}, on the screen:\n{self.screen().rstrip()}") from None

    def status(self):
        """The exit code of the program, once it has ended."""
        screen = self.wait_until(lambda text: ENDED.search(text), "the end of the program")
        return int(ENDED.search(screen)[1])
