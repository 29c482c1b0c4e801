//! What `check` prints: every setting, where it came from, its default, and how the handler was loaded.

use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory as _};
use serde::Serialize;
use socketserver::{Code, Facts};

use crate::cli::{Cli, Output};

/// The report of one `check`.
#[derive(Serialize)]
pub(crate) struct Report {
    settings: Vec<Setting>,
    handler: Handler,
}

#[derive(Serialize)]
struct Setting {
    name: String,
    value: String,
    source: &'static str,
    default: String,
}

#[derive(Serialize)]
struct Handler {
    allocation: String,
    allocation_why: &'static str,
    memory_reset: String,
    memory_reset_why: &'static str,
    concurrency: bool,
    code: String,
    load_seconds: f64,
}

impl Report {
    /// Reads names, defaults and help from the command line's own definition, so that no setting can be missing here.
    ///
    /// `machine_defaults` are the values of those whose default is not a constant.
    pub(crate) fn new(matches: &ArgMatches, facts: &Facts, machine_defaults: &[(&str, String)]) -> Self {
        let command = Cli::command();
        let check = command.find_subcommand("check");
        let settings = check
            .into_iter()
            .flat_map(clap::Command::get_arguments)
            .filter(|argument| !["help", "version", "output"].contains(&argument.get_id().as_str()))
            .map(|argument| Setting::new(argument, matches, machine_defaults))
            .collect();
        Self {
            settings,
            handler: Handler {
                allocation: facts.allocation.to_string(),
                allocation_why: facts.allocation_why,
                memory_reset: facts.memory_reset.to_string(),
                memory_reset_why: facts.memory_reset_why,
                concurrency: facts.concurrency,
                code: match &facts.code {
                    Code::Cached => "from the cache".to_owned(),
                    Code::Compiled(None) => "compiled".to_owned(),
                    Code::Compiled(Some(why)) => format!("compiled, the entry in the cache being refused: {why}"),
                    Code::NotStored(why) => format!("compiled, and not stored in the cache: {why}"),
                    _ => String::new(),
                },
                load_seconds: facts.duration.as_secs_f64(),
            },
        }
    }

    pub(crate) fn print(&self, form: Output) -> String {
        match form {
            // A report is strings and numbers, which always have a JSON form.
            Output::Json => serde_json::to_string_pretty(self).unwrap_or_default() + "\n",
            Output::Text => self.text(),
        }
    }

    fn text(&self) -> String {
        let mut rows = vec![["setting", "value", "source", "default"].map(str::to_owned)];
        rows.extend(self.settings.iter().map(|setting| {
            [
                setting.name.clone(),
                setting.value.clone(),
                setting.source.to_owned(),
                setting.default.clone(),
            ]
        }));
        let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
        let widths = [0, 1, 2].map(width);
        let mut text = String::new();
        for [name, value, source, default] in &rows {
            let line = format!(
                "{name:0$}  {value:1$}  {source:2$}  {default}",
                widths[0], widths[1], widths[2]
            );
            text += line.trim_end();
            text.push('\n');
        }
        let Handler {
            allocation,
            allocation_why,
            memory_reset,
            memory_reset_why,
            concurrency,
            code,
            load_seconds,
        } = &self.handler;
        let concurrency = if *concurrency { ", with concurrency" } else { "" };
        text += &format!(
            "\nthe handler can be served: {code}, loaded in {load_seconds:.3} s{concurrency}\n\
             instances live in a {allocation}: {allocation_why}\n\
             memory is reset by {memory_reset}: {memory_reset_why}\n"
        );
        text
    }
}

impl Setting {
    fn new(argument: &clap::Arg, matches: &ArgMatches, machine_defaults: &[(&str, String)]) -> Self {
        let id = argument.get_id().as_str();
        let join = |values: Vec<&std::ffi::OsStr>| {
            let values: Vec<_> = values.iter().map(|value| value.to_string_lossy()).collect();
            values.join(" ")
        };
        let is_flag = !argument.get_action().takes_values();
        let value = match matches.get_raw(id) {
            Some(values) => join(values.collect()),
            None => {
                let value = machine_defaults.iter().find(|(name, _)| *name == id);
                value.map_or_else(String::new, |(_, value)| value.clone())
            }
        };
        let source = match matches.value_source(id) {
            Some(ValueSource::CommandLine) => "command line",
            Some(ValueSource::EnvVariable) => "environment",
            _ => "default",
        };
        Self {
            name: id.replace('_', "-"),
            value: if is_flag {
                matches.get_flag(id).to_string()
            } else {
                value
            },
            source,
            default: if is_flag {
                "false".to_owned()
            } else {
                join(argument.get_default_values().iter().map(AsRef::as_ref).collect())
            },
        }
    }
}
