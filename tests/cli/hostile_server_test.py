# SPDX-License-Identifier: Apache-2.0
"""Every command that asks a server ends within its time-out and its memory, whatever comes."""

import contextlib
import json
import os
import subprocess
import time
import unittest

import hostile_peer as hostile
from command import COMMAND, PATIENCE, SLACK, CommandTest, Result, frame, jsocket
from hostile_peer import Flood, SlowReader, Trickle
from rpc_peer import RpcPeer

CALL = '{"jsonrpc":"2.0","id":1,"method":"m"}'
NEWS = frame('{"jsonrpc":"2.0","method":"news"}')
OTHER = frame('{"jsonrpc":"2.0","id":99,"result":1}')
ASKS = frame('{"jsonrpc":"2.0","id":99,"method":"asks"}')
MANY_VALUES = frame('{"jsonrpc":"2.0","id":99,"result":[%s1]}' % ("1," * 900_000))
LONG_ID = frame('{"jsonrpc":"2.0","id":[%s1],"result":1}' % ("1," * 900_000))
LONG_TEXT = frame('{"jsonrpc":"2.0","method":"%s"}' % ("x" * hostile.HUGE))
HALF_A_MESSAGE = frame("[" + "1," * 100_000 + "1]")

LIMIT = 0.2  # in seconds
MEMORY = 256 * 1024 * 1024

with open(COMMAND, "rb") as program:
    text = program.read()
    SANITIZED = b"__asan_init" in text or b"__tsan_init" in text  # it needs far more memory
    del text


def peak_memory(process):
    """Bytes; 0 if the process has ended."""
    with contextlib.suppress(OSError), open(f"/proc/{process.pid}/status", encoding="utf-8") as file:
        for line in file:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


class HostileTest(CommandTest):
    def run_bounded(self, *arguments, stdin="", limits=1):
        """The result of a command that has to end after its time-out, or some of them."""
        began = time.monotonic()
        peak = 0
        with open(os.devnull, "wb") as nowhere:
            process = subprocess.Popen([COMMAND, *arguments, "--timeout", str(LIMIT)],
                                       stdin=subprocess.PIPE, stdout=nowhere, stderr=subprocess.PIPE)
        with process:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(stdin.encode())
                process.stdin.close()
            while process.poll() is None:
                peak = max(peak, peak_memory(process))
                if time.monotonic() - began > PATIENCE:
                    process.kill()
                    self.fail(f"{arguments} still runs")
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(0.01)
            result = Result(process.returncode, b"", process.stderr.read())
        self.assertLess(time.monotonic() - began, limits * LIMIT + SLACK, result)
        if not SANITIZED:
            self.assertLess(peak, MEMORY, result)
        return result


class Template(CommandTest):
    def template(self, document):
        with RpcPeer(**{"rpc.discover": document}) as peer:
            began = time.monotonic()
            result = jsocket("call", peer.address, "m", "--template", "--timeout", str(SLACK))
            self.assertLess(time.monotonic() - began, SLACK)
        self.assert_success(result)
        return json.loads(result.out)

    def test_reads_references_of_100_kb_in_all(self):
        long_name = "k" * 998  # a reference of 1,000 bytes
        for uses, values in [(99, [1] * 99), (100, [1] * 100), (101, [1] * 100 + [None])]:
            schema = {"type": "array", "items": [{"$ref": "#/" + long_name}] * uses}
            document = hostile.document(hostile.method("m", schema), **{long_name: {"const": 1}})
            with self.subTest(uses=uses):
                self.assertEqual(self.template(document), [values])

    def test_of_one_long_reference_that_many_use_is_null(self):
        self.assertEqual(self.template(hostile.long_reference()), [[None]])

    def test_of_many_references_ends_early(self):
        self.assertLess(len(self.template(hostile.many_references())[0]), 20)

    def test_of_schemas_that_multiply_is_small(self):
        for document in [hostile.fan_out(), hostile.cycle()]:
            with self.subTest(document=document[:60]):
                self.assertLess(len(json.dumps(self.template(document))), 200_000)

    def test_of_many_parameters_has_them_all(self):
        self.assertEqual(len(self.template(hostile.many_parameters())), 200_000)


