#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The study store: whatever ends a study, finished runs stay, the same command computes the rest,
# and the tables are those of a study that nothing happened to.
B=$PWD/${BUILD:-build}/sppemu
A=$PWD/${BUILD:-build}/tests/sppemu-at
root=$PWD
# In memory where there is some: every call that changes a file syncs it.
dir=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d) || exit 1
trap 'umount "$dir/small" 2>/dev/null; rm -rf "$dir"' EXIT
cd "$dir" || exit 1
failed=0
ok() { echo "ok store $1"; }
bad() { echo "FAILED store $1"; failed=1; }
# is NAME CONDITION...: a test(1) that has to hold
is() {
    name=$1
    shift
    if "$@" >/dev/null 2>&1; then ok "$name"; else bad "$name: $*"; fi
}
# expect NAME CODE PATTERN COMMAND...: exit code, and a line of stderr that matches
expect() {
    name=$1 code=$2 pattern=$3
    shift 3
    "$@" >out 2>err </dev/null
    got=$?
    if [ $got -eq "$code" ] && { [ -z "$pattern" ] || grep -q -- "$pattern" err; }; then ok "$name"; else
        bad "$name: exit $got, expected $code; stderr: $(head -c 300 err)"
    fi
}
short="--set traffic.duration=60us --set traffic.warmup=10us --no-plots -q"
study="npe $short --set traffic.rate=\${1,2,5}Gbit/s --set traffic.pattern=poisson"
tables="runs.tsv claims.tsv resolved.ini manifest.json"
# same A B: the tables of two studies are the same bytes
same() {
    for f in $tables; do cmp -s "$1/$f" "$2/$f" || return 1; done
}
# records DIR: every record with the inode of its folder
records() { ls -1i "$1/records" 2>/dev/null | grep -v '\.claim$'; }

# A study ends at any system call --------------------------------------------------------------
$A run $study -o whole
$A run $study -o whole2 -j2
is "two jobs give the bytes of one" same whole whole2
# ends NAME ACTION WHEN STEP JOBS: for every n, end a study at the n-th call, and take it up again
ends() {
    n=1 count=0 wrong=
    while :; do
        rm -rf r
        SPPEMU_AT="$2 $3 $n" $A run $study -o r -j"$5" >/dev/null 2>&1
        code=$?
        [ $code -eq 0 ] && break
        count=$((count + 1))
        if grep -q '"status": "ok"' r/manifest.json 2>/dev/null && ! same whole r; then wrong="$wrong $n:manifest"; fi
        records r >before
        $A run $study -o r >/dev/null 2>err || wrong="$wrong $n:exit"
        same whole r || wrong="$wrong $n:tables"
        records r >after
        [ "$(grep -cxFf after before)" -eq "$(grep -c . before)" ] || wrong="$wrong $n:lost"
        ls -A r r/records | grep -q '\.tmp$\|\.claim$\|lock$' && wrong="$wrong $n:litter"
        n=$((n + $4))
    done
    if [ $count -gt $((40 / $4)) ] && [ -z "$wrong" ]; then ok "$1"; else bad "$1: of $count deaths:$wrong"; fi
}
step=${STORE_STEP:-1}
ends "a study killed before any write, sync or rename goes on to the same tables, one job" all before "$step" 1
ends "a study killed after any write, sync or rename goes on to the same tables, one job" all after "$step" 1
ends "a study killed before any write, sync or rename goes on to the same tables, two jobs" all before "$step" 2
ends "a study killed after any write, sync or rename goes on to the same tables, two jobs" all after "$step" 2
ends "a disk that is full from any call on loses no finished run, two jobs" full from "$step" 2
# The worker alone: the others go on, and the run that it had is missing, not zero.
SPPEMU_AT="child after 5" $A run $study -o worker -j2 2>err
[ $? -eq 1 ] && grep -q 'was ended by signal 9' err && [ "$(records worker | grep -c .)" -eq 2 ] &&
    ok "a worker's death costs its own run and no other" || bad "a worker's death: $(cat err)"
is "and the table says why, without zeros" grep -q 'was ended by signal 9' worker/manifest.json
$A run $study -o worker 2>err
is "the same command computes what it had" same whole worker

