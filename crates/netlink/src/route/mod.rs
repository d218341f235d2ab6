//! Links, routes and addresses as the kernel has them (rtnetlink), to read only.
//!
//! [`Routing`] asks, [`Stirrings`] tells that something has changed, without saying what: whoever hears it asks anew. What a pod
//! can say about itself is not read here: neither neighbours nor what a bridge learns from traffic.

mod constants;
mod link;
mod routing;
mod stirrings;

pub use link::{BridgeFilters, LinkInfo, Peer};
pub use routing::{RouteInfo, Routing, Way};
pub use stirrings::Stirrings;
