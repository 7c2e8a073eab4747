//! The desk's HTTP API as docs/integrators/simulators.md lists it, JSON in and out.

use super::bench::Shown;
use super::press::{NO_CARD, NO_TERMINAL, No};
use super::{Desk, view};
use crate::cards::{Profile, Way};
use crate::export;
use crate::faults::{Network, Order};
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use emv::bench::{Hint, Interfaces, Pin, PinEntry};
use http::StatusCode;
use jiff::Timestamp;
use money::Yen;
use serde::{Deserialize, Serialize};
use std::time::Duration;

pub(super) fn routes(desk: &Desk) -> Router<Desk> {
    let mut routes = Router::new()
        .route("/desk/cards", get(cards))
        .route("/desk/cards/{name}/unblock", post(unblock))
        .route("/desk/terminals", get(terminals))
        .route("/desk/terminals/{id}/present", post(present))
        .route("/desk/terminals/{id}/scan", post(scan))
        .route("/desk/terminals/{id}/pin", post(pin))
        .route("/desk/terminals/{id}/remove", post(remove))
        .route("/desk/faults", get(faults).post(order).delete(clear))
        .route("/desk/paper/{id}", get(paper))
        .route("/desk/mails", get(mails))
        .route("/desk/wallets", get(wallets))
        .route("/desk/code-charges/{brand}/{id}/answer", post(answer_code))
        .route("/desk/charges", get(charges))
        .route("/desk/network-files/{on}", get(network_file))
        .route("/desk/network-files/{on}/{brand}", get(code_file));
    if desk.0.clock_moves {
        routes = routes.route("/desk/clock", get(now).post(clock));
    }
    routes.layer(axum::middleware::from_fn(pages::secure::json_only))
}

impl IntoResponse for No {
    fn into_response(self) -> Response {
        let body = serde_json::json!({ "code": self.code, "message": self.message });
        (self.status, Json(body)).into_response()
    }
}

/// A body that is not what the call takes.
fn bad(rejection: &JsonRejection) -> Response {
    let body = serde_json::json!({ "code": "bad-body", "message": rejection.body_text() });
    (rejection.status(), Json(body)).into_response()
}

#[derive(Serialize)]
struct CardOut<'a> {
    name: &'a str,
    ja: &'a str,
    en: &'a str,
    does_ja: &'a str,
    does_en: &'a str,
    number: &'a str,
    expires: String,
    pin: Option<&'a str>,
    ways: Vec<&'static str>,
    wrong_pins: u8,
}

async fn cards(State(desk): State<Desk>) -> Response {
    let (_, wrong_pins) = desk.glance().await;
    let out: Vec<CardOut<'_>> = desk.0.cards.iter().map(|card| card_out(card, &wrong_pins)).collect();
    Json(out).into_response()
}

/// Published test numbers and the PINs of cards that do not exist: shown on purpose.
fn card_out<'a>(card: &'a Profile, wrong_pins: &[(String, u8)]) -> CardOut<'a> {
    CardOut {
        name: &card.name,
        ja: &card.ja,
        en: &card.en,
        does_ja: &card.does_ja,
        does_en: &card.does_en,
        number: card.pan.unmask(),
        expires: view::month(card),
        pin: card.pin.as_ref().map(Pin::unmask),
        ways: card.ways.iter().map(|way| way_word(*way)).collect(),
        wrong_pins: wrong_pins.iter().find(|(name, _)| *name == card.name).map_or(0, |(_, n)| *n),
    }
}

pub(super) const fn way_word(way: Way) -> &'static str {
    match way {
        Way::Insert => "insert",
        Way::Tap => "tap",
        Way::Swipe => "swipe",
    }
}

async fn unblock(State(desk): State<Desk>, Path(name): Path<String>) -> Response {
    match desk.unblock(&name).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(no) => no.into_response(),
    }
}

#[derive(Serialize)]
struct TerminalOut {
    id: String,
    name: String,
    connected: bool,
    reader: String,
    waits_for: &'static str,
    amount_yen: Option<Yen>,
    interfaces: Option<Interfaces>,
    shows: Option<Hint>,
    card: Option<String>,
}

