//! What is said when the program itself is at fault: every panic becomes a message for people and
//! exit code 70, whatever it interrupted.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{self, Write};
use std::panic::{self, PanicHookInfo};
use std::process;

/// The exit code of a bug.
pub(super) const EXIT: u8 = 70;

/// From now on a panic is told to people and ends the process.
pub(super) fn speak_up() {
    panic::set_hook(Box::new(|info| {
        let told = io::stderr().write_all(message(info).as_bytes());
        // Nobody reads standard error: the exit code still says it.
        drop(told);
        process::exit(EXIT.into());
    }));
}

/// What happened, what it means for positions, what to send.
fn message(info: &PanicHookInfo<'_>) -> String {
    let what = info.payload_as_str().unwrap_or("no words were given");
    let place = info.location().map_or_else(|| "somewhere".to_owned(), ToString::to_string);
    let mut text = format!(
        "gardefou: a bug of ours ended the program: {what}\n  \
         at {place}, version {}\n\
         Nothing is managed any more until it runs again. Stops that rest on an exchange stay \
         there and keep protecting open positions.\n\
         Please report it with this message, the command line, the configuration and the data; \
         with RUST_BACKTRACE=1 the message says more.\n",
        env!("CARGO_PKG_VERSION"),
    );
    let trace = Backtrace::capture();
    if trace.status() == BacktraceStatus::Captured {
        text.push_str(&trace.to_string());
    }
    text
}
