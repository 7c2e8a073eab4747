//! What is a difference between the books, and what is proposed about it: pure, a table of rules.
//!
//! Four books say what became of a payment: the terminal's journal (what was shown to people), the center,
//! the network (whether the cardholder was charged), the ledger. Each difference is a kind of its own.

use payment::StateName;

/// A center that has been without the terminal's word for so long asks for a person (reliability, crash table).
pub const ACKNOWLEDGED_WITHIN_US: i64 = 600_000_000;
/// A doubt that is older asks for a person (R4).
pub const DOUBT_MAX_US: i64 = 900_000_000;

/// What is the matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The terminal showed a payment that the center does not have as paid.
    SlipWithoutPayment,
    /// The center took money; the terminal showed that nothing was paid.
    PaymentWithoutSlip,
    /// The center took money ten minutes ago, and the terminal has not said that it knows.
    AcknowledgementMissing,
    /// The network charged; the center has not taken it.
    ChargedNotBooked,
    /// The center took money; the network's file has no charge.
    BookedNotCharged,
    /// Two books have two amounts.
    AmountsDiffer,
    /// The ledger moved another amount than the payment says.
    LedgerDiffers,
    /// In doubt for longer than fifteen minutes.
    DoubtTooOld,
    /// The terminal showed that it was given back; the center does not have it.
    RefundSlipOnly,
    /// The center gave back; the terminal showed that nothing was.
    RefundNotShown,
    /// The network gave back; the center has not.
    RefundedNotBooked,
    /// The center booked it as given back; the network's file does not have it.
    BookedNotRefunded,
    /// Whether it was given back is in doubt for longer than fifteen minutes.
    RefundDoubtTooOld,
    /// A number is missing in a terminal's journal.
    JournalGap,
    /// A terminal's journal goes on in two ways: its data was copied.
    TerminalCopied,
    /// A terminal's journal ends before what the center has seen: an old backup.
    TerminalBehind,
    /// A terminal knows more than the center: the center runs on an old backup.
    CenterBehind,
    /// The network's totals of a day are others than ours.
    TotalsDiffer,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 18] = [
        Self::SlipWithoutPayment,
        Self::PaymentWithoutSlip,
        Self::AcknowledgementMissing,
        Self::ChargedNotBooked,
        Self::BookedNotCharged,
        Self::AmountsDiffer,
        Self::LedgerDiffers,
        Self::DoubtTooOld,
        Self::RefundSlipOnly,
        Self::RefundNotShown,
        Self::RefundedNotBooked,
        Self::BookedNotRefunded,
        Self::RefundDoubtTooOld,
        Self::JournalGap,
        Self::TerminalCopied,
        Self::TerminalBehind,
        Self::CenterBehind,
        Self::TotalsDiffer,
    ];

    /// The stored word, and the key of its texts.
    pub const fn word(self) -> &'static str {
        match self {
            Self::SlipWithoutPayment => "slip_without_payment",
            Self::PaymentWithoutSlip => "payment_without_slip",
            Self::AcknowledgementMissing => "acknowledgement_missing",
            Self::ChargedNotBooked => "charged_not_booked",
            Self::BookedNotCharged => "booked_not_charged",
            Self::AmountsDiffer => "amounts_differ",
            Self::LedgerDiffers => "ledger_differs",
            Self::DoubtTooOld => "doubt_too_old",
            Self::RefundSlipOnly => "refund_slip_only",
            Self::RefundNotShown => "refund_not_shown",
            Self::RefundedNotBooked => "refunded_not_booked",
            Self::BookedNotRefunded => "booked_not_refunded",
            Self::RefundDoubtTooOld => "refund_doubt_too_old",
            Self::JournalGap => "journal_gap",
            Self::TerminalCopied => "terminal_copied",
            Self::TerminalBehind => "terminal_behind",
            Self::CenterBehind => "center_behind",
            Self::TotalsDiffer => "totals_differ",
        }
    }

    /// Reads [`Kind::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// What a person is proposed to do about it. By itself the center only inquires and reverses.
    pub const fn action(self) -> Action {
        match self {
            Self::SlipWithoutPayment | Self::ChargedNotBooked => Action::AskNetwork,
            Self::PaymentWithoutSlip | Self::BookedNotCharged => Action::GiveBackOrAccept,
            Self::AcknowledgementMissing => Action::AskShop,
            Self::AmountsDiffer | Self::LedgerDiffers => Action::CompareBooks,
            Self::TotalsDiffer => Action::ReadFile,
            Self::DoubtTooOld | Self::RefundDoubtTooOld => Action::ReverseAgain,
            Self::RefundSlipOnly
            | Self::RefundNotShown
            | Self::RefundedNotBooked
            | Self::BookedNotRefunded => Action::CheckRefund,
            Self::JournalGap => Action::CheckTerminal,
            Self::TerminalCopied | Self::TerminalBehind | Self::CenterBehind => Action::Readmit,
        }
    }

    /// About a terminal and not about one payment.
    pub const fn is_of_terminal(self) -> bool {
        matches!(self, Self::JournalGap | Self::TerminalCopied | Self::TerminalBehind | Self::CenterBehind)
    }
}

