#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# sppemu sensitivity on the command line: what it prints and writes, goes on with and refuses.
B=${BUILD:-build}/sppemu
case $B in /*) ;; *) B=$PWD/$B ;; esac
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0
ok() { echo "ok sensitivity $1"; }
bad() { echo "FAILED sensitivity $1"; failed=1; }
same() { if [ "$2" = "$3" ]; then ok "$1"; else bad "$1: expected $2, found $3"; fi; }
has() { if grep -q -- "$2" "$3"; then ok "$1"; else bad "$1: no \"$2\" in $(head -c 1500 "$3")"; fi; }
top=$PWD
cd "$dir" || exit 1
unset COLUMNS

# 6 us and 4 us: 60 and 40 percent of the latency; above 10.3 us it is missed.
cat >two.ini <<'EOF2'
[scenario]
title = Two delays
[source traffic]
ports = 1
rate = ${200, 100}kpacket/s
duration = 1ms
warmup = 0
[tap tap]
[sink sink]
ports = 1
source = traffic
[link first]
link = traffic.0 -> tap.0
rate = none
delay = 6us
[link second]
link = tap.0 -> sink.0
rate = none
delay = 4us
[expect latency]
metric = max(sink.latency_mean_us)
low = 9
high = 10.3
unit = us
[expect nobody]
metric = max(sink.delivered_pps if sink.lost > 0)
low = 0
high = 1
EOF2
"$B" sensitivity two.ini -j2 >out 2>err
same "it runs" 0 $?
has "the claim stands above its choices" "^latency = 10 us, met: 9 to 10.3 (predict)" out
has "each with its value, both changes and the elasticity" \
    "^  link first.delay *6us *scenario *-6.0 % *+6.0 % *0.60" out
has "what was not measured is -" "^nobody = -, not measured" out
has "verdicts that flip are named with the least move" \
    "^  latency *missed *+5.6 % *link first.delay *6.3375us" out
same "all of it in 80 columns" 0 "$(awk 'length > 80' out err | wc -l)"
t=results/sensitivity/two/sensitivity.tsv
same "a row for each choice that moves a claim, and one for a claim that nothing moves" 3 "$(awk 'NR > 1' $t | wc -l)"
same "every row has as many cells as heads" 1 "$(awk -F '\t' '{ print NF }' $t | sort -u | wc -l)"
same "without repetitions the interval is none" none "$(awk -F '\t' 'NR == 2 { print $NF }' $t)"
has "what cannot be moved says why" "link first.rate.*cannot move	none is a word" \
    results/sensitivity/two/choices.tsv
if command -v gnuplot >/dev/null; then
    has "a tornado is drawn" "<svg" results/sensitivity/two/tornado-latency.svg
    [ ! -e results/sensitivity/two/tornado-nobody.svg ] && ok "and none of nothing" || bad "and none of nothing"
fi

# Nothing is lost as it is written; of 9 Mbit/s 20 packets do not fit the queue. That is no share of nothing.
cat >zero.ini <<'EOF2'
[scenario]
[source traffic]
ports = 1
rate = 2490packet/s
payload = 400
duration = 100ms
warmup = 0
[sink sink]
ports = 1
source = traffic
[link wire]
link = traffic.0 -> sink.0
rate = 10Mbit/s
queue = 2000B
EOF2
"$B" sensitivity zero.ini --metric 'max(sink.lost)' >out 2>err
has "what moves from zero is told by what it comes to" "^  link wire.rate .*to 20 *to 0 *-$" out

# The page that is made of it takes the figures that it is told, not what else lies there.
"$B" run two.ini -q --no-plots -o results/two
"$B" run two.ini -q --no-plots --set first.delay=7us
cp -r results/sensitivity/two results/sensitivity/two,rate=1
sed -i 's/^two/other/' results/sensitivity/two,rate=1/*.tsv
for block in count figures claims predicted; do printf '<!-- begin %s -->\nas it was\n<!-- end -->\n' $block; done >page
sh "$top/analysis/calibration" page two >made 2>err
same "the page is made" "0 0" "$? $(wc -c <err | tr -d ' ')"
same "of the figures named, a row for each claim" "| latency | predict | 9 to 10.3 us | 10 | met |" "$(grep '^| latency' made)"
has "what was not measured is no zero" "^| nobody | predict | 0 to 1  | - | not measured |" made
has "choices are those of the figures named" "^2 choices are free, by the claims of 1 figures" made
has "which are listed" "^Figures that were looked at: two\$" made
has "rows that were never fitted, and how many are met" "^1 of 2 are met: latency, nobody.$" made
has "and which are not, and why" "^Not met: nobody (not measured).$" made
sh "$top/analysis/calibration" page two three >made 2>err
has "a figure without results is named" "no results/three/claims.tsv: " err
same "and the tables of claims stay as they were" 2 "$(grep -c '^as it was' made)"

# A run that fails is no row of "-".
sh "$top/analysis/variants" /bin/false 'none |' >made 2>err
same "variants end where a run fails" "1 0" "$? $(grep -c '^| none' made)"
has "and say of which change" "^variants: none" err
for script in figures sweeps variants calibration; do
    sh "$top/analysis/$script" >made 2>err
    same "analysis/$script without arguments" "2 0 Usage: $script" "$? $(wc -c <made) $(sed 's/ [A-Z].*//' err)"
