//! What is said next about a day: a pure function of how it stands and what of it is open.

/// How a day stands between center and network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// 0520 is out: the totals as they stood, since something was open.
    Telling,
    /// 0530 came; waits until nothing of the day is open.
    Told,
    /// 0500 is out.
    Asking,
    /// The network's book agrees. Final.
    InBalance,
    /// It does not; a case is open. Final, unless a person asks again.
    OutOfBalance,
}

impl Standing {
    /// Every standing.
    pub const ALL: [Self; 5] = [Self::Telling, Self::Told, Self::Asking, Self::InBalance, Self::OutOfBalance];

    /// The stored word, and the one in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Telling => "telling",
            Self::Told => "told",
            Self::Asking => "asking",
            Self::InBalance => "in_balance",
            Self::OutOfBalance => "out_of_balance",
        }
    }

    /// Whether nothing is said any more. Only a person asks about a difference anew.
    pub const fn is_over(self, by_hand: bool) -> bool {
        match self {
            Self::InBalance => true,
            Self::OutOfBalance => !by_hand,
            Self::Telling | Self::Told | Self::Asking => false,
        }
    }

    /// Reads [`Standing::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|standing| standing.word() == word)
    }
}

/// What is to be done about a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// 0520 with the totals as they stand now.
    Tell,
    /// 0500 with the day's totals.
    Ask,
    /// The same message once more, with the figures of its first sending.
    Again,
    /// Nothing: it is over, or something of the day is still open.
    Wait,
}

/// What is said next. `open`: payments and refunds of the day that may still become money or not; `by_hand`:
/// a person asks, so that a difference is asked about anew.
pub const fn next(standing: Option<Standing>, open: i64, by_hand: bool) -> Next {
    match (standing, open > 0) {
        (None, true) => Next::Tell,
        (None | Some(Standing::Telling | Standing::Told), false) => Next::Ask,
        (Some(Standing::Telling), true) | (Some(Standing::Asking), _) => Next::Again,
        (Some(Standing::OutOfBalance), false) if by_hand => Next::Ask,
        (Some(Standing::Told), true) | (Some(Standing::InBalance | Standing::OutOfBalance), _) => Next::Wait,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_asked_about_only_when_nothing_of_it_is_open() {
        use Standing::{Asking, InBalance, OutOfBalance, Telling, Told};
        for (standing, open, said) in [
            (None, 0, Next::Ask),
            (None, 1, Next::Tell),
            (Some(Telling), 2, Next::Again),
            (Some(Telling), 0, Next::Ask),
            (Some(Told), 1, Next::Wait),
            (Some(Told), 0, Next::Ask),
            (Some(Asking), 0, Next::Again),
            (Some(InBalance), 0, Next::Wait),
            (Some(OutOfBalance), 0, Next::Wait),
        ] {
            assert_eq!(next(standing, open, false), said, "{standing:?} {open}");
        }
    }

    #[test]
    fn only_a_person_asks_again_about_a_difference_and_nobody_about_what_agrees() {
        assert_eq!(next(Some(Standing::OutOfBalance), 0, true), Next::Ask);
        assert_eq!(next(Some(Standing::OutOfBalance), 1, true), Next::Wait);
        assert_eq!(next(Some(Standing::InBalance), 0, true), Next::Wait);
    }
}
