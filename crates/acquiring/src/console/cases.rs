//! The pages of cases: what waits for a person at `/cases`, one case with the books side by side at
//! `/cases/{id}`, and the form that ends it.

use super::words::{age, moment};
use super::{Console, LIST_PATH, encoded};
use crate::cases::rows::{self, Case, CaseState};
use crate::cases::settle::{self, Outcome, REASON_CHARS_MAX, REASON_CHARS_MIN, Word};
use crate::cases::{Action, Kind};
use crate::path::ADVICE_TOPIC;
use crate::totals::rows::NAMES;
use axum::extract::{Form, Path, Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use center_base::{Base, Caller, Refusal, Scope, audit};
use codes::{Code, api};
use i18n::{Lang, code_text, t, ta};
use maud::{Markup, Render as _, html};
use money::Yen;
use pages::frame::still;
use pages::icon::Icon;
use pages::list::{Column, empty, key_values, panel, table};
use pages::ui::{Button, Field, Tone, form, notice, select, tag, yen};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use staff::ConsolePage;
use tenancy::Shop;

/// The page's path.
pub(crate) const CASES_PATH: &str = "/cases";
/// Cases on the page; the oldest are shown.
const ROWS: i64 = 200;
/// A case this old is marked, microseconds: an hour.
const OLD_US: i64 = 3_600_000_000;

/// The filter as it comes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    state: String,
    kind: String,
}

/// The form as it comes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Typed {
    outcome: String,
    reason: String,
    proof: String,
}

fn kind_key(kind: Kind) -> String {
    format!("cases-kind-{}", kind.word().replace('_', "-"))
}

fn about_key(kind: Kind) -> String {
    format!("cases-about-{}", kind.word().replace('_', "-"))
}

fn action_key(action: Action) -> String {
    format!("cases-action-{}", action.word().replace('_', "-"))
}

fn totals_key(name: &str) -> String {
    format!("cases-totals-{}", name.replace('_', "-"))
}

fn outcome_key(outcome: Outcome) -> String {
    format!("cases-outcome-{}", outcome.word().replace('_', "-"))
}

fn state_chip(lang: Lang, state: CaseState) -> Markup {
    let (tone, icon) = match state {
        CaseState::Open => (Tone::Ask, Icon::Question),
        CaseState::Settled => (Tone::Ok, Icon::Check),
        CaseState::Cleared => (Tone::Quiet, Icon::Undo),
    };
    tag(tone, icon, &t(lang, &format!("cases-state-{}", state.word())))
}

fn address(case: &Case) -> String {
    format!("{CASES_PATH}/{}", hex::encode(case.id))
}

fn amount(of: Option<i64>) -> Markup {
    of.and_then(|of| Yen::new(of).ok()).map_or_else(|| html! { "–" }, yen)
}

