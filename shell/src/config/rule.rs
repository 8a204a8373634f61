//! What a value may be: one type per kind of value, with its reading, its words and its display.
//! Money and rates are read as exact decimals; no number passes through a float on the way in.

use gardefou_core::config::Sides;
use gardefou_core::ids::SymbolName;
use gardefou_core::money::Fraction;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::document::{Kind, Node};

/// A rule that a value must obey. What breaks it is answered in words.
pub(super) trait Rule {
    /// What the value becomes.
    type Value: Clone;
    /// Reads a value; the error is the rule that it breaks.
    fn read(&self, node: &Node) -> Result<Self::Value, String>;
    /// What to write.
    fn remedy(&self) -> String;
    /// The allowed values, for the manual.
    fn range(&self) -> String;
    /// The value as a person writes it.
    fn show(&self, value: &Self::Value) -> String;
    /// Some allowed value, with which reading goes on after a refusal.
    fn stand_in(&self) -> Self::Value;
}

fn text(node: &Node) -> Result<&str, String> {
    match &node.kind {
        Kind::Text(text) => Ok(text),
        Kind::Null => Err("a key that is written needs a value".to_owned()),
        Kind::List(_) | Kind::Table(_) => Err("must be a single value".to_owned()),
    }
}

/// Digits with at most one point and a sign: no exponent, no thousands mark, no infinity.
pub(super) fn decimal(text: &str) -> Option<Decimal> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !plain(whole) || !plain(fraction) {
        return None;
    }
    Decimal::from_str_exact(text).ok().map(|value| value.normalize())
}

/// A whole number.
pub(super) struct Whole {
    pub(super) least: u32,
    pub(super) most: u32,
    /// What else to know when it is refused; empty for nothing.
    pub(super) note: &'static str,
}

impl Rule for Whole {
    type Value = u32;

    fn read(&self, node: &Node) -> Result<u32, String> {
        let value = decimal(text(node)?).ok_or_else(|| "must be a whole number".to_owned())?;
        if !value.is_integer() {
            return Err("must be a whole number".to_owned());
        }
        let value = value.to_u32().filter(|value| (self.least..=self.most).contains(value));
        value.ok_or_else(|| format!("must be {}", self.range()))
    }

    fn remedy(&self) -> String {
        format!("write a whole number from {}{}", self.range(), self.note)
    }

    fn range(&self) -> String {
        format!("{} to {}", self.least, self.most)
    }

    fn show(&self, value: &u32) -> String {
        value.to_string()
    }

    fn stand_in(&self) -> u32 {
        self.least
    }
}

/// A percentage: `5` is 5 %, kept as the fraction 0.05.
pub(super) struct Percent {
    pub(super) least: Fraction,
    pub(super) most: Fraction,
}

const PERCENT_DECIMALS: u32 = 6;

/// A fraction in percent, exact.
pub(super) fn percent(value: Fraction) -> String {
    Decimal::new(value.0, PERCENT_DECIMALS).normalize().to_string()
}

impl Rule for Percent {
    type Value = Fraction;

    fn read(&self, node: &Node) -> Result<Fraction, String> {
        let value = decimal(text(node)?).ok_or_else(|| "must be a number of percent".to_owned())?;
        let fraction = scaled(value, PERCENT_DECIMALS)?;
        let allowed = Some(Fraction(fraction)).filter(|v| (self.least..=self.most).contains(v));
        allowed.ok_or_else(|| format!("must be {} percent", self.range()))
    }

    fn remedy(&self) -> String {
        format!("write percent without a sign, from {} (5 means 5 %)", self.range())
    }

    fn range(&self) -> String {
        format!("{} to {}", percent(self.least), percent(self.most))
    }

    fn show(&self, value: &Fraction) -> String {
        percent(*value)
    }

    fn stand_in(&self) -> Fraction {
        self.least
    }
}

/// `value · 10^decimals` as a whole number, or the rule that it breaks.
fn scaled(value: Decimal, decimals: u32) -> Result<i64, String> {
    if value.scale() > decimals {
        return Err(format!("must have at most {decimals} decimals"));
    }
    let scaled = value.checked_mul(Decimal::from(10_i64.pow(decimals)));
    // What does not fit is far above every limit, and is refused by the range.
    Ok(scaled.and_then(|v| v.to_i64()).unwrap_or(if value.is_sign_negative() {
        i64::MIN
    } else {
        i64::MAX
    }))
}

