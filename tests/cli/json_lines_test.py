# SPDX-License-Identifier: Apache-2.0
"""`--json`, which every command takes: diagnostics and ready lines for programs."""

import json
import os
import socket
import tempfile

from command import CommandTest, Listening, Serve, frame, jsocket
from peer import Peer, free_port


def answering(reply):
    def talk(connection):
        connection.recv(100)
        connection.sendall(reply)
        connection.shutdown(socket.SHUT_WR)
        connection.recv(100)
    return Peer(talk)


class JsonLines(CommandTest):
    def assert_complains_in_json(self, result, code, kind, *words):
        self.assertEqual((result.code, result.out), (code, ""), result)
        self.assertEqual(result.err.count("\n"), 1, result)
        line = json.loads(result.err)
        self.assertEqual(set(line), {"error"})
        self.assertEqual(set(line["error"]), {"kind", "message"})
        self.assertEqual(line["error"]["kind"], kind)
        for word in words:
            self.assertIn(word, line["error"]["message"])

    def test_can_be_asked_for_before_the_command(self):
        with Serve("--answer-stats") as server:
            for command in [["bench", server.address, "--requests", "1", "--connections", "1"],
                            ["top", "--once", server.address], ["contexts"]]:
                result = jsocket("--json", *command)
                self.assert_success(result)
                self.assertIsInstance(json.loads(result.out), dict)

    def test_are_for_wrong_usage_too(self):
        for arguments, word in [(["--json"], "no command"), (["send", "--json"], "SERVER"),
                                (["--json", "send"], "SERVER"), (["frob", "--json"], "frob"),
                                (["send", "h:1", "{", "--json"], "JSON"),
                                (["serve", "--json"], "--echo")]:
            with self.subTest(arguments=arguments):
                self.assert_complains_in_json(jsocket(*arguments), 2, "usage", word)

    def test_say_what_kind_of_failure_it_was(self):
        holder, port = free_port()
        with holder:
            self.assert_complains_in_json(jsocket("send", f"127.0.0.1:{port}", "1", "--json"),
                                          1, "connect", "refused")
            result = jsocket("bench", f"127.0.0.1:{port}", "--json", "--connections", "2")
            self.assertEqual(json.loads(result.err)["error"]["kind"], "connect", result)
        for reply, kind in [(b"", "connection"), (frame("1")[:3], "connection"),
                            (frame("{"), "protocol"), (b"\xff\xff\xff\xff", "protocol")]:
            with self.subTest(reply=reply), answering(reply) as peer:
                self.assert_complains_in_json(jsocket("send", peer.address, "1", "--json"), 1, kind)
        with Peer(lambda connection: connection.recv(100) and connection.recv(100)) as peer:
            self.assert_complains_in_json(
                jsocket("send", peer.address, "1", "--json", "--timeout", "0.2"), 1, "timeout")

    def test_change_no_data(self):
        with Serve() as server:
            self.assert_success(jsocket("send", server.address, "[1.0]", "--json"), "[1.0]\n")

    def test_are_not_asked_for_behind_two_dashes(self):
        self.assert_usage_error(jsocket("send", "h:1", "--", "--json"), "JSON")

    def test_are_utf_8_whatever_is_quoted(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder.encode(), b"\xff\n\"")
            result = jsocket("replay", path, "--json")
        self.assert_complains_in_json(result, 2, "usage", "\ufffd\n\"")

    def test_say_who_listens(self):
        with Serve("--json") as server, tempfile.TemporaryDirectory() as folder:
            address = json.loads(server.ready_line)["listening"]
            self.assertRegex(address, r"\A127\.0\.0\.1:\d+\Z")
            self.assertEqual(server.ready_line, json.dumps({"listening": address},
                                                           separators=(",", ":")) + "\n")
            self.assert_success(jsocket("send", address, "1"), "1\n")
            recording = os.path.join(folder, "talk.jsonl")
            with Listening("proxy", "--to", address, "--listen", "127.0.0.1:0", "--json",
                           "--record", recording) as proxy:
                through = json.loads(proxy.ready_line)["listening"]
                self.assert_success(jsocket("send", through, "2"), "2\n")
                self.assert_success(proxy.stop(), "")
            for command in [["replay", recording], ["listen", "--bind", "127.0.0.1:0"]]:
                with Listening(*command, "--json") as other:
                    self.assertEqual(list(json.loads(other.ready_line)), ["listening"])

    def test_tell_of_what_a_server_survives(self):
        holder, port = free_port()
        with holder, Listening("proxy", "--to", f"127.0.0.1:{port}", "--listen", "127.0.0.1:0",
                               "--json") as proxy:
            address = json.loads(proxy.ready_line)["listening"]
            self.assertEqual(jsocket("send", address, "1").code, 1)
            result = proxy.stop()
            self.assert_complains_in_json(result, 0, "warning", "cannot connect")
