//! A toy grid: buys below an average, sells at it, stops below its entry.

use rust_decimal::Decimal;

use super::stated::hash;
use super::{HOUR, LEVELS, SYMBOLS};
use crate::report::html::PriceSeries;
use crate::report::metrics::{DAY_MS, Window};
use crate::report::result::*;

/// One symbol of one book on one path.
pub(super) struct Toy<'a> {
    book: &'a str,
    series: &'a PriceSeries,
    reach: f64,
    share: f64,
    optimistic: bool,
    window: Window,
    places: u32,
    money: Decimal,
    held: Vec<(i64, Decimal, Decimal)>,
    fees: Decimal,
    paid: Decimal,
    number: u64,
    pub(super) facts: PathResult,
    pub(super) marks: Vec<(i64, Decimal, Decimal)>,
    pub(super) ladder: Vec<(i64, Vec<f64>)>,
}

impl<'a> Toy<'a> {
    pub(super) fn new(
        book: &'a str,
        series: &'a PriceSeries,
        reach: f64,
        share: f64,
        optimistic: bool,
        window: Window,
    ) -> Self {
        let places = SYMBOLS.iter().find(|s| s.0 == series.symbol).unwrap().2;
        Self {
            book,
            series,
            reach,
            share,
            optimistic,
            window,
            places,
            money: Decimal::ZERO,
            held: Vec::new(),
            fees: Decimal::ZERO,
            paid: Decimal::ZERO,
            number: 1,
            facts: PathResult::default(),
            marks: Vec::new(),
            ladder: Vec::new(),
        }
    }

    pub(super) fn run(&mut self, ladder: bool) {
        const BARS: usize = 48;
        let points = &self.series.points;
        for (i, &(time, _, high, low, close)) in points.iter().enumerate() {
            self.mark(time, close);
            if i < BARS {
                continue;
            }
            let back = &points[i - BARS..i];
            let average = back.iter().map(|p| p.4).sum::<f64>() / BARS as f64;
            let range = back.iter().map(|p| p.2 - p.3).sum::<f64>() / BARS as f64;
            let level = |k: usize| average - range * (self.reach + 1.3 * k as f64);
            let levels: Vec<f64> = (0..LEVELS).map(level).collect();
            if ladder {
                self.ladder.push((time, levels.clone()));
            }
            self.fund(time, close);
            self.bar(time + HOUR - 1, (high, low), average, &levels);
        }
        let close = points[points.len() - 1].4;
        self.mark(self.window.to, close);
        self.leave_open(close);
    }

    fn mark(&mut self, time: i64, close: f64) {
        if time.rem_euclid(DAY_MS) == 0 {
            self.marks.push((time, self.money, self.unrealised(close)));
        }
    }

    fn unrealised(&self, price: f64) -> Decimal {
        let price = self.price(price);
        self.held.iter().map(|(_, entry, quantity)| (price - entry) * quantity).sum()
    }

    fn price(&self, price: f64) -> Decimal {
        Decimal::new((price * 10_f64.powi(self.places as i32)).round() as i64, self.places)
    }

    fn fund(&mut self, time: i64, close: f64) {
        let quantity: Decimal = self.held.iter().map(|h| h.2).sum();
        if time.rem_euclid(8 * HOUR) != 0 || quantity.is_zero() {
            return;
        }
        let rate = Decimal::new((time / HOUR) % 7 * 3 - 5, 5);
        let price = self.price(close);
        let amount = -(rate * quantity * price).round_dp(8);
        self.money += amount;
        self.paid += amount;
        self.facts.funding.push(Funding {
            time,
            book: self.book.to_owned(),
            symbol: self.series.symbol.clone(),
            cycle: self.number,
            rate,
            quantity,
            price,
            amount,
        });
    }

