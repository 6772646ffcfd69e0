#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# sppemu search as its user has it: a line of 1 Gbit/s, what is printed, kept and refused, and a search that is
# killed. How near answers are stands in tests/test_search.c.
B=${BUILD:-build}/sppemu
case $B in /*) ;; *) B=$PWD/$B ;; esac
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0
ok() { echo "ok search $1"; }
bad() { echo "FAILED search $1"; failed=1; }
same() { if [ "$2" = "$3" ]; then ok "$1"; else bad "$1: expected $2, found $3"; fi; }
has() { if grep -q -- "$2" "$3"; then ok "$1"; else bad "$1: no \"$2\" in $(head -c 1500 "$3")"; fi; }
# $1 what, $2 exit code, $3 what standard error says, the rest the command line
refused() {
    what=$1 code=$2 text=$3
    shift 3
    "$B" search "$@" >out 2>err
    same "$what" "$code" $?
    has "$what, and says why" "$text" err
}
top=$PWD
cd "$dir" || exit 1
unset COLUMNS

cat >line.ini <<END
[source traffic]
ports = 1
payload = 1000
rate = 300Mbit/s wire
duration = 30ms
[sink sink]
ports = 1
[link line]
link = traffic.0 -> sink.0
rate = 1Gbit/s
queue = 64KiB
END
"$B" search line.ini --loss 0,2% --repeat 2 -j2 >out 2>err
same "a line is searched" 0 $?
has "its rate" "^0%  *\(1\.00\?[0-9]*Gbit/s\|99[5-9][.0-9]*Mbit/s\) wire" out
has "what two percent more is" "^2%  *1\.0[12][0-9]*Gbit/s wire" out
has "latencies at half of it" "^  50%" out
same "it fits 80 columns" "" "$(awk 'length > 80' out)"
head -1 results/search/line/trials.tsv >head
has "trials are a table" "^side	repetition	window	factor	value	packets	lost	carried	unsteady$" head
"$B" search line.ini --loss 0,2% --repeat 2 --json >first.json 2>err
same "the same again" 0 $?
has "as JSON" '"schema": "sppemu-search-1"' first.json
cmp -s results/search/line/search.json first.json || diff results/search/line/search.json first.json >diff
same "which the folder has too" "" "$(grep '^[<>] .*[0-9a-z]' diff 2>/dev/null)"

# Killed in the middle, and given again: the same answer, and what had finished is not computed again.
"$B" search line.ini --loss 0,2% --repeat 2 -o killed -q >out 2>err &
pid=$!
while [ "$(find killed/coarse/records -name record 2>/dev/null | wc -l)" -lt 3 ] && kill -0 $pid 2>/dev/null; do :; done
kill -9 $pid 2>/dev/null
wait $pid 2>/dev/null
find killed -path '*/records/[0-9a-f]*/record' | sort >before
"$B" search line.ini --loss 0,2% --repeat 2 -o killed --json >second.json 2>err
same "after a kill it goes on" 0 $?
cmp -s first.json second.json && ok "to the same answer" || bad "to the same answer: $(diff first.json second.json)"
find killed -path '*/records/[0-9a-f]*/record' | sort >after
same "with what had finished" "" "$(comm -23 before after)"

# Any number.
"$B" search line.ini --vary line.rate --repeat 1 >out 2>err
same "a line for traffic that is given" 0 $?
has "needs its rate" "^0%  *\(30[01]\.*[0-9]*\|29[89]\.*[0-9]*\)Mbit/s" out
"$B" search line.ini --vary line.delay --range 1us..1ms --until 'sink.latency_mean_us > 100' --repeat 1 >out 2>err
same "a delay" 0 $?
has "is found by a condition" "^sink.latency_mean_us > 100  *9[0-2][.0-9]*us" out
"$B" search line.ini --vary line.delay --range 1us..1ms --until 'sink.latency_mean_us > 1e6' --repeat 1 >out 2>err
has "a condition that never holds is said" "^sppemu: sink.latency_mean_us > 1e6: it does not hold up to the end of the range" err

refused "an unknown number" 3 'found "line.rat", .*the nearest is line.rate' line.ini --vary line.rat
refused "a loss that is none" 2 '--loss: found "much", expected' line.ini --loss much
refused "a precision that is none" 2 '--precision: found "0"' line.ini --precision 0
refused "a range without a number" 2 '--range: found no --vary' line.ini --range 1..2
refused "half a range" 2 '--range: found "1us", expected two values' line.ini --vary line.delay --range 1us
refused "a range the wrong way" 3 'expected the smaller end first' line.ini --vary line.rate --range 2Gbit/s..1Gbit/s
refused "a condition without a number" 2 '--until: found no --vary' line.ini --until 'sink.lost > 0'
refused "a study of several points" 3 'found a study of 2 points' line.ini --set 'traffic.payload=${0, 400}'
printf '[scenario]\nduration = 1s\n[gpe gpe0]\n[vserver v]\napplication = compute\n' >alone.ini
refused "nobody who counts" 3 'found no sink' alone.ini
exit $failed
