//! What must happen once, however often it is asked: payments, giving back, prints.
//!
//! Remembered first, on disk; then begun, in a task of its own that no closed connection stops. The same
//! message again waits for the same answer.

use super::memory::{Claim, Fresh, Remembered};
use super::plan::{self, NotTaken};
use super::told::{self, Told};
use super::{Registers, condition};
use crate::attempt::{Attempt, Origin};
use crate::event::NewPayment;
use crate::handle::{BusyWith, NotNow, RefundWish};
use ::nexo::header::Header;
use ::nexo::message::{self, Request};
use ::nexo::pairs::Pairs;
use ::nexo::request::{Body, Payment, Reversal, SaleData};
use ::nexo::response::{Answer, ErrorCondition, Response};
use ::nexo::unlisted::{self, Around};
use codes::{Code, MoneyTaken, api, pay};
use payment::PaymentId;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use tokio::sync::oneshot;

/// Why something is not begun; no money moved.
pub(super) struct Refused {
    pub(super) condition: ErrorCondition,
    pub(super) pairs: Pairs,
}

/// One wish with everything that its task needs.
#[derive(Clone)]
struct Wish {
    request: Request,
    document: Value,
    /// The payment, the refund; for a print only a number.
    id: PaymentId,
    service_id: String,
}

impl Registers {
    /// Answers a request that may be carried out once only.
    pub(super) async fn once(self: &Arc<Self>, request: Request, document: &Value) -> Answer {
        let header = request.header.clone();
        let refuse = |refused: &Refused| self.refusal(&header, document, refused);
        let number = header.service_id.clone().or_else(|| header.device_id.clone());
        let Some(service_id) = number else {
            let pairs =
                Pairs::new().with("code", "MessageFormat").with("money", "no").with("message", "ServiceID");
            return refuse(&Refused { condition: ErrorCondition::MessageFormat, pairs });
        };
        if let Some(refused) = self.other_register(&header).await {
            return refuse(&refused);
        }
        let id = self.handle.fresh_id();
        let is_print = matches!(request.body, Body::Print(_));
        let fresh = Fresh {
            sale_id: header.sale_id.clone(),
            service_id: service_id.clone(),
            // Keys of a JSON value are sorted, so the same message has the same hash however it is written.
            hash: Sha256::digest(document.to_string().as_bytes()).into(),
            asked: document.to_string(),
            payment: (!is_print).then_some(id),
        };
        self.work_on(id);
        let claimed = self.shared().journal.claim(fresh).await;
        match claimed {
            Ok(Claim::Fresh) => {
                self.carry_out(Wish { request, document: document.clone(), id, service_id }).await
            }
            Ok(Claim::Again(before)) => {
                self.done_with(id);
                self.again(&header, document, *before).await
            }
            Ok(Claim::Other) => {
                self.done_with(id);
                let pairs = self.pairs(api::WRONG_STATE).with("reason", "service_id_used");
                refuse(&Refused { condition: ErrorCondition::NotAllowed, pairs })
            }
            Err(error) => {
                self.done_with(id);
                tracing::error!(%error, "a register's message could not be remembered and was not begun");
                let code = crate::tasks::journal_code(&error);
                refuse(&Refused { condition: ErrorCondition::UnavailableService, pairs: self.pairs(code) })
            }
        }
    }

    /// Begins what was asked for the first time. The task goes on when the register hangs up.
    async fn carry_out(self: &Arc<Self>, wish: Wish) -> Answer {
        let registers = Arc::clone(self);
        let (header, document) = (wish.request.header.clone(), wish.document.clone());
        let (reply, answered) = oneshot::channel();
        self.begin_task(async move {
            let answer = registers.begin(&wish).await;
            registers.done_with(wish.id);
            // Nobody waits any more when the register has hung up.
            let _ = reply.send(answer);
        });
        let Ok(answer) = answered.await else {
            // The task ended with the program; whoever hears this asks for the status.
            let pairs = self.pairs(pay::INTERRUPTED).with("outcome", "unknown");
            let refused = Refused { condition: ErrorCondition::UnavailableService, pairs };
            return self.refusal(&header, &document, &refused);
        };
        answer
    }

