//! The settings of an agent as options of the command line, made from the table that defines them.

use std::collections::BTreeMap;

use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};
use podfence_agent::config::{SETTINGS, Setting};

/// What the command line says of settings: the values of each flag.
#[derive(Debug, Default)]
pub struct Flags(BTreeMap<&'static str, Vec<String>>);

impl Flags {
    /// The values of a flag; none if it was not given.
    pub fn of(&self, flag: &str) -> Vec<String> {
        self.0.get(flag).cloned().unwrap_or_default()
    }
}

impl FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let values = |setting: &Setting| {
            let given = matches.get_many::<String>(setting.flag);
            given.map(|values| (setting.flag, values.cloned().collect()))
        };
        Ok(Self(SETTINGS.iter().filter_map(values).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.extend(Self::from_arg_matches(matches)?.0);
        Ok(())
    }
}

impl Args for Flags {
    fn augment_args(command: Command) -> Command {
        command.args(SETTINGS.iter().map(argument))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

fn argument(setting: &Setting) -> Arg {
    let action = if setting.many { ArgAction::Append } else { ArgAction::Set };
    Arg::new(setting.flag)
        .long(setting.flag)
        .value_name(setting.value)
        .action(action)
        .allow_hyphen_values(true)
        .help(help(setting))
}

fn help(setting: &Setting) -> String {
    let many = if setting.many { "; may be given several times" } else { "" };
    let otherwise = setting.default.unwrap_or(setting.otherwise);
    format!("{}{many} [default: {otherwise}]", setting.about)
}
