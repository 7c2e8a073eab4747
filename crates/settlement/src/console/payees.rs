//! `/settlement/payees`: who is paid where. Facts of a payee are one person's word; its account is used when a second
//! person has typed the number once more.

use super::document::{account_kind, account_rows, masked};
use super::words::{crumbs, person, refusal, trouble};
use super::{Console, answered, refused};
use crate::limits;
use crate::notices;
use crate::payee_check::{PayeeTrouble, troubles_of};
use crate::rows::payees::{self as stored, Account, Payee, PayeeFacts, is_the_company};
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse as _, Response};
use center_base::{Caller, CompanyId, Refusal, Scope};
use codes::{api, settle};
use i18n::{Lang, t, ta};
use maud::{Markup, html};
use pages::icon::Icon;
use pages::list::{Column, empty, key_values, panel, table};
use pages::ui::{Button, Field, Tone, confirm, form, notice, select, tag};
use serde::Deserialize;
use std::collections::BTreeMap;
use store::Tx;
use tenancy::Company;

/// The page's path.
pub(super) const PATH: &str = "/settlement/payees";
/// Companies on the page.
const ROWS: i64 = 2_000;

/// The forms as they come.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    number: String,
    kana_name: String,
    contact: String,
    mail: String,
    bank: String,
    branch: String,
    kind: String,
    account: String,
    holder: String,
    /// Why a holder who is not the company is right.
    reason: String,
}

/// `GET /settlement/payees`.
pub(super) async fn page(State(console): State<Console>, caller: Caller) -> Result<Markup, Refusal> {
    let tenant = console.base.tenant;
    let (companies, payees) = console
        .base
        .read(move |tx| Ok((tenancy::companies(tx, tenant, &Scope::Tenant)?, stored::payees(tx, tenant)?)))
        .await?;
    let lang = caller.lang;
    let payees: BTreeMap<String, Payee> =
        payees.into_iter().map(|payee| (payee.company.as_str().to_owned(), payee)).collect();
    let body = html! {
        div.page-head {
            div.stack-s { h1 tabindex="-1" { (t(lang, "settlement-payees")) } p.sub { (t(lang, "settlement-payees-about")) } }
        }
        @if companies.is_empty() {
            div.panel { (empty(Icon::Shop, &t(lang, "settlement-payees-none"), &html! { (t(lang, "settlement-payees-none-next")) })) }
        } @else { (list(lang, &companies, &payees)) }
    };
    console.page(&caller, (PATH, PATH), &t(lang, "settlement-payees"), &body).await
}

fn list(lang: Lang, companies: &[Company], payees: &BTreeMap<String, Payee>) -> Markup {
    let heads = ["settlement-company", "settlement-number", "settlement-account", "settlement-state"]
        .map(|key| t(lang, key));
    let [company, number, account, state] = &heads;
    let columns = [
        Column::text(company),
        Column::text(number).only_wide(),
        Column::text(account).only_wide(),
        Column::text(state),
    ];
    let rows: Vec<(&str, Vec<Markup>)> = companies
        .iter()
        .take(usize::try_from(ROWS).unwrap_or(usize::MAX))
        .map(|company| {
            let payee = payees.get(company.id.as_str());
            let account = payee.and_then(|payee| payee.account.as_ref());
            let cells = vec![
                html! {
                    a.open.row-link href=(address(&company.id)) { (company.name) }
                    span.sub.mono { (company.id) }
                },
                html! { @if let Some(payee) = payee { span.mono { (format!("{:09}", payee.number)) } } @else { "–" } },
                html! {
                    @if let Some(account) = account { span.mono { (account.bank) "-" (account.branch) " " (masked(&account.account)) } }
                    @else { "–" }
                },
                state_of(lang, payee),
            ];
            ("", cells)
        })
        .collect();
    html! { div.payments { (table(&t(lang, "settlement-payees"), &columns, &rows)) } }
}