    fn bar(&mut self, time: i64, (high, low): (f64, f64), average: f64, levels: &[f64]) {
        let before = self.held.len();
        if self.optimistic && before > 0 && high > average {
            return self.close(time, average, FillKind::Target);
        }
        for (k, level) in levels.iter().enumerate().skip(before) {
            if low < *level && *level > 0.0 {
                let quantity = Decimal::new((self.share * 6.0 / level * 1000.0) as i64, 3);
                let price = self.price(*level);
                self.fill(time, FillKind::Entry, Some(k as u8), price, quantity);
                self.held.push((time, price, quantity));
            }
        }
        let Some(entry) = self.entry() else { return };
        let stop = entry * 0.9;
        if low <= stop {
            return self.close(
                time,
                stop * if self.optimistic { 0.9995 } else { 0.995 },
                FillKind::Stop,
            );
        }
        let touched = self.held.len() > before;
        if high > average && (self.optimistic || !touched) {
            self.close(time, average, FillKind::Target);
        }
    }

    fn entry(&self) -> Option<f64> {
        let (value, quantity) = self.sums();
        (!quantity.is_zero()).then(|| (value / quantity).try_into().unwrap())
    }

    fn sums(&self) -> (Decimal, Decimal) {
        (self.held.iter().map(|h| h.1 * h.2).sum(), self.held.iter().map(|h| h.2).sum())
    }

    fn fill(
        &mut self,
        time: i64,
        kind: FillKind,
        level: Option<u8>,
        price: Decimal,
        quantity: Decimal,
    ) {
        let maker = matches!(kind, FillKind::Entry | FillKind::Target);
        let fee = (price * quantity * Decimal::new(if maker { 2 } else { 6 }, 4)).round_dp(8);
        self.fees += fee;
        self.money -= fee;
        self.facts.fills.push(Fill {
            time,
            book: self.book.to_owned(),
            symbol: self.series.symbol.clone(),
            cycle: self.number,
            side: if kind == FillKind::Entry { Side::Buy } else { Side::Sell },
            level,
            kind,
            reason: reason(kind),
            liquidity: if maker { Liquidity::Maker } else { Liquidity::Taker },
            price,
            quantity,
            fee,
        });
    }

    fn close(&mut self, time: i64, price: f64, kind: FillKind) {
        let price = self.price(price);
        let (value, quantity) = self.sums();
        self.fill(time, kind, None, price, quantity);
        let gross = price * quantity - value;
        self.money += gross;
        self.facts.cycles.push(Cycle {
            book: self.book.to_owned(),
            symbol: self.series.symbol.clone(),
            cycle: self.number,
            direction: Direction::Long,
            opened: self.held[0].0,
            closed: time,
            reason: close_reason(kind),
            average_entry: value / quantity,
            average_exit: price,
            quantity,
            levels_filled: self.held.len() as u8,
            gross,
            fees: self.fees,
            funding: self.paid,
            net: gross - self.fees + self.paid,
            params_hash: hash(self.book),
        });
        (self.fees, self.paid) = (Decimal::ZERO, Decimal::ZERO);
        self.held.clear();
        self.number += 1;
    }

    fn leave_open(&mut self, close: f64) {
        let (value, quantity) = self.sums();
        let Some(first) = self.held.first() else { return };
        self.facts.open_cycles.push(OpenCycle {
            book: self.book.to_owned(),
            symbol: self.series.symbol.clone(),
            cycle: self.number,
            direction: Direction::Long,
            opened: first.0,
            average_entry: value / quantity,
            last_price: self.price(close),
            stop: Some((value / quantity * Decimal::new(9, 1)).round_dp(self.places)),
            quantity,
            levels_filled: self.held.len() as u8,
            fees: self.fees,
            funding: self.paid,
            unrealised: self.unrealised(close),
            params_hash: hash(self.book),
        });
    }
}

fn reason(kind: FillKind) -> FillReason {
    match kind {
        FillKind::Entry => FillReason::Entry,
        FillKind::Target => FillReason::Target,
        FillKind::Stop => FillReason::Stop,
        FillKind::Close => FillReason::Flip,
    }
}

fn close_reason(kind: FillKind) -> CloseReason {
    match kind {
        FillKind::Target => CloseReason::Target,
        FillKind::Stop => CloseReason::Stop,
        FillKind::Entry | FillKind::Close => CloseReason::Flip,
    }
}
