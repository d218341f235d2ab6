//! The ground the lab stands on, on the real kernel: links, servers, probes, names, services, and that nothing stays behind.
//!
//! Runs as root and without; where the system forbids both it says why and skips, except in CI, where that is a failure.

#![allow(
    clippy::unwrap_used,
    reason = "a failed step is a failed test; without `#[test]` clippy cannot see that"
)]

#[path = "../common/mod.rs"]
mod common;
mod leftovers;
mod life;
mod names;
mod reach;
mod services;
mod world;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use podfence_lab::sandbox;
use podfence_lab::sandbox::Sandbox;
use podfence_lab::setup::Links;
use podfence_testkit::sandboxed;
use world::World;

fn main() -> ExitCode {
    if let Some(ended) = podfence_lab::agents::become_one_if_told() {
        return ended;
    }
    if leftovers::is_victim() {
        return leftovers::be_victim();
    }
    let arguments = Arguments::from_args();
    let links_before = leftovers::links();
    sandboxed::run(&arguments, sandbox::enter(), |entered| trials(entered, links_before))
}

type InWorld = (&'static str, fn(&World));

/// Tests that many may share a world for.
const IN_WORLD: [InWorld; 14] = [
    ("pods_reach_each_other", reach::pods_reach_each_other),
    ("nodes_and_outside_reach_and_are_reached", reach::nodes_and_outside),
    ("closed_ports_refuse", reach::closed_ports_refuse),
    ("crossing_questions_are_refused", reach::crossing_questions_are_refused),
    ("silence_lasts_one_timeout", reach::silence_lasts_one_timeout),
    ("probes_by_the_thousand", reach::by_the_thousand),
    ("a_source_address_can_be_chosen", reach::chosen_source),
    ("names_resolve_as_in_a_pod", names::resolve_as_in_a_pod),
    ("long_answers_come_over_tcp", names::truncated),
    ("a_silent_name_server_is_a_timeout", names::silence),
    ("services_reach_their_pods", services::reach_their_pods),
    ("every_backend_has_its_turn", services::every_backend),
    ("a_pod_reaches_itself_through_its_service", services::hairpin),
    ("a_service_without_pods_refuses", services::without_pods),
];

fn trials(entered: Sandbox, links_before: Vec<String>) -> Vec<Trial> {
    let mut trials = Vec::new();
    for (word, links) in [("ptp", Links::Ptp), ("bridge", Links::Bridge)] {
        let world = Arc::new(World::new(links));
        trials.extend(IN_WORLD.map(|(name, test)| {
            let world = world.clone();
            Trial::test(format!("{word}/{name}"), move || {
                test(&world);
                Ok::<_, Failed>(())
            })
        }));
    }
    let alone = |name: &str, test: fn()| {
        Trial::test(name, move || {
            test();
            Ok::<_, Failed>(())
        })
    };
    trials.extend([
        alone("services_can_be_replaced", services::replaced),
        alone("a_zone_can_be_replaced", names::replaced),
        alone("pods_come_and_go", life::pods_come_and_go),
        alone("pods_come_and_go_on_a_bridge", life::pods_come_and_go_on_a_bridge),
        alone("the_first_packet_arrives", life::first_packets),
        alone("twenty_pods_take_well_under_a_second", life::twenty_pods),
        alone("mistakes_are_named", life::mistakes),
        Trial::test("nothing_is_left_after_kill_9", move || {
            println!("{entered:?}");
            leftovers::nothing_is_left(&links_before);
            Ok(())
        }),
    ]);
    trials
}
