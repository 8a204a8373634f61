//! Any text is one of our order ids, and then reads back the same, or it is foreign.
#![no_main]

use gardefou_core::ids::{OrderId, SymbolId};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(id) = OrderId::parse(text, SymbolId(0)) {
        assert_eq!(id.to_string(), text);
    }
});
