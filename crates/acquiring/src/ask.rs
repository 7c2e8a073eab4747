//! A terminal's request, checked and taken apart: what rests in the row, and what lives in memory only.

use crate::limits;
use crate::networks::card_iso8583::Presented;
use crate::networks::card_refund::ReadAgain;
use crate::refund::path::ShownCard;
use center_api::{CardData, PaymentRequest};
use center_base::Refusal;
use iso8583::private::{EncryptedCard, EncryptedPin, KeySerial, SecureData};
use money::Yen;
use payment::{EntryMode, Method, Operator, PaymentClass, PaymentId, TaxParts};
use receipt::CardFacts;

/// A request that can be asked.
pub struct Ask {
    /// The payment.
    pub id: PaymentId,
    /// Whole yen, above zero.
    pub amount: Yen,
    /// Method.
    pub method: Method,
    /// Class.
    pub class: PaymentClass,
    /// Slip number.
    pub slip_no: i64,
    /// Note.
    pub note: Option<String>,
    /// What is not taxed at the standard rate, where it is stated.
    pub tax: Option<TaxParts>,
    /// Clerk.
    pub operator: Option<Operator>,
    /// 0100.
    pub completion_follows: bool,
    /// What may rest.
    pub card: CardFacts,
    /// The reader's fingerprint of the number.
    pub fingerprint: [u8; 16],
    /// Which reader.
    pub reader_serial: String,
    /// Chip data for DE 55.
    pub emv: Vec<u8>,
    /// A stripe because the chip failed.
    pub fallback: bool,
    /// For DE 63. Never stored.
    pub secure: SecureData,
}

impl Ask {
    /// Checks everything that is not a matter of contract: form, lengths, digits.
    pub fn read(request: PaymentRequest) -> Result<Self, Refusal> {
        check_frame(&request)?;
        let card = match (request.method, request.card, request.code) {
            (Method::Card, Some(card), None) => card,
            (Method::Card, ..) => return Err(Refusal::bad("card: exactly one, and no code")),
            (Method::Code, ..) => return Err(Refusal::bad("method")),
        };
        Ok(Self {
            id: request.id,
            amount: request.amount,
            method: request.method,
            class: request.class,
            slip_no: request.slip_no,
            note: request.note.filter(|note| !note.is_empty()),
            tax: request.tax,
            operator: request.operator,
            completion_follows: request.signature_follows,
            fingerprint: hex_array(&card.fingerprint, "card.fingerprint")?,
            emv: chip_data(&card)?,
            secure: secure_data(&card)?,
            card: facts(&card)?,
            fallback: card.fallback,
            reader_serial: card.reader_serial,
        })
    }

    /// Whether the card data are under a key that is made of the published test key.
    pub fn is_by_test_key(&self) -> bool {
        self.secure
            .card
            .as_ref()
            .is_some_and(|card| cardkeys::test_keys::is_of_published_key(card.ksn.as_bytes()))
    }

    /// What the network is shown of the card.
    pub fn presented(&self, mcc: &str) -> Presented {
        Presented {
            entry_mode: self.card.entry_mode,
            fallback: self.fallback,
            pan_seq: self.card.pan_seq.clone(),
            mcc: mcc.to_owned(),
            class: self.class,
            emv: self.emv.clone(),
            secure: self.secure.clone(),
        }
    }
}

/// What every request must be, by whatever method.
pub(crate) fn check_frame(request: &PaymentRequest) -> Result<(), Refusal> {
    if request.amount.is_zero() {
        return Err(Refusal::bad("amount must be above zero"));
    }
    if !(1..=9999).contains(&request.slip_no) {
        return Err(Refusal::bad("slip_no must be 1 to 9999"));
    }
    if request
        .note
        .as_ref()
        .is_some_and(|note| note.chars().count() > limits::NOTE_CHARS || note.contains('\0'))
    {
        return Err(Refusal::bad("note is too long"));
    }
    if request.tax.is_some_and(|tax| tax.standard(request.amount).is_none()) {
        return Err(Refusal::bad("tax: more than the amount"));
    }
    if request.operator.as_ref().is_some_and(|operator| !fits(&operator.id) || !fits(&operator.name)) {
        return Err(Refusal::bad("operator is too long"));
    }
    Ok(())
}

/// What a refund keeps of the card that was shown: its fingerprint and its ATC (506, M-059).
pub(crate) fn shown_card(card: &CardData) -> Result<ShownCard, Refusal> {
    let secure = SecureData { pin: None, ..secure_data(card)? };
    Ok(ShownCard {
        fingerprint: hex_array(&card.fingerprint, "card.fingerprint")?,
        atc: facts(card)?.atc,
        read: ReadAgain { entry_mode: card.entry_mode, fallback: card.fallback, secure },
    })
}

