//! assets.yaml and exchanges.yaml as written: the rules of every contract, the correlation groups
//! and what a venue assumes where an asset says nothing.

use std::collections::BTreeMap;

use gardefou_core::ids::SymbolName;
use gardefou_core::money::Fraction;
use rust_decimal::Decimal;

use super::document::Node;
use super::keys;
use super::refusal::{Place, Refusals};
use super::rule::is_name;
use super::section::{Field, Section, nearest};

const GROUPS: &str = "correlation_groups";

/// The contents of exchanges.yaml: what the simulated exchange assumes.
#[derive(Clone, Debug)]
pub(super) struct ExchangesFile {
    pub(super) min_notional: Field<Decimal>,
    pub(super) funding_interval: Field<u32>,
}

impl ExchangesFile {
    pub(super) fn read(node: &Node, refusals: &Refusals) -> Self {
        let file = Section::open(String::new(), node, refusals);
        let venue = file.table("simulated");
        let exchanges = Self {
            min_notional: venue.get(&keys::VENUE_MIN_NOTIONAL),
            funding_interval: venue.get(&keys::VENUE_FUNDING_INTERVAL),
        };
        venue.finish();
        file.finish();
        exchanges
    }
}

/// The contents of assets.yaml.
#[derive(Clone, Debug)]
pub(super) struct AssetsFile {
    pub(super) assets: BTreeMap<SymbolName, Asset>,
    pub(super) groups: Vec<AssetGroup>,
}

/// One contract.
#[derive(Clone, Debug)]
pub(super) struct Asset {
    pub(super) place: Place,
    pub(super) tick_size: Field<Decimal>,
    pub(super) lot_size: Field<Decimal>,
    pub(super) min_order_size: Field<Decimal>,
    pub(super) min_notional: Field<Decimal>,
    pub(super) max_leverage: Field<u32>,
    pub(super) maintenance: Field<Fraction>,
    pub(super) funding_interval: Field<u32>,
    pub(super) group: Option<Field<String>>,
}

/// One correlation group.
#[derive(Clone, Debug)]
pub(super) struct AssetGroup {
    pub(super) name: String,
    pub(super) max_same_direction: Field<u32>,
    pub(super) max_exposure: Field<Fraction>,
}

impl AssetsFile {
    pub(super) fn read(node: &Node, venue: &ExchangesFile, refusals: &Refusals) -> Self {
        let file = Section::open(String::new(), node, refusals);
        let groups = groups(&file, refusals);
        let mut assets = BTreeMap::new();
        for section in
            file.items("assets", "list the assets, each with symbol, tick_size and so on")
        {
            let Some((symbol, asset)) = Asset::read(section, venue) else { continue };
            let place = asset.place.clone();
            if assets.insert(symbol, asset).is_some() {
                let subject = symbol.to_string();
                let rule = "an asset stands once";
                refusals.say(&place, subject, "listed twice", rule, "keep one of them");
            }
        }
        file.finish();
        Self { assets, groups }
    }

    /// What to write when `symbol` is not an asset.
    pub(super) fn remedy(&self, symbol: SymbolName) -> String {
        let known: Vec<String> = self.assets.keys().map(ToString::to_string).collect();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        match nearest(symbol.as_str(), &known) {
            Some(near) => format!("did you mean {near}? otherwise add it to assets.yaml"),
            None => "add it to assets.yaml with its tick, lot and leverage".to_owned(),
        }
    }
}

fn groups(file: &Section<'_>, refusals: &Refusals) -> Vec<AssetGroup> {
    if !file.has(GROUPS) {
        return Vec::new();
    }
    let named = file.named(GROUPS, "declare a group with its limits, or remove the key");
    let mut groups = Vec::with_capacity(named.len());
    for (entry, section) in named {
        if !is_name(&entry.key) {
            let rule = "must be a name of 1 to 32 small letters, digits and underscores";
            refusals.say(&entry.place, &section.path, "a group", rule, "rename the group");
        }
        groups.push(AssetGroup {
            name: entry.key.clone(),
            max_same_direction: section.get(&keys::MAX_SAME_DIRECTION),
            max_exposure: section.get(&keys::MAX_EXPOSURE),
        });
        section.finish();
    }
    groups
}

impl Asset {
    fn read(mut section: Section<'_>, venue: &ExchangesFile) -> Option<(SymbolName, Self)> {
        let Field { value: symbol, place } = section.get(&keys::SYMBOL);
        if let Some(symbol) = symbol {
            section.path = symbol.to_string();
        }
        let asset = Self {
            place,
            tick_size: section.get(&keys::TICK_SIZE),
            lot_size: section.get(&keys::LOT_SIZE),
            min_order_size: section.get(&keys::MIN_ORDER_SIZE),
            min_notional: section.over(&keys::MIN_NOTIONAL, Some(&venue.min_notional)),
            max_leverage: section.get(&keys::ASSET_MAX_LEVERAGE),
            maintenance: section.get(&keys::MAINTENANCE),
            funding_interval: section.over(&keys::FUNDING_INTERVAL, Some(&venue.funding_interval)),
            group: section.maybe(&keys::CORRELATION_GROUP),
        };
        section.finish();
        symbol.map(|symbol| (symbol, asset))
    }
}
