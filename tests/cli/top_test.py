# SPDX-License-Identifier: Apache-2.0
"""`jsocket top`: on a terminal and without one."""

import contextlib
import json
import os
import re
import signal
import socket
import tempfile
import unittest

from command import (COMMAND, CommandTest, Listening, Serve, frame, jsocket, receive_frame,
                     receive_to_end, wait_for)
from peer import Peer
from rpc_peer import RpcPeer
from terminal import Terminal, children_of


RPC_SERVER = os.environ.get("JSOCKET_RPC_SERVER")


class Client:
    """A connection that has said its name, as long as the `with` block."""

    def __init__(self, server, name):
        self.connection = server.connect()
        self.say(json.dumps({"client": name}))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def say(self, text="1", times=1):
        for _ in range(times):
            self.connection.sendall(frame(text))
            receive_frame(self.connection)

    def call(self, method, *params):
        self.say(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}))


@contextlib.contextmanager
def clients(server, count):
    """So many, "client 00" and so on, as long as the `with` block."""
    with contextlib.ExitStack() as stack:
        for number in range(count):
            stack.enter_context(Client(server, f"client {number:02}"))
        yield


def answering(**options):
    return Serve("--answer-stats", **options)


def top(server, **options):
    """`jsocket top` of a server in a terminal that shows it."""
    address = server if isinstance(server, str) else server.address
    terminal = Terminal(COMMAND, "top", "--interval", "0.1", address, **options)
    try:
        terminal.wait_for("q quit")
    except BaseException:
        terminal.__exit__()
        raise
    return terminal


def rows(screen, heading="CLIENT"):
    """The names in the table, from above."""
    lines = screen.splitlines()
    heading = next(i for i, line in enumerate(lines) if line.startswith(heading))
    return [re.split(r"  +", line)[0] for line in lines[heading + 1:-1] if line.strip()]


