//! Inputs that must be refused, with the messages that say why: `tests/malformed/*.md`.

mod common;

use podfence_source::{Options, read};

#[test]
fn malformed_inputs_are_refused_with_a_clear_message() {
    common::run("malformed", |case| {
        let Err(refused) = read(&case.inputs, &Options::default()) else {
            return vec![("text".to_owned(), "accepted\n".to_owned())];
        };
        vec![("text".to_owned(), common::show_found(&refused.diagnostics, &refused.sources))]
    });
}
