//! The card network's messages: written from a payment, read back into a verdict. Pure; the line is
//! `line.rs`, the contract docs/networks/card-iso8583.md.

use super::answer_codes::{Verdict, verdict};
use crate::step::{Advice, Reason};
use clock::tokyo;
use codes::pay;
use iso8583::codes::{Entry, PinEntry, entry_mode, processing};
use iso8583::private::{PaymentClass as WireClass, SecureData};
use iso8583::{Error, Message, Mti};
use jiff::Timestamp;
use money::Yen;
use payment::{Approval, EntryMode, PaymentClass, PaymentId};

/// DE 49: Japanese yen (ISO 4217).
pub(super) const YEN: &str = "392";

/// What every message about a payment says: enough for a reversal years later, and nothing secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The payment; DE 37 comes from it.
    pub id: PaymentId,
    /// DE 4.
    pub amount: Yen,
    /// When the request was committed (UTC microseconds): DE 7, 12, 13 of the request.
    pub sent_at_us: i64,
    /// DE 11 of the request.
    pub stan: u32,
    /// 0100 instead of 0200.
    pub completion_follows: bool,
    /// Twelve-digit terminal id; DE 41 takes the last eight.
    pub terminal: String,
    /// DE 42.
    pub merchant_no: String,
}

/// The card, for a request only. Lives in memory.
pub struct Presented {
    /// DE 22, first two digits.
    pub entry_mode: EntryMode,
    /// A stripe read because the chip failed.
    pub fallback: bool,
    /// DE 23.
    pub pan_seq: Option<String>,
    /// DE 18.
    pub mcc: String,
    /// DE 48.
    pub class: PaymentClass,
    /// DE 55; empty for a stripe.
    pub emv: Vec<u8>,
    /// DE 63.
    pub secure: SecureData,
}

/// Trace numbers run from 1 to 999,999 and begin again.
pub fn stan_of(seq: i64) -> u32 {
    u32::try_from(seq.saturating_sub(1).rem_euclid(999_999).saturating_add(1)).unwrap_or(1)
}

fn instant(at_us: i64) -> Timestamp {
    Timestamp::from_microsecond(at_us).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// DE 7: `MMDDhhmmss`, UTC.
pub(super) fn transmission(at_us: i64) -> String {
    instant(at_us).strftime("%m%d%H%M%S").to_string()
}

impl Subject {
    /// MTI of the request.
    fn request_mti(&self) -> Mti {
        if self.completion_follows { Mti::AUTHORIZATION_REQUEST } else { Mti::FINANCIAL_REQUEST }
    }

    /// The fields that every message of this payment has.
    pub(super) fn message(&self, mti: Mti, stan: u32, at_us: i64) -> Result<Message, Error> {
        let local = instant(self.sent_at_us).to_zoned(tokyo());
        let terminal = self.terminal.get(self.terminal.len().saturating_sub(8)..).unwrap_or_default();
        let mut message = Message::new(mti);
        message
            .set(3, processing::PURCHASE)?
            .set_number(4, u64::try_from(self.amount.get()).unwrap_or(0))?
            .set(7, &transmission(at_us))?
            .set_number(11, u64::from(stan))?
            .set(12, &local.strftime("%H%M%S").to_string())?
            .set(13, &local.strftime("%m%d").to_string())?
            .set(25, "00")?
            .set(37, &self.id.rrn())?
            .set_padded(41, terminal)?
            .set_padded(42, &self.merchant_no)?
            .set(49, YEN)?;
        Ok(message)
    }

    /// DE 90.
    pub(super) fn original(&self) -> String {
        format!("{}{:06}{}{:022}", self.request_mti(), self.stan, transmission(self.sent_at_us), 0)
    }

    /// 0100 or 0200, sent at most once.
    pub fn request(&self, card: &Presented) -> Result<Message, Error> {
        let mut message = self.message(self.request_mti(), self.stan, self.sent_at_us)?;
        message
            .set(18, &card.mcc)?
            .set(22, &entry_digits(card.entry_mode, card.fallback))?
            .set_payment_class(wire_class(card.class))?
            .set_secure_data(&card.secure)?;
        if let Some(number) = &card.pan_seq {
            message.set(23, &format!("{number:0>3}"))?;
        }
        if !card.emv.is_empty() {
            message.set_bytes(55, &card.emv)?;
        }
        Ok(message)
    }

    /// 0220 or 0420, on repetition 0221 or 0421: the same trace number, a new transmission time.
    pub fn advice(&self, advice: &Told, at_us: i64) -> Result<Message, Error> {
        let mti = match advice.what {
            Advice::Completion => Mti::FINANCIAL_ADVICE,
            // What is asked again has a message of its own; an undo is the nearest to it.
            Advice::Reversal(_) | Advice::Inquiry => Mti::REVERSAL_ADVICE,
        };
        let mti = if advice.repeated { mti.repeat().unwrap_or(mti) } else { mti };
        let mut message = self.message(mti, advice.stan, at_us)?;
        message.set(90, &self.original())?;
        match advice.what {
            Advice::Completion => {
                if let Some(code) = advice.approval.as_deref() {
                    message.set_padded(38, code)?;
                }
            }
            Advice::Reversal(reason) => {
                message.set(39, reason_code(reason))?;
            }
            Advice::Inquiry => {
                message.set(39, reason_code(Reason::Unclear))?;
            }
        }
        Ok(message)
    }
}

/// An advice on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Which.
    pub what: Advice,
    /// DE 11 of its first sending.
    pub stan: u32,
    /// Sent before.
    pub repeated: bool,
    /// DE 38 of the 0110, for a completion.
    pub approval: Option<String>,
}

