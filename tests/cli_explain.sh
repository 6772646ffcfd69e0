#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# sppemu explain: what it takes, what it refuses, and that what it says adds up.
B=$(realpath "${BUILD:-build}")/sppemu
root=$PWD
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0
ok() { echo "ok explain $1"; }
bad() { echo "FAILED explain $1"; failed=1; }
same() { if [ "$2" = "$3" ]; then ok "$1"; else bad "$1: expected $2, found $3"; fi; }
has() { if grep -q -- "$2" "$3"; then ok "$1"; else bad "$1: no \"$2\" in $(head -c 1500 "$3")"; fi; }
refused() { # refused NAME CODE TEXT ARGUMENTS...
    name=$1 code=$2 text=$3
    shift 3
    "$B" explain "$@" >"$dir/out" 2>"$dir/err"
    same "$name: exit code" "$code" $?
    has "$name" "$text" "$dir/err"
    same "$name: nothing on standard output" 0 "$(wc -c <"$dir/out")"
}
unset COLUMNS
cd "$dir" || exit 1

# Two rates of a link of 1 Gb/s: the second is more than it carries.
cat >two.ini <<'END'
[source t]
ports = 1
rate = ${500, 2000}Mbit/s wire
warmup = 100us
duration = 1ms
[tap a]
[sink sink]
ports = 1
source = t
[link in]
link = t.0 -> a.0
rate = 10Gbit/s
[link out]
link = a.0 -> sink.0
rate = 1Gbit/s
END
"$B" run two.ini -q -o two 2>/dev/null || bad "the study runs"
cp -r two before
refused "no result" 1 'found no study' nothing
refused "a run that is not there" 2 'found run 2, expected 0 to 1' two 2
refused "an expression that is none" 2 't.rte' two 't.rte == 5'
refused "runs out of range" 2 'expected 0 to 1000' two 1 --runs -1

"$B" explain two -q >several 2>err || bad "several runs: $(cat err)"
has "several runs are a line each" '^  0  100.00%  nothing' several
has "several runs are a line each, the second" '^  1 .* a port 0 to sink' several

"$B" explain two 't.rate > 1Gbit/s' -q >one 2>err || bad "one run: $(cat err)"
has "a link that is too slow is named" 'Limit: a port 0 to sink (link)' one
has "a tenth more of the link delivers a tenth more" 'link out.rate 1Gbit/s -> 1.1Gbit/s: +9.9% delivered' one
same "all fits 80 columns" "" "$(awk 'length($0) > 80' one several)"

"$B" explain two 0 -q >none 2>err || bad "a run with room: $(cat err)"
has "a run with room is limited by nothing" 'Nothing limits this run' none
has "and carries more if more is offered" 't.rate 500Mbit/s wire -> 550Mbit/s wire: +9.9% delivered' none

"$B" explain two 1 -q --json >json 2>err || bad "a document: $(cat err)"
has "the document says which" '"schema": "sppemu-explain-1"' json
# Oracle: the sink's own mean, in the record.
sed -n '/"latency": \[/,$p' json | awk '/"packets":/ { n = $2 + 0 } /"ps":/ { s += $2 }
    END { printf "%.4f\n", s / n / 1e6 }' >sum
record=$(readlink two/runs/0001)
printf '%.4f\n' "$(awk -F '\t' '$1 == "scalar" && $2 == "sink.latency_mean_us" { print $4 }' "two/runs/$record/record")" >mean
same "the parts of the latency sum to the sink's" "$(cat mean)" "$(cat sum)"

"$B" explain two 1 -q --runs 0 >rule 2>err || bad "by the rule: $(cat err)"
has "without runs it says so" 'by the rule alone' rule
same "explaining changes nothing in the result" "" "$(diff -r two before)"

# The document of a run, without its folder: the scenario of that name, and the fingerprint says whether it is the same.
"$B" run two.ini -q -o other --json >two.json 2>err || bad "a document of a run: $(cat err)"
"$B" explain two.json 1 -q >document 2>err || bad "a document of a run: $(cat err)"
tail -n +2 one >with && tail -n +2 document >without
same "a document says what its folder says" "$(cat with)" "$(cat without)"
sed 's/"fingerprint": "\(.\)\(.\)/"fingerprint": "\2\1/' two.json >swapped.json
refused "a document of another run" 3 'does not come out again as it was recorded' swapped.json 1
refused "a document that is none" 1 'expected the document of sppemu run --json' two/manifest.json
refused "an expression over a document" 2 'expected the number of a run' two.json 't.rate == 5'
sed -i 's/rate = 1Gbit/rate = 2Gbit/' two.ini
refused "a document whose scenario has changed" 3 'does not come out again' two.json 1

# Fast timing knows what is busy, not what waits for what.
cat >fast.ini <<END
[scenario]
include = $root/tests/explain/load.ini
timing = fast
END
"$B" run fast.ini -q --no-plots -o fast 2>err || bad "fast timing: $(cat err)"
refused "a run by fast timing" 3 'explain a run of the same with --timing detailed' fast

sed -i 's/"build": "./"build": "x/' two/study.json
refused "a result of another build" 1 'build' two 1
cd "$root" || exit 1
exit $failed
