//! The words and small pictures that both pages share: states, readings, classes, dates, times, ages.

use crate::row::Payment;
use i18n::{Lang, t, ta};
use jiff::Timestamp;
use jiff::civil::{Date, Weekday};
use maud::{Markup, html};
use money::Yen;
use pages::icon::Icon;
use pages::ui::{Tone, tag};
use payment::{Cvm, EntryMode, Method, PanMask, PaymentClass, StateName, StatusProfile, label, label_of};

/// Sign, word and colour of a payment, with what was given back of it (model 3.3 Labels).
pub(crate) fn payment_chip(lang: Lang, profile: StatusProfile, payment: &Payment, same_day: bool) -> Markup {
    let returned = crate::refund::view::returned(payment);
    let label = label_of(profile, payment.method, payment.shown_state(), same_day, returned);
    let (tone, icon) = of_icon(label.icon);
    tag(tone, icon, &t(lang, label.key))
}

const fn of_icon(icon: payment::Icon) -> (Tone, Icon) {
    match icon {
        payment::Icon::Check => (Tone::Ok, Icon::Check),
        payment::Icon::Cross => (Tone::Ng, Icon::Cross),
        payment::Icon::Question => (Tone::Ask, Icon::Question),
        payment::Icon::Clock => (Tone::Info, Icon::Reserved),
        payment::Icon::Dots => (Tone::Info, Icon::Clock),
        payment::Icon::Return => (Tone::Quiet, Icon::Undo),
        payment::Icon::Slash => (Tone::Quiet, Icon::Released),
    }
}

/// The manual's word for a state.
pub(crate) fn state_word(lang: Lang, profile: StatusProfile, state: StateName, same_day: bool) -> String {
    t(lang, label(profile, state, same_day).key)
}

/// The sign of a reading.
pub(crate) fn entry_icon(entry: EntryMode) -> Icon {
    match entry {
        EntryMode::ContactIc => Icon::Insert,
        EntryMode::Contactless => Icon::Touch,
        EntryMode::Magstripe => Icon::Swipe,
    }
}

/// How it was paid.
pub(crate) fn method_word(lang: Lang, method: Method) -> String {
    match method {
        Method::Card => t(lang, "payments-method-card"),
        Method::Code => t(lang, "payments-method-code"),
    }
}

/// How the card was read (M-029).
pub(crate) fn entry_word(lang: Lang, entry: EntryMode) -> String {
    let key = match entry {
        EntryMode::ContactIc => "payments-entry-chip",
        EntryMode::Contactless => "payments-entry-tap",
        EntryMode::Magstripe => "payments-entry-stripe",
    };
    t(lang, key)
}

/// How the cardholder was verified.
pub(crate) fn cvm_word(lang: Lang, cvm: Cvm) -> String {
    let key = match cvm {
        Cvm::Pin => "payments-cvm-pin",
        Cvm::Signature => "payments-cvm-signature",
        Cvm::NoCvm => "payments-cvm-none",
        Cvm::DeviceCvm => "payments-cvm-device",
        Cvm::PinBypassed => "payments-cvm-bypassed",
    };
    t(lang, key)
}

/// 支払区分.
pub(crate) fn class_word(lang: Lang, class: PaymentClass) -> String {
    match class {
        PaymentClass::Lump => t(lang, "payments-class-lump"),
        PaymentClass::Installments(count) => {
            ta(lang, "payments-class-installments", &[("count", &count.to_string())])
        }
        PaymentClass::Revolving => t(lang, "payments-class-revolving"),
        PaymentClass::BonusLump => t(lang, "payments-class-bonus"),
    }
}

/// The card number as a policy lets it be shown.
pub(crate) fn masked(pan: &payment::MaskedPan, mask: PanMask) -> String {
    match mask {
        PanMask::Last4 => pan.last4_only(),
        PanMask::First6Last2 => pan.first6_last2(),
        PanMask::First6Last4 => pan.first6_last4(),
    }
}

/// `2026/11/21（土）`, `Sat 2026/11/21`.
pub fn day(lang: Lang, date: Date) -> String {
    let key = match date.weekday() {
        Weekday::Monday => "payments-weekday-1",
        Weekday::Tuesday => "payments-weekday-2",
        Weekday::Wednesday => "payments-weekday-3",
        Weekday::Thursday => "payments-weekday-4",
        Weekday::Friday => "payments-weekday-5",
        Weekday::Saturday => "payments-weekday-6",
        Weekday::Sunday => "payments-weekday-7",
    };
    let text = date.strftime("%Y/%m/%d").to_string();
    ta(lang, "payments-day", &[("date", &text), ("weekday", &t(lang, key))])
}

/// `2026/11/21 10:15:30` in Asia/Tokyo.
pub fn moment(at_us: i64) -> String {
    Timestamp::from_microsecond(at_us).map(clock::tokyo_text).unwrap_or_default()
}

