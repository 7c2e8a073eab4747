//! Code payments (CPM): the money step towards a brand, the customer who must confirm, and how a doubt
//! ends: inquire, then cancel, then final (docs/networks/code-http.md, X-046, X-047).
//!
//! The code itself lives in memory only, until the first question to the brand has left.

use crate::limits;
use crate::networks::code_http::{
    BackSaid, Call, CodeNetwork, PaymentSaid, Reply, Silence, inquiry_path, payment_body, read_back,
    read_inquiry, read_payment, refund_body,
};
use crate::networks::hearing::Waiting;
use crate::path::{self, Applied, Begun, Given, Told};
use crate::place::Place;
use crate::refund::Refund;
use crate::refund::service::Heard;
use crate::row::{self, CodeRow, Payment, Wire, WireKind};
use crate::service::Acquiring;
use crate::step::{Advice, Doubt, Happening, Times};
use crate::view::Beside;
use center_api::{PaymentRequest, PaymentView};
use center_base::outbox::{self, Again, Event, Outcome};
use center_base::{Refusal, SignedBy};
use clock::tokyo;
use codes::{Code, code, pay};
use cpm::CodeToken;
use http::Method;
use jiff::Timestamp;
use jiff::civil::Date;
use money::Yen;
use payment::{Approval, Brand, CodeEntry, Operator, PaymentClass, PaymentId, State, StateName, TaxParts};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use store::Tx;

/// How many inquiries a doubt may take before the payment is cancelled.
const INQUIRIES: i64 = 4;
/// Where no hold begins, no time runs.
const NO_TIMES: Times = Times { release_after_us: 0 };

/// A request that can be asked.
pub struct CodeAsk {
    id: PaymentId,
    amount: Yen,
    slip_no: i64,
    note: Option<String>,
    tax: Option<TaxParts>,
    operator: Option<Operator>,
    /// Never stored.
    token: CodeToken,
    chosen: Option<Brand>,
    entry: CodeEntry,
}

impl CodeAsk {
    /// Checks everything that is not a matter of contract.
    pub fn read(request: PaymentRequest) -> Result<Self, Refusal> {
        crate::ask::check_frame(&request)?;
        let (Some(data), None) = (request.code, &request.card) else {
            return Err(Refusal::bad("code: exactly one, and no card"));
        };
        if request.class != PaymentClass::Lump || request.signature_follows {
            return Err(Refusal::bad("a code is paid at once, without a signature"));
        }
        let token = CodeToken::new(data.token.unmask()).map_err(|_| Refusal::bad("code.token"))?;
        Ok(Self {
            id: request.id,
            amount: request.amount,
            slip_no: request.slip_no,
            note: request.note.filter(|note| !note.is_empty()),
            tax: request.tax,
            operator: request.operator,
            token,
            chosen: data.brand,
            entry: data.entry,
        })
    }

    /// Whose code it is: what the clerk chose, else what the table says of the brands that this shop takes
    /// (M-041, M-042, X-042).
    fn brand(&self, place: &Place, day: Date) -> Option<Brand> {
        if self.chosen.is_some() {
            return self.chosen;
        }
        let taken: Vec<Brand> = place.contracts.iter().map(|(brand, _)| *brand).collect();
        let scan = cpm::scan::read(self.token.unmask()).ok()?;
        let recognised = cpm::prefix::recognise(&scan, day);
        recognised.accepted(&taken).or(recognised.first())
    }
}

/// Until when a payment may be cancelled whole: 00:14:59 of the next day in Tokyo.
pub fn may_cancel(paid_at_us: i64, now_us: i64) -> bool {
    let instant = |us| Timestamp::from_microsecond(us).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(tokyo());
    let next = instant(paid_at_us).date().tomorrow().unwrap_or(Date::MAX);
    let now = instant(now_us);
    now.date() < next || (now.date() == next && (now.hour(), now.minute()) < (0, 15))
}

/// What a brand's word does to a payment that is sent.
pub fn of_sent(said: &PaymentSaid) -> Option<Happening> {
    match said {
        PaymentSaid::Paid(_) => Some(Happening::Approved(Approval { code: None })),
        PaymentSaid::Declined(code) => Some(Happening::Declined(*code)),
        PaymentSaid::Failed(code) => Some(Happening::Failed(*code)),
        PaymentSaid::Undone => Some(Happening::Failed(code::CANCELLED_MEANWHILE)),
        PaymentSaid::NotThere => Some(Happening::Lost(code::OUTCOME_BRAND_FAULT)),
        PaymentSaid::Unknown(code) => Some(Happening::Lost(*code)),
        PaymentSaid::Waits(_) => None,
    }
}

