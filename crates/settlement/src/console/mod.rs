//! The console's pages of settlement.
//!
//! | module | holds | for |
//! |---|---|---|
//! | `words` | sums, days, states, groups and refusals as people read them | |
//! | `rows` | the queries, each inside the asker's scope | |
//! | `shop` | what is paid when: what is open, and the documents | company |
//! | `document` | one document, line by line | company |
//! | `items` | the items of a document as a file that proves itself | company |
//! | `csv` | cells of such a file | |
//! | `notices` | its PDF and ZIP, mailed again on request | company |
//! | `year` | a year, month by month | company |
//! | `simulator` | the fee of one payment | company |
//! | `board` | what can be closed, and what blocks | operator |
//! | `calendar` | cut-off, notice and pay days of two years | operator |
//! | `adjustments` | entered by one, approved by another | operator |
//! | `unpaid` | balances that are carried and payouts that wait | operator |
//! | `paydays` | from closed to paid: approval, bank file | operator |
//! | `payouts` | one try to pay, one bank file | operator |
//! | `payees` | who is paid where | operator |
//! | `terms`, `terms_form` | what holds from which day on, for all, a company, its brand | company |
//! | `issuer` | who stands on payment notices | operator |
//! | `remitter`, `remitter_form` | from which account is paid | operator |
//! | `dated` | entries of both by date | |
//!
//! Every page is plain: no stream, no script, and the address is the whole question.

mod adjustments;
mod board;
mod calendar;
mod csv;
mod dated;
mod document;
mod issuer;
mod items;
mod notices;
mod paydays;
mod payees;
mod payouts;
mod remitter;
mod remitter_form;
pub(crate) mod rows;
mod shop;
mod simulator;
mod terms;
mod terms_form;
mod unpaid;
mod words;
mod year;

use crate::Settlement;
use acquiring::console::encoded;
use axum::response::{IntoResponse as _, Redirect, Response};
use center_base::{Access, Base, Caller, CompanyId, Level, Refusal, Role, Routes, Scope, Table};
use codes::{Code, api};
use http::{Method, StatusCode};
use maud::Markup;
use pages::frame::still;
use staff::{ConsolePage, Staff};
use tenancy::Company;

/// The pages. Clones share everything.
#[derive(Clone)]
pub struct Console {
    base: Base,
    settlement: Settlement,
    staff: Staff,
}

impl Console {
    /// The pages of a center.
    pub fn new(settlement: &Settlement, staff: &Staff) -> Self {
        Self { base: settlement.base.clone(), settlement: settlement.clone(), staff: staff.clone() }
    }

    /// A page of a room; `here` is its own address.
    async fn page(
        &self,
        caller: &Caller,
        (room, here): (&str, &str),
        title: &str,
        body: &Markup,
    ) -> Result<Markup, Refusal> {
        let main = still("work settle", body);
        let page = ConsolePage { room, here: &encoded(here), title, live: None, main };
        self.staff.console_page(caller, &page).await
    }

    /// The companies that the asker may see, by id.
    async fn companies(&self, scope: &Scope) -> Result<Vec<Company>, Refusal> {
        let (tenant, scope) = (self.base.tenant, scope.clone());
        self.base.read(move |tx| Ok(tenancy::companies(tx, tenant, &scope)?)).await
    }

    /// The companies that the asker may see, and the one that is asked for: their own, or the one that an operator
    /// chose. What they may not see is not chosen.
    async fn choice(&self, caller: &Caller, asked: &str) -> Result<Choice, Refusal> {
        let scope = caller.scope()?;
        let companies = self.companies(&scope).await?;
        let wanted = pages::typed::text(asked);
        let own = match &scope {
            Scope::Company(own) => companies.iter().find(|company| company.id == *own),
            _ => companies.iter().find(|company| company.id.as_str() == wanted),
        };
        let company = own.cloned();
        Ok(Choice {
            chooses: scope == Scope::Tenant,
            is_unknown: !wanted.is_empty() && company.is_none(),
            companies,
            company,
        })
    }
}

/// Whose figures are shown.
struct Choice {
    /// The asker chooses among all.
    chooses: bool,
    /// A company was asked for that is not there.
    is_unknown: bool,
    companies: Vec<Company>,
    company: Option<Company>,
}

impl Choice {
    fn name(&self, id: &str) -> String {
        name_of(&self.companies, id)
    }
}

/// A company's name, or its id when it is not there.
fn name_of(companies: &[Company], id: &str) -> String {
    // They come in the order of their ids.
    let found = companies.binary_search_by(|company| company.id.as_str().cmp(id)).ok();
    found.and_then(|at| companies.get(at)).map_or_else(|| id.to_owned(), |company| company.name.clone())
}

/// Whether this company is inside the scope; elsewhere it is not found.
fn within(scope: &Scope, company: &CompanyId) -> Result<(), Refusal> {
    match scope {
        Scope::Tenant => Ok(()),
        Scope::Company(own) if own == company => Ok(()),
        Scope::Company(_) | Scope::Shop(_) | Scope::Terminal(_) => Err(api::NOT_FOUND.into()),
    }
}

