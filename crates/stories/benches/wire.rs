//! ISO 8583 encode and decode beside a copy of the same bytes and beside pyiso8583.

use crate::machine::{self, per_second, ratio};
use crate::options::Options;
use acquiring::networks::card_iso8583::{Presented, Subject};
use anyhow::{Context, Result};
use iso8583::private::{EncryptedCard, EncryptedPin, KeySerial, SecureData};
use iso8583::{Message, Spec};
use money::Yen;
use payment::{EntryMode, PaymentClass, PaymentId};
use serde_json::json;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

const TIMES: usize = 200_000;
/// Times pyiso8583.
const PROMISED_TIMES: u64 = 40;

pub(crate) fn run(options: &Options) -> Result<()> {
    let (idle, message) = (machine::idle(), request()?);
    let bytes = message.encode(&Spec::BINARY)?;
    let mut rounds = Vec::new();
    for number in 1..=options.number("rounds", 5)? {
        let encode = timed(|| drop(black_box(message.encode(black_box(&Spec::BINARY)))));
        let decode = timed(|| drop(black_box(Message::decode(&Spec::BINARY, black_box(&bytes)))));
        let both = timed(|| {
            if let Ok(read) = Message::decode(&Spec::BINARY, black_box(&bytes)) {
                drop(black_box(read.encode(&Spec::BINARY)));
            }
        });
        let copy = timed(|| drop(black_box(black_box(&bytes).clone())));
        let line = json!({
            "bench": "iso8583", "round": number, "idle_percent": idle, "bytes": bytes.len(),
            "encode_per_s": encode, "decode_per_s": decode, "both_per_s": both, "copy_per_s": copy,
        });
        println!("{line}");
        rounds.push((both, copy));
    }
    let both = machine::median(rounds.iter().map(|round| round.0).collect());
    let copy = machine::median(rounds.iter().map(|round| round.1).collect());
    let peer = peer(&bytes)?;
    let beside = match peer {
        Some(peer) => {
            let times = both.checked_div(peer).unwrap_or(0);
            let kept = if times >= PROMISED_TIMES { "kept" } else { "BROKEN" };
            format!("pyiso8583 {peer}/s, {times} times, promised {PROMISED_TIMES}: {kept}")
        }
        None => "pyiso8583 is not installed (cargo xtask test does it)".to_owned(),
    };
    println!(
        "verdict iso8583: decode and encode {both}/s on one core, copy of the bytes {copy}/s, ratio {}; {beside}",
        ratio(both, copy)
    );
    Ok(())
}

fn timed(mut work: impl FnMut()) -> u64 {
    let begun = Instant::now();
    for _ in 0..TIMES {
        work();
    }
    per_second(TIMES, begun.elapsed())
}

/// A 0200 as the center sends it.
fn request() -> Result<Message> {
    let subject = Subject {
        id: PaymentId::mint(1_795_219_200_000_000, [9; 10]),
        amount: Yen::new(880)?,
        sent_at_us: 1_795_219_200_000_000,
        stan: 123,
        completion_follows: false,
        terminal: "000000358002".into(),
        merchant_no: "9000009".into(),
    };
    // Tags that a chip sends: amount, country, verification results, currency, date, type, number, AIP,
    // counter, issuer data, cryptogram, holder's verification, name of the application.
    let emv = "9F02060000000008809F03060000000000009F1A0203929505000000000\
               05F2A0203929A032611219C01009F37040102030482021800\
               9F360200019F10070601120\
               3A0B8009F2608112233445566778\
               89F2701809F34030200008407A0000000031010";
    let card = Presented {
        entry_mode: EntryMode::ContactIc,
        fallback: false,
        pan_seq: Some("01".into()),
        mcc: "5999".into(),
        class: PaymentClass::Lump,
        emv: hex::decode(emv)?,
        secure: SecureData {
            card: Some(EncryptedCard { ksn: KeySerial::Aes([1; 12]), ciphertext: vec![2; 48] }),
            pin: Some(EncryptedPin::Aes { ksn: [3; 12], block: [4; 16] }),
            ..SecureData::default()
        },
    };
    subject.request(&card).map_err(|error| anyhow::anyhow!("the request cannot be written: {error}"))
}

/// Messages that pyiso8583 decodes and encodes in a second.
fn peer(bytes: &[u8]) -> Result<Option<u64>> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let Some(python) = here.ancestors().map(|folder| folder.join(".venv/bin/python")).find(|it| it.exists())
    else {
        return Ok(None);
    };
    let out = Command::new(python)
        .arg(here.join("benches/pyiso8583_speed.py"))
        .arg(hex::encode(bytes))
        .output()
        .context("python cannot be run")?;
    Ok(String::from_utf8_lossy(&out.stdout).trim().parse().ok())
}