/// What a brand's word does to a doubt, at the so-manieth inquiry; nothing = ask again.
pub fn of_doubt(said: &PaymentSaid, tries: i64) -> Option<Happening> {
    match said {
        PaymentSaid::Paid(_) => Some(Happening::Found(Approval { code: None })),
        PaymentSaid::Declined(code) => Some(Happening::FoundRefusal(*code)),
        PaymentSaid::Failed(code) => Some(Happening::FoundNothing(*code)),
        PaymentSaid::Undone => Some(Happening::Acknowledged(Advice::Inquiry)),
        // It may still be on its way: only a cancel, which leaves a tombstone, ends that.
        PaymentSaid::NotThere | PaymentSaid::Waits(_) | PaymentSaid::Unknown(_) => {
            (tries >= INQUIRIES).then_some(Happening::InquiryOver)
        }
    }
}

/// What a brand's word does to a doubt whose cancel it refused; nothing = cancel again.
pub fn of_undone(said: &PaymentSaid, advice: Advice) -> Option<Happening> {
    match said {
        PaymentSaid::Paid(_) => Some(Happening::CannotUndo(Approval { code: None })),
        // Nothing is charged, so nothing is left to undo.
        PaymentSaid::Undone | PaymentSaid::Declined(_) | PaymentSaid::Failed(_) => {
            Some(Happening::Acknowledged(advice))
        }
        PaymentSaid::NotThere | PaymentSaid::Waits(_) | PaymentSaid::Unknown(_) => None,
    }
}

/// What a brand's word does to a refund that is sent.
pub fn of_back(said: &BackSaid) -> Happening {
    match said {
        BackSaid::Done => Happening::Approved(Approval { code: None }),
        BackSaid::Refused(code) => Happening::Declined(*code),
        BackSaid::NotThere => Happening::Declined(code::NO_SUCH_TRANSACTION),
        BackSaid::NotSent => Happening::Failed(pay::REFUND_NOT_SENT),
        BackSaid::Unknown(code) => Happening::Lost(*code),
    }
}

fn number_of(said: &PaymentSaid) -> Option<String> {
    match said {
        PaymentSaid::Paid(number) | PaymentSaid::Waits(number) => number.clone(),
        PaymentSaid::Declined(_)
        | PaymentSaid::Failed(_)
        | PaymentSaid::Undone
        | PaymentSaid::NotThere
        | PaymentSaid::Unknown(_) => None,
    }
}

impl Place {
    /// Why this code payment is not taken here.
    fn code_refusal(&self, amount: Yen, brand: Option<Brand>, network: Option<&CodeNetwork>) -> Option<Code> {
        let Some(brand) = brand else { return Some(code::CODE_NOT_SUPPORTED) };
        let row = brand.row().ok().filter(|row| row.method == payment::Method::Code);
        let taken = self.contracts.iter().any(|(contract, _)| *contract == brand);
        let (Some(row), true, Some(true)) = (row, taken, network.map(|network| network.has(brand))) else {
            return Some(pay::BRAND_NOT_ACCEPTED);
        };
        if amount > row.limit {
            return Some(pay::AMOUNT_TOO_LARGE);
        }
        (amount > self.policy.amount_limit_yen).then_some(pay::ABOVE_LIMIT)
    }
}

