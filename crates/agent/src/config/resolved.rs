//! What is in force of flags, the environment, the file and the defaults, and where each value comes from.

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};

use podfence_model::Place;
use podfence_source::{Diagnostic, Input, Refused, SourceMap, StatedSettings, settings};

use super::Configuration;
use super::settings::{SETTINGS, Setting};

/// The file that is read unless told otherwise; it need not be there.
pub const DEFAULT_FILE: &str = "/etc/podfence/config.yaml";

/// The variable of the environment that names another.
pub const FILE_VARIABLE: &str = "PODFENCE_CONFIG";

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said anything else.
    Default,
    /// A file.
    File(Place),
    /// A variable of the environment.
    Environment(String),
    /// The command line.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(place) => write!(f, "{}:{}", place.file, place.line),
            Self::Environment(variable) => write!(f, "environment, {variable}"),
            Self::Flag(flag) => write!(f, "flag --{flag}"),
        }
    }
}

/// The settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file, with the places of what is wrong in it.
    #[error(transparent)]
    File(#[from] Refused),
    /// A flag or a variable.
    #[error("{origin}: {message}")]
    Value {
        /// Where the value comes from.
        origin: Origin,
        /// What is wrong with it.
        message: String,
    },
}

/// A setting with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chosen {
    pub(super) values: Vec<String>,
    pub(super) origin: Origin,
}

/// Settings in force.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// What they mean.
    pub configuration: Configuration,
    /// What was said, in the order of [`SETTINGS`]; `None` where nobody said anything and there is no default.
    chosen: Vec<(&'static Setting, Option<Chosen>)>,
}

/// Finds out what is in force. `flags` and `environment` are asked for a flag's values by its name, and for a variable. A file may
/// be named on the command line, or else by [`FILE_VARIABLE`]; otherwise it is [`DEFAULT_FILE`], if that is there.
///
/// # Errors
/// When the file cannot be read or states what is no setting, or a value makes no sense, wherever it comes from.
pub fn resolve(
    flags: impl Fn(&str) -> Vec<String>,
    environment: impl Fn(&str) -> Option<String>,
    file: Option<&Path>,
) -> Result<Resolved, ConfigError> {
    let file = stated(named(file, &environment).as_ref())?;
    let mut resolved = Resolved { configuration: Configuration::default(), chosen: Vec::new() };
    let mut wrong = Vec::new();
    for setting in SETTINGS {
        let chosen = chosen(setting, (&flags, &environment), &file);
        if let Some(Chosen { values, origin }) = &chosen
            && let Err(message) = setting.set(&mut resolved.configuration, values)
        {
            match refused(setting, origin, message, &SourceMap::default()) {
                ConfigError::File(refused) => wrong.extend(refused.diagnostics),
                error @ ConfigError::Value { .. } => return Err(error),
            }
        }
        resolved.chosen.push((setting, chosen));
    }
    if wrong.is_empty() {
        return Ok(resolved);
    }
    Err(Refused { diagnostics: wrong, sources: file.sources }.into())
}

/// The file that somebody names, and who.
pub(super) fn named(
    flag: Option<&Path>,
    environment: &impl Fn(&str) -> Option<String>,
) -> Option<(PathBuf, Origin)> {
    let by_flag = flag.map(|path| (path.to_owned(), Origin::Flag("config")));
    let variable = || environment(FILE_VARIABLE).filter(|path| !path.is_empty());
    by_flag.or_else(|| Some((variable()?.into(), Origin::Environment(FILE_VARIABLE.to_owned()))))
}

/// What the file states that somebody names, or else the usual one if it is there.
pub(super) fn stated(named: Option<&(PathBuf, Origin)>) -> Result<StatedSettings, ConfigError> {
    let path = match named {
        Some((path, origin)) => {
            let unable = |error| ConfigError::Value {
                origin: origin.clone(),
                message: format!("cannot read the configuration file {}: {error}", path.display()),
            };
            File::open(path).map_err(unable)?;
            path.clone()
        }
        None if Path::new(DEFAULT_FILE).exists() => PathBuf::from(DEFAULT_FILE),
        None => return Ok(StatedSettings::default()),
    };
    let names: Vec<&'static str> = SETTINGS.iter().map(|setting| setting.name).collect();
    Ok(settings(&Input::Path(path), &names)?)
}

