//! Configuration: four YAML files, read in two stages into what the engine is told.
//!
//! Stage one turns text into nodes with places (`document`), stage two reads every key by its
//! rule (`keys`, `rule`, `section`) and checks rules between keys (`check`). Each stage collects
//! all its refusals; every refusal names place, value, rule and remedy. What passes is complete:
//! [`Settings::engine`] only selects and converts.
//!
//! Nothing here trades, and nothing but [`load`] and [`environment`] touches the outside.

mod assets;
mod check;
mod document;
mod engine;
mod files;
mod interpolate;
mod keys;
mod refusal;
mod resolved;
mod risk;
mod rule;
mod section;
mod strategies;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_keys;
#[cfg(test)]
mod tests_mistakes;
#[cfg(test)]
mod tests_shipped;

use std::collections::BTreeMap;
use std::path::Path;

use gardefou_core::config::EngineConfig;

pub use engine::Selection;
pub use files::{FileHash, shipped};
pub use keys::{ManualLine, manual};
pub use refusal::{ConfigError, Place, Refusal};
pub use resolved::{Resolved, resolved};
pub use rule::{symbol, symbol_of_person};

use assets::{AssetsFile, ExchangesFile};
use document::Node;
use files::Source;
use refusal::Refusals;
use risk::RiskFile;
use strategies::Strategy;

/// The configuration as read and checked; every value knows its place.
#[derive(Clone, Debug)]
pub struct Settings {
    risk: RiskFile,
    strategies: Vec<Strategy>,
    assets: AssetsFile,
    files: Vec<FileHash>,
}

/// Reads `risk.yaml`, `strategies.yaml`, `assets.yaml` and `exchanges.yaml` of a directory, with
/// `${NAME:-default}` replaced from `env`.
///
/// # Errors
/// All refusals of the first stage that has any: files, then YAML, then keys and values, then
/// rules between keys.
pub fn load(dir: &Path, env: &BTreeMap<String, String>) -> Result<Settings, ConfigError> {
    let refusals = Refusals::default();
    let sources = files::from_disk(dir, &refusals);
    refusals.or(sources).and_then(|sources| read(&sources, env))
}

/// The same from texts in memory, by path: `config/risk.yaml` or just `risk.yaml`.
///
/// # Errors
/// As [`load`].
pub fn load_from(
    texts: &BTreeMap<String, String>,
    env: &BTreeMap<String, String>,
) -> Result<Settings, ConfigError> {
    let refusals = Refusals::default();
    let sources = files::from_memory(texts, &refusals);
    refusals.or(sources).and_then(|sources| read(&sources, env))
}

/// The process environment, for [`load`]. Variables that are not UTF-8 are left out.
#[must_use]
pub fn environment() -> BTreeMap<String, String> {
    let pair = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    std::env::vars_os().filter_map(pair).collect()
}

impl Settings {
    /// The files that were read, with their hashes.
    #[must_use]
    pub fn files(&self) -> &[FileHash] {
        &self.files
    }

    /// Logs which files were read: their hashes, never their values.
    pub fn log(&self) {
        for FileHash { path, sha256 } in &self.files {
            tracing::info!(file = path, sha256, "configuration file");
        }
    }

    /// Refuses a selection under which a wallet would be liquidated before its stops are hit.
    ///
    /// # Errors
    /// The strategy with its place, the distances, equity and maintenance margin, what to change.
    pub fn refuse_liquidation(&self, config: &EngineConfig) -> Result<(), ConfigError> {
        check::worst_cases(self, config)
    }
}

fn read(sources: &[Source; 4], env: &BTreeMap<String, String>) -> Result<Settings, ConfigError> {
    let refusals = Refusals::default();
    let nodes = sources.each_ref().map(|source| document::parse(source, env, &refusals));
    refusals.stage()?;
    let settings = keys_of(&nodes, sources, &refusals);
    refusals.stage()?;
    check::check(&settings, &refusals);
    refusals.or(settings)
}

fn keys_of(nodes: &[Node; 4], sources: &[Source; 4], refusals: &Refusals) -> Settings {
    let [risk, strategies, assets, exchanges] = nodes;
    let risk = RiskFile::read(risk, refusals);
    let strategies = strategies::read(strategies, &risk, refusals);
    let venue = ExchangesFile::read(exchanges, refusals);
    let assets = AssetsFile::read(assets, &venue, refusals);
    let files = sources.iter().map(Source::hash).collect();
    Settings { risk, strategies, assets, files }
}
