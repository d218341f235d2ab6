//! How the frame judges a connection: the chains between the fast path and the stamp.
//!
//! Most packets that come here open a connection: those are judged by their own header (`new_v4`), any other by the
//! connection entry: see [`Ends`]. The chains of forward are one for each family, so that no packet meets the rules
//! of the other; in input, which pods meet rarely, they are one for both. What comes before and after is `frame`.

use podfence_model::Family;
use podfence_netlink::nft::{Comment, Load, Log, Name, NumgenKind, Rule, Value, ct_state};

use crate::fields::{
    Ends, fields, icmp_errors, icmpv6, in_state, neighbour_discovery, not_opening, of, stamped,
};
use crate::frame::{Body, Frame, regular};
use crate::generation::Stamp;
use crate::names::{name, refused, suffix};
use crate::pod_interface::PodInterface;
use crate::pod_set::PodSet;
use crate::refusal::{ADMITTED, Refusal};
use crate::settings::Admissions;

/// Where packets are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
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

    /// The ends of the connection to look at.
    fn ends(self, where_from: Ends, families: &[Family]) -> Vec<(Family, Load)> {
        let of = |family: &Family| {
            let answerer = (self == Self::Forward).then(|| where_from.answerer(*family));
            [Some(where_from.opener(*family)), answerer].map(|end| end.map(|end| (*family, end)))
        };
        families.iter().flat_map(of).flatten().collect()
    }
}

/// The chain of forward that judges connections of a family.
pub(crate) fn judge_forward(family: Family) -> Name {
    name(format!("judge_forward_{}", suffix(family)))
}

fn new(family: Family) -> Name {
    name(format!("new_{}", suffix(family)))
}

/// Packets without a connection, and those about another one.
fn strays(place: Place, families: &[Family]) -> Vec<Rule> {
    let no_state = in_state(ct_state::INVALID | ct_state::UNTRACKED).goto(&place.chain("no_connection"));
    let errors = families.iter().map(|f| icmp_errors(*f).goto(&place.chain("icmp_error")));
    std::iter::once(no_state).chain(errors).collect()
}

/// New entries that nobody saw begin; the rules `new` are for packets of new entries.
fn from_the_middle(place: Place, new: impl Fn() -> Rule) -> Vec<Rule> {
    not_opening(new).into_iter().map(|rule| rule.jump(&place.chain("mid_stream"))).collect()
}

impl Frame {
    /// The chains that judge.
    pub(crate) fn judges(&self, stamp: Stamp) -> Vec<Body> {
        let mut bodies: Vec<Body> = Family::BOTH.into_iter().flat_map(|f| self.judge_forward(f)).collect();
        bodies.push(regular(name("judge_input"), "connections not judged yet", self.judge_input()));
        bodies.extend(
            [Place::Forward, Place::Input]
                .into_iter()
                .flat_map(|place| self.without_connection(place, stamp)),
        );
        bodies.push(regular(
            name("error_of_pod"),
            "a pod may complain about its own connections only",
            self.error_of_pod(),
        ));
        bodies.push(regular(name("stamp"), "judged and admitted: ours are stamped", self.ours()));
        bodies.extend(self.telling());
        bodies.push(Self::stamping(stamp));
        bodies
    }

    /// The chain that tells of what is admitted on its way to the stamp.
    fn telling(&self) -> Option<Body> {
        let Admissions { log_group, one_in } = self.settings.admissions?;
        let opens = in_state(ct_state::NEW);
        let drawn = Load::Numgen { kind: NumgenKind::Random, modulus: one_in.get() };
        let drawn = if one_in.get() == 1 { opens } else { opens.eq(drawn, Value::host32(0)) };
        let tell = drawn.log(Log::new(log_group, ADMITTED).snaplen(128));
        let rules = vec![tell, Rule::new().goto(&name("stamped"))];
        Some(regular(name("told"), "admitted: new connections are told of", rules))
    }