class Screen(CommandTest):
    def test_shows_server_clients_and_rates(self):
        with answering() as server, Client(server, "alpha") as alpha, Client(server, "beta"):
            with top(server) as terminal:
                def busy(screen):
                    alpha.say(times=20)
                    return re.search(r"^alpha +\d+\.?\d*k? +\d", screen, re.MULTILINE) \
                        and not re.search(r"^alpha +0 ", screen, re.MULTILINE) \
                        and rows(screen)[0] == "alpha" and "averages" not in screen
                screen = terminal.wait_until(busy, "alpha at work")
                self.assertIn(f"jsocket top  {server.address}  version 0.1.0", screen)
                self.assertIn("3 connected, 3 known", screen)
                self.assertRegex(screen, r"Latency +p50 [\d.]+ [num]s, p99")
                self.assertEqual(sorted(rows(screen)), ["alpha", "beta", "jsocket top"])
                terminal.wait_until(lambda screen: "no messages" in screen, "no latencies")

    def test_does_not_count_itself(self):
        with answering() as server, top(server) as terminal:
            terminal.wait_until(lambda screen: "Rate      ______" in ascii_curve(screen), "some looks")
            self.assertIn("Total     0 in (0 B), 0 out (0 B)", terminal.screen())

    def test_counts_failures_by_kind(self):
        with answering() as server, top(server) as terminal:
            def failing(screen):
                with server.connect() as client:
                    client.sendall(frame('{"client":"clumsy"}') + frame("{]"))
                    receive_to_end(client)
                return re.search(r"Failures  [\d.]+/s: invalid_json [\d.]+", screen)
            terminal.wait_until(failing, "failures")
            terminal.press("f")
            screen = terminal.wait_for("by failures")
            self.assertEqual(rows(screen)[0], "clumsy")
            terminal.wait_for("Failures  none")

    def test_sorts_by_the_key_that_is_pressed(self):
        with answering() as server, Client(server, "b few big") as big, \
                Client(server, "c many small") as small, Client(server, "a none"):
            big.say(json.dumps("x" * 5000))
            small.say(times=50)
            with top(server) as terminal:
                terminal.wait_until(lambda screen: "averages" not in screen, "the second look")
                for key, word, first in [("b", "bytes", "b few big"), ("n", "name", "a none"),
                                         ("m", "messages", "c many small")]:
                    terminal.press(key)
                    screen = terminal.wait_for(f"by {word}")
                    self.assertEqual(rows(screen)[0], first, screen)

    def test_scrolls(self):
        with answering() as server, clients(server, 30):
            with top(server, lines=16) as terminal:
                terminal.press("n")
                screen = terminal.wait_for("by name")
                self.assertEqual(rows(screen)[0], "client 00")
                page = len(rows(screen))
                for key, first in [("Down", 1), ("Down", 2), ("Up", 1), ("PageDown", 1 + page),
                                   ("PageUp", 1), ("End", 31 - page), ("Down", 31 - page),
                                   ("Home", 0), ("Up", 0)]:
                    terminal.press(key)
                    terminal.wait_until(lambda screen: rows(screen)[0] == f"client {first:02}",
                                      f"client {first:02} after {key}")

    def test_follows_the_size_of_the_window(self):
        with answering() as server, clients(server, 60):
            with top(server) as terminal:
                for columns, lines in [(40, 10), (200, 50), (20, 5), (80, 24)]:
                    terminal.resize(columns, lines)
                    terminal.wait_until(lambda screen: fits(screen, columns, lines),
                                      f"a page of {columns} x {lines}")

    def test_survives_a_window_of_one_character(self):
        with answering() as server, top(server) as terminal:
            terminal.resize(1, 1)
            terminal.wait_until(lambda screen: len(screen.strip()) <= 1, "nothing")
            terminal.resize(80, 24)
            terminal.wait_for("q quit")

    def test_stops_when_it_is_paused(self):
        with answering() as server, top(server) as terminal:
            terminal.press("Space")
            terminal.wait_for("[paused]")
            with Client(server, "late"):
                # Another one has looked some times meanwhile.
                with top(server) as other:
                    other.wait_until(lambda screen: "Rate      _____" in ascii_curve(screen), "looks")
                terminal.press("n")
                self.assertNotIn("late", terminal.wait_for("by name"))
                terminal.press("Space")
                terminal.wait_for("late")

    def test_stays_paused_when_another_server_answers(self):
        with tempfile.TemporaryDirectory() as folder:
            bind = f"unix:{folder}/s"
            with answering(bind=bind) as first, top(first) as terminal:
                terminal.press("Space")
                terminal.wait_for("[paused]")
                first.stop()
                terminal.wait_for("trying again")
                with answering(bind=bind) as second, Client(second, "newcomer"):
                    screen = terminal.wait_until(lambda screen: "trying again" not in screen, "it")
                    self.assertNotIn("newcomer", screen)
                    terminal.press("Space")
                    screen = terminal.wait_for("newcomer")
                    self.assertNotIn("[paused]", screen)

    def test_explains_its_keys(self):
        with answering() as server, top(server) as terminal:
            terminal.press("?")
            terminal.wait_for("sort by messages, bytes, failures, name")
            terminal.press("?")
            terminal.wait_until(lambda screen: "sort by" not in screen, "the table")

    def test_shows_names_as_text_whatever_they_contain(self):
        with answering() as server, Client(server, "e\x1b[31mvil\x07" + "x" * 200), \
                top(server, columns=200) as terminal:
            terminal.press("n")
            screen = terminal.wait_for("by name")
            self.assertRegex(screen, r"(?m)^e\\x1b\[31mvil\\x07x+\.\.\. ")

    def test_has_colours_unless_they_are_not_wanted(self):
        coloured = re.compile(r"\x1b\[[\d;]*3[1-6]")
        with answering() as server:
            with top(server) as terminal:
                self.assertRegex(terminal.screen("-e"), coloured)
            with top(server, environment={"NO_COLOR": "1"}) as terminal:
                self.assertNotRegex(terminal.screen("-e"), coloured)

    def test_comes_back_when_the_server_does(self):
        with tempfile.TemporaryDirectory() as folder:
            bind = f"unix:{folder}/s"
            with answering(bind=bind) as first, top(first) as terminal:
                first.stop()
                terminal.wait_for("trying again: socket connection broken")
                with answering(bind=bind) as second, Client(second, "newcomer"):
                    screen = terminal.wait_for("newcomer")
                    self.assertNotIn("trying again", screen)
                    second.stop()
                terminal.wait_for("trying again")
                # Another server, which does not answer.
                with Serve(bind=bind):
                    self.assertEqual(terminal.status(), 1)
                    terminal.wait_for("--answer-stats")
                    self.assertEqual(terminal.value("alternate_on"), "0")


