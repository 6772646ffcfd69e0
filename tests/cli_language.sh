#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The examples of docs/scenarios.md are what their first lines say: so many points, with a --set too,
# or refused with that message; and its grammar knows every section that there is.
B=$(cd "$(dirname "${BUILD:-build}/sppemu")" && pwd)/sppemu
doc=docs/scenarios.md
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0
ok() { echo "ok language $1"; }
bad() {
    echo "FAILED language $1"
    failed=1
}

cp scenarios/*.ini "$dir"
mv "$dir/chassis-gpe.ini" "$dir/base.ini"
printf '10.0.0.0/16 0 192.168.100.1:30000\n\n10.1.0.0/16 1 192.168.101.1:30000\n' >"$dir/ways.txt"
awk -v dir="$dir" '/^```ini$/ { file = dir "/example" ++n; next } /^```/ { file = "" } file { print >file }' $doc

# says FILE EXPECTED [--set ARGUMENT]: "3 points", or "refused: MESSAGE"
says() {
    file=$1 expected=$2
    shift 2
    cp "$file" "$dir/s.ini"
    (cd "$dir" && "$B" check s.ini "$@") >"$dir/out" 2>&1
    got=$?
    case $expected in
    refused:*) [ $got -eq 3 ] && grep -qF "${expected#refused: }" "$dir/out" ;;
    *points) [ $got -eq 0 ] && grep -q "^s: $expected of \|^s.ini: $expected of " "$dir/out" ;;
    *) false ;;
    esac && ok "$(basename "$file") $*: $expected" ||
        bad "$(basename "$file") $*: expected $expected; exit $got: $(head -c 400 "$dir/out")"
}

n=0
for file in "$dir"/example*; do
    n=$((n + 1))
    says "$file" "$(sed -n '1s/^# //p' "$file")"
    sed -n "s/^# with --set '\(.*\)': \(.*\)/\1\n\2/p" "$file" >"$dir/sets"
    while read -r set && read -r expected; do says "$file" "$expected" --set "$set"; done <"$dir/sets"
done
[ $n -ge 10 ] && ok "there are examples" || bad "$doc has $n examples, expected at least 10"

for head in $("$B" help | sed -n '/^Other sections/,/^$/s/^  \([a-z][a-z]*\).*/"\1"/p'); do
    sed -n '/^```ebnf$/,/^```$/p' $doc | grep -qF "$head" && ok "the grammar has $head" || bad "the grammar lacks $head"
done
exit $failed