    fn judge_forward(&self, family: Family) -> [Body; 2] {
        let place = Place::Forward;
        let mut rules = self.discovery(family);
        rules.extend(self.unknown_pods(place, &[family]));
        rules.extend(self.strangers(place, &[family]));
        rules.push(in_state(ct_state::NEW).goto(&new(family)));
        rules.extend(strays(place, &[family]));
        rules.extend(self.programs(Rule::new, Ends::Entry, family));
        let mut of_new = from_the_middle(place, Rule::new);
        of_new.extend(self.programs(|| of(family), Ends::Header, family));
        [
            regular(judge_forward(family), "connections not judged yet", rules),
            regular(new(family), "the same, by the packet that opens it", of_new),
        ]
    }

    fn discovery(&self, family: Family) -> Vec<Rule> {
        if family == Family::V4 {
            return Vec::new();
        }
        let links = self.set(PodSet::Links);
        let discovery = icmpv6(133, 137).in_set(&[Load::IIFNAME], &links);
        vec![neighbour_discovery().accept(), discovery.goto(&refused(Refusal::Router))]
    }

    /// The sender's egress, the receiver's ingress, and the stamp.
    fn programs(&self, rule: impl Fn() -> Rule, ends: Ends, family: Family) -> [Rule; 3] {
        let receiver = Comment::constant("what the receiver's policies say");
        let ingress = rule().vmap(&[ends.answerer(family)], &self.set(PodSet::Ingress(family)));
        [self.egress(rule(), ends, family), ingress.comment(receiver), Rule::new().goto(&name("stamp"))]
    }

    /// The sender's program, by who opened the connection, whichever way the packet travels.
    fn egress(&self, rule: Rule, ends: Ends, family: Family) -> Rule {
        let about = Comment::constant("what the sender's policies say");
        rule.vmap(&[ends.opener(family)], &self.set(PodSet::Egress(family))).comment(about)
    }

    /// By the entry: in input, a source may be translated before us.
    fn judge_input(&self) -> Vec<Rule> {
        let loopback = Value::interface("lo").expect("two letters fit");
        let loopback = Rule::new().eq(Load::IIFNAME, loopback);
        let mut rules = vec![loopback.accept(), neighbour_discovery().accept()];
        rules.extend(self.unknown_pods(Place::Input, &Family::BOTH));
        rules.extend(self.strangers(Place::Input, &Family::BOTH));
        rules.extend(strays(Place::Input, &Family::BOTH));
        rules.extend(from_the_middle(Place::Input, || in_state(ct_state::NEW)));
        rules.extend(Family::BOTH.map(|family| self.egress(Rule::new(), Ends::Entry, family)));
        rules.push(Rule::new().goto(&name("stamp")));
        rules
    }

    /// Addresses of our pod ranges that no known pod has, by the packet's own header. Most are of local pods, which
    /// are known and fewer.
    fn unknown_pods(&self, place: Place, families: &[Family]) -> Vec<Rule> {
        let rule = |(family, field): (Family, Load)| {
            of(family)
                .not_in_set(&[field], &self.set(PodSet::Local(family)))
                .in_set(&[field], &self.set(PodSet::Ranges(family)))
                .not_in_set(&[field], &self.set(PodSet::Known(family)))
                .goto(&refused(Refusal::UnknownPod))
        };
        place.ends(Ends::Header, families).into_iter().map(rule).collect()
    }

    /// What comes from a link of pods and from no pod that we know, and what goes to one and to no such pod: on a node whose
    /// pods have no ranges this is all that keeps new ones closed.
    fn strangers(&self, place: Place, families: &[Family]) -> Vec<Rule> {
        let refuse = |end: Load, link: &PodInterface, family: Family, address: Load| {
            let there = Rule::new().eq(end, link.value()).nfproto(fields(family).version);
            there.not_in_set(&[address], &self.set(PodSet::Local(family))).goto(&refused(Refusal::UnknownPod))
        };
        let of_link = |link: &PodInterface, family: Family| {
            let of = fields(family);
            let to = (place == Place::Forward).then(|| refuse(Load::OIFNAME, link, family, of.destination));
            [Some(refuse(Load::IIFNAME, link, family, of.source)), to]
        };
        let links = self.settings.pod_interfaces.iter();
        let rules = links.flat_map(|link| families.iter().flat_map(move |family| of_link(link, *family)));
        rules.flatten().collect()
    }

