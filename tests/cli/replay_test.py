# SPDX-License-Identifier: Apache-2.0
"""`jsocket replay`: what was recorded comes back, and what differs is told."""

import json
import os
import re
import signal
import socket
import tempfile
import time
import unittest

from command import (CommandTest, Listening, Serve, frame, jsocket, receive_exactly, receive_frame,
                     receive_to_end, wait_for)
from peer import Peer


class Replay(Listening):
    def __init__(self, path, *arguments):
        super().__init__("replay", path, *arguments)


def line(connection, event, **members):
    return json.dumps({"connection": connection, "seconds": 0, "event": event, **members})


def message(direction, value, connection=1, framing="lines"):
    return line(connection, "message", direction=direction, framing=framing, message=value)


CONNECT, CLOSE = line(1, "connect"), line(1, "close")
FINISH = line(1, "finish", direction="up")


class ReplayTest(CommandTest):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = os.path.join(directory.name, "record")

    def write(self, *lines):
        with open(self.path, "w", encoding="utf-8") as file:
            file.write("".join(line + "\n" for line in lines))

    def assert_as_recorded(self, replay):
        self.assert_success(replay.stop(), "")

    def assert_mismatch(self, replay, *words):
        """One complaint with these words, and the last line."""
        result = replay.stop()
        self.assertEqual((result.code, result.out), (1, ""), result)
        complaint, end = result.err.splitlines()
        for word in words:
            self.assertIn(word, complaint)
        self.assertIn("the clients did not do what", end)


class RoundTrip(ReplayTest):
    def record(self, server_address, use):
        """Has the proxy record what use(proxy) does, one connection."""
        with Listening("proxy", "--to", server_address, "--record", self.path) as proxy:
            result = use(proxy)
            wait_for(self.is_complete, "the end of the recording")
            self.assert_success(proxy.stop(), "")
        return result

    def is_complete(self):
        with open(self.path, encoding="utf-8") as file:
            return '"close"' in file.read()

    def record_client(self, server_address, talk):
        def use(proxy):
            with proxy.connect() as client:
                return talk(client)

        return self.record(server_address, use)

    def replay(self, talk):
        with Replay(self.path) as replay:
            with replay.connect() as client:
                result = talk(client)
            self.assert_as_recorded(replay)
        return result

    def test_gives_the_same_replies_in_every_framing(self):
        for framing in ["prefix", "crc", "lines"]:
            with self.subTest(framing=framing), Serve() as server:
                arguments = ["--framing", framing, "-"]
                texts = '{"b":[1.5,null],"a":"x"}\n"two"\n3\n'

                def send(to):
                    return jsocket("send", to.address, *arguments, stdin=texts)

                self.assert_success(self.record(server.address, send), texts)
                with Replay(self.path) as replay:
                    self.assert_success(send(replay),
                                        '{"a":"x","b":[1.5,null]}\n"two"\n3\n')
                    self.assert_as_recorded(replay)

    def test_of_messages_nobody_asked_for_has_them_in_their_place(self):
        def serve(connection):
            connection.sendall(b'"welcome"\n')
            receive_exactly(connection, 2)
            connection.sendall(b'"one"\n"two"\n')
            receive_to_end(connection)

        def talk(client):
            first = receive_exactly(client, 10)
            client.sendall(b"1\n")
            return first + receive_exactly(client, 12)

        with Peer(serve) as server:
            recorded = self.record_client(server.address, talk)
        self.assertEqual(self.replay(talk), recorded)

    def test_of_bytes_that_are_no_message_has_every_one(self):
        def serve(connection):
            receive_exactly(connection, 20)
            connection.sendall(b"HTTP/1.1 400\r\n\r\n\0\xff")

        def talk(client):
            client.sendall(b"GET / HTTP/1.1\r\n\r\n\0\xff")
            return receive_to_end(client)

        with Peer(serve) as server:
            recorded = self.record_client(server.address, talk)
        self.assertEqual(self.replay(talk), recorded)
        self.assertEqual(recorded, b"HTTP/1.1 400\r\n\r\n\0\xff")

    def test_of_a_payload_that_is_no_json_has_it(self):
        def serve(connection):
            connection.sendall(frame("1") + b"\0\0\0\2\xff\n")
            receive_to_end(connection)

        def talk(client):
            client.sendall(b"\0\0\0\2\xfe\n")
            return receive_exactly(client, 11)

        with Peer(serve) as server:
            recorded = self.record_client(server.address, talk)
        self.assertEqual(self.replay(talk), recorded)

    def test_waits_for_a_half_close_before_it_answers_it(self):
        def serve(connection):
            connection.sendall(receive_to_end(connection))

        def talk(client):
            client.sendall(b"1\n")
            client.shutdown(socket.SHUT_WR)
            return receive_to_end(client)

        with Peer(serve) as server:
            self.assertEqual(self.record_client(server.address, talk), b"1\n")
        self.assertEqual(self.replay(talk), b"1\n")