# Full folders ---------------------------------------------------------------------------------
TMPDIR=$dir/none $A run $study -o tmp -j2
is "no temporary folder of the system is needed" same whole tmp
if mkdir small && mount -t tmpfs -o size=76k tmpfs small 2>/dev/null; then
    $A run $study -o small/r -j2 >out 2>err
    [ $? -eq 1 ] && grep -q 'No space left on device' err && ok "a full disk is said, exit 1" || bad "a full disk: $(cat err)"
    mount -o remount,size=4m small
    $A run $study -o small/r -j2 2>err
    is "with more room the study goes on to the same tables" same whole small/r
fi

# One folder, one study, one holder ------------------------------------------------------------
long="npe -q --no-plots --set traffic.duration=200s --set traffic.rate=20kp/s"
$B run $long -o held 2>/dev/null &
pid=$!
until ls held/records/*.claim >/dev/null 2>&1 || ! kill -0 $pid; do :; done
expect "a second run into the same folder is told who holds it" 1 "held by process $pid on host " $B run $long -o held
expect "so is a merge" 1 "held by process $pid" $B merge held
expect "a run that another process computes is not computed twice" 1 "being computed by process $pid" $B point held 0
kill -KILL $pid
wait $pid 2>/dev/null
expect "the lock of a dead process is taken over" 1 '0 of 1 runs are in held' $B merge held -q
echo "elsewhere 77 2026-01-01T00:00:00Z" >whole/study.lock
expect "the lock of another host is not" 1 'held by process 77 on host elsewhere since 2026-01-01T00:00:00Z; if that process is dead, remove this file' $A run $study -o whole
rm whole/study.lock
expect "another study does not replace a result" 1 'use --force' $A run $study -o whole --set npe0.sram_latency=214ns
same whole whole2 && ok "and the result is as it was" || bad "and the result is as it was"
expect "nor do other contents of an input file" 1 'use --force' $A run replay -q --no-plots -o whole
cp -r whole forced
expect "unless forced" 0 '' $A run $study -o forced --set npe0.sram_latency=214ns --force
mkdir old && echo '{"schema": "sppemu-run-1", "scenario": "npe"}' >old/manifest.json
expect "a folder of 0.1.0 is refused" 1 'holds results of sppemu 0.1.0, which cannot be continued' $A run $study -o old
expect "a folder that is no study cannot be merged" 1 'found no study' $B merge old
mkdir empty
expect "an empty folder is taken" 0 '' $A run $study -o empty
expect "a trailing slash is harmless" 0 '' $A run $study -o slash/
expect "also the second time" 0 '' $A run $study -o slash/
expect "no name at all is refused" 2 'expected the name of a folder' $A run $study -o ''
$B run npe $short >/dev/null 2>&1
$B run npe $short --set npe0.sram_latency=214ns >/dev/null 2>&1
is "the default name says what differs" test -f "results/npe,duration=60us,warmup=10us,sram_latency=214ns/manifest.json"
is "and the other result is still there" test -f "results/npe,duration=60us,warmup=10us/manifest.json"
is "latest points to the newest" test "$(readlink results/latest)" = "npe,duration=60us,warmup=10us,sram_latency=214ns"
cp "$root/scenarios/npe.ini" "$root/scenarios/npe-base.ini" . && $B run npe.ini $short >/dev/null 2>&1
sed -i 's/^rate = .*/rate = 4Gbit\/s/' npe.ini npe-base.ini
expect "an edited scenario gets a name of its own" 0 'is taken; these results go to results/npe,duration=60us,warmup=10us,scenario=' $B run npe.ini $short
rm npe.ini npe-base.ini # `run npe` would be this one
is "results are listed" test "$($B results | grep -c '1 of 1')" -ge 3

# What is drawn from a part says so --------------------------------------------------------------
part="fig9-npe --set traffic.duration=60us --set traffic.warmup=10us"
$B run $part -o drawn -j2 --filter 'traffic.rate < 3e9' >out 2>err
of=$(($(wc -l <drawn/runs.tsv) - 1))
n=$(awk -F '\t' '$3 == "ok"' drawn/runs.tsv | wc -l)
[ "$n" -gt 0 ] && [ "$n" -lt "$of" ] && grep -q "judged over $n of $of runs" out && ok "claims say over how many runs they are" || bad "claims of a part: $(tail -3 out)"
is "in claims.tsv too" test "$(tail -1 drawn/claims.tsv | cut -f 10,11)" = "$n	$of"
is "and so does the picture" grep -q "'from $n of $of runs'" drawn/fig9-npe.gp
awk -F '\t' '$3 == "not run" && $NF != ""' drawn/runs.tsv | grep -q . && bad "a run that was not run has empty cells" || ok "a run that was not run has empty cells"

