# SPDX-License-Identifier: Apache-2.0
"""Servers with names, from a configuration file; and which files are refused."""

import json
import os
import tempfile
import time
import unittest

from clean_environment import clean_environment
from command import SLACK, CommandTest, Serve, frame, jsocket, receive_exactly
from peer import Peer, free_port
from tls_test import Files

SEVERAL = """
# comments, and characters that mean something elsewhere
[contexts.production]
server = "db1.example.org:5489"
framing = "crc"
timeout = 2.5
tls = true
tls-ca = "ca#1.pem"

[contexts.local]
server = 'unix:/run/echo, "too"'
tls = false
timeout = 3
"""


class ContextsTest(CommandTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.path = os.path.join(self.folder, "config.toml")

    def write(self, text):
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(self.path, 0o644)

    def run_with(self, *arguments, **variables):
        variables = variables or {"JSOCKET_CONFIG": self.path}
        return jsocket(*arguments, env=clean_environment(**variables))


class Contexts(ContextsTest):
    def test_are_listed_with_their_servers(self):
        self.write(SEVERAL)
        self.assert_success(self.run_with("contexts"),
                            'local       unix:/run/echo, "too"\n'
                            "production  db1.example.org:5489\n")

    def test_are_listed_as_json(self):
        self.write(SEVERAL)
        result = self.run_with("contexts", "--json")
        self.assert_success(result)
        self.assertEqual(json.loads(result.out), {
            "production": {"server": "db1.example.org:5489", "framing": "crc", "timeout": 2.5,
                           "tls": True, "tls-ca": os.path.join(self.folder, "ca#1.pem")},
            "local": {"server": 'unix:/run/echo, "too"', "timeout": 3}})

    def test_need_no_file(self):
        self.assert_success(self.run_with("contexts", HOME=self.folder), "")
        self.assert_success(self.run_with("contexts", NOTHING="1"), "")

    def test_are_in_the_folder_for_configurations(self):
        self.path = os.path.join(self.folder, ".config", "jsocket", "config.toml")
        os.makedirs(os.path.dirname(self.path))
        self.write('[contexts.home]\nserver = "h:1"\n')
        listed = "home  h:1\n"
        config = os.path.join(self.folder, ".config")
        self.assert_success(self.run_with("contexts", HOME=self.folder), listed)
        self.assert_success(self.run_with("contexts", HOME="/", XDG_CONFIG_HOME=config), listed)
        self.assert_success(
            self.run_with("contexts", HOME=self.folder, XDG_CONFIG_HOME="relative"), listed)
        self.assert_success(self.run_with("contexts", HOME=self.folder, JSOCKET_CONFIG=""), listed)
        self.assert_success(
            self.run_with("contexts", HOME=self.folder, XDG_CONFIG_HOME="/nowhere"), "")

    def test_say_where_to_send_and_how(self):
        wires = []

        def talk(connection):
            wires.append(receive_exactly(connection, 12))
            connection.sendall(wires[-1])

        with Peer(talk) as peer:
            self.write(f'[contexts.a]\nserver = "{peer.address}"\nframing = "crc"\n')
            self.run_with("send", "@a", "[1,2,3,4,5]")
            self.assertEqual(wires.pop()[:4], b"JSN1")
            # The command line knows better.
            self.run_with("send", "@a", "[1,2,3,4,5]", "--framing", "prefix")
            self.assertEqual(wires.pop(), frame("[1,2,3,4,5]")[:12])

    def test_say_how_long_to_wait(self):
        with Peer(lambda connection: connection.recv(100) and connection.recv(100)) as peer:
            self.write(f'[contexts.slow]\nserver = "{peer.address}"\ntimeout = 0.25\n')
            began = time.monotonic()
            self.assert_failed(self.run_with("send", "@slow", "1"), "within 0.25 s")
            self.assertLess(time.monotonic() - began, SLACK)

    def test_know_certificates_beside_the_file(self):
        files = Files(self.folder)
        with Serve(*files.server()) as server:
            self.write(f'[contexts.tls]\nserver = "{server.address}"\ntls = true\n'
                       'tls-ca = "ca.pem"\n')
            self.assert_success(self.run_with("send", "@tls", "[1]"), "[1]\n")

    def test_are_for_bench_and_top_too(self):
        files = Files(self.folder)
        with Serve("--answer-stats", *files.server()) as server:
            self.write(f'[contexts.tls]\nserver = "{server.address}"\ntls = true\n'
                       'tls-ca = "ca.pem"\nframing = "crc"\n')
            result = self.run_with("bench", "@tls", "--json", "--requests", "10")
            self.assert_success(result)
            self.assertEqual(json.loads(result.out)["server"], server.address)
            result = self.run_with("top", "@tls", "--once")
            self.assert_success(result)
            self.assertIn(f"jsocket top  {server.address} ", result.out)
        for command in [["bench"], ["top", "--once"]]:
            self.assert_usage_error(self.run_with(*command, "@nowhere"), '"nowhere"')

    def test_are_no_addresses(self):
        with Serve() as server:
            self.write(f'[contexts.a]\nserver = "@b"\n[contexts.b]\nserver = "{server.address}"\n')
            self.assert_usage_error(self.run_with("send", "@a", "1"), f"{self.path}:2: server: ")


class ContextsRefuse(ContextsTest):
    def assert_refused(self, text, *words, arguments=("contexts",)):
        self.write(text)
        self.assert_usage_error(self.run_with(*arguments), self.path, *words)

    def test_a_name_that_is_not_there(self):
        self.write('[contexts.a]\nserver = "h:1"\n')
        for name in ["@b", "@", "@A", "@a "]:
            with self.subTest(name=name):
                self.assert_usage_error(self.run_with("send", name, "1"), "no context", self.path)
        self.assert_usage_error(self.run_with("send", "@a", "1", HOME=self.folder),
                                "no context", ".config/jsocket/config.toml")
        self.assert_usage_error(self.run_with("send", "@a", "1", NOTHING="1"), "HOME")

    def test_a_file_that_is_named_and_not_there(self):
        self.assert_usage_error(self.run_with("contexts"), self.path, "No such file")
        self.assert_usage_error(self.run_with("contexts", JSOCKET_CONFIG=self.folder),
                                self.folder, "directory")

    def test_what_is_no_toml_and_name_the_line(self):
        for text, line in [("[contexts.a]\nserver = h:1\n", 2), ("[contexts.a\n", 1),
                           ('\n\n[contexts.a]\nserver = "h:1"\nserver = "h:2"\n', 5),
                           ('[contexts.a]\nserver = "h:1\n', 2), ("server\n", 1),
                           ('[contexts.a]\nserver="h:1"\n[contexts.a]\n', 3)]:
            with self.subTest(text=text):
                self.assert_refused(text, f"{self.path}:{line}: ")

    def test_what_is_no_context_and_name_the_line(self):
        for text, words in [
                ('[context.a]\nserver = "h:1"\n', [":1: ", '"context" is unknown']),
                ('server = "h:1"\n', [":1: ", '"server" is unknown']),
                ("contexts = 3\n", [":1: ", "contexts: expected a section"]),
                ("[contexts]\na = 3\n", [":2: ", "a: expected a section"]),
                ('[contexts.a]\nframing = "crc"\n', [":1: ", "context a has no server"]),
                ('[contexts."a b"]\nserver = "h:1"\n', [":1: ", "name of a context"]),
                ('[contexts."$(ls)"]\nserver = "h:1"\n', [":1: ", "name of a context"]),
                ('[contexts.a]\nserver = "h:1"\nframe = "crc"\n',
                 [":3: ", '"frame" is unknown', "tls-host-name"]),
                ('[contexts.a]\nserver = "h:1"\nhelp = true\n', [":3: ", '"help" is unknown']),
                ('[contexts.a]\nserver = "h:1"\njson = true\n', [":3: ", '"json" is unknown']),
                ('[contexts.a]\nserver = ["h:1"]\n', [":2: ", "server: expected a text"]),
                ('[contexts.a]\nserver = "h:1"\ntls = "yes"\n', [":3: ", "tls: expected true"]),
                ('[contexts.a]\nserver = "h:1"\nframing = true\n',
                 [":3: ", "framing: expected a text"])]:
            with self.subTest(text=text):
                self.assert_refused(text, *words)

    def test_values_that_are_wrong_for_their_options(self):
        for setting, words in [
                ('framing = "morse"', [":3: framing: expected prefix, crc or lines"]),
                ('timeout = "soon"', [":3: timeout: expected"]),
                ("timeout = -1", [":3: timeout: expected"]),
                ('tls-ca = "ca.pem"', [":3: tls-ca needs --tls"]),
                ('tls-ca = ""', [":3: tls-ca: expected the path"])]:
            for arguments in [("send", "@a", "1"), ("contexts",)]:
                with self.subTest(setting=setting, arguments=arguments):
                    self.assert_refused(f'[contexts.a]\nserver = "h:1"\n{setting}\n', *words,
                                        arguments=arguments)
        for server in ["h", "h:0", "h:x", "unix:"]:
            for arguments in [("send", "@a", "1"), ("contexts",)]:
                with self.subTest(server=server, arguments=arguments):
                    self.assert_refused(f'[contexts.a]\nserver = "{server}"\n', ":2: server: ",
                                        arguments=arguments)

    def test_a_file_that_others_can_write_to(self):
        holder, port = free_port()
        with holder:
            for mode in [0o664, 0o646, 0o666, 0o620]:
                with self.subTest(mode=oct(mode)):
                    self.write(f'[contexts.a]\nserver = "127.0.0.1:{port}"\n')
                    os.chmod(self.path, mode)
                    for arguments in [["contexts"], ["send", "@a", "1"]]:
                        self.assert_usage_error(self.run_with(*arguments), self.path,
                                                "others can write to it")

    @unittest.skipUnless(os.geteuid() == 0, "only root can give files away")
    def test_a_file_of_somebody_else(self):
        self.write('[contexts.a]\nserver = "h:1"\n')
        os.chown(self.path, 65534, 65534)
        self.assert_usage_error(self.run_with("contexts"), self.path, "another user")

    def test_a_file_without_end(self):
        self.assert_usage_error(self.run_with("contexts", JSOCKET_CONFIG=self.path + "x"), "x")
        self.write("# " + "x" * (1 << 20))
        self.assert_usage_error(self.run_with("contexts"), self.path, "1 MiB")


if __name__ == "__main__":
    unittest.main()
