# SPDX-License-Identifier: Apache-2.0
"""`jsocket proxy`: every fault as its users see it, recordings, and what cannot be had."""

import json
import os
import re
import signal
import socket
import stat
import struct
import tempfile
import time
import unittest
import zlib

from command import (SLACK, CommandTest, Listening, Serve, frame, jsocket, receive_exactly,
                     receive_frame, receive_to_end, wait_for)
from peer import Peer, free_port


def crc_frame(payload):
    return b"JSN1" + struct.pack(">II", len(payload), zlib.crc32(payload)) + payload


class Proxy(Listening):
    """A `jsocket proxy` on a free port."""

    def __init__(self, to, *arguments):
        super().__init__("proxy", "--to", to, *arguments)


class ProxyTest(CommandTest):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)

    def path(self, name):
        return os.path.join(self.directory.name, name)

    def recorded(self, name="record"):
        with open(self.path(name), encoding="utf-8") as file:
            return [json.loads(line) for line in file]


class Passing(ProxyTest):
    def test_is_not_to_be_noticed(self):
        with Serve() as server, Proxy(server.address) as proxy:
            self.assertRegex(proxy.ready_line, r"\Alistening on 127\.0\.0\.1:[1-9]\d*\n\Z")
            for framing in ["prefix", "crc", "lines"]:
                self.assert_success(
                    jsocket("send", proxy.address, "--framing", framing, "[1.0]"), "[1.0]\n")
            self.assert_success(proxy.stop(), "")
            self.assert_success(server.stop(), "")

    def test_works_between_unix_domain_sockets(self):
        server_address, address = "unix:" + self.path("server"), "unix:" + self.path("proxy")
        with Serve(bind=server_address) as server, \
                Proxy(server.address, "--listen", address) as proxy:
            self.assertEqual(proxy.ready_line, f"listening on {address}\n")
            self.assert_success(jsocket("send", address, "1"), "1\n")
            self.assert_success(proxy.stop(), "")
        self.assertFalse(os.path.exists(self.path("proxy")))

    def test_ends_at_each_signal_although_clients_are_connected(self):
        for number in [signal.SIGINT, signal.SIGTERM]:
            with self.subTest(signal=number), Serve() as server, \
                    Proxy(server.address, "--delay", "1000") as proxy, \
                    proxy.connect() as client:
                client.sendall(frame("1"))
                began = time.monotonic()
                self.assert_success(proxy.stop(number), "")
                self.assertLess(time.monotonic() - began, SLACK)
                self.assertEqual(receive_to_end(client), b"")

    def test_complains_of_a_server_that_is_not_there_and_closes_the_client(self):
        holder, port = free_port()
        with holder, Proxy(f"127.0.0.1:{port}") as proxy:
            with proxy.connect() as client:
                self.assertEqual(receive_to_end(client), b"")
            self.assert_complains(0, proxy.stop(), f"127.0.0.1:{port}", "refused")