/// Unit 1 of a code payment.
fn begin(
    tx: &mut Tx<'_>,
    by: &SignedBy,
    place: &Place,
    ask: &CodeAsk,
    given: &Given,
    network: Option<&CodeNetwork>,
) -> Result<Begun, Refusal> {
    fleet::advance_counter(tx, by)?;
    let tenant = tx.tenant();
    let (method, class) = (payment::Method::Code, PaymentClass::Lump);
    if let Some(known) = row::load(tx, tenant, ask.id)? {
        path::same_content(&known, by, ask.amount, method, class)?;
        return Ok(Begun::Standing(known));
    }
    let mut payment = path::fresh(tx, place, given, ask.id, (ask.amount, method, class));
    payment.slip_no = ask.slip_no;
    payment.note.clone_from(&ask.note);
    payment.state_tax(ask.tax, place);
    payment.operator.clone_from(&ask.operator);
    payment.standing.doubt = Doubt::InquireThenUndo;
    let day = payment.business_date.parse().unwrap_or(Date::MIN);
    let brand = ask.brand(place, day);
    let code = brand.map(|brand| CodeRow { brand, entry: ask.entry, center_txn_id: None, waits: false });
    payment.code.clone_from(&code);
    let refusal = place.code_refusal(ask.amount, brand, network);
    if given.no_room {
        payment.standing.state = path::no_room(&payment.standing.state)?;
    } else if let Some(code) = refusal {
        payment.standing.state = path::refused_here(&payment.standing.state, code)?;
    } else {
        let wait_us =
            place.policy.timers.center_s.saturating_mul(1_000_000).saturating_add(limits::ORPHAN_GRACE_US);
        payment.standing.due_us = Some(payment.sent_at_us.saturating_add(wait_us));
        payment.order_code = payment::order_code(&place.shop_code, row::next_serial(tx, &place.shop)?);
    }
    row::insert(tx, &payment)?;
    if let Some(code) = &code {
        row::put_code(tx, payment.id, code)?;
    }
    let asks = payment.standing.state == State::Sent;
    Ok(if asks { Begun::Ask(payment) } else { Begun::Standing(payment) })
}

/// What a brand said, and what rests of the exchange.
struct Asked {
    said: PaymentSaid,
    wire: Wire,
}

impl Acquiring {
    /// Takes a code payment: once, however often it is asked.
    pub async fn pay_by_code(&self, by: SignedBy, ask: CodeAsk) -> Result<PaymentView, Refusal> {
        let place = self.places.of(&by).await?;
        let this = self.clone();
        let step = tokio::spawn(async move { this.take_code(by, place, ask).await });
        step.await.map_err(|error| Refusal::internal(format!("the money step ended: {error}")))?
    }

    async fn take_code(self, by: SignedBy, place: Arc<Place>, ask: CodeAsk) -> Result<PaymentView, Refusal> {
        let given = self.given()?;
        let (token, ask) = (ask.token.clone(), Arc::new(ask));
        let unit = (by, Arc::clone(&place), self.codes.clone());
        let begun =
            self.base.write(move |tx| begin(tx, &unit.0, &unit.1, &ask, &given, unit.2.as_ref())).await?;
        let payment = match begun {
            Begun::Standing(payment) => return self.view_of(payment, &place).await,
            Begun::Ask(payment) => payment,
        };
        let limit = Duration::from_secs(u64::try_from(place.policy.timers.center_s).unwrap_or(0));
        let asked = self.ask_brand(&payment, &token, limit).await;
        drop(token);
        let waits = matches!(asked.said, PaymentSaid::Waits(_));
        let applied = self.settle_code(payment.id, asked).await?;
        metrics::counter!("choba_payments_total", "state" => applied.payment.standing.state.name().word())
            .increment(1);
        if waits {
            let (this, id) = (self.clone(), payment.id);
            tokio::spawn(async move { this.wait_for_customer(id).await });
        }
        Ok(self.view_with(&applied.payment, &place, Beside::default()))
    }

    /// The one `POST /v2/payments`.
    async fn ask_brand(&self, payment: &Payment, token: &CodeToken, limit: Duration) -> Asked {
        let now_s = self.base.clock.now().as_second();
        let (id, yen) = (payment.id, payment.amount.get());
        let place = (payment.shop.as_str(), payment.terminal.as_str());
        let body = payment_body(id, yen, token.unmask(), place, now_s);
        let waiting = Waiting::Once(limit);
        let reply = self.call_brand(payment, Method::POST, "/v2/payments", Some(&body), waiting).await;
        let mut rests = body;
        if let Some(map) = rests.as_object_mut() {
            map.remove("userAuthorizationCode");
        }
        let said = read_payment(reply.as_ref().map_err(|silence| *silence), yen);
        let request = format!("POST /v2/payments {rests}").into_bytes();
        let wire = self.exchange(WireKind::Request, (payment.sent_at_us, 1), request, reply.as_ref().ok());
        Asked { said, wire }
    }

    async fn inquire(&self, payment: &Payment, asked_us: i64, tries: i64) -> Asked {
        let path = inquiry_path(payment.id);
        let reply = self.call_brand(payment, Method::GET, &path, None, Waiting::Repeated).await;
        let said = read_inquiry(reply.as_ref().map_err(|silence| *silence), payment.amount.get());
        let request = format!("GET {path}").into_bytes();
        let wire = self.exchange(WireKind::Inquiry, (asked_us, tries), request, reply.as_ref().ok());
        Asked { said, wire }
    }

