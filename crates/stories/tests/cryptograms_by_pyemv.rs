//! The cryptograms of one card of each scheme, and one with 19 digits, computed again by pyemv, which is not
//! ours: what the simulated card signs and what the issuer answers are what the standard says.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "a test's helpers fail by panicking, as the test does"
)]

use cardkeys::test_keys;
use emv::apdu::{Command, Occurrence, Response};
use emv::bits::Cryptogram;
use emv::dictionary::tags;
use emv::{Tlv, tlv};
use netsim::cards::{Card, issuer, shelf};
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command as Process, Stdio};

fn pyemv(cases: &[Value]) -> Vec<Value> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = here
        .ancestors()
        .map(|folder| folder.join(".venv/bin/python"))
        .find(|python| python.exists())
        .expect("no .venv with the Python peers: run `cargo xtask test`, which makes it from tests/requirements.txt");
    let mut child = Process::new(python)
        // The package warns that triple DES is old; that is known.
        .args(["-W", "ignore"])
        .arg(here.join("tests/cryptograms_by_pyemv.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the Python of .venv starts");
    let mut input = child.stdin.take().unwrap();
    for case in cases {
        writeln!(input, "{case}").unwrap();
    }
    drop(input);
    let output = child.wait_with_output().unwrap();
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// What a terminal tells the card for its first cryptogram (CDOL1 of the shelf's cards).
const TOLD: [(emv::Tag, &str); 9] = [
    (tags::AMOUNT, "000000000880"),
    (tags::AMOUNT_OTHER, "000000000000"),
    (tags::COUNTRY, "0392"),
    (tags::TVR, "8000048000"),
    (tags::CURRENCY, "0392"),
    (tags::DATE, "261121"),
    (tags::TYPE, "00"),
    (tags::UNPREDICTABLE, "11BF4585"),
    (tags::CVM_RESULTS, "420300"),
];

fn send(card: &mut Card, command: &Command) -> Vec<Tlv> {
    let answer = Response::parse(&card.apdu(&command.to_bytes())).unwrap();
    assert!(answer.status.is_ok(), "{}", answer.status);
    tlv::parse(&answer.data).unwrap()
}

/// The card's first cryptogram as DE 55, by hand: no kernel of ours in between.
fn ask_card(card: &mut Card) -> Vec<u8> {
    card.insert().unwrap();
    let aid = card.profile().aid.clone().unwrap();
    let selected = send(card, &Command::select(aid.bytes(), Occurrence::First).unwrap());
    let wants =
        tlv::find_bytes(&selected, tags::PDOL).map_or(0, |l| emv::dol::Dol::parse(l).unwrap().data_length());
    let options = send(card, &Command::get_processing_options(&vec![0; wants]).unwrap());
    let aip = match tlv::find_bytes(&options, tags::AIP) {
        Some(aip) => aip.to_vec(),
        None => options[0].primitive().unwrap()[..2].to_vec(),
    };
    let told: Vec<u8> = TOLD.iter().flat_map(|(_, value)| hex::decode(value).unwrap()).collect();
    let answer = send(card, &Command::generate_ac(Cryptogram::Arqc, &told).unwrap());
    let mut objects: Vec<Tlv> = TOLD.iter().map(|(t, v)| Tlv::bytes(*t, hex::decode(v).unwrap())).collect();
    objects.push(Tlv::bytes(tags::AIP, aip));
    if answer[0].tag == tags::FORMAT_1 {
        let bytes = answer[0].primitive().unwrap();
        objects.push(Tlv::bytes(tags::ATC, &bytes[1..3]));
        objects.push(Tlv::bytes(tags::CRYPTOGRAM, &bytes[3..11]));
        objects.push(Tlv::bytes(tags::ISSUER_DATA, &bytes[11..]));
    } else {
        objects.extend(answer[0].inner().iter().cloned());
    }
    tlv::write(&objects)
}

#[test]
fn pyemv_computes_the_same_cryptograms_for_a_card_of_each_scheme() {
    let names = ["visa", "mastercard", "jcb", "amex", "diners", "unionpay", "unionpay-19"];
    let (mut cases, mut ours) = (Vec::new(), Vec::new());
    for profile in shelf().unwrap().into_iter().filter(|p| names.contains(&p.name.as_str())) {
        let mut card = Card::new(profile.clone(), &test_keys::issuer());
        let de_55 = ask_card(&mut card);
        let chip = tlv::parse(&de_55).unwrap();
        let signed: Vec<u8> =
            issuer::SIGNED.iter().flat_map(|tag| tlv::find_bytes(&chip, *tag).unwrap().to_vec()).collect();
        cases.push(json!({
            "issuer": hex::encode(test_keys::ISSUER),
            "pan": profile.pan.unmask(),
            "sequence": format!("{:02}", profile.sequence),
            "atc": hex::encode(tlv::find_bytes(&chip, tags::ATC).unwrap()),
            "signed": hex::encode(signed),
            "code": "00",
        }));
        let believed = issuer::verify(&test_keys::issuer(), &profile.pan, profile.sequence, &de_55).unwrap();
        let arqc = hex::encode(tlv::find_bytes(&chip, tags::CRYPTOGRAM).unwrap());
        ours.push(json!({ "arqc": arqc, "arpc": hex::encode(&believed.proof(*b"00")[..8]) }));
    }
    assert_eq!(ours.len(), names.len());
    assert_eq!(pyemv(&cases), ours);
}