    async fn begin(&self, wish: &Wish) -> Answer {
        let begun = match &wish.request.body {
            Body::Payment(payment) => self.begin_payment(wish, payment).await,
            Body::Reversal(reversal) => self.begin_reversal(wish, reversal).await,
            Body::Print(print) => {
                let answer = self.print(print).await;
                self.keep(wish, &answer).await;
                return answer;
            }
            _ => Err(self.not_taken(NotTaken { code: api::NOT_ALLOWED, why: "not asked once" })),
        };
        if let Err(refused) = begun {
            let answer = self.refusal(&wish.request.header, &wish.document, &refused);
            self.keep(wish, &answer).await;
            return answer;
        }
        self.stop_if_aborted(wish).await;
        let Some(attempt) = self.wait_told(wish.id).await else {
            let pairs = self.pairs(pay::INTERRUPTED).with("outcome", "unknown");
            let refused = Refused { condition: ErrorCondition::UnavailableService, pairs };
            return self.refusal(&wish.request.header, &wish.document, &refused);
        };
        tell(&wish.request, &attempt, &self.told(&wish.request.header, &wish.service_id).await)
    }

    async fn begin_payment(&self, wish: &Wish, payment: &Payment) -> Result<(), Refused> {
        let config = self.handle.config();
        let now_us = self.clock().now_us();
        let offered = self.shared().with_shown(|shown| shown.ctx.classes(now_us));
        let plan = plan::plan(payment, config.as_ref(), &offered).map_err(|why| self.not_taken(why))?;
        let amount = payment.payment_transaction.amounts_req.requested_amount.0;
        let new = NewPayment {
            method: plan.method,
            note: plan.note.as_deref().and_then(crate::flows::sale::read_note),
            tax: plan.tax,
            origin: origin(wish, Some(&payment.sale_data)),
            deadline_us: Some(now_us.saturating_add(plan.deadline_s.saturating_mul(1_000_000))),
            ..NewPayment::sale(wish.id, amount, plan.class, now_us)
        };
        let checked = self.shared().with_shown(|shown| crate::flows::sale::check_amount(&shown.ctx, amount));
        if let Err(crate::screen::AmountError::Code(code)) = checked {
            return Err(self.not_taken(NotTaken { code, why: "RequestedAmount" }));
        }
        self.handle.start(new).await.map(drop).map_err(|why| self.not_now(why))
    }

    async fn begin_reversal(&self, wish: &Wish, reversal: &Reversal) -> Result<(), Refused> {
        let number = reversal.original.poi_transaction_id.as_ref().map(|id| id.transaction_id.as_str());
        let of: PaymentId =
            number.and_then(|text| text.parse().ok()).ok_or_else(|| self.not_now(NotNow::Unknown))?;
        let pairs = reversal.sale_data.as_ref().map(SaleData::pairs).unwrap_or_default();
        let tax = plan::tax_parts(&pairs, reversal.reversed_amount.map(|amount| amount.0))
            .map_err(|why| self.not_taken(why))?;
        let now_us = self.clock().now_us();
        let wait_s = plan::usual_deadline_s(self.handle.config().as_ref());
        let wish = RefundWish {
            id: wish.id,
            of,
            amount: reversal.reversed_amount.map(|amount| amount.0),
            reason: Some(reversal.reversal_reason.word().to_owned()),
            tax,
            origin: origin(wish, reversal.sale_data.as_ref()),
            deadline_us: Some(now_us.saturating_add(wait_s.saturating_mul(1_000_000))),
        };
        self.handle.refund(wish).await.map(drop).map_err(|why| self.not_now(why))
    }

    /// An `Abort` may come between the memory and the screen; then it is carried out here.
    async fn stop_if_aborted(&self, wish: &Wish) {
        let sale_id = wish.request.header.sale_id.clone();
        if let Ok(Some(remembered)) = self.shared().journal.remembered(sale_id, wish.service_id.clone()).await
            && remembered.aborted
        {
            let _ = self.handle.cancel(wish.id).await;
        }
    }

