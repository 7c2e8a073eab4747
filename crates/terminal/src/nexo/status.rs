//! What became of a message (`TransactionStatus`, R-078), and stopping one (`Abort`).

use super::Registers;
use super::condition;
use super::memory::Remembered;
use super::once::{asked, busy_pairs, stored, tell};
use super::told;
use ::nexo::header::Header;
use ::nexo::message::{self, Request};
use ::nexo::pairs::Pairs;
use ::nexo::request::{Abort, Body, MessageReference, TransactionStatus};
use ::nexo::response::{
    Answer, ErrorCondition, PaymentAnswer, Repeated, RepeatedBody, Response, ReversalAnswer, StatusAnswer,
};
use codes::{MoneyTaken, api};
use std::sync::Arc;

impl Registers {
    /// The last message when none is named.
    async fn named(&self, header: &Header, reference: Option<&MessageReference>) -> Option<Remembered> {
        let journal = &self.shared().journal;
        let sale_id =
            reference.and_then(|named| named.sale_id.clone()).unwrap_or_else(|| header.sale_id.clone());
        let service_id =
            reference.and_then(|named| named.service_id.clone().or_else(|| named.device_id.clone()));
        let found = match service_id {
            Some(service_id) => journal.remembered(sale_id, service_id).await,
            None => journal.last_remembered(sale_id).await,
        };
        found.inspect_err(|error| tracing::error!(%error, "the memory could not be read")).ok().flatten()
    }

    /// `TransactionStatus`: the whole answer again, or that it still runs, or that nobody knows of it.
    pub(super) async fn status(self: &Arc<Self>, header: &Header, wanted: &TransactionStatus) -> Answer {
        let found = self.named(header, wanted.message_reference.as_ref()).await;
        let Some((found, request)) = found.and_then(|found| asked(&found).map(|request| (found, request)))
        else {
            let pairs = condition::pairs_of(self.handle.lang(), api::NOT_FOUND, MoneyTaken::No);
            return status(
                Response::failure(ErrorCondition::NotFound, &pairs),
                wanted.message_reference.clone(),
                None,
            );
        };
        let reference = MessageReference {
            message_category: Some(request.header.category),
            service_id: Some(found.service_id.clone()),
            device_id: None,
            sale_id: Some(found.sale_id.clone()),
            poi_id: Some(self.poi_id()),
        };
        if let Some(body) = self.repeated(&found, &request, wanted).await {
            let repeated =
                Repeated { message_header: request.header.answer(), repeated_response_message_body: body };
            return status(Response::success(&Pairs::new()), Some(reference), Some(repeated));
        }
        let pairs = Pairs::new()
            .with("money", MoneyTaken::Unknown.word())
            .with("asked_at", told::instant(found.at_us));
        let pairs = match self.handle.busy() {
            Some(busy) => running(&busy_pairs(&busy, &Pairs::new()), pairs),
            None => pairs,
        };
        status(Response::failure(ErrorCondition::InProgress, &pairs), Some(reference), None)
    }

    /// The answer again; nothing while it runs.
    async fn repeated(
        &self,
        found: &Remembered,
        request: &Request,
        wanted: &TransactionStatus,
    ) -> Option<RepeatedBody> {
        let answer = match (found.answer.as_deref().and_then(stored), found.payment) {
            (Some(answer), _) => answer,
            (None, Some(id)) => match self.handle.attempt(id).await {
                Ok(Some(attempt)) if told::is_told(&attempt) => {
                    let base = self.told(&request.header, &found.service_id).await;
                    let again = wanted.receipt_reprint_flag == Some(true);
                    let told = told::Told { again, which: wanted.document_qualifier.clone(), ..base };
                    tell(request, &attempt, &told)
                }
                Ok(None) if !self.is_worked_on(id) => {
                    let document = message::write_request(request);
                    self.refusal(&request.header, &document, &self.never_begun())
                }
                Ok(_) | Err(_) => return None,
            },
            (None, None) => return None,
        };
        let document = message::write_answer(&request.header, &answer);
        let mut body = RepeatedBody::default();
        match request.body {
            Body::Payment(_) => {
                body.payment_response =
                    message::read_answer::<PaymentAnswer>(&document).ok().map(|(_, answer)| answer);
            }
            Body::Reversal(_) => {
                body.reversal_response =
                    message::read_answer::<ReversalAnswer>(&document).ok().map(|(_, answer)| answer);
            }
            _ => {}
        }
        Some(body)
    }

    /// `Abort`: written down, then carried out if no card was read yet. Nothing is answered: the payment
    /// itself says how it ended.
    pub(super) async fn abort(&self, header: &Header, wanted: &Abort) {
        let reference = &wanted.message_reference;
        let sale_id = reference.sale_id.clone().unwrap_or_else(|| header.sale_id.clone());
        // Only the register that asked may stop it.
        if sale_id != header.sale_id {
            return;
        }
        let Some(service_id) = reference.service_id.clone().or_else(|| reference.device_id.clone()) else {
            return;
        };
        match self.shared().journal.note_abort(sale_id, service_id).await {
            Ok(Some(Remembered { payment: Some(id), .. })) => {
                if let Err(why) = self.handle.cancel(id).await {
                    tracing::info!(payment.id = %id, ?why, "a register's abort came too late or too early");
                }
            }
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "a register's abort could not be written down"),
        }
    }
}

/// What runs and since when, added to other pairs.
pub(super) fn running(busy: &Pairs, pairs: Pairs) -> Pairs {
    ["busy_with", "busy_since", "busy_payment"]
        .into_iter()
        .filter_map(|key| busy.get(key).map(|value| (key, value.to_owned())))
        .fold(pairs, |all, (key, value)| all.with(key, value))
}

fn status(response: Response, reference: Option<MessageReference>, repeated: Option<Repeated>) -> Answer {
    Answer::TransactionStatus(Box::new(StatusAnswer {
        response,
        message_reference: reference,
        repeated_message_response: repeated,
    }))
}