class SameFigures(CommandTest):
    def test_that_a_server_sends_twice_are_no_new_start(self):
        asked = 0

        def answer(connection, request):
            nonlocal asked
            asked += 1
            look = asked // 2  # two answers of each
            stats = {**OtherMethods.STATS["stats"]}
            stats["totals"] = {**stats["totals"], "messages_in": 1000 + 10 * look}
            result = {**OtherMethods.STATS, "uptime": 100.0 + 0.1 * look, "stats": stats}
            reply = {"jsonrpc": "2.0", "id": request["id"], "result": result}
            connection.sendall(frame(json.dumps(reply)))

        with RpcPeer(**{"rpc.stats": answer}) as peer, top(peer.address) as terminal:
            terminal.wait_until(lambda screen: "averages" not in screen, "the second look")

            def later(screen):
                self.assertNotIn("averages", screen)
                return asked >= 12
            terminal.wait_until(later, "more looks")
            self.assertRegex(terminal.screen(), r"Now +100/s in")


class OtherMethods(CommandTest):
    """Of servers of other libraries, or of none."""

    STATS = {"version": "9", "endpoint": "here", "uptime": 1.5,
             "stats": {"connected_clients": 0, "refused_connections": 0, "known_clients": 0,
                       "totals": {"connected": False, "connects": 0, "messages_in": 0,
                                  "messages_out": 0, "bytes_in": 0, "bytes_out": 0,
                                  "connected_duration": 0, "last_connect_ts": None,
                                  "failures": {}},
                       "clients": {}},
             "latency": {"max": 0, "buckets": []}}

    def peer(self, methods):
        def answer(connection, request):
            result = {**self.STATS, "methods": methods}
            answer = {"jsonrpc": "2.0", "id": request["id"], "result": result}
            connection.sendall(frame(json.dumps(answer)))
        return RpcPeer(**{"rpc.stats": answer})

    def test_are_shown_as_text_whatever_their_names_contain(self):
        counts = {"calls": 3, "errors": 0, "in_flight": 0, "latency": {}}
        with self.peer({"e\x1b[31mvil\n\u009b" + "x" * 200: counts}) as peer:
            with top(peer, columns=200) as terminal:
                terminal.press("Tab")
                screen = terminal.wait_for("METHOD")
                self.assertRegex(screen, r"(?m)^e\\x1b\[31mvil\\x0a\S*x+\.\.\. +\d.* - +- +3 ")
            report = jsocket("top", peer.address, "--once")
            self.assert_success(report)
            self.assertRegex(report.out, r"(?m)^e\\x1b\[31mvil\\x0a\S*x+\.\.\. +2 +0 +- ")

    def test_are_none_if_they_are_something_else(self):
        with self.peer({"add": 1}) as peer, top(peer) as terminal:
            self.assertNotIn("Tab methods", terminal.screen())
            terminal.press("Tab")
            terminal.wait_for("The server has no JSON-RPC methods, or does not tell.")

    def test_are_not_those_of_a_server_without(self):
        with answering() as server, top(server) as terminal:
            self.assertNotIn("Tab methods", terminal.screen())
            terminal.press("Tab")
            terminal.wait_for("The server has no JSON-RPC methods, or does not tell.")
            terminal.press("Tab")
            terminal.wait_for("CLIENT")


