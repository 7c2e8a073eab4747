//! The form of the terms: what was typed, as an entry, and the fields.

use super::terms::PATH;
use super::words::{cycle, field, group, read_day, read_percent, wrong_with};
use super::{Choice, refused};
use crate::rules::{CycleCode, GroupCode, Level, Overlay, Ppm, ZipMode};
use center_base::Refusal;
use codes::{Code, settle};
use i18n::{Lang, t, ta};
use jiff::civil::Date;
use maud::{Markup, html};
use money::Yen;
use pages::icon::Icon;
use pages::ui::{Button, Field, select};
use payment::Brand;
use serde::Deserialize;
use std::collections::BTreeSet;

/// The form as it comes. What is empty is not named by the entry.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    pub(super) company: String,
    pub(super) brand: String,
    from: String,
    exempt: String,
    taxable: String,
    direct: String,
    cycle: String,
    group: String,
    transfer_fee: String,
    free_banks: String,
    minimum: String,
    zip: String,
}

fn choice<T>(typed: &str, read: impl FnOnce(&str) -> Option<T>, code: Code) -> Result<Option<T>, Refusal> {
    let text = pages::typed::text(typed);
    if text.is_empty() { Ok(None) } else { read(&text).map(Some).ok_or_else(|| refused(code)) }
}

/// `0001, 0009`, or a word for no bank at all.
fn banks(text: &str) -> Option<Vec<String>> {
    if ["なし", "無し", "none", "-", "0"].contains(&text.to_lowercase().as_str()) {
        return Some(Vec::new());
    }
    let codes = text.split(|c: char| c.is_whitespace() || [',', '、', ';', '/'].contains(&c));
    let is_code = |code: &str| code.len() == 4 && code.bytes().all(|byte| byte.is_ascii_digit());
    codes.filter(|code| !code.is_empty()).map(|code| is_code(code).then(|| code.to_owned())).collect()
}

fn zip(word: &str) -> Option<ZipMode> {
    ZipMode::ALL.into_iter().find(|mode| mode.word() == word)
}

/// How the notice's ZIP is locked, as people read it.
pub(super) fn zip_name(lang: Lang, mode: ZipMode) -> String {
    t(lang, &format!("settlement-terms-zip-{}", mode.word()))
}

impl Typed {
    /// An empty form about a company's brand.
    pub(super) fn about(company: String, brand: String) -> Self {
        Self { company, brand, ..Self::default() }
    }

    /// The day from which it holds.
    pub(super) fn day(&self) -> Option<Date> {
        read_day(&self.from)
    }

    /// The form that says what an entry says.
    pub(super) fn of(overlay: &Overlay, lang: Lang) -> Self {
        let percent = |ppm: Option<Ppm>| ppm.map(|ppm| ppm.percent().replace('%', "")).unwrap_or_default();
        let yen = |yen: Option<Yen>| yen.map(Yen::grouped).unwrap_or_default();
        let none = || t(lang, "settlement-terms-no-free-banks");
        let banks = |banks: &Vec<String>| if banks.is_empty() { none() } else { banks.join(", ") };
        let direct = |direct: bool| if direct { "yes" } else { "no" };
        Self {
            exempt: percent(overlay.exempt_ppm),
            taxable: percent(overlay.taxable_ppm),
            direct: overlay.direct.map(direct).unwrap_or_default().to_owned(),
            cycle: overlay.cycle.as_ref().map(|code| code.word().to_owned()).unwrap_or_default(),
            group: overlay.group.as_ref().map(|code| code.word().to_owned()).unwrap_or_default(),
            transfer_fee: yen(overlay.transfer_fee_yen),
            free_banks: overlay.free_banks.as_ref().map(banks).unwrap_or_default(),
            minimum: yen(overlay.minimum_payout_yen),
            zip: overlay.zip.map(ZipMode::word).unwrap_or_default().to_owned(),
            ..Self::default()
        }
    }

    /// The entry, as far as the fields alone can tell; the day is looked at with the rows.
    pub(super) fn read(&self, level: &Level) -> Result<(Date, Overlay), Refusal> {
        let from = self.day().ok_or_else(|| refused(settle::TERM_DAY))?;
        let yen = |text: &str| pages::typed::yen(text).ok();
        let direct = |word: &str| match word {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        };
        let of_payment = Overlay {
            transfer_fee_yen: choice(&self.transfer_fee, yen, settle::TERM_TRANSFER_FEE)?,
            free_banks: choice(&self.free_banks, banks, settle::TERM_BANKS)?,
            minimum_payout_yen: choice(&self.minimum, yen, settle::TERM_MINIMUM)?,
            zip: choice(&self.zip, zip, settle::TERM_CHOICE)?,
            ..Overlay::default()
        };
        if matches!(level, Level::Contract(..)) && of_payment != Overlay::default() {
            return Err(refused(settle::TERM_LEVEL));
        }
        let overlay = Overlay {
            cycle: choice(&self.cycle, |word| CycleCode::new(word).ok(), settle::TERM_CYCLE)?,
            exempt_ppm: choice(&self.exempt, read_percent, settle::TERM_RATES)?,
            taxable_ppm: choice(&self.taxable, read_percent, settle::TERM_RATES)?,
            direct: choice(&self.direct, direct, settle::TERM_CHOICE)?,
            group: choice(&self.group, |word| GroupCode::new(word).ok(), settle::TERM_CHOICE)?,
            ..of_payment
        };
        Ok((from, overlay))
    }
}