/// A part of one: `0.7` is 70 %.
pub(super) struct Ratio {
    pub(super) least: Fraction,
    pub(super) most: Fraction,
}

const RATIO_DECIMALS: u32 = 8;

impl Rule for Ratio {
    type Value = Fraction;

    fn read(&self, node: &Node) -> Result<Fraction, String> {
        let value = decimal(text(node)?).ok_or_else(|| "must be a number".to_owned())?;
        let fraction = Fraction(scaled(value, RATIO_DECIMALS)?);
        let allowed = Some(fraction).filter(|v| (self.least..=self.most).contains(v));
        allowed.ok_or_else(|| format!("must be {}", self.range()))
    }

    fn remedy(&self) -> String {
        format!("write a part of one from {} (0.7 means 70 %)", self.range())
    }

    fn range(&self) -> String {
        format!("{} to {}", self.least, self.most)
    }

    fn show(&self, value: &Fraction) -> String {
        value.to_string()
    }

    fn stand_in(&self) -> Fraction {
        self.least
    }
}

/// A factor that multiplies an indicator; indicators are f64.
pub(super) struct Number {
    pub(super) least: f64,
    pub(super) most: f64,
}

impl Rule for Number {
    type Value = f64;

    fn read(&self, node: &Node) -> Result<f64, String> {
        let text = text(node)?;
        let value = decimal(text).and_then(|_| text.parse::<f64>().ok());
        let value = value.ok_or_else(|| "must be a number".to_owned())?;
        let allowed = Some(value).filter(|v| (self.least..=self.most).contains(v));
        allowed.map(|v| v + 0.0).ok_or_else(|| format!("must be {}", self.range()))
    }

    fn remedy(&self) -> String {
        format!("write a number from {}", self.range())
    }

    fn range(&self) -> String {
        format!("{} to {}", self.least, self.most)
    }

    fn show(&self, value: &f64) -> String {
        value.to_string()
    }

    fn stand_in(&self) -> f64 {
        self.least
    }
}

/// An amount of money or coin, or a step of price: exact and above zero.
pub(super) struct Amount {
    pub(super) most: u32,
    pub(super) decimals: u32,
}

impl Rule for Amount {
    type Value = Decimal;

    fn read(&self, node: &Node) -> Result<Decimal, String> {
        let value = decimal(text(node)?).ok_or_else(|| "must be a number".to_owned())?;
        if value <= Decimal::ZERO || value > Decimal::from(self.most) {
            return Err(format!("must be {}", self.range()));
        }
        if value.scale() > self.decimals {
            return Err(format!("must have at most {} decimals", self.decimals));
        }
        Ok(value)
    }

    fn remedy(&self) -> String {
        format!("write a plain number {}", self.range())
    }

    fn range(&self) -> String {
        format!("above 0, at most {}", self.most)
    }

    fn show(&self, value: &Decimal) -> String {
        value.normalize().to_string()
    }

    fn stand_in(&self) -> Decimal {
        Decimal::ONE
    }
}

/// One of a few words.
pub(super) struct Choice<T: 'static> {
    pub(super) words: &'static [(&'static str, T)],
    pub(super) stand_in: T,
    pub(super) rule: &'static str,
}

impl<T: Copy + PartialEq> Rule for Choice<T> {
    type Value = T;

    fn read(&self, node: &Node) -> Result<T, String> {
        let text = text(node)?;
        let word = self.words.iter().find(|(word, _)| *word == text);
        word.map(|(_, value)| *value).ok_or_else(|| self.rule.to_owned())
    }

    fn remedy(&self) -> String {
        format!("write {}", self.range())
    }

    fn range(&self) -> String {
        let words: Vec<&str> = self.words.iter().map(|(word, _)| *word).collect();
        words.join(" or ")
    }

    fn show(&self, value: &T) -> String {
        let word = self.words.iter().find(|(_, candidate)| candidate == value);
        word.map_or_else(String::new, |(word, _)| (*word).to_owned())
    }

