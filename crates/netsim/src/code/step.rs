//! A brand's decision about a payment: pure, no clock, no chance, no disk.
//!
//! Numbers of sections are those of docs/networks/code-http.md.

use super::book::{Change, Charge, Key, Known, Status};
use super::reply::{self, Reply, ResultCode};
use super::rules::{Brand, Does, Rules};
use super::shown;
use crate::magic::CodeOutcome;
use jiff::{SignedDuration, Timestamp};
use money::Yen;

/// How long a customer may take to confirm.
pub const CONFIRM: SignedDuration = SignedDuration::from_mins(5);

/// A payment that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Its name.
    pub key: Key,
    /// Whole yen.
    pub amount: Yen,
    /// What was scanned.
    pub code: String,
    /// SHA-256 of it.
    pub code_hash: Vec<u8>,
    /// The shop's terminal.
    pub terminal: String,
    /// The shop's time, seconds.
    pub requested_at: i64,
}

/// What a decision rests on beside the request and the book.
#[derive(Clone, Copy, Debug)]
pub struct World<'a> {
    /// Brands and wallets.
    pub rules: &'a Rules,
    /// The brand that is asked.
    pub brand: &'a Brand,
    /// The instant of the decision.
    pub now: Timestamp,
    /// Whether magic amounts do what their table says.
    pub magic: bool,
    /// A result that an order of the desk forces upon a new payment.
    pub forced: Option<ResultCode>,
}

impl World<'_> {
    /// What the amount of a payment makes its brand do.
    pub fn magic(&self, amount: Yen) -> Option<CodeOutcome> {
        self.magic.then(|| crate::magic::code_outcome(amount)).flatten()
    }
}

/// What follows from a request.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    /// The answer, sent once the changes are durable.
    pub reply: Reply,
    /// What the book must say before the answer leaves.
    pub changes: Vec<Change>,
}

impl Done {
    /// An answer without consequences.
    pub const fn says(result: ResultCode) -> Self {
        Self { reply: Reply::of(result), changes: Vec::new() }
    }
}

/// `POST /v2/payments`.
pub fn pay(asked: &Asked, known: &Known, world: World<'_>) -> Done {
    if let Some(charge) = &known.charge {
        return again(asked, charge, known);
    }
    if asked.amount.is_zero() {
        return Done::says(reply::INVALID_PARAMS);
    }
    if world.brand.is_in_maintenance(world.now) {
        return Done::says(reply::MAINTENANCE_MODE);
    }
    let magic = world.magic(asked.amount);
    match (world.forced, magic) {
        (Some(result), _) | (None, Some(CodeOutcome::Refuse(result))) => {
            return refuse(asked, "", result, world);
        }
        (None, _) => {}
    }
    let Some(read) = shown::read(world.rules, world.brand, &asked.code, world.now) else {
        return refuse(asked, "", reply::CODE_INVALID, world);
    };
    let wallet = read.wallet;
    let refusal = if read.is_old {
        Some(reply::CODE_EXPIRED)
    } else if known.code_is_used {
        Some(reply::CODE_USED)
    } else if asked.amount > world.brand.limit {
        Some(reply::LIMIT_EXCEEDED)
    } else if asked.amount > wallet.balance {
        Some(reply::NO_SUFFICIENT_FUND)
    } else {
        None
    };
    if let Some(result) = refusal {
        return refuse(asked, &wallet.name, result, world);
    }
    let waits = match (magic, wallet.does) {
        (Some(CodeOutcome::Customer(_) | CodeOutcome::Inquiry(_)), _) => true,
        (_, Does::Pays | Does::ShowsOldCode) => false,
        (_, Does::Confirms | Does::Refuses | Does::NeverAnswers) => true,
    };
    let status = if waits { Status::Created } else { Status::Completed };
    let charge = enter(asked, &wallet.name, status, "", world);
    Done { reply: reply::payment(&charge, &[]), changes: vec![Change::Enter(Box::new(charge))] }
}

/// The same name again (section 4).
fn again(asked: &Asked, charge: &Charge, known: &Known) -> Done {
    if charge.payment_id.is_empty() {
        return Done::says(reply::PAYMENT_CANCELED);
    }
    if charge.amount != asked.amount || charge.code_hash != asked.code_hash {
        return Done::says(reply::DUPLICATE_MERCHANT_PAYMENT_ID);
    }
    match reply::find(&charge.failure) {
        // A refusal is said again as it was said first.
        Some(result) if charge.status == Status::Failed && charge.polls == 0 => Done::says(result),
        _ => Done { reply: reply::payment(charge, &known.refunds), changes: Vec::new() },
    }
}