class Playing(ReplayTest):
    def test_prints_one_line_and_ends_at_each_signal(self):
        self.write(CONNECT, CLOSE)
        for number in [signal.SIGINT, signal.SIGTERM]:
            with self.subTest(signal=number), Replay(self.path) as replay:
                self.assertRegex(replay.ready_line,
                                 r"\Alistening on 127\.0\.0\.1:[1-9]\d*\n\Z")
                with replay.connect() as client:
                    self.assertEqual(receive_to_end(client), b"")
                self.assert_success(replay.stop(number), "")

    def test_may_be_on_a_unix_domain_socket(self):
        self.write(CONNECT, message("up", 1), message("down", 2), CLOSE)
        address = "unix:" + self.path + ".socket"
        with Replay(self.path, "--bind", address) as replay:
            self.assertEqual(replay.ready_line, f"listening on {address}\n")
            self.assert_success(jsocket("send", address, "--framing", "lines", "1"), "2\n")
            self.assert_as_recorded(replay)

    def test_compares_json_values_and_not_texts(self):
        self.write(CONNECT, message("up", {"a": 1, "b": 2}), message("down", True), CLOSE)
        with Replay(self.path) as replay, replay.connect() as client:
            client.sendall(b'  { "b": 2, "a": 1.0 }\r\n')
            self.assertEqual(receive_exactly(client, 5), b"true\n")
            self.assertEqual(client.recv(1), b"")
            self.assert_as_recorded(replay)

    def test_gives_each_client_a_connection_of_its_own(self):
        self.write(line(5, "connect"), line(2, "connect"), message("down", "five", 5),
                   message("down", "two", 2), line(2, "close"))
        with Replay(self.path) as replay:
            for text in [b'"two"\n', b'"five"\n']:
                with replay.connect() as client:
                    self.assertEqual(receive_to_end(client), text)
            self.assert_as_recorded(replay)

    def test_may_be_stopped_when_only_the_end_of_the_client_is_missing(self):
        self.write(CONNECT, message("up", 1), message("down", 2), FINISH, CLOSE)
        with Replay(self.path) as replay, replay.connect() as client:
            client.sendall(b"1\n")
            self.assertEqual(receive_exactly(client, 2), b"2\n")
            self.assert_as_recorded(replay)


