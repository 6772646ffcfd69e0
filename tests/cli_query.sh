#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# sppemu query. Oracle: awk over runs.tsv, which holds every run.
B=${BUILD:-build}/sppemu
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0
ok() { echo "ok query $1"; }
bad() { echo "FAILED query $1"; failed=1; }
same() { if [ "$2" = "$3" ]; then ok "$1"; else bad "$1: expected $2, found $3"; fi; }
has() { if grep -q -- "$2" "$3"; then ok "$1"; else bad "$1: no \"$2\" in $(head -c 1500 "$3")"; fi; }
refused() { # refused NAME CODE TEXT ARGUMENTS...
    name=$1 code=$2 text=$3
    shift 3
    "$B" query "$@" >"$dir/out" 2>"$dir/err"
    same "$name: exit code" "$code" $?
    has "$name" "$text" "$dir/err"
    same "$name: nothing on standard output" 0 "$(wc -c <"$dir/out")"
}
unset COLUMNS

# Three slices of an NPE, the third with twice the traffic, at four rates of which two overload it.
cat >"$dir/three.ini" <<'EOF2'
[scenario]
title = Three slices
[npe npe0]
interfaces = 3
[slice s*3]
npe = npe0
udp_port = {30000 + i}
vlan = {100 + i}
queue_packets = ${20, 5000}
routes = 0.0.0.0/0 {i} 192.168.100.1:30000
[source t*3]
ports = 1
udp_port = {30000 + i}
node_address = 10.255.0.{i + 1}
node_mac = 02:00:00:00:01:{i:02x}
sources = 10.100.0.{i + 1}
rate = ${300, 900, 1200, 2500}Mbit/s wire
warmup = 100us
duration = 600us
[source t2]
rate = 2Gbit/s wire
[sink sink]
ports = 3
source = t0, t1, t2
[link in*3]
link = t{i}.0 -> npe0.{i}
rate = 10Gbit/s
[link out]
link = npe0.0..2 -> sink.0..2
EOF2
"$B" run "$dir/three.ini" -q -j2 -o "$dir/three" || bad "a study runs"
r=$dir/three
# pick FILE CONDITION COLUMNS...: rows of runs.tsv that fulfil an awk condition, as %.12g; columns by name
pick() {
    awk -F '\t' -v names="$3" 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; n = split(names, want, ","); next }
        function v(name) { return $at[name] }
        '"$2"' { line = ""; for (i = 1; i <= n; i++) line = line (i > 1 ? "\t" : "") v(want[i]); print line }' "$1"
}
asked() { "$B" query "$r" --tsv "$@" | tail -n +2; }
axes=s0.queue_packets,t0.rate
same "every point is a row" "$(pick "$r/runs.tsv" 1 $axes,sink.lost)" "$(asked --show sink.lost)"
same "--where leaves what holds" \
    "$(pick "$r/runs.tsv" 'v("sink.delivered_ratio") > 0.5 && v("sink.latency_mean_us") < 100' $axes,sink.lost)" \
    "$(asked --where 'sink.delivered_ratio > 0.5 and sink.latency_mean_us < 100' --show sink.lost)"
same "a parameter compares with a value as it is written" \
    "$(pick "$r/runs.tsv" 'v("t0.rate") > 900000000' $axes,sink.lost)" \
    "$(asked --where 't0.rate > 900Mbit/s' --show sink.lost)"
same "--sort puts the largest first" \
    "$(pick "$r/runs.tsv" 1 $axes,sink.delivered_bps | sort -t "$(printf '\t')" -k3,3gr -s | head -3)" \
    "$(asked --show sink.delivered_bps --sort -sink.delivered_bps --limit 3)"
same "and the first of several keys decides first" \
    "$(pick "$r/runs.tsv" 1 $axes,sink.lost | sort -t "$(printf '\t')" -k2,2gr -k1,1g)" \
    "$(asked --show sink.lost --sort '-t0.rate, s0.queue_packets')"
same "an expression has a label" "s0.queue_packets,t0.rate,Mb/s" \
    "$("$B" query "$r" --tsv --show 'sink.delivered_bps / 1e6 as "Mb/s"' | head -1 | tr '\t' ,)"
same "a value beside is that of the same point but for one parameter" \
    "$(pick "$r/runs.tsv" 1 $axes,sink.lost | awk -F '\t' '$2 == 300000000 { base = $3 } { print $3 - base }')" \
    "$(asked --show 'sink.lost - (sink.lost at t0.rate = 300Mbit/s) as "more"' | cut -f 3)"

most=$(pick "$r/runs.tsv" 'v("s0.queue_packets") == 20' sink.delivered_bps | sort -g | tail -1)
same "an aggregate is over all points" \
    "$(pick "$r/runs.tsv" "v(\"sink.delivered_bps\") >= 0.9 * $most" $axes,sink.lost)" \
    "$(asked --where 'sink.delivered_bps >= 0.9 * max(sink.delivered_bps if s0.queue_packets == 20)' --show sink.lost)"

# One row for each slice, whose sums are the sink's.
asked --each slice --show packets_in,packets_out,lost,exceptions >"$dir/slices"
same "--each has a row for each slice at each point" 24 "$(wc -l <"$dir/slices")"
same "what slices lost is what the sink misses, at every point" \
    "$(pick "$r/runs.tsv" 1 $axes,sink.lost)" \
    "$(awk -F '\t' -v OFS='\t' '{ k = $1 OFS $2; if (!(k in n)) { n[k] = ++m; key[m] = k } lost[n[k]] += $6 } END { for (i = 1; i <= m; i++) print key[i], lost[i] }' "$dir/slices")"
