//! What an order is, whatever happens to it: the fields that never change, and the exchange's id.

use serde::{Deserialize, Serialize};

use super::key::Key;
use super::record::Record;
use super::records::OrderRecord;
use super::table::Table;

/// The exchange's id of an order, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderName {
    /// The exchange's id.
    pub exchange_id: String,
    /// The book, by name: ids are unique where they are given, and each book has one wallet.
    pub book: String,
    /// Our id.
    pub id: String,
}

impl OrderName {
    pub(super) fn of(order: &OrderRecord) -> Option<Self> {
        let exchange_id = order.exchange_id.clone()?;
        Some(Self { exchange_id, book: order.book.clone(), id: order.id.clone() })
    }
}

impl Record for OrderName {
    const TABLE: Table = Table::OrderNames;

    fn key(&self) -> Key {
        Key::new().text(&self.book).text(&self.exchange_id)
    }
}

impl OrderRecord {
    /// Whether this is a later state of the order that is kept.
    pub(super) fn continues(&self, kept: &Self) -> bool {
        let named = kept.exchange_id.is_none() || self.exchange_id == kept.exchange_id;
        named
            && (&self.book, &self.symbol, self.kind, self.direction, self.level)
                == (&kept.book, &kept.symbol, kept.kind, kept.direction, kept.level)
    }
}
