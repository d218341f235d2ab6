//! What `/proc` says: capabilities, forwarding, bridges, connection tracking, the clock.
//!
//! Reading is apart from judging, so that every judgement can be tested on a node where all is well.

use std::fs;
use std::time::{Duration, SystemTime};

use super::{Check, Level};

const CAP_NET_ADMIN: u32 = 12;
/// This version was not made before 1 November 2026: no true clock is earlier.
const MADE: Duration = Duration::from_hours(498_192);

pub(super) fn examine() -> Vec<Check> {
    vec![
        capabilities(fs::read_to_string("/proc/self/status").ok().as_deref()),
        clock(SystemTime::now()),
        forwarding("IPv4", "net.ipv4.ip_forward", read("net/ipv4/ip_forward").as_deref()),
        forwarding("IPv6", "net.ipv6.conf.all.forwarding", read("net/ipv6/conf/all/forwarding").as_deref()),
        bridges(
            has_bridge(),
            read("net/bridge/bridge-nf-call-iptables").as_deref(),
            read("net/bridge/bridge-nf-call-ip6tables").as_deref(),
        ),
        conntrack(
            read("net/netfilter/nf_conntrack_count").as_deref(),
            read("net/netfilter/nf_conntrack_max").as_deref(),
        ),
        reverse_path(read("net/ipv4/conf/all/rp_filter").as_deref()),
        ipvs(fs::read_to_string("/proc/net/ip_vs").ok().as_deref()),
    ]
}

fn read(switch: &str) -> Option<String> {
    Some(fs::read_to_string(format!("/proc/sys/{switch}")).ok()?.trim().to_owned())
}

/// Whether a link of this network namespace is a bridge; `/sys` may show another one's, so netlink is asked.
fn has_bridge() -> bool {
    let links = podfence_netlink::route::Routing::open().and_then(|mut routing| routing.links());
    links.is_ok_and(|links| links.iter().any(|link| link.kind.as_deref() == Some("bridge")))
}

fn capabilities(status: Option<&str>) -> Check {
    const TOPIC: &str = "capabilities";
    let line = status.and_then(|status| status.lines().find_map(|line| line.strip_prefix("CapEff:")));
    match line.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok()) {
        Some(bits) if bits >> CAP_NET_ADMIN & 1 == 1 => {
            Check::ok(TOPIC, "CAP_NET_ADMIN: rules can be written")
        }
        Some(_) => Check::not(
            TOPIC,
            Level::Unseen,
            "no CAP_NET_ADMIN: much of this node cannot be looked at",
            "sudo podfence doctor",
        ),
        None => Check::not(TOPIC, Level::Unseen, "/proc/self/status cannot be read", "mount /proc"),
    }
}

fn clock(now: SystemTime) -> Check {
    if now < SystemTime::UNIX_EPOCH + MADE {
        return Check::not(
            "clock",
            Level::Fails,
            "it is set before this version was made: records would lie about when",
            "timedatectl set-ntp true",
        );
    }
    Check::ok("clock", "not before this version was made")
}

fn forwarding(family: &str, switch: &str, value: Option<&str>) -> Check {
    const TOPIC: &str = "forwarding";
    match value {
        Some("0") => Check::not(
            TOPIC,
            Level::Warning,
            format!("{family} is not forwarded between links, so pods reach nobody by it"),
            format!("sysctl -w {switch}=1"),
        ),
        Some(_) => Check::ok(TOPIC, format!("{family} is forwarded")),
        None => Check::ok(TOPIC, format!("this kernel has no {family}")),
    }
}

fn bridges(any: bool, v4: Option<&str>, v6: Option<&str>) -> Check {
    const TOPIC: &str = "bridge netfilter";
    if v4 == Some("1") && v6 == Some("1") {
        return Check::ok(TOPIC, "frames between ports of a bridge are shown to the rules");
    }
    if !any {
        return Check::ok(TOPIC, "off, and there is no bridge");
    }
    Check::not(
        TOPIC,
        Level::Warning,
        "pods on one bridge: what they send each other passes no rule",
        "modprobe br_netfilter; sysctl -w net.bridge.bridge-nf-call-{iptables,ip6tables}=1",
    )
}