    fn stand_in(&self) -> T {
        self.stand_in
    }
}

/// A symbol: `BTC/USDT` or `BTCUSDT`, kept as `BTCUSDT`.
pub(super) struct Symbol;

/// The symbol that a text names: `BTC/USDT` and `BTCUSDT` are one.
///
/// # Errors
/// The rule that the text breaks.
pub fn symbol(text: &str) -> Result<SymbolName, String> {
    const RULE: &str = "must be a USDT perpetual in capitals and digits";
    let base = text.strip_suffix("/USDT").or_else(|| text.strip_suffix("USDT"));
    let base = base.filter(|base| !base.is_empty()).ok_or_else(|| RULE.to_owned())?;
    format!("{base}USDT").parse().map_err(|_| RULE.to_owned())
}

/// The symbol that a person names on a command line: `BTC`, `btc`, `BTC/USDT` and `BTCUSDT` are one.
///
/// # Errors
/// The rule that the text breaks, and what to write.
pub fn symbol_of_person(text: &str) -> Result<SymbolName, String> {
    let capitals = text.trim().to_uppercase();
    let full = if capitals.ends_with("USDT") { capitals } else { format!("{capitals}/USDT") };
    symbol(&full).map_err(|rule| format!("{text:?} {rule}; write it like BTC, BTC/USDT or BTCUSDT"))
}

impl Rule for Symbol {
    type Value = Option<SymbolName>;

    fn read(&self, node: &Node) -> Result<Self::Value, String> {
        symbol(text(node)?).map(Some)
    }

    fn remedy(&self) -> String {
        "write it like BTC/USDT or BTCUSDT".to_owned()
    }

    fn range(&self) -> String {
        "BASE/USDT or BASEUSDT".to_owned()
    }

    fn show(&self, value: &Self::Value) -> String {
        value.map_or_else(String::new, |symbol| symbol.to_string())
    }

    fn stand_in(&self) -> Self::Value {
        None
    }
}

/// A name that other keys refer to.
pub(super) struct Name;

/// True for 1 to 32 small letters, digits and underscores.
pub(super) fn is_name(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    !text.is_empty() && text.len() <= 32 && text.bytes().all(plain)
}

impl Rule for Name {
    type Value = String;

    fn read(&self, node: &Node) -> Result<String, String> {
        let name = Some(text(node)?).filter(|text| is_name(text)).map(str::to_owned);
        name.ok_or_else(|| "must be a name of 1 to 32 characters".to_owned())
    }

    fn remedy(&self) -> String {
        "write small letters, digits and underscores, such as crypto_major".to_owned()
    }

    fn range(&self) -> String {
        "a declared name".to_owned()
    }

    fn show(&self, value: &String) -> String {
        value.clone()
    }

    fn stand_in(&self) -> String {
        String::new()
    }
}

/// A list of directions.
pub(super) struct Directions;

impl Rule for Directions {
    type Value = Sides;

    fn read(&self, node: &Node) -> Result<Sides, String> {
        const RULE: &str = "must list long, short or both, each once";
        let Kind::List(items) = &node.kind else {
            return Err(RULE.to_owned());
        };
        let mut sides = Sides { long: false, short: false };
        for item in items {
            let side = match text(item)? {
                "long" => &mut sides.long,
                "short" => &mut sides.short,
                _ => return Err(RULE.to_owned()),
            };
            if std::mem::replace(side, true) {
                return Err(RULE.to_owned());
            }
        }
        if items.is_empty() { Err(RULE.to_owned()) } else { Ok(sides) }
    }

    fn remedy(&self) -> String {
        "write [long], [short] or [long, short]".to_owned()
    }

    fn range(&self) -> String {
        "[long], [short] or [long, short]".to_owned()
    }

    fn show(&self, value: &Sides) -> String {
        match (value.long, value.short) {
            (true, true) => "[long, short]",
            (true, false) => "[long]",
            (false, true) => "[short]",
            (false, false) => "[]",
        }
        .to_owned()
    }

    fn stand_in(&self) -> Sides {
        Sides { long: true, short: false }
    }
}
