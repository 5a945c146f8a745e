# SPDX-License-Identifier: Apache-2.0
"""`jsocket send SERVER -`: a message a line."""

import subprocess
import time

from command import (COMMAND, PATIENCE, CommandTest, Serve, frame, jsocket, read_line,
                     receive_frame)
from peer import Peer, free_port


class SendLines(CommandTest):
    def test_prints_a_reply_for_each_line(self):
        lines = [f'{{"number":{n},"text":"line {n}"}}' for n in range(1000)]
        text = "".join(line + "\n" for line in lines)
        with Serve() as server:
            for framing in ["prefix", "crc", "lines"]:
                with self.subTest(framing=framing):
                    self.assert_success(
                        jsocket("send", server.address, "--framing", framing, "-", stdin=text),
                        text)

    def test_keeps_one_connection_for_all(self):
        with Serve("--stats") as server:
            self.assert_success(jsocket("send", server.address, "-", stdin="1\n2\n3\n"))
            stats = server.stop_and_get_stats()
        (client,) = stats["clients"].values()
        self.assertEqual((client["connects"], client["messages_in"]), (1, 3))

    def test_keeps_numbers_and_the_order_of_members(self):
        big = "9" * 400
        with Serve() as server:
            self.assert_success(
                jsocket("send", server.address, "-",
                        stdin=f'{{"b" : 1.0, "a" : -0.0}}\n[{big}, 1e400]\n"gr\u00fc\u00df"\n'),
                f'{{"b":1.0,"a":-0.0}}\n[{big},1e400]\n"gr\u00fc\u00df"\n')

    def test_passes_over_blank_lines(self):
        with Serve() as server:
            self.assert_success(
                jsocket("send", server.address, "-", stdin="\n1\n\n  \t\r\n2\r\n\n3"), "1\n2\n3\n")

    def test_does_not_even_connect_without_a_message(self):
        holder, port = free_port()
        with holder:
            for text in ["", "\n", " \n\n"]:
                self.assert_success(jsocket("send", f"127.0.0.1:{port}", "-", stdin=text), "")

    def test_prints_each_reply_at_once(self):
        with Serve() as server:
            command = subprocess.Popen([COMMAND, "send", server.address, "-"],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            with command:
                for number in [b"1\n", b"22\n", b"333\n"]:
                    command.stdin.write(number)
                    command.stdin.flush()
                    self.assertEqual(read_line(command.stdout), number)
                command.stdin.close()
                self.assertEqual(command.wait(PATIENCE), 0)

    def test_stops_at_a_bad_line_and_says_which(self):
        with Serve() as server:
            for bad in ["{", "1 2", '"\x01"', "[" * 129 + "]" * 129]:
                result = jsocket("send", server.address, "-", stdin=f"1\n\n2\n{bad}\n3\n")
                self.assert_usage_error(result, "line 4", out="1\n2\n")

    def test_refuses_a_line_that_is_too_big_and_says_which(self):
        most = 10 * 1024 * 1024
        fits = '"' + "x" * (most - 2) + '"\n'
        with Serve() as server:
            result = jsocket("send", server.address, "-", stdin=fits)
            self.assertTrue(result.out == fits, result)
            self.assert_success(result)
            result = jsocket("send", server.address, "-", stdin="1\n" + "  " + '"x' + fits[1:])
            self.assert_usage_error(result, "line 2", str(most), out="1\n")

    def test_fails_when_the_server_leaves_and_keeps_what_it_got(self):
        def answer_once(connection):
            receive_frame(connection)
            connection.sendall(frame("1"))

        with Peer(answer_once) as peer:
            self.assert_failed(jsocket("send", peer.address, "-", stdin="1\n2\n"),
                               "socket connection broken", out="1\n")
            self.assertEqual(peer.accepted, 1)

    def test_gives_each_message_its_own_time(self):
        def answer_slowly(connection):
            while True:
                message = receive_frame(connection)
                peer.stopping.wait(0.5)
                connection.sendall(frame(message))

        with Peer(answer_slowly) as peer:
            began = time.monotonic()
            self.assert_success(jsocket("send", peer.address, "--timeout", "1.5", "-",
                                        stdin="1\n2\n3\n4\n"), "1\n2\n3\n4\n")
            self.assertGreater(time.monotonic() - began, 1.5)

    def test_gives_up_on_the_message_that_gets_no_reply(self):
        def answer_once(connection):
            connection.sendall(frame(receive_frame(connection)))
            peer.stopping.wait()

        with Peer(answer_once) as peer:
            self.assert_failed(jsocket("send", peer.address, "--timeout", "0.5", "-",
                                       stdin="1\n2\n"), "0.5 s", out="1\n")
