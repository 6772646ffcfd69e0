#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# sppemu diff. Oracles: what --set changed; the two runs' recordings, which say when each packet was
# where; runs.tsv.
B=$PWD/${BUILD:-build}/sppemu
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
failed=0
ok() { echo "ok diff $1"; }
bad() { echo "FAILED diff $1"; failed=1; }
same() { if [ "$2" = "$3" ]; then ok "$1"; else bad "$1: expected $2, found $3"; fi; }
has() { if grep -q -- "$2" "$3"; then ok "$1"; else bad "$1: no \"$2\" in $(head -c 1500 "$3")"; fi; }
refused() { # refused NAME CODE TEXT ARGUMENTS...
    name=$1 code=$2 text=$3
    shift 3
    "$B" diff "$@" >out 2>err
    same "$name: exit code" "$code" $?
    has "$name" "$text" err
    same "$name: nothing on standard output" 0 "$(wc -c <out)"
}
short="--set traffic.duration=100us --set traffic.warmup=0 --no-plots -q --record all"
$B run npe $short -o a
$B run npe $short -o again
$B run npe $short -o slower --set npe0.sram_latency=108ns

$B diff a again >out
same "a run and itself: exit code" 0 $?
same "a run and itself" "events: the same" "$(cut -d, -f1 out)"
$B diff a slower --all >out
same "another latency: exit code" 1 $?
same "the one parameter that differs" "npe0.sram_latency A 107ns B 108ns " "$(sed -n '/^parameters/,/^scalars/p' out | sed '1d;$d' | tr -s ' \n' ' ')"
if command -v python3 >/dev/null; then
    same "scalars that differ are those of the tables" "$(sed -n '/^scalars/,/^first/p' out | sed '1d;$d' | grep -c '^[^ ]')" "$(python3 - <<'END'
def scalars(path):
    names, values = (line.rstrip("\n").split("\t") for line in open(path))
    return {n: v for n, v in zip(names, values) if n not in ("run", "repetition", "status", "npe0.sram_latency")}
a, b = scalars("a/runs.tsv"), scalars("slower/runs.tsv")
print(sum(a[n] != b.get(n) for n in a))
END
)"
    # Arrivals, departures and enqueues by the recordings: the earliest that is not in both
    same "the first event that differs is that of the recordings" "$(python3 - <<'END'
import json
def events(path):
    kinds, all_of = {2: "arrives", 3: "departs"}, set()
    for line in map(json.loads, open(path)):
        if "kind" in line and line["name"] == "enqueued":
            kinds[line["kind"]] = "is enqueued"
        for e in line.get("events", ()):
            if e[0] in kinds:
                all_of.add((line["created"] + e[1], line["packet"], kinds[e[0]]))
    return all_of
a, b = events("a/recording.jsonl"), events("slower/recording.jsonl")
at, packet, what = min(a ^ b)
print("%.6f us: packet %s %s" % (at / 1e6, packet, what))
END
)" "$(sed -n 's/^  [AB] \([0-9.]* us: packet [^,]*\),.*/\1/p' out | sort -n | head -1)"
fi
same "whose event it is" npe0 "$(sed -n 's/^first event that differs: \([a-z0-9]*\), at .*/\1/p' out)"
$B diff slower a --all >reversed
same "the other way round it is the same event" "$(grep '^first' out)" "$(grep '^first' reversed)"

# Files, studies, seeds ---------------------------------------------------------------------------
cat >tiny.ini <<'END'
[scenario]
title = A source and a sink
[source traffic]
ports = 1
rate = 100Mbit/s
pattern = poisson
duration = 1ms
warmup = 0
[sink sink]
ports = 1
source = traffic
[link in]
link = traffic.0 -> sink.0
END
sed 's/100Mbit/90Mbit/' tiny.ini >less.ini
$B diff tiny.ini tiny.ini >out
same "a file and itself: exit code" 0 $?
$B diff tiny.ini less.ini >out
same "two files: exit code" 1 $?
has "two files: the parameter" '^traffic.rate$' out
has "two files: the first event" '^first event that differs: traffic, at ' out
$B run tiny.ini -q --no-plots -o one
$B diff one tiny.ini >out
same "a result and its own file: exit code" 0 $?
$B run tiny.ini -q --no-plots --seed 2 -o two
$B diff one two >out
same "two seeds: exit code" 1 $?
has "two seeds" '^seed$' out
$B run tiny.ini -q --no-plots -o study --set 'traffic.rate=${90, 100}Mbit/s'
$B diff study study --run 1 >out
same "the second run of a study and itself: exit code" 0 $?

# What is refused ----------------------------------------------------------------------------------
refused "a name that is none" 3 'found "nope", expected a scenario file' one nope
refused "a run that is none" 2 '--run: found "2", expected one of 0 to 1, which study has' study study --run 2
refused "one side alone" 2 'diff: found no B, expected the folder of results, or a scenario' one
exit $failed