fn state_of(lang: Lang, payee: Option<&Payee>) -> Markup {
    match payee {
        None => tag(Tone::Ask, Icon::Question, &t(lang, "settlement-payee-missing")),
        Some(Payee { proposed: Some(_), .. }) => {
            tag(Tone::Ask, Icon::Clock, &t(lang, "settlement-account-waits"))
        }
        Some(Payee { account: None, .. }) => {
            tag(Tone::Ask, Icon::Question, &t(lang, "settlement-no-account"))
        }
        Some(_) => tag(Tone::Ok, Icon::Check, &t(lang, "settlement-account-used")),
    }
}

fn address(company: &CompanyId) -> String {
    format!("{PATH}/{company}")
}

/// The company of a page, or what is not found.
async fn company(console: &Console, id: &str) -> Result<Company, Refusal> {
    let companies = console.companies(&Scope::Tenant).await?;
    companies.into_iter().find(|company| company.id.as_str() == id).ok_or_else(|| api::NOT_FOUND.into())
}

/// `GET /settlement/payees/{id}`.
pub(super) async fn one(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Markup, Refusal> {
    let company = company(&console, &id).await?;
    draw(&console, &caller, &company, None, None).await
}

async fn draw(
    console: &Console,
    caller: &Caller,
    company: &Company,
    typed: Option<&Typed>,
    wrong: Option<&Refusal>,
) -> Result<Markup, Refusal> {
    let (tenant, id) = (console.base.tenant, company.id.clone());
    let (payee, troubles) = console
        .base
        .read(move |tx| {
            let payee = stored::payee(tx, tenant, id.as_str())?;
            let troubles = match &payee {
                Some(payee) => troubles_of(tx, tenant, payee, None)?,
                None => vec![PayeeTrouble::NoPayee],
            };
            Ok((payee, troubles))
        })
        .await?;
    let who = caller.actor.label();
    let view = Page { lang: caller.lang, company, payee: payee.as_ref(), troubles: &troubles, who: &who };
    let here = address(&company.id);
    console.page(caller, (PATH, &here), &t(caller.lang, "settlement-payee"), &view.body(typed, wrong)).await
}

/// After a write: on, or the page again with what was wrong.
async fn answer(
    console: &Console,
    caller: &Caller,
    company: &Company,
    typed: &Typed,
    done: Result<(), Refusal>,
) -> Result<Response, Refusal> {
    if done.is_ok() {
        console.base.refresh().await?;
    }
    let to = done.map(|()| address(&company.id));
    answered(to, async |wrong| draw(console, caller, company, Some(typed), Some(wrong)).await).await
}

/// `POST /settlement/payees/{id}`: number, name, contact, mail.
pub(super) async fn change(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Refusal> {
    let company = company(&console, &id).await?;
    let number = pages::typed::text(&typed.number);
    let facts = PayeeFacts {
        number: None,
        kana_name: pages::typed::text(&typed.kana_name),
        contact: pages::typed::text(&typed.contact),
        mail: pages::typed::id(&typed.mail),
    };
    let fits = |text: &str| text.chars().count() <= limits::HOLDER_CHARS;
    let number = if number.is_empty() { Ok(None) } else { number.parse::<i64>().map(Some) };
    let done = match number {
        Ok(number) if fits(&facts.kana_name) && fits(&facts.contact) && fits(&facts.mail) => {
            let (who, id) = (caller.actor.label(), company.id.clone());
            let facts = PayeeFacts { number, ..facts };
            console
                .base
                .write(move |tx: &mut Tx<'_>| stored::put_payee(tx, &who, &id, &facts).map(drop))
                .await
        }
        Ok(_) => Err(refused(settle::ACCOUNT_HOLDER)),
        Err(_) => Err(refused(settle::NUMBER_DIGITS)),
    };
    answer(&console, &caller, &company, &typed, done).await
}

/// `POST /settlement/payees/{id}/account`: an account that waits for a second person.
pub(super) async fn propose(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Refusal> {
    let company = company(&console, &id).await?;
    let account = Account {
        bank: pages::typed::digits(&typed.bank),
        branch: pages::typed::digits(&typed.branch),
        kind: typed.kind.clone(),
        account: pages::typed::digits(&typed.account),
        holder: pages::typed::text(&typed.holder),
    };
    let (who, id) = (caller.actor.label(), company.id.clone());
    let done =
        console.base.write(move |tx: &mut Tx<'_>| stored::propose_account(tx, &who, &id, &account)).await;
    // The number is not shown again, also when it was refused: it is typed anew.
    let typed = Typed { account: String::new(), ..typed };
    answer(&console, &caller, &company, &typed, done).await
}

/// `POST /settlement/payees/{id}/confirm`: the second person types the number from the papers; it must be the one that
/// waits.
pub(super) async fn confirm_it(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Refusal> {
    let company = company(&console, &id).await?;
    let (who, id) = (caller.actor.label(), company.id.clone());
    let (number, reason) = (pages::typed::digits(&typed.account), pages::typed::text(&typed.reason));
    let write = move |tx: &mut Tx<'_>| {
        let tenant = tx.tenant();
        let proposed = stored::payee(tx, tenant, id.as_str())?.and_then(|payee| payee.proposed);
        // Who may not confirm learns that first, and cannot try numbers.
        if let Some((account, by)) = proposed
            && by != who
            && account.account != number
        {
            return Err(settle::ACCOUNT_DIFFERS.into());
        }
        stored::confirm_account(tx, &who, &id, &reason)
    };
    let done = console.base.write(write).await;
    answer(&console, &caller, &company, &Typed::default(), done).await
}

/// `POST /settlement/payees/{id}/password`: shown once a press, for the letter to the company; every look is audited.
pub(super) async fn show_password(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let company = company(&console, &id).await?;
    let (who, id, secrets) = (caller.actor.label(), company.id.clone(), console.base.secrets.clone());
    let look = move |tx: &mut Tx<'_>| notices::show_password(tx, &secrets, &who, &id);
    let password = match console.base.write(look).await {
        Ok(password) => password,
        Err(refusal) => return answer(&console, &caller, &company, &Typed::default(), Err(refusal)).await,
    };
    let lang = caller.lang;
    let here = address(&company.id);
    let body = html! {
        (crumbs(lang, (&here, &company.name), &html! { (t(lang, "settlement-password")) }))
        div.page-head { h1 tabindex="-1" { (t(lang, "settlement-password")) } }
        div.panel.stack-s {
            p { (company.name) " " span.sub.mono { (company.id) } }
            p.yen.mono { (password.reveal()) }
            p.sub { (t(lang, "settlement-password-about")) }
            (Button::second(&t(lang, "settlement-password-leave")).link(&here))
        }
    };
    let page = console.page(&caller, (PATH, &here), &t(lang, "settlement-password"), &body).await?;
    Ok(([(http::header::CACHE_CONTROL, "no-store")], page).into_response())
}

/// `POST /settlement/payees/{id}/new-password`.
pub(super) async fn new_password(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let company = company(&console, &id).await?;
    let (who, id) = (caller.actor.label(), company.id.clone());
    let done = console.base.write(move |tx: &mut Tx<'_>| notices::new_password(tx, &who, &id)).await;
    answer(&console, &caller, &company, &Typed::default(), done).await
}

struct Page<'a> {
    lang: Lang,
    company: &'a Company,
    payee: Option<&'a Payee>,
    troubles: &'a [PayeeTrouble],
    who: &'a str,
}

impl Page<'_> {
    fn t(&self, key: &str) -> String {
        t(self.lang, key)
    }

    fn body(&self, typed: Option<&Typed>, wrong: Option<&Refusal>) -> Markup {
        let lang = self.lang;
        html! {
            (crumbs(lang, (PATH, &self.t("settlement-payees")), &html! { span.mono { (self.company.id) } }))
            div.page-head.one-head {
                h1.detail-head tabindex="-1" { (self.company.name) " " (state_of(lang, self.payee)) }
                p.sub.where { span.mono { (self.company.id) } }
            }
            @if let Some(wrong) = wrong { (refusal(lang, wrong)) }
            (self.waiting())
            div.detail.one {
                div.stack {
                    (panel(&self.t("settlement-payee-facts"), &self.facts(typed)))
                    (panel(&self.t("settlement-account-used"), &self.account()))
                }
                div.stack {
                    (panel(&self.t("settlement-account-enter"), &self.enter(typed)))
                    @if self.payee.is_some() { (panel(&self.t("settlement-password"), &self.password())) }
                }
            }
        }
    }

    /// An account that waits for a second person.
    fn waiting(&self) -> Markup {
        let lang = self.lang;
        let Some((account, by)) = self.payee.and_then(|payee| payee.proposed.as_ref()) else {
            return html! {};
        };
        let rows = account_rows(lang, account);
        let is_own = by == self.who;
        let differs = self.payee.is_some_and(|payee| !is_the_company(&payee.facts, account));
        let (reason, reason_hint) = (self.t("settlement-reason"), self.t("settlement-confirm-reason-hint"));
        let [open, question, number, hint, yes, leave] = [
            "settlement-confirm",
            "settlement-confirm-question",
            "settlement-account-again",
            "settlement-account-again-hint",
            "settlement-confirm-yes",
            "settlement-leave",
        ]
        .map(|key| self.t(key));
        let about = ta(lang, "settlement-account-entered-by", &[("who", &person(lang, by))]);
        notice(
            Tone::Ask,
            &self.t("settlement-account-waits"),
            &html! {
                p { (about) }
                (key_values(&rows))
                @if is_own {
                    p { (self.t("settlement-confirm-other")) }
                } @else {
                    (confirm(&Button::primary(&open).icon(Icon::Check), &html! {
                        h2 { (question) }
                        p { (self.t("settlement-confirm-about")) }
                        (form("stack", &format!("{}/confirm", address(&self.company.id)), &html! {
                            div.field {
                                label for="account-again" { (number) }
                                input.input #account-again name="account" type="text" inputmode="numeric" autocomplete="off"
                                    maxlength="16" required aria-describedby="account-again-hint";
                                p.hint #account-again-hint { (hint) }
                            }
                            @if differs { (Field::text("reason", &reason).hint(&reason_hint).max_chars(200).required()) }
                        (Button::primary(&yes).icon(Icon::Check).block())
                        }))
                    }, &leave))
                }
            },
        )
    }

    fn facts(&self, typed: Option<&Typed>) -> Markup {
        let known = self.payee.map(|payee| payee.facts.clone()).unwrap_or_default();
        let number = self.payee.map(|payee| format!("{:09}", payee.number)).unwrap_or_default();
        let [number_label, number_hint, kana, kana_hint, contact, mail, mail_hint, go] = [
            "settlement-number",
            "settlement-number-hint",
            "settlement-kana-name",
            "settlement-kana-hint",
            "settlement-contact",
            "settlement-mail",
            "settlement-mail-hint",
            "settlement-save",
        ]
        .map(|key| self.t(key));
        // What was typed stands only after a form of these fields was refused.
        let typed = typed.filter(|typed| typed.bank.is_empty() && !typed.number.is_empty());
        let value = |of: fn(&Typed) -> &String, known: String| typed.map_or(known, |typed| of(typed).clone());
        let number = value(|typed| &typed.number, number);
        let kana_name = value(|typed| &typed.kana_name, known.kana_name);
        let contact_name = value(|typed| &typed.contact, known.contact);
        let address_of = value(|typed| &typed.mail, known.mail);
        form(
            "stack",
            &address(&self.company.id),
            &html! {
                (Field::text("number", &number_label).value(&number).hint(&number_hint).inputmode("numeric").max_chars(9))
                (Field::text("kana_name", &kana).value(&kana_name).hint(&kana_hint).max_chars(100))
                (Field::text("contact", &contact).value(&contact_name).max_chars(100))
                (Field::text("mail", &mail).kind("email").value(&address_of).hint(&mail_hint).inputmode("email").max_chars(100))
                (Button::primary(&go).icon(Icon::Check))
            },
        )
    }

    /// What opens the company's ZIPs.
    fn password(&self) -> Markup {
        let [show, show_question, show_about, renew, renew_question, renew_about, leave] = [
            "settlement-password-show",
            "settlement-password-show-question",
            "settlement-password-show-about",
            "settlement-password-new",
            "settlement-password-new-question",
            "settlement-password-new-about",
            "settlement-leave",
        ]
        .map(|key| self.t(key));
        let path = |what: &str| format!("{}/{what}", address(&self.company.id));
        html! {
            p.sub { (show_about) }
            div.row {
                (confirm(&Button::second(&show).icon(Icon::Eye).small(), &html! {
                    h2 { (show_question) } p { (show_about) }
                    (form("", &path("password"), &html! { (Button::primary(&show).icon(Icon::Eye).block()) }))
                }, &leave))
                (confirm(&Button::plain(&renew).icon(Icon::Lock).small(), &html! {
                    h2 { (renew_question) } p { (renew_about) }
                    (form("", &path("new-password"), &html! { (Button::danger(&renew).icon(Icon::Lock).block()) }))
                }, &leave))
            }
        }
    }

    fn account(&self) -> Markup {
        let account = self.payee.and_then(|payee| payee.account.clone()).unwrap_or_default();
        let account_is_known = !account.bank.is_empty();
        let rows = account_rows(self.lang, &account);
        html! {
            (key_values(&rows))
            @if account_is_known && !self.troubles.is_empty() {
                ul.blockers {
                    @for one in self.troubles {
                        li.tone-ask[!one.is_warning()] {
                            (if one.is_warning() { Icon::Info } else { Icon::Warning })
                            span { (trouble(self.lang, one)) }
                        }
                    }
                }
            }
            p.sub { (self.t("settlement-account-masked")) }
        }
    }

    fn enter(&self, typed: Option<&Typed>) -> Markup {
        if self.payee.is_none() {
            return html! { p { (self.t("settlement-account-number-first")) } };
        }
        let empty = Typed::default();
        let typed = typed.unwrap_or(&empty);
        let [bank, bank_hint, branch, branch_hint, kind, account, account_hint, holder, holder_hint, go] = [
            "settlement-bank",
            "settlement-bank-hint",
            "settlement-branch",
            "settlement-branch-hint",
            "settlement-account-kind",
            "settlement-account",
            "settlement-account-hint",
            "settlement-holder",
            "settlement-holder-hint",
            "settlement-account-go",
        ]
        .map(|key| self.t(key));
        let kinds = ["1", "2", "4"].map(|kind| (kind, account_kind(self.lang, kind)));
        let kinds: Vec<(&str, &str)> = kinds.iter().map(|(kind, text)| (*kind, text.as_str())).collect();
        let chosen = if typed.kind.is_empty() { "1" } else { typed.kind.as_str() };
        html! {
            p.sub { (self.t("settlement-account-enter-about")) }
            (form("stack", &format!("{}/account", address(&self.company.id)), &html! {
                (Field::text("bank", &bank).value(&typed.bank).hint(&bank_hint).inputmode("numeric").max_chars(4).required())
                (Field::text("branch", &branch).value(&typed.branch).hint(&branch_hint).inputmode("numeric").max_chars(3).required())
                (select("kind", &kind, &kinds, chosen))
                (Field::text("account", &account).hint(&account_hint).inputmode("numeric").max_chars(7).required())
                (Field::text("holder", &holder).value(&typed.holder).hint(&holder_hint).max_chars(100).required())
                (Button::primary(&go).icon(Icon::Send))
            }))
        }
    }
}
