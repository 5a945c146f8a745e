#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a project writes that has no CMake. Usage:
# CXX=... CXXFLAGS=... build.sh PACKAGE SOURCE PROGRAM
set -eu
flags=$(pkg-config --cflags --libs "$1")
# shellcheck disable=SC2086 # each of these is a list of words
exec $CXX -std=c++20 $CXXFLAGS "$2" -o "$3" $flags
