# SPDX-License-Identifier: Apache-2.0
"""The command over TLS, with openssl(1) for certificates and as a foreign client."""

import os
import signal
import subprocess
import tempfile
import unittest

from command import (CommandTest, PATIENCE, Serve, jsocket, read_line, receive_to_end)
from peer import Peer

SERVE_OPTIONS = ["--tls-certificate", "--tls-key", "--tls-client-ca", "--tls-plain-too"]
SEND_OPTIONS = ["--tls", "--tls-ca", "--tls-certificate", "--tls-key", "--tls-host-name"]


def openssl(*arguments, stdin=b""):
    """What openssl(1) prints; an error is one of the test."""
    done = subprocess.run(["openssl", *arguments], input=stdin, capture_output=True,
                          timeout=PATIENCE, check=False)
    if done.returncode != 0:
        raise AssertionError(f"openssl {arguments[0]}: {done.stderr.decode()}")
    return done.stdout.decode()


class Files:
    """An authority, and certificates that it signs."""

    def __init__(self, folder):
        self.folder = folder
        self.new_key("ca")
        openssl("req", "-x509", "-key", self["ca.key"], "-days", "2", "-subj", "/CN=Test CA",
                "-out", self["ca.pem"])
        self.issue("server", "subjectAltName=DNS:localhost,IP:127.0.0.1")
        self.issue("client", "extendedKeyUsage=clientAuth")

    def __getitem__(self, name):
        return os.path.join(self.folder, name)

    def new_key(self, name):
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
                "-out", self[name + ".key"])

    def issue(self, name, extension, subject=None):
        self.new_key(name)
        with open(self["extension"], "w", encoding="ascii") as file:
            file.write(extension)
        request = openssl("req", "-new", "-key", self[name + ".key"],
                          "-subj", f"/CN={subject or name}")
        openssl("x509", "-req", "-CA", self["ca.pem"], "-CAkey", self["ca.key"],
                "-CAcreateserial", "-days", "2", "-extfile", self["extension"],
                "-out", self[name + ".pem"], stdin=request.encode())

    def server(self):
        return ["--tls-certificate", self["server.pem"], "--tls-key", self["server.key"]]

    def client(self):
        return ["--tls", "--tls-ca", self["ca.pem"]]

    def own(self):
        return ["--tls-certificate", self["client.pem"], "--tls-key", self["client.key"]]


class TlsTest(CommandTest):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.files = Files(folder.name)

    def send(self, server, *options, message="[1]"):
        return jsocket("send", server.address, *self.files.client(), *options, message)