/// DE 22.
pub(super) fn entry_digits(entry: EntryMode, fallback: bool) -> String {
    entry_mode(entry_of(entry, fallback), PinEntry::Can)
}

fn entry_of(entry: EntryMode, fallback: bool) -> Entry {
    match entry {
        EntryMode::ContactIc => Entry::Chip,
        EntryMode::Contactless => Entry::ContactlessChip,
        EntryMode::Magstripe if fallback => Entry::StripeAfterChip,
        EntryMode::Magstripe => Entry::WholeStripe,
    }
}

fn wire_class(class: PaymentClass) -> WireClass {
    match class {
        PaymentClass::Lump => WireClass::LumpSum,
        PaymentClass::Installments(count) => WireClass::Instalments(count),
        PaymentClass::Revolving => WireClass::Revolving,
        PaymentClass::BonusLump => WireClass::BonusLump,
    }
}

/// DE 39 of a 0420.
const fn reason_code(reason: Reason) -> &'static str {
    match reason {
        Reason::NoAnswer => "68",
        Reason::Unclear => "22",
        Reason::GivenBack => "17",
    }
}

/// What a 0110 or 0210 says about its request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    /// Yes.
    Approved(Approval),
    /// The issuer's no.
    Declined(codes::Code),
    /// Nothing was done.
    Failed(codes::Code),
    /// Not understood.
    Unclear(codes::Code),
}

/// Reads the answer to `request`.
pub fn read_answer(request: &Message, answer: &Message) -> Answered {
    match verdict(answer.text(39).unwrap_or_default()) {
        // An approval of another amount approves nothing that we asked for.
        Verdict::Approved if [4, 49].iter().any(|field| answer.bytes(*field) != request.bytes(*field)) => {
            Answered::Unclear(pay::UNCLEAR_ANSWER)
        }
        Verdict::Approved => {
            let code = answer.text(38).map(str::trim).filter(|code| !code.is_empty());
            Answered::Approved(Approval { code: code.map(str::to_owned) })
        }
        Verdict::Declined(code) => Answered::Declined(code),
        Verdict::Failed(code) => Answered::Failed(code),
        Verdict::Unknown => Answered::Unclear(pay::UNCLEAR_ANSWER),
    }
}

/// Whether a 0230 or 0430 acknowledges.
pub fn acknowledges(answer: &Message) -> bool {
    answer.text(39) == Some("00")
}

/// The message as it may rest: without DE 63, whose ciphertexts live in memory only.
pub fn at_rest(message: &Message) -> Message {
    let mut kept = message.clone();
    kept.remove(63);
    kept
}

