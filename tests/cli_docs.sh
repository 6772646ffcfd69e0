#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What docs/code-option.md quotes is what the sources say, and tests/loc counts as it claims.
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
    lines=$(sh tests/loc fastpath/$file.c fastpath/$file.h)
    grep -qF "| ${row%:*} | $lines |" $doc && ok "line count of $file" ||
        bad "line count of $file: $lines is not what $doc says"
done

# Each line of its C is in the sources (where it may be broken in two), and its scenario is label.ini.
cat fastpath/*.[ch] fastpath/*/*.[ch] tests/plain_i3.c | sed 's/\\$//' | tr -s '\n ' ' ' >"$dir/sources"
awk '/^```c$/ { on = 1; next } /^```/ { on = 0 } on' $doc | sed 's/^ *//' |
    grep -v '^/\* fastpath/.*\*/$' | grep . | sort -u >"$dir/quoted"
missing=$(while IFS= read -r line; do
    grep -qF -e "$line" "$dir/sources" || printf '%s\n' "$line"
done <"$dir/quoted")
[ -s "$dir/quoted" ] && [ -z "$missing" ] && ok "quoted code is in the sources" ||
    bad "quoted code is in the sources, but for: $missing"
awk '/^```ini$/ { on = 1; next } /^```/ { on = 0 } on' $doc >"$dir/ini"
tail -n +2 scenarios/label.ini | cmp -s - "$dir/ini" && ok "quoted scenario is label.ini" ||
    bad "quoted scenario is label.ini"
exit $failed
