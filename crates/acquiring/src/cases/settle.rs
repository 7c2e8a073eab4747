//! A person's word about a case: with a reason and what is in hand, by who may, once, audited. A doubt that
//! is settled so moves as model 3.3 says, with its ledger transfer in the same commit.

use super::differences::Kind;
use super::rows::{self, Case, CaseState};
use crate::path::{self, Told};
use crate::refund;
use crate::row;
use crate::step::{Happening, Times};
use center_base::{Actor, Refusal, Role, Scope, audit, outbox};
use codes::{api, pay};
use payment::{Approval, Settlement, StateName};
use serde_json::json;
use store::Tx;

/// The shortest reason, in characters: one word explains nothing.
pub const REASON_CHARS_MIN: usize = 5;
/// The longest reason or evidence, in characters.
pub const REASON_CHARS_MAX: usize = 500;

/// How a person ends a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It was looked into; the books stay as they are.
    Accepted,
    /// The doubt: money was taken.
    Approved,
    /// The doubt: it was refused.
    Declined,
    /// The doubt: it was undone.
    Reversed,
    /// The doubt about a refund: the money was given back.
    GivenBack,
    /// The doubt about a refund: nothing was given back.
    NotGivenBack,
    /// The terminal may work again.
    LetIn,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 7] = [
        Self::Accepted,
        Self::Approved,
        Self::Declined,
        Self::Reversed,
        Self::GivenBack,
        Self::NotGivenBack,
        Self::LetIn,
    ];

    /// The stored word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Approved => "approved",
            Self::Declined => "declined",
            Self::Reversed => "reversed",
            Self::GivenBack => "given_back",
            Self::NotGivenBack => "not_given_back",
            Self::LetIn => "let_in",
        }
    }

    /// Reads [`Outcome::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.word() == word)
    }

    /// The outcomes that a kind of case can have.
    pub const fn of(kind: Kind) -> &'static [Self] {
        match kind {
            Kind::DoubtTooOld => &[Self::Approved, Self::Declined, Self::Reversed],
            Kind::RefundDoubtTooOld => &[Self::GivenBack, Self::NotGivenBack],
            Kind::TerminalCopied | Kind::TerminalBehind | Kind::CenterBehind => &[Self::LetIn],
            Kind::SlipWithoutPayment
            | Kind::PaymentWithoutSlip
            | Kind::AcknowledgementMissing
            | Kind::ChargedNotBooked
            | Kind::BookedNotCharged
            | Kind::AmountsDiffer
            | Kind::LedgerDiffers
            | Kind::RefundSlipOnly
            | Kind::RefundNotShown
            | Kind::RefundedNotBooked
            | Kind::BookedNotRefunded
            | Kind::JournalGap
            | Kind::TotalsDiffer => &[Self::Accepted],
        }
    }

    fn settlement(self) -> Option<Settlement> {
        match self {
            Self::Approved | Self::GivenBack => Some(Settlement::Approved(Approval { code: None })),
            Self::NotGivenBack => Some(Settlement::Declined(pay::REFUND_REFUSED)),
            Self::Declined => Some(Settlement::Declined(pay::CARD_REFUSED)),
            Self::Reversed => Some(Settlement::Reversed),
            Self::Accepted | Self::LetIn => None,
        }
    }
}

/// Who may say how a case ends. A terminal is let in by the operator alone.
pub fn may_settle(role: Role, kind: Kind) -> bool {
    match role {
        Role::Operator => true,
        Role::CompanyManager => Outcome::of(kind) != [Outcome::LetIn],
        _ => false,
    }
}

/// What a person says.
#[derive(Clone, Debug)]
pub struct Word {
    /// How it ends.
    pub outcome: Outcome,
    /// Why.
    pub reason: String,
    /// What is in hand: a number of the network's call, a slip, a photo.
    pub proof: String,
}

impl Word {
    /// Reads what was typed; nothing when a part is missing or too long.
    pub fn read(outcome: &str, reason: &str, proof: &str) -> Option<Self> {
        let fits = |text: &str| (REASON_CHARS_MIN..=REASON_CHARS_MAX).contains(&text.trim().chars().count());
        let outcome = Outcome::from_word(outcome)?;
        (fits(reason) && proof.trim().chars().count() <= REASON_CHARS_MAX && !proof.trim().is_empty())
            .then(|| Self { outcome, reason: reason.trim().to_owned(), proof: proof.trim().to_owned() })
    }
}

