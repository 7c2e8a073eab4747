//! One exchange: bytes in, bytes out. What arrives is opened, read, answered and sealed again.

use super::Registers;
use super::condition;
use ::nexo::container::Keys;
use ::nexo::header::{Category, Header, MessageClass, MessageType};
use ::nexo::message::{self, Envelope, Request, Unread};
use ::nexo::pairs::Pairs;
use ::nexo::request::Body;
use ::nexo::response::{Answer, BareAnswer, ErrorCondition, EventNotification, Response};
use ::nexo::unlisted::{self, Around};
use base64::Engine as _;
use serde_json::Value;
use std::sync::Arc;

/// What goes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// A document.
    Document(String),
    /// Nothing: an `Abort` was heard.
    Empty,
    /// It does not open. One and the same whatever is wrong.
    Crypto,
    /// It came in clear, and must not.
    SealedOnly,
}

/// What an answer is, before it is written.
pub(crate) enum Outcome {
    Answer(Answer),
    Empty,
    /// The standard has no answer of this category: an event says so.
    Reject(&'static str),
}

impl Registers {
    /// Answers one message.
    pub(crate) async fn exchange(self: &Arc<Self>, bytes: &[u8]) -> Reply {
        let envelope = match message::read_envelope(bytes) {
            Ok(envelope) => envelope,
            Err(unread) => return Reply::Document(self.reject(&unread, bytes, None).to_string()),
        };
        let loaded = self.pairing();
        let (document, keys) = match envelope {
            Envelope::Clear(_) if !self.settings.plain => return Reply::SealedOnly,
            Envelope::Clear(document) => (document, None),
            Envelope::Sealed(sealed) => match sealed.open(&loaded.pairing.keys) {
                Ok((document, keys)) => (document, Some(keys)),
                Err(_) => return Reply::Crypto,
            },
        };
        let (header, answer) = match message::read_request(&document) {
            Ok(request) => {
                let header = request.header.clone();
                match self.answer(request, &document).await {
                    Outcome::Answer(answer) => (header.clone(), message::write_answer(&header, &answer)),
                    Outcome::Empty => return Reply::Empty,
                    Outcome::Reject(why) => {
                        let unread = Unread::Message(why.to_owned());
                        (header.clone(), self.reject(&unread, bytes, Some(&header)))
                    }
                }
            }
            Err(unread) => self.unread(&unread, bytes, &document),
        };
        sealed(&header, &answer, keys, (self.shared().chance)())
    }

    /// Answers a message that could not be read: in its category where there is one.
    fn unread(&self, unread: &Unread, bytes: &[u8], document: &Value) -> (Header, Value) {
        if let Unread::Body { header, body, why } = unread {
            let pairs = Pairs::new().with("code", "MessageFormat").with("money", "no").with("message", why);
            let response = Response::failure(ErrorCondition::MessageFormat, &pairs);
            let now = self.now();
            if let Some(answer) = unlisted::answer(header, &response, &Around { asked: body, now: &now }) {
                return (header.as_ref().clone(), message::write_answer(header, &answer));
            }
        }
        let header = header_of(document);
        let event = self.reject(unread, bytes, header.as_ref());
        (header.unwrap_or_else(|| self.nobody()), event)
    }

    fn reject(&self, unread: &Unread, bytes: &[u8], header: Option<&Header>) -> Value {
        let event = EventNotification {
            time_stamp: self.now(),
            event_to_notify: "Reject".to_owned(),
            event_details: Some(unread.to_string()),
            rejected_message: (!bytes.is_empty()).then(|| {
                let most = bytes.len().min(1_024);
                base64::engine::general_purpose::STANDARD.encode(bytes.get(..most).unwrap_or_default())
            }),
        };
        message::write_event(header.unwrap_or(&self.nobody()), &event)
    }

    /// The header of an event about a message that has none.
    fn nobody(&self) -> Header {
        Header {
            protocol_version: Some(::nexo::header::VERSION.to_owned()),
            message_class: MessageClass::Event,
            category: Category::Event,
            message_type: MessageType::Notification,
            service_id: None,
            device_id: None,
            sale_id: "-".to_owned(),
            poi_id: self.poi_id(),
        }
    }

    async fn answer(self: &Arc<Self>, request: Request, document: &Value) -> Outcome {
        let header = &request.header;
        if header.poi_id != self.poi_id() {
            let pairs = Pairs::new()
                .with("code", "POIID")
                .with("money", "no")
                .with("message", format!("This terminal is {}.", self.poi_id()));
            return self.refused(header, document, ErrorCondition::MessageFormat, &pairs);
        }
        match &request.body {
            Body::Login(login) => Outcome::Answer(self.login(header, login).await),
            Body::Logout(_) => Outcome::Answer(self.logout(header).await),
            Body::Diagnosis(asked) => Outcome::Answer(self.diagnosis(asked).await),
            Body::GetTotals(asked) => Outcome::Answer(self.totals(header, asked).await),
            Body::TransactionStatus(asked) => Outcome::Answer(self.status(header, asked).await),
            Body::Abort(asked) => {
                self.abort(header, asked).await;
                Outcome::Empty
            }
            Body::Print(_) | Body::Payment(_) | Body::Reversal(_) => {
                Outcome::Answer(self.once(request, document).await)
            }
            Body::BalanceInquiry(_) => {
                let lang = self.handle.lang();
                let pairs = condition::pairs_of(lang, codes::api::NOT_ALLOWED, codes::MoneyTaken::No);
                let response = Response::failure(ErrorCondition::NotAllowed, &pairs);
                Outcome::Answer(Answer::BalanceInquiry(BareAnswer { response }))
            }
            Body::Unlisted(_) => {
                let pairs = Pairs::new().with("code", "UnavailableService").with("money", "no");
                self.refused(header, document, ErrorCondition::UnavailableService, &pairs)
            }
        }
    }

    /// A refusal in the category that was asked; an event where the schema has no such answer.
    pub(crate) fn refused(
        &self,
        header: &Header,
        document: &Value,
        condition: ErrorCondition,
        pairs: &Pairs,
    ) -> Outcome {
        let asked = document
            .get(message::REQUEST)
            .and_then(|root| root.get(format!("{}Request", header.category.word())))
            .unwrap_or(&Value::Null);
        let now = self.now();
        let response = Response::failure(condition, pairs);
        match unlisted::answer(header, &response, &Around { asked, now: &now }) {
            Some(answer) => Outcome::Answer(answer),
            None => Outcome::Reject("this category is not taken here"),
        }
    }
}

fn header_of(document: &Value) -> Option<Header> {
    let header = document.get(message::REQUEST)?.get("MessageHeader")?;
    serde_json::from_value::<Header>(header.clone()).ok().filter(|header| header.fault().is_none())
}

/// Writes the document, sealed under the key of the request.
fn sealed(header: &Header, document: &Value, keys: Option<&Keys>, nonce: [u8; 16]) -> Reply {
    let Some(keys) = keys else { return Reply::Document(document.to_string()) };
    let root = document.get(message::RESPONSE).or_else(|| document.get(message::REQUEST));
    // Outside stands what stands inside.
    let outer = root
        .and_then(|root| root.get("MessageHeader"))
        .and_then(|outer| serde_json::from_value::<Header>(outer.clone()).ok())
        .unwrap_or_else(|| header.answer());
    match keys.seal(&outer, document, nonce) {
        Ok(sealed) => Reply::Document(sealed.to_string()),
        Err(_) => Reply::Crypto,
    }
}
