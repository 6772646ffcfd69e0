# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a trace keeps the rules of the Trace Event Format, and says the same as a recording and a
run's scalars. Written against the format's own document, not against what sppemu does:

  every event has ph, pid and tid; all but metadata have ts, in microseconds, never decreasing
  B and E of a (pid, tid) nest like brackets and all are closed; b and e of a (pid, cat, id) too
  s, t, f of a (cat, id) come in this order, one s and one f, each inside an open slice
  a thread and a process that events name have a name

Usage: trace.py rules TRACE | sums RECORDING RUNS.TSV | accounts TRACE RUNS.TSV. Prints one line."""
import collections
import decimal
import json
import re
import sys


def fail(what):
    sys.exit(what)


def load(path):
    with open(path) as f:
        return json.load(f, parse_float=decimal.Decimal)


def rules(path):
    events = load(path)["traceEvents"]
    open_slices = collections.defaultdict(list)
    open_async = collections.defaultdict(list)
    flows = {}
    named, used, last, n = set(), set(), decimal.Decimal(-1), collections.Counter()
    for e in events:
        where = (e["pid"], e["tid"])
        n[e["ph"]] += 1
        if e["ph"] == "M":
            named.add((e["name"],) + (where if e["name"] == "thread_name" else (e["pid"],)))
            continue
        if e["ts"] < last:
            fail("ts goes back to %s at %s" % (e["ts"], e))
        last = e["ts"]
        if e["ph"] != "C":
            used.add(("thread_name",) + where)
        used.add(("process_name", e["pid"]))
        if e["ph"] == "B":
            open_slices[where].append(e)
        elif e["ph"] == "E":
            if not open_slices[where]:
                fail("E without B: %s" % e)
            open_slices[where].pop()
        elif e["ph"] in "be":
            key = (e["pid"], e["cat"], e["id"])
            if e["ph"] == "b":
                open_async[key].append(e["name"])
            elif not open_async[key] or open_async[key].pop() != e["name"]:
                fail("e without b: %s" % e)
        elif e["ph"] in "stf":
            if not open_slices[where]:
                fail("an arrow outside of any slice: %s" % e)
            key = (e["cat"], e["id"])
            before = flows.get(key)
            if (e["ph"] == "s") != (before is None) or before == "f":
                fail("an arrow's %s after %s: %s" % (e["ph"], before, e))
            flows[key] = e["ph"]
        elif e["ph"] == "C":
            if not all(isinstance(v, int) for v in e["args"].values()):
                fail("a count that is no number: %s" % e)
        else:
            fail("an event of another kind: %s" % e)
    for where, left in list(open_slices.items()) + list(open_async.items()):
        if left:
            fail("%s: not closed: %s" % (where, left[-1]))
    if set(flows.values()) - {"f"}:
        fail("an arrow has no end")
    if used - named:
        fail("no name for %s" % sorted(used - named)[0].__str__())
    if not n["B"]:
        fail("no slice")
    print("ok", *("%s=%d" % i for i in sorted(n.items())))


def scalars(path):
    with open(path) as f:
        names, values = (line.rstrip("\n").split("\t") for line in f)
    return dict(zip(names, values))


def sums(path, runs):
    """Spans and sums of each walk are its time, without a gap or an overlap where spans alone are;
    paths count all packets."""
    run = scalars(runs)
    walks, paths = 0, collections.Counter()
    with open(path) as f:
        for line in f:
            o = json.loads(line)
            if "packet" in o:
                walks += 1
                spans = [e for e in o["events"] if e[0] in (0, 1)]
                if sum(e[4] for e in spans) != o["ended"] - o["created"]:
                    fail("%s: %d of %d ps" % (o["packet"], sum(e[4] for e in spans), o["ended"] - o["created"]))
                at = 0
                for e in spans if all(e[0] == 0 for e in spans) else []:
                    if e[1] != at:
                        fail("%s: a span at %d, expected at %d" % (o["packet"], e[1], at))
                    at += e[4]
            elif "path" in o:
                paths[o["end"]] += o["packets"]
            elif "end" in o:
                end = o
    for name in "delivered", "dropped", "held":
        if not paths[name] == end[name] == int(run["run.packets_" + name]):
            fail("%s: paths %d, end %d, run %s" % (name, paths[name], end[name], run["run.packets_" + name]))
    if not sum(paths.values()) == end["packets"] == int(run["run.packets_created"]) or end["walks"] != walks:
        fail("packets: paths %d, end %d, run %s; walks %d of %d" % (
            sum(paths.values()), end["packets"], run["run.packets_created"], walks, end["walks"]))
    print("ok %d walks, %d packets" % (walks, end["packets"]))


def accounts(path, runs):
    """Of a timeline over the whole run: each context is in one state all the time, and what a
    microengine and a memory did is what the run's scalars say."""
    run = scalars(runs)
    names, processes, begun = {}, {}, {}
    spent = collections.defaultdict(collections.Counter)
    for e in load(path)["traceEvents"]:
        where = (e["pid"], e["tid"])
        if e["ph"] == "M":
            (names if e["name"] == "thread_name" else processes)[where if e["name"] == "thread_name" else e["pid"]] = e["args"]["name"]
        elif e["ph"] == "B":
            begun[where] = e
        elif e["ph"] == "E":
            b = begun.pop(where)
            spent[where][b["name"]] += e["ts"] - b["ts"]
    elapsed = decimal.Decimal(run["run.duration_s"]) * 1000000
    ran = collections.Counter()
    n = 0
    for where, states in spent.items():
        component, name = processes[where[0]], names[where]
        me = re.match(r"(.*?)ME (\d+) (\w+), context", name)
        if me:
            n += 1
            if sum(states.values()) != elapsed:
                fail("%s %s: %s of %s us" % (component, name, sum(states.values()), elapsed))
            ran["%s.%sme%s_%s_busy" % ((component,) + me.groups())] += states["execute"] + states["swap"]
        memory = re.match(r"(.*?)(SRAM|DRAM|TCAM|scratchpad|MSF registers)(?: (\d))?(?: (?:reads|writes))?$", name)
        if memory:
            label, unit, which = memory.groups()
            key = {"scratchpad": "scratch", "MSF registers": "msf_csr"}.get(unit, unit.lower())
            ran["%s.%s%s%s_busy" % (component, label, key, which or "")] += states["taken"] / (2 if unit == "SRAM" else 1)
    for name, us in ran.items():
        if abs(float(us / elapsed) - float(run[name])) > 1e-9:
            fail("%s: %.12g in the trace, %s in the run" % (name, us / elapsed, run[name]))
    print("ok %d contexts, %d units" % (n, len(ran)))


try:
    {"rules": rules, "sums": sums, "accounts": accounts}[sys.argv[1]](*sys.argv[2:])
except (KeyError, ValueError, TypeError) as e:
    fail("%s: %r" % (" ".join(sys.argv[1:]), e))
