#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# One packet's way through the chassis as tshark reads it, at five places: scenarios/hops.ini, from
# interface 1 to interface 3.
B=${BUILD:-build}/sppemu
command -v tshark >/dev/null || { echo "  no tshark: left out"; exit 0; }
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0
ok() { echo "ok hops $1"; }
bad() { echo "FAILED hops $1"; failed=1; }
"$B" run scenarios/hops.ini -q --no-plots -o "$dir/r" && ok "the run" || bad "the run"

# What each hop must show, by the addresses of chassis-dev.ini and hops.ini. The line card puts its
# backplane address of the interface, the NPE's address and the slice's VLAN; the NPE the backplane
# address of the interface to leave by, new outer addresses and ports, and one less inner TTL; the
# line card the interface's own address and its neighbour's.
# hop  source MAC         destination MAC    VLAN outer source outer destination ports        outer and inner TTL
table='
hop1 02:00:00:00:03:01 02:00:00:00:01:01 100 10.253.0.2 10.255.0.2 30001 30007 64 17
hop2 02:00:00:01:00:01 02:00:00:01:10:00 207 10.253.0.2 10.255.0.2 30001 30007 64 17
hop3 02:00:00:01:00:01 02:00:00:01:10:00 207 10.253.0.2 10.255.0.2 30001 30007 64 17
hop4 02:00:00:01:10:00 02:00:00:01:00:03 207 10.255.0.4 192.168.103.1 30007 31003 64 16
hop5 02:00:00:00:01:03 02:00:00:00:02:03 207 10.255.0.4 192.168.103.1 30007 31003 64 16
'
decode="-d udp.port==30007,ip -d udp.port==31003,ip -o ip.check_checksum:TRUE -o udp.check_checksum:TRUE"
fields() {
    hop=$1
    shift
    tshark -r "$dir/r/$hop.pcap" $decode -T fields "$@" 2>/dev/null
}
echo "$table" | grep hop >"$dir/table"
while read -r hop source destination vlan from to source_port port outer inner; do
    # Outer and inner values stand behind one another, separated by a comma: ports of UDP as well.
    expected="$source $destination $vlan $from,10.100.0.1 $to,10.3.0.N $source_port,7000 $port,7000 $outer,$inner"
    fields $hop -e eth.src -e eth.dst -e vlan.id -e ip.src -e ip.dst -e udp.srcport -e udp.dstport -e ip.ttl |
        sed 's/\t/ /g; s/,10\.3\.0\.[0-9]*/,10.3.0.N/' | sort | uniq -c | sed 's/^ *//' >"$dir/found"
    if [ "$(cat "$dir/found")" = "10 $expected" ]; then ok "$hop: 10 packets with $expected"; else
        bad "$hop: expected 10 $expected, found $(head -3 "$dir/found")"
    fi
    # Two IPv4 checksums each that are right (1), and no UDP checksum (3, 0 in the packet).
    sums=$(fields $hop -e ip.checksum.status -e udp.checksum.status | sort | uniq -c | sed 's/^ *//; s/\t/ /')
    malformed=$(tshark -r "$dir/r/$hop.pcap" $decode -Y _ws.malformed 2>/dev/null | wc -l)
    [ "$sums" = "10 1,1 3,3" ] && [ "$malformed" -eq 0 ] && ok "$hop: checksums" || bad "$hop: checksums: $sums, $malformed malformed"
done <"$dir/table"

# The same packets, in order: inner destination, id, length and payload, whatever is around them
for i in 1 2 3 4 5; do
    fields hop$i -E occurrence=l -e ip.dst -e ip.id -e ip.len -e udp.length -e data.data >"$dir/inner$i"
    [ $i -eq 1 ] || cmp -s "$dir/inner1" "$dir/inner$i" || bad "hop$i: the inner packets are those of hop1"
done
[ "$(cut -f1 "$dir/inner5" | sort -u | wc -l)" -eq 10 ] && [ $failed -eq 0 ] && ok "the inner packets are the same, in order, at every hop" || bad "the inner packets are the same, in order, at every hop"

# Each hop is later than the one before
times=$(for i in 1 2 3 4 5; do fields hop$i -e frame.time_epoch | head -1; done)
[ "$(echo "$times" | sort -g)" = "$times" ] && [ "$(echo "$times" | sort -u | wc -l)" -eq 5 ] && ok "each hop is later than the one before" || bad "each hop is later than the one before:" $times
exit $failed
