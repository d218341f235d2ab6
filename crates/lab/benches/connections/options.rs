//! What may be asked for on the command line.

use std::time::Duration;

/// How to use it.
pub const USAGE: &str =
    "cargo bench -p podfence-lab --bench connections -- [--shape NAME]... [--pairs N] [--slice MS]";

pub struct Options {
    /// Names of shapes, or all when there are none.
    pub shapes: Vec<String>,
    /// How often each shape is measured beside the bases.
    pub pairs: usize,
    /// How long at a time.
    pub slice: Duration,
}

impl Options {
    /// From arguments; `--bench` is cargo's. None when they make no sense.
    pub fn parse(mut arguments: impl Iterator<Item = String>) -> Option<Self> {
        let mut options = Self { shapes: Vec::new(), pairs: 25, slice: Duration::from_millis(100) };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--bench" => {}
                "--shape" => options.shapes.push(arguments.next()?),
                "--pairs" => options.pairs = arguments.next()?.parse().ok().filter(|pairs| *pairs > 0)?,
                "--slice" => options.slice = Duration::from_millis(arguments.next()?.parse().ok()?),
                _ => return None,
            }
        }
        Some(options)
    }

    /// Whether a shape is asked for.
    pub fn wants(&self, name: &str) -> bool {
        self.shapes.is_empty() || self.shapes.iter().any(|shape| shape == name)
    }
}
