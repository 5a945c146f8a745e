# SPDX-License-Identifier: Apache-2.0
"""`jsocket send` with one message: what it prints, what it refuses, how long it takes."""

import os
import socket
import subprocess
import time
import zlib

from command import (COMMAND, SLACK, CommandTest, Serve, frame, jsocket, receive_exactly,
                     receive_frame)
from peer import Peer, free_port
from rpc_peer import RpcPeer

BIG = "1234567890" * 40

# What is given, and what comes back from an echo: all the same but for white space.
TEXTS = {
    "null": "null",
    "true": "true",
    "0": "0",
    "1.0": "1.0",
    "1e400": "1e400",
    "1E+2": "1E+2",
    "0.1000": "0.1000",
    BIG: BIG,
    '""': '""',
    '"gr\u00fc\u00df \U0001f600 \u2028"': '"gr\u00fc\u00df \U0001f600 \u2028"',
    r'"\u00fc \/ \ud83d\ude00 \u0000 \n"': r'"\u00fc \/ \ud83d\ude00 \u0000 \n"',
    '" two  spaces, a colon : and \\" a quote "': '" two  spaces, a colon : and \\" a quote "',
    "[]": "[]",
    "{}": "{}",
    "[1,2]": "[1,2]",
    "[[1],[2,3]]": "[[1],[2,3]]",
    "[ ]": "[]",
    '{"b": 1, "a": 2, "b": 3}': '{"b":1,"a":2,"b":3}',
    '\t{ "z" : [ 1.0 , -0.0 ,\n 1e400 , %s ] , "a" : { } }\r\n' % BIG:
        '{"z":[1.0,-0.0,1e400,%s],"a":{}}' % BIG,
    "[" * 128 + "]" * 128: "[" * 128 + "]" * 128,
}

NOT_JSON = ["", " ", "hello", "{", "[1,]", '{"a":1,}', "{'a':1}", "01", "+1", ".5", "1.", "NaN",
            "Infinity", "1 2", "nul", '"\t"', '"\\x"', '"\\ud800', "\ufeff1", "// 1",
            "[" * 129 + "]" * 129]


def answering(reply):
    """A peer that answers each message with the bytes `reply`."""
    def talk(connection):
        while True:
            receive_frame(connection)
            connection.sendall(reply)
    return Peer(talk)


class Send(CommandTest):
    def test_prints_the_reply_as_it_was_sent_but_for_white_space(self):
        with Serve() as server:
            for text, printed in TEXTS.items():
                with self.subTest(text=text[:60]):
                    self.assert_success(jsocket("send", server.address, text), printed + "\n")

    def test_sends_the_message_without_white_space_and_otherwise_unchanged(self):
        received = []

        def talk(connection):
            received.append(receive_frame(connection))
            connection.sendall(frame("1"))

        with Peer(talk) as peer:
            for text, sent in TEXTS.items():
                with self.subTest(text=text[:60]):
                    self.assert_success(jsocket("send", peer.address, text), "1\n")
                    self.assertEqual(received.pop(), sent)

    def test_speaks_the_framing_it_is_told(self):
        with Serve() as server:
            for framing in ["prefix", "crc", "lines"]:
                with self.subTest(framing=framing):
                    self.assert_success(
                        jsocket("send", "--framing", framing, server.address, "[1]"), "[1]\n")

    def test_lays_out_messages_as_the_framings_prescribe(self):
        text = b'{"a":1}'
        crc = b"JSN1" + len(text).to_bytes(4, "big") + zlib.crc32(text).to_bytes(4, "big") + text
        for framing, wire in [("prefix", frame(text)), ("crc", crc), ("lines", text + b"\n")]:
            with self.subTest(framing=framing):
                received = []

                def talk(connection):
                    received.append(receive_exactly(connection, len(wire)))
                    connection.sendall(wire)

                with Peer(talk) as peer:
                    self.assert_success(
                        jsocket("send", peer.address, "--framing", framing, '{"a": 1}'),
                        '{"a":1}\n')
                self.assertEqual(received, [wire])

    def test_takes_messages_that_begin_with_a_minus(self):
        with Serve() as server:
            for number in ["-1", "-0.0", "-1e5", "-" + BIG]:
                for arguments in [[server.address, number],
                                  [server.address, "--", number],
                                  ["--", server.address, number],
                                  [server.address, number, "--timeout", "5"],
                                  ["--timeout=5", server.address, number],
                                  [server.address, "--framing", "crc", number]]:
                    with self.subTest(arguments=arguments):
                        self.assert_success(jsocket("send", *arguments), number + "\n")

    def test_prints_a_reply_of_several_lines_as_one(self):
        with answering(frame('{\r\n  "a" : [\t1 ,\n 2 ]\n}')) as peer:
            self.assert_success(jsocket("send", peer.address, "0"), '{"a":[1,2]}\n')

    def test_prints_only_the_first_message_that_comes(self):
        with answering(frame("1") + frame("2")) as peer:
            self.assert_success(jsocket("send", peer.address, "0"), "1\n")

    def test_prints_replies_longer_than_a_pipe_holds(self):
        reply = '"' + "x" * 1_000_000 + '"'
        with answering(frame(reply)) as peer:
            self.assert_success(jsocket("send", peer.address, "0"), reply + "\n")

    def test_reaches_ipv6_and_host_names(self):
        with Serve() as server:
            port = server.address.rsplit(":", 1)[1]
            self.assert_success(jsocket("send", f"localhost:{port}", "1"), "1\n")
        if socket.has_ipv6 and os.path.exists("/proc/net/if_inet6"):
            with Serve(bind="[::1]:0") as server:
                self.assertRegex(server.address, r"\A\[::1\]:\d+\Z")
                self.assert_success(jsocket("send", server.address, "1"), "1\n")


