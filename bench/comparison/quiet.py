# SPDX-License-Identifier: Apache-2.0
"""How much CPU time everybody else takes while something is measured."""
import contextlib
import gzip
import os
import pathlib
import platform
import resource
import time

TICKS = os.sysconf("SC_CLK_TCK")
LIMIT = 0.08  # of one CPU; beyond that the machine is not quiet


def _kernel_counts_interrupts_apart():
    """Whether time in interrupts, in which loopback traffic is delivered, is nobody's time."""
    option = "CONFIG_IRQ_TIME_ACCOUNTING=y"
    with contextlib.suppress(OSError):
        return option in pathlib.Path(f"/boot/config-{platform.release()}").read_text()
    with contextlib.suppress(OSError):
        return option in gzip.decompress(pathlib.Path("/proc/config.gz").read_bytes()).decode()
    return False  # as kernels are usually built


# Of the line `cpu` in /proc/stat: user, nice, system and steal, which a hypervisor took away; irq and
# softirq only if processes are charged for them, as they are then part of our own time, too.
FIELDS = (1, 2, 3, 8) if _kernel_counts_interrupts_apart() else (1, 2, 3, 6, 7, 8)


def busy_seconds():
    """Of all CPUs since the machine was started."""
    fields = pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()
    return sum(int(fields[i]) for i in FIELDS) / TICKS


def process_seconds(pid):
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0.0
    fields = text.rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def own_seconds(pids):
    """Of this process, the children it has waited for, and `pids`."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (time.process_time() + children.ru_utime + children.ru_stime +
            sum(process_seconds(pid) for pid in pids))


class Watch:
    """Begins to look when it is made. `pids` are our own servers, which run all the time."""

    def __init__(self, pids=()):
        self._pids = list(pids)
        self._begin = self._read()

    def others(self):
        """CPUs that others have taken since: 0.5 is half of one."""
        begin, busy, own = self._begin
        now, busy_now, own_now = self._read()
        return max(0.0, (busy_now - busy - (own_now - own)) / (now - begin))

    def _read(self):
        return time.monotonic(), busy_seconds(), own_seconds(self._pids)


def describe(shares):
    """A sentence about runs during which others took these shares of a CPU."""
    loud = [share for share in shares if share > LIMIT]
    if not shares:
        return ""
    if not loud:
        return (f"The machine was quiet: other processes took at most {100 * max(shares):.0f} % "
                "of a CPU.")
    return (f"**The machine was not quiet**: other processes took more than {100 * LIMIT:.0f} % of "
            f"a CPU in {len(loud)} of {len(shares)} runs, {100 * max(shares):.0f} % at most.")
