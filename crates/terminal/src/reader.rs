//! The card reader's own task: one payment at a time, from arming it to the chip's last word. The
//! screen's task sends orders and hears news; nothing of a card but what is encrypted comes out.

use crate::context::Context;
use crate::event::{Event, ReaderNews};
use crate::screen::CardHint;
use center_api::{CardData, EncryptedPin};
use clock::Clock;
use codes::{Code, pay};
use device::hardware::{CardReader, PinPad};
use device::secure_reader::SecureReader;
use device::{
    CardVerdict, CounterStore, Deal, HostAnswer, ReaderPolicy, Reading, Refusal, Session, TerminalData, Turn,
};
use emv::Scheme;
use emv::bench::Hint;
use money::Yen;
use payment::{Brand, Cvm, EntryMode, MaskedPan, PaymentId};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};

/// How long a card may take for its last word after the host has answered.
const LAST_WORD_WAIT: Duration = Duration::from_secs(15);

/// What the screen's task tells the reader's task.
#[derive(Debug)]
pub(crate) enum Order {
    /// Wait for a card for this payment.
    Arm(Box<Job>),
    /// Stop waiting, if it is still about this payment and the host was not asked.
    Stop(PaymentId),
    /// The host has answered, or will not: the card's last word goes to `reply`.
    Answer(PaymentId, HostAnswer, oneshot::Sender<LastWord>),
}

/// What the card made of the host's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastWord {
    /// It agreed, or was not to be asked.
    Fine,
    /// It refused an approval: what was taken must be undone, for this reason.
    Refused(Code),
}

/// One payment for the reader.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) id: PaymentId,
    pub(crate) amount: Yen,
    pub(crate) sequence: u32,
    pub(crate) language: &'static str,
    pub(crate) policy: ReaderPolicy,
    pub(crate) terminal: TerminalData,
    pub(crate) serial: String,
}

impl Job {
    /// The reader's orders for a payment, from shop policy and contracts.
    pub(crate) fn new(ctx: &Context, id: PaymentId, amount: Yen, slip_no: i64, serial: &str) -> Self {
        let policy = ctx.policy();
        let config = ctx.config.as_ref();
        let contracts = config.map(|config| config.contracts.as_slice()).unwrap_or_default();
        let interfaces = match ctx.interfaces() {
            payment::Interfaces::Two => emv::bench::Interfaces::Two,
            payment::Interfaces::Three => emv::bench::Interfaces::Three,
        };
        let terminal_id = config.map(|config| config.terminal_id.clone()).unwrap_or_default();
        let tail = terminal_id.get(terminal_id.len().saturating_sub(8)..).unwrap_or_default().to_owned();
        Self {
            id,
            amount,
            sequence: u32::try_from(slip_no).unwrap_or(0),
            language: ctx.lang().tag(),
            policy: ReaderPolicy {
                interfaces,
                contactless_cvm_limit: policy.contactless_cvm_limit_yen,
                pin_bypass: policy.pin_bypass,
                magstripe_fallback: policy.magstripe_fallback,
                application_choice: false,
                accepted_brands: contracts.iter().filter_map(|contract| scheme(contract.brand)).collect(),
            },
            terminal: TerminalData {
                terminal_id: tail,
                merchant_id: config
                    .map(|config| {
                        config.shop.id.chars().filter(char::is_ascii_alphanumeric).take(15).collect()
                    })
                    .unwrap_or_default(),
                merchant_name: config.map(|config| config.shop.code.clone()).unwrap_or_default(),
                merchant_category: 5999,
                reader_serial: serial.chars().filter(char::is_ascii_alphanumeric).take(8).collect(),
            },
            serial: serial.to_owned(),
        }
    }
}

/// The scheme of a brand; a code brand has none.
fn scheme(of: Brand) -> Option<Scheme> {
    Scheme::ALL.into_iter().find(|scheme| brand(*scheme) == of)
}

fn brand(scheme: Scheme) -> Brand {
    match scheme {
        Scheme::Visa => Brand::Visa,
        Scheme::Mastercard => Brand::Mastercard,
        Scheme::Jcb => Brand::Jcb,
        Scheme::Amex => Brand::Amex,
        Scheme::Diners => Brand::Diners,
        Scheme::UnionPay => Brand::UnionPay,
    }
}