/// Results after which nothing is remembered: the shop may send the same again.
const NOT_REMEMBERED: [ResultCode; 6] = [
    reply::MAINTENANCE_MODE,
    reply::TERMINAL_SUSPENDED,
    reply::INVALID_PARAMS,
    reply::INVALID_MERCHANT_PAYMENT_ID,
    reply::DUPLICATE_MERCHANT_PAYMENT_ID,
    reply::MERCHANT_NOT_ENROLLED,
];

fn refuse(asked: &Asked, wallet: &str, result: ResultCode, world: World<'_>) -> Done {
    if NOT_REMEMBERED.contains(&result) {
        return Done::says(result);
    }
    let charge = enter(asked, wallet, Status::Failed, result.word, world);
    // PAYMENT_FAILED is no refusal of the request: the payment is there and has failed.
    let reply =
        if result == reply::PAYMENT_FAILED { reply::payment(&charge, &[]) } else { Reply::of(result) };
    Done { reply, changes: vec![Change::Enter(Box::new(charge))] }
}

fn enter(asked: &Asked, wallet: &str, status: Status, failure: &str, world: World<'_>) -> Charge {
    Charge {
        key: asked.key.clone(),
        payment_id: payment_id(&asked.key),
        wallet: wallet.to_owned(),
        code: masked(&asked.code),
        code_hash: asked.code_hash.clone(),
        amount: asked.amount,
        status,
        failure: failure.to_owned(),
        given_back: Yen::ZERO,
        polls: 0,
        terminal: asked.terminal.clone(),
        accepted_at: world.now,
        changed_at: world.now,
        requested_at: asked.requested_at,
    }
}

fn masked(code: &str) -> String {
    let shown = |from: usize| code.get(from..).unwrap_or_default();
    format!("{}…{}", code.get(..4).unwrap_or_default(), shown(code.len().saturating_sub(2)))
}

/// Twenty digits that the payment's name decides (FNV-1a), so that a decision needs no chance.
fn payment_id(key: &Key) -> String {
    let name = format!("{}/{}/{}", key.brand, key.merchant, key.id);
    let hash = name.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
    });
    format!("{hash:020}")
}

/// What a customer does about a payment that waits, after so many questions.
fn customer(charge: &Charge, world: World<'_>) -> Option<(Status, &'static str)> {
    let after = |polls: u32, outcome: (Status, &'static str)| (charge.polls >= polls).then_some(outcome);
    if let Some(CodeOutcome::Customer(outcome)) = world.magic(charge.amount) {
        return outcome.and_then(|status| {
            let failure = if status == Status::Failed { reply::USER_REFUSED.word } else { "" };
            after(2, (status, failure))
        });
    }
    let wallet = world.rules.wallet(&charge.wallet)?;
    match wallet.does {
        Does::Confirms => after(wallet.polls, (Status::Completed, "")),
        Does::Refuses => after(wallet.polls, (Status::Failed, reply::USER_REFUSED.word)),
        Does::Pays | Does::NeverAnswers | Does::ShowsOldCode => None,
    }
}

/// `GET /v2/payments/{id}` and `GET /v2/codes/payments/{id}`. A question counts: after some of them the
/// customer answers.
pub fn inquire(known: &Known, world: World<'_>) -> Done {
    let Some(charge) = known.charge.as_ref().filter(|charge| !charge.payment_id.is_empty()) else {
        return Done::says(reply::PAYMENT_NOT_FOUND);
    };
    if charge.status != Status::Created {
        return Done { reply: reply::payment(charge, &known.refunds), changes: Vec::new() };
    }
    if let Some(CodeOutcome::Inquiry(result)) = world.magic(charge.amount) {
        return Done::says(result);
    }
    let mut asked = Charge { polls: charge.polls.saturating_add(1), ..charge.clone() };
    if world.now.duration_since(charge.accepted_at) > CONFIRM {
        (asked.status, asked.changed_at) = (Status::Expired, world.now);
    } else if let Some((status, failure)) = customer(&asked, world) {
        failure.clone_into(&mut asked.failure);
        (asked.status, asked.changed_at) = (status, world.now);
    }
    Done { reply: reply::payment(&asked, &known.refunds), changes: vec![Change::Turn(Box::new(asked))] }
}

/// The customer presses a button on the phone: confirms, or refuses.
pub fn answer(charge: &Charge, confirms: bool, now: Timestamp) -> Option<Change> {
    let in_time = now.duration_since(charge.accepted_at) <= CONFIRM;
    (charge.status == Status::Created && in_time).then(|| {
        let (status, failure) =
            if confirms { (Status::Completed, "") } else { (Status::Failed, reply::USER_REFUSED.word) };
        let polls = charge.polls.max(1);
        Change::Turn(Box::new(Charge {
            status,
            failure: failure.to_owned(),
            polls,
            changed_at: now,
            ..charge.clone()
        }))
    })
}
