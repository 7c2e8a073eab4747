//! The money step of giving back in a task of its own, what is said again, recovery and the sweep.

use super::path::{self, Applied, Begun, Giver, Wanted};
use super::{Refund, rows, view};
use crate::limits;
use crate::networks::card_iso8583::{Answered, Told, acknowledges, at_rest, stan_of};
use crate::networks::card_refund::{ReadAgain, read_refund_answer};
use crate::networks::line::NoAnswer;
use crate::row::{Payment, Wire, WireKind};
use crate::service::Acquiring;
use crate::step::{Advice, Happening};
use center_api::RefundView;
use center_base::outbox::{self, Again, Consumer, Event, Outcome};
use center_base::{Base, Refusal, SignedBy};
use codes::pay;
use futures_util::future::BoxFuture;
use iso8583::{Message, Spec};
use payment::{Method, PaymentId, StateName};
use std::sync::Arc;
use std::time::Duration;

/// What a network said about a refund, and what rests of the exchange.
pub(crate) struct Heard {
    pub(crate) happening: Happening,
    pub(crate) who: &'static str,
    pub(crate) wire: Option<Wire>,
    pub(crate) center_txn_id: Option<String>,
}

impl Acquiring {
    /// Gives back: once, however often it is asked.
    pub async fn give_back(&self, giver: Giver, wanted: Wanted) -> Result<RefundView, Refusal> {
        let this = self.clone();
        let step = tokio::spawn(async move { this.give(giver, wanted).await });
        step.await.map_err(|error| Refusal::internal(format!("the money step ended: {error}")))?
    }

    async fn give(self, giver: Giver, wanted: Wanted) -> Result<RefundView, Refusal> {
        let (tenant, of, asker) = (self.base.tenant, wanted.payment, giver.clone());
        let payment = self.base.read(move |tx| asker.visible(tx, tenant, of)).await?;
        let place = self.places.at(&payment.company, &payment.shop, &payment.terminal).await?;
        let card = wanted.card.as_ref().map(|card| card.read.clone());
        let (unit_place, given) = (Arc::clone(&place), self.given()?);
        let begun =
            self.base.write(move |tx| path::begin(tx, &giver, &unit_place.policy, &wanted, &given)).await?;
        let (refund, payment) = match begun {
            Begun::Standing(refund, payment) => {
                return Ok(view::refund_view(&refund, &payment, &place.merchant, &self.base.public_url));
            }
            Begun::Ask(refund, payment) => (refund, payment),
        };
        let limit = Duration::from_secs(u64::try_from(place.policy.timers.center_s).unwrap_or(0));
        let heard = match refund.method {
            Method::Card => self.ask_card(&refund, &payment, card.as_ref(), limit).await,
            Method::Code => self.ask_code_refund(&refund, &payment, limit).await,
        };
        let applied = self.settle_refund(refund.id, heard).await?;
        metrics::counter!("choba_refunds_total", "state" => applied.refund.standing.state.name().word())
            .increment(1);
        Ok(view::refund_view(&applied.refund, &applied.payment, &place.merchant, &self.base.public_url))
    }

    /// The 0400 or 0200.
    async fn ask_card(
        &self,
        refund: &Refund,
        payment: &Payment,
        card: Option<&ReadAgain>,
        limit: Duration,
    ) -> Heard {
        let message = match refund.give_back(payment).request(card, refund.sent_at_us) {
            Ok(message) => message,
            Err(error) => {
                tracing::error!(refund.id = %refund.id, %error, "a refund could not be written");
                return nothing_sent();
            }
        };
        let answer = self.line.ask(&message, limit).await;
        let answered_us = self.base.clock.now_us();
        let wire =
            exchange(WireKind::Request, (refund.sent_at_us, 1), &message, answer.as_ref().ok(), answered_us);
        let (happening, who) = match &answer {
            Ok(answer) => (refund_happening(read_refund_answer(&message, answer)), "network card"),
            // Nobody was asked, so nothing was given back.
            Err(NoAnswer::NotSent(_)) => (Happening::Failed(pay::REFUND_NOT_SENT), "center"),
            Err(NoAnswer::Lost(_) | NoAnswer::TimedOut) => (Happening::Lost(pay::REFUND_UNKNOWN), "center"),
        };
        Heard { happening, who, wire: Some(wire), center_txn_id: None }
    }