class Fault(ProxyTest):
    def failures(self, server):
        """Those the server has counted, over all clients."""
        clients = server.stop_and_get_stats()["clients"].values()
        counts = {}
        for client in clients:
            for kind, count in client["failures"].items():
                if count:
                    counts[kind] = counts.get(kind, 0) + count
        return counts

    def test_flipped_bit_is_found_by_the_checksum_of_the_server(self):
        with Serve("--stats") as server, \
                Proxy(server.address, "--direction", "up", "--flip-bit", "96") as proxy, \
                proxy.connect() as client:
            client.sendall(crc_frame(b"[1]"))
            self.assertEqual(receive_to_end(client), b"")
            self.assertEqual(self.failures(server), {"bad_crc": 1})

    def test_flipped_bit_is_found_by_the_checksum_of_the_client(self):
        with Serve() as server, \
                Proxy(server.address, "--direction", "down", "--flip-bit", "96") as proxy:
            self.assert_failed(jsocket("send", proxy.address, "--framing", "crc", "[1]"),
                               "checksum")

    def test_flipped_bit_may_be_that_of_one_message(self):
        with Serve() as server, \
                Proxy(server.address, "--direction", "up", "--flip-bit", "8",
                      "--message", "2") as proxy, \
                proxy.connect() as client:
            client.sendall(b'"a"\n"a"\n"a"\n')
            self.assertEqual(receive_exactly(client, 12), b'"a"\n"`"\n"a"\n')

    def test_cut_shows_both_sides_the_end_of_the_stream(self):
        received = []
        with Peer(lambda connection: received.append(receive_to_end(connection))) as server, \
                Proxy(server.address, "--direction", "up", "--cut-after", "5") as proxy, \
                proxy.connect() as client:
            client.sendall(frame("[1]"))
            self.assertEqual(client.recv(1), b"")
            wait_for(lambda: received, "the end of the stream")
            self.assertEqual(received, [frame("[1]")[:5]])

    def test_cut_may_be_after_a_whole_message(self):
        with Serve() as server, \
                Proxy(server.address, "--direction", "down", "--message", "2",
                      "--cut-after", "0") as proxy, \
                proxy.connect() as client:
            client.sendall(b"1\n2\n")
            self.assertEqual(receive_to_end(client), b"1\n")

    def test_reset_is_one(self):
        ends = []

        def talk(connection):
            receive_exactly(connection, 5)
            try:
                ends.append(connection.recv(1))
            except ConnectionResetError:
                ends.append("reset")

        with Peer(talk) as server, \
                Proxy(server.address, "--reset-after", "5") as proxy, proxy.connect() as client:
            client.sendall(b"12345678")
            with self.assertRaises(ConnectionResetError):
                client.recv(1)
            wait_for(lambda: ends, "the end of the stream")
            self.assertEqual(ends, ["reset"])

    def test_delay_is_for_the_direction_asked_for(self):
        with Serve() as server:
            for direction, least in [("up", 0.2), ("down", 0.2), ("both", 0.4)]:
                with self.subTest(direction=direction), \
                        Proxy(server.address, "--direction", direction,
                              "--delay", "0.2") as proxy, proxy.connect() as client:
                    began = time.monotonic()
                    client.sendall(b"1\n")
                    self.assertEqual(receive_exactly(client, 2), b"1\n")
                    took = time.monotonic() - began
                    self.assertGreaterEqual(took, least)
                    self.assertLess(took, least + SLACK)

    def test_trickle_has_the_server_give_up(self):
        with Serve("--stats", "--recv-timeout", "0.2") as server, \
                Proxy(server.address, "--direction", "up", "--trickle", "1") as proxy, \
                proxy.connect() as client:
            client.sendall(frame("[1]"))
            self.assertEqual(receive_to_end(client), b"")
            self.assertEqual(self.failures(server), {"timeout": 1})

    def test_chunk_splits_what_is_written(self):
        segments = []

        def talk(connection):
            receive_exactly(connection, 8)
            information = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 192)
            segments.append(struct.unpack_from("I", information, 152)[0])  # tcpi_data_segs_in

        for arguments in [[], ["--chunk", "2"]]:
            with Peer(talk) as server, Proxy(server.address, *arguments) as proxy, \
                    proxy.connect() as client:
                client.sendall(b"1234567\n")
                self.assertEqual(client.recv(1), b"")
        whole, split = segments
        self.assertEqual(whole, 1)
        self.assertGreater(split, 1)  # 4, unless the kernel puts some together again


class Limits(ProxyTest):
    def test_of_connections_refuses_more_and_says_so(self):
        with Serve() as server, Proxy(server.address, "--max-connections", "2") as proxy:
            clients = [proxy.connect() for _ in range(2)]
            for client in clients:
                self.addCleanup(client.close)
                client.sendall(frame("1"))
                self.assertEqual(receive_frame(client), "1")
            with proxy.connect() as surplus:
                self.assertEqual(receive_to_end(surplus), b"")
            for client in clients:
                client.sendall(frame("2"))
                self.assertEqual(receive_frame(client), "2")
            self.assert_complains(0, proxy.stop(), "max_connections, 2")

    def test_of_complaints_keep_clients_from_filling_the_terminal(self):
        holder, port = free_port()
        attempts = 200
        with holder, Proxy(f"127.0.0.1:{port}") as proxy:
            began = time.monotonic()
            for _ in range(attempts):
                with proxy.connect() as client:
                    self.assertEqual(receive_to_end(client), b"")
            lines = proxy.stop().err.splitlines()
            seconds = time.monotonic() - began
        # One for each second that has begun, and one at the end.
        self.assertLessEqual(len(lines), int(seconds) + 2, lines)
        told = sum("refused" in line for line in lines)
        told += sum(int(number) for line in lines for number in re.findall(r"(\d+) more", line))
        self.assertEqual(told, attempts, lines)


