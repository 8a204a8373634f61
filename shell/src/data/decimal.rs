//! Exact decimals from text: sign, digits and a power of ten. Never a float, never a rounding.

/// A decimal as written: `±mantissa · 10^exponent`, with no more decimals than it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number {
    pub negative: bool,
    /// `None` when it has more digits than a `u64` holds.
    mantissa: Option<u64>,
    exponent: i32,
}

/// Why a text is not a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotNumber {
    Empty,
    NotFinite,
    Text,
}

/// Why a number does not fit a scaled integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge;

const POWERS: [u64; 20] = {
    let mut powers = [1u64; 20];
    let mut i = 1;
    while i < powers.len() {
        powers[i] = powers[i - 1] * 10;
        i += 1;
    }
    powers
};

/// 10^n, when a `u64` holds it.
pub fn power_of_ten(n: u32) -> Option<u64> {
    POWERS.get(n as usize).copied()
}

/// Collects digits; trailing zeros are counted, not multiplied in.
struct Digits {
    mantissa: Option<u64>,
    zeros: u32,
    seen: i32,
}

impl Digits {
    #[inline]
    fn push(&mut self, digit: u8) {
        self.seen += 1;
        if digit == b'0' {
            self.zeros += u32::from(self.mantissa != Some(0));
            return;
        }
        let power = power_of_ten(self.zeros + 1);
        self.zeros = 0;
        self.mantissa = self
            .mantissa
            .zip(power)
            .and_then(|(m, power)| m.checked_mul(power))
            .and_then(|m| m.checked_add(u64::from(digit - b'0')));
    }
}

impl Number {
    /// Reads `-12.5`, `7`, `.5`, `1e-05`, `1.5E+3`; nothing else, no blanks, no quotes.
    #[inline]
    pub fn parse(text: &[u8]) -> Result<Self, NotNumber> {
        Self::parse_plain(text).map_or_else(|| Self::parse_any(text), Ok)
    }

    /// Up to 18 digits with or without a point, which is what files hold; `None` for all else.
    #[inline]
    fn parse_plain(text: &[u8]) -> Option<Self> {
        if text.len() > 18 {
            return None;
        }
        let (mut value, mut fraction, mut point) = (0u64, 0, false);
        for &byte in text {
            let digit = byte.wrapping_sub(b'0');
            if digit < 10 {
                value = value * 10 + u64::from(digit);
                fraction += i32::from(point);
            } else if byte == b'.' && !point {
                point = true;
            } else {
                return None;
            }
        }
        while fraction > 0 && value % 10 == 0 {
            value /= 10;
            fraction -= 1;
        }
        let digits = text.len() - usize::from(point);
        (digits > 0).then_some(Self { negative: false, mantissa: Some(value), exponent: -fraction })
    }

    fn parse_any(text: &[u8]) -> Result<Self, NotNumber> {
        let (negative, rest) = match text {
            [] => return Err(NotNumber::Empty),
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            rest => (false, rest),
        };
        let mut digits = Digits { mantissa: Some(0), zeros: 0, seen: 0 };
        let mut point = None;
        let mut power = 0;
        for (at, &byte) in rest.iter().enumerate() {
            match byte {
                b'0'..=b'9' => digits.push(byte),
                b'.' if point.is_none() => point = Some(digits.seen),
                b'e' | b'E' => {
                    power = read_power(&rest[at + 1..]).ok_or(NotNumber::Text)?;
                    break;
                }
                _ => return Err(not_digits(rest)),
            }
        }
        if digits.seen == 0 {
            return Err(not_digits(rest));
        }
        let fraction = point.map_or(0, |point| digits.seen - point);
        let zero = digits.mantissa == Some(0);
        let zeros = i32::try_from(digits.zeros).unwrap_or(i32::MAX);
        let exponent = if zero { 0 } else { zeros.saturating_add(power) - fraction };
        Ok(Self { negative: negative && !zero, mantissa: digits.mantissa, exponent })
    }

    /// Decimals that the number needs.
    #[inline]
    pub fn decimals(self) -> u32 {
        u32::try_from(-self.exponent).unwrap_or(0)
    }

    pub fn is_zero(self) -> bool {
        self.mantissa == Some(0)
    }

    /// The number to about 15 digits, for figures that only describe; infinite when it has more
    /// digits than can be counted.
    #[allow(clippy::cast_precision_loss, reason = "approximate is what it says")]
    pub fn approximate(self) -> f64 {
        let size = self.mantissa.map_or(f64::INFINITY, |m| m as f64 * 10_f64.powi(self.exponent));
        if self.negative { -size } else { size }
    }

