//! The slice's working parts: the money step in a task of its own, the advices, recovery and the sweep.
//!
//! A client that goes away cancels nothing: every money step runs to its second commit in a spawned task.

use crate::ask::Ask;
use crate::limits;
use crate::networks::card_iso8583::{self, Told as Telling, acknowledges, at_rest, read_answer, stan_of};
use crate::networks::code_http::CodeNetwork;
use crate::networks::line::Line;
use crate::path::{self, Applied, Begun, Given, Told};
use crate::place::Place;
use crate::refund;
use crate::row::{self, Payment, Wire, WireKind};
use crate::step::{Advice, Happening, Times};
use crate::view::{self, Beside};
use center_api::{HostAnswer, PaymentView};
use center_base::outbox::{self, Consumer, Event, Outcome};
use center_base::{Base, Refusal, Scope, SignedBy};
use codes::pay;
use futures_util::future::BoxFuture;
use iso8583::{Message, Spec};
use payment::{PaymentId, StateName};
use std::sync::Arc;
use std::time::Duration;
use store::Space;
use tokio::sync::watch;

/// The slice. Clones share everything.
#[derive(Clone)]
pub struct Acquiring {
    pub(crate) base: Base,
    pub(crate) line: Line,
    pub(crate) codes: Option<CodeNetwork>,
    pub(crate) places: crate::places::Places,
    pub(crate) space: Space,
}

/// What became of a question to the network.
struct Asked {
    happening: Happening,
    who: &'static str,
    host: Option<HostAnswer>,
    wire: Wire,
}

impl Acquiring {
    /// The slice on its network.
    pub fn new(base: &Base, line: Line, places: crate::places::Places) -> Self {
        Self { base: base.clone(), line, codes: None, places, space: Space::unseen() }
    }

    /// The same, with code brands.
    pub fn with_codes(mut self, codes: CodeNetwork) -> Self {
        self.codes = Some(codes);
        self
    }

    /// The same, with a look at the room that its books have.
    pub fn within(mut self, space: Space) -> Self {
        self.space = space;
        self
    }

    /// The line, for readiness and metrics.
    pub fn line(&self) -> &Line {
        &self.line
    }

    /// Takes a payment: once, however often it is asked.
    pub async fn pay(&self, by: SignedBy, ask: Ask) -> Result<PaymentView, Refusal> {
        let place = self.places.of(&by).await?;
        let this = self.clone();
        let step = tokio::spawn(async move { this.take(by, place, ask).await });
        step.await.map_err(|error| Refusal::internal(format!("the money step ended: {error}")))?
    }

    async fn take(self, by: SignedBy, place: Arc<Place>, ask: Ask) -> Result<PaymentView, Refusal> {
        let given = self.given()?;
        let presented = ask.presented(&place.mcc);
        let unit = (by, Arc::clone(&place));
        let begun = self.base.write(move |tx| path::begin(tx, &unit.0, &unit.1, &ask, &given)).await?;
        let payment = match begun {
            Begun::Standing(payment) => return self.view_of(payment, &place).await,
            Begun::Ask(payment) => payment,
        };
        let limit = Duration::from_secs(u64::try_from(place.policy.timers.center_s).unwrap_or(0));
        let asked = self.ask_network(&payment, &presented, limit).await;
        drop(presented);
        let host = asked.host.clone();
        let applied = self.settle(payment, asked, place.times()).await?;
        metrics::counter!("choba_payments_total", "state" => applied.payment.standing.state.name().word())
            .increment(1);
        let beside = Beside { host, ..Beside::default() };
        Ok(self.view_with(&applied.payment, &place, beside))
    }

    pub(crate) fn given(&self) -> Result<Given, Refusal> {
        Ok(Given {
            receipt_secret: center_base::random()?,
            instance: self.base.instance.to_string(),
            no_room: self.space.is_short(),
        })
    }