/// `GET /cases`.
pub(crate) async fn list_page(
    State(console): State<Console>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Result<Markup, Refusal> {
    let (tenant, scope) = (console.base.tenant, caller.scope()?);
    let state = match asked.state.as_str() {
        "" => Some(CaseState::Open),
        "all" => None,
        word => CaseState::from_word(word).or(Some(CaseState::Open)),
    };
    let kind = Kind::from_word(&asked.kind);
    let (cases, shops) = console
        .base
        .read(move |tx| {
            let cases = rows::list(tx, tenant, &scope, (state, kind), ROWS)?;
            Ok((cases, tenancy::shops(tx, tenant, &scope)?))
        })
        .await?;
    let body = draw_list(caller.lang, (&cases, &shops), (state, kind), console.base.clock.now_us());
    let (state, kind) = (state.map_or("all", CaseState::word), kind.map_or("", Kind::word));
    let here = encoded(&format!("{CASES_PATH}?state={state}&kind={kind}"));
    console.cases_page(&caller, &here, &t(caller.lang, "cases-title"), &body).await
}

fn draw_list(
    lang: Lang,
    (cases, shops): (&[Case], &[Shop]),
    (state, kind): (Option<CaseState>, Option<Kind>),
    now_us: i64,
) -> Markup {
    let word = |key: &str| t(lang, key);
    let states = [
        ("open", word("cases-state-open")),
        ("settled", word("cases-state-settled")),
        ("cleared", word("cases-state-cleared")),
        ("all", word("cases-all")),
    ];
    let states: Vec<(&str, &str)> = states.iter().map(|(value, text)| (*value, text.as_str())).collect();
    let kinds: Vec<(&str, String)> =
        Kind::ALL.iter().map(|kind| (kind.word(), word(&kind_key(*kind)))).collect();
    let all = word("cases-all");
    let mut kind_options = vec![("", all.as_str())];
    kind_options.extend(kinds.iter().map(|(value, text)| (*value, text.as_str())));
    let titles = [
        "cases-column-what",
        "cases-column-amount",
        "cases-column-where",
        "cases-column-age",
        "cases-column-state",
    ]
    .map(word);
    let [what, yen, place, since, stands] = &titles;
    let columns = [
        Column::text(what),
        Column::number(yen),
        Column::wide_only(place),
        Column::text(since),
        Column::not_on_phones(stands),
    ];
    let drawn: Vec<(&str, Vec<Markup>)> = cases
        .iter()
        .map(|case| {
            let faded = if case.state == CaseState::Open { "" } else { "is-faded" };
            (faded, list_row(lang, case, shops, now_us))
        })
        .collect();
    html! {
        div.page-head { div.stack-s { h1 tabindex="-1" { (word("cases-title")) } p.sub { (word("cases-intro")) } } }
        form.filters.filter-box method="get" action=(CASES_PATH) role="search" {
            (select("state", &word("cases-filter-state"), &states, state.map_or("all", CaseState::word)))
            (select("kind", &word("cases-filter-kind"), &kind_options, kind.map_or("", Kind::word)))
            div.filter-go { (Button::primary(&word("payments-filter-go")).icon(Icon::Search).small()) }
        }
        @if cases.is_empty() {
            div.panel { (empty(Icon::Check, &word("cases-none"), &html! { (word("cases-none-next")) })) }
        } @else {
            div.payments { (table(&word("cases-title"), &columns, &drawn)) }
        }
    }
}

fn list_row(lang: Lang, case: &Case, shops: &[Shop], now_us: i64) -> Vec<Markup> {
    let old = case.state == CaseState::Open && now_us.saturating_sub(case.opened_us) >= OLD_US;
    let since = age(lang, now_us.saturating_sub(case.opened_us));
    vec![
        html! {
            a.row-link href=(address(case)) { b.main { (t(lang, &kind_key(case.kind))) } }
            span.sub.mono { (short(case)) }
        },
        html! { (amount(case.yen)) span.only-phone { (state_chip(lang, case.state)) } },
        html! {
            @if case.shop.as_str().is_empty() { "–" } @else { span.shop-name { (shop_name(shops, case)) } }
            span.sub.mono { (case.terminal) }
        },
        html! { span class=(if old { "tone-ask" } else { "" }) { (since) } span.sub { (moment(case.opened_us)) } },
        state_chip(lang, case.state),
    ]
}

/// The shop's name, or its id when the asker does not see it.
fn shop_name<'a>(shops: &'a [Shop], case: &'a Case) -> &'a str {
    let shop = shops.iter().find(|shop| shop.id == case.shop);
    shop.map_or(case.shop.as_str(), |shop| shop.merchant.name.as_str())
}

/// The number that people read to each other.
fn short(case: &Case) -> String {
    case.payment.map_or_else(|| case.subject.clone(), payment::public_id)
}

fn read_id(text: &str) -> Result<[u8; 16], Refusal> {
    let mut id = [0; 16];
    hex::decode_to_slice(text, &mut id).map_err(|_| Refusal::from(api::NOT_FOUND))?;
    Ok(id)
}

impl Console {
    async fn case(&self, scope: Scope, id: [u8; 16]) -> Result<Case, Refusal> {
        let tenant = self.base.tenant;
        let found = self.base.read(move |tx| Ok(rows::case(tx, tenant, &scope, &id)?)).await?;
        found.ok_or_else(|| api::NOT_FOUND.into())
    }

    async fn cases_page(
        &self,
        caller: &Caller,
        here: &str,
        title: &str,
        body: &Markup,
    ) -> Result<Markup, Refusal> {
        let main = still("work", body);
        let page = ConsolePage { room: CASES_PATH, here, title, live: None, main };
        self.staff.console_page(caller, &page).await
    }
}

/// How many cases wait in a scope: for the menu.
pub async fn open_cases(base: &Base, scope: Scope) -> Result<i64, Refusal> {
    let tenant = base.tenant;
    base.read(move |tx| Ok(rows::count_open(tx, tenant, &scope)?)).await
}

/// `GET /cases/{id}`.
pub(crate) async fn case_page(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Markup, Refusal> {
    let case = console.case(caller.scope()?, read_id(&id)?).await?;
    draw(&console, &caller, &case, None).await
}

async fn draw(
    console: &Console,
    caller: &Caller,
    case: &Case,
    again: Option<&Typed>,
) -> Result<Markup, Refusal> {
    let (tenant, scope) = (console.base.tenant, caller.scope()?);
    let shops = console.base.read(move |tx| Ok(tenancy::shops(tx, tenant, &scope)?)).await?;
    let shop = shop_name(&shops, case);
    let page = Page { lang: caller.lang, case, shop, now_us: console.base.clock.now_us() };
    let may = settle::may_settle(caller.actor.role(), case.kind);
    let body = page.body(may, again);
    console.cases_page(caller, &address(case), &t(caller.lang, "cases-one-title"), &body).await
}

struct Page<'a> {
    lang: Lang,
    case: &'a Case,
    /// The shop's name.
    shop: &'a str,
    now_us: i64,
}

impl Page<'_> {
    fn t(&self, key: &str) -> String {
        t(self.lang, key)
    }

    fn body(&self, may: bool, again: Option<&Typed>) -> Markup {
        let case = self.case;
        html! {
            nav aria-label=(self.t("payments-here")) {
                ol.crumbs {
                    li { a href=(CASES_PATH) { (self.t("cases-title")) } }
                    li aria-current="page" { span.mono { (short(case)) } }
                }
            }
            div.page-head.one-head {
                h1.detail-head tabindex="-1" { (self.t(&kind_key(case.kind))) " " (state_chip(self.lang, case.state)) }
                p.sub.where {
                    span.mono { (short(case)) }
                    @if case.state == CaseState::Open { " · " (ta(self.lang, "payments-since", &[("age", &self.age())])) }
                }
            }
            (notice(self.tone(), &self.t("cases-what"), &html! { p { (self.t(&about_key(case.kind))) } }))
            div.detail.one {
                div.stack {
                    @if case.kind == Kind::TotalsDiffer {
                        (panel(&self.t("cases-books"), &self.totals()))
                    } @else if !case.kind.is_of_terminal() {
                        (panel(&self.t("cases-books"), &self.books()))
                    }
                    (panel(&self.t("cases-story"), &self.story()))
                }
                div.stack {
                    (panel(&self.t("cases-facts"), &self.facts()))
                    (panel(&self.t("cases-next"), &self.next(may, again)))
                }
            }
        }
    }

    fn tone(&self) -> Tone {
        if self.case.state == CaseState::Open { Tone::Ask } else { Tone::Quiet }
    }

    fn age(&self) -> String {
        age(self.lang, self.now_us.saturating_sub(self.case.opened_us))
    }

    /// What each book says, side by side.
    fn books(&self) -> Markup {
        let words = ["cases-column-book", "cases-column-says", "cases-column-amount", "cases-column-detail"]
            .map(|key| self.t(key));
        let [book, says, yen, detail] = &words;
        let columns =
            [Column::text(book), Column::text(says), Column::number(yen), Column::wide_only(detail)];
        let rows: Vec<(&str, Vec<Markup>)> = ["terminal", "center", "network", "ledger"]
            .into_iter()
            .map(|name| ("", self.book(name)))
            .collect();
        table(&self.t("cases-books"), &columns, &rows)
    }

    /// A day's totals, ours beside the network's.
    fn totals(&self) -> Markup {
        let words = ["cases-column-what", "cases-book-center", "cases-book-network"].map(|key| self.t(key));
        let [what, center, network] = &words;
        let columns = [Column::text(what), Column::number(center), Column::number(network)];
        let cell = |book: &str, name: &str| {
            let part = self.case.evidence.get(book).and_then(|says| says.get("totals")?.get(name));
            let number = |field: &str| part.and_then(|part| part.get(field)?.as_i64());
            let count = number("count").map(|count| count.to_string());
            html! {
                (amount(number("yen")))
                @if let Some(count) = count { span.sub { (ta(self.lang, "cases-totals-count", &[("count", &count)])) } }
            }
        };
        let rows: Vec<(&str, Vec<Markup>)> = NAMES
            .into_iter()
            .map(|name| {
                let word = html! { b { (self.t(&totals_key(name))) } };
                ("", vec![word, cell("center", name), cell("network", name)])
            })
            .collect();
        table(&self.t("cases-books"), &columns, &rows)
    }

    fn book(&self, name: &str) -> Vec<Markup> {
        let says = self.case.evidence.get(name).unwrap_or(&Json::Null);
        let text = |field: &str| says.get(field).and_then(Json::as_str).filter(|text| !text.is_empty());
        let yen = says.get("yen").and_then(Json::as_i64);
        let state = match (says.is_null(), text("state")) {
            (true, _) => self.t("cases-says-nothing"),
            (false, Some(state)) => self.t(&format!("cases-says-{}", state.replace('_', "-"))),
            (false, None) => self.t("cases-says-moved"),
        };
        let code = text("code").and_then(Code::find).map(|code| code_text(self.lang, code).title);
        let details = [
            code,
            text("approval").map(str::to_owned),
            text("rrn").map(str::to_owned),
            text("on").map(str::to_owned),
        ];
        let details: Vec<String> = details.into_iter().flatten().collect();
        vec![
            html! { b { (self.t(&format!("cases-book-{name}"))) } },
            html! { (state) },
            amount(yen),
            html! { span.mono { (details.join(" · ")) } },
        ]
    }

    fn facts(&self) -> Markup {
        let case = self.case;
        let mono = |text: &str| html! { span.mono { (text) } };
        let named = |key: &str, value: Markup| (self.t(key), value);
        let mut rows = vec![named("cases-fact-opened", html! { (moment(case.opened_us)) })];
        if let Some(id) = case.payment {
            rows.push(named(
                "cases-fact-payment",
                html! { a.mono href={ (LIST_PATH) "/" (id) } { (payment::public_id(id)) } },
            ));
        }
        rows.push(named("cases-fact-subject", mono(&case.subject)));
        if !case.shop.as_str().is_empty() {
            rows.push(named("cases-fact-shop", html! { (self.shop) " " span.sub.mono { (case.shop) } }));
        }
        if !case.terminal.as_str().is_empty() {
            rows.push(named("cases-fact-terminal", mono(case.terminal.as_str())));
        }
        if case.yen.is_some() {
            rows.push(named("cases-fact-amount", amount(case.yen)));
        }
        key_values(&rows)
    }

    fn story(&self) -> Markup {
        let case = self.case;
        html! {
            ol.book {
                li { div.spread { b { (self.t("cases-story-opened")) } } p.sub { (moment(case.opened_us)) } }
                @match case.state {
                    CaseState::Open => {}
                    CaseState::Cleared => {
                        li { div.spread { b { (self.t("cases-story-cleared")) } } p.sub { (moment(case.changed_us)) } }
                    }
                    CaseState::Settled => {
                        li {
                            div.spread { b { (self.outcome()) } }
                            p { (case.reason) }
                            p { (self.t("cases-field-proof")) ": " (case.proof) }
                            p.sub { (self.settler()) " · " (moment(case.changed_us)) }
                        }
                    }
                }
            }
        }
    }

    /// Who settled it, without the word that the audit puts before a name.
    fn settler(&self) -> &str {
        let by = self.case.settled_by.as_str();
        by.strip_prefix("person ").unwrap_or(by)
    }

    fn outcome(&self) -> String {
        Outcome::from_word(&self.case.outcome)
            .map(|outcome| self.t(&outcome_key(outcome)))
            .unwrap_or_default()
    }

    /// What is proposed, and how it ends.
    fn next(&self, may: bool, again: Option<&Typed>) -> Markup {
        let case = self.case;
        if case.state != CaseState::Open {
            return html! { p { (self.t("cases-over")) } };
        }
        let here = address(case);
        let outcomes = Outcome::of(case.kind);
        let empty = Typed::default();
        let typed = again.unwrap_or(&empty);
        let options: Vec<(&str, String)> =
            outcomes.iter().map(|outcome| (outcome.word(), self.t(&outcome_key(*outcome)))).collect();
        let options: Vec<(&str, &str)> =
            options.iter().map(|(value, text)| (*value, text.as_str())).collect();
        let chosen = options.iter().find(|(value, _)| *value == typed.outcome).or(options.first());
        let chosen = chosen.map_or("", |(value, _)| *value);
        let most = u16::try_from(REASON_CHARS_MAX).unwrap_or(u16::MAX);
        let hint = ta(self.lang, "cases-field-reason-hint", &[("least", &REASON_CHARS_MIN.to_string())]);
        let (reason, proof, go) =
            (self.t("cases-field-reason"), self.t("cases-field-proof"), self.t("cases-settle"));
        let short = self.t("cases-field-short");
        // What was not enough is said at its field.
        let field = |name, label, value: &'_ str, hint, least| {
            let field = Field::text(name, label).value(value).hint(hint).max_chars(most).required();
            let is_short = again.is_some() && value.trim().chars().count() < least;
            if is_short { field.error(&short).render() } else { field.render() }
        };
        html! {
            p { (self.t(&action_key(case.kind.action()))) }
            @if case.kind.action() == Action::ReverseAgain && may {
                (form("stack-s", &format!("{here}/reverse-again"), &html! {
                    (Button::second(&self.t("cases-reverse-again")).icon(Icon::Undo))
                }))
            }
            @if may {
                (form("stack", &format!("{here}/settle"), &html! {
                    @if again.is_some() {
                        (notice(Tone::Ng, &self.t("cases-not-settled"), &html! { p { (self.t("cases-not-settled-next")) } }))
                    }
                    (select("outcome", &self.t("cases-field-outcome"), &options, chosen))
                    (field("reason", &reason, &typed.reason, &hint, REASON_CHARS_MIN))
                    (field("proof", &proof, &typed.proof, &self.t("cases-field-proof-hint"), 1))
                    (Button::primary(&go).icon(Icon::Check))
                }))
            } @else {
                p.sub { (self.t("cases-not-yours")) }
            }
        }
    }
}

