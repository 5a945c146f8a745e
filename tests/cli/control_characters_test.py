# SPDX-License-Identifier: Apache-2.0
"""What a peer sends cannot do anything to a terminal, and reaches a program as it came."""

import contextlib
import json
import os
import select
import subprocess
import tempfile
import unittest

from command import COMMAND, PATIENCE, CommandTest, Serve, frame, jsocket, read_line
from peer import Peer
from rpc_peer import RpcPeer
from terminal import Terminal

# What is next to the escaped ones stays.
SENT = "~\x7f\x80\x9b31m\x9f\xa0\xfc \u2029\u202a\u202e\u202f\u2065\u2066\u2069\u206a \U0001f600"
SHOWN = ("~\\u007f\\u0080\\u009b31m\\u009f\xa0\xfc \u2029\\u202a\\u202e\u202f\u2065\\u2066\\u2069\u206a"
         " \U0001f600")
TEXT = json.dumps({SENT: SENT}, ensure_ascii=False, separators=(",", ":"))
SHOWN_TEXT = '{"%s":"%s"}' % (SHOWN, SHOWN)


class Screen:
    """What reaches a terminal that is the standard output of a program, as bytes."""

    def __init__(self):
        self._master, self.slave = os.openpty()
        self._read = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self._master)
        os.close(self.slave)

    def line(self):
        """The next one, without its end."""
        while b"\r\n" not in self._read:
            ready, _, _ = select.select([self._master], [], [], PATIENCE)
            if not ready:
                raise AssertionError(f"still waiting for a line, with {self._read!r}")
            self._read += os.read(self._master, 65536)
        line, self._read = self._read.split(b"\r\n", 1)
        return line.decode()


class ControlCharacters(CommandTest):
    def shown(self, *arguments, stdin):
        """The first line that a command writes to a terminal."""
        with Screen() as screen:
            self.assert_success(jsocket(*arguments, stdin=stdin, stdout=screen.slave))
            return screen.line()

    def test_of_replies_are_escaped_for_a_terminal_only(self):
        self.assertEqual(json.loads(SHOWN_TEXT), {SENT: SENT})
        with Serve() as echo, RpcPeer(m=TEXT) as peer:
            for arguments, stdin in [(("send", echo.address, TEXT), None),
                                     (("send", echo.address, "-"), TEXT),
                                     (("call", peer.address, "m"), None),
                                     (("connect", echo.address), TEXT + "\n"),
                                     (("connect", peer.address), "m\n")]:
                with self.subTest(arguments=arguments):
                    self.assertEqual(self.shown(*arguments, stdin=stdin), SHOWN_TEXT)
                    self.assert_success(jsocket(*arguments, stdin=stdin), TEXT + "\n")

    def test_of_messages_are_escaped_for_a_terminal_only(self):
        for options in [(), ("--json",)]:
            with self.subTest(options=options), Screen() as screen:
                arguments = [COMMAND, "listen", "--bind", "127.0.0.1:0", "--count", "1",
                             "--default", "1", *options]
                for terminal in [False, True]:
                    with subprocess.Popen(arguments, stdin=subprocess.DEVNULL,
                                          stdout=screen.slave if terminal else subprocess.PIPE,
                                          stderr=subprocess.DEVNULL) as process:
                        with contextlib.ExitStack() as cleanup:
                            cleanup.callback(process.kill)
                            line = screen.line if terminal else \
                                lambda: read_line(process.stdout).decode()
                            port = line().strip().rstrip('"}').rsplit(":", 1)[1]
                            self.assert_success(jsocket("send", f"127.0.0.1:{port}", TEXT), "1\n")
                            if options:
                                line()  # that somebody has connected
                            self.assertIn(SHOWN_TEXT if terminal else TEXT, line())

    def test_of_errors_are_always_escaped(self):
        error = json.dumps({"code": 1, "message": SENT, "data": [SENT]}, ensure_ascii=False)
        reply = '{"jsonrpc":"2.0","id":1,"error":%s}' % error
        with RpcPeer(m=reply.encode()) as peer:
            for arguments, stdin in [(("call", peer.address, "m"), None),
                                     (("call", peer.address, "m", "--json"), None),
                                     (("connect", peer.address), "m\n")]:
                with self.subTest(arguments=arguments):
                    result = jsocket(*arguments, stdin=stdin)
                    self.assertEqual((result.code, result.err.count(SHOWN)),
                                     (1, 3 if "--json" in arguments else 2), result)

    def test_of_what_was_typed_are_escaped_in_diagnostics(self):
        for arguments in [("send", SENT, "1"), ("send", SENT, "1", "--json"), (SENT,)]:
            with self.subTest(arguments=arguments):
                result = jsocket(*arguments)
                self.assertEqual(result.code, 2)
                for character in "\x7f\x9b\u202e\u2066":
                    self.assertNotIn(character, result.err)

    def test_are_escaped_at_a_prompt(self):
        def talk(connection):
            connection.sendall(frame(TEXT))
            connection.recv(1)

        with tempfile.TemporaryDirectory() as home, Peer(talk) as peer, \
                Terminal(COMMAND, "connect", peer.address, environment={"HOME": home}) as terminal:
            escaped = "~\\u007f\\u0080\\u009b31m\\u009f"
            terminal.wait_until(lambda screen: screen.count(escaped) == 2, escaped)


if __name__ == "__main__":
    unittest.main()