class SendRefuses(CommandTest):
    def test_what_is_no_json_before_it_connects(self):
        holder, port = free_port()
        with holder:
            for text in NOT_JSON:
                with self.subTest(text=text[:60]):
                    self.assert_usage_error(jsocket("send", f"127.0.0.1:{port}", text), "JSON")

    def test_bytes_that_are_not_utf_8(self):
        holder, port = free_port()
        with holder:
            self.assert_usage_error(jsocket("send", f"127.0.0.1:{port}", b'"\xff"'), "UTF-8")


class SendFails(CommandTest):
    def setUp(self):
        self.began = time.monotonic()

    def assert_took(self, least, most):
        took = time.monotonic() - self.began
        self.assertGreaterEqual(took, least)
        self.assertLess(took, most)

    def test_at_once_when_refused(self):
        holder, port = free_port()
        with holder:
            result = jsocket("send", f"127.0.0.1:{port}", "1")
        self.assert_failed(result, f"127.0.0.1:{port}", "refused")
        self.assert_took(0, SLACK)

    def test_when_the_name_does_not_exist(self):
        # Longer than any label can be: no name server is asked.
        host = "a" * 64 + ".invalid"
        self.assert_failed(jsocket("send", "--timeout", "2", f"{host}:5489", "1"), host)
        self.assert_took(0, 2 + SLACK)

    def test_when_the_server_leaves_without_a_reply(self):
        with Peer(receive_frame) as peer:
            self.assert_failed(jsocket("send", peer.address, "1"),
                               peer.address, "socket connection broken")

    def test_when_the_server_leaves_within_the_reply(self):
        def hang_up(connection):
            receive_frame(connection)
            connection.sendall(b"\0\0\0\x09[1,")

        with Peer(hang_up) as peer:
            self.assert_failed(jsocket("send", peer.address, "1"), "socket connection broken")

    def test_to_wait_for_the_reply_to_a_notification(self):
        with RpcPeer(m="1") as peer:
            self.assert_failed(jsocket("send", "--timeout", "0.2", peer.address, '{"method":"m"}'),
                               "no reply from", "within 0.2 s", "without an id has no reply")

    def test_when_the_server_never_replies(self):
        with Peer(lambda _: peer.stopping.wait()) as peer:
            result = jsocket("send", "--timeout", "0.5", peer.address, "1")
            self.assert_failed(result, peer.address, "0.5 s")
            self.assert_took(0.5, 0.5 + SLACK)

    def test_when_the_reply_comes_too_slowly_however_steadily(self):
        def drip(connection):
            receive_frame(connection)
            for byte in frame('"' + "x" * 1000 + '"'):
                connection.sendall(bytes([byte]))
                if peer.stopping.wait(0.05):
                    return

        with Peer(drip) as peer:
            result = jsocket("send", "--timeout", "0.5", peer.address, "1")
            self.assert_failed(result, peer.address, "0.5 s")
            self.assert_took(0.5, 0.5 + SLACK)

    def test_when_the_server_does_not_read(self):
        with Peer(lambda _: peer.stopping.wait()) as peer:
            message = '"' + "x" * 9_000_000 + '"\n'
            result = jsocket("send", "--timeout", "0.5", peer.address, "-", stdin=message)
            self.assert_failed(result, peer.address)
            self.assert_took(0.5, 0.5 + SLACK)

    def test_when_nobody_accepts(self):
        waiting = []
        with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
            address = listener.getsockname()
            for _ in range(8):  # more than the queue holds
                client = socket.socket()
                client.setblocking(False)
                client.connect_ex(address)
                waiting.append(client)
            self.began = time.monotonic()
            result = jsocket("send", "--timeout", "0.5", f"127.0.0.1:{address[1]}", "1")
            for client in waiting:
                client.close()
        self.assert_failed(result, f"127.0.0.1:{address[1]}")
        self.assert_took(0.5, 0.5 + SLACK)

    def test_when_the_reply_is_no_message(self):
        wrong = {
            "not JSON": frame("hello"),
            "empty": frame(""),
            "two values": frame("1 2"),
            "NaN": frame("NaN"),
            "not UTF-8": frame(b'"\xff"'),
            "too deep": frame("[" * 129 + "]" * 129),
            "oversize": b"\xff\xff\xff\xff",
            "control characters": frame("\x1b[31m\nforged"),
        }
        for name, reply in wrong.items():
            with self.subTest(name), answering(reply) as peer:
                self.assert_failed(jsocket("send", "--timeout", "5", peer.address, "1"),
                                   peer.address)
                self.assert_took(0, 4)
            self.began = time.monotonic()

    def test_when_the_checksum_of_the_reply_is_wrong(self):
        def talk(connection):
            receive_exactly(connection, 13)
            connection.sendall(b"JSN1\0\0\0\x01\0\0\0\0" + b"1")

        with Peer(talk) as peer:
            self.assert_failed(jsocket("send", "--framing", "crc", peer.address, "1"), "checksum")

    def test_when_its_own_output_is_closed(self):
        with Serve() as server:
            reader, writer = os.pipe()
            os.close(reader)
            with os.fdopen(writer, "wb") as closed:
                result = jsocket("send", server.address, "1", stdout=closed)
            self.assert_failed(result, "standard output")

    def test_when_it_has_no_standard_output(self):
        with Serve() as server:
            done = subprocess.run(["sh", "-c", '"$0" send "$1" 1 >&-', COMMAND, server.address],
                                  stderr=subprocess.PIPE, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr, rb"\Ajsocket: [^\n]*standard output[^\n]*\n\Z")