/// The value that counts of a setting.
pub(super) fn chosen(
    setting: &Setting,
    (flags, environment): (&impl Fn(&str) -> Vec<String>, &impl Fn(&str) -> Option<String>),
    file: &StatedSettings,
) -> Option<Chosen> {
    of_flag(setting, flags)
        .or_else(|| of_environment(setting, environment))
        .or_else(|| of_file(setting, file))
        .or_else(|| of_default(setting))
}

fn of_flag(setting: &Setting, flags: impl Fn(&str) -> Vec<String>) -> Option<Chosen> {
    let values = flags(setting.flag);
    (!values.is_empty()).then_some(Chosen { values, origin: Origin::Flag(setting.flag) })
}

fn of_environment(setting: &Setting, environment: impl Fn(&str) -> Option<String>) -> Option<Chosen> {
    let variables = [Some(setting.variable()), setting.also.map(str::to_owned)];
    let mut set = variables.into_iter().flatten().filter_map(|variable| {
        let text = environment(&variable).filter(|text| !text.is_empty())?;
        Some((variable, text))
    });
    let (variable, text) = set.next()?;
    let parts = || text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let values = if setting.many { parts().map(str::to_owned).collect() } else { vec![text] };
    Some(Chosen { values, origin: Origin::Environment(variable) })
}

fn of_file(setting: &Setting, file: &StatedSettings) -> Option<Chosen> {
    let stated = file.stated.iter().rfind(|stated| stated.name == setting.name)?;
    Some(Chosen { values: stated.values.clone(), origin: Origin::File(stated.place.clone()) })
}

fn of_default(setting: &Setting) -> Option<Chosen> {
    let values = vec![setting.default?.to_owned()];
    Some(Chosen { values, origin: Origin::Default })
}

/// What is wrong with a value; of the file with its place in it.
pub(super) fn refused(
    setting: &Setting,
    origin: &Origin,
    message: String,
    sources: &SourceMap,
) -> ConfigError {
    let Origin::File(place) = origin else {
        return ConfigError::Value { origin: origin.clone(), message };
    };
    let diagnostic =
        Diagnostic::error("setting", format!("`{}`: {message}", setting.name)).at(place.clone(), "");
    Refused { diagnostics: vec![diagnostic], sources: sources.clone() }.into()
}

impl fmt::Display for Resolved {
    /// As a file that says the same, with where each value comes from.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut folder = "";
        for (setting, chosen) in &self.chosen {
            let (inside, key) = setting.name.rsplit_once('.').unwrap_or(("", setting.name));
            if inside != folder {
                folder = inside;
                if !folder.is_empty() {
                    writeln!(f, "{folder}:")?;
                }
            }
            let indent = if inside.is_empty() { "" } else { "  " };
            match chosen {
                None => writeln!(f, "{indent}# {key}: not set; {}", setting.otherwise)?,
                Some(chosen) => chosen.write(f, (indent, key), setting.many)?,
            }
        }
        Ok(())
    }
}

impl Chosen {
    fn write(&self, f: &mut fmt::Formatter<'_>, (indent, key): (&str, &str), many: bool) -> fmt::Result {
        let values: Vec<String> = self.values.iter().map(|value| written(value)).collect();
        let line = match (many, values.as_slice()) {
            (false, [value]) => format!("{indent}{key}: {value}"),
            _ => format!("{indent}{key}: [{}]", values.join(", ")),
        };
        writeln!(f, "{line:<48} # {}", self.origin)
    }
}

impl Resolved {
    /// Says in the log which settings are in force, and who said so, in a line.
    pub fn tell(&self) {
        let said = self.chosen.iter().filter_map(|(setting, chosen)| {
            let Chosen { values, origin } =
                chosen.as_ref().filter(|chosen| chosen.origin != Origin::Default)?;
            Some(format!("{} {} ({origin})", setting.name, values.join(",")))
        });
        let said: Vec<String> = said.chain(["the rest is as usual".to_owned()]).collect();
        tracing::info!(version = env!("CARGO_PKG_VERSION"), "configuration: {}", said.join("; "));
    }
}

/// A text as YAML, with quotes where it needs them.
fn written(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./:-".contains(c);
    let begins = text.strip_prefix('-').unwrap_or(text);
    let begins = begins.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '/');
    if begins && text.chars().all(plain) && !text.ends_with(':') {
        text.to_owned()
    } else {
        serde_json::Value::from(text).to_string() // a text of JSON is one of YAML
    }
}
