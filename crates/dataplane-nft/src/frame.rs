//! What is always in the table: base chains, the way of a packet, the sets of pods, the chains of refusals.
//!
//! The way of a packet, in forward (after destination NAT, before source NAT) and in input:
//! source address, fast path, then `judge`: neighbour discovery, unknown pods, packets without a connection, ICMP
//! errors, TCP from the middle, a pod to itself, the sender's egress, the receiver's ingress, the stamp.

use podfence_model::{Direction, Family};
use podfence_netlink::nft::{
    BaseChain, Batch, BatchError, Chain, DataType, Header, Hook, IpVersion, Load, Log, LogPrefix, Name, Rule,
    RuleInfo, Set, Table, Value, ct_state, tcp_flags,
};

use crate::generation::Stamp;
use crate::names::{comment, name, refused, suffix};
use crate::refusal::Refusal;
use crate::settings::Settings;

const ICMP: u8 = 1;
const TCP: u8 = 6;
const ICMPV6: u8 = 58;
/// `ip6 hoplimit`.
const HOP_LIMIT: Load = Load::Payload { header: Header::Network, offset: 7, length: 1 };

/// The sets and maps that pods are entered into. Each has one name per family, except `links`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PodSet {
    /// Host ends of the local pods' links.
    Links,
    /// Link and address of each local pod.
    Sources(Family),
    /// Local pods.
    Local(Family),
    /// Local pods that some policy isolates.
    Policed(Family),
    /// Each local pod with itself.
    Itself(Family),
    /// Local pods isolated for egress, and their programs.
    Egress(Family),
    /// Local pods isolated for ingress, and their programs.
    Ingress(Family),
    /// All known pods of the cluster.
    Known(Family),
    /// This node's pod ranges.
    Ranges(Family),
}

impl PodSet {
    fn of(family: Family) -> [Self; 8] {
        [
            Self::Sources(family),
            Self::Local(family),
            Self::Policed(family),
            Self::Itself(family),
            Self::Egress(family),
            Self::Ingress(family),
            Self::Known(family),
            Self::Ranges(family),
        ]
    }

    /// All of them.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        [Self::Links].into_iter().chain(Family::BOTH.into_iter().flat_map(Self::of))
    }

    fn word(self) -> (&'static str, Option<Family>) {
        match self {
            Self::Links => ("links", None),
            Self::Sources(family) => ("sources", Some(family)),
            Self::Local(family) => ("local_pods", Some(family)),
            Self::Policed(family) => ("policed_pods", Some(family)),
            Self::Itself(family) => ("itself", Some(family)),
            Self::Egress(family) => ("egress", Some(family)),
            Self::Ingress(family) => ("ingress", Some(family)),
            Self::Known(family) => ("known_pods", Some(family)),
            Self::Ranges(family) => ("pod_ranges", Some(family)),
        }
    }

    fn set(self, name: Name) -> Set {
        let address = |family| match family {
            Family::V4 => DataType::Ipv4,
            Family::V6 => DataType::Ipv6,
        };
        match self {
            Self::Links => Set::new(name, [DataType::Interface]),
            Self::Sources(family) => Set::new(name, [DataType::Interface, address(family)]),
            Self::Itself(family) => Set::new(name, [address(family), address(family)]),
            Self::Local(family) | Self::Policed(family) | Self::Known(family) => {
                Set::new(name, [address(family)])
            }
            Self::Egress(family) | Self::Ingress(family) => Set::verdict_map(name, [address(family)]),
            Self::Ranges(family) => Set::new(name, [address(family)]).interval(),
        }
    }
}

/// Fields that differ by family.
struct Fields {
    version: IpVersion,
    source: Load,
    destination: Load,
    /// Who opened the connection.
    opener: Load,
    /// Who really answers it, behind destination NAT.
    answerer: Load,
}

fn fields(family: Family) -> Fields {
    match family {
        Family::V4 => Fields {
            version: IpVersion::V4,
            source: Load::IP_SADDR,
            destination: Load::IP_DADDR,
            opener: Load::CT_ORIGINAL_IP_SADDR,
            answerer: Load::CT_REPLY_IP_SADDR,
        },
        Family::V6 => Fields {
            version: IpVersion::V6,
            source: Load::IP6_SADDR,
            destination: Load::IP6_DADDR,
            opener: Load::CT_ORIGINAL_IP6_SADDR,
            answerer: Load::CT_REPLY_IP6_SADDR,
        },
    }
}

