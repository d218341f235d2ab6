//! A packet is led through the tables that are there, not through those that were written.

use podfence_dataplane_nft::{Difference, End, Hop, Opening, Refusal};
use podfence_engine::Engine;
use podfence_lab::netns::Netns;
use podfence_model::{Layer4, Protocol, World};
use podfence_netlink::nft::{Batch, DataType, Element, Name, Nftables, Rule, Set};
use podfence_plan::{Link, NodePlan};
use podfence_testkit::build::{
    self, Put, eq, everything, id, ingress, ip, node, number, own, port, rule, select,
};

use crate::deltas::{empty, open_in};
use crate::state::TABLE;

const A: &str = "10.244.1.10";
const B: &str = "10.244.1.11";
const OUTSIDE: &str = "192.0.2.1";

/// B admits A on port 80 alone.
fn world() -> World {
    let from_a = own(select(&[eq("name", "a")]));
    let admits = rule(vec![from_a], vec![number(Protocol::Tcp, 80)]);
    World::default()
        .with(node("n", &["172.18.0.1"], &["10.244.1.0/24"]))
        .with(build::pod("x/a", "n", &[A], &[("name", "a")]))
        .with(build::pod("x/b", "n", &[B], &[("name", "b")]))
        .with(ingress("x/b", select(&[eq("name", "b")]), vec![admits]))
        .with(ingress("x/nobody", select(&[eq("name", "none")]), vec![rule(vec![own(everything())], vec![])]))
}

fn plan() -> NodePlan {
    let links = [("x/a", "va"), ("x/b", "vb")].map(|(pod, link)| (id(pod), Link::Routed(link.into())));
    NodePlan::build(&Engine::new(&world()), "n", &links.into())
}

/// What opens a connection by TCP.
fn opening((source, input): (&str, &str), (destination, output): (&str, &str), to: u16) -> Opening {
    let link = |name: &str| Some(name.to_owned()).filter(|name| !name.is_empty());
    Opening {
        source: ip(source),
        destination: ip(destination),
        layer4: Layer4::Port(Protocol::Tcp, port(to)),
        input: link(input),
        output: link(output),
        hop: Hop::Forward,
    }
}

fn dropped(why: Refusal) -> End {
    End::Dropped { why: Some(why), counted: 0 }
}

pub fn a_packet_is_led_as_policies_say() {
    let (a, b, outside) = ((A, "va"), (B, "vb"), (OUTSIDE, ""));
    let table = [
        (opening(a, b, 80), End::Passed),
        (opening(a, b, 81), dropped(Refusal::Ingress)),
        (opening(b, a, 81), End::Passed),
        (opening(outside, b, 80), dropped(Refusal::Ingress)),
        (opening((A, "vb"), b, 80), dropped(Refusal::Source)),
        (opening((A, ""), b, 80), dropped(Refusal::Source)),
        (opening(a, ("10.244.1.77", ""), 80), dropped(Refusal::UnknownPod)),
    ];
    let netns = empty();
    let mut dataplane = open_in(&netns);
    dataplane.enforce(plan()).unwrap();
    for (packet, end) in table {
        let trace = dataplane.trace(&packet, &plan()).unwrap();
        assert_eq!(trace.end, end, "{packet:?}: {trace:#?}");
    }
}

fn meddle(netns: &Netns, meddle: impl FnOnce(&mut Batch) + Send + 'static) {
    netns.run(move || {
        let mut batch = Batch::new();
        meddle(&mut batch);
        Nftables::open().unwrap().commit(&batch).unwrap();
    });
}

pub fn a_trace_sees_what_others_wrote() {
    let (refused, admitted) = (opening((A, "va"), (B, "vb"), 81), opening((A, "va"), (B, "vb"), 80));
    let chain = Name::constant("forward");
    let peers = || {
        let netns = empty();
        let mut dataplane = open_in(&netns);
        dataplane.enforce(plan()).unwrap();
        (netns, dataplane)
    };

    let (netns, mut dataplane) = peers();
    let to = chain.clone();
    meddle(&netns, move |batch| batch.add_rule(&TABLE, &to, &Rule::new().accept()).unwrap());
    let trace = dataplane.trace(&admitted, &plan()).unwrap();
    assert_eq!(trace.end, End::Altered(Difference::Rules(chain)), "a rule that nobody of us wrote");

    let (netns, mut dataplane) = peers();
    let union = dataplane.trace(&admitted, &plan()).unwrap();
    let mut asked = union.steps.iter().flat_map(|step| &step.asked);
    let found = asked.rfind(|asked| asked.holds && asked.set.starts_with("peers_")).unwrap();
    let set = Set::new(Name::new(found.set.clone()).unwrap(), [DataType::Ipv4]);
    meddle(&netns, move |batch| batch.delete_elements(&TABLE, &set, [Element::new(ip(A))]).unwrap());
    let trace = dataplane.trace(&admitted, &plan()).unwrap();
    assert_eq!(trace.end, dropped(Refusal::Ingress), "who is in no set is refused, whatever the plan says");

    let (netns, mut dataplane) = peers();
    let ingress = Set::verdict_map(Name::constant("ingress_v4"), [DataType::Ipv4]);
    meddle(&netns, move |batch| batch.delete_elements(&TABLE, &ingress, [Element::new(ip(B))]).unwrap());
    let trace = dataplane.trace(&refused, &plan()).unwrap();
    assert_eq!(trace.end, End::Passed, "a pod without its program is open, whatever the plan says");

    let (netns, mut dataplane) = peers();
    meddle(&netns, |batch| batch.delete_table(&TABLE));
    let trace = dataplane.trace(&refused, &plan()).unwrap();
    assert_eq!(trace.end, End::Altered(Difference::Table(TABLE)));
}
