//! `/settlement/terms`: what holds for all companies, for one, and for one's brand, and from which day. A company sees its
//! own; operators enter what holds from a later day on and withdraw what has not begun.

use super::terms_form::{Typed, form, level_name, zip_name};
use super::words::{company_field, cycle, date, entered, group, refusal};
use super::{Choice, Console, answered, refused};
use crate::limits;
use crate::rows::terms::{self as stored, Entry};
use crate::rows::windows;
use crate::rules::{CycleCode, GroupCode, Level, Overlay, Terms, TermsBook};
use axum::extract::{Form, Query, State};
use axum::response::Response;
use center_base::{Caller, Refusal};
use codes::{api, settle};
use i18n::{Lang, t, ta};
use jiff::civil::Date;
use maud::{Markup, html};
use money::Yen;
use pages::icon::Icon;
use pages::list::{Column, empty, key_values, panel, table};
use pages::ui::{Button, Tone, confirm, select, tag};
use payment::Brand;
use serde::Deserialize;
use std::collections::BTreeSet;
use store::{DbError, ReadTx, TenantId, Tx};

/// The page's path.
pub(super) const PATH: &str = "/settlement/terms";
/// Closed pay days that a refusal names.
const NAMED: usize = 3;

/// The address as it comes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    company: String,
    brand: String,
}

/// What the page shows, in one snapshot.
struct Facts {
    book: TermsBook,
    /// Of the company and its brands, or of the tenant.
    entries: Vec<Entry>,
    cycles: Vec<CycleCode>,
    groups: BTreeSet<GroupCode>,
    /// Companies with terms of their own.
    own: Vec<String>,
}

fn facts(tx: &mut ReadTx<'_>, tenant: TenantId, company: &str) -> Result<Facts, DbError> {
    let entries = stored::entries(tx, tenant, company, limits::ENTRIES_LISTED)?;
    let known = payment::brands().iter().filter_map(|row| GroupCode::new(&row.settle_group).ok());
    let named = entries.iter().filter_map(|entry| entry.overlay.group.clone());
    Ok(Facts {
        book: stored::terms(tx, tenant)?.book,
        cycles: stored::cycles(tx, tenant)?.all().iter().map(|cycle| cycle.code().clone()).collect(),
        groups: known.chain(named).collect(),
        own: stored::companies(tx, tenant, limits::ENTRIES_LISTED)?,
        entries,
    })
}

