//! Live fragments: one number that grows with every change of the screen, a stream that sends the
//! screen whenever it grew, a heartbeat, and answers to presses.
//!
//! Rules (spec screens 2.5): a fragment carries `data-rev`; a form posts the rev that it was drawn
//! from; the browser drops older ones. A POST answers the fragment to htmx and 303 to a plain form.

use crate::frame::Link;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Redirect, Response};
use clock::Clock;
use futures_util::Stream;
use http::{HeaderMap, StatusCode, header};
use maud::Markup;
use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How often a stream proves that the program is alive.
pub const BEAT_EVERY: Duration = Duration::from_secs(3);

/// Which drawing of a screen: the run of the program and a number that only grows in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rev {
    run: i64,
    number: u64,
}

impl fmt::Display for Rev {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.run, self.number)
    }
}

/// A posted rev that no page of ours has printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotARev;

impl FromStr for Rev {
    type Err = NotARev;

    fn from_str(text: &str) -> Result<Self, NotARev> {
        let (run, number) = text.split_once('.').ok_or(NotARev)?;
        Ok(Self { run: run.parse().map_err(|_| NotARev)?, number: number.parse().map_err(|_| NotARev)? })
    }
}

/// The hub of one screen (or of one live list). Cheap to clone; all clones are the same hub.
#[derive(Clone)]
pub struct Live(Arc<Hub>);

struct Hub {
    run: i64,
    state: watch::Sender<State>,
    clock: Clock,
}

#[derive(Clone, Copy)]
struct State {
    number: u64,
    link: Link,
    open: bool,
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Live({})", self.rev())
    }
}

impl Live {
    /// A hub at its first revision. The run is the clock's instant, so that a page that outlived a
    /// restart takes over the new program's screen.
    pub fn new(clock: &Clock) -> Self {
        let state = State { number: 1, link: Link::Up, open: true };
        Self(Arc::new(Hub { run: clock.now_us(), state: watch::Sender::new(state), clock: clock.clone() }))
    }

    /// The revision that a drawing made now carries. Read it before the state that is drawn: then a
    /// change in between only makes the next drawing newer.
    pub fn rev(&self) -> Rev {
        Rev { run: self.0.run, number: self.0.state.borrow().number }
    }

    /// The screen has changed: every stream draws it again. Call it after the new state is in place.
    pub fn changed(&self) -> Rev {
        self.0.state.send_modify(|state| state.number = state.number.saturating_add(1));
        self.rev()
    }

    /// Resolves when the screen has changed since `rev` was current, with the revision of now.
    pub async fn newer_than(&self, rev: Rev) -> Rev {
        let mut changes = self.0.state.subscribe();
        // The sender lives in the hub, so the wait ends only by a change.
        drop(changes.wait_for(|state| state.number != rev.number).await);
        self.rev()
    }

    /// The line to the center went up or down; the next heartbeat says so at once.
    pub fn set_link(&self, link: Link) {
        self.0.state.send_if_modified(|state| {
            let other = state.link != link;
            state.link = link;
            other
        });
    }

    /// What the lamp shows.
    pub fn link(&self) -> Link {
        self.0.state.borrow().link
    }

    /// Ends every stream, so that the program can stop without waiting for browsers.
    pub fn close(&self) {
        self.0.state.send_modify(|state| state.open = false);
    }

    /// A posted rev that fits the screen of now. Anything else is a stale or repeated press, and the
    /// answer to that is the current screen.
    pub fn fits(&self, posted: &str) -> bool {
        posted.parse() == Ok(self.rev())
    }

    /// The stream for `GET` of the page's live path: the screen now, again after every change, and a
    /// heartbeat every three seconds. `draw` gets the rev to print.
    pub fn stream<D, F>(&self, draw: D) -> Sse<impl Stream<Item = Result<Event, Infallible>> + use<D, F>>
    where
        D: Fn(Rev) -> F + Send + 'static,
        F: Future<Output = Markup> + Send,
    {
        let mut changes = self.0.state.subscribe();
        changes.mark_changed();
        let tail = Tail { hub: self.clone(), changes, shown: 0, lamp: None, draw };
        Sse::new(futures_util::stream::unfold(tail, |mut tail| async move {
            let event = tail.next().await?;
            Some((Ok(event), tail))
        }))
    }
}

struct Tail<D> {
    hub: Live,
    changes: watch::Receiver<State>,
    shown: u64,
    lamp: Option<Link>,
    draw: D,
}

impl<D, F> Tail<D>
where
    D: Fn(Rev) -> F,
    F: Future<Output = Markup>,
{
    async fn next(&mut self) -> Option<Event> {
        loop {
            let state = *self.changes.borrow_and_update();
            if !state.open {
                return None;
            }
            if self.lamp != Some(state.link) {
                self.lamp = Some(state.link);
                return Some(self.beat(state.link));
            }
            if state.number != self.shown {
                self.shown = state.number;
                let rev = Rev { run: self.hub.0.run, number: state.number };
                return Some(fragment(&(self.draw)(rev).await));
            }
            match self.hub.0.clock.timeout(BEAT_EVERY, self.changes.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return None,
                Err(clock::Elapsed) => return Some(self.beat(state.link)),
            }
        }
    }

    fn beat(&self, link: Link) -> Event {
        let now = self.hub.0.clock.now();
        let data = serde_json::json!({ "now": now.to_string(), "link": link.name() });
        Event::default().event("beat").data(data.to_string())
    }
}

