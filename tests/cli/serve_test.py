# SPDX-License-Identifier: Apache-2.0
"""`jsocket serve` over TCP: ready line, options, signals, addresses it cannot have."""

import os
import signal
import socket
import subprocess
import tempfile
import time

from command import (COMMAND, PATIENCE, SLACK, CommandTest, Serve, frame, jsocket, receive_frame,
                     receive_to_end, wait_for)


class ServeOverTcp(CommandTest):
    def test_says_where_it_listens_and_nothing_else(self):
        with Serve() as server:
            self.assertRegex(server.ready_line, r"\Alistening on 127\.0\.0\.1:[1-9]\d*\n\Z")
            self.assert_success(jsocket("send", server.address, '{"client":"one"}'))
            self.assert_success(server.stop(), "")

    def test_stops_at_sigint_and_at_sigterm_although_clients_are_connected(self):
        for number in [signal.SIGINT, signal.SIGTERM]:
            with self.subTest(signal=number), Serve() as server, server.connect() as idle, \
                    server.connect() as halfway:
                halfway.sendall(b"\0\0\0\x09[1")
                idle.sendall(frame("1"))
                self.assertEqual(receive_frame(idle), "1")
                began = time.monotonic()
                self.assert_success(server.stop(number), "")
                self.assertLess(time.monotonic() - began, SLACK)
                self.assertEqual(receive_to_end(idle), b"")

    def test_stops_in_a_background_job_that_ignores_sigint(self):
        script = ('"$0" serve --echo --bind 127.0.0.1:0 > "$1" & server=$!\n'
                  'until grep -q listening "$1"; do sleep 0.01; done\n'
                  'kill -INT $server; wait $server')
        with tempfile.NamedTemporaryFile() as output:
            done = subprocess.run(["sh", "-c", script, COMMAND, output.name],
                                  timeout=PATIENCE, check=False)
        self.assertEqual(done.returncode, 0)

    def test_takes_several_signals_at_once_for_one(self):
        with Serve("--stats") as server:
            for _ in range(5):
                server.process.send_signal(signal.SIGINT)
            result = server.stop()
            # The last ones may come when the statistics are being printed, which they may end.
            self.assertIn(result.code, [0, -signal.SIGINT, -signal.SIGTERM])
            self.assertEqual(result.err, "")

    def test_answers_many_clients_at_once(self):
        with Serve() as server:
            clients = [server.connect() for _ in range(50)]
            for number, client in enumerate(clients):
                client.sendall(frame(str(number)))
            for number, client in enumerate(clients):
                self.assertEqual(receive_frame(client), str(number))
                client.close()


class Framing(CommandTest):
    def test_of_a_server_may_be_fixed(self):
        for own in ["prefix", "crc", "lines"]:
            with Serve("--framing", own, "--recv-timeout", "0.2") as server:
                for other in ["prefix", "crc", "lines"]:
                    with self.subTest(server=own, client=other):
                        result = jsocket("send", server.address, "--framing", other, "[1]")
                        if own == other:
                            self.assert_success(result, "[1]\n")
                        else:
                            self.assert_failed(result)

    def test_is_detected_for_each_client(self):
        for arguments in [[], ["--framing", "auto"]]:
            with Serve(*arguments) as server:
                for framing in ["prefix", "crc", "lines"]:
                    self.assert_success(
                        jsocket("send", server.address, "--framing", framing, "[1]"), "[1]\n")

    def test_of_a_web_page_is_none(self):
        with Serve() as server, server.connect() as client:
            client.sendall(b'POST / HTTP/1.1\r\nHost: x\r\n\r\n{"a":1}\n')
            self.assertEqual(receive_to_end(client), b"")


class Hook(CommandTest):
    # sent -> (what the payload hook sends back, what the message hook does; None: hangs up)
    REPLIES = {
        '{"b": 1, "a" : 2}': ('{"b": 1, "a" : 2}', '{"a":2,"b":1}'),
        '{"a":1,"a":2}': ('{"a":1,"a":2}', '{"a":2}'),
        " [1.0, -0.0]\t": (" [1.0, -0.0]\t", "[1.0,-0.0]"),
        "1e2": ("1e2", "100.0"),
        r'"\u00fc"': (r'"\u00fc"', '"\u00fc"'),
        "18446744073709551615": ("18446744073709551615", "18446744073709551615"),
        "18446744073709551616": ("18446744073709551616", None),
        "9" * 400: ("9" * 400, None),
        "1e400": ("1e400", None),
        "null": ("null", "null"),
        "NaN": (None, None),
        "[1,]": (None, None),
        "": (None, None),
        "[" * 129 + "]" * 129: (None, None),
    }

    def reply(self, server, text):
        with server.connect() as client:
            client.sendall(frame(text))
            try:
                return receive_frame(client)
            except (EOFError, ConnectionResetError):
                return None

    def test_payload_sends_texts_back_unchanged(self):
        for arguments in [[], ["--hook", "payload"]]:
            with Serve(*arguments) as server:
                for text, (unchanged, _) in self.REPLIES.items():
                    with self.subTest(text=text[:60]):
                        self.assertEqual(self.reply(server, text), unchanged)

    def test_message_sends_back_what_process_message_sees(self):
        with Serve("--hook", "message") as server:
            for text, (_, changed) in self.REPLIES.items():
                with self.subTest(text=text[:60]):
                    self.assertEqual(self.reply(server, text), changed)


