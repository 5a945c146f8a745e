# SPDX-License-Identifier: Apache-2.0
"""The command under a service manager: sockets it passes on, and what it is told."""

import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from command import COMMAND, PATIENCE, CommandTest, Listening, Result, jsocket, read_line, wait_for
from tls_test import Files

ACTIVATE = shutil.which("systemd-socket-activate")
ANALYZE = shutil.which("systemd-analyze")
UNITS = Path(__file__).resolve().parents[2] / "packaging/systemd"
VARIABLES = ["LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "NOTIFY_SOCKET", "WATCHDOG_USEC",
             "WATCHDOG_PID"]


def environment(**variables):
    """This process's, with only these of the service manager's variables."""
    ours = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    return ours | variables


class Passing:
    """Starts programs as a service manager does: with sockets from descriptor 3 on."""

    def __init__(self, *sockets, names="", **variables):
        self.sockets = sockets
        self.variables = environment(LISTEN_FDS=str(len(sockets)), LISTEN_FDNAMES=names, **variables)

    def prepare(self):
        """In the child, whose number is not known before."""
        # First out of the way of the numbers that they are to have.
        high = [os.dup2(one.fileno(), 100 + i) for i, one in enumerate(self.sockets)]
        for i, descriptor in enumerate(high):
            os.dup2(descriptor, 3 + i)
            os.close(descriptor)
        for name in VARIABLES:
            os.environ.pop(name, None)
        os.environ.update(self.variables, LISTEN_PID=str(os.getpid()))

    def options(self):
        """For subprocess.Popen; it must not close what was passed on."""
        return {"preexec_fn": self.prepare, "close_fds": False}