    /// Unit 2. What cannot be committed stays sent, and the sweep ends it as a doubt.
    async fn settle_refund(&self, id: PaymentId, heard: Heard) -> Result<Applied, Refusal> {
        let applied = self
            .base
            .write_outcome(id, move |tx, _| {
                let (wire, number) = (heard.wire.as_ref(), heard.center_txn_id.as_deref());
                path::apply(tx, id, heard.happening.clone(), heard.who, wire, number)
            })
            .await?;
        if applied.advised {
            self.base.wake_outbox();
        }
        Ok(applied)
    }

    /// A refund that the giver may see.
    pub(crate) async fn refund_of(&self, giver: Giver, id: PaymentId) -> Result<RefundView, Refusal> {
        let tenant = self.base.tenant;
        let (refund, payment) = self
            .base
            .read(move |tx| {
                let refund =
                    rows::load(tx, tenant, id)?.ok_or_else(|| Refusal::from(codes::api::NOT_FOUND))?;
                let payment = giver.visible(tx, tenant, refund.payment)?;
                Ok((refund, payment))
            })
            .await?;
        self.view_of_refund(&refund, &payment).await
    }

    async fn view_of_refund(&self, refund: &Refund, payment: &Payment) -> Result<RefundView, Refusal> {
        let place = self.places.at(&payment.company, &payment.shop, &payment.terminal).await?;
        Ok(view::refund_view(refund, payment, &place.merchant, &self.base.public_url))
    }

    /// The terminal undoes a refund whatever it is.
    pub(crate) async fn reverse_refund(
        &self,
        by: SignedBy,
        id: PaymentId,
        asked: center_api::RefundReversal,
    ) -> Result<RefundView, Refusal> {
        let instance = self.base.instance.to_string();
        let applied = self.base.write(move |tx| path::reverse(tx, &by, id, &asked, &instance)).await?;
        if applied.advised {
            self.base.wake_outbox();
        }
        self.view_of_refund(&applied.refund, &applied.payment).await
    }

    /// Refunds that a process asked for and left open are in doubt, once it is gone.
    pub(crate) async fn settle_refund_orphans(
        &self,
        is_gone: impl Fn(&Base, &str) -> bool,
    ) -> Result<usize, Refusal> {
        let tenant = self.base.tenant;
        let orphans = self.base.read(move |tx| Ok(rows::orphans(tx, tenant)?)).await?;
        let mut settled = 0;
        for (id, _) in orphans.into_iter().filter(|(_, instance)| is_gone(&self.base, instance)) {
            self.orphaned_refund(id).await?;
            settled += 1;
        }
        Ok(settled)
    }

    /// Refunds that are older than any time-out.
    pub(crate) async fn sweep_refunds(&self) -> Result<usize, Refusal> {
        let (tenant, now_us) = (self.base.tenant, self.base.clock.now_us());
        let due =
            self.base.read(move |tx| Ok(rows::overdue(tx, tenant, now_us, limits::SWEEP_ROWS)?)).await?;
        for id in &due {
            self.orphaned_refund(*id).await?;
        }
        Ok(due.len())
    }

    async fn orphaned_refund(&self, id: PaymentId) -> Result<(), Refusal> {
        let applied = self
            .base
            .write(move |tx| {
                let tenant = tx.tenant();
                let open = rows::load(tx, tenant, id)?
                    .is_some_and(|refund| refund.standing.state.name() == StateName::Sent);
                if !open {
                    return Ok(None);
                }
                path::apply(tx, id, Happening::Orphaned, "center", None, None).map(Some)
            })
            .await?;
        if applied.is_some_and(|applied| applied.advised) {
            self.base.wake_outbox();
        }
        Ok(())
    }

    /// Says or asks again what is open about a refund. `Err`: again later.
    async fn advise_refund(&self, event: &Event, id: PaymentId, advice: Advice) -> Outcome {
        let tenant = self.base.tenant;
        let loaded = self
            .base
            .read(move |tx| {
                let Some(refund) = rows::load(tx, tenant, id)? else { return Ok(None) };
                let payment = crate::row::load(tx, tenant, refund.payment)?;
                Ok(payment.map(|payment| (refund, payment)))
            })
            .await;
        let (refund, payment) =
            loaded.map_err(|refusal: Refusal| refusal.to_string())?.ok_or("the refund is not there")?;
        if refund.standing.advice != Some(advice) {
            return Ok(());
        }
        let (heard, said) = match refund.method {
            Method::Card => self.say_again(event, &refund, &payment, advice).await?,
            Method::Code => {
                let (heard, said) = self.ask_code_refund_again(event, &refund, &payment).await;
                (Some(heard), said)
            }
        };
        let event = event.clone();
        let written = self
            .base
            .write(move |tx| {
                let Some(heard) = &heard else { return Ok(()) };
                if matches!(heard.happening, Happening::Lost(_)) {
                    return match &heard.wire {
                        Some(wire) => Ok(crate::row::put_wire(tx, id, wire)?),
                        None => Ok(()),
                    };
                }
                if !outbox::finish(tx, &event)? {
                    return Ok(());
                }
                let (wire, number) = (heard.wire.as_ref(), heard.center_txn_id.as_deref());
                path::apply(tx, id, heard.happening.clone(), heard.who, wire, number).map(drop)
            })
            .await;
        written.map_err(|refusal| refusal.to_string())?;
        said
    }