@unittest.skipUnless(RPC_SERVER, "the examples are not built")
class Methods(CommandTest):
    def server(self):
        return Listening("--bind", "127.0.0.1:0", program=RPC_SERVER)

    def test_are_on_the_second_page(self):
        with self.server() as server, Client(server, "caller") as caller, top(server) as terminal:
            self.assertIn("Tab methods", terminal.screen())
            terminal.press("Tab")
            self.assertNotIn("CLIENT", terminal.wait_for("Tab clients"))

            def busy(screen):
                for _ in range(20):
                    caller.call("subtract", 42, 23)
                caller.call("sum", "x")
                return re.search(r"^subtract +[1-9]\S* +0 +[\d.]+ [num]s +[\d.]+ [num]s",
                                 screen, re.MULTILINE) \
                    and rows(screen, "METHOD")[:2] == ["subtract", "sum"] \
                    and "averages" not in screen
            terminal.wait_until(busy, "a method at work")
            # From now on what was before decides.
            terminal.wait_for("Calls     0/s, 0/s failed")
            for key, word, first in [("f", "failures", "sum"), ("l", "latency", "subtract"),
                                     ("n", "name", "get_data"), ("c", "calls", "subtract")]:
                terminal.press(key)
                screen = terminal.wait_for(f"by {word}")
                self.assertEqual(rows(screen, "METHOD")[0], first, screen)
            terminal.press("Tab")
            self.assertIn("caller", rows(terminal.wait_for("by messages")))

    def test_scroll(self):
        with self.server() as server, top(server, lines=11) as terminal:
            terminal.press("Tab", "n")
            screen = terminal.wait_for("by name")
            names = rows(screen, "METHOD")
            for key, expected in [("Down", names[1]), ("Up", names[0]), ("End", None),
                                  ("Home", names[0])]:
                terminal.press(key)
                terminal.wait_until(
                    lambda screen: rows(screen, "METHOD")[0] == expected if expected
                    else rows(screen, "METHOD")[-1] == "update", f"{expected} after {key}")

    def test_have_a_page_that_explains_them(self):
        with self.server() as server, top(server) as terminal:
            terminal.press("Tab", "?")
            terminal.wait_for("sort by calls, latency, failures, name")
            terminal.press("Tab")
            terminal.wait_for("CLIENT")

    def test_are_below_the_clients_in_a_report(self):
        with self.server() as server, Client(server, "caller") as caller:
            for _ in range(3):
                caller.call("subtract", 42, 23)
            caller.call("subtract", "x")
            result = jsocket("top", server.address, "--once")
            self.assert_success(result)
            lines = result.out.splitlines()
            heading = next(i for i, line in enumerate(lines) if line.startswith("METHOD"))
            self.assertEqual(lines[heading - 1], "")
            self.assertTrue(lines[heading - 2].startswith("jsocket top "))
            row = re.split(r"  +", lines[heading + 1])
            self.assertEqual([row[0], row[2], row[5]], ["subtract", "1", "4"])
            for line in lines:
                self.assertLessEqual(len(line), 120)
                self.assertEqual(line, line.rstrip())

    def test_are_part_of_what_the_server_answers(self):
        with self.server() as server, Client(server, "caller") as caller:
            caller.call("subtract", 42, 23)
            result = jsocket("top", server.address, "--once", "--json")
            self.assert_success(result)
            method = json.loads(result.out)["methods"]["subtract"]
            self.assertEqual((method["calls"], method["errors"], method["in_flight"]), (1, 0, 0))
            self.assertEqual(len(method["latency"]["buckets"]), 1)


def ascii_curve(screen):
    return screen.replace("\u2581", "_")