    /// The 0100 or 0200, at most once. From here on only what the network says counts.
    async fn ask_network(&self, payment: &Payment, card: &card_iso8583::Presented, limit: Duration) -> Asked {
        let wire = |request: &Message, answer: Option<&Message>, answered_us| Wire {
            kind: WireKind::Request,
            asked_us: payment.sent_at_us,
            answered_us,
            tries: 1,
            request: at_rest(request).encode(&Spec::BINARY).unwrap_or_default(),
            answer: answer.and_then(|answer| at_rest(answer).encode(&Spec::BINARY).ok()),
        };
        let request = match payment.subject().request(card) {
            Ok(request) => request,
            Err(error) => {
                tracing::error!(payment.id = %payment.id, %error, "a request could not be written");
                let empty = Message::new(iso8583::Mti::FINANCIAL_REQUEST);
                let happening = Happening::Failed(pay::CENTER_BUSY);
                return Asked { happening, who: "center", host: None, wire: wire(&empty, None, None) };
            }
        };
        match self.line.ask(&request, limit).await {
            Ok(answer) => {
                let happening = Happening::from(read_answer(&request, &answer));
                let host = Some(view::host_of(&answer));
                let answered_us = Some(self.base.clock.now_us());
                Asked {
                    happening,
                    who: "network card",
                    host,
                    wire: wire(&request, Some(&answer), answered_us),
                }
            }
            Err(no_answer) => {
                let happening = Happening::from(&no_answer);
                tracing::warn!(payment.id = %payment.id, %no_answer, "the network did not answer");
                Asked { happening, who: "center", host: None, wire: wire(&request, None, None) }
            }
        }
    }

    /// Unit 2: outcome, ledger, outbox, timeline. What cannot be committed stays sent and is reversed by the
    /// sweep.
    async fn settle(&self, payment: Payment, asked: Asked, times: Times) -> Result<Applied, Refusal> {
        let id = payment.id;
        let applied = self
            .base
            .write_outcome(id, move |tx, tries| {
                let tenant = tx.tenant();
                let payment = row::current(tx, tenant, &payment)?.ok_or_else(|| gone(id))?;
                if tries > 0 && payment.standing.state.name() != StateName::Sent {
                    // The commit whose answer was lost had happened.
                    return Ok(Applied { payment, advised: true });
                }
                let told = Told { who: asked.who, times };
                path::apply(tx, &payment, asked.happening.clone(), &told, Some(&asked.wire))
            })
            .await?;
        #[cfg(feature = "planted")]
        if store::planted("split-commit") && applied.payment.standing.state.name() == StateName::Approved {
            let payment = applied.payment.clone();
            self.base.write(move |tx| path::post_later(tx, &payment)).await?;
        }
        self.wake(&applied);
        Ok(applied)
    }

    fn wake(&self, applied: &Applied) {
        if applied.advised {
            self.base.wake_outbox();
        }
    }

    /// The view of a stored payment, with what the issuer sent for the chip.
    pub(crate) async fn view_of(&self, payment: Payment, place: &Place) -> Result<PaymentView, Refusal> {
        let (tenant, id) = (self.base.tenant, payment.id);
        let (wires, signature, refunds) = self
            .base
            .read(move |tx| {
                let refunds = refund::of_payment(tx, tenant, id)?;
                Ok((row::wires(tx, tenant, id)?, row::signature(tx, tenant, id)?, refunds))
            })
            .await?;
        let host = view::host_answer(&wires);
        Ok(self.view_with(&payment, place, Beside { host, signature, refunds }))
    }

    pub(crate) fn view_with(&self, payment: &Payment, place: &Place, beside: Beside) -> PaymentView {
        let today = self.base.clock.today().to_string();
        view::payment_view(payment, place, &self.base.public_url, beside, &today)
    }

    /// What the slip of a stored payment says, with the place it was taken at.
    pub async fn slip_of(
        &self,
        payment: &Payment,
    ) -> Result<(Arc<Place>, Option<receipt::SlipFacts>), Refusal> {
        let (tenant, id) = (self.base.tenant, payment.id);
        let place = self.places.at(&payment.company, &payment.shop, &payment.terminal).await?;
        let signature = self.base.read(move |tx| Ok(row::signature(tx, tenant, id)?)).await?;
        let facts = view::slip_facts(payment, &place.merchant, &self.base.public_url, signature);
        Ok((place, facts))
    }

