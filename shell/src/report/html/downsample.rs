//! Makes a price series short enough for a page without losing a high or a low.

/// One bar as a chart needs it: open time in milliseconds, open, high, low, close.
pub(super) type Point = (i64, f64, f64, f64, f64);

/// Bars of equal length, counted from the first.
#[derive(Debug, PartialEq)]
pub(super) struct Bars {
    /// The open of the first bar.
    pub start: i64,
    /// The length of a bar in milliseconds.
    pub step: i64,
    /// Number of the bar from `start`, open, high, low, close; bars without data are left out.
    pub bars: Vec<(i64, [f64; 4])>,
}

/// Merges neighbouring bars until no more than `most` remain. A merged bar opens with the first,
/// closes with the last and spans the highest high and the lowest low. Points that are not in
/// order or not numbers are left out.
pub(super) fn bars(points: &[Point], most: usize) -> Option<Bars> {
    let start = points.first()?.0;
    let step = step(points, most);
    let mut out: Vec<(i64, [f64; 4])> = Vec::with_capacity(points.len().min(most) + 1);
    for &(time, open, high, low, close) in points {
        if time < start || ![open, high, low, close].iter().all(|p| p.is_finite()) {
            continue;
        }
        let index = (time - start) / step;
        match out.last_mut() {
            Some((last, merged)) if *last == index => {
                *merged = [merged[0], merged[1].max(high), merged[2].min(low), close];
            }
            Some((last, _)) if *last > index => {}
            Some(_) | None => out.push((index, [open, high, low, close])),
        }
    }
    Some(Bars { start, step, bars: out })
}

/// The length of a bar: a multiple of the shortest distance between two points.
fn step(points: &[Point], most: usize) -> i64 {
    let distances = points.windows(2).filter_map(|w| match w {
        [a, b] => Some(b.0 - a.0).filter(|d| *d > 0),
        _ => None,
    });
    let shortest = distances.min().unwrap_or(1);
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return shortest };
    let slots = (last.0 - first.0) / shortest + 1;
    let most = i64::try_from(most.max(1)).unwrap_or(i64::MAX);
    shortest.saturating_mul(slots.max(1).saturating_add(most - 1) / most)
}

/// A ladder with at most `most` changes: those that moved a level by less than a tolerance are left
/// out, and the tolerance is the smallest of a growing row that makes the rest few enough. A
/// ladder that begins, ends or gains a level is kept while there is room.
pub(super) fn ladder(changes: &[(i64, Vec<f64>)], most: usize) -> Vec<&(i64, Vec<f64>)> {
    const FINEST: f64 = 1e-4;
    const TRIES: i32 = 28;
    let tolerances =
        std::iter::once(0.0).chain((0..TRIES).map(|n| FINEST * std::f64::consts::SQRT_2.powi(n)));
    let kept = tolerances.map(|tolerance| moved(changes, tolerance)).find(|k| k.len() <= most);
    kept.unwrap_or_else(|| {
        changes.iter().step_by(changes.len().div_ceil(most.max(1)).max(1)).collect()
    })
}

fn moved(changes: &[(i64, Vec<f64>)], tolerance: f64) -> Vec<&(i64, Vec<f64>)> {
    let mut kept: Vec<&(i64, Vec<f64>)> = Vec::new();
    for change in changes {
        if kept.last().is_none_or(|last| differs(&last.1, &change.1, tolerance)) {
            kept.push(change);
        }
    }
    kept
}

fn differs(before: &[f64], after: &[f64], tolerance: f64) -> bool {
    let far = |(a, b): (&f64, &f64)| (a - b).abs() > tolerance * a.abs();
    before.len() != after.len() || before.iter().zip(after).any(far)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_keeps_open_high_low_and_close() {
        let points = [
            (0, 10.0, 12.0, 9.0, 11.0),
            (60, 11.0, 15.0, 10.5, 14.0),
            (120, 14.0, 14.5, 3.0, 4.0),
            (240, 4.0, 5.0, 4.0, 5.0),
        ];
        let all = bars(&points, 3).unwrap();
        assert_eq!((all.start, all.step), (0, 120));
        assert_eq!(
            all.bars,
            [(0, [10.0, 15.0, 9.0, 14.0]), (1, [14.0, 14.5, 3.0, 4.0]), (2, [4.0, 5.0, 4.0, 5.0])]
        );
    }

    #[test]
    fn a_short_series_stays_as_it_is_and_gaps_stay_gaps() {
        let points = [(0, 1.0, 1.0, 1.0, 1.0), (60, 2.0, 2.0, 2.0, 2.0), (300, 3.0, 3.0, 3.0, 3.0)];
        let all = bars(&points, 100).unwrap();
        assert_eq!(all.bars.iter().map(|b| b.0).collect::<Vec<_>>(), [0, 1, 5]);
    }

    #[test]
    fn what_is_not_a_price_is_left_out() {
        let points =
            [(0, 1.0, 1.0, 1.0, 1.0), (60, f64::NAN, 2.0, 2.0, 2.0), (120, 3.0, 3.0, 3.0, 3.0)];
        assert_eq!(bars(&points, 9).unwrap().bars.len(), 2);
        assert_eq!(bars(&[], 9), None);
    }

    #[test]
    fn a_long_series_is_never_longer_than_asked() {
        let points: Vec<Point> = (0..26_280).map(|i| (i * 3_600_000, 1.0, 2.0, 0.5, 1.5)).collect();
        assert!(bars(&points, 6000).unwrap().bars.len() <= 6000);
    }

    #[test]
    fn a_thinned_ladder_keeps_what_moved_most() {
        let price = |i: i64| if i == 41 { 900.0 } else { 100.0 + (i % 2) as f64 * 0.001 };
        let changes: Vec<(i64, Vec<f64>)> = (0..100).map(|i| (i, vec![price(i)])).collect();
        let times = |most| ladder(&changes, most).iter().map(|c| c.0).collect::<Vec<_>>();
        assert_eq!(times(9), [0, 41, 42]);
        assert_eq!(times(1000).len(), 100);
    }

    #[test]
    fn a_wild_ladder_is_bounded_too() {
        let changes: Vec<(i64, Vec<f64>)> =
            (0..1000).map(|i| (i, vec![10_f64.powi((i % 5) as i32); (i % 3) as usize])).collect();
        assert!(ladder(&changes, 50).len() <= 50);
        assert!(ladder(&[], 50).is_empty());
    }
}
