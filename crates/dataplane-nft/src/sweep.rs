//! Takes stamps of old generations from the connection entries, so that their numbers can be given again.

use podfence_netlink::conntrack::{Conntrack, Entry, Filter};

use crate::error::DataplaneError;
use crate::generation::Stamp;

/// A dump may miss entries while the kernel resizes its table, so one that finds nothing must follow.
const MOST_ROUNDS: usize = 16;

/// Takes every stamp but the one in force from the connection entries.
pub(crate) fn sweep(conntrack: &mut Conntrack, in_force: Stamp) -> Result<(), DataplaneError> {
    let stale = |entry: &Entry| {
        let stamp = entry.mark & in_force.mask;
        stamp != 0 && stamp != in_force.value
    };
    for _ in 0..MOST_ROUNDS {
        let mut found = conntrack.dump(&Filter::default())?;
        found.retain(stale);
        if found.is_empty() {
            return Ok(());
        }
        let found = found.into_iter().map(|entry| (entry.original, entry.zone));
        conntrack.set_marks(found, 0, in_force.mask)?;
    }
    Err(DataplaneError::Sweep)
}
