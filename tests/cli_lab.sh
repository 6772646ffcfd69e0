#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# sppemu lab: of each lab, for two students, answers that are right, and typical wrong ones with their
# hints (more of these for the first). Oracle: the arithmetic of the hand-outs in awk, from the numbers in the student's folder, or,
# where that has no formula, what the student would do: sppemu run, and runs.tsv.
B=${BUILD:-build}/sppemu
B=$(realpath "$B")
top=$PWD
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0
ok() { echo "ok lab $1"; }
bad() { echo "FAILED lab $1"; failed=1; }
same() { if [ "$2" = "$3" ]; then ok "$1"; else bad "$1: expected $2, found $3"; fi; }
has() { if tr -s ' \n' '  ' <"$3" | grep -qF -e "$2"; then ok "$1"; else bad "$1: no \"$2\" in $(head -c 1500 "$3")"; fi; }
unset COLUMNS
cd "$dir" || exit 1

# drawn FOLDER NAME: a student's number
drawn() { sed -n "s/^$2 = //p" "$1/scenario.ini" | head -1; }
# answer FOLDER QUESTION VALUE
answer() { sed -i "s|^$2 = .*|$2 = $3|" "$1/answers.ini"; }
# calc EXPRESSION: to nine digits
calc() { awk "BEGIN { printf \"%.9g\", $1 }"; }
# ns EXPRESSION: in nanoseconds, of seconds
ns() { awk "BEGIN { printf \"%.3fns\", 1e9 * ($1) }"; }
# asked FOLDER PATTERN: a number in a question, \(...\) in the pattern
asked() { tr -d '#' <"$1/answers.ini" | tr -s '\n ' '  ' | sed -n "s/.*$2.*/\\1/p"; }
# measured FOLDER SCALAR [OPTIONS...]: what the student's own run says
measured() {
    folder=$1 scalar=$2
    shift 2
    rm -rf run
    "$B" run "$folder/scenario.ini" -q --no-plots -o run "$@" || bad "run $folder $*"
    awk -F '\t' -v name="$scalar" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i; next } { print $at }' run/runs.tsv
}
# passes FOLDER: with the answers that are there
passes() {
    "$B" lab check "$1" >out 2>err
    same "$1: right answers pass" 0 $?
    grep -qE '.{81}' out && bad "$1: lines of more than 80 columns" || ok "$1: 80 columns"
}
# wrong QUESTION VALUE HINT...: those answers, and no others, fail, with those hints; then right ones are
# back. $d is the folder.
wrong() {
    cp "$d/answers.ini" right.ini
    names=
    : >hints
    while [ $# -gt 0 ]; do
        answer "$d" "$1" "$2"
        names="$names$1 "
        echo "$1 = $2: $3" >>hints
        shift 3
    done
    "$B" lab check "$d" >out 2>err
    same "$d: wrong answers fail" "4 $names" "$? $(awk '$1 == "wrong" { printf "%s ", $2 }' out)"
    tr -s ' \n' '  ' <out >line
    while IFS= read -r hint; do
        grep -qF -e "${hint##*: }" line && ok "$d: $hint" || bad "$d: $hint: no such hint in $(cat out)"
    done <hints
    cp right.ini "$d/answers.ini"
}
start() { # start LAB STUDENT
    "$B" lab start "$1" --student "$2" -o "$2-$1" >out 2>err || bad "lab start $1: $(cat err)"
    "$B" check "$2-$1/scenario.ini" >out 2>&1 || bad "$2's scenario is one: $(cat out)"
    [ "$(wc -l <"$2-$1/$1.md")" -gt 30 ] && ok "$2 has the hand-out of $1" || bad "$2 has the hand-out of $1"
}

# --- Shares of an output
fair_queueing() {
    d=$1-fair-queueing
    start fair-queueing "$1"
    rate=$(drawn "$d" rate) a=$(drawn "$d" share_a) b=$(drawn "$d" share_b) payload=$(drawn "$d" payload)
    wire=$((payload + 28 + 28 + 22 + 20))
    answer "$d" rate_a "$(calc "$rate * $a / 100")Mbit/s wire"
    answer "$d" rate_a_slow "$(calc "($rate - 40) * $a / ($a + $b)")Mbit/s"
    answer "$d" packets_a "$(calc "$rate * 1e3 * $a / 100 / 8 / $wire")kpacket/s"
    answer "$d" goodput_a "$(calc "$rate * $a / 100 * $payload / $wire")Mbit/s payload"
    "$B" lab check "$d" >out 2>err
    same "$d: what is not done is no mistake" "4 not answered twice" "$? $(sed -n 's/^ *\(not answered\)  */\1 /p' out)"
    sed -i "s/^queues = .*/queues = 0:$(calc "($a + $b) / 3")% 0:$(calc "($a + $b) * 2 / 3")% 0:{share_c}%/" "$d/scenario.ini"
    passes "$d"
    wrong rate_a "$(calc "$rate * $a / 800")Mbit/s" "bytes in place of bits" \
        rate_a_slow "$(calc "$rate * $a / 100")Mbit/s" "c leaves a part of its share" \
        packets_a "$(calc "$rate * 1e3 * $a / 100 / 8 / ($wire - 20)")kpacket/s" "You forgot the preamble" \
        goodput_a 1Mbit/s "So many packets a second"
    [ "$1" = ada ] || return
    wrong rate_a "$(calc "$rate * $b / 100")Mbit/s" "That is the share of b" \
        rate_a_slow "$(calc "($rate - 40) * $a / 100")Mbit/s" "do not add up to 100 percent" \
        packets_a "$(calc "$rate * 1e3 * $a / 100 / 8 / $payload")kpacket/s" "You divided by the payload alone" \
        goodput_a "$(calc "$rate * $a / 100")Mbit/s" "That is the rate on the wire"
    wrong rate_a "$(calc "$rate * $a / 100 * $payload / $wire")Mbit/s" "That is the rate of the payload"
    sed -i "s/^queues = .*/queues = 0:$(calc "($a + $b) * 2 / 3")% 0:$(calc "($a + $b) / 3")% 0:{share_c}%/" "$d/scenario.ini"
    "$B" lab check "$d" >out 2>err
    same "$d: a task that is done wrongly fails" "4 twice" "$? $(awk '$1 == "wrong" { print $2 }' out)"
    has "$d: and has its hint" "a gets twice what b gets" out
}

# --- Contexts that hide latency
latency_hiding() {
    d=$1-latency-hiding
    start latency-hiding "$1"
    offered=$(drawn "$d" offered) latency=$(drawn "$d" latency)
    one=$(measured "$d" sink.delivered_pps)
    quick=$(measured "$d" sink.delivered_pps --set npe0.dram_latency=$((latency / 2))ns)
    answer "$d" one "${one}packet/s"
    answer "$d" trip "$(ns "1 / $one")"
    answer "$d" three "$(calc "3 * $one / 1000")kpacket/s"
    answer "$d" enough "$(calc "int($offered * 1000 / $one + 1)")"
    answer "$d" quick "$(calc "int($offered * 1000 / $quick + 1)")"
    answer "$d" top "$(measured "$d" sink.delivered_pps --set npe0.contexts=8 --set 'traffic.rate=5Gbit/s wire')packet/s"
    answer "$d" lone "the same"
    sed -i "s/^contexts = 1/contexts = $(calc "int($offered * 1000 / $one + 1)")/" "$d/scenario.ini"
    passes "$d"
    wrong one "$(calc "$offered")kpacket/s" "Look at the sink" \
        trip "${latency}ns" "That is one reference to the DRAM alone" \
        three "${one}packet/s" "what do the others do then" \
        enough "$(calc "int($offered * 1000 / $one)")" "Rounded down" \
        top "$(calc "8 * $one")packet/s" "what do the contexts of Tx wait for" \
        lone lower "Whom do the other contexts help"
    [ "$1" = ada ] || return
    wrong enough 8 "Eight are enough, but fewer are too" quick 1 "Measure again"
    sed -i "s/^contexts = .*/contexts = 8/" "$d/scenario.ini"
    "$B" lab check "$d" >out 2>err
    has "$d: more contexts than it takes" "fewer do as well" out
}

# --- The mpacket anomaly
mpacket() {
    d=$1-mpacket
    start mpacket "$1"
    long=$(drawn "$d" long) short=$(asked "$d" 'With \([0-9]*\) bytes of payload more') pieces=$(asked "$d" 'fits into \([0-9]*\) mpackets')
    two=$(measured "$d" sink.delivered_pps)
    answer "$d" frame "$((long + 78))B"
    answer "$d" mpackets 2
    answer "$d" share "$(calc "$two * 8 * ($long + 98) / 5e7")%"
    answer "$d" packets "$(calc "$two")packet/s"
    answer "$d" short "$(measured "$d" sink.delivered_pps --set "let.long=$short")packet/s"
    answer "$d" small "$(calc "$two * 2 / 3")packet/s"
    answer "$d" fits "$((128 * pieces - 78))B"
    answer "$d" enough "$(calc "int(5e9 / 8 / $two) + 1 - 98")B"
    answer "$d" cure mpackets
    passes "$d"
    wrong frame "$((long + 98))B" "with preamble (8 bytes) and gap" mpackets 4 "Once in and once out" \
        share "$(calc "100 - $two * 8 * ($long + 98) / 5e7")%" "what gets lost" \
        packets "$(calc "5e9 / 8 / ($long + 98)")packet/s" "That is what is offered" \
        small "$(calc "$two / 2")packet/s" "how many mpackets of 64" \
        fits "$((128 * pieces - 98))B" "stay on the wire" enough 200B "three mpackets or more" cure memory "packets are still lost"
    [ "$1" = ada ] || return
    wrong frame "$((long + 50))B" "28 bytes are missing" mpackets 1 "do not fit into one" fits "$((128 * pieces))B" "How much of it is payload" \
        enough "$((long + 1))B" "more of these than the chip does"
}

# --- Tokens and latency
tokens() {
    d=$1-tokens
    start tokens "$1"
    n=$(drawn "$d" busy) k=$(drawn "$d" tokens) goal=$(asked "$d" 'less than \([0-9]*\) ms, but')
    answer "$d" cycle "$((n * k))ms"
    answer "$d" away "$(((n - 1) * k))ms"
    answer "$d" share "$(calc "100 / $n")%"
    answer "$d" ping "$(calc "$k / 2")ms"
    answer "$d" hold "$(calc "1000 / $n")"
    answer "$d" fast "${n}ms"
    sed -i "s/^tokens = {tokens}/tokens = $((goal + 1))/" "$d/scenario.ini"
    passes "$d"
    wrong cycle "$(((n - 1) * k))ms" "without the processor" away "$((n * k))ms" "with its own turn" \
        share "$(calc "$(drawn "$d" rate) / 10")%" "what the tokens alone would pay for" ping "${k}ms" "a whole slice" \
        hold "$(calc "1000 / ($n - 1)")" "the turns of the others alone" fast 1ms "Half a slice"
    [ "$1" = ada ] || return
    wrong cycle "${k}ms" "how long one of them runs" share "$(calc "100 / ($n + 1)")%" "You counted the ping's server" \
        ping "$(calc "$n * $k / 2")ms" "half a round" fast "$((2 * n))ms" "a whole round"
    sed -i "s/^tokens = $((goal + 1))/tokens = 20/" "$d/scenario.ini"
    "$B" lab check "$d" >out 2>err
    has "$d: too many tokens" "A ping takes $goal ms or more" out
}

# --- Receive livelock
receive_livelock() {
    d=$1-receive-livelock
    start receive-livelock "$1"
    offered=$(drawn "$d" offered) payload=$(drawn "$d" payload)
    peak=$(measured "$d" sink.delivered_pps --set 'let.offered=${40..80 step 2}' | sort -n | tail -1)
    out=$(measured "$d" sink.delivered_pps) softirq=$(measured "$d" gpe0.share.softirq)
    answer "$d" peak "${peak}packet/s"
    answer "$d" over "${out}packet/s"
    answer "$d" softirq "$(calc "$softirq * 100")%"
    answer "$d" receive "$(ns "$softirq / $offered / 1000")"
    answer "$d" vain "$(calc "100 - $out / $offered / 10")%"
    answer "$d" where socket
    answer "$d" starved "$(calc "$offered / $softirq")kpacket/s"
    rate=$(calc "$peak * ($payload + 98) * 8 / 4e6")
    sed -i "/wire_chassis/,/^$/s/^rate = .*/rate = ${rate}Mbit\/s/" "$d/scenario.ini"
    passes "$d"
    wrong peak "${out}packet/s" "With less it forwards more" over "$(calc "$offered * 1000 - $out")packet/s" "That is what gets lost" \
        receive "$(ns "$softirq / $out")" "have been received as well" vain "$(calc "$out / $offered / 10")%" "those that leave" \
        where rx_ring "That would be cheap" starved "$(calc "1e6 / $(drawn "$d" receive)")kpacket/s" "You left out the polls"
    [ "$1" = ada ] || return
    wrong over "${peak}packet/s" "Beyond that it does not stay there" receive "$(drawn "$d" receive)ns" "rx_packet alone" where link "little of it is used"
    sed -i "/wire_chassis/,/^$/s/^rate = .*/rate = 500Mbit\/s/" "$d/scenario.ini"
    "$B" lab check "$d" >out 2>err
    has "$d: links that let too much through" "packets get lost at the socket" out
}

# --- Write a code option
# option FILE LIMIT MARK CHECKSUM: that code; CHECKSUM are its lines
option() {
    awk -v limit="$2" -v mark="$3" -v checksum="$4" '
        /p->reason = p->length/ { print "    p->reason = p->length < IPV4_BYTES ? FP_SHORT : ip[IP4_TTL] " limit " ? FP_MINE_SCOPE : FP_OK;"; next }
        /return FP_FORWARD/ { print "    uint32_t a = get16(ip), b = get16(ip + IP4_TTL), sum = get16(ip + IP4_CHECKSUM);"
            print "    ip[IP4_TOS] = " mark ";\n    ip[IP4_TTL]--;\n    (void)a, (void)b, (void)sum;\n" checksum }
        { print }' "$top/scenarios/labs/write-option/mine.c" >"$1"
}
write_option() {
    d=$1-write-option
    start write-option "$1"
    limit=$(drawn "$d" limit) mark=$(asked "$d" 'The DSCP is to be \([0-9]*\),')
    # what each source sends, by its name
    rm -rf run
    "$B" run "$d/scenario.ini" -q -o run || bad "in.pcap is made"
    sent() {
        for i; do awk -F '\t' -v name="$i.packets_all" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i; next } { print $at }' run/runs.tsv; done |
            awk '{ sum += $1 } END { print sum }'
    }
    same "$d: in.pcap has the packets" "$(sent traffic0 traffic1 traffic2 traffic3 traffic4 far)" "$(tshark -r run/in.pcap 2>/dev/null | wc -l)"
    answer "$d" passed "$(sent traffic2 traffic3 traffic4 far)"
    answer "$d" tos $((mark * 4))
    "$B" lab check "$d" >out 2>err
    same "$d: code that is not written is no mistake" "4 packets" "$? $(awk '$1 == "not" { print $3 }' out)"
    both='    sum = checksum_update(sum, a, get16(ip));\n    put16(ip + IP4_CHECKSUM, checksum_update(sum, b, get16(ip + IP4_TTL)));'
    option "$d/mine.c" "< $limit" "$mark << 2" "$both"
    passes "$d"
    coded() { # coded NAME HINT
        "$B" lab check "$d" >out 2>err
        same "$d: $1 fails" "4 packets" "$? $(awk '$1 == "wrong" { print $2 }' out)"
        has "$d: $1: hint" "$2" out
    }
    option "$d/mine.c" "< $limit" "$mark << 2" '    put16(ip + IP4_CHECKSUM, checksum_update(sum, b, get16(ip + IP4_TTL)));'
    coded "a checksum of one word" "packet 1, byte 1"
    has "$d: and what the byte is" "does it know of both" out
    option "$d/mine.c" "<= $limit" "$mark << 2" "$both"
    coded "a limit that is dropped too" "Packets are missing. A time to live of $limit passes"
    [ "$1" = ada ] || return
    option "$d/mine.c" "< $limit" "$mark" "$both"
    coded "a DSCP in the lower bits" "packet 1, byte 1: found 0x$(printf %02x "$mark"), expected 0x$(printf %02x $((mark * 4)))."
    option "$d/mine.c" "< $limit - 1" "$mark << 2" "$both"
    coded "a limit that is one too low" "which of them is just below the limit"
    option "$d/mine.c" "< $limit" "$mark <<< 2" "$both"
    coded "what does not compile" "it does not work: mine.c:"
    option "$d/mine.c" "< $limit" "$mark << 2" "$both"
    make -s -C "$top" OPTION="$dir/$d/mine" BUILD="$dir/built" OPT=-O0 "$dir/built/sppfwd" >err 2>&1 || bad "it is built from outside of the tree: $(cat err)"
    same "$d: make OPTION= has the option" "reason scope $(sent traffic0 traffic1)" "$(built/sppfwd -o mine run/in.pcap - | grep reason)"
    wrong passed "$(sent traffic0 traffic1)" "the ones that are dropped" tos "$mark" "upper six bits"
}

