//! Pods that are not there yet, in words.

use podfence_analysis::{LabelSets, NewLabels, NewPlace, NewPlaces, NewPods};
use podfence_model::Labels;

use crate::words::{all_of, any_of};

/// `any new pod`, `new pods with app=web in shop and watch`.
pub(crate) fn text(pods: &NewPods) -> String {
    let at = places(&pods.places);
    match (&pods.labels, &pods.places) {
        (NewLabels::Any, NewPlaces::Anywhere) => "any new pod".to_owned(),
        (NewLabels::Any, NewPlaces::AnywhereBut(_)) => format!("any new pod{at}"),
        (NewLabels::Any, NewPlaces::In(_)) => format!("new pods{at}"),
        (NewLabels::AnyBut(sets), _) => format!("new pods{at} but those with {}", label_sets(sets)),
        (NewLabels::With(sets), _) => format!("new pods with {}{at}", label_sets(sets)),
    }
}

fn places(places: &NewPlaces) -> String {
    match places {
        NewPlaces::Anywhere => String::new(),
        NewPlaces::AnywhereBut(others) => format!(" but{}", places_named(others)),
        NewPlaces::In(some) => places_named(some),
    }
}

/// ` in shop and watch`.
pub(crate) fn places_named(places: &[NewPlace]) -> String {
    format!(" in {}", all_of(&places.iter().map(place).collect::<Vec<_>>()))
}

fn place(place: &NewPlace) -> String {
    match place {
        NewPlace::Namespace(name) => name.clone(),
        NewPlace::NewNamespace(labels) if labels.is_empty() => "a new namespace".to_owned(),
        NewPlace::NewNamespace(labels) => format!("a new namespace with {}", self::labels(labels)),
    }
}

fn label_sets(sets: &LabelSets) -> String {
    let exactly = sets.exactly.iter().map(|set| format!("just {}", labels(set)));
    any_of(&sets.including.iter().map(labels).chain(exactly).collect::<Vec<_>>())
}

/// `app=web,tier=front`, as kubectl writes selectors; a key alone where any value does.
fn labels(labels: &Labels) -> String {
    let one = |(key, value): (&String, &String)| {
        if value.is_empty() { key.clone() } else { format!("{key}={value}") }
    };
    labels.iter().map(one).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(pairs: &[(&str, &str)]) -> Labels {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn new_pods_read_well() {
        let shop = || NewPlace::Namespace("shop".into());
        let ops = NewPlace::NewNamespace(set(&[("team", "ops")]));
        let sets = LabelSets {
            including: vec![set(&[("app", "web"), ("tier", "")])],
            exactly: vec![set(&[("a", "b")])],
        };
        let table = [
            (NewLabels::Any, NewPlaces::Anywhere, "any new pod"),
            (NewLabels::Any, NewPlaces::AnywhereBut(vec![shop()]), "any new pod but in shop"),
            (
                NewLabels::Any,
                NewPlaces::In(vec![shop(), ops]),
                "new pods in shop and a new namespace with team=ops",
            ),
            (
                NewLabels::With(sets.clone()),
                NewPlaces::In(vec![shop()]),
                "new pods with app=web,tier or just a=b in shop",
            ),
            (
                NewLabels::AnyBut(sets),
                NewPlaces::In(vec![NewPlace::NewNamespace(Labels::new())]),
                "new pods in a new namespace but those with app=web,tier or just a=b",
            ),
        ];
        for (labels, places, expected) in table {
            assert_eq!(text(&NewPods { labels, places }), expected);
        }
    }
}
