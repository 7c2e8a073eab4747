//! What lies on a simulated chip: directories, control information, records (EMV 4.4 Books 1 and 3).

use super::profile::{Profile, Verify};
use emv::dictionary::tags;
use emv::tlv::{self, Tlv};
use emv::{Scheme, Tag, numeric};

/// The contact directory's name.
pub(super) const CONTACT_DIRECTORY: &[u8] = b"1PAY.SYS.DDF01";
/// The contactless directory's name.
pub(super) const CONTACTLESS_DIRECTORY: &[u8] = b"2PAY.SYS.DDF01";
/// Short file identifier of the contact directory.
pub(super) const DIRECTORY_FILE: u8 = 1;
/// The application's records: file and record.
pub(super) const RECORDS: [(u8, u8); 3] = [(1, 1), (2, 1), (2, 2)];

/// Japan and yen: both 392.
const JAPAN: [u8; 2] = [0x03, 0x92];

/// The first list of what the chip wants to sign over: amount, other amount, country, TVR, currency, date,
/// type, unpredictable number, CVM results.
pub(super) const CDOL1: &[u8] = &[
    0x9F, 0x02, 6, 0x9F, 0x03, 6, 0x9F, 0x1A, 2, 0x95, 5, 0x5F, 0x2A, 2, 0x9A, 3, 0x9C, 1, 0x9F, 0x37, 4,
    0x9F, 0x34, 3,
];
/// The second list: response code, TVR, unpredictable number.
const CDOL2: &[u8] = &[0x8A, 2, 0x95, 5, 0x9F, 0x37, 4];
/// The second list of a chip that checks its issuer in the second GENERATE AC: tag 91 in front.
const CDOL2_WITH_ISSUER: &[u8] = &[0x91, 10, 0x8A, 2, 0x95, 5, 0x9F, 0x37, 4];
/// What a Visa-like chip wants to know when it is tapped: qualifiers and all it signs over.
pub(super) const TAP_PDOL: &[u8] = &[
    0x9F, 0x66, 4, 0x9F, 0x02, 6, 0x9F, 0x03, 6, 0x9F, 0x1A, 2, 0x95, 5, 0x5F, 0x2A, 2, 0x9A, 3, 0x9C, 1,
    0x9F, 0x37, 4,
];
/// What a JCB-like chip asks before it is used: country and capabilities.
const CONTACT_PDOL: &[u8] = &[0x9F, 0x1A, 2, 0x9F, 0x33, 3];

/// Whether a tapped chip signs in its processing options, without records.
pub(super) const fn taps_like_visa(profile: &Profile) -> bool {
    matches!(profile.scheme, Some(Scheme::Visa | Scheme::UnionPay))
}

/// Whether the chip wants its issuer's proof in the second GENERATE AC instead of a command of its own.
pub(super) const fn proof_in_second_ac(profile: &Profile) -> bool {
    matches!(profile.scheme, Some(Scheme::Mastercard | Scheme::Jcb | Scheme::Diners))
}

/// Application interchange profile. Contact: holder verification, risk management, issuer authentication
/// by command or not. Contactless: a phone says that it verifies its holder.
pub(super) fn interchange_profile(profile: &Profile, contactless: bool) -> [u8; 2] {
    let first = match (contactless, profile.verify, proof_in_second_ac(profile)) {
        (true, Verify::Device, _) => 0x1A,
        (true, Verify::Pin | Verify::Signature | Verify::None, _) | (false, _, true) => 0x18,
        (false, _, false) => 0x1C,
    };
    [first, 0x00]
}

/// The answer to selecting a directory.
pub(super) fn directory_information(profile: &Profile, contactless: bool) -> Vec<u8> {
    let (name, inner) = if contactless {
        let entry = Tlv::template(tags::APPLICATION, directory_entry(profile));
        (CONTACTLESS_DIRECTORY, vec![Tlv::template(tags::FCI_DISCRETIONARY, vec![entry])])
    } else {
        let inner = vec![Tlv::bytes(tags::SFI, [DIRECTORY_FILE]), Tlv::bytes(tags::LANGUAGE, *b"jaen")];
        (CONTACT_DIRECTORY, inner)
    };
    control_information(name, inner)
}

/// The record of the contact directory.
pub(super) fn directory_record(profile: &Profile) -> Vec<u8> {
    let entry = Tlv::template(tags::APPLICATION, directory_entry(profile));
    tlv::write(&[Tlv::template(tags::RECORD, vec![entry])])
}

fn directory_entry(profile: &Profile) -> Vec<Tlv> {
    let mut entry = vec![
        Tlv::bytes(tags::ADF_NAME, name(profile)),
        Tlv::bytes(tags::LABEL, profile.label.as_bytes()),
        Tlv::bytes(tags::PRIORITY, [0x01]),
    ];
    if let Some(preferred) = &profile.preferred_name {
        entry.push(Tlv::bytes(tags::PREFERRED_NAME, preferred.as_bytes()));
        entry.push(Tlv::bytes(tags::CODE_TABLE, [0x01]));
    }
    entry
}

