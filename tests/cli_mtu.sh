#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A link that takes less than the one before it, in a whole chassis, with tshark as the judge. A tunnel
# is 28 bytes of 1,500, and 28 of what is left are the inner headers: a payload of 1,444 just fits.
B=${BUILD:-build}/sppemu
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0
ok() { echo "ok mtu $1"; }
bad() { echo "FAILED mtu $1"; failed=1; }
same() { if [ "$2" = "$3" ]; then ok "$1"; else bad "$1: expected $2, found $3"; fi; }

if ! command -v tshark >/dev/null; then
    bad "tshark is not installed"
    exit 1
fi
node() {
    cat <<END
[scenario]
include = $PWD/scenarios/chassis-gpe.ini
[slice router]
npe = npe0
udp_port = 30000
vlan = 100
exception_port = 30100
routes = 10.100.0.0/16 0 10.253.0.1:30001; 32.0.0.0/3 1 10.253.0.2:30001; 10.250.0.1/32 local
[vserver manager]
gpe = gpe0
application = manager
slice = router
router = 10.250.0.1
udp_port = 30200
vlan = 200
[sink back]
ports = 1
capture = back.pcap
[sink sink]
ports = 1
source = traffic
capture = out.pcap
[link in]
link = traffic.0 -> lc0.0
mtu = 9000B
[link back]
link = lc0.0 -> back.0
[link out]
link = lc0.1 -> sink.0
END
}
{
    node
    cat <<END
[source traffic]
ports = 1
payload = 1444
rate = 1000packet/s
duration = 20ms
warmup = 0
destinations = 32.1.1.1
flows = 1
sources = 10.100.0.1
END
} >"$dir/source.ini"
run() { # NAME SETTINGS...: a run of source.ini
    name=$1
    shift
    "$B" run "$dir/source.ini" -q --no-plots -o "$dir/$name" "$@" >/dev/null 2>&1 || bad "$name runs"
}
field() { # CAPTURE ARGUMENTS: how often each line comes
    capture=$1
    shift
    tshark -n -d udp.port==30000,ip -o ip.defragment:TRUE -o ip.check_checksum:TRUE \
        -o udp.check_checksum:TRUE -r "$capture" -T fields -E separator=' ' "$@" 2>/dev/null |
        sort | uniq -c | sed 's/^ *//' | paste -sd';'
}

run fits
same "1,444 bytes leave in one piece" "20 1500,1472 1480,1452" \
    "$(field "$dir/fits/out.pcap" -e ip.len -e udp.length)"
run more --set traffic.payload=1445
same "one byte more goes in two pieces: 1,448 of 1,453 bytes, and 5" \
    "20 1496,1468 0,0 0x02,0x01;20 53,25 0,181 0x02,0x00" \
    "$(field "$dir/more/out.pcap" -e ip.len -e ip.frag_offset -e ip.flags)"
same "and tshark puts each packet together again" "20 1453" \
    "$(field "$dir/more/out.pcap" -Y ip.reassembled.length -e ip.reassembled.length)"
same "a time to live falls by one, as if it had not been cut" "40 64,63" \
    "$(field "$dir/more/out.pcap" -e ip.ttl)"
same "nothing goes back" "" "$(field "$dir/more/back.pcap" -e ip.len)"
run df --set traffic.payload=1445 --set traffic.dont_fragment=yes
same "what must not be cut is answered with the MTU" "20 10.255.0.1,10.250.0.1,10.100.0.1 3 4 1472" \
    "$(field "$dir/df/back.pcap" -e ip.src -e icmp.type -e icmp.code -e icmp.mtu)"
same "and does not leave" "" "$(field "$dir/df/out.pcap" -e ip.len)"
run jumbo --set traffic.payload=1900 --set out.mtu=9000B
same "a link that takes it gets it whole" "20 1956,1928" \
    "$(field "$dir/jumbo/out.pcap" -e ip.len)"
run long --set traffic.payload=1900 --set in.mtu=1500B
same "1,900 bytes do not get into a link of 1,500" "" "$(field "$dir/long/out.pcap" -e ip.len)"
"$B" run "$dir/source.ini" -q --json --no-plots -o "$dir/long2" --set traffic.payload=1900 \
    --set in.mtu=1500B >"$dir/long.json" 2>/dev/null
same "they are dropped by their sender, with that reason" '"traffic.drop.too_long_for_link": 20' \
    "$(grep -o '"traffic.drop.too_long_for_link": 20' "$dir/long.json" | head -1)"
"$B" check "$dir/source.ini" --set traffic.payload=1900 --set in.mtu=1500B >/dev/null 2>"$dir/said"
same "check names them" "1" "$(grep -c 'payload: found 1900 bytes.*takes 1500' "$dir/said")"

# A datagram of random bytes with a UDP checksum comes out as it went in. Status 3: none, of the tunnel.
if command -v text2pcap >/dev/null; then
    awk 'BEGIN { srand(7); for (i = 0; i < 1800; i++) { if (i % 16 == 0) printf "%s%06x", i ? "\n" : "", i
                 printf " %02x", int(rand() * 256) } print "" }' >"$dir/hex"
    text2pcap -q -F pcap -4 10.100.0.1,32.1.1.1 -u 7000,7001 "$dir/hex" "$dir/in.pcap" 2>/dev/null
    { node && printf '[replay traffic]\nfile = %s/in.pcap\nencapsulate = yes\nports = 1\n' "$dir"; } >"$dir/replay.ini"
    "$B" run "$dir/replay.ini" -q --no-plots -o "$dir/replay" >/dev/null 2>&1 || bad "replay runs"
    same "a replayed datagram is put together again, its UDP checksum right" "1 1808 3,1" \
        "$(field "$dir/replay/out.pcap" -Y ip.reassembled.length -e ip.reassembled.length -e udp.checksum.status)"
    same "and its payload is that which went in" \
        "$(tshark -r "$dir/in.pcap" -T fields -e data.data 2>/dev/null)" \
        "$(tshark -n -d udp.port==30000,ip -r "$dir/replay/out.pcap" -Y ip.reassembled.length -T fields -e data.data 2>/dev/null)"
else
    bad "text2pcap is not installed"
fi
exit $failed
