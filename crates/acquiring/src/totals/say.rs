//! The exchange with the network about a day: written down before it leaves, and what comes of it before
//! anybody is told.

use super::decide::{Next, Standing, next};
use super::rows::{self, Counted, Day, figures};
use super::{LOOK_BACK_DAYS, NETWORK};
use crate::cases::Kind;
use crate::cases::rows::{Finding, case_id, clear, open};
use crate::limits;
use crate::networks::card_totals::{Saying, Word, read_word};
use crate::service::Acquiring;
use center_base::Refusal;
use iso8583::totals::Totals;
use jiff::ToSpan as _;
use jiff::civil::Date;
use serde_json::{Value as Json, json};
use store::{DbError, ReadTx, TenantId, Tx};

/// How a day stands, for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Which day.
    pub on: Date,
    /// Its row; nothing when the network was never told.
    pub day: Option<Day>,
    /// What the center counts now, and what is open.
    pub counted: Counted,
}

impl Report {
    /// As JSON (docs/admin-json.md).
    pub fn json(&self) -> Json {
        json!({
            "network": NETWORK,
            "on": self.on.to_string(),
            "standing": self.day.map_or("not_said", |day| day.standing.word()),
            "tries": self.day.map_or(0, |day| day.tries),
            "open": self.counted.open,
            "ours": figures(&self.day.map_or(self.counted.totals, |day| day.ours)),
            "theirs": self.day.and_then(|day| day.theirs).map(|theirs| figures(&theirs)),
        })
    }
}

/// What a day's case is about.
fn subject(on: Date) -> String {
    format!("{NETWORK}@{on}")
}

fn look(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    on: Date,
    by_hand: bool,
) -> Result<(Option<Day>, Counted, Next), DbError> {
    let text = on.to_string();
    let day = rows::load(tx, tenant, (NETWORK, &text))?;
    // What is over is not counted again.
    let is_over = day.is_some_and(|day| day.standing.is_over(by_hand));
    let counted = if is_over { Counted::default() } else { rows::counted(tx, tenant, &text)? };
    let next = next(day.map(|day| day.standing), counted.open, by_hand);
    Ok((day, counted, next))
}

/// Unit 1: what leaves, committed before it does. Nothing when nothing is to be said, or when somebody else has
/// said something since it was looked at.
fn begin(
    tx: &mut Tx<'_>,
    on: Date,
    (seen, counted, next): (Option<Day>, Counted, Next),
) -> Result<Option<Day>, DbError> {
    let (tenant, text) = (tx.tenant(), on.to_string());
    let key = (NETWORK, text.as_str());
    if rows::load(tx, tenant, key)? != seen {
        return Ok(None);
    }
    match next {
        Next::Tell => rows::first_said(tx, key, Standing::Telling, &counted.totals)?,
        Next::Ask => rows::first_said(tx, key, Standing::Asking, &counted.totals)?,
        Next::Again => rows::said_again(tx, key)?,
        Next::Wait => return Ok(None),
    }
    rows::load(tx, tenant, key)
}

/// Unit 2: the network's word, with the case that it opens or ends.
fn end(tx: &mut Tx<'_>, on: Date, asked: &Day, word: Word) -> Result<(), DbError> {
    let text = on.to_string();
    let (standing, theirs) = match word {
        Word::InBalance => (Standing::InBalance, None),
        Word::OutOfBalance(theirs) => (Standing::OutOfBalance, theirs),
        Word::Taken => (Standing::Told, None),
        Word::Nothing => return Ok(()),
    };
    if !rows::answered(tx, (NETWORK, &text), asked.asked_seq, standing, theirs.as_ref())? {
        return Ok(());
    }
    match standing {
        Standing::InBalance => clear(tx, &case_id(Kind::TotalsDiffer, &subject(on))),
        Standing::OutOfBalance => open(tx, &difference(on, &asked.ours, theirs.as_ref())).map(drop),
        Standing::Telling | Standing::Told | Standing::Asking => Ok(()),
    }
}

