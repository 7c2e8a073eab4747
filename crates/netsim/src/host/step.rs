//! The network's decision about one message: pure, no clock, no chance, no disk.
//!
//! Numbers of sections are those of docs/networks/card-iso8583.md.

use super::book::{Change, Entry, Kind, Known, PaymentKey, State};
use super::chip;
use super::issuer::{Account, Accounts};
use super::opened::{Opened, Shut};
use super::request::{Advice, Payment, is_chip};
use super::totals;
use crate::cards::Standing;
use crate::cards::issuer::Believed;
use crate::magic::Outcome;
use cardkeys::TdesKey;
use emv::dictionary::tags;
use emv::tlv;
use iso8583::codes::Entry as EntryMode;
use iso8583::private::PaymentClass;
use iso8583::{ECHOED, Message};
use jiff::Timestamp;
use money::Yen;

/// Wrong PINs in a row until a card takes no further one.
pub const PIN_TRIES: u8 = 3;

/// Approved.
pub(super) const APPROVED: &str = "00";
/// Message refused, nothing was done.
pub const REFUSED: &str = "30";
/// This RRN is known.
pub(super) const KNOWN: &str = "94";
/// No standing hold under this RRN.
const NO_HOLD: &str = "25";

/// What the decision rests on beside the message.
#[derive(Clone, Copy, Debug)]
pub struct World<'a> {
    /// The issuers' cards.
    pub accounts: &'a Accounts,
    /// The issuers' key for cryptograms.
    pub issuer_key: &'a TdesKey,
    /// The instant of the decision.
    pub now: Timestamp,
    /// What an amount, a fault or a person at the desk forces.
    pub forced: Option<&'a Forced>,
}

/// An outcome that is forced upon a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Forced {
    /// Refused with this code.
    Code(String),
    /// Approved without an approval code.
    NoApprovalCode,
    /// Of a day's totals: the network's own are others.
    OtherTotals,
}

impl Forced {
    /// What a magic amount forces, apart from what it does to the line.
    pub fn by(outcome: Outcome) -> Option<Self> {
        match outcome {
            Outcome::Refuse(code) => Some(Self::Code(code.to_owned())),
            Outcome::NoApprovalCode => Some(Self::NoApprovalCode),
            Outcome::Line(_) => None,
        }
    }
}

/// What follows from a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    /// The answer, ready to be sent once the changes are durable.
    pub answer: Message,
    /// What the book must say before the answer leaves.
    pub changes: Vec<Change>,
    /// In a few words, for the log and the book.
    pub note: String,
}

/// An answer without consequences.
pub fn plain(message: &Message, code: &str, note: impl Into<String>) -> Option<Done> {
    let mut answer = message.answer(ECHOED)?;
    // DE 90 belongs to the question (section 3).
    answer.remove(90);
    answer.set(39, code).ok()?;
    Some(Done { answer, changes: Vec::new(), note: note.into() })
}

/// 0100 and 0200.
pub fn payment(
    message: &Message,
    asked: &Payment,
    opened: Result<&Opened, Shut>,
    known: &Known,
    world: World<'_>,
) -> Option<Done> {
    if let Some(entry) = &known.entry {
        return again(message, asked, entry);
    }
    let opened = match opened {
        Ok(opened) if opened.lowest > known.counter => opened,
        Ok(_) => return refused(message, asked, "reused key", world),
        Err(shut) => return refused(message, asked, shut.words(), world),
    };
    let mut changes = vec![Change::Counter(opened.reader, opened.highest)];
    let account = world.accounts.of(opened.card.pan());
    let believed = account.and_then(|account| chip::check(world.issuer_key, account, &asked.chip));
    let verdict = match (world.forced, account) {
        (Some(Forced::Code(code)), _) => Verdict { code: code.clone(), note: "forced", pin: None },
        (Some(Forced::NoApprovalCode | Forced::OtherTotals) | None, Some(account)) => {
            judge(asked, opened, account, believed.as_ref(), known.wrong_pins, world.now)
        }
        (Some(Forced::NoApprovalCode | Forced::OtherTotals) | None, None) => {
            Verdict::of("14", "no such card")
        }
    };
    if let (Some(account), Some(wrong)) = (account, verdict.pin) {
        changes.push(Change::WrongPins(account.name.clone(), wrong));
    }
    let mut answer = message.answer(ECHOED)?;
    let approval = approve(&mut answer, asked, &verdict, world)?;
    if let (Some(good), EntryMode::Chip, Ok(code)) =
        (&believed, asked.entry, verdict.code.as_bytes().try_into())
    {
        answer.set_bytes(55, &chip::issuer_answer(good, code)).ok()?;
    }
    changes.push(Change::Enter(Box::new(Entry {
        card: opened.card.pan().masked(),
        state: if verdict.code != APPROVED {
            State::Declined
        } else if asked.hold {
            State::Held
        } else {
            State::Charged
        },
        approval,
        ..entry(asked, &verdict.code, verdict.note, &answer, world.now)?
    })));
    Some(Done { answer, changes, note: verdict.note.to_owned() })
}

