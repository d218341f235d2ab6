//! Whether this kernel takes all that our rules are made of: a plan that uses everything, in a namespace that nobody uses.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use podfence_dataplane_nft::{Dataplane, DataplaneError, Settings};
use podfence_model::{Direction, NamespacedName, Protocol};
use podfence_netlink::nflog;
use podfence_netlink::nft::Nftables;
use podfence_plan::{Link, LocalPod, NodePlan, PortRow, ProgramPlan, UnionPlan};

use super::{Check, Level};

/// Writes rules into the network namespace of the calling thread, which must be a throwaway, and takes them out again.
pub fn try_kernel() -> Vec<Check> {
    let settings = &Settings::default();
    let bridged = Link::Bridged { bridge: "br0".into(), port: "veth1".into() };
    let tried = |topic, fine: &str, outcome: Result<(), String>, mend: &str| match outcome {
        Ok(()) => Check::ok(topic, fine),
        Err(error) => Check::not(topic, Level::Fails, error, mend),
    };
    let group = settings.log_group;
    let receiver = nflog::Receiver::bind(group, &nflog::Options::default());
    vec![
        tried(
            "nf_tables",
            "chains, sets, maps and every expression of ours",
            enforce(settings, Link::Routed("veth1".into())),
            "modprobe -a nf_tables nft_ct nft_log nf_conntrack_netlink; or a kernel from 5.10 on that has them",
        ),
        tried(
            "nf_tables bridge",
            "the source check of pods on a bridge",
            enforce(settings, bridged),
            "modprobe -a nf_tables_bridge nft_meta_bridge; or a kernel that has CONFIG_NF_TABLES_BRIDGE",
        ),
        tried(
            "NFLOG",
            "refused packets can be told of",
            receiver.map(drop).map_err(|error| error.to_string()),
            "modprobe -a nfnetlink_log nf_log_syslog",
        ),
        tried(
            "flow tables",
            "can be listed",
            Nftables::open()
                .and_then(|mut nft| nft.flowtables())
                .map(drop)
                .map_err(|error| error.to_string()),
            "modprobe nf_flow_table",
        ),
    ]
}

fn enforce(settings: &Settings, link: Link) -> Result<(), String> {
    let enforced = || -> Result<(), DataplaneError> {
        let mut dataplane = Dataplane::open(settings.clone())?;
        dataplane.enforce(everything(link))?;
        dataplane.remove()
    };
    enforced().map_err(|error| error.to_string())
}

/// One pod that may talk on a few ports, to pods and ranges, in both families and directions.
fn everything(link: Link) -> NodePlan {
    let addresses: Vec<IpAddr> =
        vec![Ipv4Addr::new(192, 0, 2, 1).into(), Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into()];
    let known: BTreeSet<IpAddr> = addresses.iter().copied().collect();
    let union = UnionPlan { everyone: false, pods: known.clone(), ranges: Vec::new() };
    let pod = LocalPod {
        addresses,
        link: Some(link),
        egress: Some("egress".into()),
        ingress: Some("ingress".into()),
    };
    let programs = Direction::BOTH.map(|direction| (direction.to_string().into(), program(direction)));
    NodePlan {
        pods: BTreeMap::from([(NamespacedName::new("doctor", "pod"), pod)]),
        programs: programs.into(),
        unions: BTreeMap::from([("union".into(), union)]),
        known,
        local_ranges: ["192.0.2.0/24", "2001:db8::/64"]
            .iter()
            .filter_map(|range| range.parse().ok())
            .collect(),
    }
}

fn program(direction: Direction) -> ProgramPlan {
    let rows = |first| vec![PortRow { first, last: first + 9, union: "union".into() }];
    let ports = [(Protocol::Tcp, rows(80)), (Protocol::Udp, rows(53)), (Protocol::Sctp, rows(5000))];
    ProgramPlan {
        direction,
        policies: vec![NamespacedName::new("doctor", "policy")],
        ports: ports.into(),
        portless: Some("union".into()),
    }
}