/// What is proposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Ask the network's operator what became of it; a charge that nobody booked is given back there.
    AskNetwork,
    /// Ask the shop: goods handed over, then accept; otherwise give the money back.
    GiveBackOrAccept,
    /// Ask the shop whether the terminal is lost; accept or give back.
    AskShop,
    /// Compare the books side by side.
    CompareBooks,
    /// Have the network's file of the day compared, which says which payment it is; then ask again.
    ReadFile,
    /// Send the reversal again at once; a person who has the network's word may settle it.
    ReverseAgain,
    /// Ask the network's operator and the shop whether the customer has the money; give it back, or accept.
    CheckRefund,
    /// Look at the terminal.
    CheckTerminal,
    /// After a look at both devices or at the backup: let the terminal in again.
    Readmit,
}

impl Action {
    /// The key of its text.
    pub const fn word(self) -> &'static str {
        match self {
            Self::AskNetwork => "ask_network",
            Self::GiveBackOrAccept => "give_back_or_accept",
            Self::AskShop => "ask_shop",
            Self::CompareBooks => "compare_books",
            Self::ReadFile => "read_file",
            Self::ReverseAgain => "reverse_again",
            Self::CheckRefund => "check_refund",
            Self::CheckTerminal => "check_terminal",
            Self::Readmit => "readmit",
        }
    }
}

/// A payment in the terminal's journal or at the center.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Where it stands.
    pub state: StateName,
    /// Whole yen.
    pub yen: i64,
}

/// What the network's book says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtNetwork {
    /// Nobody has looked.
    NotAsked,
    /// Its file is there and does not have the payment.
    Absent,
    /// Charged with this amount.
    Charged(i64),
    /// Known, and nothing is taken.
    NotCharged,
}

/// One payment in every book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Books {
    /// The terminal's word; `None` when it has said nothing.
    pub terminal: Option<Line>,
    /// Whether the terminal is one that sends its journal.
    pub terminal_reports: bool,
    /// The center's; `None` when it never heard of it.
    pub center: Option<Line>,
    /// How long it has stood so at the center, microseconds.
    pub age_us: i64,
    /// The network's.
    pub network: AtNetwork,
    /// What the ledger moved for it, whole yen; `None` when nobody has looked.
    pub ledger_yen: Option<i64>,
}

/// Every difference, in the order of [`Kind::ALL`].
pub fn differences(books: &Books) -> Vec<Kind> {
    let shown_paid = books.terminal.is_some_and(|line| line.state == StateName::Approved);
    let taken = books.center.is_some_and(|line| line.state == StateName::Approved);
    // What moves by itself is no difference yet.
    let settled = books.center.is_none_or(|line| line.state.is_final());
    let yen = books.center.map(|line| line.yen);
    let charged = match books.network {
        AtNetwork::Charged(yen) => Some(yen),
        AtNetwork::NotAsked | AtNetwork::Absent | AtNetwork::NotCharged => None,
    };
    let is = |kind| match kind {
        Kind::SlipWithoutPayment => shown_paid && !taken && settled,
        Kind::PaymentWithoutSlip => {
            taken && books.terminal.is_some_and(|line| line.state.is_final() && !shown_paid)
        }
        Kind::AcknowledgementMissing => {
            taken
                && books.terminal_reports
                && books.age_us >= ACKNOWLEDGED_WITHIN_US
                && books.terminal.is_none_or(|line| !line.state.is_final())
        }
        Kind::ChargedNotBooked => charged.is_some() && !taken && settled,
        Kind::BookedNotCharged => taken && matches!(books.network, AtNetwork::Absent | AtNetwork::NotCharged),
        Kind::AmountsDiffer => {
            let others = [books.terminal.map(|line| line.yen), charged];
            yen.is_some_and(|yen| others.iter().flatten().any(|other| *other != yen))
        }
        Kind::LedgerDiffers => {
            let wanted = if taken { yen.unwrap_or(0) } else { 0 };
            books.ledger_yen.is_some_and(|moved| moved != wanted)
        }
        Kind::DoubtTooOld => {
            books.center.is_some_and(|line| line.state == StateName::InDoubt) && books.age_us >= DOUBT_MAX_US
        }
        // Of refunds.
        Kind::RefundSlipOnly
        | Kind::RefundNotShown
        | Kind::RefundedNotBooked
        | Kind::BookedNotRefunded
        | Kind::RefundDoubtTooOld => false,
        // Found by the chain, not by comparing payments.
        Kind::JournalGap | Kind::TerminalCopied | Kind::TerminalBehind | Kind::CenterBehind => false,
        // Of a day as a whole.
        Kind::TotalsDiffer => false,
    };
    Kind::ALL.into_iter().filter(|kind| is(*kind)).collect()
}