/// The same name again (section 5).
fn again(message: &Message, asked: &Payment, entry: &Entry) -> Option<Done> {
    let same = entry.kind == kind(asked) && entry.amount == asked.amount && entry.class == asked.class_text;
    match entry.state {
        State::Tombstone => plain(message, KNOWN, "reversed before it came"),
        State::Reversed => plain(message, KNOWN, "already reversed"),
        State::Voided | State::Refunded => plain(message, KNOWN, "given back, or a return"),
        State::Charged | State::Held | State::Declined if !same => {
            plain(message, KNOWN, "the RRN is taken by another payment")
        }
        State::Charged | State::Held | State::Declined => {
            let answer = Message::decode(&iso8583::Spec::BINARY, &entry.answer).ok()?;
            Some(Done { answer, changes: Vec::new(), note: "the same request again".into() })
        }
    }
}

/// A request that cannot be judged: nothing was done, and the same RRN stays refused.
fn refused(message: &Message, asked: &Payment, note: &str, world: World<'_>) -> Option<Done> {
    let mut done = plain(message, REFUSED, note)?;
    let entry = entry(asked, REFUSED, note, &done.answer, world.now)?;
    done.changes.push(Change::Enter(Box::new(entry)));
    Some(done)
}

const fn kind(asked: &Payment) -> Kind {
    if asked.hold { Kind::Hold } else { Kind::Sale }
}

fn entry(asked: &Payment, code: &str, note: &str, answer: &Message, now: Timestamp) -> Option<Entry> {
    Some(Entry {
        key: asked.key.clone(),
        terminal: asked.terminal.clone(),
        local_on: totals::day_of(&asked.local_on, now),
        kind: kind(asked),
        of: String::new(),
        amount: asked.amount,
        given_back: Yen::ZERO,
        class: asked.class_text.clone(),
        state: State::Declined,
        card: String::new(),
        entry_mode: asked.entry_mode.clone(),
        answer_code: code.to_owned(),
        approval: String::new(),
        note: note.to_owned(),
        first_at: now,
        changed_at: now,
        answer: answer.encode(&iso8583::Spec::BINARY).ok()?,
    })
}

struct Verdict {
    code: String,
    note: &'static str,
    /// The new count of wrong PINs, when a PIN was looked at.
    pin: Option<u8>,
}

impl Verdict {
    fn of(code: &str, note: &'static str) -> Self {
        Self { code: code.to_owned(), note, pin: None }
    }
}

/// What the issuer says to a readable request.
fn judge(
    asked: &Payment,
    opened: &Opened,
    account: &Account,
    chip: Option<&Believed>,
    wrong_pins: u8,
    now: Timestamp,
) -> Verdict {
    if let Some((code, note)) = card_refusal(asked, opened, account, chip, now) {
        return Verdict::of(code, note);
    }
    let pin = pin_verdict(asked, opened, account, wrong_pins);
    if let Some(verdict) = pin.as_ref().filter(|verdict| verdict.code != APPROVED) {
        return Verdict { code: verdict.code.clone(), note: verdict.note, pin: verdict.pin };
    }
    let wrong = pin.and_then(|verdict| verdict.pin);
    let (code, note) = if asked.amount.is_zero() {
        ("13", "no amount")
    } else if asked.amount > account.limit {
        ("51", "over the card's limit")
    } else if !class_is_allowed(asked.class, account, now) {
        ("57", "payment class not allowed for this card")
    } else {
        (APPROVED, "approved")
    };
    Verdict { code: code.to_owned(), note, pin: wrong }
}

