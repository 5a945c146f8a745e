#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a project writes that has no CMake. Usage: CXX=... CXXFLAGS=... build.sh SOURCE PROGRAM
set -eu
flags=$(pkg-config --cflags --libs jsocket)
# shellcheck disable=SC2086 # each of these is a list of words
exec $CXX -std=c++20 $CXXFLAGS "$1" -o "$2" $flags