/// `10:15:30` in Asia/Tokyo.
pub fn time(at_us: i64) -> String {
    let Ok(at) = Timestamp::from_microsecond(at_us) else { return String::new() };
    let time = at.to_zoned(clock::tokyo()).time();
    format!("{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second())
}

/// `10:15:30.123` in Asia/Tokyo.
pub(crate) fn time_ms(at_us: i64) -> String {
    format!("{}.{:03}", time(at_us), at_us.rem_euclid(1_000_000).checked_div(1000).unwrap_or(0))
}

/// A duration between two steps: `0.42秒`, `25.0秒`, `3分20秒`.
pub(crate) fn took(lang: Lang, us: i64) -> String {
    let ms = us.max(0).checked_div(1000).unwrap_or(0);
    let (whole, rest) = (ms.checked_div(1000).unwrap_or(0), ms.rem_euclid(1000));
    if whole >= 60 {
        return age(lang, us);
    }
    let text = if whole >= 10 {
        format!("{whole}.{}", rest.checked_div(100).unwrap_or(0))
    } else {
        format!("{whole}.{:02}", rest.checked_div(10).unwrap_or(0))
    };
    ta(lang, "payments-seconds", &[("seconds", &text)])
}

/// How long something has stood open, in the largest unit that says enough.
pub fn age(lang: Lang, us: i64) -> String {
    let seconds = us.max(0).checked_div(1_000_000).unwrap_or(0);
    let (minutes, hours) = (seconds.checked_div(60).unwrap_or(0), seconds.checked_div(3600).unwrap_or(0));
    let text = |number: i64| number.to_string();
    match () {
        () if seconds < 60 => ta(lang, "payments-age-seconds", &[("seconds", &text(seconds))]),
        () if minutes < 60 => {
            let rest = text(seconds.rem_euclid(60));
            ta(lang, "payments-age-minutes", &[("minutes", &text(minutes)), ("seconds", &rest)])
        }
        () if hours < 48 => {
            let rest = text(minutes.rem_euclid(60));
            ta(lang, "payments-age-hours", &[("hours", &text(hours)), ("minutes", &rest)])
        }
        () => ta(lang, "payments-age-days", &[("days", &text(hours.checked_div(24).unwrap_or(0)))]),
    }
}

/// `61件`, `61 payments`.
pub(crate) fn count(lang: Lang, number: i64) -> String {
    let key = if number == 1 { "payments-count-one" } else { "payments-count" };
    ta(lang, key, &[("count", &money::group(number))])
}

/// `61件`, `61`, where there is no room for more.
pub(crate) fn number(lang: Lang, number: i64) -> String {
    ta(lang, "payments-number", &[("count", &money::group(number))])
}

/// The sum of amounts; a day's sum stays far below the limits of the type.
pub(crate) fn add(sum: Yen, amount: Yen) -> Yen {
    sum.plus(amount).unwrap_or(sum)
}

/// Brand and masked number as a cell shows them; a tombstone knows no card.
pub(crate) fn card_cell(payment: &Payment) -> Markup {
    html! {
        @match &payment.card {
            Some(card) => {
                b { (card.brand.name()) } " " span.mono.nowrap { (card.pan.last4_only()) }
            }
            None => {
                @if let Some(brand) = payment.brand() { b { (brand.name()) } } @else { span.dim { "–" } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn dates_ages_and_durations_read_as_people_say_them() {
        assert_eq!(day(Lang::Ja, date(2026, 11, 21)), "2026/11/21（土）");
        assert_eq!(day(Lang::En, date(2026, 11, 21)), "Sat 2026/11/21");
        let said = |seconds: i64| [Lang::Ja, Lang::En].map(|lang| age(lang, seconds * 1_000_000));
        assert_eq!(said(59), ["59秒", "59 s"]);
        assert_eq!(said(125), ["2分5秒", "2 min 5 s"]);
        assert_eq!(said(7_260), ["2時間1分", "2 h 1 min"]);
        assert_eq!(said(300_000), ["3日", "3 days"]);
        assert_eq!(took(Lang::Ja, 424_000), "0.42秒");
        assert_eq!(took(Lang::En, 25_060_000), "25.0 s");
        assert_eq!(time_ms(1_795_219_200_123_456), "09:00:00.123");
    }

    #[test]
    fn every_state_has_a_word_and_a_colour_of_its_kind() {
        // A-050 … A-054
        let tone = |profile, state, same_day| of_icon(label(profile, state, same_day).icon).0;
        assert_eq!(tone(StatusProfile::Mpos, StateName::Approved, true), Tone::Ok);
        assert_eq!(tone(StatusProfile::Mpos, StateName::Authorized, true), Tone::Info);
        assert_eq!(tone(StatusProfile::Usen, StateName::Reversed, true), Tone::Ng);
        assert_eq!(state_word(Lang::Ja, StatusProfile::Usen, StateName::Approved, false), "支払済み");
    }
}