/// A reading in the words of the wire.
fn card_data(reading: &Reading, serial: &str) -> Option<CardData> {
    let masked = &reading.card.masked;
    Some(CardData {
        entry_mode: match reading.entry_mode {
            device::EntryMode::ContactIc => EntryMode::ContactIc,
            device::EntryMode::Magstripe => EntryMode::Magstripe,
            device::EntryMode::Contactless => EntryMode::Contactless,
        },
        fallback: reading.fallback,
        brand: brand(reading.card.brand),
        pan: MaskedPan::new(&masked.bin6, &masked.last4)?,
        cvm: match reading.cvm {
            device::Cvm::Pin => Cvm::Pin,
            device::Cvm::Signature => Cvm::Signature,
            device::Cvm::NoCvm => Cvm::NoCvm,
            device::Cvm::PinBypassed => Cvm::PinBypassed,
            device::Cvm::Cdcvm => Cvm::DeviceCvm,
        },
        pan_seq: reading.pan_sequence.map(|sequence| format!("{sequence:02}")),
        aid: reading.application.as_ref().map(|application| application.aid.to_string()),
        app_label: reading.application.as_ref().map(|application| application.label.clone()),
        atc: reading.atc_hex(),
        emv: hex::encode(&reading.emv_data),
        ksn: hex::encode(&reading.card.ksn),
        ciphertext: hex::encode(&reading.card.ciphertext),
        fingerprint: hex::encode(reading.card.fingerprint),
        pin: reading
            .pin
            .as_ref()
            .map(|pin| EncryptedPin { ksn: hex::encode(&pin.ksn), block: hex::encode(&pin.block) }),
        reader_serial: serial.to_owned(),
    })
}

/// What the reader shows, as far as the terminal's screen shows it too.
fn news(hint: Hint, attempt: u8) -> Option<ReaderNews> {
    Some(match hint {
        Hint::Present => ReaderNews::Armed,
        Hint::Reading => ReaderNews::Reading,
        Hint::EnterPin => ReaderNews::PinAsked { attempt: 1, needed: false },
        Hint::WrongPin => ReaderNews::PinAsked { attempt: attempt.saturating_add(1), needed: false },
        Hint::PinNeeded => ReaderNews::PinAsked { attempt, needed: true },
        Hint::SwipeInstead => ReaderNews::Hint(CardHint::SwipeInstead),
        Hint::SwipeAgain => ReaderNews::Hint(CardHint::SwipeAgain),
        Hint::TapNotOffered => ReaderNews::Hint(CardHint::TapNotOffered),
        Hint::Asking | Hint::RemoveCard | Hint::Approved | Hint::Refused => return None,
    })
}

/// The payment code of a refusal at the reader (inventory 1.1.9).
fn code_of(refusal: Refusal) -> Code {
    match refusal {
        Refusal::ByCard | Refusal::Blocked => pay::CARD_REFUSED,
        Refusal::MustInsert => pay::SWIPE_NOT_ALLOWED,
        Refusal::ChipUnusable => pay::CHIP_NOT_ALLOWED,
        Refusal::TapNotAllowed => pay::TAP_NOT_ALLOWED,
        Refusal::TapFailed => pay::TAP_FAILED,
        Refusal::BrandNotAccepted => pay::BRAND_NOT_ACCEPTED,
        Refusal::BadStripe => pay::BAD_STRIPE,
        Refusal::Removed => pay::CARD_REMOVED,
    }
}

fn last_word(verdict: &CardVerdict) -> LastWord {
    match verdict {
        CardVerdict::NotHonoured(device::verdict::Dissent::CardRemoved, _) => {
            LastWord::Refused(pay::CARD_REMOVED)
        }
        CardVerdict::NotHonoured(_, _) => LastWord::Refused(pay::CRYPTOGRAM_REFUSED),
        CardVerdict::Approved(_)
        | CardVerdict::Declined(_)
        | CardVerdict::Unanswered(_)
        | CardVerdict::Refused(_)
        | CardVerdict::Cancelled => LastWord::Fine,
    }
}

/// The reader's task: lives as long as the orders come.
pub(crate) async fn serve<H, S>(
    mut hardware: H,
    mut secure: SecureReader<S>,
    digits: watch::Receiver<u8>,
    mut orders: mpsc::Receiver<Order>,
    events: mpsc::Sender<Event>,
    clock: Clock,
) where
    H: CardReader + PinPad,
    S: CounterStore,
{
    // Orders come from tasks of their own, so a payment's stop may overtake its arming.
    let mut stopped = None;
    let mut next = None;
    loop {
        let order = match next.take() {
            Some(job) => Order::Arm(job),
            None => match orders.recv().await {
                Some(order) => order,
                None => return,
            },
        };
        match order {
            Order::Arm(job) if stopped == Some(job.id) => {}
            Order::Arm(job) => {
                let id = job.id;
                let work =
                    one(&mut hardware, &mut secure, *job, digits.clone(), &mut orders, &events, &clock);
                match work.await {
                    Ok(newer) => next = newer,
                    Err(code) => drop(events.send(Event::Reader(id, ReaderNews::Failed(code))).await),
                }
            }
            Order::Stop(id) => stopped = Some(id),
            // The card is no longer there: a stripe or a tap has no last word.
            Order::Answer(_, _, reply) => drop(reply.send(LastWord::Fine)),
        }
    }
}