    async fn call_brand(
        &self,
        payment: &Payment,
        method: Method,
        path: &str,
        body: Option<&Value>,
        waiting: Waiting,
    ) -> Result<Reply, Silence> {
        match (&self.codes, payment.brand()) {
            (Some(codes), Some(brand)) => {
                codes.call(Call { brand, about: payment.id, method: &method, path, body }, waiting).await
            }
            // Nobody is connected who could be asked.
            _ => Err(Silence::NotSent),
        }
    }

    fn exchange(
        &self,
        kind: WireKind,
        (asked_us, tries): (i64, i64),
        request: Vec<u8>,
        reply: Option<&Reply>,
    ) -> Wire {
        let answered_us = reply.map(|_| self.base.clock.now_us());
        Wire { kind, asked_us, answered_us, tries, request, answer: reply.map(Reply::at_rest) }
    }

    /// Unit 2: what the brand said. What cannot be committed stays sent and is found out by the sweep.
    async fn settle_code(&self, id: PaymentId, asked: Asked) -> Result<Applied, Refusal> {
        let applied = self.base.write_outcome(id, move |tx, _| write_down(tx, id, &asked)).await?;
        if applied.advised {
            self.base.wake_outbox();
        }
        Ok(applied)
    }

    /// Asks the brand every few seconds until the customer has confirmed or refused, or the time for it is
    /// over; then the payment is cancelled. When this process dies, the next one inquires.
    async fn wait_for_customer(self, id: PaymentId) {
        let until_us = self.base.clock.now_us().saturating_add(limits::CUSTOMER_WAIT_US);
        loop {
            self.base.clock.sleep(limits::CUSTOMER_POLL).await;
            let tenant = self.base.tenant;
            let loaded = self.base.read(move |tx| Ok(row::load(tx, tenant, id)?)).await;
            let Ok(Some(payment)) = loaded else { continue };
            if payment.standing.state != State::Sent {
                return;
            }
            let asked = self.inquire(&payment, self.base.clock.now_us(), 1).await;
            // Not knowing while the customer looks at the phone is no doubt yet: it is asked again.
            let says = !matches!(
                asked.said,
                PaymentSaid::Unknown(_) | PaymentSaid::NotThere | PaymentSaid::Waits(_)
            );
            if says {
                match self.settle_code(id, asked).await {
                    Ok(_) => return,
                    Err(_) => continue,
                }
            }
            if self.base.clock.now_us() >= until_us {
                match self.give_up_waiting(id).await {
                    Ok(()) => return,
                    Err(refusal) => {
                        tracing::warn!(payment.id = %id, %refusal, "a payment could not be given up yet");
                    }
                }
            }
        }
    }

    async fn give_up_waiting(&self, id: PaymentId) -> Result<(), Refusal> {
        self.happen(move |tx| {
            let tenant = tx.tenant();
            let payment = row::load(tx, tenant, id)?.ok_or_else(|| gone(id))?;
            if payment.standing.state != State::Sent {
                return Ok(Applied { payment, advised: false });
            }
            let happening = Happening::ReversalAsked(code::CONFIRM_TIMEOUT);
            path::apply(tx, &payment, happening, &Told { who: "center", times: NO_TIMES }, None)
        })
        .await
        .map(drop)
    }

    /// An inquiry or a cancel out of doubt. `Err`: again later.
    pub(crate) async fn advise_code(&self, event: &Event, payment: &Payment, advice: Advice) -> Outcome {
        let (asked_us, tries) = (self.base.clock.now_us(), event.tries);
        let (happening, asked) = match advice {
            Advice::Inquiry => {
                let asked = self.inquire(payment, asked_us, tries).await;
                (of_doubt(&asked.said, tries), asked)
            }
            Advice::Reversal(_) | Advice::Completion => self.cancel(payment, asked_us, tries, advice).await,
        };
        let (event, id, said) = (event.clone(), payment.id, happening.is_some());
        let answers = asked.wire.answer.is_some();
        let advised = self
            .base
            .write(move |tx| {
                let Some(happening) = &happening else {
                    row::put_wire(tx, id, &asked.wire)?;
                    return Ok(false);
                };
                if !outbox::finish(tx, &event)? {
                    return Ok(false);
                }
                let tenant = tx.tenant();
                let before = row::load(tx, tenant, id)?.ok_or_else(|| gone(id))?;
                keep_number(tx, &before, number_of(&asked.said), false)?;
                let before = row::load(tx, tenant, id)?.ok_or_else(|| gone(id))?;
                let told = Told { who: "network code", times: NO_TIMES };
                Ok(path::apply(tx, &before, happening.clone(), &told, Some(&asked.wire))?.advised)
            })
            .await
            .map_err(|refusal| refusal.to_string())?;
        if advised {
            self.base.wake_outbox();
        }
        let again = Again::from("the brand does not say how it stands");
        match (said, answers) {
            (true, _) => Ok(()),
            (false, true) => Err(again.within(limits::INQUIRY_PAUSE).answered()),
            (false, false) => Err(again),
        }
    }

