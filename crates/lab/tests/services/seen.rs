//! Who answers, by each way in: not whether engine and kernel agree, but what kube-proxy promises.

use std::collections::BTreeSet;
use std::net::IpAddr;

use libtest_mimic::Failed;
use podfence_lab::Transport::Tcp;
use podfence_lab::cluster::{Cluster, Settings};
use podfence_lab::netns::Netns;
use podfence_lab::probe::{self, Outcome, Probe, Question};
use podfence_lab::setup::Setup;
use podfence_model::{Family, NamespacedName, Service, ServiceAddress};
use tokio::runtime::Runtime;

use crate::TIMEOUT;

/// Often enough that two equal backends are both seen.
const OFTEN: usize = 24;

struct Lab {
    cluster: Cluster,
    runtime: Runtime,
}

pub fn all(setup: Setup) -> Result<(), Failed> {
    let cluster = Cluster::build_on(setup.links, crate::read(setup), Settings::default())?;
    let lab = Lab { cluster, runtime: Runtime::new()? };
    for family in Family::BOTH.into_iter().filter(|family| setup.families.has(*family)) {
        lab.node_ports(family);
        lab.load_balancers(family);
        lab.affinity(family);
        lab.kept_inside(family);
        lab.nobody(family);
        lab.itself(family);
    }
    Ok(())
}

const BOTH: [&str; 2] = ["shop/web-1", "shop/web-2"];

impl Lab {
    /// Policy Cluster: every node leads to every backend; Local: to its own alone, but for those on the node.
    fn node_ports(&self, family: Family) {
        for from in ["outside", "node-1", "shop/caller-3"] {
            for node in ["node-1", "node-2", "node-3"] {
                let at = (self.node(node, family), 30080);
                self.sees(from, at, None, &BOTH);
            }
        }
        let local = |node| (self.node(node, family), self.service("one").ports[0].node_port.unwrap().get());
        self.sees("outside", local("node-1"), None, &BOTH[..1]);
        self.sees("outside", local("node-2"), None, &[]);
        self.sees("shop/caller-3", local("node-2"), None, &[]);
        self.sees("shop/caller-2", local("node-2"), None, &BOTH[..1]);
        self.sees("node-2", local("node-2"), None, &BOTH[..1]);
    }

    /// From outside Local keeps to the entry node; inside every node leads to every backend.
    fn load_balancers(&self, family: Family) {
        let balanced = self.service("balanced");
        let at = (of(&balanced.load_balancer_ips, family), 80);
        self.sees("outside", at, Some("node-1"), &BOTH[..1]);
        self.sees("outside", at, Some("node-2"), &BOTH[1..]);
        self.sees("outside", at, Some("node-3"), &[]);
        for from in ["shop/caller-1", "shop/caller-3", "node-3"] {
            self.sees(from, at, None, &BOTH);
        }
        let sticky = self.service("sticky");
        let external = (of(&sticky.external_ips, family), 80);
        for node in ["node-1", "node-3"] {
            assert_eq!(self.answers("outside", external, Some(node)).len(), 1, "one client, one backend");
        }
    }

    /// A client stays with its backend; of several clients some meet others.
    fn affinity(&self, family: Family) {
        let at = (cluster_ip(&self.service("sticky"), family), 80);
        let clients = ["shop/caller-1", "shop/caller-2", "shop/caller-3", "shop/web-1", "node-1"];
        for from in clients {
            assert_eq!(self.answers(from, at, None).len(), 1, "{from}");
        }
        self.sees("shop/caller-1", (cluster_ip(&self.service("node-port"), family), 80), None, &BOTH);
    }

    /// internalTrafficPolicy Local: the backends of the caller's node, or none.
    fn kept_inside(&self, family: Family) {
        let at = (cluster_ip(&self.service("one"), family), 80);
        self.sees("shop/caller-1", at, None, &BOTH[..1]);
        self.sees("node-1", at, None, &BOTH[..1]);
        self.sees("shop/caller-2", at, None, &[]);
    }

    /// Without any backend that is ready everybody is refused at once.
    fn nobody(&self, family: Family) {
        let service = self.service("nobody");
        let node_port = (self.node("node-2", family), service.ports[0].node_port.unwrap().get());
        let ways =
            [(cluster_ip(&service, family), 80), (of(&service.load_balancer_ips, family), 80), node_port];
        for (from, at) in ["shop/caller-1", "node-1"].into_iter().flat_map(|f| ways.map(|at| (f, at))) {
            self.is(from, at, None, &Outcome::Refused);
        }
        self.is("outside", ways[1], Some("node-1"), &Outcome::Refused);
        self.is("outside", ways[2], None, &Outcome::Refused);
    }

    /// A pod behind its own Service, by every way.
    fn itself(&self, family: Family) {
        let one = self.service("one");
        let number = one.ports[0].node_port.unwrap().get();
        for at in [(cluster_ip(&one, family), 80), (self.node("node-1", family), number)] {
            self.sees("shop/web-1", at, None, &BOTH[..1]);
        }
    }

    fn service(&self, name: &str) -> Service {
        self.cluster.world().services[&NamespacedName::new("shop", name)].clone()
    }

    fn node(&self, name: &str, family: Family) -> IpAddr {
        of(&self.cluster.world().nodes[name].addresses, family)
    }

    fn place(&self, name: &str) -> &Netns {
        let topology = self.cluster.topology();
        match name {
            "outside" => topology.outside(),
            _ => topology.node(name).or_else(|| Some(topology.pod(name)?.netns())).unwrap(),
        }
    }

    fn try_often(&self, from: &str, (to, port): (IpAddr, u16), by: Option<&str>) -> Vec<Outcome> {
        let topology = self.cluster.topology();
        let source = (from == "outside").then(|| outside(Family::of(to)));
        let link = by.map(|node| topology.uplink(node).unwrap().to_owned());
        let question = Question::Port(Tcp, port);
        let probe = Probe { from: self.place(from).clone(), source, link, to, question };
        let answers = self.runtime.block_on(probe::run(&vec![probe; OFTEN], TIMEOUT));
        answers.into_iter().map(|answer| answer.outcome).collect()
    }

    /// Everybody who answered; nobody if all timed out.
    fn answers(&self, from: &str, at: (IpAddr, u16), by: Option<&str>) -> BTreeSet<String> {
        let name = |outcome| match outcome {
            Outcome::Open { by: Some(name) } => Some(name),
            Outcome::TimedOut => None,
            other => panic!("{from} → {at:?} by {by:?}: {other:?}"),
        };
        self.try_often(from, at, by).into_iter().filter_map(name).collect()
    }

    fn sees(&self, from: &str, at: (IpAddr, u16), by: Option<&str>, who: &[&str]) {
        let wanted: BTreeSet<String> = who.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(self.answers(from, at, by), wanted, "{from} → {at:?} by {by:?}");
    }

    fn is(&self, from: &str, at: (IpAddr, u16), by: Option<&str>, wanted: &Outcome) {
        let outcomes = self.try_often(from, at, by);
        assert!(outcomes.iter().all(|outcome| outcome == wanted), "{from} → {at:?} by {by:?}: {outcomes:?}");
    }
}

fn of(addresses: &[IpAddr], family: Family) -> IpAddr {
    addresses.iter().copied().find(|ip| Family::of(*ip) == family).unwrap()
}

fn outside(family: Family) -> IpAddr {
    of(&podfence_lab::topology::usual_outside(), family)
}

fn cluster_ip(service: &Service, family: Family) -> IpAddr {
    let ServiceAddress::Ips(ips) = &service.address else { panic!("{} is headless", service.meta.id) };
    of(ips, family)
}