/// The application's name.
pub(super) fn name(profile: &Profile) -> &[u8] {
    profile.aid.as_ref().map_or(&[], |aid| aid.bytes())
}

/// What the application wants to know before it is used.
pub(super) fn processing_list(profile: &Profile, contactless: bool) -> &'static [u8] {
    match (contactless, profile.scheme) {
        (true, _) if taps_like_visa(profile) => TAP_PDOL,
        (false, Some(Scheme::Jcb)) => CONTACT_PDOL,
        (true | false, _) => &[],
    }
}

/// The answer to selecting the application.
pub(super) fn application_information(profile: &Profile, contactless: bool) -> Vec<u8> {
    let mut inner = directory_entry(profile);
    inner.retain(|object| object.tag != tags::ADF_NAME);
    let list = processing_list(profile, contactless);
    if !list.is_empty() {
        inner.push(Tlv::bytes(tags::PDOL, list));
    }
    control_information(name(profile), inner)
}

fn control_information(name: &[u8], inner: Vec<Tlv>) -> Vec<u8> {
    let proprietary = Tlv::template(tags::FCI_PROPRIETARY, inner);
    tlv::write(&[Tlv::template(tags::FCI, vec![Tlv::bytes(tags::DF_NAME, name), proprietary])])
}

/// The application's file locator: its three records, none of them signed.
pub(super) fn locator() -> Vec<u8> {
    vec![0x08, 1, 1, 0, 0x10, 1, 2, 0]
}

/// One of the application's records; `None` when there is no such record.
pub(super) fn record(profile: &Profile, file: u8, record: u8) -> Option<Vec<u8>> {
    let objects = match (file, record) {
        (1, 1) => vec![track2(profile), Tlv::bytes(tags::HOLDER, *b"CHOBA/TEST CARD")],
        (2, 1) => identity(profile),
        (2, 2) => lists(profile),
        _ => return None,
    };
    Some(tlv::write(&[Tlv::template(tags::RECORD, objects)]))
}

/// Tag 57: the stripe's twin.
pub(super) fn track2(profile: &Profile) -> Tlv {
    let text = profile.track2('D');
    let padded = if text.len().is_multiple_of(2) { text } else { format!("{text}F") };
    // The shelf was checked when it was read: these are digits and a D.
    Tlv::bytes(tags::TRACK_2, hex::decode(padded).unwrap_or_default())
}

fn identity(profile: &Profile) -> Vec<Tlv> {
    let digits = |tag: Tag, text: &str| Tlv::bytes(tag, numeric::compressed(text).unwrap_or_default());
    let version = emv::aid::supported(name(profile)).map_or([0, 1], |s| s.version);
    vec![
        digits(tags::PAN, profile.pan.unmask()),
        digits(tags::EXPIRY, &format!("{}{}", profile.expiry_yymm, last_day(&profile.expiry_yymm))),
        digits(tags::EFFECTIVE, "200101"),
        Tlv::bytes(tags::PAN_SEQUENCE, [profile.sequence]),
        Tlv::bytes(tags::ISSUER_COUNTRY, JAPAN),
        Tlv::bytes(tags::APPLICATION_CURRENCY, JAPAN),
        Tlv::bytes(tags::USAGE_CONTROL, [0xFF, 0x00]),
        Tlv::bytes(tags::VERSION_CARD, version),
        Tlv::bytes(tags::CVM_LIST, verification_list(profile.verify)),
    ]
}

/// The last day of a month; the day of a card's expiry (28 is enough to tell February).
fn last_day(yymm: &str) -> &'static str {
    match yymm.get(2..) {
        Some("02") => "28",
        Some("04" | "06" | "09" | "11") => "30",
        _ => "31",
    }
}

/// PIN online, else signature, else nothing; or from the signature on; or nothing.
fn verification_list(verify: Verify) -> Vec<u8> {
    let rules: &[u8] = match verify {
        Verify::Pin => &[0x42, 3, 0x5E, 3, 0x1F, 3],
        Verify::Signature => &[0x5E, 3, 0x1F, 3],
        Verify::None | Verify::Device => &[0x1F, 3],
    };
    [&[0; 8], rules].concat()
}

fn lists(profile: &Profile) -> Vec<Tlv> {
    let second = if proof_in_second_ac(profile) { CDOL2_WITH_ISSUER } else { CDOL2 };
    vec![
        Tlv::bytes(tags::CDOL1, CDOL1),
        Tlv::bytes(tags::CDOL2, second),
        // Denied offline: nothing. Asked online: everything the terminal may find. By default likewise.
        Tlv::bytes(tags::IAC_DENIAL, [0; 5]),
        Tlv::bytes(tags::IAC_ONLINE, [0xF8, 0xF8, 0xFC, 0xF8, 0xF0]),
        Tlv::bytes(tags::IAC_DEFAULT, [0xF8, 0xF8, 0xFC, 0xF8, 0xF0]),
    ]
}
