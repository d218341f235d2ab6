//! The dataplane of one network namespace: what it enforces, and how it gets from one plan to the next.

use std::time::Duration;

use podfence_netlink::conntrack::Conntrack;
use podfence_netlink::nft::{Batch, Chain, Nftables};
use podfence_plan::{Delta, NodePlan, diff};

use crate::bridge::BridgeTable;
use crate::error::DataplaneError;
use crate::frame::Frame;
use crate::generation::{Generations, Stamp};
use crate::ledger::{Ledger, OWN_TABLE, Stock};
use crate::prelude::Prelude;
use crate::settings::Settings;
use crate::sweep::sweep;
use crate::touch::Touches;
use crate::trace::{Opening, Trace, follow};
use crate::transaction::{Ready, Transaction};
use crate::verify::{Difference, Wanted, bodies};

/// What [`Dataplane::enforce`] or [`Dataplane::apply`] did.
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
    frame: Frame,
    bridge: BridgeTable,
    ledger: Ledger,
    generations: Generations,
    /// Whether the kernel has what `ledger` says: not before the first plan, nor after an error.
    trusted: bool,
    /// The plan in force, if it came whole.
    plan: Option<NodePlan>,
}

impl Dataplane {
    /// A dataplane in the network namespace of the calling thread. A table of ours that is already there stays in
    /// force until the first [`Self::enforce`] replaces it in one transaction; a foreign one is an error.
    pub fn open(settings: Settings) -> Result<Self, DataplaneError> {
        let generations = Generations::new(settings.mark_mask, Stamp::NONE)
            .ok_or(DataplaneError::Mask(settings.mark_mask))?;
        let mut nft = Nftables::open()?;
        let conntrack = Conntrack::open()?;
        let bridge = BridgeTable::new(&settings);
        let frame = Frame { table: settings.table(), settings, epoch: 0 };
        Stock::take(&mut nft, &frame.table)?;
        let ledger = Ledger::default();
        Ok(Self { nft, conntrack, frame, bridge, ledger, generations, trusted: false, plan: None })
    }

    /// Brings the kernel to `plan` in one transaction, whatever was in force before. After an error that still is, and
    /// the next plan is built beside whatever is in the table by then. Costs what comparing whole plans costs.
    pub fn enforce(&mut self, plan: NodePlan) -> Result<Enforced, DataplaneError> {
        let before = self.plan.take();
        let enforced = match before {
            Some(before) => self.apply(&diff(&before, &plan), &plan)?,
            None => self.take_over(&plan)?,
        };
        self.plan = Some(plan);
        Ok(enforced)
    }

    /// Brings the kernel by `delta` to `plan` in one transaction, at the cost of the delta alone. The delta must lead
    /// there from the plan in force, as those of [`podfence_plan::LivePlan`] and [`diff`] do. The first plan, and the
    /// next one after an error, is built whole and needs no delta. [`Self::enforce`] after this builds its plan whole.
    pub fn apply(&mut self, delta: &Delta, plan: &NodePlan) -> Result<Enforced, DataplaneError> {
        self.plan = None;
        if !std::mem::replace(&mut self.trusted, false) {
            return self.take_over(plan);
        }
        self.bridge.admit(&mut self.nft, delta, plan)?;
        let enforced = self.advance(delta, plan)?;
        self.bridge.settle(&mut self.nft, delta)?;
        self.trusted = true;
        Ok(enforced)
    }

    /// How long transactions have taken the kernel so far, from send to acknowledgement.
    pub fn in_kernel(&self) -> Duration {
        self.nft.in_kernel()
    }

    /// Forgets what it believes to be in force: the next plan is built whole, beside whatever is in the table.
    pub fn distrust(&mut self) {
        self.trusted = false;
        self.plan = None;
        self.bridge.distrust();
    }

    /// Whether something of ours is in force: a table with rules that look for a stamp. One without was begun and never switched.
    pub fn inherits(&mut self) -> Result<bool, DataplaneError> {
        Ok(Stock::take(&mut self.nft, &self.frame.table)?.stamp.is_some())
    }

    /// Reads our tables back and compares them with `plan`, which must be the one in force. The first difference found, if there is
    /// one; see [`Difference`] for what is compared. While nothing is known to be in force, before the first plan and after an
    /// error, there is nothing to compare with: the next plan is built whole anyway.
    ///
    /// # Errors
    /// When the kernel cannot be asked.
    pub fn verify(&mut self, plan: &NodePlan) -> Result<Option<Difference>, DataplaneError> {
        if !self.trusted {
            return Ok(None);
        }
        let stamp = self.generations.stamp(self.generations.current());
        let wanted = Wanted::of_plan(&self.frame, &self.ledger, stamp, plan)?;
        if let Some(difference) = wanted.difference(&mut self.nft)? {
            return Ok(Some(difference));
        }
        self.bridge.wanted().map_or(Ok(None), |wanted| wanted.difference(&mut self.nft))
    }

    /// Leads a packet through our table as the kernel holds it now; `plan` must be the one in force. See [`Trace`].
    ///
    /// # Errors
    /// When the kernel cannot be asked, or is not known to be at a plan.
    pub fn trace(&mut self, packet: &Opening, plan: &NodePlan) -> Result<Trace, DataplaneError> {
        if !self.trusted {
            return Err(DataplaneError::Untrusted);
        }
        let stamp = self.generations.stamp(self.generations.current());
        let bodies = bodies(&self.frame, &self.ledger, stamp, plan);
        follow(&mut self.nft, &self.frame.table, bodies, packet)
    }

