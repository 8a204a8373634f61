//! Numbers and times: how a transcript writes them, both ways.

use std::str::FromStr;

use gardefou_core::market::Instrument;
use gardefou_core::money::{Cash, Fraction, Lots, SCALE, Ticks};
use gardefou_core::time::{Span, Timestamp};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::fault::Fault;
use super::words::Word;

// What a transcript may write at most, so that no product of money leaves its type.
const TICKS_MAX: i64 = 1_000_000_000;
const LOTS_MAX: i64 = 10_000_000_000;
const USDT_MAX: i64 = 1_000_000_000_000;
const DAYS_MAX: i64 = 36_500;

/// A plain number.
pub(super) fn decimal(word: &Word<'_>) -> Result<Decimal, Fault> {
    Decimal::from_str(word.text)
        .map_err(|_| word.fault(format!("`{}` is not a number", word.text), "write one: 58800.5"))
}

/// A price that was computed, when it is one.
pub(super) fn computed(ticks: Decimal) -> Option<Ticks> {
    ticks.to_i64().filter(|ticks| ticks.abs() <= TICKS_MAX).map(Ticks)
}

/// A count.
pub(super) fn whole<T: FromStr>(word: &Word<'_>) -> Result<T, Fault> {
    word.text.parse().map_err(|_| {
        word.fault(format!("`{}` is not a whole number", word.text), "write one in digits: 3")
    })
}

/// A number for a formula.
pub(super) fn factor(word: &Word<'_>) -> Result<f64, Fault> {
    let number = decimal(word)?.to_f64();
    number.ok_or_else(|| word.fault("the number is too large", "write a smaller one"))
}

/// A price on the grid of its instrument.
pub(super) fn price(word: &Word<'_>, instrument: &Instrument) -> Result<Ticks, Fault> {
    let number = decimal(word)?;
    let ticks = instrument.ticks(number).filter(|ticks| ticks.0.abs() <= TICKS_MAX);
    ticks.ok_or_else(|| {
        let tick = instrument.tick;
        word.fault(
            format!("{number} is not a price of {}", instrument.symbol),
            format!("write a multiple of its tick {tick}"),
        )
    })
}

/// A quantity in coin, on the grid of its instrument.
pub(super) fn quantity(word: &Word<'_>, instrument: &Instrument) -> Result<Lots, Fault> {
    let number = decimal(word)?;
    let lots = instrument.lots(number).filter(|lots| (0..=LOTS_MAX).contains(&lots.0));
    lots.ok_or_else(|| {
        let lot = instrument.lot;
        word.fault(
            format!("{number} is not a quantity of {}", instrument.symbol),
            format!("write a multiple of its lot {lot}"),
        )
    })
}

/// An amount of USDT.
pub(super) fn cash(word: &Word<'_>) -> Result<Cash, Fault> {
    let units = decimal(word)?.checked_mul(Decimal::from(SCALE));
    let units = units.filter(|units| units.fract().is_zero()).and_then(|units| units.to_i128());
    let cash = units.map(Cash).filter(|cash| cash.0.abs() <= Cash::usdt(USDT_MAX).0);
    cash.ok_or_else(|| {
        let what = format!("`{}` is not an amount of USDT", word.text);
        word.fault(what, "write at most 8 decimals")
    })
}

/// A percentage, with or without its sign: 0.2 and 0.2% are both 0.002.
pub(super) fn percent(word: &Word<'_>) -> Result<Fraction, Fault> {
    let text = word.text.strip_suffix('%').unwrap_or(word.text);
    let units = decimal(&Word { text, ..*word })?.checked_mul(Decimal::from(SCALE / 100));
    let units = units.filter(|units| units.fract().is_zero()).and_then(|units| units.to_i64());
    units.map(Fraction).ok_or_else(|| {
        let what = format!("`{}` is not a percentage", word.text);
        word.fault(what, "write at most 6 decimals: 0.06%")
    })
}

/// A length of time: 250ms, 5s, 2m, 8h, 1d.
pub(super) fn span(word: &Word<'_>) -> Result<Span, Fault> {
    const UNITS: [(&str, i64); 5] =
        [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
    for (unit, millis) in UNITS {
        let number = word.text.strip_suffix(unit).and_then(|n| n.parse::<i64>().ok());
        let length = number.and_then(|number| number.checked_mul(millis));
        if let Some(length) = length.filter(|length| (0..=DAYS_MAX * 86_400_000).contains(length)) {
            return Ok(Span(length));
        }
    }
    let what = format!("`{}` is not a length of time", word.text);
    Err(word.fault(what, "write 250ms, 5s, 2m, 8h or 1d"))
}

/// An instant: 2026-01-05T10:00Z, 10:00:05 of the day of `now`, or +5s after `now`.
pub(super) fn instant(word: &Word<'_>, now: Timestamp) -> Result<Timestamp, Fault> {
    if let Some(rest) = word.text.strip_prefix('+') {
        return Ok(now + span(&Word { text: rest, column: word.column + 1, ..*word })?);
    }
    let text = word.text;
    let full = if text.contains('T') { text.to_owned() } else { format!("{}T{text}", day(now)) };
    let full = if full.ends_with('Z') { full } else { full + "Z" };
    full.parse::<jiff::Timestamp>().map(|at| Timestamp(at.as_millisecond())).map_err(|_| {
        let what = format!("`{text}` is not a time");
        word.fault(what, "write 2026-01-05T10:00Z, 10:00:05 (the same day) or +5s")
    })
}

fn day(at: Timestamp) -> String {
    written(at).chars().take(10).collect()
}

fn written(at: Timestamp) -> String {
    match jiff::Timestamp::from_millisecond(at.0) {
        Ok(at) => at.to_string(),
        Err(_) => format!("{} ms", at.0),
    }
}

/// A time with the seconds only when there are any: 2026-01-05T10:00Z.
pub(super) fn time(at: Timestamp) -> String {
    let text = written(at);
    match text.strip_suffix(":00Z") {
        Some(minutes) => format!("{minutes}Z"),
        None => text,
    }
}

/// A length of time in its largest exact unit.
pub(super) fn length(span: Span) -> String {
    let hours = span.0 / 3_600_000;
    let minutes = span.0 / 60_000 % 60;
    let rest = span.0 % 60_000;
    let mut text = String::new();
    if hours > 0 {
        text += &format!("{hours}h");
    }
    if minutes > 0 {
        text += &format!("{minutes}m");
    }
    if rest > 0 || text.is_empty() {
        text += &format!("{}s", Decimal::new(rest, 3).normalize());
    }
    text
}

/// A fraction as percent.
pub(super) fn in_percent(fraction: Fraction) -> String {
    format!("{}%", Decimal::new(fraction.0, 6).normalize())
}

/// An amount that people read: exact.
pub(super) fn usdt(amount: Cash) -> String {
    amount.to_string()
}