same "and nothing stays inside" 0 "$(awk -F '\t' '$4 != $5 + $6 + $7 { n++ } END { print n + 0 }' "$dir/slices")"
same "some are lost" 1 "$(awk -F '\t' '{ n += $6 } END { print (n > 0) }' "$dir/slices")"
same "an aggregate is over all slices too" "$(awk -F '\t' '{ n += $6 } END { print n }' "$dir/slices")" \
    "$(asked --each slice --show 'sum(lost)' --limit 1 | cut -f 4)"
same "--where is of the row's own scalars" "$(awk -F '\t' '$6 > 0' "$dir/slices" | cut -f 1-3)" \
    "$(asked --each slice --where 'lost > 0' --show lost | cut -f 1-3)"

# On the terminal
"$B" query "$r" >"$dir/out" || bad "a table"
same "a table fits into 80 columns" 1 "$(awk 'length($0) > 80 { n++ } END { print n + 0 == 0 }' "$dir/out")"
has "units stand below names" 'Gbit/s wire' "$dir/out"
COLUMNS=50 "$B" query "$r" --show sink.lost,sink.delivered_bps,sink.latency_mean_us >"$dir/out"
same "and into 50" 1 "$(awk 'length($0) > 50 { n++ } END { print n + 0 == 0 }' "$dir/out")"
has "what was dropped is named" 'no room for sink.delivered_bps,$' "$dir/out"
"$B" query "$r" --where 'sink.lost < 0' >"$dir/out"
same "no row is an answer" "0 of 8 points" "$(cat "$dir/out")"
if command -v python3 >/dev/null; then
    same "JSON says the same" "$(asked --show sink.lost | awk -F '\t' '{ n += $3 } END { print n }')" \
        "$("$B" query "$r" --json --show sink.lost | python3 -c 'import json, sys
print("%d" % sum(r["sink.lost"] for r in json.load(sys.stdin)["rows"]))')"
fi

# Repetitions: mean and interval by Student's t, 4.30265 for three.
"$B" run "$dir/three.ini" -q -j2 --repeat 3 --set 't*.rate=1200Mbit/s' --set 's*.queue_packets=20' -o "$dir/rep" || bad "repetitions"
"$B" query "$dir/rep" --tsv --show sink.latency_mean_us,sink.lost/sink.delivered_pps >"$dir/rep.tsv"
same "means and intervals are those of the runs" ok "$(awk -F '\t' '
    NR == FNR && FNR == 1 { for (i = 1; i <= NF; i++) { if ($i == "sink.latency_mean_us") c = i; if ($i == "sink.lost") l = i; if ($i == "sink.delivered_pps") d = i }; next }
    NR == FNR { x[++n] = $c; y[n] = $l / $d; next }
    FNR == 1 { next }
    function near(a, b) { return (a - b) ^ 2 < 1e-12 * b ^ 2 + 1e-20 }
    {
        m = (x[1] + x[2] + x[3]) / 3; k = (y[1] + y[2] + y[3]) / 3
        s = sqrt(((x[1] - m) ^ 2 + (x[2] - m) ^ 2 + (x[3] - m) ^ 2) / 2)
        half = 4.30265272975 * s / sqrt(3); f = NF - 5
        print (n == 3 && s > 0 && near($f, m) && near($(f + 1), m - half) && near($(f + 2), m + half) && near($(f + 3), k) ? "ok" : "differs: " $0)
    }' "$dir/rep/runs.tsv" "$dir/rep.tsv")"
"$B" query "$dir/rep" --show sink.latency_mean_us >"$dir/out"
has "the table shows mean and interval" '+-' "$dir/out"
mean=$(tail -1 "$dir/rep.tsv" | awk -F '\t' '{ print $(NF - 5) }')
same "in --where a scalar is its mean" "1 of 1 point" \
    "$("$B" query "$dir/rep" --where "sink.latency_mean_us > $mean * 0.9999999 and sink.latency_mean_us < $mean * 1.0000001" | sed -n 's/^\(. of . point\).*/\1/p')"

# Mistakes
refused "an unknown scalar" 2 'query.*\|--where: "sink.lots > 0": found the unknown name sink.lots; the nearest is sink.lost' "$r" --where 'sink.lots > 0'
refused "a slice's own" 2 'unknown name losst.*the nearest is lost' "$r" --each slice --show losst
refused "an unknown class" 2 'found "slise", expected a class.*the nearest is slice' "$r" --each slise
refused "half an expression" 2 '--show: "sink.lost +": found the end' "$r" --show 'sink.lost +'
refused "an aggregate of nothing that is there" 2 'unknown name sink.lots' "$r" --sort 'max(sink.lots) - sink.lost'
refused "half an aggregate" 2 'unknown name max' "$r" --where 'max(sink.lost'
refused "a value that there cannot be" 2 '--where: .*t0.rate' "$r" --where 't0.rate > 3parsecs'
refused "no study" 1 'found no study' "$dir"
refused "a misspelt option" 2 '--where' "$r" --were 'sink.lost > 0'
refused "two forms" 2 'found --json too' "$r" --tsv --json
refused "a negative limit" 2 '--limit: found -1' "$r" --limit=-1
exit $failed
