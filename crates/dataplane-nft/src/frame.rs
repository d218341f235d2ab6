//! What is always in the table: base chains, the way of a packet, the chains of refusals.
//!
//! The way of a packet: the source check, before connection tracking, so that a forged packet touches nobody's
//! connection. Then in forward (after destination NAT, before source NAT) and in input the fast path, and
//! `judge`: neighbour discovery, unknown pods, packets without a connection, ICMP errors, connections from the
//! middle, a pod to itself, the sender's egress, the receiver's ingress, the stamp.

use std::net::Ipv6Addr;

use podfence_model::Family;
use podfence_netlink::nft::{
    BaseChain, Batch, BatchError, Chain, Comment, Hook, Load, Log, LogPrefix, Name, Rule, RuleInfo, Table,
    Value, ct_state, priority,
};

use crate::fields::{
    fields, from_the_middle, icmp_errors, icmpv6, icmpv6_type, in_state, neighbour_discovery, of, stamped,
};
use crate::generation::Stamp;
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
struct Body {
    chain: Chain,
    rules: Vec<Rule>,
}

/// Where packets are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Between pods, other nodes and the outside.
    Forward,
    /// To the node itself. Only egress is judged, and only the sender's end is looked at: what the node opened
    /// itself passes, and so do the replies of its own pods.
    Input,
}

impl Place {
    /// The name of a chain that differs by place.
    fn chain(self, word: &str) -> Name {
        name(match self {
            Self::Forward => word.to_owned(),
            Self::Input => format!("{word}_input"),
        })
    }

    /// The header fields to look at, or the connection's.
    fn ends(self, first: fn(Family) -> Load, second: fn(Family) -> Load) -> Vec<(Family, Load)> {
        let of = |family| {
            [Some((family, first(family))), (self == Self::Forward).then(|| (family, second(family)))]
        };
        Family::BOTH.into_iter().flat_map(of).flatten().collect()
    }

    fn header_ends(self) -> Vec<(Family, Load)> {
        self.ends(|f| fields(f).source, |f| fields(f).destination)
    }

