//! The ways to enforce that are compared: two bases, Podfence, and how others do it.

use podfence_dataplane_nft::{Dataplane, Settings};
use podfence_netlink::nft::{
    BaseChain, Batch, Chain, Family, Hook, Load, Name, Nftables, Rule, Table, Value, ct_state, priority,
};

use crate::lane::Lane;
use crate::{others, world};

/// A way to enforce.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// `ct state established accept`, `ct state new accept`, and nothing else.
    Conntrack,
    /// The same, behind the source check of Podfence.
    Checked,
    /// So many policies.
    Podfence(usize),
    /// A chain and a set for each of so many policies, nftables.
    Chains(usize),
    /// The same with iptables and ipset. Its hooks stay where they are, so it has a node of its own.
    Iptables(usize),
}

/// A shape that is in the kernel.
pub struct Installed {
    pub name: String,
    /// Switched off until it is measured; none for a node's only shape.
    pub table: Option<Table>,
}

impl Shape {
    /// In the order of the printed table. `conntrack` against itself shows the noise.
    pub const ALL: [Self; 13] = [
        Self::Conntrack,
        Self::Checked,
        Self::Podfence(1),
        Self::Podfence(100),
        Self::Podfence(1000),
        Self::Podfence(10_000),
        Self::Chains(1),
        Self::Chains(100),
        Self::Chains(1000),
        Self::Chains(10_000),
        Self::Iptables(1),
        Self::Iptables(100),
        Self::Iptables(1000),
    ];

    pub fn name(self) -> String {
        match self {
            Self::Conntrack => "conntrack".into(),
            Self::Checked => "checked".into(),
            Self::Podfence(policies) => format!("podfence_{policies}"),
            Self::Chains(policies) => format!("chains_{policies}"),
            Self::Iptables(policies) => format!("iptables_{policies}"),
        }
    }

    /// Puts it into the kernel, switched off if it can be.
    pub fn install(self, number: usize, lane: &Lane) -> Result<Installed, String> {
        let table = Table::new(Family::Inet, Name::new(format!("{}_{number}", self.name())).unwrap());
        let mut nft = lane.node.run(Nftables::open).unwrap();
        let mut batches = match self {
            Self::Conntrack => vec![conntrack(&table)],
            Self::Checked => vec![checked(&table, lane)],
            Self::Podfence(policies) => {
                podfence(&table, policies, lane);
                Vec::new()
            }
            Self::Chains(policies) => others::chains(&table, policies),
            Self::Iptables(policies) => {
                others::iptables(policies, lane)?;
                return Ok(Installed { name: self.name(), table: None });
            }
        };
        let mut last = Batch::new();
        last.suspend_table(&table);
        batches.push(last);
        for batch in batches {
            nft.commit(&batch).unwrap();
        }
        Ok(Installed { name: self.name(), table: Some(table) })
    }
}

/// The forward chain's place, for all of them.
pub fn forward() -> Chain {
    Chain::base(FORWARD, BaseChain::filter(Hook::Forward, priority::FILTER - 10))
}

pub const FORWARD: Name = Name::constant("forward");

pub fn in_state(bits: u32) -> Rule {
    Rule::new().any_of(Load::CT_STATE, Value::host32(bits))
}

fn conntrack(table: &Table) -> Batch {
    let mut batch = Batch::new();
    batch.create_table(table, None);
    batch.create_chain(table, &forward());
    put_conntrack(&mut batch, table);
    batch
}

fn put_conntrack(batch: &mut Batch, table: &Table) {
    for state in [ct_state::ESTABLISHED, ct_state::NEW] {
        batch.add_rule(table, &FORWARD, &in_state(state).accept()).unwrap();
    }
}

fn podfence(table: &Table, policies: usize, lane: &Lane) {
    let settings = Settings { table: table.name.clone(), ..Settings::default() };
    let mut dataplane = lane.node.run(|| Dataplane::open(settings)).unwrap();
    dataplane.enforce(world::plan(policies)).unwrap();
}

/// Podfence's table, but for what its forward chain says.
fn checked(table: &Table, lane: &Lane) -> Batch {
    podfence(table, 0, lane);
    let mut batch = Batch::new();
    batch.flush_chain(table, &FORWARD);
    put_conntrack(&mut batch, table);
    batch
}
