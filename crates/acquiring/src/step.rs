//! What happens to a payment at the center: a pure `step` on top of [`payment::next`].
//!
//! No clock, no chance, no IO. The caller stores the standing that comes out in the same commit as
//! what the effects ask for, and only then speaks to the network.

use codes::{Code, pay};
use payment::{Approval, Event, IllegalTransition, Settlement, State, StateName, next};

/// The part of a payment that decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Where it stands.
    pub state: State,
    /// Asked as 0100: a signature or another completion makes the hold a charge.
    pub completion_follows: bool,
    /// What the network has still to acknowledge; an event in the outbox sees to it.
    pub advice: Option<Advice>,
    /// Approved and undone afterwards by a void of its own, because the card did not finish.
    pub voided: bool,
    /// Until when an answer or a completion is waited for (UTC microseconds); then the sweep looks.
    pub due_us: Option<i64>,
    /// How a doubt about it ends.
    pub doubt: Doubt,
}

/// How a doubt ends: each rail has its own way (model.md 3.3; issue item 5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doubt {
    /// It is undone: 0420 until 0430. Card payments, returns and refunds of cards.
    #[default]
    Undo,
    /// The same is asked until it is answered, and the answer counts: the void of a card payment (0401),
    /// the refund of a code payment. To undo what undoes would take money without the customer.
    AskAgain,
    /// The brand is asked how it stands; what it cannot say in time is undone. Code payments.
    InquireThenUndo,
}

/// Something decided that the network must be told until it acknowledges (0220, 0420).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Advice {
    /// 0220: the hold is a charge.
    Completion,
    /// 0420: undo whatever was done; a cancel at a code brand.
    Reversal(Reason),
    /// Asked again until it is answered: 0401, or an inquiry at a code brand.
    Inquiry,
}

/// Why a reversal is sent: DE 39 of the 0420 (docs/networks/card-iso8583.md).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// No answer in time, or the line was cut.
    NoAnswer,
    /// An answer that could not be understood, or a program that stopped in between.
    Unclear,
    /// Given back by the shop, or not completed in time.
    GivenBack,
}

impl Advice {
    /// Every advice.
    pub const ALL: [Self; 5] = [
        Self::Completion,
        Self::Inquiry,
        Self::Reversal(Reason::NoAnswer),
        Self::Reversal(Reason::Unclear),
        Self::Reversal(Reason::GivenBack),
    ];

    /// The stored word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Completion => "completion",
            Self::Inquiry => "inquiry",
            Self::Reversal(Reason::NoAnswer) => "reversal_no_answer",
            Self::Reversal(Reason::Unclear) => "reversal_unclear",
            Self::Reversal(Reason::GivenBack) => "reversal_given_back",
        }
    }

    /// Reads [`Advice::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|advice| advice.word() == word)
    }
}

/// What comes from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// The network said yes.
    Approved(Approval),
    /// The issuer said no.
    Declined(Code),
    /// Nothing was done, for a technical reason, or not one byte was sent.
    Failed(Code),
    /// Time-out, cut line, unknown code: nobody knows.
    Lost(Code),
    /// A program stopped while the request was open, or the request is older than any time-out.
    Orphaned,
    /// The terminal asks to undo it whatever it is.
    ReversalAsked(Code),
    /// The signature or another completion is done.
    Completed,
    /// The shop gives the hold back.
    GivenBack,
    /// The time to complete it is over.
    ReleaseDue,
    /// The network acknowledged the advice (0230, 0430 with 00).
    Acknowledged(Advice),
    /// A person ends a doubt, with reason and evidence.
    Settled(Settlement),
    /// An inquiry found that it was done.
    Found(Approval),
    /// An inquiry found a no.
    FoundRefusal(Code),
    /// An inquiry found that nothing was done and nothing will be.
    FoundNothing(Code),
    /// No inquiry says how it stands, and the time for them is over.
    InquiryOver,
    /// The brand refuses to undo it, and it is paid: the charge stands.
    CannotUndo(Approval),
}

