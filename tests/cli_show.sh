#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# sppemu show. Oracle of --dot: its edges, taken apart again, are the links of the scenario written
# out, read here by other means: one line "from port to port bit/s" for each direction.
# Where arrays are one node each, as many links as are declared. Graphviz draws both.
unset COLUMNS
B=${BUILD:-build}/sppemu
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0
ok() { echo "ok show $1"; }
bad() { echo "FAILED show $1"; failed=1; }
has() { if grep -qE -- "$2" "$3"; then ok "$1"; else bad "$1: $(head -c 600 "$3")"; fi; }

number='function number(text) {
    if (text == "none" || text == "no rate") return "none"
    factor = text ~ /Tbit/ ? 1e12 : text ~ /Gbit/ ? 1e9 : text ~ /Mbit/ ? 1e6 : text ~ /kbit/ ? 1e3 : 1
    return sprintf("%.5g", text * factor)
}
function expand(from, a, to, b, rate, both, x, y, i) {
    split(a, x, /\.\./)
    split(b, y, /\.\./)
    for (i = 0; i <= (2 in x ? x[2] - x[1] : 0); i++) {
        print from, x[1] + i, to, y[1] + i, rate
        if (both) print to, y[1] + i, from, x[1] + i, rate
    }
    delete x
    delete y
}'
# Its links, written out, in resolved.ini.
declared() {
    rm -rf "$dir/study"
    "$B" run "$1" -o "$dir/study" --emit=parallel >"$dir/out" 2>"$dir/err"
    [ -e "$dir/study/resolved.ini" ] || { cat "$dir/err"; return; }
    awk "$number"'
        /^\[/ { name = $0 ~ /^\[link [^*]*$/ ? $0 : ""; if (name && !(name in rate)) rate[name] = "1Gbit/s" }
        name && /^link *=/ { sub(/^link *= */, ""); link[name] = $0 }
        name && /^rate *=/ { sub(/^rate *= */, ""); rate[name] = $0 }
        name && /^both *= *yes/ { both[name] = 1 }
        name && /^both *= *no/ { delete both[name] }
        END {
            for (name in link) {
                split(link[name], end, / *-> */)
                d = index(end[1], "."); e = index(end[2], ".")
                expand(substr(end[1], 1, d - 1), substr(end[1], d + 1), substr(end[2], 1, e - 1), substr(end[2], e + 1), number(rate[name]), name in both)
            }
        }' "$dir/study/resolved.ini" | sort
}
drawn() {
    [ -e "$dir/study/resolved.ini" ] || { cat "$dir/err"; return; }
    awk "$number"'
        function of(key) { match($0, key "=\"[^\"]*\""); return substr($0, RSTART + length(key) + 2, RLENGTH - length(key) - 3) }
        / -> / && !/style=dashed/ {
            split($0, part, "\"")
            rate = of(" label")
            sub(/^[0-9]+ x /, "", rate)
            sub(/\\n.*/, "", rate)
            expand(part[2], of("taillabel"), part[4], of("headlabel"), number(rate), /dir=both/)
        }' | sort
}
same_edges() {
    declared "$1" >"$dir/declared"
    if "$B" show "$1" --dot --each >"$dir/dot" 2>"$dir/err" && drawn <"$dir/dot" >"$dir/drawn" &&
        { [ -s "$dir/drawn" ] || ! grep -q '^link =' "$dir/study/resolved.ini"; } && cmp -s "$dir/declared" "$dir/drawn"; then
        ok "the edges of $(basename "$1") are its links"
    else
        bad "the edges of $(basename "$1") are its links: $(cat "$dir/err"; diff "$dir/declared" "$dir/drawn" | head -5)"
    fi
    "$B" show "$1" --dot >"$dir/groups" 2>"$dir/err"
    links=$(awk -F'"' '/ -> / && !/style=dashed/ { n = $10 + 0 && $10 ~ / x / ? $10 + 0 : 1; sum += /dir=both/ ? 2 * n : n } END { print sum + 0 }' "$dir/groups")
    [ "$links" -eq "$(wc -l <"$dir/declared")" ] && ok "with arrays as nodes $(basename "$1") has as many" ||
        bad "with arrays as nodes $(basename "$1") has $links links, expected $(wc -l <"$dir/declared")"
    command -v dot >/dev/null || return
    for graph in dot groups; do
        dot -Tsvg "$dir/$graph" >"$dir/svg" 2>"$dir/err" && [ ! -s "$dir/err" ] && [ "$(grep -c 'class="node"' "$dir/svg")" -eq "$(grep -c '^  "[^"]*" \[label' "$dir/$graph")" ] &&
            ok "Graphviz draws $(basename "$1") ($graph)" || bad "Graphviz draws $(basename "$1") ($graph): $(cat "$dir/err")"
    done
}

for f in scenarios/*.ini; do
    same_edges "$f"
    "$B" show "$f" >"$dir/table" 2>"$dir/err"
    awk 'length > 80 { print; n++ } END { exit n }' "$dir/table" >"$dir/wide" && ok "$(basename "$f") fits 80 columns" ||
        bad "$(basename "$f") fits 80 columns: $(head -1 "$dir/wide")"
done

# Both ways, at one speed and at two; a loop; a gap; ports that are not in step; no link at all.
cat >"$dir/odd.ini" <<'END'
[npe a]
[npe b]
[slice one]
npe = a
[slice two]
npe = b
udp_port = 30002
[tap t-1]
capture = t-1.pcap
[tap t-2]
capture = t-2.pcap
[tap loop]
capture = loop.pcap
[tap alone]
capture = alone.pcap
[sink s]
ports = 8
source = traffic
[source traffic]
ports = 6
rate = 3Mpacket/s
duration = 1500us
warmup = 0
[link trunk]
link = a.0..2 -> b.0..2
rate = 2.5Gbit/s
delay = 5us
both = yes
[link tap_out]
link = t-1.0 -> t-2.0
rate = 1Gbit/s
[link tap_back]
link = t-2.0 -> t-1.0
rate = 100Mbit/s
[link self]
link = loop.0 -> loop.0
rate = none
[link low]
link = traffic.0..1 -> s.0..1
[link gap]
link = traffic.3..4 -> s.3..4
[link crossed]
link = traffic.5 -> s.2
END
same_edges "$dir/odd.ini"
"$B" show "$dir/odd.ini" --dot >"$dir/dot"
"$B" show "$dir/odd.ini" --dot >"$dir/dot2"
cmp -s "$dir/dot" "$dir/dot2" && ok "the same bytes twice" || bad "the same bytes twice"
has "both directions are one edge" '"a" -> "b" \[taillabel="0\.\.2", headlabel="0\.\.2", label="3 x 2\.5Gbit/s\\n5us", dir=both\];' "$dir/dot"
[ "$(grep -c -- '"b" -> "a"' "$dir/dot")" -eq 0 ] && ok "and only one" || bad "and only one"
has "a port wired to itself is one way" '"loop" -> "loop" \[taillabel="0", headlabel="0", label="no rate"\];' "$dir/dot"
has "directions of two speeds are two edges" '"t-2" -> "t-1" .*label="100Mbit/s"\]' "$dir/dot"
has "a slice points at its NPE" '"two" -> "b" \[label="npe", style=dashed\];' "$dir/dot"
has "a node has its name and its class" '"alone" \[label="alone\\ntap"\];' "$dir/dot"
[ "$(grep -c 'label=' "$dir/dot")" -eq $((10 + 7 + 2)) ] && ok "nodes, edges and no more" || bad "nodes, edges and no more: $(cat "$dir/dot")"

"$B" show "$dir/odd.ini" >"$dir/table"
has "ports in use" '^a +npe +3 of 6$' "$dir/table"
has "ports without links" '^alone +tap +0 of 1 +capture=alone.pcap$' "$dir/table"
has "no ports" '^one +slice +none +npe=a$' "$dir/table"
has "parameters that differ" '^traffic +source +5 of 6 .* ports=6 rate=3Mpacket/s duration=1500us warmup=0ps$' "$dir/table"
has "a run of links on one line, both ways" '^a\.0\.\.2 +<-> +b\.0\.\.2 +2\.5Gbit/s +5us$' "$dir/table"
has "a gap ends a run" '^traffic\.3\.\.4 +-> +s\.3\.\.4 +1Gbit/s +0$' "$dir/table"
"$B" show fig9-npe >"$dir/table"
has "a study shows its first point" '^the first point of the study: traffic.payload=0 traffic.rate=0\.1Gbit/s wire$' "$dir/table"
"$B" show fig9-npe --set traffic.payload=400 --set npe0.sram_latency=214ns >"$dir/table"
has "with what --set says" '^npe0 .* sram_latency=214ns( |$)' "$dir/table"
"$B" show replay >"$dir/table"
has "files go by their names" ' file=smtp\.pcap$' "$dir/table"

# Arrays. Values that count, in decimal digits, are a range; others are the first and the last. b has
# a gap in its names, p is wired to itself, q has two elements: these are no groups.
cat >"$dir/many.ini" <<'END'
[scenario]
title = Many
[npe n*4]
mac = 02:00:00:01:10:{i:02x}
interfaces = 4
[slice s*4]
npe = n{i}
udp_port = {30000 + 10 * i}
vlan = {100 + i / 2}
[source a*4]
ports = 2
duration = ${1, 2}ms
warmup = 0
[sink z]
ports = 8
source = a0
[tap b0]
capture = b0.pcap
[tap b1]
capture = b1.pcap
[tap b3]
capture = b3.pcap
[tap p*3]
capture = p{i}.pcap
[tap q*2]
capture = q{i}.pcap
[link p*2]
link = p{i}.0 -> p{i + 1}.0
[link in*4]
link = a{i}.0..1 -> n{i}.0..1
[link out*4]
link = n{i}.2..3 -> z.{2 * i}..{2 * i + 1}
rate = 2Gbit/s
END
cat >"$dir/expected" <<'END'
Many
the first point of the study: a0.duration=1ms

component class ports other than the default
n0..3 npe 4 of 5 interfaces=4 mac=02:00:00:01:10:00..03
s0..3 slice none npe=n0..3 udp_port=30000..30030 vlan=100,...,101
a0..3 source 2 of 2 ports=2 duration=1ms warmup=0ps
z sink 8 of 8 ports=8 source=a0
b0 tap 0 of 1 capture=b0.pcap
b1 tap 0 of 1 capture=b1.pcap
b3 tap 0 of 1 capture=b3.pcap
p0 tap 1 of 1 capture=p0.pcap
p1 tap 1 of 1 capture=p1.pcap
p2 tap 1 of 1 capture=p2.pcap
q0 tap 0 of 1 capture=q0.pcap
q1 tap 0 of 1 capture=q1.pcap

from to rate
n0..3.2..3 -> z.0..7 2Gbit/s
a0..3.0..1 -> n0..3.0..1 1Gbit/s
p0.0 -> p1.0 1Gbit/s
p1.0 -> p2.0 1Gbit/s
END
"$B" show "$dir/many.ini" >"$dir/table"
tr -s ' ' <"$dir/table" | diff - "$dir/expected" >"$dir/diff" && ok "an array is a row" || bad "an array is a row: $(cat "$dir/diff")"
same_edges "$dir/many.ini"
has "and a node" '"n0\.\.3" \[label="n0\.\.3\\nnpe", peripheries=2\];' "$dir/groups"
has "whose links are one edge" '"a0\.\.3" -> "n0\.\.3" \[taillabel="0\.\.1", headlabel="0\.\.1", label="8 x 1Gbit/s"\];' "$dir/groups"
has "as are names" '"s0\.\.3" -> "n0\.\.3" \[label="npe", style=dashed\];' "$dir/groups"
"$B" show "$dir/many.ini" --each >"$dir/table"
has "one by one" '^s2 +slice +none +npe=n2 udp_port=30020 vlan=101$' "$dir/table"
COLUMNS=50 "$B" show "$dir/many.ini" >"$dir/table"
has "what does not fit is counted" '^s0\.\.3 +slice +none +npe=n0\.\.3 \+2$' "$dir/table"
has "and that is explained" '^\+N: so many more parameters' "$dir/table"

# What a chassis and `attach` made.
same_edges tests/data/fifty-slices.ini
"$B" show tests/data/fifty-slices.ini >"$dir/table"
has "a chassis made its NPEs" '^npe1 +npe +spp +2 of 2 ' "$dir/table"
has "attach made what merges" '^into_lc0_0\.\.4 +mux +client0 +10 of 10 ' "$dir/table"
has "who is written was made by nobody" '^client0\.\.49 +source +1 of 1 ' "$dir/table"
has "long values are cut" '^sink .* source=client0,client1,.*[a-z0-9]\.\.\.$' "$dir/table"
has "all links between two arrays are one row" '^client0\.\.49\.0 +-> +into_lc0_0\.\.4\.0\.\.9 +no rate$' "$dir/table"

# Exit codes
expect() {
    name=$1 code=$2 pattern=$3
    shift 3
    "$@" >"$dir/out" 2>"$dir/err" </dev/null
    got=$?
    if [ $got -eq "$code" ] && grep -q -- "$pattern" "$dir/err"; then ok "$name"; else
        bad "$name: exit $got, expected $code; stderr: $(head -c 300 "$dir/err")"
    fi
}
expect "no file" 2 'found no FILE, expected a scenario file' "$B" show
expect "two files" 2 'found "npe", expected nothing behind "npe"' "$B" show npe npe
expect "unknown option" 2 'unknown option --frob' "$B" show npe --frob
expect "a verb misspelt" 2 'nearest is show' "$B" shwo npe
expect "missing file" 3 'cannot be read' "$B" show "$dir/none.ini"
expect "a key that is not there" 3 'nearest is rate' "$B" show npe --set traffic.rat=1Gbit/s
printf '[tap a]\n[link l]\nlink = a.0 -> a.7\n' >"$dir/port.ini"
expect "a port that is not there" 3 'port.ini:3: .* found port a.7' "$B" show "$dir/port.ini"
[ -s "$dir/out" ] && bad "what is refused prints nothing" || ok "what is refused prints nothing"
if [ -w /dev/full ]; then
    "$B" show npe >/dev/full 2>"$dir/err"
    [ $? -eq 1 ] && grep -q 'cannot be written' "$dir/err" && ok "standard output full" || bad "standard output full"
fi
exit $failed
