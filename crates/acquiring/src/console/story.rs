//! What happened to a payment, between terminal, center and network, in the order of its instants.

use super::detail::Shown;
use super::wires::{answer_word, read};
use super::words::{time_ms, took};
use crate::networks::code_http::{BackSaid, PaymentSaid, Reply, read_back, read_inquiry, read_payment};
use crate::row::{Payment, PaymentEvent, Wire, WireKind};
use codes::{Code, code, pay};
use i18n::{Lang, code_text, t, ta};
use maud::{Markup, html};
use pages::ui::Tone;
use payment::StateName;

/// Why a payment is undone although nothing went wrong with it: its result is found out on the way.
const UNDONE_ON_PURPOSE: [Code; 2] = [pay::CANCELLED, code::CONFIRM_TIMEOUT];

/// Who stands where in the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lane {
    Terminal,
    Center,
    Network,
}

impl Lane {
    const ALL: [Self; 3] = [Self::Terminal, Self::Center, Self::Network];

    /// The middle of its line in the picture's own units.
    const fn x(self) -> i32 {
        match self {
            Self::Terminal => 20,
            Self::Center => 60,
            Self::Network => 100,
        }
    }

    const fn key(self) -> &'static str {
        match self {
            Self::Terminal => "payments-lane-terminal",
            Self::Center => "payments-lane-center",
            Self::Network => "payments-lane-network",
        }
    }
}

/// One thing that happened: a message from one to another, or a change at one of them.
#[derive(Clone, Debug)]
struct Step {
    at_us: i64,
    /// Among things of the same instant, the one that causes another stands first.
    rank: u8,
    from: Lane,
    to: Lane,
    tone: Tone,
    what: String,
    more: Vec<String>,
}

impl Step {
    fn new(at_us: i64, (from, to): (Lane, Lane), tone: Tone, what: String) -> Self {
        Self { at_us, rank: 5, from, to, tone, what, more: Vec::new() }
    }

    fn rank(self, rank: u8) -> Self {
        Self { rank, ..self }
    }

    fn more(mut self, more: impl Into<String>) -> Self {
        let more = more.into();
        if !more.is_empty() {
            self.more.push(more);
        }
        self
    }
}

