//! The schemas that stand in `fixtures/schema`, held against the types that are written.

use std::path::PathBuf;

use crate::cli::replay::ReplayResult;
use crate::cli::run::RunResult;
use crate::control::answers::{Changed, Orders, Positions, Status};
use crate::demo::json::DemoResult;
use crate::report::check::Check;
use crate::report::result::{Backtest, schema_of};

/// Set to rewrite the checked-in schemas.
const REWRITE: &str = "GARDEFOU_REWRITE_SCHEMA";

#[test]
fn the_checked_in_schemas_are_those_of_the_types() {
    let schemas = [
        ("backtest", schema_of::<Backtest>()),
        ("check", schema_of::<Check>()),
        ("change", schema_of::<Changed>()),
        ("demo", schema_of::<DemoResult>()),
        ("orders", schema_of::<Orders>()),
        ("positions", schema_of::<Positions>()),
        ("replay", schema_of::<ReplayResult>()),
        ("run", schema_of::<RunResult>()),
        ("status", schema_of::<Status>()),
    ];
    for (name, schema) in schemas {
        let file = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join(format!("../fixtures/schema/{name}.schema.json"));
        let text = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
        if std::env::var_os(REWRITE).is_some() {
            std::fs::write(&file, &text).unwrap();
        }
        let checked_in = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(checked_in == text, "set {REWRITE}=1 to rewrite {}", file.display());
    }
}
