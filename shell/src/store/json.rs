//! A value as JSON text that is stored as it stands: the journal's hashes are over these bytes, and
//! an event that this build does not know any more can still be copied, checked and printed.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::error::Fault;

/// JSON text.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Json(Box<RawValue>);

impl Json {
    /// The JSON of a value.
    ///
    /// # Errors
    /// [`Fault::NotJson`] when the value has no JSON, which is a bug of its type.
    pub fn of(value: &impl Serialize) -> Result<Self, Fault> {
        serde_json::value::to_raw_value(value)
            .map(Self)
            .map_err(|error| Fault::NotJson(error.to_string()))
    }

    /// The value.
    ///
    /// # Errors
    /// [`Fault::Unreadable`] when this build does not know such a value.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        serde_json::from_str(self.text()).map_err(|error| Fault::Unreadable(error.to_string()))
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        self.0.get()
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for Json {}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}
