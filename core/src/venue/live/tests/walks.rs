//! Random walks with random latencies and partial sizes, every message arriving.

use proptest::prelude::*;

use super::*;
use crate::config::EntryOrder;

/// A step of the walk: pause, move of the price, distance of the mark, size.
type Move = (i64, i64, i64, i64);

fn moves() -> impl Strategy<Value = Vec<Move>> {
    // Mostly faster than any latency; now and then long enough for bars to close.
    let pause = prop_oneof![8 => 1i64..300, 4 => 300i64..20_000, 1 => 100_000i64..2_000_000];
    let step = prop_oneof![4 => -40i64..41, 2 => -260i64..261];
    prop::collection::vec((pause, step, -5i64..6, 1i64..80), 1..150)
}

impl World {
    /// Held means protected: the engine has a stop, has asked for one, counts its deadline, or
    /// closes; the venue holds stops, or the stop that travelled with the entry, for everything
    /// — or a change of the stop is under way.
    fn check_protection(&self) {
        let lane = self.lane();
        if lane.cycle.is_some() {
            let protection = &lane.protection;
            let stop = protection.working.or(protection.pending).is_some();
            let due = protection.naked_since.is_some();
            assert!(stop || due || lane.close.is_some(), "the engine holds, without a stop");
        }
        let desk = self.live.venue().desk(PLACE).unwrap();
        assert!(
            desk.uncovered().is_zero()
                || desk.preset.is_some()
                || lane.protection.pending.is_some(),
            "the venue holds {:?} with {:?}",
            desk.position,
            desk.orders
        );
    }

    /// Once everything has been told, both sides agree to the last digit. Executions may be told
    /// in another order than they happened, which moves profit between what is booked and what is
    /// open: their sum is compared while anything is.
    fn check_agreement(&self) {
        if !self.is_told() {
            return;
        }
        let paid = |cost: Cash, held: i64| Cash(cost.0 * i128::from(held.signum()));
        let position = self.live.venue().desk(PLACE).unwrap().position;
        let theirs = paid(position.map_or(Cash::ZERO, |p| p.cost), self.position());
        let cycle = self.lane().cycle.as_ref();
        let ours = paid(cycle.map_or(Cash::ZERO, |cycle| cycle.basis.cost), self.held());
        let wallet = &self.live.engine().books()[0].wallet;
        let balance = self.live.venue().balance(BOOK).unwrap();
        assert_eq!(wallet.balance - ours, balance - theirs);
        assert_eq!(self.held(), self.position());
    }

    fn walk(&mut self, moves: &[Move]) {
        let mut price = 10_000;
        let mut next_close = Timestamp(0) + Span::hours(self.bars + 1);
        for &(pause, step, basis, size) in moves {
            price = (price + step).max(5_000);
            let (last, mark) = (Ticks(price), Ticks(price + basis));
            self.live.print(SYMBOL, Print { last, mark, size: Some(Lots(size)) });
            let until = self.live.now() + Span(pause);
            while self.live.take_one(until).is_some() {
                self.check_money();
                if self.live.next_due() != Some(self.live.now()) {
                    self.check_protection();
                    self.check_agreement();
                }
            }
            self.live.advance(until);
            if self.live.now() >= next_close {
                let bar = self.bar(price);
                self.live.tell(&Event::BarClosed { symbol: SYMBOL, bar });
                next_close = next_close + Span::hours(1);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_position_has_its_stop_or_one_under_way_and_no_cent_is_lost(
        moves in moves(),
        request in 0i64..400,
        answer in 0i64..400,
        report in 0i64..400,
        short: bool,
        market: bool,
    ) {
        let mut config = config(Sides { long: true, short });
        if market {
            config.entry_order = EntryOrder::Market;
        }
        let mut world = World::with(config, |s| {
            s.delays.request = Span(request);
            s.delays.answer = Span(answer);
            s.delays.report = Span(report);
        });
        world.walk(&moves);
    }
}
