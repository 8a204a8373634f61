//! The round at a close: decisions, orders of open cycles, slots (rule 7, 8 and 10).

use super::book::{Book, Target};
use super::cycle::{Cycle, notional, target_price};
use super::ladder::{self, Maker, Order, directions, level_price, parts, volatile_enough};
use super::number::{fee_up, int, least, percent, whole};
use super::types::{Direction, EntryOrder, Kind, Q};

/// A flat symbol that asks for a slot.
struct Candidate {
    i: usize,
    distance: Q,
    margin: Q,
    dirs: Vec<Direction>,
    orders: Vec<Order>,
    mono: Option<(Direction, i64)>,
    per_level: Option<Q>,
}

/// Ends the round: `blocked` when a switch is latched.
pub fn close_round(book: &mut Book<'_>, blocked: bool) {
    for i in book.by_name.clone() {
        let Some(t) = book.states[i].now else {
            book.states[i].orders.clear();
            continue;
        };
        if let Some(cycle) = book.states[i].cycle.clone() {
            manage(book, i, t, &cycle, blocked);
        }
    }
    let mut candidates = Vec::new();
    for i in book.by_name.clone() {
        if book.states[i].cycle.is_none() {
            candidates.extend(if blocked { None } else { candidate(book, i) });
        }
    }
    for state in book.states.iter_mut().filter(|s| s.cycle.is_none()) {
        state.orders.clear();
    }
    give_slots(book, candidates);
    for state in &mut book.states {
        if state.cycle.is_none() && state.orders.is_empty() {
            state.margin = None;
        }
    }
}

/// Target, decision and ladder of an open cycle.
fn manage(book: &mut Book<'_>, i: usize, t: usize, cycle: &Cycle, blocked: bool) {
    let symbol = book.symbol(i);
    let kind = book.strategy.kind;
    let sma = book.series[i].sma(t).unwrap_or(int(0));
    let price = target_price(kind, &symbol.params, cycle.dir, &cycle.booked(), &sma);
    let before = book.states[i].target;
    let kept = kind == Kind::Supertrend || before.is_some_and(|b| b.price == price && b.kept);
    book.states[i].target = Some(Target { price, kept });
    book.states[i].closing = decision(book, i, t, cycle, price);
    let withdrawn = blocked || book.states[i].closing.is_some() || kind == Kind::Supertrend;
    book.states[i].orders = if withdrawn { Vec::new() } else { deeper(book, i, t, cycle) };
}

/// Rule 8: the first that holds.
fn decision(
    book: &Book<'_>,
    i: usize,
    t: usize,
    cycle: &Cycle,
    target: i64,
) -> Option<&'static str> {
    let symbol = book.symbol(i);
    let close = symbol.bars[t].c;
    let against = -(cycle.dir.sign() as i8);
    let flipped = book.series[i].trend(t) == Some(against);
    let hold = symbol.params.max_hold_candles;
    let expired = hold > 0 && t - cycle.first_bar() >= hold;
    let kind = book.strategy.kind;
    if kind == Kind::Supertrend {
        None
    } else if cycle.dir.at_or_worse(target, close) {
        Some("tp_global")
    } else if kind == Kind::GridMultiTf && flipped {
        Some("direction_flip")
    } else if expired && cycle.gross(symbol, close) < int(0) {
        Some("time_stop")
    } else {
        None
    }
}

/// Unfilled levels of an open cycle.
fn deeper(book: &Book<'_>, i: usize, t: usize, cycle: &Cycle) -> Vec<Order> {
    let params = &book.symbol(i).params;
    if !directions(book.strategy.kind, params, &book.series[i], t).contains(&cycle.dir) {
        return Vec::new();
    }
    let margin = margin_per_level(book, i);
    maker(book, i, t, &margin).ladder(cycle.dir, Some(cycle))
}

fn maker<'b>(book: &'b Book<'_>, i: usize, t: usize, margin: &'b Q) -> Maker<'b> {
    Maker {
        input: book.input,
        strategy: book.strategy,
        symbol: book.symbol(i),
        series: &book.series[i],
        t,
        margin,
        resting: &book.states[i].orders,
    }
}

