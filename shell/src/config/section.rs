//! Reading a table by its keys: every key that is asked for is known, every other one is refused.
//! A key therefore cannot be accepted without being consumed.

use std::cell::RefCell;

use super::document::{Entry, Kind, Node, shown};
use super::keys::{Absent, DROPPED, Key, LEFT_OUT};
use super::refusal::{Place, Refusals};
use super::rule::Rule;

/// A value with its place.
#[derive(Clone, Debug)]
pub(super) struct Field<T> {
    pub(super) value: T,
    pub(super) place: Place,
}

/// A table that is being read.
pub(super) struct Section<'a> {
    /// Its path in the file: `grid_atr.per_asset.BTCUSDT`, empty for the whole file.
    pub(super) path: String,
    pub(super) place: Place,
    entries: &'a [Entry],
    asked: RefCell<Vec<&'static str>>,
    refusals: &'a Refusals,
}

impl<'a> Section<'a> {
    /// Starts to read `node`, which must be a table; anything else is refused and read as empty.
    pub(super) fn open(path: String, node: &'a Node, refusals: &'a Refusals) -> Self {
        let entries = match &node.kind {
            Kind::Table(entries) => entries.as_slice(),
            Kind::Null if path.is_empty() => &[],
            Kind::Null | Kind::Text(_) | Kind::List(_) => {
                let subject = if path.is_empty() { "the file" } else { &path };
                let remedy = "write keys with values below it, or {}";
                refusals.say(&node.place, subject, node.shown(), "must be a table", remedy);
                &[]
            }
        };
        let place = Place { line: node.place.line.max(1), ..node.place.clone() };
        let place = Place { column: place.column.max(1), ..place };
        Self { path, place, entries, asked: RefCell::default(), refusals }
    }

    /// The value of a key: as written, else its default. A key without either is refused.
    pub(super) fn get<R: Rule>(&self, key: &Key<R>) -> Field<R::Value> {
        self.over(key, None)
    }

    /// The value of a key: as written here, else `base`, else the default.
    pub(super) fn over<R: Rule>(
        &self,
        key: &Key<R>,
        base: Option<&Field<R::Value>>,
    ) -> Field<R::Value> {
        if let Some(field) = self.maybe(key).or_else(|| base.cloned()) {
            return field;
        }
        let value = match &key.absent {
            Absent::Default(value) => value.clone(),
            Absent::Required | Absent::Off => {
                let rule = "this key is required";
                let subject = self.name(key.name);
                self.refusals.say(&self.place, subject, "missing", rule, key.rule.remedy());
                key.rule.stand_in()
            }
        };
        Field { value, place: self.place.clone() }
    }

    /// The value of a key when it is written.
    pub(super) fn maybe<R: Rule>(&self, key: &Key<R>) -> Option<Field<R::Value>> {
        let entry = self.entry(key.name)?;
        let place = entry.node.place.clone();
        let value = key.rule.read(&entry.node).unwrap_or_else(|rule| {
            let subject = self.name(key.name);
            self.refusals.say(&place, subject, entry.node.shown(), rule, key.rule.remedy());
            key.rule.stand_in()
        });
        Some(Field { value, place })
    }

