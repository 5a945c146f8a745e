# SPDX-License-Identifier: Apache-2.0
"""Completion scripts, in the shells that they are for."""

import os
import subprocess
import tempfile
import unittest

from clean_environment import clean_environment
from command import COMMAND, PATIENCE, CommandTest, jsocket
from rpc_peer import RpcPeer
from terminal import Terminal

CONTEXTS = """
[contexts.production]
server = "db1:5489"
[contexts.local]
server = "127.0.0.1:5489"
"""
BASH_COMPLETION = "/usr/share/bash-completion/bash_completion"

# What is typed, and what the line is after one Tab. Places where a shell puts a space differ.
COMPLETED = {
    "jsocket sen": "jsocket send",
    "jsocket comp": "jsocket completion",
    "jsocket --vers": "jsocket --version",
    "jsocket send --fram": "jsocket send --framing",
    "jsocket send --framing c": "jsocket send --framing crc",
    "jsocket send --framing=c": "jsocket send --framing=crc",
    "jsocket serve --framing a": "jsocket serve --framing auto",
    "jsocket listen --framing a": "jsocket listen --framing auto",
    "jsocket listen --rules some-f": "jsocket listen --rules some-file.pem",
    "jsocket bench --framing c": "jsocket bench --framing crc",
    "jsocket bench --rate 5 @pr": "jsocket bench --rate 5 @production",
    "jsocket top --once @lo": "jsocket top --once @local",
    "jsocket proxy --direction d": "jsocket proxy --direction down",
    "jsocket completion f": "jsocket completion fish",
    "jsocket send @pr": "jsocket send @production",
    "jsocket send --timeout 5 @pr": "jsocket send --timeout 5 @production",
    "jsocket send --timeout=5 --tls @lo": "jsocket send --timeout=5 --tls @local",
    "jsocket send --tls-ca some-f": "jsocket send --tls-ca some-file.pem",
    "jsocket replay some-f": "jsocket replay some-file.pem",
    "jsocket replay --bind unix:x some-f": "jsocket replay --bind unix:x some-file.pem",
}

# There is nothing to complete: the second argument is no SERVER, values of no kind that is known.
UNKNOWN = ["jsocket send h:1 @pr", "jsocket send --timeout @pr", "jsocket frobnicate @pr",
           "jsocket send h:1 some-f", "jsocket sending", "jsocket bench h:1 @pr"]


# The same with a server, whose address replaces {}. Names that a shell could act upon are left out.
METHODS = {
    "jsocket call {} any": "jsocket call {} anything",
    "jsocket call --timeout 7 {} subt": "jsocket call --timeout 7 {} subtract",
    "jsocket call {} --framing=prefix subs": "jsocket call {} --framing=prefix subscribe",
    "jsocket call --verbose {} any": "jsocket call --verbose {} anything",
    "jsocket call {} evil": "jsocket call {} evil",
    "jsocket call {} sum any": "jsocket call {} sum any",
    "jsocket call 127.0.0.1:1 any": "jsocket call 127.0.0.1:1 any",
}


class Folder:
    """A home with a configuration, a file, and `jsocket` in the PATH."""

    def __init__(self, folder, shell):
        self.path = folder
        self.script = self.write("script", jsocket("completion", shell).out)
        self.write("some-file.pem", "")
        self.environment = clean_environment(
            HOME=folder, PATH=os.path.dirname(COMMAND) + ":" + os.environ["PATH"],
            JSOCKET_CONFIG=self.write("config.toml", CONTEXTS))

    def write(self, name, text):
        path = os.path.join(self.path, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o644)
        return path


class ShellTest(CommandTest):
    def new_folder(self, shell):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        return Folder(folder.name, shell)


class InTerminal:
    """The tests of shells that complete only what is typed into a terminal."""

    shell = None
    command = None
    settings = []

    def setUp(self):
        self.folder = self.new_folder(self.shell)
        self.terminal = Terminal(*self.command, environment=self.folder.environment)
        self.terminal.__enter__()
        self.addCleanup(self.terminal.__exit__)
        for line in ["unset HISTFILE; PS1='$ '", f"cd {self.folder.path}", *self.settings,
                     f"source {self.folder.script}", "echo ready", "clear"]:
            self.terminal.type(line + "\n")
        self.terminal.wait_until(lambda screen: screen.strip() == "$", "a clear screen")

    def after_tab(self, typed):
        """What is on the screen after Tab, when what is typed behind that has appeared."""
        self.terminal.type(typed)
        self.terminal.press("Tab")
        self.terminal.type("|||")
        screen = self.terminal.wait_until(lambda text: "|||" in text, f"an answer to {typed}")
        self.clear()
        return screen

    def clear(self):
        """By keys of the line editor; C-c would take what is typed after it along."""
        self.terminal.press("C-u", "C-l")
        self.terminal.wait_until(lambda text: text.strip() == "$", "a clear screen")

    def test_completes_what_is_typed(self):
        for typed, line in COMPLETED.items():
            with self.subTest(typed=typed):
                self.assertRegex(self.after_tab(typed), rf"(?m)^\$ {line}[ =@-]*\|\|\|")

    def test_completes_nothing_else(self):
        for typed in UNKNOWN:
            with self.subTest(typed=typed):
                self.assertRegex(self.after_tab(typed), rf"(?m)^\$ {typed} ?\|\|\|")

    def test_asks_the_server_for_its_methods(self):
        with RpcPeer() as peer:
            for typed, line in METHODS.items():
                typed, line = typed.format(peer.address), line.format(peer.address)
                with self.subTest(typed=typed):
                    self.assertRegex(self.after_tab(typed), rf"(?m)^\$ {line} ?\|\|\|")
            self.assertIn("rpc.discover", peer.received[-1])
        self.assertFalse(os.path.exists(os.path.join(self.folder.path, "hacked")))

    def test_lists_what_there_is(self):
        for typed, words in [("jsocket ", ["serve", "send", "proxy", "contexts"]),
                             ("jsocket send --tls-", ["--tls-ca", "--tls-host-name"]),
                             ("jsocket send @", ["@production", "@local"]),
                             ("jsocket completion ", ["bash", "zsh", "fish"])]:
            with self.subTest(typed=typed):
                self.terminal.type(typed)
                self.terminal.press("Tab", "Tab")
                for word in words:
                    self.terminal.wait_for(word)
                self.clear()


