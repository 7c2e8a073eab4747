//! Compares with Python packages that are not ours (pyemv, psec, hashlib) on a few hundred seeded inputs.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test's helpers fail by panicking, as the test does"
)]

use cardkeys::cryptogram::{
    application_cryptogram, arpc_method_1, arpc_method_2, card_master_key, option_a, session_key,
};
use cardkeys::{Key, Pan, Pin, TdesKey, cardcipher, fingerprint, pinblock};
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A small seeded generator (`SplitMix64`), so that a failure can be repeated.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit).unwrap()).unwrap()
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.next().to_le_bytes()[0])
    }

    fn bytes(&mut self, most: usize) -> Vec<u8> {
        (0..self.below(most + 1)).map(|_| self.next().to_le_bytes()[0]).collect()
    }

    fn digits(&mut self, fewest: usize, most: usize) -> String {
        let count = fewest + self.below(most - fewest + 1);
        (0..count).map(|_| char::from(b'0' + u8::try_from(self.below(10)).unwrap())).collect()
    }
}

fn python() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|folder| folder.join(".venv/bin/python"))
        .find(|python| python.exists())
        .expect("no .venv with the Python peers: run `cargo xtask test`, which makes it from tests/requirements.txt")
}

fn ask(cases: &[Value]) -> Vec<Value> {
    let mut child = Command::new(python())
        // The packages warn that triple DES is old; that is known.
        .args(["-W", "ignore"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the Python of .venv starts; run `cargo xtask test` to make it anew");
    child.stdin.take().unwrap().write_all(Value::from(cases).to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the peers failed; `cargo xtask test` installs what they need");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn hex(bytes: impl AsRef<[u8]>) -> String {
    format!("hex:{}", hex::encode(bytes))
}

#[test]
fn python_packages_compute_the_same() {
    let mut dice = Dice(8583);
    let mut cases = Vec::new();
    let mut ours = Vec::new();
    for _ in 0..300 {
        let (number, pin) = (dice.digits(12, 19), dice.digits(4, 12));
        let (key, issuer): ([u8; 16], [u8; 16]) = (dice.array(), dice.array());
        let (atc, code, csu): ([u8; 2], [u8; 2], [u8; 4]) = (dice.array(), dice.array(), dice.array());
        let (data, plain, proprietary) = (dice.bytes(80), dice.bytes(80), dice.bytes(8));
        let psn = dice.digits(2, 2);

        let (pan, pin_typed) = (Pan::parse(&number).unwrap(), Pin::parse(&pin).unwrap());
        let (key_typed, issuer_typed) = (Key::from_bytes(key), TdesKey::from_bytes(issuer));
        let block = pinblock::encode(&pin_typed, &pan, &key_typed, dice.array());
        let sequence = u8::from_str_radix(&psn, 16).unwrap();
        let card = card_master_key(&issuer_typed, &pan, sequence);
        let session = session_key(&card, atc);
        let arqc = application_cryptogram(&session, &[&data]);
        ours.push(json!({
            "card_key": hex::encode(card.expose()),
            "session_key": hex::encode(session.expose()),
            "arqc": hex::encode(arqc),
            "arpc1": hex::encode(arpc_method_1(&session, arqc, code)),
            "arpc2": hex::encode(arpc_method_2(&session, arqc, csu, &proprietary).unwrap()),
            "option_a": hex::encode(option_a(&issuer_typed, &pan, sequence).expose()),
            "ciphertext": hex::encode(cardcipher::encrypt(&key_typed, &plain)),
            "pin_of_our_block": pin.clone(),
            "fingerprint": fingerprint::fingerprint(&key_typed, &pan).to_string(),
        }));
        cases.push(json!({
            "pan": number, "pin": pin, "psn": psn,
            "key": hex(key), "issuer": hex(issuer), "atc": hex(atc), "arc": hex(code), "csu": hex(csu),
            "data": hex(data), "plain": hex(plain), "prop": hex(proprietary), "block": hex(block),
        }));
    }

    let theirs = ask(&cases);
    assert_eq!(theirs.len(), cases.len());
    for ((case, ours), mut theirs) in cases.iter().zip(ours).zip(theirs) {
        let block = theirs.as_object_mut().unwrap().remove("their_block").unwrap();
        let block: [u8; 16] = hex::decode(block.as_str().unwrap()).unwrap().try_into().unwrap();
        let text = |name: &str| case[name].as_str().unwrap();
        let key = Key::from_hex(text("key").trim_start_matches("hex:")).unwrap();
        let opened = pinblock::decode(&block, &Pan::parse(text("pan")).unwrap(), &key);
        assert_eq!(opened, Ok(Pin::parse(text("pin")).unwrap()), "their PIN block, {case}");
        assert_eq!(ours, theirs, "{case}");
    }
}