async fn terminals(State(desk): State<Desk>) -> Response {
    let out: Vec<TerminalOut> = desk.0.benches.all().into_iter().map(terminal_out).collect();
    Json(out).into_response()
}

fn terminal_out(shown: Shown) -> TerminalOut {
    let waits_for = match (&shown.pad, shown.waits_for_card) {
        (Some(_), _) => "pin",
        (None, true) => "card",
        (None, false) => "nothing",
    };
    TerminalOut {
        waits_for,
        amount_yen: shown.pad.map(|pad| pad.amount).or(shown.armed.as_ref().map(|armed| armed.amount)),
        interfaces: shown.armed.map(|armed| armed.interfaces),
        id: shown.id,
        name: shown.name,
        connected: shown.connected,
        reader: shown.serial,
        shows: shown.hint,
        card: shown.card.map(|held| held.card),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Present {
    card: String,
    how: Way,
    pin: Option<Pin>,
}

async fn present(
    State(desk): State<Desk>,
    Path(id): Path<String>,
    body: Result<Json<Present>, JsonRejection>,
) -> Response {
    match body {
        Ok(Json(Present { card, .. })) if desk.card(&card).is_none() => NO_CARD.into_response(),
        Ok(Json(Present { card, how, pin })) => accepted(desk.present(&id, &card, how, pin)),
        Err(rejection) => bad(&rejection),
    }
}

fn accepted(done: Result<(), impl Into<No>>) -> Response {
    match done {
        Ok(()) => (StatusCode::ACCEPTED, Json(serde_json::json!({}))).into_response(),
        Err(no) => no.into().into_response(),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scan {
    code: String,
}

async fn scan(
    State(desk): State<Desk>,
    Path(id): Path<String>,
    body: Result<Json<Scan>, JsonRejection>,
) -> Response {
    match body {
        Ok(Json(Scan { code })) => accepted(desk.0.benches.scan(&id, &code)),
        Err(rejection) => bad(&rejection),
    }
}

async fn pin(
    State(desk): State<Desk>,
    Path(id): Path<String>,
    body: Result<Json<PinEntry>, JsonRejection>,
) -> Response {
    match body {
        Ok(Json(entry)) => accepted(desk.0.benches.enter(&id, entry)),
        Err(rejection) => bad(&rejection),
    }
}

async fn remove(State(desk): State<Desk>, Path(id): Path<String>) -> Response {
    accepted(desk.0.benches.remove(&id))
}

async fn faults(State(desk): State<Desk>) -> Response {
    Json(desk.faults().in_force()).into_response()
}

async fn order(State(desk): State<Desk>, body: Result<Json<Order>, JsonRejection>) -> Response {
    match body.map(|Json(order)| desk.faults().order(order)) {
        Ok(Ok(())) => {
            desk.0.live.changed();
            faults(State(desk)).await
        }
        Ok(Err(refused)) => No::from(refused).into_response(),
        Err(rejection) => bad(&rejection),
    }
}

#[derive(Default, Deserialize)]
struct Which {
    network: Option<Network>,
}

async fn clear(
    State(desk): State<Desk>,
    axum::extract::Query(which): axum::extract::Query<Which>,
) -> Response {
    match which.network {
        Some(network) => {
            for fault in crate::faults::Fault::ALL {
                desk.faults().end(network, fault);
            }
        }
        None => desk.faults().clear(),
    }
    desk.0.live.changed();
    faults(State(desk)).await
}

#[derive(Serialize)]
struct SheetOut {
    number: u64,
    printed_at: Timestamp,
    text: String,
    paper: escpos::Paper,
}

async fn paper(State(desk): State<Desk>, Path(id): Path<String>) -> Response {
    let Some(papers) = desk.0.printers.papers(&id) else { return NO_TERMINAL.into_response() };
    let out = papers.into_iter().map(|sheet| SheetOut {
        number: sheet.number,
        printed_at: sheet.printed_at,
        text: sheet.paper.text(),
        paper: sheet.paper,
    });
    Json(out.collect::<Vec<_>>()).into_response()
}

async fn mails(State(desk): State<Desk>) -> Response {
    Json(desk.0.inbox.all()).into_response()
}

async fn charges(State(desk): State<Desk>) -> Response {
    match (desk.charges().await, desk.code_book().await) {
        (Ok(entries), Ok(code)) => {
            let card = export::charges(entries).charges.into_iter().map(|entry| tagged("card", &entry));
            let charges = code.into_iter().filter(|charge| !charge.payment_id.is_empty());
            let code = charges.map(|charge| tagged("code", &charge));
            Json(card.chain(code).collect::<Vec<_>>()).into_response()
        }
        (Err(no), _) | (_, Err(no)) => no.into_response(),
    }
}

/// A charge with the network that has it.
fn tagged(network: &str, charge: &impl Serialize) -> serde_json::Value {
    let mut value = serde_json::to_value(charge).unwrap_or_default();
    if let serde_json::Value::Object(fields) = &mut value {
        fields.insert("network".to_owned(), network.into());
    }
    value
}

#[derive(Serialize)]
struct WalletOut<'a> {
    #[serde(flatten)]
    wallet: &'a crate::code::rules::Wallet,
    brand_name: &'a str,
    code: String,
    qr: String,
}

/// Every wallet with a fresh code.
async fn wallets(State(desk): State<Desk>) -> Response {
    let rules = &desk.0.brands.rules;
    let out: Vec<WalletOut<'_>> = rules
        .wallets
        .iter()
        .filter_map(|wallet| {
            let shown = desk.renew_code(&wallet.name)?;
            let brand_name = rules.brand(&wallet.brand)?.name.as_str();
            Some(WalletOut { wallet, brand_name, code: shown.digits, qr: shown.qr })
        })
        .collect();
    Json(out).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    confirms: bool,
}

async fn answer_code(
    State(desk): State<Desk>,
    Path((brand, id)): Path<(String, String)>,
    body: Result<Json<Answer>, JsonRejection>,
) -> Response {
    match body {
        Ok(Json(Answer { confirms })) => accepted(desk.answer_code(&brand, &id, confirms).await),
        Err(rejection) => bad(&rejection),
    }
}

/// The card network's file of a day (docs/networks/network-file.md), as an operator gets it.
async fn network_file(State(desk): State<Desk>, Path(on): Path<String>) -> Response {
    let Ok(day) = on.parse::<jiff::civil::Date>() else {
        return (StatusCode::NOT_FOUND, "").into_response();
    };
    match desk.charges().await {
        Ok(entries) => {
            let kind = [(http::header::CONTENT_TYPE, "text/tab-separated-values; charset=utf-8")];
            let trouble = desk.faults().strike_file(Network::Card);
            (kind, export::network_file(&entries, day, trouble)).into_response()
        }
        Err(no) => no.into_response(),
    }
}

/// A code brand's file of a day.
async fn code_file(State(desk): State<Desk>, Path((on, brand)): Path<(String, String)>) -> Response {
    let Ok(day) = on.parse::<jiff::civil::Date>() else {
        return (StatusCode::NOT_FOUND, "").into_response();
    };
    match (desk.code_book().await, desk.code_refunds().await) {
        (Ok(charges), Ok(refunds)) => {
            let kind = [(http::header::CONTENT_TYPE, "text/tab-separated-values; charset=utf-8")];
            let trouble = desk.faults().strike_file(Network::Code);
            (kind, export::code_file(&charges, &refunds, &brand, day, trouble)).into_response()
        }
        (Err(no), _) | (_, Err(no)) => no.into_response(),
    }
}

#[derive(Serialize)]
struct Now {
    now: Timestamp,
}

async fn now(State(desk): State<Desk>) -> Response {
    Json(Now { now: desk.0.clock.now() }).into_response()
}

#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Move {
    To { to: Timestamp },
    By { by_s: u32 },
}

async fn clock(State(desk): State<Desk>, body: Result<Json<Move>, JsonRejection>) -> Response {
    let moved = match body {
        Ok(Json(Move::To { to })) => desk.clock_to(to),
        Ok(Json(Move::By { by_s })) => desk.clock_by(Duration::from_secs(u64::from(by_s))),
        Err(rejection) => return bad(&rejection),
    };
    match moved {
        Ok(now) => Json(Now { now }).into_response(),
        Err(no) => no.into_response(),
    }
}
