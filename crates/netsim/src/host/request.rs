//! A message read as what it asks for, every field checked against the table of the contract, section 3.

use super::book::PaymentKey;
use emv::dictionary::tags;
use emv::{Tag, Tlv, tlv};
use iso8583::codes::{Entry as EntryMode, parse_entry_mode, processing};
use iso8583::private::{PaymentClass, SecureData};
use iso8583::totals::Totals;
use iso8583::{Message, Mti};
use money::Yen;

/// Fields that no message may have (contract, section 2).
const ABSENT: [u8; 5] = [2, 14, 35, 45, 52];
/// Tags that DE 55 may not have (contract, section 2).
const ABSENT_TAGS: [u32; 6] = [0x57, 0x5A, 0x5F24, 0x5F20, 0x9F20, 0x56];
/// Tags that DE 55 of a request must have (contract, section 3, DE 55).
const CHIP_TAGS: [Tag; 14] = [
    tags::CRYPTOGRAM,
    tags::CRYPTOGRAM_INFO,
    tags::ISSUER_DATA,
    tags::UNPREDICTABLE,
    tags::ATC,
    tags::TVR,
    tags::DATE,
    tags::TYPE,
    tags::AMOUNT,
    tags::CURRENCY,
    tags::AIP,
    tags::COUNTRY,
    tags::CVM_RESULTS,
    tags::DF_NAME,
];
/// Fields of every message about a payment.
const PAYMENT_FIELDS: [u8; 10] = [3, 4, 7, 11, 12, 13, 37, 41, 42, 49];

/// What a message asks for.
#[derive(Clone, Debug)]
pub enum Request {
    /// 0100 or 0200.
    Payment(Box<Payment>),
    /// 0400 or 0401.
    Void(Box<Back>),
    /// 0200 with processing code 200000.
    Return(Box<Back>),
    /// 0220 or 0221.
    Completion(Advice),
    /// 0420 or 0421.
    Reversal(Advice),
    /// 0500, 0501, 0520 or 0521.
    Day(Day),
    /// 0800.
    Management(String),
}

/// The acquirer's totals of one day (contract, section 9).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    /// DE 15, `MMDD`.
    pub on: String,
    /// DE 74 to 77, 86 to 89.
    pub totals: Totals,
    /// 0520: said as they stand, the network is not asked whether it agrees.
    pub only_said: bool,
}

/// A payment that is asked for.
#[derive(Clone, Debug)]
pub struct Payment {
    /// Its name.
    pub key: PaymentKey,
    /// Whether the amount is only held (0100).
    pub hold: bool,
    /// DE 4.
    pub amount: Yen,
    /// DE 41 without padding.
    pub terminal: String,
    /// DE 13, `MMDD`: the day of the totals in which it counts.
    pub local_on: String,
    /// DE 22.
    pub entry_mode: String,
    /// DE 22, read.
    pub entry: EntryMode,
    /// DE 48 as it came.
    pub class_text: String,
    /// DE 48, read.
    pub class: PaymentClass,
    /// DE 55, read; empty for a stripe.
    pub chip: Vec<Tlv>,
    /// DE 63, read.
    pub secret: SecureData,
}

/// Money that is to be given back (contract, section 7).
#[derive(Clone, Debug)]
pub struct Back {
    /// Of a void the payment's name, of a return its own.
    pub key: PaymentKey,
    /// The name of the payment that is given back.
    pub original: PaymentKey,
    /// DE 4.
    pub amount: Yen,
    /// DE 41 without padding.
    pub terminal: String,
    /// DE 13, `MMDD`: the day of the totals in which a return counts.
    pub local_on: String,
    /// DE 22; empty when no card was read.
    pub entry_mode: String,
    /// DE 63, read, when the card was read again.
    pub secret: Option<SecureData>,
}

/// An advice about a payment.
#[derive(Clone, Debug)]
pub struct Advice {
    /// The payment's name.
    pub key: PaymentKey,
    /// DE 4.
    pub amount: Yen,
    /// DE 41 without padding.
    pub terminal: String,
    /// DE 39 of a reversal: its reason.
    pub reason: String,
}

/// Why a message is refused with 30, for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed(pub String);