/// What speaks against the card itself or against how it was read.
fn card_refusal(
    asked: &Payment,
    opened: &Opened,
    account: &Account,
    chip: Option<&Believed>,
    now: Timestamp,
) -> Option<(&'static str, &'static str)> {
    match account.standing {
        Standing::Lost => return Some(("41", "lost card")),
        Standing::Stolen => return Some(("43", "stolen card")),
        Standing::Refused => return Some(("05", "refused by the issuer")),
        Standing::Good | Standing::PinBlocked => {}
    }
    if opened.card.expiry_yymm() != account.expiry_yymm {
        return Some(("14", "the expiry is not that of the card"));
    }
    if is_over(&account.expiry_yymm, now) {
        return Some(("54", "expired card"));
    }
    if is_chip(asked.entry) {
        let amount = emv::numeric::amount(asked.amount);
        if chip.is_none() || tlv::find_bytes(&asked.chip, tags::AMOUNT) != Some(&amount[..]) {
            return Some(("88", "wrong cryptogram"));
        }
    }
    match asked.entry {
        EntryMode::Chip if !account.chip => Some(("N4", "the card has no chip")),
        EntryMode::ContactlessChip if !account.contactless => Some(("N7", "the card cannot be tapped")),
        // ISO 7813: a chip card is swiped only after its chip could not be read.
        EntryMode::WholeStripe | EntryMode::Stripe if account.chip => Some(("62", "use the chip")),
        EntryMode::Typed | EntryMode::Unknown | EntryMode::ContactlessStripe => {
            Some(("57", "not read by a reader"))
        }
        _ => None,
    }
}

/// A card is good until the end of its month in Tokyo.
fn is_over(expiry_yymm: &str, now: Timestamp) -> bool {
    let today = clock::business_date(now);
    let month = format!("{:02}{:02}", today.year().rem_euclid(100), today.month());
    expiry_yymm < month.as_str()
}

/// What the PIN says; nothing when none was needed and none came.
fn pin_verdict(asked: &Payment, opened: &Opened, account: &Account, wrong_pins: u8) -> Option<Verdict> {
    let Some(entered) = &opened.pin else {
        // EMV Book 4, A4: the chip says that the PIN went online, and none came along.
        let results = tlv::find_bytes(&asked.chip, tags::CVM_RESULTS);
        let claims_pin = results.and_then(<[u8]>::first).is_some_and(|method| method & 0x3F == 0x02);
        return (is_chip(asked.entry) && claims_pin).then(|| Verdict::of("55", "the PIN is missing"));
    };
    if wrong_pins >= PIN_TRIES || account.standing == Standing::PinBlocked {
        return Some(Verdict::of("75", "PIN tries used up"));
    }
    let right = account.pin.as_ref().zip(entered.as_ref().ok()).is_some_and(|(own, typed)| own == typed);
    if right {
        return Some(Verdict { code: APPROVED.into(), note: "right PIN", pin: Some(0) });
    }
    let wrong = wrong_pins.saturating_add(1);
    let (code, note) =
        if wrong >= PIN_TRIES { ("75", "wrong PIN, the last try") } else { ("55", "wrong PIN") };
    Some(Verdict { code: code.into(), note, pin: Some(wrong) })
}

/// A card of one instalment pays at once and in no other way.
fn class_is_allowed(class: PaymentClass, account: &Account, now: Timestamp) -> bool {
    match class {
        PaymentClass::LumpSum => true,
        PaymentClass::Instalments(count) => count <= account.instalments_max,
        PaymentClass::Revolving => account.instalments_max > 1,
        PaymentClass::BonusLump => account.instalments_max > 1 && bonus_is_open(now),
    }
}

/// The issuers' own calendar: no bonus lump sums in the month before each bonus.
fn bonus_is_open(now: Timestamp) -> bool {
    let day = clock::business_date(now);
    let day = (day.month(), day.day());
    !((6, 16)..=(7, 15)).contains(&day) && !((11, 16)..=(12, 15)).contains(&day)
}