/// M: frozen, or what it would be now.
fn margin_per_level(book: &Book<'_>, i: usize) -> Q {
    let levels = book.symbol(i).params.num_levels as i64;
    let share = || &book.balance / int(book.strategy.symbols.len() as i64) / int(levels);
    book.states[i].margin.clone().unwrap_or_else(share)
}

/// What a flat symbol would quote, if it may.
fn candidate(book: &Book<'_>, i: usize) -> Option<Candidate> {
    let t = book.states[i].now?;
    if !may_quote(book, i, t) {
        return None;
    }
    match book.strategy.kind {
        Kind::Supertrend => mono_candidate(book, i, t),
        Kind::GridAtr | Kind::GridMultiTf => grid_candidate(book, i, t),
    }
}

/// Warm-up, `from` and cooldown.
fn may_quote(book: &Book<'_>, i: usize, t: usize) -> bool {
    let symbol = book.symbol(i);
    let next_open = symbol.bars[t].open_ms + book.input.timeframe_ms;
    let cooled = |b: usize| t >= b + symbol.params.cooldown_candles;
    t + 1 >= symbol.warmup_bars
        && book.input.from_ms.is_none_or(|from| next_open >= from)
        && book.states[i].closed_bar.is_none_or(cooled)
}

fn grid_candidate(book: &Book<'_>, i: usize, t: usize) -> Option<Candidate> {
    let (symbol, series, kind) = (book.symbol(i), &book.series[i], book.strategy.kind);
    let close = symbol.bars[t].c;
    if !volatile_enough(kind, &symbol.params, series, t, close) {
        return None;
    }
    let per_level = margin_per_level(book, i);
    let mut found = Candidate {
        i,
        distance: int(0),
        margin: int(0),
        dirs: Vec::new(),
        orders: Vec::new(),
        mono: None,
        per_level: Some(per_level.clone()),
    };
    for dir in directions(kind, &symbol.params, series, t) {
        let side = maker(book, i, t, &per_level).ladder(dir, None);
        if side.is_empty() {
            continue;
        }
        let first = level_price(&symbol.params, series, t, close, dir, 0)?;
        let distance = int((close - first).abs()) / int(close);
        let nearer = found.dirs.is_empty() || distance < found.distance;
        if nearer {
            found.distance = distance;
        }
        let margin = notional(&parts(&side), symbol) / int(book.strategy.leverage as i64);
        found.margin = if margin > found.margin { margin } else { found.margin };
        found.dirs.push(dir);
        found.orders.extend(side);
    }
    let earns = |dir: &Direction| earns_more_than_fees(book, i, t, *dir, &found.orders);
    (!found.orders.is_empty() && found.dirs.iter().all(earns)).then_some(found)
}

/// The round trip of the whole ladder of one side.
fn earns_more_than_fees(
    book: &Book<'_>,
    i: usize,
    t: usize,
    dir: Direction,
    orders: &[Order],
) -> bool {
    let side: Vec<Order> = orders.iter().filter(|o| o.dir == dir).cloned().collect();
    let rate = match book.input.entry_order {
        EntryOrder::Limit => &book.input.maker,
        EntryOrder::Market => &book.input.taker,
    };
    round_trip(book, i, t, dir, &parts(&side), rate)
}

fn round_trip(
    book: &Book<'_>,
    i: usize,
    t: usize,
    dir: Direction,
    filled: &[(i64, i64)],
    rate: &Q,
) -> bool {
    let (symbol, filled) = (book.symbol(i), filled.to_vec());
    let sma = book.series[i].sma(t).unwrap_or(int(0));
    let target = target_price(book.strategy.kind, &symbol.params, dir, &filled, &sma);
    let lots = filled.iter().map(|(_, lots)| lots).sum();
    let mut fees = fee_up(&(notional(&vec![(target, lots)], symbol) * &book.input.maker));
    for part in &filled {
        fees += fee_up(&(notional(&vec![*part], symbol) * rate));
    }
    super::cycle::gross(dir, &filled, symbol, target) > fees
}

