//! The tables of a store, and what their keys are made of. No reading and no writing.

use std::fmt;

use redb::TableDefinition;
use serde::{Deserialize, Serialize};

/// Every table is of bytes to bytes: keys sort as their parts do, values are envelopes.
pub(super) type Definition = TableDefinition<'static, &'static [u8], &'static [u8]>;

/// A table of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Table {
    /// Schema, identity and the tip of the journal.
    Meta,
    /// Sequence → what was told to the engine and what it answered.
    Journal,
    /// Sequence → the whole state after that record.
    Checkpoints,
    /// Our id → the order as last known.
    Orders,
    /// Book, the exchange's id of an order → ours.
    OrderNames,
    /// Book, symbol, execution id, cycle → the execution.
    Fills,
    /// Book, symbol, number → the result of a cycle.
    Cycles,
    /// Book, symbol, settlement → funding.
    Funding,
    /// Symbol, open time → a closed bar.
    Bars,
    /// Sequence → what people must be told.
    Alerts,
    /// Table, key, hash → a row that contradicts one that is kept.
    Conflicts,
}

/// What a key is made of, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Text,
    Number,
    Time,
}

impl Table {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Meta,
        Self::Journal,
        Self::Checkpoints,
        Self::Orders,
        Self::OrderNames,
        Self::Fills,
        Self::Cycles,
        Self::Funding,
        Self::Bars,
        Self::Alerts,
        Self::Conflicts,
    ];

    /// Its name in the file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Journal => "journal",
            Self::Checkpoints => "checkpoints",
            Self::Orders => "orders",
            Self::OrderNames => "order_names",
            Self::Fills => "fills",
            Self::Cycles => "cycles",
            Self::Funding => "funding",
            Self::Bars => "bars",
            Self::Alerts => "alerts",
            Self::Conflicts => "conflicts",
        }
    }

    pub(super) const fn definition(self) -> Definition {
        TableDefinition::new(self.name())
    }

    pub(super) const fn parts(self) -> &'static [Part] {
        match self {
            Self::Meta | Self::Orders => &[Part::Text],
            Self::OrderNames => &[Part::Text, Part::Text],
            Self::Journal | Self::Checkpoints | Self::Alerts => &[Part::Number],
            Self::Fills => &[Part::Text, Part::Text, Part::Number, Part::Number],
            Self::Cycles => &[Part::Text, Part::Text, Part::Number],
            Self::Funding => &[Part::Text, Part::Text, Part::Time],
            Self::Bars => &[Part::Text, Part::Time],
            Self::Conflicts => &[Part::Text, Part::Text, Part::Text],
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
