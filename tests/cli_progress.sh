#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Progress: silent unless standard error is a terminal, and there one line that never wraps.
BUILD=${BUILD:-build}
sppemu=$PWD/$BUILD/sppemu
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0
ok() { echo "ok progress $1"; }
bad() {
    echo "FAILED progress $1"
    failed=1
}
cat >"$dir/s.ini" <<'X'
[scenario]
[source traffic]
ports = 1
rate = ${1, 1.5, 2}Gbit/s
duration = ${50, 51, 52, 53}ms
[sink sink]
ports = 1
source = traffic
[link wire]
link = traffic.0 -> sink.0
rate = 10Gbit/s
X
# on COLUMNS LABEL OPTION...: run on a terminal of that width. What it gets goes to $dir/seen, a line
# for each time that one is drawn.
on() {
    columns=$1 label=$2
    shift 2
    rm -rf "$dir/out"
    SPPEMU_PROGRESS=$label TERM=xterm SHELL=/bin/sh script -qec "stty cols $columns; '$sppemu' run '$dir/s.ini' -o '$dir/out' --no-plots $* >'$dir/stdout'" \
        "$dir/typescript" </dev/null >/dev/null
    sed '1d;$d' "$dir/typescript" | tr '\r' '\n' | sed 's/\x1b\[K//g' | grep . >"$dir/seen"
}
longest() { awk 'length > n { n = length } END { print n + 0 }' "$dir/seen"; }

for columns in 20 40 80 200; do
    on $columns "study (2 of 3)" -j2
    [ "$(longest)" -lt $columns ] && grep -qE '[0-9]+ of 12 runs' "$dir/seen" &&
        ok "a line fits $columns columns" || bad "a line fits $columns columns: $(longest), $(tail -n 1 "$dir/seen")"
done
head -n 1 "$dir/seen" | grep -q 'study (2 of 3): reading .*/s.ini' && ok "the first line comes before the scenario is read" ||
    bad "the first line comes before the scenario is read: $(head -n 1 "$dir/seen")"
! grep -qE '(^|[ ,])0 s left' "$dir/seen" && ok "it never says 0 s left" || bad "it never says 0 s left"
sed '1d;$d' "$dir/typescript" | tr -d '\n' | tail -c 4 | od -An -c | grep -qE '\\r 033 +\[ +K' && ok "the line is cleared in the end" ||
    bad "the line is cleared in the end: $(sed '$d' "$dir/typescript" | tail -c 20 | od -An -c)"

# A warning begins at the left edge of a cleared line, and is broken between words.
on 80 "" --set traffic.on=2ms
tr '\r' '\n' <"$dir/typescript" | grep -q "^$(printf '\033')\[Ksppemu: warning: " &&
    [ "$(longest)" -lt 80 ] && ok "a message stands on a cleared line, and fits" ||
    bad "a message stands on a cleared line, and fits: $(cat "$dir/seen")"

# What goes to standard output does not stand behind a line of progress.
TERM=xterm SHELL=/bin/sh script -qec "'$sppemu' run '$dir/s.ini' -o '$dir/new' --dry-run" "$dir/typescript" </dev/null >/dev/null
tr '\r' '\n' <"$dir/typescript" | grep -q "^$(printf '\033')\[Krun 0" && ok "the line is cleared before a dry run is printed" ||
    bad "the line is cleared before a dry run is printed: $(od -c "$dir/typescript" | tail -n 20)"

on 80 "" -q
[ ! -s "$dir/seen" ] && ok "-q shows none" || bad "-q shows none: $(cat "$dir/seen")"
rm -rf "$dir/out"
"$sppemu" run "$dir/s.ini" -o "$dir/out" --no-plots >/dev/null 2>"$dir/stderr"
[ ! -s "$dir/stderr" ] && ok "a file gets none" || bad "a file gets none: $(cat "$dir/stderr")"

# setup.sh's line, and that of make figures, which says which it is.
sed -n '/^draw()/,/^}/p' setup.sh >"$dir/draw.sh"
for columns in 20 80; do
    TERM=xterm SHELL=/bin/sh script -qec "stty cols $columns; . '$dir/draw.sh'; draw 'installing: 41 percent, Unpacking a-package-with-a-very-long-name-indeed (amd64)'" \
        "$dir/typescript" </dev/null >/dev/null
    sed '1d;$d' "$dir/typescript" | tr '\r' '\n' | sed 's/\x1b\[K//g' >"$dir/seen"
    [ "$(longest)" -eq $((columns - 1)) ] && ok "a line of setup.sh fits $columns columns" ||
        bad "a line of setup.sh fits $columns columns: $(cat "$dir/seen")"
done
mkdir -p "$dir/tree/scenarios"
cp "$dir/s.ini" "$dir/tree/scenarios/one.ini"
cp "$dir/s.ini" "$dir/tree/scenarios/two.ini"
figures=$PWD/analysis/figures
(cd "$dir/tree" && TERM=xterm SHELL=/bin/sh script -qec "stty cols 80; FIGURES_OPTIONS=--no-plots sh '$figures' '$sppemu' one two" "$dir/typescript" </dev/null >/dev/null)
grep -q 'two (2 of 2): [0-9]* of 12 runs' "$dir/typescript" && ok "make figures says which of how many" || bad "make figures says which of how many: $(cat "$dir/typescript")"
(cd "$dir/tree" && sh "$figures" "$sppemu" one >/dev/null 2>"$dir/stderr")
grep -v 'complete already' "$dir/stderr" | grep -qxE 'one \(1 of 1\) \.\.\. [0-9]+ s' && ok "make figures into a file draws no line" || bad "make figures into a file draws no line: $(cat "$dir/stderr")"
mkdir "$dir/tree/results/bare"
printf 'id\tstatement\tlow\thigh\tvalue\tunit\tuse\tverdict\nX\tof nothing\t1\t2\t\tms\tpredict\tnot measured\n' >"$dir/tree/results/bare/claims.tsv"
(cd "$dir/tree" && sh "$figures" false bare 2>/dev/null) | grep -qE '^X +1 to 2 +-  ms +predict +not measured$' &&
    ok "make figures shows what was not measured as -" || bad "make figures shows what was not measured as -"
exit $failed