/// `GET /settlement/terms`.
pub(super) async fn page(
    State(console): State<Console>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Result<Markup, Refusal> {
    let typed = Typed::about(asked.company, asked.brand);
    draw(&console, &caller, &typed, None).await
}

async fn draw(
    console: &Console,
    caller: &Caller,
    typed: &Typed,
    wrong: Option<&Refusal>,
) -> Result<Markup, Refusal> {
    let choice = console.choice(caller, &typed.company).await?;
    let (tenant, today) = (console.base.tenant, console.base.clock.today());
    let company = choice.company.as_ref().map(|company| company.id.to_string()).unwrap_or_default();
    let (of, from) = (company.clone(), typed.day());
    let names_closed = wrong.is_some_and(|wrong| wrong.code == settle::TERM_DAY);
    let (facts, closed) = console
        .base
        .read(move |tx| {
            let closed = if names_closed { closed(tx, tenant, from)? } else { BTreeSet::new() };
            Ok((facts(tx, tenant, &of)?, closed))
        })
        .await?;
    let brand = Brand::from_word(&typed.brand).filter(|_| !company.is_empty());
    let level = level_of(&company, brand);
    let view =
        Page { lang: caller.lang, choice: &choice, facts: &facts, today, company: &company, level: &level };
    let body = html! {
        (view.head())
        @if let Some(wrong) = wrong {
            (refusal(caller.lang, wrong))
            @if names_closed { (view.earliest(&closed)) }
        }
        (view.body(typed, wrong))
    };
    console.page(caller, (PATH, &address(&level)), &t(caller.lang, "settlement-terms-page"), &body).await
}

/// The pay days whose windows are cut and have a day from this one on.
fn closed(tx: &mut ReadTx<'_>, tenant: TenantId, from: Option<Date>) -> Result<BTreeSet<Date>, DbError> {
    let Some(from) = from else { return Ok(BTreeSet::new()) };
    let windows = windows::windows(tx, tenant)?.into_iter();
    Ok(windows.filter(|window| window.span.last >= from).map(|window| window.pay_on).collect())
}

fn level_of(company: &str, brand: Option<Brand>) -> Level {
    match (company, brand) {
        ("", _) => Level::Tenant,
        (company, None) => Level::Company(company.to_owned()),
        (company, Some(brand)) => Level::Contract(company.to_owned(), brand),
    }
}

/// The address of a level's page.
pub(super) fn address(level: &Level) -> String {
    let company = |id: &str| format!("{PATH}?company={}", acquiring::console::encoded(id));
    match level {
        Level::Tenant => PATH.to_owned(),
        Level::Company(id) => company(id),
        Level::Contract(id, brand) => format!("{}&brand={}", company(id), brand.word()),
    }
}

/// The level that a form is about: what is not there is said, and never taken for all companies.
async fn asked_level(console: &Console, caller: &Caller, typed: &Typed) -> Result<Level, Refusal> {
    let choice = console.choice(caller, &typed.company).await?;
    if choice.is_unknown {
        return Err(refused(settle::NO_COMPANY));
    }
    let company = choice.company.map(|company| company.id.to_string()).unwrap_or_default();
    let brand = match typed.brand.as_str() {
        "" => None,
        word => Some(Brand::from_word(word).ok_or_else(|| refused(settle::TERM_CHOICE))?),
    };
    if company.is_empty() && brand.is_some() {
        return Err(refused(settle::NO_COMPANY));
    }
    Ok(level_of(&company, brand))
}

/// `POST /settlement/terms`.
pub(super) async fn enter(
    State(console): State<Console>,
    caller: Caller,
    Form(typed): Form<Typed>,
) -> Result<Response, Refusal> {
    let wanted = match asked_level(&console, &caller, &typed).await {
        Ok(level) => typed.read(&level).map(|(from, overlay)| (level, from, overlay)),
        Err(refusal) => Err(refusal),
    };
    let done = match wanted {
        Ok((level, from, overlay)) => {
            let (who, to) = (caller.actor.label(), address(&level));
            let put = move |tx: &mut Tx<'_>| stored::put_term(tx, &who, &level, from, &overlay);
            console.base.write(put).await.map(|_| to)
        }
        Err(refusal) => Err(refusal),
    };
    answer(&console, &caller, &typed, done).await
}

/// `POST /settlement/terms/withdraw`.
pub(super) async fn withdraw(
    State(console): State<Console>,
    caller: Caller,
    Form(typed): Form<Typed>,
) -> Result<Response, Refusal> {
    let level = asked_level(&console, &caller, &typed).await;
    let done = match (level, typed.day()) {
        (Ok(level), Some(from)) => {
            let (who, to) = (caller.actor.label(), address(&level));
            let end = move |tx: &mut Tx<'_>| stored::withdraw_term(tx, &who, &level, from);
            console.base.write(end).await.map(|()| to)
        }
        (Ok(_), None) => Err(api::NOT_FOUND.into()),
        (Err(refusal), _) => Err(refusal),
    };
    let typed = Typed::about(typed.company, typed.brand);
    answer(&console, &caller, &typed, done).await
}

async fn answer(
    console: &Console,
    caller: &Caller,
    typed: &Typed,
    done: Result<String, Refusal>,
) -> Result<Response, Refusal> {
    if done.is_ok() {
        console.base.refresh().await?;
    }
    answered(done, async |wrong| draw(console, caller, typed, Some(wrong)).await).await
}

struct Page<'a> {
    lang: Lang,
    choice: &'a Choice,
    facts: &'a Facts,
    today: Date,
    /// Empty: all companies.
    company: &'a str,
    /// What the form is about.
    level: &'a Level,
}

