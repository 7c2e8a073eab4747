//! The file that a bank pays from: the general transfer of the Japanese Bankers Association (全銀フォーマット,
//! 総合振込, kind 21), and what goes with it.
//!
//! | module | holds |
//! |---|---|
//! | [`record`] | the field table: name, place, width and form of every field |
//! | [`write()`], [`write_each`], [`write_file`] | transfers to bytes; everything unfit is listed first (X-090) |
//! | [`read()`] | bytes to transfers, or the first wrong byte by record, byte and field (X-091) |
//! | [`mod@kana`] | text to the bank's characters, half width (X-092) |
//! | [`mod@holder`] | the holder of an account, with the form of a company shortened (X-092) |
//! | [`returned`] | transfers that came back (X-093) |
//! | [`master`] | numbers and names of banks and branches |
//! | [`limits`] | how much of anything is taken |
//!
//! Pure bytes and types: no IO, no clock. Nothing that is read makes it panic. A text is checked when it is
//! made, so a record cannot hold a character that banks do not have.
//!
//! ```
//! use zengin::{Account, AccountType, Digits, MonthDay, NewCode, Options, Reference, Transfer, Transfers};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # fn no<const N: usize>(text: &str) -> Result<Digits<N>, &'static str> { Digits::parse(text).ok_or("digits") }
//! let account = |bank, number| -> Result<Account, Box<dyn std::error::Error>> {
//!     Ok(Account {
//!         bank: no(bank)?,
//!         bank_name: zengin::kana::bank_name("ミズホ")?,
//!         branch: no("1")?,
//!         branch_name: zengin::kana::bank_name("トウキヨウ")?,
//!         account_type: AccountType::Ordinary,
//!         number: no(number)?,
//!     })
//! };
//! let transfers = Transfers {
//!     requester: no("1234567890")?,
//!     requester_name: zengin::holder::holder("株式会社チョウバ")?.name,
//!     pay_day: MonthDay::from(jiff::civil::date(2026, 2, 27)),
//!     from: account("0001", "7654321")?,
//!     transfers: vec![Transfer {
//!         to: account("0001", "1234567")?,
//!         payee: zengin::holder::holder("ケイヨウ商店".replace("商店", "ショウテン").as_str())?.name,
//!         amount_yen: 4_416,
//!         new_code: NewCode::Other,
//!         reference: Reference::Codes { first: Some(no("270212122")?), second: Some(no("20260227")?) },
//!     }],
//! };
//! let Ok(bytes) = zengin::write(&transfers, &Options::default()) else { return Err("unfit".into()) };
//! assert_eq!(bytes.len(), 4 * 120);
//! assert_eq!(zengin::read(&bytes)?.groups, [transfers]);
//! # Ok(())
//! # }
//! ```
#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects, clippy::as_conversions))]

mod digits;
pub mod holder;
pub mod kana;
pub mod limits;
pub mod master;
mod read;
pub mod record;
pub mod returned;
mod transfers;
mod write;
mod wrong;

pub use digits::{AccountNo, BankNo, BranchNo, CustomerCode, Digits, RequesterCode};
pub use kana::Kana;
pub use read::read;
pub use transfers::{
    Account, AccountType, EndMark, File, LineEnd, MonthDay, NewCode, Options, Reference, Transfer, Transfers,
};
pub use write::{Unfit, WhyUnfit, write, write_each, write_file};
pub use wrong::{Why, WrongByte};
