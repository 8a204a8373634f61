//! Numbers and times as a trader reads them, the same in the terminal and on the page.

use rust_decimal::{Decimal, RoundingStrategy};

use super::result::{Backtest, rfc3339};

/// Shown where a figure does not exist.
pub(crate) const NONE: &str = "–";
/// The smallest amount that two places show.
const CENT: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

/// Which of the data found were read, in sentences: the venue, and files that others stand in for.
pub(crate) fn data_chosen(backtest: &Backtest) -> Vec<String> {
    let choice = &backtest.parameters.choice;
    let others = choice.venues_found.iter().filter(|venue| **venue != choice.venue);
    let others = others.map(String::as_str).collect::<Vec<_>>().join(", ");
    let mut sentences = Vec::new();
    match (choice.venue.as_str(), others.as_str()) {
        ("", _) => {}
        (venue, "") => sentences.push(format!("Data of {venue}.")),
        (venue, others) => sentences.push(format!(
            "Data of {venue}; not used: {others}, which have some of the symbols too (--venue)."
        )),
    }
    let aside: Vec<&str> =
        backtest.data.iter().flat_map(|series| &series.set_aside).map(String::as_str).collect();
    if !aside.is_empty() {
        let files = aside.join(", ");
        sentences
            .push(format!("Set aside, for files of the same symbol with a longer range: {files}."));
    }
    sentences
}

/// What each book could lose at once, in sentences.
pub(crate) fn worst_cases(backtest: &Backtest) -> Vec<String> {
    let books = backtest.parameters.books.iter();
    books
        .filter_map(|book| Some((&book.name, book.worst_case.as_ref()?)))
        .map(|(name, worst)| {
            let loss = format!("{} USDT", money(worst.loss));
            let trips = [worst.trips_session, worst.trips_global];
            let share = percent(worst.loss_percent);
            crate::words::worst_case_of(name, worst.cycles, &loss, &share, trips)
        })
        .collect()
}

/// An amount of money: two places, four when two would show nothing of it.
pub(crate) fn money(amount: Decimal) -> String {
    let places = if amount.abs() < CENT && !amount.is_zero() { 4 } else { 2 };
    let rounded = amount.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero);
    let places = usize::from(places == 4 && !rounded.is_zero()) * 2 + 2;
    let text = format!("{:.places$}", rounded.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let minus = if rounded.is_sign_negative() && !rounded.is_zero() { "-" } else { "" };
    format!("{minus}{}.{fraction}", grouped(whole))
}

/// An amount of money with its sign, also when it is positive.
pub(crate) fn signed(amount: Decimal) -> String {
    plus(money(amount), amount > Decimal::ZERO)
}

/// A whole number with its thousands apart.
pub(crate) fn whole(number: u64) -> String {
    grouped(&number.to_string())
}

/// A number and what it counts: `1 cycle`, `2 cycles`.
pub(crate) fn counted(number: usize, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", grouped(&number.to_string()))
}

/// A percentage.
pub(crate) fn percent(value: f64) -> String {
    format!("{} %", fixed(value, if value.abs() < 100.0 { 2 } else { 1 }))
}

/// A percentage with its sign.
pub(crate) fn signed_percent(value: f64) -> String {
    let text = percent(value);
    let positive = value > 0.0 && text.chars().any(|c| ('1'..='9').contains(&c));
    plus(text, positive)
}

/// A ratio with two places.
pub(crate) fn ratio(value: f64) -> String {
    fixed(value, 2)
}

/// A figure that may not exist.
pub(crate) fn maybe<T>(value: Option<T>, words: impl FnOnce(T) -> String) -> String {
    value.map_or_else(|| NONE.to_owned(), words)
}

/// A day: `2024-02-29`.
pub(crate) fn day(ms: i64) -> String {
    rfc3339(ms).split('T').next().unwrap_or_default().to_owned()
}

/// A minute: `2024-02-29 13:00`.
pub(crate) fn minute(ms: i64) -> String {
    let text = rfc3339(ms);
    text.get(..16).map_or_else(|| text.clone(), |t| t.replace('T', " "))
}

/// A span of hours: `3 d 4 h`, `5 h`, `12 min`.
pub(crate) fn hours(hours: f64) -> String {
    let (days, rest) = ((hours / 24.0).floor(), (hours % 24.0).floor());
    if hours < 1.0 {
        format!("{:.0} min", (hours * 60.0).floor())
    } else if days < 1.0 {
        format!("{rest:.0} h")
    } else {
        format!("{days:.0} d {rest:.0} h")
    }
}

/// A rate given as a fraction, in percent: `0.0001` → `0.01 %`.
pub(crate) fn fraction(rate: Decimal) -> String {
    format!("{} %", rate.saturating_mul(Decimal::ONE_HUNDRED).normalize())
}

fn fixed(value: f64, places: usize) -> String {
    if !value.is_finite() {
        return NONE.to_owned();
    }
    let text = format!("{:.places$}", value.abs());
    let zero = !text.chars().any(|c| ('1'..='9').contains(&c));
    let (before, after) = text.split_once('.').unwrap_or((&text, ""));
    format!("{}{}.{after}", if value < 0.0 && !zero { "-" } else { "" }, grouped(before))
}

fn plus(text: String, positive: bool) -> String {
    if positive { format!("+{text}") } else { text }
}

fn grouped(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn money_is_grouped_rounded_and_never_minus_zero() {
        let cases = [
            ("1234567.895", "1,234,567.90"),
            ("-999.994", "-999.99"),
            ("0", "0.00"),
            ("0.03125", "0.03"),
            ("-0.00125", "-0.0013"),
            ("-0.00000001", "0.00"),
            ("100", "100.00"),
        ];
        for (amount, words) in cases {
            assert_eq!(money(d(amount)), words, "{amount}");
        }
        assert_eq!(signed(d("5")), "+5.00");
        assert_eq!(signed(d("-5")), "-5.00");
        assert_eq!(signed(d("0")), "0.00");
    }

    #[test]
    fn ratios_and_percentages() {
        assert_eq!(percent(-0.001), "0.00 %");
        assert_eq!(signed_percent(0.001), "0.00 %");
        assert_eq!(signed_percent(12.345), "+12.35 %");
        assert_eq!(percent(-1234.56), "-1,234.6 %");
        assert_eq!(ratio(f64::NAN), NONE);
        assert_eq!(fraction(d("0.000100")), "0.01 %");
    }

    #[test]
    fn times_and_spans() {
        assert_eq!(day(1_709_164_800_000), "2024-02-29");
        assert_eq!(minute(1_709_164_800_000 + 46_800_000), "2024-02-29 13:00");
        assert_eq!(hours(76.0), "3 d 4 h");
        assert_eq!(hours(5.9), "5 h");
        assert_eq!(hours(0.2), "12 min");
        assert_eq!(counted(1, "cycle"), "1 cycle");
        assert_eq!(counted(1200, "cycle"), "1,200 cycles");
    }
}
