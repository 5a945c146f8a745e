# SPDX-License-Identifier: Apache-2.0
"""`jsocket listen`: what it prints, what it replies, and when it ends."""

import json
import os
import pathlib
import re
import select
import signal
import subprocess
import tempfile
import time
import unittest

from command import (COMMAND, PATIENCE, CommandTest, Listening, frame, jsocket, receive_frame,
                     receive_to_end, wait_for)
from tls_test import Files


class Listen(Listening):
    """A `jsocket listen` on a free port."""

    def __init__(self, *arguments, bind="127.0.0.1:0"):
        super().__init__("listen", "--bind", bind, *arguments)
        self._read = b""
        if "--json" in arguments:
            self.address = json.loads(self.ready_line)["listening"]

    def line(self):
        """The next line, of which several may have come at once."""
        while b"\n" not in self._read:
            ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE)
            piece = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            if not piece:
                raise AssertionError(f"still waiting for a line, with {self._read!r}")
            self._read += piece
        line, self._read = self._read.split(b"\n", 1)
        return line.decode() + "\n"

    def event(self):
        return json.loads(self.line())


class ListenTest(CommandTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "rules")

    def write(self, *rules):
        """One rule a line."""
        with open(self.path, "w", encoding="utf-8") as file:
            for rule in rules:
                file.write((rule if isinstance(rule, str) else json.dumps(rule)) + "\n")

    def mock(self, *rules, options=()):
        self.write(*rules)
        return Listen("--rules", self.path, *options)

    def ask(self, mock, message):
        """The reply to a message, on a connection of its own."""
        result = jsocket("send", mock.address, json.dumps(message))
        self.assert_success(result)
        return json.loads(result.out)


class Prints(ListenTest):
    def test_where_it_listens_and_then_each_message_on_a_line(self):
        with Listen() as server, server.connect() as client:
            self.assertRegex(server.ready_line, r"\Alistening on 127\.0\.0\.1:\d+\n\Z")
            for text, line in [('{"b": 1.0,\n "a": [ ] }', '{"b":1.0,"a":[]}\n'),
                               ("1" * 100, "1" * 100 + "\n"), ("null", "null\n")]:
                client.sendall(frame(text))
                self.assertEqual(server.line(), line)
            self.assert_success(server.stop(), "")

    def test_messages_of_every_framing_and_over_unix(self):
        with tempfile.TemporaryDirectory() as folder:
            with Listen("--default", "2", bind=f"unix:{folder}/s") as server:
                for framing in ["prefix", "crc", "lines"]:
                    self.assert_success(
                        jsocket("send", server.address, "--framing", framing, "[1]"), "2\n")
                    self.assertEqual(server.line(), "[1]\n")

    def test_over_tls(self):
        with tempfile.TemporaryDirectory() as folder:
            files = Files(folder)
            with Listen(*files.server(), "--default", "2") as server:
                self.assert_success(jsocket("send", server.address, *files.client(), "1"), "2\n")
                self.assertEqual(server.line(), "1\n")

    def test_events_as_json(self):
        began = time.time()
        with Listen("--json", "--default", "0") as server:
            for number in [1, 2]:
                with server.connect() as client:
                    peer = "127.0.0.1:" + str(client.getsockname()[1])
                    client.sendall(frame('{"z": 1.0, "a": 1}'))
                    receive_frame(client)
                common = {"connection": number, "peer": peer}
                for event, more in [("connect", {}), ("message", {"message": {"z": 1.0, "a": 1}}),
                                    ("disconnect", {})]:
                    line = server.line()
                    if more:
                        self.assertIn('"message":{"z":1.0,"a":1}}\n', line)
                    found = json.loads(line)
                    self.assertTrue(began - 1 <= found.pop("time") <= time.time() + 1)
                    self.assertEqual(found, {"event": event, **common, **more})
            self.assert_success(server.stop(), "")

    def test_which_rule_an_event_led_to(self):
        with self.mock({"when": {"a": 1}, "reply": 1}, {"reply": 2}, options=["--json"]) as mock:
            for message, rule in [({"a": 1}, 1), (5, 2)]:
                self.ask(mock, message)
                events = [mock.event() for _ in range(3)]
                self.assertEqual(events[1]["rule"], rule)

    def test_why_a_client_is_disconnected(self):
        with Listen("--json") as server, server.connect() as client:
            client.sendall(b"[1\n")
            self.assertEqual(receive_to_end(client), b"")
            self.assertEqual(server.event()["event"], "connect")
            end = server.event()
            self.assertEqual(end["event"], "disconnect")
            self.assertIn("JSON", end["error"])
            result = server.stop()
            self.assertEqual(result.code, 0)
            told = json.loads(result.err)["error"]
            self.assertEqual(told["kind"], "warning")
            self.assertRegex(told["message"], r"\A127[^\n]* is disconnected: [^\n]*JSON")

    def test_once_a_second_that_clients_are_disconnected(self):
        clients = 100
        with Listen() as server:
            began = time.monotonic()
            for _ in range(clients):
                with server.connect() as client:
                    client.sendall(b"[1\n")
                    self.assertEqual(receive_to_end(client), b"")
            lines = server.stop().err.splitlines()
            seconds = time.monotonic() - began
        self.assertLessEqual(len(lines), int(seconds) + 2, lines)
        told = sum("is disconnected" in line for line in lines)
        told += sum(int(number) for line in lines for number in re.findall(r"(\d+) more", line))
        self.assertEqual(told, clients, lines)

    def test_what_a_slow_reader_takes_and_loses_nothing(self):
        text = '"' + "x" * 1000 + '"'
        count = 2000  # far more than pipe and sockets hold
        with Listen() as server, server.connect() as client:
            sender = subprocess.Popen(
                ["sh", "-c", f"for i in $(seq {count}); do echo '{text}'; done"],
                stdout=client.fileno())
            lines = 0
            for line in server.process.stdout:
                self.assertEqual(line.decode(), text + "\n")
                lines += 1
                if lines == count:
                    break
            self.assertEqual(sender.wait(PATIENCE), 0)
            self.assert_success(server.stop(), "")


