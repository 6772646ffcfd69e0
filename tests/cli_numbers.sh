#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The tables of a study: what is on the terminal, and files that programs read without cleaning.
B=${BUILD:-build}/sppemu
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0
ok() { echo "ok numbers $1"; }
bad() { echo "FAILED numbers $1"; failed=1; }
same() { if [ "$2" = "$3" ]; then ok "$1"; else bad "$1: expected $2, found $3"; fi; }
has() { if grep -q -- "$2" "$3"; then ok "$1"; else bad "$1: no \"$2\" in $(head -c 1500 "$3")"; fi; }
unset COLUMNS
short="--set traffic.duration=500us --set traffic.warmup=100us"
tsv() { # tsv FILE COLUMN ROW: a cell, "(no column)" if there is none
    awk -F '\t' -v want="$2" -v row="$3" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == want) c = i } NR == row + 1 { print c ? $c : "(no column)" }' "$1"
}

# A study of two sources at two rates, one word and one time
cat >"$dir/two.ini" <<EOF
[scenario]
include = $PWD/scenarios/npe-base.ini
[npe npe0]
sram_latency = \${107ns, 150ns}
[source traffic]
pattern = \${constant, poisson}
payload = \${400, 1400}
rate = \${0.5, 1}Gbit/s wire
duration = 500us
warmup = 100us
EOF
"$B" run "$dir/two.ini" -q -o "$dir/two" || bad "a study runs"
t=$dir/two/runs.tsv
same "no head has a bracket" 0 "$(head -1 "$t" | grep -c '\[')"
same "heads begin with run, repetition, status, parameters" \
    "run,repetition,status,npe0.sram_latency,traffic.rate,traffic.pattern,traffic.payload" \
    "$(head -1 "$t" | cut -f1-7 | tr '\t' ,)"
same "every row has as many cells as heads" 1 "$(awk -F '\t' '{ print NF }' "$t" | sort -u | wc -l)"
same "every cell is a number, but status and words" 0 \
    "$(awk -F '\t' 'NR > 1 { for (i = 1; i <= NF; i++) if (i != 3 && i != 6 && $i !~ /^-?[0-9.]+(e[-+]?[0-9]+)?$/ && $i != "") n++ } END { print n + 0 }' "$t")"
same "a rate is in bit/s" 500000000 "$(tsv "$t" traffic.rate 1)"
same "a time is in seconds" 1.07e-07 "$(tsv "$t" npe0.sram_latency 1)"
same "a choice is a word" poisson "$(tsv "$t" traffic.pattern 8)"
same "what is the same in all runs is left out" "(no column)" "$(tsv "$t" npe0.drop.mac_full 1)"
has "and is in the manifest" '"npe0.drop.mac_full": 0.0' "$dir/two/manifest.json"
c=$dir/two/columns.tsv
has "units are in a file beside" "^sink.latency_mean_us	us	sink	sink	from creation" "$c"
has "those of parameters too" "^traffic.rate	bit/s wire	traffic	source	offered rate" "$c"
has "and of what was left out" "^npe0.drop.mac_full	packets	npe0	npe	the MAC's receive buffer" "$c"
if command -v gnuplot >/dev/null; then
    cat >"$dir/read.gp" <<EOF
set datafile separator "\t"
set datafile columnheaders
set print "-"
stats "$t" using (column("traffic.rate")) name "A" nooutput
print sprintf("%.0f %.0f", A_records, A_max)
EOF
    same "gnuplot reads it by its heads" "16 1000000000" "$(gnuplot "$dir/read.gp" 2>&1)"
fi
if command -v python3 >/dev/null; then
    cat >"$dir/read.py" <<'EOF'
import csv, json, sys
def table(name):
    return list(csv.DictReader(open(sys.argv[1] + "/" + name), delimiter="\t"))
rows, columns = table("runs.tsv"), {c["name"]: c for c in table("columns.tsv")}
constants = json.load(open(sys.argv[1] + "/manifest.json"))["constants"]
print("%ge9 %d" % (sum(float(r["traffic.rate"]) for r in rows) / 1.5e9, len(rows)))
heads = [h for h in rows[0] if h not in ("run", "repetition", "status")]
print("unknown:", [h for h in heads if h not in columns])
print("elsewhere:", sorted(set(columns) ^ set(heads) ^ set(constants)))
print("unexplained:", [n for n, c in columns.items() if not c["text"] and not n.startswith("run.")])
print("varying:", [n for n in constants if n in heads])
EOF
    same "a reader of tables sees numbers, and every name explained once" \
        "8e9 16 unknown: [] elsewhere: [] unexplained: [] varying: []" "$(python3 "$dir/read.py" "$dir/two" | tr '\n' ' ' | sed 's/ $//')"
fi
cat >"$dir/named.ini" <<EOF
[scenario]
include = $PWD/scenarios/npe-base.ini
[let]
load = \${1, 2}
[source traffic]
rate = {load}Gbit/s
duration = 500us
warmup = 100us
[series small]
traffic.payload = 40
[series large]
traffic.payload = 1400
EOF
"$B" run "$dir/named.ini" -q --no-plots -o "$dir/named" || bad "a study of series"
same "series and names of [let] are explained too" "which [series] the point is of; a value of [let]; " \
    "$(awk -F '\t' '$1 == "series" || $1 == "let.load" { printf "%s; ", $5 }' "$dir/named/columns.tsv")"
