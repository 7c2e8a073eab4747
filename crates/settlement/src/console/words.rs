//! What the pages share: sums with their sign, days, states, groups, cycles, the choice of a company, refusals.

use super::Choice;
use crate::close::Why;
use crate::payee_check::PayeeTrouble;
use crate::rules::{CycleCode, GroupCode, LineKind, Net, NoPlace, PayDayState, PayoutState, Ppm};
use acquiring::console::day;
use center_base::Refusal;
use codes::Code;
use i18n::{Lang, code_text, t, ta};
use jiff::civil::Date;
use maud::{Markup, html};
use pages::icon::Icon;
use pages::ui::{Field, Tone, notice, select, tag};

/// Companies that one drop-down offers; beyond that a number is typed.
const OFFERED: usize = 300;

/// `¥1,360`, `-¥3,871`.
pub(super) fn net(of: Net) -> Markup {
    if of.is_negative() { pages::ui::minus_yen(of.size()) } else { pages::ui::yen(of.size()) }
}

/// A sum that was added up on a page.
pub(super) fn yen(of: i64) -> Markup {
    Net::new(of).map_or_else(|_| html! { "–" }, net)
}

/// `2026/02/01–02/15`; the year is repeated where it changes.
pub(super) fn period(from: Date, to: Date) -> String {
    let start = from.strftime("%Y/%m/%d").to_string();
    if from == to {
        return start;
    }
    let end = if from.year() == to.year() { to.strftime("%m/%d") } else { to.strftime("%Y/%m/%d") };
    format!("{start}–{end}")
}

/// A date as people read it, in a line that does not break.
pub(super) fn date(lang: Lang, of: Date) -> Markup {
    html! { span.nowrap { (day(lang, of)) } }
}

/// Where a pay day stands.
pub(super) fn pay_day_chip(lang: Lang, state: PayDayState) -> Markup {
    let (tone, icon) = match state {
        PayDayState::Open => (Tone::Info, Icon::Clock),
        PayDayState::Closing => (Tone::Ask, Icon::Question),
        PayDayState::Closed => (Tone::Info, Icon::Lock),
        PayDayState::Approved => (Tone::Info, Icon::Sign),
        PayDayState::Exported => (Tone::Info, Icon::Send),
        PayDayState::Paid => (Tone::Ok, Icon::Check),
    };
    tag(tone, icon, &t(lang, &format!("settlement-state-{}", state.word())))
}

/// Where a document stands: its payout's own state where that says more than its pay day's.
pub(super) fn document_chip(lang: Lang, pay_day: PayDayState, payout: Option<PayoutState>) -> Markup {
    // A document that is made does not change, though others of its pay day may be missing.
    let pay_day = if pay_day == PayDayState::Closing { PayDayState::Closed } else { pay_day };
    let (tone, icon, key) = match payout {
        None => (Tone::Quiet, Icon::Undo, "settlement-state-carried"),
        Some(PayoutState::Returned) => (Tone::Ng, Icon::Warning, "settlement-state-returned"),
        Some(PayoutState::Held) => (Tone::Quiet, Icon::Undo, "settlement-state-held"),
        Some(PayoutState::Carried) => (Tone::Quiet, Icon::Undo, "settlement-state-carried"),
        Some(PayoutState::Paid) => (Tone::Ok, Icon::Check, "settlement-state-paid"),
        Some(PayoutState::Waiting | PayoutState::Exported | PayoutState::Replaced) => {
            return pay_day_chip(lang, pay_day);
        }
    };
    tag(tone, icon, &t(lang, key))
}

/// Where one try to pay stands.
pub(super) fn payout_chip(lang: Lang, state: PayoutState) -> Markup {
    let (tone, icon, key) = match state {
        PayoutState::Waiting => (Tone::Info, Icon::Clock, "settlement-payout-waiting"),
        PayoutState::Exported => (Tone::Info, Icon::Send, "settlement-state-exported"),
        PayoutState::Paid => (Tone::Ok, Icon::Check, "settlement-state-paid"),
        PayoutState::Returned => (Tone::Ng, Icon::Warning, "settlement-state-returned"),
        PayoutState::Held => (Tone::Quiet, Icon::Undo, "settlement-state-held"),
        PayoutState::Replaced => (Tone::Quiet, Icon::Undo, "settlement-state-replaced"),
        PayoutState::Carried => (Tone::Quiet, Icon::Undo, "settlement-state-carried"),
    };
    tag(tone, icon, &t(lang, key))
}