# What is not ours stays --------------------------------------------------------------------------
mkdir -p shelf/project && echo '{"my": 1}' >shelf/project/study.json && echo text >shelf/project/thesis
$B results shelf --prune --force >out
is "results of other programs are not pruned" test -f shelf/project/thesis
cp -r whole guest && mkdir guest/notes && echo text >guest/notes/a && ln -s /etc/hostname guest/paper
expect "another study's results go, but not what lies among them" 1 'holds notes, which is not sppemu' $A run $study -o guest --force --seed 9
$A merge guest -q --no-plots
[ -f guest/notes/a ] && [ -L guest/paper ] && same whole guest && ok "a merge removes no link of the user's" || bad "a merge removes no link of the user's"
expect "a filter that is wrong is refused before anything is discarded" 2 'unknown name' $A run $study -o guest --force --seed 9 --filter 'nonsense == 1'
same whole guest && ok "and nothing is" || bad "and nothing is"
$B run $long -o busy 2>/dev/null &
pid=$!
until ls busy/records/*.claim >/dev/null 2>&1 || ! kill -0 $pid; do :; done
expect "results in use are not pruned" 1 "held by process $pid" $A results . --prune --force
kill -KILL $pid
wait $pid 2>/dev/null
expect "after their holder's death they are" 0 '' $A results . --prune --force
[ ! -e busy ] && [ -e whole ] && ok "and those of this build stay" || bad "and those of this build stay"
for n in 1 5 9 13; do # A death while another study's results are discarded
    rm -rf torn && cp -r whole torn
    SPPEMU_AT="all before $n" $A run $study -o torn --force --seed 9 >/dev/null 2>&1
    $A run $study -o torn --force --seed 9 2>err || bad "a torn folder is taken up again, $n: $(cat err)"
done
same torn torn && ! same whole torn && ok "a folder torn while it is discarded is taken up again" || bad "a folder torn while it is discarded"

# Inputs that change while a study runs -------------------------------------------------------------
cp "$root/scenarios/replay.ini" . && cp -r "$root/scenarios/data" . && cp data/smtp.pcap smtp.pcap
inputs="replay.ini -q --no-plots --set npe0.buffers=\${1024,2048,4096}"
$A run $inputs -o inputs
(cd / && $A merge "$dir/inputs" -q --no-plots) && $A run replay.ini -q --no-plots -o inputs2 --set 'traffic.file=${data/smtp.pcap,smtp.pcap}' && cp inputs2/runs.tsv spelled && (cd / && $A merge "$dir/inputs2" -q --no-plots)
is "a merge from elsewhere names files as the run did" cmp spelled inputs2/runs.tsv
rm -rf inputs/records/* && cat >swap.sh <<EOF
$A run $(echo "$inputs" | sed "s/set /set '/; s/\$/'/") -o inputs 2>err & pid=\$!
until [ "\$(ls inputs/records | grep -cv '[.]')" -ge 1 ] || ! kill -0 \$pid; do :; done
head -c 2000 smtp.pcap >data/smtp.pcap
wait \$pid
EOF
sh swap.sh
wrong=$(for r in inputs/records/*/record; do grep -L 'run.packets_created	packets	0x1.6p+4' "$r"; done)
[ -z "$wrong" ] && ok "no run is recorded of an input that was another by then" || bad "recorded of another input: $wrong"
cp smtp.pcap data/smtp.pcap
$A run $inputs -o inputs 2>err
is "with the input as it was the study is completed" test "$(grep -l 'run.packets_created	packets	0x1.6p+4' inputs/records/*/record | wc -l)" -eq 3

# Names ---------------------------------------------------------------------------------------------
$A run $study -o 'a $(touch x) b' --emit=parallel >emitted 2>/dev/null
if command -v parallel >/dev/null; then
    sh emitted >/dev/null 2>&1
    [ ! -e x ] && same whole 'a $(touch x) b' && ok "a script for parallel takes any name" || bad "a script for parallel takes any name"
