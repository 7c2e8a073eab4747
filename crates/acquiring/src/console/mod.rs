//! The console's pages of payments: a day at `/payments`, one payment at `/payments/{id}`.
//!
//! | module | holds |
//! |---|---|
//! | `filter` | the question that an address asks |
//! | `rows` | the queries, each inside the asker's scope |
//! | `words` | states, readings, dates and durations as people read them |
//! | `charts` | totals, brands and hours of a day |
//! | `list` | the page of a day |
//! | `detail` | the page of a payment: facts, card, book, slips |
//! | `give_back` | what was given back, and the page that gives back |
//! | `story` | what happened to it, between terminal, center and network |
//! | `cases` | what the books disagree on, and the form that settles it |
//! | `wires` | its network messages, masked, field by field |
//! | `paper` | a slip as printed |
//!
//! Both pages follow what happens while it happens: [`Console::follow`] watches the commits and lets the
//! open streams draw again. Without script the pages are plain pages and forms.

mod cases;
mod charts;
mod detail;
mod filter;
mod give_back;
mod list;
mod paper;
mod rows;
mod story;
mod wires;
mod words;

pub use cases::open_cases;
pub use filter::encoded;
pub use paper::slip;
pub(crate) use rows::visible;
pub use rows::{MIGRATIONS, STATEMENTS, day_sums, first_page};
pub use words::{age, day, moment, time};

use crate::places::Places;
use crate::service::Acquiring;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Response};
use center_base::{Access, Base, Caller, Level, Refusal, Role, Routes, Table};
use codes::api;
use filter::{Asked, Filter, LIST_PATH};
use futures_util::StreamExt as _;
use http::Method;
use i18n::{Lang, t};
use maud::{Markup, html};
use pages::live::{Live, Rev};
use pages::ui::{Tone, notice};
use payment::{PaymentId, StatusProfile};
use staff::{ConsolePage, Right, Staff};
use std::collections::BTreeMap;
use std::time::Duration;
use tenancy::Tenancy;

/// How often the commits of other centers are looked at.
const FOLLOW_EVERY: Duration = Duration::from_secs(1);
/// A stream ends after this long and is opened again by the browser: a session that has ended shows
/// nothing for longer.
const STREAM_LIFE: Duration = Duration::from_mins(5);

/// The pages. Clones share everything.
#[derive(Clone)]
pub struct Console {
    base: Base,
    acquiring: Acquiring,
    places: Places,
    tenancy: Tenancy,
    staff: Staff,
    live: Live,
}

impl Console {
    /// The pages of a center; run [`Console::follow`] beside its server.
    pub fn new(acquiring: &Acquiring, tenancy: &Tenancy, staff: &Staff) -> Self {
        let (base, places) = (&acquiring.base, acquiring.places.clone());
        let live = Live::new(&base.clock);
        Self {
            base: base.clone(),
            acquiring: acquiring.clone(),
            places,
            tenancy: tenancy.clone(),
            staff: staff.clone(),
            live,
        }
    }

    /// Lets open pages draw again after every commit that could concern them, and every minute, since
    /// ages and the day move on. Runs until the process ends.
    pub async fn follow(&self) {
        let commits = self.base.db.commits();
        let mut drawn = None;
        loop {
            let tenant = self.base.tenant;
            let newest = self.base.read(move |tx| Ok(rows::newest(tx, tenant)?)).await.ok();
            let minute = self.base.clock.now().as_second().div_euclid(60);
            let now = (newest, *commits.borrow(), minute);
            if drawn.is_some_and(|drawn| drawn != now) {
                self.live.changed();
            }
            drawn = Some(now);
            self.base.clock.sleep(FOLLOW_EVERY).await;
        }
    }

    /// Ends the streams, so that the program can stop.
    pub fn close(&self) {
        self.live.close();
    }

    /// The status words of each shop that is shown.
    async fn profiles<'a>(
        &self,
        shown: impl Iterator<Item = &'a crate::row::Payment>,
    ) -> Result<BTreeMap<String, StatusProfile>, Refusal> {
        let mut profiles = BTreeMap::new();
        for payment in shown {
            if !profiles.contains_key(payment.shop.as_str()) {
                let place = tenancy::Place {
                    company: Some(payment.company.clone()),
                    shop: Some(payment.shop.clone()),
                    terminal: None,
                };
                let policy = self.tenancy.policy(&place).await?;
                profiles.insert(payment.shop.as_str().to_owned(), policy.status_profile);
            }
        }
        Ok(profiles)
    }

    /// A stream that draws `main` anew after every change.
    fn stream<D, F>(&self, draw: D) -> Response
    where
        D: Fn(Rev) -> F + Send + 'static,
        F: Future<Output = Markup> + Send + 'static,
    {
        let clock = self.base.clock.clone();
        let over = async move { clock.sleep(STREAM_LIFE).await };
        let stream = self.live.stream(draw).into_response();
        stream.map(|body| Body::from_stream(body.into_data_stream().take_until(Box::pin(over))))
    }
}

