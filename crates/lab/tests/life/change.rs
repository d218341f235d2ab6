//! What can happen to a cluster: all that `storm` does, and what needs Services, several pods at once, or nodes.

use std::fmt;

use podfence_lab::place::{self, PlaceError};
use podfence_lab::setup::{Links, Setup};
use podfence_model::{Addresses, EndpointAddress, Life, NamespacedName, Pod, Service, World};
use podfence_testkit::build::{Put, node};
use podfence_testkit::generate::addresses::host;
use podfence_testkit::generate::{self, Rng};
use podfence_testkit::storm::{self, Edit};

use crate::drawn;

/// A change and what it is called.
pub struct Change(String);

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A world to begin with, placed.
pub fn first(world: World, setup: Setup, rng: &mut Rng) -> Result<World, PlaceError> {
    let mut world = world;
    generate::add_services(&mut world, 3, rng);
    settle(&mut world);
    place::place_in(world, setup)
}

/// Changes a placed world at random; it is placed again, as `lab up` does it with files.
pub fn random(world: &mut World, setup: Setup, rng: &mut Rng) -> Result<Change, PlaceError> {
    let before = world.clone();
    let text = match rng.u32(0..100) {
        0..58 => {
            let edits = storm::random_edits(world, rng);
            storm::apply_all(world, &edits);
            edits.iter().map(edited).collect::<Vec<_>>().join(", ")
        }
        58..70 => replace_pod(world, rng),
        70..76 => turn_ready(world, rng),
        76..92 => change_service(world, rng),
        92..96 => add_node(world, setup.links),
        _ => remove_node(world, rng),
    };
    settle(world);
    *world = place_again(&before, world.clone(), setup)?;
    Ok(Change(text))
}

fn edited(edit: &Edit) -> String {
    match edit {
        Edit::AddPolicy(policy) | Edit::ChangePolicy(policy) => format!("policy {}", policy.meta.id),
        other => format!("{other:?}"),
    }
}

/// Pods that wait for an address go on waiting: only manifests leave it to the lab.
fn place_again(before: &World, world: World, setup: Setup) -> Result<World, PlaceError> {
    let waiting = world.pods.values().filter(|pod| pod.addresses == Addresses::NotYet);
    let waiting: Vec<NamespacedName> = waiting.map(|pod| pod.meta.id.clone()).collect();
    let mut placed = place::place_after(before, world, setup)?;
    for (_, pod) in placed.pods.iter_mut().filter(|(id, _)| waiting.contains(id)) {
        pod.addresses = Addresses::NotYet;
    }
    Ok(placed)
}

/// Finished pods are gone, from slices too, and everything but the cluster DNS, which answers names only, counts as stated.
fn settle(world: &mut World) {
    world.pods.retain(|_, pod| pod.life != Life::Finished);
    for slice in world.endpoint_slices.values_mut() {
        let of = |name: &String| world.pods.get(&NamespacedName::new(&slice.meta.id.namespace, name));
        let is_there = |one: &EndpointAddress| one.pod.as_ref().is_none_or(|name| of(name).is_some());
        slice.endpoints.retain(is_there);
    }
    drawn::state_all(world);
}

fn pick<'a, T>(list: &'a [T], rng: &mut Rng) -> Option<&'a T> {
    if list.is_empty() { None } else { list.get(rng.usize(0..list.len())) }
}

/// One pod goes, or has all but gone, and another comes with its addresses at the same moment.
fn replace_pod(world: &mut World, rng: &mut Rng) -> String {
    let alone: Vec<Pod> = world.pods.values().filter(|pod| place::has_seat(world, pod)).cloned().collect();
    let Some(before) = pick(&alone, rng) else { return "nobody to replace".into() };
    let Some(Edit::AddPod(mut after)) =
        (0..200).map(|_| storm::random_edit(world, rng)).find(|edit| matches!(edit, Edit::AddPod(_)))
    else {
        return "nobody to come".into();
    };
    after.addresses = before.addresses.clone();
    after.node.clone_from(&before.node);
    if rng.bool() {
        world.pods.remove(&before.meta.id);
    } else if let Some(before) = world.pods.get_mut(&before.meta.id) {
        before.life = Life::Terminating;
    }
    let text = format!("{} takes the place of {}", after.meta.id, before.meta.id);
    world.put(after);
    text
}

fn turn_ready(world: &mut World, rng: &mut Rng) -> String {
    let ids: Vec<_> = world.pods.keys().cloned().collect();
    let Some(pod) = pick(&ids, rng).and_then(|id| world.pods.get_mut(id)) else { return "no pod".into() };
    pod.ready = !pod.ready;
    format!("{} ready: {}", pod.meta.id, pod.ready)
}

fn change_service(world: &mut World, rng: &mut Rng) -> String {
    let ours: Vec<_> = world.services.keys().filter(|id| id.namespace != "kube-system").cloned().collect();
    let others: Vec<String> = world.namespaces.keys().filter(|n| *n != "kube-system").cloned().collect();
    match (rng.u32(0..4), pick(&ours, rng), pick(&others, rng)) {
        (0, Some(id), _) => {
            world.services.remove(id);
            world.endpoint_slices.remove(id);
            format!("service {id} goes")
        }
        (1 | 2, Some(id), _) => told(&generate::put_service(world, &id.namespace, &id.name, rng)),
        (.., Some(namespace)) => {
            let name = format!("svc-{}", rng.u8(1..250));
            told(&generate::put_service(world, namespace, &name, rng))
        }
        _ => "no namespace".into(),
    }
}

fn told(service: &Service) -> String {
    format!("service {}: {:?} {:?} {:?}", service.meta.id, service.kind, service.selector, service.ports)
}

/// A bridge has the first address of each of its node's ranges.
fn add_node(world: &mut World, links: Links) -> String {
    let Some(number) = (1..20).find(|n| !world.nodes.contains_key(&format!("node-{n}"))) else {
        return "enough nodes".into();
    };
    let [name, v4, v6, r4, r6] = [
        format!("node-{number}"),
        format!("172.18.0.{number}"),
        format!("fd00:172:18::{number}"),
        format!("10.244.{number}.0/24"),
        format!("fd00:10:244:{number}::/64"),
    ];
    let mut node = node(&name, &[&v4, &v6], &[&r4, &r6]);
    if links == Links::Bridge {
        node.addresses.extend(node.pod_ranges.iter().map(|range| host(*range, 1)));
    }
    world.nodes.insert(name.clone(), node);
    format!("{name} comes")
}

/// A node goes, and its pods with it; one always stays, and the cluster DNS is never homeless.
fn remove_node(world: &mut World, rng: &mut Rng) -> String {
    let home =
        world.pods.values().find(|p| p.meta.id.namespace == "kube-system").and_then(|p| p.node.clone());
    let others: Vec<String> =
        world.nodes.keys().filter(|name| Some(*name) != home.as_ref()).cloned().collect();
    let Some(name) = pick(&others, rng).filter(|_| world.nodes.len() > 1) else {
        return "the last node".into();
    };
    world.nodes.remove(name);
    world.pods.retain(|_, pod| pod.node.as_ref() != Some(name));
    format!("{name} goes")
}

/// Whether a pod of both worlds has the same seat in both.
pub fn same_seat((before, a): (&World, &Pod), (now, b): (&World, &Pod)) -> bool {
    let sits = place::has_seat(before, a) && place::has_seat(now, b);
    sits && a.node == b.node && a.addresses == b.addresses
}
