#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The control network as tshark reads it, with the dissector of analysis/spp-control.lua: a capture of
# every type of message with every tag, and that of a run's control switch.
B=${BUILD:-build}
command -v tshark >/dev/null || { echo "  no tshark: left out"; exit 0; }
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0
ok() { echo "ok control $1"; }
bad() { echo "FAILED control $1"; failed=1; }
header=components/control/message.h
read_with() { # MORE... of the capture in $1
    capture=$1
    shift
    tshark -X lua_script:analysis/spp-control.lua -o ip.check_checksum:TRUE -o udp.check_checksum:TRUE \
        -r "$capture" "$@" 2>"$dir/stderr"
}
# The header's rows: number, name.
rows() { sed -n "/define $1(X)/,/^typedef/p" $header | sed -nE "s/.*X\\([A-Z_0-9]+, ([0-9]+), ([A-Z0-9]+, )?\"([A-Za-z_]+)\".*/\\1 \\3/p"; }
rows MESSAGE_TYPES >"$dir/types"
rows MESSAGE_TAGS >"$dir/tags"
rows MP_VERBS >"$dir/verbs"

"$B/tests/test_control_message" "$dir/all.pcap" && ok "a capture of every type" || bad "a capture of every type"
read_with "$dir/all.pcap" -T fields -e sppcontrol.type -e _ws.col.Info >"$dir/found"
sed 's/ /\t/' "$dir/types" | cmp -s - "$dir/found" && ok "every type has its name: $(wc -l <"$dir/found")" ||
    bad "every type has its name: $(sed 's/ /\t/' "$dir/types" | diff - "$dir/found" | head -4)"
read_with "$dir/all.pcap" -V >"$dir/text"
missing=
while read -r number name; do
    grep -qE "^ +$name: " "$dir/text" || missing="$missing $number:$name"
done <"$dir/tags"
[ "$(wc -l <"$dir/tags")" -gt 50 ] && [ -z "$missing" ] && ok "every tag has its name" || bad "every tag has its name:$missing"
while read -r number name; do
    grep -q "\[$number\] = \"$name\"" analysis/spp-control.lua || bad "item $number is $name"
done <"$dir/verbs"
! grep -qiE 'malformed|tag [0-9]+|unknown type|bad checksum|\[Checksum Status: Bad' "$dir/text" && ! grep -v '^Running as' "$dir/stderr" | grep -q . &&
    ok "none is malformed, and checksums are right" || bad "none is malformed: $(grep -iE 'malformed|unknown|Bad' "$dir/text" | head -3) $(head -3 "$dir/stderr")"
# One length of the last message is another: said, not shown.
python3 - "$dir/all.pcap" "$dir/cut.pcap" <<'END'
import sys
data = bytearray(open(sys.argv[1], 'rb').read())
data[24 + 16 + 42 + 20 + 3] += 1  # of the first message's first tag
open(sys.argv[2], 'wb').write(data)
END
read_with "$dir/cut.pcap" -V | grep -q 'Malformed message' && ok "what is broken is said to be" || bad "what is broken is said to be"

# A run: slivers come and go, all of it as UDP on the control switch.
"$B/sppemu" run tests/control/managers.ini --set control.capture=control.pcap --set scenario.duration=12s -q --no-plots -o "$dir/r" >"$dir/run" 2>&1 &&
    ok "a run with its control switch captured" || bad "a run: $(head -3 "$dir/run")"
read_with "$dir/r/control.pcap" -T fields -e frame.protocols -e _ws.col.Info | sort | uniq -c | sort -rn >"$dir/what"
grep -q GetSlivers "$dir/what" && ! grep -v 'eth:ethertype:ip:udp:sppcontrol' "$dir/what" | grep -q . &&
    ok "the control switch carries messages and nothing else" || bad "the control switch carries: $(head -5 "$dir/what")"
read_with "$dir/r/control.pcap" -V >"$dir/text"
! grep -qiE 'malformed|tag [0-9]+$|unknown type|Checksum Status: Bad' "$dir/text" && ok "and none is malformed" ||
    bad "and none is malformed: $(grep -iE 'malformed|unknown type' "$dir/text" | head -3)"
exit $failed
