//! Prints a large world as manifests: `cargo run --release -p podfence-testkit --example large -- PODS NAMESPACES POLICIES`.

use podfence_testkit::describe::to_yaml;
use podfence_testkit::scale;

fn main() {
    let numbers: Vec<usize> = std::env::args().skip(1).filter_map(|text| text.parse().ok()).collect();
    let [pods, namespaces, policies] = numbers[..] else {
        eprintln!("usage: large PODS NAMESPACES POLICIES");
        return;
    };
    print!("{}", to_yaml(&scale::world(pods, namespaces, policies)));
}
