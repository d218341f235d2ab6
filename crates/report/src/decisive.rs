//! The words of a rule's text that decide: of an item that matches what it asks for, of one that does not what fails.
//!
//! Places only; what to say at them is in `miss`. A line's comment or the mapping around a label decides nothing, so neither
//! is marked. Where the text does not show an item's parts (an alias, for instance), the item as a whole is the place.

use podfence_engine::{PeerMiss, PortMiss};
use podfence_model::{Cidr, Operator, Place, Requirement};
use podfence_source::{Outlines, SourceMap, View};

/// Places of a matching item at most.
const PLACES: usize = 4;

/// The text of rules.
pub(crate) struct Decisive<'s> {
    sources: &'s SourceMap,
    outlines: Outlines<'s>,
}

impl<'s> Decisive<'s> {
    pub(crate) fn new(sources: &'s SourceMap) -> Self {
        Self { sources, outlines: Outlines::new(sources) }
    }

    /// The inputs.
    pub(crate) fn sources(&self) -> &'s SourceMap {
        self.sources
    }

    /// What a peer item that matches asks for; of a block only which it is.
    pub(crate) fn peer(&self, item: &Place) -> Vec<Place> {
        let block = |item: View<'_, 's>| Some(item.get(&["ipBlock"])?.field("cidr")?.place());
        match self.outlines.at(item).and_then(block) {
            Some(cidr) => vec![cidr],
            None => self.item(item),
        }
    }

    /// What an item that matches asks for: the item, or each of its lines that says something.
    pub(crate) fn item(&self, item: &Place) -> Vec<Place> {
        let view = self.outlines.at(item);
        let mut places = view.map_or_else(Vec::new, |view| self.leaves(view));
        places.truncate(PLACES);
        if places.is_empty() { vec![item.clone()] } else { places }
    }

    fn leaves(&self, view: View<'_, 's>) -> Vec<Place> {
        if self.is_short(&view.place()) {
            return vec![view.place()];
        }
        let fields = view.fields().flat_map(|field| {
            if self.is_short(&field.place()) { vec![field.place()] } else { self.leaves(field.value) }
        });
        fields.chain(view.items().flat_map(|item| self.leaves(item))).collect()
    }

    /// Whether something stands on one line.
    fn is_short(&self, place: &Place) -> bool {
        self.sources.slice(place).is_some_and(|text| !text.trim_end().contains('\n'))
    }

    /// Whether an item's text has a field.
    pub(crate) fn has_field(&self, item: &Place, key: &str) -> bool {
        self.outlines.at(item).is_some_and(|view| view.field(key).is_some())
    }

    /// What a port item fails by: its protocol or its number.
    pub(crate) fn port_miss(&self, item: &Place, miss: &PortMiss) -> Vec<Place> {
        let words = match miss {
            PortMiss::Protocol(_) => ["protocol", "port"],
            PortMiss::IcmpHasNoPorts
            | PortMiss::Number(_)
            | PortMiss::NameWithoutPod(_)
            | PortMiss::Name { .. } => ["port", "protocol"],
        };
        let field = |view: View<'_, 's>| words.iter().find_map(|word| Some(view.field(word)?.place()));
        vec![self.outlines.at(item).and_then(field).unwrap_or_else(|| item.clone())]
    }

    /// What a peer item fails by, in the order of the labels of [`crate::miss::Told::peer`].
    pub(crate) fn peer_miss(&self, item: &Place, miss: &PeerMiss) -> Vec<Place> {
        let Some(view) = self.outlines.at(item) else { return vec![item.clone()] };
        let key = |word: &str| view.field(word).map(|field| field.key_place());
        let selector = || key("podSelector").or_else(|| key("namespaceSelector"));
        let block = view.get(&["ipBlock"]);
        let or_item = |place: Option<Place>| vec![place.unwrap_or_else(|| item.clone())];
        match miss {
            PeerMiss::NotAPod | PeerMiss::NoAddressYet => or_item(selector()),
            PeerMiss::OutsideBlock(_) => or_item(block.and_then(|b| Some(b.field("cidr")?.place()))),
            PeerMiss::Excepted { except, .. } => {
                or_item(block.and_then(|block| Some(exception(block.get(&["except"])?, *except))))
            }
            PeerMiss::Selector { only_in, namespace, pod } => {
                let only_in = only_in.iter().map(|_| selector());
                let wanted = |word: &'static str| {
                    move |asked: &Requirement| view.get(&[word]).and_then(|found| requirement(found, asked))
                };
                let namespace = namespace.iter().map(wanted("namespaceSelector"));
                let pod = pod.iter().map(wanted("podSelector"));
                let places = only_in.chain(namespace).chain(pod);
                places.map(|place| place.unwrap_or_else(|| item.clone())).collect()
            }
        }
    }
}

fn exception(list: View<'_, '_>, except: Cidr) -> Place {
    let is_it = |item: &View<'_, '_>| item.text().and_then(|text| text.parse().ok()) == Some(except);
    let found = list.items().find(is_it);
    found.unwrap_or(list).place()
}

/// Where a selector states a requirement: an entry of `matchLabels`, or an item of `matchExpressions`.
fn requirement(selector: View<'_, '_>, asked: &Requirement) -> Option<Place> {
    let label = || {
        let field = selector.get(&["matchLabels"])?.field(&asked.key)?;
        let value = field.value.text()?;
        let is_it =
            matches!(&asked.operator, Operator::In(values) if values.len() == 1 && values.contains(value));
        is_it.then(|| field.place())
    };
    let expression = || {
        let list = selector.get(&["matchExpressions"])?;
        let is_it = |item: &View<'_, '_>| item.get(&["key"]).and_then(|key| key.text()) == Some(&asked.key);
        list.items().find(is_it).map(|item| item.place())
    };
    label().or_else(expression)
}
