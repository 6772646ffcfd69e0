#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The fuzz drivers over their corpora: whatever was found once stays mended, without a fuzzer.
B=${BUILD:-build}/tests
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
failed=0
for driver in tests/fuzz_*.c; do
    name=${driver#tests/fuzz_}
    name=${name%.c}
    more=
    [ "$name" = scenario ] && more="scenarios/*.ini"
    if "$B/corpus_$name" tests/corpus/$name/* $more >"$log" 2>&1; then
        echo "ok corpus $name: $(wc -l <"$log") files"
    else
        tail -n 5 "$log"
        echo "FAILED corpus $name"
        failed=1
    fi
done
exit $failed
