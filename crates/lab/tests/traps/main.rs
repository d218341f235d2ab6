//! The traps of a dataplane, on the real kernel: packets that must not pass, and packets that must.
//!
//! Runs as root and without; where the system forbids both it says why and skips, except in CI, where that is a failure.
//! Start with `bed`, a small cluster with a dataplane in every node; `packets` makes packets that no kernel would send.

#![allow(
    clippy::unwrap_used,
    reason = "a failed step is a failed test; without `#[test]` clippy cannot see that"
)]

mod bed;
#[path = "../common/mod.rs"]
mod common;
mod cut;
mod deltas;
mod forged;
mod gaps;
mod generations;
mod itself;
mod led;
mod listing;
mod live;
mod logged;
mod neighbours;
#[path = "../common/packets.rs"]
mod packets;
mod shapes;
mod size;
mod speech;
mod state;
mod stateful;
mod stray;
mod verdicts;
mod verified;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};
use podfence_lab::sandbox;
use podfence_testkit::sandboxed;

/// Tests mostly wait, so more of them run at once than there are processors.
const AT_ONCE: usize = 8;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    sandboxed::run(&arguments, sandbox::enter(), |_| {
        TESTS.iter().map(|(name, test)| trial(name, *test)).collect()
    })
}

fn trial(name: &str, test: fn()) -> Trial {
    Trial::test(name, move || {
        test();
        Ok::<_, Failed>(())
    })
}

const TESTS: &[(&str, fn())] = &[
    ("isolated_pods_are_silent", verdicts::isolated_pods_are_silent),
    ("ports_and_protocols_are_told_apart", verdicts::ports_and_protocols_are_told_apart),
    ("both_ends_must_agree", verdicts::both_ends_must_agree),
    ("named_ports_differ_by_peer", verdicts::named_ports_differ_by_peer),
    ("ports_at_the_edges", verdicts::ports_at_the_edges),
    ("blocks_with_holes", verdicts::blocks_with_holes),
    ("blocks_as_sources", verdicts::blocks_as_sources),
    ("services_are_seen_through", verdicts::services_are_seen_through),
    ("known_pods_are_not_looked_up_in_blocks", verdicts::known_pods_are_not_looked_up_in_blocks),
    ("unknown_pods_are_silent", verdicts::unknown_pods_are_silent),
    ("a_pod_reaches_itself", itself::a_pod_reaches_itself),
    ("probes_of_the_node", itself::probes_of_the_node),
    ("replies_pass", stateful::replies_pass),
    ("errors_about_allowed_flows_pass", stateful::errors_about_allowed_flows_pass),
    ("errors_of_strangers_do_not", stateful::errors_of_strangers_do_not),
    ("errors_about_refused_flows_do_not", stateful::errors_about_refused_flows_do_not),
    ("packet_too_big_passes", stateful::packet_too_big_passes),
    ("a_cut_connection_stays_cut", cut::a_cut_connection_stays_cut),
    ("a_lost_entry_does_not_turn_a_connection_round", cut::a_lost_entry_does_not_turn_a_connection_round),
    ("what_stays_allowed_lives", cut::what_stays_allowed_lives),
    ("new_ranges_cut_strangers", cut::new_ranges_cut_strangers),
    ("a_reused_address_inherits_nothing", cut::a_reused_address_inherits_nothing),
    ("a_connection_that_is_allowed_again_goes_on", cut::a_connection_that_is_allowed_again_goes_on),
    ("strays_do_not_pass_isolated_pods", stray::strays_do_not_pass_isolated_pods),
    ("pods_without_policies_are_left_alone", stray::pods_without_policies_are_left_alone),
    ("untracked_packets_do_not_pass", stray::untracked_packets_do_not_pass),
    ("deltas_lead_where_the_plan_does", deltas::deltas_lead_where_the_plan_does),
    ("events_lead_where_a_fresh_plan_does", live::events_lead_where_a_fresh_plan_does),
    ("whatever_is_changed_is_found", verified::whatever_is_changed_is_found),
    ("a_known_address_is_not_like_another", verified::a_known_address_is_not_like_another),
    ("a_packet_is_led_as_policies_say", led::a_packet_is_led_as_policies_say),
    ("a_trace_sees_what_others_wrote", led::a_trace_sees_what_others_wrote),
    ("outgrown_sets_are_made_anew", size::outgrown_sets_are_made_anew),
    ("a_failed_plan_changes_nothing", deltas::a_failed_plan_changes_nothing),
    ("a_table_that_was_deleted_is_built_again", deltas::a_table_that_was_deleted_is_built_again),
    ("others_tables_stay_as_they_are", deltas::others_tables_stay_as_they_are),
    ("a_restart_is_not_noticed", deltas::a_restart_is_not_noticed),
    ("a_restart_with_other_settings", deltas::a_restart_with_other_settings),
    ("two_bits_are_enough", generations::two_bits_are_enough),
    ("a_restart_believes_no_stamp", generations::a_restart_believes_no_stamp),
    ("no_packet_slips_through", gaps::no_packet_slips_through),
    ("a_large_cluster_loads", size::a_large_cluster_loads),
    ("the_ruleset_reads_well", listing::it_reads_well),
    ("options_do_not_hide_ports", shapes::options_do_not_hide_ports),
    ("protocols_without_ports", shapes::protocols_without_ports),
    ("fragments_are_judged_as_one", shapes::fragments_are_judged_as_one),
    ("fragments_without_a_beginning_do_not_pass", shapes::fragments_without_a_beginning_do_not_pass),
    ("refusals_are_told_with_their_reasons", logged::refusals_are_told_with_their_reasons),
    ("what_passes_is_not_told", logged::what_passes_is_not_told),
    ("discovery_works_on_the_link", neighbours::discovery_works_on_the_link),
    ("discovery_does_not_reach_other_pods", neighbours::it_does_not_reach_other_pods),
    ("forged_sources_get_nowhere", forged::forged_sources_get_nowhere),
    ("a_pods_address_comes_from_its_link_alone", forged::a_pods_address_comes_from_its_link_alone),
    ("others_connections_are_untouched", forged::others_connections_are_untouched),
    ("forged_packets_make_no_entries", forged::forged_packets_make_no_entries),
];
