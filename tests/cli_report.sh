#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# sppemu report. Oracles: claims.tsv and runs.tsv, which are beside the page, and what a browser
# makes of it.
B=${BUILD:-build}/sppemu
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0
ok() { echo "ok report $1"; }
bad() { echo "FAILED report $1"; failed=1; }
same() { if [ "$2" = "$3" ]; then ok "$1"; else bad "$1: expected $2, found $3"; fi; }
has() { if grep -qF -- "$2" "$3"; then ok "$1"; else bad "$1: no \"$2\" in $(head -c 1500 "$3")"; fi; }
refused() { # refused NAME CODE TEXT ARGUMENTS...
    name=$1 code=$2 text=$3
    shift 3
    "$B" report "$@" >"$dir/out" 2>"$dir/err"
    same "$name: exit code" "$code" $?
    has "$name" "$text" "$dir/err"
    same "$name: nothing on standard output" 0 "$(wc -c <"$dir/out")"
}

# Two slices of an NPE at three rates, the last of which overloads it; one claim is met and one
# missed; texts that would be markup if nobody looked.
cat >"$dir/two.ini" <<'X'
[scenario]
title = Two slices <b>&amp; "both"</b> </script>
[npe npe0]
interfaces = 2
[slice s*2]
npe = npe0
udp_port = {30000 + i}
vlan = {100 + i}
routes = 0.0.0.0/0 {i} 192.168.100.1:30000
[source t*2]
ports = 1
udp_port = {30000 + i}
node_address = 10.255.0.{i + 1}
node_mac = 02:00:00:00:01:{i:02x}
sources = 10.100.0.{i + 1}
payload = ${0, 400}
rate = ${0.5, 1, 3}Gbit/s wire
warmup = 100us
duration = 400us
[sink sink]
ports = 2
source = t0, t1
[link in*2]
link = t{i}.0 -> npe0.{i}
rate = 10Gbit/s
[link out]
link = npe0.0..1 -> sink.0..1
[expect nothing-lost]
metric = max(sink.lost if t0.rate < 1Gbit/s)
low = 0
high = 0
unit = packets
statement = 1 < 2 & nothing is lost
[expect too-fast]
metric = max(sink.delivered_pps / 1e6)
low = 40
high = 50
unit = Mp/s
[plot two]
title = <i>rates</i> & 'quotes'
x = t0.offered_bps / 1e9
y = sink.delivered_pps / 1e6
curve = t0.payload
X
"$B" run "$dir/two.ini" -q -j2 -o "$dir/r/two" || bad "a study runs"
p=$dir/r/report.html
same "without -o the page is beside the study" "report: $p" "$("$B" report "$dir/r/two")"
"$B" report "$dir/r/two" -o "$dir/again.html" >/dev/null
if cmp -s "$p" "$dir/again.html"; then ok "the same results give the same bytes"; else bad "the same results give the same bytes"; fi
same "what a user writes is text" 0 "$(grep -c '<b>&amp; "both\|<i>rates\|1 < 2' "$p")"
has "and there" '&lt;i&gt;rates&lt;/i&gt; &amp; ' "$p"
same "there is nothing to be fetched" 0 "$(grep -ciE '(src|href)=["'\'']?(https?:)?//|@import|url\(["'\'']?http' "$p")"
same "nor a date" 0 "$(grep -c "$(date +%Y-%m-%d)" "$p")"

# Claims, as claims.tsv has them, missed ones first.
cat >"$dir/tables.py" <<'X'
import html.parser, sys
class Tables(html.parser.HTMLParser):
    """Tables by caption: rows of cells' texts."""
    void = {"meta", "link", "br", "hr", "input", "img", "wbr"}
    def __init__(self):
        super().__init__()
        self.tables, self.row, self.cell, self.caption, self.ids, self.levels = [], None, None, None, [], []
    def handle_starttag(self, tag, attrs):
        a = dict(attrs)
        if "id" in a: self.ids.append(a["id"])
        if tag in ("h1", "h2", "h3", "h4"): self.levels.append(int(tag[1]))
        if tag == "table": self.tables.append({"caption": "", "rows": []})
        if tag == "caption": self.caption = ""
        if tag == "tr": self.row = []; self.tables[-1]["rows"].append(self.row)
        if tag in ("td", "th") and self.row is not None: self.row.append({"text": "", **a})
        if tag in ("td", "th"): self.cell = True
    def handle_endtag(self, tag):
        if tag == "caption": self.tables[-1]["caption"] = " ".join(self.caption.split()); self.caption = None
        if tag in ("thead", "tbody", "table"): self.row = self.cell = None
    def handle_data(self, data):
        if self.caption is not None: self.caption += data
        elif self.cell and self.row: self.row[-1]["text"] += data
