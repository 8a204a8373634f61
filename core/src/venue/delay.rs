//! What is under way: items with the instant at which they arrive, in the order of arrival;
//! items of one instant arrive in the order in which they left.

use alloc::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// A queue ordered by time of arrival.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DelayQueue<T> {
    items: VecDeque<(Timestamp, T)>,
}

impl<T> Default for DelayQueue<T> {
    fn default() -> Self {
        Self { items: VecDeque::new() }
    }
}

impl<T> DelayQueue<T> {
    /// Sends an item that arrives at `at`.
    pub fn push(&mut self, at: Timestamp, item: T) {
        let place = self.items.partition_point(|&(due, _)| due <= at);
        self.items.insert(place, (at, item));
    }

    /// When the next item arrives.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        self.items.front().map(|&(at, _)| at)
    }

    /// The next item that has arrived by `now`, and when it did.
    pub fn take_due(&mut self, now: Timestamp) -> Option<(Timestamp, T)> {
        self.items.pop_front_if(|&mut (at, _)| at <= now)
    }

    /// Everything under way, in the order of arrival.
    pub fn iter(&self) -> impl Iterator<Item = &(Timestamp, T)> {
        self.items.iter()
    }

    /// Takes back every item for which `keep` does not hold.
    pub fn retain(&mut self, keep: impl Fn(&T) -> bool) {
        self.items.retain(|(_, item)| keep(item));
    }

    /// Takes back the first item for which `is` holds.
    pub fn recall(&mut self, is: impl Fn(&T) -> bool) -> Option<T> {
        let place = self.items.iter().position(|(_, item)| is(item))?;
        self.items.remove(place).map(|(_, item)| item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_arrive_in_time_order_and_ties_in_sending_order() {
        let mut queue = DelayQueue::default();
        for (at, item) in [(20, 'c'), (10, 'a'), (10, 'b')] {
            queue.push(Timestamp(at), item);
        }
        assert_eq!(queue.take_due(Timestamp(9)), None);
        let arrived: Vec<char> =
            core::iter::from_fn(|| queue.take_due(Timestamp(20))).map(|(_, item)| item).collect();
        assert_eq!(arrived, ['a', 'b', 'c']);
    }
}
