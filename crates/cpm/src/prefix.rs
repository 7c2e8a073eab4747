//! Whose code it is: `data/code_prefixes.toml`, dated, longest match first (M-041, X-040 … X-043).

use crate::payload::Format;
use crate::scan::{Form as ScanForm, Scan};
use jiff::civil::Date;
use payment::Brand;
use serde::Deserialize;
use std::cmp::Reverse;
use std::sync::LazyLock;

/// Which part of a code a row looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The digits of the whole code.
    Digits,
    /// The provider's number in a JPQR payload.
    Jpqr,
    /// The ADF name in an EMV payload, upper-case hex.
    EmvApplication,
    /// The payment id in an EMV payload.
    EmvPaymentId,
}

/// A row of the table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrefixRow {
    /// The service's own name, for a refusal by name.
    pub service: String,
    /// The brand, when we take it.
    #[serde(default)]
    pub brand: Option<Brand>,
    /// What it looks at.
    #[serde(rename = "form")]
    pub part: Part,
    /// How that part begins.
    pub prefixes: Vec<String>,
    /// How long that part may be; empty where it is not known.
    pub lengths: Vec<usize>,
    /// Higher comes first between matches of the same length.
    #[serde(default)]
    pub priority: u8,
    /// The first day (Tokyo) on which the row counts.
    pub valid_from: Date,
    /// The last day, when there is one.
    #[serde(default)]
    pub valid_to: Option<Date>,
    /// Where it is known from.
    pub source: String,
}

#[derive(Deserialize)]
struct File {
    prefix: Vec<PrefixRow>,
}

/// Every row, in the order of the file.
pub fn rows() -> &'static [PrefixRow] {
    static ROWS: LazyLock<Vec<PrefixRow>> = LazyLock::new(|| {
        toml::from_str::<File>(include_str!("../data/code_prefixes.toml"))
            .map(|file| file.prefix)
            .unwrap_or_default()
    });
    &ROWS
}

/// What the table says about a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recognised {
    /// These brands, the likeliest first; more than one where ranges overlap.
    Brands(Vec<Brand>),
    /// A service that we do not take, or that had ended by that day.
    NotTaken {
        /// Its own name.
        service: &'static str,
        /// Whether it had ended.
        ended: bool,
    },
    /// No row: show the list of brands (M-042) or refuse.
    Unknown,
}

impl Recognised {
    /// The likeliest brand.
    pub fn first(&self) -> Option<Brand> {
        match self {
            Self::Brands(brands) => brands.first().copied(),
            Self::NotTaken { .. } | Self::Unknown => None,
        }
    }

    /// The likeliest of the brands that this shop takes.
    pub fn accepted(&self, by_shop: &[Brand]) -> Option<Brand> {
        match self {
            Self::Brands(brands) => brands.iter().copied().find(|brand| by_shop.contains(brand)),
            Self::NotTaken { .. } | Self::Unknown => None,
        }
    }
}

/// Whose code it is on a day (Tokyo).
pub fn recognise(scan: &Scan, day: Date) -> Recognised {
    recognise_by(rows(), scan, day)
}

/// As [`recognise`], by another table.
pub fn recognise_by(rows: &'static [PrefixRow], scan: &Scan, day: Date) -> Recognised {
    // A payload may offer several applications; the first that anybody knows is the customer's choice.
    for parts in candidates(scan) {
        let mut matches: Vec<(usize, &PrefixRow)> = rows
            .iter()
            .filter_map(|row| parts.iter().find_map(|part| match_length(row, part, day)))
            .collect();
        matches.sort_by_key(|(length, row)| Reverse((*length, row.priority)));
        let Some(longest) = matches.first().map(|(length, _)| *length) else { continue };
        matches.retain(|(length, _)| *length == longest);
        return outcome(&matches, day);
    }
    Recognised::Unknown
}

