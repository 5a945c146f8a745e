# SPDX-License-Identifier: Apache-2.0
"""`jsocket bench --rpc`: calls whose replies come in any order, told apart by their ids."""

import json
import os
import subprocess
import threading
import time
import unittest

from bench_test import BenchTest, Running, bench
from command import PATIENCE, SLACK, Serve, frame, jsocket, read_line, receive_frame
from peer import Peer, free_port

CALL = '{"jsonrpc":"2.0","method":"add","params":[1,2]}'
LARGEST = 10 * 1024 * 1024


def id_of(text):
    return json.loads(text)["id"]


def reply_to(text, member="result", value="3"):
    """The reply to a request, as a frame."""
    return frame('{"jsonrpc":"2.0","%s":%s,"id":%d}' % (member, value, id_of(text)))


def answer_all(connection):
    while True:
        connection.sendall(reply_to(receive_frame(connection)))


def calls(*methods):
    """Standard input with calls of these methods."""
    return "".join('{"jsonrpc":"2.0","method":"%s"}\n' % method for method in methods)


class Requests(BenchTest):
    def setUp(self):
        self.received = []

        def talk(connection):
            while True:
                self.received.append(receive_frame(connection))
                connection.sendall(reply_to(self.received[-1]))

        self.peer = Peer(talk)
        self.peer.__enter__()
        self.addCleanup(self.peer.__exit__, None)

    def bench(self, count, *arguments, **options):
        self.received.clear()
        result, measured = bench(self.peer.address, "--rpc", "--connections", "1", "--requests",
                                 str(count), *arguments, **options)
        self.assert_measured(result, measured, count)
        return measured

    def test_have_ids_of_their_own(self):
        for options in [[], ["--window", "7"], ["--rate", "1000"]]:
            with self.subTest(options=options):
                measured = self.bench(50, *options, CALL)
                self.assertEqual(len(set(map(id_of, self.received))), 50)
                self.assertEqual(measured["bytes_sent"], sum(map(len, self.received)))
                self.assertIs(measured["rpc"], True)

    def test_are_otherwise_the_text_that_is_given(self):
        for given, sent in {
                '{"method":"a"}': '{"method":"a","id":1}',
                '{"method": "a", "id": 7, "x": 1.0}': '{"method":"a","id":1,"x":1.0}',
                '{"id":null,"method":"a"}': '{"id":1,"method":"a"}',
                '{"id": {"id": "}"}, "method": "a"}': '{"id":1,"method":"a"}',
                '{"method":"a","\\u0069d":"x"}': '{"method":"a","\\u0069d":1}',
                '{"\\u006dethod":"a"}': '{"\\u006dethod":"a","id":1}',
                '{"params":{"id":5,"x":"\\"id\\":6"},"method":"id"}':
                    '{"params":{"id":5,"x":"\\"id\\":6"},"method":"id","id":1}',
                '{"Id":5,"method":"id","params":["id"]}':
                    '{"Id":5,"method":"id","params":["id"],"id":1}'}.items():
            with self.subTest(given=given):
                self.bench(1, given)
                self.assertEqual(self.received, [sent])

    def test_are_lines_of_standard_input_in_turn(self):
        self.bench(3, "-", stdin=calls("a", "b"))
        self.assertEqual([json.loads(text)["method"] for text in self.received], ["a", "b", "a"])

    def test_may_be_as_large_as_messages_can_be_with_the_longest_id(self):
        start, end = '{"method":"', '"}'
        size = LARGEST - len(start) - len(end) - len(',"id":') - 20
        self.bench(1, "-", stdin=start + "x" * size + end)
        self.assert_usage_error(jsocket("bench", self.peer.address, "--rpc", "-",
                                        stdin=start + "x" * (size + 1) + end), str(LARGEST))