/// Rule 9 and the sizing of DECISIONS, formulas, at the close.
fn mono_candidate(book: &Book<'_>, i: usize, t: usize) -> Option<Candidate> {
    let (symbol, input) = (book.symbol(i), book.input);
    let dir = match book.series[i].turn(t)? {
        1 if symbol.params.long => Direction::Long,
        -1 if symbol.params.short => Direction::Short,
        _ => return None,
    };
    let close = symbol.bars[t].c;
    let cost = percent(&symbol.params.sl_percent) + &input.taker + &input.slippage;
    let value = &book.balance * percent(&input.max_risk_per_trade_percent) / cost;
    let lots = whole(&(&value / (int(close) * &symbol.tick * &symbol.lot)).floor());
    let affordable = &value * &input.taker < book.balance;
    if !affordable || !ladder::enough(symbol, close, lots) {
        return None;
    }
    let planned = vec![(close, lots)];
    round_trip(book, i, t, dir, &planned, &input.taker).then(|| Candidate {
        i,
        distance: int(0),
        margin: notional(&planned, symbol) / int(book.strategy.leverage as i64),
        dirs: vec![dir],
        orders: Vec::new(),
        mono: Some((dir, lots)),
        per_level: None,
    })
}

/// Rule 10: ranked, whole, under the cap, under the pre-trade limits.
fn give_slots(book: &mut Book<'_>, mut candidates: Vec<Candidate>) {
    let name = |c: &Candidate| book.strategy.symbols[c.i].name.clone();
    candidates.sort_by_key(|c| (c.distance.clone(), name(c)));
    let mut taken: Vec<Taken> = open_cycles(book);
    for candidate in candidates {
        if taken.len() < book.input.max_live_grids && fits(book, &taken, &candidate) {
            let state = &mut book.states[candidate.i];
            taken.push(Taken {
                group: book.strategy.symbols[candidate.i].group.clone(),
                dirs: candidate.dirs,
                margin: candidate.margin,
            });
            state.orders = candidate.orders;
            state.entering = candidate.mono;
            state.margin = candidate.per_level;
        }
    }
}

/// An open cycle, or a symbol that got its slot in this round.
struct Taken {
    group: String,
    dirs: Vec<Direction>,
    margin: Q,
}

fn open_cycles(book: &Book<'_>) -> Vec<Taken> {
    let taken = |i: &usize| {
        let dir = book.states[*i].cycle.as_ref()?.dir;
        let group = book.symbol(*i).group.clone();
        Some(Taken { group, dirs: vec![dir], margin: book.reserved(*i) })
    };
    book.by_name.iter().filter_map(taken).collect()
}

/// Cap, then decision 14 rules 3 to 5.
fn fits(book: &Book<'_>, taken: &[Taken], candidate: &Candidate) -> bool {
    let (input, equity) = (book.input, book.equity());
    let sum = |which: &dyn Fn(&&Taken) -> bool| {
        taken.iter().filter(which).fold(candidate.margin.clone(), |a, t| a + &t.margin)
    };
    let used = sum(&|_| true);
    let cap = &input.max_margin_ratio * least(book.balance.clone(), equity.clone());
    let free_after = &equity - &used;
    used <= cap
        && taken.len() < input.max_concurrent_positions
        && group_allows(book, taken, candidate, &equity)
        && free_after >= &equity * percent(&input.min_free_margin_percent)
}

fn group_allows(book: &Book<'_>, taken: &[Taken], candidate: &Candidate, equity: &Q) -> bool {
    let group = &book.symbol(candidate.i).group;
    let Some((count, share)) = book.input.groups.get(group) else {
        return true;
    };
    let peers: Vec<&Taken> = taken.iter().filter(|t| t.group == *group).collect();
    let same = |dir: &Direction| peers.iter().filter(|t| t.dirs.contains(dir)).count();
    let margin = peers.iter().fold(candidate.margin.clone(), |a, t| a + &t.margin);
    candidate.dirs.iter().all(|dir| same(dir) < *count) && margin <= equity * percent(share)
}