/// What has to be done in the same commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// A pending transfer.
    Hold,
    /// A transfer.
    Post,
    /// The pending transfer becomes value.
    PostHold,
    /// The pending transfer ends without value.
    ReleaseHold,
    /// The whole amount is given back: a void with a transfer of its own.
    GiveBack,
    /// A message for the network in the outbox.
    Advise(Advice),
    /// The answer came too late: it is kept in the timeline and changes nothing.
    NoteLate,
}

/// The times that a policy gives, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// An authorization that is not completed is released after this long.
    pub release_after_us: i64,
}

impl Standing {
    /// What a terminal, a receipt and a console are told: a payment that was voided counts as undone.
    pub fn shown_state(&self) -> StateName {
        if self.voided { StateName::Reversed } else { self.state.name() }
    }

    /// What the center itself makes of a payment that it finds in its table at start-up or in the sweep;
    /// nothing when it was settled since it was found.
    pub fn found_open(&self, now_us: i64) -> Option<Happening> {
        match self.state.name() {
            StateName::Sent => Some(Happening::Orphaned),
            StateName::Authorized if self.due_us.is_some_and(|due_us| due_us <= now_us) => {
                Some(Happening::ReleaseDue)
            }
            _ => None,
        }
    }
}

/// The new standing with what follows from it, or why it cannot be. No change = nothing to store.
pub fn step(
    before: &Standing,
    happening: Happening,
    times: Times,
    now_us: i64,
) -> Result<(Standing, Vec<Effect>), IllegalTransition> {
    use Happening as H;
    if before.state != State::Sent {
        match happening {
            // Final is final, and a doubt ends by its reversal: whatever a late 0210 took is undone by it.
            H::Approved(_) | H::Declined(_) | H::Failed(_) => {
                return Ok((before.clone(), vec![Effect::NoteLate]));
            }
            // Nobody answered a question that is settled already.
            H::Lost(_) => return Ok((before.clone(), vec![])),
            _ => {}
        }
    }
    match happening {
        H::Approved(approval) if before.completion_follows => {
            let held = moved(before, Event::Authorize(approval))?;
            let due_us = Some(now_us.saturating_add(times.release_after_us));
            Ok((Standing { due_us, ..held }, vec![Effect::Hold]))
        }
        H::Approved(approval) => Ok((moved(before, Event::Approve(approval))?, vec![Effect::Post])),
        H::Declined(code) => Ok((moved(before, Event::Decline(code))?, vec![])),
        H::Failed(code) => Ok((moved(before, Event::Fail(code))?, vec![])),
        H::Lost(code) => doubt(before, code),
        H::Orphaned => doubt(before, pay::INTERRUPTED),
        H::ReversalAsked(code) => match before.state {
            // What can be undone at its brand is undone at once: nobody waits for the customer any more.
            State::Sent if before.doubt == Doubt::InquireThenUndo => {
                Ok(undo(moved(before, Event::LoseSight(unknown_code(code)))?, Reason::GivenBack))
            }
            State::Sent => doubt(before, unknown_code(code)),
            State::Authorized(_) => release(before),
            State::Approved(_) if before.voided => Ok((before.clone(), vec![])),
            State::Approved(_) if card_did_not_finish(code) && before.advice.is_none() => Ok(void(before)),
            // Approved is final: the terminal learns that money was taken and adopts it.
            State::Started | State::Approved(_) => Err(refused(before, "reverse")),
            State::Declined(_)
            | State::Failed(_)
            | State::InDoubt(_)
            | State::Reversed
            | State::Released
            | State::Abandoned(_) => Ok((before.clone(), vec![])),
        },
        H::Completed => match before.state {
            State::Approved(_) if before.completion_follows => Ok((before.clone(), vec![])),
            _ => {
                let advice = Advice::Completion;
                let taken = moved(before, Event::Complete)?;
                let open = Standing { advice: Some(advice), ..taken };
                Ok((open, vec![Effect::PostHold, Effect::Advise(advice)]))
            }
        },
        H::GivenBack if before.state == State::Released => Ok((before.clone(), vec![])),
        H::GivenBack | H::ReleaseDue => release(before),
        H::Acknowledged(advice) => acknowledged(before, advice),
        H::Settled(settlement) => settled(before, settlement),
        H::Found(_) | H::FoundRefusal(_) | H::FoundNothing(_) | H::InquiryOver => inquired(before, happening),
        H::CannotUndo(approval) => match (before.doubt, before.advice) {
            (Doubt::InquireThenUndo, Some(Advice::Reversal(_)))
                if matches!(before.state, State::InDoubt(_)) =>
            {
                Ok((moved(before, Event::FindApproval(approval))?, vec![Effect::Post]))
            }
            _ => Ok((before.clone(), vec![])),
        },
    }
}

