# SPDX-License-Identifier: Apache-2.0
"""Python servers, and JsonClient and `jsocket send`."""

import json
import os
import subprocess
import time
import unittest

from command import PATIENCE, SLACK, jsocket, read_line
from python_peer import (FRAMING, MIB, VALUES, dumps, echo, fastest, for_each_version, header,
                         nested, server, text_of_size)

CLIENT = os.environ["JSOCKET_INTEROP_CLIENT"]


class Client:
    """A JsonClient in a process of its own, for the time of a `with` block."""

    def __init__(self, address, version, recv_timeout=PATIENCE):
        self.process = subprocess.Popen([CLIENT, address, FRAMING[version], str(recv_timeout)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(PATIENCE)

    def do(self, line):
        """What came of an order; interop_client.cpp has the list of them."""
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        return read_line(self.process.stdout).decode().rstrip("\n")

    def request(self, value):
        return json.loads(self.do("request " + json.dumps(value)))


class CppClient(unittest.TestCase):
    def connected(self, version, peer, **options):
        """A client for a `with` block, connected to `peer`."""
        client = Client(peer.address, version, **options)
        outcome = client.do("connect")
        if outcome != "ok":
            client.__exit__()
            self.fail(outcome)
        return client

    @for_each_version
    def test_gets_every_kind_of_value_back(self, version):
        with server(version, echo) as peer, self.connected(version, peer) as client:
            for value in VALUES:
                # As texts, which tell 1 from 1.0 and 0.0 from -0.0.
                self.assertEqual(json.dumps(client.request(value), sort_keys=True),
                                 json.dumps(value, sort_keys=True))

    @for_each_version
    def test_prints_replies_as_python_wrote_them_but_for_white_space(self, version):
        big = 10**400
        sent = '{"z": 1.0, "a": [-0.0, %d, "gr\u00fc\u00df : , "], "z": 1e400}' % big
        printed = '{"z":1.0,"a":[-0.0,%d,"gr\u00fc\u00df : , "],"z":1e400}\n' % big

        def talk(connection):
            connection.receive()
            connection.send_text(sent)

        with server(version, talk) as peer:
            result = jsocket("send", peer.address, "--framing", FRAMING[version], "1")
        self.assertEqual((result.code, result.err, result.out), (0, "", printed))

    @for_each_version
    def test_exchanges_big_messages(self, version):
        with server(version, echo) as peer:
            for size in [MIB, 10 * MIB]:
                text = text_of_size(size)
                result = jsocket("send", peer.address, "--framing", FRAMING[version], "-",
                                 stdin=text)
                self.assertEqual((result.code, result.err), (0, ""))
                self.assertTrue(result.out == text + "\n")

    @for_each_version
    def test_exchanges_nested_messages(self, version):
        with server(version, echo) as peer, self.connected(version, peer) as client:
            self.assertEqual(client.request(nested(128)), nested(128))

    @for_each_version
    def test_reads_what_the_server_sends_unasked(self, version):
        def greet(connection):
            connection.send({"hello": "gr\u00fc\u00df"})
            connection.send(None)
            echo(connection)

        with server(version, greet) as peer, self.connected(version, peer) as client:
            self.assertEqual(client.do("read"), '{"hello":"gr\u00fc\u00df"}')
            self.assertEqual(client.do("read"), "null")
            self.assertEqual(client.do("request 1"), "1")
            result = jsocket("send", peer.address, "--framing", FRAMING[version], "2")
            self.assertEqual(result.out, '{"hello":"gr\u00fc\u00df"}\n')

    @for_each_version
    def test_reads_messages_that_come_in_one_write(self, version):
        def talk(connection):
            connection.receive()
            payloads = [b"[1]", b'{"a": 2}']
            connection.socket.sendall(
                b"".join(header(connection.version, p) + p for p in payloads))
            connection.receive()

        with server(version, talk) as peer, self.connected(version, peer) as client:
            self.assertEqual(client.do("request 0"), "[1]")
            self.assertEqual(client.do("read"), '{"a":2}')

    @for_each_version
    def test_reads_messages_that_come_byte_by_byte(self, version):
        def talk(connection):
            connection.receive()
            payload = dumps("gr\u00fc\u00df").encode()
            for byte in header(connection.version, payload) + payload:
                connection.socket.sendall(bytes([byte]))
            connection.receive()

        with server(version, talk) as peer, self.connected(version, peer) as client:
            self.assertEqual(client.do("request 0"), '"gr\u00fc\u00df"')

    @for_each_version
    def test_reads_late_replies_in_order_after_a_timeout(self, version):
        def answer_late(connection):
            first, second = connection.receive(), connection.receive()
            connection.send(first)
            connection.send(second)
            connection.receive()

        with server(version, answer_late) as peer, \
                self.connected(version, peer, recv_timeout=0.2) as client:
            began = time.monotonic()
            self.assertRegex(client.do("request 1"), r"\ATimeoutError usable: ")
            took = time.monotonic() - began
            self.assertGreaterEqual(took, 0.2)
            self.assertLess(took, 0.2 + SLACK)
            self.assertEqual(client.do("try 0.05"), "none")
            self.assertEqual(client.do("send 2"), "ok")
            self.assertEqual(client.do(f"try {PATIENCE}"), "1")
            self.assertEqual(client.do(f"try {PATIENCE}"), "2")

    @for_each_version
    def test_gives_up_on_a_message_that_stalls(self, version):
        def stall(connection):
            connection.receive()
            connection.socket.sendall(header(connection.version, b"[1, 2]") + b"[1")
            connection.receive()

        with server(version, stall) as peer, \
                self.connected(version, peer, recv_timeout=0.2) as client:
            self.assertRegex(client.do("request 1"), r"\ATimeoutError closed: ")
            self.assertRegex(client.do("read"), r"\AConnectionClosed closed: ")

    @for_each_version
    def test_connects_again_after_it_closed_and_after_the_server_left(self, version):
        def answer_once(connection):
            connection.send(connection.receive())

        with server(version, answer_once) as peer, self.connected(version, peer) as client:
            self.assertEqual(client.do("request 1"), "1")
            self.assertEqual(client.do("close"), "ok")
            self.assertEqual(client.do("connect"), "ok")
            self.assertEqual(client.do("request 2"), "2")
            self.assertRegex(client.do("read"),
                             r"\AConnectionClosed closed: .*socket connection broken")
            self.assertEqual(client.do("connect"), "ok")
            self.assertEqual(client.do("request 3"), "3")
            self.assertEqual(peer.accepted, 3)

    @for_each_version
    def test_connects_to_the_next_server_on_the_same_port(self, version):
        with server(version, echo) as peer:
            client = self.connected(version, peer)
            self.assertEqual(client.do("request 1"), "1")
            self.assertEqual(client.do("close"), "ok")
        with client, server(version, echo, peer.port):
            self.assertEqual(client.do("connect"), "ok")
            self.assertEqual(client.do("request 2"), "2")
            self.assertEqual(client.do("close"), "ok")

    def test_notices_a_wrong_checksum(self):
        def talk(connection):
            connection.receive()
            connection.socket.sendall(header("v2", b"[2]") + b"[1]")

        with server("v2", talk) as peer, self.connected("v2", peer) as client:
            self.assertRegex(client.do("request 0"), r"\AFramingError bad_checksum closed: ")

    def test_notices_the_other_version(self):
        def greet(connection):
            connection.send([1])
            connection.at_end()

        with server("v1", greet) as peer, self.connected("v2", peer) as client:
            self.assertRegex(client.do("read"), r"\AFramingError bad_header closed: ")
        with server("v2", greet) as peer, self.connected("v1", peer) as client:
            self.assertRegex(client.do("read"), r"\AFramingError oversize closed: ")

    @for_each_version
    def test_notices_a_message_too_big(self, version):
        def talk(connection):
            connection.receive()
            # Python has no limit of its own in v1; nothing of the payload has to be sent.
            claimed = header(connection.version, text_of_size(10 * MIB + 1).encode())
            connection.socket.sendall(claimed)
            connection.at_end()

        with server(version, talk) as peer, self.connected(version, peer) as client:
            self.assertRegex(client.do("request 0"), r"\AFramingError oversize closed: ")

    @for_each_version
    def test_notices_what_only_python_calls_json(self, version):
        def talk(connection):
            connection.receive()
            connection.send(float("inf"))
            connection.at_end()

        with server(version, talk) as peer, self.connected(version, peer) as client:
            self.assertRegex(client.do("request 0"), r"\APayloadError closed: ")

    @for_each_version
    def test_notices_a_server_that_leaves_within_a_message(self, version):
        def talk(connection):
            connection.receive()
            connection.socket.sendall(header(connection.version, b"[1, 2]") + b"[1")

        with server(version, talk) as peer, self.connected(version, peer) as client:
            self.assertRegex(client.do("request 0"),
                             r"\AConnectionClosed mid_message closed: ")

    @for_each_version
    def test_gets_replies_from_a_server_that_has_finished_reading(self, version):
        def talk(connection):
            messages = [connection.receive(), connection.receive()]
            connection.socket.shutdown(0)
            for message in messages:
                connection.send(message)

        with server(version, talk) as peer, self.connected(version, peer) as client:
            client.do("send 1")
            client.do("send 2")
            self.assertEqual(client.do("read"), "1")
            self.assertEqual(client.do("read"), "2")
            self.assertRegex(client.do("read"), r"\AConnectionClosed closed: ")

    @for_each_version
    def test_does_not_wait_for_acknowledgements_of_headers(self, version):
        with server(version, echo) as peer, self.connected(version, peer) as client:
            def echo_fifty():
                for number in range(50):
                    self.assertEqual(client.do(f"request {number}"), str(number))

            self.assertLess(fastest(echo_fifty), 50 * 0.040 / 2)

    @for_each_version
    def test_does_not_wait_for_acknowledgements_when_it_sends_lines(self, version):
        lines = "".join(f"{number}\n" for number in range(50))
        with server(version, echo) as peer:
            def echo_fifty():
                result = jsocket("send", peer.address, "--framing", FRAMING[version], "-",
                                 stdin=lines)
                self.assertEqual(result.out, lines)

            self.assertLess(fastest(echo_fifty), 50 * 0.040 / 2)


if __name__ == "__main__":
    unittest.main()
