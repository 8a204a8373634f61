//! Tests of the store: what survives which fault, and what people are told.

mod backups;
mod crash;
mod damage;
mod disk;
mod files;
mod fixture;
mod ledger;
mod work;
mod writing;
