//! Recorded markets: the folder that `GARDEFOU_CANDLES` names, read by the shell and run with the
//! shipped configuration. Shared by tests, benchmark and example.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use gardefou::backtest::{Request, load};
use gardefou::config::{Settings, load_from, shipped};
use gardefou::data::read_candles;
use gardefou_core::config::EngineConfig;
use gardefou_core::market::Bar;
use gardefou_core::money::Fraction;
use gardefou_core::time::Timeframe;
use gardefou_core::venue::bars;
use gardefou_core::venue::history::OnTrip;
use gardefou_world::case::Case;

/// Where recorded candles are; says so when there are none.
pub fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("GARDEFOU_CANDLES").map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: GARDEFOU_CANDLES is not set");
    }
    folder
}

/// Every hourly file by name.
fn files(folder: &Path) -> Vec<(String, PathBuf)> {
    let entries = std::fs::read_dir(folder.join("1h")).expect("a folder 1h");
    let name = |path: &PathBuf| Some(path.file_name()?.to_str()?.to_owned());
    let mut files: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter_map(|path| Some((name(&path)?, path)))
        .collect();
    files.sort();
    files
}

/// The bars of every hourly file, in the finest step of the file.
#[allow(dead_code)] // Not every program that shares this module wants every part.
pub fn hourly(folder: &Path) -> Vec<(String, Vec<Bar>)> {
    let bars = |path: &Path| {
        let series = read_candles(path, Timeframe::H1).expect("a file that reads");
        series.in_finest_steps().to_vec()
    };
    files(folder).into_iter().map(|(name, path)| (name, bars(&path))).collect()
}

/// The shipped configuration, every strategy run on every symbol that was recorded: those that
/// are not listed below a strategy get its own parameters.
fn settings(folder: &Path) -> Settings {
    let symbol = |(name, _): &(String, PathBuf)| {
        Some(name.split('_').nth(1)?.strip_suffix("USDT")?.to_owned())
    };
    let mut symbols: Vec<String> = files(folder).iter().filter_map(symbol).collect();
    symbols.sort();
    symbols.dedup();
    let mut texts = shipped();
    let text = texts.get_mut("config/strategies.yaml").expect("a shipped file");
    *text = widened(text, &symbols);
    load_from(&texts, &BTreeMap::new()).expect("the shipped configuration")
}

/// The text with every symbol below every strategy.
fn widened(text: &str, symbols: &[String]) -> String {
    let mut parts = text.split("  per_asset:\n");
    let mut wide = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        wide.push_str("  per_asset:\n");
        let listed = |symbol: &&String| part.contains(&format!("    {symbol}/USDT:"));
        for symbol in symbols.iter().filter(|symbol| !listed(symbol)) {
            wide.push_str(&format!("    {symbol}/USDT: {{}}\n"));
        }
        wide.push_str(part);
    }
    wide
}

/// All recorded symbols of one venue with the named strategies. Funding is as recorded; a
/// settlement that is not recorded costs nothing.
pub fn case(folder: &Path, venue: &str, strategies: &[&str]) -> Case {
    case_in_detail(folder, venue, strategies, None).0
}

/// The same, and the finer bars of each symbol.
pub fn case_in_detail(
    folder: &Path,
    venue: &str,
    strategies: &[&str],
    detail: Option<Timeframe>,
) -> (Case, Vec<Vec<Bar>>) {
    let request = Request {
        candles: folder.to_owned(),
        funding: None,
        symbols: None,
        strategies: Some(strategies.iter().map(|&name| name.to_owned()).collect()),
        venue: Some(venue.to_owned()),
        from: None,
        to: None,
        detail,
        entry_order: None,
        on_trip: OnTrip::Resume,
        available_only: true,
        missing_funding: Some(Fraction::ZERO),
        mode: gardefou_core::config::Mode::Paper,
    };
    let (market, config): (load::Market, EngineConfig) =
        load::market(&settings(folder), &request, &mut |_| {}).expect("a market that reads");
    let (mut bars, mut funding, mut finer) = (Vec::new(), Vec::new(), Vec::new());
    for feed in market.feeds {
        bars.push(feed.bars);
        funding.push(feed.settlements);
        finer.push(feed.detail);
    }
    let path = bars::Path::Pessimistic;
    (Case { config, path, on_trip: OnTrip::Resume, bars, funding }, finer)
}
