//! A day's totals on the wire: 0500 asks whether the network agrees, 0520 only says them as they stand
//! (docs/networks/card-iso8583.md, 9). Pure; the pace and the rows are `totals`.

use super::card_iso8583::{YEN, acknowledges, transmission};
use iso8583::totals::{Settlement, Totals};
use iso8583::{Error, Message, Mti};
use jiff::civil::Date;

/// The totals of one day, said or asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Saying {
    /// Which day in Tokyo: DE 15.
    pub on: Date,
    /// The figures.
    pub totals: Totals,
    /// 0520 instead of 0500.
    pub only_said: bool,
    /// DE 11 of the first sending.
    pub stan: u32,
    /// Sent before.
    pub repeated: bool,
}

impl Saying {
    /// 0500 or 0520, on repetition 0501 or 0521: the same trace number, a new transmission time.
    pub fn message(&self, at_us: i64) -> Result<Message, Error> {
        let mti = if self.only_said { Mti::RECONCILIATION_ADVICE } else { Mti::RECONCILIATION_REQUEST };
        let mut message = Message::new(if self.repeated { mti.repeat().unwrap_or(mti) } else { mti });
        message
            .set(7, &transmission(at_us))?
            .set_number(11, u64::from(self.stan))?
            .set(15, &self.on.strftime("%m%d").to_string())?
            .set(50, YEN)?
            .set_totals(&self.totals)?;
        Ok(message)
    }
}

/// What the network says to a day's totals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// They are its own.
    InBalance,
    /// They are not; its own figures, where it told them.
    OutOfBalance(Option<Totals>),
    /// A 0520 was taken.
    Taken,
    /// Nothing that answers the question: asked again.
    Nothing,
}

/// Reads a 0510 or 0530.
pub fn read_word(request: &Message, answer: &Message) -> Word {
    if !acknowledges(answer) || answer.text(15) != request.text(15) {
        return Word::Nothing;
    }
    if request.mti().is_advice() {
        return Word::Taken;
    }
    let theirs = answer.totals().ok();
    match answer.settlement() {
        // Other figures than ours are a difference whatever DE 66 says.
        Ok(Settlement::InBalance) if theirs.is_some_and(|theirs| request.totals() != Ok(theirs)) => {
            Word::OutOfBalance(theirs)
        }
        Ok(Settlement::InBalance) => Word::InBalance,
        Ok(Settlement::OutOfBalance) => Word::OutOfBalance(theirs),
        Ok(Settlement::Error) | Err(_) => Word::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;
    use iso8583::ECHOED;
    use iso8583::totals::Count;

    fn saying() -> Saying {
        let totals = Totals {
            credits: Count { number: 1, yen: 80 },
            debits: Count { number: 2, yen: 1_880 },
            debit_reversals: Count { number: 1, yen: 1_000 },
            ..Totals::default()
        };
        let on = "2026-11-21".parse().unwrap();
        Saying { on, totals, only_said: false, stan: 124, repeated: false }
    }

    #[test]
    fn a_days_totals_name_the_day_and_a_repeat_differs_only_in_type_and_time() {
        let first = saying().message(1_795_273_200_000_000).unwrap();
        expect![[r"
            0500 reconciliation request
               7 Transmission date and time: 1121150000
              11 Systems trace audit number: 000124
              15 Date, settlement: 1121
              50 Currency code, settlement: 392
              74 Credits, number: 0000000001
              75 Credits, reversal number: 0000000000
              76 Debits, number: 0000000002
              77 Debits, reversal number: 0000000001
              86 Credits, amount: 0000000000000080
              87 Credits, reversal amount: 0000000000000000
              88 Debits, amount: 0000000000001880
              89 Debits, reversal amount: 0000000000001000
              97 Amount, net settlement: D0000000000000800"]]
        .assert_eq(&first.describe().to_string());
        let again = Saying { repeated: true, ..saying() }.message(1_795_273_260_000_000).unwrap();
        assert_eq!(again.mti().to_string(), "0501");
        let differs: Vec<u8> =
            first.fields().zip(again.fields()).filter(|(a, b)| a != b).map(|(a, _)| a.0).collect();
        assert_eq!(differs, [7]);
        let said = Saying { only_said: true, ..saying() };
        assert_eq!(said.message(0).unwrap().mti().to_string(), "0520");
        assert_eq!(Saying { repeated: true, ..said }.message(0).unwrap().mti().to_string(), "0521");
    }

    #[test]
    fn only_a_clear_word_about_this_day_ends_the_question() {
        let request = saying().message(0).unwrap();
        let answer = |code: &str, settlement: &str, day: &str| {
            let mut answer = request.answer(ECHOED).unwrap();
            answer.set(39, code).unwrap().set(15, day).unwrap();
            if !settlement.is_empty() {
                answer.set(66, settlement).unwrap();
            }
            answer
        };
        for (code, settlement, day, word) in [
            ("00", "1", "1121", Word::InBalance),
            ("00", "2", "1121", Word::OutOfBalance(None)),
            ("00", "3", "1121", Word::Nothing),
            ("00", "7", "1121", Word::Nothing),
            ("00", "", "1121", Word::Nothing),
            ("00", "1", "1120", Word::Nothing),
            ("96", "1", "1121", Word::Nothing),
            ("30", "", "1121", Word::Nothing),
        ] {
            assert_eq!(
                read_word(&request, &answer(code, settlement, day)),
                word,
                "{code} {settlement} {day}"
            );
        }
        let others = Totals { credits: Count { number: 1, yen: 81 }, ..saying().totals };
        for settlement in ["1", "2"] {
            let mut theirs = answer("00", settlement, "1121");
            theirs.set_totals(&others).unwrap();
            assert_eq!(read_word(&request, &theirs), Word::OutOfBalance(Some(others)), "{settlement}");
        }
        let said = Saying { only_said: true, ..saying() }.message(0).unwrap();
        let mut taken = said.answer(ECHOED).unwrap();
        taken.set(39, "00").unwrap().set(15, "1121").unwrap();
        assert_eq!(read_word(&said, &taken), Word::Taken);
    }
}
