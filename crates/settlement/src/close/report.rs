//! What a closing tells: for the board, the log and the command.

use crate::rules::{NoPlace, PayDayState, TooLarge, Window};
use jiff::civil::Date;
use serde_json::{Value, json};
use std::fmt;

/// What a closing did, or would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseReport {
    /// Windows that ended before this day were cut.
    pub on: Date,
    /// The windows that were cut now.
    pub cut: Vec<Window>,
    /// The pay days that were looked at, in order.
    pub pay_days: Vec<PayDayReport>,
}

/// A pay day after a closing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayDayReport {
    /// The day.
    pub pay_on: Date,
    /// Where it stands.
    pub state: PayDayState,
    /// Its documents.
    pub documents: usize,
    /// Those that were made now.
    pub made: usize,
    /// What they pay, whole yen.
    pub paid_yen: i64,
    /// What they carry on, signed whole yen.
    pub carried_yen: i64,
    /// Over the documents' hashes.
    pub hash: [u8; 32],
    /// Companies that are left out.
    pub blocked: Vec<Blocked>,
    /// Payments that are neither taken nor not, and in no figure.
    pub waiting: usize,
    /// Companies that are paid and have no confirmed account.
    pub without_account: Vec<String>,
}

/// A company that cannot be settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocked {
    /// Which.
    pub company: String,
    /// Why.
    pub why: Why,
}

/// Why a company cannot be settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// An item cannot be placed.
    NoPlace(NoPlace),
    /// A sum has too many digits.
    TooLarge,
    /// A row of its payments says what cannot be.
    Row(String),
    /// An earlier pay day is open: the balance goes from one document to the next.
    Earlier,
    /// A later pay day has its document already.
    Later,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPlace(why) => why.fmt(f),
            Self::TooLarge => TooLarge.fmt(f),
            Self::Row(why) => f.write_str(why),
            Self::Earlier => f.write_str("an earlier pay day is open"),
            Self::Later => f.write_str("a later pay day has its document already"),
        }
    }
}

impl From<NoPlace> for Why {
    fn from(why: NoPlace) -> Self {
        Self::NoPlace(why)
    }
}

impl From<TooLarge> for Why {
    fn from(_: TooLarge) -> Self {
        Self::TooLarge
    }
}

impl CloseReport {
    /// Whether something must be done by a person first.
    pub fn is_blocked(&self) -> bool {
        self.pay_days.iter().any(|pay_day| !pay_day.blocked.is_empty())
    }
}

impl CloseReport {
    /// As the command prints it (docs/admin-json.md).
    pub fn json(&self) -> Value {
        let cut = self.cut.iter().map(|window| {
            json!({
                "cycle": window.cycle,
                "first": window.first,
                "last": window.last,
                "pay_on": window.pay,
                "notice_on": window.notice,
            })
        });
        json!({
            "on": self.on,
            "cut": cut.collect::<Vec<_>>(),
            "pay_days": self.pay_days.iter().map(PayDayReport::json).collect::<Vec<_>>(),
        })
    }
}

impl PayDayReport {
    fn json(&self) -> Value {
        let blocked = self.blocked.iter();
        let blocked =
            blocked.map(|blocked| json!({ "company": blocked.company, "why": blocked.why.to_string() }));
        json!({
            "pay_on": self.pay_on,
            "state": self.state.word(),
            "documents": self.documents,
            "made": self.made,
            "paid_yen": self.paid_yen,
            "carried_yen": self.carried_yen,
            "hash": hex::encode(self.hash),
            "waiting": self.waiting,
            "blocked": blocked.collect::<Vec<_>>(),
            "without_account": self.without_account,
        })
    }
}
