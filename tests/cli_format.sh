#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# sppemu format, and how long scenarios are. What the form is, and that it changes nothing that a
# scenario says, is in test_format.c. Sizes are of formatted files, without blank and comment lines,
# in lines of at most 100 columns: a longer one counts as so many as it would fill.
B=${BUILD:-build}/sppemu
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0
ok() { echo "ok format $1"; }
bad() { echo "FAILED format $1"; failed=1; }

# `on`: must hold. `later`: is only said, until what it waits for is there.
shipped_files_are_in_format=on
limits="
on    25   tests/data/fifty-slices.ini
on    40   scenarios/chassis-14.ini
on    70   scenarios/fig7.ini
on    75   scenarios/fig9.ini
on    1226 scenarios/*.ini
"

size() {
    for f in "$@"; do "$B" format "$f" 2>/dev/null || echo "$f"; done |
        awk '!/^[ \t]*([#;]|$)/ { n += int((length($0) + 99) / 100) } END { print n + 0 }'
}
echo "$limits" | while read -r state limit files; do
    [ "$state" ] || continue
    # shellcheck disable=SC2086 # a pattern
    lines=$(size $files)
    if [ "$lines" -le "$limit" ]; then ok "$files has $lines lines, at most $limit"
    elif [ "$state" = later ]; then echo "later: $files has $lines lines, to be at most $limit"
    else echo "FAILED format $files has $lines lines, expected at most $limit"; fi
done >"$dir/sizes"
cat "$dir/sizes"
grep -q '^FAILED' "$dir/sizes" && failed=1

if "$B" format --check scenarios/*.ini scenarios/labs/*.ini scenarios/control/*.ini tests/data/fifty-slices.ini 2>"$dir/err"; then ok "shipped files are in format"
elif [ $shipped_files_are_in_format = later ]; then tail -1 "$dir/err" | sed 's/^sppemu:/later:/'
else bad "shipped files are in format: $(cat "$dir/err")"; fi

# The verb. `odd` in its form is `even`.
printf '# note\n[sink  s]\nports=5\n' >"$dir/odd.ini"
printf '# note\n[sink s]\nports = 5\n' >"$dir/even.ini"
# expect NAME CODE STDERR COMMAND...: the exit code, and a pattern in what it says; empty: nothing.
expect() {
    name=$1 code=$2 pattern=$3
    shift 3
    "$@" >"$dir/out" 2>"$dir/err"
    got=$?
    if [ $got -eq "$code" ] && if [ "$pattern" ]; then grep -qe "$pattern" "$dir/err"; else [ ! -s "$dir/err" ]; fi; then ok "$name"; else
        bad "$name: exit $got, expected $code; stderr: $(head -c 400 "$dir/err")"
    fi
}
same() { if cmp -s "$2" "$3"; then ok "$1"; else bad "$1: $(diff "$2" "$3" | head -5)"; fi; }

expect "a file is printed" 0 "" "$B" format "$dir/odd.ini"
same "in its form" "$dir/out" "$dir/even.ini"
"$B" format - <"$dir/odd.ini" >"$dir/out"
same "standard input too" "$dir/out" "$dir/even.ini"
expect "a shipped scenario goes by its name" 0 "" "$B" format npe
expect "a file that is in form passes" 0 "" "$B" format --check "$dir/even.ini"
expect "one that is not fails, with its line" 1 'odd.ini:2: found$' "$B" format --check "$dir/even.ini" "$dir/odd.ini"
grep -q '^  "ports = 5"$\|^  "\[sink s\]"$' "$dir/err" && ok "and what is expected" || bad "and what is expected: $(cat "$dir/err")"
[ -s "$dir/out" ] && bad "a check prints no file" || ok "a check prints no file"
cp "$dir/odd.ini" "$dir/own.ini"
expect "in place" 0 "" "$B" format -i "$dir/own.ini" "$dir/even.ini"
same "the file is written" "$dir/own.ini" "$dir/even.ini"
touch -d '2001-01-01' "$dir/own.ini"
"$B" format --in-place "$dir/own.ini"
[ "$(date -r "$dir/own.ini" +%Y)" = 2001 ] && ok "one in form is left alone" || bad "one in form is left alone"
printf '[sink s]\nports = 5\nwhat\n' >"$dir/wrong.ini"
cp "$dir/wrong.ini" "$dir/kept.ini"
expect "what is no scenario is refused" 3 'wrong.ini:3: found "what", expected' "$B" format -i "$dir/wrong.ini"
same "and left alone" "$dir/wrong.ini" "$dir/kept.ini"
expect "one bad file does not hide another" 3 'odd.ini:2: found$' "$B" format --check "$dir/wrong.ini" "$dir/odd.ini"
expect "a missing file" 3 'there is no such file' "$B" format "$dir/none.ini"
expect "a folder" 3 'found a folder' "$B" format "$dir"
expect "no file" 2 'found no FILE' "$B" format
expect "two files at once" 2 'found 2 files, expected one' "$B" format "$dir/odd.ini" "$dir/even.ini"
expect "both options" 2 'found --check and --in-place' "$B" format --check -i "$dir/odd.ini"
expect "standard input in place" 2 'found - with --in-place' "$B" format -i -
awk 'BEGIN { printf "[sink s]\nsource = a"; for (i = 0; i < 30; i++) printf ", traffic%d", i; print "" }' >"$dir/long.ini"
awk 'BEGIN { printf "[sink s]\nsource = a"; for (i = 0; i < 8; i++) printf ", traffic%d", i; print ", \\"
    printf "    traffic8"; for (i = 9; i < 16; i++) printf ", traffic%d", i; print ", \\"
    printf "    traffic16"; for (i = 17; i < 24; i++) printf ", traffic%d", i; print ", \\"
    print "    traffic24, traffic25, traffic26, traffic27, traffic28, traffic29" }' >"$dir/broken.ini"
expect "a long value goes on in the next lines" 0 "" "$B" format "$dir/long.ini"
same "of at most 100 columns" "$dir/out" "$dir/broken.ini"
expect "which is its form" 0 "" "$B" format --check "$dir/broken.ini"
awk 'BEGIN { printf "[text t]\n"; for (i = 0; i < 60; i++) printf "ab"; print "" }' >"$dir/text.ini"
expect "a long line of a text stays, and is named" 0 'text.ini: 1 line of more than 100 columns, line 2' "$B" format "$dir/text.ini"
same "as it is" "$dir/out" "$dir/text.ini"
printf '[sink s]\nports = \\\n\n' >"$dir/end.ini"
expect "nothing behind a backslash" 3 'end.ini:3: found an empty line behind a \\' "$B" format "$dir/end.ini"

# convert. What comes out is in test_convert.c; here, that it is in format, and what is said.
"$B" convert tests/data/first-edition/fig9.ini >"$dir/fig9.ini"
expect "what is converted is in format" 0 "" "$B" format --check "$dir/fig9.ini"
printf '[scenario]\ninclude = chassis-dev\n\n[tap a0]\ncapture = a0.pcap\n' >"$dir/own.ini"
expect "with an include that is shipped" 0 "" "$B" convert "$dir/own.ini"
same "nothing to convert" "$dir/out" "$dir/own.ini"
expect "what the first edition is not is refused" 3 'wrong.ini:3: found "what", expected' "$B" convert "$dir/wrong.ini"
expect "no file to convert" 2 'found no FILE' "$B" convert
exit $failed
