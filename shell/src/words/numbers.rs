//! Figures as a trader reads them: exact amounts rounded once, for showing.

use gardefou_core::market::Instrument;
use gardefou_core::money::{Cash, Fraction, Lots, SCALE, Ticks};
use gardefou_core::time::{Span, Timestamp};
use rust_decimal::Decimal;

use super::coin;
use crate::report::words as figures;

/// An amount of USDT without its unit: `1,646.00`.
#[must_use]
pub fn cash(amount: Cash) -> String {
    figures::money(decimal(amount))
}

/// The same without decimals, cut off: `-411`.
#[must_use]
pub fn whole_cash(amount: Cash) -> String {
    let whole = cash(Cash(amount.0 - amount.0 % i128::from(SCALE)));
    whole.split('.').next().unwrap_or_default().to_owned()
}

/// The same with its sign, also when it is positive: `+3.21`.
#[must_use]
pub fn signed_cash(amount: Cash) -> String {
    figures::signed(decimal(amount))
}

/// An amount with its unit: `1,646.00 USDT`.
#[must_use]
pub fn usdt(amount: Cash) -> String {
    format!("{} USDT", cash(amount))
}

/// A signed amount with its unit: `+3.21 USDT`.
#[must_use]
pub fn signed_usdt(amount: Cash) -> String {
    format!("{} USDT", signed_cash(amount))
}

/// A fraction in percent: `25 %`, `0.0123 %`.
#[must_use]
pub fn percent(fraction: Fraction) -> String {
    let percent = Decimal::new(fraction.0, 6).round_dp(4).normalize();
    format!("{percent} %")
}

/// A fraction in percent with two places: `24.18 %`.
#[must_use]
pub fn percent_short(fraction: Fraction) -> String {
    figures::percent(100.0 * fraction.to_f64())
}

/// How far `to` lies from `from`, in percent with a sign: `-1.30 %`.
#[must_use]
pub fn distance(from: Ticks, to: Ticks) -> String {
    figures::signed_percent(change(from, to))
}

/// The same without the sign: `1.30 %`.
#[must_use]
pub fn distance_size(from: Ticks, to: Ticks) -> String {
    figures::percent(change(from, to).abs())
}

/// part / whole in percent with a sign.
#[must_use]
pub fn share(part: Cash, whole: Cash) -> String {
    if whole.is_zero() {
        return figures::NONE.to_owned();
    }
    figures::signed_percent(100.0 * part.to_f64() / whole.to_f64())
}

fn change(from: Ticks, to: Ticks) -> f64 {
    if from.is_zero() { 0.0 } else { 100.0 * (to - from).0 as f64 / from.0 as f64 }
}

/// A price in USDT with the places of its tick: `58,800.0`.
#[must_use]
pub fn price(instrument: &Instrument, ticks: Ticks) -> String {
    let places = usize::try_from(instrument.tick.normalize().scale()).unwrap_or(0);
    let text = format!("{:.places$}", instrument.price(ticks));
    let (whole, rest) = text.split_once('.').map_or((text.as_str(), ""), |(w, r)| (w, r));
    let grouped = whole.parse().map_or_else(|_| whole.to_owned(), figures::whole);
    if rest.is_empty() { grouped } else { format!("{grouped}.{rest}") }
}

/// A quantity with its coin: `0.0121 BTC`.
#[must_use]
pub fn quantity(instrument: &Instrument, lots: Lots) -> String {
    format!("{} {}", instrument.quantity(lots).normalize(), coin(instrument))
}

/// A number and what it counts: `1 bar`, `2 bars`.
#[must_use]
pub fn counted(number: u32, noun: &str) -> String {
    figures::counted(usize::try_from(number).unwrap_or(usize::MAX), noun)
}

/// A minute in UTC: `2024-02-29 13:00`.
#[must_use]
pub fn minute(at: Timestamp) -> String {
    figures::minute(at.0)
}

/// The time of day in UTC: `13:00`.
#[must_use]
pub fn hour(at: Timestamp) -> String {
    minute(at).get(11..).unwrap_or_default().to_owned()
}

/// A length of time: `3 d 4 h`, `5 h`, `12 min`.
#[must_use]
pub fn length(span: Span) -> String {
    figures::hours(span.0 as f64 / Span::hours(1).0 as f64)
}

/// Cash as a decimal. What a decimal cannot hold is not shown as something else: the largest.
fn decimal(amount: Cash) -> Decimal {
    let limit = if amount.0 < 0 { Decimal::MIN } else { Decimal::MAX };
    Decimal::try_from_i128_with_scale(amount.0, 8).unwrap_or(limit)
}
