"use strict";
// Draws the charts and the list of cycles from the series in the page.
(() => {
  const {
    DAY, byId, day, minute, number, money, signed, plain, price, duration, decodeLine, decodePrices,
    seek, drawdown, tone, CHARTS, Chart, stroke, between, range,
  } = TimeCharts;
  const DATA = JSON.parse(byId("series").textContent);
  const WHOLE = [DATA.from, DATA.to];
  const KINDS = ["entry", "target", "stop", "close"];
  const PATHS = ["pessimistic", "optimistic"];

  // ---- equity ------------------------------------------------------------------------------
  const equities = DATA.equity.map((e) => {
    const paths = e.paths.map(decodeLine);
    return { paths, hold: decodeLine(e.hold), falls: paths.map(drawdown) };
  });
  const chosenEquity = () => equities[Number(byId("equity-book").value)] || equities[0];
  const rounded = (v) => (Math.abs(v) >= 1000 ? number(v, 0) : number(v, 2));
  const equityChart = new Chart("equity-chart", WHOLE, (chart, g) => {
    const e = chosenEquity(), bottom = chart.h - chart.pad.bottom, split = chart.pad.top + (bottom - chart.pad.top) * 0.7;
    const [low, high] = range([...e.paths, e.hold], chart.view);
    const wide = low > 0 && high / low > 5;
    const y = chart.pane(chart.pad.top, split - 14, low, high, rounded, wide);
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
  const state = { pricePath: 0, cyclePath: 0, shown: 100, sort: [0, -1] };
  const option = (value, text) => { const o = document.createElement("option"); o.value = value; o.textContent = text; return o; };
  const fill = (id, names, all) => byId(id).append(...(all ? [option("-1", all)] : []), ...names.map(([v, text]) => option(String(v), text)));
  const chosenSymbol = () => Number(byId("price-symbol").value);
  const visible = (rows, view, time) => rows.filter((r) => r[time] >= view[0] - DAY && r[time] <= view[1] + DAY);
  const ofChart = (rows, book, symbol) => {
    const b = Number(byId("price-book").value), s = chosenSymbol();
    return rows.filter((r) => r[symbol] === s && (b < 0 || r[book] === b));
  };
  const digits = (v) => Math.max(0, Math.min(8, 5 - Math.floor(Math.log10(Math.abs(v) || 1))));

  const priceChart = charted.length ? new Chart("price-chart", WHOLE, (chart, g) => {
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
    const rows = [`${minute(p.t[i])}   bars of ${duration(p.step)}`, `O ${show(p.o[i])}  H ${show(p.h[i])}  L ${show(p.l[i])}  C ${show(p.c[i])}`];
    const near = (chart.near || []).filter((m) => Math.abs(m.x - x) < 7 && Math.abs(m.y - cy) < 14).slice(0, 5);
    for (const { f } of near) rows.push(`${minute(f[0])}  ${KINDS[f[4]]}${f[6] >= 0 ? ` level ${f[5] ? "L" : "S"}${f[6]}` : ""}  ${f[5] ? "buy" : "sell"} ${plain(f[8])} at ${plain(f[7])}  cycle ${f[3]}`);
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
  // The ladders of the chosen book, or of all.
  function levels(chart, g, p, y) {
    const book = Number(byId("price-book").value);
    for (const l of p.ladders) if (book < 0 || l.book === book) ladder(chart, g, l.rows, y, l.book);
  }
  function ladder(chart, g, rows, y, book) {
    const times = rows.map((r) => r.t), from = Math.max(0, seek(times, chart.view[0]) - 1);
    g.strokeStyle = tone("ladder"); g.lineWidth = 1; g.setLineDash(book % 2 ? [4, 3] : []);
    g.globalAlpha = Math.min(0.7, 0.28 + 12 * DAY / (chart.view[1] - chart.view[0]));
    g.beginPath();
    for (let i = from; i < rows.length && times[i] <= chart.view[1]; i++) {
      const a = chart.x(times[i]), b = chart.x(i + 1 < times.length ? times[i + 1] : chart.full[1]);
      const before = i > from ? rows[i - 1].levels : [], now = rows[i].levels;
      now.forEach((level, k) => {
        const joined = before.length === now.length;
        g.moveTo(a, y(joined ? before[k] : level));
        if (joined) g.lineTo(a, y(level));
        g.lineTo(Math.max(b, a + 0.5), y(level));
      });
    }
    g.stroke();
    g.setLineDash([]);
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
    ["Reason", (c) => DATA.reasons[c[6]], (c) => DATA.reasons[c[6]], "text"],
    ["Net", (c) => c[14], (c) => signed(c[14]), "net"],
    ["Gross", (c) => c[11], (c) => signed(c[11])],
    ["Fees", (c) => c[12], (c) => money(c[12])],
    ["Funding", (c) => c[13], (c) => signed(c[13])],
    ["Held", (c) => c[5] - c[4], (c) => duration(c[5] - c[4])],
    ["Levels", (c) => c[10], (c) => String(c[10])],
    ["Entry", (c) => c[7], (c) => price(c[7])],
    ["Exit", (c) => c[8], (c) => price(c[8])],
    ["Quantity", (c) => c[9], (c) => plain(c[9])],
    ["Cycle", (c) => c[2], (c) => String(c[2])],
  ];
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
    byId("price-book").value = String(c[0]);
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
      if (name === "text") head.className = "text";
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
