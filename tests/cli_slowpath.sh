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
exit $failed
