//! The elements that bind a local pod to its link, its addresses and its programs.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use podfence_model::{Cidr, Direction, Family, NamespacedName};
use podfence_netlink::nft::{Element, NameError, Value, Verdict};
use podfence_plan::{Link, LocalPod, ProgramKey};

use crate::names::comment;
use crate::pod_set::PodSet;
use crate::program::ProgramObject;

/// Elements, each with the set it belongs into.
pub(crate) type Bindings = BTreeSet<(PodSet, Element)>;

/// What a pod has in the sets of the frame.
pub(crate) fn bindings<'p>(
    id: &NamespacedName,
    pod: &LocalPod,
    program: impl Fn(&ProgramKey) -> Option<&'p ProgramObject>,
) -> Result<Bindings, NameError> {
    let link = pod.link.as_ref().and_then(routed).map(Value::interface).transpose()?;
    let mut out = Bindings::new();
    if let Some(link) = link {
        out.insert((PodSet::Links, Element::new(link)));
    }
    for ip in &pod.addresses {
        out.extend(of_address(*ip, link));
        for direction in Direction::BOTH {
            let Some(program) = pod.program(direction).and_then(&program) else { continue };
            out.insert((PodSet::Policed(Family::of(*ip)), Element::new(*ip)));
            out.insert((map(direction, *ip), bound(id, *ip, program)));
        }
    }
    Ok(out)
}

/// The elements of this node's pod ranges.
pub(crate) fn of_ranges(ranges: &[Cidr]) -> Bindings {
    let range = |cidr: &Cidr| (PodSet::Ranges(cidr.family()), Element::range(cidr.first(), cidr.last()));
    ranges.iter().map(range).collect()
}

/// The elements of each set.
pub(crate) fn by_set<'b>(
    bindings: impl Iterator<Item = &'b (PodSet, Element)>,
) -> BTreeMap<PodSet, Vec<Element>> {
    let mut out: BTreeMap<PodSet, Vec<Element>> = BTreeMap::new();
    for (set, element) in bindings {
        out.entry(*set).or_default().push(element.clone());
    }
    out
}

/// The interface that source addresses are checked against in this family. A pod on a bridge has none: the inet family
/// sees the bridge only, and its port is for a table in family bridge to check.
fn routed(link: &Link) -> Option<&str> {
    match link {
        Link::Routed(name) => Some(name),
        Link::Bridged { .. } => None,
    }
}

fn of_address(ip: IpAddr, link: Option<Value>) -> Vec<(PodSet, Element)> {
    let family = Family::of(ip);
    let pair = |a: Value, b: Value| Value::concat(&[a, b]).map(Element::new);
    let mut out = vec![(PodSet::Local(family), Element::new(ip))];
    // Two addresses, or a name and an address, always fit the registers.
    out.extend(pair(ip.into(), ip.into()).ok().map(|e| (PodSet::Itself(family), e)));
    if let Some(link) = link {
        out.push((PodSet::Linked(family), Element::new(ip)));
        out.extend(pair(link, ip.into()).ok().map(|e| (PodSet::Sources(family), e)));
    }
    out
}

fn map(direction: Direction, ip: IpAddr) -> PodSet {
    match direction {
        Direction::Egress => PodSet::Egress(Family::of(ip)),
        Direction::Ingress => PodSet::Ingress(Family::of(ip)),
    }
}

fn bound(id: &NamespacedName, ip: IpAddr, program: &ProgramObject) -> Element {
    let mut element = Element::new(ip).verdict(Verdict::Jump(program.chain()));
    element.comment = comment(&id.to_string());
    element
}
