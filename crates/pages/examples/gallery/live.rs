//! A live screen of four states, for browser tests of focus, rev guard, heartbeat and sounds.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use clock::Clock;
use maud::{Markup, html};
use pages::frame::{Frame, Link, Surface, screen};
use pages::live::{Live, Rev, answer};
use pages::pads::{AmountPad, Keypad};
use pages::ui::{Button, Tone, amount, live_form};
use pages::wait::Sound;
use pages::{lang, terminal, typed};
use std::sync::{Arc, Mutex, PoisonError};

#[derive(Clone, Copy)]
enum Stage {
    Amount,
    Wait(money::Yen),
    Done(money::Yen),
}

#[derive(Clone)]
struct Till {
    live: Live,
    stage: Arc<Mutex<Stage>>,
    clock: Clock,
}

impl Till {
    fn stage(&self) -> Stage {
        *self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, stage: Stage) {
        *self.stage.lock().unwrap_or_else(PoisonError::into_inner) = stage;
        self.live.changed();
    }
}

#[derive(serde::Deserialize)]
struct Press {
    rev: String,
    #[serde(default)]
    amount: String,
}

pub(crate) fn routes(clock: &Clock) -> Router {
    let till =
        Till { live: Live::new(clock), stage: Arc::new(Mutex::new(Stage::Amount)), clock: clock.clone() };
    Router::new()
        .route("/live/pay", get(page).post(press))
        .route("/live/stream", get(stream))
        .route("/live/card", post(card))
        .route("/live/center-down", post(center_down))
        .with_state(till)
}

async fn page(State(till): State<Till>, headers: HeaderMap) -> Markup {
    let lang = lang::of(&headers);
    Frame::new(Surface::Terminal, lang, "Choba")
        .shop("帳場商店 本店")
        .clock(till.clock.now())
        .link(till.live.link())
        .language_switch("/live/pay")
        .live("/live/stream")
        .page(&draw(lang, till.live.rev(), till.stage(), None))
}

async fn stream(State(till): State<Till>, headers: HeaderMap) -> Response {
    let lang = lang::of(&headers);
    let hub = till.live.clone();
    hub.stream(move |rev| {
        let markup = draw(lang, rev, till.stage(), None);
        async move { markup }
    })
    .into_response()
}

/// A press on the screen: it counts only when it was drawn from the screen of now.
async fn press(State(till): State<Till>, headers: HeaderMap, Form(press): Form<Press>) -> Response {
    let mut error = None;
    if till.live.fits(&press.rev) {
        match (till.stage(), typed::yen(&press.amount)) {
            (Stage::Amount, Ok(amount)) if !amount.is_zero() => till.set(Stage::Wait(amount)),
            (Stage::Amount, _) => error = Some("金額を入力してください。"),
            (Stage::Wait(_) | Stage::Done(_), _) => till.set(Stage::Amount),
        }
    }
    let lang = lang::of(&headers);
    answer(&headers, draw(lang, till.live.rev(), till.stage(), error), "/live/pay")
}

/// The card was read: what the reader's driver would say.
async fn card(State(till): State<Till>) -> &'static str {
    if let Stage::Wait(amount) = till.stage() {
        till.set(Stage::Done(amount));
    }
    "ok"
}

async fn center_down(State(till): State<Till>) -> &'static str {
    till.live.set_link(Link::Down);
    "ok"
}

fn draw(lang: &str, rev: Rev, stage: Stage, error: Option<&str>) -> Markup {
    match stage {
        Stage::Amount => {
            let pad = AmountPad {
                lang,
                label: "お支払い金額(税込)",
                value: money::Yen::ZERO,
                keypad: Keypad::Phone,
                digits: 7,
                error,
            };
            let body = html! {
                h1.sr-only tabindex="-1" { "金額" }
                (pad)
                div.actions { (Button::primary("お会計").amount_echo().large()) }
            };
            screen("amount", rev, &live_form("till", "/live/pay", rev, &body))
        }
        Stage::Wait(due) => {
            let body = html! {
                (amount("お支払い金額", due))
                h1.screen-title tabindex="-1" { "カードをどうぞ" }
                (Button::second("取りやめる"))
            };
            screen("wait", rev, &live_form("wait", "/live/pay", rev, &body))
        }
        Stage::Done(paid) => {
            let body = html! {
                (terminal::Outcome::new(lang, Tone::Ok, "お支払いが完了しました").amount(paid))
                (Sound::Ok.once(rev))
                (Button::primary("次のお会計へ"))
            };
            screen("approved", rev, &live_form("", "/live/pay", rev, &body))
        }
    }
}
