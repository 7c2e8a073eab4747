//! Known answers from outside, and a storm of damaged input.
//!
//! TLV: knovichikhin/pyemv `tests/test_tlv.py`. Data object lists, CVM lists and directory answers:
//! openemv/emv-utils `tests/emv_dol_test.c`, `emv_cvmlist_test.c`, `emv_build_candidate_list_test.c`.
#![expect(clippy::expect_used, clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

use emv::cvm::{Condition, CvmList, Method};
use emv::dol::Dol;
use emv::tlv::{self, Tlv, TlvFault, Value};
use emv::{Tag, Track2};

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text.replace(' ', "")).expect("hexadecimal")
}

fn tag(number: u32) -> Tag {
    Tag::of(number)
}

#[test]
fn pyemv_decodes_the_same() {
    for (message, number, value) in [
        ("9C00", 0x9C, ""),
        ("9C01FF", 0x9C, "FF"),
        ("9C8101FF", 0x9C, "FF"),
        ("9F0200", 0x9F02, ""),
        ("9F0201FF", 0x9F02, "FF"),
        ("9F820100", 0x9F_8201, ""),
        ("9F820101FF", 0x9F_8201, "FF"),
        ("9C80", 0x9C, ""),
        ("9C8100", 0x9C, ""),
        ("9C820000", 0x9C, ""),
        ("9C83000000", 0x9C, ""),
        ("9C8400000000", 0x9C, ""),
        ("9C820001FF", 0x9C, "FF"),
        ("9C83000001FF", 0x9C, "FF"),
        ("9C8400000001FF", 0x9C, "FF"),
    ] {
        assert_eq!(
            tlv::parse(&bytes(message)).unwrap(),
            [Tlv::bytes(tag(number), bytes(value))],
            "{message}"
        );
    }
    assert_eq!(
        tlv::parse(&bytes("9F0201FFE0039F03009F0400")).unwrap(),
        [
            Tlv::bytes(tag(0x9F02), [0xFF]),
            Tlv::template(tag(0xE0), vec![Tlv::bytes(tag(0x9F03), [])]),
            Tlv::bytes(tag(0x9F04), []),
        ]
    );
}

#[test]
fn pyemv_encodes_the_same() {
    for (objects, message) in [
        (vec![], String::new()),
        (vec![Tlv::bytes(tag(0x9C), [])], "9C00".into()),
        (vec![Tlv::bytes(tag(0x9F00), [0xFF])], "9F0001FF".into()),
        (vec![Tlv::bytes(tag(0x9C), vec![0xFF; 128])], format!("9C8180{}", "FF".repeat(128))),
        (vec![Tlv::bytes(tag(0x9C), vec![0xFF; 511])], format!("9C8201FF{}", "FF".repeat(511))),
        (vec![Tlv::template(tag(0xE0), vec![])], "E000".into()),
        (
            vec![
                Tlv::template(tag(0xE0), vec![Tlv::bytes(tag(0x9F00), [0xFF])]),
                Tlv::bytes(tag(0x9C), [0xFF]),
            ],
            "E0049F0001FF9C01FF".into(),
        ),
    ] {
        assert_eq!(hex::encode_upper(tlv::write(&objects)), message);
    }
}

#[test]
fn pyemv_refuses_the_same_messages_at_the_same_places() {
    use TlvFault::{Length, Tag as BadTag, Value as BadValue};
    for (message, fault, offset, path) in [
        ("9F", BadTag, 0, ""),
        ("9FF0", BadTag, 0, ""),
        ("9C", Length, 1, "9C"),
        ("9C01", BadValue, 2, "9C"),
        ("9C0200", BadValue, 2, "9C"),
        ("E001", BadValue, 2, "E0"),
        ("E0019F0001FF", BadTag, 2, "E0"),
        ("E0019C01FF", Length, 3, "E0/9C"),
        ("E0039C8101C001FF", BadValue, 5, "E0/9C"),
        ("E0049C810200C001FF", BadValue, 5, "E0/9C"),
        ("9C01FFAA", Length, 4, "AA"),
        ("E0039C01FFAA", Length, 6, "AA"),
    ] {
        let error = tlv::parse(&bytes(message)).unwrap_err();
        let shown = error.path.iter().map(ToString::to_string).collect::<Vec<_>>().join("/");
        assert_eq!((error.fault, error.offset, shown.as_str()), (fault, offset, path), "{message}: {error}");
    }
    // pyemv points behind the first length byte of these, we at it.
    for message in ["9C81", "9C8200", "E0029C8101FF", "E0039C8201FF"] {
        assert_eq!(tlv::parse(&bytes(message)).unwrap_err().fault, Length, "{message}");
    }
}

#[test]
fn emv_utils_reads_and_fills_the_same_lists() {
    let dol = Dol::parse(&bytes("9F0206 9F0306 9F1A02 9505 5F2A02 9A03 9C01 9F3704")).unwrap();
    assert_eq!((dol.entries().len(), dol.data_length()), (8, 29));
    assert_eq!(Dol::parse(&bytes("9F0206 9F0306 9F1A02 95")).unwrap_err().offset, 9);
    assert!(Dol::parse(&bytes("9F0206 9F0306 9F1A02 9505 5F2A02 9A03 9C01 9F37")).is_err());

    let values = [
        (0x9C, "09"),
        (0x9A, "240217"),
        (0x5F2A, "0978"),
        (0x9F02, "000123456789"),
        (0x9F03, "000987654321"),
        (0x9F1A, "0528"),
        (0x9F37, "DEADBEEF"),
        (0x95, "1234554321"),
    ]
    .map(|(number, value)| (tag(number), bytes(value)));
    let source = |wanted: Tag| values.iter().find(|(t, _)| *t == wanted).map(|(_, v)| v.as_slice());
    assert_eq!(dol.fill(source), bytes("000123456789 000987654321 0528 1234554321 0978 240217 09 DEADBEEF"));
    // Lengths that differ from the values': test 7 of emv_dol_test.c.
    let dol = Dol::parse(&bytes("9F0203 9F0307 9F1A02 9506 5F2A02 9A00 9C03 9F3703")).unwrap();
    assert_eq!(dol.fill(source), bytes("456789 00000987654321 0528 123455432100 0978 000009 DEADBE"));
}

