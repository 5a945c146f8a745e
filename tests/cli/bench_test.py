# SPDX-License-Identifier: Apache-2.0
"""`jsocket bench`: how it loads a server, what it measures, and what it prints."""

import json
import os
import pathlib
import re
import select
import signal
import subprocess
import tempfile
import threading
import time
import unittest

from command import (COMMAND, PATIENCE, SLACK, CommandTest, Result, Serve, frame, jsocket,
                     receive_frame, wait_for)
from peer import Peer, free_port
from terminal import Terminal
from tls_test import Files

MESSAGE = 64  # bytes, unless told otherwise

# A load that leaves a processor to the terminal that shows it.
GENTLE = ["--connections", "1", "--rate", "100"]


def echo(connection):
    while True:
        connection.sendall(frame(receive_frame(connection)))


def bench(address, *arguments, **options):
    """The result of a bench with --json, and what it printed."""
    result = jsocket("bench", address, "--json", *arguments, **options)
    return result, json.loads(result.out) if result.out else None


class Running:
    """A bench with --json that goes on while the test does something."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen([COMMAND, "bench", "--json", *arguments],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def end(self):
        out, err = self.process.communicate(timeout=PATIENCE)
        result = Result(self.process.returncode, out, err)
        return result, json.loads(result.out) if result.out else None


def wait_for_clients(server, count):
    """A server has a thread for each client, and two more."""
    tasks = f"/proc/{server.process.pid}/task"
    wait_for(lambda: len(os.listdir(tasks)) >= count + 2, f"{count} clients")


def waits(server):
    """How often its threads have waited for something, such as a message."""
    tasks = pathlib.Path(f"/proc/{server.process.pid}/task")
    return sum(int(re.search(r"\nvoluntary_ctxt_switches:\s+(\d+)", status.read_text()).group(1))
               for status in tasks.glob("*/status"))


def wait_for_messages(server, clients):
    """Returns when these clients have connected, and then sent some messages."""
    wait_for_clients(server, clients)
    before = waits(server)
    wait_for(lambda: waits(server) >= before + 10, "messages")


class BenchTest(CommandTest):
    def assert_measured(self, result, measured, messages):
        self.assertEqual((result.code, result.err), (0, ""), result)
        self.assertEqual(measured["messages"], messages)
        self.assertEqual(measured["latency"]["count"], messages)
        self.assertEqual(sum(count for _, count in measured["histogram"]), messages)
        for name in ["errors", "failed_connections", "unanswered", "unsent"]:
            self.assertEqual(measured[name], 0, name)


class ClosedLoop(BenchTest):
    def test_sends_and_measures_as_many_messages_as_it_is_told(self):
        for options in [[], ["--window", "7"], ["--framing", "crc"], ["--framing", "lines"],
                        ["--size", "11"], ["--size", "100000"]]:
            with self.subTest(options=options), Serve("--stats") as server:
                size = int(options[1]) if options[:1] == ["--size"] else MESSAGE
                result, measured = bench(server.address, "--requests", "500", "--connections", "3",
                                         *options)
                self.assert_measured(result, measured, 500)
                self.assertEqual(measured["bytes_sent"], 500 * size)
                self.assertEqual(measured["bytes_received"], 500 * size)
                self.assertEqual(measured["connections"], 3)
                self.assertEqual(measured["server"], server.address)
                clients = server.stop_and_get_stats()["clients"].values()
                self.assertEqual(sum(client["messages_in"] for client in clients), 500)

    def test_lasts_as_long_as_it_is_told(self):
        with Serve() as server:
            began = time.monotonic()
            result, measured = bench(server.address, "--duration", "0.3")
            self.assertGreaterEqual(time.monotonic() - began, 0.3)
            self.assertLess(time.monotonic() - began, 0.3 + SLACK)
            self.assert_measured(result, measured, measured["messages"])
            self.assertGreaterEqual(measured["seconds"], 0.3)
            self.assertGreater(measured["messages"], 10)
            self.assertAlmostEqual(measured["messages_per_second"],
                                   measured["messages"] / measured["seconds"], delta=1)

    def test_keeps_a_window_of_messages_on_their_way_and_no_more(self):
        def talk(connection):
            for _ in range(4):
                for _ in range(5):
                    receive_frame(connection)
                more, _, _ = select.select([connection], [], [], 0.05)
                if more:
                    return
                connection.sendall(frame("1") * 5)

        with Peer(talk) as peer:
            result, measured = bench(peer.address, "--connections", "1", "--window", "5",
                                     "--requests", "20")
            self.assert_measured(result, measured, 20)
            self.assertEqual(measured["window"], 5)

    def test_sends_more_at_a_time_than_the_sockets_hold(self):
        with Serve() as server:
            result, measured = bench(server.address, "--connections", "2", "--window", "64",
                                     "--size", "200000", "--requests", "300")
            self.assert_measured(result, measured, 300)

    def test_of_many_connections(self):
        with Serve() as server:
            result, measured = bench(server.address, "--connections", "200", "--requests", "1000")
            self.assert_measured(result, measured, 1000)

    def test_warms_up_without_measuring(self):
        with Serve("--stats") as server:
            result, measured = bench(server.address, "--warmup", "0.1", "--requests", "20",
                                     "--connections", "2")
            self.assert_measured(result, measured, 20)
            clients = server.stop_and_get_stats()["clients"].values()
            self.assertGreater(sum(client["messages_in"] for client in clients), 20)

    def test_measures_how_long_replies_take(self):
        def talk(connection):
            while True:
                receive_frame(connection)
                time.sleep(0.02)  # is what is measured
                connection.sendall(frame("1"))

        with Peer(talk) as peer:
            result, measured = bench(peer.address, "--connections", "1", "--requests", "10")
            self.assert_measured(result, measured, 10)
            for name in ["p50", "p90", "mean", "max"]:
                self.assertGreaterEqual(measured["latency"][name], 0.02, name)
            self.assertLess(measured["latency"]["p50"], 0.02 + SLACK)


class Messages(BenchTest):
    def setUp(self):
        self.received = []

        def talk(connection):
            while True:
                self.received.append(receive_frame(connection))
                connection.sendall(frame("1"))

        self.peer = Peer(talk)
        self.peer.__enter__()
        self.addCleanup(self.peer.__exit__, None)

    def bench(self, *arguments, **options):
        return bench(self.peer.address, "--connections", "1", *arguments, **options)

    def test_are_the_text_that_is_given_without_white_space(self):
        self.assert_measured(*self.bench("--requests", "2", '{ "b": 1.0, "a": [ ] }'), 2)
        self.assertEqual(self.received, ['{"b":1.0,"a":[]}'] * 2)

    def test_are_lines_of_standard_input_in_turn(self):
        self.assert_measured(*self.bench("--requests", "5", "-", stdin="1\n\n[ 2 ]\r\n3"), 5)
        self.assertEqual(self.received, ["1", "[2]", "3", "1", "[2]"])

    def test_begin_with_another_line_on_each_connection(self):
        result, measured = bench(self.peer.address, "--connections", "2", "--requests", "2", "-",
                                 stdin="1\n2\n")
        self.assert_measured(result, measured, 2)
        self.assertEqual(sorted(self.received), ["1", "2"])

    def test_are_json_of_the_size_that_is_given(self):
        for size in [11, 12, 1000]:
            self.received.clear()
            self.assert_measured(*self.bench("--requests", "1", "--size", str(size)), 1)
            self.assertEqual(len(self.received[0]), size)
            json.loads(self.received[0])


class OpenLoop(BenchTest):
    def test_sends_what_is_due_and_no_more(self):
        for connections in ["1", "3"]:
            with Serve("--stats") as server, self.subTest(connections=connections):
                result, measured = bench(server.address, "--rate", "200", "--duration", "0.5",
                                         "--connections", connections)
                self.assertEqual((result.code, result.err), (0, ""), result)
                # A machine that is busy just before the end has no time to send the last ones.
                self.assertEqual(measured["messages"] + measured["unsent"], 100)
                self.assertGreater(measured["messages"], 0)
                self.assertEqual(measured["rate"], 200)
                self.assertGreaterEqual(measured["seconds"], 0.5)
                clients = server.stop_and_get_stats()["clients"].values()
                self.assertEqual(sum(client["messages_in"] for client in clients),
                                 measured["messages"])

    def test_counts_messages_and_the_warm_up(self):
        with Serve("--stats") as server:
            result, measured = bench(server.address, "--rate", "1000", "--warmup", "0.1",
                                     "--requests", "50", "--connections", "3")
            self.assert_measured(result, measured, 50)
            clients = server.stop_and_get_stats()["clients"].values()
            self.assertEqual(sum(client["messages_in"] for client in clients), 150)

    def test_goes_on_sending_without_replies(self):
        def talk(connection):
            texts = [receive_frame(connection) for _ in range(20)]
            connection.sendall(b"".join(frame(text) for text in texts))
            receive_frame(connection)

        with Peer(talk) as peer:
            result, measured = bench(peer.address, "--rate", "100", "--requests", "20",
                                     "--connections", "1")
            self.assert_measured(result, measured, 20)
            # The first waited for the last, which was due 0.19 s later.
            self.assertGreaterEqual(measured["latency"]["max"], 0.19)

    def stalled_for_a_second(self, rate, *options):
        """What is measured of the messages of 4 s, in one of which the server does nothing."""
        # No --duration, as a busy machine may need longer for them, and time before the stall.
        count = 4 * rate
        with Serve() as server, Running(server.address, "--rate", str(rate), "--requests",
                                        str(count), "--connections", "2", *options) as running:
            wait_for_messages(server, 2)
            server.process.send_signal(signal.SIGSTOP)
            threading.Event().wait(1)
            server.process.send_signal(signal.SIGCONT)
            result, measured = running.end()
        self.assert_measured(result, measured, count)
        return measured

    def assert_shows_the_stall(self, measured, rate):
        for name in ["max", "p999", "p99"]:
            self.assertGreaterEqual(measured["latency"][name], 0.9, name)
            self.assertLess(measured["latency"][name], 1 + SLACK)
        # Those due in the first nine tenths of that second had to wait for the last one.
        late = sum(count for latency, count in measured["histogram"] if latency > 0.1)
        self.assertGreaterEqual(late, 0.85 * rate)

    def test_shows_a_server_that_stalls_in_full(self):
        self.assert_shows_the_stall(self.stalled_for_a_second(500), 500)

    def test_counts_latency_from_when_a_message_was_due_not_from_when_it_could_be_sent(self):
        # Far more than what sockets hold: most messages cannot be sent before the stall is over.
        self.assert_shows_the_stall(self.stalled_for_a_second(40, "--size", "1000000"), 40)

    def test_says_what_it_could_not_send(self):
        with Serve() as server:
            server.process.send_signal(signal.SIGSTOP)
            result, measured = bench(server.address, "--rate", "1000", "--duration", "0.5",
                                     "--size", "1000000", "--timeout", "0.7", "--connections", "2")
            server.process.send_signal(signal.SIGCONT)
        self.assertEqual(result.code, 1)
        self.assertEqual(measured["failures"], {"timeout": 2})
        self.assertEqual(measured["messages"], 0)
        self.assertGreater(measured["unanswered"], 0)
        self.assertEqual(measured["unanswered"] + measured["unsent"], 500)


class Errors(BenchTest):
    def test_of_json_rpc_are_counted_and_change_nothing_else(self):
        replies = ['{"jsonrpc": "2.0", "id": 1, "error": {"code": -32601}}',
                   '{"jsonrpc": "2.0", "id": 1, "result": {"error": "none"}}',
                   '{"error": "of another protocol"}',
                   '["jsonrpc", "error", {"jsonrpc": "2.0", "error": 1}]',
                   '{"text": "\\"jsonrpc\\" \\"error\\"", "error": 1}']

        def talk(connection):
            for number in range(20):
                receive_frame(connection)
                connection.sendall(frame(replies[number % len(replies)]))
            receive_frame(connection)

        with Peer(talk) as peer:
            result, measured = bench(peer.address, "--connections", "1", "--requests", "20")
            self.assertEqual((result.code, measured["messages"], measured["errors"]), (0, 20, 4))
            self.assertEqual(measured["first_error"], '{"code":-32601}')

    def test_say_which_was_the_first_cut_and_printable(self):
        def talk(connection):
            while True:
                receive_frame(connection)
                connection.sendall(frame('{"jsonrpc":"2.0","error":["\u009b%s"]}' % ("x" * 300)))

        with Peer(talk) as peer:
            result = jsocket("bench", peer.address, "--connections", "1", "--requests", "2")
            self.assertRegex(result.out,
                             r'(?m)^  errors    2; the first: \["\\xc2\\x9bx{100,}[.]{3}$')

    def test_are_requests_without_an_id_to_which_no_reply_comes(self):
        with Peer(lambda connection: peer.stopping.wait(PATIENCE)) as peer:
            result = jsocket("bench", peer.address, "--connections", "1", "--timeout", "0.2",
                             "--requests", "1", '{"jsonrpc":"2.0","method":"m"}')
            self.assertEqual(result.code, 1)
            self.assertIn("without an id has no reply: --rpc", result.err)

    def test_end_the_connection_and_count_what_came_before(self):
        def talk(connection):
            for _ in range(3):
                connection.sendall(frame(receive_frame(connection)))

        for window in ["1", "4"]:
            with Peer(talk) as peer, self.subTest(window=window):
                result, measured = bench(peer.address, "--connections", "1", "--requests", "20",
                                         "--window", window)
                self.assertEqual(result.code, 1)
                self.assertEqual(measured["failed_connections"], 1)
                self.assertIn(list(measured["failures"]), [["closed"], ["broken"]])
                self.assertIn("127.0.0.1", measured["first_failure"])
                self.assertLessEqual(measured["messages"], 3)
                self.assertGreater(measured["unanswered"], 0)
                self.assertIn("1 of 1 connections failed", result.err)

    def test_of_one_connection_leave_the_others_alone(self):
        lock = threading.Lock()
        first = []

        def talk(connection):
            with lock:
                first.append(connection)
                unlucky = first[0] is connection
            if not unlucky:
                echo(connection)

        with Peer(talk) as peer:
            result = jsocket("bench", peer.address, "--connections", "3", "--requests", "30")
        self.assertEqual(result.code, 1)
        self.assertRegex(result.out, r"\n  messages  20 in ")
        self.assertRegex(result.out, r"\n  failed    1 connection, (closed|broken)\n")
        self.assertRegex(result.err, r"\Ajsocket: 1 of 3 connections failed; the first: [^\n]+\n\Z")

    def test_are_servers_that_are_not_there(self):
        holder, port = free_port()
        with holder:
            result, measured = bench(f"127.0.0.1:{port}", "--connections", "2")
            self.assertEqual((result.code, measured["failures"]), (1, {"connect": 2}))
            self.assert_failed(jsocket("bench", f"127.0.0.1:{port}", "--connections", "2"),
                               "2 of 2", "refused", f"127.0.0.1:{port}")

    def test_are_told_of_with_a_path_that_is_no_utf_8(self):
        with tempfile.TemporaryDirectory() as folder:
            address = f"unix:{folder}/".encode() + b"\xff"
            result, measured = bench(address, "--connections", "1")
        self.assertEqual((result.code, measured["failures"]), (1, {"connect": 1}), result)
        self.assertEqual(measured["server"], f"unix:{folder}/\ufffd")

    def test_are_replies_that_do_not_come_in_time(self):
        for options in [[], ["--window", "2"], ["--rate", "1000"]]:
            with self.subTest(options=options), \
                    Peer(lambda connection: peer.stopping.wait(PATIENCE)) as peer:
                began = time.monotonic()
                result, measured = bench(peer.address, "--connections", "1", "--timeout", "0.2",
                                         "--requests", "2", *options)
                self.assertLess(time.monotonic() - began, 0.4 + SLACK)
                self.assertEqual((result.code, measured["failures"]), (1, {"timeout": 1}))
                self.assertEqual(measured["unanswered"], 1 if not options else 2)
                self.assertIn("within 200 ms", measured["first_failure"])

    def test_are_not_pauses_of_its_own(self):
        with Serve() as server:
            result, measured = bench(server.address, "--rate", "0.8", "--requests", "3",
                                     "--connections", "1", "--timeout", "1")
            self.assert_measured(result, measured, 3)

    def test_are_connections_for_which_there_are_no_descriptors(self):
        with Serve() as server:
            result = subprocess.run(
                ["sh", "-c", 'ulimit -n 40; exec "$@"', "sh", COMMAND, "bench", "--json",
                 server.address, "--connections", "100", "--requests", "1000"],
                stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE, check=False)
        measured = json.loads(result.stdout)
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"Too many open files", result.stderr)
        self.assertGreater(measured["failed_connections"], 60)
        self.assertGreater(measured["messages"], 0)

    def test_are_messages_that_nobody_asked_for(self):
        def talk(connection):
            receive_frame(connection)
            connection.sendall(frame("1") * 20)
            connection.recv(1)

        with Peer(talk) as peer:
            result, measured = bench(peer.address, "--connections", "1", "--requests", "100")
            self.assertEqual((result.code, measured["failures"]), (1, {"protocol": 1}))
            self.assertIn("no reply", measured["first_failure"])

    def test_are_bytes_that_are_no_message(self):
        def talk(connection):
            receive_frame(connection)
            connection.sendall(b"\xff" * 100)
            connection.recv(1)

        with Peer(talk) as peer:
            result, measured = bench(peer.address, "--connections", "1", "--requests", "2")
            self.assertEqual((result.code, measured["failures"]), (1, {"protocol": 1}))


class Interrupted(BenchTest):
    def test_it_prints_what_was_measured_so_far(self):
        def talk(connection):
            for _ in range(20):  # far more than a window: replies have been taken, too
                connection.sendall(frame(receive_frame(connection)))
            answered.set()
            echo(connection)

        for number in [signal.SIGINT, signal.SIGTERM]:
            for options in [[], ["--window", "4"], ["--rate", "100"]]:
                answered = threading.Event()
                with self.subTest(signal=number, options=options), Peer(talk) as peer, \
                        Running(peer.address, "--duration", "600", *options) as running:
                    self.assertTrue(answered.wait(PATIENCE))
                    began = time.monotonic()
                    running.process.send_signal(number)
                    result, measured = running.end()
                    self.assertLess(time.monotonic() - began, SLACK)
                    self.assertEqual((result.code, result.err), (0, ""), result)
                    self.assertGreaterEqual(measured["messages"], 1)
                    self.assertEqual(measured["failures"], {})

    def test_it_does_not_wait_for_a_server_that_is_silent(self):
        for options in [[], ["--window", "4", "--size", "1000000"], ["--rate", "100"]]:
            with self.subTest(options=options), Serve() as server:
                server.process.send_signal(signal.SIGSTOP)
                with Running(server.address, "--timeout", "600", *options) as running:
                    tasks = f"/proc/{running.process.pid}/task"
                    wait_for(lambda: len(os.listdir(tasks)) > 10, "its threads")
                    running.process.send_signal(signal.SIGINT)
                    result, measured = running.end()
                self.assertEqual((result.code, measured["messages"]), (0, 0), result)


class Tls(BenchTest):
    def test_encrypts(self):
        with tempfile.TemporaryDirectory() as folder:
            files = Files(folder)
            with Serve(*files.server()) as server:
                for options in [[], ["--window", "8"]]:
                    result, measured = bench(server.address, "--connections", "2", "--requests",
                                             "50", *files.client(), *options)
                    self.assert_measured(result, measured, 50)
                result, measured = bench(server.address, "--connections", "2", "--tls")
                self.assertEqual((result.code, measured["failures"]), (1, {"tls": 2}))
                self.assertIn("certificate", measured["first_failure"])


class Table(BenchTest):
    def test_has_no_colours_and_no_progress_where_there_is_no_terminal(self):
        with Serve() as server:
            result = jsocket("bench", server.address, "--requests", "1000", "--connections", "1")
        self.assert_success(result)
        self.assertNotIn("\x1b", result.out)
        self.assertNotRegex(result.out, r"[ \t]\n")
        self.assertTrue(result.out.startswith(f"{server.address}: 1 connection, window 1\n"))
        for line in ["  messages  1,000 in ", "  sent      64.0 kB, ", "  errors    0\n", "\nlatency\n",
                     "\n  p99.9     ", "\n   up to    share  messages\n"]:
            self.assertIn(line, result.out)
        rows = result.out.split("messages\n")[-1].splitlines()
        self.assertEqual(sum(int(row.split()[3].replace(",", "")) for row in rows), 1000)

    def test_and_progress_fit_the_terminal(self):
        for columns in [50, 80, 200]:
            with self.subTest(columns=columns), Serve() as server:
                server.process.send_signal(signal.SIGSTOP)  # or it may be over too soon to be seen
                with Terminal(COMMAND, "bench", server.address, "--requests", "50", *GENTLE,
                              columns=columns) as terminal:
                    terminal.wait_until(lambda screen: re.match(r"\[.*\d/s\n", screen), "progress")
                    server.process.send_signal(signal.SIGCONT)
                    self.assertEqual(terminal.status(), 0)
                    screen = terminal.screen().splitlines()
                self.assertEqual(screen[0], f"{server.address}: 1 connection, 100/s asked for")
                self.assertEqual(screen[7], "latency")  # no line was broken
                bars = [line for line in screen if line.endswith("#")]
                self.assertEqual(max(map(len, bars)), columns - 1)

    def test_is_coloured_on_a_terminal_but_for_those_who_want_none(self):
        for environment, coloured in [({}, True), ({"NO_COLOR": "1"}, False),
                                      ({"NO_COLOR": ""}, True)]:
            with self.subTest(environment=environment), Serve() as server, \
                    Terminal(COMMAND, "bench", server.address, "--requests", "10", *GENTLE,
                             environment=environment) as terminal:
                self.assertEqual(terminal.status(), 0)
                self.assertEqual("\x1b[36m#" in terminal.screen("-e"), coloured)

    def test_comes_early_when_somebody_presses_ctrl_c(self):
        with Serve() as server, \
                Terminal(COMMAND, "bench", server.address, "--duration", "600", *GENTLE) as terminal:
            terminal.wait_for("/s")
            terminal.press("C-c")
            self.assertEqual(terminal.status(), 0)
            terminal.wait_for("\nlatency\n")


class UsageError(BenchTest):
    def assert_refused(self, *arguments, words, **options):
        holder, port = free_port()
        with holder:
            result = jsocket("bench", f"127.0.0.1:{port}", *arguments, **options)
            self.assert_usage_error(result, *words)

    def test_for_options_that_exclude_each_other(self):
        for one, other in [("--rate", "--window"), ("--requests", "--duration")]:
            self.assert_refused(one, "1", other, "1", words=[one, other])
        self.assert_refused("--size", "20", "1", words=["--size", "JSON"])

    def test_for_values_out_of_range(self):
        for option, values in {"--connections": ["0", "10001", "x"], "--window": ["0", "100001"],
                               "--rate": ["0", "-1", "nan", "1e3", "1000000001"],
                               "--requests": ["0", "1.5"], "--duration": ["0", "x"],
                               "--warmup": ["0"], "--size": ["10", "10485761"],
                               "--timeout": ["0"], "--framing": ["auto"]}.items():
            for value in values:
                with self.subTest(option=option, value=value):
                    self.assert_refused(f"{option}={value}", words=[option, value])

    def test_for_what_is_no_json(self):
        self.assert_refused("{", words=["JSON"])
        self.assert_refused("-", stdin="1\nx\n", words=["line 2"])
        self.assert_refused("-", stdin="\n", words=["no message"])
        self.assert_refused("-", stdin=b'"' + b"x" * 10485760 + b'"', words=["10485762", "10485760"])

    def test_for_a_server_that_is_none(self):
        self.assert_usage_error(jsocket("bench"), "SERVER")
        self.assert_usage_error(jsocket("bench", "127.0.0.1:0"), "port 0")
        self.assert_usage_error(jsocket("bench", "nowhere"), "SERVER")

    def test_for_tls_options_without_tls(self):
        self.assert_refused("--tls-ca", "x", words=["--tls-ca", "--tls"])
        self.assert_refused("--tls", "--tls-ca", "/nowhere", words=["--tls-ca", "/nowhere"])


if __name__ == "__main__":
    unittest.main()
