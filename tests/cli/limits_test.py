# SPDX-License-Identifier: Apache-2.0
"""jsocket serve: who may connect, how many, and for how long."""

import os
import tempfile
import time

from command import CommandTest, Serve, frame, jsocket, receive_frame, receive_to_end


class Limits(CommandTest):
    def test_are_in_the_help(self):
        result = jsocket("serve", "--help")
        for option in ["--idle-timeout", "--max-connections-per-peer", "--allow-uid"]:
            self.assertIn(option, result.out)

    def test_disconnect_an_idle_client(self):
        with Serve("--idle-timeout", "0.2", "--stats") as server:
            start = time.monotonic()
            with server.connect() as connection:
                connection.sendall(frame("[1]"))
                self.assertEqual(receive_frame(connection), "[1]")
                self.assertEqual(receive_to_end(connection), b"")
            self.assertGreaterEqual(time.monotonic() - start, 0.19)
            (client,) = server.stop_and_get_stats()["clients"].values()
            self.assertEqual(client["failures"]["timeout"], 1)

    def test_count_the_connections_of_an_address(self):
        with Serve("--max-connections-per-peer", "2", "--stats") as server:
            first, second = server.connect(), server.connect()
            with first, second:
                for connection in [first, second]:
                    connection.sendall(frame("1"))
                    self.assertEqual(receive_frame(connection), "1")
                with server.connect() as third:
                    self.assertEqual(receive_to_end(third), b"")
            self.assertEqual(server.stop_and_get_stats()["refused_connections"], 1)

    def test_refuse_what_is_no_number(self):
        for option in ["--idle-timeout", "--max-connections-per-peer"]:
            for text in ["0", "-1", "", "x", "99999999999999999999"]:
                with self.subTest(option=option, text=text):
                    self.assert_usage_error(jsocket("serve", "--echo", option, text), option)

    def test_of_users_need_a_unix_socket(self):
        self.assert_usage_error(jsocket("serve", "--echo", "--allow-uid", "0"),
                                "--allow-uid", "--bind unix:PATH")


class Users(CommandTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.address = "unix:" + os.path.join(folder.name, "echo.sock")

    def serve(self, *uids):
        options = [word for uid in uids for word in ("--allow-uid", str(uid))]
        return Serve(*options, bind=self.address)

    def test_that_are_allowed_are_served(self):
        with self.serve(os.getuid() + 1, os.getuid()):
            self.assert_success(jsocket("send", self.address, "1"), "1\n")

    def test_that_are_not_are_refused(self):
        with self.serve(os.getuid() + 1, os.getuid() + 2):
            self.assert_failed(jsocket("send", self.address, "1"), "broken")

    def test_without_a_number_are_let_in_only_on_request(self):
        with open("/proc/sys/kernel/overflowuid", encoding="ascii") as file:
            overflow = file.read().strip()
        options = ["--allow-uid", overflow, "--allow-uid", str(os.getuid())]
        self.assert_usage_error(jsocket("serve", "--echo", "--bind", self.address, *options),
                                f"--allow-uid is given {overflow}", "--allow-overflow-uid")
        with Serve("--allow-overflow-uid", *options, bind=self.address):
            self.assert_success(jsocket("send", self.address, "1"), "1\n")

    def test_may_all_be_let_in_by_the_files_permissions(self):
        path = self.address.removeprefix("unix:")
        with self.serve():
            self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        with Serve("--unix-mode", "0666", bind=self.address):
            self.assertEqual(os.stat(path).st_mode & 0o777, 0o666)
        for text in ["8", "1000", "", "rw", "-1"]:
            with self.subTest(text=text):
                self.assert_usage_error(
                    jsocket("serve", "--echo", "--bind", self.address, "--unix-mode", text),
                    "--unix-mode")

    def test_are_numbers(self):
        for text in ["-1", "", "root", "1.5", "4294967295"]:
            with self.subTest(text=text):
                self.assert_usage_error(
                    jsocket("serve", "--echo", "--bind", self.address, "--allow-uid", text),
                    "--allow-uid")
