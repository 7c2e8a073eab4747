//! The network's decision about money that is to be given back: voids and returns. Pure like [`super::step`].
//!
//! Numbers of sections are those of docs/networks/card-iso8583.md.

use super::book::{Change, Entry, Kind, Known, State};
use super::opened::{Opened, Shut};
use super::request::Back;
use super::step::{APPROVED, Done, Forced, KNOWN, REFUSED, plain, set_settlement_date};
use super::totals;
use iso8583::{Message, Spec};
use jiff::Timestamp;
use jiff::civil::Date;
use money::Yen;

/// Days after a payment on which it can still be given back.
pub const RETURN_DAYS: i32 = 180;

/// No charge stands, or no longer in this way.
const NOT_POSSIBLE: &str = "12";
/// Amount not possible.
const BAD_AMOUNT: &str = "13";
/// Not the card that paid.
const OTHER_CARD: &str = "14";
/// Too late.
const TOO_LATE: &str = "57";
/// More than is left.
const TOO_MUCH: &str = "61";

/// DE 63 opened, where the message has one.
pub type Card<'a> = Option<Result<&'a Opened, Shut>>;

type Verdict = (String, &'static str);

fn verdict(code: &str, note: &'static str) -> Verdict {
    (code.to_owned(), note)
}

/// 0400 and 0401: the whole of a payment, on its day.
pub fn void(
    message: &Message,
    asked: &Back,
    card: Card<'_>,
    known: &Known,
    forced: Option<&Forced>,
    now: Timestamp,
) -> Option<Done> {
    let entry = known.entry.as_ref().filter(|entry| entry.kind != Kind::Return);
    // What was carried out is said again, whatever has changed since.
    if entry.is_some_and(|entry| entry.state == State::Voided) {
        return dated(plain(message, APPROVED, "voided before")?, now);
    }
    let changes = match counted(card, known) {
        Ok(changes) => changes,
        Err(note) => return plain(message, REFUSED, note),
    };
    let (code, note) = match (forced, entry) {
        (Some(Forced::Code(code)), _) => (code.clone(), "forced"),
        (Some(Forced::NoApprovalCode | Forced::OtherTotals) | None, Some(entry)) => {
            judge_void(asked, card, entry, known, now)
        }
        (Some(Forced::NoApprovalCode | Forced::OtherTotals) | None, None) => {
            verdict(NOT_POSSIBLE, "no such payment")
        }
    };
    let mut done = plain(message, &code, note)?;
    done.changes = changes;
    if code == APPROVED {
        done.changes.push(Change::Turn(asked.key.clone(), State::Voided));
        return dated(done, now);
    }
    Some(done)
}

fn judge_void(asked: &Back, card: Card<'_>, entry: &Entry, known: &Known, now: Timestamp) -> Verdict {
    if !matches!(entry.state, State::Charged | State::Held) {
        return verdict(NOT_POSSIBLE, "no charge stands");
    }
    if entry.amount != asked.amount {
        return verdict(BAD_AMOUNT, "the amount is not that of the original");
    }
    if !known.given_back.is_zero() {
        return verdict(NOT_POSSIBLE, "a part was given back before");
    }
    if clock::business_date(entry.first_at) != clock::business_date(now) {
        return verdict(NOT_POSSIBLE, "the day is over");
    }
    if !is_same_card(entry, card) {
        return verdict(OTHER_CARD, "not the card that paid");
    }
    verdict(APPROVED, "the charge was given back")
}

/// 0200 with processing code 200000: a payment or a part of it.
pub fn giving_back(
    message: &Message,
    asked: &Back,
    card: Card<'_>,
    known: &Known,
    forced: Option<&Forced>,
    now: Timestamp,
) -> Option<Done> {
    if let Some(entry) = &known.entry {
        return again(message, asked, entry);
    }
    let (mut changes, refused) = match counted(card, known) {
        Ok(changes) => (changes, None),
        Err(note) => (Vec::new(), Some(verdict(REFUSED, note))),
    };
    let (code, note) = match (refused, forced, &known.original) {
        (Some(refused), _, _) => refused,
        (None, Some(Forced::Code(code)), _) => (code.clone(), "forced"),
        (None, _, Some(original)) => judge_return(asked, card, original, known, now),
        (None, _, None) => verdict(NOT_POSSIBLE, "no such payment"),
    };
    let mut done = plain(message, &code, note)?;
    if code == APPROVED {
        done = dated(done, now)?;
    }
    let state = if code == APPROVED { State::Refunded } else { State::Declined };
    let entry = entry(asked, &code, note, state, known, &done.answer, now)?;
    changes.push(Change::Enter(Box::new(entry)));
    done.changes = changes;
    Some(done)
}

fn judge_return(asked: &Back, card: Card<'_>, original: &Entry, known: &Known, now: Timestamp) -> Verdict {
    if original.kind == Kind::Return || original.state != State::Charged {
        return verdict(NOT_POSSIBLE, "no charge stands");
    }
    if asked.amount.is_zero() {
        return verdict(BAD_AMOUNT, "no amount");
    }
    if days_since(clock::business_date(original.first_at), clock::business_date(now)) > RETURN_DAYS {
        return verdict(TOO_LATE, "later than 180 days");
    }
    if !is_same_card(original, card) {
        return verdict(OTHER_CARD, "not the card that paid");
    }
    // The sum is checked here, in the unit of work that writes it: two returns at once cannot both win.
    let fits = known.given_back.plus(asked.amount).is_ok_and(|sum| sum <= original.amount);
    if fits { verdict(APPROVED, "given back") } else { verdict(TOO_MUCH, "more than is left") }
}

/// The same return again (section 7).
fn again(message: &Message, asked: &Back, entry: &Entry) -> Option<Done> {
    let same = entry.kind == Kind::Return && entry.amount == asked.amount && entry.of == asked.original.rrn;
    if same && matches!(entry.state, State::Refunded | State::Declined) {
        let answer = Message::decode(&Spec::BINARY, &entry.answer).ok()?;
        return Some(Done { answer, changes: Vec::new(), note: "the same return again".into() });
    }
    plain(message, KNOWN, if same { "reversed before" } else { "the RRN is taken by another" })
}

/// The key counter that a card brings along, or why its data cannot be used.
fn counted(card: Card<'_>, known: &Known) -> Result<Vec<Change>, &'static str> {
    match card {
        None => Ok(Vec::new()),
        Some(Ok(opened)) if opened.lowest > known.counter => {
            Ok(vec![Change::Counter(opened.reader, opened.highest)])
        }
        Some(Ok(_)) => Err("reused key"),
        Some(Err(shut)) => Err(shut.words()),
    }
}

/// A UnionPay card has to be read again; any card that is read has to be the one that paid (506).
fn is_same_card(entry: &Entry, card: Card<'_>) -> bool {
    match card {
        Some(Ok(opened)) => opened.card.pan().masked() == entry.card,
        Some(Err(_)) => false,
        None => !entry.card.starts_with("62"),
    }
}

fn days_since(from: Date, to: Date) -> i32 {
    from.until(to).map_or(i32::MAX, |span| span.get_days())
}

fn dated(mut done: Done, now: Timestamp) -> Option<Done> {
    set_settlement_date(&mut done.answer, now)?;
    Some(done)
}

fn entry(
    asked: &Back,
    code: &str,
    note: &str,
    state: State,
    known: &Known,
    answer: &Message,
    now: Timestamp,
) -> Option<Entry> {
    Some(Entry {
        key: asked.key.clone(),
        terminal: asked.terminal.clone(),
        local_on: totals::day_of(&asked.local_on, now),
        kind: Kind::Return,
        of: asked.original.rrn.clone(),
        amount: asked.amount,
        given_back: Yen::ZERO,
        class: String::new(),
        state,
        card: known.original.as_ref().map(|original| original.card.clone()).unwrap_or_default(),
        entry_mode: asked.entry_mode.clone(),
        answer_code: code.to_owned(),
        approval: String::new(),
        note: note.to_owned(),
        first_at: now,
        changed_at: now,
        answer: answer.encode(&Spec::BINARY).ok()?,
    })
}
