//! What is always in the table: base chains, the source check, the fast path, the chains of refusals.
//!
//! The way of a packet: the source check, before connection tracking, so that a forged packet touches nobody's
//! connection. Then in forward (after destination NAT, before source NAT) and in input the fast path. What it does
//! not let pass goes on to `judge`: neighbour discovery, unknown pods, packets without a connection, ICMP errors,
//! connections from the middle, the sender's egress, the receiver's ingress, the stamp.

use std::net::Ipv6Addr;

use podfence_model::Family;
use podfence_netlink::nft::{
    BaseChain, Batch, BatchError, Chain, Comment, Hook, Load, Log, LogPrefix, Name, Rule, RuleInfo, Table,
    ct_state, priority,
};

use crate::fields::{fields, icmpv6, icmpv6_type, in_state, neighbour_discovery, of, stamped};
use crate::generation::Stamp;
use crate::judge::{Place, judge_forward};
use crate::names::{comment, name, refused};
use crate::pod_set::PodSet;
use crate::refusal::Refusal;
use crate::settings::Settings;

/// After fragments are put together (-400), before connection tracking (-200) and before `notrack` rules (-300).
const SOURCES_PRIORITY: i32 = priority::RAW - 10;

/// The frame of one take-over of the table. A later take-over beside the sets of an earlier one needs other names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    pub table: Table,
    pub settings: Settings,
    /// 0 for a table made from nothing.
    pub epoch: u32,
}

/// A chain with its rules.
pub(crate) struct Body {
    pub chain: Chain,
    pub rules: Vec<Rule>,
}

impl Frame {
    /// The chains that are always there.
    pub(crate) fn chains(&self) -> Vec<Chain> {
        self.bodies(Stamp::NONE).into_iter().map(|body| body.chain).collect()
    }

    /// Writes all chains anew.
    pub(crate) fn write(&self, batch: &mut Batch, stamp: Stamp) -> Result<(), BatchError> {
        self.bodies(stamp).iter().try_for_each(|body| self.write_body(batch, body))
    }

    /// Puts another stamp into the chains that hold it.
    pub(crate) fn restamp(&self, batch: &mut Batch, stamp: Stamp) -> Result<(), BatchError> {
        self.stamped(stamp).iter().try_for_each(|body| self.write_body(batch, body))
    }

    /// The chains that hold the stamp. They are written on every change that takes something away, so no others are made here.
    fn stamped(&self, stamp: Stamp) -> Vec<Body> {
        let errors = [Place::Forward, Place::Input].map(|place| self.icmp_errors(place, stamp));
        [self.forward(stamp), self.input(stamp), Self::stamping(stamp)].into_iter().chain(errors).collect()
    }

    fn write_body(&self, batch: &mut Batch, body: &Body) -> Result<(), BatchError> {
        batch.flush_chain(&self.table, &body.chain.name);
        body.rules.iter().try_for_each(|rule| batch.add_rule(&self.table, &body.chain.name, rule))
    }

    /// All chains with their rules.
    pub(crate) fn bodies(&self, stamp: Stamp) -> Vec<Body> {
        let first = BaseChain::filter(Hook::Prerouting, SOURCES_PRIORITY);
        let mut bodies = vec![
            base("sources", first, "does the source address belong to the link?", self.sources()),
            self.forward(stamp),
            self.input(stamp),
            regular(name("odd_source"), "from a pod's link, but not from its address", Self::odd_source()),
        ];
        bodies.extend(self.judges(stamp));
        bodies.extend(
            Refusal::ALL.map(|refusal| regular(refused(refusal), refusal.sentence(), self.refuse(refusal))),
        );
        bodies
    }

    /// What every packet meets, the established ones too: keep it short.
    fn forward(&self, stamp: Stamp) -> Body {
        let [v4, v6] = Family::BOTH.map(judge_forward);
        let rules = vec![fast_path(stamp), of(Family::V4).goto(&v4), Rule::new().goto(&v6)];
        let place = BaseChain::filter(Hook::Forward, self.settings.priority);
        base("forward", place, "between pods, other nodes and the outside", rules)
    }

