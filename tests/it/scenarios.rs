//! Every transcript of `fixtures/scenarios` answers what it says. Those under `open` show faults
//! that are not mended yet: what they expect is right, so each must fail until its fault is gone.

use std::path::{Path, PathBuf};

use gardefou::transcript::{Outcome, Report, replay};

fn fixtures(folder: &str) -> PathBuf {
    let nested = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(folder);
    if nested.is_dir() { nested } else { Path::new("fixtures").join(folder) }
}

/// Every transcript directly in a folder.
fn run(folder: &str) -> Report {
    let mut files: Vec<PathBuf> = std::fs::read_dir(fixtures(folder))
        .expect("the folder is there")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    files.sort();
    replay(&files, false)
}

#[test]
fn every_scenario_answers_what_it_says() {
    let report = run("scenarios");
    assert!(report.is_success(), "{report}");
}

#[test]
fn an_open_fault_that_is_mended_leaves_the_open_folder() {
    if !fixtures("scenarios/open").is_dir() {
        return;
    }
    for (path, outcome) in run("scenarios/open").files {
        let differs = matches!(outcome, Outcome::Differs(..));
        assert!(differs, "{} is mended or cannot run: {outcome:?}", path.display());
    }
}
