//! The wallet of a book, and the cycle: every figure about money that was made or lost.
//!
//! initial + deposits + realised + unrealised = equity = free + reserved holds after every event;
//! realised is net of fees and funding, unrealised is at the last price of each symbol.

pub mod cycle;
pub mod session;

use serde::{Deserialize, Serialize};

use crate::money::Cash;
pub use cycle::Cycle;
pub use session::Session;

/// The money of one book.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Wallet {
    /// What it started with.
    pub initial: Cash,
    /// Money that came (negative: left) since.
    pub deposits: Cash,
    /// Booked results, fees and funding.
    pub realised: Cash,
    /// What the exchange would show: initial + deposits + realised, kept on its own.
    pub balance: Cash,
    /// Fees paid so far.
    pub fees: Cash,
    /// Funding received so far (negative: paid).
    pub funding: Cash,
}

impl Wallet {
    /// A wallet with nothing booked.
    #[must_use]
    pub fn new(initial: Cash) -> Self {
        Self {
            initial,
            deposits: Cash::ZERO,
            realised: Cash::ZERO,
            balance: initial,
            fees: Cash::ZERO,
            funding: Cash::ZERO,
        }
    }

    /// Books a fee.
    pub fn pay_fee(&mut self, fee: Cash) {
        self.fees += fee;
        self.book(-fee);
    }

    /// Books funding received (negative: paid).
    pub fn receive_funding(&mut self, amount: Cash) {
        self.funding += amount;
        self.book(amount);
    }

    /// Books a result before costs.
    pub fn book(&mut self, amount: Cash) {
        self.realised += amount;
        self.balance += amount;
    }

    /// Books a deposit (negative: a withdrawal), which is no result.
    pub fn deposit(&mut self, amount: Cash) {
        self.deposits += amount;
        self.balance += amount;
    }
}
