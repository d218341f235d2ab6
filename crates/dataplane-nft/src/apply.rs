//! The dataplane of one network namespace: what it enforces, and how it gets from one plan to the next.

use podfence_netlink::conntrack::{Conntrack, Entry, Filter};
use podfence_netlink::nft::{Batch, Comment, Nftables, Table};
use podfence_plan::{Delta, NodePlan, diff};

use crate::error::DataplaneError;
use crate::frame::{Frame, stamp_of};
use crate::generation::{Generations, Stamp};
use crate::ledger::{Inherited, Ledger};
use crate::settings::Settings;
use crate::transaction::{Load, Outcome, Transaction};

/// By this comment we know our own table.
const OWN_TABLE: Comment =
    Comment::constant("Podfence: Kubernetes NetworkPolicy. Made by a program, do not edit");

/// What [`Dataplane::enforce`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enforced {
    /// The generation in force.
    pub generation: u32,
    /// Operations of the switching transaction; 0 when nothing had to change.
    pub operations: usize,
    /// Whether open connections are judged again.
    pub rejudged: bool,
}

/// Enforces plans in one network namespace.
#[derive(Debug)]
pub struct Dataplane {
    nft: Nftables,
    conntrack: Conntrack,
    settings: Settings,
    table: Table,
    frame: Frame,
    ledger: Ledger,
    generations: Generations,
    /// Set until the first plan: what an earlier process left in the kernel.
    inherited: Option<Inherited>,
    plan: NodePlan,
}

impl Dataplane {
    /// A dataplane in the network namespace of the calling thread. A table of ours that is already there stays
    /// enforced until the first [`Self::enforce`] replaces it in one transaction; a foreign one is an error.
    pub fn open(settings: Settings) -> Result<Self, DataplaneError> {
        let mut nft = Nftables::open()?;
        let conntrack = Conntrack::open()?;
        let table = settings.table();
        let inherited = inherit(&mut nft, &table)?;
        let mut ledger = Ledger::default();
        let names = inherited.chains.iter().map(|c| &c.name).chain(&inherited.sets);
        ledger.skip_numbers_of(names);
        let epoch = if inherited.sets.is_empty() { 0 } else { ledger.next_id() };
        let in_force = inherited.stamp.unwrap_or(Stamp::NONE);
        let generations =
            Generations::new(settings.mark_mask, in_force).ok_or(DataplaneError::Mask(settings.mark_mask))?;
        Ok(Self {
            nft,
            conntrack,
            table,
            frame: Frame { epoch },
            ledger,
            generations,
            inherited: Some(inherited),
            plan: NodePlan::default(),
            settings,
        })
    }

    /// The plan in force; empty before the first [`Self::enforce`].
    pub fn plan(&self) -> &NodePlan {
        &self.plan
    }

    /// Brings the kernel to `plan` in one transaction. After an error the plan before is still in force.
    pub fn enforce(&mut self, plan: NodePlan) -> Result<Enforced, DataplaneError> {
        let delta = diff(&self.plan, &plan);
        let first = self.inherited.is_some();
        if !first && delta.is_empty() {
            return Ok(Enforced { generation: self.generations.current(), operations: 0, rejudged: false });
        }
        let rejudged = first || delta.narrows;
        let generation = if rejudged { self.next_generation()? } else { self.generations.current() };
        let (loads, batch, outcome) = self.transaction(&delta, &plan, generation, rejudged)?;
        let operations = self.commit(loads, &batch)?;
        self.settle(plan, &delta, outcome, generation);
        Ok(Enforced { generation, operations, rejudged })
    }

    /// Removes our table, and with it all enforcement.
    pub fn remove(mut self) -> Result<(), DataplaneError> {
        let mut batch = Batch::new();
        batch.delete_table_if_present(&self.table);
        Ok(self.nft.commit(&batch)?)
    }

    /// A number that no connection entry carries. Sweeps the entries first when none is known to be clean: at the
    /// start (an earlier process may have stamped them) and when the numbers have been used up.
    fn next_generation(&mut self) -> Result<u32, DataplaneError> {
        if self.inherited.is_some() || self.generations.next().is_none() {
            self.sweep()?;
        }
        Ok(self.generations.next().unwrap_or_else(|| self.generations.current()))
    }

