# SPDX-License-Identifier: Apache-2.0
"""Python clients and `jsocket serve --echo`, which finds out what each of them speaks."""

import json
import unittest

from command import Serve, jsocket
from python_peer import (MIB, VALUES, Connection, dumps, fastest, for_each_version, header, nested,
                         text_of_size)


class PythonClient(unittest.TestCase):
    def setUp(self):
        self.server = self.start()

    def start(self, *arguments, bind="127.0.0.1:0"):
        server = Serve(*arguments, bind=bind)
        self.addCleanup(server.__exit__)
        return server

    def connect(self, version, server=None):
        return Connection(version, (server or self.server).connect())

    @for_each_version
    def test_gets_every_kind_of_value_back_unchanged(self, version):
        with self.connect(version) as client:
            for value in VALUES:
                client.send(value)
                self.assertEqual(client.receive_text(), dumps(value))

    @for_each_version
    def test_gets_equal_values_back_from_process_message(self, version):
        server = self.start("--hook", "message")
        with self.connect(version, server) as client:
            for value in VALUES:
                # As texts, which tell 1 from 1.0 and 0.0 from -0.0.
                self.assertEqual(json.dumps(client.request(value), sort_keys=True),
                                 json.dumps(value, sort_keys=True))

    @for_each_version
    def test_gets_integers_of_any_size_back(self, version):
        with self.connect(version) as client:
            for value in [2**64, -2**63 - 1, 10**400, [7**500]]:
                self.assertEqual(client.request(value), value)

    @for_each_version
    def test_gets_big_messages_back(self, version):
        with self.connect(version) as client:
            for size in [MIB, 10 * MIB]:
                text = text_of_size(size)
                self.assertEqual(len(text.encode()), size)
                client.send_text(text)
                self.assertTrue(client.receive_text() == text)

    @for_each_version
    def test_gets_nested_messages_back(self, version):
        with self.connect(version) as client:
            self.assertEqual(client.request(nested(128)), nested(128))

    @for_each_version
    def test_loses_its_connection_to_a_message_too_big_or_too_deep(self, version):
        for text in [text_of_size(10 * MIB + 1), "[" * 129 + "]" * 129]:
            with self.connect(version) as client:
                client.send([1])
                self.assertEqual(client.receive(), [1])
                try:
                    client.send_text(text)
                except (BrokenPipeError, ConnectionResetError):
                    continue  # the server did not even read it
                self.assertTrue(client.at_end())

    def test_loses_its_connection_to_a_wrong_checksum_after_earlier_replies(self):
        with Connection("v2", self.server.connect()) as client:
            good, bad = dumps({"client": "a"}).encode(), b"[1]"
            client.socket.sendall(header("v2", good) + good + header("v2", b"[2]") + bad)
            self.assertEqual(client.receive(), {"client": "a"})
            self.assertTrue(client.at_end())

    @for_each_version
    def test_loses_its_connection_to_what_python_calls_json(self, version):
        with self.connect(version) as client:
            client.send(float("nan"))
            self.assertTrue(client.at_end())

    @for_each_version
    def test_may_stop_sending_before_it_reads(self, version):
        with self.connect(version) as client:
            for number in range(10):
                client.send(number)
            client.socket.shutdown(1)
            self.assertEqual([client.receive() for _ in range(10)], list(range(10)))
            self.assertTrue(client.at_end())

    @for_each_version
    def test_may_write_two_messages_at_once(self, version):
        with self.connect(version) as client:
            wire = b"".join(header(client.version, p) + p for p in [b"[1]", b'{"a": 2}'])
            client.socket.sendall(wire)
            self.assertEqual(client.receive_text(), "[1]")
            self.assertEqual(client.receive_text(), '{"a": 2}')

    @for_each_version
    def test_may_write_a_message_byte_by_byte(self, version):
        with self.connect(version) as client:
            payload = dumps("gr\u00fc\u00df").encode()
            for byte in header(client.version, payload) + payload:
                client.socket.sendall(bytes([byte]))
            self.assertEqual(client.receive(), "gr\u00fc\u00df")

    @for_each_version
    def test_may_be_idle_longer_than_messages_may_stall(self, version):
        server = self.start("--recv-timeout", "0.1")
        with self.connect(version, server) as client:
            self.assertEqual(client.request(1), 1)
            with Connection(client.version, server.connect()) as stalling:
                stalling.socket.sendall(header(client.version, b"[1]"))
                self.assertTrue(stalling.at_end())  # so that much time has passed
            self.assertEqual(client.request(2), 2)

    @for_each_version
    def test_may_connect_again(self, version):
        for _ in range(3):
            with self.connect(version) as client:
                self.assertEqual(client.request([1]), [1])

    @for_each_version
    def test_may_connect_to_the_next_server_on_the_same_port(self, version):
        with self.connect(version) as client:
            self.assertEqual(client.request(1), 1)
            address = self.server.address
            self.assertEqual(self.server.stop().code, 0)
            self.assertTrue(client.at_end())
            self.server = self.start(bind=address)
            with Connection(client.version, self.server.connect()) as again:
                self.assertEqual(again.request(2), 2)

    def test_shares_the_server_with_clients_that_speak_otherwise(self):
        with Connection("v1", self.server.connect()) as one, \
                Connection("v2", self.server.connect()) as two, self.server.connect() as lines:
            for number in range(20):
                one.send(number)
                two.send([number])
                lines.sendall(b"%d\n" % number)
                self.assertEqual(two.receive(), [number])
                self.assertEqual(one.receive(), number)
                self.assertEqual(lines.recv(100), b"%d\n" % number)

    @for_each_version
    def test_is_counted_under_its_name(self, version):
        server = self.start("--stats")
        with self.connect(version, server) as client:
            client.request({"client": client.version, "text": "gr\u00fc\u00df"})
            client.request([1, 2, 3])
        clients = server.stop_and_get_stats()["clients"]
        self.assertEqual(list(clients), [version])
        entry = clients[version]
        size = len('{"client": "v1", "text": "gr\u00fc\u00df"}[1, 2, 3]'.encode())
        self.assertEqual((entry["messages_in"], entry["messages_out"], entry["bytes_in"]),
                         (2, 2, size))

    @for_each_version
    def test_does_not_wait_for_acknowledgements_of_its_headers(self, version):
        for hook in ["payload", "message"]:
            server = self.start("--hook", hook)
            with self.connect(version, server) as client:
                def echo_fifty():
                    for number in range(50):
                        self.assertEqual(client.request({"number": number}), {"number": number})

                self.assertLess(fastest(echo_fifty), 50 * 0.040 / 2)

    @for_each_version
    def test_can_be_followed_by_one_in_cpp(self, version):
        with self.connect(version) as client:
            client.request(1)
            self.assertEqual(jsocket("send", self.server.address, "2").out, "2\n")

    @for_each_version
    def test_sees_the_end_when_the_server_stops(self, version):
        server = self.start()
        with self.connect(version, server) as client:
            client.request(1)
            server.stop()
            self.assertTrue(client.at_end())


if __name__ == "__main__":
    unittest.main()