/// What is wrong with a payee.
pub(super) fn trouble(lang: Lang, of: &PayeeTrouble) -> String {
    let text = |args: &[(&'static str, &str)]| {
        ta(lang, &format!("settlement-trouble-{}", of.word().replace('_', "-")), args)
    };
    match of {
        PayeeTrouble::UnknownBank { bank } => text(&[("bank", bank)]),
        PayeeTrouble::UnknownBranch { bank, branch } => text(&[("bank", bank), ("branch", branch)]),
        PayeeTrouble::HolderCharacter { character } => text(&[("character", &character.to_string())]),
        PayeeTrouble::HolderDiffersByReason { reason } => text(&[("reason", reason)]),
        PayeeTrouble::AmountTooLarge { yen } => text(&[("yen", &money::group(*yen))]),
        PayeeTrouble::HolderUnfit { .. }
        | PayeeTrouble::NoPayee
        | PayeeTrouble::NoAccount
        | PayeeTrouble::AccountClosed
        | PayeeTrouble::NoBankMaster
        | PayeeTrouble::HolderDiffers
        | PayeeTrouble::HolderCut => text(&[]),
    }
}

/// A group of brands that shares a line (U-069).
pub(super) fn group(lang: Lang, code: &GroupCode) -> String {
    crate::notices::group_name(lang, code.word())
}

/// A cycle; one of the tenant's own by its code.
pub(super) fn cycle(lang: Lang, code: &CycleCode) -> String {
    match code.word() {
        "card" => t(lang, "settlement-cycle-card"),
        "emoney" => t(lang, "settlement-cycle-emoney"),
        "code" => t(lang, "settlement-cycle-code"),
        "voucher" => t(lang, "settlement-cycle-voucher"),
        word => word.to_owned(),
    }
}

/// The word of a kind of line, and its mark on the notice.
pub(super) fn kind(lang: Lang, of: LineKind) -> String {
    t(lang, &format!("settlement-kind-{}", of.word()))
}

/// `*1`, `*2`, or nothing.
pub(super) const fn mark(of: LineKind) -> &'static str {
    match of {
        LineKind::Sales => "",
        LineKind::Red => "*1",
        LineKind::Late => "*2",
    }
}

/// Why a company cannot be settled.
pub(super) fn why(lang: Lang, of: &Why) -> String {
    match of {
        Why::NoPlace(NoPlace::Terms(no)) => {
            ta(lang, "settlement-why-terms", &[("brand", no.brand.name()), ("day", &day(lang, no.day))])
        }
        Why::NoPlace(NoPlace::Cycle(no)) => ta(lang, "settlement-why-cycle", &[("cycle", no.0.word())]),
        Why::TooLarge => t(lang, "settlement-why-large"),
        Why::Row(row) => ta(lang, "settlement-why-row", &[("row", row)]),
        Why::Earlier => t(lang, "settlement-why-earlier"),
        Why::Later => t(lang, "settlement-why-later"),
    }
}

/// A person as audit entries name them, without the word before the name.
pub(super) fn person(lang: Lang, who: &str) -> String {
    match who.strip_prefix("person ") {
        Some(login) => login.to_owned(),
        None if who == crate::BY_ITSELF => t(lang, "settlement-by-center"),
        None => who.to_owned(),
    }
}

/// Why a payout is held or came back: the bank's word, or what a person wrote.
pub(super) fn reason(lang: Lang, of: &str) -> String {
    match of {
        "no_account" => t(lang, "settlement-returned-no-account"),
        "name" => t(lang, "settlement-returned-name"),
        "closed" => t(lang, "settlement-returned-closed"),
        "other" => t(lang, "settlement-returned-other"),
        words => words.to_owned(),
    }
}

/// What was refused: what happened, what to do next.
pub(super) fn refusal(lang: Lang, of: &Refusal) -> Markup {
    let text = code_text(lang, of.code);
    notice(Tone::Ng, &text.title, &html! { p { (text.what) } p { (text.next) } })
}

/// What is wrong with a field, where one of these codes says it.
pub(super) fn wrong_with(lang: Lang, wrong: Option<&Refusal>, codes: &[Code]) -> Option<String> {
    let refusal = wrong.filter(|refusal| codes.contains(&refusal.code))?;
    Some(code_text(lang, refusal.code).what)
}

/// A field with what is wrong with it, if anything is; the first one takes the focus, wherever it stands on the page.
pub(super) fn field<'a>(field: Field<'a>, wrong: Option<&'a String>) -> Field<'a> {
    match wrong {
        Some(wrong) => field.error(wrong).autofocus(),
        None => field,
    }
}

/// Who entered something, and when; what was kept of it.
pub(super) fn entered(lang: Lang, who: &str, at_us: i64) -> String {
    if who.is_empty() {
        return t(lang, "settlement-entered-unknown");
    }
    let (who, when) = (person(lang, who), acquiring::console::moment(at_us));
    ta(lang, "settlement-entered-by", &[("who", &who), ("when", &when)])
}

