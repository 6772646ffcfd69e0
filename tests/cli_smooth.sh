#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A little more of memory or of Tx changes the NPE's rate a little. The bounds are what docs/model.md says of
# this model, not what it would like to say: 0.3 percent against the sense, and steps of no more than 0.5
# percent or three times the sweep's median.
B=${BUILD:-build}/sppemu
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0
sh analysis/sweeps "$B" "$dir" --set traffic.duration=3ms --set traffic.warmup=500us >"$dir/table" || failed=1
cat "$dir/table"
# within NAME AGAINST LARGEST: percent
within() {
    awk -v name="$1" -v against="$2" -v largest="$3" '$1 == name { n++; ok = -$5 <= against && $6 <= largest } END { exit !(n == 1 && ok) }' "$dir/table" &&
        echo "ok smooth $1: at most $2 percent against the sense, no step above $3" || { echo "FAILED smooth $1: $(grep "^$1 " "$dir/table")"; failed=1; }
}
within dram_clock 0.6 0.6
within sram_clock 0.3 1
within sram_latency 0.3 1.1
within instr_tx_get 0.3 1.1
within me_tx 1.5 2.5
[ "$(ls "$dir"/*-sweep.png | wc -l)" -eq 5 ] && echo "ok smooth each sweep has a picture" || { echo "FAILED smooth each sweep has a picture"; failed=1; }
exit $failed
