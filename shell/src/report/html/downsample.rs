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

/// A ladder with at most `most` changes: of the ladders wanted in an equal share of the time the
/// ones with the highest and the lowest level are kept, and the last, which is in force next.
pub(super) fn ladder(changes: &[(i64, Vec<f64>)], most: usize) -> Vec<&(i64, Vec<f64>)> {
    const KEPT: usize = 3;
    let size = changes.len().div_ceil((most / KEPT).max(1));
    if size <= KEPT {
        return changes.iter().collect();
    }
    changes.chunks(size).flat_map(extremes).collect()
}

fn extremes(changes: &[(i64, Vec<f64>)]) -> Vec<&(i64, Vec<f64>)> {
    let mut kept: Vec<usize> = Vec::with_capacity(3);
    let level = |index: usize, pick: fn(f64, f64) -> f64| {
        changes.get(index).and_then(|(_, levels)| levels.iter().copied().reduce(pick))
    };
    let by = |pick: fn(f64, f64) -> f64| {
        (0..changes.len())
            .filter_map(|i| level(i, pick).map(|price| (i, price)))
            .reduce(|a, b| if pick(a.1, b.1) < a.1 || pick(a.1, b.1) > a.1 { b } else { a })
            .map(|(index, _)| index)
    };
    kept.extend(by(f64::max));
    kept.extend(by(f64::min));
    kept.extend(changes.len().checked_sub(1));
    kept.sort_unstable();
    kept.dedup();
    kept.into_iter().filter_map(|index| changes.get(index)).collect()
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
            [
                (0, [10.0, 15.0, 9.0, 14.0]),
                (1, [14.0, 14.5, 3.0, 4.0]),
                (2, [4.0, 5.0, 4.0, 5.0])
            ]
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
    fn a_thinned_ladder_keeps_the_extremes_and_the_last() {
        let changes: Vec<(i64, Vec<f64>)> =
            (0..100).map(|i| (i, vec![if i == 41 { 900.0 } else { 100.0 - i as f64 }])).collect();
        let kept = ladder(&changes, 9);
        assert!(kept.len() <= 9);
        assert!(kept.iter().any(|c| c.0 == 41));
        assert_eq!(kept.last().unwrap().0, 99);
        assert_eq!(ladder(&changes, 1000).len(), 100);
    }
}
