#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The command line: exit codes, messages, and what is left behind.
B=${BUILD:-build}/sppemu
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0
ok() { echo "ok cli $1"; }
bad() { echo "FAILED cli $1"; failed=1; }
# expect NAME CODE PATTERN COMMAND...: exit code, and a line of stderr that matches
expect() {
    name=$1 code=$2 pattern=$3
    shift 3
    "$@" >"$dir/out" 2>"$dir/err" </dev/null
    got=$?
    if [ $got -eq "$code" ] && { [ -z "$pattern" ] || grep -q -- "$pattern" "$dir/err"; }; then ok "$name"; else
        bad "$name: exit $got, expected $code; stderr: $(head -c 300 "$dir/err")"
    fi
}
run() { "$B" run "$@" -q --no-plots; }
short="--set traffic.duration=500us --set traffic.warmup=100us"

# Usage and input
expect "no arguments: usage" 2 '' "$B"
expect "unknown verb names the nearest" 2 'nearest is run' "$B" runn
expect "an unknown option names its verb and the nearest" 2 'run: found the unknown option --stat; the nearest is --stats' "$B" run npe --stat
expect "an option of another verb names that" 2 'check: found the option --stats, which is one of sppemu run, merge$' "$B" check npe --stats
expect "a scenario without a verb" 2 "found \"npe\", which is a scenario, expected a verb before it" "$B" npe
expect "no file" 2 'found no FILE, expected a scenario file' "$B" run
expect "jobs out of range" 2 'expected 1 to 256' "$B" run npe -j 0
expect "seed that is no number" 2 'expected a whole number' "$B" run npe --seed x
expect "help for an unknown class names the nearest" 2 'nearest is npe' "$B" help npee
expect "a shipped name that is nearly right" 3 'found "fig8x", .*the nearest is fig8' "$B" run fig8x
expect "missing file" 3 'cannot be read' "$B" run "$dir/none.ini"
expect "folder as file" 3 'found a folder' "$B" run "$dir/."
head -c 3000 "$B" >"$dir/garbage.ini"
expect "binary garbage" 3 'garbage.ini:1: found' "$B" run "$dir/garbage.ini"
: >"$dir/empty.ini"
expect "empty scenario" 3 'found no component' "$B" run "$dir/empty.ini"
expect "set with an unknown key" 3 'nearest is rate' "$B" run npe --set traffic.rat=5Gbit/s -o "$dir/x"
expect "set without a unit" 3 'has no unit' "$B" run npe --set traffic.rate=5 -o "$dir/x"
expect "negative rate" 3 'negative' "$B" run npe --set traffic.rate=-5Gbit/s -o "$dir/x"
expect "a study of 1e9 points" 3 '1000000000 values' "$B" run npe --set 'traffic.rate=${1..1000000000}Gbit/s' -o "$dir/x"
expect "too many microengines" 3 'the chip has 16' "$B" run npe --set npe0.me_parse=9 -o "$dir/x"
expect "mpacket of a wrong size names the value's place" 3 '[-][-]set npe0.mpacket=100B: mpacket: found 100 bytes' "$B" run npe --set npe0.mpacket=100B -o "$dir/x"
[ -e "$dir/x" ] && bad "a refused scenario leaves no folder" || ok "a refused scenario leaves no folder"

# Captures
cap=scenarios/data/smtp.pcap
head -c 1000 $cap >"$dir/cut.pcap"
expect "capture cut in mid-packet" 3 'cut.pcap: packet' "$B" run replay --set "traffic.file=$dir/cut.pcap" -o "$dir/x"
expect "capture that is none" 3 'found no capture' "$B" run replay --set "traffic.file=$dir/garbage.ini" -o "$dir/x"
printf '\324\303\262\241\2\0\4\0\0\0\0\0\0\0\0\0\0\0\4\0\151\0\0\0' >"$dir/wifi.pcap"
expect "another link type, not tunnelled" 3 'link type 105' "$B" run replay --set "traffic.file=$dir/wifi.pcap" --set traffic.encapsulate=no -o "$dir/x"
expect "another link type, tunnelled, is an empty run" 0 '' "$B" run replay --set "traffic.file=$dir/wifi.pcap" -q -o "$dir/wifi"