impl Page<'_> {
    fn t(&self, key: &str) -> String {
        t(self.lang, key)
    }

    fn head(&self) -> Markup {
        let about = if self.choice.chooses { "settlement-terms-about" } else { "settlement-terms-about-own" };
        html! {
            div.page-head {
                div.stack-s { h1 tabindex="-1" { (self.t("settlement-terms-page")) } p.sub { (self.t(about)) } }
            }
        }
    }

    /// From when on terms may begin, and which pay days an earlier day would change.
    fn earliest(&self, closed: &BTreeSet<Date>) -> Markup {
        let day = |day: Date| acquiring::console::day(self.lang, day);
        let first = self.today.tomorrow().unwrap_or(self.today);
        let mut days: Vec<String> = closed.iter().take(NAMED).map(|pay_on| day(*pay_on)).collect();
        if closed.len() > NAMED {
            days.push("…".to_owned());
        }
        html! {
            ul.blockers {
                li { (Icon::Info) span { (ta(self.lang, "settlement-terms-earliest", &[("day", &day(first))])) } }
                @if !days.is_empty() {
                    li.tone-ask { (Icon::Lock) span { (ta(self.lang, "settlement-terms-closed", &[("days", &days.join("、"))])) } }
                }
            }
        }
    }

    fn body(&self, typed: &Typed, wrong: Option<&Refusal>) -> Markup {
        let title = ta(
            self.lang,
            "settlement-terms-now",
            &[("day", &acquiring::console::day(self.lang, self.today))],
        );
        html! {
            @if self.choice.chooses { (self.chooser()) }
            @if !self.choice.is_unknown {
                h2 { (title) }
                (self.brands())
                @if self.choice.chooses {
                    div.detail.one {
                        div.stack { (self.beside()) }
                        div.stack { (panel(&level_name(self.lang, self.choice, self.level), &self.form(typed, wrong))) }
                    }
                } @else { (self.beside()) }
            }
        }
    }

    /// What stands beside the form.
    fn beside(&self) -> Markup {
        html! {
            (panel(&self.t("settlement-terms-now-payment"), &self.of_payment()))
            @if self.choice.chooses && self.company.is_empty() && !self.facts.own.is_empty() {
                (panel(&self.t("settlement-terms-own"), &self.own()))
            }
            div.stack-s {
                h2 { (self.t("settlement-terms-history")) }
                (self.history())
            }
        }
    }

    /// Whose terms: of all companies, of one, of one's brand.
    fn chooser(&self) -> Markup {
        let all = self.t("settlement-terms-all-brands");
        let mut brands = vec![("", all.as_str())];
        brands.extend(Brand::ALL.iter().map(|brand| (brand.word(), brand.name())));
        let chosen = match self.level {
            Level::Tenant | Level::Company(_) => "",
            Level::Contract(_, brand) => brand.word(),
        };
        html! {
            form.filters.filter-box method="get" action=(PATH) {
                (company_field(self.lang, self.choice, Some(&self.t("settlement-terms-of-all"))))
                @if !self.company.is_empty() { (select("brand", &self.t("settlement-brand"), &brands, chosen)) }
                div.filter-go { (Button::primary(&self.t("settlement-show")).icon(Icon::Search).small()) }
            }
        }
    }

    fn own(&self) -> Markup {
        html! {
            ul.windows {
                @for id in &self.facts.own {
                    li { a href=(address(&Level::Company(id.clone()))) { (self.choice.name(id)) } span.sub.mono { (id) } }
                }
            }
        }
    }

    /// What each brand costs today, brands with the same terms together; those without a rate are named below.
    fn brands(&self) -> Markup {
        let found: Vec<(Brand, Result<Terms, _>)> = Brand::ALL
            .iter()
            .map(|brand| (*brand, self.facts.book.at(self.company, *brand, self.today)))
            .collect();
        let without: Vec<Brand> =
            found.iter().filter(|(_, terms)| terms.is_err()).map(|(brand, _)| *brand).collect();
        let keys = [
            "settlement-brand",
            "settlement-rate",
            "settlement-cycle",
            "settlement-line",
            "settlement-terms-from-level",
        ];
        let [brand, rate, cycle, line, by] = keys.map(|key| self.t(key));
        let columns = [
            Column::text(&brand),
            Column::number(&rate),
            Column::text(&cycle).only_wide(),
            Column::text(&line).only_wide(),
            Column::text(&by),
        ];
        // Brands with the same terms share a row.
        let mut alike: Vec<(Vec<Brand>, Vec<Markup>)> = Vec::new();
        for (brand, terms) in &found {
            let Ok(terms) = terms else { continue };
            let says = self.brand_says(*brand, terms);
            match alike
                .iter_mut()
                .find(|(_, of)| of.iter().map(|cell| &cell.0).eq(says.iter().map(|cell| &cell.0)))
            {
                Some((brands, _)) => brands.push(*brand),
                None => alike.push((vec![*brand], says)),
            }
        }
        let rows: Vec<(&str, Vec<Markup>)> = alike
            .into_iter()
            .map(|(brands, mut cells)| {
                cells.insert(0, self.list(&brands));
                ("", cells)
            })
            .collect();
        html! {
            @if rows.is_empty() {
                @let next = if self.choice.chooses { "settlement-terms-none-next" } else { "settlement-terms-none-own" };
                div.panel { (empty(Icon::Question, &self.t("settlement-terms-none"), &html! { (self.t(next)) })) }
            } @else {
                (table(&self.t("settlement-terms-now-brands"), &columns, &rows))
                @if !without.is_empty() {
                    p.sub { (self.t("settlement-terms-no-rate")) ": " (self.list(&without)) }
                }
            }
        }
    }

    fn list(&self, brands: &[Brand]) -> Markup {
        html! { @for (n, brand) in brands.iter().enumerate() { @if n > 0 { " · " } (self.brand(*brand)) } }
    }

    fn brand(&self, brand: Brand) -> Markup {
        let name = brand.name();
        if !self.choice.chooses || self.company.is_empty() {
            return html! { span.nowrap { (name) } };
        }
        let href = address(&Level::Contract(self.company.to_owned(), brand));
        html! { a.nowrap href=(href) { (name) } }
    }

    /// The cells behind the brand's name.
    fn brand_says(&self, brand: Brand, terms: &Terms) -> Vec<Markup> {
        let source = match self.facts.book.source(self.company, brand, self.today) {
            None => "settlement-terms-level-default",
            Some(Level::Tenant) => "settlement-terms-level-tenant",
            Some(Level::Company(_)) => "settlement-terms-level-company",
            Some(Level::Contract(..)) => "settlement-terms-level-contract",
        };
        let rate = if terms.direct {
            html! { (self.t("settlement-terms-direct-yes")) }
        } else {
            html! {
                (terms.rates.total().percent())
                span.sub { (terms.rates.exempt().percent()) " + " (terms.rates.taxable().percent()) }
            }
        };
        vec![
            rate,
            html! { (cycle(self.lang, &terms.cycle)) },
            html! { (group(self.lang, &terms.group)) },
            html! { (self.t(source)) },
        ]
    }

    /// What a payout costs today.
    fn of_payment(&self) -> Markup {
        let terms = self.facts.book.pay_terms(self.company, self.today);
        let all = Overlay {
            transfer_fee_yen: Some(terms.transfer_fee),
            free_banks: Some(terms.free_banks),
            minimum_payout_yen: Some(terms.minimum),
            zip: Some(terms.zip),
            ..Overlay::default()
        };
        let rows: Vec<_> =
            says(self.lang, &all).into_iter().map(|(key, value)| (key, html! { (value) })).collect();
        key_values(&rows)
    }

    fn form(&self, typed: &Typed, wrong: Option<&Refusal>) -> Markup {
        let facts = self.facts;
        let newest = facts.entries.iter().find(|entry| entry.level == *self.level);
        let typed = match (wrong, newest) {
            (Some(wrong), _) if wrong.code != settle::TERM_BEGUN => typed.clone(),
            (_, Some(newest)) => Typed::of(&newest.overlay, self.lang),
            (_, None) => Typed::default(),
        };
        form(self.lang, self.level, (&facts.cycles, &facts.groups), &typed, wrong)
    }

    fn history(&self) -> Markup {
        let [from, what] = ["settlement-from-day", "settlement-terms-what"].map(|key| self.t(key));
        let columns = [Column::text(&from), Column::text(&what)];
        let rows: Vec<(&str, Vec<Markup>)> =
            self.facts.entries.iter().map(|entry| self.entry(entry)).collect();
        if rows.is_empty() {
            let none = if self.company.is_empty() {
                "settlement-terms-history-none"
            } else {
                "settlement-terms-history-none-own"
            };
            return html! { p.sub { (self.t(none)) } };
        }
        table(&self.t("settlement-terms-history"), &columns, &rows)
    }

    fn entry(&self, entry: &Entry) -> (&'static str, Vec<Markup>) {
        let of = match &entry.level {
            Level::Tenant | Level::Company(_) => self.t("settlement-terms-all-brands"),
            Level::Contract(_, brand) => brand.name().to_owned(),
        };
        // The latest day comes first: an entry is over when one of its level stands between it and today.
        let is_over = self.facts.entries.iter().any(|other| {
            other.level == entry.level
                && other.valid_from > entry.valid_from
                && other.valid_from <= self.today
        });
        let is_planned = entry.valid_from > self.today;
        let (tone, icon, state) = if is_planned {
            (Tone::Info, Icon::Clock, "settlement-terms-planned")
        } else if is_over {
            (Tone::Quiet, Icon::Undo, "settlement-terms-past")
        } else {
            (Tone::Ok, Icon::Check, "settlement-terms-in-force")
        };
        let lines = says(self.lang, &entry.overlay);
        let cells = vec![
            html! { (date(self.lang, entry.valid_from)) br; (tag(tone, icon, &self.t(state))) },
            html! {
                b { (of) }
                @for (key, value) in &lines { span.sub { (key) ": " (value) } }
                @if lines.is_empty() { span.sub { (self.t("settlement-terms-empty")) } }
                @if self.choice.chooses { span.sub { (entered(self.lang, &entry.entered_by, entry.entered_us)) } }
                @if is_planned && self.choice.chooses { (self.withdrawal(entry)) }
            },
        ];
        (if is_over { "is-faded" } else { "" }, cells)
    }

    fn withdrawal(&self, entry: &Entry) -> Markup {
        let keys = ["settlement-terms-withdraw", "settlement-terms-withdraw-question", "settlement-leave"];
        let [open, question, leave] = keys.map(|key| self.t(key));
        let day = acquiring::console::day(self.lang, entry.valid_from);
        let about = ta(self.lang, "settlement-terms-withdraw-about", &[("day", &day)]);
        let brand = match &entry.level {
            Level::Contract(_, brand) => brand.word(),
            Level::Tenant | Level::Company(_) => "",
        };
        confirm(
            &Button::danger(&open).icon(Icon::Undo).small(),
            &html! {
                h2 { (question) }
                p { (about) }
                (pages::ui::form("", &format!("{PATH}/withdraw"), &html! {
                    input type="hidden" name="company" value=(self.company);
                    input type="hidden" name="brand" value=(brand);
                    input type="hidden" name="from" value=(entry.valid_from);
                    (Button::danger(&open).icon(Icon::Undo).block())
                }))
            },
            &leave,
        )
    }
}