for student in ada Bob.7@x; do
    write_option $student
    fair_queueing $student
    latency_hiding $student
    mpacket $student
    tokens $student
    receive_livelock $student
done

cmp -s ada-fair-queueing/scenario.ini Bob.7@x-fair-queueing/scenario.ini && bad "students have numbers of their own" || ok "students have numbers of their own"
"$B" lab start fair-queueing --student ADA -o again >/dev/null && diff again/scenario.ini ada-fair-queueing/scenario.ini | grep '^[<>]' | grep -qv queues &&
    bad "the same student, the same numbers" || ok "the same student, the same numbers"

# --- What is refused
refused() { # refused NAME CODE TEXT ARGUMENTS...
    name=$1 code=$2 text=$3
    shift 3
    "$B" lab "$@" >out 2>err
    same "$name: exit code" "$code" $?
    has "$name" "$text" err
}
refused "a lab that there is not" 3 "the nearest is fair-queueing" start fair-queuing --student a
refused "no student" 2 "found no --student" start fair-queueing
refused "a student with a blank" 2 "expected 1 to 64 letters" start fair-queueing --student "a b"
refused "a folder that is not empty" 1 "found a folder that is not empty" start fair-queueing --student a -o again
refused "an action that there is not" 2 "the nearest is check" chekc .
refused "a folder that is none" 3 "nowhere: found no answers.ini, expected a folder of lab start" check nowhere
refused "somebody else's folder" 3 "[lab] student: found ADA, expected bob" check again --student bob
e=again/answers.ini
answer again rate_a 12
refused "an answer without a unit" 3 "again/answers.ini:$(grep -n '^rate_a =' $e | cut -d: -f1): [answers] rate_a: found \"12\", which has no unit" check again
answer again rate_a "12Mbit/s payload"
refused "an answer of another layer" 3 "expected a rate of the layer wire" check again
answer again rate_a '?'
cp $e whole.ini
sed -i 's/^rate_a =/rate_aa =/' $e
refused "an answer to no question" 3 "the nearest is rate_a" check again
cp whole.ini $e
s=again/scenario.ini
cp $s whole
sed -i 's/^share_a = .*/share_a = 1/' $s
refused "a number that was changed" 3 "$s:$(grep -n '^share_a' $s | cut -d: -f1): [let] share_a: found 1, expected" check again
cp whole $s
sed -i '/^warmup/d' $s
refused "a key that was taken away" 3 "[source a] warmup: found nothing, expected 10ms" check again
cp whole $s
sed -i 's/queue 1 from/queue 0 from/' $s
refused "a text that was changed" 3 "queue 0 from 10.100.0.2/32, expected 10.0.0.0/16 0" check again
cp whole $s
printf '[tap t]\nattach = a.0 -> npe0.0\n' >>$s
refused "a section that was added" 3 "[tap t]: found it, expected no such section" check again
cp whole $s
printf '# mine\n[plot p]\nx = traffic\n' >>$s
"$B" lab check again >out 2>err
same "comments and pictures may be added" 4 $?

