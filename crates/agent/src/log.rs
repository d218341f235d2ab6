//! How much the agent logs, and changing that while it runs. Who writes the log is whoever starts the agent.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::config::values::one_of;

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogLevel {
    /// Nothing.
    Off,
    /// What needs somebody's attention.
    Error,
    /// And what may.
    Warn,
    /// And what happens.
    #[default]
    Info,
    /// And why.
    Debug,
    /// And everything else.
    Trace,
}

impl LogLevel {
    /// All of them, with their words.
    pub const WORDS: [(&'static str, Self); 6] = [
        ("off", Self::Off),
        ("error", Self::Error),
        ("warn", Self::Warn),
        ("info", Self::Info),
        ("debug", Self::Debug),
        ("trace", Self::Trace),
    ];
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = Self::WORDS.iter().find(|(_, level)| level == self).map_or("", |(word, _)| *word);
        f.write_str(word)
    }
}

impl FromStr for LogLevel {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        one_of(text, &Self::WORDS)
    }
}

/// Changes how much is logged, if whoever writes the log can do that.
#[derive(Clone, Default)]
pub struct LogControl(Option<Arc<SetLevel>>);

type SetLevel = dyn Fn(LogLevel) -> Result<(), String> + Send + Sync;

impl LogControl {
    /// Control by a function that says why it cannot.
    pub fn new(set: impl Fn(LogLevel) -> Result<(), String> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(set)))
    }

    /// Logs as much as this from now on.
    ///
    /// # Errors
    /// When whoever writes the log cannot change that.
    pub fn set(&self, level: LogLevel) -> Result<(), String> {
        self.0.as_ref().map_or_else(|| Err("this agent's log cannot be changed".into()), |set| set(level))
    }
}

impl fmt::Debug for LogControl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LogControl").field(&self.0.is_some()).finish()
    }
}