/// Puts DE 39 and what comes with an approval into the answer; gives the approval code.
fn approve(answer: &mut Message, asked: &Payment, verdict: &Verdict, world: World<'_>) -> Option<String> {
    answer.set(39, &verdict.code).ok()?;
    if verdict.code != APPROVED {
        return Some(String::new());
    }
    set_settlement_date(answer, world.now)?;
    if world.forced == Some(&Forced::NoApprovalCode) {
        return Some(String::new());
    }
    let approval = approval_code(&asked.key);
    answer.set(38, &approval).ok()?;
    Some(approval)
}

pub(super) fn set_settlement_date(answer: &mut Message, now: Timestamp) -> Option<()> {
    let day = clock::business_date(now);
    answer.set(15, &format!("{:02}{:02}", day.month(), day.day())).ok().map(|_| ())
}

/// Six digits that the payment's name decides (FNV-1a), so that a decision needs no chance.
fn approval_code(key: &PaymentKey) -> String {
    let mut hash = 0xCBF2_9CE4_8422_2325_u64;
    for byte in key.to_string().bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
    }
    format!("{:06}", hash.rem_euclid(999_999).saturating_add(1))
}

/// 0220 and 0221 (sections 3 and 6.5).
pub fn completion(message: &Message, advice: &Advice, known: &Known, now: Timestamp) -> Option<Done> {
    let Some(entry) = known.entry.as_ref().filter(|entry| entry.kind == Kind::Hold) else {
        return plain(message, NO_HOLD, "nothing is held under this RRN");
    };
    let note = match entry.state {
        State::Held | State::Charged if entry.amount != advice.amount => {
            return plain(message, REFUSED, "the amount is not the one that is held");
        }
        State::Held => "the hold became a charge",
        State::Charged => "completed before",
        State::Reversed | State::Declined | State::Tombstone | State::Voided | State::Refunded => {
            return plain(message, NO_HOLD, "the hold does not stand");
        }
    };
    let mut done = plain(message, APPROVED, note)?;
    set_settlement_date(&mut done.answer, now)?;
    if entry.state == State::Held {
        done.changes.push(Change::Turn(advice.key.clone(), State::Charged));
    }
    Some(done)
}

/// 0420 and 0421 (section 6).
pub fn reversal(message: &Message, advice: &Advice, known: &Known, now: Timestamp) -> Option<Done> {
    let Some(entry) = &known.entry else {
        let mut done = plain(message, APPROVED, "unknown here: a late original will be refused")?;
        done.changes.push(Change::Enter(Box::new(tombstone(advice, now))));
        return Some(done);
    };
    let is_same = entry.state == State::Tombstone || entry.amount == advice.amount;
    if !is_same {
        return plain(message, REFUSED, "the amount is not that of the original");
    }
    if entry.state == State::Charged && !known.given_back.is_zero() {
        return plain(message, REFUSED, "a part of it was given back");
    }
    let (note, turn) = match entry.state {
        State::Charged => ("the charge was undone", true),
        State::Refunded => ("the return was undone", true),
        State::Voided => ("given back before", false),
        State::Held => ("the hold was given back", true),
        State::Declined => ("nothing to undo: it was refused", false),
        State::Reversed | State::Tombstone => ("reversed before", false),
    };
    let mut done = plain(message, APPROVED, note)?;
    if turn {
        done.changes.push(Change::Turn(advice.key.clone(), State::Reversed));
    }
    Some(done)
}

fn tombstone(advice: &Advice, now: Timestamp) -> Entry {
    Entry {
        key: advice.key.clone(),
        terminal: advice.terminal.clone(),
        local_on: clock::business_date(now).to_string(),
        kind: Kind::Unknown,
        of: String::new(),
        amount: advice.amount,
        given_back: Yen::ZERO,
        class: String::new(),
        state: State::Tombstone,
        card: String::new(),
        entry_mode: String::new(),
        answer_code: String::new(),
        approval: String::new(),
        note: format!("reversed before it came, reason {}", advice.reason),
        first_at: now,
        changed_at: now,
        answer: Vec::new(),
    }
}

/// 0800 (section 1): sign-on, sign-off and echo; keys are not changed over this line.
pub fn management(message: &Message, code: &str) -> Option<Done> {
    match code {
        "001" => plain(message, APPROVED, "signed on"),
        "002" => plain(message, APPROVED, "signed off"),
        "301" => plain(message, APPROVED, "echo"),
        _ => plain(message, "12", "not served here"),
    }
}
