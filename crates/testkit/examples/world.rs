//! Prints a generated world as YAML, with random flows and what the reference says of them:
//! `cargo run -p podfence-testkit --example world -- SEED [lab]`.

use podfence_testkit::describe::to_yaml;
use podfence_testkit::generate::{self, Rng};
use podfence_testkit::reference::allows;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let seed: u64 = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(0);
    let world = match arguments.next().as_deref() {
        Some("lab") => generate::lab_sized(seed),
        _ => generate::world(seed),
    };
    print!("{}", to_yaml(&world));
    for flow in generate::flows(&world, &mut Rng::with_seed(seed), 20) {
        println!("# {flow}: {:?}", allows(&world, &flow));
    }
}