def fits(screen, columns, lines):
    """Does a page with more clients than it can show reach from corner to corner?"""
    found = screen.splitlines()
    header = min(max(lines - 6, 1), 7)
    return (len(found) == lines and found[0].startswith("jsocket top") and
            found[header].startswith("CLIENT") and found[-1].startswith("by messages") and
            all(line.startswith("client ") for line in found[header + 1:-1]) and
            max(map(len, found)) <= columns)


class Ending(CommandTest):
    """Whatever ends it, the terminal is as it was."""

    def end(self, how, code):
        with answering() as server:
            script = (f"trap : INT; stty -g; '{COMMAND}' top {server.address}; code=$?; "
                      "stty -g; exit $code")
            with Terminal("sh", "-c", script) as terminal:
                terminal.wait_for("q quit")
                self.assertEqual(terminal.value("alternate_on"), "1")
                how(terminal)
                self.assertEqual(terminal.status(), code)
                screen = terminal.screen()
                self.assertEqual(terminal.value("alternate_on"), "0")
                self.assertEqual(terminal.value("cursor_flag"), "1")
                settings = [line for line in screen.splitlines() if line.count(":") > 10]
                self.assertEqual(settings, [settings[0]] * 2, screen)

    def signal(self, number):
        def send(terminal):
            # The command is a child of the script's shell, and that one of the terminal's.
            (shell,) = children_of(terminal.value("pane_pid"))
            (child,) = wait_for(lambda: children_of(shell), "the command")
            os.kill(child, number)
        return send

    def test_by_the_key(self):
        self.end(lambda terminal: terminal.press("q"), 0)

    def test_by_control_c(self):
        self.end(lambda terminal: terminal.press("C-c"), 0)

    def test_by_a_signal(self):
        for number in [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT]:
            with self.subTest(number):
                self.end(self.signal(number), 0)

    def test_while_the_server_is_gone(self):
        with answering() as server, top(server) as terminal:
            server.stop()
            terminal.wait_for("trying again")
            terminal.press("q")
            self.assertEqual(terminal.status(), 0)


class Once(CommandTest):
    def test_prints_a_table(self):
        with answering() as server, Client(server, "alpha") as alpha, Client(server, "beta"):
            alpha.say(times=9)
            result = jsocket("top", server.address, "--once")
            self.assert_success(result)
            lines = result.out.splitlines()
            self.assertRegex(lines[0], r"\Ajsocket top  \S+  version 0\.1\.0  up .*averages")
            self.assertIn("Total     11 in (46 B), 11 out (46 B), 0 failures", lines)
            heading = next(i for i, line in enumerate(lines) if line.startswith("CLIENT"))
            table = [re.split(r"  +", line) for line in lines[heading:]]
            self.assertEqual([row[0] for row in table], ["CLIENT", "alpha", "beta", "jsocket top"])
            self.assertEqual(table[1][-4:], ["10", "10", "28 B", "28 B"])
            for line in lines:
                self.assertLessEqual(len(line), 120)
                self.assertEqual(line, line.rstrip())

    def test_with_json_prints_what_the_server_answers(self):
        with answering() as server, Client(server, "alpha"):
            result = jsocket("top", server.address, "--once", "--json")
            self.assert_success(result)
            self.assertEqual(result.out.count("\n"), 1)
            stats = json.loads(result.out)
            self.assertEqual(sorted(stats),
                             ["endpoint", "latency", "stats", "time", "uptime", "version"])
            self.assertEqual(stats["endpoint"], server.address)
            self.assertEqual(sorted(stats["stats"]["clients"]), ["alpha", "jsocket top"])
            self.assertEqual(stats["latency"]["buckets"][0][1], 1)

    def test_speaks_every_framing_and_over_unix_sockets(self):
        with tempfile.TemporaryDirectory() as folder, answering(bind=f"unix:{folder}/s") as server:
            for framing in ["prefix", "crc", "lines"]:
                self.assert_success(jsocket("top", server.address, "--once", "--framing", framing))

    def test_waits_through_messages_that_are_for_everybody(self):
        def talk(connection):
            request = json.loads(receive_frame(connection))
            connection.sendall(frame('{"news":1}') + frame("null"))
            answer = {"jsonrpc": "2.0", "id": request["id"], "result": {"a": 1.5}}
            connection.sendall(frame(json.dumps(answer)))
            receive_to_end(connection)
        with Peer(talk) as peer:
            self.assert_success(jsocket("top", peer.address, "--once", "--json"), '{"a":1.5}\n')


