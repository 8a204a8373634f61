"use strict";
// Charts on a canvas: words, series, a time axis, panes. No library, no request.
const TimeCharts = (() => {
  const DAY = 86400;
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
  const money = (v) => number(v, v !== 0 && Math.abs(v) < 0.01 ? 4 : 2);
  const signed = (v) => (v > 0 ? "+" : "") + money(v);
  const plain = (v) => v.toLocaleString("en-US", { maximumSignificantDigits: 9 });
  const price = (v) => v.toLocaleString("en-US", { maximumSignificantDigits: 7 });
  const duration = (s) => {
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
    const ladders = p.ladders.map(({ book, rows }) => {
      let at = 0;
      return { book, rows: rows.map((row) => {
        at += row[0];
        return { t: at, levels: summed(row.slice(1)).map((v) => v / scale) };
      }) };
    });
    return { t, o, h, l, c, step: p.step, ladders };
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
    constructor(id, span, paint, tell) {
      this.canvas = byId(id);
      this.pen = this.canvas.getContext("2d");
      this.paint = paint;
      this.tell = tell;
      this.tip = this.canvas.parentNode.appendChild(document.createElement("div"));
      this.tip.className = "tip";
      this.tip.hidden = true;
      this.full = [span[0], Math.max(span[1], span[0] + 1)];
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
    // A part of the canvas with its own scale of values; a logarithmic one says so on its axis.
    pane(top, bottom, low, high, format, log) {
      const g = this.pen, scale = log ? Math.log : (v) => v, back = log ? Math.exp : (v) => v;
      const room = (scale(high) - scale(low)) || Math.abs(scale(high)) || 1;
      const a = scale(low) - room * 0.05, b = scale(high) + room * 0.05;
      const y = (v) => bottom - (scale(v) - a) / (b - a) * (bottom - top);
      g.fillStyle = tone("muted"); g.strokeStyle = tone("line"); g.lineWidth = 1;
      g.textAlign = "left"; g.textBaseline = "middle";
      if (log) g.fillText("log scale", this.w - this.pad.right + 8, top);
      for (const v of (log ? decades : ticks)(back(a), back(b), Math.max(2, Math.floor((bottom - top) / 55)))) {
        const at = Math.round(y(v)) + 0.5;
        if (log && at < top + 16) continue;
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
  // 1, 2 and 5 of each power of ten; only the ones, then fewer, where there is no room for more.
  function decades(low, high, most) {
    const first = Math.floor(Math.log10(low)), last = Math.ceil(Math.log10(high));
    const all = (digits, step) => {
      const out = [];
      for (let power = first; power <= last; power += step) for (const m of digits) out.push(m * Math.pow(10, power));
      return out.filter((v) => v >= low && v <= high);
    };
    const choices = [all([1, 2, 5], 1), all([1], 1), all([1], 3)];
    return choices.find((c) => c.length <= 2 * most) || choices[2];
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

  return {
    DAY, byId, day, minute, number, money, signed, plain, price, duration, decodeLine, decodePrices,
    seek, drawdown, tone, CHARTS, Chart, stroke, between, range,
  };
})();