class Limit(CommandTest):
    def test_of_the_message_size_is_exact(self):
        for hook in ["payload", "message"]:
            with Serve("--max-message-size", "10", "--hook", hook) as server, \
                    server.connect() as client:
                client.sendall(frame('"12345678"'))
                self.assertEqual(receive_frame(client), '"12345678"')
                client.sendall(frame('"123456789"'))
                self.assertEqual(receive_to_end(client), b"")

    def test_of_the_message_size_may_be_raised(self):
        text = '"' + "x" * 11_000_000 + '"'
        with Serve("--max-message-size", "12000000") as server, server.connect() as client:
            client.sendall(frame(text))
            self.assertTrue(receive_frame(client) == text)

    def test_of_the_time_a_message_may_stall(self):
        with Serve("--recv-timeout", "0.25") as server, server.connect() as idle, \
                server.connect() as stalling:
            began = time.monotonic()
            stalling.sendall(b"\0\0\0\x09[1")
            self.assertEqual(receive_to_end(stalling), b"")
            took = time.monotonic() - began
            self.assertGreaterEqual(took, 0.25)
            self.assertLess(took, 0.25 + SLACK)
            idle.sendall(frame("1"))
            self.assertEqual(receive_frame(idle), "1")

    def test_of_the_connections_refuses_further_clients(self):
        with Serve("--max-connections", "2", "--stats") as server:
            with server.connect() as first, server.connect() as second:
                for client in [first, second]:
                    client.sendall(frame("1"))
                    self.assertEqual(receive_frame(client), "1")
                with server.connect() as third:
                    self.assertEqual(receive_to_end(third), b"")
                first.sendall(frame("2"))
                self.assertEqual(receive_frame(first), "2")

            def next_client_gets_in():
                with server.connect() as client:
                    try:
                        client.sendall(frame("3"))
                        return receive_frame(client)
                    except (EOFError, ConnectionError):
                        return None

            wait_for(next_client_gets_in, "room for a client")
            self.assertGreaterEqual(server.stop_and_get_stats()["refused_connections"], 1)


class Address(CommandTest):
    def test_in_use_is_a_failure(self):
        with Serve() as server:
            result = jsocket("serve", "--echo", "--bind", server.address)
            self.assert_failed(result, server.address, "in use", "--bind", "port 0")
            self.assert_success(jsocket("send", server.address, "1"), "1\n")

    def test_is_free_again_at_once(self):
        with Serve() as server, server.connect() as client:
            client.sendall(frame("1"))
            receive_frame(client)
            address = server.address
            self.assert_success(server.stop())
        with Serve(bind=address) as server:
            self.assertEqual(server.address, address)

    def test_of_another_machine_is_a_failure(self):
        self.assert_failed(jsocket("serve", "--echo", "--bind", "192.0.2.1:5489"),
                           "192.0.2.1:5489", "--bind", "this machine")

    def test_that_has_no_such_host_is_a_failure(self):
        host = "a" * 64 + ".invalid"
        self.assert_failed(jsocket("serve", "--echo", "--bind", f"{host}:0"), host, "--bind")

    def test_may_be_every_address_of_the_machine(self):
        with Serve(bind="0.0.0.0:0") as server:
            self.assertRegex(server.ready_line, r"\Alistening on 0\.0\.0\.0:[1-9]\d*\n\Z")
            port = server.address.rsplit(":", 1)[1]
            self.assert_success(jsocket("send", f"127.0.0.1:{port}", "1"), "1\n")

    def test_may_be_a_host_name(self):
        with Serve(bind="localhost:0") as server:
            self.assert_success(jsocket("send", server.address, "1"), "1\n")


class Output(CommandTest):
    """Those who wait for the ready line, or for statistics, are not to take nothing for success."""

    def test_that_cannot_be_written_ends_it(self):
        closed = ["sh", "-c", 'exec "$0" "$@" >&-']
        for command in [["serve", "--echo"], ["listen"], ["proxy", "--to", "127.0.0.1:1"]]:
            bind = "--listen" if command[0] == "proxy" else "--bind"
            with self.subTest(command=command), open("/dev/full", "wb") as full:
                self.assert_failed(jsocket(*command, bind, "127.0.0.1:0", stdout=full),
                                   "cannot write to standard output: No space left")
                done = subprocess.run([*closed, COMMAND, *command, bind, "127.0.0.1:0"],
                                      timeout=PATIENCE, stderr=subprocess.PIPE, check=False)
                self.assertEqual(done.returncode, 1)
                self.assertIn(b"standard output: Bad file descriptor", done.stderr)

    def test_that_is_closed_before_statistics_come_is_a_failure(self):
        with Serve("--stats") as server:
            server.process.stdout.close()
            server.process.send_signal(signal.SIGTERM)
            self.assertEqual(server.process.wait(PATIENCE), 1)
            self.assertIn(b"standard output: Broken pipe", server.process.stderr.read())

    def test_that_nobody_reads_does_not_keep_a_second_signal_from_ending_it(self):
        with Serve("--stats") as server:
            for number in range(300):
                with server.connect() as client:
                    client.sendall(frame(f'{{"client":"client {number}"}}'))
                    receive_frame(client)
            server.process.send_signal(signal.SIGTERM)
            wait_for(lambda: self.is_blocked_writing(server.process.pid), "a full pipe")
            server.process.send_signal(signal.SIGTERM)
            self.assertEqual(server.process.wait(PATIENCE), -signal.SIGTERM)

    def is_blocked_writing(self, pid):
        with open(f"/proc/{pid}/wchan", encoding="ascii") as file:
            return "pipe" in file.read()