"$B" lab check again --json >out 2>err
same "--json is one line, exit 4" "1 4" "$(wc -l <out) $?"
json() { python3 -c "import json, sys; d = json.load(open('out')); print($1)"; }
same "and says how many are right" "ADA 0 5 not answered" "$(json 'd["student"], d["right"], d["of"], d["answers"][0]["verdict"]')"
"$B" lab check nowhere --json >out 2>err
same "also of what is refused" "nowhere True" "$(json 'd["folder"], "answers.ini" in d["error"]')"
"$B" lab list >out
[ "$(grep -c ' min  ' out)" -eq "$(ls "$top"/scenarios/labs/*.lab | wc -l)" ] && ok "list has all of them" || bad "list has all of them: $(cat out)"
grep -qE '.{81}' out && bad "list: lines of more than 80 columns" || ok "list: 80 columns"

# --- A lab of one's own
cp "$top/scenarios/labs/fair-queueing.ini" own.ini
cp "$top/scenarios/labs/fair-queueing.lab" own.lab
"$B" lab start own.lab --student ada -o own >/dev/null 2>err && "$B" lab check own >out
same "a lab by its path is found again" "4 own, student ada: 0 of 5 right" "$? $(head -1 out)"
cmp -s own/scenario.ini ada-fair-queueing/scenario.ini && bad "another lab has other numbers" || ok "another lab has other numbers"
# The one that docs/labs/instructor.md shows.
for f in mine.ini mine.lab; do
    awk -v head="<!-- file $f -->" '$0 == head { on = 1; next } on && /^```/ { if (inside) exit; inside = 1; next } inside' "$top/docs/labs/instructor.md" >$f
