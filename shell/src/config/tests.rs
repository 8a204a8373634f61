//! What the tests of the configuration share, and reading as such: interpolation, encodings,
//! limits, and text that nobody would write.

use std::collections::BTreeMap;

use gardefou_core::config::{EngineConfig, Facts, Mode};
use gardefou_core::money::Cash;
use proptest::prelude::*;

use super::document::BYTES_MAX;
use super::{Selection, Settings, load, load_from, shipped};

pub(super) fn shipped_settings() -> Settings {
    load_from(&shipped(), &BTreeMap::new()).unwrap_or_else(|error| panic!("{error}"))
}

pub(super) fn engine(settings: &Settings) -> EngineConfig {
    let everything = Selection::everything(Mode::Paper, Facts::WithBars);
    settings.engine(&everything, &BTreeMap::new()).unwrap_or_else(|error| panic!("{error}"))
}

pub(super) fn text_of(name: &str) -> String {
    shipped().remove(&format!("config/{name}")).unwrap()
}

/// The refusals when one shipped file is replaced.
pub(super) fn refusals(name: &str, text: String) -> String {
    refusals_with(name, text, &BTreeMap::new())
}

pub(super) fn refusals_with(name: &str, text: String, env: &BTreeMap<String, String>) -> String {
    let mut texts = shipped();
    texts.insert(format!("config/{name}"), text);
    load_from(&texts, env).map_or_else(|error| error.to_string(), |_| "accepted".to_owned())
}

/// The refusals when `from` is replaced by `to` once in a shipped file.
pub(super) fn with(name: &str, from: &str, to: &str) -> String {
    let text = text_of(name);
    assert!(text.contains(from), "{name} has no {from:?}");
    refusals(name, text.replacen(from, to, 1))
}

fn env(value: &str) -> BTreeMap<String, String> {
    BTreeMap::from([("GARDEFOU_CAPITAL".to_owned(), value.to_owned())])
}

#[test]
fn a_variable_replaces_its_default() {
    let capital = |env| load_from(&shipped(), &env).unwrap().capital();
    assert_eq!(capital(BTreeMap::new()), Cash::usdt(1_646));
    assert_eq!(capital(env("2500")), Cash::usdt(2_500));
    assert_eq!(capital(env("0.00000001")), Cash(1));
    assert_eq!(capital(env("")), Cash::usdt(1_646));
}

