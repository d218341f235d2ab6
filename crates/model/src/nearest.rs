//! The known word that an unknown one was probably meant to be.

/// The nearest of `known` by edit distance, if it is near enough to suggest: a step for every three
/// letters, so that nothing is near to a word of two. Case does not count.
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    if word.len() > 64 {
        return None;
    }
    let limit = word.chars().count() / 3;
    let lower = word.to_lowercase();
    known
        .into_iter()
        .map(|candidate| (distance(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein distance in which swapping two neighbours counts as one step (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    let mut last = None;
    for (i, from) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for (j, &to) in b.iter().enumerate() {
            let step = (row[j] + usize::from(from != to)).min(row[j + 1] + 1).min(next[j] + 1);
            let swapped = j > 0 && last == Some(to) && b[j - 1] == from;
            next.push(if swapped { step.min(before[j - 1] + 1) } else { step });
        }
        before = std::mem::replace(&mut row, next);
        last = Some(from);
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typos_are_near_and_other_words_are_far() {
        let known = ["podSelector", "namespaceSelector", "ipBlock", "ports", "from"];
        let table = [
            ("podSelecter", Some("podSelector")),
            ("podselector", Some("podSelector")),
            ("nameSpaceSelector", Some("namespaceSelector")),
            ("ipBlcok", Some("ipBlock")),
            ("port", Some("ports")),
            ("form", Some("from")),
            ("matchLabels", None),
            ("app", None),
            ("to", None),
        ];
        for (word, expected) in table {
            assert_eq!(nearest(word, known), expected, "{word}");
        }
    }
}
