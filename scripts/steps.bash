# SPDX-License-Identifier: Apache-2.0
# Sourced by the other scripts.

# step TITLE COMMAND...  Says what is going on. A terminal sees the command at work; a log is spared
# all of it unless the command fails.
step() {
    local title=$1 log status=0
    shift
    echo "== $title"
    if [[ -t 1 ]]; then
        "$@"
        return
    fi
    log=$(mktemp)
    "$@" >"$log" 2>&1 </dev/null || status=$?
    if ((status != 0)); then
        cat "$log"
        echo "== $title: failed with exit code $status"
    fi
    rm -f "$log"
    return "$status"
}