/// One void, return or refund in every book; approved means given back, and so does charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefundBooks {
    /// The terminal's word; `None` when it has said nothing.
    pub terminal: Option<Line>,
    /// The center's; `None` when it never heard of it.
    pub center: Option<Line>,
    /// How long it has stood so at the center, microseconds.
    pub age_us: i64,
    /// The network's: charged = given back with this amount.
    pub network: AtNetwork,
    /// What the ledger moved back, whole yen; `None` when nobody has looked.
    pub ledger_yen: Option<i64>,
}

/// Every difference about a refund, in the order of [`Kind::ALL`].
pub fn refund_differences(books: &RefundBooks) -> Vec<Kind> {
    let shown = books.terminal.is_some_and(|line| line.state == StateName::Approved);
    let returned = books.center.is_some_and(|line| line.state == StateName::Approved);
    let settled = books.center.is_none_or(|line| line.state.is_final());
    let yen = books.center.map(|line| line.yen);
    let there = match books.network {
        AtNetwork::Charged(yen) => Some(yen),
        AtNetwork::NotAsked | AtNetwork::Absent | AtNetwork::NotCharged => None,
    };
    let mut found = Vec::new();
    let others = [books.terminal.map(|line| line.yen), there];
    if yen.is_some_and(|yen| others.iter().flatten().any(|other| *other != yen)) {
        found.push(Kind::AmountsDiffer);
    }
    let wanted = if returned { yen.unwrap_or(0) } else { 0 };
    if books.ledger_yen.is_some_and(|moved| moved != wanted) {
        found.push(Kind::LedgerDiffers);
    }
    if shown && !returned && settled {
        found.push(Kind::RefundSlipOnly);
    }
    if returned && books.terminal.is_some_and(|line| line.state.is_final() && !shown) {
        found.push(Kind::RefundNotShown);
    }
    if there.is_some() && !returned && settled {
        found.push(Kind::RefundedNotBooked);
    }
    if returned && matches!(books.network, AtNetwork::Absent | AtNetwork::NotCharged) {
        found.push(Kind::BookedNotRefunded);
    }
    let doubtful = books.center.is_some_and(|line| line.state == StateName::InDoubt);
    if doubtful && books.age_us >= DOUBT_MAX_US {
        found.push(Kind::RefundDoubtTooOld);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use StateName::{Abandoned, Approved, Declined, InDoubt, Reversed, Sent};

    const MINUTE: i64 = 60_000_000;

    fn books(terminal: Option<StateName>, center: Option<StateName>) -> Books {
        let line = |state| Line { state, yen: 880 };
        Books {
            terminal: terminal.map(line),
            terminal_reports: true,
            center: center.map(line),
            age_us: 0,
            network: AtNetwork::NotAsked,
            ledger_yen: None,
        }
    }

    #[test]
    fn each_disagreement_of_the_books_is_one_difference() {
        use Kind as K;
        let at = |minutes: i64, of: Books| Books { age_us: minutes * MINUTE, ..of };
        let network = |network, of: Books| Books { network, ..of };
        let ledger = |yen, of: Books| Books { ledger_yen: Some(yen), ..of };
        let other = |yen, of: Books| Books { terminal: Some(Line { state: Approved, yen }), ..of };
        let agreed = books(Some(Approved), Some(Approved));
        let table: [(&str, Books, &[Kind]); 22] = [
            ("all agree", network(AtNetwork::Charged(880), ledger(880, agreed)), &[]),
            ("declined everywhere", books(Some(Declined), Some(Declined)), &[]),
            ("abandoned, never asked", books(Some(Abandoned), None), &[]),
            ("slip, center never heard", books(Some(Approved), None), &[K::SlipWithoutPayment]),
            ("slip, center reversed", books(Some(Approved), Some(Reversed)), &[K::SlipWithoutPayment]),
            ("slip, center still asks", books(Some(Approved), Some(InDoubt)), &[]),
            ("paid, shown undone", books(Some(Reversed), Some(Approved)), &[K::PaymentWithoutSlip]),
            ("paid, terminal still asks", books(Some(InDoubt), Some(Approved)), &[]),
            ("the same after 9 minutes", at(9, books(Some(InDoubt), Some(Approved))), &[]),
            (
                "the same after 10 minutes",
                at(10, books(Some(InDoubt), Some(Approved))),
                &[K::AcknowledgementMissing],
            ),
            ("never said", at(10, books(None, Some(Approved))), &[K::AcknowledgementMissing]),
            (
                "a terminal that never reports",
                Books { terminal_reports: false, ..at(10, books(None, Some(Approved))) },
                &[],
            ),
            (
                "charged, never heard",
                network(AtNetwork::Charged(880), books(None, None)),
                &[K::ChargedNotBooked],
            ),
            (
                "charged, declined here",
                network(AtNetwork::Charged(880), books(None, Some(Declined))),
                &[K::ChargedNotBooked],
            ),
            ("charged, being reversed", network(AtNetwork::Charged(880), books(None, Some(InDoubt))), &[]),
            ("booked, not in the file", network(AtNetwork::Absent, agreed), &[K::BookedNotCharged]),
            ("booked, undone there", network(AtNetwork::NotCharged, agreed), &[K::BookedNotCharged]),
            ("other amount charged", network(AtNetwork::Charged(980), agreed), &[K::AmountsDiffer]),
            ("other amount on the slip", other(88, agreed), &[K::AmountsDiffer]),
            ("ledger without it", ledger(0, agreed), &[K::LedgerDiffers]),
            ("ledger too much", ledger(880, books(Some(Declined), Some(Declined))), &[K::LedgerDiffers]),
            ("old doubt", at(15, books(Some(InDoubt), Some(InDoubt))), &[K::DoubtTooOld]),
        ];
        for (what, books, wanted) in table {
            assert_eq!(differences(&books), wanted, "{what}");
        }
        assert_eq!(differences(&at(14, books(Some(Sent), Some(InDoubt)))), []);
    }

    #[test]
    fn each_disagreement_about_a_refund_is_one_difference() {
        use Kind as K;
        let line = |state| Line { state, yen: 880 };
        let of = |terminal: Option<StateName>, center: Option<StateName>, network| RefundBooks {
            terminal: terminal.map(line),
            center: center.map(line),
            age_us: 0,
            network,
            ledger_yen: None,
        };
        let (yes, no, quiet) = (AtNetwork::Charged(880), AtNetwork::NotCharged, AtNetwork::NotAsked);
        let agreed = of(Some(Approved), Some(Approved), yes);
        let table: [(&str, RefundBooks, &[Kind]); 14] = [
            ("all agree", RefundBooks { ledger_yen: Some(880), ..agreed }, &[]),
            ("from the console", of(None, Some(Approved), yes), &[]),
            ("refused everywhere", of(Some(Declined), Some(Declined), no), &[]),
            ("on its way", of(Some(InDoubt), Some(InDoubt), yes), &[]),
            ("slip, center never heard", of(Some(Approved), None, quiet), &[K::RefundSlipOnly]),
            ("slip, center refused", of(Some(Approved), Some(Declined), quiet), &[K::RefundSlipOnly]),
            ("given back, shown undone", of(Some(Reversed), Some(Approved), quiet), &[K::RefundNotShown]),
            ("given back there only", of(None, Some(Declined), yes), &[K::RefundedNotBooked]),
            ("not in the file", of(None, Some(Approved), AtNetwork::Absent), &[K::BookedNotRefunded]),
            ("refused there", of(None, Some(Approved), no), &[K::BookedNotRefunded]),
            (
                "another amount there",
                RefundBooks { network: AtNetwork::Charged(80), ..agreed },
                &[K::AmountsDiffer],
            ),
            ("ledger without it", RefundBooks { ledger_yen: Some(0), ..agreed }, &[K::LedgerDiffers]),
            (
                "ledger too much",
                RefundBooks { ledger_yen: Some(880), ..of(None, Some(Declined), no) },
                &[K::LedgerDiffers],
            ),
            (
                "old doubt",
                RefundBooks { age_us: 15 * MINUTE, ..of(None, Some(InDoubt), quiet) },
                &[K::RefundDoubtTooOld],
            ),
        ];
        for (what, books, wanted) in table {
            assert_eq!(refund_differences(&books), wanted, "{what}");
        }
    }

    #[test]
    fn every_kind_is_read_back_from_its_word() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_word(kind.word()), Some(kind));
        }
    }
}
