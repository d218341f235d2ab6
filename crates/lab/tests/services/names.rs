//! Names through the Service of the cluster DNS, whose pods listen on another port: what they resolve to, and which policies let
//! a client ask.

use std::collections::BTreeSet;
use std::net::IpAddr;

use libtest_mimic::Failed;
use podfence_engine::Engine;
use podfence_lab::asked::{Asked, NameQuestion};
use podfence_lab::cluster::{Cluster, Settings};
use podfence_lab::dns::{Lookup, RecordKind};
use podfence_lab::place;
use podfence_lab::setup::Setup;
use podfence_model::{Family, PortMatch, Protocol, ServiceAddress, World};
use podfence_testkit::build::{self, Put, everything, id, number, rule};

use crate::TIMEOUT;

const SHORT: &str = "web";
const LONG: &str = "crowd";

pub fn all(setup: Setup) -> Result<(), Failed> {
    let open = place::place_in(crate::load(include_str!("dns.yaml")), setup)?;
    let mut cluster = Cluster::build_on(setup.links, open.clone(), Settings::default())?;
    let engine = cluster.update(open.clone())?;
    for family in Family::BOTH {
        addresses(&cluster, &engine, setup.families.has(family), family);
    }
    ports(&cluster, &engine);
    policies(&mut cluster, &open)
}

/// What the client is told; the engine must say the same of whether it is told anything.
fn look_up(cluster: &Cluster, engine: &Engine, name: &str, kind: RecordKind) -> Lookup {
    let question = NameQuestion { source: id("shop/client"), name: name.to_owned(), kind };
    let asked = Asked { names: vec![question], ..Asked::default() };
    let [found] = &cluster.run(engine, &asked, TIMEOUT).names[..] else { panic!("{name} was not asked") };
    assert!(found.agrees(), "{found:?}");
    found.kernel.clone()
}

/// Addresses of a family; of one that the cluster lacks the names exist all the same.
fn addresses(cluster: &Cluster, engine: &Engine, has: bool, family: Family) {
    let kind = RecordKind::of(family);
    let world = cluster.world();
    let found = |name: &str| match look_up(cluster, engine, name, kind) {
        Lookup::Resolved(ips) => ips.into_iter().collect(),
        Lookup::NoData if !has => BTreeSet::new(),
        other => panic!("{name} {kind}: {other:?}"),
    };
    assert_eq!(found("web"), cluster_ips(world, family));
    for (name, app) in [("peers", "web"), (LONG, "crowd")] {
        assert_eq!(found(name), pod_ips(world, app, family), "{name} {kind}");
    }
    assert_eq!(look_up(cluster, engine, "nobody", kind), Lookup::NxDomain);
}

fn cluster_ips(world: &World, family: Family) -> BTreeSet<IpAddr> {
    let ServiceAddress::Ips(ips) = &world.services[&id("shop/web")].address else {
        panic!("it has addresses")
    };
    ips.iter().copied().filter(|ip| Family::of(*ip) == family).collect()
}

fn pod_ips(world: &World, app: &str, family: Family) -> BTreeSet<IpAddr> {
    let chosen =
        world.pods.values().filter(|pod| pod.meta.labels.get("app").is_some_and(|value| value == app));
    chosen.filter_map(|pod| pod.ip(family)).collect()
}

/// A headless Service points to its pods at the number that they listen on, others to themselves at their own.
fn ports(cluster: &Cluster, engine: &Engine) {
    let pointed = |name: &str| match look_up(cluster, engine, name, RecordKind::Srv) {
        Lookup::Pointed(targets) => targets,
        other => panic!("{name}: {other:?}"),
    };
    let own = ("web.shop.svc.cluster.local.".to_owned(), 80);
    assert_eq!(pointed("_http._tcp.web.shop.svc.cluster.local."), [own]);
    let targets = pointed("_http._tcp.peers.shop.svc.cluster.local.");
    let family = if pod_ips(cluster.world(), "web", Family::V4).is_empty() { Family::V6 } else { Family::V4 };
    let addresses = targets.iter().map(|(name, port)| {
        assert_eq!(*port, 8080, "{name}");
        look_up(cluster, engine, name, RecordKind::of(family))
    });
    let addresses: BTreeSet<IpAddr> = addresses.flat_map(resolved).collect();
    assert_eq!(addresses, pod_ips(cluster.world(), "web", family));
}

fn resolved(lookup: Lookup) -> Vec<IpAddr> {
    let Lookup::Resolved(ips) = lookup else { panic!("{lookup:?}") };
    ips
}

/// Ports that are open, and whether a short and a long answer come.
type Case = (&'static [(Protocol, u16)], [bool; 2]);

/// The client may send to these ports alone. Policies judge the port of the DNS pods, not their Service's; an answer that is too
/// long for UDP needs TCP besides.
fn policies(cluster: &mut Cluster, open: &World) -> Result<(), Failed> {
    use Protocol::{Tcp, Udp};
    let cases: [Case; 4] = [
        (&[(Udp, 53), (Tcp, 53)], [false, false]),
        (&[(Udp, 5353), (Tcp, 53)], [true, false]),
        (&[(Tcp, 5353)], [false, false]),
        (&[(Udp, 5353), (Tcp, 5353)], [true, true]),
    ];
    for (ports, wanted) in cases {
        let ports: Vec<PortMatch> = ports.iter().map(|(protocol, port)| number(*protocol, *port)).collect();
        let policy = build::egress("shop/dns", everything(), vec![rule(vec![], ports.clone())]);
        let engine = cluster.update(open.clone().with(policy))?;
        let kind =
            RecordKind::of(if open.nodes["node-1"].addresses[0].is_ipv4() { Family::V4 } else { Family::V6 });
        for (name, wanted) in [SHORT, LONG].into_iter().zip(wanted) {
            let found = look_up(cluster, &engine, name, kind);
            let as_wanted =
                if wanted { matches!(found, Lookup::Resolved(_)) } else { found == Lookup::TimedOut };
            assert!(as_wanted, "{name} by {ports:?}: {found:?}");
        }
    }
    Ok(())
}
