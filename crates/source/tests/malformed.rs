//! Inputs that must be refused, with the messages that say why: `tests/malformed/*.md`.

mod common;

use podfence_source::{Options, read};

#[test]
fn malformed_inputs_are_refused_with_a_clear_message() {
    common::run("malformed", |case| {
        let refused = match read(&case.inputs, &Options::default()) {
            Ok(_) => return vec![("text".to_owned(), "accepted\n".to_owned())],
            Err(refused) => refused,
        };
        vec![("text".to_owned(), common::show_found(&refused.diagnostics, &refused.sources))]
    });
}
