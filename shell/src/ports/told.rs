//! Alerts as lines of the log, on standard error: for people beside the daemon, and for whatever
//! reads its log.

use super::Notifier;
use crate::store::AlertRecord;

/// Brings alerts to the log.
#[derive(Clone, Copy, Debug, Default)]
pub struct ToLog;

impl Notifier for ToLog {
    fn deliver(&mut self, alert: &AlertRecord) -> Result<(), String> {
        let AlertRecord { seq, alert, .. } = alert;
        let at = crate::text::instant(alert.at);
        tracing::warn!(
            alert = seq,
            at,
            kind = alert.kind,
            subject = alert.subject,
            "{}",
            alert.text
        );
        Ok(())
    }
}
