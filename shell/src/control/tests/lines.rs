//! The protocol over bytes: what is written is read, and nothing else is a request.

use proptest::prelude::*;

use crate::control::protocol::{
    LINE_MAX, REASON_MAX, Reasoned, Refused, RefusedKind, Release, Request, read_answer,
    read_request, write_answer, write_refusal, write_request,
};
use gardefou_core::config::Mode;

fn reason() -> impl Strategy<Value = String> {
    "[^\\p{C}]{1,40}".prop_filter("a reason says something", |text| !text.trim().is_empty())
}

fn request() -> impl Strategy<Value = Request> {
    let book = || prop::option::of("[a-z_]{1,12}(/live)?");
    let of = move || (book(), reason()).prop_map(|(book, reason)| Reasoned { book, reason });
    let mode = prop_oneof![Just(Mode::Paper), Just(Mode::Live)];
    prop_oneof![
        Just(Request::Status),
        Just(Request::Positions),
        Just(Request::Orders),
        Just(Request::Export),
        Just(Request::Stop),
        of().prop_map(Request::Pause),
        of().prop_map(Request::Resume),
        of().prop_map(Request::Kill),
        ("[a-z_]{1,12}", reason()).prop_map(|(book, reason)| {
            Request::Release(Release { book: Some(book), global: None, reason })
        }),
        (mode, reason()).prop_map(|(mode, reason)| {
            Request::Release(Release { book: None, global: Some(mode), reason })
        }),
    ]
}

fn kind(line: &[u8]) -> Option<RefusedKind> {
    read_request(line).err().map(|refused| refused.kind)
}

proptest! {
    #[test]
    fn requests_survive_the_wire(request in request()) {
        let line = write_request(&request);
        prop_assert_eq!(line.iter().filter(|&&byte| byte == b'\n').count(), 1);
        prop_assert_eq!(read_request(&line), Ok(request));
    }

    #[test]
    fn bytes_are_a_request_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(request) = read_request(&bytes) {
            prop_assert_eq!(read_request(&write_request(&request)), Ok(request));
        }
    }

    #[test]
    fn a_request_cut_short_or_changed_is_never_another_change(
        request in request(),
        cut in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let line = write_request(&request);
        let at = cut.index(line.len() - 1);
        prop_assert!(read_request(&line[..at]).is_err());
        let mut changed = line;
        changed[at] = byte;
        if let Ok(other) = read_request(&changed) {
            // A letter of a name or a reason, or space between.
            let same = std::mem::discriminant(&other) == std::mem::discriminant(&request);
            prop_assert!(same, "{request:?} became {other:?}");
        }
    }
}

#[test]
fn what_is_wrong_is_named() {
    let cases: [(&[u8], RefusedKind); 12] = [
        (b"", RefusedKind::Malformed),
        (b"hello", RefusedKind::Malformed),
        (b"\xff\xfe", RefusedKind::Malformed),
        (b"[]", RefusedKind::Malformed),
        (br#"{"ask":"status"}"#, RefusedKind::Malformed),
        (br#"{"v":1,"ask":"status","more":1}"#, RefusedKind::Malformed),
        (br#"{"v":1,"ask":"buy"}"#, RefusedKind::Malformed),
        (br#"{"v":1,"v":1,"ask":"status"}"#, RefusedKind::Malformed),
        (br#"{"v":2,"ask":"status"}"#, RefusedKind::Version),
        (br#"{"v":2,"ask":{"a later":"request"}}"#, RefusedKind::Version),
        (br#"{"v":1,"ask":{"pause":{"reason":"  "}}}"#, RefusedKind::Invalid),
        (br#"{"v":1,"ask":{"release":{"reason":"which?"}}}"#, RefusedKind::Invalid),
    ];
    for (line, expected) in cases {
        assert_eq!(kind(line), Some(expected), "{}", String::from_utf8_lossy(line));
    }
    assert_eq!(kind(&vec![b' '; LINE_MAX + 1]), Some(RefusedKind::TooLong));
    let both = br#"{"v":1,"ask":{"release":{"book":"a","global":"live","reason":"?"}}}"#;
    assert_eq!(kind(both), Some(RefusedKind::Invalid));
    let deep = [br#"{"v":1,"ask":"#.to_vec(), vec![b'['; 4_000]].concat();
    assert_eq!(kind(&deep), Some(RefusedKind::Malformed), "no depth ends the program");
}

#[test]
fn a_reason_is_one_line_of_reasonable_length() {
    let with = |reason: &str| {
        let reason = reason.to_owned();
        kind(&write_request(&Request::Kill(Reasoned { book: None, reason })))
    };
    assert_eq!(with("maintenance"), None);
    assert_eq!(with(&"ü".repeat(REASON_MAX)), None);
    assert_eq!(with(&"ü".repeat(REASON_MAX + 1)), Some(RefusedKind::Invalid));
    assert_eq!(with("two\nlines"), Some(RefusedKind::Invalid));
    assert_eq!(with("\u{1b}[31mred"), Some(RefusedKind::Invalid));
}

#[test]
fn answers_and_refusals_survive_the_wire() {
    assert_eq!(read_answer::<u32>(&write_answer(&7)), Ok(7));
    let refused = Refused::new(RefusedKind::Busy, "later");
    assert_eq!(read_answer::<u32>(&write_refusal(&refused)), Err(refused));
    for odd in ["{}", r#"{"v":1}"#, r#"{"v":9,"ok":7}"#, r#"{"v":1,"ok":"seven"}"#, "7"] {
        let kind = read_answer::<u32>(odd.as_bytes()).err().map(|refused| refused.kind);
        assert_eq!(kind, Some(RefusedKind::Malformed), "{odd}");
    }
}