class NotAllowed(CommandTest):
    OPTION = "--answer-stats"

    def test_by_a_server_that_sends_the_request_back(self):
        with Serve() as server:
            result = jsocket("top", server.address, "--once")
            self.assert_failed(result, server.address, "sends rpc.stats back", self.OPTION)

    def test_by_servers_that_say_something_else(self):
        answers = {
            '{"jsonrpc":"2.0","id":"jsocket top","error":{"code":-32601,"message":"no\\u001b"}}':
                "error",
            '{"error":"what?"}': "something else",
            "null": "something else",
            '{"id":"jsocket top"}': "something else",
        }
        for text, words in answers.items():
            def talk(connection, text=text):
                receive_frame(connection)
                connection.sendall(frame(text))
                receive_to_end(connection)
            with self.subTest(text), Peer(talk) as peer:
                result = jsocket("top", peer.address, "--once")
                self.assert_failed(result, words, self.OPTION)
                self.assertNotIn("\x1b", result.err)

    def test_by_a_server_that_disconnects(self):
        def talk(connection):
            receive_frame(connection)
        with Peer(talk) as peer:
            self.assert_failed(jsocket("top", peer.address, "--once"), "disconnects", self.OPTION)

    def test_by_a_server_that_is_silent(self):
        with Peer(receive_to_end) as peer:
            result = jsocket("top", peer.address, "--once", "--timeout", "0.2")
            self.assert_failed(result, "within 200 ms", self.OPTION)

    def test_by_a_server_whose_result_is_something_else(self):
        def talk(connection):
            receive_frame(connection)
            connection.sendall(frame('{"jsonrpc":"2.0","id":"jsocket top","result":{}}'))
            receive_to_end(connection)
        with Peer(talk) as peer:
            self.assert_failed(jsocket("top", peer.address, "--once"), "not as expected", "version")


class Usage(CommandTest):
    def test_without_a_terminal_it_needs_once(self):
        self.assert_usage_error(jsocket("top", "127.0.0.1:1"), "--once")

    def test_json_needs_once(self):
        result = jsocket("top", "127.0.0.1:1", "--json")
        self.assertEqual((result.code, result.out), (2, ""), result)
        self.assertEqual(json.loads(result.err)["error"],
                         {"kind": "usage", "message": "--json needs --once"})

    def test_of_wrong_values(self):
        for words, option in [(["nowhere"], "SERVER"), (["127.0.0.1:0"], "SERVER"),
                              (["127.0.0.1:1", "--interval", "0.01"], "--interval"),
                              (["127.0.0.1:1", "--interval", "x"], "--interval"),
                              (["127.0.0.1:1", "--framing", "auto"], "--framing"),
                              (["127.0.0.1:1", "--timeout", "0"], "--timeout"),
                              (["127.0.0.1:1", "--tls-ca", "x"], "--tls")]:
            self.assert_usage_error(jsocket("top", "--once", *words), option)

    def test_nobody_there_is_a_failure(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        self.assert_failed(jsocket("top", f"127.0.0.1:{port}", "--once"), "refused")

    def test_of_a_terminal_that_cannot(self):
        with answering() as server, \
                Terminal(COMMAND, "top", server.address,
                         environment={"TERM": "unheard-of"}) as terminal:
            self.assertEqual(terminal.status(), 2)
            self.assertIn("TERM=unheard-of", terminal.screen())


if __name__ == "__main__":
    unittest.main()
