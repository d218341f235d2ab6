//! Whether the pods' packets come by our hooks at all.
//!
//! They do where they cross this node's IP stack: on a link that the node routes, or on a bridge that shows what it bridges to
//! the filters. Where they do not, whatever is in our tables, nothing is enforced, and saying anything else would be a lie.
//! Programs on a pod's link may redirect its packets past us or leave them alone: that cannot be told from outside, so it is a
//! suspicion.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;

use podfence_model::{Family, NamespacedName};
use podfence_netlink::route::{LinkInfo, Way};
use podfence_plan::Link;
use serde::{Deserialize, Serialize};

use super::find::Found;
use super::picture::Picture;
use super::survey::Pods;

/// Kinds of links that packets of pods come from into this node's IP stack.
const OF_PODS: [&str; 4] = ["veth", "netkit", "bridge", "tun"];

/// Pods whose packets go around our hooks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Bypass {
    /// How.
    pub reason: String,
    /// What would mend it.
    pub mend: String,
    /// Whose.
    pub pods: BTreeSet<String>,
}

/// What was seen of the pods' ways.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outlook {
    /// What is not enforced.
    pub bypasses: Vec<Bypass>,
    /// What might be.
    pub suspicions: Vec<String>,
}

impl fmt::Display for Bypass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", some_of(&self.pods), self.reason, self.mend)
    }
}

/// The first few names of many.
pub fn some_of<'n>(names: impl IntoIterator<Item = &'n String, IntoIter: ExactSizeIterator>) -> String {
    const SHOWN: usize = 4;
    let names = names.into_iter();
    let more = names.len().saturating_sub(SHOWN);
    let shown = names.take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}

/// What a picture says about pods.
pub(super) fn outlook(picture: &Picture, pods: &Pods, found: &BTreeMap<IpAddr, Found>) -> Outlook {
    let mut bypasses = BTreeMap::<Reason, BTreeSet<String>>::new();
    let mut add = |reason: Reason, pods: &mut dyn Iterator<Item = &NamespacedName>| {
        bypasses.entry(reason).or_default().extend(pods.map(ToString::to_string));
    };
    let mut at = Ends::new();
    for (pod, address) in pods.iter().flat_map(|(pod, all)| all.iter().map(move |address| (pod, address))) {
        match end(picture, *address) {
            End::Elsewhere(reason) => add(reason, &mut std::iter::once(pod)),
            End::On(link) => at.entry((link.index, Family::of(*address))).or_default().push(pod),
            End::Nowhere => {}
        }
    }
    for ((link, family), pods) in &at {
        let Some(link) = picture.links.get(link) else { continue };
        if pods.len() > 1 && !shows(picture, link, *family) {
            add(unseen(link, *family), &mut pods.iter().copied());
        }
    }
    for (flowtable, device) in offloaded(picture, &at, found) {
        let on_device = pods.iter().filter(|(_, all)| is_on(picture, found, all, &device));
        add(hurried(&flowtable, &device), &mut on_device.map(|(pod, _)| pod));
    }
    let bypass = |((reason, mend), pods)| Bypass { reason, mend, pods };
    Outlook { bypasses: bypasses.into_iter().map(bypass).collect(), suspicions: suspicions(picture, &at) }
}

/// The pods at each link, by the family in which they are reached there.
type Ends<'p> = BTreeMap<(u32, Family), Vec<&'p NamespacedName>>;

/// How packets go around, and what would mend it.
type Reason = (String, String);

/// Where the way to a pod ends.
enum End<'p> {
    On(&'p LinkInfo),
    Elsewhere(Reason),
    Nowhere,
}

/// By the kernel's own choice of route: what it sends to a pod by a link it takes from the pod there.
fn end(picture: &Picture, address: IpAddr) -> End<'_> {
    let Some(Way::Link { index, gateway }) = picture.ways.get(&address) else { return End::Nowhere };
    let Some(link) = picture.links.get(index) else { return End::Nowhere };
    let of_pods = link.kind.as_deref().is_some_and(|kind| OF_PODS.contains(&kind));
    let bridge = link.kind.as_deref() == Some("bridge");
    if *gateway || !of_pods || (!bridge && picture.uplinks().contains(index)) {
        End::Elsewhere((
            format!("no link of this node leads to them: the way there is {}", link.name),
            "with macvlan, ipvlan, SR-IOV or routing by eBPF, another CNI alone".to_owned(),
        ))
    } else {
        End::On(link)
    }
}

/// Whether packets between two pods on this link come by the hooks of family inet.
fn shows(picture: &Picture, link: &LinkInfo, family: Family) -> bool {
    let own = link.bridge_filters.unwrap_or_default();
    let own = if family == Family::V4 { own.v4 } else { own.v6 };
    link.kind.as_deref() != Some("bridge") || own || picture.filters_bridges.contains(&family)
}

fn unseen(bridge: &LinkInfo, family: Family) -> Reason {
    let (version, switch) = match family {
        Family::V4 => ("IPv4", "iptables"),
        Family::V6 => ("IPv6", "ip6tables"),
    };
    (
        format!("{version} between pods of bridge {} passes no filter", bridge.name),
        format!("modprobe br_netfilter; sysctl -w net.bridge.bridge-nf-call-{switch}=1"),
    )
}

fn hurried(flowtable: &str, device: &str) -> Reason {
    (
        format!("flow table {flowtable} takes open connections on {device} past all rules"),
        format!("take {device} out of the flow table"),
    )
}

/// Flow tables, each with the links of pods that are in it.
fn offloaded(
    picture: &Picture,
    at: &Ends<'_>,
    found: &BTreeMap<IpAddr, Found>,
) -> BTreeSet<(String, String)> {
    let ends = at.keys().filter_map(|(link, _)| Some(picture.links.get(link)?.name.as_str()));
    let ports = found.values().map(|found| interface(&found.link));
    let of_pods: BTreeSet<&str> = ends.chain(ports).collect();
    let in_table = |table: &podfence_netlink::nft::Flowtable| {
        let name = table.to_string();
        let devices = table.devices.clone().into_iter().filter(|device| of_pods.contains(device.as_str()));
        devices.map(move |device| (name.clone(), device)).collect::<Vec<_>>()
    };
    picture.flowtables.iter().flat_map(in_table).collect()
}

fn interface(link: &Link) -> &str {
    match link {
        Link::Routed(name) => name,
        Link::Bridged { port, .. } => port,
    }
}

/// Whether one of these addresses is behind a device.
fn is_on(picture: &Picture, found: &BTreeMap<IpAddr, Found>, addresses: &[IpAddr], device: &str) -> bool {
    addresses.iter().any(|address| {
        let port = found.get(address).is_some_and(|found| interface(&found.link) == device);
        port || matches!(end(picture, *address), End::On(link) if link.name == device)
    })
}

fn suspicions(picture: &Picture, at: &Ends<'_>) -> Vec<String> {
    let programs = picture.programs.iter().filter_map(|(link, what)| {
        let name = &picture.links.get(link)?.name;
        Some(format!("{what} on {name} may take packets past all rules"))
    });
    let families: BTreeSet<Family> = at.keys().map(|(_, family)| *family).collect();
    let still = families.difference(&picture.forwards).map(|family| match family {
        Family::V4 => "IPv4 is not forwarded here: `sysctl -w net.ipv4.ip_forward=1`".to_owned(),
        Family::V6 => "IPv6 is not forwarded here: `sysctl -w net.ipv6.conf.all.forwarding=1`".to_owned(),
    });
    programs.chain(still).collect()
}