    /// The same message again: its stored answer, or the one that the running task will give.
    async fn again(&self, header: &Header, document: &Value, before: Remembered) -> Answer {
        if let Some(answer) = before.answer.as_deref().and_then(stored) {
            return answer;
        }
        let Some(id) = before.payment else {
            // A print whose end nobody wrote down: it may have come out.
            let pairs = self.pairs(pay::INTERRUPTED).with("outcome", "unknown");
            return self.refusal(
                header,
                document,
                &Refused { condition: ErrorCondition::UnavailableService, pairs },
            );
        };
        let told = self.told(&before_header(header, &before), &before.service_id).await;
        match self.wait_told_or_never(id).await {
            Some(attempt) => match asked(&before) {
                Some(request) => tell(&request, &attempt, &told),
                None => self.refusal(header, document, &self.never_begun()),
            },
            // Refused while this one waited: the answer is there now.
            None => match self.shared().journal.remembered(before.sale_id, before.service_id).await {
                Ok(Some(Remembered { answer: Some(answer), .. })) => {
                    stored(&answer).unwrap_or_else(|| self.refusal(header, document, &self.never_begun()))
                }
                _ => self.refusal(header, document, &self.never_begun()),
            },
        }
    }

    /// The program ended between remembering and beginning: nothing was begun, and nothing will be.
    pub(super) fn never_begun(&self) -> Refused {
        Refused { condition: ErrorCondition::Aborted, pairs: self.pairs(pay::REVERSED_BEFORE) }
    }

    /// Waits until there is something to tell about a payment that was begun.
    async fn wait_told(&self, id: PaymentId) -> Option<Attempt> {
        let mut heard = self.shared().heard.subscribe();
        loop {
            heard.borrow_and_update();
            match self.handle.attempt(id).await {
                Ok(Some(attempt)) if told::is_told(&attempt) => return Some(attempt),
                Ok(Some(_)) => {}
                Ok(None) => return None,
                Err(error) => tracing::error!(%error, "a register's payment could not be read"),
            }
            heard.changed().await.ok()?;
        }
    }

    /// As above, for a payment that may not have been begun yet, or never.
    async fn wait_told_or_never(&self, id: PaymentId) -> Option<Attempt> {
        let mut heard = self.shared().heard.subscribe();
        loop {
            heard.borrow_and_update();
            match self.handle.attempt(id).await {
                Ok(Some(attempt)) if told::is_told(&attempt) => return Some(attempt),
                Ok(Some(_)) | Err(_) => {}
                Ok(None) if self.is_worked_on(id) => {}
                Ok(None) => return None,
            }
            tokio::select! {
                changed = heard.changed() => changed.ok()?,
                () = self.clock().sleep(super::limits::ACCEPT_PAUSE) => {}
            }
        }
    }

    /// What an answer depends on beside the journal.
    pub(super) async fn told(&self, header: &Header, service_id: &str) -> Told {
        let aborted = self
            .shared()
            .journal
            .remembered(header.sale_id.clone(), service_id.to_owned())
            .await
            .is_ok_and(|found| found.is_some_and(|found| found.aborted));
        let config = self.handle.config();
        Told {
            lang: self.handle.lang(),
            receipt: self.shared().with_shown(|shown| shown.ctx.policy().receipt),
            merchant_id: config.as_ref().map_or_else(|| "-".to_owned(), |config| config.shop.id.clone()),
            terminal_id: config.map_or_else(|| "-".to_owned(), |config| config.terminal_id),
            again: false,
            which: Vec::new(),
            aborted,
        }
    }

    async fn keep(&self, wish: &Wish, answer: &Answer) {
        let document = message::write_answer(&wish.request.header, answer).to_string();
        let kept =
            self.shared().journal.keep_answer(&wish.request.header.sale_id, &wish.service_id, document).await;
        if let Err(error) = kept {
            tracing::error!(%error, "an answer to a register could not be kept");
        }
    }

    /// Nothing was begun, so no money moved, whatever the code says of the payment that it is about.
    fn pairs(&self, code: Code) -> Pairs {
        condition::pairs_of(self.handle.lang(), code, MoneyTaken::No)
    }

