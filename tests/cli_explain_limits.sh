#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# sppemu explain on scenarios that are built to have a known limit: tests/explain/*.ini, each with the arithmetic in
# its head. Oracle: these heads, and runs with the named parameters moved by hand:
#   # limit: what explain has to name, from its beginning; "nothing" if all is carried
#   # more by: a parameter that it has to find to deliver more by 1 percent, or one of several, A|B
#   # less latency of SINK by: a parameter that it has to find to make that mean less by 2 percent
#   # not by: KEY=VALUE, a tenth more of something else, with which the run delivers no more than 1 percent more
B=${BUILD:-build}/sppemu
# Hundreds of runs are recorded durably: in memory that takes no time.
if [ -z "$TMPDIR" ] && [ -w /dev/shm ]; then export TMPDIR=/dev/shm; fi
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0
ok() { echo "ok explain_limits $1"; }
bad() { echo "FAILED explain_limits $1"; failed=1; }
said() { sed -n "s/^# $1: //p" "$2"; } # said WORD FILE
# delivered FOLDER: of all sinks, packets/s
delivered() {
    awk -F '\t' 'NR == 1 { for (i = 1; i <= NF; i++) if ($i ~ /^[a-z0-9]+\.delivered_pps/) at[i] = 1 }
        NR == 2 { for (i in at) sum += $i; printf "%.9g\n", sum }' "$1/runs.tsv"
}
for f in tests/explain/${ONLY:-*}.ini; do
    name=$(basename "$f" .ini)
    limit=$(said limit "$f") by=$(said 'more by' "$f") not=$(said 'not by' "$f")
    if ! "$B" run "$f" -q --no-plots -f -o "$dir/$name" 2>"$dir/err" ||
        ! "$B" explain "$dir/$name" -q --json --runs 9 >"$dir/json" 2>"$dir/err"; then
        bad "$name: $(cat "$dir/err")"
        continue
    fi
    found=$(sed -n 's/^ "limit": "\{0,1\}\([^"]*\)"\{0,1\},$/\1/p' "$dir/json")
    case $found in
    null) grep -q '^ "limited": false' "$dir/json" && found=nothing ;;
    esac
    case $found in
    "$limit"*) ok "$name is limited by $found" ;;
    *) bad "$name is limited by $limit, but it says $found" ;;
    esac
    # The gain of each move of the parameter, whatever it is named with.
    gain=$(awk -v by="$by" '/"parameter":/ { p = $0; sub(/.*"parameter": "/, "", p); sub(/".*/, "", p) }
        /"gain":/ { n = split(by, names, "|"); for (i = 1; i <= n; i++) if (p == names[i] && $2 + 0 > best) best = $2 + 0 }
        END { print best + 0 }' "$dir/json")
    if [ -n "$by" ]; then
        if awk "BEGIN { exit !($gain >= 0.01) }"; then ok "$name: more by $by"; else bad "$name: more by $by: $gain"; fi
    fi
    sink=$(sed -n 's/^# less latency of \([a-z0-9]*\) by: .*/\1/p' "$f")
    if [ -n "$sink" ]; then
        key=$(sed -n 's/^# less latency of [a-z0-9]* by: //p' "$f")
        less=$(awk -v key="$key" -v sink="\"$sink\":" '/"parameter":/ { on = index($0, "\"" key "\"") > 0 }
            $1 == sink && on && $2 + 0 < best { best = $2 + 0 } END { print best + 0 }' "$dir/json")
        if awk "BEGIN { exit !($less <= -0.02) }"; then ok "$name: less latency by $key"; else bad "$name: less latency by $key: $less"; fi
    fi
    if [ -n "$not" ]; then
        "$B" run "$f" -q --no-plots -f -o "$dir/other" --set "$not" 2>"$dir/err" || bad "$name: $not: $(cat "$dir/err")"
        before=$(delivered "$dir/$name") after=$(delivered "$dir/other")
        if awk "BEGIN { exit !($after <= 1.01 * $before && $before > 0) }"; then
            ok "$name: not by $not"
        else
            bad "$name: not by $not: $before, $after packets/s"
        fi
    fi
done
exit $failed
