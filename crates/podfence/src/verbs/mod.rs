//! The verbs, one file each: its arguments, and the wiring from input through analysis to report.

pub mod agent;
pub mod cni;
pub mod completions;
pub mod diff;
pub mod doctor;
pub mod explain;
pub mod flows;
pub mod graph;
pub mod lab;
pub mod learn;
pub mod lint;
pub mod man;
pub mod matrix;
pub mod socket;
pub mod status;
pub mod test;