    fn not_taken(&self, why: NotTaken) -> Refused {
        let condition = match why.code {
            code if code == api::BAD_REQUEST => ErrorCondition::MessageFormat,
            code => condition::of_code(code),
        };
        Refused { condition, pairs: self.pairs(why.code).with("detail", why.why) }
    }

    pub(super) fn not_now(&self, why: NotNow) -> Refused {
        match why {
            NotNow::Busy(busy) => Refused {
                condition: ErrorCondition::Busy,
                pairs: busy_pairs(&busy, &self.pairs(api::WRONG_STATE)),
            },
            NotNow::NotActivated => {
                let pairs = self.pairs(api::WRONG_STATE).with("reason", "not_activated");
                Refused { condition: ErrorCondition::UnavailableService, pairs }
            }
            NotNow::Unknown => {
                Refused { condition: ErrorCondition::NotFound, pairs: self.pairs(api::NOT_FOUND) }
            }
            NotNow::Conflict | NotNow::TooLate => {
                Refused { condition: ErrorCondition::NotAllowed, pairs: self.pairs(api::WRONG_STATE) }
            }
            NotNow::Refused(code) => {
                Refused { condition: condition::of_refused(code), pairs: self.pairs(code) }
            }
        }
    }

    /// A refusal as an answer of the category that was asked.
    pub(super) fn refusal(&self, header: &Header, document: &Value, refused: &Refused) -> Answer {
        let name = format!("{}Request", header.category.word());
        let asked = document.get(message::REQUEST).and_then(|root| root.get(name)).unwrap_or(&Value::Null);
        let now = self.now();
        let response = Response::failure(refused.condition, &refused.pairs);
        let around = Around { asked, now: &now };
        // These categories have an answer in the schema.
        unlisted::answer(header, &response, &around).unwrap_or(Answer::Other("Response", Value::Null))
    }
}

/// A payment or a giving back in the words of its request.
pub(super) fn tell(request: &Request, attempt: &Attempt, told: &Told) -> Answer {
    match &request.body {
        Body::Payment(payment) => {
            Answer::Payment(Box::new(told::payment(attempt, payment.sale_data.clone(), told)))
        }
        _ => Answer::Reversal(Box::new(told::reversal(attempt, told))),
    }
}

/// What runs, and since when (R-076, R-077; rule 8).
pub(super) fn busy_pairs(busy: &BusyWith, pairs: &Pairs) -> Pairs {
    let since = busy.since_us.map(told::instant).unwrap_or_default();
    let running = busy.payment.map(|id| id.to_string()).unwrap_or_default();
    let money = Pairs::new().with("money", MoneyTaken::No.word());
    ["code", "message", "what", "next"]
        .into_iter()
        .filter_map(|key| pairs.get(key).map(|value| (key, value.to_owned())))
        .fold(money, |all, (key, value)| all.with(key, value))
        .with("busy_with", busy.what)
        .with("busy_since", since)
        .with("busy_payment", running)
}

fn origin(wish: &Wish, sale: Option<&SaleData>) -> Origin {
    Origin::Register {
        sale_id: wish.request.header.sale_id.clone(),
        service_id: wish.service_id.clone(),
        transaction: sale.map(|sale| sale.sale_transaction_id.transaction_id.clone()).unwrap_or_default(),
    }
}

/// The request of a remembered message.
pub(super) fn asked(remembered: &Remembered) -> Option<Request> {
    let document: Value = serde_json::from_str(&remembered.asked).ok()?;
    message::read_request(&document).ok()
}

/// A stored answer, as it was given.
pub(super) fn stored(text: &str) -> Option<Answer> {
    let document: Value = serde_json::from_str(text).ok()?;
    let root = document.get(message::RESPONSE)?;
    ["PaymentResponse", "ReversalResponse", "PrintResponse"]
        .into_iter()
        .find_map(|name| root.get(name).map(|body| Answer::Other(name, body.clone())))
}

fn before_header(header: &Header, before: &Remembered) -> Header {
    Header { sale_id: before.sale_id.clone(), ..header.clone() }
}
