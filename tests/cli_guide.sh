#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# docs/guide.md, from its first command to its last, in one empty folder: files are written (<!-- file
# NAME -->), `sh` blocks run, with the exit code of <!-- exit N -->, where <!-- needs COMMAND --> works;
# every line of a `text` block is among what came out before it, blanks apart.
BUILD=${BUILD:-build}
guide=$PWD/docs/guide.md
PATH=$PWD/$BUILD:$PATH
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0
ok() { echo "ok guide $1"; }
bad() {
    echo "FAILED guide $1"
    failed=1
}
# Blocks become files: NNN.KIND with the text, NNN.head with the line of its <!-- ... -->, if any.
mkdir "$dir/blocks" "$dir/work"
awk -v to="$dir/blocks/" '
    /^<!-- / { head = $0; next }
    /^```/ && !on { on = 1; kind = substr($0, 4); n++; name = sprintf("%s%03d.", to, n); printf "" > (name kind); print head > (name "head"); head = ""; next }
    /^```$/ { on = 0; close(name kind); close(name "head"); next }
    on { print > (name kind); next }
    NF { head = "" }' "$guide"
cd "$dir/work" || exit 1
: >"$dir/out"
for block in "$dir"/blocks/*[!d]; do
    head=$(sed -n 's/^<!-- \(.*\) -->$/\1/p' "${block%.*}.head")
    first=$(head -n 1 "$block")
    case $block:$head in
    *:"file "*) cp "$block" "${head#file }" ;;
    *.sh:*)
        expected=0
        case $head in
        "exit "*) expected=${head#exit } ;;
        "needs "*) sh -c "${head#needs }" >/dev/null 2>&1 || {
            echo "not run: guide: $first (no: ${head#needs })"
            continue
        } ;;
        esac
        : >"$dir/out"
        while read -r line; do
            sh -c "$line" >>"$dir/out" 2>&1 </dev/null
            status=$?
            [ $status -eq "$expected" ] && ok "$line" || bad "$line: exit code $status: $(tail -n 5 "$dir/out")"
        done <"$block"
        ;;
    *.text:*)
        sed 's/  */ /g' "$dir/out" >"$dir/out.plain"
        missing=$(sed 's/  */ /g' "$block" | grep -vxFf "$dir/out.plain")
        [ -z "$missing" ] && ok "what is shown came out: $first" || bad "what is shown came out: $missing"
        ;;
    *) bad "a block that nobody runs: $first" ;;
    esac
done
[ -s voice.svg ] && [ -s results/voice/latency.png ] && [ -s voice-p99.png ] && ok "pictures are drawn" || bad "pictures are drawn"
exit $failed
