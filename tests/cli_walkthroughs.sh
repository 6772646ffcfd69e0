#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The walk-throughs of CONTRIBUTING.md and docs/code-option.md, taken at their word in a copy of the
# source: a block behind "<!-- file PATH -->" is a new file, one behind "<!-- line PATH after TEXT -->"
# a line of an old one, behind the first that has TEXT; one behind "<!-- run -->" is run, and what is
# behind "<!-- prints -->" must be among what it prints. Copied objects make the build short.
BUILD=${BUILD:-build}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0
ok() { echo "ok walkthroughs $1"; }
bad() { echo "FAILED walkthroughs $1"; failed=1; }

new=$dir/new old=$dir/old
mkdir "$new" "$old"
tar cf - Makefile VERSION */rules.mk emu fastpath components scenarios >"$dir/tar" && tar xf "$dir/tar" -C "$new" && tar xf "$dir/tar" -C "$old"
# Of a `make test` with options of its own, which are not the reader's.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES BUILD CC OPT SAN
mkdir "$new/build"
cp -a build/emu build/fastpath build/components "$new/build"

# What a page asks for: steps/N.kind (its comment) and steps/N.text (the block).
steps() { # PAGE SECTION-PATTERN: those of one section; "" is the whole page
    rm -rf "$dir/steps"
    mkdir "$dir/steps"
    awk -v out="$dir/steps" -v section="$2" '
        BEGIN { on = section == "" }
        section != "" && /^## / { on = index($0, section) > 0 }
        !on { next }
        /^<!-- (file|line|run|prints)/ { n++; kind = sprintf("%s/%02d", out, n); print > (kind ".kind"); close(kind ".kind"); next }
        /^```/ { if (inside) { close(text); inside = 0; kind = "" } else if (kind != "") { text = kind ".text"; printf "" > text; inside = 1 }; next }
        inside { print > text }' "$1"
}

# insert FILE TEXT BLOCK: behind the first line with TEXT
insert() {
    AFTER=$2 awk -v block="$3" '
        { print }
        !done && index($0, ENVIRON["AFTER"]) { while ((getline line < block) > 0) print line; done = 1 }
        END { exit !done }' "$1" >"$dir/inserted" && cat "$dir/inserted" >"$1"
}

# follow NAME PAGE SECTION: make its files and add its lines; those outside its own files are counted
follow() {
    steps "$2" "$3"
    lines=0 made=0 wrong=
    for kind in "$dir"/steps/*.kind; do
        text=${kind%.kind}.text
        words=$(sed 's/^<!-- //; s/ -->$//' "$kind")
        path=$(echo "$words" | cut -d' ' -f2)
        case $words in
        file\ *)
            [ -e "$new/$path" ] && wrong="$wrong $path is there already;"
            cp "$text" "$new/$path"
            made=$((made + 1))
            ;;
        line\ *)
            insert "$new/$path" "${words#* after }" "$text" || wrong="$wrong nowhere in $path: ${words#* after };"
            ;;
        esac
    done
    lines=$(diff -r "$old" "$new" -x build | grep -c '^>')
    gone=$(diff -r "$old" "$new" -x build | grep -c '^<')
    [ -z "$wrong" ] && [ $made -gt 0 ] && [ "$lines" -le 2 ] && [ "$gone" -eq 0 ] &&
        ok "$1: $made files, and $lines lines in others" || bad "$1:$wrong $made files, and $lines lines in others, $gone gone"
    (cd "$new" && tar cf - --exclude build .) | tar xf - -C "$old"
}

# run NAME PAGE SECTION: its commands, and what they print
run() {
    steps "$2" "$3"
    : >"$dir/out"
    n=0
    for kind in "$dir"/steps/*.kind; do
        text=${kind%.kind}.text
        case $(cat "$kind") in
        *run*)
            n=$((n + 1))
            (cd "$new" && sh -e "$text") >"$dir/out" 2>&1 || bad "$1: exit $? of $(cat "$text"): $(tail -c 600 "$dir/out")"
            ;;
        *prints*)
            while IFS= read -r line; do
                grep -qF -e "$line" "$dir/out" || bad "$1: \"$line\" is not in: $(cat "$dir/out")"
            done <"$text"
            ;;
        esac
    done
    [ $n -gt 0 ] && [ $failed -eq 0 ] && ok "$1 does what it says" || bad "$1 does what it says"
}

option="docs/code-option.md"
follow component CONTRIBUTING.md "Add a component"
follow scheduler CONTRIBUTING.md "Add a scheduler"
follow "code option" $option ""
if make -s -C "$new" -j2 all >"$dir/make" 2>&1; then
    ok "all build"
    run component CONTRIBUTING.md "Add a component"
    run scheduler CONTRIBUTING.md "Add a scheduler"
    run "code option" $option ""
else
    bad "all build: $(grep -m3 error "$dir/make")"
fi
exit $failed