    /// A person gives an authorization back in the console (U-086).
    pub(crate) async fn release_by_person(
        &self,
        who: String,
        scope: Scope,
        id: PaymentId,
    ) -> Result<Payment, Refusal> {
        self.happen(move |tx| {
            let (tenant, now_us) = (tx.tenant(), tx.now_us());
            let before = crate::console::visible(tx, tenant, &scope, id)?
                .ok_or_else(|| Refusal::from(codes::api::NOT_FOUND))?;
            path::releasable(&before, now_us)?;
            path::apply(tx, &before, Happening::GivenBack, &Told { who: &who, times: NO_TIMES }, None)
        })
        .await
    }

    /// One thing that happens to a stored payment by a terminal's or person's will.
    pub(crate) async fn happen<F>(&self, unit: F) -> Result<Payment, Refusal>
    where
        F: FnMut(&mut store::Tx<'_>) -> Result<Applied, Refusal> + Send + 'static,
    {
        let applied = self.base.write(unit).await?;
        self.wake(&applied);
        Ok(applied.payment)
    }

    /// At start-up, before anything is asked: what this machine's last process had asked and not settled
    /// is in doubt now.
    pub async fn recover(&self) -> Result<usize, Refusal> {
        let own = self.base.instance.clone();
        self.settle_orphans(move |base, instance| *instance == *own || base.is_gone(instance)).await
    }

    /// While it runs: the same for a center that fell silent.
    pub async fn take_over(&self) -> Result<usize, Refusal> {
        self.settle_orphans(Base::is_gone).await
    }

    async fn settle_orphans(&self, is_gone: impl Fn(&Base, &str) -> bool) -> Result<usize, Refusal> {
        let tenant = self.base.tenant;
        let orphans = self.base.read(move |tx| Ok(row::orphans(tx, tenant)?)).await?;
        let mut settled = 0;
        // Others may still wait for their answers.
        for (id, _) in orphans.into_iter().filter(|(_, instance)| is_gone(&self.base, instance)) {
            self.orphaned(id).await?;
            settled += 1;
        }
        Ok(settled + self.settle_refund_orphans(is_gone).await?)
    }

    /// Settles what is overdue: requests older than any time-out, authorizations not completed.
    pub async fn sweep(&self) -> Result<usize, Refusal> {
        let (tenant, now_us) = (self.base.tenant, self.base.clock.now_us());
        let due = self.base.read(move |tx| Ok(row::overdue(tx, tenant, now_us, limits::SWEEP_ROWS)?)).await?;
        for id in &due {
            self.orphaned(*id).await?;
        }
        Ok(due.len().saturating_add(self.sweep_refunds().await?))
    }

    async fn orphaned(&self, id: PaymentId) -> Result<(), Refusal> {
        #[cfg(feature = "planted")]
        if store::planted("forget-doubt") {
            return Ok(());
        }
        self.happen(move |tx| {
            let (tenant, now_us) = (tx.tenant(), tx.now_us());
            let payment = row::load(tx, tenant, id)?.ok_or_else(|| gone(id))?;
            let Some(happening) = payment.standing.found_open(now_us) else {
                return Ok(Applied { payment, advised: false });
            };
            path::apply(tx, &payment, happening, &Told { who: "center", times: NO_TIMES }, None)
        })
        .await
        .map(|_| ())
    }

    /// Sweeps, takes over, and wakes the advices, until the process ends.
    pub async fn run(&self) {
        let sweeping = async {
            loop {
                // What a center that fell silent had asked is settled with what is overdue.
                if let Err(refusal) = self.sweep().await.and(self.take_over().await) {
                    tracing::warn!(error = %refusal, "what is overdue could not be looked at");
                }
                self.base.clock.sleep(limits::SWEEP_EVERY).await;
            }
        };
        tokio::join!(sweeping, self.hasten());
    }

    /// Wakes the advices whenever a network is there again, so that none waits out its pause (R4).
    async fn hasten(&self) {
        let cards = self.hasten_at(self.line.revivals());
        let Some(codes) = &self.codes else { return cards.await };
        tokio::join!(cards, self.hasten_at(codes.revivals()), codes.listen());
    }

    /// How often a network was there again. An advice that failed while this grew is repeated at once.
    pub(crate) fn revivals(&self) -> u64 {
        let codes = self.codes.as_ref().map_or(0, |codes| *codes.revivals().borrow());
        self.line.revivals().borrow().wrapping_add(codes)
    }

    pub(crate) async fn hasten_at(&self, mut revivals: watch::Receiver<u64>) {
        while revivals.changed().await.is_ok() {
            for topic in [path::ADVICE_TOPIC, refund::path::ADVICE_TOPIC] {
                if let Err(refusal) = self.base.hasten_outbox(topic).await {
                    tracing::warn!(topic, error = %refusal, "the advices could not be hastened");
                }
            }
        }
    }

    /// Sends one advice and writes down what the network said. `Err`: again later.
    async fn advise(&self, event: &Event, id: PaymentId, advice: Advice) -> Outcome {
        let tenant = self.base.tenant;
        let loaded = self.base.read(move |tx| Ok(row::load(tx, tenant, id)?)).await;
        let payment = loaded.map_err(|refusal| refusal.to_string())?.ok_or("the payment is not there")?;
        if payment.standing.advice != Some(advice) {
            return Ok(());
        }
        if payment.method == payment::Method::Code {
            return self.advise_code(event, &payment, advice).await;
        }
        let telling = Telling {
            what: advice,
            stan: stan_of(event.seq),
            repeated: event.tries > 1,
            approval: payment.standing.state.approval().and_then(|approval| approval.code.clone()),
        };
        let asked_us = self.base.clock.now_us();
        let message = payment.subject().advice(&telling, asked_us).map_err(|error| error.to_string())?;
        let answer = self.line.tell(&message).await;
        let said = match &answer {
            Ok(answer) if acknowledges(answer) => Ok(()),
            Ok(answer) => Err(refund::service::refused(answer)),
            Err(no_answer) => Err(no_answer.to_string().into()),
        };
        let wire = Wire {
            kind: match advice {
                Advice::Completion => WireKind::Completion,
                Advice::Reversal(_) => WireKind::Reversal,
                Advice::Inquiry => WireKind::Inquiry,
            },
            asked_us,
            answered_us: answer.is_ok().then(|| self.base.clock.now_us()),
            tries: event.tries,
            request: message.encode(&Spec::BINARY).unwrap_or_default(),
            answer: answer.ok().and_then(|answer| answer.encode(&Spec::BINARY).ok()),
        };
        self.write_down(event, id, advice, wire, said.is_ok())
            .await
            .map_err(|refusal| refusal.to_string())?;
        said
    }

    async fn write_down(
        &self,
        event: &Event,
        id: PaymentId,
        advice: Advice,
        wire: Wire,
        acknowledged: bool,
    ) -> Result<(), Refusal> {
        let event = event.clone();
        self.base
            .write(move |tx| {
                if !acknowledged {
                    return Ok(row::put_wire(tx, id, &wire)?);
                }
                if !outbox::finish(tx, &event)? {
                    return Ok(());
                }
                let tenant = tx.tenant();
                let payment = row::load(tx, tenant, id)?.ok_or_else(|| gone(id))?;
                let told = Told { who: "network card", times: NO_TIMES };
                path::apply(tx, &payment, Happening::Acknowledged(advice), &told, Some(&wire)).map(|_| ())
            })
            .await
    }
}

/// Where no hold begins, no time runs.
const NO_TIMES: Times = Times { release_after_us: 0 };

fn gone(id: PaymentId) -> Refusal {
    Refusal::internal(format!("payment {id} is not in its table"))
}

/// Completions and reversals, from the outbox to the network.
#[derive(Clone)]
pub struct Advices(pub Acquiring);

impl Consumer for Advices {
    fn topic(&self) -> &'static str {
        path::ADVICE_TOPIC
    }

    fn revivals(&self) -> u64 {
        self.0.revivals()
    }

    fn consume<'a>(&'a self, event: &'a Event) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let (id, advice) = path::read_advice_key(&event.key).ok_or("not an advice")?;
            self.0.advise(event, id, advice).await
        })
    }
}