/// The field that holds the peer of a connection, seen from a direction.
pub(crate) fn peer_field(direction: Direction, family: Family) -> Load {
    match direction {
        Direction::Egress => fields(family).answerer,
        Direction::Ingress => fields(family).opener,
    }
}

/// The frame of one take-over of the table. A later take-over beside the sets of an earlier one needs other names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    /// 0 for a table made from nothing.
    pub epoch: u32,
}

const FORWARD: Name = Name::constant("forward");
const INPUT: Name = Name::constant("input");

impl Frame {
    /// The name of a set.
    pub(crate) fn set_name(&self, set: PodSet) -> Name {
        let (word, family) = set.word();
        let family = family.map_or(String::new(), |f| format!("_{}", suffix(f)));
        let epoch = if self.epoch == 0 { String::new() } else { format!("_e{}", self.epoch) };
        name(format!("{word}{family}{epoch}"))
    }

    /// A set to create.
    pub(crate) fn set(&self, set: PodSet) -> Set {
        set.set(self.set_name(set))
    }

    /// The chains that are always there.
    pub(crate) fn chains(&self, settings: &Settings) -> Vec<Chain> {
        let base = |name, hook| Chain::base(name, BaseChain::filter(hook, settings.priority));
        let regular = self.bodies(settings, Stamp::NONE).into_iter().map(|(name, _)| name);
        let regular = regular.filter(|name| *name != FORWARD && *name != INPUT).map(Chain::regular);
        [base(FORWARD, Hook::Forward), base(INPUT, Hook::Input)].into_iter().chain(regular).collect()
    }

    /// Fills the chains that are always there; they must be empty.
    pub(crate) fn fill(
        &self,
        batch: &mut Batch,
        table: &Table,
        settings: &Settings,
        stamp: Stamp,
    ) -> Result<(), BatchError> {
        for (chain, rules) in self.bodies(settings, stamp) {
            for rule in &rules {
                batch.add_rule(table, &chain, rule)?;
            }
        }
        Ok(())
    }

    /// Puts another stamp into the chains that hold it.
    pub(crate) fn restamp(
        &self,
        batch: &mut Batch,
        table: &Table,
        settings: &Settings,
        stamp: Stamp,
    ) -> Result<(), BatchError> {
        let old = self.bodies(settings, Stamp::NONE);
        let new = self.bodies(settings, stamp);
        for ((chain, rules), _) in new.into_iter().zip(old).filter(|(a, b)| a != b) {
            batch.flush_chain(table, &chain);
            for rule in &rules {
                batch.add_rule(table, &chain, rule)?;
            }
        }
        Ok(())
    }

    fn bodies(&self, settings: &Settings, stamp: Stamp) -> Vec<(Name, Vec<Rule>)> {
        let mut bodies = vec![
            (FORWARD, self.entry(stamp, "judge_forward")),
            (INPUT, self.entry(stamp, "judge_input")),
            (name("judge_forward"), self.judge_forward(stamp)),
            (name("judge_input"), self.judge_input(stamp)),
            (name("odd_source"), Self::odd_source()),
            (name("no_connection"), self.header_check(true, Refusal::NoConnection)),
            (name("no_connection_input"), self.header_check(false, Refusal::NoConnection)),
            (name("mid_stream"), self.header_check(true, Refusal::MidStream)),
            (name("mid_stream_input"), self.header_check(false, Refusal::MidStream)),
            (name("stray_error"), self.stray_error(true)),
            (name("stray_error_input"), self.stray_error(false)),
            (name("stamp"), self.stamp(stamp)),
        ];
        bodies.extend(Refusal::ALL.map(|refusal| (refused(refusal), Self::refuse(refusal, settings))));
        bodies
    }

    /// What every packet meets, the established ones too: keep it short.
    fn entry(&self, stamp: Stamp, judge: &'static str) -> Vec<Rule> {
        let foreign = |family: Family, to: &Name| {
            let f = fields(family);
            Rule::new()
                .nfproto(f.version)
                .in_set(&[Load::IIFNAME], &self.set_name(PodSet::Links))
                .not_in_set(&[Load::IIFNAME, f.source], &self.set_name(PodSet::Sources(family)))
                .goto(to)
        };
        vec![
            foreign(Family::V4, &refused(Refusal::Source)),
            foreign(Family::V6, &name("odd_source")),
            fast_path(stamp),
            Rule::new().goto(&name(judge)),
        ]
    }

