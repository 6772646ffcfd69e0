#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# sppemu compare with chips: an NPE below its knee and above, by both timings. What is compared, and how,
# stands in tests/test_timing.c; here it is the real thing, within bounds of docs/timing.md.
B=${BUILD:-build}/sppemu
case $B in /*) ;; *) B=$PWD/$B ;; esac
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0
ok() { echo "ok compare $1"; }
bad() { echo "FAILED compare $1"; failed=1; }
same() { if [ "$2" = "$3" ]; then ok "$1"; else bad "$1: expected $2, found $3"; fi; }
has() { if grep -q -- "$2" "$3"; then ok "$1"; else bad "$1: no \"$2\" in $(head -c 1500 "$3")"; fi; }
top=$PWD
cd "$dir" || exit 1
unset COLUMNS

cat >two.ini <<END
[scenario]
include = $top/scenarios/npe.ini
[source traffic]
rate = \${1, 5}Gbit/s
duration = 1ms
warmup = 200us
[expect saturated]
metric = max(sink.delivered_pps / 1e6)
low = 4
high = 6
unit = Mp/s
END
"$B" compare two.ini -j2 -m sink.delivered_bps --check 3% >out 2>err
same "what the chip carries is within 3 percent" 0 $?
has "both points are compared" "^fast timing beside detailed, 2 of 2 points$" out
has "a claim has both verdicts" "^saturated .* met$" out
has "all verdicts are the same" "^0 of 1 verdicts differ$" out
has "fast takes fewer events" "^events .* times$" out
same "it fits 80 columns" "" "$(grep -v '^results: \|^         \|^warning: ' out | awk 'length > 80')"
awk -F '\t' '$3 == "sink.delivered_bps" && $8 != "" && $8 < 0.03 && $8 > -0.03 { n++ } END { exit n != 2 }' "results/compare/two,timing=fast/compare.tsv" &&
    ok "compare.tsv has the differences" || bad "compare.tsv has the differences: $(cat results/compare/two,timing=fast/compare.tsv)"

"$B" compare two.ini --filter 'traffic.rate < 2Gbit/s' -m sink.latency_mean_us --check 5% -q >out 2>err
same "latency far below the knee is within 5 percent" 0 $?
"$B" compare two.ini -q -m sink.latency_mean_us --check 0.00001% >out 2>err
same "past the bound it exits with 1" 1 $?
has "and names the metric" "^sppemu: --check: two: sink.latency_mean_us differs by .* at traffic.rate=" err

"$B" compare replay -q --set traffic.timing=rate --set traffic.rate=900Mbit/s --set traffic.loop=40 -m sink.delivered_bps -m sink.latency_mean_us --check 2% >out 2>err
same "a real capture takes as long within 2 percent" 0 $?

"$B" run two.ini --timing=fast --check 20% --no-plots >out 2>err
same "a fast run is checked before" 0 $?
has "its table says what it is" "^fast timing$" out
has "and its claims" "predicted: 1 of 1 met; by fast timing$" out
"$B" run two.ini --no-plots -q -o results/detailed >out 2>err
for timing in detailed fast; do
    folder="results/$timing"
    [ $timing = detailed ] || folder='results/two,timing=fast'
    grep -q "^ \"timing\": \"$timing\"" "$folder/manifest.json" && ok "a manifest says $timing" || bad "a manifest says $timing"
done
same "two timings are two fingerprints" 2 "$(cat results/detailed/manifest.json 'results/two,timing=fast/manifest.json' | grep fingerprint | sort -u | wc -l | awk '{ print $1 / 2 }')"
exit $failed
