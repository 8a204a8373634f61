//! Any bytes in place of a candle file are read or refused; bars that are read are sound.
#![no_main]

use gardefou::data::read_candles;
use gardefou_core::time::Timeframe;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(dir) = tempfile::tempdir() else { return };
    let path = dir.path().join("x.csv");
    if std::fs::write(&path, bytes).is_err() {
        return;
    }
    if let Ok(series) = read_candles(&path, Timeframe::H1)
        && let Ok(bars) = series.to_bars(series.finest_step())
    {
        assert!(bars.iter().all(|bar| bar.check().is_ok()));
        assert!(bars.windows(2).all(|pair| pair[0].at < pair[1].at));
    }
});
