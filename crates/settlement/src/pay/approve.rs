//! A second person approves a pay day; an operator holds one company's payout before the export.

use super::{is_person, known, note, pay_day, to_carry};
use crate::Settlement;
use crate::rows::payouts::{self, PayoutKey};
use crate::rows::{batches, checked};
use crate::rules::{PayDayEvent, PayDayState, PayoutEvent};
use center_base::{Refusal, audit};
use codes::settle;
use jiff::civil::Date;

impl Settlement {
    /// A person approves a pay day as it was seen: `seen` is its hash. Refused to the person who closed it.
    pub async fn approve(&self, who: &str, pay_on: Date, seen: [u8; 32]) -> Result<(), Refusal> {
        let who = who.to_owned();
        let approve = move |tx: &mut store::Tx<'_>| {
            if !is_person(&who) {
                return Err(settle::NOT_A_PERSON.into());
            }
            let day = pay_day(tx, pay_on)?;
            if day.state == PayDayState::Closed && day.hash != seen {
                return Err(settle::NOT_AS_SEEN.into());
            }
            if day.closed_by == who {
                return Err(settle::OWN_PAY_DAY.into());
            }
            batches::step(tx, &day, PayDayEvent::Approve, &who)?;
            let about = format!("pay day {pay_on}");
            let detail = serde_json::json!({ "documents": day.documents, "paid_yen": day.paid_yen });
            Ok(audit::record(tx, &audit::Act { who: &who, what: "pay_day_approved", about: &about, detail })?)
        };
        self.base.write(approve).await
    }

    /// Holds a payout before the export: its sum goes to the company's next document.
    pub async fn hold(&self, who: &str, key: PayoutKey, reason: &str) -> Result<(), Refusal> {
        let (who, reason) = (who.to_owned(), checked(reason)?.to_owned());
        let hold = move |tx: &mut store::Tx<'_>| {
            let payout = known(tx, &key)?;
            let day = pay_day(tx, key.pay_on)?;
            if matches!(day.state, PayDayState::Open | PayDayState::Closing) {
                return Err(Refusal::from(settle::WRONG_STEP).detail("the pay day is not closed yet"));
            }
            payouts::step(tx, &payout, PayoutEvent::Hold, &reason, &who)?;
            to_carry(tx, &payout)?;
            note(tx, &who, "payout_held", &payout, &reason)
        };
        self.base.write(hold).await
    }
}
