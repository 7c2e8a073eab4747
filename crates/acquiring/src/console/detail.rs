//! The page of one payment: how it stands, what happened, the card, the book, the slips.

use super::filter::LIST_PATH;
use super::story::story;
use super::wires::{answer_word, chip_value, messages, read};
use super::words::{
    self, class_word, cvm_word, entry_icon, entry_word, masked, method_word, moment, payment_chip, time,
};
use super::{Console, give_back, live_main, rows, sees_messages, slip};
use crate::place::Place;
use crate::refund::{self, Refund};
use crate::row::{self, Payment, PaymentEvent, Wire, WireKind};
use crate::view::slip_facts;
use books::Entry;
use center_base::{Caller, Refusal};
use codes::{Code, MoneyTaken, api, code, pay};
use emv::tag::Tag;
use i18n::{Lang, code_text, t, ta};
use iso8583::Message;
use ledger::{Account, Kind};
use maud::{Markup, html};
use pages::icon::Icon;
use pages::list::{key_values, panel};
use pages::live::Rev;
use pages::ui::{Button, Tone, notice, yen};
use pages::wait::{copy_button, print_button};
use payment::{Brand, PaymentId, StateName};
use receipt::{Copy, Printing, SlipFacts, Strokes};
use std::sync::Arc;

/// Terminal verification results (EMV Book 3, annex C5).
const TVR: Tag = Tag::of(0x95);
/// CVM results (EMV Book 4, annex A4).
const CVM_RESULTS: Tag = Tag::of(0x9F34);
/// Application cryptogram.
const CRYPTOGRAM: Tag = Tag::of(0x9F26);

/// A payment with its neighbours.
pub(crate) struct Shown {
    pub(crate) payment: Payment,
    pub(crate) wires: Vec<Wire>,
    pub(crate) events: Vec<PaymentEvent>,
    pub(crate) signature: Option<Strokes>,
    pub(crate) refunds: Vec<Refund>,
    entries: Vec<Entry>,
    pub(crate) cases: Vec<crate::cases::Case>,
    place: Arc<Place>,
}

impl Shown {
    /// Something will still change by itself.
    pub(crate) fn is_moving(&self) -> bool {
        !self.payment.standing.state.name().is_final()
            || self.payment.standing.advice.is_some()
            || self.refunds.iter().any(|refund| refund.is_open() || refund.standing.advice.is_some())
    }

    /// The policy of the payment's place.
    pub(crate) fn policy(&self) -> &payment::Policy {
        &self.place.policy
    }

    fn request(&self) -> Option<Message> {
        read(
            self.wires.iter().find(|wire| wire.kind == WireKind::Request).map(|wire| wire.request.as_slice()),
        )
    }

    fn answer(&self) -> Option<Message> {
        read(self.wires.iter().find(|wire| wire.kind == WireKind::Request)?.answer.as_deref())
    }
}

/// A payment that the caller may see.
pub(crate) async fn load(console: &Console, caller: &Caller, id: PaymentId) -> Result<Shown, Refusal> {
    let (tenant, scope) = (console.base.tenant, caller.scope()?);
    let (payment, wires, events, signature, entries, refunds, cases) = console
        .base
        .read(move |tx| {
            let payment =
                rows::visible(tx, tenant, &scope, id)?.ok_or_else(|| Refusal::from(api::NOT_FOUND))?;
            let mut entries = books::of_payment(tx, tenant, id)?;
            entries.extend(books::of_payment(tx, tenant, payment.void_id())?);
            let refunds = refund::of_payment(tx, tenant, id)?;
            for refund in &refunds {
                entries.extend(books::of_payment(tx, tenant, refund.id)?);
            }
            let (wires, events) = (row::wires(tx, tenant, id)?, row::event_list(tx, tenant, id)?);
            let cases = crate::cases::rows::of_payment(tx, tenant, id)?;
            Ok((payment, wires, events, row::signature(tx, tenant, id)?, entries, refunds, cases))
        })
        .await?;
    let place = console.places.at(&payment.company, &payment.shop, &payment.terminal).await?;
    Ok(Shown { payment, wires, events, signature, refunds, entries, cases, place })
}