fn difference(on: Date, ours: &Totals, theirs: Option<&Totals>) -> Finding {
    let nets = theirs.and_then(Totals::net_yen).zip(ours.net_yen());
    let apart = nets.and_then(|(theirs, ours)| i64::try_from(theirs.abs_diff(ours)).ok());
    let side = |of: &Totals| json!({ "yen": of.net_yen(), "on": on.to_string(), "totals": figures(of) });
    Finding {
        kind: Kind::TotalsDiffer,
        subject: subject(on),
        payment: None,
        place: ("".into(), "".into(), "".into()),
        yen: apart,
        evidence: json!({ "center": side(ours), "network": theirs.map(side) }),
    }
}

impl Acquiring {
    /// Says the totals of every day that is over and not yet answered for, the oldest first; tells of how
    /// many days something was said. A network that does not answer is asked again by the next round.
    pub async fn say_totals(&self) -> Result<usize, Refusal> {
        let (tenant, today) = (self.base.tenant, self.base.clock.today());
        let first = self.base.read(move |tx| Ok(rows::first_day(tx, tenant)?)).await?;
        let Some(first) = first.and_then(|text| text.parse().ok()) else { return Ok(0) };
        let earliest = today.checked_sub(LOOK_BACK_DAYS.days()).unwrap_or(today);
        let mut owed = 0;
        for on in earliest.max(first).series(1.day()).take_while(|on| *on < today) {
            owed += usize::from(self.say_total(on, false).await?);
        }
        Ok(owed)
    }

    /// How a day stands; says first what is to be said about it, and asks anew about a difference. For a
    /// person, so a day that is not over is refused.
    pub async fn totals_by_hand(&self, on: Date) -> Result<Report, Refusal> {
        if on >= self.base.clock.today() {
            return Err(Refusal::bad("the day is not over"));
        }
        self.say_total(on, true).await?;
        let tenant = self.base.tenant;
        let text = on.to_string();
        let (day, counted) = self
            .base
            .read(move |tx| {
                Ok((rows::load(tx, tenant, (NETWORK, &text))?, rows::counted(tx, tenant, &text)?))
            })
            .await?;
        Ok(Report { on, day, counted })
    }

    /// Tells whether there was something to say.
    async fn say_total(&self, on: Date, by_hand: bool) -> Result<bool, Refusal> {
        // A day is counted beside the payments: nobody who pays waits for it.
        let tenant = self.base.tenant;
        let looked = self.base.read_behind(move |tx| Ok(look(tx, tenant, on, by_hand)?)).await?;
        if looked.2 == Next::Wait {
            return Ok(false);
        }
        let begun = self.base.write(move |tx| Ok(begin(tx, on, looked)?)).await?;
        let Some(asked) = begun else { return Ok(true) };
        let saying = Saying {
            on,
            totals: asked.ours,
            only_said: asked.standing == Standing::Telling,
            stan: asked.stan,
            repeated: asked.tries > 1,
        };
        let message = saying
            .message(self.base.clock.now_us())
            .map_err(|error| Refusal::internal(format!("the totals of {on} cannot be written: {error}")))?;
        let word = match self.line.ask(&message, limits::ADVICE_WAIT).await {
            Ok(answer) => read_word(&message, &answer),
            Err(no_answer) => {
                tracing::debug!(%on, %no_answer, "the network did not answer to a day's totals");
                Word::Nothing
            }
        };
        self.base.write(move |tx| Ok(end(tx, on, &asked, word)?)).await?;
        match word {
            Word::InBalance => tracing::info!(%on, "the day's totals are in balance with the card network"),
            Word::OutOfBalance(_) => {
                tracing::warn!(%on, "the day's totals differ from the card network's: a case is open");
            }
            Word::Taken | Word::Nothing => {}
        }
        Ok(true)
    }
}