# Results
expect "a run" 0 '' run npe $short -o "$dir/a"
for f in manifest.json runs.tsv claims.tsv resolved.ini stats.txt; do [ -s "$dir/a/$f" ] && ok "results hold $f" || bad "results hold $f"; done
expect "the same study goes on in its folder" 0 '' run npe $short -o "$dir/a"
expect "but not another's" 1 'use --force' run replay -o "$dir/a"
expect "unless forced" 0 '' run replay -o "$dir/a" --force
mkdir "$dir/mine" && echo keep >"$dir/mine/file"
expect "a folder of somebody else is left alone" 1 'left alone' run npe $short -o "$dir/mine" --force
[ "$(cat "$dir/mine/file")" = keep ] && ok "and its files too" || bad "and its files too"
expect "output under a file" 1 'cannot be created' run npe $short -o "$dir/garbage.ini/x"
expect "resolved scenario runs again" 0 '' run "$dir/wifi/resolved.ini" -o "$dir/again"
expect "a missed claim is no failure" 0 '' run fig9-npe $short --set traffic.payload=0 --set traffic.rate=1Gbit/s -o "$dir/f"
expect "unless strict" 4 '' run fig9-npe $short --set traffic.payload=0 --set traffic.rate=1Gbit/s -o "$dir/f" --strict
if [ -w /dev/full ]; then
    "$B" run npe $short -o "$dir/f2" --no-plots --json >/dev/full 2>"$dir/err"
    [ $? -eq 1 ] && grep -q 'cannot be written' "$dir/err" && ok "standard output full" || bad "standard output full"
fi

# JSON and studies
study="--set traffic.rate=\${1,2,5}Gbit/s --set traffic.pattern=poisson"
"$B" run npe $short $study --json -q --no-plots -o "$dir/j" >"$dir/1.json"
"$B" run npe $short $study --json -q --no-plots -o "$dir/j" >"$dir/2.json"
rm -r "$dir/j"
"$B" run npe $short $study --json -q --no-plots -o "$dir/j" -j2 >"$dir/3.json"
cmp -s "$dir/1.json" "$dir/2.json" && cmp -s "$dir/1.json" "$dir/3.json" && ok "JSON is the same twice and with two jobs" || bad "JSON is the same twice and with two jobs"
grep -q '"schema": "sppemu-run-1"' "$dir/1.json" && [ "$(grep -c '"fingerprint"' "$dir/1.json")" -eq 3 ] && ok "JSON has its schema and three runs" || bad "JSON has its schema and three runs"
"$B" run npe $short $study --json -q --no-plots --seed 2 -o "$dir/j4" >"$dir/4.json"
cmp -s "$dir/1.json" "$dir/4.json" && bad "another seed gives another run" || ok "another seed gives another run"
"$B" list | grep -q '^  fig9-npe ' && ok "list names the shipped scenarios" || bad "list names the shipped scenarios"
"$B" help npe | grep -q 'sram_latency' && ok "help shows parameters" || bad "help shows parameters"

# Column sect of --stats is where it waits: Tx, in the order of the chip, is the limit at 5 Gb/s and not at 3
tx_of() { "$B" run npe -q --no-plots --force -o "$dir/tx" --set traffic.duration=4ms "$@" && awk '$2 == "tx" { print int($(NF - 2)), int($NF) }' "$dir/tx/stats.txt" | sort -u | xargs; }
set -- $(tx_of)
[ "$1" -gt 65 ] && [ "$2" -lt 2 ] && ok "a context that waits for its turn with packets behind it is charged to the section" || bad "the limiting Tx: section $1, idle $2 percent"
wide=$(awk '/\|/ { n++; if (length > 80) print length } END { if (n != 13) print n " lines" }' "$dir/tx/stats.txt")
[ -z "$wide" ] && ok "a line for each microengine, in 80 columns" || bad "the table of microengines: $wide"
set -- $(tx_of --set 'traffic.rate=3Gbit/s wire')
[ "$1" -lt 5 ] && [ "$2" -gt 70 ] && ok "a context that waits for its turn with nothing behind it is idle" || bad "a Tx that is not the limit: section $1, idle $2 percent"