/// The page's `main`.
pub(crate) fn draw(console: &Console, caller: &Caller, shown: &Shown, rev: Rev) -> Markup {
    let today = console.base.clock.today().to_string();
    let page = Page { lang: caller.lang, shown, same_day: shown.payment.business_date == today };
    let facts =
        slip_facts(&shown.payment, &shown.place.merchant, &console.base.public_url, shown.signature.clone());
    let body = html! {
        (page.crumbs())
        (page.head())
        (page.notice())
        (super::cases::of_payment(caller.lang, &shown.cases))
        div.detail.one {
            // What happened first: on a phone nobody scrolls past the card's facts for it.
            div.stack {
                (panel(&page.t("payments-story"), &story(caller.lang, shown)))
                (page.book())
                @if !shown.wires.is_empty() && sees_messages(caller) {
                    (panel(&page.t("payments-messages"), &html! {
                        p.sub { (page.t("payments-messages-masked")) }
                        (messages(caller.lang, &shown.wires))
                    }))
                }
            }
            div.stack { (give_back::section(console, caller, shown)) (page.facts()) (page.card()) (page.network()) }
            @if let Some(facts) = facts { (page.slips(&facts)) }
        }
    };
    live_main("payment", rev, &body)
}

struct Page<'a> {
    lang: Lang,
    shown: &'a Shown,
    same_day: bool,
}