fn outcome(matches: &[(usize, &'static PrefixRow)], day: Date) -> Recognised {
    let mut brands = Vec::new();
    for brand in matches.iter().filter(|(_, row)| !ended(row, day)).filter_map(|(_, row)| row.brand) {
        if !brands.contains(&brand) {
            brands.push(brand);
        }
    }
    match matches.first() {
        Some((_, row)) if brands.is_empty() => {
            Recognised::NotTaken { service: &row.service, ended: ended(row, day) }
        }
        _ => Recognised::Brands(brands),
    }
}

fn ended(row: &PrefixRow, day: Date) -> bool {
    row.valid_to.is_some_and(|last| last < day)
}

/// What the rows may look at, one list for each way to pay that the code offers.
fn candidates(scan: &Scan) -> Vec<Vec<(Part, &str)>> {
    match &scan.form {
        ScanForm::Digits => vec![vec![(Part::Digits, scan.token.unmask())]],
        ScanForm::Objects(payload) => payload
            .applications
            .iter()
            .map(|application| match payload.format {
                Format::Jpqr => vec![(Part::Jpqr, application.provider())],
                Format::Emv => vec![
                    (Part::EmvApplication, application.provider()),
                    (Part::EmvPaymentId, application.unmask_payment_id()),
                ],
            })
            .collect(),
        ScanForm::Other => Vec::new(),
    }
}

/// The length of the longest prefix of the row that the part begins with. A row that has ended still
/// matches, so that its service is refused by name; one that has not begun does not.
fn match_length<'r>(
    row: &'r PrefixRow,
    (part, text): &(Part, &str),
    day: Date,
) -> Option<(usize, &'r PrefixRow)> {
    let fits = row.part == *part
        && day >= row.valid_from
        && (row.lengths.is_empty() || row.lengths.contains(&text.len()));
    let longest =
        row.prefixes.iter().filter(|prefix| text.starts_with(prefix.as_str())).map(String::len).max()?;
    fits.then_some((longest, row))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::read;
    use jiff::civil::date;
    use payment::Method;

    const DAY: Date = date(2026, 11, 28);

    fn brands(text: &str) -> Recognised {
        recognise(&read(text).unwrap(), DAY)
    }

    #[test]
    fn the_table_reads_and_every_row_is_whole() {
        let file = toml::from_str::<File>(include_str!("../data/code_prefixes.toml")).unwrap();
        assert_eq!(file.prefix.len(), rows().len());
        for row in rows() {
            assert!(!row.prefixes.is_empty() && !row.service.is_empty() && !row.source.is_empty(), "{row:?}");
            assert!(row.valid_to.is_none_or(|last| last >= row.valid_from), "{row:?}");
            assert!(row.brand.is_none_or(|brand| brand.row().unwrap().method == Method::Code), "{row:?}");
        }
    }

    #[test]
    fn each_brands_digits_are_recognised() {
        // M-041
        for (text, brand) in [
            ("900081818801234567890123", Brand::PayPay),
            ("9000000212345678901234", Brand::DBarai),
            ("9000011234567890", Brand::RakutenPay),
            ("3158992112345678901", Brand::AuPay),
            ("3158990012345678901", Brand::Merpay),
            ("3158993112345678901", Brand::YuchoPay),
            ("3158994012345678901", Brand::YuchoPay),
            ("135056725249518813", Brand::WeChatPay),
            ("251001020123456789012345", Brand::AlipayPlus),
            ("2893612204263667830", Brand::AlipayPlus),
            ("6212345678901234567", Brand::UnionPayQr),
            ("90009900123456789012", Brand::ChobaPay),
        ] {
            assert_eq!(brands(text).first(), Some(brand), "{text}");
        }
    }

    #[test]
    fn a_code_in_alipays_range_is_paypays_where_only_paypay_is_taken() {
        //
        let both = brands("281234567890123456");
        assert_eq!(both, Recognised::Brands(vec![Brand::AlipayPlus, Brand::PayPay]));
        assert_eq!(both.accepted(&[Brand::PayPay, Brand::AlipayPlus]), Some(Brand::AlipayPlus));
        assert_eq!(both.accepted(&[Brand::PayPay, Brand::DBarai]), Some(Brand::PayPay));
        assert_eq!(both.accepted(&[Brand::DBarai]), None);
    }

    #[test]
    fn the_longest_prefix_wins_whatever_its_priority() {
        // 9000 0000 00 (LINE Pay) and 9000 01 (Rakuten) and 9000 0002 share a head.
        let row = |service: &str, brand, prefix: &str, priority| PrefixRow {
            service: service.to_owned(),
            brand: Some(brand),
            part: Part::Digits,
            prefixes: vec![prefix.to_owned()],
            lengths: Vec::new(),
            priority,
            valid_from: date(2020, 1, 1),
            valid_to: None,
            source: "test".to_owned(),
        };
        let rows: &'static [PrefixRow] = Box::leak(Box::new([
            row("short", Brand::AlipayPlus, "28", 9),
            row("long", Brand::PayPay, "2813", 0),
        ]));
        let of = |text: &str| recognise_by(rows, &read(text).unwrap(), DAY).first();
        assert_eq!(of("281300000000000000"), Some(Brand::PayPay));
        assert_eq!(of("281400000000000000"), Some(Brand::AlipayPlus));
    }

    #[test]
    fn an_ended_service_is_refused_by_name_and_was_none_of_ours_before() {
        let line = read("9000000000123456789").unwrap();
        assert_eq!(recognise(&line, DAY), Recognised::NotTaken { service: "LINE Pay", ended: true });
        assert_eq!(
            recognise(&line, date(2025, 4, 30)),
            Recognised::NotTaken { service: "LINE Pay", ended: false }
        );
        assert_eq!(recognise(&line, date(2014, 1, 1)), Recognised::Unknown);
    }

    #[test]
    fn a_wrong_length_or_an_unknown_head_is_nobodys_code() {
        // PayPay's head with a digit too few; a head that nobody has; WeChat's head with 20 digits.
        for text in ["90008181880123456789012", "8888123456789012", "13505672524951881300"] {
            assert_eq!(brands(text), Recognised::Unknown, "{text}");
        }
    }
}