class Bash(InTerminal, ShellTest):
    shell = "bash"
    command = ["bash", "--norc", "--noprofile"]


class BashWithItsCompletions(Bash):
    settings = [f"source {BASH_COMPLETION}"]


class BashThatBreaksWordsNowhere(Bash):
    settings = ["COMP_WORDBREAKS=' '"]


class Zsh(InTerminal, ShellTest):
    shell = "zsh"
    command = ["zsh", "-f"]
    settings = ["autoload -U compinit", "compinit -D -u", "unsetopt beep"]


class ZshThatLoadsIt(Zsh):
    def setUp(self):
        super().setUp()
        os.mkdir(os.path.join(self.folder.path, "functions"))
        self.folder.write("functions/_jsocket", jsocket("completion", "zsh").out)
        self.terminal.type("compdef -d jsocket; unfunction _jsocket; fpath=($PWD/functions $fpath);"
                           "compinit -D -u; echo loaded\n")
        # Not on the line that is typed.
        self.terminal.wait_until(lambda screen: "\nloaded" in screen, "the function to be loaded")
        self.clear()


class Fish(ShellTest):
    def setUp(self):
        self.folder = self.new_folder("fish")

    def completions(self, line):
        done = subprocess.run(
            ["fish", "--no-config", "-c", f"source script; complete -C{self.quoted(line)}"],
            cwd=self.folder.path, env={**self.folder.environment, "TERM": "xterm"},
            stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return [found.split("\t")[0] for found in done.stdout.decode().splitlines()]

    @staticmethod
    def quoted(text):
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"

    def test_completes_what_is_typed(self):
        for typed, line in COMPLETED.items():
            with self.subTest(typed=typed):
                self.assertEqual(self.completions(typed), [line.split(" ")[-1]])

    def test_completes_nothing_else(self):
        for typed in UNKNOWN:
            with self.subTest(typed=typed):
                self.assertEqual(self.completions(typed), [])

    def test_lists_what_there_is(self):
        self.assertIn("contexts", self.completions("jsocket "))
        self.assertEqual(self.completions("jsocket send @"), ["@local", "@production"])
        self.assertEqual(self.completions("jsocket completion "), ["bash", "fish", "zsh"])
        self.assertEqual(self.completions("jsocket send --framing "), ["crc", "lines", "prefix"])

    def test_asks_the_server_for_its_methods(self):
        with RpcPeer() as peer:
            self.assertEqual(self.completions(f"jsocket call {peer.address} "),
                             ["anything", "subscribe", "subtract"])
            self.assertEqual(self.completions(f"jsocket call --timeout 7 {peer.address} subt"),
                             ["subtract"])
        self.assertEqual(self.completions("jsocket call 127.0.0.1:1 any"), [])
        self.assertFalse(os.path.exists(os.path.join(self.folder.path, "hacked")))

    def test_says_what_options_are_for(self):
        done = subprocess.run(
            ["fish", "--no-config", "-c", "source script; complete -C'jsocket send --tls-host'"],
            cwd=self.folder.path, env=self.folder.environment, capture_output=True,
            timeout=PATIENCE, check=True)
        self.assertIn("\tWhose certificate the server has to have, if not SERVER's",
                      done.stdout.decode())


class Scripts(CommandTest):
    def test_name_every_command_and_option(self):
        for shell in ["bash", "zsh", "fish"]:
            script = jsocket("completion", shell)
            self.assert_success(script)
            for word in ["serve", "send", "proxy", "replay", "tls-host-name", "recv-timeout"]:
                with self.subTest(shell=shell, word=word):
                    self.assertIn(word, script.out)

    def test_are_not_there_for_other_shells(self):
        self.assert_usage_error(jsocket("completion", "tcsh"), "SHELL", "bash, zsh or fish")
        self.assert_usage_error(jsocket("completion"), "SHELL")


if __name__ == "__main__":
    unittest.main()