class Methods(HostileTest):
    def test_of_a_hundred_thousand_are_listed(self):
        with RpcPeer(**{"rpc.discover": hostile.many_methods()}) as peer:
            result = jsocket("call", peer.address, "--list")
            self.assert_success(result)
            self.assertEqual(result.out.count("\n"), 100_000)


class TimeLimit(HostileTest):
    def test_of_call_holds_whatever_is_sent_instead_of_a_reply(self):
        for data, arguments in [(NEWS, "m"), (OTHER, "m"), (ASKS, "m"), (MANY_VALUES, "--list"),
                                (LONG_ID, "m"), (LONG_TEXT, "--list")]:
            with self.subTest(data=data[:50]), Flood(data) as peer:
                self.assert_failed(self.run_bounded("call", peer.address, arguments), "within")

    def test_of_top_holds_whatever_is_sent_instead_of_an_answer(self):
        for data in [NEWS, MANY_VALUES, LONG_TEXT]:
            with self.subTest(data=data[:50]), Flood(data) as peer:
                self.assert_failed(self.run_bounded("top", peer.address, "--once"), "rpc.stats")

    def test_of_bench_holds_whatever_is_sent_instead_of_a_reply(self):
        for data, window in [(NEWS, "1"), (ASKS, "3"), (LONG_TEXT, "3")]:
            with self.subTest(data=data[:50], window=window), Flood(data) as peer:
                result = self.run_bounded("bench", peer.address, "--rpc", CALL, "--window", window,
                                          "--connections", "2", "--duration", "0.1")
                self.assert_failed(result, "2 of 2 connections failed", "no reply")

    def test_of_connect_holds_for_each_line(self):
        for data in [NEWS, ASKS, MANY_VALUES, LONG_TEXT]:
            with self.subTest(data=data[:50]), Flood(data) as peer:
                # And once more, for what is sent to a server that does not read.
                result = self.run_bounded("connect", peer.address, stdin="m\n:methods\n", limits=5)
                self.assertEqual(result.code, 1)
                self.assertIn("line 1: no reply", result.err)
                self.assertIn("line 2: ", result.err)

    def test_holds_against_blank_lines_without_end(self):
        for arguments in [["call", "m"], ["send", CALL], ["bench", CALL], ["top", "--once"]]:
            command, *others = arguments
            with self.subTest(command=command), Flood(b"\n") as peer:
                result = self.run_bounded(command, peer.address, *others, "--framing", "lines")
                self.assert_failed(result, "within")

    def test_holds_against_a_reply_that_comes_byte_by_byte(self):
        for arguments in [["call", "--list"], ["send", CALL], ["bench", "--rpc", CALL],
                          ["bench", "--rate", "5", CALL], ["top", "--once"]]:
            command, *others = arguments
            with self.subTest(arguments=arguments), Trickle(HALF_A_MESSAGE) as peer:
                self.assert_failed(self.run_bounded(command, peer.address, *others), "within")

    def test_holds_against_a_server_that_reads_slowly(self):
        message = '"%s"' % ("x" * 9_000_000)
        for arguments, stdin in [(["send", "-"], message), (["connect"], message),
                                 (["call", "m", "-"], f"[{message}]"),
                                 (["bench", "--size", "9000000", "--connections", "1"], "")]:
            command, *others = arguments
            with self.subTest(command=command), SlowReader() as peer:
                result = self.run_bounded(command, peer.address, *others, stdin=stdin)
                self.assertEqual(result.code, 1)
                self.assertRegex(result.err, "within|in time")


if __name__ == "__main__":
    unittest.main()