/// htmx swaps unnamed messages; a named one would only be an event in the page.
fn fragment(markup: &Markup) -> Event {
    Event::default().data(markup.0.replace('\r', ""))
}

/// True when htmx asks, false for a plain form or a link.
pub fn wants_fragment(headers: &HeaderMap) -> bool {
    headers.get("hx-request").is_some_and(|value| value == "true")
}

/// The answer to a press: the fragment to htmx, otherwise 303 to the page at `location`.
pub fn answer(headers: &HeaderMap, fragment: Markup, location: &str) -> Response {
    if wants_fragment(headers) {
        ([(header::CACHE_CONTROL, "no-store")], fragment).into_response()
    } else {
        Redirect::to(location).into_response()
    }
}

/// Sends the browser to another page, whoever asked: `HX-Redirect` to htmx, otherwise 303.
pub fn go(headers: &HeaderMap, location: &str) -> Response {
    if wants_fragment(headers) {
        (StatusCode::OK, [("hx-redirect", location)]).into_response()
    } else {
        Redirect::to(location).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::StreamExt as _;
    use maud::html;

    fn noon() -> Clock {
        Clock::by_hand("2026-11-21T03:00:00Z".parse().unwrap())
    }

    /// The wire text of the stream's next part.
    async fn next(body: &mut axum::body::BodyDataStream) -> Option<String> {
        let bytes = body.next().await?.unwrap();
        Some(String::from_utf8(bytes.to_vec()).unwrap())
    }

    fn open(live: &Live) -> axum::body::BodyDataStream {
        let stream = live.stream(|rev| async move {
            html! { main #screen data-rev=(rev) { "a" } }
        });
        stream.into_response().into_body().into_data_stream()
    }

    #[tokio::test]
    async fn a_stream_opens_with_a_beat_and_the_screen_of_now() {
        let live = Live::new(&noon());
        let mut body = open(&live);
        assert_eq!(
            next(&mut body).await.unwrap(),
            "event: beat\ndata: {\"link\":\"up\",\"now\":\"2026-11-21T03:00:00Z\"}\n\n"
        );
        let first = next(&mut body).await.unwrap();
        assert_eq!(first, format!("data: <main id=\"screen\" data-rev=\"{}\">a</main>\n\n", live.rev()));
    }

    #[tokio::test]
    async fn a_change_is_drawn_again_with_a_higher_rev() {
        let live = Live::new(&noon());
        let mut body = open(&live);
        let (_, before) = (next(&mut body).await, live.rev());
        next(&mut body).await;
        live.changed();
        live.changed();
        let text = next(&mut body).await.unwrap();
        assert!(text.contains(&format!("data-rev=\"{}\"", live.rev())), "{text}");
        assert!(live.rev() > before);
    }

    #[tokio::test]
    async fn the_heart_beats_every_three_seconds_of_the_handed_in_clock() {
        let clock = noon();
        let live = Live::new(&clock);
        let mut body = open(&live);
        next(&mut body).await;
        next(&mut body).await;
        let waiting = tokio::spawn(async move { next(&mut body).await });
        tokio::task::yield_now().await;
        clock.advance(Duration::from_millis(2999));
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        clock.advance(Duration::from_millis(1));
        let beat = waiting.await.unwrap().unwrap();
        assert!(beat.starts_with("event: beat") && beat.contains("2026-11-21T03:00:03Z"), "{beat}");
    }

    #[tokio::test]
    async fn a_lost_center_is_said_at_once() {
        let live = Live::new(&noon());
        let mut body = open(&live);
        next(&mut body).await;
        next(&mut body).await;
        live.set_link(Link::Down);
        assert!(next(&mut body).await.unwrap().contains("\"link\":\"down\""));
    }

    #[tokio::test]
    async fn a_closed_hub_ends_its_streams() {
        let live = Live::new(&noon());
        let mut body = open(&live);
        live.close();
        assert_eq!(next(&mut body).await, None);
    }

    #[test]
    fn a_stale_repeated_or_foreign_press_does_not_fit() {
        let live = Live::new(&noon());
        let drawn = live.rev().to_string();
        assert!(live.fits(&drawn));
        live.changed();
        assert!(!live.fits(&drawn));
        for odd in ["", "1", "x.y", "1.1.1", "-1.-1", "99999999999999999999.1"] {
            assert!(!live.fits(odd), "{odd}");
        }
    }

    #[test]
    fn htmx_gets_the_fragment_and_a_plain_form_a_redirect() {
        let mut headers = HeaderMap::new();
        let plain = answer(&headers, html! { p {} }, "/pay");
        assert_eq!(
            (plain.status(), plain.headers()["location"].to_str().unwrap()),
            (StatusCode::SEE_OTHER, "/pay")
        );
        headers.insert("hx-request", "true".parse().unwrap());
        assert_eq!(answer(&headers, html! { p {} }, "/pay").status(), StatusCode::OK);
        assert_eq!(go(&headers, "/login").headers()["hx-redirect"], "/login");
    }
}
