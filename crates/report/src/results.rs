//! Results of checks as plain values, whatever was checked: suites of cases, each with what came of it.
//!
//! [`junit`](crate::junit) and [`tap`](crate::tap) write them for build servers. Whoever checks something fills them in;
//! nothing here knows what a case is about. There are no times: a result is the same whenever it is written.

/// Cases that belong together, such as those of one file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Suite {
    /// What it is called.
    pub name: String,
    /// Facts about the whole suite, by name.
    pub properties: Vec<(String, String)>,
    /// The cases, in the order in which they are told.
    pub cases: Vec<Case>,
}

impl Suite {
    /// How many cases ended in a way.
    pub fn count(&self, is_it: impl Fn(&Status) -> bool) -> usize {
        self.cases.iter().filter(|case| is_it(&case.status)).count()
    }
}

/// One thing that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// What it is called.
    pub name: String,
    /// What it belongs to: JUnit's `classname`.
    pub class: String,
    /// The file that it is about or stands in, and the line in it, from 1.
    pub place: Option<(String, u32)>,
    /// What came of it.
    pub status: Status,
}

/// What came of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// It holds.
    Passed,
    /// It does not.
    Failed(Trouble),
    /// It could not be checked, and somebody has to mend that.
    Error(Trouble),
    /// It was not checked, and that is no fault; with the reason.
    Skipped(String),
}

/// Why a case did not pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// A short stable word for the kind of trouble.
    pub kind: String,
    /// One line.
    pub message: String,
    /// As many lines as it takes; may be empty.
    pub details: String,
}
