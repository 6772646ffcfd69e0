#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The native forwarder's command line: what it refuses, what it counts, and that what it could not
# write is not passed over.
B=${BUILD:-build}/sppfwd
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0
ok() { echo "ok sppfwd $1"; }
bad() { echo "FAILED sppfwd $1"; failed=1; }
# expect NAME CODE PATTERN COMMAND...: exit code, and a line of stderr that matches, or of stdout
expect() {
    name=$1 code=$2 pattern=$3
    shift 3
    "$@" >"$dir/stdout" 2>"$dir/err" </dev/null
    got=$?
    if [ $got -eq "$code" ] && cat "$dir/err" "$dir/stdout" | grep -q -- "$pattern"; then ok "$name"; else
        bad "$name: exit $got, expected $code: $(cat "$dir/err" "$dir/stdout" | head -c 300)"
    fi
}
# Little-endian fields, a capture's head (magic, link type) and the head of a record.
le32() { for n; do printf "\\$(printf %03o $((n & 255)))\\$(printf %03o $((n >> 8 & 255)))\\$(printf %03o $((n >> 16 & 255)))\\$(printf %03o $((n >> 24 & 255)))"; done; }
head_of() { le32 $1 $((4 << 16 | 2)) 0 0 262144 $2; }
NANO=$((0xa1b23c4d)) RAW=101
# 10.0.0.1 to 48.0.0.1, UDP, 28 bytes
packet() { printf 'E\000\000\034\000\000\000\000\100\021\100\320\012\000\000\001\060\000\000\001\000\007\000\007\000\010\000\000'; }

# Usage
expect "-h prints the usage" 0 '^Usage: sppfwd' "$B" -h
[ -s "$dir/stdout" ] && [ ! -s "$dir/err" ] && ok "on standard output" || bad "on standard output"
expect "--help as well" 0 '^Usage: sppfwd' "$B" --help
expect "no arguments: usage" 2 '^Usage: sppfwd' "$B"
expect "-g wants a number" 2 'found "5x", expected -g with a number of packets from 1 to' "$B" -g 5x
expect "and one that fits" 2 'found "4294967297"' "$B" -g 4294967297
expect "and more than nothing" 2 'found "0"' "$B" -g 0
expect "-n wants a number" 2 'found "1e3", expected -n with a number of rounds from 1 to' "$B" -n 1e3 -g 3
expect "and not a negative one" 2 'found "-1"' "$B" -n -1 -g 3

# Routes
: >"$dir/none"
expect "a file without a route" 3 'none: found no route, expected PREFIX/LENGTH' "$B" -r "$dir/none" -g 3
expect "a folder of routes" 3 "$dir: Is a directory" "$B" -r "$dir" -g 3
printf '10.0.0.0/8 a\n10.0.0.0/4294967304 b\n' >"$dir/wraps"
expect "a length that wraps" 3 'wraps:2: found "10.0.0.0/4294967304", expected PREFIX/LENGTH' "$B" -r "$dir/wraps" -g 3
awk 'BEGIN { for (i = 0; i < 131072; i++) printf "10.%d.%d.%d/32 x\n", i / 65536, i / 256 % 256, i % 256 }' >"$dir/routes"
expect "131,072 routes fill the TCAM" 0 '^packets 10 ' "$B" -r "$dir/routes" -g 10
echo '11.0.0.0/8 x' >>"$dir/routes"
expect "and one more is refused" 3 'routes: found more than 131072 routes' "$B" -r "$dir/routes" -g 10

# Lengths, and records that are odd
{ head_of $NANO $RAW; le32 1 0 65489 65489; printf E; head -c 65488 /dev/zero; le32 1 0 65490 65490; printf E; head -c 65489 /dev/zero; } >"$dir/long.pcap"
expect "a packet too long for a tunnel is counted as dropped" 0 '^packets 2 forwarded 0 exceptions 0 dropped 2$' "$B" -c "$dir/long.pcap" -
grep -q '^reason too_long 1$' "$dir/stdout" && grep -q '^class bad:checksum 2$' "$dir/stdout" && ok "with its reason, beside its class" || bad "with its reason, beside its class: $(cat "$dir/stdout")"
expect "in every round" 0 '^packets 6 forwarded 0 exceptions 0 dropped 6$' "$B" -n 3 "$dir/long.pcap" -
for length in 28 4294967295 4294967280 4294967234 2147483647; do
    { head_of $NANO $RAW; le32 1 0 28 $length; packet; } >"$dir/len.pcap"
    expect "an original length of $length" 0 '^packets 1 forwarded 1 exceptions 0 dropped 0$' "$B" -c "$dir/len.pcap" -
