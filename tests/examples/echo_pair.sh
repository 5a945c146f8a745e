#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# echo_pair.sh SERVER CLIENT EXPECTED
# Starts the server, runs the client against it, compares what the client prints, and stops the
# server as a service manager does.
set -euo pipefail
server=$1 client=$2 expected=$3

coproc server_run { exec "$server"; }
server_id=${server_run_PID:?}
trap 'kill -KILL "$server_id" 2>/dev/null || true' EXIT

read -r -t 30 ready <&"${server_run[0]}"
if [[ ! $ready =~ ^listening\ on\ 127\.0\.0\.1:([1-9][0-9]*)$ ]]; then
    echo "the server's ready line was: $ready" >&2
    exit 1
fi
port=${BASH_REMATCH[1]}

diff <("$client" "$port" && echo "exit code $?") <(cat "$expected" && echo "exit code 0")

# A second server on the same port says why it cannot be.
if refused=$("$server" "$port" 2>&1); then
    echo "a second server started on port $port" >&2
    exit 1
fi
[[ $refused == "echo_server: "*"127.0.0.1:$port"* ]] || { echo "it said: $refused" >&2; exit 1; }

kill -TERM "$server_id"
status=0
wait "$server_id" || status=$?
if [[ $status != 0 ]]; then
    echo "the server ended with $status" >&2
    exit 1
fi

# With nobody there, the client says so and fails.
if gone=$("$client" "$port" 2>&1); then
    echo "the client succeeded without a server" >&2
    exit 1
fi
[[ $gone == "echo_client: "*"127.0.0.1:$port"* ]] || { echo "it said: $gone" >&2; exit 1; }