    /// The number in units of `10^-decimals`; the caller asks for enough decimals.
    #[inline]
    pub fn scaled(self, decimals: u32) -> Result<i64, TooLarge> {
        let shift = i64::from(decimals) + i64::from(self.exponent);
        let power = u32::try_from(shift).ok().and_then(power_of_ten);
        let units = self.mantissa.zip(power).and_then(|(m, power)| m.checked_mul(power));
        let units = units.and_then(|units| i64::try_from(units).ok()).ok_or(TooLarge)?;
        Ok(if self.negative { -units } else { units })
    }
}

/// The number after the `e`; up to four digits.
fn read_power(text: &[u8]) -> Option<i32> {
    let (sign, digits) = match text {
        [b'-', rest @ ..] => (-1, rest),
        [b'+', rest @ ..] => (1, rest),
        rest => (1, rest),
    };
    if digits.is_empty() || digits.len() > 4 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value = digits.iter().fold(0, |value, &digit| value * 10 + i32::from(digit - b'0'));
    Some(sign * value)
}

fn not_digits(text: &[u8]) -> NotNumber {
    let infinite = ["nan", "inf", "infinity"];
    if infinite.iter().any(|name| text.eq_ignore_ascii_case(name.as_bytes())) {
        NotNumber::NotFinite
    } else {
        NotNumber::Text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn units(text: &str, decimals: u32) -> Result<i64, TooLarge> {
        Number::parse(text.as_bytes()).unwrap().scaled(decimals)
    }

    #[test]
    fn numbers_are_read_exactly() {
        for (text, decimals, want) in [
            ("151.48", 2, 15_148),
            ("151.480000000000000000000000000", 2, 15_148),
            ("0000151.48", 4, 1_514_800),
            ("100000", 0, 100_000),
            ("1e-05", 5, 1),
            ("1.5E+3", 0, 1_500),
            ("-0.00178", 8, -178_000),
            (".5", 1, 5),
            ("5.", 0, 5),
            ("-0.0", 0, 0),
            ("0e9999", 3, 0),
            ("1567962000000.0", 0, 1_567_962_000_000),
            ("9223372036854775807", 0, i64::MAX),
        ] {
            assert_eq!(units(text, decimals), Ok(want), "{text}");
        }
        assert_eq!(Number::parse(b"0.1230").unwrap().decimals(), 3);
        assert_eq!(Number::parse(b"1200").unwrap().decimals(), 0);
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in
            ["x", "1.2.3", "1e", "1e+", "1e12345", "--1", " 1", "1 ", "\"1\"", ".", "-", "1_0"]
        {
            assert_eq!(Number::parse(text.as_bytes()), Err(NotNumber::Text), "{text}");
        }
        for text in ["NaN", "inf", "-Infinity"] {
            assert_eq!(Number::parse(text.as_bytes()), Err(NotNumber::NotFinite), "{text}");
        }
        assert_eq!(Number::parse(b""), Err(NotNumber::Empty));
        assert_eq!(units("9223372036854775808", 0), Err(TooLarge));
        assert_eq!(units("123456789012345678901234567891", 0), Err(TooLarge));
        assert_eq!(units("1e400", 0), Err(TooLarge));
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(text in proptest::collection::vec(any::<u8>(), 0..60)) {
            if let Ok(number) = Number::parse(&text) {
                let _ = number.scaled(number.decimals());
            }
        }

        #[test]
        fn the_short_way_agrees_with_the_long_one(text in "[0-9.]{0,19}", decimals in 0u32..12) {
            if let Some(short) = Number::parse_plain(text.as_bytes()) {
                let long = Number::parse_any(text.as_bytes()).unwrap();
                prop_assert_eq!(short.decimals(), long.decimals());
                prop_assert_eq!(short.is_zero(), long.is_zero());
                if decimals >= short.decimals() {
                    prop_assert_eq!(short.scaled(decimals), long.scaled(decimals));
                }
            }
        }

        #[test]
        fn what_is_written_is_read(value in any::<i64>(), decimals in 0u32..12) {
            prop_assume!(value != i64::MIN);
            let unit = power_of_ten(decimals).unwrap();
            let width = decimals as usize;
            let sign = if value < 0 { "-" } else { "" };
            let (whole, rest) = (value.unsigned_abs() / unit, value.unsigned_abs() % unit);
            let fraction = if decimals == 0 { String::new() } else { format!(".{rest:0width$}") };
            let text = format!("{sign}{whole}{fraction}");
            prop_assert_eq!(Number::parse(text.as_bytes()).unwrap().scaled(decimals), Ok(value));
        }
    }
}