class Ends(ListenTest):
    def test_on_signals(self):
        for number in [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]:
            with Listen() as server, server.connect() as client:
                client.sendall(b"1\n")
                self.assertEqual(server.line(), "1\n")
                self.assert_success(server.stop(number), "")

    def test_after_as_many_messages_as_it_is_told(self):
        lines = b"".join(b"%d\n" % number for number in range(1, 1000))
        for _ in range(20):  # as it would not stop at once each time without counting
            with Listen("--count", "3", "--default", '"${}"') as server, \
                    server.connect() as client:
                client.sendall(lines)
                self.assertEqual(receive_to_end(client), b"1\n2\n3\n")
                out, err = server.process.communicate(timeout=PATIENCE)
                self.assertEqual((server.process.returncode, out, err), (0, b"1\n2\n3\n", b""))

    def test_with_an_error_when_nobody_takes_its_lines_any_more(self):
        with Listen() as server, server.connect() as client:
            server.process.stdout.close()
            client.sendall(b"1\n")
            self.assertEqual(server.process.wait(PATIENCE), 1)
            self.assertRegex(server.process.stderr.read().decode(),
                             r"\Ajsocket: cannot write to standard output: [^\n]+\n\Z")

    def test_at_the_second_signal_if_nobody_reads_its_lines(self):
        with Listen() as server, server.connect() as client:
            client.setblocking(False)
            sent = [0]

            def full():
                try:
                    sent[0] += client.send(b'"' + b"x" * 10000 + b'"\n')
                except BlockingIOError:
                    return True
                return False

            wait_for(full, "full buffers")
            server.process.send_signal(signal.SIGTERM)
            # Only with the first one taken does the second end the process.
            status = pathlib.Path(f"/proc/{server.process.pid}/status")
            wait_for(lambda: "SigBlk:\t0000000000000000" in status.read_text(encoding="ascii"),
                     "the first signal to be taken")
            server.process.send_signal(signal.SIGTERM)
            self.assertEqual(server.process.wait(PATIENCE), -signal.SIGTERM)


