#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Slices, queues and ports that come and go by a scenario's script, as a user writes it: what is refused
# before the run, and what the management processor answers in mp-SLICE.txt.
B=${BUILD:-build}/sppemu
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0
ok() { echo "ok life $1"; }
bad() { echo "FAILED life $1"; failed=1; }
same() { if [ "$2" = "$3" ]; then ok "$1"; else bad "$1: expected $2, found $3"; fi; }

# 1: the settings of slice a, 2: the script.
node() {
    cat <<END
[scenario]
include = $PWD/scenarios/chassis-gpe.ini
[source t]
ports = 1
warmup = 0
duration = 3ms
rate = 300Mbit/s
[sink s]
ports = 1
source = t
[link in]
link = t.0 -> lc0.0
rate = 1Gbit/s
[link out]
link = lc0.1 -> s.0
rate = 1Gbit/s
[monitor m]
slice = a
interval = 500us
until = 4ms
[slice a]
npe = npe0
$1
[slice b]
npe = npe0
attached = no
share = 60%
routes = 10.0.0.0/8 1 192.168.100.1:30000
[npe npe0]
interfaces = 5
schedulers = 10
$2
END
}
# The replies to slice 1, without times and in one line.
replies() { sed 's/^[0-9.]* s  //' "$dir/run/mp-$1.txt" 2>/dev/null | paste -sd';'; }
run() { # NAME SETTINGS SCRIPT: it has to end well
    node "$2" "$3" >"$dir/life.ini"
    "$B" check "$dir/life.ini" >/dev/null 2>"$dir/error" || bad "$1: check: $(cat "$dir/error")"
    "$B" show "$dir/life.ini" >/dev/null 2>"$dir/error" || bad "$1: show: $(cat "$dir/error")"
    "$B" run "$dir/life.ini" -q -f --no-plots -o "$dir/run" >/dev/null 2>"$dir/error" ||
        bad "$1: $(cat "$dir/error")"
}
refuse() { # NAME SETTINGS SCRIPT SENTENCE: before the run
    node "$2" "$3" >"$dir/life.ini"
    "$B" check "$dir/life.ini" >/dev/null 2>"$dir/error"
    same "$1: exit code" 3 $?
    case $(cat "$dir/error") in
    *"$4"*) ok "$1" ;;
    *) bad "$1: expected \"$4\", found \"$(cat "$dir/error")\"" ;;
    esac
    same "$1: one line" 1 "$(wc -l <"$dir/error")"
}
way='routes = 10.0.0.0/8 1 192.168.100.1:30000'

refuse "a share above all" "$way" "[at 1ms]
a = share 1 in 101%" '[at 1ms] a: share: found "1 in 101%", expected INTERFACE in|out SHARE'
run "turns" "attached = no
share = 60%
$way" "[at 0.2ms 1]
a = attach; attach; detach; detach; filter_list; queue_open 1
[at 0.5ms 2]
b = attach
[at 1ms 3]
a = attach
[at 1.5ms 4]
b = detach
[at 2ms 5]
a = attach; share 1 out 30%; share 1 in 100%"
same "slices with one VLAN and one port take turns" \
    "attached as slice 0;refused: the slice is attached;detached;refused: the slice is detached;refused: the slice is detached;refused: the slice is detached;refused: udp_port: another slice of npe0 has port 30000 already;attached as slice 0;interface 1 out has a share of 30%;interface 1 in has a share of 100%" \
    "$(replies a)"
same "the other one" "attached as slice 0;detached" "$(replies b)"

run "queues" "max_queues = 7
$way" "[at 0.2ms 1]
a = queue 6 share 10%; queue 6 limit 3; queue 6 interface 2; queue_close 6; queue_close 1; queue 1 interface 2
[at 0.4ms 2]
a = queue_open 2:60%; queue_open 2:50%; queue_open 2:40%; queue_open 0; queue 5 limit 3; queue 5 limit unlimited
[at 0.6ms 3]
a = queue 6 interface 3; queue_close 5; queue_close 0
[at 2ms 4]
a = queue_open 4; queue 6 share 100%; queue 6 interface 2; filter_add 32.0.0.0/8 0 192.168.100.1:30000"
same "queues that are not open have no settings, and shares of an interface are at most 100%" \
    "refused: the slice has no queue 6;refused: the slice has no queue 6;refused: the slice has no queue 6;refused: the slice has no queue 6;refused: a filter leads to queue 1;refused: a filter leads to queue 1;queue 5 opened at interface 2;refused: queue: found shares of 110% at interface 2, expected at most 100%;queue 6 opened at interface 2;refused: the slice has its 7 queues;queue 5 holds up to 3 packets;queue 5 has no limit;queue 6 goes to interface 3;queue 5 closes;queue 0 closes;queue 0 opened at interface 4;queue 6 has a share of 100%;queue 6 goes to interface 2;refused: the queue is not the slice's, or not at the interface" \
    "$(replies a)"
