#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# sh setup.sh demo   installs what is missing, builds, and draws the curves of Figure 9
# sh setup.sh deb    installs what is missing, and builds a Debian package
# sh setup.sh test   installs what is missing, builds with gcc and clang, plain and with sanitizers,
#                    and runs all tests; closes with "N passed, N failed"
# Debian 12. Needs root (or sudo) only if a package is missing.
set -eu
stood=$PWD
cd "$(dirname "$0")"

# Progress: on a terminal one line, drawn over again and no wider than it; otherwise nothing.
draw() {
    [ -t 2 ] || return 0
    text=$1
    # shellcheck disable=SC2046 # rows and columns
    set -- $(stty size <&2 2>/dev/null)
    [ "${2:-0}" -gt 1 ] || set -- 24 80
    printf '\r%.*s\033[K' $(($2 - 1)) "$text" >&2
}
clear_line() { [ ! -t 2 ] || printf '\r\033[K' >&2; }
say() {
    clear_line
    echo "$*"
}
give_up() {
    clear_line
    echo "setup.sh: $*" >&2
    exit 1
}

# Lines of apt's Status-Fd, "dlstatus:3:41.2:Retrieving file 3 of 9": how far it is.
draw_apt() {
    while IFS=: read -r kind _ percent text; do
        case $kind in dlstatus) draw "$1: fetching, ${percent%.*} percent" ;; pmstatus) draw "$1: ${percent%.*} percent, $text" ;; esac
    done
}
install_packages() { # STEP PACKAGE...
    step=$1
    shift
    as_root=""
    [ "$(id -u)" -eq 0 ] || as_root=sudo
    draw "$step: reading the lists of packages"
    $as_root apt-get update -qq >"$log" 2>&1 || give_up "apt-get update failed: $(tail -n 1 "$log")"
    {
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
            -o APT::Status-Fd=3 "$@" 3>&1 >"$log" 2>&1 || echo failed >"$log.failed"
    } | draw_apt "$step"
    [ ! -e "$log.failed" ] || give_up "apt-get install $*: $(tail -n 1 "$log")"
}
build() { # STEP: make, counting the files that are compiled
    files=$(make -n all | grep -c -- ' -c -o ') || true
    done_files=0
    draw "$1: 0 of $files files"
    { make -j"$jobs" all 2>"$log" || echo failed >"$log.failed"; } | while read -r line; do
        case $line in *' -c -o '*) done_files=$((done_files + 1)) && draw "$1: $done_files of $files files" ;; esac
    done
    [ ! -e "$log.failed" ] || {
        clear_line
        cat "$log" >&2
        give_up "the build failed"
    }
}
# Three commands that do something from where the user stands.
next_steps() {
    echo "The report, for a browser, is $PWD/results/report.html"
    echo "Try next:"
    [ "$PWD" = "$stood" ] || echo "  cd '$PWD'"
    cat <<'X'
  build/sppemu run npe --stats                       # where an NPE's time goes
  build/sppemu run npe --set npe0.sram_latency=214ns # with slower memory
  build/sppemu run fig5                              # how long a vServer waits
build/sppemu list shows what else there is; docs/guide.md leads through it.
X
}

packages="make gcc libc6-dev pkg-config libglib2.0-dev libpcap-dev libjansson-dev libgsl-dev gnuplot-nox"
case "${1:-}" in
demo) does="build sppemu, run Figure 9 of the paper and draw it (two minutes)" ;;
deb)
    packages="$packages debhelper"
    does="build build/sppemu_*.deb (a minute)"
    ;;
test)
    packages="$packages clang clang-format libclang-rt-14-dev libcunit1-dev tshark graphviz xz-utils procps util-linux debhelper python3 chromium"
    does="build with gcc, clang and sanitizers, run all tests (an hour)"
    ;;
*)
    echo "usage: sh setup.sh demo | deb | test" >&2
    exit 2
    ;;
esac

missing=""
for p in $packages; do
    dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing="$missing $p"
done
echo "This will"
if [ -n "$missing" ]; then
    echo "  install Debian packages (a minute or two):"
    echo "$missing" | fold -s -w 74 | sed 's/^ */    /'
fi
echo "  $does"
log=$(mktemp)
trap 'rm -f "$log" "$log.failed"' EXIT
jobs=$(nproc)
began=$(date +%s)
# shellcheck disable=SC2086 # a list of names
if [ -n "$missing" ]; then
    install_packages "installing" $missing
    say "installed, after $(($(date +%s) - began)) s"
fi
[ "$1" != test ] || exec sh tests/ci
build "building"
say "built, after $(($(date +%s) - began)) s"
if [ "$1" = deb ]; then
    make -s deb >"$log" 2>&1 || give_up "make deb failed: $(tail -n 1 "$log")"
    echo "Try next: apt install '$PWD/$(echo build/sppemu_*.deb)'"
    exit
fi
FIGURES_OPTIONS="-j$jobs" sh analysis/figures build/sppemu fig9
next_steps