done
"$B" lab start "$dir/mine.lab" --student ada -o mine >/dev/null 2>err || bad "instructor.md's lab starts: $(cat err)"
payload=$(drawn mine payload)
answer mine slow "$(calc "($payload + 98) * 8")ns"
answer mine fast "a tenth"
sed -i 's/^rate = 1Gbit/rate = 500Mbit/' mine/scenario.ini
passes mine
d=mine
wrong slow "$((payload * 8))ns" "$payload bytes of payload take $((payload + 98)) bytes" fast more "as long on any wire"
"$B" lab try mine.lab --student ada >out || bad "lab try: $(cat out)"
same "lab try has the same numbers" "fast = a tenth" "$(tail -2 out | head -1)"

# Its commands for a class.
if command -v parallel >/dev/null && command -v jq >/dev/null && command -v column >/dev/null; then
    mkdir class && cp -r ada-fair-queueing class/ada && cp -r Bob.7@x-fair-queueing class/bob && cp -r again class/eve
    mkdir bin && ln -s "$B" bin/sppemu
    sed -n '/^## Grading/,/^## Write/s/^    //p' "$top/docs/labs/instructor.md" >grade.sh
    PATH=$dir/bin:$PATH sh grade.sh >out 2>err
    same "a class is graded" "ada 4 5 class/bob - - class/eve - - 1 twice " "$(awk '$2 == "fair-queueing" || $2 == "-" { printf "%s %s %s ", $1, $3, $4 } $2 == "twice" { printf "%s %s ", $1, $2 }' out)"
    has "whose name is another's is refused" "found Bob.7@x, expected bob" out
fi
mistake() { # mistake NAME SED TEXT
    sed "$2" "$top/scenarios/labs/fair-queueing.lab" >own.lab
    refused "$1" 3 "$3" "${4:-try}" own.lab --student ada
}
mistake "a key that there is not" 's/^tolerance/tolerence/' "own.lab:$(grep -n '^tolerance' "$top/scenarios/labs/fair-queueing.lab" | head -1 | cut -d: -f1): [question rate_a] tolerence: found an unknown key"
mistake "a section that there is not" 's/^\[question /[qestion /' "the nearest is question"
mistake "a mistake of no question" 's/^\[mistake rate_a /[mistake rate_b /' "expected the name of a question"
mistake "runs that there are not" 's/^runs = slow/runs = fast/' "found runs = fast"
mistake "a name that is not drawn" 's/{offered}/{ofered}/' "the nearest is offered"
mistake "numbers that cannot be drawn" 's/^rate = .*/rate = 1..x/' "found \"1..x\", expected whole numbers"
mistake "an expression that is none" 's/^answer = {a}/answer = {a} +/' "[question rate_a] answer: found the end"
mistake "a question without answer" 's/^answer = {a}//' "found neither, expected one of answer and accept"
exit $failed
