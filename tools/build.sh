#!/bin/sh
# tools/build.sh [DIRECTORY [MESON OPTION...]]: sets the build directory up once (release, in build/) and brings it up
# to date. Prints only what goes wrong.
set -eu
cd "$(dirname "$0")/.."
dir=${1:-build}
[ $# -eq 0 ] || shift
log=$(mktemp)
trap 'rm -f "$log"' EXIT

quiet() {
    "$@" >"$log" 2>&1 </dev/null || {
        cat "$log" >&2
        echo "build: $* failed" >&2
        exit 1
    }
}

[ -e "$dir/build.ninja" ] || quiet meson setup --buildtype=release "$dir" "$@"
quiet ninja -C "$dir"
