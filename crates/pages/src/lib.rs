//! Pages: the frame, the components, live fragments, embedded assets and the guards of every surface.
//!
//! Pages are drawn here and in the browser nowhere: a screen is a value, a `view` turns it into
//! [`maud::Markup`] from these components, and the browser only swaps what it is sent. Knows nothing
//! of payments, of storage or of the catalogue: words come in as arguments, in the page's language.
//!
//! # A program's pages, whole
//!
//! ```
//! use axum::extract::State;
//! use axum::http::HeaderMap;
//! use axum::response::{IntoResponse, Response};
//! use axum::{Form, Router, routing::get};
//! use maud::{Markup, html};
//! use pages::frame::{Frame, Surface, screen};
//! use pages::live::{Live, Rev, answer};
//! use pages::pads::{AmountPad, Keypad};
//! use pages::secure::{SecureConfig, secure};
//! use pages::ui::{Button, live_form};
//!
//! #[derive(Clone)]
//! struct App {
//!     live: Live,
//!     clock: clock::Clock,
//! }
//!
//! // The fragment: `main#screen` with the screen's name and its rev. A new name moves the focus to
//! // the h1 and announces it, so every screen has exactly one h1, with tabindex="-1".
//! fn view(lang: &str, rev: Rev) -> Markup {
//!     let pad = AmountPad {
//!         lang,
//!         label: "お支払い金額（税込）",
//!         value: money::Yen::ZERO,
//!         keypad: Keypad::Phone,
//!         digits: 7,
//!         error: None,
//!     };
//!     let body = html! {
//!         h1.sr-only tabindex="-1" { "金額の入力" }
//!         (pad)
//!         div.actions { (Button::primary("お会計").amount_echo().large()) }
//!     };
//!     screen("amount", rev, &live_form("till", "/pay", rev, &body))
//! }
//!
//! async fn page(State(app): State<App>, headers: HeaderMap) -> Markup {
//!     let lang = pages::lang::of(&headers);
//!     Frame::new(Surface::Terminal, lang, "会計")
//!         .shop("恵比寿店")
//!         .clock(app.clock.now())
//!         .link(app.live.link())
//!         .language_switch("/pay")
//!         .live("/live")
//!         .page(&view(lang, app.live.rev()))
//! }
//!
//! #[derive(serde::Deserialize)]
//! struct Press {
//!     rev: String,
//!     amount: String,
//! }
//!
//! // A press that does not fit the screen of now changes nothing; the answer is the current screen.
//! async fn press(State(app): State<App>, headers: HeaderMap, Form(press): Form<Press>) -> Response {
//!     if app.live.fits(&press.rev) && pages::typed::yen(&press.amount).is_ok() {
//!         // step(screen, event), journal, then:
//!         app.live.changed();
//!     }
//!     answer(&headers, view(pages::lang::of(&headers), app.live.rev()), "/pay")
//! }
//!
//! async fn stream(State(app): State<App>, headers: HeaderMap) -> Response {
//!     let lang = pages::lang::of(&headers);
//!     app.live.stream(move |rev| async move { view(lang, rev) }).into_response()
//! }
//!
//! let clock = clock::Clock::real();
//! let app = App { live: Live::new(&clock), clock };
//! let routes = Router::new()
//!     .route("/pay", get(page).post(press))
//!     .route("/live", get(stream))
//!     .with_state(app)
//!     .merge(pages::assets::routes())
//!     .merge(pages::lang::routes());
//! let program: Router = secure(routes, SecureConfig::loopback(8710));
//! # drop(program);
//! ```
//!
//! # Where what stands
//!
//! | for | use | layout classes for the markup around it |
//! |---|---|---|
//! | every page | [`frame::Frame`], [`frame::screen`] (live), [`frame::still`] (not live) | `stack`, `stack-s`, `row`, `spread`, `num`, `dim`, `mono`, `sr-only`, `no-print` |
//! | forms | [`ui::live_form`], [`ui::form`], [`ui::Field`], [`ui::select`], [`ui::choice`] in `div.choices`, [`ui::Button`], [`ui::confirm`] | `actions`, `buttons`, `buttons-even` |
//! | meaning | [`ui::Tone`], [`ui::notice`], [`ui::chip`] with [`ui::Status`], [`ui::tag`] | |
//! | money | [`ui::amount`], [`ui::amount_small`], [`ui::yen`], [`ui::minus_yen`] | |
//! | lists | [`list::table`], [`list::totals`], [`list::key_values`], [`list::timeline`], [`list::tabs`], [`list::empty`], [`list::panel`], [`list::message`] | |
//! | terminal: keys | form of class `till` with [`pads::AmountPad`], `div.note-line`, `div.actions` | fits 360 by 640 |
//! | terminal: choices | form of class `method`: amount, `div.stack` with h1 and `div.tiles` of [`terminal::Tile`], `div.actions` | `screen-title` |
//! | terminal: waiting | form of class `wait`: amount, h1, [`wait::ways`], [`wait::count_down`], `div.actions` | |
//! | terminal: PIN, work | `screen-fill stack`: amount, `div.stage` with [`wait::Picture`], h1, [`pads::pin_mirror`], `div.actions` | |
//! | terminal: signature | form of class `sign`: amount, h1, [`pads::sign_pad`], `div.actions` | |
//! | terminal: result | form of class `stack two-panes`: [`terminal::Outcome`], then `div.stack` with [`terminal::next_steps`] or `div.deliver` of tiles, `div.actions`; [`wait::Sound::once`] | |
//! | terminal: history | [`terminal::history`], [`list::nav`] in [`frame::Frame::nav`] | |
//! | terminal: activation | form of class `stack till-code` with [`pads::CodePad`] | |
//! | console | [`list::menu`] in [`frame::Frame::nav`], `still("work", …)` | `page-head`, `quick`, `filters`, `crumbs`, `detail` (two columns, `full` spans), `detail-head`, `pager`, `sheet-page` > `sheet` > `crest` (login) |
//! | desk | [`desk::shelf`], [`desk::card_face`], [`desk::reader`], [`desk::printer`], [`desk::trouble_switch`], [`desk::mail_row`] | `bench`, `switches`, `mails`, `sim` |
//! | receipts | [`paper::paper`], [`paper::qr`], [`paper::signature`], `still("receipt-page", …)` | `intro` |
//! | guards | [`secure::secure`], [`secure::json_only`], [`cookie::SessionCookie`], [`typed`] | |
//!
//! Every one of them is used in `examples/gallery`, which is also what the browser tests look at:
//! `cargo build -p pages --example gallery`, then `node web/shots.mjs` (pictures and axe) and
//! `node --test web/e2e/` (behaviour).
//!
//! # Rules of the browser half
//!
//! - No `style=`, no inline script, no `on…=`: the policy ([`secure::CSP`]) forbids them.
//! - An `id` is used once; [`frame::screen`] gives the screen's block the id `s-NAME`.
//! - A field that must keep what was typed while the stream redraws it carries `data-keep`
//!   ([`ui::Field`] and the amount do so; passwords never).
//! - Unnamed SSE messages are fragments, `beat` is the heartbeat `{"now": …, "link": "up|down"}`.

pub mod assets;
pub mod cookie;
pub mod desk;
pub mod errors;
pub mod frame;
pub mod icon;
pub mod lang;
pub mod list;
pub mod live;
pub mod pads;
pub mod paper;
pub mod secure;
pub mod terminal;
mod text;
pub mod typed;
pub mod ui;
pub mod wait;
