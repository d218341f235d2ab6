//! Inputs that are read, with the notes about them and what became of them: `tests/valid/*.md`.

mod common;
mod show;

use podfence_source::{Options, read};

#[test]
fn valid_inputs_become_the_model_values_they_mean() {
    common::run("valid", |case| match read(&case.inputs, &Options::default()) {
        Ok(loaded) => vec![
            ("text".to_owned(), common::show_found(&loaded.notes, &loaded.sources)),
            ("model".to_owned(), show::world(&loaded.world)),
        ],
        Err(refused) => {
            let found = common::show_found(&refused.diagnostics, &refused.sources);
            vec![("text".to_owned(), format!("refused:\n{found}"))]
        }
    });
}
