#!/bin/sh
# tools/tsan.sh: the recorded cases on four threads, and the unit test of threads, under the thread sanitizer.
set -eu
cd "$(dirname "$0")/.."
dir=build-tsan
[ -e "$dir/build.ninja" ] ||
    meson setup --buildtype=debugoptimized -Db_sanitize=thread -Db_lundef=false "$dir" >/dev/null
ninja -C "$dir" --quiet weir tests/unit/test_api_threads >/dev/null
export TSAN_OPTIONS=exitcode=66
"$dir/tests/unit/test_api_threads" >/dev/null
# Modules are not built here: cases that need one are skipped. Their threads are not weir's.
"$dir/weir" test --threads 4 --except tests/differences/persist.jsonl tests/conformance/*.jsonl tests/cases/*.jsonl >"$dir/cases.log" 2>&1 || {
    tail -60 "$dir/cases.log"
    exit 1
}
tail -1 "$dir/cases.log"
