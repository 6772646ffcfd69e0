#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# make install, uninstall and deb, what is said where something is missing, and what the demo says in
# the end.
BUILD=${BUILD:-build}
unset MAKEFLAGS MAKELEVEL MFLAGS
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0
ok() { echo "ok install $1"; }
bad() {
    echo "FAILED install $1"
    failed=1
}
make="make -s BUILD=$BUILD"
files() { (cd "$1" && find . -type f | sort); }
# works PROGRAM: from another folder it finds scenarios, published numbers and captures.
works() { (cd / && "$1" check fig9 && "$1" check replay) >"$dir/out" 2>&1 && [ "$(grep -c points "$dir/out")" -eq 2 ]; }

# The tree was built without PREFIX before.
prefix="$dir/a prefix"
$make install PREFIX="$prefix" >"$dir/out" 2>&1 && works "$prefix/bin/sppemu" &&
    ok "it works below any prefix" || bad "it works below any prefix: $(cat "$dir/out")"
missing=
for f in scenarios/*.ini scenarios/labs/*.* scenarios/labs/*/* fastpath/*.[ch] fastpath/options/* scenarios/data/* scenarios/variants/* scenarios/control/* analysis/claims/* docs/*.md docs/labs/*; do
    cmp -s "$f" "$prefix/share/sppemu/$f" || cmp -s "$f" "$prefix/share/doc/sppemu/$f" || missing="$missing $f"
done
for f in bash-completion/completions/sppemu zsh/site-functions/_sppemu man/man1/sppemu.1 man/man1/sppfwd.1 man/man5/sppemu-scenario.5; do
    [ -s "$prefix/share/$f" ] || missing="$missing $f"
done
[ -z "$missing" ] && ok "nothing is left out" || bad "nothing is left out:$missing"
mv "$prefix" "$dir/moved"
works "$dir/moved/bin/sppemu" && ok "it works where it was moved to" || bad "it works where it was moved to: $(cat "$dir/out")"

$make install PREFIX=/usr DESTDIR="$dir/root" && works "$dir/root/usr/bin/sppemu" &&
    [ "$(files "$dir/root/usr")" = "$(files "$dir/moved")" ] && ok "DESTDIR is put in front" || bad "DESTDIR is put in front"

# uninstall takes what install put there, and what is empty then; nothing of anybody else.
mkdir "$dir/root/usr/share/doc/other"
files "$dir/root" >"$dir/before"
: >"$dir/root/usr/bin/other"
: >"$dir/root/usr/share/sppemu/scenarios/mine.ini"
$make uninstall PREFIX=/usr DESTDIR="$dir/root"
[ "$(files "$dir/root" | tr '\n' ' ')" = "./usr/bin/other ./usr/share/sppemu/scenarios/mine.ini " ] && [ -d "$dir/root/usr/share/doc/other" ] &&
    ok "uninstall leaves what is not ours" || bad "uninstall leaves what is not ours: $(files "$dir/root")"
$make uninstall PREFIX="$dir/moved"
[ -z "$(files "$dir/moved")" ] && [ -z "$(find "$dir/moved" -name 'sppemu*')" ] && ok "uninstall takes all that install put" ||
    bad "uninstall takes all that install put: $(find "$dir/moved")"

# The package has the same files, and its version is ours; zsh's folder has another name in Debian.
grep -q "^sppemu ($(cat VERSION)) " debian/changelog && ok "debian/changelog has our version" || bad "debian/changelog has our version"
if [ "$BUILD" = build ] && command -v dh >/dev/null; then
    if make -s deb >"$dir/out" 2>&1 && dpkg-deb -x build/sppemu_"$(cat VERSION)"_*.deb "$dir/deb"; then
        files "$dir/deb/usr" | grep -vE '/(changelog|copyright)' | sed 's/\.gz$//; s/vendor-completions/site-functions/' >"$dir/in_deb"
        sed -n 's|^\./usr/|./|p' "$dir/before" | cmp -s - "$dir/in_deb" && ok "the package has what install puts there" ||
            bad "the package has what install puts there: $(sed -n 's|^\./usr/|./|p' "$dir/before" | diff - "$dir/in_deb")"
        works "$dir/deb/usr/bin/sppemu" && ok "the package's program works" || bad "the package's program works: $(cat "$dir/out")"
    else
        bad "a package is built: $(tail -n 5 "$dir/out")"
    fi
    [ "$(ls debian | tr '\n' ' ')" = "changelog control copyright rules source " ] && ok "make deb cleans up" || bad "make deb cleans up: $(ls -A debian)"
fi

# What is missing is said in one sentence, with the command that installs it.
make -s cunit CC=false >"$dir/out" 2>&1
[ $? -ne 0 ] && grep -q 'sh setup.sh test' "$dir/out" && ok "without CUnit, make test says what to do" || bad "without CUnit, make test says what to do: $(cat "$dir/out")"
make -s libraries PACKAGES=no-such-library >"$dir/out" 2>&1
[ $? -ne 0 ] && grep -q 'sh setup.sh demo' "$dir/out" && ok "without libraries, make says what to do" || bad "without libraries, make says what to do: $(cat "$dir/out")"

# What the demo says to try next: as it stands, from a folder that has our build/.
ln -s "$PWD/$BUILD" "$dir/build"
sed -n '/^next_steps/,/^}/s|^  build/|build/|p' setup.sh >"$dir/next"
while read -r line; do
    (cd "$dir" && sh -c "$line") >"$dir/out" 2>&1 </dev/null && ok "next: ${line%%  *}" || bad "next: $line: $(tail -n 3 "$dir/out")"
done <"$dir/next"
[ "$(wc -l <"$dir/next")" -eq 3 ] && [ -z "$(awk 'length > 77' "$dir/next")" ] && ok "three commands that fit 80 columns" ||
    bad "three commands that fit 80 columns: $(cat "$dir/next")"
exit $failed
