//! Which rules are wanted: `--select` and `--ignore`.

use podfence_model::nearest;

use crate::family::Family;
use crate::rule::Rule;
use crate::rules;

/// The rules that are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Codes and families; empty = all.
    select: Vec<String>,
    /// Codes and families.
    ignore: Vec<String>,
}

/// A word that names no rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no rule or family of rules `{word}`{}", did_you_mean(.near.as_deref()))]
pub struct SelectionError {
    /// The word.
    pub word: String,
    /// The nearest one that does.
    pub near: Option<String>,
}

fn did_you_mean(word: Option<&str>) -> String {
    word.map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

impl Selection {
    /// Rules by code or family; `select` empty means all.
    pub fn new(select: Vec<String>, ignore: Vec<String>) -> Result<Self, SelectionError> {
        select.iter().chain(&ignore).try_for_each(|word| known(word))?;
        Ok(Self { select, ignore })
    }

    /// Whether a rule is wanted.
    pub fn wants(&self, rule: &Rule) -> bool {
        let named = |words: &[String]| words.iter().any(|w| w == rule.code || w == rule.family.name());
        (self.select.is_empty() || named(&self.select)) && !named(&self.ignore)
    }
}

fn known(word: &str) -> Result<(), SelectionError> {
    let families = || Family::ALL.iter().map(|family| family.name());
    let codes = || rules::all().map(|rule| rule.code);
    if families().chain(codes()).any(|known| known == word) {
        return Ok(());
    }
    let near = nearest(word, families().chain(codes())).map(str::to_owned);
    Err(SelectionError { word: word.to_owned(), near })
}
