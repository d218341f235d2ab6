//! `from` and `to` items, and `ipBlock`.
//!
//! Rules of validity: `ValidateNetworkPolicyPeer` and `ValidateIPBlock`. Stricter than the API server in
//! one point: leading zeros and IPv4-mapped IPv6 are refused, because other readers take them differently.

use podfence_model::{BlockError, Cidr, IpBlock, LabelSelector, NamespaceScope, Peer, PeerKind};

use super::labels::selector;
use super::policy::{mapping_item, misplaced};
use crate::code::Code;
use crate::decode::Item;
use crate::kinds::address;

/// Reads one `from` or `to` item.
pub(super) fn read(item: Item<'_>) -> Option<Peer> {
    let mut fields = mapping_item(item)?;
    let pods = fields.get("podSelector");
    let namespaces = fields.get("namespaceSelector");
    let block = fields.get("ipBlock");
    let clean = fields.finish(misplaced);
    let kind = match block {
        Some(block) => {
            refuse_company(block, pods.or(namespaces));
            PeerKind::Block(ip_block(block)?)
        }
        None if pods.is_none() && namespaces.is_none() => return nobody(item, clean),
        None => PeerKind::Pods {
            namespaces: namespaces.map_or(NamespaceScope::Own, |n| NamespaceScope::Matching(selector(n))),
            pods: pods.map_or_else(LabelSelector::everything, selector),
        },
    };
    Some(Peer { kind, place: Some(item.place()) })
}

/// A peer without a known field; when it has an unknown one, that is the mistake.
fn nobody(item: Item<'_>, clean: bool) -> Option<Peer> {
    if !clean {
        return None;
    }
    let help =
        "state `podSelector`, `namespaceSelector` or `ipBlock`; for everybody, leave out the whole list";
    item.error_with_help(Code::EmptyPeer, "this peer names nobody", help);
    None
}

fn refuse_company(block: Item<'_>, selector: Option<Item<'_>>) {
    if let Some(selector) = selector {
        let message = "`ipBlock` cannot be combined with a selector in one peer";
        let diagnostic = Code::BlockWithSelector
            .error(message)
            .at(block.place(), "")
            .at(selector.place(), "the selector")
            .help("make them two list items");
        block.sink.report(diagnostic);
    }
}

fn ip_block(item: Item<'_>) -> Option<IpBlock> {
    let mut fields = item.mapping()?;
    let cidr_item = fields.required("cidr");
    let cidr = cidr_item.and_then(address::cidr);
    let except: Vec<(Item<'_>, Cidr)> =
        fields.list("except").filter_map(|item| Some((item, address::cidr(item)?))).collect();
    fields.finish(misplaced);
    let cidr = cidr?;
    let mut inside = Vec::new();
    for (item, except) in except {
        match IpBlock::new(cidr, vec![except]) {
            Ok(_) => inside.push(except),
            Err(error) => outside(item, cidr_item?, error),
        }
    }
    IpBlock::new(cidr, inside).ok()
}

fn outside(item: Item<'_>, cidr_item: Item<'_>, error: BlockError) {
    let diagnostic = Code::ExceptOutside
        .error(error.to_string())
        .at(item.place(), "not inside")
        .at(cidr_item.place(), "the whole block");
    item.sink.report(diagnostic);
}
