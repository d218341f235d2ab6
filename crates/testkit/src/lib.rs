//! What the tests of the other crates stand on: a naive evaluator to compare verdicts with, random worlds to
//! compare them on, and a truth table to hold both to. [`schemas`] holds JSON answers to the published schemas.
//!
//! A development dependency only, and never of anything but `podfence-model`: the evaluator must share no code
//! with the engine. It builds nothing in a kernel and reads no manifest.
//!
//! Start with [`reference::judge`] and [`generate::world`]; [`truths::truths`] says in examples what both mean.
//!
//! ```
//! use podfence_testkit::{generate, reference};
//! let world = generate::world(7);
//! for flow in generate::flows(&world, &mut generate::Rng::with_seed(7), 10) {
//!     println!("{flow}: {:?}", reference::allows(&world, &flow));
//! }
//! ```

pub mod build;
pub mod describe;
pub mod features;
pub mod generate;
pub mod layout;
pub mod manifests;
pub mod mixed;
pub mod reference;
pub mod sandboxed;
pub mod scale;
pub mod schemas;
pub mod shrink;
pub mod storm;
pub mod truths;
pub mod xmllint;
