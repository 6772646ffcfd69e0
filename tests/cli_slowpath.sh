#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The slow path in a whole chassis, with tshark as the judge.
B=${BUILD:-build}/sppemu
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0
ok() { echo "ok slowpath $1"; }
bad() { echo "FAILED slowpath $1"; failed=1; }
same() { if [ "$2" = "$3" ]; then ok "$1"; else bad "$1: expected $2, found $3"; fi; }

if ! command -v tshark >/dev/null; then
    bad "tshark is not installed"
    exit 1
fi
"$B" run scenarios/traceroute.ini -q --no-plots -o "$dir/tr" >/dev/null || bad "traceroute runs"
# Probe of TTL 1: router 0, one link away; 2: router 1, 2 x 5 ms; 3: the destination, 2 x 10 ms more.
# An answer's TTL falls by one at every NPE that it passes: 63, 62, 61.
field() { tshark -d udp.port==30000,ip -o ip.check_checksum:TRUE -r "$dir/tr/answers.pcap" -Y icmp -T fields -E separator=' ' "$@" 2>/dev/null; }
same "traceroute: who answers what, in order of time" \
    "10.250.0.1 11 0 63,10.250.0.2 11 0 62,10.200.0.1 3 3 61" \
    "$(field -e ip.src -e icmp.type -e icmp.code -e ip.ttl | sed -E 's/^[^,]*,([^,]*),[^ ]* ([0-9]+) ([0-9]+) [0-9]+,([0-9]+),.*/\1 \2 \3 \4/' | sort -u | sort -k4,4nr | paste -sd,)"
same "traceroute: three answers of each" "3 3 3" \
    "$(field -e icmp.type -e ip.src | sort | uniq -c | awk '{ print $1 }' | paste -sd' ')"
same "traceroute: every ICMP checksum is right" "1" "$(field -e icmp.checksum.status | sort -u | paste -sd' ')"
same "traceroute: every quoted probe is the prober's" "10.100.0.1" \
    "$(field -e ip.src | awk -F, '{ print $NF }' | sort -u | paste -sd' ')"
same "traceroute: no malformed frame" "0" "$(tshark -r "$dir/tr/answers.pcap" -Y _ws.malformed 2>/dev/null | wc -l)"

# A receiver moves: 5 kp/s for 100 ms are 500 packets. What passes through the manager while there are two
# triggers arrives twice.
"$B" run scenarios/mobility.ini -q --no-plots -o "$dir/mob" >/dev/null || bad "mobility runs"
# at SCALAR: its values in both runs; one that is the same in both is in the manifest.
at() {
    same=$(sed -n "/\"constants\"/,/}/ s/.*\"$1\": \([0-9.e+-]*\),*$/\1/p" "$dir/mob/manifest.json")
    awk -F '\t' -v want="$1" -v same="${same%.0}" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == want) c = i; next } { printf "%s ", c ? $c : same }' "$dir/mob/runs.tsv"
}
each() { # each RUN EXPRESSION-FREE: packets that arrived somewhere, copies apart
    set -- $(at at_a.port0.packets) $(at at_b.port0.packets) $(at manager.i3.delivered) $(at manager.exceptions) $(at manager.i3.no_data)
    echo "$(($1 + $3 - ($5 - ($7 - $9)))) $(($2 + $4 - ($6 - ($8 - ${10}))))"
}
same "mobility: every packet arrives, with the new trigger before or at once" "500 500" "$(each)"
same "mobility: no packet finds no trigger" "0 0 " "$(at manager.i3.absent)"
same "mobility: both receivers got some" "yes" "$([ "$(at at_a.port0.packets | cut -d. -f1)" != 0 ] && [ "$(at at_b.port0.packets | cut -d. -f1)" != 0 ] && echo yes)"
same "mobility: with the new trigger in place first, copies arrive at both" "yes" \
    "$(set -- $(at manager.i3.delivered); [ "$1" -gt 90 ] && [ "$2" -lt 5 ] && echo yes)"
same "mobility: the single trigger is the fast path's, one filter in the end" "1 1 " "$(at indirection.filters)"
capture="$dir/mob/runs/0000/host_b.pcap"
same "mobility: what host_b gets is addressed to it, checksums right, nothing malformed" "10.253.0.3 30001 1" \
    "$(tshark -o ip.check_checksum:TRUE -r "$capture" -T fields -E separator=' ' -e ip.dst -e udp.dstport -e ip.checksum.status 2>/dev/null | sort -u)"
same "mobility: data at host_b is 35 + 100 bytes of I3 with the trigger's id" "348" \
    "$(tshark -r "$capture" -Y 'udp.length == 143 && udp.payload[0:4] == 10:10:01:0a' 2>/dev/null | wc -l)"
exit $failed
