//! Three-valued truth: what can be said when a fact may be missing.

use podfence_model::{LabelSelector, METADATA_NAME, Namespace};

/// Yes, no, or a fact is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Truth {
    No,
    Maybe,
    Yes,
}

impl Truth {
    pub(crate) fn and(self, other: Self) -> Self {
        self.min(other)
    }
}

impl From<bool> for Truth {
    fn from(value: bool) -> Self {
        if value { Self::Yes } else { Self::No }
    }
}

/// Whether a namespaceSelector matches. Of a namespace that no input states only its name label is known.
pub(crate) fn namespace_matches(selector: &LabelSelector, namespace: &Namespace) -> Truth {
    if namespace.labels_known {
        return selector.matches(&namespace.labels).into();
    }
    let one = |key: &str, met: bool| match (key == METADATA_NAME, met) {
        (true, met) => met.into(),
        (false, _) => Truth::Maybe,
    };
    selector.requirements().map(|r| one(&r.key, r.matches(&namespace.labels))).fold(Truth::Yes, Truth::and)
}
