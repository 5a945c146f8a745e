# SPDX-License-Identifier: Apache-2.0
"""Waits for what has to happen soon."""

import time

# In seconds. No test waits this long unless something is broken.
PATIENCE = 30


def wait_for(condition, what):
    """Returns the first true value of condition(); fails after PATIENCE."""
    deadline = time.monotonic() + PATIENCE
    while True:
        late = time.monotonic() > deadline
        if value := condition():
            return value
        if late:
            raise AssertionError(f"still waiting for: {what}")
        time.sleep(0.005)
