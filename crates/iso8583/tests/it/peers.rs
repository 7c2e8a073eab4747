//! Our messages through implementations that are not ours: `pyiso8583` of Python and npm `iso_8583`.

use crate::shapes;
use bytes::BytesMut;
use iso8583::fields::{Format, field};
use iso8583::frame::{deframe, frame};
use iso8583::limits::MAX_MESSAGE;
use iso8583::{Message, Spec};
use serde_json::{Map, Value, json};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Something that the test run installs at the root of the repository.
fn installed(what: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|folder| folder.join(what))
        .find(|path| path.exists())
        .ok_or_else(|| {
            format!("{what} is missing: run `cargo xtask test`, which installs the foreign implementations")
        })
        .unwrap()
}

fn ask(program: &Path, script: &str, question: &Value) -> Value {
    let mut child = Command::new(program)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers").join(script))
        .arg(installed("tests/peers-npm/node_modules"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program of the peer starts; `cargo xtask test` says what is missing");
    child.stdin.take().unwrap().write_all(question.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{script} failed; `cargo xtask test` installs what it needs");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A message as both sides can compare it: type and fields by number, bytes as hexadecimal digits.
fn fields(message: &Message) -> Value {
    let texts = message.fields().map(|(number, value)| {
        let is_binary = field(number).unwrap().format == Format::B;
        let text =
            if is_binary { hex::encode_upper(value) } else { String::from_utf8(value.to_vec()).unwrap() };
        (number.to_string(), Value::from(text))
    });
    let mut all: Map<String, Value> = texts.collect();
    all.insert("0".to_owned(), message.mti().to_string().into());
    Value::Object(all)
}

/// Every shape, framed, is read by the peer as it is meant, and written by the peer as we read it.
///
/// Where `writes_alike` says so, the peer's bytes are ours.
fn check(program: &Path, script: &str, dialect: &Spec, name: &str, writes_alike: impl Fn(&Message) -> bool) {
    let shapes = shapes::all();
    let framed = |message: &Message| hex::encode_upper(frame(&message.encode(dialect).unwrap()).unwrap());
    let question: Vec<Value> =
        shapes.iter().map(|message| json!({ "raw": framed(message), "fields": fields(message) })).collect();
    let answers = ask(program, script, &json!({ "dialect": name, "messages": question }));
    assert_eq!(answers.as_array().unwrap().len(), shapes.len());
    for ((message, asked), answer) in shapes.iter().zip(&question).zip(answers.as_array().unwrap()) {
        let mti = message.mti();
        assert_eq!(answer["fields"], asked["fields"], "{script} reads {mti} in {name}");
        if writes_alike(message) {
            assert_eq!(answer["raw"], asked["raw"], "{script} writes {mti} in {name}");
        }
        let mut buffer = BytesMut::from(&*hex::decode(answer["raw"].as_str().unwrap()).unwrap());
        let raw = deframe(&mut buffer, MAX_MESSAGE).unwrap().unwrap();
        assert_eq!(
            &Message::decode(dialect, &raw).unwrap(),
            message,
            "we read the {mti} of {script} in {name}"
        );
    }
}

#[test]
fn pyiso8583_reads_and_writes_our_messages() {
    let python = installed(".venv/bin/python");
    check(&python, "pyiso8583_peer.py", &Spec::BINARY, "binary", |_| true);
    check(&python, "pyiso8583_peer.py", &Spec::HEX, "hex", |_| true);
    check(&python, "pyiso8583_peer.py", &Spec::PACKED, "packed", |_| true);
}

#[test]
fn npm_iso_8583_reads_and_writes_our_messages() {
    // It has no binary fields of variable length, so those go as hexadecimal digits; and it writes the second
    // bitmap even when that is empty, which is longer than ours and means the same.
    check(Path::new("node"), "iso_8583_peer.js", &Spec::MIXED, "mixed", |message| {
        message.fields().any(|(number, _)| number > 64)
    });
}
