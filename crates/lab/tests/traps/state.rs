//! What the kernel has of our table, in a form in which two tables that enforce the same are the same: the numbers in
//! names are replaced by what they stand for.

use std::collections::{BTreeMap, BTreeSet};

use podfence_lab::netns::Netns;
use podfence_netlink::nft::{Data, Element, Family, Key, Name, Nftables, RuleInfo, Set, Table, Verdict};

pub const TABLE: Table = Table::new(Family::Inet, Name::constant("podfence"));

/// All of a table, as read back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// Each with its comment.
    chains: BTreeMap<String, Option<String>>,
    rules: Vec<RuleInfo>,
    sets: BTreeMap<String, (Set, Vec<Element>)>,
}

impl State {
    /// Empty if there is no such table.
    pub fn of(place: &Netns, table: Table) -> Self {
        place.run(move || {
            let mut nft = Nftables::open().unwrap();
            if nft.table(&table).unwrap().is_none() {
                return Self::default();
            }
            let comment = |c: &podfence_netlink::nft::Chain| c.comment.as_ref().map(ToString::to_string);
            let chains = nft.chains(&table).unwrap().into_iter();
            let chains = chains.map(|info| (info.chain.name.to_string(), comment(&info.chain))).collect();
            let rules = nft.rules(&table, None).unwrap();
            let mut sets = BTreeMap::new();
            for info in nft.sets(&table).unwrap() {
                let elements = nft.elements(&table, &info.set).unwrap();
                sets.insert(info.set.name.to_string(), (info.set, elements));
            }
            Self { chains, rules, sets }
        })
    }

    /// Counters count on, whatever we do.
    pub fn forget_counters(&mut self) {
        for rule in &mut self.rules {
            rule.counter = None;
            rule.expressions.clear();
        }
    }

    /// What is enforced: every chain and set of the frame, with all that it leads to.
    pub fn canonical(&self) -> BTreeMap<String, String> {
        let chains = self.chains.keys().filter(|name| !is_numbered(name));
        let mut out: BTreeMap<_, _> = chains.map(|name| (name.clone(), self.chain(name))).collect();
        for name in self.sets.keys().filter(|name| !is_numbered(name)) {
            out.insert(without_epoch(name), self.set(name));
        }
        out
    }

    /// Whether no set has elements.
    pub fn holds_nothing(&self) -> bool {
        self.sets.values().all(|(_, elements)| elements.is_empty())
    }

    /// Numbered objects that nothing leads to.
    pub fn unused(&self) -> BTreeSet<String> {
        let mut used = BTreeSet::new();
        let mut rest: Vec<String> = self.names().filter(|name| !is_numbered(name)).cloned().collect();
        while let Some(name) = rest.pop() {
            if used.insert(name.clone()) {
                rest.extend(self.references(&name));
            }
        }
        self.names().filter(|name| !used.contains(*name)).cloned().collect()
    }

    fn names(&self) -> impl Iterator<Item = &String> {
        self.chains.keys().chain(self.sets.keys())
    }

    fn references(&self, name: &str) -> Vec<String> {
        let elements = self.sets.get(name).into_iter().flat_map(|(_, elements)| elements);
        let by_elements = elements.filter_map(|element| target(element)).map(ToString::to_string);
        let rules = self.rules.iter().filter(|rule| rule.chain.as_str() == name);
        by_elements.chain(rules.flat_map(|rule| self.mentioned(rule))).collect()
    }

    fn chain(&self, name: &str) -> String {
        let rules = self.rules.iter().filter(|rule| rule.chain.as_str() == name);
        let rules = rules.map(|rule| {
            let mentioned: Vec<String> = self.mentioned(rule).iter().map(|name| self.object(name)).collect();
            format!("{} {}", rule.expression_names.join(" "), mentioned.join(" "))
        });
        format!("{:?} {{ {} }}", self.chains[name], rules.collect::<Vec<_>>().join("; "))
    }

    fn set(&self, name: &str) -> String {
        let (set, elements) = &self.sets[name];
        let verdict = |element: &Element| match (&element.data, target(element)) {
            (_, Some(chain)) => self.object(chain.as_str()),
            (data, None) => format!("{data:?}"),
        };
        let key = |element: &Element| match element.key {
            Key::Single(value) => format!("{value:?}"),
            Key::Range(first, last) => format!("{first:?}-{last:?}"),
        };
        let lines: BTreeSet<String> = elements
            .iter()
            .map(|element| format!("{} {:?} : {}", key(element), element.comment, verdict(element)))
            .collect();
        format!("{:?} {lines:?}", set.comment)
    }

    /// The name, or what a numbered object is.
    fn object(&self, name: &str) -> String {
        match (is_numbered(name), self.chains.contains_key(name)) {
            (false, _) => without_epoch(name),
            (true, true) => self.chain(name),
            (true, false) => self.set(name),
        }
    }

    /// The objects that a rule mentions, in order: names end with a NUL.
    fn mentioned(&self, rule: &RuleInfo) -> Vec<String> {
        let words = rule.expressions.split(|byte| !byte.is_ascii_graphic());
        let words = words.filter_map(|word| std::str::from_utf8(word).ok());
        words
            .filter(|word| self.chains.contains_key(*word) || self.sets.contains_key(*word))
            .map(str::to_owned)
            .collect()
    }
}

fn target(element: &Element) -> Option<&Name> {
    match &element.data {
        Some(Data::Verdict(Verdict::Jump(chain) | Verdict::Goto(chain))) => Some(chain),
        _ => None,
    }
}

fn is_numbered(name: &str) -> bool {
    name.split('_').any(|part| part.parse::<u32>().is_ok())
}

fn without_epoch(name: &str) -> String {
    name.split("_epoch").next().unwrap_or(name).to_owned()
}
