//! Who else decides about the packets that we decide about, by the chains in the kernel.
//!
//! A packet passes when everybody lets it pass, so others can refuse what policies allow, and never allow what they refuse.

use std::collections::BTreeMap;
use std::fs;

use podfence_dataplane_nft::Settings;
use podfence_netlink::Error;
use podfence_netlink::nft::{Flowtable, ForeignChain, Hook, Nftables};

use super::{Check, Level};

/// How the chains or tables of a program begin, and whether it judges pods' packets of its own accord.
const PROGRAMS: [(&str, &str, Option<&str>); 12] = [
    ("cali-", "Calico", Some("enforces policies too: a packet must pass both")),
    ("CILIUM_", "Cilium", Some("enforces policies too, and may take packets past all rules by eBPF")),
    ("KUBE-NWPLCY", "kube-router", Some("enforces policies too: a packet must pass both")),
    ("KUBE-ROUTER", "kube-router", Some("enforces policies too: a packet must pass both")),
    ("KUBE-", "kube-proxy or kubelet", None),
    ("kube-proxy", "kube-proxy", None),
    ("FLANNEL", "flannel", None),
    ("CNI-", "CNI plugins", None),
    ("DOCKER", "Docker", Some("may refuse what policies allow: its chains come with a policy of drop")),
    ("firewalld", "firewalld", Some("may refuse what policies allow: let it trust the pods' links")),
    ("filter_FWD", "firewalld", Some("may refuse what policies allow: let it trust the pods' links")),
    ("ufw-", "ufw", Some("may refuse what policies allow: `ufw route allow`")),
];
const TOPIC: &str = "other rules";

pub(super) fn examine(settings: &Settings) -> Vec<Check> {
    let read = Nftables::open().and_then(|mut nft| Ok((nft.all_chains()?, nft.flowtables()?)));
    let mut checks = match read {
        Ok((chains, flowtables)) => {
            let mut checks = others(&chains, settings);
            checks.push(flow_tables(&flowtables));
            checks
        }
        Err(error) => vec![unseen(&error)],
    };
    checks.extend(legacy(fs::read_to_string("/proc/net/ip_tables_names").ok().as_deref()));
    checks
}

fn unseen(error: &Error) -> Check {
    Check::not(TOPIC, Level::Unseen, format!("cannot be listed: {error}"), "sudo podfence doctor")
}

/// One check for each program, or for each table whose program is not known, that hooks in where we do.
fn others(chains: &[ForeignChain], settings: &Settings) -> Vec<Check> {
    let mut hooked = BTreeMap::<String, Vec<String>>::new();
    let mut advice = BTreeMap::<String, &'static str>::new();
    for chain in chains.iter().filter(|chain| chain.table.name.as_str() != settings.table.as_str()) {
        let Some((hook @ (Hook::Forward | Hook::Input), priority)) = chain.hook else { continue };
        let programs = programs(chains, chain);
        let at = format!("{} {} ({priority})", chain.table, word(hook));
        for (program, says) in &programs {
            hooked.entry((*program).to_owned()).or_default().push(at.clone());
            advice.extend(says.map(|says| ((*program).to_owned(), says)));
        }
        if programs.is_empty() {
            hooked.entry(format!("table {}", chain.table)).or_default().push(at);
        }
    }
    let check = |(program, at): (String, Vec<String>)| {
        let found = format!("{program} at {}", at.join(", "));
        match advice.get(&program) {
            Some(says) => Check::not(TOPIC, Level::Warning, found, *says),
            None => Check::ok(TOPIC, found),
        }
    };
    let checks: Vec<Check> = hooked.into_iter().map(check).collect();
    if checks.is_empty() { vec![Check::ok(TOPIC, "nobody else filters forwarded packets")] } else { checks }
}