fn fits(text: &str) -> bool {
    !text.contains('\0') && text.chars().count() <= limits::OPERATOR_CHARS
}

fn hex_array<const N: usize>(text: &str, field: &str) -> Result<[u8; N], Refusal> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes)
        .map_err(|_| Refusal::bad(format!("{field} must be {} hex digits", N * 2)))?;
    Ok(bytes)
}

fn chip_data(card: &CardData) -> Result<Vec<u8>, Refusal> {
    let emv = hex::decode(&card.emv).map_err(|_| Refusal::bad("card.emv must be hex"))?;
    let is_stripe = card.entry_mode == EntryMode::Magstripe;
    if emv.is_empty() != is_stripe || emv.len() > limits::EMV_BYTES {
        return Err(Refusal::bad("card.emv belongs to a chip, and is empty for a stripe"));
    }
    if names_the_card(&emv).unwrap_or(true) {
        return Err(Refusal::bad("card.emv must be BER-TLV without number, track and holder"));
    }
    Ok(emv)
}

/// Tags that carry number, track, expiry or holder: never in DE 55 (docs/networks/card-iso8583.md, 2).
const FORBIDDEN_TAGS: [u32; 6] = [0x57, 0x5A, 0x5F24, 0x5F20, 0x9F20, 0x56];

/// Whether primitive chip data in a row name the card; `None` when they are not BER-TLV of that kind.
fn names_the_card(mut rest: &[u8]) -> Option<bool> {
    while let Some((first, after)) = rest.split_first() {
        let mut tag = u32::from(*first);
        rest = after;
        if first & 0x1F == 0x1F {
            let (second, after) = rest.split_first()?;
            tag = (tag << 8) | u32::from(*second);
            rest = after;
        }
        let constructed = first & 0x20 != 0;
        let (length, after) = match rest {
            [short @ ..=0x7F, after @ ..] => (usize::from(*short), after),
            [0x81, long, after @ ..] => (usize::from(*long), after),
            _ => return None,
        };
        if constructed || FORBIDDEN_TAGS.contains(&tag) {
            return Some(true);
        }
        rest = after.get(length..)?;
    }
    Some(false)
}

/// A serial number's length names its scheme (docs/networks/card-iso8583.md, DE 63).
const UNKNOWN_SCHEME: &str =
    "card.ksn is of no known key scheme: 24 hex digits of AES DUKPT, 20 of triple DES DUKPT";

fn encrypted_pin(pin: &center_api::EncryptedPin, card: KeySerial) -> Result<EncryptedPin, Refusal> {
    let bytes = |text: &str| hex::decode(text).unwrap_or_default();
    let (ksn, block) = (bytes(&pin.ksn), bytes(&pin.block));
    EncryptedPin::from_bytes(&ksn, &block)
        .filter(|pin| pin.ksn().len() == card.as_bytes().len())
        .ok_or_else(|| Refusal::bad("card.pin is not of the key scheme of card.ksn"))
}

fn secure_data(card: &CardData) -> Result<SecureData, Refusal> {
    let ciphertext =
        hex::decode(&card.ciphertext).map_err(|_| Refusal::bad("card.ciphertext must be hex"))?;
    if ciphertext.is_empty() || ciphertext.len() > iso8583::limits::MAX_CARD_CIPHERTEXT {
        return Err(Refusal::bad("card.ciphertext is empty or too long"));
    }
    let ksn = hex::decode(&card.ksn).ok().and_then(|bytes| KeySerial::from_bytes(&bytes));
    let ksn = ksn.ok_or_else(|| Refusal::bad(UNKNOWN_SCHEME))?;
    let pin = card.pin.as_ref().map(|pin| encrypted_pin(pin, ksn)).transpose()?;
    let card = Some(EncryptedCard { ksn, ciphertext });
    Ok(SecureData { card, pin, ..SecureData::default() })
}