    /// Hears from now on of what others do to our tables, in the network namespace of the calling thread.
    pub fn touches(&self) -> Result<Touches, DataplaneError> {
        self.listens()?()
    }

    /// As [`Self::touches`], whenever it is called, and wherever.
    pub fn listens(
        &self,
    ) -> Result<impl Fn() -> Result<Touches, DataplaneError> + Send + use<>, DataplaneError> {
        let (own, table) = (self.nft.port()?, self.frame.table.name.clone());
        Ok(move || Touches::open(own, &table))
    }

    /// Removes our tables, and with them all enforcement.
    pub fn remove(mut self) -> Result<(), DataplaneError> {
        Stock::take(&mut self.nft, &self.frame.table)?; // or it is somebody else's by now
        let mut batch = Batch::new();
        batch.delete_table_if_present(&self.frame.table);
        self.bridge.remove(&mut self.nft, &mut batch)?;
        Ok(self.nft.commit(&batch)?)
    }

    /// Builds a plan whole.
    fn take_over(&mut self, plan: &NodePlan) -> Result<Enforced, DataplaneError> {
        self.trusted = false;
        self.bridge.admit_all(&mut self.nft, plan)?;
        let enforced = self.rebuild(plan)?;
        self.bridge.settle_all(&mut self.nft, plan)?;
        self.trusted = true;
        Ok(enforced)
    }

    /// From the plan in force to the next.
    fn advance(&mut self, delta: &Delta, plan: &NodePlan) -> Result<Enforced, DataplaneError> {
        if delta.is_empty() {
            return Ok(Enforced { generation: self.generations.current(), operations: 0, rejudged: false });
        }
        let rejudged = delta.narrows || !delta.local_ranges.added.is_empty();
        let max = self.max_bytes()?;
        let prelude = Prelude::new(&self.frame.table, max);
        let mut t = Transaction::new(&self.frame, &mut self.ledger, plan, prelude);
        t.step(delta)?;
        let mut ready = t.ready();
        let generation = if rejudged { self.next_generation()? } else { self.generations.current() };
        if rejudged {
            self.frame.restamp(&mut ready.switch, self.generations.stamp(generation))?;
        }
        if ready.outcome.outgrown || ready.switch.byte_len() > max {
            return self.rebuild(plan); // in which the switch is small, whatever the plan
        }
        self.commit(ready, generation, rejudged)
    }

    /// Everything anew, beside what is in the table; the switch only changes the rules of the frame. What was there
    /// before is deleted afterwards, not in the switch: packets on their way still look things up in it.
    fn rebuild(&mut self, plan: &NodePlan) -> Result<Enforced, DataplaneError> {
        let stock = Stock::take(&mut self.nft, &self.frame.table)?;
        self.frame.epoch = stock.free_epoch();
        self.ledger = Ledger::after(stock.names());
        self.generations = self.generations.taking_over(stock.stamp.unwrap_or(Stamp::NONE));
        let generation = self.next_generation()?;
        let mut prelude = Prelude::new(&self.frame.table, self.max_bytes()?);
        prelude.batch().ensure_table(&self.frame.table, Some(&OWN_TABLE));
        let chains = self.frame.chains();
        let (taken, free): (Vec<&Chain>, Vec<&Chain>) =
            chains.iter().filter(|chain| !stock.has(chain)).partition(|chain| stock.takes_name_of(chain));
        for chain in free {
            prelude.chain(chain); // empty, so it lets everything pass
        }
        let mut t = Transaction::new(&self.frame, &mut self.ledger, plan, prelude);
        t.load()?;
        for chain in taken {
            t.switch.flush_chain(&self.frame.table, &chain.name);
            t.switch.delete_chain(&self.frame.table, &chain.name);
            t.switch.create_chain(&self.frame.table, chain);
        }
        self.frame.write(&mut t.switch, self.generations.stamp(generation))?;
        let ready = t.ready();
        let enforced = self.commit(ready, generation, true)?;
        self.clear_away(&stock)?;
        Ok(enforced)
    }

    /// The most bytes of one transaction.
    fn max_bytes(&self) -> Result<usize, DataplaneError> {
        Ok(self.frame.settings.limit(self.nft.max_batch_bytes()?))
    }

    fn commit(&mut self, ready: Ready, generation: u32, rejudged: bool) -> Result<Enforced, DataplaneError> {
        ready.prelude.iter().try_for_each(|batch| self.nft.commit(batch))?;
        self.nft.commit(&ready.switch)?;
        ready.outcome.settle(&mut self.ledger);
        self.generations.advance(generation);
        Ok(Enforced { generation, operations: ready.switch.operations().len(), rejudged })
    }

    /// Deletes what was in the table before a rebuild.
    fn clear_away(&mut self, stock: &Stock) -> Result<(), DataplaneError> {
        let mut last = Prelude::new(&self.frame.table, self.max_bytes()?);
        stock.delete(&self.frame.chains(), &self.frame.table, &mut last);
        last.into_batches().iter().try_for_each(|batch| Ok(self.nft.commit(batch)?))
    }

    /// A number that no connection entry carries. The entries are swept when none is known to be clean: at the start
    /// (an earlier process may have stamped them) and when the numbers have been used up.
    fn next_generation(&mut self) -> Result<u32, DataplaneError> {
        if self.generations.next().is_none() {
            sweep(&mut self.conntrack, self.generations.stamp(self.generations.current()))?;
            self.generations.swept();
        }
        Ok(self.generations.next().unwrap_or_else(|| self.generations.current()))
    }
}