done
{ head_of $NANO $RAW; le32 1 0 0 0; } >"$dir/zero.pcap"
expect "an empty record of raw IP is a short packet" 0 '^class bad:short<20 1$' "$B" -c "$dir/zero.pcap" -

# Code options: the payload of UDP packets. A stack of one label, 100, with 64 hops to go, 9 bytes each.
labelled() { le32 1 0 37 37; printf 'E\000\000\045\000\000\000\000\100\021\000\000\012\000\000\001\060\000\000\001\000\007\000\007\000\021\000\000'; printf "\\000\\006\\$1\\100-----"; }
{ head_of $NANO $RAW; labelled 101; labelled 121; le32 1 0 20 20; printf 'E\000\000\024\000\000\000\000\100\006\000\000\012\000\000\001\060\000\000\001'; } >"$dir/label.pcap"
printf 'label 100 3 10.0.0.1:7 200\n' >"$dir/labels"
expect "-o runs another code option" 0 '^packets 2 forwarded 1 exceptions 1 dropped 0$' "$B" -o label -r "$dir/labels" "$dir/label.pcap" "$dir/label.out"
grep -q '^reason no_route 1$' "$dir/stdout" && grep -q '^not UDP over IPv4 1$' "$dir/stdout" && ok "and counts what has no payload" || bad "and counts what has no payload: $(cat "$dir/stdout")"
swapped=$(tail -c 9 "$dir/label.out" | od -An -tx1)
[ "$swapped" = " 00 0c 81 3f 2d 2d 2d 2d 2d" ] && ok "which swaps the label" || bad "which swaps the label: $swapped"
for option in ipv4 i3 label; do
    expect "-o $option takes anything" 0 '^packets 2 ' "$B" -o $option "$dir/label.pcap" -
done
expect "-o wants one that there is" 2 'found "ipv6", expected -o with one of ipv4, i3, label' "$B" -o ipv6 "$dir/label.pcap" -
expect "and a capture" 2 '^Usage' "$B" -o label -g 3
expect "and routes in its own words" 3 'none:1: found "10.0.0.0/8 0 10.0.0.1:7", expected KEY INTERFACE .* KEY: label N' sh -c 'echo 10.0.0.0/8 0 10.0.0.1:7 >"$2" && "$0" -o label -r "$2" "$1" -' "$B" "$dir/label.pcap" "$dir/none"

# Output
{ head_of $NANO $RAW; le32 1697100452 123456789 28 28; packet; le32 1697100453 7 28 28; packet; } >"$dir/two.pcap"
expect "two packets" 0 '^packets 2 forwarded 2' "$B" "$dir/two.pcap" "$dir/two.out"
stamps=$(od -An -tu4 -j24 "$dir/two.out" | tr -s ' \n' ' ' | awk '{ print $1, $2, $3 }')
[ "$stamps" = "1697100452 123456789 74" ] && ok "leave at the times of the input" || bad "leave at the times of the input: $stamps"
expect "a capture that is not there" 3 'none.pcap' "$B" "$dir/none.pcap" "$dir/out"
head -c 60 "$dir/two.pcap" >"$dir/cut.pcap"
expect "a capture that is cut" 3 'cut.pcap: ' "$B" "$dir/cut.pcap" "$dir/cut.out"
[ -e "$dir/cut.out" ] && bad "leaves no output" || ok "leaves no output"
expect "an output that cannot be made" 1 'no/out' "$B" "$dir/two.pcap" "$dir/no/out"
if [ -w /dev/full ]; then
    expect "a full disk at the end" 1 '/dev/full: cannot be written' "$B" "$dir/two.pcap" /dev/full
    expect "a full disk on the way" 1 '/dev/full: cannot be written' "$B" scenarios/data/smtp.pcap /dev/full
    "$B" "$dir/two.pcap" - >/dev/full 2>"$dir/err"
    [ $? -eq 1 ] && grep -q 'standard output: cannot be written' "$dir/err" && ok "standard output full" || bad "standard output full"
fi

# More than 2^20 packets: 2^20 and 3
{ le32 1 0 28 28; packet; } >"$dir/record"
cp "$dir/record" "$dir/block"
for i in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19; do cat "$dir/block" "$dir/block" >"$dir/twice" && mv "$dir/twice" "$dir/block"; done
{ head_of $NANO $RAW; cat "$dir/block" "$dir/record" "$dir/record" "$dir/record"; } >"$dir/many.pcap"
expect "more than 2^20 packets" 0 '^packets 1048579 forwarded 1048579 exceptions 0 dropped 0$' "$B" -c "$dir/many.pcap" -
grep -q '^class plain 1048579$' "$dir/stdout" && ok "all with their class" || bad "all with their class"
exit $failed
