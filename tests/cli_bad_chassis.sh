#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Chassis, slices and scripts that cannot be: exit code 3 and one sentence that names file and line.
B=${BUILD:-build}/sppemu
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0
ok() { echo "ok bad_chassis $1"; }
bad() { echo "FAILED bad_chassis $1"; failed=1; }
# refuse NAME PATTERN: the scenario on standard input, after the development platform's include, is
# refused with one line on stderr that matches. Line 3 is the first of standard input.
refuse() {
    { printf '[scenario]\ninclude = %s/scenarios/chassis-dev.ini\n' "$PWD" && cat; } >"$dir/test.ini"
    refused "$1" "$2" "$dir/test.ini"
}
refused() {
    "$B" run "$3" -q --no-plots -o "$dir/out" >"$dir/stdout" 2>"$dir/err" </dev/null
    code=$?
    lines=$(wc -l <"$dir/err")
    if [ $code -eq 3 ] && [ "$lines" -eq 1 ] && grep -q -- "$2" "$dir/err" && [ ! -e "$dir/out" ]; then ok "$1"; else
        bad "$1: exit $code, $lines lines: $(head -c 400 "$dir/err")"
        rm -rf "$dir/out"
    fi
}
# What every complete scenario needs besides its slices.
traffic='[source traffic]
ports = 1
duration = 2ms
warmup = 0
[sink sink]
ports = 1
[link in]
link = traffic.0 -> lc0.0
[link out]
link = lc0.0 -> sink.0'

# Filters beyond the TCAM: 131,072 fit, one more does not
awk 'BEGIN { for (i = 0; i < 131072; i++) printf "10.%d.%d.%d/32 0 192.168.100.1:30000\n", i / 65536, i / 256 % 256, i % 256 }' >"$dir/routes"
{ printf '[scenario]\ninclude = %s/scenarios/chassis-dev.ini\n[slice a]\nnpe = npe0\nroutes_file = %s/routes\n%s\n' "$PWD" "$dir" "$traffic"; } >"$dir/full.ini"
"$B" run "$dir/full.ini" -q --no-plots --json -o "$dir/full" >"$dir/full.json" 2>"$dir/err" && grep -q '"a.filters": 131072' "$dir/full.json" && ok "131,072 filters fill the TCAM" || bad "131,072 filters fill the TCAM: $(head -c 300 "$dir/err")"
echo '11.0.0.0/8 0 192.168.100.1:30000' >>"$dir/routes"
refuse "and one more is refused" "test.ini:5: \[slice a\] routes_file: found 131073 filters, but the TCAM of npe0 has 131072 of its 131072 entries left" <<END
[slice a]
npe = npe0
routes_file = $dir/routes
$traffic
END
printf '10.0.0.0/8 0 192.168.100.1:30000\n# a comment\n\n10.0.0.0/8 12 192.168.100.1:30000\n' >"$dir/routes"
refuse "a bad line of a routes file is named" "test.ini:5: \[slice a\] routes_file: $dir/routes:4: found \"10.0.0.0/8 12 192.168.100.1:30000\"" <<END
[slice a]
npe = npe0
routes_file = $dir/routes
$traffic
END
printf '10.0.0.0/8 1 192.168.100.1:30000 queue 0\n' >"$dir/routes"
refuse "and so is a foreign queue in it" "$dir/routes:1: found queue 0, which is at interface 0, expected one at interface 1" <<END
[slice a]
npe = npe0
routes_file = $dir/routes
$traffic
END
refuse "a routes file that is not there" "test.ini:[0-9]*: \[slice a\] routes_file: " <<END
[slice a]
npe = npe0
routes_file = $dir/none
$traffic
END