impl Malformed {
    fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

/// Reads a message; `Err` is answered with 30 and nothing is done.
pub fn read(message: &Message) -> Result<Request, Malformed> {
    if let Some(number) = ABSENT.into_iter().find(|number| message.has(*number)) {
        return Err(Malformed::new(format!("DE {number} must be absent")));
    }
    match &message.mti().to_bytes() {
        b"0200" if message.text(3) == Some(processing::REFUND) => {
            giving_back(message, true).map(|back| Request::Return(Box::new(back)))
        }
        b"0400" | b"0401" => giving_back(message, false).map(|back| Request::Void(Box::new(back))),
        b"0100" | b"0200" => payment(message).map(|payment| Request::Payment(Box::new(payment))),
        b"0220" | b"0221" => advice(message).map(Request::Completion),
        b"0420" | b"0421" => {
            text(message, 39)?;
            advice(message).map(Request::Reversal)
        }
        b"0500" | b"0501" => day(message, false).map(Request::Day),
        b"0520" | b"0521" => day(message, true).map(Request::Day),
        b"0800" => Ok(Request::Management(text(message, 70)?.to_owned())),
        _ => Err(Malformed::new(format!("{} is not spoken here", message.mti()))),
    }
}

fn text(message: &Message, number: u8) -> Result<&str, Malformed> {
    message.required(number).map_err(|_| Malformed::new(format!("DE {number} is missing")))
}

fn day(message: &Message, only_said: bool) -> Result<Day, Malformed> {
    for number in [7, 11] {
        text(message, number)?;
    }
    if text(message, 50)? != "392" {
        return Err(Malformed::new("DE 50 must be 392"));
    }
    let totals = message.totals().map_err(|error| Malformed::new(format!("no totals: {error}")))?;
    Ok(Day { on: text(message, 15)?.to_owned(), totals, only_said })
}

fn giving_back(message: &Message, is_return: bool) -> Result<Back, Malformed> {
    let key = if is_return { key_of(message, processing::REFUND)? } else { key(message)? };
    text(message, 25)?;
    message.original().map_err(|_| Malformed::new("DE 90 names no original"))?;
    let original = if is_return {
        PaymentKey { shop: key.shop.clone(), rrn: text(message, 48)?.to_owned() }
    } else {
        key.clone()
    };
    if original.rrn.len() != 12 || (is_return && original == key) {
        return Err(Malformed::new("DE 48 must be the RRN of the original"));
    }
    let secret = message.bytes(63).map(SecureData::decode).transpose();
    let secret = secret.map_err(|_| Malformed::new("DE 63 cannot be read"))?;
    let entry_mode = match &secret {
        Some(_) => text(message, 22)?.to_owned(),
        None => String::new(),
    };
    Ok(Back {
        original,
        amount: amount(message)?,
        terminal: trimmed(message, 41)?,
        local_on: text(message, 13)?.to_owned(),
        entry_mode,
        secret,
        key,
    })
}

fn key(message: &Message) -> Result<PaymentKey, Malformed> {
    key_of(message, processing::PURCHASE)
}

fn key_of(message: &Message, kind: &str) -> Result<PaymentKey, Malformed> {
    for number in PAYMENT_FIELDS {
        text(message, number)?;
    }
    for (number, wanted) in [(3, kind), (49, "392")] {
        if message.text(number) != Some(wanted) {
            return Err(Malformed::new(format!("DE {number} must be {wanted}")));
        }
    }
    let key = PaymentKey { shop: trimmed(message, 42)?, rrn: text(message, 37)?.to_owned() };
    if key.shop.is_empty() || key.rrn.trim().is_empty() {
        return Err(Malformed::new("DE 37 and DE 42 must name the payment"));
    }
    Ok(key)
}

fn trimmed(message: &Message, number: u8) -> Result<String, Malformed> {
    Ok(text(message, number)?.trim_end().to_owned())
}

fn amount(message: &Message) -> Result<Yen, Malformed> {
    message
        .number(4)
        .and_then(|yen| i64::try_from(yen).ok())
        .and_then(|yen| Yen::new(yen).ok())
        .ok_or_else(|| Malformed::new("DE 4 is no amount"))
}

fn payment(message: &Message) -> Result<Payment, Malformed> {
    let key = key(message)?;
    for number in [18, 25] {
        text(message, number)?;
    }
    let entry_mode = text(message, 22)?.to_owned();
    let (entry, _) = parse_entry_mode(&entry_mode).ok_or_else(|| Malformed::new("DE 22 is unknown"))?;
    let class_text = text(message, 48)?.to_owned();
    let class = PaymentClass::decode(&class_text).map_err(|_| Malformed::new("DE 48 is no class"))?;
    let secret = message.required_bytes(63).map_err(|_| Malformed::new("DE 63 is missing"))?;
    let secret = SecureData::decode(secret).map_err(|_| Malformed::new("DE 63 cannot be read"))?;
    Ok(Payment {
        hold: message.mti() == Mti::AUTHORIZATION_REQUEST,
        amount: amount(message)?,
        terminal: trimmed(message, 41)?,
        local_on: text(message, 13)?.to_owned(),
        chip: chip(message, entry)?,
        key,
        entry_mode,
        entry,
        class_text,
        class,
        secret,
    })
}

/// Whether the card was read through its chip.
pub const fn is_chip(entry: EntryMode) -> bool {
    matches!(entry, EntryMode::Chip | EntryMode::ContactlessChip)
}

fn chip(message: &Message, entry: EntryMode) -> Result<Vec<Tlv>, Malformed> {
    let Some(bytes) = message.bytes(55) else {
        return if is_chip(entry) { Err(Malformed::new("DE 55 is missing")) } else { Ok(Vec::new()) };
    };
    let chip = tlv::parse(bytes).map_err(|_| Malformed::new("DE 55 is no BER-TLV"))?;
    if let Some(tag) = ABSENT_TAGS.iter().find(|tag| tlv::find(&chip, Tag::of(**tag)).is_some()) {
        return Err(Malformed::new(format!("tag {tag:X} must be absent from DE 55")));
    }
    if let Some(tag) = CHIP_TAGS.iter().find(|tag| tlv::find_bytes(&chip, **tag).is_none()) {
        return Err(Malformed::new(format!("tag {tag} is missing from DE 55")));
    }
    Ok(chip)
}

fn advice(message: &Message) -> Result<Advice, Malformed> {
    // The reversal of a return repeats the return's processing code.
    let key = match message.text(3) {
        Some(processing::REFUND) => key_of(message, processing::REFUND)?,
        _ => key(message)?,
    };
    message.original().map_err(|_| Malformed::new("DE 90 names no original"))?;
    Ok(Advice {
        key,
        amount: amount(message)?,
        terminal: trimmed(message, 41)?,
        reason: message.text(39).unwrap_or_default().to_owned(),
    })
}