/// The picture with its words.
pub(crate) fn story(lang: Lang, shown: &Shown) -> Markup {
    let steps = steps(lang, shown);
    let begun = shown.payment.sent_at_us;
    html! {
        div.story {
            div.lanes aria-hidden="true" { @for lane in Lane::ALL { span { (t(lang, lane.key())) } } }
            ol {
                @for step in &steps {
                    li.(step.tone.class()) {
                        (arrow(step))
                        div.told {
                            p.what {
                                span { (step.what) }
                                time { (time_ms(step.at_us)) }
                            }
                            p.more {
                                span.sr-only { (way(lang, step)) " " }
                                @for part in &step.more { span { (part) } }
                                @if step.at_us > begun {
                                    span.elapsed { "+" (took(lang, step.at_us.saturating_sub(begun))) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Who to whom, for those who do not see the arrow.
fn way(lang: Lang, step: &Step) -> String {
    let from = t(lang, step.from.key());
    if step.from == step.to {
        return from;
    }
    ta(lang, "payments-lane-way", &[("from", &from), ("to", &t(lang, step.to.key()))])
}

/// An arrow from lane to lane, or a dot on one.
fn arrow(step: &Step) -> Markup {
    let (from, to) = (step.from.x(), step.to.x());
    let head = if to > from { to.saturating_sub(6) } else { to.saturating_add(6) };
    let back = if to > from { -5 } else { 5 };
    html! {
        svg.arrow viewBox="0 0 120 24" width="120" height="24" aria-hidden="true" focusable="false" {
            @if from == to {
                circle.dot cx=(to) cy="12" r="5.5" {}
            } @else {
                circle.end cx=(from) cy="12" r="3" {}
                line x1=(from) y1="12" x2=(head) y2="12" {}
                path d=(format!("M{} 7.5L{head} 12L{} 16.5", head.saturating_add(back), head.saturating_add(back))) {}
            }
        }
    }
}

fn steps(lang: Lang, shown: &Shown) -> Vec<Step> {
    let payment = &shown.payment;
    let mut steps = Vec::new();
    if !shown.events.iter().any(|event| event.what == "tombstone") {
        steps.push(begun(lang, payment));
    }
    for wire in &shown.wires {
        steps.extend(exchange(lang, payment, wire));
    }
    let acknowledged =
        shown.wires.iter().any(|wire| wire.kind != WireKind::Request && wire.answered_us.is_some());
    let told = shown.events.iter().filter(|event| !(acknowledged && event.what == "acknowledged"));
    steps.extend(told.map(|event| written(lang, shown, event)));
    steps.extend(ended(lang, shown));
    steps.sort_by_key(|step| (step.at_us, step.rank));
    steps
}

/// The terminal's request, written down before anything is sent.
fn begun(lang: Lang, payment: &Payment) -> Step {
    let operator = payment.operator.as_ref().map(|operator| operator.name.clone()).unwrap_or_default();
    let what = t(lang, "payments-step-begun");
    Step::new(payment.sent_at_us, (Lane::Terminal, Lane::Center), Tone::Info, what)
        .rank(0)
        .more(payment.terminal.as_str())
        .more(operator)
        .more(t(lang, "payments-step-begun-more"))
}

/// A question to the network and its answer.
fn exchange(lang: Lang, payment: &Payment, wire: &Wire) -> Vec<Step> {
    let mti = read(Some(&wire.request)).map(|message| message.mti().to_string()).unwrap_or_default();
    let not_sent = wire.kind == WireKind::Request
        && wire.answer.is_none()
        && payment.standing.state.code() == Some(pay::NO_CONNECTION);
    let key = match wire.kind {
        _ if not_sent => "payments-step-not-sent",
        WireKind::Request => "payments-step-asked",
        WireKind::Completion => "payments-step-completion",
        WireKind::Reversal => "payments-step-reversal",
        WireKind::Inquiry => "payments-step-inquiry",
    };
    let tries = if wire.tries > 1 {
        ta(lang, "payments-step-tries", &[("tries", &wire.tries.to_string())])
    } else {
        String::new()
    };
    let way = if not_sent { (Lane::Center, Lane::Center) } else { (Lane::Center, Lane::Network) };
    let tone = if not_sent { Tone::Ng } else { Tone::Info };
    let mut steps = vec![Step::new(wire.asked_us, way, tone, t(lang, key)).rank(3).more(mti).more(tries)];
    if let Some(at_us) = wire.answered_us {
        let brands = Reply::from_rest(wire.answer.as_deref().unwrap_or_default());
        let (mti, code, word, tone) = match &brands {
            Some(reply) => {
                let (word, tone) = brand_word(lang, payment, wire.kind, reply);
                (String::new(), reply.code.clone(), word, tone)
            }
            None => network_word(lang, wire),
        };
        let said = ta(lang, "payments-step-answered", &[("code", &code), ("word", &word)]);
        let waited =
            ta(lang, "payments-step-took", &[("took", &took(lang, at_us.saturating_sub(wire.asked_us)))]);
        let step = Step::new(at_us, (Lane::Network, Lane::Center), tone, said);
        steps.push(step.rank(4).more(mti).more(waited));
    }
    steps
}

/// What the card network answered: type of message, code, its words.
fn network_word(lang: Lang, wire: &Wire) -> (String, String, String, Tone) {
    let answer = read(wire.answer.as_deref());
    let code = answer.as_ref().and_then(|answer| answer.text(39)).unwrap_or_default().to_owned();
    let mti = answer.map(|answer| answer.mti().to_string()).unwrap_or_default();
    let word = match wire.kind {
        WireKind::Completion | WireKind::Reversal if code == "00" => t(lang, "payments-answer-accepted"),
        _ => answer_word(lang, &code),
    };
    let tone = if code == "00" { Tone::Ok } else { Tone::Ng };
    (mti, code, word, tone)
}

/// What a code brand answered, as the product has read it (docs/networks/code-http.md).
fn brand_word(lang: Lang, payment: &Payment, kind: WireKind, reply: &Reply) -> (String, Tone) {
    let yen = payment.amount.get();
    let said = match kind {
        WireKind::Request => read_payment(Ok(reply), yen),
        WireKind::Inquiry => read_inquiry(Ok(reply), yen),
        WireKind::Reversal | WireKind::Completion => {
            return match read_back(Ok(reply)) {
                BackSaid::Done => (t(lang, "payments-answer-accepted"), Tone::Ok),
                BackSaid::Refused(code) => (code_text(lang, code).title, Tone::Ng),
                BackSaid::NotThere => (t(lang, "payments-brand-not-there"), Tone::Quiet),
                BackSaid::NotSent | BackSaid::Unknown(_) => (t(lang, "payments-brand-unclear"), Tone::Ask),
            };
        }
    };
    match said {
        PaymentSaid::Paid(_) => (t(lang, "payments-brand-paid"), Tone::Ok),
        PaymentSaid::Waits(_) => (t(lang, "payments-brand-waits"), Tone::Info),
        PaymentSaid::Declined(code) | PaymentSaid::Failed(code) => (code_text(lang, code).title, Tone::Ng),
        PaymentSaid::Undone => (t(lang, "payments-brand-cancelled"), Tone::Quiet),
        PaymentSaid::NotThere => (t(lang, "payments-brand-not-there"), Tone::Ask),
        PaymentSaid::Unknown(_) => (t(lang, "payments-brand-unclear"), Tone::Ask),
    }
}

/// A line of the written timeline.
fn written(lang: Lang, shown: &Shown, event: &PaymentEvent) -> Step {
    let by_terminal = event.who.starts_with("terminal");
    let heard = if by_terminal { (Lane::Terminal, Lane::Center) } else { (Lane::Center, Lane::Center) };
    let here = (Lane::Center, Lane::Center);
    let reason = Code::find(&event.detail).map(|code| code_text(lang, code).title).unwrap_or_default();
    let said = |key: &str| t(lang, key);
    let step = |way, tone, what| Step::new(event.at_us, way, tone, what);
    match event.what.as_str() {
        "authorized" => step(here, Tone::Info, said("payments-step-authorized")).rank(6),
        "approved" => {
            let signed = if shown.signature.is_some() { said("payments-step-signed") } else { String::new() };
            step(heard, Tone::Ok, said("payments-step-completed")).rank(1).more(signed)
        }
        "in_doubt" => {
            let wanted = UNDONE_ON_PURPOSE.iter().any(|code| code.key() == event.detail);
            let key = if wanted { "payments-step-undo" } else { "payments-step-in-doubt" };
            step(heard, Tone::Ask, said(key)).rank(2).more(reason)
        }
        "released" if by_terminal => step(heard, Tone::Quiet, said("payments-step-given-back")).rank(1),
        "released" => step(here, Tone::Quiet, said("payments-step-released")).rank(1),
        "reversed" => step(here, Tone::Quiet, said("payments-step-reversed")).rank(7),
        "voided" => step(heard, Tone::Ng, said("payments-step-voided")).rank(1).more(reason),
        "acknowledged" => {
            step((Lane::Network, Lane::Center), Tone::Ok, said("payments-step-acknowledged")).rank(6)
        }
        "late_answer" => {
            step((Lane::Network, Lane::Center), Tone::Quiet, said("payments-step-late")).rank(6).more(reason)
        }
        "tombstone" => step(heard, Tone::Quiet, said("payments-step-tombstone")).rank(0),
        other => {
            step(here, Tone::Quiet, other.to_owned()).more(event.who.as_str()).more(event.detail.as_str())
        }
    }
}

/// The outcome of the first answer: the row itself says it, and the terminal is told.
fn ended(lang: Lang, shown: &Shown) -> Option<Step> {
    let payment = &shown.payment;
    let state = payment.standing.state.name();
    if shown.events.iter().any(|event| event.what == state.word() || event.what == "tombstone") {
        return None;
    }
    let (tone, key) = match state {
        StateName::Approved => (Tone::Ok, "payments-step-approved"),
        StateName::Declined if shown.wires.is_empty() => (Tone::Ng, "payments-step-refused-here"),
        StateName::Declined => (Tone::Ng, "payments-step-declined"),
        StateName::Failed => (Tone::Ng, "payments-step-failed"),
        StateName::Started
        | StateName::Sent
        | StateName::Authorized
        | StateName::InDoubt
        | StateName::Reversed
        | StateName::Released
        | StateName::Abandoned => return None,
    };
    let reason = payment.standing.state.code().map(|code| code_text(lang, code).title).unwrap_or_default();
    Some(
        Step::new(payment.changed_at_us, (Lane::Center, Lane::Terminal), tone, t(lang, key))
            .rank(8)
            .more(reason),
    )
}
