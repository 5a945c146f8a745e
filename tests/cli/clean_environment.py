# SPDX-License-Identifier: Apache-2.0
"""The environment of a program that must not depend on that of whoever runs the tests."""

import os


def kept(name):
    """What finds programs, and what a test preset tells sanitizers."""
    return name == "PATH" or name.endswith("SAN_OPTIONS")


def clean_environment(**variables):
    """These variables, and the few that each program needs."""
    return {name: value for name, value in os.environ.items() if kept(name)} | variables