/// Ends a case in one unit of work.
pub fn settle(
    tx: &mut Tx<'_>,
    (actor, scope): (&Actor, &Scope),
    id: &[u8; 16],
    word: &Word,
) -> Result<Case, Refusal> {
    let tenant = tx.tenant();
    let case = rows::case(tx, tenant, scope, id)?.ok_or_else(|| Refusal::from(api::NOT_FOUND))?;
    if !may_settle(actor.role(), case.kind) {
        return Err(api::NOT_ALLOWED.into());
    }
    if case.state != CaseState::Open || !Outcome::of(case.kind).contains(&word.outcome) {
        return Err(api::WRONG_STATE.into());
    }
    let who = actor.label();
    if let Some(settlement) = word.outcome.settlement() {
        match case.kind {
            Kind::RefundDoubtTooOld => refund_doubt(tx, &case, settlement, &who)?,
            _ => doubt(tx, &case, settlement, &who)?,
        }
    }
    if word.outcome == Outcome::LetIn {
        fleet::let_in(tx, &who, &case.terminal, &word.reason)?;
    }
    if !rows::settle(tx, id, word.outcome.word(), &who, (&word.reason, &word.proof))? {
        return Err(api::WRONG_STATE.into());
    }
    let detail = json!({
        "kind": case.kind.word(), "subject": case.subject, "outcome": word.outcome.word(),
        "reason": word.reason, "proof": word.proof,
    });
    audit::record_by(tx, actor, "case_settled", &format!("case {}", hex::encode(id)), detail)?;
    Ok(case)
}

/// The doubt ends by the person's word. What was taken is not reversed any more; what was not taken goes on
/// being reversed until the network says so, which harms nobody.
fn doubt(tx: &mut Tx<'_>, case: &Case, settlement: Settlement, who: &str) -> Result<(), Refusal> {
    let tenant = tx.tenant();
    let id = case.payment.ok_or_else(|| Refusal::from(api::WRONG_STATE))?;
    let before = row::load(tx, tenant, id)?.ok_or_else(|| Refusal::from(api::NOT_FOUND))?;
    if before.standing.state.name() != StateName::InDoubt {
        return Err(api::WRONG_STATE.into());
    }
    let told = Told { who, times: Times { release_after_us: 0 } };
    let applied = path::apply(tx, &before, Happening::Settled(settlement), &told, None)?;
    if let (Some(advice), None) = (before.standing.advice, applied.payment.standing.advice) {
        outbox::take_back(tx, path::ADVICE_TOPIC, &path::advice_key(id, advice))?;
    }
    Ok(())
}

/// The same of a refund: what was given back is booked; what was not goes on being undone where that is how
/// its doubt ends, and is no longer asked about.
fn refund_doubt(tx: &mut Tx<'_>, case: &Case, settlement: Settlement, who: &str) -> Result<(), Refusal> {
    let tenant = tx.tenant();
    let id = case.subject.parse().map_err(|_| Refusal::from(api::WRONG_STATE))?;
    let before = refund::load(tx, tenant, id)?.ok_or_else(|| Refusal::from(api::NOT_FOUND))?;
    if before.standing.state.name() != StateName::InDoubt {
        return Err(api::WRONG_STATE.into());
    }
    let applied = refund::path::apply(tx, id, Happening::Settled(settlement), who, None, None)?;
    if let (Some(advice), None) = (before.standing.advice, applied.refund.standing.advice) {
        outbox::take_back(tx, refund::path::ADVICE_TOPIC, &path::advice_key(id, advice))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_needs_a_reason_and_something_in_hand() {
        assert!(Word::read("accepted", "the shop has the slip", "photo 12").is_some());
        for (outcome, reason, proof) in [
            ("accepted", "ok", "photo"),
            ("accepted", "the shop has the slip", " "),
            ("forgotten", "the shop has the slip", "photo"),
            ("accepted", &"x".repeat(501), "photo"),
        ] {
            assert!(Word::read(outcome, reason, proof).is_none(), "{outcome} {proof}");
        }
    }

    #[test]
    fn only_the_operator_lets_a_terminal_in_and_no_shop_settles() {
        for kind in Kind::ALL {
            assert!(may_settle(Role::Operator, kind));
            assert!(!may_settle(Role::ShopManager, kind) && !may_settle(Role::ShopStaff, kind));
            assert_eq!(may_settle(Role::CompanyManager, kind), Outcome::of(kind) != [Outcome::LetIn]);
        }
    }
}