done

# Killed in the middle, and given again: what is finished stays, and the tables are the same.
"$B" sensitivity two.ini -q -o whole
"$B" sensitivity two.ini -q -o parts &
pid=$!
while kill -0 $pid 2>/dev/null && [ "$(ls parts/records 2>/dev/null | grep -c '^[0-9a-f]*$')" -lt 5 ]; do :; done
kill -9 $pid 2>/dev/null
wait $pid 2>/dev/null
before=$(ls -d parts/records/*/cost | wc -l)
cat parts/records/*/cost | sort >cost.before
"$B" sensitivity two.ini -q -o parts
same "it goes on" 0 $?
for f in sensitivity.tsv choices.tsv; do
    cmp -s whole/$f parts/$f && ok "a killed study ends with the same $f" || bad "a killed study ends with the same $f"
done
[ "$before" -ge 1 ] && ok "finished runs were kept" || bad "finished runs were kept"
"$B" sensitivity two.ini -q -o again -j3
cmp -s whole/sensitivity.tsv again/sensitivity.tsv && ok "jobs make no difference" || bad "jobs make no difference"

# Typos
refused() { # refused NAME CODE TEXT ARGUMENTS...
    name=$1 code=$2 text=$3
    shift 3
    "$B" sensitivity "$@" >out 2>err
    same "$name: the code" "$code" $?
    has "$name" "$text" err
    same "$name: one sentence" 1 "$(grep -c "^sppemu: " err)"
}
refused "a step without meaning" 2 'sppemu: --step: found "ten", expected a share such as 10%' two.ini --step ten
refused "a step of all" 2 'found "100%", expected a share' two.ini --step 100%
refused "no repetitions" 2 "repeat: found 0, expected 1 to" two.ini --repeat 0
refused "a file that is not there" 3 "tow.ini" tow.ini
refused "a metric with a wrong name" 3 "found the unknown name sink.latency_men_us; the nearest is sink.latency_mean_us" \
    two.ini -o typo --metric 'max(sink.latency_men_us)'
refused "a metric that does not end" 3 "max(sink.lost" two.ini -o typo2 --metric 'max(sink.lost'
refused "somebody else's folder" 1 "holds" two.ini -o whole --set first.delay=7us
sed '/^\[expect/,$d' two.ini >none.ini
refused "nothing to measure" 3 "found no claim, expected \[expect\] sections, or --metric" none.ini
"$B" sensitivity none.ini --metric 'max(sink.latency_mean_us)' >out 2>&1
has "but a metric will do" "^max(sink.latency_mean_us) = 10$" out
"$B" sensitivity two.ini none.ini -q -o both --metric 'max(sink.lost)'
[ -f both/two/sensitivity.tsv ] && [ -f both/none/sensitivity.tsv ] && ok "several files have a folder each" || bad "several files have a folder each"
exit $failed