fn conntrack(count: Option<&str>, max: Option<&str>) -> Check {
    const TOPIC: &str = "connections";
    let number = |text: Option<&str>| text.and_then(|text| text.parse::<u64>().ok());
    let (Some(count), Some(max)) = (number(count), number(max)) else {
        return Check::not(
            TOPIC,
            Level::Unseen,
            "connection tracking is not loaded",
            "modprobe nf_conntrack",
        );
    };
    let found = format!("{count} of at most {max} are tracked");
    let larger = format!("sysctl -w net.netfilter.nf_conntrack_max={}", max.max(count).saturating_mul(2));
    match count.saturating_mul(100) / max.max(1) {
        95.. => {
            Check::not(TOPIC, Level::Fails, found + ": new ones are dropped, whatever policies say", larger)
        }
        75.. => Check::not(TOPIC, Level::Warning, found + ": when it is full, new ones are dropped", larger),
        _ => Check::ok(TOPIC, found),
    }
}

fn reverse_path(value: Option<&str>) -> Check {
    const TOPIC: &str = "reverse path";
    match value {
        Some("1") => Check::not(
            TOPIC,
            Level::Warning,
            "strict for all links: where replies take another way, packets vanish before any rule",
            "sysctl -w net.ipv4.conf.all.rp_filter=2",
        ),
        _ => Check::ok(TOPIC, "not strict for all links"),
    }
}

/// IPVS takes packets in `input` and sends them on by `output`: what it hands to a pod of this node comes by no rule of ours.
fn ipvs(table: Option<&str>) -> Check {
    const TOPIC: &str = "services";
    let is_service = |line: &&str| ["TCP", "UDP", "SCTP", "FWM"].iter().any(|kind| line.starts_with(kind));
    match table.map_or(0, |table| table.lines().filter(is_service).count()) {
        0 => Check::ok(TOPIC, "none of IPVS"),
        number => Check::not(
            TOPIC,
            Level::Warning,
            format!("{number} of IPVS, which hands packets to pods past the forward hook: untried"),
            "run kube-proxy in mode nftables or iptables",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As ip_vs_ctl.c writes `/proc/net/ip_vs`.
    const IPVS: &str = "IP Virtual Server version 1.2.1 (size=4096)\n\
        Prot LocalAddress:Port Scheduler Flags\n  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n\
        TCP  0A600001:01BB rr\n  -> 0AF40002:01BB      Masq    1      0          0\nUDP  0A60000A:0035 rr\n";

    fn check(of: &Check, level: Level, words: &str) {
        let text = of.to_string();
        assert_eq!(of.level, level, "{text}");
        assert!(text.contains(words), "{text}");
    }

    #[test]
    fn every_judgement_has_its_mend() {
        check(&capabilities(Some("CapEff:\t0000000000001000\n")), Level::Ok, "CAP_NET_ADMIN");
        check(&capabilities(Some("CapEff:\t0000000000000000\n")), Level::Unseen, "sudo");
        check(&clock(SystemTime::UNIX_EPOCH), Level::Fails, "set-ntp");
        check(&clock(SystemTime::UNIX_EPOCH + MADE), Level::Ok, "not before");
        check(&forwarding("IPv4", "net.ipv4.ip_forward", Some("0")), Level::Warning, "net.ipv4.ip_forward=1");
        check(&forwarding("IPv6", "x", None), Level::Ok, "no IPv6");
        check(&bridges(true, Some("1"), Some("0")), Level::Warning, "bridge-nf-call-{iptables,ip6tables}=1");
        check(&bridges(true, None, None), Level::Warning, "modprobe br_netfilter");
        check(&bridges(false, None, None), Level::Ok, "no bridge");
        check(&bridges(true, Some("1"), Some("1")), Level::Ok, "shown");
        check(&conntrack(Some("100"), Some("1000")), Level::Ok, "100 of at most 1000");
        check(&conntrack(Some("750"), Some("1000")), Level::Warning, "nf_conntrack_max=2000");
        check(&conntrack(Some("1000"), Some("1000")), Level::Fails, "are dropped");
        check(&conntrack(Some("900"), Some("500")), Level::Fails, "nf_conntrack_max=1800");
        check(&conntrack(Some("1"), Some("0")), Level::Fails, "are dropped");
        check(&conntrack(None, Some("1000")), Level::Unseen, "modprobe nf_conntrack");
        check(&reverse_path(Some("1")), Level::Warning, "rp_filter=2");
        check(&reverse_path(Some("2")), Level::Ok, "not strict");
        check(&ipvs(None), Level::Ok, "none");
        check(&ipvs(Some(IPVS)), Level::Warning, "2 of IPVS");
    }
}
