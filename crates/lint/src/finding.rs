//! One finding: which rule, about which object, where, and how to mend it.

use podfence_model::{Kind, NetworkPolicy, ObjectRef, Origin, Place};
use podfence_source::{Code, Diagnostic, Edit, Severity};

use crate::rule::Rule;

/// What the edits of a finding are worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fix {
    /// There are none.
    None,
    /// They do what the author meant beyond reasonable doubt, or change no verdict: `--fix` makes them.
    Safe,
    /// One of several ways to mend it: shown, never made without being asked.
    Suggested,
}

/// A finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// The object it is about; `None` for what reading found.
    pub object: Option<ObjectRef>,
    /// Message, places, help and edits; its code is the rule's.
    pub diagnostic: Diagnostic,
    /// What its edits are worth.
    pub fix: Fix,
}

impl Finding {
    /// A finding about an object, without a place yet. The message is one sentence without a full stop.
    pub fn new(rule: &'static Rule, object: ObjectRef, message: impl Into<String>) -> Self {
        let diagnostic = Diagnostic::new(rule.severity, rule.code, message);
        Self { rule, object: Some(object), diagnostic, fix: Fix::None }
    }

    /// A finding about a policy.
    pub fn about(rule: &'static Rule, policy: &NetworkPolicy, message: impl Into<String>) -> Self {
        let id = &policy.meta.id;
        let object =
            ObjectRef { kind: Kind::NetworkPolicy, namespace: id.namespace.clone(), name: id.name.clone() };
        Self::new(rule, object, message)
    }

    /// What reading found, if a rule stands for it.
    pub(crate) fn read(rule: &'static Rule, diagnostic: Diagnostic) -> Self {
        let fix = match diagnostic.code {
            _ if diagnostic.patch.is_empty() => Fix::None,
            // The nearest known name is a guess.
            code if code == Code::UnknownField.word() => Fix::Suggested,
            _ => Fix::Safe,
        };
        Self { rule, object: None, diagnostic, fix }
    }

    /// Adds a place; the first one is the main one. `None` adds nothing: objects of a live cluster have no text.
    #[must_use]
    pub fn at(mut self, place: impl Into<Option<Place>>, label: impl Into<String>) -> Self {
        if let Some(place) = place.into() {
            self.diagnostic = self.diagnostic.at(place, label);
        }
        self
    }

    /// Adds the place of an object's first line, if it was read from a text.
    #[must_use]
    pub fn at_object(self, origin: &Origin, label: impl Into<String>) -> Self {
        match origin {
            Origin::File(place) => self.at(place.clone(), label),
            Origin::Api(_) | Origin::Assumed(_) => self,
        }
    }

    /// Says how to mend it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.diagnostic.help = Some(help.into());
        self
    }

    /// Makes it weigh less (or more) than its rule says.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.diagnostic.severity = severity;
        self
    }

    /// Adds edits that `--fix` may make; `None` (the text does not allow it) adds nothing.
    #[must_use]
    pub fn fix(self, edits: Option<Vec<Edit>>) -> Self {
        self.with_edits(edits, Fix::Safe)
    }

    /// Adds edits to show only.
    #[must_use]
    pub fn suggest(self, edits: Option<Vec<Edit>>) -> Self {
        self.with_edits(edits, Fix::Suggested)
    }

    fn with_edits(mut self, edits: Option<Vec<Edit>>, fix: Fix) -> Self {
        if let Some(edits) = edits.filter(|edits| !edits.is_empty()) {
            self.diagnostic.patch = edits;
            self.fix = fix;
        }
        self
    }

    /// Whether it is about an object, or about the text that this is written in.
    pub fn is_about(&self, object: &ObjectRef, origin: &Origin) -> bool {
        match (&self.object, origin, self.place()) {
            (Some(about), ..) => about == object,
            (None, Origin::File(whole), Some(place)) => {
                whole.file == place.file && whole.start <= place.start && place.end <= whole.end
            }
            (None, ..) => false,
        }
    }

    /// The main place.
    pub fn place(&self) -> Option<&Place> {
        self.diagnostic.labels.first().map(|label| &label.place)
    }
}