# Scripts, series, documentation
printf '[scenario]\ninclude = %s/scenarios/npe-base.ini\n[at 1ms]\ntraffic = stop\n' "$PWD" >"$dir/stop.ini"
"$B" run "$dir/stop.ini" --json -q --no-plots --set sink.sample=500us -o "$dir/stop" >"$dir/stop.json"
grep -q '"traffic.packets_all": 637[89].0' "$dir/stop.json" && ok "a script stops the source after 1 ms of 6.38 Mp/s" || bad "a script stops the source after 1 ms of 6.38 Mp/s"
head -1 "$dir/stop/series-sink.rate.tsv" | grep -q 'port4' && ok "a series is written" || bad "a series is written"
printf '[scenario]\ninclude = %s/scenarios/npe-base.ini\n[at 1ms]\ntraffic = jump\n' "$PWD" >"$dir/jump.ini"
expect "a script line that is refused names its place" 3 'jump.ini:4: .at 1ms. traffic: found "jump"' run "$dir/jump.ini" -o "$dir/x2"

# tshark reads what comes out of the replay: inner headers as they went in, but for TTL and checksum
if command -v tshark >/dev/null; then
    "$B" run replay -q -o "$dir/replay" || bad "replay runs"
    fields="-T fields -e ip.src -e ip.dst -e ip.len -e ip.ttl -e ip.id -e tcp.seq_raw -e tcp.len"
    inner="-d udp.port==30000,ip -o ip.check_checksum:TRUE"
    tshark -r $cap $fields 2>/dev/null | awk -F'\t' -v OFS='\t' '{$4 = $4 - 1; print}' | sort >"$dir/before"
    tshark -r "$dir/replay/out.pcap" $inner -T fields -E occurrence=l -e ip.src -e ip.dst -e ip.len -e ip.ttl -e ip.id -e tcp.seq_raw -e tcp.len 2>/dev/null | sort >"$dir/after"
    [ -s "$dir/before" ] && cmp -s "$dir/before" "$dir/after" && ok "tshark finds every replayed packet with its TTL less one" || bad "tshark finds every replayed packet with its TTL less one"
    wrong=$(tshark -r "$dir/replay/out.pcap" $inner -Y '_ws.malformed || ip.checksum.status == 0' 2>/dev/null | wc -l)
    [ "$wrong" -eq 0 ] && ok "tshark finds no malformed frame and no wrong checksum" || bad "tshark finds $wrong malformed frames or wrong checksums"
    # The same of a router on a GPE: outer headers removed by its kernel, built anew by Header Format
    "$B" run gpe -q -o "$dir/gpe" --set sink.capture=out.pcap --set traffic.duration=10ms --set traffic.warmup=0 --set traffic.payload=imix || bad "gpe runs"
    forwarded=$(tshark -r "$dir/gpe/out.pcap" $inner -Y 'vlan.id == 100 && ip.src == 10.100.0.0/24 && ip.ttl == 63' 2>/dev/null | wc -l)
    wrong=$(tshark -r "$dir/gpe/out.pcap" $inner -Y '_ws.malformed || ip.checksum.status == 0' 2>/dev/null | wc -l)
    all=$(tshark -r "$dir/gpe/out.pcap" 2>/dev/null | wc -l)
    [ "$all" -gt 100 ] && [ "$forwarded" -eq "$all" ] && [ "$wrong" -eq 0 ] && ok "tshark reads every packet of a router on a GPE" || bad "tshark reads $forwarded of $all packets of a router on a GPE, $wrong are wrong"
fi
exit $failed
