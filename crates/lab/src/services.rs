//! Services by real NAT: a table of the lab's own in every node, as kube-proxy's nftables mode keeps one.
//!
//! The destination is rewritten before policies see the packet, for pods and whoever comes from elsewhere (prerouting) and for
//! the node itself (output). What of a Service a node translates, and under which traffic policy, is a [`ServicePort`]; the rules
//! are kube-proxy's and stand in `rules`, the `tables` that lead to them beside. Two things differ: client affinity is a hash
//! of the client's address, without a time-out, and a port without backends rejects behind the policies (as in the iptables
//! mode), so that a refused packet is never answered. Which backends a port has is for the caller to say.

mod port;
mod rules;
mod tables;
mod words;

use ipnet::IpNet;
use podfence_netlink::Error as NetlinkError;
use podfence_netlink::nft::{
    Batch, BatchError, Comment, CommitError, Family, Name, NameError, Nftables, Table, ValueTooLong,
};

use crate::netns::Netns;

pub use port::ServicePort;

const TABLE: Table = Table::new(Family::Inet, Name::constant("podfence-lab"));

/// The Services of a node could not be programmed. Its old ones stay.
#[derive(Debug, thiserror::Error)]
pub enum ServicesError {
    /// A backend or an address is of another family than the service port.
    #[error("service port {name} is of {family}, and {address} is not")]
    MixedFamilies {
        /// The service port.
        name: String,
        /// Its family.
        family: podfence_model::Family,
        /// The backend or address.
        address: std::net::IpAddr,
    },
    /// Its name cannot be shown by `nft list`.
    #[error("service port: {0}")]
    Name(#[from] NameError),
    /// An address does not fit; a bug of ours.
    #[error(transparent)]
    Value(#[from] ValueTooLong),
    /// A rule or set cannot be written; a bug of ours.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// The netlink socket.
    #[error("services of {node}: {source}")]
    Socket {
        /// The node.
        node: String,
        /// What went wrong.
        source: NetlinkError,
    },
    /// The kernel refused.
    #[error("services of {node}: {source}")]
    Refused {
        /// The node.
        node: String,
        /// What was refused.
        source: CommitError,
    },
}

/// Lets a node, whose own pods are in `pods`, translate exactly these Services, in one transaction. Open connections keep
/// their backends.
pub fn program(node: &Netns, pods: &[IpNet], ports: &[ServicePort]) -> Result<(), ServicesError> {
    let batch = compile(pods, ports)?;
    let name = node.name().to_owned();
    node.run(move || {
        let mut nft =
            Nftables::open().map_err(|source| ServicesError::Socket { node: name.clone(), source })?;
        nft.commit(&batch).map_err(|source| ServicesError::Refused { node: name, source })
    })
}

fn compile(pods: &[IpNet], ports: &[ServicePort]) -> Result<Batch, ServicesError> {
    ports.iter().try_for_each(ServicePort::check)?;
    let mut batch = Batch::new();
    batch.delete_table_if_present(&TABLE);
    batch.create_table(&TABLE, Some(&Comment::constant("Services of the Podfence lab")));
    rules::add_base_chains(&mut batch)?;
    for words in &words::WORDS {
        tables::add_sets(&mut batch, words, pods, ports)?;
    }
    for (number, port) in ports.iter().enumerate() {
        rules::add_port(&mut batch, number, port)?;
    }
    for words in &words::WORDS {
        tables::fill(&mut batch, words, ports)?;
        rules::add_ways_in(&mut batch, words)?;
    }
    Ok(batch)
}