impl Page<'_> {
    fn t(&self, key: &str) -> String {
        t(self.lang, key)
    }

    fn payment(&self) -> &Payment {
        &self.shown.payment
    }

    fn public_id(&self) -> String {
        payment::public_id(self.payment().id)
    }

    /// The way back goes to the payment's own day.
    fn crumbs(&self) -> Markup {
        let day = &self.payment().business_date;
        let words = day.parse().map_or_else(|_| day.clone(), |day| words::day(self.lang, day));
        let href = if self.same_day { LIST_PATH.to_owned() } else { format!("{LIST_PATH}?on={day}") };
        html! {
            nav aria-label=(self.t("payments-here")) {
                ol.crumbs {
                    li { a href=(href) { (ta(self.lang, "payments-of-day", &[("day", &words)])) } }
                    li aria-current="page" { span.mono { (self.public_id()) } }
                }
            }
        }
    }

    fn head(&self) -> Markup {
        let payment = self.payment();
        let profile = self.shown.place.policy.status_profile;
        let taken = payment.shown_state().money_taken();
        let (key, tone, icon) = match taken {
            MoneyTaken::Yes if payment.refunded == payment.amount => {
                ("payments-money-returned", Tone::Quiet, Icon::Undo)
            }
            MoneyTaken::Yes => ("money-yes", Tone::Ok, Icon::Check),
            MoneyTaken::No => ("money-no", Tone::Quiet, Icon::Info),
            MoneyTaken::Unknown => ("money-unknown", Tone::Ask, Icon::Question),
        };
        html! {
            div.page-head.one-head {
                h1.detail-head tabindex="-1" {
                    span.yen { (yen(payment.amount)) }
                    (payment_chip(self.lang, profile, payment, self.same_day))
                }
                p.money-line.(tone.class()) { (icon) span { (self.t(key)) } }
                p.sub.where {
                    span.nowrap { (moment(payment.sent_at_us)) } " · " (self.shown.place.merchant.name) " · "
                    span.mono { (payment.terminal) }
                }
            }
        }
    }

    /// What a person must know before anything else.
    fn notice(&self) -> Markup {
        let payment = self.payment();
        let text =
            |tone, title: &str, body: &str| notice(tone, &self.t(title), &html! { p { (self.t(body)) } });
        let state = &payment.standing.state;
        if let Some(code) = state.code() {
            let said = code_text(self.lang, code);
            let doubtful = state.name() == StateName::InDoubt;
            let body = html! {
                p { (said.what) }
                @if doubtful { p { (self.t("payments-note-in-doubt")) } }
                p.sub { (ta(self.lang, "payments-code", &[("code", &code.key())])) }
            };
            return notice(if doubtful { Tone::Ask } else { Tone::Ng }, &said.title, &body);
        }
        match payment.shown_state() {
            StateName::Sent | StateName::Started => {
                text(Tone::Info, "payments-note-sent-title", "payments-note-sent")
            }
            StateName::Authorized => {
                let until: String =
                    payment.standing.due_us.map(time).unwrap_or_default().chars().take(5).collect();
                let body = html! { p { (ta(self.lang, "payments-note-authorized", &[("until", &until)])) } };
                notice(Tone::Info, &self.t("payments-note-authorized-title"), &body)
            }
            StateName::Reversed if payment.standing.voided => {
                text(Tone::Quiet, "payments-note-reversed-title", "payments-note-voided")
            }
            StateName::Reversed if self.shown.wires.is_empty() => {
                text(Tone::Quiet, "payments-note-reversed-title", "payments-note-tombstone")
            }
            StateName::Reversed => {
                let (title, body) = self.why_reversed();
                text(Tone::Quiet, title, body)
            }
            StateName::Released => {
                text(Tone::Quiet, "payments-note-released-title", "payments-note-released")
            }
            StateName::Approved if payment.standing.advice.is_some() => {
                text(Tone::Info, "payments-note-telling-title", "payments-note-telling")
            }
            _ => html! {},
        }
    }

    /// Stopped by the shop, not confirmed by the customer, or nobody knew.
    fn why_reversed(&self) -> (&'static str, &'static str) {
        let doubt = self.shown.events.iter().find(|event| event.what == "in_doubt");
        let reason = doubt.and_then(|event| Code::find(&event.detail));
        match reason {
            Some(code) if code == pay::CANCELLED => ("payments-note-stopped-title", "payments-note-stopped"),
            Some(code) if code == code::CONFIRM_TIMEOUT => {
                ("payments-note-not-confirmed-title", "payments-note-not-confirmed")
            }
            _ => ("payments-note-reversed-title", "payments-note-reversed"),
        }
    }

    /// Name and value, for values that are there.
    fn rows(&self, rows: Vec<(&str, Option<Markup>)>) -> Markup {
        let named: Vec<(String, Markup)> =
            rows.into_iter().filter_map(|(key, value)| Some((self.t(key), value?))).collect();
        key_values(&named)
    }

    /// A-027, C4.
    fn facts(&self) -> Markup {
        let payment = self.payment();
        let id = self.public_id();
        let mono = |text: &str| Some(html! { span.mono { (text) } });
        let approval = payment.standing.state.approval().and_then(|approval| approval.code.as_deref());
        let rows = self.rows(vec![
            (
                "payments-fact-id",
                Some(html! {
                    span.mono { (id) } " "
                    (copy_button(&id, &self.t("payments-copy"), &self.t("payments-copied")))
                }),
            ),
            ("payments-fact-time", Some(html! { (moment(payment.sent_at_us)) })),
            ("payments-fact-shop", Some(html! { (self.shown.place.merchant.name) })),
            ("payments-fact-terminal", mono(payment.terminal.as_str())),
            ("payments-fact-operator", payment.operator.as_ref().map(|operator| html! { (operator.name) })),
            ("payments-fact-note", payment.note.as_ref().map(|note| html! { (note) })),
            ("payments-fact-method", Some(html! { (method_word(self.lang, payment.method)) })),
            (
                "payments-fact-center-txn",
                payment.code.as_ref().and_then(|code| code.center_txn_id.as_deref()).and_then(mono),
            ),
            ("payments-fact-class", Some(html! { (class_word(self.lang, payment.class)) })),
            ("payments-fact-approval", approval.and_then(mono)),
            (
                "payments-fact-slip",
                (payment.slip_no > 0).then(|| html! { span.mono { (format!("{:04}", payment.slip_no)) } }),
            ),
            ("payments-fact-trace", mono(&payment.trace_no())),
            (
                "payments-fact-order",
                Some(&payment.order_code).filter(|code| !code.is_empty()).and_then(|code| mono(code)),
            ),
            ("payments-fact-uuid", Some(html! { span.mono.uuid { (payment.id) } })),
        ]);
        panel(&self.t("payments-facts"), &rows)
    }

    /// The card as it may be shown, and what its chip said.
    fn card(&self) -> Markup {
        let Some(card) = &self.payment().card else { return html! {} };
        let request = self.shown.request();
        let tag = |tag| {
            request
                .as_ref()
                .and_then(|message| chip_value(message, tag))
                .map(|hex| html! { span.mono { (hex) } })
        };
        let mono = |text: &Option<String>| text.as_ref().map(|text| html! { span.mono { (text) } });
        let mask = self.shown.place.policy.receipt.merchant_mask;
        let rows = self.rows(vec![
            ("payments-card-brand", Some(html! { (card.brand.name()) })),
            ("payments-card-number", Some(html! { span.mono { (masked(&card.pan, mask)) } })),
            (
                "payments-card-entry",
                Some(html! { span.entry { (entry_icon(card.entry_mode)) span { (entry_word(self.lang, card.entry_mode)) } } }),
            ),
            ("payments-card-cvm", Some(html! { (cvm_word(self.lang, card.cvm)) })),
            ("payments-card-label", card.app_label.as_ref().map(|label| html! { (label) })),
            ("payments-card-aid", mono(&card.aid)),
            ("payments-card-atc", mono(&card.atc)),
            ("payments-card-seq", mono(&card.pan_seq)),
            ("payments-card-tvr", tag(TVR)),
            ("payments-card-cvm-results", tag(CVM_RESULTS)),
            ("payments-card-cryptogram", tag(CRYPTOGRAM)),
        ]);
        panel(&self.t("payments-card"), &rows)
    }

    /// How the network knows the payment.
    fn network(&self) -> Markup {
        let Some(request) = self.shown.request() else { return html! {} };
        let payment = self.payment();
        let answer = self.shown.answer();
        let field = |number| request.text(number).map(|text| html! { span.mono { (text.trim()) } });
        let rows = self.rows(vec![
            ("payments-network-rrn", Some(html! { span.mono { (payment.id.rrn()) } })),
            ("payments-network-stan", field(11)),
            ("payments-network-merchant", Some(html! { span.mono { (payment.merchant_no) } })),
            (
                "payments-network-answer",
                answer.as_ref().and_then(|answer| answer.text(39)).map(|code| {
                    html! { span.mono { (code) } " " (answer_word(self.lang, code)) }
                }),
            ),
        ]);
        panel(&self.t("payments-network"), &rows)
    }

    /// The transfers of the ledger, two sides each.
    fn book(&self) -> Markup {
        let rows = html! {
            @if self.shown.entries.is_empty() {
                p.dim { (self.t("payments-book-none")) }
            } @else {
                ol.book {
                    @for entry in &self.shown.entries {
                        li.is-faded[!entry.transfer.kind.moves_value()] {
                            div.spread { b { (self.t(kind_key(entry))) } b.num { (yen(entry.transfer.amount)) } }
                            p { (self.account(&entry.transfer.debit)) " ← " (self.account(&entry.transfer.credit)) }
                            p.sub { (moment(entry.at_us)) }
                        }
                    }
                }
            }
        };
        panel(&self.t("payments-book"), &rows)
    }

    fn account(&self, account: &Account) -> String {
        match account {
            Account::NetworkReceivable { brand } => {
                let name =
                    Brand::from_word(brand).map_or_else(|| brand.clone(), |brand| brand.name().to_owned());
                ta(self.lang, "payments-account-network", &[("brand", &name)])
            }
            Account::MerchantPayable { company } => {
                ta(self.lang, "payments-account-merchant", &[("company", company)])
            }
            Account::PayoutInTransit { company } => {
                ta(self.lang, "payments-account-payout", &[("company", company)])
            }
            Account::CarriedBalance { company } => {
                ta(self.lang, "payments-account-carried", &[("company", company)])
            }
            Account::Bank => self.t("payments-account-bank"),
            Account::FeeIncome { taxed: false } => self.t("payments-account-fee-exempt"),
            Account::FeeIncome { taxed: true } => self.t("payments-account-fee-taxable"),
            Account::ConsumptionTax => self.t("payments-account-tax"),
            Account::TransferFeeIncome => self.t("payments-account-transfer-fee"),
            Account::Adjustment => self.t("payments-account-adjustment"),
        }
    }

    /// Both copies exactly as printed, the customer's page, and the mails.
    fn slips(&self, facts: &SlipFacts) -> Markup {
        let policy = &self.shown.place.policy.receipt;
        let document = |name: &str, copy| {
            slip(self.lang, name, &receipt::document(facts, policy, copy, Printing::First))
        };
        let [customer, merchant] =
            ["payments-slip-customer", "payments-slip-merchant"].map(|key| self.t(key));
        let mails = format!("{LIST_PATH}/{}/receipt-mails", self.payment().id);
        let body = html! {
            div.row.no-print {
                @if let Some(link) = &facts.link {
                    (Button::second(&self.t("payments-slip-page")).icon(Icon::Receipt).link(link).small())
                }
                (print_button(&self.t("payments-print")))
            }
            div.slips {
                figure { figcaption { (customer) } (document(&customer, Copy::Customer)) }
                figure { figcaption { (merchant) } (document(&merchant, Copy::Merchant)) }
            }
        };
        html! {
            div.full { (panel(&self.t("payments-slips"), &body)) }
            // The mails belong to a later slice; without script the link leads to them.
            div.full #receipt-mails hx-get=(mails) hx-trigger="load" hx-swap="innerHTML" hx-morph-skip {
                a href=(mails) { (self.t("payments-mails")) }
            }
        }
    }
}

/// What a transfer was for.
fn kind_key(entry: &Entry) -> &'static str {
    match (entry.transfer.kind, &entry.transfer.debit) {
        (Kind::Pending, _) => "payments-book-hold",
        (Kind::ReleasePending, _) => "payments-book-released",
        (Kind::Posted | Kind::PostPending, Account::MerchantPayable { .. }) => "payments-book-given-back",
        (Kind::Posted | Kind::PostPending, Account::NetworkReceivable { .. }) => "payments-book-sale",
        // Of settlement, and of no payment.
        (Kind::Moved | Kind::Posted | Kind::PostPending, _) => "payments-book-settled",
    }
}
