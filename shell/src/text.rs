//! Small pieces of wording that every verb shares: instants, lists.

use gardefou_core::time::Timestamp;

/// `2024-01-05T07:00Z`.
#[must_use]
pub fn instant(at: Timestamp) -> String {
    match jiff::Timestamp::from_millisecond(at.0) {
        Ok(time) => time.strftime("%Y-%m-%dT%H:%MZ").to_string(),
        Err(_) => format!("{} ms", at.0),
    }
}

/// `A, B and C`; long lists are cut after ten with the count of the rest.
pub fn list<T: std::fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    const SHOWN: usize = 10;
    let all: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    if all.len() > SHOWN {
        let rest = all.len() - SHOWN;
        return format!("{} and {rest} more", all[..SHOWN].join(", "));
    }
    match all.split_last() {
        None => "nothing".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// An instant from a person: `2024-01-05` (00:00 UTC) or `2024-01-05T07:00Z`.
///
/// # Errors
/// What is expected instead.
pub fn parse_instant(text: &str) -> Result<Timestamp, String> {
    let whole = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    whole.parse::<jiff::Timestamp>().map(|time| Timestamp(time.as_millisecond())).map_err(|_| {
        format!("{text:?} is not a date; write 2024-01-05 or 2024-01-05T07:00:00Z (UTC)")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_read_both_ways() {
        let at = parse_instant("2024-01-05").unwrap();
        assert_eq!(instant(at), "2024-01-05T00:00Z");
        assert_eq!(
            parse_instant("2024-01-05T07:00:00Z").map(instant),
            Ok("2024-01-05T07:00Z".into())
        );
        assert!(parse_instant("yesterday").is_err());
    }

    #[test]
    fn lists_read_like_sentences() {
        assert_eq!(list(["A"]), "A");
        assert_eq!(list(["A", "B", "C"]), "A, B and C");
        assert_eq!(list(0..13), "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 3 more");
    }
}
