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
    let near = nearest(word, families().chain(codes())).or_else(|| codes().find(|code| abridges(word, code)));
    Err(SelectionError { word: word.to_owned(), near: near.map(str::to_owned) })
}

/// Whether a word of several parts has only parts of a code, spelt well or nearly so: `egres-dns` for `egress-without-dns`.
fn abridges(word: &str, code: &str) -> bool {
    let is_part = |part: &str| code.split('-').any(|known| known == part || nearest(part, [known]).is_some());
    word.contains('-') && word.split('-').all(is_part)
}

#[cfg(test)]
mod tests {
    use super::Selection;

    #[test]
    fn a_word_that_names_no_rule_gets_the_one_that_was_meant() {
        let table = [
            ("egres-without-dns", Some("egress-without-dns")),
            ("egres-dns", Some("egress-without-dns")),
            ("dnss", Some("dns")),
            ("nothing-at-all", None),
            ("host", None),
        ];
        for (word, near) in table {
            let error = Selection::new(vec![word.to_owned()], Vec::new()).unwrap_err();
            assert_eq!(error.near.as_deref(), near, "{word}");
        }
    }
}
