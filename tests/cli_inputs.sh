#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Captures that come in and go out, by the command line: exit codes, and one sentence.
B=${BUILD:-build}/sppemu
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0
ok() { echo "ok inputs $1"; }
bad() { echo "FAILED inputs $1"; failed=1; }
# expect NAME CODE PATTERN COMMAND...: exit code, and standard error is one line that matches
expect() {
    name=$1 code=$2 pattern=$3
    shift 3
    "$@" >"$dir/stdout" 2>"$dir/err" </dev/null
    got=$?
    lines=$(wc -l <"$dir/err")
    if [ $got -eq "$code" ] && { [ -z "$pattern" ] || { grep -q -- "$pattern" "$dir/err" && [ "$lines" -eq 1 ]; }; }; then ok "$name"; else
        bad "$name: exit $got, expected $code; $lines lines: $(head -c 300 "$dir/err")"
    fi
}
replay() { file=$1; shift; "$B" run replay -q --no-plots --json --force -o "$dir/r" --set "traffic.file=tests/corpus/capture/$file" "$@"; }
value() { sed -n "s/.*\"$1\": \([^,]*\),*/\1/p" "$dir/stdout" | head -n 1; }
lasts() { # NAME FILE SECONDS...: the run's duration, to a millisecond
    name=$1 file=$2 seconds=$3
    shift 3
    replay "$file" "$@" >"$dir/stdout" 2>"$dir/err"
    got=$?
    found=$(value run.duration_s)
    if [ $got -eq 0 ] && awk -v a="$found" -v b="$seconds" 'BEGIN { exit !(a - b < 1e-3 && b - a < 1e-3) }'; then ok "$name"; else
        bad "$name: exit $got, $found s, expected $seconds: $(head -c 300 "$dir/err")"
    fi
}

# Times
lasts "a capture over a multiple of 2^64 ps of the calendar" crosses-2023-10-12.pcap 5
lasts "the same a little later" shift.pcap 5
lasts "a record that is earlier leaves with the one before" backwards.pcap 1
[ "$(value traffic.out_of_order_times)" = 1.0 ] && ok "and is counted" || bad "and is counted: $(value traffic.out_of_order_times)"
expect "a capture of 300 days" 3 'span-300-days.pcap: found 25920000 s to be played, expected at most 17280000 s' replay span-300-days.pcap
lasts "fits when it is scaled" span-300-days.pcap 25.92 --set traffic.timing=scaled --set traffic.scale=0.000001
lasts "or played at a rate" span-300-days.pcap 5 --set traffic.timing=rate --set traffic.rate=1packet/s
expect "a first record of 1970" 3 'first-at-zero.pcap: found 1700000001 s to be played' replay first-at-zero.pcap
expect "a last record of 2106" 3 'max-time.pcap: found 4294967296 s to be played' replay max-time.pcap
expect "a fraction above a second" 3 'usec-over.pcap: packet 2: found a time stamp of 5 s and 4294967295 us' replay usec-over.pcap

# Lengths
for file in len-7fffffff len-ffffffd8 len-fffffff0 len-fffffffe len-ffffffff; do
    expect "$file" 0 '' replay $file.pcap
    [ "$(value traffic.drop.too_long)" = 1.0 ] && ok "$file is too long" || bad "$file is too long: $(value traffic.drop.too_long)"
done

# Routes
expect "a routes file with numbers that wrap" 3 'wrap-route.txt:1: found "10.0.0.0/4294967304 1 192.168.101.1:4294997296", expected PREFIX/LENGTH' "$B" check replay --set "router.routes_file=$PWD/tests/corpus/filter/wrap-route.txt"

# Captures that are written
expect "a capture by another name" 3 '[-][-]set before.capture=../../evil.pcap: capture: found "../../evil.pcap", expected the name of a file in the folder of results that ends in .pcap' "$B" check replay --set before.capture=../../evil.pcap
expect "a capture in place of the table" 3 'found "runs.tsv"' "$B" run replay --set before.capture=runs.tsv -o "$dir/x"
[ -e "$dir/x" ] && bad "leaves no results" || ok "leaves no results"
for verb in check run; do
    expect "two taps with the same name: $verb" 3 'twotaps.ini:[0-9]*: \[tap before\] capture: found the file name "tap.pcap" for before, which after writes already' "$B" $verb tests/corpus/scenario/twotaps.ini
    expect "two sinks and taps with the same name: $verb" 3 'shared-capture.ini:[0-9]*: .*"tap.pcap"' "$B" $verb tests/corpus/scenario/shared-capture.ini
done
# In a name space of its own, where anybody may mount
cat >"$dir/full.sh" <<'END'
mount -t tmpfs -o size=96k tmpfs "$2" 2>/dev/null || exit 77
"$1" run replay -q --no-plots --set traffic.loop=1000 --set traffic.timing=rate -o "$2/r"
END
mkdir "$dir/small"
unshare -rm sh "$dir/full.sh" "$B" "$dir/small" >"$dir/stdout" 2>"$dir/err"
got=$?
if [ $got -eq 1 ] && grep -q 'pcap: the capture cannot be written: ' "$dir/err"; then
    ok "a full disk is exit code 1"
elif [ $got -eq 77 ] || grep -q 'unshare' "$dir/err"; then
    echo "  nobody may mount here: the full disk is left to test_traffic"
else
    bad "a full disk is exit code 1: $got: $(head -c 300 "$dir/err")"
fi
exit $failed
