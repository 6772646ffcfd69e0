#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# sh setup.sh demo   installs what is missing, builds, and draws the NPE's curves of Figure 9
# sh setup.sh test   installs what is missing, builds with gcc and clang, plain and with sanitizers,
#                    and runs all tests; closes with "N passed, N failed"
# Debian 12. Needs root (or sudo) only if a package is missing.
set -eu
cd "$(dirname "$0")"

packages="make gcc libc6-dev pkg-config libglib2.0-dev libpcap-dev libjansson-dev libgsl-dev gnuplot-nox"
[ "${1:-}" = test ] && packages="$packages clang clang-format libclang-rt-14-dev libcunit1-dev tshark xz-utils procps util-linux"

missing=""
for p in $packages; do
    dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing="$missing $p"
done
if [ -n "$missing" ]; then
    echo "installing:$missing"
    as_root=""
    [ "$(id -u)" -eq 0 ] || as_root=sudo
    $as_root apt-get update -qq
    # shellcheck disable=SC2086 # a list of names
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi

case "${1:-}" in
demo) exec make -s -j2 demo ;;
test) exec make -s -j2 ci ;;
*)
    echo "usage: sh setup.sh demo | test" >&2
    exit 2
    ;;
esac