    /// A cancel; where the brand refuses it, how the payment stands decides.
    async fn cancel(
        &self,
        payment: &Payment,
        asked_us: i64,
        tries: i64,
        advice: Advice,
    ) -> (Option<Happening>, Asked) {
        let path = format!("/v2/payments/{}", payment.id);
        let reply = self.call_brand(payment, Method::DELETE, &path, None, Waiting::Repeated).await;
        let request = format!("DELETE {path}").into_bytes();
        let wire = self.exchange(WireKind::Reversal, (asked_us, tries), request, reply.as_ref().ok());
        let said = PaymentSaid::Undone;
        match read_back(reply.as_ref().map_err(|silence| *silence)) {
            BackSaid::Done | BackSaid::NotThere => {
                (Some(Happening::Acknowledged(advice)), Asked { said, wire })
            }
            BackSaid::NotSent | BackSaid::Unknown(_) => (None, Asked { said, wire }),
            BackSaid::Refused(_) => {
                let asked = self.inquire(payment, asked_us, tries).await;
                (of_undone(&asked.said, advice), asked)
            }
        }
    }

    /// Gives a code payment back: a cancel of the whole while the brand allows it, else a refund.
    pub(crate) async fn ask_code_refund(&self, refund: &Refund, payment: &Payment, limit: Duration) -> Heard {
        let (said, wire) =
            self.give_code_back(refund, payment, (refund.sent_at_us, 1), Waiting::Once(limit)).await;
        Heard { happening: of_back(&said), who: "network code", wire: Some(wire), center_txn_id: None }
    }

    async fn give_code_back(
        &self,
        refund: &Refund,
        payment: &Payment,
        (asked_us, tries): (i64, i64),
        waiting: Waiting,
    ) -> (BackSaid, Wire) {
        let now_s = self.base.clock.now().as_second();
        let (method, path, body) = if cancels(refund, payment) {
            (Method::DELETE, format!("/v2/payments/{}", payment.id), None)
        } else {
            let body = refund_body(refund.id, payment.id, refund.amount.get(), now_s);
            (Method::POST, "/v2/refunds".to_owned(), Some(body))
        };
        let request = format!("{method} {path} {}", body.clone().unwrap_or(Value::Null)).into_bytes();
        let reply = self.call_brand(payment, method, &path, body.as_ref(), waiting).await;
        let kind = if tries > 1 { WireKind::Inquiry } else { WireKind::Request };
        let wire = self.exchange(kind, (asked_us, tries), request, reply.as_ref().ok());
        (read_back(reply.as_ref().map_err(|silence| *silence)), wire)
    }

    /// The same once more under the same ids, until the brand answers; then the answer counts.
    pub(crate) async fn ask_code_refund_again(
        &self,
        event: &Event,
        refund: &Refund,
        payment: &Payment,
    ) -> (Heard, Outcome) {
        let asked = (self.base.clock.now_us(), event.tries.saturating_add(1));
        let (said, wire) = self.give_code_back(refund, payment, asked, Waiting::Repeated).await;
        let done = || Happening::Found(Approval { code: None });
        let (happening, outcome) = match said {
            BackSaid::Done => (done(), Ok(())),
            // A no to the second asking may be because the first was carried out.
            BackSaid::Refused(code) => match self.was_given_back(refund, payment).await {
                Some(true) => (done(), Ok(())),
                Some(false) => (Happening::FoundRefusal(code), Ok(())),
                None => (Happening::Lost(code), Err("the brand does not say how it stands".into())),
            },
            BackSaid::NotThere => (Happening::FoundRefusal(code::NO_SUCH_TRANSACTION), Ok(())),
            BackSaid::NotSent => {
                (Happening::Lost(code::CANCEL_NETWORK_ERROR), Err("the brand is not reached".into()))
            }
            BackSaid::Unknown(code) => (Happening::Lost(code), Err(code.to_string().into())),
        };
        (Heard { happening, who: "network code", wire: Some(wire), center_txn_id: None }, outcome)
    }

