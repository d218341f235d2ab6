//! The loop beside kernels of the test.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::mpsc::channel;

use podfence_dataplane_nft::{DataplaneError, Difference, Enforced};
use podfence_plan::Delta;

use super::*;

/// A kernel that takes everything and cannot be read back.
#[derive(Default, Clone)]
struct Blind(Rc<Cell<usize>>);

impl Kernel for Blind {
    fn apply(&mut self, _: &Delta, _: &NodePlan) -> Result<Enforced, DataplaneError> {
        self.0.set(self.0.get() + 1);
        Ok(Enforced { generation: 1, operations: 1, rejudged: false })
    }

    fn distrust(&mut self) {}

    fn verify(&mut self, _: &NodePlan) -> Result<Option<Difference>, DataplaneError> {
        Err(DataplaneError::Sweep)
    }
}

#[test]
fn where_nobody_can_say_what_was_changed_everything_is_made_anew() {
    let kernel = Blind::default();
    let mut agent = Agent::new("node", kernel.clone(), Told::default(), Log::new());
    let (to, messages) = channel();
    let (reply, mended) = Reply::new();
    to.send(Message::World(Box::default())).unwrap();
    to.send(Message::Touched(Touch::Unknown, reply)).unwrap();
    drop(to);
    agent.run(&messages);
    mended.recv().unwrap();
    assert_eq!((kernel.0.get(), agent.status().done.unchecked), (2, 1));
    assert!(agent.status().ready);
}