class Recording(ProxyTest):
    def record(self, server, talk, *arguments):
        """What is recorded of a client that does talk(connection), without the times."""
        with Proxy(server.address, "--record", self.path("record"), *arguments) as proxy:
            with proxy.connect() as client:
                talk(client)
            wait_for(lambda: any(line["event"] == "close" for line in self.recorded()), "the end")
            self.assert_success(proxy.stop(), "")
        lines = self.recorded()
        times = [line.pop("seconds") for line in lines]
        self.assertEqual(times, sorted(times))
        self.assertGreater(times[0], 0)
        return lines

    def test_has_every_event_of_a_connection_in_order(self):
        def talk(client):
            client.sendall(crc_frame(b'{"b": 1, "a": [1.0]}'))
            receive_exactly(client, len(crc_frame(b'{"b": 1, "a": [1.0]}')))

        with Serve() as server:
            lines = self.record(server, talk)
        message = {"connection": 1, "event": "message", "framing": "crc",
                   "message": {"b": 1, "a": [1.0]}}
        self.assertEqual(lines, [
            {"connection": 1, "event": "connect"},
            {**message, "direction": "up"},
            {**message, "direction": "down"},
            {"connection": 1, "event": "finish", "direction": "up"},
            {"connection": 1, "event": "finish", "direction": "down"},
            {"connection": 1, "event": "close"}])

    def test_keeps_what_is_no_json_and_what_is_no_message_as_bytes(self):
        def talk(client):
            client.sendall(b"\0\0\0\1\xff" + b"\0\0\0\x09[1")
            client.shutdown(socket.SHUT_WR)
            receive_to_end(client)

        with Serve() as server:
            lines = self.record(server, talk)
        self.assertIn({"connection": 1, "event": "message", "direction": "up",
                       "framing": "prefix", "payload": "ff"}, lines)
        self.assertIn({"connection": 1, "event": "bytes", "direction": "up",
                       "bytes": b"\0\0\0\x09[1".hex()}, lines)

    def test_is_of_what_came_not_of_what_faults_made_of_it(self):
        def talk(client):
            client.sendall(b'"a"\n')
            self.assertEqual(receive_exactly(client, 4), b'"`"\n')

        with Serve() as server:
            lines = self.record(server, talk, "--direction", "up", "--flip-bit", "8")
        self.assertEqual([line["message"] for line in lines if "message" in line], ["a", "`"])

    def test_is_complete_when_the_proxy_is_stopped(self):
        with Serve() as server, \
                Proxy(server.address, "--record", self.path("record")) as proxy, \
                proxy.connect() as one, proxy.connect() as other:
            for client in [one, other]:
                client.sendall(frame("1"))
                receive_frame(client)
            self.assert_success(proxy.stop(), "")
        self.assertEqual(sum(line["event"] == "close" for line in self.recorded()), 2)

    def mode_of(self, name):
        return stat.S_IMODE(os.stat(self.path(name)).st_mode)

    def test_is_for_its_owner_alone(self):
        with open(self.path("old"), "w", encoding="ascii") as file:
            file.write("old\n")
        os.chmod(self.path("old"), 0o666)
        before = os.umask(0)
        self.addCleanup(os.umask, before)
        for name in ["new", "old"]:
            with self.subTest(name), \
                    Proxy("127.0.0.1:1", "--record", self.path(name)) as proxy:
                self.assertEqual(self.mode_of(name), 0o600)
                self.assertEqual(os.path.getsize(self.path(name)), 0)
                self.assert_success(proxy.stop(), "")

    def test_goes_to_a_plain_file_of_its_own_only(self):
        victim = self.path("victim")
        with open(victim, "w", encoding="ascii") as file:
            file.write("precious")
        os.chmod(victim, 0o644)
        os.symlink(victim, self.path("link"))
        os.symlink(self.path("nothing"), self.path("dangling"))
        os.mkfifo(self.path("pipe"))
        os.link(victim, self.path("second"))
        reader = os.open(self.path("pipe"), os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        for name, why in [("link", "symbolic link"), ("dangling", "symbolic link"),
                          ("pipe", "pipe"), ("second", "another name"), ("", "directory")]:
            with self.subTest(name):
                result = jsocket("proxy", "--to", "h:1", "--record", self.path(name))
                self.assert_usage_error(result, "--record", self.path(name), why)
        self.assertFalse(os.path.exists(self.path("nothing")))
        self.assertEqual(self.mode_of("victim"), 0o644)
        with open(victim, encoding="ascii") as file:
            self.assertEqual(file.read(), "precious")

    @unittest.skipUnless(os.getuid() == 0, "needs root to give a file away")
    def test_goes_to_no_file_of_another_user(self):
        with open(self.path("theirs"), "w", encoding="ascii") as file:
            file.write("theirs")
        os.chown(self.path("theirs"), 1, 1)
        result = jsocket("proxy", "--to", "h:1", "--record", self.path("theirs"))
        self.assert_usage_error(result, "--record", "another user")
        self.assertEqual(os.path.getsize(self.path("theirs")), 6)

    def test_that_cannot_be_begun_is_a_usage_error(self):
        result = jsocket("proxy", "--to", "h:1", "--record", self.path("none/record"))
        self.assert_usage_error(result, "--record", "none/record", "No such file")

    def test_that_cannot_be_written_is_a_failure_at_the_end(self):
        with Serve() as server, Proxy(server.address, "--record", "/dev/full") as proxy:
            self.assert_success(jsocket("send", proxy.address, "1"), "1\n")
            result = proxy.stop()
        self.assertEqual((result.code, result.out), (1, ""))
        self.assertEqual(result.err.count("\n"), 2, result)
        self.assertIn("cannot write /dev/full", result.err)


class UsageError(ProxyTest):
    def test_for_a_missing_server(self):
        self.assert_usage_error(jsocket("proxy"), "--to")

    def test_for_an_address_that_is_none(self):
        self.assert_usage_error(jsocket("proxy", "--to", "nowhere"), "--to")
        self.assert_usage_error(jsocket("proxy", "--to", "h:0"), "--to", "port")
        self.assert_usage_error(jsocket("proxy", "--to", "h:1", "--listen", "x"), "--listen")

    def test_for_a_value_that_is_none(self):
        for option, wrong in [("--delay", ["", "0", "-1", "x", "nan"]),
                              ("--trickle", ["", "0", "-1", "1.5"]),
                              ("--chunk", ["", "0", "x"]),
                              ("--cut-after", ["", "-1", "x", str(2**63)]),
                              ("--reset-after", ["", "-1", "x"]),
                              ("--flip-bit", ["", "-1", "x"]),
                              ("--direction", ["", "left"]),
                              ("--framing", ["", "json"]),
                              ("--max-message-size", ["0", "x", "268435457"]),
                              ("--max-connections", ["", "0", "-1", "x"])]:
            for text in wrong:
                with self.subTest(option=option, text=text):
                    self.assert_usage_error(
                        jsocket("proxy", "--to", "h:1", "--chunk", "1", option, text)
                        if option != "--chunk" else
                        jsocket("proxy", "--to", "h:1", option, text), option)

    def test_for_a_message_that_is_none(self):
        self.assert_usage_error(
            jsocket("proxy", "--to", "h:1", "--flip-bit", "1", "--message", "0"), "--message")

    def test_for_what_restricts_faults_without_any(self):
        self.assert_usage_error(jsocket("proxy", "--to", "h:1", "--message", "2"), "--message")
        self.assert_usage_error(jsocket("proxy", "--to", "h:1", "--direction", "up"),
                                "--direction")

    def test_is_none_if_the_port_is_taken_but_a_failure(self):
        with Serve() as server:
            self.assert_failed(jsocket("proxy", "--to", "h:1", "--listen", server.address),
                               server.address, "in use", "--listen", "port 0")


if __name__ == "__main__":
    unittest.main()