def read(path):
    t = Tables()
    t.feed(open(path, encoding="utf-8").read())
    for table in t.tables:
        for row in table["rows"]:
            for c in row: c["text"] = " ".join(c["text"].split())
    return t
def find(t, caption):
    return [x for x in t.tables if x["caption"].startswith(caption)][0]["rows"]
X
cat >"$dir/claims.py" <<'X'
import csv, sys
from tables import read, find
t = read(sys.argv[1])
published = list(csv.DictReader(open(sys.argv[2], encoding="utf-8"), delimiter="\t", quoting=csv.QUOTE_NONE))
rows = find(t, "What was published")[1:]
assert [r[0]["text"] for r in rows] == [c["id"] for c in published], rows
for r, c in zip(rows, published):
    assert r[2]["text"] == "%.5g to %.5g" % (float(c["low"]), float(c["high"])), r
    assert float(r[3]["data-sort"]) == float(c["value"]), r
    assert r[3]["text"] == "%.5g" % float(c["value"]), r
    assert r[7]["text"].split(" ", 1)[1] == c["verdict"], r
missed = find(t, "Published numbers that are missed")[1:]
assert [r[1]["text"] for r in missed] == [c["id"] for c in published if c["verdict"] != "met"], missed
assert len(set(t.ids)) == len(t.ids), "an id stands twice"
assert t.levels[0] == 1 and all(b <= a + 1 for a, b in zip(t.levels, t.levels[1:])), t.levels
assert all(x["caption"] for x in t.tables), "a table has no caption"
X
if command -v python3 >/dev/null; then
    if python3 "$dir/claims.py" "$p" "$dir/r/two/claims.tsv" 2>"$dir/err"; then ok "claims are those of claims.tsv; ids, headings and captions are in order"; else bad "claims: $(tail -1 "$dir/err")"; fi
fi

# The points, and where their time went.
cat >"$dir/points.py" <<'X'
import csv, json, re, sys
from tables import read, find
page = open(sys.argv[1], encoding="utf-8").read()
t = read(sys.argv[1])
runs = list(csv.DictReader(open(sys.argv[2], encoding="utf-8"), delimiter="\t"))
units = {"sink delivered_bps": "sink.delivered_bps", "sink latency_mean_us": "sink.latency_mean_us"}
head, *rows = find(t, "The points")
assert len(rows) == len(runs)
for text, name in units.items():
    at = [i for i, h in enumerate(head) if h["text"].startswith(text)][0]
    for row, run in zip(rows, runs): assert float(row[at]["data-sort"]) == float(run[name]), (name, row[at])
# Whole nanoseconds sum to the latency of runs.tsv, and what is shown is what was charged.
head, *rows = find(t, "Latency of what came in at sink")
for row, run in zip(rows, runs):
    total, parts = int(row[2]["text"]), [int(c["text"]) for c in row[4:]]
    assert sum(parts) == total, row
    assert abs(total - 1000 * float(run["sink.latency_mean_us"])) <= 1, (row, run["sink.latency_mean_us"])
    for h, part in list(zip(head[4:], parts))[:-1]:
        assert abs(part - 1000 * float(run["sink.cause.%s_us" % h["text"].split()[0]])) < 1, (h, part)
# What can be chosen is all that runs.tsv has.
data = json.loads(re.search('id="two-data">(.*?)</script>', page).group(1))
for c in data["columns"]:
    for value, run in zip(c["values"], runs):
        if value is None: assert run[c["name"]] in ("", "nan", "inf"), (c["name"], run[c["name"]])
        else: assert float(run[c["name"]]) == value, (c["name"], value)
names = {c["name"] for c in data["columns"]}
differs = {n for n in runs[0] if len({r[n] for r in runs}) > 1} - {"run", "repetition", "status"}
assert differs <= names, differs - names
X
if command -v python3 >/dev/null; then
    if python3 "$dir/points.py" "$p" "$dir/r/two/runs.tsv" 2>"$dir/err"; then ok "points are those of runs.tsv, and parts of latencies sum to them"; else bad "points: $(tail -1 "$dir/err")"; fi
fi

