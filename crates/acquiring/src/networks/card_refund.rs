//! Giving a card payment back on the wire: 0400 for a void, 0200 with processing code 200000 for a return
//! or refund, and what is said again when nobody answered (docs/networks/card-iso8583.md, 7).

use super::answer_codes::{Verdict, verdict};
use super::card_iso8583::{Answered, Subject, Told, entry_digits};
use codes::{Code, pay};
use iso8583::codes::processing;
use iso8583::private::SecureData;
use iso8583::{Error, Message, Mti};
use payment::{Approval, EntryMode, RefundKind};

/// A refund and the payment that it gives back, as the network's messages name them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GiveBack {
    /// What it is.
    pub kind: RefundKind,
    /// The refund: its amount, trace number and times; DE 37 of a return comes from its id.
    pub refund: Subject,
    /// The payment: DE 37 of a void, DE 90, and DE 48 of a return.
    pub original: Subject,
}

/// The card that was read again, for the first asking only. Lives in memory.
#[derive(Clone)]
pub struct ReadAgain {
    /// DE 22, first two digits.
    pub entry_mode: EntryMode,
    /// A stripe read because the chip failed.
    pub fallback: bool,
    /// DE 63, without a PIN.
    pub secure: SecureData,
}

impl GiveBack {
    /// 0400 or 0200. A return is sent at most once.
    pub fn request(&self, card: Option<&ReadAgain>, at_us: i64) -> Result<Message, Error> {
        let mut message = match self.kind {
            RefundKind::Void => self.void(Mti::REVERSAL_REQUEST, at_us)?,
            RefundKind::Return | RefundKind::Refund => self.negative(at_us)?,
        };
        if let Some(card) = card {
            message.set(22, &entry_digits(card.entry_mode, card.fallback))?.set_secure_data(&card.secure)?;
        }
        Ok(message)
    }

    /// 0401: a void that nobody answered, asked again. The card is not kept, so it is not shown again.
    pub fn again(&self, at_us: i64) -> Result<Message, Error> {
        let asked = Mti::REVERSAL_REQUEST;
        self.void(asked.repeat().unwrap_or(asked), at_us)
    }

    /// A void is a message about the payment, so it carries the payment's DE 37.
    fn void(&self, mti: Mti, at_us: i64) -> Result<Message, Error> {
        let mut message = self.refund.message(mti, self.refund.stan, at_us)?;
        message.set(37, &self.original.id.rrn())?.set(90, &self.original.original())?;
        Ok(message)
    }

    /// A negative deal under a name of its own; DE 48 and DE 90 say of what.
    fn negative(&self, at_us: i64) -> Result<Message, Error> {
        let mut message = self.refund.message(Mti::FINANCIAL_REQUEST, self.refund.stan, at_us)?;
        message
            .set(3, processing::REFUND)?
            .set(48, &self.original.id.rrn())?
            .set(90, &self.original.original())?;
        Ok(message)
    }

    /// 0420 or 0421 of a return that nobody answered: it is undone as a payment is.
    pub fn reversal(&self, told: &Told, at_us: i64) -> Result<Message, Error> {
        let mut message = self.refund.advice(told, at_us)?;
        message.set(3, processing::REFUND)?;
        Ok(message)
    }
}

/// Reads a 0410, or the 0210 of a return.
pub fn read_refund_answer(request: &Message, answer: &Message) -> Answered {
    let code = answer.text(39).unwrap_or_default();
    match verdict(code) {
        // An approval of another amount gives back nothing that we asked for.
        Verdict::Approved if [4, 49].iter().any(|field| answer.bytes(*field) != request.bytes(*field)) => {
            Answered::Unclear(pay::REFUND_UNKNOWN)
        }
        Verdict::Approved => {
            let code = answer.text(38).map(str::trim).filter(|code| !code.is_empty());
            Answered::Approved(Approval { code: code.map(str::to_owned) })
        }
        Verdict::Declined(_) => Answered::Declined(refusal(code)),
        Verdict::Failed(_) => Answered::Failed(pay::REFUND_REFUSED),
        Verdict::Unknown => Answered::Unclear(pay::REFUND_UNKNOWN),
    }
}