#[test]
fn emv_utils_reads_the_same_cvm_lists() {
    for bad in ["000186A0 000003E8", "000186A0 000003E8 1E0342", "000186A0 0000"] {
        assert!(CvmList::parse(&bytes(bad)).is_err(), "{bad}");
    }
    let list = CvmList::parse(&bytes("000186A0 000003E8 1E03")).unwrap();
    assert_eq!((list.amount_x, list.amount_y), (100_000, 1_000));
    let list = CvmList::parse(&bytes("00000000 00000000 4201 4403 4103 5E03 4203 1F03")).unwrap();
    let read: Vec<_> =
        list.rules.iter().map(|r| (r.method(), r.condition(), r.next_after_failure())).collect();
    assert_eq!(
        read,
        [
            (Method::OnlinePin, Condition::UnattendedCash, true),
            (Method::OfflinePin, Condition::Supported, true),
            (Method::OfflinePin, Condition::Supported, true),
            (Method::Signature, Condition::Supported, true),
            (Method::OnlinePin, Condition::Supported, true),
            (Method::NoCvm, Condition::Supported, false),
        ]
    );
}

const DIRECTORY: &str = "7044 6120 4F07A0000000032020 50055620504159 870101 730B9F0A080001050100000000 \
                         6120 4F07A0000000032010 50055620504159 870102 730B9F0A080001050100000000";
const FCI: &str = "6F45 8408A000000004101010 A539 50094D4320435245444954 5F2D046E6C656E 870101 9F110101 \
                   9F120A4D415354455243415244 BF0C109F4D020B0A9F0A080001050200000000";

#[test]
fn emv_utils_directory_and_control_information_read_as_meant() {
    let directory = tlv::parse(&bytes(DIRECTORY)).unwrap();
    let applications = directory[0].inner();
    let names: Vec<_> = applications.iter().filter_map(|a| tlv::find_bytes(a.inner(), tag(0x4F))).collect();
    assert_eq!(names, [bytes("A0000000032020"), bytes("A0000000032010")]);
    let fci = tlv::parse(&bytes(FCI)).unwrap();
    assert_eq!(tlv::find_bytes(&fci, tag(0x9F12)), Some(b"MASTERCARD".as_slice()));
    assert_eq!(tlv::find_bytes(&fci, tag(0x9F4D)), Some([0x0B, 0x0A].as_slice()));
    assert_eq!(tlv::write(&fci), bytes(FCI));
}

/// A small generator whose whole state is its seed (xorshift64*), so that a failure can be run again.
struct Seeded(u64);

impl Seeded {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit.max(1)).unwrap()).unwrap()
    }

    fn byte(&mut self) -> u8 {
        self.next().to_be_bytes()[0]
    }

    fn damage(&mut self, original: &[u8]) -> Vec<u8> {
        let mut damaged = original.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(damaged.len());
            match self.below(4) {
                0 if !damaged.is_empty() => damaged[at] = self.byte(),
                1 => damaged.truncate(at),
                2 => damaged.insert(at, self.byte()),
                _ if !damaged.is_empty() => drop(damaged.remove(at)),
                _ => damaged.push(self.byte()),
            }
        }
        damaged
    }
}

#[test]
fn a_hundred_thousand_damaged_messages_panic_nowhere() {
    let originals = [
        bytes(DIRECTORY),
        bytes(FCI),
        bytes("9F0206 9F0306 9F1A02 9505 5F2A02 9A03 9C01 9F3704"),
        bytes("00000000 00000000 4201 4403 4103 5E03 4203 1F03"),
        bytes("0801010010010301"),
        bytes("4761739001010010D30122011143804400000F"),
        bytes("9C8400000001FF"),
        b";4761739001010010=30122011143804400000?".to_vec(),
    ];
    let mut chance = Seeded(0x43_686F_6261);
    let mut read = 0_u32;
    for n in 0..100_000 {
        let damaged = chance.damage(&originals[n % originals.len()]);
        if let Ok(objects) = tlv::parse(&damaged) {
            read += 1;
            // What was read can be written and is then read as the same.
            assert_eq!(tlv::parse(&tlv::write(&objects)).unwrap(), objects, "{}", hex::encode(&damaged));
            let _ = (tlv::duplicates(&objects), emv::describe::describe(&objects));
            assert!(objects.iter().all(|o| matches!(o.value, Value::Primitive(_)) != o.tag.is_constructed()));
        }
        if let Ok(dol) = Dol::parse(&damaged) {
            assert_eq!(dol.fill(|_| Some(&damaged)).len(), dol.data_length());
        }
        let _ = CvmList::parse(&damaged);
        let _ = emv::afl::parse(&damaged).map(|entries| emv::afl::records(&entries));
        let _ = Track2::from_tag57(&damaged);
        let _ = Track2::parse(&String::from_utf8_lossy(&damaged));
        let _ = emv::Pan::from_compressed(&damaged);
        let _ = emv::apdu::Command::parse(&damaged).map(|c| c.to_bytes());
        let _ = emv::apdu::Response::parse(&damaged);
        let _ = emv::numeric::to_u64(&damaged);
    }
    assert!(read > 1_000, "the damage left hardly anything to read: {read}");
}