# What explain has said: picoseconds that sum, by component and by cause, to the latency.
mkdir "$dir/r/explain"
"$B" explain "$dir/r/two" --runs 0 --json -q >"$dir/r/explain/two.json" || bad "runs are explained"
"$B" report "$dir/r/two" >/dev/null
cat >"$dir/hops.py" <<'X'
import csv, sys
from tables import read, find
t, runs = read(sys.argv[1]), list(csv.DictReader(open(sys.argv[2], encoding="utf-8"), delimiter="\t"))
assert len(find(t, "What limits some of the runs")) == 1 + len(runs)
head, *rows = find(t, "Latency of what came in at sink, by component and cause")
parts, n = [], 0
for row in rows:
    where, time, mean, causes = row[2]["text"], int(row[3]["text"]), float(row[4]["text"]), [int(c["text"]) for c in row[6:]]
    assert sum(causes) == time, row
    if where != "all of them": parts.append(time); continue
    assert sum(parts) == time, row
    assert mean == float("%.5g" % float(runs[n]["sink.latency_mean_us"])), (row, runs[n])
    parts, n = [], n + 1
assert n == len(runs), n
assert len([x for x in t.tables if " resources of " in x["caption"]]) == len(runs)
X
if command -v python3 >/dev/null; then
    if python3 "$dir/hops.py" "$p" "$dir/r/two/runs.tsv" 2>"$dir/err"; then ok "what explain says is on the page, and sums"; else bad "explained: $(tail -1 "$dir/err")"; fi
fi

# In a browser: `with FRAGMENT` leaves the page as its script has made it in $dir/dom, and what the
# console said in $dir/console.
with() {
    timeout 60 chromium --headless --no-sandbox --disable-gpu --user-data-dir="$dir/browser" --enable-logging=stderr --v=0 \
        --virtual-time-budget=2000 --dump-dom "file://$p$1" >"$dir/dom" 2>"$dir/log"
    grep 'CONSOLE' "$dir/log" >"$dir/console"
}
if command -v chromium >/dev/null && command -v python3 >/dev/null; then
    with '#two?x=t0.rate&y=sink.delivered_bps&curve=t0.payload&log=x&only.t0.payload=400'
    same "the console says nothing" "" "$(cat "$dir/console")"
    cat >"$dir/chart.py" <<'X'
import csv, re, sys
from tables import read, find
dom = open(sys.argv[1], encoding="utf-8").read()
runs = [r for r in csv.DictReader(open(sys.argv[2], encoding="utf-8"), delimiter="\t") if float(r["t0.payload"]) == 400]
want = [(float(r["t0.rate"]), float(r["sink.delivered_bps"])) for r in runs]
points = re.findall(r'<path class="point"[^>]*data-curve="([^"]*)" data-x="([^"]*)" data-y="([^"]*)"', dom)
assert [(float(x), float(y)) for _, x, y in points] == want, (points, want)
assert {c for c, _, _ in points} == {"payload = 400"}, points
rows = find(read(sys.argv[1]), "What the chart shows")[1:]
assert [(float(r[1]["text"]), float(r[2]["text"])) for r in rows] == want, rows
assert '<th scope="col"><button type="button">claim' in dom
X
    if python3 "$dir/chart.py" "$dir/dom" "$dir/r/two/runs.tsv" 2>"$dir/err"; then ok "the values of a chosen curve are those of the table"; else bad "chart: $(tail -1 "$dir/err")"; fi
    with ''
    same "nor without a choice" "" "$(cat "$dir/console")"
    if python3 "$dir/claims.py" "$dir/dom" "$dir/r/two/claims.tsv" 2>"$dir/err" && python3 "$dir/points.py" "$dir/dom" "$dir/r/two/runs.tsv" 2>>"$dir/err"; then
        ok "with its script the page has the numbers that it has without"
    else bad "with its script: $(tail -1 "$dir/err")"; fi
    with '#two?x=no.such&y=%3Cb%3E&curve=,,x&only.t0.payload=nothing&log=z'
    same "nor of a link that is none of its own" "" "$(cat "$dir/console")"
else
    echo "skipped report in a browser: no chromium or no python3 (setup.sh test installs them)"
fi

# Two results of one name; and one that is given twice more, once as results/latest, which run makes.
mkdir "$dir/other" && cp -r "$dir/r/two" "$dir/other/two" && ln -s two "$dir/r/latest"
"$B" report "$dir/r/latest" "$dir/other/two" "$dir/r/two" "$dir/r/../r/two" -o "$dir/several.html" >/dev/null
same "results of one name have places of their own, and one result has one" "two two-2" \
    "$(sed -n 's/^<section class=result id="\([^"]*\)".*/\1/p' "$dir/several.html" | xargs)"

# Mistakes
refused "no study" 1 'found no study' "$dir"
refused "a folder as file" 2 '--output: found' "$dir/r/two" -o "$dir/r"
refused "a file in no folder" 2 'found no folder' "$dir/r/two" -o "$dir/nowhere/a.html"
refused "no operand" 2 'found no STUDY'
refused "a misspelt option" 2 '--output' "$dir/r/two" --ouput x
exit $failed
