//! Ports, and the groups that they hold for.

use std::collections::BTreeMap;

use fixedbitset::FixedBitSet;
use podfence_model::PortSet;

/// Sets of ports, each with some groups; what holds for a group is all of the sets that it is in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Layers(BTreeMap<PortSet, FixedBitSet>);

impl Layers {
    /// Adds ports for some of `of` groups, by their numbers.
    pub(crate) fn add(&mut self, ports: &PortSet, groups: impl Iterator<Item = usize>, of: usize) {
        let mut groups = groups.peekable();
        if groups.peek().is_none() {
            return;
        }
        let bits = match self.0.get_mut(ports) {
            Some(bits) => bits,
            None => self.0.entry(ports.clone()).or_insert_with(|| FixedBitSet::with_capacity(of)),
        };
        bits.extend(groups);
    }

    /// Adds what is something.
    pub(crate) fn put(&mut self, ports: PortSet, groups: FixedBitSet) {
        if ports.is_empty() || groups.is_clear() {
            return;
        }
        match self.0.get_mut(&ports) {
            Some(bits) => bits.union_with(&groups),
            None => drop(self.0.insert(ports, groups)),
        }
    }

    /// The same with each group in one set of ports only, which holds all of its ports.
    pub(crate) fn spread(self) -> Spread {
        let mut spread = Spread::default();
        let mut known = FixedBitSet::new();
        for (ports, groups) in self.0 {
            let is_new = known.is_disjoint(&groups);
            known.union_with(&groups);
            if is_new {
                spread.0.put(ports, groups);
            } else {
                spread.add(&ports, groups);
            }
        }
        spread
    }
}

/// Sets of ports and the groups that exactly they hold for: no group is in two of them, and none is empty.
#[derive(Debug, Clone, Default)]
pub(crate) struct Spread(Layers);

impl Spread {
    fn add(&mut self, ports: &PortSet, mut groups: FixedBitSet) {
        let is_split =
            |(has, bits): (&PortSet, &FixedBitSet)| !bits.is_disjoint(&groups) && !has.covers(ports);
        if !self.0.0.iter().any(is_split) {
            self.0.0.values().for_each(|bits| groups.difference_with(bits));
            return self.0.put(ports.clone(), groups);
        }
        let mut parts = Layers::default();
        for (has, mut bits) in std::mem::take(&mut self.0.0) {
            if !bits.is_disjoint(&groups) && !has.covers(ports) {
                let both = &bits & &groups;
                bits.difference_with(&both);
                groups.difference_with(&both);
                parts.put(has.union(ports), both);
            } else {
                groups.difference_with(&bits);
            }
            parts.put(has, bits);
        }
        parts.put(ports.clone(), groups);
        self.0 = parts;
    }

    /// Ports that both hold for a group.
    pub(crate) fn intersection(&self, other: &Self) -> Self {
        let mut common = Layers::default();
        for (ports, groups) in &self.0.0 {
            for (others, bits) in other.0.0.iter().filter(|(_, bits)| !bits.is_disjoint(groups)) {
                common.put(ports.intersection(others), groups & bits);
            }
        }
        Self(common)
    }

    /// Ports that hold for a group here and not there.
    pub(crate) fn difference(&self, other: &Self) -> Self {
        let mut left = Layers::default();
        for (ports, groups) in &self.0.0 {
            let mut alone = groups.clone();
            for (others, bits) in other.0.0.iter().filter(|(_, bits)| !bits.is_disjoint(groups)) {
                left.put(ports.difference(others), groups & bits);
                alone.difference_with(bits);
            }
            left.put(ports.clone(), alone);
        }
        Self(left)
    }

    /// What both say of a group word for word, as far as it is one of these groups.
    pub(crate) fn alike(&self, other: &Self, of: &FixedBitSet) -> Self {
        let mut alike = Layers::default();
        for (ports, groups) in &self.0.0 {
            if let Some(bits) = other.0.0.get(ports) {
                alike.put(ports.clone(), &(groups & bits) & of);
            }
        }
        Self(alike)
    }

    /// What is said of groups that another says nothing of.
    pub(crate) fn without_groups(&self, other: &Self) -> Self {
        self.split(&other.groups()).1
    }

    /// What is said of some groups, and what of all others.
    pub(crate) fn split(&self, of: &FixedBitSet) -> (Self, Self) {
        let (mut among, mut others) = (Layers::default(), Layers::default());
        for (ports, groups) in &self.0.0 {
            among.put(ports.clone(), groups & of);
            let mut rest = groups.clone();
            rest.difference_with(of);
            others.put(ports.clone(), rest);
        }
        (Self(among), Self(others))
    }

    /// The groups that anything is said of.
    pub(crate) fn groups(&self) -> FixedBitSet {
        let mut groups = FixedBitSet::new();
        self.0.0.values().for_each(|bits| groups.union_with(bits));
        groups
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&PortSet, &FixedBitSet)> {
        self.0.0.iter()
    }

    pub(crate) fn into_parts(self) -> impl Iterator<Item = (PortSet, FixedBitSet)> {
        self.0.0.into_iter()
    }
}