class Tls(TlsTest):
    def test_options_are_in_the_help(self):
        for command, options in [("serve", SERVE_OPTIONS), ("send", SEND_OPTIONS)]:
            result = jsocket(command, "--help")
            for option in options:
                self.assertIn(option, result.out)

    def test_carries_messages(self):
        with Serve(*self.files.server()) as server:
            for framing in ["prefix", "crc", "lines"]:
                self.assert_success(self.send(server, "--framing", framing), "[1]\n")
            self.assert_success(server.stop(), "")

    def test_carries_messages_over_a_unix_socket(self):
        address = "unix:" + self.files["echo.sock"]
        with Serve(*self.files.server(), bind=address) as server:
            self.assert_success(self.send(server, "--tls-host-name", "localhost"), "[1]\n")
            self.assert_usage_error(self.send(server), "--tls-host-name is missing")

    def test_carries_statistics(self):
        with Serve("--answer-stats", *self.files.server()) as server:
            result = jsocket("top", server.address, "--once", *self.files.client())
            self.assert_success(result)
            self.assertIn("jsocket top", result.out)
            self.assert_failed(jsocket("top", server.address, "--once", "--tls"), "certificate")
            missing = self.files["missing"]
            self.assert_usage_error(
                jsocket("top", server.address, "--once", "--tls", "--tls-ca", missing),
                "--tls-ca is", missing, "No such file")

    def test_serves_a_foreign_client(self):
        with Serve(*self.files.server()) as server:
            client = subprocess.Popen(
                ["openssl", "s_client", "-connect", server.address, "-CAfile",
                 self.files["ca.pem"], "-verify_return_error", "-quiet"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            with client:
                client.stdin.write(b'{"from": "s_client"}\n')
                client.stdin.flush()
                self.assertEqual(read_line(client.stdout), b'{"from": "s_client"}\n')
                client.kill()

    def test_checks_who_the_server_is(self):
        with Serve(*self.files.server()) as server:
            self.assert_failed(
                jsocket("send", server.address, "--tls", "--timeout", "5", "1"), "certificate")
            self.assert_failed(self.send(server, "--tls-host-name", "other.example"),
                               "hostname mismatch")
            self.assert_success(self.send(server, "--tls-host-name", "localhost"), "[1]\n")

    def test_lets_in_who_has_a_certificate(self):
        with Serve(*self.files.server(), "--tls-client-ca", self.files["ca.pem"]) as server:
            self.assert_success(self.send(server, *self.files.own()), "[1]\n")
            self.assert_failed(self.send(server), "certificate required")

    def test_shares_the_port_if_it_may(self):
        with Serve(*self.files.server(), "--tls-plain-too") as server:
            self.assert_success(self.send(server), "[1]\n")
            self.assert_success(jsocket("send", server.address, "[2]"), "[2]\n")

    def test_keeps_plain_clients_out_otherwise(self):
        with Serve(*self.files.server(), "--stats") as server:
            self.assert_failed(jsocket("send", server.address, "[2]"), "broken")
            (client,) = server.stop_and_get_stats()["clients"].values()
            self.assertEqual(client["failures"]["tls"], 1)

    def test_needs_a_server_that_speaks_it(self):
        with Serve() as server:
            self.assert_failed(self.send(server), "does it speak TLS?")

    def test_gives_up_at_the_time_out(self):
        with Peer(receive_to_end) as silent:
            self.assert_failed(self.send(silent, "--timeout", "0.2"), "TLS handshake", "too long")


class Sighup(TlsTest):
    def server_name(self, server):
        text = openssl("s_client", "-connect", server.address)
        (line,) = [line for line in text.splitlines() if line.startswith("subject=")]
        return line.removeprefix("subject=").replace(" ", "")

    def line_after_sighup(self, server):
        server.process.send_signal(signal.SIGHUP)
        return read_line(server.process.stderr).decode()

    def test_has_the_certificates_read_again(self):
        self.files.issue("server", "subjectAltName=IP:127.0.0.1", "first")
        with Serve(*self.files.server()) as server:
            self.assertEqual(self.server_name(server), "CN=first")
            self.files.issue("server", "subjectAltName=IP:127.0.0.1", "second")
            self.assertEqual(self.server_name(server), "CN=first")
            self.assertRegex(self.line_after_sighup(server), "^jsocket: .*were read again")
            self.assertEqual(self.server_name(server), "CN=second")
            self.assert_success(self.send(server), "[1]\n")
            self.assert_success(server.stop(), "")

    def test_keeps_the_old_ones_if_the_new_are_not_in_order(self):
        self.files.issue("server", "subjectAltName=IP:127.0.0.1", "kept")
        with Serve(*self.files.server()) as server:
            self.files.new_key("server")
            line = self.line_after_sighup(server)
            self.assertRegex(line, "^jsocket: .*stay as they were: --tls-key is ")
            self.assertEqual(self.server_name(server), "CN=kept")

    def test_ends_a_server_without_tls(self):
        with Serve() as server:
            self.assert_success(server.stop(signal.SIGHUP), "")


class UsageError(TlsTest):
    def serve(self, *options):
        return jsocket("serve", "--echo", "--bind", "127.0.0.1:0", *options)

    def test_for_a_certificate_without_a_key_and_the_reverse(self):
        certificate = ["--tls-certificate", self.files["client.pem"]]
        key = ["--tls-key", self.files["client.key"]]
        for command in [self.serve, lambda *o: jsocket("send", "h:1", "1", "--tls", *o)]:
            self.assert_usage_error(command(*certificate), "--tls-key is missing")
            self.assert_usage_error(command(*key), "--tls-certificate is missing")

    def test_for_options_that_need_another(self):
        ca = self.files["ca.pem"]
        self.assert_usage_error(self.serve("--tls-client-ca", ca),
                                "--tls-client-ca needs --tls-certificate")
        self.assert_usage_error(self.serve(*self.files.server(), "--tls-plain-too",
                                           "--tls-client-ca", "ca.pem"),
                                "--tls-plain-too and --tls-client-ca exclude each other")
        self.assert_usage_error(self.serve("--tls-plain-too"),
                                "--tls-plain-too needs --tls-certificate")
        for option in ["--tls-ca", "--tls-certificate", "--tls-key", "--tls-host-name"]:
            self.assert_usage_error(jsocket("send", "h:1", "1", option, ca), f"{option} needs --tls")

    def test_for_a_file_that_is_not_there_or_not_right(self):
        missing = self.files["nowhere.pem"]
        wrong = self.files["ca.pem"]
        for options, words in [
                (["--tls-certificate", missing, "--tls-key", wrong], ["--tls-certificate is"]),
                (["--tls-certificate", wrong, "--tls-key", missing], ["--tls-key is"]),
                (["--tls-certificate", wrong, "--tls-key", wrong], ["--tls-key is", wrong]),
                (["--tls-certificate", wrong, "--tls-key", self.files["client.key"]],
                 ["--tls-key is", "it is not the key of --tls-certificate"]),
                ([*self.files.server(), "--tls-client-ca", missing], ["--tls-client-ca is"])]:
            with self.subTest(options=options):
                self.assert_usage_error(self.serve(*options), *words)
        self.assert_usage_error(jsocket("send", "h:1", "1", "--tls", "--tls-ca", missing),
                                "--tls-ca is", missing, "No such file")

    def test_for_an_empty_path(self):
        for option in ["--tls-certificate", "--tls-key", "--tls-client-ca"]:
            self.assert_usage_error(self.serve(option, ""), option)
        self.assert_usage_error(
            self.serve("--tls-certificate", "", "--tls-key", ""), "expected the path")


if __name__ == "__main__":
    unittest.main()