/// What an entry names, as people read it.
fn says(lang: Lang, overlay: &Overlay) -> Vec<(String, String)> {
    let text = |key: &str| t(lang, &format!("settlement-{key}"));
    let sum = |yen: Yen| format!("¥{}", yen.grouped());
    let mut lines = Vec::new();
    if let (Some(exempt), Some(taxable)) = (overlay.exempt_ppm, overlay.taxable_ppm) {
        lines.push((text("rate"), format!("{} + {}", exempt.percent(), taxable.percent())));
    }
    if let Some(direct) = overlay.direct {
        let key = if direct { "terms-direct-yes" } else { "terms-direct-no" };
        lines.push((text("terms-direct"), text(key)));
    }
    if let Some(code) = &overlay.cycle {
        lines.push((text("cycle"), cycle(lang, code)));
    }
    if let Some(code) = &overlay.group {
        lines.push((text("terms-group"), group(lang, code)));
    }
    if let Some(fee) = overlay.transfer_fee_yen {
        lines.push((text("terms-transfer-fee"), sum(fee)));
    }
    if let Some(banks) = &overlay.free_banks {
        let none = text("terms-no-free-banks");
        lines.push((text("terms-free-banks"), if banks.is_empty() { none } else { banks.join(", ") }));
    }
    if let Some(minimum) = overlay.minimum_payout_yen {
        lines.push((text("terms-minimum"), sum(minimum)));
    }
    if let Some(zip) = overlay.zip {
        lines.push((text("terms-zip"), zip_name(lang, zip)));
    }
    lines
}
