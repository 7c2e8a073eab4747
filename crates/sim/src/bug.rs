//! Planted bugs: one rule of the money path broken at a time, to show that the simulation would notice.
//!
//! They live in the simulation's own shells: no program of the product has them.

/// A rule that is broken on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is described by Bug::words")]
pub enum Bug {
    DropIntent,
    SendBeforeJournal,
    RetryWithNewId,
    TerminalForgetsDoubt,
    TerminalTimeoutIsNo,
    TombstoneMissingAtCenter,
    TombstoneMissingAtNetwork,
    LateApprovalAccepted,
    SplitCommit,
    AnswerBeforeCommit,
    ReversalForgotten,
    TimeoutIsDecline,
    CenterForgetsDoubt,
    VoidTwice,
    VoidKeepsCharge,
    AskBeforeCommit,
    NetworkAnswersBeforeCommit,
    NetworkChargesTwice,
    RegisterPaysAgain,
    SlipBeforeAnswer,
    RefundWithoutCap,
    RefusedRefundForgotten,
    NotThereMeansNo,
    WaitingMeansPaid,
    DoubtShownAsNo,
    ScreenBeforeJournal,
    ScreenStaysInDoubt,
    LineEndMeansNo,
    LineEndForgotten,
    SleepsThroughReturn,
}

impl Bug {
    /// Every one.
    pub const ALL: [Self; 30] = [
        Self::DropIntent,
        Self::SendBeforeJournal,
        Self::RetryWithNewId,
        Self::TerminalForgetsDoubt,
        Self::TerminalTimeoutIsNo,
        Self::TombstoneMissingAtCenter,
        Self::TombstoneMissingAtNetwork,
        Self::LateApprovalAccepted,
        Self::SplitCommit,
        Self::AnswerBeforeCommit,
        Self::ReversalForgotten,
        Self::TimeoutIsDecline,
        Self::CenterForgetsDoubt,
        Self::VoidTwice,
        Self::VoidKeepsCharge,
        Self::AskBeforeCommit,
        Self::NetworkAnswersBeforeCommit,
        Self::NetworkChargesTwice,
        Self::RegisterPaysAgain,
        Self::SlipBeforeAnswer,
        Self::RefundWithoutCap,
        Self::RefusedRefundForgotten,
        Self::NotThereMeansNo,
        Self::WaitingMeansPaid,
        Self::DoubtShownAsNo,
        Self::ScreenBeforeJournal,
        Self::ScreenStaysInDoubt,
        Self::LineEndMeansNo,
        Self::LineEndForgotten,
        Self::SleepsThroughReturn,
    ];

    /// Its name on the command line.
    pub const fn word(self) -> &'static str {
        self.row().0
    }

    /// What it does.
    pub const fn words(self) -> &'static str {
        self.row().1
    }

    /// Reads [`Bug::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|bug| bug.word() == word)
    }

    #[expect(clippy::too_many_lines, reason = "one table, a row a bug")]
    const fn row(self) -> (&'static str, &'static str) {
        match self {
            Self::DropIntent => {
                ("drop-intent", "the terminal answers the register before its intent is journaled")
            }
            Self::SendBeforeJournal => {
                ("send-before-journal", "the terminal asks the center first and journals sent afterwards")
            }
            Self::RetryWithNewId => {
                ("retry-with-new-id", "the terminal repeats an unanswered request under a new id")
            }
            Self::TerminalForgetsDoubt => ("terminal-forgets-doubt", "the terminal settles nothing at start"),
            Self::TerminalTimeoutIsNo => {
                ("terminal-timeout-is-no", "the terminal takes a time-out for a failure")
            }
            Self::TombstoneMissingAtCenter => {
                ("no-tombstone-at-center", "a reversal of an unknown id is acknowledged and not remembered")
            }
            Self::TombstoneMissingAtNetwork => {
                ("no-tombstone-at-network", "a 0420 before its 0200 is acknowledged and not remembered")
            }
            Self::LateApprovalAccepted => {
                ("late-approval", "the center books an approval that comes after the doubt")
            }
            Self::SplitCommit => ("split-commit", "state and ledger are committed apart"),
            Self::AnswerBeforeCommit => {
                ("answer-before-commit", "the center answers the terminal before the outcome is committed")
            }
            Self::ReversalForgotten => ("reversal-forgotten", "a time-out at the center writes no reversal"),
            Self::TimeoutIsDecline => ("timeout-is-decline", "the center takes a time-out for a refusal"),
            Self::CenterForgetsDoubt => {
                ("center-forgets-doubt", "the center looks for nothing open at start")
            }
            Self::VoidTwice => ("void-twice", "a repeated reversal gives the amount back again"),
            Self::VoidKeepsCharge => ("void-not-sent", "a void is booked and never sent to the network"),
            Self::AskBeforeCommit => {
                ("ask-before-commit", "the center asks the network first and commits sent afterwards")
            }
            Self::NetworkAnswersBeforeCommit => {
                ("network-answers-first", "the network answers before its charge is durable")
            }
            Self::NetworkChargesTwice => {
                ("network-charges-twice", "the network takes a repeated 0200 for a new one")
            }
            Self::RegisterPaysAgain => {
                ("register-pays-again", "the register starts a new payment when the answer stays away")
            }
            Self::SlipBeforeAnswer => ("slip-before-answer", "the register writes the slip when it asks"),
            Self::RefundWithoutCap => {
                ("refund-without-cap", "the center forgets what was given back before when it decides")
            }
            Self::RefusedRefundForgotten => {
                ("refused-refund-forgotten", "a refund that the center refuses is not written down")
            }
            Self::NotThereMeansNo => {
                ("not-there-means-no", "a code payment that its brand does not know yet counts as not taken")
            }
            Self::WaitingMeansPaid => {
                ("waiting-means-paid", "a code payment counts as paid before its customer has confirmed")
            }
            Self::DoubtShownAsNo => (
                "doubt-shown-as-no",
                "the screen says of a doubt that no money was taken; the journal is right",
            ),
            Self::ScreenBeforeJournal => {
                ("screen-before-journal", "the screen shows what is not yet in the journal")
            }
            Self::ScreenStaysInDoubt => {
                ("screen-stays-in-doubt", "a doubt that was settled stays on the screen as one")
            }
            Self::LineEndMeansNo => {
                ("line-end-means-no", "what was asked on a line that is given up counts as not sent")
            }
            Self::LineEndForgotten => {
                ("line-end-forgotten", "an advice that was on a line that is given up is not sent again")
            }
            Self::SleepsThroughReturn => (
                "sleeps-through-return",
                "terminal and center wait out time-outs and pauses though the links are back",
            ),
        }
    }
}
