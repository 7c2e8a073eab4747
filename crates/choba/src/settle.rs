//! The commands of settlement: their flags, and what is said of what they did.

use crate::cli::CenterArgs;
use crate::ended;
use crate::serve::{center_settings, say};
use choba::admin;
use choba::programs::{StartFault, center};
use clap::Subcommand;
use clock::Clock;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Subcommand)]
pub(crate) enum SettleCommand {
    /// Close the settlement windows that ended before a day and make the documents of every pay day that is complete;
    /// exit code 2 when a company is left out. A running center does so by itself at night.
    Close {
        #[command(flatten)]
        center: CenterArgs,
        /// Windows that ended before this day, `YYYY-MM-DD`; today at the latest.
        #[arg(long)]
        on: jiff::civil::Date,
        /// Write nothing and tell what would be done.
        #[arg(long)]
        dry_run: bool,
        /// The whole report as JSON.
        #[arg(long)]
        json: bool,
    },
    /// List every settlement window with its cut-off, notice and pay day.
    Calendar {
        /// First date, `YYYY-MM-DD`.
        #[arg(long)]
        from: jiff::civil::Date,
        /// Last date.
        #[arg(long)]
        to: jiff::civil::Date,
        /// The Cabinet Office's file of holidays, instead of the built-in ones.
        #[arg(long)]
        holidays: Option<PathBuf>,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// What sales of a contract cost on a day by its settlement terms, and when they are paid.
    Fee {
        #[command(flatten)]
        center: CenterArgs,
        /// The company's id: a contract is a company and a brand.
        #[arg(long, value_name = "COMPANY")]
        contract: String,
        /// Whole yen of sales; below zero for what was given back.
        #[arg(long, allow_negative_numbers = true)]
        amount: i64,
        /// The brand's word, for example `visa`.
        #[arg(long)]
        brand: String,
        /// The business date, `YYYY-MM-DD`.
        #[arg(long)]
        on: jiff::civil::Date,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Make the bank file (Zengin general transfer) of an approved pay day, exit code 2 when a payout is left out; or
    /// read one back, exit code 2 and its first wrong byte when it is wrong.
    BankFile {
        #[command(flatten)]
        center: CenterArgs,
        /// The pay day, `YYYY-MM-DD`, whose file is made.
        #[arg(long, requires = "out", conflicts_with = "number")]
        pay_date: Option<jiff::civil::Date>,
        /// A file that was made before, for example `20261230-1`: it is written again as it was.
        #[arg(long, requires = "out")]
        number: Option<String>,
        /// Where the file is written; a second file of the day gets `.2` behind it.
        #[arg(long)]
        out: Option<PathBuf>,
        /// The file to read back.
        #[arg(long, conflicts_with_all = ["pay_date", "number"], required_unless_present_any = ["pay_date", "number"])]
        check: Option<PathBuf>,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Take a file of transfers that came back (docs/networks/returned-file.md); the same file again changes nothing.
    ImportReturned {
        #[command(flatten)]
        center: CenterArgs,
        /// The file.
        file: PathBuf,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Take the Cabinet Office's file of national holidays whole, or refuse it with line and reason; tells which planned
    /// pay and notice days move by it. Windows that are cut keep their days.
    ImportHolidays {
        #[command(flatten)]
        center: CenterArgs,
        /// The file, CP932 or UTF-8.
        file: PathBuf,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Take a bank master whole, or refuse it with file, line and reason: the folder of the package zengin-code.
    ImportBanks {
        #[command(flatten)]
        center: CenterArgs,
        /// The folder with `banks.json` and `branches`.
        dir: PathBuf,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Runs one of them; a refusal is a fault with its sentence.
pub(crate) async fn run(command: SettleCommand) -> Result<ExitCode, StartFault> {
    match command {
        SettleCommand::Close { center, on, dry_run, json } => {
            close(&center_settings(center, Clock::real()), on, dry_run, json).await
        }
        SettleCommand::Calendar { from, to, holidays, json } => {
            let rows = admin::calendar(from, to, holidays.as_deref())?;
            say(format_args!("{}", if json { rows.to_string() } else { admin::calendar_text(&rows) }));
            Ok(ExitCode::SUCCESS)
        }
        SettleCommand::Fee { center, contract, amount, brand, on, json } => {
            let told = center_settings(center, Clock::real());
            let found = admin::fee(&told, &contract, amount, &brand, on).await?;
            ended(&found, json, true, "by the terms of this day", "")
        }
        SettleCommand::BankFile { check: Some(check), json, .. } => {
            let told = admin::check_bank_file(&check)?;
            let right = told.get("wrong").is_some_and(serde_json::Value::is_null);
            ended(&told, json, right, "the file is right", "THE FILE IS WRONG")
        }
        SettleCommand::BankFile { center, pay_date, number, out, check: None, json } => {
            let settings = center_settings(center, Clock::real());
            let told = match (pay_date, number, out) {
                (Some(pay_on), _, Some(out)) => admin::bank_file(&settings, pay_on, &out).await?,
                (None, Some(number), Some(out)) => admin::bank_file_again(&settings, &number, &out).await?,
                _ => {
                    return Err(StartFault::new(
                        "--out, and --pay-date or --number, or --check must be given.",
                    ));
                }
            };
            let whole = told.get("left_out").and_then(serde_json::Value::as_array).is_some_and(Vec::is_empty);
            ended(&told, json, whole, "nothing is left out", "PAYOUTS ARE LEFT OUT")
        }
        SettleCommand::ImportReturned { center, file, json } => {
            let told = admin::import_returned(&center_settings(center, Clock::real()), &file).await?;
            ended(&told, json, true, "the file is taken", "")
        }
        SettleCommand::ImportHolidays { center, file, json } => {
            let done = admin::import_holidays(&center_settings(center, Clock::real()), &file).await?;
            ended(&done, json, true, "the holidays are imported", "")
        }
        SettleCommand::ImportBanks { center, dir, json } => {
            let done = admin::import_banks(&center_settings(center, Clock::real()), &dir).await?;
            ended(&done, json, true, "the bank master is in force", "")
        }
    }
}

async fn close(
    settings: &center::Settings,
    on: jiff::civil::Date,
    dry_run: bool,
    json: bool,
) -> Result<ExitCode, StartFault> {
    let report = admin::close(settings, on, dry_run).await?;
    ended(&report.json(), json, !report.is_blocked(), "nothing is left out", "COMPANIES ARE LEFT OUT")
}
