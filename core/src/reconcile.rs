//! Reconciliation: what is believed against what exists (decision 20).
//!
//! [`snapshot`] is what an exchange says of a wallet, in parts that fail separately; [`plan()`]
//! compares a book with it and answers with a [`Plan`], which is data; applying it goes through the
//! executor, so that no rule is written twice. [`watch`] says when a book is compared and what waits
//! meanwhile. [`missed`] finds the executions that nobody told, [`compare`] judges one symbol.
//!
//! * A failed part is never flat, none or zero, and an answer that contradicts what is known is
//!   asked for again.
//! * What is missed is booked by its id through the path of streamed fills, with its own price, fee
//!   and time.
//! * The stop comes first, on every symbol, then the rest; one symbol's trouble stops no other, and
//!   their order decides nothing.
//! * What somebody else owns is told and left alone.

pub mod apply;
pub mod compare;
pub mod missed;
pub mod plan;
pub mod snapshot;
pub mod watch;

pub use compare::plan;
pub use plan::{Action, BalanceDiffers, CONFIRMATIONS, Finding, Plan, SymbolPlan, Withheld, Wrong};
pub use snapshot::{
    AccountSnapshot, Execution, Failure, HeldPosition, Listed, Maker, OpenOrder, OpenTrigger, Part,
    PartName, Settlement, SymbolSettings,
};
pub use watch::Watch;
