//! Which link each pod of this node has: told by whoever plugs pods in, or found in the kernel.
//!
//! What was told counts more, always. What was found is what root has set up, or what the pod's own namespace was given when
//! it was plugged in (`find`); never what a pod says about itself on the wire. `survey` reads the kernel, once at the start and
//! whenever that says that something has changed. From the same reading `path` says whether the pods' packets come by our
//! hooks at all.

mod find;
mod path;
mod picture;
mod survey;
mod told;

use std::collections::BTreeMap;
use std::net::IpAddr;

use podfence_model::{NamespacedName, Pod};
use podfence_plan::Link;

pub use self::path::{Bypass, Outlook, some_of};
pub use self::survey::{Eyes, Surveyed, Surveyor};
pub use self::told::{Attachment, Plugged, Told};

/// The links that are known at a moment.
#[derive(Debug, Clone, Default)]
pub struct Links {
    /// Told, by pod.
    pub told: BTreeMap<NamespacedName, Link>,
    /// Found, by the address that leads there.
    pub found: BTreeMap<IpAddr, Link>,
}

impl Links {
    /// The link of a pod. Where its addresses were found on different links, it has none that could be trusted.
    pub fn of(&self, pod: &Pod) -> Option<Link> {
        self.told.get(&pod.meta.id).or_else(|| self.found_of(pod.ips())).cloned()
    }

    fn found_of(&self, addresses: &[IpAddr]) -> Option<&Link> {
        let mut found = addresses.iter().filter_map(|address| self.found.get(address));
        let first = found.next()?;
        found.all(|other| other == first).then_some(first)
    }
}

#[cfg(test)]
mod tests {
    use podfence_testkit::build::{ip, pod};

    use super::*;

    #[test]
    fn what_is_told_counts_more_and_what_disagrees_counts_nothing() {
        let routed = |name: &str| Link::Routed(name.into());
        let two = pod("shop/web", "node-1", &["10.0.0.1", "fd00::1"], &[]);
        let mut links = Links::default();
        assert_eq!(links.of(&two), None);
        links.found.insert(ip("fd00::1"), routed("veth1"));
        assert_eq!(links.of(&two), Some(routed("veth1")), "one address is enough");
        links.found.insert(ip("10.0.0.1"), routed("veth2"));
        assert_eq!(links.of(&two), None, "two links");
        links.told.insert(two.meta.id.clone(), routed("veth3"));
        assert_eq!(links.of(&two), Some(routed("veth3")));
    }
}
