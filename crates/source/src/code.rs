//! The kinds of findings that reading can have: every code there is, so that who explains them can know them all.
//!
//! Readers make diagnostics through [`Code`] only; other crates, which have codes of their own, use [`Diagnostic::new`].

use std::fmt;

use crate::diagnostic::{Diagnostic, Severity};

macro_rules! codes {
    ($($(#[$doc:meta])+ $variant:ident = $word:literal,)+) => {
        /// The kind of a finding of reading.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[$doc])+ $variant,)+
        }

        impl Code {
            /// All codes.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word that users see.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }
    };
}

codes! {
    /// A file cannot be read, or is no text.
    Unreadable = "unreadable",
    /// An input, or all of them together, hold no object.
    NoObjects = "no-objects",
    /// A document that is no Kubernetes object.
    NotKubernetes = "not-kubernetes",
    /// More findings in one input than are kept.
    MoreFindings = "more-findings",
    /// Text that is no YAML.
    YamlSyntax = "yaml-syntax",
    /// A tab where only spaces may indent.
    TabIndentation = "tab-indentation",
    /// A key that is stated twice in one mapping.
    DuplicateKey = "duplicate-key",
    /// A key that is no text.
    InvalidKey = "invalid-key",
    /// A template that nobody has rendered.
    UnrenderedTemplate = "unrendered-template",
    /// A document beyond the limits of depth and size.
    TooBig = "too-big",
    /// An alias that contains itself or unfolds to too much.
    InvalidAlias = "invalid-alias",
    /// `<<` with something that cannot be merged.
    InvalidMerge = "invalid-merge",
    /// A field that must be there is not.
    MissingField = "missing-field",
    /// A field that does not exist.
    UnknownField = "unknown-field",
    /// A value of another type than its field has.
    WrongType = "wrong-type",
    /// A list item without anything in it.
    EmptyItem = "empty-item",
    /// A value that YAML reads as a number or a boolean where a text is wanted.
    UnquotedValue = "unquoted-value",
    /// A label's key that YAML reads as something else than a text.
    UnquotedKey = "unquoted-key",
    /// A label without a value.
    EmptyLabel = "empty-label",
    /// A label's key or value that breaks their syntax.
    InvalidLabel = "invalid-label",
    /// A namespace's own name in its labels is another one.
    OverwrittenLabel = "overwritten-label",
    /// A requirement of a selector that makes no sense.
    InvalidSelector = "invalid-selector",
    /// A workload's selector does not match its own pods.
    SelectorMismatch = "selector-mismatch",
    /// The name of an object breaks the syntax of names.
    InvalidName = "invalid-name",
    /// Text that is no IP address.
    InvalidAddress = "invalid-address",
    /// Text that is no address block.
    InvalidCidr = "invalid-cidr",
    /// An exception that is not strictly inside its block.
    ExceptOutside = "except-outside-cidr",
    /// A block with bits behind its prefix.
    HostBits = "host-bits",
    /// A block that is not written in its usual form.
    NonCanonicalCidr = "non-canonical-cidr",
    /// A peer that names nobody.
    EmptyPeer = "empty-peer",
    /// A peer with a block and a selector.
    BlockWithSelector = "block-with-selector",
    /// A port's number or name breaks their syntax.
    InvalidPort = "invalid-port",
    /// A port's number in quotes.
    QuotedPort = "quoted-port",
    /// `endPort` without a number to start from, or before it.
    EndPort = "end-port",
    /// A protocol that policies and Services do not have.
    UnknownProtocol = "unknown-protocol",
    /// `policyTypes` with something else than `Ingress` and `Egress`.
    InvalidPolicyTypes = "invalid-policy-types",
    /// A policy that does not say whom it selects.
    ImplicitSelector = "implicit-selector",
    /// A kind that does not exist.
    UnknownKind = "unknown-kind",
    /// A version that does not exist or is no longer served, of a kind that matters.
    ApiVersion = "api-version",
    /// A version that is no longer served and can be read all the same, or does not matter.
    LegacyApi = "legacy-api",
    /// A policy of another engine, which is not read.
    UnreadPolicy = "unread-policy",
    /// An annotation that once isolated a namespace.
    DeadAnnotation = "dead-annotation",
    /// An object that is stated twice.
    DuplicateObject = "duplicate-object",
    /// A number of copies that makes no sense.
    InvalidCount = "invalid-count",
    /// A Service's field that is none of its words.
    InvalidService = "invalid-service",
    /// A fact about the cluster that is none of its words.
    InvalidFacts = "invalid-facts",
    /// A file of expectations that expects nothing.
    NoExpectations = "no-expectations",
    /// An expectation that cannot be understood.
    Expectation = "expectation",
    /// A test in netassert's words that cannot be understood.
    Netassert = "netassert",
}

impl Code {
    /// Whether it is about manifests. The others are about files of expectations only, which are no input of rules.
    pub fn is_of_manifests(self) -> bool {
        !matches!(self, Self::NoExpectations | Self::Expectation | Self::Netassert)
    }

    /// An error of this kind, without a place.
    pub(crate) fn error(self, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Error, self.word(), message)
    }

    /// A warning of this kind, without a place.
    pub(crate) fn warning(self, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Warning, self.word(), message)
    }

    /// A note of this kind, without a place.
    pub(crate) fn note(self, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Note, self.word(), message)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