/// `POST /cases/{id}/settle`.
pub(crate) async fn settle_now(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Refusal> {
    let (scope, id) = (caller.scope()?, read_id(&id)?);
    let Some(word) = Word::read(&typed.outcome, &typed.reason, &typed.proof) else {
        let case = console.case(scope, id).await?;
        let page = draw(&console, &caller, &case, Some(&typed)).await?;
        return Ok((http::StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    };
    let actor = caller.actor.clone();
    let case = console.base.write(move |tx| settle::settle(tx, (&actor, &scope), &id, &word)).await?;
    console.base.refresh().await?;
    console.base.wake_outbox();
    Ok(Redirect::to(&address(&case)).into_response())
}

/// `POST /cases/{id}/reverse-again`: the reversal of an old doubt leaves at once.
pub(crate) async fn reverse_again(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let case = console.case(caller.scope()?, read_id(&id)?).await?;
    if !settle::may_settle(caller.actor.role(), case.kind) {
        return Err(api::NOT_ALLOWED.into());
    }
    let (actor, about) = (caller.actor.clone(), format!("case {}", hex::encode(case.id)));
    console
        .base
        .write(move |tx| {
            let detail = json!({});
            Ok(audit::record_by(tx, &actor, "reversal_hastened", &about, detail)?)
        })
        .await?;
    for topic in [ADVICE_TOPIC, crate::refund::path::ADVICE_TOPIC] {
        console.base.hasten_outbox(topic).await?;
    }
    Ok(Redirect::to(&address(&case)).into_response())
}

/// The cases of a payment, for its own page.
pub(crate) fn of_payment(lang: Lang, cases: &[Case]) -> Markup {
    let open: Vec<&Case> = cases.iter().filter(|case| case.state == CaseState::Open).collect();
    if open.is_empty() {
        return html! {};
    }
    let body = html! {
        ul.stack-s { @for case in open { li { a href=(address(case)) { (t(lang, &kind_key(case.kind))) } } } }
    };
    notice(Tone::Ask, &t(lang, "cases-of-payment"), &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_action_outcome_and_book_state_has_its_texts_in_every_language() {
        let mut keys: Vec<String> = Vec::new();
        for kind in Kind::ALL {
            keys.extend([kind_key(kind), about_key(kind), action_key(kind.action())]);
        }
        keys.extend(NAMES.map(totals_key));
        keys.extend(Outcome::ALL.map(outcome_key));
        let states = payment::StateName::ALL.map(|state| state.word().replace('_', "-"));
        let network = ["charged", "held", "tombstone", "absent", "voided", "refunded"].map(str::to_owned);
        keys.extend(states.into_iter().chain(network).map(|state| format!("cases-says-{state}")));
        for lang in [Lang::Ja, Lang::En] {
            for key in &keys {
                let text = t(lang, key);
                assert!(!text.is_empty() && !text.contains(key.as_str()), "{key}");
            }
        }
    }
}