#[test]
fn a_variable_is_judged_like_a_value_at_its_place() {
    let said = refusals_with("risk.yaml", text_of("risk.yaml"), &env("much"));
    insta::assert_snapshot!(said, @r#"config/risk.yaml:4:18: initial_capital is much: must be a number; write a plain number above 0, at most 1000000000"#);
}

#[test]
fn a_variable_without_a_value_is_refused() {
    let said = with("risk.yaml", "${GARDEFOU_CAPITAL:-1646}", "${GARDEFOU_CAPITAL}");
    insta::assert_snapshot!(said, @r#"config/risk.yaml:4:18: ${GARDEFOU_CAPITAL} is without a value, because GARDEFOU_CAPITAL is not set: a variable without a default must be set; set GARDEFOU_CAPITAL or write ${GARDEFOU_CAPITAL:-default}"#);
    let said = with("risk.yaml", "${GARDEFOU_CAPITAL:-1646}", "${GARDEFOU CAPITAL}");
    insta::assert_snapshot!(said, @r#"config/risk.yaml:4:18: "${GARDEFOU CAPITAL}" is not a variable: a variable reads ${NAME} or ${NAME:-default}; write ${NAME:-default} with capitals, digits and underscores"#);
}

#[test]
fn the_environment_is_read_once_and_as_text() {
    assert!(super::environment().iter().all(|(name, _)| !name.is_empty()));
}

#[test]
fn marks_and_line_ends_of_other_systems_are_fine() {
    let mut texts = shipped();
    for text in texts.values_mut() {
        *text = format!("\u{feff}{}", text.replace('\n', "\r\n"));
    }
    let settings = load_from(&texts, &BTreeMap::new()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(engine(&settings), engine(&shipped_settings()));
}

#[test]
fn numbers_never_pass_through_a_float() {
    let exact = "123456789.12345678";
    let text = text_of("risk.yaml").replace("${GARDEFOU_CAPITAL:-1646}", exact);
    let mut texts = shipped();
    texts.insert("config/risk.yaml".to_owned(), text);
    let settings = load_from(&texts, &BTreeMap::new()).unwrap();
    assert_eq!(settings.capital().to_string(), exact);
}

#[test]
fn aliases_and_merge_keys_are_values_like_others() {
    let text = text_of("strategies.yaml")
        .replacen("ma_period: 14", "ma_period: &period 14", 1)
        .replacen("atr_period: 14", "atr_period: *period", 1);
    let mut texts = shipped();
    texts.insert("config/strategies.yaml".to_owned(), text);
    let settings = load_from(&texts, &BTreeMap::new()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(engine(&settings), engine(&shipped_settings()));
}

#[test]
fn a_file_beyond_the_limit_is_refused_before_it_is_parsed() {
    let huge = "#".repeat(BYTES_MAX + 1);
    insta::assert_snapshot!(refusals("risk.yaml", huge), @r#"config/risk.yaml: the file is too large: a configuration file has at most 1048576 bytes; shorten it"#);
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in shipped() {
        std::fs::write(dir.path().join(path.strip_prefix("config/").unwrap()), text).unwrap();
    }
    let file = std::fs::File::create(dir.path().join("assets.yaml")).unwrap();
    file.set_len(100 << 20).unwrap();
    let said = load(dir.path(), &BTreeMap::new()).unwrap_err().to_string();
    assert!(said.contains("the file is too large"), "{said}");
}

#[test]
fn a_file_that_explodes_is_refused_by_budget() {
    let mut laughs = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (name, below) in ["b", "c", "d", "e", "f", "g", "h", "i"]
        .iter()
        .zip(["a", "b", "c", "d", "e", "f", "g", "h"])
    {
        let aliases = vec![format!("*{below}"); 10].join(", ");
        laughs.push_str(&format!("{name}: &{name} [{aliases}]\n"));
    }
    let said = refusals("risk.yaml", laughs);
    assert!(said.contains("the file is too large: beyond the limits"), "{said}");
    let deep = refusals("risk.yaml", format!("a: {}{}", "[".repeat(5_000), "]".repeat(5_000)));
    assert!(deep.starts_with("config/risk.yaml:1:"), "{deep}");
}

#[test]
fn missing_files_and_directories_are_named() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("risk.yaml")).unwrap();
    std::fs::write(dir.path().join("strategies.yaml"), [0xff, 0xfe]).unwrap();
    let said = load(dir.path(), &BTreeMap::new()).unwrap_err().to_string();
    let said = said.replace(&dir.path().display().to_string(), "config");
    insta::assert_snapshot!(said, @r#"
    config/risk.yaml: the file is a directory: must be a file; put a YAML file there
    config/strategies.yaml: the file is not text: must be UTF-8; save it as UTF-8
    config/assets.yaml: the file is missing: every configuration has four files; create it; the shipped configuration is a complete example
    config/exchanges.yaml: the file is missing: every configuration has four files; create it; the shipped configuration is a complete example
    "#);
    assert_eq!(load_from(&BTreeMap::new(), &BTreeMap::new()).unwrap_err().refusals().len(), 4);
}

fn mutated() -> impl Strategy<Value = (usize, usize, usize, String)> {
    let piece = prop_oneof![
        "\\PC{0,12}",
        Just("\n".to_owned()),
        Just("  ".to_owned()),
        Just("{".to_owned()),
        Just("*a".to_owned()),
        Just("&a [".to_owned()),
        Just(": ~\n".to_owned()),
        Just("${".to_owned()),
        Just("${X:-".to_owned()),
        Just("-1e999".to_owned()),
        Just(".nan".to_owned()),
        Just("\"".to_owned()),
        Just("<<: *a\n".to_owned()),
        Just("99999999999999999999999999999999999".to_owned()),
    ];
    (0..4_usize, any::<usize>(), 0..40_usize, piece)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_text_is_refused_or_accepted(text in "(?s).{0,200}", file in 0..4_usize) {
        let name = super::files::NAMES[file];
        let said = refusals(name, text);
        prop_assert!(!said.is_empty());
    }

    #[test]
    fn mutated_files_are_refused_at_a_place_or_run((file, at, cut, piece) in mutated()) {
        let name = super::files::NAMES[file];
        let chars: Vec<char> = text_of(name).chars().collect();
        let at = at % chars.len();
        let end = (at + cut).min(chars.len());
        let (head, tail) = (String::from_iter(&chars[..at]), String::from_iter(&chars[end..]));
        let text = format!("{head}{piece}{tail}");
        let mut texts = shipped();
        texts.insert(format!("config/{name}"), text);
        match load_from(&texts, &BTreeMap::new()) {
            Ok(settings) => {
                let everything = Selection::everything(Mode::Paper, Facts::WithBars);
                let _ = settings.engine(&everything, &BTreeMap::new());
            }
            Err(error) => {
                prop_assert!(!error.refusals().is_empty());
                prop_assert!(error.to_string().lines().all(|line| line.starts_with("config/")), "{}", error);
            }
        }
    }
}
