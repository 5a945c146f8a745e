# SPDX-License-Identifier: Apache-2.0
"""A program in a terminal: typed to, and looked at, by way of tmux."""

import contextlib
import glob
import os
import subprocess
import tempfile
import termios

from clean_environment import clean_environment
from waiting import PATIENCE, wait_for

# Runs a program, writes its exit code to a file, and keeps the screen. tmux could do both, but does
# not always notice that a program has ended.
KEEPER = 'trap : INT QUIT; "$@"; echo $? > "$0"; exec cat'


def stat_of(process):
    """What proc(5) has of a process, from its state on."""
    with open(f"/proc/{process}/stat") as file:
        # The name, in parentheses, may contain anything.
        return file.read().rpartition(")")[2].split()


def state_of(process):
    """T if it is stopped."""
    return stat_of(process)[0]


def children_of(parent):
    """The processes that were started by the one with this id."""
    found = []
    for path in glob.glob("/proc/[0-9]*"):
        process = int(path.split("/")[2])
        with contextlib.suppress(OSError):
            if stat_of(process)[1] == str(parent):
                found.append(process)
    return found


class Terminal:
    """A program in a terminal of its own, as long as the `with` block; its screen outlives it.

    The terminal is that of a tmux server of its own.
    """

    count = 0

    def __init__(self, *command, environment=None, columns=100, lines=40):
        Terminal.count += 1
        self.tmux = ["tmux", "-L", f"jsocket-{os.getpid()}-{Terminal.count}", "-f", "/dev/null"]
        environment = clean_environment(TERM="screen", LC_ALL="C.UTF-8") | (environment or {})
        settings = [f"{name}={value}" for name, value in environment.items()]
        self.folder = tempfile.TemporaryDirectory()
        self.status_path = os.path.join(self.folder.name, "status")
        self.run("new-session", "-d", "-x", str(columns), "-y", str(lines),
                 "sh", "-c", KEEPER, self.status_path, "env", "-i", *settings, *command)

    def run(self, *arguments):
        # Within tmux it would be that one's server; and it shows what its own locale can.
        return subprocess.run([*self.tmux, *arguments], stdin=subprocess.DEVNULL, timeout=PATIENCE,
                              stdout=subprocess.PIPE, check=True,
                              env=clean_environment(LC_ALL="C.UTF-8")).stdout.decode()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.run("kill-server")
        self.folder.cleanup()

    def type(self, text):
        self.run("send-keys", "-l", "--", text)

    def press(self, *keys):
        """Keys by the names that tmux has for them: Enter, Tab, C-c."""
        self.run("send-keys", *keys)

    def resize(self, columns, lines):
        """The program, too, has been told of it when this returns; tmux takes its time for that."""
        self.run("resize-window", "-x", str(columns), "-y", str(lines))
        with open(self.value("pane_tty"), "rb", buffering=0) as tty:
            wait_for(lambda: os.get_terminal_size(tty.fileno()) == (columns, lines), "the size")

    def screen(self, *options):
        """What is to be seen, without white space at the ends of lines; with its colours for -e."""
        return self.run("capture-pane", "-p", *options)

    def value(self, name):
        """What tmux knows by this name: alternate_on, whether the screen is a program's."""
        return self.run("display-message", "-p", "#{" + name + "}").strip()

    def wait_for(self, text, *options):
        """The screen, once it has this text."""
        return self.wait_until(lambda screen: text in screen, repr(text), *options)

    def wait_until(self, condition, what, *options):
        """The first screen of which condition(screen) is true."""
        screen = ""

        def found():
            nonlocal screen
            screen = self.screen(*options)
            return condition(screen)
        try:
            wait_for(found, what)
        except AssertionError as error:
            raise AssertionError(f"{error}, on the screen:\n{screen.rstrip()}") from None
        return screen

    def process(self):
        """The id of the program."""
        (child,) = wait_for(lambda: children_of(self.value("pane_pid")), "the program")
        return child

    def edits_lines(self):
        """Does the terminal itself, which is what most programs want?"""
        with open(self.value("pane_tty"), "rb", buffering=0) as tty:
            flags = termios.tcgetattr(tty.fileno())[3]
        return flags & (termios.ICANON | termios.ECHO) == termios.ICANON | termios.ECHO

    def status(self):
        """The exit code of the program, once it has ended."""
        def written():
            with contextlib.suppress(FileNotFoundError), open(self.status_path) as file:
                return file.read()
        self.wait_until(lambda _: written(), "the end of the program")
        return int(written())