    /// Whether the brand has the cancel or refund; nothing when it does not say.
    async fn was_given_back(&self, refund: &Refund, payment: &Payment) -> Option<bool> {
        if cancels(refund, payment) {
            let asked = self.inquire(payment, self.base.clock.now_us(), 1).await;
            return match asked.said {
                PaymentSaid::Undone => Some(true),
                PaymentSaid::Paid(_) => Some(false),
                _ => None,
            };
        }
        let path = format!("/v2/refunds/{}", refund.id);
        match self.call_brand(payment, Method::GET, &path, None, Waiting::Repeated).await {
            Ok(reply) if reply.status == 200 => Some(true),
            Ok(reply) if (reply.status, reply.code.as_str()) == (404, "REFUND_NOT_FOUND") => Some(false),
            _ => None,
        }
    }
}

/// The whole, while a cancel is possible: decided by when the refund was committed, so that every
/// repetition goes the same way.
pub(crate) fn cancels(refund: &Refund, payment: &Payment) -> bool {
    refund.amount == payment.amount && may_cancel(payment.sent_at_us, refund.sent_at_us)
}

fn write_down(tx: &mut Tx<'_>, id: PaymentId, asked: &Asked) -> Result<Applied, Refusal> {
    let tenant = tx.tenant();
    let before = row::load(tx, tenant, id)?.ok_or_else(|| gone(id))?;
    let waits =
        matches!(asked.said, PaymentSaid::Waits(_)) && before.standing.state.name() == StateName::Sent;
    keep_number(tx, &before, number_of(&asked.said), waits)?;
    let before = row::load(tx, tenant, id)?.ok_or_else(|| gone(id))?;
    if let Some(happening) = of_sent(&asked.said) {
        let told = Told { who: "network code", times: NO_TIMES };
        return path::apply(tx, &before, happening, &told, Some(&asked.wire));
    }
    row::put_wire(tx, id, &asked.wire)?;
    let mut after = before.clone();
    if waits {
        let grace_us = limits::CUSTOMER_WAIT_US.saturating_add(limits::ORPHAN_GRACE_US);
        after.standing.due_us = Some(tx.now_us().saturating_add(grace_us));
        if row::update(tx, &before, &after.standing)? == row::Change::Stale {
            return Err(store::Inconsistent::new(format!("payment.version of {id}"), "as loaded").into());
        }
        after.version = before.version.saturating_add(1);
    }
    Ok(Applied { payment: after, advised: false })
}

/// Keeps the brand's number, and whether the customer is still waited for.
fn keep_number(
    tx: &mut Tx<'_>,
    payment: &Payment,
    number: Option<String>,
    waits: bool,
) -> Result<(), Refusal> {
    let Some(code) = &payment.code else { return Ok(()) };
    let kept =
        CodeRow { center_txn_id: number.or_else(|| code.center_txn_id.clone()), waits, ..code.clone() };
    if kept == *code {
        return Ok(());
    }
    Ok(row::put_code(tx, payment.id, &kept)?)
}

fn gone(id: PaymentId) -> Refusal {
    Refusal::internal(format!("payment {id} is not in its table"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payment_is_cancelled_until_a_quarter_past_midnight_in_tokyo() {
        //
        let at = |text: &str| text.parse::<Timestamp>().unwrap().as_microsecond();
        let paid = at("2026-11-28T21:00:00+09:00");
        assert!(may_cancel(paid, at("2026-11-29T00:14:59+09:00")));
        assert!(!may_cancel(paid, at("2026-11-29T00:15:00+09:00")));
    }

    #[test]
    fn a_doubt_is_inquired_and_then_cancelled_never_guessed() {
        let unknown = PaymentSaid::Unknown(code::OUTCOME_TIMEOUT);
        for said in [unknown, PaymentSaid::NotThere, PaymentSaid::Waits(None)] {
            assert_eq!(of_doubt(&said, 1), None);
            assert_eq!(of_doubt(&said, INQUIRIES), Some(Happening::InquiryOver));
        }
        let paid = of_doubt(&PaymentSaid::Paid(None), 1);
        assert_eq!(paid, Some(Happening::Found(Approval { code: None })));
    }
}
