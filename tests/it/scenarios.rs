//! Every transcript of `fixtures/scenarios` answers what it says. Those under `open` show faults
//! that are not mended yet: what they expect is right, so each must fail until its fault is gone.

use std::path::{Path, PathBuf};

use gardefou::transcript::{Outcome, replay};

fn fixtures(folder: &str) -> PathBuf {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    let root = if beside.is_dir() { beside } else { PathBuf::from("fixtures") };
    root.join(folder)
}

#[test]
fn every_scenario_answers_what_it_says() {
    let report = replay(&[fixtures("scenarios")], false);
    assert!(report.is_success(), "{report}");
}

#[test]
fn an_open_fault_that_is_mended_leaves_the_open_folder() {
    let open = fixtures("scenarios/open");
    if !open.is_dir() {
        return;
    }
    for (path, outcome) in replay(&[open], false).files {
        let differs = matches!(outcome, Outcome::Differs(..));
        assert!(differs, "{} is mended or cannot run: {outcome:?}", path.display());
    }
}
