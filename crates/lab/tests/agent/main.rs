//! Drills for the node's agent: it is killed, stopped and started, its tables are edited by somebody else, and a second one is
//! started by mistake; all under traffic that policy allows and traffic that it refuses.
//!
//! `PODFENCE_KILLS` and `PODFENCE_STOPS` say how often. Runs as root and without; where the system forbids both it says why
//! and skips, except in CI, where that is a failure. Results are in `docs/reliability.md`.

#![allow(unsafe_code, reason = "an address of a packet socket; each place says why it is sound")]
#![allow(
    clippy::unwrap_used,
    reason = "a failed step is a failed test; without `#[test]` clippy cannot see that"
)]

mod cni;
mod crash;
mod faults;
mod frames;
mod hostile;
mod links;
mod meddling;
mod operated;
#[path = "../common/packets.rs"]
#[allow(dead_code, reason = "each suite uses its part of this")]
mod packets;
mod path;
mod refusals;
mod starts;
#[path = "../life/talk.rs"]
#[allow(dead_code, reason = "each suite uses its part of this")]
mod talk;
mod traffic;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};
use podfence_lab::sandbox;
use podfence_testkit::sandboxed;

const TESTS: [(&str, fn()); 31] = [
    ("killed_under_traffic", crash::killed_under_traffic),
    ("stopped_under_traffic", crash::stopped_under_traffic),
    ("what_others_change_is_noticed_and_mended", meddling::what_others_change_is_noticed_and_mended),
    ("refusals_are_told_with_their_policies", refusals::refusals_are_told_with_their_policies),
    ("admissions_are_told_if_wished", refusals::admissions_are_told_if_wished),
    ("starting_pods_do_not_escape", starts::starting_pods_do_not_escape),
    ("pods_without_ranges_do_not_escape", starts::pods_without_ranges_do_not_escape),
    ("odd_frames_carry_nothing", hostile::odd_frames_carry_nothing),
    ("odd_frames_of_a_new_pod_carry_nothing", hostile::odd_frames_of_a_new_pod_carry_nothing),
    ("cut_and_lying_headers_pass_nothing", hostile::cut_and_lying_headers_pass_nothing),
    ("extension_headers_hide_nothing", hostile::extension_headers_hide_nothing),
    ("fragments_do_not_change_ports", hostile::fragments_do_not_change_ports),
    ("forged_sources_pass_nothing", hostile::forged_sources_pass_nothing),
    ("a_port_that_is_used_again_is_judged_again", hostile::a_port_that_is_used_again_is_judged_again),
    ("a_flood_does_not_starve_the_agent", hostile::a_flood_does_not_starve_the_agent),
    ("what_is_lost_in_a_flood_is_found", meddling::what_is_lost_in_a_flood_is_found),
    ("an_agent_shows_its_state_and_its_time", operated::an_agent_shows_its_state_and_its_time),
    ("an_agent_tells_of_one_policy_and_one_pod", operated::an_agent_tells_of_one_policy_and_one_pod),
    (
        "engine_and_kernel_are_shown_beside_each_other",
        operated::engine_and_kernel_are_shown_beside_each_other,
    ),
    ("metrics_say_what_is_so", operated::metrics_say_what_is_so),
    (
        "an_agent_has_no_privilege_that_it_does_not_need",
        operated::an_agent_has_no_privilege_that_it_does_not_need,
    ),
    ("links_are_found_and_forged_sources_refused", links::links_are_found_and_forged_sources_refused),
    ("a_pod_cannot_claim_anothers_link", links::a_pod_cannot_claim_anothers_link),
    ("the_cni_plugin_waits_for_the_agent", cni::the_cni_plugin_waits_for_the_agent),
    ("bridges_that_show_nothing_are_not_enforced", path::bridges_that_show_nothing_are_not_enforced),
    ("pods_that_go_around_are_not_enforced", path::pods_that_go_around_are_not_enforced),
    ("flow_tables_of_pods_are_not_enforced", path::flow_tables_of_pods_are_not_enforced),
    ("a_full_disk_stops_no_enforcement", faults::a_full_disk_stops_no_enforcement),
    ("an_agent_cut_off_while_it_loads_opens_nothing", faults::an_agent_cut_off_while_it_loads_opens_nothing),
    ("a_full_connection_table_opens_nothing", faults::a_full_connection_table_opens_nothing),
    ("a_second_agent_does_not_start", meddling::a_second_agent_does_not_start),
];

fn main() -> ExitCode {
    if let Some(ended) = podfence_lab::agents::become_one_if_told() {
        return ended;
    }
    sandboxed::run(&Arguments::from_args(), sandbox::enter(), |_| {
        let trial = |(name, test): (&str, fn())| {
            Trial::test(name, move || {
                test();
                Ok::<_, Failed>(())
            })
        };
        TESTS.map(trial).into()
    })
}