    /// Chains for packets whose connection tells nothing.
    fn without_connection(&self, place: Place, stamp: Stamp) -> [Body; 4] {
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
            self.icmp_errors(place, stamp),
            regular(
                place.chain("icmp_error_unstamped"),
                "about a connection that is not stamped: not from or to isolated pods",
                self.unstamped(place),
            ),
        ]
    }

    pub(crate) fn icmp_errors(&self, place: Place, stamp: Stamp) -> Body {
        let rules = self.icmp_error(place, stamp);
        regular(place.chain("icmp_error"), "passes with the connection it is about", rules)
    }

    /// One rule, so that a new stamp is little to write.
    pub(crate) fn stamping(stamp: Stamp) -> Body {
        let rule = Rule::new().set_ct_mark(stamp.value, stamp.mask).accept();
        regular(name("stamped"), "passes from now on without being judged", vec![rule])
    }

    /// Refuses what comes from or goes to a policed pod, by the packet's own header.
    fn header_check(&self, place: Place, refusal: Refusal) -> Vec<Rule> {
        let rule = |(family, field)| {
            of(family).in_set(&[field], &self.set(PodSet::Policed(family))).goto(&refused(refusal))
        };
        place.ends(Ends::Header, &Family::BOTH).into_iter().map(rule).collect()
    }

    /// Refuses ICMP errors about connections of policed pods that are not stamped.
    fn icmp_error(&self, place: Place, stamp: Stamp) -> Vec<Rule> {
        let from_pod = Rule::new().in_set(&[Load::IIFNAME], &self.set(PodSet::Links));
        vec![
            from_pod.jump(&name("error_of_pod")),
            stamped(Rule::new(), stamp).accept(),
            Rule::new().goto(&place.chain("icmp_error_unstamped")),
        ]
    }

    fn unstamped(&self, place: Place) -> Vec<Rule> {
        let refuse = |(family, field)| {
            Rule::new()
                .in_set(&[field], &self.set(PodSet::Policed(family)))
                .goto(&refused(Refusal::NoConnection))
        };
        place.ends(Ends::Entry, &Family::BOTH).into_iter().map(refuse).collect()
    }

    /// Without this a pod reaches any other pod that has a connection with anybody, by quoting that connection.
    fn error_of_pod(&self) -> Vec<Rule> {
        let own = |family: Family| {
            let pairs = self.set(PodSet::Itself(family));
            let ends = [Ends::Entry.opener(family), Ends::Entry.answerer(family)];
            ends.map(|end| of(family).in_set(&[fields(family).source, end], &pairs).ret())
        };
        let mut rules: Vec<Rule> = Family::BOTH.into_iter().flat_map(own).collect();
        rules.push(Rule::new().goto(&refused(Refusal::NoConnection)));
        rules
    }

    /// A pod to itself: directly it never comes here, but through its own Service. Whatever its programs refuse is
    /// looked at once more for this, so that what they admit need not be.
    pub(crate) fn itself(&self, family: Family) -> Rule {
        let ends = [Ends::Entry.opener(family), Ends::Entry.answerer(family)];
        Rule::new().in_set(&ends, &self.set(PodSet::Itself(family))).goto(&name("stamp"))
    }

    /// Connections of local pods are stamped; others are none of our business.
    fn ours(&self) -> Vec<Rule> {
        let next = name(if self.settings.admissions.is_some() { "told" } else { "stamped" });
        let rule = |ends: Ends, (family, field)| {
            ends.of(family).in_set(&[field], &self.set(PodSet::Local(family))).goto(&next)
        };
        let by =
            |ends: Ends| Place::Forward.ends(ends, &Family::BOTH).into_iter().map(move |end| rule(ends, end));
        Ends::BOTH.into_iter().flat_map(by).collect()
    }
}