    /// Link-local sources are fine for neighbour discovery only.
    fn odd_source() -> Vec<Rule> {
        vec![neighbour_discovery().accept(), Rule::new().goto(&refused(Refusal::Source))]
    }

    fn judge_forward(&self, stamp: Stamp) -> Vec<Rule> {
        let mut rules = vec![neighbour_discovery().accept()];
        for (first, last) in [(133, 134), (137, 137)] {
            let links = self.set_name(PodSet::Links);
            let from_pod =
                Rule::new().nfproto(IpVersion::V6).in_set(&[Load::IIFNAME], &links).l4proto(ICMPV6);
            let types = from_pod.in_range(Load::ICMP_TYPE, Value::byte(first), Value::byte(last));
            rules.push(types.goto(&refused(Refusal::Router)));
        }
        rules.extend(self.unknown_pods(true));
        rules.extend(without_entry("no_connection"));
        rules.extend(icmp_errors(stamp, "stray_error"));
        rules.push(from_the_middle("mid_stream"));
        rules.extend(self.itself());
        rules.extend(self.programs(true));
        rules.push(Rule::new().goto(&name("stamp")));
        rules
    }

    fn judge_input(&self, stamp: Stamp) -> Vec<Rule> {
        let loopback = Value::interface("lo").expect("two letters fit");
        let mut rules =
            vec![Rule::new().eq(Load::IIFNAME, loopback).accept(), neighbour_discovery().accept()];
        rules.extend(self.unknown_pods(false));
        rules.extend(without_entry("no_connection_input"));
        rules.extend(icmp_errors(stamp, "stray_error_input"));
        rules.push(from_the_middle("mid_stream_input"));
        rules.extend(self.programs(false));
        rules.push(Rule::new().goto(&name("stamp")));
        rules
    }

    /// Addresses of our pod ranges that no known pod has, by the packet's own header.
    fn unknown_pods(&self, both_ends: bool) -> Vec<Rule> {
        let rule = |family: Family, field: Load| {
            Rule::new()
                .nfproto(fields(family).version)
                .in_set(&[field], &self.set_name(PodSet::Ranges(family)))
                .not_in_set(&[field], &self.set_name(PodSet::Known(family)))
                .goto(&refused(Refusal::UnknownPod))
        };
        ends(both_ends).into_iter().map(|(family, field)| rule(family, field)).collect()
    }

    /// Refuses what comes from or goes to a policed pod, by the packet's own header.
    fn header_check(&self, both_ends: bool, refusal: Refusal) -> Vec<Rule> {
        let rule = |(family, field): (Family, Load)| {
            Rule::new()
                .nfproto(fields(family).version)
                .in_set(&[field], &self.set_name(PodSet::Policed(family)))
                .goto(&refused(refusal))
        };
        ends(both_ends).into_iter().map(rule).collect()
    }

    /// Refuses ICMP errors about connections of policed pods that are not stamped.
    fn stray_error(&self, both_ends: bool) -> Vec<Rule> {
        let rule = |family: Family, field: Load| {
            Rule::new()
                .in_set(&[field], &self.set_name(PodSet::Policed(family)))
                .goto(&refused(Refusal::NoConnection))
        };
        let mut rules = Vec::new();
        for family in Family::BOTH {
            let f = fields(family);
            rules.push(rule(family, f.opener));
            rules.extend(both_ends.then(|| rule(family, f.answerer)));
        }
        rules
    }

    fn itself(&self) -> Vec<Rule> {
        let rule = |family: Family| {
            let (f, pairs) = (fields(family), self.set_name(PodSet::Itself(family)));
            Rule::new().in_set(&[f.opener, f.answerer], &pairs).goto(&name("stamp"))
        };
        Family::BOTH.map(rule).into()
    }

    /// The sender's egress by who opened the connection, then the receiver's ingress by who really answers it,
    /// whichever way the packet travels.
    fn programs(&self, ingress: bool) -> Vec<Rule> {
        let vmap = |field: Load, set: PodSet| Rule::new().vmap(&[field], &self.set_name(set));
        let egress = Family::BOTH.map(|family| vmap(fields(family).opener, PodSet::Egress(family)));
        let receiving = Family::BOTH.map(|family| vmap(fields(family).answerer, PodSet::Ingress(family)));
        egress.into_iter().chain(receiving.into_iter().filter(|_| ingress)).collect()
    }

