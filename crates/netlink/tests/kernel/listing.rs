//! What operators see: `nft list ruleset` of what we write, line by line, and whether `nft` can load it again.
//!
//! Skipped with a message where the `nft` binary is missing; with `CI=true` that is a failure.

use std::io::Write;
use std::process::{Command, Stdio};

use podfence_netlink::nft::{
    BaseChain, Batch, Chain, Comment, DataType, Family, Hook, Load, Name, Nftables, Rule, Set, Table, Value,
    priority,
};
use podfence_testkit::sandboxed;

use crate::listed::{PROGRAM, cases, name, named_sets, set_cases};

pub const TESTS: crate::Tests = &[
    ("rules_list_as_an_operator_would_write_them", rules),
    ("sets_list_with_their_types_and_elements", sets),
    ("tables_and_chains_list_with_comments", tables),
    ("a_listed_rule_is_known_as_what_was_written", known),
];

const TABLE: Table = Table::new(Family::Inet, Name::constant("podfence"));
const RULES: Name = Name::constant("rules");

/// Runs `nft` with this input, and gives what it printed or why it failed; none if it is not installed.
fn nft(arguments: &[&str], input: &str) -> Option<Result<String, String>> {
    let path = format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default());
    let mut command = Command::new("nft");
    command
        .args(arguments)
        .env("PATH", path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let Ok(mut child) = command.spawn() else {
        assert!(!sandboxed::in_ci(), "CI needs the nft binary");
        println!("no nft binary: listing is not checked");
        return None;
    };
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    let failed = || format!("nft {arguments:?}: {} {error}", output.status);
    Some(if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into())
    } else {
        Err(failed())
    })
}

/// Lists the ruleset, checks that its lines are there, and that `nft` gives the same list after loading it again.
fn check_listing(expected: &[&str]) -> Result<(), String> {
    let Some(listing) = nft(&["list", "ruleset"], "") else { return Ok(()) };
    let listing = listing?;
    let lines: Vec<&str> = listing.lines().map(str::trim).collect();
    for line in expected {
        if !lines.contains(line) {
            return Err(format!("expected `{line}` in\n{listing}"));
        }
    }
    nft(&["-f", "-"], &format!("flush ruleset\n{listing}")).transpose()?;
    match nft(&["list", "ruleset"], "").transpose()? {
        Some(again) if again != listing => Err(format!("{listing} became {again}")),
        _ => Ok(()),
    }
}

/// Reports all failures together.
fn all(results: impl IntoIterator<Item = Result<(), String>>) {
    let failures: Vec<String> = results.into_iter().filter_map(Result::err).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// A chain where a rule may be: translation and `notrack` are particular.
fn chain_for(line: &str) -> Chain {
    let base = if line.contains("dnat") && !line.contains("ct status") {
        BaseChain::nat(Hook::Prerouting, priority::DNAT)
    } else if line.contains("snat") || line.contains("masquerade") {
        BaseChain::nat(Hook::Postrouting, priority::SNAT)
    } else if line.contains("notrack") || line.contains("fib") {
        BaseChain::filter(Hook::Prerouting, priority::RAW)
    } else {
        BaseChain::filter(Hook::Forward, priority::FILTER)
    };
    Chain::base(RULES, base)
}

/// A table with nothing but this rule and what it needs.
fn commit_alone(rule: &Rule, line: &str) -> Result<(), String> {
    let mut batch = Batch::new();
    batch.delete_table_if_present(&TABLE);
    batch.create_table(&TABLE, None);
    batch.create_chain(&TABLE, &Chain::regular(PROGRAM));
    batch.create_chain(&TABLE, &chain_for(line));
    for set in named_sets() {
        batch.create_set(&TABLE, &set).unwrap();
    }
    batch.add_rule(&TABLE, &RULES, rule).unwrap();
    Nftables::open().unwrap().commit(&batch).map_err(|error| format!("{line}: {error}"))
}

fn rules() {
    all(cases().into_iter().map(|(rule, line)| {
        commit_alone(&rule, line)?;
        check_listing(&[line])
    }));
}

/// Each rule as it is listed is the one that was written, and no other of the cases.
fn known() {
    let cases = cases();
    all(cases.iter().map(|(rule, line)| {
        commit_alone(rule, line)?;
        let listed = Nftables::open().unwrap().rules(&TABLE, Some(&RULES)).unwrap().remove(0);
        let completed = ["dnat ip", "snat ip", "reject"].iter().any(|word| line.contains(word));
        let wrong =
            |other: &Rule| if other == rule { !completed && !listed.is(rule) } else { listed.is(other) };
        let taken_for = cases.iter().filter(|(other, _)| wrong(other));
        let wrong: Vec<_> = taken_for.map(|(_, other)| *other).collect();
        if wrong.is_empty() { Ok(()) } else { Err(format!("{line}: judged wrongly: {wrong:?}")) }
    }));
}

fn sets() {
    all(set_cases().into_iter().map(|(set, elements, lines)| {
        let mut batch = Batch::new();
        batch.delete_table_if_present(&TABLE);
        batch.create_table(&TABLE, None);
        batch.create_chain(&TABLE, &Chain::regular(PROGRAM));
        batch.create_set(&TABLE, &set).unwrap();
        batch.add_elements(&TABLE, &set, elements).unwrap();
        Nftables::open().unwrap().commit(&batch).map_err(|error| error.to_string())?;
        check_listing(lines)
    }));
}

fn tables() {
    let bridge = Table::new(Family::Bridge, name("podfence"));
    let mut batch = Batch::new();
    batch.create_table(&TABLE, Some(&Comment::constant("podfence, do not edit")));
    let forward = Chain::base(name("forward"), BaseChain::filter(Hook::Forward, -5));
    batch.create_chain(&TABLE, &forward.comment(Comment::constant("pod to pod")));
    batch.create_chain(
        &TABLE,
        &Chain::regular(PROGRAM).comment(Comment::constant("2 policies select shop/web")),
    );
    batch.create_table(&bridge, None);
    let prerouting = BaseChain::filter(Hook::Prerouting, priority::BRIDGE_FILTER);
    batch.create_chain(&bridge, &Chain::base(name("sources"), prerouting));
    let sources = Set::new(name("sources"), [DataType::Interface, DataType::Ipv4]);
    batch.create_set(&bridge, &sources).unwrap();
    let v4 = Rule::new().eq(Load::PROTOCOL, Value::port(0x0800));
    batch
        .add_rule(
            &bridge,
            &name("sources"),
            &v4.not_in_set(&[Load::IIFNAME, Load::IP_SADDR], &sources.name).drop(),
        )
        .unwrap();
    Nftables::open().unwrap().commit(&batch).unwrap();
    all([check_listing(&[
        "table inet podfence {",
        r#"comment "podfence, do not edit""#,
        r#"comment "pod to pod""#,
        "type filter hook forward priority filter - 5; policy accept;",
        r#"comment "2 policies select shop/web""#,
        "chain program/shop-web {",
        "table bridge podfence {",
        "type filter hook prerouting priority filter; policy accept;",
        "iifname . ip saddr != @sources drop",
    ])]);
}