/// Whose terms the form enters.
pub(super) fn level_name(lang: Lang, companies: &Choice, level: &Level) -> String {
    match level {
        Level::Tenant => t(lang, "settlement-terms-enter-all"),
        Level::Company(id) => ta(lang, "settlement-terms-enter-company", &[("company", &companies.name(id))]),
        Level::Contract(id, brand) => {
            let args = [("company", &*companies.name(id)), ("brand", brand.name())];
            ta(lang, "settlement-terms-enter-contract", &args)
        }
    }
}

/// The form of a level.
pub(super) fn form(
    lang: Lang,
    level: &Level,
    (cycles, groups): (&[CycleCode], &BTreeSet<GroupCode>),
    typed: &Typed,
    wrong: Option<&Refusal>,
) -> Markup {
    let text = |key: &str| t(lang, &format!("settlement-{key}"));
    let at = |codes: &[Code]| wrong_with(lang, wrong, codes);
    let (company, brand) = match level {
        Level::Tenant => ("", None),
        Level::Company(id) => (id.as_str(), None),
        Level::Contract(id, brand) => (id.as_str(), Some(*brand)),
    };
    let [label, hint] = ["from-day", "from-tomorrow-hint"].map(text);
    let day = at(&[settle::TERM_DAY, settle::TERM_TAKEN]);
    let from = Field::text("from", &label).kind("date").value(&typed.from).hint(&hint).required();
    let [go, about] = ["terms-go", "terms-go-about"].map(text);
    html! {
        p.sub { (text("terms-enter-about")) }
        (pages::ui::form("stack", PATH, &html! {
            input type="hidden" name="company" value=(company);
            input type="hidden" name="brand" value=(brand.map(Brand::word).unwrap_or_default());
            (field(from, day.as_ref()))
            (of_sales(lang, (cycles, groups), typed, wrong))
            @if brand.is_none() { (of_payment(lang, typed, wrong)) }
            p.sub { (about) }
            (Button::primary(&go).icon(Icon::Check))
        }))
    }
}

/// Rates, cycle and line.
fn of_sales(
    lang: Lang,
    (cycles, groups): (&[CycleCode], &BTreeSet<GroupCode>),
    typed: &Typed,
    wrong: Option<&Refusal>,
) -> Markup {
    let text = |key: &str| t(lang, &format!("settlement-{key}"));
    let rates = wrong_with(lang, wrong, &[settle::TERM_RATES]);
    let [exempt, taxable, hint, below] =
        ["terms-exempt", "terms-taxable", "terms-rate-hint", "terms-as-below"].map(text);
    let [yes, no] = ["terms-direct-yes", "terms-direct-no"].map(text);
    let directs = [("", below.as_str()), ("no", no.as_str()), ("yes", yes.as_str())];
    let named: Vec<(&str, String)> = cycles.iter().map(|code| (code.word(), cycle(lang, code))).collect();
    let lines: Vec<(&str, String)> = groups.iter().map(|code| (code.word(), group(lang, code))).collect();
    let offered = |all: &'_ [(&'_ str, String)]| -> Vec<(String, String)> {
        let all = all.iter().map(|(word, text)| ((*word).to_owned(), text.clone()));
        std::iter::once((String::new(), below.clone())).chain(all).collect()
    };
    let choose = |name: &str, key: &str, all: &[(&str, String)], chosen: &str| {
        let all = offered(all);
        let all: Vec<(&str, &str)> = all.iter().map(|(word, text)| (word.as_str(), text.as_str())).collect();
        select(name, &text(key), &all, chosen)
    };
    let percent = |name, label, value| {
        Field::text(name, label).value(value).hint(&hint).inputmode("decimal").max_chars(9)
    };
    html! {
        (field(percent("exempt", &exempt, &typed.exempt), rates.as_ref()))
        (field(percent("taxable", &taxable, &typed.taxable), rates.as_ref()))
        (choose("cycle", "cycle", &named, &typed.cycle))
        (choose("group", "terms-group", &lines, &typed.group))
        (select("direct", &text("terms-direct"), &directs, &typed.direct))
    }
}

/// Transfer fee, smallest payout and the lock of notices.
fn of_payment(lang: Lang, typed: &Typed, wrong: Option<&Refusal>) -> Markup {
    let text = |key: &str| t(lang, &format!("settlement-{key}"));
    let at = |code: Code| wrong_with(lang, wrong, &[code]);
    let (bad_fee, bad_banks, bad_minimum) =
        (at(settle::TERM_TRANSFER_FEE), at(settle::TERM_BANKS), at(settle::TERM_MINIMUM));
    let [fee, fee_hint, free, free_hint, minimum, minimum_hint] = [
        "terms-transfer-fee",
        "terms-transfer-fee-hint",
        "terms-free-banks",
        "terms-free-banks-hint",
        "terms-minimum",
        "terms-minimum-hint",
    ]
    .map(text);
    let below = text("terms-as-below");
    let names = ZipMode::ALL.map(|mode| (mode.word(), zip_name(lang, mode)));
    let named = names.iter().map(|(word, name)| (*word, name.as_str()));
    let zips: Vec<(&str, &str)> = std::iter::once(("", below.as_str())).chain(named).collect();
    let sum = |name, label, value| Field::text(name, label).value(value).inputmode("numeric").max_chars(16);
    html! {
        (field(sum("transfer_fee", &fee, &typed.transfer_fee).hint(&fee_hint), bad_fee.as_ref()))
        (field(Field::text("free_banks", &free).value(&typed.free_banks).hint(&free_hint).max_chars(600), bad_banks.as_ref()))
        (field(sum("minimum", &minimum, &typed.minimum).hint(&minimum_hint), bad_minimum.as_ref()))
        (select("zip", &text("terms-zip"), &zips, &typed.zip))
    }
}
