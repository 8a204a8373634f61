//! A watch that writes down what the engine answered, close by close.

use gardefou_core::command::Command;
use gardefou_core::engine::Engine;
use gardefou_core::notice::Notice;
use gardefou_core::time::Timestamp;
use gardefou_core::venue::bars::BarVenue;

use crate::driver::{Scene, Watch};

/// The answers of one hour: from the open of its bars to the decision at their close.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hour {
    /// Commands in order.
    pub commands: Vec<(Timestamp, Command)>,
    /// Notices in order.
    pub notices: Vec<(Timestamp, Notice)>,
}

/// What an engine answered, hour by hour.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// The hours that are decided.
    pub hours: Vec<Hour>,
    /// What has been answered since.
    pub hour: Hour,
}

impl Record {
    /// All notices, in order.
    pub fn notices(&self) -> impl Iterator<Item = &(Timestamp, Notice)> {
        self.hours.iter().chain([&self.hour]).flat_map(|hour| &hour.notices)
    }

    /// The first hour in which another record differs from this one, within the hours of both.
    #[must_use]
    pub fn first_difference(&self, other: &Self) -> Option<String> {
        let pairs = self.hours.iter().zip(&other.hours).enumerate();
        let (hour, (one, two)) = pairs.into_iter().find(|(_, (one, two))| one != two)?;
        let commands = one.commands.iter().zip(&two.commands).find(|(a, b)| a != b);
        let notices = one.notices.iter().zip(&two.notices).find(|(a, b)| a != b);
        Some(format!(
            "hour {hour}: {} and {} commands, first different {commands:?}; {} and {} notices, \
             first different {notices:?}",
            one.commands.len(),
            two.commands.len(),
            one.notices.len(),
            two.notices.len(),
        ))
    }
}

impl Watch for Record {
    fn after(&mut self, scene: &Scene<'_>) {
        let now = scene.now;
        self.hour.commands.extend(scene.step.commands.iter().map(|&command| (now, command)));
        self.hour.notices.extend(scene.step.notices.iter().map(|notice| (now, notice.clone())));
    }

    fn decided(&mut self, _engine: &Engine, _venue: &BarVenue) {
        self.hours.push(std::mem::take(&mut self.hour));
    }
}
