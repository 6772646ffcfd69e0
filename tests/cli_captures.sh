#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The 830 odd and malformed captures of tcpdump's tests, through the native forwarder and the NPE:
# nothing crashes, and the classes are those of the independent classifier in
# tests/data/expected_ipv4_classes.csv.
B=${BUILD:-build}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
tar xJf tests/data/pcap_tcpdump_tests.tar.xz -C "$dir" || exit 1
failed=0
columns="plain options fragment ttl-expire mcast bcast martian:src martian:dst bad:short<20 bad:version bad:ihl<5 bad:truncated-header bad:checksum bad:totlen<ihl bad:totlen>frame other_l2"
agree=0
differ=0
unread=0
while IFS=, read -r file bytes format packets rest; do
    [ "$file" = file ] && continue
    "$B/sppfwd" -c "$dir/$file" - >"$dir/out" 2>"$dir/err"
    code=$?
    if [ $code -gt 3 ]; then
        echo "FAILED captures $file: exit $code: $(head -c 300 "$dir/err")"
        failed=1
        continue
    fi
    if [ $code -eq 3 ]; then
        unread=$((unread + 1)) # libpcap refuses it: several link types in one file, cut, and so on
        continue
    fi
    expected=$(i=0
        for c in $columns; do
            i=$((i + 1))
            n=$(echo "$rest" | cut -d, -f$i)
            [ "$n" -gt 0 ] && echo "class $c $n"
        done | sort)
    found=$(grep '^class' "$dir/out" | sort)
    if [ "$expected" = "$found" ]; then agree=$((agree + 1)); else
        differ=$((differ + 1))
        echo "  $file: expected" $expected "found" $found
    fi
done <tests/data/expected_ipv4_classes.csv
echo "  $agree files agree, $differ differ, $unread are refused by libpcap"
[ $differ -eq 0 ] && echo "ok captures classes agree with the independent classifier" || { echo "FAILED captures $differ files differ"; failed=1; }
[ $agree -gt 750 ] && echo "ok captures nearly all are read" || { echo "FAILED captures only $agree files are read"; failed=1; }

# Through the emulated NPE: one file in eight (all of them take minutes under sanitizers).
n=0
crashed=0
for f in "$dir"/*.pcap; do
    n=$((n + 1))
    [ $((n % 8)) -eq 0 ] || continue
    "$B/sppemu" run scenarios/replay.ini -q --no-plots --set traffic.file="$f" --set traffic.timing=rate --set "traffic.rate=100Mbit/s" --set npe0.buffers=1024 -o "$dir/r" >/dev/null 2>"$dir/err"
    code=$?
    if [ $code -ne 0 ] && [ $code -ne 3 ]; then
        echo "  $f: exit $code: $(head -c 300 "$dir/err")"
        crashed=$((crashed + 1))
    fi
done
[ $crashed -eq 0 ] && echo "ok captures pass through the NPE, conserved" || { echo "FAILED captures $crashed through the NPE"; failed=1; }
exit $failed
