//! Values that many objects have alike, kept once: the labels and ports of a workload's pods.
//!
//! A [`Shared`] value reads as what it holds, and is copied when one of its holders changes it. A [`Pool`] finds equal values.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::hash::Hash;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// A value that others may hold too.
#[derive(PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shared<T>(Arc<T>);

impl<T: Default> Shared<T> {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Default> Default for Shared<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T: fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Clone> DerefMut for Shared<T> {
    fn deref_mut(&mut self) -> &mut T {
        Arc::make_mut(&mut self.0)
    }
}

impl<T> From<T> for Shared<T> {
    fn from(value: T) -> Self {
        Self(Arc::new(value))
    }
}

impl<K: Ord, V, const N: usize> From<[(K, V); N]> for Shared<BTreeMap<K, V>> {
    fn from(entries: [(K, V); N]) -> Self {
        BTreeMap::from(entries).into()
    }
}

impl<A, T: FromIterator<A>> FromIterator<A> for Shared<T> {
    fn from_iter<I: IntoIterator<Item = A>>(items: I) -> Self {
        T::from_iter(items).into()
    }
}

impl<T: Clone + IntoIterator> IntoIterator for Shared<T> {
    type Item = T::Item;
    type IntoIter = T::IntoIter;

    fn into_iter(self) -> T::IntoIter {
        Arc::unwrap_or_clone(self.0).into_iter()
    }
}

#[expect(clippy::into_iter_without_iter, reason = "`iter` is that of what it holds")]
impl<'a, T> IntoIterator for &'a Shared<T>
where
    &'a T: IntoIterator,
{
    type Item = <&'a T as IntoIterator>::Item;
    type IntoIter = <&'a T as IntoIterator>::IntoIter;

    fn into_iter(self) -> Self::IntoIter {
        (&*self.0).into_iter()
    }
}

/// Values by what they are. Those that nobody holds any more are dropped now and then.
#[derive(Debug)]
pub struct Pool<T> {
    values: HashSet<Shared<T>>,
    /// So many are looked through next.
    limit: usize,
}

/// Fewer are not worth looking through.
const FEW: usize = 1_024;

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self { values: HashSet::new(), limit: FEW }
    }
}

impl<T: Eq + Hash> Pool<T> {
    /// The same value, held together with all others that came through here and are equal.
    pub fn share(&mut self, value: Shared<T>) -> Shared<T> {
        if let Some(known) = self.values.get(&value) {
            return known.clone();
        }
        if self.values.len() >= self.limit {
            self.values.retain(|value| Arc::strong_count(&value.0) > 1);
            self.limit = (2 * self.values.len()).max(FEW);
        }
        self.values.insert(value.clone());
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_are_held_once_and_forgotten_when_nobody_holds_them() {
        let mut pool: Pool<Vec<u32>> = Pool::default();
        let mut first = pool.share(vec![1].into());
        let second = pool.share(vec![1].into());
        assert!(Arc::ptr_eq(&first.0, &second.0));
        first.push(2);
        assert_eq!((&*first, &*second), (&vec![1, 2], &vec![1]), "who changes it has a copy");
        for number in 0..10 * FEW {
            pool.share(vec![u32::try_from(number).unwrap()].into());
        }
        assert!(pool.values.len() <= FEW);
        assert!(Arc::ptr_eq(&second.0, &pool.share(vec![1].into()).0), "what is held is known still");
    }
}
