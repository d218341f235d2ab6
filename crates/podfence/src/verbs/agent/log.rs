//! The agent's log on standard error, and changing how much of it there is.

use std::io::{self, IsTerminal};

use podfence_agent::{LogControl, LogLevel};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt, registry, reload};

/// Begins to log.
pub fn start(level: LogLevel, json: bool) -> LogControl {
    let (filter, control) = reload::Layer::new(filter(level));
    let lines = fmt::layer().with_writer(io::stderr).with_ansi(io::stderr().is_terminal()).with_target(false);
    let lines = if json { lines.json().boxed() } else { lines.boxed() };
    registry().with(lines.with_filter(filter)).init();
    LogControl::new(move |level| control.reload(self::filter(level)).map_err(|error| error.to_string()))
}

/// Ours at this level; of libraries only what may need somebody's attention.
fn filter(level: LogLevel) -> Targets {
    let own = match level {
        LogLevel::Off => LevelFilter::OFF,
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    Targets::new().with_default(own.min(LevelFilter::WARN)).with_target("podfence", own)
}