class Rules(ListenTest):
    def test_reply_to_what_has_all_members_of_when(self):
        with self.mock({"when": {"method": "add", "params": {"to": {"x": 1}}}, "reply": "nested"},
                       {"when": {"method": "add"}, "reply": "add"},
                       {"when": [1, 2], "reply": "array"},
                       {"when": {"list": [1, {"a": 1}]}, "reply": "list"},
                       {"when": 5, "reply": "number"},
                       {"reply": "other"}) as mock:
            for message, reply in [
                    ({"method": "add", "params": {"to": {"x": 1, "y": 2}}, "id": 1}, "nested"),
                    ({"method": "add", "params": {"to": {"y": 2}}}, "add"),
                    ({"method": "add", "params": [1]}, "add"),
                    ({"method": "sub"}, "other"),
                    ([1, 2], "array"), ([1, 2, 3], "other"), ([2, 1], "other"),
                    ({"list": [1, {"a": 1}]}, "list"), ({"list": [1, {"a": 1, "b": 2}]}, "other"),
                    (5, "number"), (5.0, "number"), ("5", "other"), (None, "other")]:
                with self.subTest(message=message):
                    self.assertEqual(self.ask(mock, message), reply)

    def test_fill_in_what_the_message_has(self):
        with self.mock({"reply": {"id": "${/id}", "all": "${}", "deep": ["${/a/b/1}"],
                                  "missing": "${/c/d}", "text": "x ${/id}", "open": "${/id",
                                  "escaped": "$${/id}", "${/id}": 1, "slash": "${/x~1y}",
                                  "past": "${/a/b/9}"}}) as mock:
            for number in [7, 1.5, "s", None, {"k": []}]:
                message = {"id": number, "a": {"b": [1, {"c": 2}]}, "x/y": True}
                self.assertEqual(self.ask(mock, message), {
                    "id": number, "all": message, "deep": [{"c": 2}], "missing": None,
                    "text": "x ${/id}", "open": "${/id", "escaped": "${/id}", "${/id}": 1,
                    "slash": True, "past": None})

    def test_hold_as_often_as_they_say_over_all_connections(self):
        with self.mock({"times": 2, "reply": "first"}, {"times": 1, "reply": "then"},
                       {"reply": "ever after"}) as mock:
            replies = [self.ask(mock, 0) for _ in range(5)]
            self.assertEqual(replies, ["first", "first", "then", "ever after", "ever after"])

    def test_close_the_connection_after_the_reply(self):
        with self.mock({"when": {"bye": 1}, "reply": "bye", "close": True},
                       {"when": "cut", "close": True}, {"reply": 0}) as mock:
            for text, reply in [(b'{"bye":1}\n', b'"bye"\n'), (b'0\n"cut"\n', b"0\n")]:
                with mock.connect() as client:
                    client.sendall(text)
                    self.assertEqual(receive_to_end(client), reply)
            self.assert_success(mock.stop())

    def test_without_a_reply_take_messages_silently(self):
        with self.mock({"when": {"method": "notify"}}, {"reply": 1}) as mock, \
                mock.connect() as client:
            client.sendall(b'{"method":"notify"}\n{"method":"ask"}\n')
            self.assertEqual(client.recv(100), b"1\n")
            self.assertEqual(mock.stop().err, "")

    def test_leave_the_rest_to_the_default(self):
        with self.mock({"when": 1, "reply": "one"}, options=["--default", '["${}"]']) as mock:
            self.assertEqual([self.ask(mock, 1), self.ask(mock, 2)], ["one", [2]])
            self.assertEqual(mock.stop().err, "")

    def test_complain_once_per_connection_about_what_none_is_for(self):
        with self.mock({"when": 1, "reply": "one"}) as mock:
            with mock.connect() as client:
                client.sendall(b'{"a": 2}\n3\n1\n')
                self.assertEqual(client.recv(100), b'"one"\n')
            result = mock.stop()
            self.assertRegex(result.err, r'\Ajsocket: no rule is for {"a":2} from 127[^\n]+\n\Z')

    def test_do_not_apply_to_numbers_that_no_tree_can_hold(self):
        with self.mock({"reply": "any"}) as mock, mock.connect() as client:
            client.sendall(b"[99999999999999999999]\n1\n")
            self.assertEqual(client.recv(100), b'"any"\n')
            self.assertEqual(mock.line(), "[99999999999999999999]\n")
            self.assertRegex(mock.stop().err, "no rule is for [^\n]+, since rules cannot look at it: ")

    def test_may_be_one_array(self):
        self.write("[", '  {"when": 1, "reply": "one"},', '  {"reply": "other"}', "]")
        with Listen("--rules", self.path) as mock:
            self.assertEqual([self.ask(mock, 1), self.ask(mock, 2)], ["one", "other"])

    def test_mock_a_json_rpc_server(self):
        with self.mock(
                {"when": {"jsonrpc": "2.0", "method": "answer"},
                 "reply": {"jsonrpc": "2.0", "id": "${/id}", "result": 42}},
                {"when": {"jsonrpc": "2.0"},
                 "reply": {"jsonrpc": "2.0", "id": "${/id}",
                           "error": {"code": -32601, "message": "Method not found"}}}) as mock:
            self.assertEqual(self.ask(mock, {"jsonrpc": "2.0", "method": "answer", "id": "a"}),
                             {"jsonrpc": "2.0", "id": "a", "result": 42})
            reply = self.ask(mock, {"jsonrpc": "2.0", "method": "x", "id": 3})
            self.assertEqual((reply["id"], reply["error"]["code"]), (3, -32601))