class Replies(BenchTest):
    def test_that_overtake_others_end_their_own_calls(self):
        """The first call is answered last, the others at intervals: matched by order, each would
        have taken an interval or two."""
        count, interval = 10, 0.05

        def talk(connection):
            slow = receive_frame(connection)
            for _ in range(count - 1):
                text = receive_frame(connection)
                time.sleep(interval)  # is what is measured
                connection.sendall(reply_to(text))
            connection.sendall(reply_to(slow))
            receive_frame(connection)

        for options in [["--window", "2"], ["--rate", str(1 / interval)]]:
            with self.subTest(options=options), Peer(talk) as peer:
                result, measured = bench(peer.address, "--rpc", "--connections", "1",
                                         "--requests", str(count), *options, CALL)
                self.assert_measured(result, measured, count)
                self.assertGreaterEqual(measured["latency"]["max"], (count - 1) * interval)

    def test_count_with_the_bytes_of_their_own_calls(self):
        """The large call is never answered, and all that come after it are."""
        count = 20
        lines = calls("x" * 10_000, *["y"] * (count - 1))
        sizes = []

        def talk(connection):
            receive_frame(connection)
            for _ in range(count - 1):
                text = receive_frame(connection)
                sizes.append(len(text))
                connection.sendall(reply_to(text))
            peer.stopping.wait(PATIENCE)

        for options in [["--window", "3"], ["--rate", "1000"]]:
            sizes.clear()
            with self.subTest(options=options), Peer(talk) as peer:
                result, measured = bench(peer.address, "--rpc", "--connections", "1", "--timeout",
                                         "2", "--requests", str(count), *options, "-", stdin=lines)
                self.assertEqual((result.code, measured["failures"]), (1, {"timeout": 1}))
                self.assertEqual((measured["messages"], measured["unanswered"]), (count - 1, 1))
                self.assertEqual(measured["bytes_sent"], sum(sizes))

    def test_of_a_whole_window_come_backwards(self):
        def talk(connection):
            for _ in range(10):
                texts = [receive_frame(connection) for _ in range(16)]
                connection.sendall(b"".join(map(reply_to, reversed(texts))))
            receive_frame(connection)

        with Peer(talk) as peer:
            result, measured = bench(peer.address, "--rpc", "--connections", "2", "--window", "16",
                                     "--requests", "320", CALL)
            self.assert_measured(result, measured, 320)

    def test_are_told_from_what_the_server_asks_and_tells(self):
        def talk(connection):
            while True:
                text = receive_frame(connection)
                for own in ['{"jsonrpc":"2.0","method":"tick","params":[{"id":1,"result":1}]}',
                            '{"jsonrpc":"2.0","method":"ask","id":%d}' % id_of(text),
                            '{"jsonrpc":"2.0","method":"ask","id":"x"}']:
                    connection.sendall(frame(own))
                connection.sendall(reply_to(text))

        for options in [[], ["--window", "4"], ["--rate", "1000"]]:
            with self.subTest(options=options), Peer(talk) as peer:
                result, measured = bench(peer.address, "--rpc", "--connections", "1",
                                         "--requests", "20", *options, CALL)
                self.assert_measured(result, measured, 20)
                self.assertEqual(measured["bytes_received"],
                                 sum(len(reply_to('{"id":%d}' % (i + 1))) - 4 for i in range(20)))

    def test_have_their_id_where_it_belongs(self):
        def talk(connection):
            while True:
                number = id_of(receive_frame(connection))
                connection.sendall(frame(
                    ' { "result" : {"id":77,"error":1,"method":1}, "x":"\\"id\\":78,", '
                    '"\\u0069d" : %d } ' % number))

        with Peer(talk) as peer:
            result, measured = bench(peer.address, "--rpc", "--connections", "1", "--window", "4",
                                     "--requests", "20", CALL)
            self.assert_measured(result, measured, 20)

    def test_that_are_errors_are_counted(self):
        def talk(connection):
            for number in range(20):
                text = receive_frame(connection)
                connection.sendall(reply_to(text, *[("error", '{"code":1,"message":"no"}'),
                                                    ("result", '{"error":1}')][number % 2]))
            receive_frame(connection)

        with Peer(talk) as peer:
            result, measured = bench(peer.address, "--rpc", "--connections", "1", "--window", "5",
                                     "--requests", "20", CALL)
            self.assertEqual((result.code, measured["messages"], measured["errors"]), (0, 20, 10))
            self.assertEqual(measured["first_error"], '{"code":1,"message":"no"}')

    def test_to_the_warm_up_are_not_measured(self):
        with Peer(answer_all) as peer:
            result, measured = bench(peer.address, "--rpc", "--rate", "1000", "--warmup", "0.1",
                                     "--requests", "50", "--connections", "3", CALL)
            self.assert_measured(result, measured, 50)


