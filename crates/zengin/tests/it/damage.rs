//! Every byte of a file damaged in every way: the first wrong byte is named, or the file says what it says.

use crate::samples::three;
use zengin::record::{DATA, DATA_EDI, END, Field, Form, HEADER, TRAILER};
use zengin::{EndMark, LineEnd, Options, Transfers, Why, read, write, write_file};

fn options(line_end: LineEnd, end_mark: EndMark, group_most: usize) -> Options {
    Options { line_end, end_mark, group_most }
}

/// The three payouts in two groups: nine records.
fn sample(line_end: LineEnd, end_mark: EndMark) -> Vec<u8> {
    write(&three(), &options(line_end, end_mark, 2)).unwrap()
}

#[test]
fn the_first_wrong_byte_is_named_in_the_words_of_the_table() {
    // what a clerk reads, for one damage of each sort. The fields of records are 120 bytes apart.
    let good = sample(LineEnd::None, EndMark::None);
    let damaged = |offset: usize, bytes: &[u8]| {
        let mut file = good.clone();
        file[offset..offset + bytes.len()].copy_from_slice(bytes);
        read(&file).map(|_| ()).unwrap_err().to_string()
    };
    let record = |number: usize| (number - 1) * 120;
    for (offset, bytes, says) in [
        (0, &b"2"[..], "record 1, byte 1 (record type, byte 1): 0x32 is not 1"),
        (1, b"11", "record 1, byte 2 (kind, byte 1): 0x31 is not 2"),
        (3, b"1", "record 1, byte 4 (character code, byte 1): 0x31 is not 0"),
        (4, b" ", "record 1, byte 5 (requester code, byte 1): 0x20 is not a digit"),
        (14, &[b' '; 40], "record 1, byte 15 (requester, byte 1): is empty"),
        (14, b" ", "record 1, byte 15 (requester, byte 1): a text begins at the left"),
        (54, b"1301", "record 1, byte 56 (pay day, byte 2): is no month and day"),
        (54, b"0431", "record 1, byte 58 (pay day, byte 4): is no month and day"),
        (54, b"0240", "record 1, byte 57 (pay day, byte 3): is no month and day"),
        (54, b"2001", "record 1, byte 55 (pay day, byte 1): is no month and day"),
        (62, b"(", "record 1, byte 63 (requester's bank name, byte 1): 0x28 (() may not stand here"),
        (95, b"4", "record 1, byte 96 (requester's account type, byte 1): 0x34 is none of 129"),
        (103, b"0", "record 1, byte 104 (dummy, byte 1): 0x30 is not a space"),
        (record(3) + 51, b"\x8A", "record 3, byte 52 (payee, byte 2): 0x8A is not JIS X 0201"),
        (record(3) + 51, b"\xB0", "record 3, byte 52 (payee, byte 2): 0xB0 (ｰ) may not stand here"),
        (record(3) + 51, b"a", "record 3, byte 52 (payee, byte 2): 0x61 (a) may not stand here"),
        (record(3) + 42, b"3", "record 3, byte 43 (account type, byte 1): 0x33 is none of 1249"),
        (record(2) + 80, b"0000000000", "record 2, byte 90 (amount, byte 10): the amount is zero"),
        (record(2) + 101, b" ", "record 2, byte 103 (customer code 2, byte 2): 0x30 is not a space"),
        (record(2) + 111, b"8", "record 2, byte 112 (designation, byte 1): 0x38 is not 7"),
        (record(2) + 112, b"N", "record 2, byte 113 (EDI mark, byte 1): 0x4E is none of  Y"),
        (record(4) + 1, b"000003", "record 4, byte 7 (count, byte 6): counted 2 data records"),
        (record(4) + 7, b"9", "record 4, byte 8 (sum, byte 1): the amounts add up to 10000004415"),
        (record(5), b"8", "record 5, byte 1 (record type, byte 1): 0x38 is none of 19"),
        (record(8), b"2", "record 8, byte 1 (record type, byte 1): 0x32 is none of 19"),
    ] {
        assert_eq!(damaged(offset, bytes), says);
    }
}

#[test]
fn a_transfer_that_stands_twice_is_named_with_the_record_of_the_first() {
    let good = write(&three(), &Options::default()).unwrap();
    let records: Vec<&[u8]> = good.chunks(120).collect();
    let twice = [records[0], records[1], records[2], records[1]].concat();
    let wrong = read(&twice).unwrap_err();
    assert_eq!((wrong.record, wrong.byte, wrong.why), (4, 2, Why::Twice { first: 2 }));
    assert_eq!(
        wrong.to_string(),
        "record 4, byte 2 (bank, byte 1): account, amount and reference are those of record 2"
    );
}

