//! What a person may ask of the demo.

use clap::Args;
use gardefou_core::ids::SymbolName;

use super::market::{DEFAULT_HOURS, Scenario};
use super::session::{DEFAULT_SPEED, SPEEDS};

/// The longest demo, in hours: a year.
const HOURS_MAX: u32 = 8_784;

/// Watch both grid strategies trade a generated market: no money, no keys, no network.
#[derive(Args, Clone, Debug, PartialEq)]
pub struct DemoOptions {
    /// Decides every price; the same number shows the same market
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Market hours per second; --plain runs as fast as it can without it
    #[arg(long, value_name = "HOURS", value_parser = speed)]
    pub speed: Option<f64>,
    /// Days of market to trade
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=366))]
    pub days: Option<u32>,
    /// Hours of market to trade, instead of days
    #[arg(long, value_name = "N", conflicts_with = "days",
        value_parser = clap::value_parser!(u32).range(1..=i64::from(HOURS_MAX)))]
    pub hours: Option<u32>,
    /// Lines of text instead of a screen; always so when the output is no terminal
    #[arg(long)]
    pub plain: bool,
    /// The summary at the end as JSON, and nothing else
    #[arg(long)]
    pub json: bool,
    /// Only these symbols, for example BTC,ETH
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = crate::config::symbol_of_person)]
    pub symbols: Option<Vec<SymbolName>>,
    /// Only these strategies, for example grid_atr
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub strategy: Option<Vec<String>>,
}

impl Default for DemoOptions {
    fn default() -> Self {
        Self {
            seed: 1,
            speed: None,
            days: None,
            hours: None,
            plain: false,
            json: false,
            symbols: None,
            strategy: None,
        }
    }
}

impl DemoOptions {
    /// What to trade.
    #[must_use]
    pub fn scenario(&self) -> Scenario {
        let days = self.days.map(|days| days.saturating_mul(24));
        Scenario {
            seed: self.seed,
            hours: self.hours.or(days).unwrap_or(DEFAULT_HOURS).min(HOURS_MAX),
            symbols: self.symbols.clone(),
            strategies: self.strategy.clone(),
        }
    }

    /// Market hours per second on a screen.
    #[must_use]
    pub fn speed(&self) -> f64 {
        self.speed.unwrap_or(DEFAULT_SPEED)
    }
}

fn speed(text: &str) -> Result<f64, String> {
    let (least, most) = SPEEDS;
    let speed = text.parse::<f64>().ok().filter(|speed| (least..=most).contains(speed));
    speed.ok_or_else(|| format!("must be a number from {least} to {most}, for example 4"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::FromArgMatches as _;

    fn parse(args: &[&str]) -> Result<DemoOptions, clap::Error> {
        let command = DemoOptions::augment_args(clap::Command::new("demo").no_binary_name(true));
        DemoOptions::from_arg_matches(&command.try_get_matches_from(args)?)
    }

    #[test]
    fn nothing_said_is_the_default() {
        assert_eq!(parse(&[]).unwrap(), DemoOptions::default());
        assert_eq!(DemoOptions::default().scenario(), Scenario::default());
    }

    #[test]
    fn symbols_are_understood_as_people_write_them() {
        let symbols = parse(&["--symbols", "btc, ETH/USDT,XRPUSDT"]).unwrap().symbols.unwrap();
        let names: Vec<String> = symbols.iter().map(ToString::to_string).collect();
        assert_eq!(names, ["BTCUSDT", "ETHUSDT", "XRPUSDT"]);
    }

    #[test]
    fn nonsense_is_refused_with_its_rule() {
        for args in [
            ["--speed", "0"],
            ["--speed", "NaN"],
            ["--speed", "fast"],
            ["--days", "0"],
            ["--hours", "99999"],
            ["--symbols", "$"],
        ] {
            assert!(parse(&args).is_err(), "{args:?}");
        }
        assert!(parse(&["--days", "1", "--hours", "5"]).is_err());
        assert_eq!(parse(&["--days", "3"]).unwrap().scenario().hours, 72);
    }
}