class Mismatch(ReplayTest):
    def test_says_what_was_expected_and_what_came(self):
        self.write(CONNECT, message("up", {"add": 5}), message("down", 6), CLOSE)
        with Replay(self.path) as replay, replay.connect() as client:
            client.sendall(b'{"add":7}\n')
            self.assertEqual(receive_to_end(client), b"")
            self.assert_mismatch(replay, "connection 1, line 2", 'expected {"add":5}',
                                 'sent {"add":7}')

    def test_is_told_at_once(self):
        self.write(CONNECT, message("up", 1))
        with Replay(self.path) as replay, replay.connect() as client:
            client.sendall(b"2\n")
            self.assertIn(b"expected 1, but", replay.process.stderr.readline())

    def test_is_another_framing(self):
        self.write(CONNECT, message("up", 1, framing="crc"))
        with Replay(self.path) as replay, replay.connect() as client:
            client.sendall(b"1\n")
            self.assertEqual(receive_to_end(client), b"")
            self.assert_mismatch(replay, "expected 1", "no message of the framing crc")

    def test_is_a_client_that_leaves_too_early(self):
        self.write(CONNECT, message("up", 1), message("up", 2))
        with Replay(self.path) as replay:
            with replay.connect() as client:
                client.sendall(b"1\n")
                client.shutdown(socket.SHUT_WR)
                self.assertEqual(receive_to_end(client), b"")
            self.assert_mismatch(replay, "line 3: expected 2", "has finished sending")

    def test_is_a_client_that_sends_more(self):
        self.write(CONNECT, message("up", 1), FINISH)
        for more, shown in [(b"[2]\n", "sent [2]"), (b"[2", 'sent "[2"')]:
            with self.subTest(more=more), Replay(self.path) as replay, \
                    replay.connect() as client:
                client.sendall(b"1\n" + more)
                client.shutdown(socket.SHUT_WR)
                receive_to_end(client)
                self.assert_mismatch(replay, "line 3: expected the end of the stream", shown)

    def test_is_other_bytes_than_recorded(self):
        self.write(CONNECT, line(1, "bytes", direction="up", bytes=b"GET /a".hex()))
        with Replay(self.path) as replay, replay.connect() as client:
            client.sendall(b"GET /bcd")
            receive_to_end(client)
            self.assert_mismatch(replay, 'expected the bytes "GET /a"', 'sent "GET /b"')

    def test_is_a_client_too_many(self):
        self.write(CONNECT, CLOSE)
        with Replay(self.path) as replay:
            for _ in range(2):
                with replay.connect() as client:
                    self.assertEqual(receive_to_end(client), b"")
            self.assert_mismatch(replay, "one more client", "recorded, 1")

    def test_is_told_once_a_second_of_clients_too_many(self):
        self.write(CONNECT, CLOSE)
        surplus = 100
        with Replay(self.path) as replay:
            began = time.monotonic()
            for _ in range(1 + surplus):
                with replay.connect() as client:
                    self.assertEqual(receive_to_end(client), b"")
            result = replay.stop()
            seconds = time.monotonic() - began
        lines = result.err.splitlines()[:-1]
        self.assertEqual(result.code, 1)
        self.assertLessEqual(len(lines), int(seconds) + 2, lines)
        told = sum("one more client" in line for line in lines)
        told += sum(int(number) for line in lines for number in re.findall(r"(\d+) more", line))
        self.assertEqual(told, surplus, lines)

    def test_is_a_client_that_was_refused(self):
        self.write(CONNECT, message("up", 1), CLOSE)
        with Replay(self.path, "--max-connections", "1") as replay, replay.connect() as client:
            with replay.connect() as surplus:
                self.assertEqual(receive_to_end(surplus), b"")
            client.sendall(b"1\n")
            self.assertEqual(receive_to_end(client), b"")
            self.assert_mismatch(replay, "max_connections, 1")

    def test_is_a_client_too_few(self):
        self.write(CONNECT, CLOSE)
        with Replay(self.path) as replay:
            self.assert_mismatch(replay, "only 0 of 1 recorded connections")

    def test_is_a_replay_that_is_stopped_too_early(self):
        self.write(CONNECT, message("down", 1), message("up", 2))
        with Replay(self.path) as replay, replay.connect() as client:
            self.assertEqual(receive_exactly(client, 2), b"1\n")
            self.assert_mismatch(replay, "expected 2", "the replay was stopped")

    def test_of_one_client_leaves_the_others_alone(self):
        self.write(line(1, "connect"), message("up", 1), line(2, "connect"),
                   message("up", 2, 2), message("down", 3, 2))
        with Replay(self.path) as replay, replay.connect() as wrong:
            wrong.sendall(b"0\n")
            self.assertEqual(receive_to_end(wrong), b"")
            with replay.connect() as right:
                right.sendall(b"2\n")
                self.assertEqual(receive_to_end(right), b"3\n")
            self.assert_mismatch(replay, "connection 1")


class UsageError(ReplayTest):
    def test_for_a_file_that_cannot_be_read(self):
        self.assert_usage_error(jsocket("replay"), "FILE")
        self.assert_usage_error(jsocket("replay", self.path), self.path, "No such file")
        self.assert_usage_error(jsocket("replay", "/"), "Is a directory")

    def test_for_a_file_without_a_connection(self):
        self.write()
        self.assert_usage_error(jsocket("replay", self.path), self.path, "empty")
        self.write("")
        self.assert_usage_error(jsocket("replay", self.path), self.path, "no connection")

    def test_for_a_wrong_line_names_file_and_line(self):
        for wrong in ["{", "[]", "{}", line(1, "open"), line(2, "close"), CONNECT,
                      line(1, "message", direction="up", framing="crc")]:
            with self.subTest(line=wrong):
                self.write(CONNECT, wrong)
                self.assert_usage_error(jsocket("replay", self.path), f"{self.path}: line 2: ")

    def test_for_an_address_that_is_none(self):
        self.write(CONNECT)
        self.assert_usage_error(jsocket("replay", self.path, "--bind", "x"), "--bind")

    def test_is_none_if_the_port_is_taken_but_a_failure(self):
        self.write(CONNECT)
        with Serve() as server:
            self.assert_failed(jsocket("replay", self.path, "--bind", server.address),
                               server.address, "in use", "--bind")


if __name__ == "__main__":
    unittest.main()
