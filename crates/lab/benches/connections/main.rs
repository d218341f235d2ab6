//! What enforcement costs a packet: connections and packets per second, Podfence's and others', as ratios.
//!
//! Every shape is measured in short slices, each beside a slice of two bases: connection tracking alone, and with
//! the source check that Podfence makes. What disturbs a machine disturbs all three. The tables of all shapes are in
//! one node, switched off but for one, so that they meet the same links and entries. Start with `lane` for what is
//! counted, `shapes` for what is compared. It prints a Markdown table; `docs/performance.md` says how to read it.

#![allow(clippy::unwrap_used, reason = "a failed step is the end of the measurement")]

mod figures;
mod lane;
mod options;
mod others;
mod rounds;
mod shapes;
mod world;

use std::process::ExitCode;

use lane::Traffic;
use options::Options;
use rounds::{Placed, Switched, compare};
use shapes::{Installed, Shape};

fn main() -> ExitCode {
    let Some(options) = Options::parse(std::env::args().skip(1)) else {
        eprintln!("usage: {}", options::USAGE);
        return ExitCode::from(2);
    };
    if let Err(error) = podfence_lab::sandbox::enter() {
        println!("not measured: {error}");
        return ExitCode::SUCCESS;
    }
    measure(&options);
    ExitCode::SUCCESS
}

fn measure(options: &Options) {
    let shared = Switched::new();
    let base = |shape: Shape| shape.install(0, &shared.lane).unwrap();
    let bases = [base(Shape::Conntrack), base(Shape::Checked)];
    let bases = [(&shared, &bases[0]), (&shared, &bases[1])];
    println!("| | connections, of conntrack | of checked | packets, of conntrack | of checked |");
    println!("|---|---|---|---|---|");
    for (number, shape) in Shape::ALL.into_iter().enumerate().filter(|(_, s)| options.wants(&s.name())) {
        let own = matches!(shape, Shape::Iptables(_)).then(Switched::new);
        let lane = own.as_ref().unwrap_or(&shared);
        match shape.install(number + 1, &lane.lane) {
            Ok(installed) => {
                print(options, (lane, &installed), bases);
                lane.remove(&installed);
            }
            Err(error) => println!("| {} | not measured: {error} | | | |", shape.name()),
        }
    }
}

fn print(options: &Options, shape: Placed<'_>, bases: [Placed<'_>; 2]) {
    let row = |traffic| {
        let [alone, checked] = compare(shape, bases, (traffic, options.slice, options.pairs));
        format!("{alone} | {checked}")
    };
    let Installed { name, .. } = shape.1;
    println!("| {name} | {} | {} |", row(Traffic::Connections), row(Traffic::Packets));
}