    /// The table below a key; read as empty when it is not written.
    pub(super) fn table(&self, name: &'static str) -> Section<'a> {
        match self.entry(name) {
            Some(entry) => Section::open(self.name(name), &entry.node, self.refusals),
            None => Section {
                path: self.name(name),
                place: self.place.clone(),
                entries: &[],
                asked: RefCell::default(),
                refusals: self.refusals,
            },
        }
    }

    /// The tables of a table whose keys are names; an absent or empty one is refused.
    pub(super) fn named(&self, name: &'static str, remedy: &str) -> Vec<(&'a Entry, Section<'a>)> {
        let Some(entry) = self.entry(name) else {
            self.refuse_empty(&self.place, name, "missing", remedy);
            return Vec::new();
        };
        match &entry.node.kind {
            Kind::Table(entries) if !entries.is_empty() => {
                entries.iter().map(|below| (below, self.below(name, below))).collect()
            }
            Kind::Table(_) => {
                self.refuse_empty(&entry.node.place, name, "empty", remedy);
                Vec::new()
            }
            Kind::Null | Kind::Text(_) | Kind::List(_) => {
                self.refuse_empty(&entry.node.place, name, &entry.node.shown(), remedy);
                Vec::new()
            }
        }
    }

    fn below(&self, name: &str, entry: &'a Entry) -> Section<'a> {
        let path = format!("{}.{}", self.name(name), shown(&entry.key));
        let mut section = Section::open(path, &entry.node, self.refusals);
        section.place = entry.place.clone();
        section
    }

    /// The tables of this table itself, whose keys are names.
    pub(super) fn all(&self) -> Vec<(&'a Entry, Section<'a>)> {
        let open = |entry: &'a Entry| {
            let mut section = Section::open(shown(&entry.key), &entry.node, self.refusals);
            section.place = entry.place.clone();
            (entry, section)
        };
        self.entries.iter().map(open).collect()
    }

    /// The tables of a list; an absent or empty one is refused.
    pub(super) fn items(&self, name: &'static str, remedy: &str) -> Vec<Section<'a>> {
        let Some(entry) = self.entry(name) else {
            self.refuse_empty(&self.place, name, "missing", remedy);
            return Vec::new();
        };
        let Kind::List(items) = &entry.node.kind else {
            self.refuse_empty(&entry.node.place, name, &entry.node.shown(), remedy);
            return Vec::new();
        };
        if items.is_empty() {
            self.refuse_empty(&entry.node.place, name, "an empty list", remedy);
        }
        let open = |(index, node)| {
            Section::open(format!("{}[{index}]", self.name(name)), node, self.refusals)
        };
        items.iter().enumerate().map(open).collect()
    }

    fn refuse_empty(&self, place: &Place, name: &str, value: &str, remedy: &str) {
        self.refusals.say(place, self.name(name), value, "at least one entry is needed", remedy);
    }

    /// Refuses the keys that nobody asked for.
    pub(super) fn finish(self) {
        let mut known = self.asked.into_inner();
        known.sort_unstable();
        known.dedup();
        for entry in self.entries.iter().filter(|entry| !known.contains(&entry.key.as_str())) {
            let remedy = remedy(&entry.key, &known);
            let subject = joined(&self.path, &shown(&entry.key));
            self.refusals.say(
                &entry.place,
                subject,
                "not a key",
                "unknown keys are refused",
                remedy,
            );
        }
    }

    /// A key with the path of this table.
    pub(super) fn name(&self, key: &str) -> String {
        joined(&self.path, key)
    }

    /// True when a key is written; asking makes it known.
    pub(super) fn has(&self, name: &'static str) -> bool {
        self.entry(name).is_some()
    }

    fn entry(&self, name: &'static str) -> Option<&'a Entry> {
        self.asked.borrow_mut().push(name);
        self.entries.iter().find(|entry| entry.key == name)
    }
}

/// What to do about a key that is none.
fn remedy(key: &str, known: &[&str]) -> String {
    let left_out = LEFT_OUT.iter().find(|(name, _)| *name == key);
    match (nearest(key, known), left_out) {
        (_, Some((_, instead))) => {
            format!("remove it; what it did elsewhere is left out here on purpose: {instead}")
        }
        (Some(known), None) => format!("did you mean {known}?"),
        (None, None) if DROPPED.contains(&key) => "remove it; it has no effect here".to_owned(),
        (None, None) => format!("remove it; known here: {}", known.join(", ")),
    }
}

fn joined(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// The known name that differs least from `given`, when it is near enough to be meant.
pub(super) fn nearest<'a>(given: &str, known: &[&'a str]) -> Option<&'a str> {
    let given: Vec<char> = given.chars().take(64).collect();
    let near = known.iter().map(|name| (distance(&given, name), *name)).min()?;
    (near.0 <= 1 + given.len() / 4).then_some(near.1)
}

/// Insertions, deletions and replacements between two names.
fn distance(given: &[char], known: &str) -> usize {
    let known: Vec<char> = known.chars().collect();
    let mut row: Vec<usize> = (0..=known.len()).collect();
    for (index, &letter) in given.iter().enumerate() {
        let mut corner = std::mem::replace(&mut row[0], index + 1);
        for (at, &other) in known.iter().enumerate() {
            let replaced = corner + usize::from(!letter.eq_ignore_ascii_case(&other));
            corner = row[at + 1];
            row[at + 1] = replaced.min(corner + 1).min(row[at] + 1);
        }
    }
    row[known.len()]
}
