//! One piece of work on each of many things, on all processors; answers come in the order of the things.
//!
//! For work that needs no other answer, such as the columns of a table. Start with [`map`].

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// How many things a thread takes at a time.
const STEP: usize = 16;
/// How many steps are worth a thread: to start one takes longer than to do few things.
const WORTH: usize = 4;

/// What `make` makes of each thing, in their order.
pub fn map<T: Sync, R: Send>(things: &[T], make: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = processors.min(things.len() / (STEP * WORTH));
    if threads < 2 {
        return things.iter().map(make).collect();
    }
    let mut steps = spread(threads, |next| work(things, next, &make));
    steps.sort_unstable_by_key(|(at, _)| *at);
    steps.into_iter().flat_map(|(_, made)| made).collect()
}

/// What every thread makes, this one among them. One that cannot be started leaves its part to the others.
fn spread<R: Send>(threads: usize, work: impl Fn(&AtomicUsize) -> Vec<R> + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        let start = |_| thread::Builder::new().spawn_scoped(scope, || work(&next)).ok();
        let others: Vec<_> = (1..threads).filter_map(start).collect();
        let mut made = work(&next);
        for other in others {
            made.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        made
    })
}

/// Takes step after step until none is left; each with where it begins.
fn work<T, R>(things: &[T], next: &AtomicUsize, make: impl Fn(&T) -> R) -> Vec<(usize, Vec<R>)> {
    let mut made = Vec::new();
    loop {
        let at = next.fetch_add(STEP, Ordering::Relaxed);
        let Some(rest) = things.get(at..).filter(|rest| !rest.is_empty()) else { return made };
        made.push((at, rest.iter().take(STEP).map(&make).collect()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_in_the_order_of_the_things() {
        for count in [0, 1, STEP * WORTH, 5 * STEP * WORTH + 3] {
            let things: Vec<usize> = (0..count).collect();
            let expected: Vec<usize> = things.iter().map(|thing| thing * 3).collect();
            assert_eq!(map(&things, |thing| thing * 3), expected);
        }
    }
}