fn facts(card: &CardData) -> Result<CardFacts, Refusal> {
    let hex = |text: &Option<String>, most: usize| {
        text.as_ref().is_none_or(|text| text.len() <= most && text.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    let digits =
        card.pan_seq.as_ref().is_none_or(|text| text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit()));
    let label =
        card.app_label.as_ref().is_none_or(|label| label.chars().count() <= 16 && !label.contains('\0'));
    if !hex(&card.aid, 32) || !hex(&card.atc, 4) || !digits || !label {
        return Err(Refusal::bad("card.aid, card.atc, card.pan_seq or card.app_label"));
    }
    // A number in the wrong form could be a whole card number.
    let pan = payment::MaskedPan::new(&card.pan.first6, &card.pan.last4)
        .ok_or_else(|| Refusal::bad("card.pan must be six and four digits"))?;
    Ok(CardFacts {
        brand: card.brand,
        pan,
        entry_mode: card.entry_mode,
        cvm: card.cvm,
        aid: card.aid.clone(),
        atc: card.atc.clone(),
        pan_seq: card.pan_seq.clone(),
        app_label: card.app_label.clone(),
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use serde_json::json;

    /// A request as a terminal sends it.
    pub(crate) fn request(id: PaymentId, yen: i64) -> PaymentRequest {
        serde_json::from_value(json!({
            "id": id, "amount": yen, "method": "card", "class": "lump", "slip_no": 1,
            "started_at_us": 0, "signature_follows": false,
            "card": {
                "entry_mode": "contact_ic", "fallback": false, "brand": "visa",
                "pan": {"first6": "411111", "last4": "1111"}, "cvm": "pin", "pan_seq": "01",
                "aid": "A0000000031010", "app_label": "VISA CREDIT", "atc": "0001",
                "emv": "9F360200019F2608112233445566778884 07A0000000031010".replace(' ', ""),
                "ksn": "00".repeat(12), "ciphertext": "AB".repeat(48), "fingerprint": "0f".repeat(16),
                "pin": {"ksn": "01".repeat(12), "block": "CD".repeat(16)}, "reader_serial": "R-0001"
            }
        }))
        .unwrap()
    }

    #[test]
    fn a_whole_request_is_taken_apart() {
        let ask = Ask::read(request(PaymentId::from_u128(1), 880)).unwrap();
        assert_eq!((ask.emv.len(), ask.secure.pin.is_some()), (25, true));
    }

    #[test]
    fn chip_data_with_a_card_number_or_track_are_refused() {
        // S3, invariant 4
        for emv in
            ["5A084111111111111111", "9F3602000157114111111111111111D30122011234567890", "70035A0141", "9F36"]
        {
            let mut asked = request(PaymentId::from_u128(1), 880);
            emv.clone_into(&mut asked.card.as_mut().unwrap().emv);
            assert!(Ask::read(asked).is_err(), "{emv}");
        }
    }

    #[test]
    fn what_is_out_of_form_is_refused_without_being_repeated() {
        let broken: [fn(&mut PaymentRequest); 9] = [
            |r| r.amount = Yen::ZERO,
            |r| r.slip_no = 0,
            |r| r.note = Some("あ".repeat(101)),
            |r| r.card.as_mut().unwrap().pan.first6 = "4111111111111111".into(),
            |r| r.card.as_mut().unwrap().ksn = "00".repeat(10),
            |r| r.card.as_mut().unwrap().pin.as_mut().unwrap().block = "00".repeat(8),
            |r| r.card.as_mut().unwrap().ksn = "4111111111111111".into(),
            |r| r.card.as_mut().unwrap().ciphertext = String::new(),
            |r| r.card.as_mut().unwrap().pan_seq = Some("1".into()),
        ];
        for breaking in broken {
            let mut asked = request(PaymentId::from_u128(1), 880);
            breaking(&mut asked);
            let refusal = Ask::read(asked).err().unwrap();
            assert_eq!(refusal.code, codes::api::BAD_REQUEST);
            assert!(!refusal.to_string().contains("4111"), "{refusal}");
        }
    }

    #[test]
    fn card_data_of_no_known_key_scheme_are_refused_by_name() {
        // card-iso8583.md, DE 63
        let mut asked = request(PaymentId::from_u128(1), 880);
        asked.card.as_mut().unwrap().ksn = "00".repeat(11);
        let refusal = Ask::read(asked.clone()).err().unwrap();
        assert_eq!(refusal.code, codes::api::BAD_REQUEST);
        assert!(refusal.to_string().contains(UNKNOWN_SCHEME), "{refusal}");
        // Triple DES is known: serial numbers of ten bytes, a PIN block of eight.
        let card = asked.card.as_mut().unwrap();
        card.ksn = "00".repeat(10);
        card.pin = Some(center_api::EncryptedPin { ksn: "01".repeat(10), block: "CD".repeat(8) });
        assert!(Ask::read(asked).is_ok());
    }
}
