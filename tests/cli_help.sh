#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Help: every page that there is fits 80 columns and says what its table has; docs/ has the same.
B=${BUILD:-build}/sppemu
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0
ok() { echo "ok help $1"; }
bad() {
    echo "FAILED help $1"
    failed=1
}
check() { # NAME COMMAND...
    name=$1
    shift
    "$@" && ok "$name" || bad "$name"
}

for page in parameters metrics verbs; do
    "$B" help --markdown $page | cmp -s - docs/$page.md && ok "docs/$page.md is up to date" ||
        bad "docs/$page.md is not what its tables say: make reference"
done

# Topics are the terms of `sppemu help` behind its examples.
"$B" help >"$dir/help" || bad "help"
sed -n '/^Verbs:/,$p' "$dir/help" | sed -n 's/^  \([a-z][a-z0-9_]*\).*/\1/p' >"$dir/topics"
[ "$(wc -l <"$dir/topics")" -gt 30 ] && ok "help names verbs, classes and sections" || bad "help names verbs, classes and sections"
for topic in $(cat "$dir/topics"); do
    "$B" help $topic >"$dir/$topic.txt" 2>&1 || bad "help $topic"
    grep -qE '.{81}' "$dir/$topic.txt" && bad "help $topic has lines of more than 80 columns"
done
grep -qE '.{81}' "$dir/help" && bad "help has lines of more than 80 columns" || ok "help fits 80 columns"
for verb in $("$B" help | sed -n '/^Verbs:/,/^$/s/^  \([a-z]*\).*/\1/p'); do
    "$B" $verb --help >"$dir/verb" # what a section of that name has follows it in help
    head -n "$(wc -l <"$dir/verb")" "$dir/$verb.txt" | cmp -s - "$dir/verb" && "$B" --help $verb | cmp -s - "$dir/$verb.txt" &&
        ok "$verb --help is help $verb" || bad "$verb --help is help $verb"
done
"$B" --help | cmp -s - "$dir/help" && ok "--help is help" || bad "--help is help"
"$B" >"$dir/out" 2>"$dir/err"
[ $? -eq 2 ] && [ ! -s "$dir/out" ] && [ "$(grep -c '^  sppemu run' "$dir/err")" -eq 2 ] && grep -q 'sppemu help' "$dir/err" &&
    ok "nothing at all: two examples and where to go on, on standard error" || bad "nothing at all"
check "a class has parameters" grep -q '^  sample  ' "$dir/sink.txt"
check "and scalars" grep -q '^  latency_p99_us  ' "$dir/sink.txt"
check "and verbs" grep -q '^  rate RATE' "$dir/source.txt"
check "and drops" grep -q '^  drop.no_slice' "$dir/npe.txt"
check "a section has keys" grep -q '^  mtu  ' "$dir/link.txt"
check "and an example" grep -q '^  \[every 200ms from 1s until 2s\]' "$dir/every.txt"
for word in sinc:sink serie:series resuls:results; do
    "$B" help ${word%:*} 2>&1 | grep -q "the nearest is ${word#*:}$" && ok "${word%:*}: the nearest is ${word#*:}" ||
        bad "${word%:*}: the nearest is ${word#*:}"
done
"$B" help scenario | sed -n '/^Example:/,$s/^  //p' >"$dir/example.ini"
"$B" check "$dir/example.ini" >"$dir/out" 2>&1 && ok "the example of [scenario] is one" || bad "the example of [scenario]: $(cat "$dir/out")"

# Man pages: roff that nobody complains about, and the verbs in it.
man=$(dirname "$B")/man
for page in sppemu.1 sppfwd.1 sppemu-scenario.5; do
    [ -s "$man/$page" ] || bad "there is no $man/$page"
    if command -v groff >/dev/null; then
        groff -man -ww -Tutf8 "$man/$page" 2>&1 >/dev/null | grep . && bad "$page: groff complains" || ok "$page is good roff"
    fi
    if command -v mandoc >/dev/null; then
        mandoc -Tlint -Wwarning "$man/$page" | grep -v 'missing date' | grep . && bad "$page: mandoc complains" || ok "$page is good for mandoc"
    fi
done
for verb in $("$B" help | sed -n '/^Verbs:/,/^$/s/^  \([a-z]*\).*/\1/p'); do
    grep -q "^\.SS sppemu $verb" "$man/sppemu.1" || bad "sppemu(1) lacks $verb"
done
ls "$(dirname "$B")/sppfwd" >/dev/null && "$(dirname "$B")/sppfwd" --help | grep -E '.{81}' && bad "sppfwd --help has lines of more than 80 columns" || ok "sppfwd --help fits 80 columns"

# What is shipped is listed, in 80 columns, or is there to be included by another.
"$B" list >"$dir/list" 2>&1 || bad "list"
grep -qE '.{81}' "$dir/list" && bad "list has lines of more than 80 columns" || ok "list fits 80 columns"
for file in scenarios/*.ini scenarios/labs/*.ini; do
    name=$(basename $file .ini)
    grep -q "^  $name  *[0-9]* [smin]*  *[A-Z0-9]" "$dir/list" || grep -q "^include = .*$name.ini" scenarios/*.ini ||
        bad "$name is neither listed nor included"
done
[ "$(grep -c '^  ' "$dir/list")" -eq "$(grep -l '^listed = ' scenarios/*.ini scenarios/labs/*.ini | wc -l)" ] && ok "list has those that say listed" || bad "list has those that say listed"
[ "$(grep -n '^  fig9 ' "$dir/list" | cut -d: -f1)" -lt "$(grep -n '^  fig10 ' "$dir/list" | cut -d: -f1)" ] &&
    ok "Figure 9 comes before Figure 10" || bad "Figure 9 comes before Figure 10"
exit $failed
