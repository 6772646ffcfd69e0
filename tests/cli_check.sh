#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# `sppemu check`: what a user reads when a scenario is wrong, or is not going to do what it seems to.
B=${BUILD:-build}/sppemu
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0
ok() { echo "ok check $1"; }
bad() { echo "FAILED check $1"; failed=1; }
# expect NAME CODE PATTERN COMMAND...: exit code, a line of stderr that matches, and no second error
expect() {
    name=$1 code=$2 pattern=$3
    shift 3
    "$@" >"$dir/out" 2>"$dir/err" </dev/null
    got=$?
    if [ $got -eq "$code" ] && { [ -z "$pattern" ] || grep -q -- "$pattern" "$dir/err"; } &&
        [ "$(grep -vc 'sppemu: warning: ' "$dir/err")" -le 1 ]; then ok "$name"; else
        bad "$name: exit $got, expected $code; stderr: $(head -c 400 "$dir/err")"
    fi
}
silent() { if [ -s "$dir/err" ]; then bad "$1: $(head -c 300 "$dir/err")"; else ok "$1"; fi; }

expect "a shipped scenario passes" 0 '' "$B" check npe
silent "and without a word on stderr"
grep -q 'npe: 1 points of 1 repetitions, 0 claims, 0 plots' "$dir/out" && ok "and says what it is" || bad "and says what it is"

# Points
expect "a point in the middle that cannot be built" 3 \
    'block tx: 2 more microengines .*(repeat with --set npe0.me_rx=9)$' \
    "$B" check npe --set 'npe0.me_rx=${1, 2, 9, 1}'

# Names
printf '[scenario]\ninclude = %s/scenarios/npe.ini\n[plot p]\nx = traffic.rate\ny = sink.latency_meanus\n' "$PWD" >"$dir/plot.ini"
expect "a plot's name that is nearly right" 3 'plot.ini:5: \[plot p\] y: found the unknown name sink.latency_meanus; the nearest is sink.latency_mean_us' "$B" check "$dir/plot.ini"
printf '[scenario]\ninclude = %s/scenarios/npe.ini\n[expect F9-npe-ppps]\nmetric = max(sink.delivered_pps)\n' "$PWD" >"$dir/claim.ini"
expect "a claim that is not published" 3 'claim.ini:4: \[expect F9-npe-ppps\] metric: found no claim .*the nearest is F9-npe-pps' "$B" check "$dir/claim.ini"
printf '[scenario]\ninclude = %s/scenarios/npe.ini\n[at 1ms]\ntraffic = sto\n' "$PWD" >"$dir/verb.ini"
expect "a verb that is nearly right" 3 'verb.ini:4: \[at 1ms\] traffic: found "sto", expected start, stop, rate, weights; the nearest is stop' "$B" check "$dir/verb.ini"
"$B" help source | grep -q 'rate RATE' && ok "help lists verbs" || bad "help lists verbs"

# Includes: beside the file, then among what is shipped
printf '[scenario]\ninclude = npe-base, other.ini\n' >"$dir/mine.ini"
printf '[source traffic]\nrate = 1Gbit/s wire\n' >"$dir/other.ini"
expect "a shipped base by its name, and a file beside" 0 '' "$B" check "$dir/mine.ini"
printf '[scenario]\ninclude = nep-base\n' >"$dir/near.ini"
expect "an include that is nearly right" 3 'near.ini:2: \[scenario\] include: found "nep-base", which is not beside this file, nor in .*/scenarios; the nearest is npe-base.ini$' "$B" check "$dir/near.ini"
printf '[sauce traffic]\n' >"$dir/npe-base.ini"
expect "what is beside goes first" 3 'mine.ini:2: in the included file: .*npe-base.ini:1: found section \[sauce' "$B" check "$dir/mine.ini"
rm "$dir/npe-base.ini"
program=$(realpath "$B")
in_dir() { (cd "$dir" && "$program" "$@"); }
expect "what include finds, check finds" 0 '' in_dir check npe.ini
expect "a file of this folder by its name" 0 '' in_dir check mine
expect "a file that is nearly there" 3 'found "mime.ini", expected a scenario file, .*the nearest is mine.ini$' in_dir check mime.ini

expect "what follows from a --set is laid to that" 3 '^sppemu: --set traffic.attach=npe0 interfaces 0..9: \[link wire_traffic\] link: found port npe0.6' "$B" check npe --set 'traffic.attach=npe0 interfaces 0..9'

# What was silent
expect "a window without a packet" 3 '^sppemu: --set traffic.duration=1ms: duration: found 1 ms, of which the warm-up of 2 ms leaves no window' "$B" check npe --set traffic.duration=1ms
expect "more active vServers than there are" 0 'warning: --set gpe0.active=20: active: found 20, but gpe0 has 1 vServers' "$B" check gpe --set gpe0.active=20
expect "a key without effect" 0 'warning: --set traffic.ids=01: ids: has no effect: application = i3 uses it' "$B" check npe --set traffic.ids=01
sed '/^\[sink sink\]/,/^$/d' scenarios/npe-base.ini >"$dir/cut.ini"
expect "a link that was removed" 0 'warning: .*cut.ini:4: \[npe npe0\] ports 0, 1, 2, 3, 4 will send and have no link' "$B" check "$dir/cut.ini"
exit $failed
