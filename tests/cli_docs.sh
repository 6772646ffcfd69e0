#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What the documents name is there; tests/loc counts as it claims, and as docs/code-option.md says.
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0
ok() { echo "ok docs $1"; }
bad() {
    echo "FAILED docs $1"
    failed=1
}

cat >"$dir/a.c" <<'X'
/* SPDX, then a blank line */

/* two lines
 * of comment */ int a; /* one */
    // nothing
int b; // two
/* x */ /* y */
int c; /* three, with a comment
that goes on */
X
printf '/* no newline at the end */\nint d;' >"$dir/b.c"
[ "$(sh tests/loc "$dir/a.c")" = 3 ] && [ "$(sh tests/loc "$dir/a.c" "$dir/b.c")" = 4 ] &&
    ok "lines of code are counted" || bad "lines of code are counted: $(sh tests/loc "$dir/a.c")"

doc=docs/code-option.md
for row in "label switch:label" "IPv4, RFC 1812 fast path:ipv4" "I3 with Chord forwarding:i3"; do
    file=${row#*:}
    lines=$(sh tests/loc fastpath/options/$file.*)
    grep -qF "| ${row%:*} | $lines |" $doc && ok "line count of $file" ||
        bad "line count of $file: $lines is not what $doc says"
done

# What it makes is tried by cli_walkthroughs.sh; the scenario that it quotes is label.ini.
awk '/^The label switch, .*in full/ { at = 1 } at && /^```ini$/ { on = 1; next } /^```/ { on = 0 } on' $doc >"$dir/ini"
tail -n +2 scenarios/label.ini | cmp -s - "$dir/ini" && ok "quoted scenario is label.ini" ||
    bad "quoted scenario is label.ini"

# Files and folders that a document names, in `...` or as a link, are there: a path from the top, the
# end of one, or, for links, from the document's folder. Not those of results, nor those that a
# walk-through makes.
find . \( -path ./build -o -path ./results -o -path ./.git \) -prune -o -type d -printf '%P/\n' -o -printf '%P\n' >"$dir/all"
sed -n 's/^<!-- file \(.*\) -->$/\1/p' CONTRIBUTING.md docs/*.md >"$dir/made"
named() { # DOCUMENT: names in `...` outside code blocks
    sed '/^```/,/^```/d' "$1" | grep -oE '`[^`]+`' | tr -d '`' |
        grep -xE '[A-Za-z0-9_.*/-]+(\.(c|h|def|sh|ini|mk|md|svg)|/)' |
        grep -vxE 'records/.*|runs/.*|results/.*|(study|resolved|wire)\.ini|components/wire/wire\.c' | grep -vxFf "$dir/made"
}
there() { grep -qE "(^|/)$(echo "$1" | sed 's/\./\\./g; s/\*/[^\/]*/g')\$" "$dir/all"; }
for doc in README.md CONTRIBUTING.md docs/*.md docs/*/*.md; do
    missing=
    for name in $(named $doc); do there "$name" || missing="$missing $name"; done
    for link in $(grep -oE '\]\([^)]+\)' $doc | sed 's/^](//; s/[#)].*//' | grep -v '^http'); do
        [ -e "$(dirname $doc)/$link" ] || missing="$missing $link"
    done
    [ -z "$missing" ] && ok "what $doc names is there" || bad "$doc names what is not there:$missing"
done
exit $failed