/// The table of section 7.
fn refusal(code: &str) -> Code {
    match code {
        "12" => pay::NOT_CANCELLABLE,
        "14" => pay::DIFFERENT_CARD,
        "57" => pay::CANCEL_EXPIRED,
        "61" => pay::ABOVE_REST,
        _ => pay::REFUND_REFUSED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;
    use money::Yen;
    use payment::PaymentId;

    fn subject(number: u8, yen: i64, sent_at_us: i64, stan: u32) -> Subject {
        Subject {
            id: PaymentId::mint(1_795_219_200_000_000, [number; 10]),
            amount: Yen::new(yen).unwrap(),
            sent_at_us,
            stan,
            completion_follows: false,
            terminal: "000000358002".into(),
            merchant_no: "9000009".into(),
        }
    }

    fn give_back(kind: RefundKind) -> GiveBack {
        GiveBack {
            kind,
            refund: subject(7, 880, 1_795_222_800_000_000, 124),
            original: subject(9, 880, 1_795_219_200_000_000, 123),
        }
    }

    #[test]
    fn a_void_names_the_payment_and_a_repeat_differs_only_in_type_and_time() {
        let void = give_back(RefundKind::Void);
        let first = void.request(None, 1_795_222_800_000_000).unwrap();
        expect![[r"
            0400 reversal request
               3 Processing code: 000000
               4 Amount, transaction: 000000000880
               7 Transmission date and time: 1121010000
              11 Systems trace audit number: 000124
              12 Time, local transaction: 100000
              13 Date, local transaction: 1121
              25 Point of service condition code: 00
              37 Retrieval reference number: J289144GJ289
              41 Card acceptor terminal identification: 00358002
              42 Card acceptor identification code: 9000009
              49 Currency code, transaction: 392
              90 Original data elements: 020000012311210000000000000000000000000000"]]
        .assert_eq(&first.describe().to_string());
        let again = void.again(1_795_222_802_000_000).unwrap();
        assert_eq!(again.mti().to_string(), "0401");
        let differs: Vec<u8> =
            first.fields().zip(again.fields()).filter(|(a, b)| a != b).map(|(a, _)| a.0).collect();
        assert_eq!(differs, [7]);
    }

    #[test]
    fn a_return_has_a_name_of_its_own_and_says_of_what_it_is() {
        let message = give_back(RefundKind::Return).request(None, 1_795_222_800_000_000).unwrap();
        assert_eq!((message.mti().to_string().as_str(), message.text(3)), ("0200", Some("200000")));
        assert_eq!(message.text(37), Some(give_back(RefundKind::Return).refund.id.rrn().as_str()));
        assert_eq!(message.text(48), Some("J289144GJ289"));
        assert!(!message.has(63) && message.has(90));
    }

    #[test]
    fn an_answer_that_is_not_understood_is_never_a_refusal() {
        let request = give_back(RefundKind::Void).request(None, 0).unwrap();
        let mut answer = request.answer(iso8583::ECHOED).unwrap();
        for (code, said) in [
            ("00", Answered::Approved(Approval { code: None })),
            ("12", Answered::Declined(pay::NOT_CANCELLABLE)),
            ("61", Answered::Declined(pay::ABOVE_REST)),
            ("25", Answered::Unclear(pay::REFUND_UNKNOWN)),
            ("05", Answered::Declined(pay::REFUND_REFUSED)),
            ("91", Answered::Failed(pay::REFUND_REFUSED)),
            ("99", Answered::Unclear(pay::REFUND_UNKNOWN)),
        ] {
            answer.set(39, code).unwrap();
            answer.remove(38);
            assert_eq!(read_refund_answer(&request, &answer), said, "{code}");
        }
    }
}
