//! What can be wrong with a text before Kubernetes comes into it.

use super::tree::Span;
use crate::code::Code;

/// A document that cannot be read. The places are spans of the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Problem {
    /// The text is no YAML.
    #[error("{message}")]
    Syntax { message: String, help: Option<&'static str>, span: Span },
    /// A tab where only spaces may indent.
    #[error("a tab indents this line, YAML allows only spaces")]
    Tab { span: Span },
    /// A key is stated twice in one mapping.
    #[error("key `{key}` is stated twice, here and on line {}", first.line)]
    DuplicateKey { key: String, first: Span, second: Span },
    /// A mapping's key is a mapping, a list or nothing.
    #[error("a key must be a text")]
    KeyNotText { span: Span },
    /// `{{` of a template that nobody has rendered.
    #[error("this is a template, not a manifest")]
    Template { span: Span },
    /// Nested deeper than [`super::build::MAX_DEPTH`].
    #[error("nested more than {limit} levels deep")]
    TooDeep { limit: usize, span: Span },
    /// More values than [`super::build::MAX_NODES`].
    #[error("more than {limit} values in one document")]
    TooManyNodes { limit: usize, span: Span },
    /// An alias inside the value that it stands for.
    #[error("this alias stands for a value that contains it")]
    AliasCycle { span: Span },
    /// Aliases of aliases that unfold to too much.
    #[error("the aliases of this document unfold to more than {limit} values")]
    AliasBudget { limit: usize, span: Span },
    /// `<<` with something else than a mapping or a list of mappings.
    #[error("`<<` merges a mapping, or a list of mappings")]
    Merge { span: Span },
}

impl Problem {
    /// The main place.
    pub(crate) fn span(&self) -> Span {
        match self {
            Self::Syntax { span, .. }
            | Self::Tab { span }
            | Self::DuplicateKey { second: span, .. }
            | Self::KeyNotText { span }
            | Self::Template { span }
            | Self::TooDeep { span, .. }
            | Self::TooManyNodes { span, .. }
            | Self::AliasCycle { span }
            | Self::AliasBudget { span, .. }
            | Self::Merge { span } => *span,
        }
    }

    /// The kind of finding.
    pub(crate) fn code(&self) -> Code {
        match self {
            Self::Syntax { .. } => Code::YamlSyntax,
            Self::Tab { .. } => Code::TabIndentation,
            Self::DuplicateKey { .. } => Code::DuplicateKey,
            Self::KeyNotText { .. } => Code::InvalidKey,
            Self::Template { .. } => Code::UnrenderedTemplate,
            Self::TooDeep { .. } | Self::TooManyNodes { .. } => Code::TooBig,
            Self::AliasCycle { .. } | Self::AliasBudget { .. } => Code::InvalidAlias,
            Self::Merge { .. } => Code::InvalidMerge,
        }
    }

    /// How to mend it.
    pub(crate) fn help(&self) -> Option<&'static str> {
        match self {
            Self::Syntax { help, .. } => *help,
            Self::Tab { .. } => Some("use spaces"),
            Self::DuplicateKey { .. } => Some("keep one of them: readers disagree on which one counts"),
            Self::Template { .. } => Some(TEMPLATE_HELP),
            Self::KeyNotText { .. }
            | Self::TooDeep { .. }
            | Self::TooManyNodes { .. }
            | Self::AliasCycle { .. }
            | Self::AliasBudget { .. }
            | Self::Merge { .. } => None,
        }
    }
}

/// What to do about a template.
pub(crate) const TEMPLATE_HELP: &str = "render it first: `helm template CHART | podfence VERB -f -`";
