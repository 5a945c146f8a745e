# SPDX-License-Identifier: Apache-2.0
"""The command and UNIX-domain sockets."""

import os
import signal
import socket
import stat
import tempfile

from command import CommandTest, Serve, jsocket, wait_for


class UnixSocket(CommandTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.path = os.path.join(folder.name, "echo.sock")
        self.address = "unix:" + self.path

    def serve(self, *arguments):
        return Serve(*arguments, bind=self.address)

    def test_carries_messages(self):
        with self.serve() as server:
            self.assertEqual(server.ready_line, f"listening on {self.address}\n")
            for framing in ["prefix", "crc", "lines"]:
                self.assert_success(
                    jsocket("send", self.address, "--framing", framing, "[1]"), "[1]\n")
            self.assert_success(server.stop(), "")

    def test_is_for_its_owner_alone(self):
        with self.serve():
            self.assertEqual(stat.S_IMODE(os.stat(self.path).st_mode), 0o600)

    def test_is_removed_at_the_end(self):
        with self.serve() as server:
            self.assert_success(server.stop())
        self.assertEqual(os.listdir(self.folder), [])

    def test_of_a_running_server_is_left_alone(self):
        with self.serve():
            before = os.stat(self.path).st_ino
            self.assert_failed(jsocket("serve", "--echo", "--bind", self.address),
                               self.path, "in use", "--bind")
            self.assertEqual(os.stat(self.path).st_ino, before)
            self.assert_success(jsocket("send", self.address, "1"), "1\n")

    def test_left_behind_by_a_killed_server_is_replaced(self):
        with self.serve() as server:
            server.stop(signal.SIGKILL)
        self.assertTrue(stat.S_ISSOCK(os.stat(self.path).st_mode))
        with self.serve() as server:
            self.assertEqual(server.ready_line, f"listening on {self.address}\n")
            self.assert_success(jsocket("send", self.address, "1"), "1\n")
            self.assert_success(server.stop())
        self.assertEqual(os.listdir(self.folder), [])

    def test_does_not_replace_a_file_of_another_kind(self):
        with open(self.path, "w", encoding="ascii") as file:
            file.write("precious")
        self.assert_failed(jsocket("serve", "--echo", "--bind", self.address), self.path, "--bind")
        with open(self.path, encoding="ascii") as file:
            self.assertEqual(file.read(), "precious")

    def test_needs_a_folder_that_exists(self):
        address = self.address.replace("echo.sock", "missing/echo.sock")
        self.assert_failed(jsocket("serve", "--echo", "--bind", address), "missing", "--bind")

    def test_that_is_missing_fails_a_client(self):
        self.assert_failed(jsocket("send", self.address, "1"), self.path)

    def test_without_a_server_fails_a_client(self):
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self.path)
        self.assert_failed(jsocket("send", self.address, "1"), self.path, "refused")

    def test_counts_clients_by_name(self):
        with self.serve("--stats") as server:
            self.assert_success(jsocket("send", self.address, '{"client":"a"}'))
            clients = server.stop_and_get_stats()["clients"]
        self.assertEqual(list(clients), ["a"])

    def test_may_be_named_relative_to_the_working_directory(self):
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.folder)
        with Serve(bind="unix:echo.sock") as server:
            self.assertEqual(server.ready_line, "listening on unix:echo.sock\n")
            self.assert_success(jsocket("send", "unix:echo.sock", "1"), "1\n")

    def test_may_have_a_name_of_any_characters(self):
        path = os.path.join(self.folder, "gr\u00fc\u00df e:1")
        with Serve("--stats", bind="unix:" + path) as server:
            self.assertEqual(server.ready_line, f"listening on unix:{path}\n")
            self.assert_success(jsocket("send", "unix:" + path, "1"), "1\n")
            wait_for(lambda: os.path.exists(path), "the socket")
            self.assertEqual(len(server.stop_and_get_stats()["clients"]), 1)
