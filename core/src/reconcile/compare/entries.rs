//! Settings, and whether the symbol takes entries.

use super::super::plan::{Action, Finding, Withheld};
use super::super::snapshot::SymbolSettings;
use super::Comparison;

impl Comparison<'_> {
    pub(super) fn judge_settings(&mut self) {
        let Some(settings) = self.scene.snapshot.settings.known() else { return };
        let symbol = self.symbol();
        let Some(there) = settings.iter().find(|there| there.symbol == symbol) else {
            self.findings.push(Finding::SettingsUnknown);
            self.withheld = self.withheld.or(Some(Withheld::Settings));
            return;
        };
        let wanted = self.before.terms.leverage;
        let &SymbolSettings { leverage, margin_mode, one_way, .. } = there;
        let margin_mode = margin_mode != self.scene.config.risk.margin_mode;
        if leverage == wanted && !margin_mode && one_way {
            return;
        }
        let hedged = !one_way;
        self.findings.push(Finding::SettingsDiverged { leverage, wanted, margin_mode, hedged });
        self.withheld = self.withheld.or(Some(Withheld::Settings));
        if leverage != wanted && self.is_idle() {
            self.actions.push(Action::SetLeverage { leverage: wanted });
        }
    }

    /// Flat and without orders, here and there, whoever made them (INC-112).
    pub(super) fn is_idle(&self) -> bool {
        let flat = self.is_flat_there();
        let lane = &self.trial.lane;
        let quiet = lane.cycle.is_none() && !lane.has_entries() && lane.target.is_none();
        let none = |count: Option<usize>| count == Some(0);
        flat && quiet
            && none(self.orders().map(|orders| orders.len()))
            && none(self.triggers().map(|stops| stops.len()))
    }

    /// Entries here are withheld, or allowed again once every part that could say no has spoken.
    pub(super) fn judge_entries(&mut self) {
        let before = self.scene.book.watch.blocked(self.before.symbol);
        let snapshot = self.scene.snapshot;
        let heard = snapshot.positions.known().is_some()
            && snapshot.orders.known().is_some()
            && snapshot.triggers.known().is_some()
            && snapshot.fills.known().is_some()
            && snapshot.settings.known().is_some();
        match (self.withheld, before) {
            (Some(why), before) if before != Some(why) => self.actions.push(Action::Block(why)),
            (None, Some(_)) if heard => self.actions.push(Action::Unblock),
            _ => {}
        }
    }
}
