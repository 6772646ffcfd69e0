#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The slow path's ICMP answers as tshark reads them: types, codes, checksums, and what they quote.
B=${BUILD:-build}
if ! command -v tshark >/dev/null; then
    echo "skipped icmp: no tshark"
    exit 0
fi
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
"$B/tests/test_slowpath" --pcap "$dir/icmp.pcap" || {
    echo "FAILED icmp the capture is not written"
    exit 1
}
# Every second packet is an answer. Status 1: right. The quoted packet comes behind a comma; of a
# quote that is cut short tshark checks no more than it can. To it the end of a source route is the
# destination.
tshark -r "$dir/icmp.pcap" -n -o ip.check_checksum:TRUE -T fields -E separator=' ' -e frame.number \
    -e ip.src -e ip.dst -e ip.len -e ip.checksum.status -e icmp.type -e icmp.code -e icmp.checksum.status \
    -e icmp.pointer -e ip.ttl -e ip.rec_rt 2>"$dir/err" | awk '$1 % 2 == 0' >"$dir/found"
cat >"$dir/expected" <<'END'
2 10.1.1.1,192.168.1.5 192.168.1.5,8.8.4.4 88,60 1,1 11 0 1  64,5 
4 10.1.1.1,192.168.1.5 192.168.1.5,8.8.4.4 576,1500 1,1 11 0 1  64,5 
6 10.1.1.1,192.168.1.5 192.168.1.5,8.8.4.4 89,61 1,1 3 0 1  64,5 
8 10.1.1.1,192.168.1.5 192.168.1.5,8.8.4.4 105,77 1,1 3 3 1  64,5 
10 10.1.1.1,192.168.1.5 192.168.1.5,8.8.4.4 88,60 1,1 3 2 1  64,5 
12 8.8.4.4 192.168.1.5 84 1 0 0 1  64 
14 8.8.4.4 192.168.1.5 1500 1 0 0 1  64 
16 8.8.4.4 192.168.1.5 93 1 0 0 1  64 8.8.4.4
18 10.1.1.1,192.168.1.5 192.168.1.5,1.2.3.4 88,60 1,1 3 5 1  64,5 
20 10.1.1.1,192.168.1.5 192.168.1.5,8.8.4.4 88,60 1,1 12 0 1 22 64,5 
22 192.168.1.5 8.8.4.4 60 1     4 10.2.2.2
END
if diff "$dir/expected" "$dir/found" >"$dir/diff"; then
    echo "ok icmp tshark reads what was meant"
else
    sed 's/^/  /' "$dir/diff"
    echo "FAILED icmp tshark reads something else"
    exit 1
fi
