use super::{rewrite, run};

const CONFIG: &str = "config\n  symbol BTCUSDT tick=0.1 lot=0.0001\n  symbol ETHUSDT tick=0.01 lot=0.01\n  book grid_atr paper\n";
const HISTORY: &str =
    "history BTCUSDT 600 bars at 60000 atr 300 until 2026-01-05T09:00Z\nboot BTCUSDT\n";

fn transcript(paragraphs: &[&str]) -> String {
    [&[CONFIG, HISTORY], paragraphs].concat().join("\n")
}

fn complaint(paragraphs: &[&str]) -> String {
    run(&transcript(paragraphs), "a.txt").expect_err("a mistake").to_string()
}

#[test]
fn what_is_rewritten_passes_and_stays_as_it_is() {
    let text = transcript(&["# Remarks stay.\n", "bar BTCUSDT c=60000 range=300\n"]);
    assert!(!run(&text, "a.txt").expect("runs").is_success());
    let once = rewrite(&text, "a.txt").expect("runs");
    assert!(once.contains("# Remarks stay.\n"), "{once}");
    assert!(once.contains("> place BTCUSDT L0 buy 0.0168 @ 59400.0 stop 47520.0\n"), "{once}");
    let output = run(&once, "a.txt").expect("runs");
    assert!(output.is_success());
    assert_eq!(output.rewritten, once);
}

#[test]
fn the_first_difference_has_its_line_and_both_answers() {
    let text = transcript(&["bar BTCUSDT c=60000 range=300\n"]);
    let right = rewrite(&text, "a.txt").expect("runs");
    let wrong = right.replace("59100.0", "59100.1");
    let output = run(&wrong, "a.txt").expect("runs");
    let [difference] = output.differences.as_slice() else { panic!("one difference") };
    let line = 1 + wrong.lines().position(|line| line.contains("59100.1")).expect("a line");
    assert_eq!(difference.line, line);
    let shown = difference.to_string();
    assert!(shown.contains("59100.1") && shown.contains("59100.0 stop"), "{shown}");
    assert!(shown.starts_with(&format!("a.txt:{line}: the answer to `bar BTCUSDT")), "{shown}");
}

#[test]
fn an_answer_that_is_missing_or_too_much_is_a_difference() {
    let right = rewrite(&transcript(&["boot none\n"]), "a.txt").expect("runs");
    let less = right.trim_end().trim_end_matches("ok").to_owned();
    assert_eq!(run(&less, "a.txt").expect("runs").differences.len(), 1);
    let more = format!("{right}> cancel BTCUSDT L0\n");
    assert_eq!(run(&more, "a.txt").expect("runs").differences.len(), 1);
}

#[test]
fn mistakes_are_named_with_their_place_and_a_remedy() {
    for (line, expected) in [
        ("frobnicate BTCUSDT", "a.txt:9:1: `frobnicate` means nothing here; write bar, bars,"),
        ("bar BTCUSDX c=1", "a.txt:9:5: `BTCUSDX` is not a symbol"),
        (
            "bar BTCUSDT c=60000.05",
            "a.txt:9:15: 60000.05 is not a price of BTCUSDT; write a multiple of its tick 0.1",
        ),
        ("fill BTCUSDT L0", "a.txt:9:14: BTCUSDT L0 was never placed; name an order"),
        (
            "time 08:00:00",
            "a.txt:9:6: the clock stands at 2026-01-05T09:00Z already; write a later time",
        ),
        ("time +5s now", "a.txt:9:10: `now` is one word too many; remove it"),
        ("price BTCUSDT", "a.txt:9:14: the line ends too early; add a price"),
        ("exchange nobody", "a.txt:9:10: `nobody` means nothing here; write none, agrees"),
        ("exchange prices latency=2", "a.txt:9:25: `2` is not a length of time; write 250ms"),
        ("exchange loses BTCUSDT L0 fill", "a.txt:9:10: no exchange on prices is attached"),
        ("price BTCUSDT 60000 size 1", "a.txt:9:26: nobody looks at it; attach"),
        (
            "kill\n  BTCUSDT",
            "a.txt:10:3: an indented line below a directive that has none; unindent it",
        ),
    ] {
        let got = complaint(&[line]);
        assert!(got.starts_with(expected), "{line}\n got {got}\nwant {expected}");
    }
}

#[test]
fn a_configuration_is_checked_before_anything_happens() {
    for (text, expected) in [
        ("boot\n", "a.txt:1:1: a transcript starts with its configuration"),
        ("config\n  book grid_atr live\n", "a.txt:1:7: no symbol; add"),
        ("config\n  symbol A tick=0.1 lot=1\n", "a.txt:1:7: no book; add"),
        ("config\n  symbol a tick=0.1 lot=1\n", "a.txt:2:10: a symbol is written in capitals"),
        ("config\n  symbol A tick=0.1\n", "a.txt:2:10: tick and lot must be above zero"),
        (
            "config\n  symbol A tick=0.1 lot=1\n  book grid_atr live levels=7\n",
            "a.txt:3:29: 7 levels; write 1 to 6",
        ),
        (
            "config\n  symbol A tick=0.1 lot=1\n  book grid live\n",
            "a.txt:3:8: `grid` means nothing here; write grid_atr",
        ),
        ("config\n  only A\n", "a.txt:2:3: no book stands above; write `book` first"),
    ] {
        let got = run(text, "a.txt").expect_err("a mistake").to_string();
        assert!(got.starts_with(expected), "{text}\n got {got}\nwant {expected}");
    }
}

#[test]
fn no_text_makes_it_panic() {
    let pieces = [
        "config",
        "\n",
        "  ",
        "symbol A tick=1 lot=1",
        "book grid_atr live",
        "bar A c=",
        "%",
        "#",
        "----",
        "\n\n",
        "é",
        "fill A L0",
        "+",
        "=",
        "..",
        "time +9999999999999d",
        "history A 3 bars at 5 atr 9 until 2026-01-05T09:00Z",
        "round c=-100%",
        "exchange prices latency=1s visible=2s",
        "exchange rejects A L0 busy 2 times",
        "exchange loses A stop answer",
        "exchange status all delisted",
        "exchange leverage A 0",
        "price all -100% mark 3 size 1",
    ];
    let mut state: u64 = 7;
    for _ in 0..3_000 {
        let mut text = String::new();
        for _ in 0..(state % 13) {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            text.push_str(pieces[(state >> 33) as usize % pieces.len()]);
            text.push_str(["", " ", "\n"][(state >> 20) as usize % 3]);
        }
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let _ = run(&text, "a.txt");
        let _ = run(
            &format!("config\n  symbol A tick=1 lot=1\n  book grid_atr live\n\n{text}"),
            "a.txt",
        );
    }
}

#[test]
fn a_transcript_in_which_nothing_happens_is_refused() {
    for text in ["", "\n\n", "# only a remark\n"] {
        let said = run(text, "a.txt").unwrap_err().to_string();
        assert!(said.contains("begin with `config`"), "{text:?}: {said}");
    }
}

#[test]
fn the_example_of_the_manual_passes() {
    let manual = include_str!("../../../fixtures/README.md");
    let example = manual.split("```\n").find(|block| block.starts_with("# What the file shows"));
    let output = run(example.expect("an example"), "README.md").expect("runs");
    assert!(output.is_success(), "{:?}", output.differences);
}
