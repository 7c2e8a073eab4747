//! A message as lines for people: tag, name, value; card numbers, tracks and names masked.

use crate::dictionary::{self, Format, Masking};
use crate::tag::Tag;
use crate::tlv::{Tlv, Value};
use std::fmt::Write as _;

/// One line per data object, templates indented. What must not be seen is masked by its row in the
/// dictionary; a tag without a row shows only its length.
pub fn describe(objects: &[Tlv]) -> String {
    let mut out = String::new();
    lines(objects, 0, &mut out);
    out
}

fn lines(objects: &[Tlv], depth: usize, out: &mut String) {
    for object in objects {
        let name = dictionary::lookup(object.tag).map_or("(not in the dictionary)", |row| row.name);
        let indent = "  ".repeat(depth);
        // Writing to a String cannot fail.
        let _ = match &object.value {
            Value::Primitive(bytes) => {
                writeln!(out, "{indent}{:<6} {name}: {}", object.tag, masked_value(object.tag, bytes))
            }
            Value::Constructed(_) => writeln!(out, "{indent}{:<6} {name}", object.tag),
        };
        lines(object.inner(), depth.saturating_add(1), out);
    }
}

/// A value as its row in the dictionary allows it to be shown.
pub fn masked_value(tag: Tag, bytes: &[u8]) -> String {
    let Some(row) = dictionary::lookup(tag) else { return format!("<{} bytes>", bytes.len()) };
    match (row.masking, row.format) {
        (Masking::Hidden, _) => format!("<{} bytes, hidden>", bytes.len()),
        (Masking::Pan, _) => {
            let digits = hex::encode_upper(bytes);
            format!("{}*****", digits.get(..6).unwrap_or_default())
        }
        (Masking::Open, Format::Alphanumeric | Format::AlphanumericSpecial) => {
            String::from_utf8(bytes.to_vec())
                .ok()
                .filter(|text| text.chars().all(|c| !c.is_control()))
                .map_or_else(|| hex::encode_upper(bytes), |text| format!("\"{text}\""))
        }
        (Masking::Open, Format::Numeric | Format::CompressedNumeric | Format::Binary | Format::Template) => {
            hex::encode_upper(bytes)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn a_record_reads_as_masked_lines() {
        let record = "70205A0841111111111111115F24033012315F3401015F2006544553542F435001419F550102";
        expect![[r#"
            70 Record Template
              5A Application Primary Account Number: 411111*****
              5F24 Application Expiration Date: <3 bytes, hidden>
              5F34 Application PAN Sequence Number: 01
              5F20 Cardholder Name: <6 bytes, hidden>
              50 Application Label: "A"
            9F55 (not in the dictionary): <1 bytes>
        "#]]
        .assert_eq(&describe(&crate::tlv::parse(&hex::decode(record).unwrap()).unwrap()));
    }
}