    /// Takes every stamp of ours from the connection entries, except the one in force.
    fn sweep(&mut self) -> Result<(), DataplaneError> {
        let in_force = self.generations.stamp(self.generations.current());
        let (mask, current) = (in_force.mask, in_force.value);
        let stale = |entry: &Entry| entry.mark & mask != 0 && entry.mark & mask != current;
        let entries = self.conntrack.dump(&Filter::default())?;
        let stale = entries.into_iter().filter(stale).map(|entry| (entry.original, entry.zone));
        self.conntrack.set_marks(stale, 0, mask)?;
        self.generations.swept();
        Ok(())
    }

    fn transaction(
        &mut self,
        delta: &Delta,
        plan: &NodePlan,
        generation: u32,
        rejudged: bool,
    ) -> Result<(Vec<Load>, Batch, Outcome), DataplaneError> {
        let stamp = self.generations.stamp(generation);
        let mut t = Transaction::new(&self.table, &self.frame, &mut self.ledger, &self.plan, plan);
        if let Some(inherited) = &self.inherited {
            t.load_frame();
            t.drop_inherited(inherited);
            for chain in self.frame.chains(&self.settings) {
                t.batch.create_chain(&self.table, &chain);
            }
        }
        t.step(delta)?;
        let (loads, mut batch, outcome) = t.outcome();
        if self.inherited.is_some() {
            self.frame.fill(&mut batch, &self.table, &self.settings, stamp)?;
        } else if rejudged {
            self.frame.restamp(&mut batch, &self.table, &self.settings, stamp)?;
        }
        Ok((loads, batch, outcome))
    }

    /// Sends the sets and the switch: as one transaction if they fit, else the sets before, unused until the switch.
    fn commit(&mut self, loads: Vec<Load>, switch: &Batch) -> Result<usize, DataplaneError> {
        let mut sets = Batch::new();
        sets.ensure_table(&self.table, Some(&OWN_TABLE));
        for load in &loads {
            sets.create_set(&self.table, &load.set)?;
        }
        let operations = switch.operations().len();
        if !loads.is_empty() {
            self.nft.commit(&sets)?;
        }
        let names: Vec<_> = loads.iter().map(|load| load.set.name.clone()).collect();
        let done = self.load(loads).and_then(|()| Ok(self.nft.commit(switch)?));
        if done.is_err() {
            self.unload(&names);
        }
        done.map(|()| operations)
    }

    fn load(&mut self, loads: Vec<Load>) -> Result<(), DataplaneError> {
        for load in loads {
            self.nft.preload(&self.table, &load.set, load.elements)?;
        }
        Ok(())
    }

    /// Takes back sets that nothing refers to, after a switch that was refused.
    fn unload(&mut self, names: &[podfence_netlink::nft::Name]) {
        let mut batch = Batch::new();
        for name in names {
            batch.delete_set(&self.table, name);
        }
        // If this fails too, the sets stay behind unused; numbers are never given twice, so they do no harm.
        let _ = self.nft.commit(&batch);
    }

    fn settle(&mut self, plan: NodePlan, delta: &Delta, outcome: Outcome, generation: u32) {
        self.inherited = None;
        self.ledger.programs.retain(|key, _| !delta.programs_removed.contains(key));
        self.ledger.unions.retain(|key, _| !delta.unions_removed.contains(key));
        self.ledger.programs.extend(outcome.programs);
        self.ledger.unions.extend(outcome.unions);
        self.generations.advance(generation);
        self.plan = plan;
    }
}

/// What an earlier process left in our table; nothing if there is no such table.
fn inherit(nft: &mut Nftables, table: &Table) -> Result<Inherited, DataplaneError> {
    let Some(info) = nft.table(table)? else { return Ok(Inherited::default()) };
    if info.comment.as_ref() != Some(&OWN_TABLE) {
        return Err(DataplaneError::ForeignTable(table.name.to_string()));
    }
    let chains = nft.chains(table)?.into_iter().map(|info| info.chain).collect();
    let sets = nft.sets(table)?.into_iter().map(|info| info.set.name).collect();
    let stamp = stamp_of(&nft.rules(table, None)?);
    Ok(Inherited { chains, sets, stamp })
}
