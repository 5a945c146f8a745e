# SPDX-License-Identifier: Apache-2.0
"""Starts servers and load programs on the CPUs they belong to, and ends them again."""
import contextlib
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import time

START_SECONDS = 20
STOP_SECONDS = 5
LOAD_SECONDS = 90  # beyond what a measurement is planned to take


class Failed(Exception):
    """A program did not do what it should; the text says which one and what."""


@contextlib.contextmanager
def on_cpus(cpus):
    """What is started within runs on these CPUs; None: on all."""
    before = os.sched_getaffinity(0)
    if cpus is not None:
        os.sched_setaffinity(0, cpus)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def find_program(command):
    """The path of the program that a command names; None if it is not there."""
    places = os.environ.get("PATH", os.defpath) + ":/usr/local/sbin:/usr/sbin:/sbin"
    return shutil.which(shlex.split(command)[0], path=places)


def free_port():
    """For programs that cannot tell which port they chose."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def tail(path, size=400):
    return path.read_text(errors="replace").strip()[-size:] if path.exists() else ""


class Server:
    """One or more processes that together are an echo server. `address` is where to connect to.

    Commands may contain {socket}, a path for a UNIX socket; {server}, the address of the process
    before; {port}, a free one, for programs that do not say `listening on ADDRESS`: those are ready
    when they can be connected to.
    """

    def __init__(self, commands, folder, cpus=None):
        self.processes = []
        self.address = None
        self._folder = folder
        (folder / "socket").unlink(missing_ok=True)
        try:
            for command in commands:
                port = free_port() if "{port}" in command else None
                self._start(command.format(port=port, server=self.address,
                                           socket=folder / "socket"), cpus, port)
        except BaseException:
            self.stop()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def pids(self):
        return [process.pid for process in self.processes]

    def has_died(self):
        """Why there is nobody to answer any more; "" if there still is."""
        for process in self.processes:
            if process.poll() is not None:
                how = f"exit code {process.returncode}"
                if process.returncode < 0:
                    how = f"signal {-process.returncode}"
                return f"the server had ended with {how}; {self._last_words(process)}".rstrip("; ")
        return ""

    def stop(self):
        """Returns whether all ended when asked to."""
        obeyed = True
        for process in reversed(self.processes):
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                obeyed = False
                process.kill()
                process.wait(STOP_SECONDS)
        self.processes = []
        return obeyed

    def _output(self, number):
        return self._folder / f"stdout.{number}", self._folder / f"stderr.{number}"

    def _last_words(self, process):
        return tail(self._output(self.processes.index(process))[1])

    def _start(self, command, cpus, port):
        words = shlex.split(command)
        words[0] = find_program(command) or words[0]
        stdout, stderr = self._output(len(self.processes))
        with on_cpus(cpus), stdout.open("wb") as out, stderr.open("wb") as err:
            try:
                process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                           cwd=self._folder)
            except OSError as error:
                raise Failed(f"cannot start {words[0]}: {error.strerror}") from error
        self.processes.append(process)
        deadline = time.monotonic() + START_SECONDS
        while not self._is_ready(stdout, port):
            if process.poll() is not None:
                raise Failed(f"does not start: {self.has_died()}")
            if time.monotonic() > deadline:
                raise Failed(f"does not listen after {START_SECONDS} s; "
                             f"{self._last_words(process)}".rstrip("; "))
            time.sleep(0.01)

    def _is_ready(self, stdout, port):
        said = re.search(r"^listening on (\S+)\n", tail(stdout) + "\n", re.MULTILINE)
        if said:
            self.address = said[1]
            return True
        if port is None:
            return False
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return False
        self.address = f"127.0.0.1:{port}"
        return True


def run_load(words, cpus, seconds):
    """What a load program prints, as a dictionary."""
    name = os.path.basename(words[0])
    try:
        with on_cpus(cpus):
            done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  check=False, timeout=2 * seconds + LOAD_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise Failed(f"{name} did not come to an end") from error
    except OSError as error:
        raise Failed(f"cannot start {words[0]}: {error.strerror}") from error
    if done.returncode != 0:
        raise Failed(done.stderr.strip()[-400:] or f"{name}: exit code {done.returncode}")
    try:
        return json.loads(done.stdout)
    except ValueError as error:
        raise Failed(f"{name} printed no JSON: {done.stdout[:200]}") from error