/// A refusal that the page itself says, by its form; anything else is passed on.
fn said(refusal: Refusal) -> Result<Refusal, Refusal> {
    if refusal.code.row().family == "settle" { Ok(refusal) } else { Err(refusal) }
}

/// A refusal with this code.
fn refused(code: Code) -> Refusal {
    code.into()
}

/// The page again, with what was wrong.
fn again(page: Markup) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
}

/// After a write: on to where it is seen, or the page once more with what was wrong.
async fn answered(
    done: Result<String, Refusal>,
    page: impl AsyncFnOnce(&Refusal) -> Result<Markup, Refusal>,
) -> Result<Response, Refusal> {
    match done {
        Ok(to) => Ok(on_to(&to)),
        Err(refusal) => {
            let refusal = said(refusal)?;
            Ok(again(page(&refusal).await?))
        }
    }
}

/// On to a page after something was done.
fn on_to(path: &str) -> Response {
    Redirect::to(path).into_response()
}

/// The routes of the pages.
pub fn routes(console: Console) -> Table {
    let seers = Access::of(&[Role::Operator, Role::CompanyManager], Level::Company);
    let settlers = Access::of(&[Role::Operator], Level::Tenant);
    Routes::new(console)
        .page(Method::GET, shop::PATH, seers, shop::page)
        .page(Method::GET, "/settlement/documents/{id}", seers, document::page)
        .page(Method::GET, "/settlement/documents/{id}/items", seers, items::file)
        .page(Method::GET, "/settlement/notices/{id}/pdf", seers, notices::pdf)
        .page(Method::GET, "/settlement/notices/{id}/zip", seers, notices::zip)
        .page(Method::POST, "/settlement/notices/{id}/resend", seers, notices::resend_now)
        .page(Method::GET, year::PATH, seers, year::page)
        .page(Method::GET, simulator::PATH, seers, simulator::page)
        .page(Method::GET, terms::PATH, seers, terms::page)
        .page(Method::POST, terms::PATH, settlers, terms::enter)
        .page(Method::POST, "/settlement/terms/withdraw", settlers, terms::withdraw)
        .page(Method::GET, board::PATH, settlers, board::page)
        .page(Method::POST, "/settlement/board/close", settlers, board::close)
        .page(Method::GET, "/settlement/paydays/{id}", settlers, paydays::page)
        .page(Method::POST, "/settlement/paydays/{id}/without", settlers, board::without)
        .page(Method::POST, "/settlement/paydays/{id}/approve", settlers, paydays::approve)
        .page(Method::POST, "/settlement/paydays/{id}/export", settlers, paydays::export)
        .page(Method::GET, "/settlement/payouts/{id}", settlers, payouts::page)
        .page(Method::POST, "/settlement/payouts/{id}/hold", settlers, payouts::hold)
        .page(Method::POST, "/settlement/payouts/{id}/returned", settlers, payouts::returned)
        .page(Method::POST, "/settlement/payouts/{id}/readdress", settlers, payouts::readdress)
        .page(Method::POST, "/settlement/payouts/{id}/carry", settlers, payouts::carry)
        .page(Method::POST, "/settlement/payouts/{id}/undo", settlers, payouts::undo)
        .page(Method::GET, "/settlement/files/{id}", settlers, payouts::file_page)
        .page(Method::GET, "/settlement/files/{id}/bytes", settlers, payouts::file_bytes)
        .page(Method::POST, "/settlement/files/{id}/paid", settlers, payouts::file_paid)
        .page(Method::POST, "/settlement/files/{id}/rejected", settlers, payouts::file_rejected)
        .page(Method::GET, calendar::PATH, settlers, calendar::page)
        .page(Method::POST, calendar::PATH, settlers, calendar::change)
        .page(Method::GET, adjustments::PATH, settlers, adjustments::page)
        .page(Method::POST, adjustments::PATH, settlers, adjustments::enter)
        .page(Method::POST, "/settlement/adjustments/{id}/approve", settlers, adjustments::approve)
        .page(Method::POST, "/settlement/adjustments/{id}/withdraw", settlers, adjustments::withdraw)
        .page(Method::GET, unpaid::PATH, settlers, unpaid::page)
        .page(Method::GET, payees::PATH, settlers, payees::page)
        .page(Method::GET, "/settlement/payees/{id}", settlers, payees::one)
        .page(Method::POST, "/settlement/payees/{id}", settlers, payees::change)
        .page(Method::POST, "/settlement/payees/{id}/account", settlers, payees::propose)
        .page(Method::POST, "/settlement/payees/{id}/confirm", settlers, payees::confirm_it)
        .page(Method::POST, "/settlement/payees/{id}/password", settlers, payees::show_password)
        .page(Method::POST, "/settlement/payees/{id}/new-password", settlers, payees::new_password)
        .page(Method::GET, issuer::PATH, settlers, issuer::page)
        .page(Method::POST, issuer::PATH, settlers, issuer::enter)
        .page(Method::GET, remitter::PATH, settlers, remitter::page)
        .page(Method::POST, remitter::PATH, settlers, remitter::propose)
        .page(Method::POST, "/settlement/remitter/confirm", settlers, remitter::confirm_it)
        .page(Method::POST, "/settlement/remitter/withdraw", settlers, remitter::withdraw)
        .table()
}
