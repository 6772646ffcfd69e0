#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# sppemu plan as its user has it: a node that is found, a smaller one that fails, what is written, gone on with
# and refused. What drafts are, and whether answers are right, stands in tests/test_plan.c.
B=${BUILD:-build}/sppemu
case $B in /*) ;; *) B=$PWD/$B ;; esac
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0
ok() { echo "ok plan $1"; }
bad() { echo "FAILED plan $1"; failed=1; }
same() { if [ "$2" = "$3" ]; then ok "$1"; else bad "$1: expected $2, found $3"; fi; }
has() { if grep -q -- "$2" "$3"; then ok "$1"; else bad "$1: no \"$2\" in $(head -c 1500 "$3")"; fi; }
# $1 what, $2 exit code, $3 what is said, the rest the command line
refused() {
    what=$1 code=$2 text=$3
    shift 3
    "$B" plan "$@" >out 2>err
    same "$what" "$code" $?
    cat out err >both
    has "$what, and says why" "$text" both
}
cd "$dir" || exit 1
unset COLUMNS

# Two routers of 40 and 30 thousand packets a second; a core forwards 58.
cat >routers.ini <<END
[demand one]
application = click
rate = 40kpacket/s
pattern = constant
[demand two]
application = click
rate = 30kpacket/s
pattern = constant
[budget b]
price_gpe = 3
END
"$B" plan routers.ini --quick --repeat 1 -j2 >out 2>err
same "two routers are planned" 0 $?
has "each has a GPE" "^routers: linecard; gpe\*2; cp$" out
has "at its price" "price 7$" out
has "which a relaxation needs too" "^GPEs: 2 by best fit; no placement needs fewer than 2" out
has "it is confirmed" "^emulated: all 2 demands are met" out
has "one fewer fails" "^one GPE fewer, linecard; gpe; cp$" out
has "and loses" "^emulated: [12] of 2 demands are not met" out
same "it fits 80 columns" "" "$(awk 'length > 80' out)"
"$B" check results/plan/routers/plan.ini >out 2>&1
same "the scenario can be checked" 0 $?
"$B" run results/plan/routers/plan.ini -q -o again >out 2>&1
same "and run" 0 $?
has "its JSON has a schema" '"schema": "sppemu-plan-1"' results/plan/routers/plan.json
find results -name record -path '*/records/[0-9a-f]*' | sort >before
"$B" plan routers.ini --quick --repeat 1 --json >json 2>err
same "the same again" 0 $?
find results -name record -path '*/records/[0-9a-f]*' | sort >after
same "computes nothing" "" "$(diff before after)"
has "and prints JSON" '"schema": "sppemu-plan-1"' json

"$B" help demand >out 2>&1
has "a demand has help" "What a slice is to carry" out
refused "what does not fit" 1 'gpes; there may be 1' routers.ini --set b.gpes=1
refused "an unknown key" 3 'the nearest is rate' routers.ini --set one.rat=1Mbit/s
refused "an application that is none" 3 'expected one of ipv4, i3, label, click' routers.ini --set one.application=snort
refused "click on an NPE" 1 'an NPE has none' routers.ini --set one.on=npe
refused "a study" 2 'found a study of 2 points' routers.ini --set 'one.rate=${1, 2}Mbit/s'
refused "a factor of nothing" 2 '--grow: found 0' routers.ini --grow 0
refused "a file that is not there" 3 'found "router", expected a scenario file' router
printf '[source s]\nports = 1\n' >other.ini
refused "a scenario" 1 'found a source, expected demands' other.ini
exit $failed