/// Tells the screen what the reader hints at.
fn telling(id: PaymentId, told: mpsc::Sender<Event>) -> impl FnMut(Hint) + Send + 'static {
    let mut attempt = 0;
    move |hint| {
        if let Some(news) = news(hint, attempt) {
            if let ReaderNews::PinAsked { attempt: now, .. } = news {
                attempt = now;
            }
            // Hints are only shown: a full queue may lose one, never a payment.
            let _ = told.try_send(Event::Reader(id, news));
        }
    }
}

/// One payment at the reader. An error is a payment that came to nothing before anything was sent; a job
/// that comes back is a newer payment, whose screen would wait for nothing if this one kept the reader.
async fn one<H, S>(
    hardware: &mut H,
    secure: &mut SecureReader<S>,
    job: Job,
    digits: watch::Receiver<u8>,
    orders: &mut mpsc::Receiver<Order>,
    events: &mpsc::Sender<Event>,
    clock: &Clock,
) -> Result<Option<Box<Job>>, Code>
where
    H: CardReader + PinPad,
    S: CounterStore,
{
    let id = job.id;
    let mirror = tokio::spawn(mirror(id, digits, events.clone()));
    let _stop = AbortOnDrop(mirror);
    let on_hint = Box::new(telling(id, events.clone()));
    let deal = Deal::new(job.amount, clock.now(), job.sequence, chance);
    let broken = |fault: device::hardware::DeviceFault| {
        tracing::warn!(payment.id = %id, %fault, "the card reader failed");
        pay::READER_OFFLINE
    };
    let start = Session::start(hardware, secure, job.policy, job.terminal, deal, job.language, on_hint);
    let mut session = start.await.map_err(broken)?;
    let turn = loop {
        tokio::select! {
            turn = session.next() => break turn.map_err(broken)?,
            order = orders.recv() => match order {
                Some(Order::Stop(of)) if of == id => {
                    session.cancel().await;
                    return Ok(None);
                }
                Some(Order::Arm(newer)) if newer.id != id => {
                    session.cancel().await;
                    return Ok(Some(newer));
                }
                Some(Order::Answer(_, _, reply)) => drop(reply.send(LastWord::Fine)),
                Some(Order::Stop(_) | Order::Arm(_)) => {}
                None => return Ok(None),
            }
        }
    };
    let reading = match turn {
        Turn::Online(reading) => reading,
        // The card's own order decides; the policy does not ask the holder.
        Turn::Choose(_) => return Err(pay::CHIP_NOT_ALLOWED),
        Turn::Done(CardVerdict::Refused(refusal)) => return Err(code_of(refusal)),
        Turn::Done(_) => return Err(pay::CANCELLED),
    };
    let card = card_data(&reading, &job.serial).ok_or(pay::BAD_STRIPE)?;
    let _ = events.send(Event::Reader(id, ReaderNews::Read(Box::new(card)))).await;
    // The card stays until the host has answered, or nobody is going to ask.
    while let Some(order) = orders.recv().await {
        match order {
            Order::Answer(of, answer, reply) if of == id => {
                let word = match clock.timeout(LAST_WORD_WAIT, session.answer(answer)).await {
                    Ok(Ok(Turn::Done(verdict))) => last_word(&verdict),
                    Ok(Ok(Turn::Online(_) | Turn::Choose(_))) => LastWord::Fine,
                    Ok(Err(_)) | Err(clock::Elapsed) => LastWord::Refused(pay::CARD_REMOVED),
                };
                let _ = reply.send(word);
                return Ok(None);
            }
            Order::Stop(of) if of == id => {
                // Nothing was sent: the card is told that there will be no answer.
                let _ = clock.timeout(LAST_WORD_WAIT, session.answer(HostAnswer::none())).await;
                return Ok(None);
            }
            Order::Arm(newer) if newer.id != id => {
                let _ = clock.timeout(LAST_WORD_WAIT, session.answer(HostAnswer::none())).await;
                return Ok(Some(newer));
            }
            Order::Answer(_, _, reply) => drop(reply.send(LastWord::Fine)),
            Order::Stop(_) | Order::Arm(_) => {}
        }
    }
    Ok(None)
}

/// The dots of the PIN mirror: only how many digits stand on the reader's pad.
async fn mirror(id: PaymentId, mut digits: watch::Receiver<u8>, events: mpsc::Sender<Event>) {
    digits.mark_unchanged();
    while digits.changed().await.is_ok() {
        let count = *digits.borrow_and_update();
        let _ = events.send(Event::Reader(id, ReaderNews::PinDigits(count))).await;
    }
}

struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Four bytes that nobody can foresee (tag 9F37).
fn chance() -> [u8; 4] {
    let mut bytes = [0; 4];
    if getrandom::fill(&mut bytes).is_err() {
        tracing::error!("the system gives no random bytes");
    }
    bytes
}