class UsageError(ListenTest):
    def assert_refused(self, *words):
        result = jsocket("listen", "--bind", "127.0.0.1:0", "--rules", self.path)
        self.assert_usage_error(result, "--rules", self.path, *words)

    def test_for_a_wrong_rule_names_file_and_rule_and_what_is_wrong(self):
        for rule, words in [("[1]", ["rule 1", "no object"]),
                            ('[{}, {"whan": 1}]', ["rule 2", "whan", "when"]),
                            ('{"reply":"${id}"}', ["rule 1", "line 1", "${id}", "Pointer"]),
                            ('\n{}\n{"reply":[{"a":"${/~2}"}]}', ["rule 2", "line 3", "${/~2}"]),
                            ('{"times":0}', ["rule 1", "times"]), ('{"times":-1}', ["times"]),
                            ('{"times":1.5}', ["times"]), ('{"close":1}', ["close"]),
                            ("[{}", ["invalid JSON"]), ('{}\n{"a"', ["line 2"]), ("", ["no rule"]),
                            ("[]", ["no rule"]), ("// all", ["line 1"]), ("[{},]", [])]:
            with self.subTest(rule=rule):
                self.write(rule)
                self.assert_refused(*words)

    def test_for_a_file_that_cannot_be_read(self):
        self.assert_refused("No such file")
        os.mkdir(self.path)
        self.assert_refused("Is a directory")

    def test_for_a_wrong_option(self):
        for arguments in [["--default", "x"], ["--default", '"${x}"'], ["--count", "0"],
                          ["--bind", "x"], ["--framing", "x"], ["--tls-key", "x"]]:
            self.assert_usage_error(jsocket("listen", *arguments), arguments[0])

    def test_is_none_if_the_port_is_taken_but_a_failure(self):
        with Listen() as server:
            self.assert_failed(jsocket("listen", "--bind", server.address), server.address,
                               "in use", "--bind")

    def test_is_none_if_nobody_reads_the_first_line_but_a_failure(self):
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run([COMMAND, "listen", "--bind", "127.0.0.1:0"], stdout=writer,
                              stderr=subprocess.PIPE, timeout=PATIENCE, check=False)
        os.close(writer)
        self.assertEqual(done.returncode, 1)


if __name__ == "__main__":
    unittest.main()