class Failures(BenchTest):
    def test_are_messages_that_are_no_reply_to_a_call_in_flight(self):
        for wrong, words in {
                '{"jsonrpc":"2.0","result":1,"id":99}': "the id 99",
                '{"jsonrpc":"2.0","result":1,"id":0}': "the id 0",
                '{"jsonrpc":"2.0","result":1,"id":1}': "the id 1",  # the second time
                '{"jsonrpc":"2.0","result":1,"id":"3"}': 'the id "3"',
                '{"jsonrpc":"2.0","result":1,"id":3.0}': "the id 3.0",
                '{"jsonrpc":"2.0","result":1,"id":-1}': "the id -1",
                '{"jsonrpc":"2.0","result":1,"id":18446744073709551615}': "184467440737",
                '{"jsonrpc":"2.0","result":{"id":3}}': "no id",
                '{"jsonrpc":"2.0","error":{"code":-32700},"id":null}': "-32700",
                '[{"jsonrpc":"2.0","result":1,"id":3}]': "a batch",
                ' [ ]': "a batch",
                '{"id":3}': "no JSON-RPC",
                '{"id":3,"result":1,"error":1}': "no JSON-RPC",
                '3': "no JSON-RPC",
                '{"id":3,"result":1': "invalid JSON",
                '': "invalid JSON"}.items():
            def talk(connection, wrong=wrong):
                texts = [receive_frame(connection) for _ in range(4)]
                connection.sendall(reply_to(texts[1]) + reply_to(texts[0]) + frame(wrong))
                connection.recv(1 << 16)
                peer.stopping.wait(PATIENCE)

            with self.subTest(wrong=wrong), Peer(talk) as peer:
                result, measured = bench(peer.address, "--rpc", "--connections", "1", "--window",
                                         "4", "--requests", "4", CALL)
                self.assertEqual((result.code, measured["failures"]), (1, {"protocol": 1}))
                self.assertEqual((measured["messages"], measured["unanswered"]), (2, 2))
                self.assertIn(words, measured["first_failure"])

    def test_are_servers_that_send_calls_back(self):
        for options in [[], ["--window", "4"], ["--rate", "1000"], ["--framing", "lines"]]:
            for hook in ["payload", "message"]:
                with self.subTest(options=options, hook=hook), Serve("--hook", hook) as server:
                    result, measured = bench(server.address, "--rpc", "--requests", "20",
                                             "--connections", "2", "--timeout", "30", *options, CALL)
                    self.assertEqual((result.code, measured["failures"]), (1, {"protocol": 2}))
                    self.assertEqual(measured["first_failure"],
                                     "it comes back; this is no JSON-RPC server")

    def test_are_calls_that_are_not_answered_in_time_though_others_are(self):
        def talk(connection):
            receive_frame(connection)
            answer_all(connection)

        for options in [["--window", "2"], ["--rate", "500"]]:
            with self.subTest(options=options), Peer(talk) as peer:
                began = time.monotonic()
                result, measured = bench(peer.address, "--rpc", "--connections", "1", "--timeout",
                                         "0.5", "--duration", "60", *options, CALL)
                self.assertLess(time.monotonic() - began, 0.5 + SLACK)
                self.assertEqual((result.code, measured["failures"]), (1, {"timeout": 1}))
                self.assertIn("within 500 ms", measured["first_failure"])
                self.assertGreater(measured["messages"], 1)
                self.assertGreater(measured["unanswered"], 0)

    def test_are_servers_that_only_tell_and_never_answer(self):
        def talk(connection):
            receive_frame(connection)
            while not peer.stopping.wait(0.001):
                connection.sendall(frame('{"jsonrpc":"2.0","method":"tick"}'))

        for options in [[], ["--window", "2"], ["--rate", "10"]]:
            with self.subTest(options=options), Peer(talk) as peer:
                result, measured = bench(peer.address, "--rpc", "--connections", "1", "--timeout",
                                         "0.3", "--requests", "2", *options, CALL)
                self.assertEqual((result.code, measured["failures"]), (1, {"timeout": 1}))
                self.assertEqual(measured["messages"], 0)

    def test_are_not_calls_that_could_not_be_sent_when_they_were_due(self):
        """A server that answers one at a time falls ever further behind, and works all the same."""
        def talk(connection):
            while True:
                text = receive_frame(connection)
                time.sleep(0.08)  # is what it needs
                connection.sendall(reply_to(text))

        large = CALL.replace("add", "a" * 2_000_000)  # more than what sockets hold
        with Peer(talk) as peer:
            result, measured = bench(peer.address, "--rpc", "--connections", "1", "--rate", "1000",
                                     "--requests", "60", "--timeout", "3", "-", stdin=large)
            self.assert_measured(result, measured, 60)
            self.assertGreater(measured["latency"]["max"], 3)

    def test_are_not_interruptions(self):
        def talk(connection):
            connection.sendall(reply_to(receive_frame(connection)))
            answered.set()
            answer_all(connection)

        for options in [[], ["--window", "4"], ["--rate", "100"]]:
            answered = threading.Event()
            with self.subTest(options=options), Peer(talk) as peer, \
                    Running(peer.address, "--rpc", "--duration", "600", *options, CALL) as running:
                self.assertTrue(answered.wait(PATIENCE))
                running.process.terminate()
                result, measured = running.end()
                self.assertEqual((result.code, result.err), (0, ""), result)
                self.assertEqual(measured["failures"], {})


