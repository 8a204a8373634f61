//! YAML text to a tree of nodes that know their place. The only file that calls the YAML library.
//!
//! Scalars keep the text that a person wrote: `0.1` never passes through a float. Anchors and
//! merge keys work; size, depth and expansion are limited.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::NonFiniteFloatPolicy;
use serde_saphyr::{Error, Location, Options, Spanned};

use super::files::Source;
use super::interpolate::interpolate;
use super::refusal::{Place, Refusals};

/// The largest file that is read, in bytes.
pub(super) const BYTES_MAX: usize = 1 << 20;

const DEPTH_MAX: usize = 16;
const NODES_MAX: usize = 50_000;
const ALIASES_MAX: usize = 1_000;
const REPLAYED_MAX: usize = 50_000;

/// A value with its place.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) kind: Kind,
}

/// What a value is.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// Nothing after the colon, `~` or `null`.
    Null,
    /// A single value as written, after interpolation.
    Text(String),
    /// `[a, b]`.
    List(Vec<Node>),
    /// `key: value` pairs in the order of the file.
    Table(Vec<Entry>),
}

/// A key with its place and its value.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) place: Place,
    pub(super) node: Node,
}

impl Node {
    /// How a refusal shows the value: at most 40 characters on one line.
    pub(super) fn shown(&self) -> String {
        match &self.kind {
            Kind::Null => "empty".to_owned(),
            Kind::List(items) if items.is_empty() => "an empty list".to_owned(),
            Kind::List(items) => list(items),
            Kind::Table(_) => "a table".to_owned(),
            Kind::Text(text) => shown(text),
        }
    }
}

/// A list of single values as written, when it is short; "a list" otherwise.
fn list(items: &[Node]) -> String {
    let word = |item: &Node| match &item.kind {
        Kind::Text(text) => Some(shown(text)),
        Kind::Null | Kind::List(_) | Kind::Table(_) => None,
    };
    let words: Option<Vec<String>> = items.iter().take(5).map(word).collect();
    match words {
        Some(words) if items.len() < 5 => format!("[{}]", words.join(", ")),
        _ => "a list".to_owned(),
    }
}

/// Text on one line, at most 40 characters, quoted when it could be misread.
pub(super) fn shown(text: &str) -> String {
    let short: String = text.chars().take(40).collect();
    let plain = !short.is_empty() && short.chars().all(|c| c.is_ascii_graphic());
    let more = if short.len() < text.len() { "…" } else { "" };
    if plain { format!("{short}{more}") } else { format!("{short:?}{more}") }
}

/// Reads one file's text. What is refused is read as nothing.
pub(super) fn parse(source: &Source, env: &BTreeMap<String, String>, refusals: &Refusals) -> Node {
    let file = &source.path;
    let text = source.text.strip_prefix('\u{feff}').unwrap_or(&source.text);
    match serde_saphyr::from_str_with_options::<Spanned<Parsed>>(text, options()) {
        Ok(parsed) => Reader { file, text, env, refusals }.node(parsed),
        Err(error) => {
            refuse(file, error.without_snippet(), refusals);
            Node { place: Place::whole(file), kind: Kind::Null }
        }
    }
}

fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: DEPTH_MAX,
            max_nodes: NODES_MAX,
            max_events: 2 * NODES_MAX,
            max_aliases: ALIASES_MAX,
            max_anchors: ALIASES_MAX,
            max_documents: 2,
            max_total_scalar_bytes: BYTES_MAX,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: REPLAYED_MAX,
            max_replay_stack_depth: DEPTH_MAX,
        },
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
        strict_booleans: true,
        with_snippet: false,
    }
}

