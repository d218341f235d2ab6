//! The `ipBlock`s of all rules, and what is known of the addresses in them.

use podfence_analysis::AddressSet;
use podfence_model::{Cidr, Direction, IpBlock, Peer, PeerKind, Place};

use crate::context::{Context, PolicyRule};

/// A peer that is a block.
#[derive(Clone, Copy)]
pub(crate) struct BlockPeer<'a> {
    /// The rule it stands in.
    pub(crate) rule: PolicyRule<'a>,
    /// The item of `from` or `to`.
    pub(crate) peer: &'a Peer,
    /// Its block.
    pub(crate) block: &'a IpBlock,
}

/// Addresses that are nobody's on the internet (RFC 1918, 6598, 3927, 4193, 4291, and the machine's own).
const INTERNAL: [&str; 9] = [
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "169.254.0.0/16",
    "127.0.0.0/8",
    "fc00::/7",
    "fe80::/10",
    "::1/128",
];

/// The blocks of a rule.
pub(crate) fn of_rule(rule: PolicyRule<'_>) -> impl Iterator<Item = BlockPeer<'_>> {
    rule.rule.peers.iter().filter_map(move |peer| match &peer.kind {
        PeerKind::Block(block) => Some(BlockPeer { rule, peer, block }),
        PeerKind::Pods { .. } => None,
    })
}

/// The blocks of all rules that count.
pub(crate) fn all<'a>(context: &Context<'a>) -> impl Iterator<Item = BlockPeer<'a>> {
    context.rules().flat_map(of_rule)
}

impl BlockPeer<'_> {
    /// Where the `cidr` is written, or else the peer.
    pub(crate) fn cidr_place(&self, context: &Context<'_>) -> Option<Place> {
        let cidr = context.view(self.peer.place.as_ref()).and_then(|peer| peer.get(&["ipBlock", "cidr"]));
        cidr.map(|cidr| cidr.place()).or_else(|| self.peer.place.clone())
    }

    /// Where one of its exceptions is written, or else the peer.
    pub(crate) fn except_place(&self, context: &Context<'_>, except: Cidr) -> Option<Place> {
        let list = context.view(self.peer.place.as_ref()).and_then(|peer| peer.get(&["ipBlock", "except"]));
        let is_it = |text: &str| text.parse() == Ok(except);
        let item = list.and_then(|list| list.items().find(|item| item.text().is_some_and(is_it)));
        item.map(|item| item.place()).or_else(|| self.peer.place.clone())
    }

    /// Whether it holds every address of its family, exceptions aside.
    pub(crate) fn is_whole(&self) -> bool {
        self.block.cidr().net().prefix_len() == 0
    }

    /// Whether it is a peer that packets go to.
    pub(crate) fn is_egress(&self) -> bool {
        self.rule.direction == Direction::Egress
    }

    /// An edit that adds an exception to it, where it is written in lines.
    pub(crate) fn add_except(
        &self,
        context: &Context<'_>,
        except: &str,
    ) -> Option<Vec<podfence_source::Edit>> {
        let block = context.view(self.peer.place.as_ref())?.get(&["ipBlock"])?;
        let edit = match block.get(&["except"]) {
            None if block.is_flow() => {
                let cidr = block.get(&["cidr"])?.text()?;
                block.replace(format!("{{cidr: {cidr}, except: [{except}]}}"))
            }
            None => block.add_field(&format!("except:\n  - {except}")),
            Some(list) if list.is_flow() => {
                let mut items: Vec<&str> = list.items().filter_map(|item| item.text()).collect();
                items.push(except);
                list.replace(format!("[{}]", items.join(", ")))
            }
            Some(list) => list.add_item(except),
        };
        Some(vec![edit?])
    }
}

/// Whether some of a block's addresses may be private ones.
pub(crate) fn is_internal(block: &IpBlock) -> bool {
    let internal: AddressSet = INTERNAL.iter().filter_map(|cidr| cidr.parse::<Cidr>().ok()).collect();
    !AddressSet::from(block).intersection(&internal).is_empty()
}