class Manager:
    """The socket on which a service manager is told of things."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.settimeout(PATIENCE)
        self.socket.bind(self.path)

    def next(self):
        """The next thing it is told, as a dictionary."""
        text = self.socket.recv(4096).decode()
        return dict(line.split("=", 1) for line in text.splitlines())

    def is_told_nothing(self):
        return not select.select([self.socket], [], [], 0)[0]


class SystemdTest(CommandTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def tcp(self):
        listening = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listening.close)
        return listening

    def unix(self):
        self.path = os.path.join(self.folder, "echo.sock")
        listening = socket.socket(socket.AF_UNIX)
        self.addCleanup(listening.close)
        listening.bind(self.path)
        listening.listen()
        return listening

    def manager(self):
        manager = Manager(self.folder)
        self.addCleanup(manager.socket.close)
        return manager


class PassedSocket(SystemdTest):
    def serve(self, passing, *arguments, bind="systemd:"):
        return Listening("serve", "--echo", "--bind", bind, *arguments, **passing.options())

    def test_is_served_on(self):
        listening = self.tcp()
        with self.serve(Passing(listening)) as server:
            port = listening.getsockname()[1]
            self.assertEqual(server.ready_line, f"listening on 127.0.0.1:{port}\n")
            self.assert_success(jsocket("send", server.address, "[1]"), "[1]\n")
            self.assert_success(server.stop(), "")

    def test_of_a_path_keeps_its_file(self):
        with self.serve(Passing(self.unix())) as server:
            self.assertEqual(server.ready_line, f"listening on unix:{self.path}\n")
            self.assert_success(jsocket("send", server.address, "[1]"), "[1]\n")
            self.assert_success(server.stop(), "")
        self.assertTrue(os.path.exists(self.path))

    def test_is_chosen_by_its_name(self):
        tcp, unix = self.tcp(), self.unix()
        with self.serve(Passing(tcp, unix, names="tcp:unix"), bind="systemd:unix") as server:
            self.assertEqual(server.address, f"unix:{self.path}")
            self.assert_success(server.stop(), "")

    def test_keeps_clients_waiting_while_servers_change(self):
        listening = self.tcp()
        with self.serve(Passing(listening)) as server:
            self.assert_success(server.stop(), "")
        with socket.create_connection(listening.getsockname(), timeout=PATIENCE) as client:
            client.sendall(b"[1]\n")
            with self.serve(Passing(listening)):
                self.assertEqual(client.recv(100), b"[1]\n")

    def test_knows_users_only_if_it_has_a_path(self):
        allow = ["--allow-uid", str(os.getuid())]
        with self.serve(Passing(self.unix()), *allow) as server:
            self.assert_success(jsocket("send", server.address, "1"), "1\n")
        self.assert_usage_error(
            jsocket("serve", "--echo", "--bind", "systemd:", *allow, **Passing(self.tcp()).options()),
            "--allow-uid", "127.0.0.1")

    def test_is_served_on_by_a_proxy_too(self):
        listening = self.tcp()
        with Listening("proxy", "--to", "127.0.0.1:1", "--listen", "systemd:",
                       **Passing(listening).options()) as proxy:
            self.assertEqual(proxy.address, f"127.0.0.1:{listening.getsockname()[1]}")

    def test_that_is_missing_is_a_failure(self):
        self.assert_failed(jsocket("serve", "--echo", "--bind", "systemd:", env=environment()),
                           "--bind", "systemd:", "LISTEN_FDS")

    def test_of_another_process_is_left_alone(self):
        env = environment(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
        self.assert_failed(jsocket("serve", "--echo", "--bind", "systemd:", env=env),
                           "LISTEN_PID", str(os.getpid()))

    def test_of_a_wrong_name_is_a_failure_that_names_those_there_are(self):
        passing = Passing(self.tcp(), names="echo.socket")
        self.assert_failed(jsocket("serve", "--echo", "--bind", "systemd:other", **passing.options()),
                           "systemd:other", "echo.socket")

    def test_for_datagrams_is_a_failure(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
            self.assert_failed(
                jsocket("serve", "--echo", "--bind", "systemd:", **Passing(datagrams).options()),
                "descriptor 3", "ListenStream=")

    def test_that_does_not_listen_is_a_failure(self):
        with socket.create_connection(self.tcp().getsockname()) as connected:
            self.assert_failed(
                jsocket("serve", "--echo", "--bind", "systemd:", **Passing(connected).options()),
                "descriptor 3", "Accept=no")

    def test_is_nothing_for_clients(self):
        self.assert_usage_error(jsocket("send", "systemd:", "1"), "SERVER", "systemd:")
        self.assert_usage_error(jsocket("proxy", "--to", "systemd:echo"), "--to", "systemd:")


class ServiceManager(SystemdTest):
    def serve(self, *arguments, **variables):
        return Listening("serve", "--echo", "--bind", "127.0.0.1:0", *arguments,
                         env=environment(**variables))

    def test_is_told_of_readiness_and_of_the_end(self):
        manager = self.manager()
        with self.serve(NOTIFY_SOCKET=manager.path) as server:
            self.assertEqual(manager.next(), {
                "READY": "1", "STATUS": f"listening on {server.address}"})
            self.assertTrue(manager.is_told_nothing())
            self.assert_success(server.stop(), "")
        self.assertEqual(manager.next(), {"STOPPING": "1"})
        self.assertTrue(manager.is_told_nothing())

    def test_is_told_of_reloading(self):
        manager = self.manager()
        files = Files(self.folder)
        with self.serve(*files.server(), NOTIFY_SOCKET=manager.path) as server:
            manager.next()
            before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
            server.process.send_signal(signal.SIGHUP)
            reloading = manager.next()
            self.assertEqual(reloading["RELOADING"], "1")
            self.assertGreaterEqual(int(reloading["MONOTONIC_USEC"]), before)
            self.assertEqual(manager.next(), {"READY": "1"})
            os.unlink(files["server.pem"])
            server.process.send_signal(signal.SIGHUP)
            self.assertEqual(manager.next()["RELOADING"], "1")
            self.assertEqual(manager.next(), {"READY": "1"})

    def test_that_watches_is_told_again_and_again(self):
        manager = self.manager()
        with self.serve(NOTIFY_SOCKET=manager.path, WATCHDOG_USEC="20000") as server:
            self.assertIn("READY", manager.next())
            for _ in range(3):
                self.assertEqual(manager.next(), {"WATCHDOG": "1"})
            self.assert_success(server.stop(), "")

    def test_that_watches_another_process_is_not(self):
        manager = self.manager()
        with self.serve(NOTIFY_SOCKET=manager.path, WATCHDOG_USEC="1", WATCHDOG_PID="1") as server:
            self.assertIn("READY", manager.next())
            self.assert_success(server.stop(), "")
        self.assertEqual(manager.next(), {"STOPPING": "1"})

    def test_that_is_gone_is_complained_about_and_the_server_goes_on(self):
        path = os.path.join(self.folder, "gone")
        with self.serve(NOTIFY_SOCKET=path) as server:
            self.assert_success(jsocket("send", server.address, "[1]"), "[1]\n")
            result = server.stop()
            self.assertEqual(result.code, 0, result)
            self.assertIn(path, result.err)

    def test_is_told_by_a_proxy_too(self):
        manager = self.manager()
        with Listening("proxy", "--to", "127.0.0.1:1",
                       env=environment(NOTIFY_SOCKET=manager.path)):
            self.assertEqual(manager.next()["READY"], "1")


class Units(SystemdTest):
    """The examples in packaging/systemd, with the command of this build."""

    def setUp(self):
        super().setUp()
        self.units = []
        for unit in sorted(UNITS.glob("jsocket-echo.*")):
            text = unit.read_text().replace("ExecStart=jsocket ", f"ExecStart={COMMAND} ")
            self.units.append(Path(self.folder, unit.name))
            self.units[-1].write_text(text)

    def analyze(self, *arguments):
        done = subprocess.run([ANALYZE, *arguments, *self.units], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=PATIENCE, check=False)
        return Result(done.returncode, done.stdout, b"")

    def test_run_what_serves_the_socket(self):
        service = next(unit for unit in self.units if unit.suffix == ".service").read_text()
        (command,) = [line for line in service.splitlines() if line.startswith("ExecStart=")]
        program, *arguments = command.removeprefix("ExecStart=").split()
        self.assertEqual(program, COMMAND)
        with Listening(*arguments, **Passing(self.tcp(), names="jsocket-echo.socket").options()) \
                as server:
            self.assert_success(jsocket("send", server.address, "[1]"), "[1]\n")
            self.assert_success(server.stop(), "")

    @unittest.skipUnless(ANALYZE, "systemd-analyze is not installed")
    def test_are_understood_by_systemd(self):
        self.assert_success(self.analyze("verify"), "")

    @unittest.skipUnless(ANALYZE, "systemd-analyze is not installed")
    def test_leave_the_service_few_ways_to_do_harm(self):
        self.units = [unit for unit in self.units if unit.suffix == ".service"]
        result = self.analyze("security", "--offline=yes", "--no-pager", "--threshold=10")
        self.assertEqual(result.code, 0, result)  # 1.0 of 10.0


@unittest.skipUnless(ACTIVATE, "systemd-socket-activate is not installed")
class SocketActivate(SystemdTest):
    """The same with a program that is systemd's own; it starts the server for the first client."""

    def activate(self, address):
        """`address` may not have port 0; the program takes none."""
        process = subprocess.Popen(
            [ACTIVATE, "--listen", address, "--fdname", "echo", COMMAND, "serve", "--echo",
             "--bind", "systemd:echo"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def assert_served(self, process, client, address):
        with client:
            client.sendall(b"[1]\n")
            self.assertEqual(read_line(process.stdout).decode(), f"listening on {address}\n")
            self.assertEqual(client.recv(100), b"[1]\n")
            process.terminate()
            out, err = process.communicate(timeout=PATIENCE)
            result = Result(process.returncode, out, err)
            self.assertEqual((result.code, result.out), (0, ""), result)

    def test_passes_a_port_on(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        process = self.activate(f"127.0.0.1:{port}")

        def client():
            try:
                return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
            except ConnectionRefusedError:
                return None
        self.assert_served(process, wait_for(client, "the port"), f"127.0.0.1:{port}")

    def test_passes_a_path_on(self):
        path = os.path.join(self.folder, "echo.sock")
        process = self.activate(path)

        def client():
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(PATIENCE)
            try:
                connection.connect(path)
                return connection
            except (FileNotFoundError, ConnectionRefusedError):
                connection.close()
                return None
        self.assert_served(process, wait_for(client, "the socket"), f"unix:{path}")
        self.assertTrue(os.path.exists(path))