/// The routes of the pages.
pub fn routes(console: Console) -> Table {
    let people = Access::of(Role::PEOPLE, Level::Shop);
    let deciders = Access::of(&[Role::Operator, Role::CompanyManager], Level::Company);
    let routes = Routes::new(console)
        .page(Method::GET, LIST_PATH, people, list_page)
        .page(Method::GET, "/payments/live", people, list_stream)
        .page(Method::GET, "/payments/{id}", people, payment_page)
        .page(Method::GET, "/payments/{id}/live", people, payment_stream)
        .page(Method::GET, cases::CASES_PATH, people, cases::list_page)
        .page(Method::GET, "/cases/{id}", people, cases::case_page)
        .page(Method::POST, "/cases/{id}/settle", deciders, cases::settle_now)
        .page(Method::POST, "/cases/{id}/reverse-again", deciders, cases::reverse_again);
    give_back::add(routes).table()
}

async fn list_page(
    State(console): State<Console>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Result<Markup, Refusal> {
    let filter = Filter::read(&asked, console.base.clock.today());
    let main = list::draw(&console, &caller, &filter, console.live.rev()).await?;
    let stream = filter.is_live().then(|| filter.address("/payments/live"));
    let page = ConsolePage {
        room: LIST_PATH,
        here: &encoded(&filter.address(LIST_PATH)),
        title: &t(caller.lang, "payments-title"),
        live: stream.as_deref(),
        main,
    };
    console.staff.console_page(&caller, &page).await
}

async fn list_stream(
    State(console): State<Console>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    caller.scope()?;
    let this = console.clone();
    Ok(console.stream(move |rev| {
        let (console, caller, asked) = (this.clone(), caller.clone(), asked.clone());
        async move {
            // The day of now: a page that is open at midnight goes on with the new day.
            let filter = Filter::read(&asked, console.base.clock.today());
            let drawn = list::draw(&console, &caller, &filter, rev).await;
            drawn.unwrap_or_else(|refusal| not_drawn(caller.lang, "payments", rev, &refusal))
        }
    }))
}

async fn payment_page(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Markup, Refusal> {
    let id: PaymentId = id.parse().map_err(|_| Refusal::from(api::NOT_FOUND))?;
    let shown = detail::load(&console, &caller, id).await?;
    let main = detail::draw(&console, &caller, &shown, console.live.rev());
    let here = format!("{LIST_PATH}/{id}");
    let stream = shown.is_moving().then(|| format!("{here}/live"));
    let page = ConsolePage {
        room: LIST_PATH,
        here: &here,
        title: &t(caller.lang, "payments-one-title"),
        live: stream.as_deref(),
        main,
    };
    console.staff.console_page(&caller, &page).await
}

async fn payment_stream(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let id: PaymentId = id.parse().map_err(|_| Refusal::from(api::NOT_FOUND))?;
    detail::load(&console, &caller, id).await?;
    let this = console.clone();
    Ok(console.stream(move |rev| {
        let (console, caller) = (this.clone(), caller.clone());
        async move {
            match detail::load(&console, &caller, id).await {
                Ok(shown) => detail::draw(&console, &caller, &shown, rev),
                Err(refusal) => not_drawn(caller.lang, "payment", rev, &refusal),
            }
        }
    }))
}

/// Whether a person may read network messages.
fn sees_messages(caller: &Caller) -> bool {
    staff::has(caller.actor.role(), Right::SeeMessages)
}

/// The part of a page that a stream replaces.
fn live_main(name: &str, rev: Rev, body: &Markup) -> Markup {
    html! { main #screen .work data-rev=(rev) data-screen=(name) { (body) } }
}

/// A stream that cannot draw says so, and tries again at the next change.
fn not_drawn(lang: Lang, name: &str, rev: Rev, refusal: &Refusal) -> Markup {
    let text = i18n::code_text(lang, refusal.code);
    let body = html! { p { (text.what) } p { (text.next) } };
    live_main(name, rev, &notice(Tone::Ng, &text.title, &body))
}