    fn connection_ends(self) -> Vec<(Family, Load)> {
        self.ends(|f| fields(f).opener, |f| fields(f).answerer)
    }
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
        let without = self.bodies(Stamp::NONE);
        let with = self.bodies(stamp).into_iter().zip(without).filter(|(a, b)| a.rules != b.rules);
        with.into_iter().try_for_each(|(body, _)| self.write_body(batch, &body))
    }

    fn write_body(&self, batch: &mut Batch, body: &Body) -> Result<(), BatchError> {
        batch.flush_chain(&self.table, &body.chain.name);
        body.rules.iter().try_for_each(|rule| batch.add_rule(&self.table, &body.chain.name, rule))
    }

    fn bodies(&self, stamp: Stamp) -> Vec<Body> {
        let base = |word: &'static str, hook, priority, about: &'static str, rules| Body {
            chain: Chain::base(Name::constant(word), BaseChain::filter(hook, priority))
                .comment(Comment::constant(about)),
            rules,
        };
        let priority = self.settings.priority;
        let mut bodies = vec![
            base(
                "sources",
                Hook::Prerouting,
                SOURCES_PRIORITY,
                "does the source address belong to the link?",
                self.sources(),
            ),
            base(
                "forward",
                Hook::Forward,
                priority,
                "between pods, other nodes and the outside",
                Self::entry(stamp, Place::Forward),
            ),
            base("input", Hook::Input, priority, "to the node itself", Self::entry(stamp, Place::Input)),
            regular(name("judge_forward"), "connections not judged yet", self.judge_forward()),
            regular(name("judge_input"), "connections not judged yet", self.judge_input()),
            regular(name("odd_source"), "from a pod's link, but not from its address", Self::odd_source()),
            regular(
                name("error_of_pod"),
                "a pod may complain about its own connections only",
                self.error_of_pod(),
            ),
            regular(name("stamp"), "judged and admitted", self.stamp(stamp)),
        ];
        bodies.extend(
            [Place::Forward, Place::Input]
                .into_iter()
                .flat_map(|place| self.without_connection(place, stamp)),
        );
        bodies.extend(
            Refusal::ALL.map(|refusal| regular(refused(refusal), refusal.sentence(), self.refuse(refusal))),
        );
        bodies
    }

    /// Chains for packets whose connection tells nothing.
    fn without_connection(&self, place: Place, stamp: Stamp) -> [Body; 3] {
        [
            regular(
                place.chain("no_connection"),
                "invalid or untracked: not from or to isolated pods",
                self.header_check(place, Refusal::NoConnection),
            ),
            regular(
                place.chain("mid_stream"),
                "nobody saw it begin: not from or to isolated pods",
                self.header_check(place, Refusal::MidStream),
            ),
            regular(
                place.chain("icmp_error"),
                "passes with the connection it is about",
                self.icmp_error(place, stamp),
            ),
        ]
    }

    fn set(&self, set: PodSet) -> Name {
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

    /// What every packet meets, the established ones too: keep it short. The comment is read back by [`stamp_of`].
    fn entry(stamp: Stamp, place: Place) -> Vec<Rule> {
        let judge = match place {
            Place::Forward => "judge_forward",
            Place::Input => "judge_input",
        };
        let fast_path = stamped(in_state(ct_state::ESTABLISHED), stamp).accept();
        let fast_path = match comment(&stamp.text()) {
            Some(comment) => fast_path.comment(comment),
            None => fast_path,
        };
        vec![fast_path, Rule::new().goto(&name(judge))]
    }

    fn judge_forward(&self) -> Vec<Rule> {
        let links = self.set(PodSet::Links);
        let discovery = icmpv6(133, 137).in_set(&[Load::IIFNAME], &links);
        let mut rules = vec![neighbour_discovery().accept(), discovery.goto(&refused(Refusal::Router))];
        rules.extend(self.before_programs(Place::Forward));
        rules.extend(Family::BOTH.map(|family| self.itself(family)));
        rules.extend(Family::BOTH.map(|family| self.egress(family)));
        rules.extend(Family::BOTH.map(|family| self.ingress(family)));
        rules.push(Rule::new().goto(&name("stamp")));
        rules
    }

    fn judge_input(&self) -> Vec<Rule> {
        let loopback = Value::interface("lo").expect("two letters fit");
        let loopback = Rule::new().eq(Load::IIFNAME, loopback);
        let mut rules = vec![loopback.accept(), neighbour_discovery().accept()];
        rules.extend(self.before_programs(Place::Input));
        rules.extend(Family::BOTH.map(|family| self.egress(family)));
        rules.push(Rule::new().goto(&name("stamp")));
        rules
    }

    fn before_programs(&self, place: Place) -> Vec<Rule> {
        let mut rules = self.unknown_pods(place);
        let no_state = ct_state::INVALID | ct_state::UNTRACKED;
        rules.push(in_state(no_state).goto(&place.chain("no_connection")));
        rules.extend(icmp_errors().map(|rule| rule.goto(&place.chain("icmp_error"))));
        rules.extend(from_the_middle().map(|rule| rule.jump(&place.chain("mid_stream"))));
        rules
    }

    /// Addresses of our pod ranges that no known pod has, by the packet's own header.
    fn unknown_pods(&self, place: Place) -> Vec<Rule> {
        let rule = |(family, field): (Family, Load)| {
            of(family)
                .in_set(&[field], &self.set(PodSet::Ranges(family)))
                .not_in_set(&[field], &self.set(PodSet::Known(family)))
                .goto(&refused(Refusal::UnknownPod))
        };
        place.header_ends().into_iter().map(rule).collect()
    }

    /// Refuses what comes from or goes to a policed pod, by the packet's own header.
    fn header_check(&self, place: Place, refusal: Refusal) -> Vec<Rule> {
        let rule = |(family, field)| {
            of(family).in_set(&[field], &self.set(PodSet::Policed(family))).goto(&refused(refusal))
        };
        place.header_ends().into_iter().map(rule).collect()
    }

    /// Refuses ICMP errors about connections of policed pods that are not stamped.
    fn icmp_error(&self, place: Place, stamp: Stamp) -> Vec<Rule> {
        let from_pod = Rule::new().in_set(&[Load::IIFNAME], &self.set(PodSet::Links));
        let refuse = |(family, field)| {
            Rule::new()
                .in_set(&[field], &self.set(PodSet::Policed(family)))
                .goto(&refused(Refusal::NoConnection))
        };
        let mut rules = vec![from_pod.jump(&name("error_of_pod")), stamped(Rule::new(), stamp).accept()];
        rules.extend(place.connection_ends().into_iter().map(refuse));
        rules
    }

    /// Without this a pod reaches any other pod that has a connection with anybody, by quoting that connection.
    fn error_of_pod(&self) -> Vec<Rule> {
        let own = |family: Family| {
            let (f, pairs) = (fields(family), self.set(PodSet::Itself(family)));
            [f.opener, f.answerer].map(|end| of(family).in_set(&[f.source, end], &pairs).ret())
        };
        let mut rules: Vec<Rule> = Family::BOTH.into_iter().flat_map(own).collect();
        rules.push(Rule::new().goto(&refused(Refusal::NoConnection)));
        rules
    }

    /// A pod to itself: directly it never comes here, but through its own Service.
    fn itself(&self, family: Family) -> Rule {
        let (f, pairs) = (fields(family), self.set(PodSet::Itself(family)));
        Rule::new().in_set(&[f.opener, f.answerer], &pairs).goto(&name("stamp"))
    }

    /// The sender's program, by who opened the connection, whichever way the packet travels.
    fn egress(&self, family: Family) -> Rule {
        let about = Comment::constant("what the sender's policies say");
        Rule::new().vmap(&[fields(family).opener], &self.set(PodSet::Egress(family))).comment(about)
    }

    /// The receiver's program, by who really answers the connection.
    fn ingress(&self, family: Family) -> Rule {
        let about = Comment::constant("what the receiver's policies say");
        Rule::new().vmap(&[fields(family).answerer], &self.set(PodSet::Ingress(family))).comment(about)
    }

    /// Stamps connections of local pods; others are none of our business.
    fn stamp(&self, stamp: Stamp) -> Vec<Rule> {
        let rule = |(family, field)| {
            let ours = Rule::new().in_set(&[field], &self.set(PodSet::Local(family)));
            ours.set_ct_mark(stamp.value, stamp.mask).accept()
        };
        Place::Forward.connection_ends().into_iter().map(rule).collect()
    }

    fn refuse(&self, refusal: Refusal) -> Vec<Rule> {
        let prefix = LogPrefix::new(refusal.prefix()).expect("prefixes of ours are short");
        let log = Log::new(self.settings.log_group, prefix).snaplen(128);
        vec![Rule::new().counter().log(log).drop()]
    }
}

fn regular(name: Name, about: &'static str, rules: Vec<Rule>) -> Body {
    Body { chain: Chain::regular(name).comment(Comment::constant(about)), rules }
}

/// The stamp that rules of ours look for.
pub(crate) fn stamp_of(rules: &[RuleInfo]) -> Option<Stamp> {
    rules.iter().find_map(|rule| Stamp::from_text(rule.comment.as_ref()?.as_str()))
}
