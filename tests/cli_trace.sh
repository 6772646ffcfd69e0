#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# run --record and sppemu trace. Oracles: the run without a recording; its scalars; the rules of the
# trace format, checked by tests/trace.py, which knows nothing of sppemu's code.
B=$PWD/${BUILD:-build}/sppemu
A=$PWD/${BUILD:-build}/tests/sppemu-at
check() { python3 "$root/tests/trace.py" "$@"; }
root=$PWD
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
failed=0
ok() { echo "ok trace $1"; }
bad() { echo "FAILED trace $1"; failed=1; }
is() { # is NAME CONDITION...
    name=$1
    shift
    if "$@" >out 2>&1; then ok "$name"; else bad "$name: $* $(head -c 300 out)"; fi
}
refused() { # refused NAME CODE TEXT ARGUMENTS...
    name=$1 code=$2 text=$3
    shift 3
    "$B" "$@" >out 2>err
    got=$?
    if [ $got -eq "$code" ] && grep -q -- "$text" err && [ ! -s out ]; then ok "$name"; else
        bad "$name: exit $got, expected $code; $(head -c 300 err)"
    fi
}
short="--set traffic.duration=100us --set traffic.warmup=0 --no-plots -q"
recording() { echo "$1"/records/*/recording.jsonl; }

# A run and its recording ------------------------------------------------------------------------
$B run npe $short -o plain
$B run npe $short -o whole --record timeline=0us..1s
$B run npe $short -o again --record timeline=0us..1s
$B run npe $short -o plain --record timeline=0us..1s
for f in runs.tsv stats.txt histogram-sink.latency.tsv; do is "recording leaves $f as it is" cmp plain/$f whole/$f; done
is "recording leaves the record as it is" cmp plain/records/*/record whole/records/*/record
is "the same run gives the same recording" cmp "$(recording whole)" "$(recording again)"
is "a run that is there gets the recording that it lacks" cmp "$(recording whole)" "$(recording plain)"
$B run npe $short -o plain --record timeline=0us..1s 2>err
is "one that has it is not computed again" test -e "$(recording plain)"
if command -v python3 >/dev/null; then
    is "spans sum to each packet's time, and paths count all packets" check sums whole/recording.jsonl whole/runs.tsv
    $B trace whole -o whole.json >out
    is "a timeline is a trace by the format's rules" check rules whole.json
    is "contexts, microengines and memories: the trace sums to the run's accounts" check accounts whole.json whole/runs.tsv
    # 5 Gb/s through five interfaces of an NPE that carries four: some packets are dropped
    $B run npe --no-plots -q -o full --set traffic.duration=3ms --set traffic.warmup=0 --record dropped,every=500
    is "with drops: spans sum, and paths count all packets" check sums full/recording.jsonl full/runs.tsv
    $B trace full -o full.json >out
    is "walks are a trace by the format's rules" check rules full.json
    $B run npe $short -o fast --timing=fast --record all
    is "fast timing: sums are each packet's time" check sums fast/recording.jsonl fast/runs.tsv
    is "fast timing says what it does not tell" grep -q '"notice":.*fast timing' fast/recording.jsonl
    $B run npe $short -o two -j2 --set 'traffic.rate=${1, 5}Gbit/s' --record first=3
    $B run npe $short -o one --set traffic.rate=5Gbit/s --record first=3
    is "the second run of a study has its own" cmp two/runs/0001/recording.jsonl one/recording.jsonl
    $B trace two 1 -o two.json >out
    is "a trace of the second run" check rules two.json
    # A server: cores, a vServer and its tokens; a chassis: two more chips, a switch
    $B run gpe --no-plots -q -o gpe --set traffic.duration=20ms --set traffic.warmup=0 --record every=10,timeline=5ms..10ms
    $B trace gpe -o gpe.json >out
    is "a server is a trace by the format's rules" check rules gpe.json
    for thread in 'core 0' router0 'router0 tokens'; do is "a server has a thread $thread" grep -q "\"name\":\"$thread\"" gpe.json; done
    $B run fig9-npe $short -o chassis --set traffic.payload=0 --set traffic.rate=3.7Gbit/s --record every=3,timeline=0us..1s
    $B trace chassis -o chassis.json >out
    is "a chassis is a trace by the format's rules" check rules chassis.json
    is "a chassis: the trace sums to the accounts of all its chips" check accounts chassis.json chassis/runs.tsv
    # The checker, on what breaks the rules
    sed '0,/"ph":"E"/s//"ph":"B"/' full.json >broken.json
    if check rules broken.json >out 2>&1; then bad "the checker sees a slice that is not closed"; else ok "the checker sees a slice that is not closed"; fi
fi

# Whole or not there -----------------------------------------------------------------------------
n=1 wrong=
while [ $n -lt 60 ]; do
    rm -rf r
    SPPEMU_AT="all before $n" $A run npe $short -o r --record first=20 >out 2>&1 && break
    for f in r/records/*/recording.jsonl; do
        case $f in *.tmp/*|*\**) continue ;; esac
        [ -e "$f" ] && ! tail -n 1 "$f" | grep -q '^{"end":' && wrong="$wrong $n"
    done
    n=$((n + 3))
done
is "killed at any system call, a recording is whole or not there ($n calls)" test -z "$wrong"
$A run npe $short -o r --record first=20
$A run npe $short -o undisturbed --record first=20
is "the same command completes it" cmp "$(recording r)" "$(recording undisturbed)"
(ulimit -f 100; $B run npe $short -o limited --record all) 2>err
is "a file that cannot be written fails the run" grep -q 'recording.jsonl: cannot be written' err
head -c 100000 whole/recording.jsonl >cut.jsonl

# What is refused --------------------------------------------------------------------------------
refused "a want that is none" 2 'found "al", expected some of .*; the nearest is all' run npe --record al
refused "a number that is none" 2 'found "first=x", expected a whole number above 0' run npe --record first=x
refused "a time that is none" 2 'found "timeline=5ms", expected two times' run npe --record timeline=5ms
refused "nothing" 2 'found "", expected some of' run npe --record ''
refused "a script records nothing" 2 '--record: found --emit too' run npe --record all --emit slurm -o e
$B run npe $short -o bare
refused "a run without a recording says how to get one" 1 'bare: found no recording, expected one: run it with --record' trace bare
refused "a run that is none" 2 'found run "7", expected one of 0 to 1' trace two 7
refused "a folder that is none" 1 'wole' trace wole
refused "a recording that is not whole" 3 'cut.jsonl' trace cut.jsonl -o cut.json
refused "a file that is none" 3 'study.ini:1: found ".*", which is no line of a recording' trace whole/study.ini
exit $failed
