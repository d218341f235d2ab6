//! Ingress: controllers that truly proxy, so that their addresses are what backends see, and the comparison of the whole way.
//!
//! A pod that is taken for an ingress controller ([`podfence_analysis::assumed::is_ingress_controller`]) runs a small reverse
//! proxy for HTTP/1.1 on its HTTP port ([`podfence_analysis::proxy_port`]), as soon as the world has an Ingress. `routes` says which endpoints a
//! host and path lead to, the `proxy` goes there itself, not by the Service's address, as real controllers do, and gives the
//! name of who answered as the body. [`check`] asks from outside and compares with both halves of the engine's answer.

pub mod check;
mod client;
mod proxy;
mod routes;

pub(crate) use proxy::serve;
pub(crate) use routes::{SharedRoutes, all as all_routes};