fi
sed 's/^\[scenario\]/[plot runs]\nx = 1\ny = 1\n[scenario]/' replay.ini >plots.ini
expect "a plot is not named as a table" 3 'found \[plot runs\]' $A check plots.ini
cp replay.ini latest.ini && $B run latest.ini -q --no-plots
[ -L results/latest ] && [ "$(readlink results/latest)" = "latest,scenario" ] && ok "a scenario may be called latest" || bad "a scenario called latest"
name=$(printf 'n%.0s' $(seq 230)) && cp replay.ini "$name.ini"
expect "a scenario's long name is cut in the name of its results" 0 '' $B run "$name.ini" -q --no-plots --set npe0.buffers=4096
printf 'x' >"$(printf '\377').ini"
expect "a name that is not UTF-8 is refused" 3 'not UTF-8' $B run "$(printf './\377').ini"
$A run $study -o again --repeat 3 && $A run $study -o again --repeat 1
is "no summary of other repetitions is left" test ! -e again/summary.tsv
expect "no repetition is none" 2 'expected 1 to' $A run $study --repeat 0

# Records --------------------------------------------------------------------------------------
damage() { # NAME COMMAND...: damage one record of a copy, merge, and take the study up again
    name=$1
    shift
    rm -rf hurt && cp -r whole hurt
    record=$(ls -d hurt/records/* | head -1)
    "$@"
    $A merge hurt -q --no-plots 2>err
    [ $? -eq 1 ] && grep -q '2 of 3 runs' err && [ "$(grep -c 'no whole record' hurt/manifest.json)" -eq 1 ] && ok "$name is none" || bad "$name is none: $(cat err)"
    $A run $study -o hurt 2>err
    is "$name is computed again" same whole hurt
}
cut_short() { head -c 3000 "$record/record" >x && mv x "$record/record"; }
flip() { sed -i 's/fingerprint\t./fingerprint\tg/' "$record/record"; }
lose() { rm "$record/stats.txt"; }
change() { echo x >>"$record/stats.txt"; }
damage "a record that stops early" cut_short
damage "a record with a changed byte" flip
damage "a record that lost a file" lose
damage "a record with a longer file" change
expect "verify computes runs again" 0 '' $A verify whole --all
is "and counts them" grep -q '3 of 3 runs computed again, 0 differ' out
cp -r whole forged
record=$(ls -d forged/records/* | head -1)
sed '/^end/d; s/^fingerprint\t.*/fingerprint\t0000000000000001/' "$record/record" >x
{ cat x; printf 'end\t%s\n' "$(sha256sum <x | cut -d' ' -f1)"; } >"$record/record"
expect "verify finds a run that differs" 4 '' $A verify forged --all
is "and says which" grep -q 'computed again it has another fingerprint' out

# Parts of a study -----------------------------------------------------------------------------
expect "a filter computes a part" 0 '2 of 3 runs' $A run $study -o part --filter 'traffic.rate > 1e9'
is "the rest is not run, and not zero" grep -q '"not run"' part/manifest.json
expect "a filter with an unknown name" 2 'nearest is traffic.rate' $A run $study -o part --filter 'traffic.rat > 1e9'
$A run $study -o part --dry-run >out
is "a dry run says what is left, and its cost" grep -q '^1 of 3 runs to compute: about ' out
expect "the same command without the filter completes it" 0 '' $A run $study -o part
is "to the same tables" same whole part
$A run $study -o points --emit=parallel >emitted 2>err
for n in 2 0 1; do $A point points $n || bad "point $n"; done
$A merge points -q --no-plots
is "points one by one, and a merge, are what a run does" same whole points
expect "a run that is not there" 2 'expected a run from 0 to 2' $A point points 3
expect "a study is not continued by another build" 1 'another build' $B point points 0
expect "emit knows two ways" 2 'expected parallel or slurm' $A run $study -o points --emit=pbs
# A run that was refused, as its record would say it: the others stay, and it can be tried again.
cp -r whole refused
record=$(ls -d refused/records/* | head -1)
{ sed -n '/^sppemu-record/p; /^identity/p' "$record/record"; printf 'status\tfailed\t3\nfingerprint\t0000000000000000\nfailure\tnpe.ini:3: found nothing\n'; } >x
{ cat x; printf 'end\t%s\n' "$(sha256sum <x | cut -d' ' -f1)"; } >"$record/record"
expect "a refused run is exit 3, and the tables are written" 3 'npe.ini:3: found nothing' $A run $study -o refused
[ "$(awk -F '\t' '$3 == "failed"' refused/runs.tsv | wc -l)" -eq 1 ] && [ "$(awk -F '\t' '$3 == "ok"' refused/runs.tsv | wc -l)" -eq 2 ] && ok "the others are in the table" || bad "the others are in the table"
$A merge refused --no-plots >out 2>/dev/null
is "where it says why" grep -q 'failed: npe.ini:3: found nothing' out
expect "it is tried again when told to" 0 '' $A run $study -o refused --retry-failed
is "and the study is whole" same whole refused

# Repetitions until an interval is small enough -------------------------------------------------
until="npe $short --set traffic.pattern=poisson --set traffic.rate=4.5Gbit/s"
$A run $until -o until --set 'scenario.until=ci 8% of sink.latency_mean_us, at most 60'
$A run $until -o until2 -j2 --set 'scenario.until=ci 8% of sink.latency_mean_us, at most 60'
is "until gives the same repetitions with two jobs" same until until2
# enough N: whether the first N repetitions are within 8 percent; t of 4 to 59 degrees by table
n=$(($(wc -l <until/runs.tsv) - 1))
half() {
    awk -F '\t' -v n="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "sink.latency_mean_us") c = i; next }
        NR <= n + 1 { sum += $c; squares += $c * $c }
        END { m = sum / n; v = (squares - n * m * m) / (n - 1); d = n - 1
            t = 1.959964 + 2.372272 / d + 2.8225 / d ^ 2 + 2.5558 / d ^ 3 + 1.5895 / d ^ 4
            printf "%.4f\n", t * sqrt(v / n) / m }' until/runs.tsv
}
[ "$n" -gt 5 ] && [ "$n" -lt 60 ] && awk -v at="$(half "$n")" -v before="$(half $((n - 1)))" 'BEGIN { exit !(at <= 0.08 && before > 0.08) }' &&
    ok "until stops at the first repetition that is enough ($n)" || bad "until stopped at $n: $(half "$n"), before $(half $((n - 1)))"
expect "until of an unknown scalar is refused before the run" 3 'the nearest is sink.latency_mean_us' $A run $until --set 'scenario.until=ci 2% of sink.latency_mean, at most 40'
expect "until without a share" 3 'expected ci SHARE of SCALAR' $A run $until --set 'scenario.until=ci of sink.latency_mean_us, at most 40'
expect "emit refuses until" 2 'decides on each repetition' $A run $until --emit=slurm --set 'scenario.until=ci 2% of sink.latency_mean_us, at most 40'

# Signals --------------------------------------------------------------------------------------
for signal in INT TERM HUP QUIT USR1 USR2 ALRM XCPU; do
    rm -rf sig
    $B run npe -q --no-plots --set traffic.duration=200s --set 'traffic.rate=${1,2,3}kp/s' -o sig -j2 2>err &
    pid=$!
    until [ "$(ls sig/records/*.claim 2>/dev/null | wc -l)" -eq 2 ] || ! kill -0 $pid; do :; done
    workers=$(ps -o pid= --ppid $pid)
    kill -$signal $pid
    wait $pid
    code=$?
    left=
    for w in $workers; do kill -0 "$w" 2>/dev/null && left="$left $w"; done
    [ $code -eq 130 ] && [ -z "$left" ] && grep -q 'interrupted; 0 of 3 runs' err && [ -z "$(ls -A sig/records)" ] &&
        grep -q '"status": "interrupted"' sig/manifest.json &&
        ok "SIG$signal ends a study, its workers and what they had begun" || bad "SIG$signal: exit $code, left:$left, $(cat err)"
done
rm -rf sig
$B run npe -q --no-plots --set traffic.duration=200s --set 'traffic.rate=${1,2,3}kp/s' -o sig -j2 2>err &
pid=$!
until [ "$(ls sig/records/*.claim 2>/dev/null | wc -l)" -eq 2 ] || ! kill -0 $pid; do :; done
workers=$(ps -o pid= --ppid $pid)
kill -STOP $workers
kill -INT $pid
until grep -q 'once more' err || ! kill -0 $pid; do :; done
kill -INT $pid
wait $pid
code=$?
left=
for w in $workers; do while kill -0 "$w" 2>/dev/null && [ "$(ps -o stat= -p "$w" | cut -c1)" != Z ]; do :; done; done
[ $code -eq 130 ] && ok "a second interrupt leaves at once, and workers that hang die with it" || bad "a second interrupt: exit $code"

# No process of anybody else's is signalled, also when no worker could be had.
cat >forks.sh <<EOF
sleep 1000 & witness=\$!
SPPEMU_AT="fork from \$1" $A run npe -q --no-plots --set traffic.duration=200s --set 'traffic.rate=\${1,2,3,4}kp/s' -o forks\$1 -j4 2>forks\$1.err &
pid=\$!
until ls forks\$1/records/*.claim >/dev/null 2>&1 || ! kill -0 \$pid; do :; done
kill -TERM \$pid
wait \$pid
code=\$?
kill -0 \$witness && [ \$code -eq 130 ]
EOF
namespace="unshare --fork --pid --mount-proc"
$namespace true 2>/dev/null || namespace=
for n in 1 2 3; do
    if $namespace sh forks.sh $n >/dev/null 2>err; then ok "after $((n - 1)) of 4 forks a signal reaches nobody else"; else bad "after $((n - 1)) of 4 forks: $(cat err "forks$n.err")"; fi
    is "and the failed fork is said with its cause" grep -q "Resource temporarily unavailable" "forks$n.err"
done
SPPEMU_AT="fork from 1" $A run $study -o alone -j2 2>err
is "without any worker the study is computed all the same" same whole alone

# Limits ---------------------------------------------------------------------------------------
sh -c "ulimit -n 8; exec $B run npe $short -o files" >out 2>err
is "too few open files end as exit 1 with a sentence, or in a result" test $? -le 1
sh -c "ulimit -n 4; exec $B run npe $short -o files4" >out 2>err
[ $? -eq 1 ] && grep -q 'Too many open files' err && ok "no open file to be had is said, exit 1" || bad "no open file: $(cat err)"
sh -c "ulimit -v 40000; exec $B run npe $short -o memory" >out 2>err
code=$?
[ $code -eq 1 ] && grep -q 'out of memory' err && ok "too little memory ends as exit 1 with a sentence" ||
    { [ "${BUILD:-build}" = build/asan ] && ok "too little memory: not tried, sanitizers need more"; } || bad "too little memory: exit $code, $(cat err)"
if [ -w /dev/full ]; then
    for verb in help list "check npe" "show npe" "results" "--version"; do
        $B $verb >/dev/full 2>err
        [ $? -eq 1 ] && grep -q 'standard output cannot be written' err && ok "$verb into a full device is exit 1" || bad "$verb into a full device"
    done
fi
$B run npe $short --set 'traffic.rate=${1..8}Gbit/s' -o many
memory=$(cat many/records/*/cost | awk '$1 == "memory_kb" { if (!least || $2 < least) least = $2; if ($2 > most) most = $2 } END { print (most <= 1.5 * least) }')
is "the memory of a study's process does not grow with its points" test "$memory" = 1
$B run npe --set traffic.duration=60us --set traffic.warmup=10us --no-plots --set 'traffic.rate=${1..4}Gbit/s' -o stats --stats -j2 >out 2>/dev/null
grep '^run [0-9]' out | sort -c -k2n && [ "$(grep -c '^run [0-9]' out)" -eq 4 ] && ok "the tables of --stats are one a run, in order" || bad "the tables of --stats are one a run, in order"

# Install --------------------------------------------------------------------------------------
if [ "${BUILD:-build}" = build ]; then
    make -s -C "$root" install PREFIX="$dir/a prefix" >/dev/null 2>err
    is "an installed sppemu finds its scenarios, in a prefix with a space" "$dir/a prefix/bin/sppemu" check fig9
    mv "$dir/a prefix" "$dir/moved"
    is "and after the prefix has moved" "$dir/moved/bin/sppemu" check fig9
fi
exit $failed