@unittest.skipUnless("JSOCKET_RPC_SERVER" in os.environ, "the examples are not built")
class RpcServer(BenchTest):
    """One made with jsocket::rpc refuses an id that is in flight, and answers in any order."""

    def test_is_loaded_with_a_window_and_with_a_rate(self):
        with subprocess.Popen([os.environ["JSOCKET_RPC_SERVER"]], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE) as server:
            try:
                address = read_line(server.stdout).decode().removeprefix("listening on ").strip()
                lines = "".join('{"jsonrpc":"2.0","id":7,"method":"%s"%s}\n' % call for call in
                                [("get_data", ""), ("sum", ',"params":[1,2]'),
                                 ("subtract", ',"params":{"minuend":3,"subtrahend":1}')])
                for options in [["--window", "64"], ["--rate", "4000"]]:
                    with self.subTest(options=options):
                        result, measured = bench(address, "--rpc", "--connections", "2",
                                                 "--requests", "3000", *options, "-", stdin=lines)
                        # With a rate, a busy machine may have more calls in flight than allowed.
                        if "--rate" in options:
                            measured["errors"] = 0
                        self.assert_measured(result, measured, 3000)
            finally:
                server.terminate()


class Table(BenchTest):
    def test_says_that_it_is_json_rpc(self):
        with Peer(answer_all) as peer:
            for options, words in [([], "window 1"), (["--rate", "100"], "100/s asked for")]:
                result = jsocket("bench", peer.address, "--rpc", "--requests", "5", *options, CALL)
                self.assert_success(result)
                self.assertTrue(result.out.startswith(
                    f"{peer.address}: 10 connections, {words}, JSON-RPC\n"), result)


class UsageError(BenchTest):
    def test_for_messages_that_are_no_requests(self):
        holder, port = free_port()
        with holder:
            for text, words in {
                    '{"jsonrpc":"2.0","id":1}': '"method"',
                    '{"params":{"method":"a"}}': '"method"',
                    '{"method":1}': "string",
                    '[{"method":"a"}]': "batch",
                    '"method"': "no object",
                    '{"method":': "invalid JSON"}.items():
                with self.subTest(text=text):
                    refused = [f"127.0.0.1:{port}", "--rpc"]
                    self.assert_usage_error(jsocket("bench", *refused, text), "JSON: ", words)
                    self.assert_usage_error(
                        jsocket("bench", *refused, "-", stdin='{"method":"a"}\n\n' + text),
                        "line 3: ", words)
            for arguments in [[], ["--size", "100"]]:
                self.assert_usage_error(
                    jsocket("bench", f"127.0.0.1:{port}", "--rpc", *arguments), "--rpc", "JSON")


if __name__ == "__main__":
    unittest.main()
