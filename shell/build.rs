//! Signs the build: the version and a fingerprint of all sources that decide what a journal holds.
//! Two programs with one signature decide alike, so that the journal of one may be replayed by the
//! other.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

const SOURCES: [&str; 3] = ["src", "../core/src", "../Cargo.lock"];

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-env-changed=GARDEFOU_BUILD");
    let mut files = BTreeSet::new();
    for source in SOURCES {
        println!("cargo::rerun-if-changed={source}");
        collect(Path::new(source), &mut files)?;
    }
    let mut hasher = DefaultHasher::new();
    for file in files {
        file.hash(&mut hasher);
        fs::read(&file)?.hash(&mut hasher);
    }
    let own = || format!("{}+{:016x}", env!("CARGO_PKG_VERSION"), hasher.finish());
    println!(
        "cargo::rustc-env=GARDEFOU_BUILD={}",
        env::var("GARDEFOU_BUILD").unwrap_or_else(|_| own())
    );
    Ok(())
}

/// A file, or all files below a folder.
fn collect(path: &Path, files: &mut BTreeSet<PathBuf>) -> io::Result<()> {
    if !path.is_dir() {
        files.insert(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        collect(&entry?.path(), files)?;
    }
    Ok(())
}