/// What an inquiry says counts only while the doubt waits for it: once a cancel is under way, only its
/// answer ends the doubt.
fn inquired(before: &Standing, happening: Happening) -> Result<(Standing, Vec<Effect>), IllegalTransition> {
    use Happening as H;
    if !matches!(before.state, State::InDoubt(_)) || before.advice != Some(Advice::Inquiry) {
        return Ok((before.clone(), vec![]));
    }
    match happening {
        H::Found(approval) => Ok((moved(before, Event::FindApproval(approval))?, vec![Effect::Post])),
        H::FoundRefusal(code) => Ok((moved(before, Event::FindRefusal(code))?, vec![])),
        H::FoundNothing(code) => Ok((moved(before, Event::Fail(code))?, vec![])),
        H::InquiryOver if before.doubt == Doubt::InquireThenUndo => Ok(undo(before.clone(), Reason::Unclear)),
        _ => Ok((before.clone(), vec![])),
    }
}

/// In doubt, and being undone.
fn undo(doubtful: Standing, reason: Reason) -> (Standing, Vec<Effect>) {
    let advice = Advice::Reversal(reason);
    (Standing { advice: Some(advice), ..doubtful }, vec![Effect::Advise(advice)])
}

fn refused(before: &Standing, event: &'static str) -> IllegalTransition {
    IllegalTransition { state: before.state.name(), event }
}

/// The state moves; nothing stays open unless the caller says so.
fn moved(before: &Standing, event: Event) -> Result<Standing, IllegalTransition> {
    Ok(Standing { state: next(&before.state, event)?, advice: None, due_us: None, ..before.clone() })
}

fn doubt(before: &Standing, code: Code) -> Result<(Standing, Vec<Effect>), IllegalTransition> {
    let reason = if code == pay::NO_ANSWER { Reason::NoAnswer } else { Reason::Unclear };
    let advice = match before.doubt {
        Doubt::Undo => Advice::Reversal(reason),
        Doubt::AskAgain | Doubt::InquireThenUndo => Advice::Inquiry,
    };
    let lost = moved(before, Event::LoseSight(code))?;
    Ok((Standing { advice: Some(advice), ..lost }, vec![Effect::Advise(advice)]))
}

fn release(before: &Standing) -> Result<(Standing, Vec<Effect>), IllegalTransition> {
    let advice = Advice::Reversal(Reason::GivenBack);
    let released = moved(before, Event::Release)?;
    let open = Standing { advice: Some(advice), ..released };
    Ok((open, vec![Effect::ReleaseHold, Effect::Advise(advice)]))
}

/// What was taken is booked; what was not goes on being reversed until the network says so.
fn settled(before: &Standing, settlement: Settlement) -> Result<(Standing, Vec<Effect>), IllegalTransition> {
    let taken = matches!(settlement, Settlement::Approved(_));
    let after = moved(before, Event::Settle(settlement))?;
    Ok(match (taken, before.completion_follows) {
        (true, true) => (after, vec![Effect::Hold, Effect::PostHold]),
        (true, false) => (after, vec![Effect::Post]),
        (false, _) => {
            let undoing = before.advice.filter(|advice| matches!(advice, Advice::Reversal(_)));
            (Standing { advice: undoing, ..after }, vec![])
        }
    })
}

/// The issuer approved, and then the card refused the answer or was pulled (EMV Book 3, second GENERATE
/// AC): the clerk was shown that nothing was paid, so the charge must not stand.
fn card_did_not_finish(code: Code) -> bool {
    [pay::CRYPTOGRAM_REFUSED, pay::CARD_REMOVED].contains(&code)
}

