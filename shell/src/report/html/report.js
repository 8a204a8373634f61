"use strict";
// Draws the charts and the list of cycles from the series in the page. No library, no request.
(() => {
  const DATA = JSON.parse(document.getElementById("series").textContent);
  const DAY = 86400;
  const KINDS = ["entry", "target", "stop", "close"];
  const PATHS = ["pessimistic", "optimistic"];
  const byId = (id) => document.getElementById(id);

  // ---- words -------------------------------------------------------------------------------
  const two = (n) => String(n).padStart(2, "0");
  const day = (s) => {
    const d = new Date(s * 1000);
    return `${d.getUTCFullYear()}-${two(d.getUTCMonth() + 1)}-${two(d.getUTCDate())}`;
  };
  const minute = (s) => {
    const d = new Date(s * 1000);
    return `${day(s)} ${two(d.getUTCHours())}:${two(d.getUTCMinutes())}`;
  };
  const number = (v, places) => {
    const text = Math.abs(v).toLocaleString("en-US", { minimumFractionDigits: places, maximumFractionDigits: places });
    return (v < 0 && /[1-9]/.test(text) ? "\u2212" : "") + text;
  };
  const money = (v) => number(v, v !== 0 && Math.abs(v) < 1 ? 4 : 2);
  const signed = (v) => (v > 0 ? "+" : "") + money(v);
  const plain = (v) => v.toLocaleString("en-US", { maximumSignificantDigits: 9 });
  const span = (s) => {
    const h = Math.floor(s / 3600);
    if (h < 1) return `${Math.floor(s / 60)} min`;
    return h < 24 ? `${h} h` : `${Math.floor(h / 24)} d ${h % 24} h`;
  };

  // ---- series ------------------------------------------------------------------------------
  const summed = (list) => { let at = 0; return list.map((d) => (at += d)); };
  const decodeLine = (line) => ({ t: summed(line.t), v: line.v });
  function decodePrices(p) {
    const scale = Math.pow(10, p.places), count = p.bars.length / 4;
    const t = new Float64Array(count), o = new Float64Array(count), h = new Float64Array(count);
    const l = new Float64Array(count), c = new Float64Array(count);
    const gaps = new Map(p.gaps);
    let slot = 0, before = 0;
    for (let i = 0; i < count; i++, slot++) {
      slot += gaps.get(i) || 0;
      const open = before + p.bars[4 * i], close = open + p.bars[4 * i + 1];
      t[i] = p.start + slot * p.step;
      o[i] = open / scale;
      c[i] = close / scale;
      h[i] = (Math.max(open, close) + p.bars[4 * i + 2]) / scale;
      l[i] = (Math.min(open, close) - p.bars[4 * i + 3]) / scale;
      before = close;
    }
    let at = 0;
    const ladder = p.ladder.map((row) => {
      at += row[0];
      return { t: at, levels: summed(row.slice(1)).map((v) => v / scale) };
    });
    return { t, o, h, l, c, step: p.step, ladder };
  }
  // First index whose time is not before `at`.
  function seek(times, at) {
    let low = 0, high = times.length;
    while (low < high) {
      const mid = (low + high) >> 1;
      if (times[mid] < at) low = mid + 1; else high = mid;
    }
    return low;
  }
  const drawdown = (line) => {
    let peak = -Infinity;
    return { t: line.t, v: line.v.map((v) => { peak = Math.max(peak, v); return peak > 0 ? 100 * (v / peak - 1) : 0; }) };
  };

  // ---- chart -------------------------------------------------------------------------------
  const tone = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const CHARTS = {};

  class Chart {
    constructor(id, paint, tell) {
      this.canvas = byId(id);
      this.pen = this.canvas.getContext("2d");
      this.paint = paint;
      this.tell = tell;
      this.tip = this.canvas.parentNode.appendChild(document.createElement("div"));
      this.tip.className = "tip";
      this.tip.hidden = true;
      this.full = [DATA.from, Math.max(DATA.to, DATA.from + 1)];
      this.view = this.full.slice();
      this.pad = { left: 10, right: 78, top: 12, bottom: 24 };
      this.listen();
      CHARTS[id] = this;
    }
    listen() {
      const c = this.canvas;
      c.addEventListener("pointerdown", (e) => { this.drag = e.offsetX; c.setPointerCapture(e.pointerId); });
      c.addEventListener("pointermove", (e) => { this.cursor = [e.offsetX, e.offsetY]; this.soon(); });
      c.addEventListener("pointerleave", () => { this.cursor = null; this.soon(); });
      c.addEventListener("pointercancel", () => { this.drag = null; });
      c.addEventListener("pointerup", (e) => {
        const from = this.drag;
        this.drag = null;
        if (from != null && Math.abs(e.offsetX - from) > 6) this.show(this.time(Math.min(from, e.offsetX)), this.time(Math.max(from, e.offsetX)));
      });
      c.addEventListener("dblclick", () => this.show(...this.full));
      c.addEventListener("wheel", (e) => {
        if (!e.shiftKey) return;
        e.preventDefault();
        this.move(Math.sign(e.deltaY || e.deltaX) * 0.1);
      }, { passive: false });
      c.addEventListener("keydown", (e) => {
        const act = { ArrowLeft: () => this.move(-0.2), ArrowRight: () => this.move(0.2), ArrowUp: () => this.zoom(0.6), ArrowDown: () => this.zoom(1 / 0.6), Escape: () => this.show(...this.full) }[e.key];
        if (act) { e.preventDefault(); act(); }
      });
      new ResizeObserver(() => this.soon()).observe(c);
    }
    show(from, to) {
      const least = 12 * 3600;
      if (to - from < least) { const mid = (from + to) / 2; from = mid - least / 2; to = mid + least / 2; }
      const length = Math.min(to - from, this.full[1] - this.full[0]);
      from = Math.min(Math.max(from, this.full[0]), this.full[1] - length);
      this.view = [from, from + length];
      this.soon();
    }
    move(part) { const d = (this.view[1] - this.view[0]) * part; this.show(this.view[0] + d, this.view[1] + d); }
    zoom(factor) {
      const mid = (this.view[0] + this.view[1]) / 2, half = (this.view[1] - this.view[0]) * factor / 2;
      this.show(mid - half, mid + half);
    }
    last(days) {
      if (!days) return this.show(...this.full);
      const mid = this.view[1] >= this.full[1] - 1 ? this.full[1] - days * DAY / 2 : (this.view[0] + this.view[1]) / 2;
      return this.show(mid - days * DAY / 2, mid + days * DAY / 2);
    }
    soon() {
      if (this.waiting) return;
      this.waiting = true;
      requestAnimationFrame(() => { this.waiting = false; this.draw(); });
    }
    x(t) { return this.pad.left + (t - this.view[0]) / (this.view[1] - this.view[0]) * this.inner; }
    time(x) { return this.view[0] + (x - this.pad.left) / this.inner * (this.view[1] - this.view[0]); }
    draw() {
      const ratio = window.devicePixelRatio || 1, w = this.canvas.clientWidth, h = this.canvas.clientHeight;
      if (!w || !h) return;
      if (this.canvas.width !== Math.round(w * ratio)) this.canvas.width = Math.round(w * ratio);
      if (this.canvas.height !== Math.round(h * ratio)) this.canvas.height = Math.round(h * ratio);
      this.w = w; this.h = h; this.inner = w - this.pad.left - this.pad.right;
      const g = this.pen;
      g.setTransform(ratio, 0, 0, ratio, 0, 0);
      g.clearRect(0, 0, w, h);
      g.font = "11.5px system-ui, sans-serif";
      g.lineJoin = "round";
      this.times();
      this.paint(this, g);
      this.overlay(g);
    }
    // A part of the canvas with its own scale of values.
    pane(top, bottom, low, high, format) {
      const g = this.pen, room = (high - low) || Math.abs(high) || 1;
      const a = low - room * 0.05, b = high + room * 0.05;
      const y = (v) => bottom - (v - a) / (b - a) * (bottom - top);
      g.fillStyle = tone("muted"); g.strokeStyle = tone("line"); g.lineWidth = 1;
      g.textAlign = "left"; g.textBaseline = "middle";
      for (const v of ticks(a, b, Math.max(2, Math.floor((bottom - top) / 55)))) {
        const at = Math.round(y(v)) + 0.5;
        g.beginPath(); g.moveTo(this.pad.left, at); g.lineTo(this.w - this.pad.right, at); g.stroke();
        g.fillText(format(v), this.w - this.pad.right + 8, at);
      }
      return y;
    }
    times() {
      const g = this.pen, bottom = this.h - this.pad.bottom;
      g.fillStyle = tone("muted"); g.strokeStyle = tone("line"); g.lineWidth = 1;
      g.textAlign = "center"; g.textBaseline = "top";
      for (const [t, text] of dates(this.view[0], this.view[1], Math.max(2, Math.floor(this.inner / 110)))) {
        const at = Math.round(this.x(t)) + 0.5;
        g.globalAlpha = 0.6;
        g.beginPath(); g.moveTo(at, this.pad.top); g.lineTo(at, bottom); g.stroke();
        g.globalAlpha = 1;
        g.fillText(text, Math.min(Math.max(at, 34), this.w - this.pad.right), bottom + 7);
      }
    }
    clip(top, bottom, act) {
      const g = this.pen;
      g.save();
      g.beginPath(); g.rect(this.pad.left, top, this.inner, bottom - top); g.clip();
      act();
      g.restore();
    }
    overlay(g) {
      const bottom = this.h - this.pad.bottom;
      if (this.drag != null && this.cursor) {
        g.fillStyle = tone("band");
        g.fillRect(this.drag, this.pad.top, this.cursor[0] - this.drag, bottom - this.pad.top);
      }
      const inside = this.cursor && this.cursor[0] >= this.pad.left && this.cursor[0] <= this.w - this.pad.right;
      this.tip.hidden = !inside;
      if (!inside) return;
      const [x, y] = this.cursor;
      g.strokeStyle = tone("muted"); g.lineWidth = 1; g.setLineDash([3, 3]);
      g.beginPath(); g.moveTo(x, this.pad.top); g.lineTo(x, bottom); g.stroke();
      g.setLineDash([]);
      this.tip.textContent = this.tell(this, this.time(x), x, y);
      const right = x > this.w * 0.6;
      this.tip.style.transform = `translate(${right ? x - this.tip.offsetWidth - 14 : x + 14}px, ${Math.min(Math.max(y - 20, 8), this.h - this.tip.offsetHeight - 8)}px)`;
    }
  }
  function ticks(low, high, most) {
    const rough = (high - low) / most, power = Math.pow(10, Math.floor(Math.log10(rough)));
    const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((s) => s >= rough) || rough;
    const out = [];
    for (let i = Math.ceil(low / step); i * step <= high && out.length < 40; i++) out.push(i * step);
    return out;
  }
  function dates(from, to, most) {
    const days = (to - from) / DAY, out = [];
    const months = [1, 2, 3, 6, 12, 24].find((m) => days / (m * 30.4) <= most);
    if (days / 30.4 >= Math.min(3, most) && months) {
      const d = new Date(from * 1000);
      let n = Math.ceil((d.getUTCFullYear() * 12 + d.getUTCMonth()) / months) * months;
      for (let t; (t = Date.UTC(Math.floor(n / 12), n % 12, 1) / 1000) <= to; n += months) if (t >= from) out.push([t, day(t).slice(0, 7)]);
      return out;
    }
    const step = [3600, 7200, 14400, 21600, 43200, DAY, 2 * DAY, 7 * DAY, 14 * DAY, 28 * DAY].find((s) => (to - from) / s <= most) || 56 * DAY;
    for (let t = Math.ceil(from / step) * step; t <= to; t += step) out.push([t, step < DAY && t % DAY ? minute(t).slice(11) : day(t)]);
    return out;
  }
  // Lines thinned to what the pixels can show, highs and lows kept.
  function trace(chart, g, line, y) {
    const from = Math.max(0, seek(line.t, chart.view[0]) - 1), to = Math.min(line.t.length, seek(line.t, chart.view[1]) + 1);
    g.beginPath();
    for (let i = from; i < to; i++) {
      if (i === from) g.moveTo(chart.x(line.t[i]), y(line.v[i])); else g.lineTo(chart.x(line.t[i]), y(line.v[i]));
    }
  }
  function stroke(chart, g, line, y, colour, dash, width) {
    trace(chart, g, line, y);
    g.strokeStyle = colour; g.lineWidth = width || 1.8; g.setLineDash(dash || []);
    g.stroke();
    g.setLineDash([]);
  }
  function between(chart, g, a, b, y, colour) {
    if (!a.t.length || !b.t.length) return;
    g.beginPath();
    a.t.forEach((t, i) => (i ? g.lineTo : g.moveTo).call(g, chart.x(t), y(a.v[i])));
    for (let i = b.t.length - 1; i >= 0; i--) g.lineTo(chart.x(b.t[i]), y(b.v[i]));
    g.closePath(); g.fillStyle = colour; g.fill();
  }
  function range(lines, view) {
    let low = Infinity, high = -Infinity;
    for (const line of lines) {
      const from = Math.max(0, seek(line.t, view[0]) - 1), to = Math.min(line.t.length, seek(line.t, view[1]) + 1);
      for (let i = from; i < to; i++) { low = Math.min(low, line.v[i]); high = Math.max(high, line.v[i]); }
    }
    return low <= high ? [low, high] : [0, 1];
  }

  // ---- equity ------------------------------------------------------------------------------
  const equities = DATA.equity.map((e) => {
    const paths = e.paths.map(decodeLine);
    return { paths, hold: decodeLine(e.hold), falls: paths.map(drawdown) };
  });
  const chosenEquity = () => equities[Number(byId("equity-book").value)] || equities[0];
  const rounded = (v) => (Math.abs(v) >= 1000 ? number(v, 0) : number(v, 2));
  const equityChart = new Chart("equity-chart", (chart, g) => {
    const e = chosenEquity(), bottom = chart.h - chart.pad.bottom, split = chart.pad.top + (bottom - chart.pad.top) * 0.7;
    const [low, high] = range([...e.paths, e.hold], chart.view);
    const y = chart.pane(chart.pad.top, split - 14, low, high, rounded);
    const [deep] = range(e.falls, chart.view);
    const z = chart.pane(split + 6, bottom, Math.min(deep, -0.01), 0, (v) => `${number(v, Math.abs(deep) < 5 ? 1 : 0)} %`);
    chart.clip(chart.pad.top, split, () => {
      between(chart, g, e.paths[0], e.paths[1], y, tone("band"));
      stroke(chart, g, e.hold, y, tone("hold"), [5, 4], 1.5);
      e.paths.forEach((line, i) => stroke(chart, g, line, y, tone(PATHS[i])));
      trips(chart, g, split);
    });
    chart.clip(split, bottom, () => e.falls.forEach((line, i) => {
      stroke(chart, g, line, z, tone(PATHS[i]), [], 1.4);
      g.lineTo(chart.x(line.t[line.t.length - 1]), z(0)); g.lineTo(chart.x(line.t[0]), z(0));
      g.globalAlpha = 0.12; g.fillStyle = tone(PATHS[i]); g.fill(); g.globalAlpha = 1;
    }));
  }, (chart, t) => {
    const e = chosenEquity();
    const at = (line) => (line.t.length ? line.v[Math.max(0, seek(line.t, t + 1) - 1)] : null);
    const rows = [day(t)];
    PATHS.forEach((name, i) => { if (at(e.paths[i]) != null) rows.push(`${name.padEnd(12)} ${money(at(e.paths[i]))}   ${number(at(e.falls[i]), 2)} %`); });
    if (at(e.hold) != null) rows.push(`buy and hold ${money(at(e.hold))}`);
    return rows.join("\n");
  });
  function trips(chart, g, bottom) {
    const book = Number(byId("equity-book").value) - 1;
    DATA.trips.forEach((list, i) => list.forEach(([t, b]) => {
      if (book >= 0 && b >= 0 && b !== book) return;
      const x = chart.x(t);
      g.fillStyle = tone("loss"); g.globalAlpha = i ? 0.5 : 0.9;
      g.beginPath(); g.moveTo(x, chart.pad.top + 9); g.lineTo(x - 4, chart.pad.top); g.lineTo(x + 4, chart.pad.top); g.fill();
      g.strokeStyle = tone("loss"); g.lineWidth = 0.7;
      g.beginPath(); g.moveTo(x, chart.pad.top); g.lineTo(x, bottom); g.stroke();
      g.globalAlpha = 1;
    }));
  }

  // ---- prices ------------------------------------------------------------------------------
  const charted = DATA.prices.map((p) => p.symbol);
  const decoded = new Map();
  const prices = (symbol) => {
    if (!decoded.has(symbol)) decoded.set(symbol, decodePrices(DATA.prices[charted.indexOf(symbol)]));
    return decoded.get(symbol);
  };
  const state = { pricePath: 0, cyclePath: 0, shown: 100, sort: [4, -1] };
  const option = (value, text) => { const o = document.createElement("option"); o.value = value; o.textContent = text; return o; };
  const fill = (id, names, all) => byId(id).append(...(all ? [option("-1", all)] : []), ...names.map(([v, text]) => option(String(v), text)));
  const chosenSymbol = () => Number(byId("price-symbol").value);
  const visible = (rows, view, time) => rows.filter((r) => r[time] >= view[0] - DAY && r[time] <= view[1] + DAY);
  const ofChart = (rows, book, symbol) => {
    const b = Number(byId("price-book").value), s = chosenSymbol();
    return rows.filter((r) => r[symbol] === s && (b < 0 || r[book] === b));
  };
  const digits = (v) => Math.max(0, Math.min(8, 5 - Math.floor(Math.log10(Math.abs(v) || 1))));

  const priceChart = charted.length ? new Chart("price-chart", (chart, g) => {
    const p = prices(chosenSymbol()), bottom = chart.h - chart.pad.bottom;
    const from = Math.max(0, seek(p.t, chart.view[0]) - 1), to = Math.min(p.t.length, seek(p.t, chart.view[1]) + 1);
    let low = Infinity, high = -Infinity;
    for (let i = from; i < to; i++) { low = Math.min(low, p.l[i]); high = Math.max(high, p.h[i]); }
    const fills = visible(ofChart(DATA.fills[state.pricePath], 1, 2), chart.view, 0);
    for (const f of fills) { low = Math.min(low, f[7]); high = Math.max(high, f[7]); }
    if (!(low <= high)) { low = 0; high = 1; }
    const places = Math.max(0, digits(high) - 1);
    const y = chart.pane(chart.pad.top, bottom, low, high, (v) => number(v, places));
    chart.clip(chart.pad.top, bottom, () => {
      bars(chart, g, p, from, to, y);
      levels(chart, g, p, y);
      held(chart, g, y);
      chart.near = marks(chart, g, fills, y);
    });
  }, (chart, t, x, cy) => {
    const p = prices(chosenSymbol()), i = Math.max(0, seek(p.t, t + 1) - 1);
    const places = digits(p.c[i] || 1), show = (v) => number(v, places);
    const rows = [`${minute(p.t[i])}   bars of ${span(p.step)}`, `O ${show(p.o[i])}  H ${show(p.h[i])}  L ${show(p.l[i])}  C ${show(p.c[i])}`];
    const near = (chart.near || []).filter((m) => Math.abs(m.x - x) < 7 && Math.abs(m.y - cy) < 14).slice(0, 5);
    for (const { f } of near) rows.push(`${minute(f[0])}  ${KINDS[f[4]]}${f[6] >= 0 ? ` level ${f[6]}` : ""}  ${f[5] ? "buy" : "sell"} ${plain(f[8])} at ${plain(f[7])}  cycle ${f[3]}`);
    return rows.join("\n");
  }) : null;

  function bars(chart, g, p, from, to, y) {
    const width = p.step / (chart.view[1] - chart.view[0]) * chart.inner;
    if (width >= 3) return candles(chart, g, p, from, to, y, width);
    // Too many for candles: the span of prices in each column of pixels, and the closes.
    let column = null, top = 0, bottom = 0;
    g.fillStyle = tone("hold"); g.globalAlpha = 0.75;
    const flush = () => { if (column != null) g.fillRect(column, top, 1, Math.max(1, bottom - top)); };
    for (let i = from; i < to; i++) {
      const at = Math.floor(chart.x(p.t[i])), a = y(p.h[i]), b = y(p.l[i]);
      if (at !== column) { flush(); column = at; top = a; bottom = b; } else { top = Math.min(top, a); bottom = Math.max(bottom, b); }
      if (width > 1 && i + 1 < to) g.fillRect(at, a, Math.ceil(width), Math.max(1, b - a));
    }
    flush();
    g.globalAlpha = 1;
  }
  function candles(chart, g, p, from, to, y, width) {
    const body = Math.max(1, Math.min(width * 0.7, 14));
    for (let i = from; i < to; i++) {
      const x = chart.x(p.t[i] + p.step / 2), up = p.c[i] >= p.o[i];
      g.fillStyle = g.strokeStyle = tone(up ? "up" : "down");
      g.globalAlpha = 0.7;
      g.fillRect(x - 0.5, y(p.h[i]), 1, Math.max(1, y(p.l[i]) - y(p.h[i])));
      g.fillRect(x - body / 2, y(Math.max(p.o[i], p.c[i])), body, Math.max(1, Math.abs(y(p.o[i]) - y(p.c[i]))));
    }
    g.globalAlpha = 1;
  }
  function levels(chart, g, p, y) {
    const times = p.ladder.map((r) => r.t), from = Math.max(0, seek(times, chart.view[0]) - 1);
    g.strokeStyle = tone("ladder"); g.lineWidth = 1;
    g.globalAlpha = Math.min(0.75, 0.2 + 20 * DAY / (chart.view[1] - chart.view[0]));
    g.beginPath();
    for (let i = from; i < p.ladder.length && times[i] <= chart.view[1]; i++) {
      const a = chart.x(times[i]), b = chart.x(i + 1 < times.length ? times[i + 1] : chart.full[1]);
      for (const level of p.ladder[i].levels) { const at = y(level); g.moveTo(a, at); g.lineTo(Math.max(b, a + 0.5), at); }
    }
    g.stroke();
    g.globalAlpha = 1;
  }
  // A line from the average entry to the average exit of each cycle.
  function held(chart, g, y) {
    for (const c of ofChart(DATA.cycles[state.pricePath], 0, 1)) {
      if (c[5] < chart.view[0] || c[4] > chart.view[1]) continue;
      g.strokeStyle = tone(c[14] > 0 ? "gain" : "loss"); g.lineWidth = 1.6; g.globalAlpha = 0.9;
      g.beginPath(); g.moveTo(chart.x(c[4]), y(c[7])); g.lineTo(chart.x(c[5]), y(c[8])); g.stroke();
    }
    g.globalAlpha = 1;
  }
  function marks(chart, g, fills, y) {
    const size = Math.max(3, Math.min(6.5, 6.5 * Math.sqrt(60 * DAY / (chart.view[1] - chart.view[0]))));
    return fills.map((f) => {
      const x = chart.x(f[0]), at = y(f[7]);
      mark(g, f, x, at, size);
      return { x, y: at, f };
    });
  }
  function mark(g, f, x, y, size) {
    const kind = f[4];
    g.lineWidth = 1; g.strokeStyle = tone("surface");
    g.beginPath();
    if (kind === 0) {
      const d = f[5] ? 1 : -1;
      g.fillStyle = tone(f[5] ? "gain" : "pessimistic");
      g.moveTo(x, y - d * size); g.lineTo(x - size, y + d * size * 0.8); g.lineTo(x + size, y + d * size * 0.8); g.closePath();
    } else if (kind === 1) {
      g.fillStyle = tone("target"); g.arc(x, y, size * 0.85, 0, 7);
    } else if (kind === 3) {
      g.fillStyle = tone("muted");
      g.moveTo(x, y - size); g.lineTo(x + size, y); g.lineTo(x, y + size); g.lineTo(x - size, y); g.closePath();
    } else {
      g.strokeStyle = tone("loss"); g.lineWidth = Math.max(2, size * 0.4);
      g.moveTo(x - size, y - size); g.lineTo(x + size, y + size); g.moveTo(x + size, y - size); g.lineTo(x - size, y + size);
      g.stroke();
      return;
    }
    g.fill(); g.stroke();
  }
  function chooseSymbol(symbol) {
    if (!charted.includes(symbol)) return false;
    byId("price-symbol").value = String(symbol);
    for (const row of byId("symbol-table").tBodies[0].rows) row.classList.toggle("chosen", row.dataset.symbol === DATA.symbols[symbol]);
    const p = prices(symbol);
    priceChart.full = [Math.min(DATA.from, p.t[0]), Math.max(DATA.to, p.t[p.t.length - 1] + p.step)];
    priceChart.show(...priceChart.view);
    return true;
  }

  // ---- cycles ------------------------------------------------------------------------------
  // Title, value to sort by, words, class.
  const COLUMNS = [
    ["Closed", (c) => c[5], (c) => minute(c[5]), "text"],
    ["Book", (c) => DATA.books[c[0]], (c) => DATA.books[c[0]], "text"],
    ["Symbol", (c) => DATA.symbols[c[1]], (c) => DATA.symbols[c[1]], "text"],
    ["Side", (c) => c[3], (c) => (c[3] ? "long" : "short"), "text"],
    ["Opened", (c) => c[4], (c) => minute(c[4]), "text"],
    ["Held", (c) => c[5] - c[4], (c) => span(c[5] - c[4])],
    ["Levels", (c) => c[10], (c) => String(c[10])],
    ["Entry", (c) => c[7], (c) => plain(c[7])],
    ["Exit", (c) => c[8], (c) => plain(c[8])],
    ["Quantity", (c) => c[9], (c) => plain(c[9])],
    ["Gross", (c) => c[11], (c) => signed(c[11])],
    ["Fees", (c) => c[12], (c) => money(c[12])],
    ["Funding", (c) => c[13], (c) => signed(c[13])],
    ["Net", (c) => c[14], (c) => signed(c[14]), "net"],
    ["Reason", (c) => DATA.reasons[c[6]], (c) => DATA.reasons[c[6]], "text"],
  ];
  state.sort = [0, -1];
  const picked = (id, field) => { const v = Number(byId(id).value); return (c) => v < 0 || c[field] === v; };
  function listCycles() {
    const book = picked("cycle-book", 0), symbol = picked("cycle-symbol", 1), reason = picked("cycle-reason", 6);
    const result = byId("cycle-result").value;
    const right = (c) => result === "all" || (c[14] > 0) === (result === "wins");
    const [column, way] = state.sort, key = COLUMNS[column][1];
    const rows = DATA.cycles[state.cyclePath].filter((c) => book(c) && symbol(c) && reason(c) && right(c));
    rows.sort((a, b) => { const x = key(a), y = key(b); return x === y ? 0 : (x < y ? -way : way); });
    const body = byId("cycle-table").tBodies[0];
    body.replaceChildren(...rows.slice(0, state.shown).map(cycleRow));
    byId("cycle-more").hidden = rows.length <= state.shown;
    const wins = rows.filter((c) => c[14] > 0).length, net = rows.reduce((sum, c) => sum + c[14], 0);
    const left = DATA.left[state.cyclePath][1];
    byId("cycle-count").textContent = `${number(rows.length, 0)} cycles, ${number(wins, 0)} wins, net ${signed(net)}`
      + (left ? `; ${number(left, 0)} earlier ones are only in the JSON` : "");
    heads();
  }
  function cycleRow(c) {
    const row = document.createElement("tr");
    row.className = c[14] > 0 ? "win" : "lose";
    for (const [title, , words, name] of COLUMNS) {
      const cell = row.insertCell();
      cell.textContent = words(c);
      if (name) cell.className = name;
      if (title === "Net") cell.classList.add(c[14] > 0 ? "gain" : "loss");
    }
    row.addEventListener("click", () => showCycle(c));
    return row;
  }
  function showCycle(c) {
    setPath("price-path", state.cyclePath);
    byId("price-book").value = "-1";
    if (!priceChart || !chooseSymbol(c[1])) return;
    const room = Math.max((c[5] - c[4]) * 0.8, 1.5 * DAY);
    priceChart.show(c[4] - room, c[5] + room);
    byId("price-bar").scrollIntoView();
  }
  function heads() {
    const row = document.createElement("tr");
    COLUMNS.forEach(([title, , , name], i) => {
      const head = document.createElement("th");
      head.textContent = title;
      head.tabIndex = 0;
      if (name === "text") head.style.textAlign = "left";
      if (i === state.sort[0]) head.setAttribute("aria-sort", state.sort[1] > 0 ? "ascending" : "descending");
      const sort = () => { state.sort = [i, state.sort[0] === i ? -state.sort[1] : (name === "text" && i ? 1 : -1)]; listCycles(); };
      head.addEventListener("click", sort);
      head.addEventListener("keydown", (e) => { if (e.key === "Enter") sort(); });
      row.append(head);
    });
    byId("cycle-table").tHead.replaceChildren(row);
  }

  // ---- controls ----------------------------------------------------------------------------
  function setPath(id, path) {
    [...byId(id).children].forEach((b, i) => b.setAttribute("aria-pressed", String(i === path)));
    if (id === "price-path") { state.pricePath = path; if (priceChart) priceChart.soon(); } else { state.cyclePath = path; listCycles(); }
  }
  const again = () => { state.shown = 100; listCycles(); };
  function start() {
    fill("price-symbol", charted.map((s) => [s, DATA.symbols[s]]));
    fill("price-book", DATA.books.map((b, i) => [i, b]), "all");
    fill("cycle-book", DATA.books.map((b, i) => [i, b]), "all");
    fill("cycle-symbol", DATA.symbols.map((s, i) => [i, s]), "all");
    fill("cycle-reason", DATA.reasons.map((r, i) => [i, r]), "all");
    for (const id of ["price-path", "cycle-path"]) [...byId(id).children].forEach((b, i) => b.addEventListener("click", () => setPath(id, i)));
    for (const id of ["cycle-book", "cycle-symbol", "cycle-result", "cycle-reason"]) byId(id).addEventListener("change", again);
    byId("cycle-more").addEventListener("click", () => { state.shown += 400; listCycles(); });
    byId("equity-book").addEventListener("change", () => equityChart.soon());
    for (const b of document.querySelectorAll("button[data-chart]")) b.addEventListener("click", () => CHARTS[b.dataset.chart] && CHARTS[b.dataset.chart].last(Number(b.dataset.days)));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => Object.values(CHARTS).forEach((c) => c.soon()));
    if (priceChart) {
      byId("price-symbol").addEventListener("change", () => chooseSymbol(chosenSymbol()));
      byId("price-book").addEventListener("change", () => priceChart.soon());
      for (const row of byId("symbol-table").tBodies[0].rows) {
        const choose = () => chooseSymbol(DATA.symbols.indexOf(row.dataset.symbol));
        row.addEventListener("click", choose);
        row.addEventListener("keydown", (e) => { if (e.key === "Enter") choose(); });
      }
      chooseSymbol(charted[0]);
    } else {
      byId("price-bar").hidden = true;
      byId("price-chart").parentNode.hidden = true;
    }
    listCycles();
  }
  start();
})();
