//! Programs in the kernel: a chain that branches on the protocol, and per protocol a map from ports to unions, or a
//! rule for each of very few ports.
//!
//! A program never changes: other rows are another program with another number, and the pods are bound anew.

use std::collections::BTreeSet;

use podfence_model::{Direction, Protocol};
use podfence_netlink::nft::{BatchError, Chain, DataType, Element, Name, Rule, Set, Table, Value, Verdict};
use podfence_plan::{PortRow, ProgramPlan, UnionKey};

use crate::fields::Ends;
use crate::frame::Body;
use crate::names::{comment, port_map, program_chain, refused, union_chain};
use crate::prelude::Prelude;
use crate::refusal::Refusal;
use crate::union::UnionObject;

/// A program as the kernel has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProgramObject {
    pub id: u32,
    pub direction: Direction,
    /// The protocols that have a map.
    pub maps: Vec<Protocol>,
    /// The unions it goes to.
    pub unions: BTreeSet<UnionKey>,
}

impl ProgramObject {
    pub(crate) fn new(id: u32, plan: &ProgramPlan) -> Self {
        let needs_map = |p: &Protocol| whole(plan.rows(*p)).is_none() && !are_few(plan.rows(*p));
        let maps = Protocol::ALL.into_iter().filter(needs_map).collect();
        Self { id, direction: plan.direction, maps, unions: plan.unions().cloned().collect() }
    }

    pub(crate) fn chain(&self) -> Name {
        program_chain(self.direction, self.id)
    }

    pub(crate) fn map(&self, protocol: Protocol) -> Name {
        port_map(self.direction, self.id, protocol)
    }

    /// Makes the chain and its maps. The chains of the unions it goes to must exist.
    pub(crate) fn create<'u>(
        &self,
        plan: &ProgramPlan,
        union: impl Fn(&UnionKey) -> Option<&'u UnionObject>,
        table: &Table,
        prelude: &mut Prelude,
    ) -> Result<(), BatchError> {
        let Body { chain, rules } = self.body(plan, &union);
        prelude.chain(&chain);
        for (map, elements) in self.port_maps(plan, &union) {
            prelude.set(&map, elements)?;
        }
        rules.iter().try_for_each(|rule| prelude.batch().add_rule(table, &chain.name, rule))
    }

    /// Its chain.
    pub(crate) fn body<'u>(
        &self,
        plan: &ProgramPlan,
        union: impl Fn(&UnionKey) -> Option<&'u UnionObject>,
    ) -> Body {
        let chain = Chain { comment: comment(&policies(plan)), ..Chain::regular(self.chain()) };
        Body { chain, rules: self.rules(plan, |key| self.verdict(union(key))) }
    }

    /// Its maps from ports to unions.
    pub(crate) fn port_maps<'u>(
        &self,
        plan: &ProgramPlan,
        union: impl Fn(&UnionKey) -> Option<&'u UnionObject>,
    ) -> Vec<(Set, Vec<Element>)> {
        let map = |protocol: &Protocol| {
            let rows = plan.rows(*protocol);
            let map = port_map_of(self.map(*protocol), rows);
            let map = Set { comment: comment(&policies(plan)), ..map };
            let elements =
                rows.iter().map(|row| element(&map, row, self.verdict(union(&row.union)))).collect();
            (map, elements)
        };
        self.maps.iter().map(map).collect()
    }

    /// Where a packet that may use a port goes on: to look its peer up, or back, admitted.
    fn verdict(&self, union: Option<&UnionObject>) -> Verdict {
        match union {
            Some(union) if union.everyone => Verdict::Return,
            Some(union) => Verdict::Goto(union_chain(self.direction, union.id)),
            None => Verdict::Goto(refused(Refusal::of(self.direction))), // a plan never refers to a missing union
        }
    }

    /// A protocol whose ports all go where portless protocols go needs no rule of its own.
    fn rules(&self, plan: &ProgramPlan, to: impl Fn(&UnionKey) -> Verdict) -> Vec<Rule> {
        let refuse = || Verdict::Goto(refused(Refusal::of(self.direction)));
        let others = plan.portless.as_ref().map_or_else(refuse, &to);
        let mut rules = Vec::new();
        for protocol in Protocol::ALL {
            rules.extend(Ends::BOTH.into_iter().flat_map(|ends| self.by_port(protocol, ends, plan, &to)));
            let rest = whole(plan.rows(protocol)).map_or_else(refuse, &to);
            if rest != others {
                rules.push(Rule::new().l4proto(protocol.number()).verdict(rest));
            }
        }
        rules.push(Rule::new().verdict(others));
        rules
    }

    fn by_port(
        &self,
        protocol: Protocol,
        ends: Ends,
        plan: &ProgramPlan,
        to: impl Fn(&UnionKey) -> Verdict,
    ) -> Vec<Rule> {
        let of_protocol = || ends.of_protocol(protocol.number());
        let rows = plan.rows(protocol);
        if self.maps.contains(&protocol) {
            vec![of_protocol().vmap(&[ends.port()], &self.map(protocol))]
        } else if are_few(rows) {
            let rule =
                |row: &PortRow| of_protocol().eq(ends.port(), Value::port(row.first)).verdict(to(&row.union));
            rows.iter().map(rule).collect()
        } else {
            Vec::new()
        }
    }
}

/// Whether comparing the port with each row is faster than looking it up. A map would be one more object, too.
fn are_few(rows: &[PortRow]) -> bool {
    const FEW: usize = 2;
    rows.len() <= FEW && are_single(rows)
}

/// Whether no row is a range.
fn are_single(rows: &[PortRow]) -> bool {
    rows.iter().all(|row| row.first == row.last)
}

/// The union that every port of a protocol leads to.
fn whole(rows: &[PortRow]) -> Option<&UnionKey> {
    match rows {
        [row] if row.first == 0 && row.last == u16::MAX => Some(&row.union),
        _ => None,
    }
}

/// Ports one by one are found faster, by a hash, than ranges in a tree. The hash need not grow.
fn port_map_of(name: Name, rows: &[PortRow]) -> Set {
    let map = Set::verdict_map(name, [DataType::Port]);
    let size = u32::try_from(rows.len()).ok();
    if are_single(rows) { Set { size, ..map } } else { map.interval() }
}

fn element(map: &Set, row: &PortRow, verdict: Verdict) -> Element {
    let (first, last) = (Value::port(row.first), Value::port(row.last));
    let element = if map.interval { Element::range(first, last) } else { Element::new(first) };
    element.verdict(verdict)
}

fn policies(plan: &ProgramPlan) -> String {
    plan.policies.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