/// The field that chooses a company; `all` is the word for every company, where that can be asked.
pub(super) fn company_field(lang: Lang, choice: &Choice, all: Option<&str>) -> Markup {
    if !choice.chooses {
        return html! {};
    }
    let label = t(lang, "settlement-company");
    let chosen = choice.company.as_ref().map_or("", |company| company.id.as_str());
    if choice.companies.len() > OFFERED {
        let (hint, error) = (t(lang, "settlement-company-hint"), t(lang, "settlement-company-unknown"));
        let field = Field::text("company", &label).value(chosen).hint(&hint).max_chars(40);
        return if choice.is_unknown {
            html! { (field.error(&error)) }
        } else {
            html! { (field) }
        };
    }
    let choose = t(lang, "settlement-company-choose");
    let texts: Vec<(&str, String)> = choice
        .companies
        .iter()
        .map(|company| (company.id.as_str(), format!("{} {}", company.id, company.name)))
        .collect();
    let mut options = vec![("", all.unwrap_or(&choose))];
    options.extend(texts.iter().map(|(id, text)| (*id, text.as_str())));
    html! { div.field-wide { (select("company", &label, &options, chosen)) } }
}

/// `2回目` and such need a number in a text.
pub(super) fn counted(lang: Lang, key: &str, count: impl std::fmt::Display + Copy) -> String {
    ta(lang, key, &[("count", &count.to_string())])
}

/// `2026-11-21`, `2026/11/21`, `20261121`, in full width too.
pub(super) fn read_day(typed: &str) -> Option<Date> {
    let digits = pages::typed::digits(typed);
    let part = |from: usize, to: usize| digits.get(from..to)?.parse::<i16>().ok();
    let (month, day) = (i8::try_from(part(4, 6)?).ok()?, i8::try_from(part(6, 8)?).ok()?);
    if digits.len() == 8 { Date::new(part(0, 4)?, month, day).ok() } else { None }
}

/// `2.6`, `0.64%`, in full width too: a rate of at most four places behind the point.
pub(super) fn read_percent(typed: &str) -> Option<Ppm> {
    let text = pages::typed::text(typed);
    let text = text.trim_end_matches('%').trim_end();
    let (whole, parts) = text.split_once('.').unwrap_or((text, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 3 || parts.len() > 4 || !is_digits(whole) || !is_digits(parts) {
        return None;
    }
    Ppm::new(format!("{whole}{parts:0<4}").parse().ok()?).ok()
}

/// The way back to the list above a page.
pub(super) fn crumbs(lang: Lang, (href, text): (&str, &str), here: &Markup) -> Markup {
    html! {
        nav aria-label=(t(lang, "payments-here")) {
            ol.crumbs {
                li { a href=(href) { (text) } }
                li aria-current="page" { (here) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date as on;

    #[test]
    fn a_sum_below_zero_is_seen_to_be_one() {
        assert!(net(Net::new(-3_871).unwrap()).into_string().contains("-¥3,871"));
        assert!(!net(Net::new(3_871).unwrap()).into_string().contains('-'));
    }

    #[test]
    fn a_period_names_its_year_once_and_days_are_read_as_people_type_them() {
        assert_eq!(period(on(2026, 2, 1), on(2026, 2, 15)), "2026/02/01–02/15");
        assert_eq!(period(on(2026, 12, 16), on(2027, 1, 3)), "2026/12/16–2027/01/03");
        assert_eq!(period(on(2026, 2, 1), on(2026, 2, 1)), "2026/02/01");
        assert_eq!(read_day("２０２６／０２／２７"), Some(on(2026, 2, 27)));
        assert_eq!((read_day("2026-02-30"), read_day("")), (None, None));
    }

    #[test]
    fn a_rate_is_read_as_people_type_it_and_never_rounded() {
        let read = |text: &str| read_percent(text).map(Ppm::get);
        for (text, ppm) in
            [("2.6", 26_000), ("０．６４％", 6_400), ("3.2401 %", 32_401), ("100", 1_000_000), ("0", 0)]
        {
            assert_eq!(read(text), Some(ppm), "{text}");
        }
        for odd in ["", ".", ".5", "2,6", "-1", "100.0001", "2.60001", "1e3", "9999", "%"] {
            assert_eq!(read(odd), None, "{odd}");
        }
    }

    #[test]
    fn every_state_and_kind_has_its_word_in_every_language() {
        for lang in Lang::ALL {
            let states = PayDayState::ALL.iter().map(|state| format!("settlement-state-{}", state.word()));
            let kinds = [LineKind::Sales, LineKind::Late, LineKind::Red];
            let kinds = kinds.iter().map(|kind| format!("settlement-kind-{}", kind.word()));
            for key in states.chain(kinds) {
                assert!(!t(lang, &key).contains(&key), "{key}");
            }
        }
    }
}
