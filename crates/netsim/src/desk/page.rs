//! The page of the desk: `/`, its live stream, and the presses.

use super::Desk;
use super::press::No;
use super::view::{LINES_SHOWN, View};
use crate::cards::Way;
use crate::faults::{Fault, Network, Order};
use axum::Router;
use axum::extract::{Form, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use emv::bench::{Pin, PinEntry};
use http::{HeaderMap, StatusCode};
use i18n::{Lang, t};
use maud::Markup;
use pages::frame::{Frame, Surface};
use pages::live::{self, Rev};
use serde::Deserialize;
use std::time::Duration;

pub(super) fn routes() -> Router<Desk> {
    Router::new()
        .route("/", get(page))
        .route("/live", get(stream))
        .route("/pick", post(pick))
        .route("/wallet", post(wallet))
        .route("/phone", post(phone))
        .route("/present", post(present))
        .route("/pin", post(pin))
        .route("/remove", post(remove))
        .route("/trouble", post(trouble))
        .route("/clock", post(clock))
}

/// Which terminal the page looks at.
#[derive(Deserialize)]
struct At {
    t: Option<String>,
}

pub(super) fn lang(headers: &HeaderMap) -> Lang {
    Lang::from_tag(pages::lang::of(headers)).unwrap_or_default()
}

impl Desk {
    /// The `#screen` as it is now.
    async fn draw(&self, lang: Lang, rev: Rev, wanted: Option<&str>) -> Markup {
        let readers = self.0.benches.all();
        let terminal = readers
            .iter()
            .find(|reader| Some(reader.id.as_str()) == wanted)
            .or(readers.first())
            .map(|reader| reader.id.clone())
            .unwrap_or_default();
        let (charges, wrong_pins) = self.glance().await;
        let wallet = self.picked_wallet();
        let view = View {
            phone: self.code_of(&wallet),
            wallet,
            rules: &self.0.brands.rules,
            code_charges: self.newest_code_charges().await,
            lang,
            rev,
            now: self.0.clock.now(),
            cards: &self.0.cards,
            picked: self.picked(),
            papers: self.0.printers.papers(&terminal),
            readers,
            terminal,
            orders: self.faults().in_force(),
            charges,
            wrong_pins,
            lines: self.log().newest(LINES_SHOWN),
            mails: self.0.inbox.count(),
            clock_moves: self.0.clock_moves,
        };
        view.screen()
    }

    /// The answer to a press: the desk as it is now. A press that came to nothing says why.
    async fn pressed(&self, headers: &HeaderMap, at: &At, done: Result<(), No>) -> Response {
        if let Err(no) = done
            && !live::wants_fragment(headers)
        {
            return no.into_response();
        }
        let rev = self.0.live.changed();
        let screen = self.draw(lang(headers), rev, at.t.as_deref()).await;
        let back = at.t.as_deref().filter(|id| self.0.benches.all().iter().any(|shown| shown.id == *id));
        live::answer(headers, screen, &back.map_or_else(|| "/".to_owned(), |id| format!("/?t={id}")))
    }
}

async fn page(State(desk): State<Desk>, Query(at): Query<At>, headers: HeaderMap) -> Markup {
    let lang = lang(&headers);
    let rev = desk.0.live.rev();
    let screen = desk.draw(lang, rev, at.t.as_deref()).await;
    let known = at.t.as_deref().filter(|id| desk.0.benches.all().iter().any(|shown| shown.id == *id));
    let (live, here) = match known {
        Some(id) => (format!("/live?t={id}"), format!("/?t={id}")),
        None => ("/live".to_owned(), "/".to_owned()),
    };
    Frame::new(Surface::Desk, lang.tag(), &t(lang, "desk-title"))
        .shop(&t(lang, "desk-name"))
        .clock(desk.0.clock.now())
        .link(desk.0.live.link())
        .live(&live)
        .language_switch(&here)
        .page(&screen)
}

async fn stream(State(desk): State<Desk>, Query(at): Query<At>, headers: HeaderMap) -> Response {
    let lang = lang(&headers);
    let drawn = desk.clone();
    let stream = desk.0.live.stream(move |rev| {
        let (desk, terminal) = (drawn.clone(), at.t.clone());
        async move { desk.draw(lang, rev, terminal.as_deref()).await }
    });
    stream.into_response()
}

#[derive(Deserialize)]
struct Pick {
    card: String,
}

async fn pick(State(desk): State<Desk>, Form(pick): Form<Pick>) -> StatusCode {
    desk.pick(&pick.card);
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct PickWallet {
    wallet: String,
}

async fn wallet(
    State(desk): State<Desk>,
    Query(at): Query<At>,
    headers: HeaderMap,
    Form(form): Form<PickWallet>,
) -> Response {
    desk.pick_wallet(&form.wallet);
    desk.pressed(&headers, &at, Ok(())).await
}

/// What is done with a phone: held in front of the scanner, or its customer answers.
#[derive(Deserialize)]
struct Phone {
    act: String,
    #[serde(default)]
    brand: String,
    #[serde(default)]
    id: String,
}

async fn phone(
    State(desk): State<Desk>,
    Query(at): Query<At>,
    headers: HeaderMap,
    Form(form): Form<Phone>,
) -> Response {
    let done = match form.act.as_str() {
        "scan" => desk.scan_wallet(at.t.as_deref().unwrap_or_default(), &desk.picked_wallet()),
        "confirm" => desk.answer_code(&form.brand, &form.id, true).await,
        "refuse" => desk.answer_code(&form.brand, &form.id, false).await,
        _ => {
            desk.renew_code(&desk.picked_wallet());
            Ok(())
        }
    };
    desk.pressed(&headers, &at, done).await
}

#[derive(Deserialize)]
struct Present {
    card: String,
    how: Way,
}

async fn present(
    State(desk): State<Desk>,
    Query(at): Query<At>,
    headers: HeaderMap,
    Form(form): Form<Present>,
) -> Response {
    desk.pick(&form.card);
    let done = desk.present(at.t.as_deref().unwrap_or_default(), &form.card, form.how, None);
    desk.pressed(&headers, &at, done).await
}

#[derive(Deserialize)]
struct Keys {
    #[serde(default)]
    pin: String,
    key: String,
}

async fn pin(
    State(desk): State<Desk>,
    Query(at): Query<At>,
    headers: HeaderMap,
    Form(keys): Form<Keys>,
) -> Response {
    let digits = zeroize::Zeroizing::new(keys.pin);
    let typed = zeroize::Zeroizing::new(pages::typed::digits(&digits));
    let entry = match (keys.key.as_str(), typed.is_empty()) {
        ("entered", false) => Pin::new(&typed).map(|pin| PinEntry::Entered { pin }),
        // The green key without digits (M-026).
        ("entered", true) => Some(PinEntry::Bypassed),
        _ => Some(PinEntry::Cancelled),
    };
    // Too few digits: the pad stays as it is.
    let done = entry.map_or(Ok(()), |entry| {
        desk.0.benches.enter(at.t.as_deref().unwrap_or_default(), entry).map_err(No::from)
    });
    desk.pressed(&headers, &at, done).await
}

async fn remove(State(desk): State<Desk>, Query(at): Query<At>, headers: HeaderMap) -> Response {
    let done = desk.0.benches.remove(at.t.as_deref().unwrap_or_default()).map_err(No::from);
    desk.pressed(&headers, &at, done).await
}

#[derive(Deserialize)]
struct Trouble {
    fault: Fault,
    #[serde(default)]
    times: String,
    #[serde(default)]
    code: String,
    #[serde(default = "card_network")]
    network: Network,
}

const fn card_network() -> Network {
    Network::Card
}

/// A switch: ends the fault when it is in force, orders it otherwise.
async fn trouble(
    State(desk): State<Desk>,
    Query(at): Query<At>,
    headers: HeaderMap,
    Form(form): Form<Trouble>,
) -> Response {
    let network = form.network;
    let in_force =
        desk.faults().in_force().iter().any(|order| order.fault == form.fault && order.network == network);
    let done = if in_force {
        desk.faults().end(network, form.fault);
        Ok(())
    } else {
        let takes_code = form.fault == Fault::Decline && network == Network::Card && !form.code.is_empty();
        let code = takes_code.then_some(form.code);
        let times = form.times.parse().ok();
        let order = Order { network, fault: form.fault, code, ms: None, times };
        desk.faults().order(order).map_err(No::from)
    };
    desk.pressed(&headers, &at, done).await
}

#[derive(Deserialize)]
struct By {
    by_s: u32,
    #[serde(default)]
    rev: String,
}

/// Moves the clock once for a press: a repeated one was drawn from an older desk.
async fn clock(
    State(desk): State<Desk>,
    Query(at): Query<At>,
    headers: HeaderMap,
    Form(form): Form<By>,
) -> Response {
    if !desk.0.clock_moves {
        return StatusCode::NOT_FOUND.into_response();
    }
    let done = if desk.0.live.fits(&form.rev) {
        desk.clock_by(Duration::from_secs(u64::from(form.by_s))).map(|_| ())
    } else {
        Ok(())
    };
    desk.pressed(&headers, &at, done).await
}
