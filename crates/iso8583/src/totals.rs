//! The 0500 family: what two parties count for one day and compare (日計; ISO 8583:1987, 4.1.2.5 and DE 66,
//! 74 to 81, 86 to 89, 97).
//!
//! The acquirer says its totals (0500, or 0520 when it does not wait for a word), the network compares them
//! with its own book and answers in DE 66 whether they agree, with its own figures when they do not.
//!
//! Seen from the shop: a *debit* is a sale, a *credit* is a refund; a reversal of either is counted beside it
//! and not taken off it.

use crate::{Error, Fault, Message};

/// How many, and how much in whole yen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// How many transactions: at most ten digits.
    pub number: u64,
    /// Their sum in whole yen: at most sixteen digits.
    pub yen: u64,
}

/// The totals of one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// DE 74, 86: refunds.
    pub credits: Count,
    /// DE 75, 87: refunds that were undone.
    pub credit_reversals: Count,
    /// DE 76, 88: sales.
    pub debits: Count,
    /// DE 77, 89: sales that were undone.
    pub debit_reversals: Count,
}

/// DE 66: what the network says to the acquirer's totals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// 1: they agree.
    InBalance,
    /// 2: they do not; the answer has the network's own.
    OutOfBalance,
    /// 3: the network cannot say.
    Error,
}

/// Number field, amount field.
const PLACES: [(u8, u8); 4] = [(74, 86), (75, 87), (76, 88), (77, 89)];
/// The most that ten digits say.
const NUMBER_MOST: u64 = 9_999_999_999;
/// The most that sixteen digits say.
const YEN_MOST: u64 = 9_999_999_999_999_999;

impl Totals {
    const fn counts(&self) -> [Count; 4] {
        [self.credits, self.credit_reversals, self.debits, self.debit_reversals]
    }

    /// What the network owes the acquirer, in whole yen: negative when refunds outweigh sales. `None` when the
    /// figures are no sum of money.
    pub fn net_yen(&self) -> Option<i64> {
        let signed = |count: Count| i64::try_from(count.yen).ok();
        let sales = signed(self.debits)?.checked_sub(signed(self.debit_reversals)?)?;
        let refunds = signed(self.credits)?.checked_sub(signed(self.credit_reversals)?)?;
        sales.checked_sub(refunds)
    }
}

impl Message {
    /// Puts totals into DE 74 to 77, 86 to 89 and their net into DE 97 (`D` and the yen that the network owes,
    /// `C` when the acquirer does).
    pub fn set_totals(&mut self, totals: &Totals) -> Result<&mut Self, Error> {
        for ((number_place, yen_place), count) in PLACES.into_iter().zip(totals.counts()) {
            if count.number > NUMBER_MOST {
                return Err(Error::of(number_place, Fault::TooLong { most: 10, got: 11 }));
            }
            if count.yen > YEN_MOST {
                return Err(Error::of(yen_place, Fault::TooLong { most: 16, got: 17 }));
            }
            self.set_number(number_place, count.number)?.set_number(yen_place, count.yen)?;
        }
        let net = totals.net_yen().ok_or(Error::of(97, Fault::WrongStructure))?;
        let sign = if net < 0 { 'C' } else { 'D' };
        self.set(97, &format!("{sign}{:016}", net.unsigned_abs()))
    }

    /// The totals of a message; `WrongStructure` at DE 97 when its net is not theirs.
    pub fn totals(&self) -> Result<Totals, Error> {
        let mut counts = [Count::default(); 4];
        for ((number_place, yen_place), count) in PLACES.into_iter().zip(&mut counts) {
            let read = |place| self.number(place).ok_or(Error::of(place, Fault::Absent));
            *count = Count { number: read(number_place)?, yen: read(yen_place)? };
        }
        let [credits, credit_reversals, debits, debit_reversals] = counts;
        let totals = Totals { credits, credit_reversals, debits, debit_reversals };
        let wrong = Error::of(97, Fault::WrongStructure);
        let net = self.required(97)?;
        let said = net.get(1..).and_then(|digits| digits.parse::<i64>().ok()).ok_or(wrong)?;
        let said = if net.starts_with('C') { said.checked_neg().ok_or(wrong)? } else { said };
        if totals.net_yen() == Some(said) { Ok(totals) } else { Err(wrong) }
    }

    /// Puts the network's word into DE 66.
    pub fn set_settlement(&mut self, settlement: Settlement) -> Result<&mut Self, Error> {
        let code = match settlement {
            Settlement::InBalance => "1",
            Settlement::OutOfBalance => "2",
            Settlement::Error => "3",
        };
        self.set(66, code)
    }

    /// The network's word in DE 66.
    pub fn settlement(&self) -> Result<Settlement, Error> {
        match self.required(66)? {
            "1" => Ok(Settlement::InBalance),
            "2" => Ok(Settlement::OutOfBalance),
            "3" => Ok(Settlement::Error),
            _ => Err(Error::of(66, Fault::WrongStructure)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Mti, Spec};

    fn count(number: u64, yen: u64) -> Count {
        Count { number, yen }
    }

    fn day() -> Totals {
        Totals {
            credits: count(2, 1_380),
            credit_reversals: count(1, 500),
            debits: count(17, 24_000),
            debit_reversals: count(1, 880),
        }
    }

    #[test]
    fn totals_are_read_as_they_were_written_in_every_dialect() {
        for spec in [Spec::BINARY, Spec::HEX, Spec::PACKED] {
            let mut message = Message::new(Mti::RECONCILIATION_REQUEST);
            message.set_totals(&day()).unwrap();
            let read = Message::decode(&spec, &message.encode(&spec).unwrap()).unwrap();
            assert_eq!(read.totals(), Ok(day()), "{}", spec.name);
            assert_eq!(read.text(97), Some("D0000000000022240"));
        }
    }

    #[test]
    fn more_refunds_than_sales_are_a_credit() {
        let totals = Totals { debits: Count::default(), debit_reversals: Count::default(), ..day() };
        let mut message = Message::new(Mti::RECONCILIATION_ADVICE);
        message.set_totals(&totals).unwrap();
        assert_eq!((totals.net_yen(), message.text(97)), (Some(-880), Some("C0000000000000880")));
        assert_eq!(message.totals(), Ok(totals));
    }

    #[test]
    fn a_net_that_is_not_that_of_its_figures_is_refused() {
        let mut message = Message::new(Mti::RECONCILIATION_REQUEST);
        assert_eq!(message.totals(), Err(Error::of(74, Fault::Absent)));
        message.set_totals(&day()).unwrap().set(97, "D0000000000022241").unwrap();
        assert_eq!(message.totals(), Err(Error::of(97, Fault::WrongStructure)));
        let too_much = Totals { debits: count(1, YEN_MOST + 1), ..day() };
        assert_eq!(message.set_totals(&too_much).unwrap_err().field, 88);
    }

    #[test]
    fn the_network_says_whether_it_agrees() {
        let mut answer = Message::new(Mti::parse("0510").unwrap());
        assert_eq!(answer.settlement(), Err(Error::of(66, Fault::Absent)));
        for said in [Settlement::InBalance, Settlement::OutOfBalance, Settlement::Error] {
            answer.set_settlement(said).unwrap();
            assert_eq!(answer.settlement(), Ok(said));
        }
        answer.set(66, "7").unwrap();
        assert_eq!(answer.settlement(), Err(Error::of(66, Fault::WrongStructure)));
    }
}
