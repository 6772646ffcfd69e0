#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# TCP through the line card's translation as tshark reads it, on both sides: tests/tcp/nat.ini; and
# SSH through the relay: tests/tcp/ssh.ini.
B=${BUILD:-build}/sppemu
command -v tshark >/dev/null || { echo "  no tshark: left out"; exit 0; }
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0
check() { # what is true, found, expected
    if [ "$2" = "$3" ]; then echo "ok tcp $1"; else
        echo "FAILED tcp $1: found $2, expected $3"
        failed=1
    fi
}
"$B" run tests/tcp/nat.ini -q --no-plots -o "$dir/r"
check "the run" $? 0
read_() { # capture, filter, fields
    f="$dir/r/$1.pcap"
    y=$2
    shift 2
    tshark -r "$f" -o ip.check_checksum:TRUE -o tcp.check_checksum:TRUE \
        -o tcp.relative_sequence_numbers:FALSE -Y "$y" -T fields "$@" 2>/dev/null
}
bad='_ws.malformed or (ip and not ip.checksum.status == Good) or
     (tcp and not icmp and not tcp.checksum.status == Good) or (icmp and not icmp.checksum.status == Good)'
for c in inside back outside; do
    check "$c: every checksum is right, nothing is malformed" "$(read_ $c "$bad" -e frame.number | wc -l)" 0
    check "$c: nothing is sent twice" \
        "$(read_ $c 'tcp.analysis.retransmission and not tcp.dstport == 22' -e frame.number | wc -l)" 0
done
pairs() { read_ "$1" 'tcp.flags.syn == 1 and tcp.port == 7' -e "ip.$2" -e "tcp.${2}port" | sort -u | tr '\t\n' ': '; }
check "inside, one port at two servers" "$(pairs back src)" "192.168.1.1:5000 192.168.2.1:5000 "
check "outside, two ports of one address" "$(pairs outside src)" "10.255.0.1:40000 10.255.0.1:40001 "

# What goes through is what came: but for addresses and ports, the same segments in the same order.
segments() { read_ "$1" "tcp.dstport == 7 and $2" -e tcp.seq -e tcp.ack -e tcp.flags -e tcp.len -e tcp.window_size_value; }
for host in 1 2; do
    segments back "ip.src == 192.168.$host.1" >"$dir/in"
    first=$(read_ back "ip.src == 192.168.$host.1 and tcp.flags.syn == 1 and tcp.dstport == 7" -e tcp.seq)
    port=$(read_ outside "tcp.seq == $first and tcp.flags.syn == 1" -e tcp.srcport) # 40000 has who was first
    segments outside "tcp.srcport == $port" >"$dir/out"
    cmp -s "$dir/in" "$dir/out"
    check "server $host: the segments outside are those of inside ($(wc -l <"$dir/in"))" $? 0
done
# ICMP errors: the packet inside them is the one that was sent, with its inside address and port.
about=$(read_ inside 'icmp.type == 3' -E separator=, -e ip.src -e ip.dst -e tcp.srcport -e tcp.dstport | sort | tr '\n' ' ')
check "ICMP errors quote what was sent" "$about" \
    "10.253.0.2,192.168.2.1,192.168.2.1,10.253.0.2,32768,99 10.253.0.2,192.168.2.1,192.168.2.1,10.253.0.2,32769,99 "

rm -r "$dir/r"
"$B" run tests/tcp/ssh.ini -q --no-plots -o "$dir/r"
check "the run with the relay" $? 0
for c in outside control; do
    check "$c: every checksum is right, nothing is malformed" "$(read_ $c "$bad" -d tcp.port==22,data -e frame.number | wc -l)" 0
    check "$c: tshark has nothing else to say" \
        "$(read_ $c 'tcp.analysis.flags and not tcp.analysis.window_update' -d tcp.port==22,data -e frame.number | wc -l)" 0
done
check "outside are the node's address and the user's" "$(read_ outside tcp -e ip.src -e ip.dst | sort -u | tr '\t\n' '> ')" "10.255.0.1>10.253.0.1 "
check "on the control switch are those of the servers" "$(read_ control tcp -e ip.src -e ip.dst | sort -u | tr '\t\n' '> ')" "10.0.128.3>10.0.128.2 "
check "two connections each" "$(for c in outside control; do read_ $c 'tcp.flags.syn == 1' -e frame.number | wc -l; done | tr '\n' ' ')" "2 2 "
exit $failed
