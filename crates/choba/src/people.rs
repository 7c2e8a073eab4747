//! The commands about people who log in: their flags, and what is said of what they did.

use crate::cli::CenterArgs;
use crate::serve::{center_settings, say};
use choba::admin;
use choba::programs::StartFault;
use clap::Subcommand;
use clock::Clock;
use std::process::ExitCode;

#[derive(Subcommand)]
pub(crate) enum PeopleCommand {
    /// Make the first person who may log in to the console; prints the first password.
    Operator {
        #[command(flatten)]
        center: CenterArgs,
        /// Login id.
        #[arg(long)]
        login: String,
        /// Name.
        #[arg(long)]
        name: String,
    },
    /// Give a person a first password again and print it; a lock ends, and it must be changed at the next login.
    ResetPassword {
        #[command(flatten)]
        center: CenterArgs,
        /// Login id.
        #[arg(long)]
        login: String,
    },
    /// End a lock after too many wrong passwords.
    Unlock {
        #[command(flatten)]
        center: CenterArgs,
        /// Login id.
        #[arg(long)]
        login: String,
    },
}

/// Does it and says what was done.
pub(crate) async fn run(command: PeopleCommand) -> Result<ExitCode, StartFault> {
    match command {
        PeopleCommand::Operator { center, login, name } => {
            let told = center_settings(center, Clock::real());
            let password = admin::first_operator(&told, &login, &name).await?;
            say(format_args!(
                "login     {login}\npassword  {password}   (must be changed at the first login)"
            ));
        }
        PeopleCommand::ResetPassword { center, login } => {
            let password = admin::reset_password(&center_settings(center, Clock::real()), &login).await?;
            say(format_args!(
                "login     {login}\npassword  {password}   (must be changed at the next login)"
            ));
        }
        PeopleCommand::Unlock { center, login } => {
            admin::unlock(&center_settings(center, Clock::real()), &login).await?;
            say(format_args!("{login} may log in again"));
        }
    }
    Ok(ExitCode::SUCCESS)
}
