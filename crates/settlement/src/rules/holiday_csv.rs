//! The Cabinet Office's file of national holidays (X-094): read whole, or refused with a line and a reason.

use super::calendar::HOLIDAYS_IN_A_YEAR;
use crate::limits;
use encoding_rs::SHIFT_JIS;
use jiff::civil::{Date, date};
use std::borrow::Cow;
use std::fmt;

/// The first line of the official file.
const HEAD: &str = "国民の祝日・休日月日,国民の祝日・休日名称";
/// Years before this one are read and not kept: the law was another.
const FIRST_KEPT: i16 = 2020;

/// A holiday file that is refused, with the line (counted from 1) that shows why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadFile {
    /// Line, counted from 1.
    pub line: usize,
    /// The reason.
    pub why: WhyBad,
}

/// Why a holiday file is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhyBad {
    /// Neither CP932 nor UTF-8.
    Bytes,
    /// The first line is not the official one.
    Head,
    /// Not a date and a name.
    Row,
    /// The date does not exist.
    NoSuchDate,
    /// The date is before the one above it.
    Order,
    /// The date stands in the line above.
    Twice,
    /// A kept year has fewer than fifteen days.
    ShortYear,
    /// A kept year has no New Year's Day.
    NoNewYear,
    /// A year is left out.
    Gap,
    /// More lines than a file may have.
    TooLong,
    /// There is nothing from 2020 on, or the last year is over.
    Old,
}

impl fmt::Display for WhyBad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bytes => "the bytes are neither CP932 nor UTF-8",
            Self::Head => "this is not the first line of the Cabinet Office's file",
            Self::Row => "not a date, a comma and a name",
            Self::NoSuchDate => "there is no such date",
            Self::Order => "the date is before the one above it",
            Self::Twice => "the date stands in the file twice",
            Self::ShortYear => "the year that ends here has fewer than fifteen holidays",
            Self::NoNewYear => "the year that ends here has no 1 January",
            Self::Gap => "a year is missing before this line",
            Self::TooLong => "the file has more than 2,000 lines",
            Self::Old => "the last year of the file is before the current one",
        })
    }
}

impl fmt::Display for BadFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

impl std::error::Error for BadFile {}

/// Reads the official file, CP932 with CRLF or UTF-8 with LF. Gives the days from 2020 on, in order, each kept year
/// complete. `this_year` is the current year in Tokyo: a file that ends before it is refused.
pub fn read_csv(bytes: &[u8], this_year: i16) -> Result<Vec<(Date, String)>, BadFile> {
    let lines = lines(bytes)?;
    let bad = |line: usize, why| BadFile { line, why };
    if lines.first().is_none_or(|head| head != HEAD) {
        return Err(bad(1, WhyBad::Head));
    }
    let mut kept: Vec<(Date, String)> = Vec::new();
    let mut above: Option<Date> = None;
    for (number, line) in (1usize..).zip(&lines).skip(1) {
        let (day, name) = row(line).map_err(|why| bad(number, why))?;
        match above {
            Some(above) if above == day => return Err(bad(number, WhyBad::Twice)),
            Some(above) if above > day => return Err(bad(number, WhyBad::Order)),
            Some(above) if day.year().saturating_sub(above.year()) > 1 => {
                return Err(bad(number, WhyBad::Gap));
            }
            _ => {}
        }
        if above.is_some_and(|above| above.year() < day.year()) {
            complete(&kept).map_err(|why| bad(number.saturating_sub(1), why))?;
        }
        above = Some(day);
        if day.year() >= FIRST_KEPT {
            kept.push((day, name.to_owned()));
        }
    }
    complete(&kept).map_err(|why| bad(lines.len(), why))?;
    if kept.last().is_none_or(|(last, _)| last.year() < this_year) {
        return Err(bad(lines.len(), WhyBad::Old));
    }
    Ok(kept)
}

/// The last year of what is kept so far has what a year must have.
fn complete(kept: &[(Date, String)]) -> Result<(), WhyBad> {
    let Some(year) = kept.last().map(|(day, _)| day.year()) else { return Ok(()) };
    let of_year = || kept.iter().rev().take_while(|(day, _)| day.year() == year);
    if !of_year().any(|(day, _)| *day == date(year, 1, 1)) {
        return Err(WhyBad::NoNewYear);
    }
    if of_year().count() < HOLIDAYS_IN_A_YEAR { Err(WhyBad::ShortYear) } else { Ok(()) }
}

/// The lines as text, without line ends and without an empty last one.
fn lines(bytes: &[u8]) -> Result<Vec<Cow<'_, str>>, BadFile> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let is_utf8 = std::str::from_utf8(bytes).is_ok();
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let mut lines = Vec::new();
    // No byte of a CP932 character is a line feed.
    for (number, line) in (1usize..).zip(bytes.split(|byte| *byte == b'\n')) {
        if number > limits::HOLIDAY_LINES {
            return Err(BadFile { line: number, why: WhyBad::TooLong });
        }
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let text = if is_utf8 {
            std::str::from_utf8(line).ok().map(Cow::Borrowed)
        } else {
            SHIFT_JIS.decode_without_bom_handling_and_without_replacement(line)
        };
        lines.push(text.ok_or(BadFile { line: number, why: WhyBad::Bytes })?);
    }
    Ok(lines)
}

/// One row: `2026/5/6,休日`.
fn row(line: &str) -> Result<(Date, &str), WhyBad> {
    let (day, name) = line.split_once(',').ok_or(WhyBad::Row)?;
    let nameless = name.trim().is_empty() || name.len() > limits::HOLIDAY_NAME_BYTES;
    if nameless || name.contains(|c: char| c == ',' || c == '"' || c.is_control()) {
        return Err(WhyBad::Row);
    }
    let mut parts = day.split('/');
    let (Some(year), Some(month), Some(of_month), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(WhyBad::Row);
    };
    let (year, month, of_month) = (number(year, 4)?, number(month, 2)?, number(of_month, 2)?);
    let small = |value: i16| i8::try_from(value).map_err(|_| WhyBad::NoSuchDate);
    let day = Date::new(year, small(month)?, small(of_month)?).map_err(|_| WhyBad::NoSuchDate)?;
    Ok((day, name))
}

/// Digits only, at most `most` of them.
fn number(text: &str, most: usize) -> Result<i16, WhyBad> {
    if text.is_empty() || text.len() > most || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(WhyBad::Row);
    }
    text.parse().map_err(|_| WhyBad::Row)
}
