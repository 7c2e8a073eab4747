//! Holiday files: the official bytes are read, every other file is refused with its line and a reason.

use encoding_rs::SHIFT_JIS;
use settlement::rules::{Calendar, read_csv};

const OFFICIAL: &str = include_str!("../../data/holidays.csv");

/// As the Cabinet Office publishes it.
fn cp932(text: &str) -> Vec<u8> {
    let (bytes, _, unmappable) = SHIFT_JIS.encode(text);
    assert!(!unmappable);
    bytes.into_owned()
}

#[test]
fn the_official_bytes_are_read_as_well_as_utf8() {
    //
    let old = "1955/1/1,元日\n1955/1/15,成人の日\n";
    let years: String = (1956..2020)
        .flat_map(|year| [format!("{year}/1/1,元日\n"), format!("{year}/5/3,憲法記念日\n")])
        .collect();
    let (head, rows) = OFFICIAL.split_once('\n').unwrap();
    let whole = format!("{head}\n{old}{years}{rows}").replace('\n', "\r\n");
    let kept = read_csv(&cp932(&whole), 2026).unwrap();
    assert_eq!(kept, read_csv(OFFICIAL.as_bytes(), 2027).unwrap());
    assert_eq!(kept, read_csv(format!("\u{feff}{OFFICIAL}").as_bytes(), 2027).unwrap());
    assert_eq!(kept.len(), 143);
    assert_eq!(kept.first().unwrap().0.to_string(), "2020-01-01");
    for year in 2020..=2027 {
        let of_year = kept.iter().filter(|(day, _)| day.year() == year).count();
        assert_eq!(Calendar::embedded().holidays(year).len(), of_year);
    }
}

/// Official lines with the first `from` replaced.
fn with(from: &str, to: &str) -> Vec<u8> {
    OFFICIAL.replacen(from, to, 1).into_bytes()
}

/// Official lines but those that begin so.
fn without(beginnings: &[&str]) -> Vec<u8> {
    let kept = OFFICIAL.lines().filter(|line| !beginnings.iter().any(|it| line.starts_with(it)));
    kept.flat_map(|line| format!("{line}\n").into_bytes()).collect()
}

fn check(table: &[(&str, Vec<u8>, &str)]) {
    let mut wrong = String::new();
    for (name, bytes, expected) in table {
        let said = read_csv(bytes, 2027).map_or_else(|bad| bad.to_string(), |_| "read".to_owned());
        if said != *expected {
            wrong.push_str(&format!("{name}: {said}\n"));
        }
    }
    assert_eq!(wrong, "");
}

#[test]
fn a_file_with_a_wrong_line_is_refused_with_line_and_reason() {
    //
    let mut bad_bytes = cp932(OFFICIAL);
    let comma = bad_bytes.iter().rposition(|byte| *byte == b',').unwrap();
    bad_bytes[comma + 1] = 0xff;
    check(&[
        ("nothing", Vec::new(), "line 1: this is not the first line of the Cabinet Office's file"),
        ("a page", b"<html>".to_vec(), "line 1: this is not the first line of the Cabinet Office's file"),
        ("other head", with("月日", "日"), "line 1: this is not the first line of the Cabinet Office's file"),
        ("bad bytes", bad_bytes, "line 144: the bytes are neither CP932 nor UTF-8"),
        (
            "head alone",
            with(OFFICIAL.split_once('\n').unwrap().1, ""),
            "line 1: the last year of the file is before the current one",
        ),
        ("no comma", with("2020/1/13,", "2020/1/13 "), "line 3: not a date, a comma and a name"),
        ("no name", with("成人の日", ""), "line 3: not a date, a comma and a name"),
        ("third cell", with("成人の日", "成人,の日"), "line 3: not a date, a comma and a name"),
        ("quoted", with("成人の日", "\"成人の日\""), "line 3: not a date, a comma and a name"),
        ("control", with("成人の日", "成人\tの日"), "line 3: not a date, a comma and a name"),
        ("long name", with("成人の日", &"成".repeat(31)), "line 3: not a date, a comma and a name"),
        ("hyphens", with("2020/1/13", "2020-1-13"), "line 3: not a date, a comma and a name"),
        ("sign", with("2020/1/13", "2020/+1/13"), "line 3: not a date, a comma and a name"),
        ("no day", with("2020/1/13", "2020/1"), "line 3: not a date, a comma and a name"),
        ("four parts", with("2020/1/13", "2020/1/13/1"), "line 3: not a date, a comma and a name"),
        ("empty line", with("2020/1/13,", "\n2020/1/13,"), "line 3: not a date, a comma and a name"),
        ("month 13", with("2020/1/13", "2020/13/1"), "line 3: there is no such date"),
        ("30 February", with("2020/2/11", "2020/2/30"), "line 4: there is no such date"),
        ("twice", with("2020/1/13", "2020/1/1"), "line 3: the date stands in the file twice"),
        ("order", with("2020/2/11", "2020/1/12"), "line 4: the date is before the one above it"),
    ]);
}

#[test]
fn a_file_that_lacks_something_is_refused_with_line_and_reason() {
    //
    let long = format!("{OFFICIAL}{}", "2028/1/1,元日\n".repeat(1_856));
    check(&[
        ("a year missing", without(&["2023/"]), "line 53: a year is missing before this line"),
        (
            "short year",
            without(&["2022/5/3", "2022/5/4"]),
            "line 50: the year that ends here has fewer than fifteen holidays",
        ),
        (
            "short last year",
            without(&["2027/1/11", "2027/10/", "2027/11/", "2027/2/"]),
            "line 138: the year that ends here has fewer than fifteen holidays",
        ),
        ("no New Year", without(&["2023/1/1,"]), "line 68: the year that ends here has no 1 January"),
        ("2,000 lines", long.into_bytes(), "line 146: the date stands in the file twice"),
        ("old", without(&["2027/"]), "line 127: the last year of the file is before the current one"),
    ]);
}

#[test]
fn a_file_of_too_many_lines_is_refused_before_it_is_understood() {
    //
    let long = format!("{}{}", OFFICIAL, "?\n".repeat(3_000));
    assert_eq!(
        read_csv(long.as_bytes(), 2027).unwrap_err().to_string(),
        "line 2001: the file has more than 2,000 lines"
    );
}
