#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# CONTRIBUTING.md, "Add a chip program", followed literally in a copy of the tree: its blocks of code
# are put where the text says, built and run.
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0
ok() { echo "ok program $1"; }
bad() {
    echo "FAILED program $1"
    failed=1
}

# block N: the N-th block of code of the section, whatever its language.
awk '/^## / { on = $0 == "## Add a chip program" } on' CONTRIBUTING.md >"$dir/section"
block() { awk -v n="$1" '/^```/ { inside = !inside; if (inside) k++; next } inside && k == n' "$dir/section"; }

block 1 | cmp -s - tests/wire.c && ok "the documented program is the tested one" ||
    bad "the documented program is the tested one"
lines=$(sh tests/loc tests/wire.c)
[ "$lines" -lt 60 ] && grep -q "these $lines lines" "$dir/section" && ok "its length is as stated, below 60" ||
    bad "its length is as stated, below 60: $lines"

tree=$dir/tree
mkdir "$tree"
cp -R Makefile VERSION emu fastpath components tests analysis docs bench scenarios "$tree"
mkdir "$tree/components/wire"
block 1 >"$tree/components/wire/wire.c"
block 2 >"$dir/above"
block 3 >"$dir/before"
block 4 >"$tree/wire.ini"
awk -v above="$dir/above" -v before="$dir/before" '
    function put(file, line) { while ((getline line <file) > 0) print line }
    /component_classes\[\]/ { put(above) }
    /^ *NULL};/ { put(before) }
    { print }' components/classes.c >"$tree/components/classes.c"

# The documented commands. Unoptimised, and without what the caller builds with: only time differs.
block 5 >"$dir/commands"
(cd "$tree" && unset BUILD SAN MAKEFLAGS && OPT=-O0 && export OPT && sed 's/^make$/make -s -j2 -e build\/sppemu/' "$dir/commands" >commands &&
    sh -e commands) >"$dir/out" 2>"$dir/err"
status=$?
[ $status -eq 0 ] && ok "its commands work" || {
    bad "its commands work: status $status"
    tail -5 "$dir/err"
}
# 500e6 / 784 bits a packet, each way, for 1 ms: 637 or 638 of each.
(cd "$tree" && build/sppemu run wire.ini -q --json -o "$dir/r") >"$dir/json" 2>>"$dir/err"
value() { sed -n "s/^  \"$1\": \([0-9.]*\),*$/\1/p" "$dir/json" | head -1; }
awk -v c="$(value w.counted)" -v d="$(value run.packets_delivered)" -v l="$(value sink.lost)" \
    'BEGIN { exit !(c >= 1274 && c <= 1278 && c == d && l == 0) }' && ok "the wire counts and forwards all packets" ||
    bad "the wire counts and forwards all packets: counted $(value w.counted), delivered $(value run.packets_delivered)"
grep -q "count" "$dir/out" && grep -q "me_count" "$dir/out" && ok "statistics and help know it" ||
    bad "statistics and help know it"
exit $failed
