// SPDX-License-Identifier: GPL-3.0-or-later
// What a report does where scripts run: themes, sorting, and charts of what the reader chooses.
// A chart's state is the fragment of the page's address, so a chart can be linked:
// #fig9?x=traffic.offered_bps&y=sink.delivered_pps&curve=traffic.payload&log=x&only.series=A
"use strict";
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  function make(tag, attributes = {}, ...children) {
    const e = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
    e.append(...children);
    return e;
  }
  function draw(parent, tag, attributes = {}, text = "") {
    const e = document.createElementNS(SVG, tag);
    for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
    e.textContent = text;
    parent.append(e);
    return e;
  }
  const short = value => value === null ? "-" : String(Number(value.toPrecision(6)));

  // Theme and filters of the whole page --------------------------------------------------------

  const tools = document.getElementById("tools");
  function remembered(value) { // a file's page may be refused its storage
    try {
      if (value === undefined) return localStorage.getItem("sppemu-theme");
      localStorage.setItem("sppemu-theme", value);
    } catch { /* then it is not remembered */ }
    return value;
  }
  function themes() {
    const select = make("select", { id: "theme" });
    for (const name of ["as the system", "light", "dark"]) select.append(make("option", {}, name));
    const set = name => {
      if (name === "light" || name === "dark") document.documentElement.dataset.theme = name;
      else delete document.documentElement.dataset.theme;
    };
    select.value = remembered() || "as the system";
    set(select.value);
    select.addEventListener("change", () => { set(select.value); remembered(select.value); });
    tools.append(make("label", {}, "colours ", select));
  }
  function misses() {
    if (!document.querySelector("tr.is-not-met") || !document.querySelector("tr.is-met")) return;
    const box = make("input", { type: "checkbox", id: "only-misses" });
    box.addEventListener("change", () => document.body.classList.toggle("only-misses", box.checked));
    tools.append(make("label", {}, box, " only claims that are not met"));
  }

  // Tables ---------------------------------------------------------------------------------------

  const key = cell => {
    if (!cell) return "";
    const text = cell.dataset.sort ?? cell.textContent.trim(), number = Number(text);
    return text === "" || text === "-" || text === "nan" ? NaN : Number.isNaN(number) ? text : number;
  };
  function before(a, b) { // numbers, then words, then what is missing
    const rank = v => typeof v === "string" ? 1 : Number.isNaN(v) ? 2 : 0;
    if (rank(a) !== rank(b)) return rank(a) - rank(b);
    return typeof a === "string" ? a.localeCompare(b, "en", { numeric: true }) : rank(a) === 2 ? 0 : a - b;
  }
  function sortable(table) {
    all("thead th", table).forEach((head, column) => {
      const button = make("button", { type: "button" }, ...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        all("thead th", table).forEach(h => h.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const body = table.tBodies[0];
        const rows = [...body.rows].map(row => [key(row.cells[column]), row]);
        rows.sort((a, b) => down ? before(b[0], a[0]) : before(a[0], b[0]));
        body.append(...rows.map(r => r[1]));
      });
    });
  }
  function lengths(table) {
    const box = make("input", { type: "checkbox" });
    box.addEventListener("change", () => table.classList.toggle("lengths", box.checked));
    table.closest(".scroll").before(make("p", { class: "controls" },
      make("label", {}, box, " bars as long as the latency")));
  }

  // A tooltip says what stands in the table too -----------------------------------------------

  const tip = make("div", { id: "tip", role: "status" });
  function show(text, x, y) {
    tip.textContent = text;
    tip.style.display = text ? "block" : "none";
    if (!text) return;
    tip.style.left = Math.max(0, Math.min(x + 12, innerWidth - tip.offsetWidth - 8)) + "px";
    tip.style.top = Math.max(0, Math.min(y + 14, innerHeight - tip.offsetHeight - 8)) + "px";
  }
  function parts(event) {
    const part = event.target.closest(".stack > i");
    if (!part) return show("");
    const row = part.closest("tr"), heads = all("thead th", part.closest("table"));
    const columns = heads.map((h, i) => h.querySelector(".key") ? i : -1).filter(i => i >= 0);
    const column = columns.find(i => heads[i].querySelector(`.key.${part.className}`)), head = heads[column];
    const value = i => Number(row.cells[i].textContent), total = columns.reduce((sum, i) => sum + value(i), 0);
    const unit = head.querySelector("small").textContent, name = head.textContent.replace(unit, "").trim();
    show(`${name}: ${value(column)} ${unit}, ${short(100 * value(column) / total)} %. ${head.title}`, event.clientX, event.clientY);
  }

  // Charts ---------------------------------------------------------------------------------------

  const WIDTH = 900, HEIGHT = 460, LEFT = 76, RIGHT = 16, TOP = 14, BOTTOM = 52;
  const SHAPES = [
    "M-5,0a5,5 0 1,0 10,0a5,5 0 1,0 -10,0z", "M-4.5,-4.5h9v9h-9z", "M0,-6l5.5,10h-11z", "M0,-6l6,6l-6,6l-6,-6z",
    "M0,6l5.5,-10h-11z", "M-5,-5L5,5M-5,5L5,-5", "M-6,0H6M0,-6V6", "M0,-6l5.7,4.1l-2.2,6.8h-7l-2.2,-6.8z"];

  // Rates and times are shown in units in which the largest is at least 1.
  function scaleOf(unit, most) {
    const rate = /^(bit|packets|mpackets|frames)\/s/.test(unit);
    if (rate) for (const [prefix, size] of [["G", 1e9], ["M", 1e6], ["k", 1e3]])
      if (most >= size) return [size, prefix + unit];
    if (unit === "s") for (const [name, size] of [["s", 1], ["ms", 1e-3], ["us", 1e-6], ["ns", 1e-9]])
      if (most >= size) return [size, name];
    return [1, unit];
  }

  function axisOf(values, log) {
    const shown = values.filter(v => v !== null && (!log || v > 0));
    if (!shown.length) return { log, low: log ? 1 : 0, high: log ? 10 : 1 };
    let low = Math.min(...shown), high = Math.max(...shown);
    if (log) {
      [low, high] = [Math.log10(low), Math.log10(high)];
      if (high - low < 1) [low, high] = [(low + high - 1) / 2, (low + high + 1) / 2];
    } else {
      [low, high] = [Math.min(low, 0), Math.max(high, 0)];
      if (low === high) high = 1;
    }
    const room = (high - low) / 25;
    return { log, low: !log && low === 0 ? low : low - room, high: high + room };
  }
  const place = (axis, value) => ((axis.log ? Math.log10(value) : value) - axis.low) / (axis.high - axis.low);
  function ticksOf(axis, scale) {
    const out = [], [low, high] = [axis.low, axis.high];
    if (axis.log) {
      const shift = Math.log10(scale), digits = high - low > 2.5 ? [1] : [1, 2, 5];
      for (let e = Math.floor(low - shift); e <= high - shift; e++)
        for (const d of digits) out.push(d * 10 ** e * scale);
      return out.filter(v => Math.log10(v) >= low && Math.log10(v) <= high);
    }
    const rough = (high - low) / scale / 6, size = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map(d => d * size).find(s => s >= rough);
    for (let i = Math.ceil(low / scale / step); i * step * scale <= high; i++) out.push(i * step * scale);
    return out;
  }

  class Chooser {
    constructor(box) {
      this.box = box;
      this.id = box.closest("section").id;
    }

    // Large tables are read when they are near.
    open() {
      if (this.data) return;
      const data = JSON.parse(document.getElementById(this.box.dataset.from).textContent);
      this.data = data;
      this.column = new Map(data.columns.map(c => [c.name, c]));
      for (const key of ["tells", "curve"]) data[key] = data[key].filter(name => this.column.has(name));
      this.hidden = new Set();
      const numeric = data.columns.filter(c => c.values.some(v => v !== null));
      const has = name => numeric.some(c => c.name === name);
      const distinct = name => new Set(this.column.get(name).values).size;
      const across = data.tells.filter(has).sort((a, b) => distinct(b) - distinct(a))[0];
      const glance = numeric.find(c => c.glance) || numeric.find(c => !c.texts) || numeric[0];
      if (!numeric.length) return this.box.replaceChildren("No column of these points is a number.");
      this.start = {
        x: has(data.x) ? data.x : across || glance.name, y: has(data.y) ? data.y : glance.name, log: data.log,
        curve: has(data.x) ? data.curve : data.tells.filter(name => name !== across), only: {} };
      this.state = structuredClone(this.start);
      this.build(numeric);
      this.draw();
    }

    build(numeric) {
      const option = c => make("option", { value: c.name, title: c.what }, c.name + (c.unit ? `, ${c.unit}` : ""));
      const choice = (axis, label) => {
        const select = make("select", { name: axis });
        const groups = [["parameters", numeric.filter(c => c.texts)], ["at a glance", numeric.filter(c => c.glance)],
          ["all others", numeric.filter(c => !c.texts && !c.glance)]];
        for (const [name, columns] of groups)
          if (columns.length) select.append(make("optgroup", { label: name }, ...columns.map(option)));
        select.addEventListener("change", () => { this.state[axis] = select.value; this.changed(); });
        const log = make("input", { type: "checkbox", name: `log-${axis}` });
        log.addEventListener("change", () => {
          this.state.log = this.state.log.replace(axis, "") + (log.checked ? axis : "");
          this.changed();
        });
        return make("p", {}, make("label", {}, label, select), " ", make("label", {}, log, " logarithmic"));
      };
      const curves = make("fieldset", { class: "curves" }, make("legend", {}, "a curve for each"));
      const only = make("fieldset", {}, make("legend", {}, "only points with"));
      for (const name of this.data.tells) {
        const tick = make("input", { type: "checkbox", value: name });
        tick.addEventListener("change", () => {
          this.state.curve = all("input:checked", curves).map(i => i.value);
          this.changed();
        });
        curves.append(make("label", {}, tick, ` ${name} `));
        const select = make("select", { name: `only.${name}` }, make("option", { value: "" }, "any"));
        for (const text of new Set(this.column.get(name).texts)) select.append(make("option", { value: text }, text));
        select.addEventListener("change", () => {
          if (select.value) this.state.only[name] = select.value; else delete this.state.only[name];
          this.changed();
        });
        only.append(make("label", {}, `${name} `, select, " "));
      }
      this.svg = document.createElementNS(SVG, "svg");
      for (const [k, v] of Object.entries({ viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "chart", tabindex: 0, role: "img" }))
        this.svg.setAttribute(k, v);
      this.legend = make("p", { class: "legend" });
      this.said = make("p", { class: "note", "aria-live": "polite" });
      this.values = make("tbody");
      this.valueHeads = make("tr");
      const reset = make("button", { type: "button" }, "as it was");
      reset.addEventListener("click", () => { this.state = structuredClone(this.start); this.changed(); });
      this.box.replaceChildren(
        make("div", { class: "controls" }, choice("x", "to the right "), choice("y", "upwards "), curves, only, reset),
        make("div", { class: "scroll" }, this.svg), this.legend, this.said,
        make("details", {}, make("summary", {}, "the values of this chart"),
          make("div", { class: "scroll tall" }, make("table", { class: "values" },
            make("caption", {}, "What the chart shows, in base units"), make("thead", {}, this.valueHeads), this.values))));
      this.svg.addEventListener("pointermove", e => this.point(e));
      this.svg.addEventListener("pointerleave", () => this.mark(-1));
      this.svg.addEventListener("keydown", e => this.step(e));
    }

    // State and address
    read(query) {
      const q = new URLSearchParams(query), known = name => this.column.has(name);
      this.state = structuredClone(this.start);
      for (const axis of ["x", "y"]) if (known(q.get(axis))) this.state[axis] = q.get(axis);
      if (q.has("curve")) this.state.curve = q.get("curve").split(",").filter(name => this.data.tells.includes(name));
      if (q.has("log")) this.state.log = q.get("log");
      for (const [name, value] of q)
        if (name.startsWith("only.") && this.data.tells.includes(name.slice(5))) this.state.only[name.slice(5)] = value;
      this.draw();
    }
    changed() {
      const { x, y, curve, log, only } = this.state, q = new URLSearchParams({ x, y, curve: curve.join(","), log });
      for (const [name, value] of Object.entries(only)) q.set(`only.${name}`, value);
      history.replaceState(null, "", `#${this.id}?${q}`);
      this.draw();
    }

    curves() {
      const { x, y, curve, only } = this.state, by = new Map();
      const [xs, ys] = [this.column.get(x), this.column.get(y)];
      for (let i = 0; i < this.data.points; i++) {
        if (Object.entries(only).some(([name, text]) => this.column.get(name).texts[i] !== text)) continue;
        if (xs.values[i] === null || ys.values[i] === null) continue;
        const name = curve.map(c => `${c.slice(c.indexOf(".") + 1)} = ${this.column.get(c).texts[i]}`).join(", ");
        if (!by.has(name)) by.set(name, []);
        const half = ys.half?.[i] ?? null;
        by.get(name).push({ x: xs.values[i], y: ys.values[i],
          low: half === null ? null : ys.values[i] - half, high: half === null ? null : ys.values[i] + half });
      }
      for (const points of by.values()) points.sort((a, b) => a.x - b.x);
      return by;
    }

    draw() {
      const { x, y, curve, log, only } = this.state, { svg } = this;
      for (const axis of ["x", "y"]) {
        this.box.querySelector(`[name=${axis}]`).value = this.state[axis];
        this.box.querySelector(`[name=log-${axis}]`).checked = log.includes(axis);
      }
      all(".curves input", this.box).forEach(i => { i.checked = curve.includes(i.value); });
      all("select[name^='only.']", this.box).forEach(s => { s.value = only[s.name.slice(5)] ?? ""; });
      const by = this.curves(), names = [...by.keys()];
      const points = names.filter(n => !this.hidden.has(n)).flatMap(n => by.get(n));
      const xAxis = axisOf(points.map(p => p.x), log.includes("x"));
      const yAxis = axisOf(points.flatMap(p => [p.y, p.low, p.high]), log.includes("y"));
      const units = [x, y].map((name, i) =>
        scaleOf(this.column.get(name).unit, Math.max(0, ...points.map(p => Math.abs(i ? p.y : p.x)))));
      svg.replaceChildren();
      this.frame(xAxis, yAxis, units);
      this.at = [];
      let leftOut = 0;
      names.forEach((name, n) => {
        if (this.hidden.has(name)) return;
        leftOut += this.curve(name, n, by.get(name), xAxis, yAxis);
      });
      this.fill(by, names);
      svg.setAttribute("aria-label", `${y} against ${x}: ${names.length} curves, ${this.at.length} points. Arrow keys go from point to point.`);
      this.said.textContent = (this.at.length ? "" : "No point has both values. ") +
        (leftOut ? `${leftOut} points are not positive and have no place on a logarithmic axis. ` : "") +
        `${x}: ${this.column.get(x).what}. ${y}: ${this.column.get(y).what}.`;
    }

    frame(xAxis, yAxis, [[xScale, xUnit], [yScale, yUnit]]) {
      const { svg } = this, right = WIDTH - RIGHT, bottom = HEIGHT - BOTTOM;
      this.px = v => LEFT + place(xAxis, v) * (right - LEFT);
      this.py = v => bottom - place(yAxis, v) * (bottom - TOP);
      for (const v of ticksOf(xAxis, xScale)) {
        draw(svg, "path", { class: "grid", d: `M${this.px(v).toFixed(1)},${TOP}V${bottom}` });
        draw(svg, "text", { x: this.px(v).toFixed(1), y: bottom + 18, "text-anchor": "middle" }, short(v / xScale));
      }
      for (const v of ticksOf(yAxis, yScale)) {
        draw(svg, "path", { class: "grid", d: `M${LEFT},${this.py(v).toFixed(1)}H${right}` });
        draw(svg, "text", { x: LEFT - 8, y: (this.py(v) + 4).toFixed(1), "text-anchor": "end" }, short(v / yScale));
      }
      draw(svg, "path", { class: "frame", d: `M${LEFT},${TOP}V${bottom}H${right}` });
      const label = (name, unit) => unit ? `${name}, ${unit}` : name;
      draw(svg, "text", { x: (LEFT + right) / 2, y: HEIGHT - 8, "text-anchor": "middle" }, label(this.state.x, xUnit));
      draw(svg, "text", { transform: `translate(16,${(TOP + bottom) / 2}) rotate(-90)`, "text-anchor": "middle" },
        label(this.state.y, yUnit));
    }

    curve(name, n, points, xAxis, yAxis) {
      const shown = points.filter(p => (!xAxis.log || p.x > 0) && (!yAxis.log || p.y > 0));
      const xy = shown.map(p => [this.px(p.x).toFixed(1), this.py(p.y).toFixed(1)]);
      const group = draw(this.svg, "g", { class: `curve k${n % 8}${n >= 8 ? " dashed" : ""}` });
      if (xy.length > 1) draw(group, "path", { class: "line", d: "M" + xy.map(p => p.join(",")).join("L") });
      shown.forEach((p, i) => {
        if (p.low !== null) {
          const low = yAxis.log && p.low <= 0 ? 10 ** yAxis.low : p.low;
          draw(group, "path", { class: "interval", d: `M${xy[i][0]},${this.py(low).toFixed(1)}V${this.py(p.high).toFixed(1)}` });
        }
        const e = draw(group, "path", { class: "point", d: SHAPES[n % SHAPES.length], transform: `translate(${xy[i]})`,
          "data-curve": name, "data-x": p.x, "data-y": p.y });
        this.at.push({ e, name, p, x: Number(xy[i][0]), y: Number(xy[i][1]) });
      });
      return points.length - shown.length;
    }

    fill(by, names) {
      const { x, y } = this.state, unit = name => this.column.get(name).unit;
      this.legend.replaceChildren(...(names.length > 1 || names[0] ? names.map((name, n) => {
        const button = make("button", { type: "button", "aria-pressed": !this.hidden.has(name), class: `k${n % 8}${n >= 8 ? " dashed" : ""}` });
        const svg = draw(button, "svg", { viewBox: "-14 -7 28 14", "aria-hidden": true });
        draw(svg, "path", { class: "line", d: "M-14,0H14" });
        draw(svg, "path", { class: "point", d: SHAPES[n % SHAPES.length] });
        button.append(name);
        button.addEventListener("click", () => {
          if (!this.hidden.delete(name)) this.hidden.add(name);
          this.draw();
          this.legend.children[n].focus();
        });
        return button;
      }) : []));
      this.valueHeads.replaceChildren(...["curve", `${x} ${unit(x)}`, `${y} ${unit(y)}`, "interval low", "interval high"]
        .map(text => make("th", { scope: "col" }, text)));
      this.values.replaceChildren(...names.flatMap(name => by.get(name).map(p => make("tr", {},
        make("th", { scope: "row" }, name), ...[p.x, p.y, p.low, p.high].map(v => make("td", { class: "n" }, v === null ? "" : String(v)))))));
    }

    // Points, by pointer and by keys
    mark(n, x, y) {
      this.at?.[this.now]?.e.classList.remove("now");
      this.now = n;
      const at = this.at?.[n];
      if (!at) return show("");
      at.e.classList.add("now");
      const value = (name, v) => { const c = this.column.get(name), [size, unit] = scaleOf(c.unit, Math.abs(v)); return `${name} ${short(v / size)} ${unit}`; };
      const text = [at.name, value(this.state.x, at.p.x), value(this.state.y, at.p.y)].filter(Boolean).join("; ");
      const r = at.e.getBoundingClientRect();
      show(text, x ?? r.right, y ?? r.bottom);
    }
    point(event) {
      const r = this.svg.getBoundingClientRect(), f = WIDTH / r.width;
      const [x, y] = [(event.clientX - r.left) * f, (event.clientY - r.top) * f];
      let best = -1, near = 30 ** 2;
      this.at.forEach((a, i) => {
        const d = (a.x - x) ** 2 + (a.y - y) ** 2;
        if (d < near) [near, best] = [d, i];
      });
      this.mark(best, event.clientX, event.clientY);
    }
    step(event) {
      const move = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (event.key === "Escape") this.mark(-1);
      if (!move || !this.at.length) return;
      event.preventDefault();
      this.mark(((this.now ?? -1) + move + this.at.length) % this.at.length);
    }
  }

  // All of it ------------------------------------------------------------------------------------

  themes();
  misses();
  all("table.sortable").forEach(sortable);
  all("table.latency").forEach(lengths);
  document.body.append(tip);
  document.addEventListener("pointermove", e => { if (!e.target.closest?.("svg.chart")) parts(e); });
  const choosers = new Map(all(".chooser").map(box => { const c = new Chooser(box); return [c.id, c]; }));
  const watch = new IntersectionObserver(seen => {
    for (const s of seen) if (s.isIntersecting) [...choosers.values()].find(c => c.box === s.target).open();
  }, { rootMargin: "600px" });
  for (const c of choosers.values()) watch.observe(c.box);
  addEventListener("beforeprint", () => choosers.forEach(c => c.open()));
  function go() {
    const [id, query] = decodeURI(location.hash.slice(1)).split("?"), chooser = choosers.get(id);
    if (query === undefined || !chooser) return;
    chooser.open();
    chooser.read(query);
    chooser.box.scrollIntoView();
  }
  addEventListener("hashchange", go);
  go();
})();
