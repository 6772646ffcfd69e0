#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# sppemu explain --packet, --first-drop, --slowest, --paths. Oracles: the run's scalars, the packet's
# bytes as sources make them, and arithmetic on what is printed.
B=$PWD/${BUILD:-build}/sppemu
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
failed=0
ok() { echo "ok walk $1"; }
bad() { echo "FAILED walk $1"; failed=1; }
same() { if [ "$2" = "$3" ]; then ok "$1"; else bad "$1: expected $2, found $3"; fi; }
has() { if grep -q -- "$2" "$3"; then ok "$1"; else bad "$1: no \"$2\" in $(head -c 1500 "$3")"; fi; }
refused() { # refused NAME CODE TEXT ARGUMENTS...
    name=$1 code=$2 text=$3
    shift 3
    "$B" explain "$@" >out 2>err
    same "$name: exit code" "$code" $?
    has "$name" "$text" err
    same "$name: nothing on standard output" 0 "$(wc -c <out)"
}
column() { awk -F '\t' -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i; next } { print $c }' "$2"; }

# Five gigabits a second into an NPE that carries four: queues of 512 fill, then packets are dropped.
$B run npe --no-plots -q -o npe --set traffic.duration=3ms --set traffic.warmup=0 --record first=50

# A walk -----------------------------------------------------------------------------------------
$B explain npe --packet 7 >walk
$B explain npe --packet 7 --json >json
has "its name, and how it ended" '^packet traffic:7, made at .* us, delivered .* us later$' walk
for block in rx decap parse lookup format qm tx; do has "it came through $block" "^npe0, ME [0-9]* $block, context [0-7]$" walk; done
has "the filter that matched" 'matches slice 0, filter [0-9]*, interface [0-4], queue [0-4]$' walk
has "its queue" 'enqueued queue [0-4], behind 0, deficit 0$' walk
# A visit's quantum less the packet's 98 bytes on the wire: 74, 4 of check sequence, 20 of preamble and gap
same "the deficit before and after" 98 "$(sed -n 's/.*dequeued .*deficit before \([0-9]*\), deficit after \([0-9]*\),.*/\1 \2/p' json | awk '{ print $1 - $2 }')"
has "what changed in its headers: the time to live" 'inner.ip.ttl 64 -> 63' walk
has "memory references" 'read from TCAM, bytes 16, address 0x0, answer 143.000 ns' walk
# Times and durations of the lines: without a gap, and in all what the head says
same "spans follow each other without a gap" ok "$(awk '$1 ~ /^[0-9.]+$/ && $2 ~ /^[0-9.]+$/ && NF == 3 { d = $1 - at; if (d * d > 1e-5) bad = 1; at = $1 + $2 } END { print bad ? "a gap at " at : "ok" }' walk)"
same "spans sum to its time" ok "$(awk 'NR == 1 { t = $(NF - 2) * 1000 } $1 ~ /^[0-9.]+$/ && $2 ~ /^[0-9.]+$/ && NF == 3 { s += $2 } END { d = s - t; print d * d < 1e-3 ? "ok" : s " of " t }' walk)"
same "no line is longer than 80" 0 "$(awk 'length > 80' walk | wc -l)"
$B explain npe --packet traffic:7 >again
same "the same by its full name" 0 "$(cmp walk again >/dev/null; echo $?)"

# The first drop, the slowest, paths --------------------------------------------------------------
$B explain npe --first-drop >drop
has "the first drop says why" 'dropped, queue_full: the queue.s limit was reached$' drop
has "and how full its queue was" 'refused queue [0-4], holds 512$' drop
$B explain npe --slowest >slow
same "the slowest took the longest of all" "$(column sink.latency_max_us npe/runs.tsv | awk '{ printf "%.3f", $1 }')" "$(sed -n '1s/.*delivered \(.*\) us later/\1/p' slow | awk '{ printf "%.3f", $1 }')"
$B explain npe --paths >paths
same "paths add up to the packets of the run" "$(column run.packets_created npe/runs.tsv)" "$(awk '$2 ~ /%$/ { s += $1 } END { print s }' paths)"
same "delivered by paths and by the run" "$(column run.packets_delivered npe/runs.tsv)" "$(awk '$3 == "delivered" { s += $1 } END { print s }' paths)"
same "dropped by paths and by the NPE" "$(column npe0.drop.queue_full npe/runs.tsv)" "$(awk '$4 == "queue_full:" { s += $1 } END { print s }' paths)"
has "a path has components and blocks" 'traffic > npe0 (rx decap parse lookup format qm tx) > sink' paths
if command -v python3 >/dev/null; then
    same "paths as JSON add up" "$(column run.packets_created npe/runs.tsv)" "$($B explain npe --paths --json | python3 -c 'import json, sys
print(sum(p["packets"] for p in json.load(sys.stdin)["paths"]))')"
    same "a walk as JSON sums" 0 "$($B explain npe --packet 7 --json | python3 -c 'import json, sys
w = json.load(sys.stdin)
print(w["took_ps"] - sum(e.get("ps", 0) for e in w["events"]))')"
fi

# Fast timing: sums for each cause, and no blocks --------------------------------------------------
$B run npe --no-plots -q -o fast --timing=fast --set traffic.duration=100us --set traffic.warmup=0 --record first=10
$B explain fast --packet 7 >fast.walk
has "fast timing is named, and what it does not tell" '^npe0: fast timing: it has no contexts' fast.walk
has "its time in a chip is a sum" 'dram, in all since the last hop$' fast.walk

# What is refused ----------------------------------------------------------------------------------
refused "a packet that has no walk" 1 'packet 5000: found no walk of it among the .*recorded: first=50' npe --packet 5000
refused "a packet that is none" 1 'packet traffi:7: found no walk' npe --packet traffi:7
refused "two questions" 2 'found several, expected one' npe --slowest --paths
$B run npe --no-plots -q -o bare --set traffic.duration=100us --set traffic.warmup=0
refused "a run without a recording" 1 'found no recording, expected one: run it with --record' bare --first-drop
$B run npe --no-plots -q -o none --set traffic.rate=1Gbit/s --set traffic.duration=100us --set traffic.warmup=0 --record first=1
same "nothing was dropped" "no packet was dropped" "$($B explain none --first-drop)"
exit $failed