run "filters" "queues = 1
max_queues = 2
$way" "[at 1ms]
a = queue_open 2; filter_add 32.0.0.0/8 2 192.168.100.1:30000"
same "a filter finds the queue that the request before it has opened" \
    "queue 1 opened at interface 2;filter 32767 added" "$(replies a)"

run "ports" "$way" "[at 0.2ms]
a = port_open 30500; port_open 30500; port_close 30500; port_close 30500; port_open 30500; port_open 40000"
same "ports" \
    "port 30500 opened;refused: udp_port: this slice of npe0 has port 30500 already;port 30500 closed;refused: the slice has no port 30500;port 30500 opened;refused: udp_port: found 40000, which lc0 keeps for translations (40000 to 56383)" \
    "$(replies a)"

refuse "a verb with a letter too few" "$way" "[at 1ms]
a = atach" '[at 1ms] a: found "atach", expected attach, detach,'
refuse "a word too many" "$way" "[at 1ms]
a = detach now" 'detach: found "now", expected nothing after it'
refuse "a queue beyond max_queues" "max_queues = 7
$way" "[at 1ms]
a = queue_close 7" 'queue_close: found "7", expected N: no more packets'
refuse "an interface that the NPE does not have" "$way" "[at 1ms]
a = queue 1 interface 5" 'queue: found "1 interface 5", expected N share SHARE|limit PACKETS|limit unlimited|interface I'
refuse "the slice's own port" "$way" "[at 1ms]
a = port_close 30000" 'found port 30000, which is its udp_port, expected another'
refuse "a route to a queue that is not open" "queues = 1
max_queues = 3
routes = 10.0.0.0/8 1 192.168.100.1:30000 queue 2" "" \
    '[slice a] routes: found queue 2, which is not open from the start'
refuse "a route to an interface without a queue" "queues = 1
max_queues = 3
routes = 10.0.0.0/8 2 192.168.100.1:30000" "" \
    '[slice a] routes: found interface 2, at which the slice has no queue'

# What comes later is judged before the run.
later() { # NAME SETTINGS SENTENCE
    refuse "$1" "attached = no
$2" "[at 1ms]
a = attach" "life.ini:$3"
}
later "a route" "routes = banana" '24: [slice a] routes: found "banana"'
later "an I3 ring" "code_option = i3
i3_ring = zz" '25: [slice a] i3_ring: found "zz"'
later "more filters than its quota" "filters = 1
routes = 10.0.0.0/8 1 192.168.100.1:30000; 11.0.0.0/8 1 192.168.100.1:30000" \
    '25: [slice a] routes: found 2 filters, but filters = 1'
guest() { # NAME SETTINGS SENTENCE: of a vServer
    refuse "$1" "$way
[vserver v]
gpe = gpe0
udp_port = 31000
vlan = 200
attached = no
$2" "[at 1ms]
v = attach" "$3"
}
guest "a vServer's route" "application = click
routes = banana" '[vserver v] routes: found "banana"'
guest "a vServer's triggers" "application = i3
triggers = zz" '[vserver v] triggers: found "zz"'
guest "a manager of nobody" "application = manager
slice = nobody" '[vserver v] slice: found "nobody", expected the name of a'

# A manager has to be where its slice's exceptions can get.
away() { # ATTACHED
    echo "$way
[chassis spp]
blades = lc0; npe0+npe1; gpe0; cp0; gpe9
[switch other]
ports = 2
[gpe gpe9]
linecard = lc0
interfaces = 1
ports = 1
mac = 02:00:00:01:90:00
[link gpe9]
link = gpe9.0 -> other.0
rate = 1Gbit/s
both = yes
[vserver v]
gpe = gpe9
application = manager
slice = a
udp_port = 31000
vlan = 200
attached = $1"
}
for attached in yes no; do
    refuse "a manager on another switch, attached = $attached" "$(away $attached)" "" \
        '[vserver v] slice: found a, whose exceptions cannot get to gpe9, expected npe0 and it on one data switch'
done
exit $failed
