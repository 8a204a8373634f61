//! Any text in place of strategies.yaml is loaded or refused; it never panics.
#![no_main]

use std::collections::BTreeMap;

use gardefou::config;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut files = config::shipped();
    for (path, content) in &mut files {
        if path.ends_with("strategies.yaml") {
            *content = text.to_owned();
        }
    }
    let loaded = config::load_from(&files, &BTreeMap::new());
    if let Err(refused) = loaded {
        assert!(!refused.to_string().is_empty());
    }
});
