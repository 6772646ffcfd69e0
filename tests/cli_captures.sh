#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# 908 captures of others, odd and ordinary (tcpdump's tests, Zeek's traces, TRex's sessions), and
# those of tests/corpus. All go through the native forwarder, whose classes are those of the
# independent classifier in tests/data/expected_classes.*.csv, and as a replay through a small
# network; some through the NPE. Nothing crashes, and every packet is accounted for.
B=${BUILD:-build}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0
ok() { echo "ok captures $1"; }
bad() { echo "FAILED captures $1"; failed=1; }

# The NPE takes its time, so every n-th file, by both timings. Captures that libpcap refuses, of
# several link types or cut, are exit code 3.
through_npe() { # NAME N FILE...
    name=$1 every=$2 n=0 ran=0 crashed=0
    shift 2
    for f; do
        n=$((n + 1))
        [ $((n % every)) -eq 0 ] || continue
        ran=$((ran + 1))
        for timing in detailed fast; do
            "$B/sppemu" run scenarios/replay.ini -q --no-plots --force --timing=$timing --set traffic.file="$f" --set traffic.timing=rate --set "traffic.rate=100Mbit/s" --set npe0.buffers=1024 -o "$dir/r" >/dev/null 2>"$dir/err"
            code=$?
            [ $code -eq 0 ] || { [ $code -eq 3 ] && [ "$(wc -l <"$dir/err")" -eq 1 ]; } || {
                echo "  $f, $timing timing: exit $code: $(head -c 300 "$dir/err")"
                crashed=$((crashed + 1))
            }
        done
    done
    [ $crashed -eq 0 ] && ok "$name: $ran through the NPE, conserved by both timings" || bad "$name: $crashed of $ran through the NPE"
}

for set in tcpdump:8:750 trex:8:16 zeek:8:60; do
    name=${set%%:*} rest=${set#*:}
    every=${rest%:*} least=${rest#*:}
    mkdir "$dir/$name"
    tar xJf "tests/data/pcap_$name.tar.xz" -C "$dir/$name" || exit 1
    sed 1d "tests/data/expected_classes.$name.csv" | cut -d, -f1 >"$dir/files"
    # FILE CLASS COUNT of each class found, or FILE refused
    crashed=0
    : >"$dir/found"
    while read -r file; do
        "$B/sppfwd" -c "$dir/$name/$file" - >"$dir/out" 2>"$dir/err"
        code=$?
        case $code in
        0) sed -n "s|^class|$file|p" "$dir/out" >>"$dir/found" ;;
        3) echo "$file refused" >>"$dir/found" ;;
        *) echo "  $file: exit $code: $(head -c 300 "$dir/err")" && crashed=$((crashed + 1)) ;;
        esac
    done <"$dir/files"
    [ $crashed -eq 0 ] && ok "$name: none breaks the forwarder" || bad "$name: $crashed break the forwarder"
    awk -v name="$name" -v least="$least" '
        NR == FNR { $2 == "refused" ? refused[$1] = 1 : found[$1, $2] = $3; next }
        FNR == 1 { n = split($0, class, ","); next }
        {
            split($0, f, ",")
            if (f[1] in refused) { unread++; next }
            wrong = 0
            for (i = 5; i <= n; i++)
                if (f[i] + 0 != found[f[1], class[i]] + 0) {
                    printf "  %s: %d of class %s, expected %d\n", f[1], found[f[1], class[i]], class[i], f[i]
                    wrong = 1
                }
            wrong ? differ++ : agree++
        }
        END {
            printf "  %d files agree, %d differ, %d are refused by libpcap\n", agree, differ, unread
            printf "%s captures %s: classes agree with the independent classifier\n", differ ? "FAILED" : "ok", name
            printf "%s captures %s: nearly all are read\n", agree < least ? "FAILED" : "ok", name
            exit differ || agree < least
        }' "$dir/found" "tests/data/expected_classes.$name.csv" || failed=1
    sed "s|^|$dir/$name/|" "$dir/files" | tr '\n' '\0' | xargs -0 "$B/tests/corpus_capture" >"$dir/out" 2>&1 &&
        ok "$name: replayed, conserved" || bad "$name: $(tail -n 2 "$dir/out" | head -c 300)"
    through_npe "$name" "$every" $(sed "s|^|$dir/$name/|" "$dir/files")
done

crashed=0
for f in tests/corpus/capture/*; do
    "$B/sppfwd" -c "$f" - >/dev/null 2>"$dir/err"
    code=$?
    [ $code -eq 0 ] || [ $code -eq 3 ] || { echo "  $f: exit $code: $(head -c 300 "$dir/err")" && crashed=$((crashed + 1)); }
done
[ $crashed -eq 0 ] && ok "corpus: none breaks the forwarder" || bad "corpus: $crashed break the forwarder"
through_npe corpus 1 tests/corpus/capture/*
exit $failed