/// Who has chains in the table of this one.
fn programs(chains: &[ForeignChain], of: &ForeignChain) -> BTreeMap<&'static str, Option<&'static str>> {
    let names = chains.iter().filter(|chain| chain.table == of.table).map(|chain| chain.name.as_str());
    let names = names.chain([of.table.name.as_str()]);
    let known = names.filter_map(|name| PROGRAMS.iter().find(|(begins, ..)| name.starts_with(begins)));
    known.map(|(_, program, says)| (*program, *says)).collect()
}

fn word(hook: Hook) -> &'static str {
    if hook == Hook::Forward { "forward" } else { "input" }
}

fn flow_tables(found: &[Flowtable]) -> Check {
    const TOPIC: &str = "flow tables";
    if found.is_empty() {
        return Check::ok(TOPIC, "none: no connection goes past the rules");
    }
    let each = |table: &Flowtable| format!("{table} ({})", table.devices.join(", "));
    let all: Vec<String> = found.iter().map(each).collect();
    Check::not(
        TOPIC,
        Level::Warning,
        format!("open connections go past all rules by {}", all.join(", ")),
        "take the pods' devices out of them",
    )
}

/// iptables of the old kind has chains of its own, which nobody can list by netlink.
fn legacy(tables: Option<&str>) -> Option<Check> {
    let tables: Vec<&str> = tables?.split_whitespace().collect();
    (!tables.is_empty()).then(|| {
        let found =
            format!("iptables-legacy has tables {}: what is in them is not looked at", tables.join(", "));
        Check::not(TOPIC, Level::Warning, found, "iptables-legacy-save")
    })
}

#[cfg(test)]
mod tests {
    use podfence_netlink::nft::{Family, Name, Table};

    use super::*;

    fn chain(table: &str, name: &str, hook: Option<(Hook, i32)>) -> ForeignChain {
        let table = Table::new(Family::Ip, Name::new(table).unwrap());
        ForeignChain { table, name: name.into(), hook }
    }

    fn check(chains: &[ForeignChain], expected: &[(Level, &str)]) {
        let checks = others(chains, &Settings::default());
        let levels: Vec<Level> = checks.iter().map(|check| check.level).collect();
        assert_eq!(levels, expected.iter().map(|(level, _)| *level).collect::<Vec<_>>(), "{checks:#?}");
        for (check, (_, words)) in checks.iter().zip(expected) {
            assert!(check.to_string().contains(words), "{check}");
        }
    }

    #[test]
    fn owners_of_chains_are_told_by_their_names() {
        let forward = |table| chain(table, "FORWARD", Some((Hook::Forward, 0)));
        check(&[], &[(Level::Ok, "nobody else")]);
        check(&[forward("podfence")], &[(Level::Ok, "nobody else")]);
        check(&[forward("mine")], &[(Level::Ok, "table ip mine at ip mine forward (0)")]);
        check(&[chain("nat", "OUTPUT", Some((Hook::Output, 0)))], &[(Level::Ok, "nobody else")]);
        let filter =
            [forward("filter"), chain("filter", "cali-FORWARD", None), chain("filter", "KUBE-FORWARD", None)];
        check(
            &filter,
            &[(Level::Warning, "must pass both"), (Level::Ok, "kube-proxy or kubelet at ip filter")],
        );
        check(&[forward("kube-proxy")], &[(Level::Ok, "kube-proxy at")]);
        check(&[forward("firewalld")], &[(Level::Warning, "trust the pods' links")]);
        check(
            &[forward("filter"), chain("filter", "ufw-user-forward", None)],
            &[(Level::Warning, "ufw route")],
        );
    }

    #[test]
    fn flow_tables_and_old_iptables_are_named() {
        let fast = Flowtable { table: "x".into(), name: "fast".into(), devices: vec!["eth0".into()] };
        assert!(flow_tables(&[fast]).found.ends_with("x/fast (eth0)"));
        assert_eq!(flow_tables(&[]).level, Level::Ok);
        assert_eq!(legacy(None).or(legacy(Some(""))), None);
        assert!(legacy(Some("filter\nnat\n")).unwrap().found.contains("filter, nat"));
    }
}
