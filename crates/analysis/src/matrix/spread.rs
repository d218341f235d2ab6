//! Ports, and the groups that they hold for.

use std::collections::BTreeMap;

use fixedbitset::FixedBitSet;
use podfence_model::PortSet;

/// Sets of ports, each with some groups; what holds for a group is all of the sets that it is in.
#[derive(Debug, Clone, Default)]
pub(super) struct Layers(BTreeMap<PortSet, FixedBitSet>);

impl Layers {
    /// Adds ports for some groups.
    pub(super) fn add(&mut self, ports: &PortSet, groups: &FixedBitSet) {
        match self.0.get_mut(ports) {
            Some(bits) => bits.union_with(groups),
            None => drop(self.0.insert(ports.clone(), groups.clone())),
        }
    }

    /// Adds what is something.
    fn put(&mut self, ports: &PortSet, groups: &FixedBitSet) {
        if !ports.is_empty() && !groups.is_clear() {
            self.add(ports, groups);
        }
    }

    pub(super) fn add_all(&mut self, other: &Self) {
        other.0.iter().for_each(|(ports, groups)| self.add(ports, groups));
    }

    /// The same with each group in one set of ports only, which holds all of its ports.
    pub(super) fn spread(&self) -> Spread {
        let mut spread = Spread::default();
        self.0.iter().for_each(|(ports, groups)| spread.add(ports, groups.clone()));
        spread
    }
}

/// Sets of ports and the groups that exactly they hold for: no group is in two of them, and none is empty.
#[derive(Debug, Clone, Default)]
pub(super) struct Spread(Layers);

impl Spread {
    fn add(&mut self, ports: &PortSet, mut groups: FixedBitSet) {
        let mut parts = Layers::default();
        for (has, bits) in &self.0.0 {
            let both = bits & &groups;
            groups.difference_with(&both);
            let mut only = bits.clone();
            only.difference_with(&both);
            parts.put(has, &only);
            parts.put(&has.union(ports), &both);
        }
        parts.put(ports, &groups);
        self.0 = parts;
    }

    /// Ports that both hold for a group.
    pub(super) fn intersection(&self, other: &Self) -> Self {
        let mut common = Layers::default();
        for (ports, groups) in &self.0.0 {
            for (others, bits) in &other.0.0 {
                common.put(&ports.intersection(others), &(groups & bits));
            }
        }
        Self(common)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&PortSet, &FixedBitSet)> {
        self.0.0.iter()
    }
}