mixed='npe0.sram_latency=${107ns, 150cycles}'
"$B" run npe -q --no-plots $short --set "$mixed" -o "$dir/mixed" || bad "a study"
same "numbers of two units stay as they are written" "107ns 150cycles" "$(tsv "$dir/mixed/runs.tsv" npe0.sram_latency 1) $(tsv "$dir/mixed/runs.tsv" npe0.sram_latency 2)"
"$B" run npe -q --no-plots $short -o "$dir/one" || bad "a run"
same "a single run keeps all columns" 0 "$(tsv "$dir/one/runs.tsv" npe0.drop.mac_full 1)"
same "what was not measured is an empty cell" "" "$(tsv "$dir/one/runs.tsv" exceptions.latency_mean_us 1)"
"$B" run npe -q --no-plots $short --json -o "$dir/one" >"$dir/json" || bad "JSON"
same "and null in JSON" 2 "$(grep -c '"exceptions.latency_mean_us": null' "$dir/json")"

# Repetitions
"$B" run npe --no-plots $short --repeat 3 -o "$dir/rep" >"$dir/out" 2>/dev/null || bad "repetitions"
s=$dir/rep/summary.tsv
same "the summary's heads" "point,traffic.duration,traffic.warmup,metric,n,mean,sd,interval_low,interval_high" "$(head -1 "$s" | tr '\t' ,)"
same "mean, deviation and Student's interval are those of the runs" ok "$(awk -F '\t' '
    NR == FNR { if (FNR == 1) { for (i = 1; i <= NF; i++) if ($i == "sink.latency_mean_us") c = i } else x[FNR - 1] = $c; next }
    $4 == "sink.latency_mean_us" {
        m = (x[1] + x[2] + x[3]) / 3
        sd = sqrt(((x[1] - m) ^ 2 + (x[2] - m) ^ 2 + (x[3] - m) ^ 2) / 2)
        half = 4.30265272975 * sd / sqrt(3)
        near = ($6 - m) ^ 2 < 1e-12 && ($7 - sd) ^ 2 < 1e-12 && ($8 - m + half) ^ 2 < 1e-12 && ($9 - m - half) ^ 2 < 1e-12
        print ($5 == 3 && sd > 0 && near ? "ok" : "differs: " $0)
    }' "$dir/rep/runs.tsv" "$s")"
has "the table shows mean and interval" '+-' "$dir/out"
[ -e "$dir/one/summary.tsv" ] && bad "no summary without repetitions" || ok "no summary without repetitions"
cat >"$dir/silent.ini" <<EOF
[scenario]
include = $PWD/scenarios/npe-base.ini
[source traffic]
duration = \${0, 300}us
warmup = 0
EOF
"$B" run "$dir/silent.ini" --no-plots --repeat 2 -o "$dir/silent" >"$dir/out" 2>/dev/null || bad "a silent run"
has "repetitions that are one run are told" "repetitions of 1 of 2 points are one and the same run" "$dir/out"
same "and have no interval" "[][]" "$(awk -F '\t' '$1 == 0 && $3 == "npe0.me0_rx_busy" { print "[" $7 "][" $8 "]" }' "$dir/silent/summary.tsv")"

# On the terminal
wide() { awk '/^(\* |warning|results|capture|[A-Z])/ { next } length($0) > most { most = length($0) } END { print most + 0 }' "$1"; }
"$B" run "$dir/two.ini" --no-plots -o "$dir/two" >"$dir/out" 2>/dev/null
[ "$(wide "$dir/out")" -le 80 ] && ok "a table fits into 80 columns" || bad "a table fits into 80 columns: $(wide "$dir/out")"
has "what was dropped is said" 'more column.*runs.tsv' "$dir/out"
has "each column names its component" '^npe0 .* traffic .* sink ' "$dir/out"
has "and what is carried comes first" '^sram_latency .* pattern .*payload  *carried ' "$dir/out"
# Parameters that follow from another one leave room for what was measured
cat >"$dir/tied.ini" <<EOF
[scenario]
include = $PWD/scenarios/npe-base.ini
[source traffic]
payload = \${400, 1400}
rate = \${with traffic.payload: 0.5, 1}Gbit/s wire
duration = \${with traffic.payload: 500, 600}us
warmup = \${with traffic.payload: 100, 110}us
EOF
COLUMNS=40 "$B" run "$dir/tied.ini" --no-plots -o "$dir/tied" >"$dir/out" 2>/dev/null
has "what follows from another parameter does not push out what was measured" '^rate.* carried ' "$dir/out"
COLUMNS=200 "$B" run "$dir/two.ini" --no-plots -o "$dir/two" >"$dir/out" 2>/dev/null
same "a wider terminal shows all" 0 "$(grep -c 'more column' "$dir/out")"
cat >"$dir/grow.ini" <<EOF
[scenario]
include = $PWD/scenarios/npe-base.ini
[source traffic]
payload = 28
rate = \${4.96, 4.98, 5}Gbit/s wire
EOF
"$B" run "$dir/grow.ini" --no-plots -j2 -o "$dir/grow" >"$dir/out" 2>/dev/null
has "a queue that grows is named" '^\* not steady: npe0.buffers, npe0.queues (3 runs)$' "$dir/out"
has "a warning stands once, with its count, and says what to do" 'warning: npe0: .*read carried_ratio.* (3 runs)$' "$dir/out"
same "once" 1 "$(grep -c '^warning: npe0' "$dir/out")"
"$B" run "$dir/grow.ini" -q --json --no-plots -j1 -o "$dir/grow" >"$dir/json" 2>/dev/null
same "and stands in JSON" 3 "$(grep -c '"not_steady"' "$dir/json")"
exit $failed
