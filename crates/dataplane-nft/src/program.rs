//! Programs in the kernel: a chain that branches on the protocol, and a map from ports to unions per protocol.
//!
//! A program never changes: other rows are another program with another number, and the pods are bound anew.

use std::collections::BTreeSet;

use podfence_model::{Direction, Protocol};
use podfence_netlink::nft::{BatchError, Chain, DataType, Element, Name, Rule, Set, Table, Value, Verdict};
use podfence_plan::{PortRow, ProgramPlan, UnionKey};

use crate::fields::Ends;
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
        let needs_map = |p: &Protocol| plan.ports.get(p).is_some_and(|rows| whole(rows).is_none());
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
        let to = |key: &UnionKey| self.verdict(union(key));
        let about = policies(plan);
        prelude.chain(&Chain { comment: comment(&about), ..Chain::regular(self.chain()) });
        for protocol in &self.maps {
            let rows = plan.ports.get(protocol).map_or(&[][..], Vec::as_slice);
            let map = port_map_of(self.map(*protocol), rows);
            let map = Set { comment: comment(&about), ..map };
            prelude.set(&map, rows.iter().map(|row| element(&map, row, to(&row.union))))?;
        }
        let rules = self.rules(plan, to);
        rules.iter().try_for_each(|rule| prelude.batch().add_rule(table, &self.chain(), rule))
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
            if self.maps.contains(&protocol) {
                let look = |ends: Ends| {
                    ends.of_protocol(protocol.number()).vmap(&[ends.port()], &self.map(protocol))
                };
                rules.extend(Ends::BOTH.map(look));
            }
            let rows = plan.ports.get(&protocol).map_or(&[][..], Vec::as_slice);
            let rest = whole(rows).map_or_else(refuse, &to);
            if rest != others {
                rules.push(Rule::new().l4proto(protocol.number()).verdict(rest));
            }
        }
        rules.push(Rule::new().verdict(others));
        rules
    }
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
    if rows.iter().all(|row| row.first == row.last) { Set { size, ..map } } else { map.interval() }
}

fn element(map: &Set, row: &PortRow, verdict: Verdict) -> Element {
    let (first, last) = (Value::port(row.first), Value::port(row.last));
    let element = if map.interval { Element::range(first, last) } else { Element::new(first) };
    element.verdict(verdict)
}

fn policies(plan: &ProgramPlan) -> String {
    plan.policies.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