/// A sign-on (001) or echo (301).
pub fn management(code: &str, stan: u32, at_us: i64) -> Result<Message, Error> {
    let mut message = Message::new(Mti::NETWORK_REQUEST);
    message.set(7, &transmission(at_us))?.set_number(11, u64::from(stan))?.set(70, code)?;
    Ok(message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;
    use iso8583::private::{EncryptedCard, EncryptedPin, KeySerial};

    fn subject() -> Subject {
        Subject {
            id: PaymentId::mint(1_795_219_200_000_000, [9; 10]),
            amount: Yen::new(880).unwrap(),
            sent_at_us: 1_795_219_200_000_000,
            stan: 123,
            completion_follows: false,
            terminal: "000000358002".into(),
            merchant_no: "9000009".into(),
        }
    }

    fn card() -> Presented {
        Presented {
            entry_mode: EntryMode::ContactIc,
            fallback: false,
            pan_seq: Some("01".into()),
            mcc: "5812".into(),
            class: PaymentClass::Installments(3),
            emv: hex::decode("9F360200018407A0000000031010").unwrap(),
            secure: SecureData {
                card: Some(EncryptedCard { ksn: KeySerial::Aes([1; 12]), ciphertext: vec![2; 32] }),
                pin: Some(EncryptedPin::Aes { ksn: [3; 12], block: [4; 16] }),
                ..SecureData::default()
            },
        }
    }

    #[test]
    fn a_request_says_what_the_contract_says_and_shows_no_secret() {
        expect![[r"
            0200 financial request
               3 Processing code: 000000
               4 Amount, transaction: 000000000880
               7 Transmission date and time: 1121000000
              11 Systems trace audit number: 000123
              12 Time, local transaction: 090000
              13 Date, local transaction: 1121
              18 Merchant's type: 5812
              22 Point of service entry mode: 051
              23 Card sequence number: 001
              25 Point of service condition code: 00
              37 Retrieval reference number: J289144GJ289
              41 Card acceptor terminal identification: 00358002
              42 Card acceptor identification code: 9000009
              48 Additional data, private: payment class: 6103
              49 Currency code, transaction: 392
              55 ICC system related data: 9F36=0001 84=A0000000031010"]]
        .assert_eq(&at_rest(&subject().request(&card()).unwrap()).describe().to_string());
    }

    #[test]
    fn a_reversal_names_its_original_and_a_repeat_differs_only_in_type_and_time() {
        let told =
            Told { what: Advice::Reversal(Reason::NoAnswer), stan: 124, repeated: false, approval: None };
        let first = subject().advice(&told, 1_795_219_225_000_000).unwrap();
        expect![[r"
            0420 reversal advice
               3 Processing code: 000000
               4 Amount, transaction: 000000000880
               7 Transmission date and time: 1121000025
              11 Systems trace audit number: 000124
              12 Time, local transaction: 090000
              13 Date, local transaction: 1121
              25 Point of service condition code: 00
              37 Retrieval reference number: J289144GJ289
              39 Response code: 68
              41 Card acceptor terminal identification: 00358002
              42 Card acceptor identification code: 9000009
              49 Currency code, transaction: 392
              90 Original data elements: 020000012311210000000000000000000000000000"]]
        .assert_eq(&first.describe().to_string());
        let again = subject().advice(&Told { repeated: true, ..told }, 1_795_219_227_000_000).unwrap();
        assert_eq!(again.mti().to_string(), "0421");
        let differs: Vec<u8> =
            first.fields().zip(again.fields()).filter(|(a, b)| a != b).map(|(a, _)| a.0).collect();
        assert_eq!(differs, [7]);
    }

    #[test]
    fn entry_modes_are_those_of_the_contract() {
        // M-029; DE 22
        for (entry_mode, fallback, wanted) in [
            (EntryMode::ContactIc, false, "051"),
            (EntryMode::Contactless, false, "071"),
            (EntryMode::Magstripe, false, "901"),
            (EntryMode::Magstripe, true, "801"),
        ] {
            let request = subject().request(&Presented { entry_mode, fallback, ..card() }).unwrap();
            assert_eq!(request.text(22), Some(wanted));
        }
    }

    #[test]
    fn an_approval_of_another_amount_is_not_understood() {
        let request = subject().request(&card()).unwrap();
        let mut answer = request.answer(iso8583::ECHOED).unwrap();
        answer.set(39, "00").unwrap();
        let none = Approval { code: None };
        assert_eq!(read_answer(&request, &answer), Answered::Approved(none), "X-015");
        answer.set_number(4, 881).unwrap();
        assert_eq!(read_answer(&request, &answer), Answered::Unclear(pay::UNCLEAR_ANSWER));
        answer.set(39, "51").unwrap();
        assert_eq!(read_answer(&request, &answer), Answered::Declined(pay::OVER_CREDIT_LIMIT));
        answer.remove(39);
        assert_eq!(read_answer(&request, &answer), Answered::Unclear(pay::UNCLEAR_ANSWER));
    }

    #[test]
    fn trace_numbers_stay_within_six_digits_and_never_are_zero() {
        for (seq, stan) in [(1, 1), (999_999, 999_999), (1_000_000, 1), (1_999_998, 999_999)] {
            assert_eq!(stan_of(seq), stan);
        }
    }
}
