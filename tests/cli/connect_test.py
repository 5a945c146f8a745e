# SPDX-License-Identifier: Apache-2.0
"""`jsocket connect`: in a terminal, and as a script."""

import contextlib
import json
import os
import signal
import stat
import subprocess
import tempfile
import threading
import time
import unittest

from command import (COMMAND, PATIENCE, SLACK, CommandTest, Serve, frame, jsocket, read_line,
                     wait_for)
from peer import Peer, free_port
from rpc_peer import RpcPeer, ask_back
from terminal import Terminal, state_of


def news(connection, request):
    """Something unasked before the reply, and something after it."""
    connection.sendall(frame('{"before": 1}'))
    connection.sendall(frame('{"jsonrpc":"2.0","result":"done","id":%d}' % request["id"]))
    connection.sendall(frame('{"after": 1}'))


def trimmed(screen):
    """A screen of which wrapped lines are joined, without what is blank at the ends of lines."""
    return "\n".join(line.rstrip() for line in screen.rstrip().split("\n"))


class InTerminal(CommandTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.home = folder.name
        self.history = os.path.join(self.home, ".local/state/jsocket/history")

    def connect(self, address, **variables):
        terminal = Terminal(COMMAND, "connect", address, "--timeout", "20",
                            environment={"HOME": self.home, **variables})
        try:
            terminal.wait_for(":help explains")
            terminal.wait_for(f"{address}>")
        except AssertionError:
            terminal.__exit__()
            raise
        return terminal

    def end(self, terminal, address):
        """By C-d, which means nothing to an editor that is not there yet."""
        terminal.wait_until(lambda screen: screen.rstrip().endswith(f"{address}>"), "the prompt")
        terminal.press("C-d")
        self.assertEqual(terminal.status(), 0)

    def test_calls_methods_and_sends_json(self):
        with RpcPeer(sum="3", echo=b'{"b":1.0,"a":2}') as peer:
            with self.connect(peer.address) as terminal:
                terminal.type("sum 1 'x y'\n")
                terminal.wait_for("\n3\n")
                self.assertIn('"params":[1,"x y"]', peer.received[-1])
                terminal.type('{"method": "echo"\t, "id": 1}\n')
                terminal.wait_for('{"b":1.0,"a":2}')
                terminal.type("nowhere\n")
                terminal.wait_for('{"code":-32601,"message":"Not found"}')
                terminal.type(":methods\n")
                terminal.wait_for("subscribe\nanything")
                terminal.type(":describe subtract\n")
                terminal.wait_for("subtract(minuend: integer, [subtrahend: integer]) -> integer\n"
                                  "  The difference")
                terminal.type(":quit\n")
                self.assertEqual(terminal.status(), 0)

    def test_completes_methods_that_the_server_has(self):
        with RpcPeer(subtract="7") as peer:
            with self.connect(peer.address) as terminal:
                terminal.type("su\t")
                terminal.wait_for("> sub\n")
                terminal.type("\t")
                terminal.wait_for("subtract  subscribe")
                terminal.type("t\t9 2\n")
                terminal.wait_for("> subtract 9 2\n7\n")
                terminal.type(":he\t\n")
                terminal.wait_for("a JSON text is sent as it is")
                terminal.type(":desc\tanyth\t\n")
                terminal.wait_for("anything(...) -> any")

    def test_shows_what_comes_unasked_above_the_line(self):
        for columns in [100, 30]:
            with self.subTest(columns=columns), RpcPeer(late=news) as peer:
                with self.connect(peer.address) as terminal:
                    terminal.resize(columns, 40)
                    terminal.type("late\n")
                    terminal.wait_for('{"after":1}')
                    screen = terminal.wait_for('"done"')
                    self.assertLess(screen.index("before"), screen.index('"done"'))

    def test_keeps_the_line_that_is_being_typed(self):
        pushed = []

        def remember(connection, request):
            pushed.append(connection)
            connection.sendall(frame('{"jsonrpc":"2.0","result":1,"id":%d}' % request["id"]))

        with RpcPeer(hello=remember, join="2") as peer:
            with self.connect(peer.address) as terminal:
                terminal.type("hello\n")
                terminal.wait_for("\n1\n")
                line = "join " + "long " * 30  # more than the terminal is wide
                terminal.type(line)
                terminal.wait_for("long long\n")
                pushed[0].sendall(frame('{"pushed": true}'))
                screen = terminal.wait_for('{"pushed":true}')
                self.assertEqual(screen.count('join'), 1, screen)
                terminal.type("end\n")
                terminal.wait_for("\n2\n")
                self.assertIn('"long","long","end"]', peer.received[-1])

    def test_draws_the_line_anew_in_another_width(self):
        with RpcPeer(sum="3") as peer, self.connect(peer.address) as terminal:
            # So that there is something above the line, which has to stay.
            terminal.type(":help\n" * 5 + ":describe subtract\n")
            before = f"{peer.address}> "
            self.wait_for_line(terminal, before, 0, 100)
            # The line fills rows of both widths, and has its cursor at the end and within.
            for length, back, widths in [(150, 0, [60, 41, 100]), (200, 0, [50, 40, 100]),
                                         (200, 1, [80, 33, 100]), (180, 30, [99, 60, 100])]:
                line = ("abcdefghij" * 20)[len(before):length]
                terminal.type(line)
                terminal.press(*["Left"] * back)
                self.wait_for_line(terminal, before + line, back, 100)
                for columns in widths:
                    terminal.resize(columns, 40)
                    terminal.press("C-a")
                    terminal.type("X")
                    terminal.press("C-e", *["Left"] * back)
                    line = "X" + line
                    self.wait_for_line(terminal, before + line, back, columns)
                terminal.press("C-u")
                self.wait_for_line(terminal, before, 0, 100)

    def test_draws_the_line_anew_that_got_another_width_while_it_was_completed(self):
        asked = threading.Event()
        resized = threading.Event()

        def discover(connection, request):
            asked.set()
            resized.wait(PATIENCE)
            connection.sendall(frame('{"jsonrpc":"2.0","result":{"methods":[]},"id":%d}' %
                                     request["id"]))

        with RpcPeer(**{"rpc.discover": discover}) as peer, self.connect(peer.address) as terminal:
            terminal.type(":help\n" * 5 + ":other\n")
            before, above = f"{peer.address}> ", ":help has a list"
            self.wait_for_line(terminal, before, 0, 100, above)
            line = "abcdefghij" * 15
            terminal.type(line)
            self.wait_for_line(terminal, before + line, 0, 100, above)
            terminal.press("Tab")
            self.assertTrue(asked.wait(PATIENCE))
            terminal.resize(70, 40)
            resized.set()
            self.wait_for_line(terminal, before + line, 0, 70, above)
            terminal.press("C-a")
            terminal.type("X")
            terminal.press("C-e")
            self.wait_for_line(terminal, before + "X" + line, 0, 70, above)

    def wait_for_line(self, terminal, line, back, columns, above="\n  The difference"):
        """Waits until that is the last line below a certain other one, with the cursor in it."""
        shown = above + "\n" + line.rstrip()
        column = str((len(line) - back) % columns)
        terminal.wait_until(lambda screen: trimmed(screen).endswith(shown) and
                            terminal.value("cursor_x") == column, shown, "-J")

    def test_empties_the_line_at_c_c_and_ends_at_c_d(self):
        with RpcPeer(sum="3") as peer:
            with self.connect(peer.address) as terminal:
                terminal.type("rubbish")
                terminal.wait_for("rubbish")
                terminal.press("C-c")
                terminal.wait_until(lambda screen: "rubbish" not in screen, "an empty line")
                prompt = f"\n{peer.address}>"
                terminal.wait_until(lambda screen: screen.count(prompt) == 1, "one prompt")
                terminal.press("C-c")  # as in a shell, a sign of life
                terminal.wait_until(lambda screen: screen.count(prompt) == 2, "another prompt")
                terminal.type("sum\n")
                terminal.wait_for("\n3\n")
                self.assertEqual(len(peer.received), 1)
                self.end(terminal, peer.address)

    def test_cancels_a_call_at_c_c(self):
        calls = []
        with RpcPeer(slow=lambda *call: calls.append(call), sum="3") as peer:
            with self.connect(peer.address) as terminal:
                terminal.type("slow\n")
                wait_for(lambda: calls, "the call")
                terminal.press("C-c")
                terminal.wait_for("\nnot waiting any more; asked the server to cancel call 1")
                wait_for(lambda: len(peer.received) == 2, "the end of the call")
                self.assertEqual(peer.received[1],
                                 '{"jsonrpc":"2.0","method":"rpc.cancel","params":{"id":1}}')
                connection, request = calls[0]
                late = '{"jsonrpc":"2.0","error":{"code":-32800},"id":%d}' % request["id"]
                connection.sendall(frame(late))
                terminal.wait_for("too late: " + late)
                terminal.type("sum\n")
                terminal.wait_for("\n3\n")
                self.end(terminal, peer.address)

    def test_ends_at_c_c_while_it_connects(self):
        # Without an answer to the first message of TLS.
        with Peer(lambda _: peer.stopping.wait(PATIENCE)) as peer, \
                Terminal(COMMAND, "connect", peer.address, "--timeout", str(PATIENCE), "--tls",
                         environment={"HOME": self.home}) as terminal:
            wait_for(lambda: peer.accepted, "the connection")
            terminal.press("C-c")
            self.assertEqual(terminal.status(), 128 + signal.SIGINT)

    def test_cancels_a_call_that_was_typed_as_json_at_c_c(self):
        with RpcPeer(slow=lambda *_: None, sum="3") as peer:
            with self.connect(peer.address) as terminal:
                terminal.type('{"jsonrpc": "2.0", "method": "slow", "id": "x"}\n')
                wait_for(lambda: peer.received, "the message")
                terminal.press("C-c")
                terminal.wait_for('\nnot waiting any more; asked the server to cancel call "x"')
                wait_for(lambda: len(peer.received) == 2, "the end of the call")
                self.assertEqual(peer.received[1],
                                 '{"jsonrpc":"2.0","method":"rpc.cancel","params":{"id":"x"}}')
                terminal.type("sum\n")
                terminal.wait_for("\n3\n")

    def test_stops_waiting_at_c_c(self):
        with RpcPeer(slow=lambda *_: None, sum="3") as peer:
            with self.connect(peer.address) as terminal:
                terminal.type('{"method": "slow", "id": 1}\n')
                wait_for(lambda: peer.received, "the message")
                terminal.press("C-c")
                terminal.wait_for("\nnot waiting any more\n")
                terminal.type("sum\n")
                terminal.wait_for("\n3\n")
                self.assertEqual(len(peer.received), 2)

    def test_has_no_code_that_a_signal_could_run_in_the_midst_of_another(self):
        with RpcPeer() as peer, self.connect(peer.address) as terminal:
            wait_for(lambda: not terminal.edits_lines(), "the editor")
            with open(f"/proc/{terminal.process()}/status") as file:
                (caught,) = [line.split()[1] for line in file if line.startswith("SigCgt:")]
            for number in [signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGQUIT,
                           signal.SIGTSTP, signal.SIGCONT, signal.SIGWINCH]:
                self.assertEqual(int(caught, 16) >> (number - 1) & 1, 0, number)

    def test_leaves_the_terminal_as_it_was_when_a_signal_ends_it(self):
        nothing = {"slow": lambda *_: None, "rpc.discover": lambda *_: None}
        for number in [signal.SIGHUP, signal.SIGTERM]:
            for typed, requests in [("su", 0), ("slow\n", 1), ("su\t", 1)]:
                with self.subTest(number=number, typed=typed), RpcPeer(**nothing) as peer, \
                        self.connect(peer.address) as terminal:
                    terminal.type(typed)
                    terminal.wait_for("> " + typed.strip())
                    wait_for(lambda: len(peer.received) == requests, "the request")
                    os.kill(terminal.process(), number)
                    self.assertEqual(terminal.status(), 128 + number)
                    self.assertTrue(terminal.edits_lines())

    def test_stops_at_c_z_and_goes_on(self):
        with RpcPeer(slow=lambda *_: None, sum="3") as peer, \
                Terminal("bash", "--norc", "-i",
                         environment={"HOME": self.home, "PS1": "% ", "HISTFILE": ""}) as terminal:
            terminal.type(f"{COMMAND} connect {peer.address}\n")
            terminal.wait_for(f"\n{peer.address}>")
            terminal.type("sum 1")
            terminal.wait_for(f"{peer.address}> sum 1")
            terminal.press("C-z")
            terminal.wait_for("Stopped")
            terminal.type("fg\n")
            terminal.wait_until(lambda screen: screen.count("> sum 1") == 2, "the line")
            terminal.type(" 2\n")
            terminal.wait_for("\n3\n")
            self.assertEqual(json.loads(peer.received[-1])["params"], [1, 2])
            terminal.type("slow\n")
            wait_for(lambda: len(peer.received) == 2, "the call")
            terminal.press("C-z")
            terminal.wait_until(lambda screen: screen.count("Stopped") == 2, "the shell")
            terminal.type("fg\n")
            # Which has the terminal by then.
            wait_for(lambda: state_of(terminal.process()) != "T", "the end of the stop")
            terminal.press("C-c")
            terminal.wait_for("not waiting any more")
            terminal.press("C-d")
            terminal.wait_until(lambda screen: screen.rstrip().endswith("%"), "the shell")

    def test_connects_again_when_the_server_comes_back(self):
        with RpcPeer(bye=lambda connection, _: connection.shutdown(2)) as peer:
            with self.connect(peer.address) as terminal:
                terminal.type(":methods\n")
                terminal.wait_for("subscribe")
                terminal.type("bye\n")
                terminal.wait_for("trying to connect again")
                port = peer.port
                wait_for(lambda: peer.accepted >= 2, "the next connection")
                terminal.wait_for("connected again")
                # It may have other methods now, which Tab does not know before.
                peer.answers["rpc.discover"] = '{"methods":[{"name":"newer"}]}'
                terminal.type("new\t\n")
                terminal.wait_for("> newer")
        self.assertEqual(peer.port, port)

    def test_keeps_a_history_for_its_owner_only(self):
        with RpcPeer(sum="3") as peer:
            with self.connect(peer.address) as terminal:
                for line in ["sum 1", "sum 2", "sum 1", " sum secret"]:
                    terminal.type(line + "\n")
                    word = line.split()[1]
                    wait_for(lambda: peer.received and word in peer.received[-1], line)
                self.end(terminal, peer.address)
                self.assertEqual(stat.S_IMODE(os.stat(self.history).st_mode), 0o600)
                folder = os.path.dirname(self.history)
                self.assertEqual(stat.S_IMODE(os.stat(folder).st_mode), 0o700)
                with open(self.history, encoding="utf-8") as file:
                    text = file.read()
                self.assertEqual((text.count("sum\\0401"), text.count("sum\\0402")), (1, 1), text)
                self.assertNotIn("secret", text)
            with self.connect(peer.address) as terminal:
                terminal.press("Up", "Up")
                terminal.wait_for("> sum 2")

    def test_colours_unless_told_not_to(self):
        with RpcPeer() as peer:
            with self.connect(peer.address) as terminal:
                terminal.type("nowhere\n")
                terminal.wait_for("Not found")
                self.assertIn("\x1b[31m", terminal.screen("-e"))
            with self.connect(peer.address, NO_COLOR="1") as terminal:
                terminal.type("nowhere\n")
                terminal.wait_for("Not found")
                self.assertNotIn("\x1b[31m", terminal.screen("-e"))


class AsScript(CommandTest):
    def test_answers_line_by_line(self):
        with RpcPeer(sum="3", late=news) as peer:
            result = jsocket("connect", peer.address, stdin='sum 1 2\n\n:methods\n{"method":"x"}\n'
                             '{"id": 5, "method": "sum"}\nlate\n:quit\nsum\n')
            self.assertEqual((result.code, result.err), (0, ""), result)
            lines = result.out.splitlines()
            self.assertEqual(lines[:3], ["3", "subtract", "subscribe"])
            self.assertEqual(lines[6], '{"jsonrpc":"2.0","result":3,"id":5}')
            self.assertEqual(lines[7:9], ['{"before":1}', '"done"'])
            self.assertEqual(len(peer.received), 5)

    def test_explains_in_lines_that_fit_any_terminal(self):
        with RpcPeer() as peer:
            result = jsocket("connect", peer.address, stdin=":help\n")
            self.assert_success(result)
            self.assertLessEqual(max(map(len, result.out.splitlines())), 79)

    def test_describes_methods(self):
        with RpcPeer() as peer:
            result = jsocket("connect", peer.address,
                             stdin=":describe subscribe\n:describe anything\n")
            self.assert_success(
                result, "subscribe([where: Point], [how: any], [on: boolean], [name: string], "
                "[two: array]) -> any\nanything(...) -> any\n")

    def test_goes_on_after_a_failure_and_ends_with_1(self):
        with RpcPeer(sum="3") as peer:
            result = jsocket("connect", peer.address,
                             stdin="nowhere\n{bad\n:frob\n'\nsum 1 a=2\nsum\n")
            self.assertEqual((result.code, result.out), (1, "3\n"), result)
            lines = result.err.splitlines()
            self.assertEqual(len(lines), 5, result)
            self.assertEqual(lines[0], '{"code":-32601,"message":"Not found"}')
            for line, word in zip(lines[1:], ["JSON", ":frob", "quote", "NAME=VALUE"]):
                self.assertTrue(line.startswith("jsocket: ") and word in line, line)

    def test_says_in_json_which_line_has_failed(self):
        with RpcPeer(sum="3") as peer:
            result = jsocket("connect", peer.address, "--json", stdin='nowhere\nsum\n{bad\n:frob\n')
            self.assertEqual((result.code, result.out), (1, "3\n"), result)
            errors = [json.loads(line)["error"] for line in result.err.splitlines()]
            self.assertEqual([error["kind"] for error in errors], ["rpc", "usage", "usage"])
            self.assertEqual(errors[0]["message"], "line 1: Not found")
            self.assertEqual(errors[0]["object"], {"code": -32601, "message": "Not found"})
            for error, start in zip(errors[1:], ["line 3: JSON: ", "line 4: :frob"]):
                self.assertTrue(error["message"].startswith(start), error)

    def test_waits_for_the_next_connection(self):
        with RpcPeer(bye=lambda connection, _: connection.shutdown(2), sum="3") as peer:
            result = jsocket("connect", peer.address, stdin="bye\nsum\n")
            self.assertEqual((result.code, result.out), (1, "3\n"), result)
            self.assertIn("trying to connect again\n", result.err)
            self.assertTrue(result.err.endswith("jsocket: connected again\n"), result)

    def test_waits_once_for_a_server_that_has_gone(self):
        def leave(connection, _):
            peer.stop_listening()
            connection.shutdown(2)

        with RpcPeer(bye=leave) as peer:
            result = jsocket("connect", peer.address, "--timeout", "0.3",
                             stdin='bye\nsum\n{"a": 1}\n')
            self.assertEqual((result.code, result.out), (1, ""), result)
            told = result.err.splitlines()
            self.assertIn(f"jsocket: line 2: no connection to {peer.address} within 0.3 s", told)
            self.assertEqual(told[-1],
                             f"jsocket: line 3: no connection to {peer.address}; trying again")

    def test_ends_when_nobody_reads_what_it_prints(self):
        read, write = os.pipe()
        os.close(read)
        with open(write, "wb") as output, RpcPeer(sum="3") as peer:
            result = jsocket("connect", peer.address, stdin="sum 1\nsum 2\n", stdout=output)
            self.assert_failed(result, "standard output")
            self.assertEqual(len(peer.received), 1)

    def test_does_not_wait_for_ever(self):
        with RpcPeer(slow=lambda *_: None) as peer:
            began = time.monotonic()
            result = jsocket("connect", peer.address, "--timeout", "0.3", stdin="slow\n")
            self.assertLess(time.monotonic() - began, SLACK)
            self.assert_failed(result, "line 1: no reply from ")

    def test_cancels_calls_that_take_too_long_and_leaves_out_late_replies(self):
        calls = []

        def cancel(connection, request):
            self.assertEqual(request["params"], {"id": calls[0]["id"]})
            connection.sendall(frame('{"jsonrpc":"2.0","result":"late","id":%d}' % calls[0]["id"]))

        with RpcPeer(slow=lambda _, request: calls.append(request), sum="3",
                     **{"rpc.cancel": cancel}) as peer:
            result = jsocket("connect", peer.address, "--timeout", "2", stdin="slow\nsum\n")
            self.assert_failed(result, "line 1: no reply from ", out="3\n")
            self.assertEqual(len(peer.received), 3)

    def test_does_not_take_a_late_reply_for_that_to_another_line_of_json(self):
        for late, first, spelled in [(7, "7", "7"), ("a", '"a"', '"\\u0061"')]:
            def both(connection, _):
                self.assertEqual(json.loads(peer.received[1])["params"], {"id": late})
                for reply in ['"result":"late","id":' + spelled, '"result":"new","id":8']:
                    connection.sendall(frame('{"jsonrpc":"2.0",%s}' % reply))

            with self.subTest(id=first), RpcPeer(
                    slow=lambda *_: None, sum=both, **{"rpc.cancel": lambda *_: None}) as peer:
                lines = ['{"jsonrpc":"2.0","method":"slow","id":%s}\n' % first,
                         '{"jsonrpc":"2.0","method":"sum","id":8}\n']
                result = jsocket("connect", peer.address, "--timeout", "2", stdin="".join(lines))
                self.assert_failed(result, "line 1: no reply from ",
                                   out='{"jsonrpc":"2.0","result":"new","id":8}\n')
                self.assertEqual([lines[0].strip(), lines[1].strip()],
                                 [peer.received[0], peer.received[2]])

    def test_takes_a_reply_for_the_line_of_json_that_uses_its_id_again(self):
        calls = []

        def second(connection, request):
            calls.append(request)
            if len(calls) == 2:
                connection.sendall(frame('{"jsonrpc":"2.0","result":2,"id":7}'))

        with RpcPeer(m=second, **{"rpc.cancel": lambda *_: None}) as peer:
            result = jsocket("connect", peer.address, "--timeout", "2",
                             stdin='{"jsonrpc":"2.0","method":"m","id":7}\n' * 2)
            self.assert_failed(result, "line 1: no reply from ",
                               out='{"jsonrpc":"2.0","result":2,"id":7}\n')

    def test_does_not_take_an_error_without_id_for_a_reply_after_rpc_cancel(self):
        def both(connection, request):
            for reply in ['"error":{"code":-32601,"message":"no cancel"},"id":null',
                          '"result":3,"id":%d' % request["id"]]:
                connection.sendall(frame('{"jsonrpc":"2.0",%s}' % reply))

        with RpcPeer(slow=lambda *_: None, sum=both, **{"rpc.cancel": lambda *_: None}) as peer:
            result = jsocket("connect", peer.address, "--timeout", "2", stdin="slow\nsum\n")
            self.assert_failed(result, "line 1: no reply from ", out="3\n")

    def test_refuses_what_the_server_asks_and_shows_it(self):
        asked = ['{"jsonrpc":"2.0","method":"confirm","id":7}',
                 '{"jsonrpc":"2.0","method":"confirm","id":"a\\u0062"}']
        for line, reply in [("m", '"done"'),
                            ('{"id":5,"method":"m"}', '{"jsonrpc":"2.0","result":"done","id":5}')]:
            with self.subTest(line=line), RpcPeer(m=ask_back) as peer:
                result = jsocket("connect", peer.address, stdin=line + "\n")
                self.assert_success(result, "\n".join([*asked, reply]) + "\n")

    def test_says_when_the_server_is_no_json_rpc_server(self):
        with Serve() as server:
            result = jsocket("connect", server.address, stdin='[1.0]\nsum 1\n')
            self.assert_failed(result, "no JSON-RPC", out="[1.0]\n")

    def test_prints_what_comes_before_there_is_another_line(self):
        def talk(connection):
            connection.sendall(frame('{"pushed": 1}'))
            connection.recv(1)

        with Peer(talk) as peer, self.script(peer) as script:
            self.assertEqual(read_line(script.stdout), b'{"pushed":1}\n')
            script.stdin.write(b":quit\n")
            script.stdin.close()
            self.assertEqual(script.wait(PATIENCE), 0)

    def test_has_the_server_wait_while_nobody_reads_what_it_prints(self):
        sent = 0
        message = frame(json.dumps("x" * 1_000_000))
        most = 200

        def talk(connection):
            nonlocal sent
            connection.settimeout(1)  # a busy machine may be as slow, which fails nothing
            with contextlib.suppress(TimeoutError):
                while sent < most:
                    connection.sendall(message)
                    sent += 1
            waiting.set()
            peer.stopping.wait(PATIENCE)

        waiting = threading.Event()
        with Peer(talk) as peer, self.script(peer):
            self.assertTrue(waiting.wait(PATIENCE))
            # Those in the buffers of sockets, a few that have been read, and the one that is written.
            self.assertLess(sent, most / 2)

    @contextlib.contextmanager
    def script(self, peer, *options):
        """The command, of which the test writes and reads standard input and output."""
        with subprocess.Popen([COMMAND, "connect", peer.address, *options], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            try:
                yield process
            finally:
                process.kill()

    def test_needs_a_server(self):
        holder, port = free_port()
        with holder:
            self.assert_failed(jsocket("connect", f"127.0.0.1:{port}", stdin=""), "refused")
        self.assert_usage_error(jsocket("connect"), "SERVER")


if __name__ == "__main__":
    unittest.main()