fn void(before: &Standing) -> (Standing, Vec<Effect>) {
    let advice = Advice::Reversal(Reason::GivenBack);
    let voided = Standing { voided: true, advice: Some(advice), ..before.clone() };
    (voided, vec![Effect::GiveBack, Effect::Advise(advice)])
}

/// An acknowledgement of something that is not open (a second 0430) changes nothing.
fn acknowledged(before: &Standing, advice: Advice) -> Result<(Standing, Vec<Effect>), IllegalTransition> {
    if before.advice != Some(advice) {
        return Ok((before.clone(), vec![]));
    }
    if matches!(before.state, State::InDoubt(_)) {
        return Ok((moved(before, Event::AcknowledgeReversal)?, vec![]));
    }
    Ok((Standing { advice: None, due_us: None, ..before.clone() }, vec![]))
}

/// A doubt is shown with a code that says so; a terminal's own reason may be one that says "nothing taken".
fn unknown_code(code: Code) -> Code {
    if code.row().money == codes::MoneyTaken::Unknown && code.row().family != "center" {
        code
    } else {
        pay::INTERRUPTED
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect_file;

    const NOW: i64 = 1_000;
    const TIMES: Times = Times { release_after_us: 30 };

    fn standings() -> Vec<Standing> {
        let approval = Approval { code: Some("123456".into()) };
        let given_back = Standing {
            state: State::Approved(approval.clone()),
            completion_follows: false,
            advice: Some(Advice::Reversal(Reason::GivenBack)),
            voided: true,
            due_us: None,
            doubt: Doubt::Undo,
        };
        let reversal = Advice::Reversal(Reason::NoAnswer);
        let back = Advice::Reversal(Reason::GivenBack);
        let all = [
            (State::Sent, false, None),
            (State::Sent, true, None),
            (State::Authorized(approval.clone()), true, None),
            (State::Approved(approval.clone()), false, None),
            (State::Approved(approval), true, Some(Advice::Completion)),
            (State::Declined(pay::CARD_REFUSED), false, None),
            (State::Failed(pay::CENTER_BUSY), false, None),
            (State::InDoubt(pay::NO_ANSWER), false, Some(reversal)),
            (State::Reversed, false, None),
            (State::Released, true, Some(back)),
        ];
        all.into_iter()
            .map(|(state, completion_follows, advice)| Standing {
                due_us: matches!(state, State::Sent | State::Authorized(_)).then_some(NOW),
                state,
                completion_follows,
                advice,
                voided: false,
                doubt: Doubt::Undo,
            })
            .chain([given_back])
            .chain(asking([Doubt::AskAgain, Doubt::InquireThenUndo]))
            .collect()
    }

    /// What is asked again: sent, in doubt and waiting for an answer, being undone.
    fn asking(ways: [Doubt; 2]) -> impl Iterator<Item = Standing> {
        ways.into_iter().flat_map(|doubt| {
            let reversal = Some(Advice::Reversal(Reason::Unclear));
            let all = [
                (State::Sent, None),
                (State::InDoubt(pay::NO_ANSWER), Some(Advice::Inquiry)),
                (State::InDoubt(pay::NO_ANSWER), reversal),
            ];
            all.into_iter()
                .filter(move |(_, advice)| doubt == Doubt::InquireThenUndo || *advice != reversal)
                .map(move |(state, advice)| Standing {
                    due_us: (state == State::Sent).then_some(NOW),
                    state,
                    completion_follows: false,
                    advice,
                    voided: false,
                    doubt,
                })
        })
    }

    fn happenings() -> Vec<(&'static str, Happening)> {
        vec![
            ("approved", Happening::Approved(Approval { code: None })),
            ("declined", Happening::Declined(pay::LOST_CARD)),
            ("failed", Happening::Failed(pay::NO_CONNECTION)),
            ("lost", Happening::Lost(pay::NO_ANSWER)),
            ("orphaned", Happening::Orphaned),
            ("reversal asked", Happening::ReversalAsked(pay::INTERRUPTED)),
            ("card refused", Happening::ReversalAsked(pay::CRYPTOGRAM_REFUSED)),
            ("completed", Happening::Completed),
            ("given back", Happening::GivenBack),
            ("release due", Happening::ReleaseDue),
            ("0230", Happening::Acknowledged(Advice::Completion)),
            ("0430 no answer", Happening::Acknowledged(Advice::Reversal(Reason::NoAnswer))),
            ("0430 given back", Happening::Acknowledged(Advice::Reversal(Reason::GivenBack))),
            ("0430 unclear", Happening::Acknowledged(Advice::Reversal(Reason::Unclear))),
            ("found", Happening::Found(Approval { code: None })),
            ("found refused", Happening::FoundRefusal(pay::LOST_CARD)),
            ("found nothing", Happening::FoundNothing(pay::CENTER_BUSY)),
            ("found undone", Happening::Acknowledged(Advice::Inquiry)),
            ("inquiry over", Happening::InquiryOver),
            ("cannot undo", Happening::CannotUndo(Approval { code: None })),
        ]
    }

    fn described(standing: &Standing) -> String {
        let follows = if standing.completion_follows { "+0220" } else { "" };
        let advice = standing.advice.map_or(String::new(), |advice| format!(" [{}]", advice.word()));
        let voided = if standing.voided { "+void" } else { "" };
        let doubt = match standing.doubt {
            Doubt::Undo => "",
            Doubt::AskAgain => "+again",
            Doubt::InquireThenUndo => "+inquire",
        };
        format!("{}{follows}{voided}{doubt}{advice}", standing.state.name().word())
    }

    #[test]
    fn every_happening_in_every_standing_does_what_was_read() {
        let mut text = String::new();
        for before in standings() {
            for (name, happening) in happenings() {
                let after = match step(&before, happening, TIMES, NOW) {
                    Ok((after, effects)) if after == before && effects.is_empty() => "=".to_owned(),
                    Ok((after, effects)) => format!("{} {effects:?}", described(&after)),
                    Err(_) => "refused".to_owned(),
                };
                text.push_str(&format!("{:<34} {name:<16} {after}\n", described(&before)));
            }
        }
        expect_file!["../tests/golden/step.txt"].assert_eq(&text);
    }

    #[test]
    fn a_late_approval_never_resurrects() {
        // reliability rule 3
        for before in standings().into_iter().filter(|s| s.state != State::Sent) {
            let late = step(&before, Happening::Approved(Approval { code: None }), TIMES, NOW).unwrap();
            assert_eq!(late, (before, vec![Effect::NoteLate]));
        }
    }

    #[test]
    fn whatever_is_open_is_waited_for_or_told_until_acknowledged() {
        // R4
        for before in standings() {
            for (_, happening) in happenings() {
                if let Ok((after, _)) = step(&before, happening, TIMES, NOW) {
                    let waits = matches!(after.state.name(), StateName::Sent | StateName::Authorized);
                    assert_eq!(after.due_us.is_some(), waits, "{after:?}");
                    let doubtful = matches!(after.state, State::InDoubt(_));
                    let told = matches!(after.advice, Some(Advice::Reversal(_) | Advice::Inquiry));
                    assert!(!doubtful || told, "{after:?}");
                }
            }
        }
    }

    #[test]
    fn money_is_posted_exactly_when_it_becomes_taken() {
        use codes::MoneyTaken::Yes;
        for before in standings() {
            for (_, happening) in happenings() {
                if let Ok((after, effects)) = step(&before, happening, TIMES, NOW) {
                    let taken = |s: &Standing| s.state.name().money_taken() == Yes;
                    let posts =
                        effects.iter().filter(|e| matches!(e, Effect::Post | Effect::PostHold)).count();
                    assert_eq!(posts, usize::from(taken(&after) && !taken(&before)), "{before:?}");
                }
            }
        }
    }

    #[test]
    fn a_terminals_reason_for_a_reversal_never_turns_a_doubt_into_a_no() {
        let sent = &standings()[0];
        let (after, _) = step(sent, Happening::ReversalAsked(pay::CANCELLED), TIMES, NOW).unwrap();
        assert_eq!(after.state, State::InDoubt(pay::INTERRUPTED));
    }
}
