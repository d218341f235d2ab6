//! Exercises in NetworkPolicy, in rising order, and the proof of an answer on the kernel.
//!
//! An exercise is data: the folders of `exercises/`, listed in [`catalogue`]. Its task states the demands as a table of
//! verdicts ([`podfence_lab::expect`]). [`folder`] hands it out, [`given`] sees to it that only what may be changed was,
//! [`mod@prove`] builds the lab and asks engine and kernel, and [`progress`] keeps the score. Words and colours are
//! `podfence-report`'s, the command line is the command's. Start with [`exercise::Exercise`] and [`prove()`].

pub mod catalogue;
pub mod exercise;
pub mod folder;
pub mod given;
pub mod progress;
pub mod prove;

pub use exercise::Exercise;
pub use prove::{Proof, prove};
