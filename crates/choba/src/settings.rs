//! Settings in their order of strength: flags, then `CHOBA_*` variables, then a TOML file.
//!
//! The file has a table for each program (`[center]`, `[terminal]`, `[networks]`, `[demo]`) whose
//! keys are the flags' names. A key that no flag has is refused, so a misspelt rule is not lost.

use anyhow::{Context, Result, bail};
use clap::parser::ValueSource;
use clap::{ArgMatches, Command, CommandFactory};
use std::ffi::OsString;

/// Parses the arguments with the file's values as defaults, and answers `--show-config`.
pub(crate) fn parse<C: CommandFactory>(args: Vec<OsString>) -> Result<ArgMatches> {
    let mut command = C::command();
    if let Some(path) = config_path(&args) {
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("the settings file {} cannot be read", path.to_string_lossy()))?;
        let file: toml::Table =
            text.parse().with_context(|| format!("{} is not TOML", path.to_string_lossy()))?;
        command = with_defaults(command, &file)?;
    }
    Ok(command.get_matches_from(args))
}

/// `--config FILE` or `CHOBA_CONFIG`.
fn config_path(args: &[OsString]) -> Option<OsString> {
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let text = arg.to_string_lossy();
        if text == "--config" {
            return args.next().cloned();
        }
        if let Some(path) = text.strip_prefix("--config=") {
            return Some(path.into());
        }
    }
    std::env::var_os("CHOBA_CONFIG")
}

fn with_defaults(mut command: Command, file: &toml::Table) -> Result<Command> {
    for (program, table) in file {
        let table = table.as_table().with_context(|| format!("[{program}] is not a table"))?;
        let known =
            command.find_subcommand(program).with_context(|| format!("there is no program [{program}]"))?;
        for key in table.keys() {
            if !known.get_arguments().any(|arg| arg.get_long() == Some(key.as_str())) {
                bail!("[{program}] has no setting {key:?}");
            }
        }
        let table = table.clone();
        command = command.mut_subcommand(program, |sub| {
            sub.mut_args(|arg| match arg.get_long().and_then(|long| table.get(long)) {
                Some(value) => arg.default_values(words(value)),
                None => arg,
            })
        });
    }
    Ok(command)
}

/// A TOML value as the words that a flag would get.
fn words(value: &toml::Value) -> Vec<String> {
    match value {
        toml::Value::String(text) => vec![text.clone()],
        toml::Value::Array(items) => items.iter().flat_map(words).collect(),
        other => vec![other.to_string()],
    }
}

/// The effective settings with where each came from; secrets are not shown.
pub(crate) fn shown(program: &str, matches: &ArgMatches) -> String {
    let mut out = format!("[{program}]\n");
    for id in matches.ids() {
        let name = id.as_str();
        if matches!(name, "show_config" | "config") || name.chars().any(char::is_uppercase) {
            continue;
        }
        let Some(values) = matches.try_get_raw(name).ok().flatten() else { continue };
        let values: Vec<String> = values.map(|value| hidden(name, &value.to_string_lossy())).collect();
        let from = match matches.value_source(name) {
            Some(ValueSource::CommandLine) => "flag",
            Some(ValueSource::EnvVariable) => "variable",
            _ => "file or default",
        };
        out.push_str(&format!("{} = {}  # {from}\n", name.replace('_', "-"), values.join(", ")));
    }
    out
}

/// A value as it may be shown: passwords never, also not inside a URL.
fn hidden(name: &str, value: &str) -> String {
    if name.contains("password") || name.contains("secret") {
        return "(hidden)".to_owned();
    }
    match (value.find("://"), value.rfind('@')) {
        (Some(scheme), Some(at)) if scheme < at => {
            let user = value.get(scheme + 3..at).and_then(|login| login.split(':').next()).unwrap_or("");
            let head = value.get(..scheme + 3).unwrap_or("");
            format!("{head}{user}:(hidden){}", value.get(at..).unwrap_or(""))
        }
        _ => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Cli {
        #[command(subcommand)]
        _program: Program,
    }

    #[derive(clap::Subcommand)]
    enum Program {
        Center {
            #[arg(long, default_value = "127.0.0.1:8700")]
            listen: String,
            #[arg(long, default_value = "sqlite:center.sqlite")]
            database: String,
        },
    }

    fn listen(file: &str, args: &[&str]) -> Result<String> {
        let command = with_defaults(Cli::command(), &file.parse()?)?;
        let matches = command.try_get_matches_from(args)?;
        let (_, sub) = matches.subcommand().context("no program")?;
        Ok(sub.get_one::<String>("listen").context("no value")?.clone())
    }

    #[test]
    fn a_flag_is_stronger_than_the_file_and_the_file_than_the_default() {
        let file = "[center]\nlisten = \"1.1.1.1:1\"";
        assert_eq!(listen("", &["choba", "center"]).unwrap(), "127.0.0.1:8700");
        assert_eq!(listen(file, &["choba", "center"]).unwrap(), "1.1.1.1:1");
        assert_eq!(listen(file, &["choba", "center", "--listen", "2.2.2.2:2"]).unwrap(), "2.2.2.2:2");
    }

    #[test]
    fn a_misspelt_setting_is_refused() {
        assert!(listen("[center]\nlissten = \"1.1.1.1:1\"", &["choba", "center"]).is_err());
        assert!(listen("[centre]\nlisten = \"1.1.1.1:1\"", &["choba", "center"]).is_err());
    }

    #[test]
    fn secrets_are_not_shown() {
        let matches = Cli::command()
            .try_get_matches_from(["choba", "center", "--database", "postgres://me:s3cret@db/x"])
            .unwrap();
        let text = shown("center", matches.subcommand().unwrap().1);
        assert!(text.contains("postgres://me:(hidden)@db/x") && !text.contains("s3cret"), "{text}");
        assert_eq!(hidden("password", "x"), "(hidden)");
    }
}
