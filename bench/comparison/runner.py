# SPDX-License-Identifier: Apache-2.0
"""Runs each server, again and again, and collects what the load programs measure."""
import dataclasses
import os
import re
import shlex
import subprocess
import sys

from comparison import quiet, report
from comparison.processes import Failed, Server, find_program, run_load

EVERYTHING = frozenset(("round trip", "pipelined", "clients", "connect", "idle"))
CALLS = frozenset(("round trip", "pipelined", "clients"))  # what the peers' own load clients can do


@dataclasses.dataclass(frozen=True)
class Row:
    """A server: how to start it (see processes.Server; {bin} has our programs), what it speaks."""
    name: str
    command: str
    protocol: str = "prefix"
    kinds: frozenset = EVERYTHING  # of measurements it takes part in
    packages: str = ""             # what to install if it is missing
    before: str = ""               # a program that has to run first
    load: str = "{bin}/bench-load"

    def commands(self):
        return [command for command in (self.before, self.command) if command]


@dataclasses.dataclass(frozen=True)
class Measure:
    """What the load program does, where, and which row the others are compared with."""
    name: str
    kind: str
    size: int
    options: str        # of the load program
    cpus: str = "one"   # for server and load together; "two": one for each; "all": not pinned
    reference: str = "raw"


def say(text):
    print(text, file=sys.stderr, flush=True)


def uses_certificate(row):
    return any("{certificate}" in command for command in row.commands())


def make_certificate(certificate, key):
    """One for 127.0.0.1, its own authority, for a day."""
    run = subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                          "ec_paramgen_curve:P-256", "-noenc", "-days", "1", "-subj", "/CN=bench",
                          "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key,
                          "-out", certificate], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise Failed(f"openssl made no certificate: {run.stderr}")


class Runner:
    """Runs rows and measurements with the programs of one build folder. `folder` is for files."""

    def __init__(self, build, bench, folder, seconds):
        self.results = report.Results()
        self.failures = []
        self._places = {"build": str(build), "bin": str(build / "bench"), "bench": str(bench)}
        self._places |= {"certificate": str(folder / "certificate.pem"), "key": str(folder / "key.pem")}
        self._seconds = seconds
        self._folder = folder
        self._payloads = {}
        self._given_up = set()

    def fill_in(self, command):
        for name, place in self._places.items():
            command = command.replace("{" + name + "}", place)
        return command

    def has(self, row):
        needed = [self.fill_in(command) for command in row.commands() + [row.load]]
        if uses_certificate(row):
            needed.append("openssl")
        scripts = [word for command in needed for word in command.split()
                   if word.startswith(self._places["bench"])]
        return all(map(find_program, needed)) and all(map(os.path.exists, scripts))

    def start(self, row, cpus=None):
        if uses_certificate(row) and not os.path.exists(self._places["key"]):
            make_certificate(self._places["certificate"], self._places["key"])
        return Server([self.fill_in(command) for command in row.commands()], self._folder, cpus)

    def load(self, row, measure, server, cpus, seconds):
        words = [*shlex.split(self.fill_in(row.load)), "--connect", server.address, "--protocol", row.protocol,
                 "--size", str(measure.size), "--seconds", str(seconds), *measure.options.split()]
        if row.load != Row.load:  # they leave payloads to bench-load
            words += ["--payload-file", self._payload(measure.size)]
        for pid in server.pids():
            words += ["--pid", str(pid)]
        return run_load(words, cpus, seconds)

    def run(self, rows, measures, rounds, pins):
        for number in range(1, rounds + 1):
            for measure in measures:
                runners = [row for row in rows if measure.kind in row.kinds]
                # Another row comes first each time: what drifts, drifts for all.
                turn = (number - 1) % max(1, len(runners))
                for row in runners[turn:] + runners[:turn]:
                    if not self._given_up & {row.name, (row.name, measure.name)}:
                        self._run_once(row, measure, number, pins[measure.cpus])
                say(f"round {number} of {rounds}: {measure.name}")

    def check(self, row, measures):
        """Each kind of message once, on one server. Returns whether all was right."""
        tried = set()
        seconds = 0 if row.load == Row.load else 0.2
        try:
            with self.start(row) as server:
                for measure in measures:
                    options = re.sub("--(idle|clients) [0-9]+", r"--\1 8", measure.options)
                    if measure.kind not in row.kinds or (options, measure.size) in tried:
                        continue
                    tried.add((options, measure.size))
                    small = dataclasses.replace(measure, options=options)
                    try:
                        self.load(row, small, server, None, seconds)
                    except Failed as error:
                        self._fail(row, measure, error, server)
                        return False
                if server.has_died() or not server.stop():
                    raise Failed(server.has_died() or "does not end on SIGTERM")
        except Failed as error:
            self._fail(row, None, error)
            return False
        return True

    def _run_once(self, row, measure, number, cpus):
        for_server, for_load = cpus
        try:
            with self.start(row, for_server) as server:
                watch = quiet.Watch(server.pids())
                try:
                    values = self.load(row, measure, server, for_load, self._seconds)
                except Failed as error:
                    self._given_up.add((row.name, measure.name))
                    self._fail(row, measure, error, server)
                    return
                self.results.add(measure, row, number, watch.others(), values)
        except Failed as error:
            self._given_up.add(row.name)
            self._fail(row, None, error)

    def _fail(self, row, measure, error, server=None):
        why = server.has_died() if server else ""
        text = f"{row.name}{': ' + measure.name if measure else ''}: {error}"
        text = " ".join(f"{text}; {why}".split()).rstrip("; ") if why else " ".join(text.split())
        self.failures.append(text)
        say(f"failed: {text}")

    def _payload(self, size):
        if size not in self._payloads:
            path = self._folder / f"payload.{size}"
            with path.open("wb") as file:
                subprocess.run([self.fill_in(Row.load), "--print-payload", "--size", str(size)],
                               stdout=file, check=True, timeout=60)
            self._payloads[size] = str(path)
        return self._payloads[size]