    /// Stamps connections of local pods; others are none of our business.
    fn stamp(&self, stamp: Stamp) -> Vec<Rule> {
        let rule = |family: Family, field: Load| {
            let ours = Rule::new().in_set(&[field], &self.set_name(PodSet::Local(family)));
            ours.set_ct_mark(stamp.value, stamp.mask).accept()
        };
        let both =
            |family: Family| [rule(family, fields(family).opener), rule(family, fields(family).answerer)];
        Family::BOTH.into_iter().flat_map(both).collect()
    }

    fn refuse(refusal: Refusal, settings: &Settings) -> Vec<Rule> {
        let prefix = LogPrefix::new(refusal.prefix()).expect("prefixes of ours are short");
        let log = Log::new(settings.log_group, prefix).snaplen(128);
        vec![Rule::new().counter().log(log).drop()]
    }
}

/// Established packets of connections judged in this generation pass; the comment is read back by [`stamp_of`].
fn fast_path(stamp: Stamp) -> Rule {
    let rule = Rule::new().any_of(Load::CT_STATE, state(ct_state::ESTABLISHED)).with_stamp(stamp).accept();
    match comment(&stamp.text()) {
        Some(comment) => rule.comment(comment),
        None => rule,
    }
}

/// The stamp that rules of ours look for.
pub(crate) fn stamp_of(rules: &[RuleInfo]) -> Option<Stamp> {
    rules.iter().filter(|r| r.chain == FORWARD).find_map(|r| Stamp::from_text(r.comment.as_ref()?.as_str()))
}

fn state(bits: u32) -> Value {
    Value::host32(bits)
}

/// Neighbour solicitations and advertisements; routers never forward them, so only the hop limit of a bridged or
/// received one is still 255 (RFC 4861, 7.1).
fn neighbour_discovery() -> Rule {
    Rule::new().nfproto(IpVersion::V6).l4proto(ICMPV6).eq(HOP_LIMIT, Value::byte(255)).in_range(
        Load::ICMP_TYPE,
        Value::byte(135),
        Value::byte(136),
    )
}

/// The header fields to look at: the source, and with `both_ends` the destination.
fn ends(both_ends: bool) -> Vec<(Family, Load)> {
    let of = |family: Family| {
        let f = fields(family);
        [Some((family, f.source)), both_ends.then_some((family, f.destination))]
    };
    Family::BOTH.into_iter().flat_map(of).flatten().collect()
}

/// Packets that `ct` expressions do not match: without this they would pass unjudged.
fn without_entry(to: &'static str) -> [Rule; 1] {
    [Rule::new().any_of(Load::CT_STATE, state(ct_state::INVALID | ct_state::UNTRACKED)).goto(&name(to))]
}

/// ICMP errors pass with the connection they are about. Other related connections are judged as their own.
fn icmp_errors(stamp: Stamp, stray: &'static str) -> Vec<Rule> {
    let errors = |protocol| {
        let related = Rule::new().any_of(Load::CT_STATE, state(ct_state::RELATED)).l4proto(protocol);
        [related.clone().with_stamp(stamp).accept(), related.goto(&name(stray))]
    };
    [ICMP, ICMPV6].into_iter().flat_map(errors).collect()
}

/// A TCP entry that begins with anything but a pure SYN has no trustworthy direction.
fn from_the_middle(to: &'static str) -> Rule {
    let flags = tcp_flags::FIN | tcp_flags::SYN | tcp_flags::RST | tcp_flags::ACK;
    Rule::new()
        .l4proto(TCP)
        .any_of(Load::CT_STATE, state(ct_state::NEW))
        .masked_ne(Load::TCP_FLAGS, Value::byte(flags), Value::byte(tcp_flags::SYN))
        .jump(&name(to))
}

trait Stamped {
    fn with_stamp(self, stamp: Stamp) -> Self;
}

impl Stamped for Rule {
    fn with_stamp(self, stamp: Stamp) -> Self {
        self.masked_eq(Load::CT_MARK, Value::host32(stamp.mask), Value::host32(stamp.value))
    }
}