    /// 0401 of a void, 0420 of a return.
    async fn say_again(
        &self,
        event: &Event,
        refund: &Refund,
        payment: &Payment,
        advice: Advice,
    ) -> Result<(Option<Heard>, Outcome), String> {
        let (asked_us, give_back) = (self.base.clock.now_us(), refund.give_back(payment));
        let told = Told { what: advice, stan: stan_of(event.seq), repeated: event.tries > 1, approval: None };
        let (kind, message) = match advice {
            Advice::Inquiry => (WireKind::Inquiry, give_back.again(asked_us)),
            Advice::Reversal(_) | Advice::Completion => {
                (WireKind::Reversal, give_back.reversal(&told, asked_us))
            }
        };
        let message = message.map_err(|error| error.to_string())?;
        let answer = self.line.tell(&message).await;
        let answered_us = self.base.clock.now_us();
        let wire = exchange(kind, (asked_us, event.tries), &message, answer.as_ref().ok(), answered_us);
        let unclear = Happening::Lost(pay::REFUND_UNKNOWN);
        let (happening, said) = match &answer {
            Ok(answer) if advice == Advice::Inquiry => match read_refund_answer(&message, answer) {
                Answered::Approved(approval) => (Happening::Found(approval), Ok(())),
                Answered::Declined(code) => (Happening::FoundRefusal(code), Ok(())),
                // Not available now says nothing about the first asking.
                Answered::Failed(_) | Answered::Unclear(_) => (unclear, Err(refused(answer))),
            },
            Ok(answer) if acknowledges(answer) => (Happening::Acknowledged(advice), Ok(())),
            Ok(answer) => (unclear, Err(refused(answer))),
            Err(no_answer) => (unclear, Err(no_answer.to_string().into())),
        };
        Ok((Some(Heard { happening, who: "network card", wire: Some(wire), center_txn_id: None }), said))
    }
}

/// Why an advice that was answered, and not acknowledged, is sent again.
pub(crate) fn refused(answer: &Message) -> Again {
    let why = format!("the network answered {}", answer.text(39).unwrap_or("nothing"));
    Again::from(why).answered()
}

fn nothing_sent() -> Heard {
    let happening = Happening::Failed(pay::REFUND_NOT_SENT);
    Heard { happening, who: "center", wire: None, center_txn_id: None }
}

fn refund_happening(answered: Answered) -> Happening {
    match answered {
        Answered::Approved(approval) => Happening::Approved(approval),
        Answered::Declined(code) => Happening::Declined(code),
        Answered::Failed(code) => Happening::Failed(code),
        Answered::Unclear(code) => Happening::Lost(code),
    }
}

fn exchange(
    kind: WireKind,
    (asked_us, tries): (i64, i64),
    request: &Message,
    answer: Option<&Message>,
    answered_us: i64,
) -> Wire {
    Wire {
        kind,
        asked_us,
        answered_us: answer.map(|_| answered_us),
        tries,
        request: at_rest(request).encode(&Spec::BINARY).unwrap_or_default(),
        answer: answer.and_then(|answer| answer.encode(&Spec::BINARY).ok()),
    }
}

/// What is open about refunds, from the outbox to the network.
#[derive(Clone)]
pub struct Refunds(pub Acquiring);

impl Consumer for Refunds {
    fn topic(&self) -> &'static str {
        path::ADVICE_TOPIC
    }

    fn revivals(&self) -> u64 {
        self.0.revivals()
    }

    fn consume<'a>(&'a self, event: &'a Event) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let (id, advice) = crate::path::read_advice_key(&event.key).ok_or("not an advice")?;
            self.0.advise_refund(event, id, advice).await
        })
    }
}
