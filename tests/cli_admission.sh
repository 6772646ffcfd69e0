#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Who gets what, of scenarios/control. Oracles: the three policies written down in ten lines of awk,
# and arithmetic.
B=${BUILD:-build}/sppemu
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0
ok() { echo "ok admission $1"; }
bad() { echo "FAILED admission $1"; failed=1; }
same() { if [ "$2" = "$3" ]; then ok "$1"; else bad "$1: expected $2, found $3"; fi; }
column() { # column FILE NAME...: of each run, the values of these columns
    file=$1
    shift
    awk -F '\t' -v names="$*" 'NR == 1 { n = split(names, name, " "); for (i = 1; i <= NF; i++) at[$i] = i; next }
        { line = ""; for (i = 1; i <= n; i++) line = line (i > 1 ? " " : "") $at[name[i]]; print line }' "$file"
}

"$B" run scenarios/control/admission.ini -q --no-plots -j2 -o "$dir/admission" || bad "the policies run"
column "$dir/admission/runs.tsv" let.asked_gbps manager.npe_policy manager.granted >"$dir/found"
for asked in $(seq 20 4 80); do
    for policy in first least_bandwidth best_fit; do
        awk -v asked="$asked" -v policy="$policy" 'BEGIN {
            for (i = 0; i < 33; i++) {
                want = int((1 + 9 * int(i % 3 / 2)) * asked * 1000 / 132) # Mb/s
                chosen = -1
                for (npe = 0; npe < 4; npe++) {
                    if (promised[npe] + want > 10000) continue
                    if (chosen < 0 || (policy == "least_bandwidth" && promised[npe] < promised[chosen]) ||
                        (policy == "best_fit" && promised[npe] > promised[chosen])) chosen = npe
                }
                if (chosen >= 0) { promised[chosen] += want; granted++ }
            }
            print asked, policy, granted }'
    done
done >"$dir/expected"
if cmp -s "$dir/expected" "$dir/found"; then ok "each policy admits whom it should, at each of 16 demands"
else bad "the policies: $(diff "$dir/expected" "$dir/found" | head -6)"; fi
same "at full demand spreading strands two slices that fit" "40 first 33, 40 least_bandwidth 31, 40 best_fit 33, " \
    "$(grep '^40' "$dir/found" | tr '\n' ',' | sed 's/,/, /g')"

"$B" run scenarios/control/port-53.ini -q -o "$dir/own" >/dev/null 2>&1 || bad "sixteen run"
same "one of sixteen gets UDP 53 and all queries" "15 1600 0 0" \
    "$(column "$dir/own/runs.tsv" manager.refused.port_taken dns_s0.consumed dns_s1.consumed dns_s15.consumed)"
"$B" run scenarios/control/port-53-demultiplexer.ini -q -o "$dir/one" >/dev/null 2>&1 || bad "a demultiplexer runs"
all=$(for i in $(seq 0 15); do column "$dir/one/runs.tsv" "dns_s$i.consumed"; done | sort | uniq -c | xargs)
same "behind a demultiplexer each gets its own" "16 100" "$all"
same "and nobody is refused" "0 1600" "$(column "$dir/one/runs.tsv" manager.refused.port_taken dns_demux.forwarded)"
exit $failed
