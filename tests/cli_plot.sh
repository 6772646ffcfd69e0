#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# sppemu plot: the bytes that the run drew, other pictures from the same records, and what is said of
# what cannot be drawn. BUILD: the build folder.
B=$(realpath "${BUILD:-build}/sppemu")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0
ok() { echo "ok cli_plot: $1"; }
bad() { echo "FAILED cli_plot: $1"; failed=1; }
# expect NAME CODE PATTERN COMMAND...
expect() {
    name=$1 code=$2 pattern=$3
    shift 3
    "$@" >"$dir/out" 2>&1
    got=$?
    [ $got -eq $code ] && grep -qe "$pattern" "$dir/out" && ok "$name" || bad "$name: $got, $(head -c 300 "$dir/out")"
}

cat >"$dir/s.ini" <<'END'
[scenario]
include = npe.ini
title = Two payloads
[source traffic]
duration = 60us
warmup = 10us
payload = ${0, 400}
rate = ${1, 2, 3}Gbit/s
[plot rates]
x = traffic.offered_bps / 1e9
y = sink.delivered_pps / 1e6
curve = traffic.payload
x_label = offered, Gb/s
y_label = delivered, Mp/s
mark = F9-npe-pps
[plot delay]
x = traffic.rate
y = sink.latency_mean_us
curve = payload
END
cd "$dir" || exit 1
"$B" run s.ini -q -o one --repeat 3 2>err && "$B" run s.ini -q -o two --set npe0.sram_latency=214ns 2>>err || bad "runs: $(cat err)"
[ -s err ] && bad "a run says $(cat err)"
ls one/rates.svg one/rates.png one/rates.pdf one/delay.svg >/dev/null 2>&1 && ok "a run draws SVG, PNG and PDF" || bad "a run draws SVG, PNG and PDF"

mkdir was && cp one/rates.* one/delay.* was && rm one/rates.* one/delay.*
expect "plot draws a study's own pictures" 0 '^picture: one/rates.png' "$B" plot one
for file in was/*; do
    cmp -s "$file" "one/$(basename "$file")" || bad "$(basename "$file") is not what the run drew"
done
ok "they have the bytes that the run drew"
expect "and one of them" 0 '^picture: one/delay.png' "$B" plot one --plot delay
[ "$(find . -maxdepth 1 -name '*.png' | wc -l)" -eq 0 ] && ok "nothing is written elsewhere" || bad "nothing is written elsewhere"

expect "another picture is drawn from the records" 0 '^picture: new.png' "$B" plot one -o new.svg --x rate/1e9 --y sink.latency_mean_us --where 'payload == 400' --log y --mark F12-npe --y-label 'delay, us'
ls new.svg new.png new.pdf new.tsv new.gp >/dev/null 2>&1 && ok "in all its files" || bad "in all its files"
grep -q "F12-npe: NPE average delay" new.gp && ok "with what was published" || bad "with what was published"
[ "$(grep -c '^	' new.tsv)" -eq 3 ] && ok "of the runs that where leaves" || bad "of the runs that where leaves: $(cat new.tsv)"
expect "without a name it is plot" 0 '^picture: plot.png' "$B" plot one --x rate --y sink.lost
expect "options replace keys of a plot" 0 '^picture: rates.png' "$B" plot one --plot rates --log xy
grep -q 'set logscale x' rates.gp && grep -q "xlabel 'offered, Gb/s'" rates.gp && ok "and leave the others" || bad "and leave the others"
grep -q '^payload = 400	' one/delay.tsv && ok "a key that iterates needs no component" || bad "a key that iterates needs no component"
expect "several studies are one picture" 0 '^picture: rates.png' "$B" plot one two --plot rates
grep -q '^two, payload = 400	' rates.tsv && grep -q '^one, payload = 0	' rates.tsv && ok "told apart by their names" || bad "told apart by their names: $(cut -f1 rates.tsv | sort -u)"

expect "a folder that is no study" 1 'nothere: found no study, expected a folder of results' "$B" plot nothere
expect "no folder at all" 2 'plot: found no STUDY' "$B" plot
expect "a plot that is nearly right" 2 '\-\-plot: found rate, expected one of rates, delay; the nearest is rates' "$B" plot one --plot rate
expect "a name in x that is nearly right" 2 '\-\-x: found the unknown name traffic.ratee; the nearest is traffic.rate' "$B" plot one --x traffic.ratee --y sink.lost
expect "bad syntax" 2 '\-\-y: found' "$B" plot one --x rate --y 'sink.lost +'
expect "a curve that is nearly right" 2 '\-\-curve: found traffic.payloads, expected series' "$B" plot one --plot rates --curve traffic.payloads
expect "a series where there is none" 2 '\-\-series: found chart.rates, expected one, but the study has none' "$B" plot one --series chart.rates
expect "an axis that is none" 2 '\-\-log: found "z", expected x, y or xy' "$B" plot one --plot rates --log z
expect "x without y" 2 'expected --x and --y' "$B" plot one --x rate
expect "a claim that is nearly right" 1 'found no claim F9-npe-ppps; the nearest is F9-npe-pps' "$B" plot one --plot rates --mark F9-npe-ppps
expect "a claim of another kind" 1 'found F12-npe in us, expected a claim in the unit' "$B" plot one --plot rates --mark F12-npe
expect "one name for two pictures" 2 '\-\-output: found one name for 2 pictures' "$B" plot one -o x
expect "nothing to draw" 1 'no run has a point in it' "$B" plot one --plot rates --where 'payload == 1'
expect "a folder that is not there" 2 '\-\-output: found no folder no/such' "$B" plot one --plot rates -o no/such/x
exit $failed