# Slices
refuse "an unknown code option names those there are" 'test.ini:5: \[slice a\] code_option: found "ipv6", expected one of ipv4, i3, label' <<END
[slice a]
npe = npe0
code_option = ipv6
$traffic
END
refuse "an NPE that is not there" 'test.ini:4: \[slice a\] npe: ' <<END
[slice a]
npe = npe7
$traffic
END
refuse "a queue out of range" 'test.ini:5: \[slice a\] routes: found queue 10, but the slice has queues 0 to 9' <<END
[slice a]
npe = npe0
routes = 10.0.0.0/8 0 192.168.100.1:30000 queue 10
$traffic
END
refuse "shares above 100 percent within a slice" 'test.ini:5: \[slice a\] queues: found shares of 110% at interface 2, expected at most 100%' <<END
[slice a]
npe = npe0
queues = 2:60% 1:50% 2:50%
$traffic
END
refuse "shares above 100 percent of two NPEs together" 'test.ini:8: \[slice b\] share: found 41%, which with the others. makes 101% of each interface of lc0' <<END
[slice a]
npe = npe0
share = 60%
[slice b]
npe = npe1
share = 41%
vlan = 101
udp_port = 30001
$traffic
END
refuse "a share above 100 percent" 'test.ini:5: \[slice a\] share: ' <<END
[slice a]
npe = npe0
share = 101%
$traffic
END
refuse "two slices on one port of the line card" 'test.ini:5: \[slice b\] udp_port: another slice has port 30000 of interface 0 of lc0 already' <<END
[slice a]
npe = npe0
[slice b]
npe = npe1
vlan = 101
$traffic
END
refuse "two slices in one VLAN" 'test.ini:9: \[slice b\] vlan: found 100, which another slice of lc0 has' <<END
[slice a]
npe = npe0
vlan = 100
[slice b]
npe = npe0
udp_port = 30001
vlan = 100
$traffic
END
refuse "more SRAM than there is" 'test.ini:8: \[slice b\] sram: found 8388608 bytes, but npe0 has 1048576 left' <<END
[slice a]
npe = npe0
sram = 7MiB
[slice b]
npe = npe0
sram = 8MiB
udp_port = 30001
vlan = 101
$traffic
END

# Scripts
for line in 'a = filter_add 10.0.0.0/8 0 192.168.100.1:30000 queue 5:filter_add: found queue 5' \
    'a = sram_write 16384 00:sram_write: found "16384 00"' \
    'a = frobnicate:found "frobnicate", expected attach, detach, filter_add' \
    'npe0 = explode:found "explode", expected reset' \
    'lc0 = interface 10 down:found "interface 10 down", expected interface 0 to 9' \
    'data = port 0 sideways:found "port 0 sideways", expected port 0 to 3'; do
    case $line in 'a = filter_add'*) command=${line%:filter_add*} message="filter_add: ${line##*filter_add: }" ;;
    *) command=${line%%:*} message=${line#*:} ;;
    esac
    refuse "a script line: $command" "test.ini:6: \[at 1ms\] ${command%% *}: $message" <<END
[slice a]
npe = npe0
[at 1ms]
$command
$traffic
END
done
refuse "a script for somebody who is not there" 'test.ini:6: ' <<END
[slice a]
npe = npe0
[at 1ms]
npe9 = reset
$traffic
END

# Exceptions need somebody who is there: the manager's server, and who the slice says it is
refuse "a manager that its slice's exceptions cannot get to" 'test.ini:[0-9]*: .*slice: found a, whose exceptions cannot get to far, expected npe0 and it on one data switch' <<END
[slice a]
npe = npe0
[gpe far]
[vserver m]
gpe = far
application = manager
slice = a
udp_port = 30200
$traffic
END
refuse "an exception host without an address on the switch" 'test.ini:5: .*exception_host: found "nobody", expected a component with a MAC address on the data switch' <<END
[slice a]
npe = npe0
exception_host = nobody
$traffic
END

# Includes in a circle: of one, and of three
printf '[scenario]\ninclude = self.ini\n' >"$dir/self.ini"
refused "a file that includes itself" 'self.ini:2: .*include' "$dir/self.ini"
printf '[scenario]\ninclude = two.ini\n' >"$dir/one.ini"
printf '# second\n[scenario]\ninclude = three.ini\n' >"$dir/two.ini"
printf '[scenario]\n\n\ninclude = one.ini\n' >"$dir/three.ini"
refused "three files that include each other" 'three.ini:4: .*include' "$dir/one.ini"
exit $failed
