//! Which pods live in a namespace.

use std::collections::HashMap;

use podfence_model::Pod;

use crate::ids::PodId;

/// Pods by namespace, in no order. To come and to go costs the same however many others are there.
#[derive(Debug, Default)]
pub(crate) struct Residents {
    here: HashMap<String, Vec<PodId>>,
    /// By pod, its place among those of its namespace.
    places: Vec<u32>,
}

impl Residents {
    pub(crate) fn of(pods: &[Pod]) -> Self {
        let mut residents = Self::default();
        for (index, pod) in pods.iter().enumerate() {
            residents.enter(&pod.meta.id.namespace, PodId::new(index));
        }
        residents
    }

    /// The pods of a namespace.
    pub(crate) fn within(&self, namespace: &str) -> &[PodId] {
        self.here.get(namespace).map_or(&[], Vec::as_slice)
    }

    /// A pod comes, which was nowhere.
    pub(crate) fn enter(&mut self, namespace: &str, pod: PodId) {
        if self.places.len() <= pod.index() {
            self.places.resize(pod.index() + 1, 0);
        }
        if !self.here.contains_key(namespace) {
            self.here.insert(namespace.to_owned(), Vec::new());
        }
        let Some(here) = self.here.get_mut(namespace) else { return };
        self.places[pod.index()] = u32::try_from(here.len()).unwrap_or(u32::MAX);
        here.push(pod);
    }

    /// A pod goes; the last of its namespace takes its place.
    pub(crate) fn leave(&mut self, namespace: &str, pod: PodId) {
        let place = self.places[pod.index()] as usize;
        let Some(here) = self.here.get_mut(namespace) else { return };
        if here.get(place) != Some(&pod) {
            return;
        }
        here.swap_remove(place);
        if let Some(moved) = here.get(place) {
            self.places[moved.index()] = u32::try_from(place).unwrap_or(u32::MAX);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_goes_leaves_the_others_where_they_are() {
        let ids = [0, 1, 2, 3].map(PodId::new);
        let mut residents = Residents::default();
        for id in ids {
            residents.enter("a", id);
        }
        residents.leave("a", ids[1]);
        residents.leave("a", ids[3]);
        residents.enter("b", ids[1]);
        residents.leave("b", ids[0]);
        assert_eq!(residents.within("a"), [ids[0], ids[2]]);
        assert_eq!(residents.within("b"), [ids[1]]);
        residents.leave("a", ids[2]);
        assert_eq!((residents.within("a"), residents.within("c")), (&ids[..1], &[][..]));
    }
}