fn refuse(file: &Arc<str>, error: &Error, refusals: &Refusals) {
    let place = error.location().map_or_else(|| Place::whole(file), |at| place(file, at));
    if let Error::DuplicateMappingKey { key, .. } = error {
        let key = key.as_deref().unwrap_or("a key");
        refusals.say(&place, key, "written twice", "a key stands once", "keep one of them");
        return;
    }
    if matches!(error, Error::MultipleDocuments { .. }) {
        let rule = "a file holds one document";
        refusals.say(&place, "the file", "more than one document", rule, "remove the line ---");
        return;
    }
    let words = error.to_string().replace('\n', " ");
    let words = words.split(" at line ").next().unwrap_or_default();
    let cause = if let Error::AliasError { error, .. } = error { error } else { error };
    let budget = matches!(
        cause,
        Error::Budget { .. }
            | Error::AliasReplayLimitExceeded { .. }
            | Error::AliasReplayStackDepthExceeded { .. }
            | Error::AliasReplayCounterOverflow { .. }
            | Error::AliasExpansionLimitExceeded { .. }
    );
    if budget {
        let rule = format!("beyond the limits of a configuration file ({words})");
        refusals.say(&place, "the file", "too large", rule, "shorten it, use fewer aliases");
    } else {
        refusals.say(&place, "the file", "not valid YAML", words, "correct the line");
    }
}

fn place(file: &Arc<str>, at: Location) -> Place {
    Place { file: Arc::clone(file), line: at.line(), column: at.column() }
}

/// A value as the library reports it, before places and environment are applied.
enum Parsed {
    Null,
    Text(String),
    /// A number or a boolean: its text is taken from the source.
    Plain,
    List(Vec<Spanned<Self>>),
    Table(Vec<(Spanned<String>, Spanned<Self>)>),
}

struct Reader<'a> {
    file: &'a Arc<str>,
    text: &'a str,
    env: &'a BTreeMap<String, String>,
    refusals: &'a Refusals,
}

impl Reader<'_> {
    fn node(&self, parsed: Spanned<Parsed>) -> Node {
        let place = place(self.file, parsed.referenced);
        let kind = match parsed.value {
            Parsed::Null => Kind::Null,
            Parsed::Plain => Kind::Text(self.source(parsed.defined)),
            Parsed::Text(text) => Kind::Text(self.replaced(text, &place)),
            Parsed::List(items) => {
                Kind::List(items.into_iter().map(|item| self.node(item)).collect())
            }
            Parsed::Table(entries) => Kind::Table(
                entries.into_iter().map(|(key, value)| self.entry(key, value)).collect(),
            ),
        };
        Node { place, kind }
    }

    fn entry(&self, key: Spanned<String>, value: Spanned<Parsed>) -> Entry {
        let place = place(self.file, key.referenced);
        let mut node = self.node(value);
        if node.place.line == 0 || matches!(node.kind, Kind::Null) {
            node.place = place.clone();
        }
        Entry { key: key.value, place, node }
    }

    /// The text that stands at `at`, as written.
    fn source(&self, at: Location) -> String {
        let span = at.span();
        let range = span.byte_offset().zip(span.byte_len()).and_then(|(start, length)| {
            let start = usize::try_from(start).ok()?;
            self.text.get(start..start.checked_add(usize::try_from(length).ok()?)?)
        });
        range.unwrap_or_default().trim().to_owned()
    }

    fn replaced(&self, text: String, place: &Place) -> String {
        match interpolate(&text, self.env) {
            Ok(replaced) => replaced,
            Err(fault) => {
                self.refusals.say(place, shown(&text), fault.value, fault.rule, fault.remedy);
                text
            }
        }
    }
}

impl<'de> Deserialize<'de> for Parsed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Parsed;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value, a list or a table")
    }

    fn visit_unit<E>(self) -> Result<Parsed, E> {
        Ok(Parsed::Null)
    }

    fn visit_none<E>(self) -> Result<Parsed, E> {
        Ok(Parsed::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Parsed, D::Error> {
        Parsed::deserialize(deserializer)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Parsed, E> {
        Ok(Parsed::Plain)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Parsed, E> {
        Ok(Parsed::Plain)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Parsed, E> {
        Ok(Parsed::Plain)
    }

    fn visit_i128<E>(self, _: i128) -> Result<Parsed, E> {
        Ok(Parsed::Plain)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Parsed, E> {
        Ok(Parsed::Plain)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Parsed, E> {
        Ok(Parsed::Plain)
    }

    fn visit_str<E>(self, text: &str) -> Result<Parsed, E> {
        Ok(Parsed::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Parsed, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Parsed::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<Parsed, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = table.next_entry()? {
            entries.push(entry);
        }
        Ok(Parsed::Table(entries))
    }
}