    fn input(&self, stamp: Stamp) -> Body {
        let rules = vec![fast_path(stamp), Rule::new().goto(&name("judge_input"))];
        let place = BaseChain::filter(Hook::Input, self.settings.priority);
        base("input", place, "to the node itself", rules)
    }

    pub(crate) fn set(&self, set: PodSet) -> Name {
        set.name(self.epoch)
    }

    /// The first rule lets pods pass; the others keep strangers from sending under a pod's address.
    fn sources(&self) -> Vec<Rule> {
        let links = Rule::new().in_set(&[Load::IIFNAME], &self.set(PodSet::Links));
        let own = |family| {
            of(family).in_set(&[Load::IIFNAME, fields(family).source], &self.set(PodSet::Sources(family)))
        };
        let stolen = |family| of(family).in_set(&[fields(family).source], &self.set(PodSet::Linked(family)));
        let refused = refused(Refusal::Source);
        let mut rules: Vec<Rule> = Family::BOTH.map(|family| own(family).accept()).into();
        rules.push(links.goto(&name("odd_source")));
        rules.extend(Family::BOTH.map(|family| stolen(family).goto(&refused)));
        rules
    }

    /// Neighbour discovery may use link-local sources, or none. Multicast listeners and solicitations of routers
    /// are what every pod sends at its start; nobody here needs them, and they are not worth a line in the log.
    fn odd_source() -> Vec<Rule> {
        let link_local = neighbour_discovery().masked_eq(
            Load::IP6_SADDR,
            Ipv6Addr::new(0xffc0, 0, 0, 0, 0, 0, 0, 0),
            Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0),
        );
        let none = neighbour_discovery().eq(Load::IP6_SADDR, Ipv6Addr::UNSPECIFIED);
        vec![
            link_local.accept(),
            none.accept(),
            icmpv6(130, 133).drop(),
            icmpv6_type(143).drop(),
            Rule::new().goto(&refused(Refusal::Source)),
        ]
    }

    /// What programs refuse passes all the same if it is a pod's own.
    fn refuse(&self, refusal: Refusal) -> Vec<Rule> {
        let prefix = LogPrefix::new(refusal.prefix()).expect("prefixes of ours are short");
        let log = Log::new(self.settings.log_group, prefix).snaplen(128);
        let mut rules = match refusal {
            Refusal::Egress | Refusal::Ingress => Family::BOTH.map(|family| self.itself(family)).into(),
            _ => Vec::new(),
        };
        rules.push(Rule::new().counter().log(log).drop());
        rules
    }
}

fn base(word: &'static str, place: BaseChain, about: &'static str, rules: Vec<Rule>) -> Body {
    Body { chain: Chain::base(Name::constant(word), place).comment(Comment::constant(about)), rules }
}

/// The comment is read back by [`stamp_of`].
fn fast_path(stamp: Stamp) -> Rule {
    let rule = stamped(in_state(ct_state::ESTABLISHED), stamp).accept();
    match comment(&stamp.text()) {
        Some(comment) => rule.comment(comment),
        None => rule,
    }
}

pub(crate) fn regular(name: Name, about: &'static str, rules: Vec<Rule>) -> Body {
    Body { chain: Chain::regular(name).comment(Comment::constant(about)), rules }
}

/// The stamp that rules of ours look for.
pub(crate) fn stamp_of(rules: &[RuleInfo]) -> Option<Stamp> {
    rules.iter().find_map(|rule| Stamp::from_text(rule.comment.as_ref()?.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_stamp_is_written_into_every_chain_that_holds_one() {
        let settings = Settings::default();
        let frame = Frame { table: settings.table(), settings, epoch: 0 };
        let stamp = Stamp { value: 0x0100_0000, mask: 0xff00_0000 };
        let other = frame.bodies(stamp).into_iter().zip(frame.bodies(Stamp::NONE));
        let mut differing: Vec<Name> =
            other.filter(|(a, b)| a.rules != b.rules).map(|(body, _)| body.chain.name).collect();
        let mut written: Vec<Name> = frame.stamped(stamp).into_iter().map(|body| body.chain.name).collect();
        differing.sort();
        written.sort();
        assert_eq!(written, differing);
    }
}
