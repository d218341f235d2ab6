//! The fields of one mapping, asked for by name; [`Fields::finish`] complains about those not asked for.

use podfence_model::{Place, nearest};

use super::item::Item;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::yaml::{Entry, Key};

/// A mapping that is being read.
pub(crate) struct Fields<'n> {
    /// The mapping itself.
    pub(crate) item: Item<'n>,
    entries: &'n [Entry<'n>],
    known: Vec<&'static str>,
}

impl<'n> Fields<'n> {
    pub(super) fn new(item: Item<'n>, entries: &'n [Entry<'n>]) -> Self {
        Self { item, entries, known: Vec::new() }
    }

    /// All entries, for mappings whose keys are data (labels).
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&'n Key<'n>, Item<'n>)> + use<'n> {
        let sink = self.item.sink;
        self.entries.iter().map(move |e| (&e.key, Item::new(sink, &e.value, &e.key.text)))
    }

    /// Whether a key is there, whatever its value.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.entries.iter().any(|e| e.key.text == name)
    }

    /// The place of a key.
    pub(crate) fn place_of(&self, name: &str) -> Option<Place> {
        let entry = self.entries.iter().find(|e| e.key.text == name)?;
        Some(self.item.sink.place(entry.key.span))
    }

    /// A field's value; `null` counts as absent, as it does to the API server.
    pub(crate) fn get(&mut self, name: &'static str) -> Option<Item<'n>> {
        self.known.push(name);
        let entry = self.entries.iter().find(|e| e.key.text == name)?;
        let item = Item::new(self.item.sink, &entry.value, name);
        (!item.is_null()).then_some(item)
    }

    /// A field that must be there.
    pub(crate) fn required(&mut self, name: &'static str) -> Option<Item<'n>> {
        let item = self.get(name);
        if item.is_none() {
            let place = self.place_of(name).unwrap_or_else(|| self.item.place());
            let message = format!("`{name}` is required");
            self.item.sink.report(Code::MissingField.error(message).at(place, ""));
        }
        item
    }

    /// The fields of an optional mapping.
    pub(crate) fn mapping(&mut self, name: &'static str) -> Option<Fields<'n>> {
        self.get(name)?.mapping()
    }

    /// The items of an optional list; none when it is absent.
    pub(crate) fn list(&mut self, name: &'static str) -> impl Iterator<Item = Item<'n>> + use<'n> {
        self.get(name).and_then(Item::list).into_iter().flatten()
    }

    /// The fields of the mappings in an optional list.
    pub(crate) fn mappings(&mut self, name: &'static str) -> impl Iterator<Item = Fields<'n>> + use<'n> {
        self.list(name).filter_map(Item::mapping)
    }

    /// An optional text; the empty text counts as absent, as it does to the API server.
    pub(crate) fn text(&mut self, name: &'static str) -> Option<&'n str> {
        self.get(name)?.text().filter(|text| !text.is_empty())
    }

    /// An optional boolean, false when absent.
    pub(crate) fn flag(&mut self, name: &'static str) -> bool {
        self.get(name).and_then(Item::boolean).unwrap_or(false)
    }

    /// Fields that may be there and do not matter.
    pub(crate) fn ignore(&mut self, names: &[&'static str]) {
        self.known.extend(names);
    }

    /// Reports every key that nobody asked for, and says whether there was none. `hint` may say more
    /// about a key than its nearest spelling.
    pub(crate) fn finish(&self, hint: impl Fn(&str) -> Option<String>) -> bool {
        let mut clean = true;
        for Entry { key, .. } in self.entries.iter().filter(|e| !self.known.contains(&e.key.text.as_ref())) {
            self.item.sink.report(self.unknown(key, hint(&key.text)));
            clean = false;
        }
        clean
    }

    fn unknown(&self, key: &Key<'_>, hint: Option<String>) -> Diagnostic {
        let place = self.item.sink.place(key.span);
        let unstated = self.known.iter().copied().filter(|k| !self.has(k));
        let near = nearest(&key.text, unstated);
        let suggestion = match (near, &hint) {
            (Some(near), None) => format!("; did you mean `{near}`?"),
            _ => String::new(),
        };
        let message = format!("unknown field `{}`{suggestion}", key.text);
        let diagnostic = Code::UnknownField.error(message).at(place.clone(), "");
        match (hint, near) {
            (Some(hint), _) => diagnostic.help(hint),
            (None, Some(near)) => diagnostic.edit(place, near),
            (None, None) => diagnostic.help(self.known_fields()),
        }
    }

    fn known_fields(&self) -> String {
        let names: Vec<String> = self.known.iter().map(|name| format!("`{name}`")).collect();
        format!("known here: {}", names.join(", "))
    }
}