#[test]
fn records_in_another_order_are_refused_at_the_first_that_may_not_come() {
    let good = write(&three(), &Options::default()).unwrap();
    let records: Vec<&[u8]> = good.chunks(120).collect();
    let read_order = |order: &[usize]| {
        let file: Vec<u8> = order.iter().flat_map(|nth| records[*nth]).copied().collect();
        read(&file).map_err(|wrong| (wrong.record, wrong.byte))
    };
    // 0 header, 1 to 3 data, 4 trailer, 5 end.
    for (order, at) in [
        (&[1, 2][..], (1, 1)),
        (&[5], (1, 1)),
        (&[0, 4], (2, 1)),
        (&[0, 0], (2, 1)),
        (&[0, 1, 5], (3, 1)),
        (&[0, 1, 0], (3, 1)),
        (&[0, 1, 2, 3, 4, 4], (6, 1)),
        (&[0, 1, 2, 3, 4, 1], (6, 1)),
        (&[0, 1, 2, 3, 4, 5, 5], (7, 1)),
        (&[0, 1, 2, 3, 4], (6, 1)),
        (&[0], (2, 1)),
        (&[], (1, 1)),
    ] {
        assert_eq!(read_order(order).map(|_| ()), Err(at), "{order:?}");
    }
    assert!(read_order(&[0, 1, 2, 3, 4, 5]).is_ok());
}

#[test]
fn a_file_that_is_cut_short_is_refused_where_it_ends() {
    for (line_end, end_mark) in
        [(LineEnd::None, EndMark::None), (LineEnd::CrLf, EndMark::None), (LineEnd::CrLf, EndMark::Sub)]
    {
        let good = sample(line_end, end_mark);
        for length in 0..good.len() {
            let cut = read(&good[..length]);
            // Without its end mark the file is whole.
            if end_mark == EndMark::Sub && length + 1 == good.len() {
                assert!(cut.is_ok());
                continue;
            }
            let wrong = cut.unwrap_err();
            // Before the second byte behind the first record nothing says that there are line ends.
            if length > 121 || line_end == LineEnd::None {
                assert_eq!((wrong.offset, wrong.why), (length, Why::Ends), "{length}");
            }
        }
        let mut longer = good.clone();
        longer.push(b' ');
        assert_eq!(read(&longer).unwrap_err().why, Why::Surplus(b' '));
    }
}

/// The field of an offset in a file of the sample's order; nothing on a line end.
fn field_at(record: &[u8], byte: usize) -> Option<&'static Field> {
    let fields = match record[0] {
        b'1' => HEADER,
        b'2' if record[112] == b'Y' => DATA_EDI,
        b'2' => DATA,
        b'8' => TRAILER,
        _ => END,
    };
    fields.iter().find(|field| (field.from..field.from + field.width).contains(&byte))
}

/// Whether damage of a byte may be noticed at a later one only: another type of record, amounts that no longer
/// add up, a reference read in another way, a day that is judged by its four digits.
fn noticed_later(field: &Field) -> bool {
    matches!(field.form, Form::Amount | Form::MonthDay) || ["record type", "EDI mark"].contains(&field.name)
}

#[test]
fn every_byte_damaged_in_every_way_is_named_or_means_what_it_says() {
    // 9 records × 120 bytes × 255 values, with and without line ends.
    for (line_end, end_mark) in [(LineEnd::None, EndMark::None), (LineEnd::CrLf, EndMark::Sub)] {
        let good = sample(line_end, end_mark);
        let stride = 120 + line_end.bytes().len();
        let (mut named, mut taken) = (0, 0);
        for offset in 0..good.len() {
            let begin = offset / stride * stride;
            let field = good.get(begin..begin + 120).and_then(|record| field_at(record, offset - begin));
            for value in (0..=u8::MAX).filter(|value| *value != good[offset]) {
                let mut file = good.clone();
                file[offset] = value;
                match read(&file) {
                    Ok(read) => {
                        taken += 1;
                        assert_eq!(write_file(&read).as_ref(), Ok(&file), "{offset} {value:#04X}");
                    }
                    Err(wrong) => {
                        named += 1;
                        let told = wrong.offset;
                        assert_eq!(told, (wrong.record - 1) * stride + wrong.byte - 1);
                        // A first byte that turns blank makes the next one the wrong one.
                        let blanked = value == b' ' || good[offset] == b' ';
                        let exact = field.is_none_or(|field| !noticed_later(field)) && !blanked;
                        let right = if exact { told == offset } else { told >= offset || blanked };
                        assert!(right, "{offset} {value:#04X}: {wrong}");
                    }
                }
            }
        }
        assert!(named > 200_000 && taken > 1_000, "{named} named, {taken} taken");
    }
}

#[test]
fn a_byte_added_or_lost_is_refused() {
    for line_end in [LineEnd::None, LineEnd::CrLf] {
        let good = sample(line_end, EndMark::None);
        for offset in 0..good.len() {
            let mut lost = good.clone();
            lost.remove(offset);
            assert!(read(&lost).is_err(), "{offset} lost");
            let mut added = good.clone();
            added.insert(offset, b' ');
            assert!(read(&added).is_err(), "{offset} added");
        }
    }
}

#[test]
fn a_file_of_another_group_is_still_one_file() {
    let groups: Vec<Transfers> =
        (0..3).map(|nth| Transfers { transfers: vec![three().transfers[nth].clone()], ..three() }).collect();
    let file = zengin::File { groups, line_end: LineEnd::CrLf, end_mark: EndMark::None };
    assert_eq!(read(&write_file(&file).unwrap()), Ok(file));
}
