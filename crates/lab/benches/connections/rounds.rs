//! Slices of a shape between slices of the bases.

use std::cell::RefCell;
use std::time::Duration;

use podfence_netlink::nft::{Batch, Nftables, Table};

use crate::figures::Ratios;
use crate::lane::{Lane, Traffic};
use crate::shapes::Installed;

/// A lane, and which of the tables in it is switched on.
pub struct Switched {
    pub lane: Lane,
    nft: RefCell<Nftables>,
    on: RefCell<Option<Table>>,
}

impl Switched {
    pub fn new() -> Self {
        let lane = Lane::new();
        let nft = RefCell::new(lane.node.run(Nftables::open).unwrap());
        Self { lane, nft, on: RefCell::default() }
    }

    /// Switches a table on, and the one before off.
    fn switch(&self, table: Option<&Table>) {
        let before = self.on.replace(table.cloned());
        let mut batch = Batch::new();
        if let Some(before) = before {
            batch.suspend_table(&before);
        }
        if let Some(table) = table {
            batch.ensure_table(table, None);
        }
        self.nft.borrow_mut().commit(&batch).unwrap();
    }

    /// Takes a shape out of the kernel, so that the next one has less beside it.
    pub fn remove(&self, shape: &Installed) {
        let mut batch = Batch::new();
        if let Some(table) = &shape.table {
            batch.delete_table(table);
        }
        self.nft.borrow_mut().commit(&batch).unwrap();
    }

    fn rate(&self, shape: &Installed, traffic: Traffic, slice: Duration) -> f64 {
        self.switch(shape.table.as_ref());
        let rate = self.lane.rate(traffic, slice);
        self.switch(None);
        rate
    }
}

/// A shape and where it is.
pub type Placed<'l> = (&'l Switched, &'l Installed);

/// The rates of a shape as parts of the rates of the bases beside it. Each round has them in another order.
pub fn compare<const BASES: usize>(
    shape: Placed<'_>,
    bases: [Placed<'_>; BASES],
    (traffic, slice, rounds): (Traffic, Duration, usize),
) -> [Ratios; BASES] {
    let rate = |(lane, shape): Placed<'_>| lane.rate(shape, traffic, slice);
    let mut ratios = [const { Vec::new() }; BASES];
    for round in 0..rounds {
        let mut rates = [0.0; BASES];
        let mut own = 0.0;
        for step in 0..=BASES {
            let turn = if round.is_multiple_of(2) { step } else { BASES - step };
            match (turn + round / 2) % (BASES + 1) {
                base if base < BASES => rates[base] = rate(bases[base]),
                _ => own = rate(shape),
            }
        }
        ratios.iter_mut().zip(rates).for_each(|(ratios, rate)| ratios.push(own / rate));
    }
    ratios.map(Ratios::new)
}
