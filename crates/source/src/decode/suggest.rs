//! The end of a message that suggests the word that was probably meant.

use podfence_model::nearest;

/// `; did you mean …?` to end a message with, or nothing.
pub(crate) fn did_you_mean<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    nearest(word, known).map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}
