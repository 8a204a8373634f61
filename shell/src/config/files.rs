//! Where the texts come from: a directory, memory, or the files that are built in. Size and kind
//! of a file are checked before it is read.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;

use super::document::BYTES_MAX;
use super::refusal::{Place, Refusals};
use super::resolved::hex;

/// The files of a configuration, in the order in which they are read.
pub(super) const NAMES: [&str; 4] =
    ["risk.yaml", "strategies.yaml", "assets.yaml", "exchanges.yaml"];

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileHash {
    /// Its path as given.
    pub path: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}

/// A text with the path that refusals name.
pub(super) struct Source {
    pub(super) path: Arc<str>,
    pub(super) text: String,
}

impl Source {
    pub(super) fn hash(&self) -> FileHash {
        FileHash { path: self.path.to_string(), sha256: hex(self.text.as_bytes()) }
    }
}

/// The configuration that is built in: what a demo runs without any file on disk.
#[must_use]
pub fn shipped() -> BTreeMap<String, String> {
    let texts = [
        ("config/risk.yaml", include_str!("../../../config/risk.yaml")),
        ("config/strategies.yaml", include_str!("../../../config/strategies.yaml")),
        ("config/assets.yaml", include_str!("../../../config/assets.yaml")),
        ("config/exchanges.yaml", include_str!("../../../config/exchanges.yaml")),
    ];
    texts.into_iter().map(|(path, text)| (path.to_owned(), text.to_owned())).collect()
}

/// The four texts of a map by path. What is refused is read as empty.
pub(super) fn from_memory(texts: &BTreeMap<String, String>, refusals: &Refusals) -> [Source; 4] {
    NAMES.map(|name| {
        let named = |path: &str| Path::new(path).file_name().is_some_and(|file| file == name);
        let Some((path, text)) = texts.iter().find(|(path, _)| named(path)) else {
            missing(&Place::whole(name), refusals);
            return Source { path: Arc::from(name), text: String::new() };
        };
        within(path, text.len(), refusals);
        Source { path: Arc::from(path.as_str()), text: text.clone() }
    })
}

/// The four texts of a directory. What is refused is read as empty; a directory that is none is
/// refused once, not once per file.
pub(super) fn from_disk(dir: &Path, refusals: &Refusals) -> [Source; 4] {
    let there = is_directory(dir, refusals);
    NAMES.map(|name| {
        let path = dir.join(name);
        let text = there.then(|| from_file(&path, refusals)).flatten().unwrap_or_default();
        Source { path: label(&path), text }
    })
}

fn is_directory(dir: &Path, refusals: &Refusals) -> bool {
    let files = NAMES.join(", ");
    let (value, remedy) = match std::fs::metadata(dir) {
        Ok(found) if found.is_dir() => return true,
        Ok(_) => ("a file".to_owned(), "name the folder that holds the files"),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            ("missing".to_owned(), "check the path; without --config the shipped one is used")
        }
        Err(error) => (format!("unreadable ({error})"), "make it readable, or name another"),
    };
    let rule = format!("a configuration is a folder with {files}");
    refusals.say(&Place::whole(&label(dir)), "the configuration", value, rule, remedy);
    false
}

fn from_file(path: &Path, refusals: &Refusals) -> Option<String> {
    let place = Place::whole(&label(path));
    match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            missing(&place, refusals);
            return None;
        }
        Err(error) => return unreadable(&place, &error, refusals),
        Ok(found) if found.is_dir() => {
            let remedy = "put a YAML file there";
            refusals.say(&place, "the file", "a directory", "must be a file", remedy);
            return None;
        }
        Ok(found) if !found.is_file() => {
            let remedy = "put a YAML file there";
            refusals.say(&place, "the file", "not a file", "must be a regular file", remedy);
            return None;
        }
        Ok(_) => {}
    }
    let mut bytes = Vec::new();
    let limit = u64::try_from(BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
    let read = File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes));
    if let Err(error) = read {
        return unreadable(&place, &error, refusals);
    }
    if !within(&place.file, bytes.len(), refusals) {
        return None;
    }
    match String::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(_) => {
            let remedy = "save it as UTF-8";
            refusals.say(&place, "the file", "not text", "must be UTF-8", remedy);
            None
        }
    }
}

/// A path as a place names it.
fn label(path: &Path) -> Arc<str> {
    Arc::from(path.display().to_string())
}

fn within(path: &str, bytes: usize, refusals: &Refusals) -> bool {
    if bytes <= BYTES_MAX {
        return true;
    }
    let rule = format!("a configuration file has at most {BYTES_MAX} bytes");
    refusals.say(&Place::whole(path), "the file", "too large", rule, "shorten it");
    false
}

fn missing(place: &Place, refusals: &Refusals) {
    let remedy = "create it; the shipped configuration is a complete example";
    refusals.say(place, "the file", "missing", "every configuration has four files", remedy);
}

fn unreadable(place: &Place, error: &std::io::Error, refusals: &Refusals) -> Option<String> {
    let remedy = "make it readable for the user that runs the daemon";
    refusals.say(place, "the file", "unreadable", error.to_string(), remedy);
    None
}
