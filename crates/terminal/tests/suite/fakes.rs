//! Stand-ins for center, reader and printer, and a terminal on them.

use crate::samples::{READER, config, slip};
use axum::body::{Body, to_bytes};
use center_api::{
    Activation, ActivationRequest, ClerkNewPassword, ClerkPasswordAnswer, ClerkSession, ClerkSignIn,
    CompletionRequest, DuplicateAnswer, DuplicateCheck, JournalAnswer, JournalStanding, JournalUpload,
    MailReceiptRequest, PaymentRequest, PaymentView, Problem, RefundOffer, RefundRequest, RefundReversal,
    RefundView, ReversalRequest, Suspect, TerminalConfig,
};
use clock::Clock;
use codes::{api, pay};
use device::hardware::{
    Arm, Battery, CardEvent, CardReader, Charge, DeviceFault, Exchanged, PadAnswer, PinPad, Printer,
    PrinterStatus, SealPin,
};
use device::secure_reader::{KeyScheme, ReaderKeys};
use emv::bench::{Hint, SwipedTrack};
use money::Yen;
use payment::{Approval, Operator, PasswordStanding, PaymentId, StateName};
use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store::Space;
use terminal::attempt::Attempt;
use terminal::center::{Asking, Center, CenterFault};
use terminal::secret::Password;
use terminal::{Hardware, Opened, Settings, Terminal};
use tokio::sync::{mpsc, watch};
use tower::ServiceExt as _;

/// What the fake center does with the next payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Approves, or authorizes where a signature follows.
    Approve,
    /// Refuses.
    Decline(codes::Code),
    /// Cannot be reached: nothing arrives.
    Away,
    /// Takes it and never answers; what became of it is the state.
    Silent(StateName),
    /// Never arrives, and the caller does not know.
    Lost,
    /// Takes it, and the line swallows the answer: nobody hears that it was cut.
    Swallowed,
    /// Refuses the request itself.
    Problem(codes::Code),
    /// The customer must confirm on the phone.
    Customer,
}

#[derive(Default)]
struct Book {
    payments: BTreeMap<PaymentId, PaymentView>,
    refunds: BTreeMap<PaymentId, RefundView>,
    offer: Option<RefundOffer>,
    suspect: Option<Suspect>,
    plan: VecDeque<Next>,
    away: bool,
    swallows: bool,
    stopped: Option<codes::Code>,
    last_moment: bool,
    ahead_s: Option<i64>,
    standing: PasswordStanding,
    heard: Vec<String>,
}

/// A center in memory. Clones share it, as a center outlives its terminals.
#[derive(Clone, Default)]
pub(crate) struct FakeCenter(Arc<Mutex<Book>>);

impl FakeCenter {
    pub(crate) fn plan(&self, next: Next) {
        self.0.lock().unwrap().plan.push_back(next);
    }

    /// How the clerk's password stands.
    pub(crate) fn password_is(&self, standing: PasswordStanding) {
        self.0.lock().unwrap().standing = standing;
    }

    /// The line goes down or comes back.
    pub(crate) fn away(&self, away: bool) {
        self.0.lock().unwrap().away = away;
    }

    /// The line takes no new connection, and swallows what is asked how a payment stands.
    pub(crate) fn swallows(&self, swallows: bool) {
        self.0.lock().unwrap().swallows = swallows;
    }

    /// Refuses whatever this terminal asks, or lets it in again.
    pub(crate) fn stops(&self, code: Option<codes::Code>) {
        self.0.lock().unwrap().stopped = code;
    }

    /// Takes journals from now on; its clock is so far ahead of the terminal's.
    pub(crate) fn is_ahead(&self, by_s: i64) {
        self.0.lock().unwrap().ahead_s = Some(by_s);
    }

    /// What arrived, in order.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.0.lock().unwrap().heard.clone()
    }

    pub(crate) fn state(&self, id: PaymentId) -> Option<StateName> {
        self.0.lock().unwrap().payments.get(&id).map(|view| view.state)
    }

    pub(crate) fn put(&self, attempt: &Attempt, state: StateName) {
        let view = view(attempt, state, None);
        self.0.lock().unwrap().payments.insert(attempt.id, view);
    }

    /// The center gives the hold back by itself, as it does after half an hour.
    pub(crate) fn releases(&self, id: PaymentId) {
        self.0.lock().unwrap().payments.get_mut(&id).unwrap().state = StateName::Released;
    }

    /// What became of a payment that nobody could answer for.
    pub(crate) fn decides(&self, id: PaymentId, state: StateName) {
        self.0.lock().unwrap().payments.get_mut(&id).unwrap().state = state;
    }

    /// What may be given back from now on.
    pub(crate) fn offers(&self, offer: RefundOffer) {
        self.0.lock().unwrap().offer = Some(offer);
    }

    /// What the duplicate check answers from now on.
    pub(crate) fn suspects(&self, suspect: Option<Suspect>) {
        self.0.lock().unwrap().suspect = suspect;
    }

    /// The customer will confirm on the phone just before a cancel comes in.
    pub(crate) fn confirms_at_the_last_moment(&self) {
        self.0.lock().unwrap().last_moment = true;
    }

    /// The customer confirms on the phone.
    pub(crate) fn customer_confirms(&self, id: PaymentId) {
        let mut book = self.0.lock().unwrap();
        let view = book.payments.get_mut(&id).unwrap();
        let mut attempt = crate::samples::planned();
        (attempt.id, attempt.amount, attempt.method) = (id, view.amount, view.method);
        *view = PaymentView {
            center_txn_id: Some("2026112100000042".into()),
            brand: view.brand,
            method: view.method,
            ..self::view(&attempt, StateName::Approved, None)
        };
    }

    /// The customer has not confirmed in time, and the brand has cancelled.
    pub(crate) fn customer_is_too_late(&self, id: PaymentId) {
        let mut book = self.0.lock().unwrap();
        let view = book.payments.get_mut(&id).unwrap();
        (view.state, view.waits_for_user) = (StateName::Reversed, false);
    }

    pub(crate) fn put_refund(&self, id: PaymentId, of: PaymentId, amount: Yen, state: StateName) {
        self.0.lock().unwrap().refunds.insert(id, refund_view(id, of, amount, state));
    }

    pub(crate) fn refund_state(&self, id: PaymentId) -> Option<StateName> {
        self.0.lock().unwrap().refunds.get(&id).map(|view| view.state)
    }

    /// A refund gets an answer of its own.
    pub(crate) fn decides_refund(&self, id: PaymentId, state: StateName) {
        let mut book = self.0.lock().unwrap();
        let view = book.refunds.get_mut(&id).unwrap();
        view.state = state;
        view.money_returned = state.money_taken();
    }

    /// Whole yen that went back.
    pub(crate) fn returned_yen(&self) -> i64 {
        let book = self.0.lock().unwrap();
        let done = book.refunds.values().filter(|view| view.state == StateName::Approved);
        done.map(|view| view.amount.get()).sum()
    }

    pub(crate) fn charged_yen(&self) -> i64 {
        let book = self.0.lock().unwrap();
        book.payments
            .values()
            .filter(|view| view.state == StateName::Approved)
            .map(|view| view.amount.get())
            .sum()
    }

    fn session(&self, id: String) -> ClerkSession {
        let operator = Operator { id, name: "佐藤 花子".into() };
        ClerkSession { operator, password: self.0.lock().unwrap().standing }
    }

    fn hears(&self, what: String) -> Result<(), CenterFault> {
        let mut book = self.0.lock().unwrap();
        if book.away {
            return Err(CenterFault::NotReached("away".into()));
        }
        if let Some(code) = book.stopped {
            return Err(CenterFault::Refused(Box::new(Problem::new(i18n::Lang::Ja, code))));
        }
        book.heard.push(what);
        Ok(())
    }
}

fn view(attempt: &Attempt, state: StateName, code: Option<codes::Code>) -> PaymentView {
    let has_slip = matches!(state, StateName::Approved | StateName::Authorized);
    PaymentView {
        id: attempt.id,
        state,
        money_taken: state.money_taken(),
        code,
        amount: attempt.amount,
        method: attempt.method,
        class: attempt.class,
        host: None,
        slip: has_slip.then(|| slip(attempt)),
        in_doubt_since_us: None,
        business_date: "2026-11-21".into(),
        brand: None,
        waits_for_user: false,
        center_txn_id: None,
        given_back: Yen::ZERO,
        refunds: Vec::new(),
        refund_offer: None,
    }
}

/// What the center says to a step that the payment's state does not have.
fn wrong_state() -> CenterFault {
    CenterFault::Refused(Box::new(Problem::new(i18n::Lang::Ja, api::WRONG_STATE)))
}

fn attempt_of(request: &PaymentRequest) -> Attempt {
    let mut attempt = crate::samples::planned();
    (attempt.id, attempt.amount, attempt.class) = (request.id, request.amount, request.class);
    attempt.method = request.method;
    attempt
}

fn refund_view(id: PaymentId, of: PaymentId, amount: Yen, state: StateName) -> RefundView {
    let mut attempt = crate::samples::planned();
    (attempt.id, attempt.amount) = (of, amount);
    RefundView {
        id,
        payment: of,
        kind: payment::RefundKind::Void,
        amount,
        state,
        money_returned: state.money_taken(),
        code: None,
        slip: (state == StateName::Approved).then(|| crate::samples::cancel_slip(&attempt, id)),
        in_doubt_since_us: None,
        business_date: "2026-11-21".into(),
    }
}

impl Center for FakeCenter {
    fn activate(&self, request: ActivationRequest) -> Asking<'_, Activation> {
        Box::pin(async move {
            self.hears(format!("activate {}", request.terminal_id))?;
            if request.password != "1234" {
                return Err(CenterFault::Refused(Box::new(Problem::new(i18n::Lang::Ja, api::NOT_SIGNED_IN))));
            }
            Ok(Activation {
                terminal_id: request.terminal_id,
                shop_id: "000358".into(),
                shop_name: "喫茶 帳場 恵比寿店".into(),
                phone: "03-0000-0001".into(),
            })
        })
    }

    fn confirm(&self, _terminal_id: String) -> Asking<'_, ()> {
        Box::pin(async move { self.hears("confirm".into()) })
    }

    fn resume(&self, _terminal_id: &str) {}

    fn config(&self) -> Asking<'_, TerminalConfig> {
        Box::pin(async move {
            if self.0.lock().unwrap().swallows {
                return Err(CenterFault::NotReached("swallowed".into()));
            }
            self.hears("config".into()).map(|()| config())
        })
    }

    fn sign_in(&self, request: ClerkSignIn) -> Asking<'_, ClerkSession> {
        Box::pin(async move {
            self.hears(format!("sign-in {}", request.login_id))?;
            Ok(self.session(request.login_id))
        })
    }

    fn new_password(&self, request: ClerkNewPassword) -> Asking<'_, ClerkPasswordAnswer> {
        Box::pin(async move {
            self.hears(format!("new-password {}", request.login_id))?;
            if self.0.lock().unwrap().swallows {
                return Err(CenterFault::Unanswered("swallowed".into()));
            }
            if request.current != "Komorebi7" {
                return Err(CenterFault::Refused(Box::new(Problem::new(i18n::Lang::Ja, api::NOT_SIGNED_IN))));
            }
            let rule = config().policy.password;
            if let Some(lack) = rule.lack(&request.login_id, &request.new, &request.new) {
                return Ok(ClerkPasswordAnswer::Lacks(lack));
            }
            self.password_is(PasswordStanding::Good);
            Ok(ClerkPasswordAnswer::Changed(self.session(request.login_id)))
        })
    }

    fn pay(&self, request: PaymentRequest) -> Asking<'_, PaymentView> {
        Box::pin(async move {
            let attempt = attempt_of(&request);
            let next = {
                let mut book = self.0.lock().unwrap();
                if book.away { Next::Away } else { book.plan.pop_front().unwrap_or(Next::Approve) }
            };
            if next == Next::Away {
                return Err(CenterFault::NotReached("away".into()));
            }
            if next == Next::Lost {
                return Err(CenterFault::Unanswered("lost".into()));
            }
            let cvm = match (&request.card, &request.code) {
                (Some(card), None) => card.cvm.word(),
                (None, Some(code)) => code.entry.word(),
                _ => panic!("a request has a card or a code"),
            };
            self.hears(format!(
                "pay {} {} {cvm} sign={}",
                request.amount, request.class, request.signature_follows
            ))?;
            let approved =
                if request.signature_follows { StateName::Authorized } else { StateName::Approved };
            let brand = request.code.as_ref().and_then(|code| code.brand);
            let mut view = match next {
                Next::Approve | Next::Swallowed => view(&attempt, approved, None),
                Next::Decline(code) => view(&attempt, StateName::Declined, Some(code)),
                Next::Silent(state) => view(&attempt, state, Some(pay::NO_ANSWER)),
                Next::Problem(code) => {
                    return Err(CenterFault::Refused(Box::new(Problem::new(i18n::Lang::Ja, code))));
                }
                Next::Customer => {
                    let waiting = view(&attempt, StateName::Sent, None);
                    PaymentView { waits_for_user: true, ..waiting }
                }
                Next::Away | Next::Lost => unreachable!(),
            };
            view.brand = brand;
            self.0.lock().unwrap().payments.insert(request.id, view.clone());
            match next {
                Next::Silent(_) => Err(CenterFault::Unanswered("silent".into())),
                Next::Swallowed => std::future::pending().await,
                _ => Ok(view),
            }
        })
    }

    fn look(&self, id: PaymentId) -> Asking<'_, Option<PaymentView>> {
        Box::pin(async move {
            self.hears("look".into())?;
            let swallowed = self.0.lock().unwrap().swallows;
            if swallowed {
                std::future::pending::<()>().await;
            }
            let book = self.0.lock().unwrap();
            let given_back: i64 = book
                .refunds
                .values()
                .filter(|view| view.payment == id && view.state == StateName::Approved)
                .map(|view| view.amount.get())
                .sum();
            Ok(book.payments.get(&id).cloned().map(|view| PaymentView {
                given_back: crate::samples::yen(given_back),
                refund_offer: book.offer.clone().filter(|_| given_back < view.amount.get()),
                ..view
            }))
        })
    }

    fn upload(&self, upload: JournalUpload) -> Asking<'_, JournalAnswer> {
        Box::pin(async move {
            let ahead_s = self.0.lock().unwrap().ahead_s;
            let ahead_s = ahead_s.ok_or_else(|| CenterFault::NotReached("takes no journals".into()))?;
            self.hears("journal".into())?;
            let now_us = upload.now_us + ahead_s * 1_000_000;
            Ok(JournalAnswer { standing: JournalStanding::Fine, now_us })
        })
    }

    fn refund(&self, of: PaymentId, request: RefundRequest) -> Asking<'_, RefundView> {
        Box::pin(async move {
            let next = {
                let mut book = self.0.lock().unwrap();
                if book.away { Next::Away } else { book.plan.pop_front().unwrap_or(Next::Approve) }
            };
            let (state, code) = match next {
                Next::Away => return Err(CenterFault::NotReached("away".into())),
                Next::Lost => return Err(CenterFault::Unanswered("lost".into())),
                Next::Problem(code) => {
                    return Err(CenterFault::Refused(Box::new(Problem::new(i18n::Lang::Ja, code))));
                }
                Next::Approve | Next::Swallowed | Next::Customer => (StateName::Approved, None),
                Next::Decline(code) => (StateName::Declined, Some(code)),
                Next::Silent(state) => (state, None),
            };
            let card = if request.card.is_some() { "card" } else { "none" };
            self.hears(format!("refund {} {card}", request.amount))?;
            let view = RefundView { code, ..refund_view(request.id, of, request.amount, state) };
            self.0.lock().unwrap().refunds.insert(request.id, view.clone());
            match next {
                Next::Silent(_) => Err(CenterFault::Unanswered("silent".into())),
                _ => Ok(view),
            }
        })
    }

    fn look_refund(&self, id: PaymentId) -> Asking<'_, Option<RefundView>> {
        Box::pin(async move {
            self.hears("look refund".into())?;
            Ok(self.0.lock().unwrap().refunds.get(&id).cloned())
        })
    }

    fn reverse_refund(&self, id: PaymentId, request: RefundReversal) -> Asking<'_, RefundView> {
        Box::pin(async move {
            self.hears("reverse refund".into())?;
            let mut book = self.0.lock().unwrap();
            let tombstone = || refund_view(id, request.payment, request.amount, StateName::Reversed);
            let view = book.refunds.entry(id).or_insert_with(tombstone);
            match view.state {
                StateName::Approved => Err(wrong_state()),
                StateName::Declined | StateName::Failed => Ok(view.clone()),
                _ => {
                    view.state = StateName::Reversed;
                    Ok(view.clone())
                }
            }
        })
    }

    fn duplicates(&self, request: DuplicateCheck) -> Asking<'_, DuplicateAnswer> {
        Box::pin(async move {
            self.hears(format!("duplicates {} {}", request.amount, request.last4))?;
            Ok(DuplicateAnswer { suspect: self.0.lock().unwrap().suspect.clone() })
        })
    }

    fn complete(&self, id: PaymentId, request: CompletionRequest) -> Asking<'_, PaymentView> {
        Box::pin(async move {
            assert!(request.signature.is_signature());
            self.hears("complete".into())?;
            let mut book = self.0.lock().unwrap();
            let view = book.payments.get_mut(&id).unwrap();
            match view.state {
                StateName::Authorized => view.state = StateName::Approved,
                StateName::Approved => {}
                _ => return Err(wrong_state()),
            }
            Ok(view.clone())
        })
    }

    fn reverse(&self, id: PaymentId, request: ReversalRequest) -> Asking<'_, PaymentView> {
        Box::pin(async move {
            self.hears("reverse".into())?;
            if std::mem::take(&mut self.0.lock().unwrap().last_moment) {
                self.customer_confirms(id);
            }
            let mut book = self.0.lock().unwrap();
            let tombstone = || {
                let mut attempt = crate::samples::planned();
                (attempt.id, attempt.amount, attempt.class) = (id, request.amount, request.class);
                view(&attempt, StateName::Reversed, None)
            };
            let view = book.payments.entry(id).or_insert_with(tombstone);
            let unfinished = [pay::CRYPTOGRAM_REFUSED, pay::CARD_REMOVED].contains(&request.reason);
            if view.state == StateName::Approved && !unfinished {
                return Err(wrong_state());
            }
            if !matches!(view.state, StateName::Declined | StateName::Failed) {
                view.state = StateName::Reversed;
            }
            Ok(view.clone())
        })
    }

    fn release(&self, id: PaymentId) -> Asking<'_, PaymentView> {
        Box::pin(async move {
            self.hears("release".into())?;
            let mut book = self.0.lock().unwrap();
            let view = book.payments.get_mut(&id).unwrap();
            if !matches!(view.state, StateName::Authorized | StateName::Released) {
                return Err(wrong_state());
            }
            view.state = StateName::Released;
            Ok(view.clone())
        })
    }

    fn mail(&self, _id: PaymentId, _request: MailReceiptRequest) -> Asking<'_, ()> {
        Box::pin(async move { self.hears("mail".into()) })
    }

    fn echo(&self) -> Asking<'_, ()> {
        Box::pin(async move { self.hears("echo".into()) })
    }
}

/// A reader whose slot and slit are a channel.
pub(crate) struct TestReader {
    cards: mpsc::Receiver<CardEvent>,
    armed: watch::Sender<bool>,
}

impl CardReader for TestReader {
    async fn arm(&mut self, _arm: Arm) -> Result<(), DeviceFault> {
        self.armed.send_replace(true);
        Ok(())
    }

    async fn disarm(&mut self) -> Result<(), DeviceFault> {
        self.armed.send_replace(false);
        Ok(())
    }

    async fn next_event(&mut self) -> Result<CardEvent, DeviceFault> {
        self.cards.recv().await.ok_or(DeviceFault::Disconnected)
    }

    async fn exchange(&mut self, _command: &[u8]) -> Result<Exchanged, DeviceFault> {
        Ok(Exchanged::Removed)
    }

    async fn show(&mut self, _hint: Hint) -> Result<(), DeviceFault> {
        Ok(())
    }
}

impl PinPad for TestReader {
    async fn ask_pin(&mut self, _: Yen, _: u8, _: SealPin<'_>) -> Result<PadAnswer, DeviceFault> {
        Ok(PadAnswer::Cancelled)
    }
}

/// A printer whose paper all clones share.
#[derive(Clone)]
pub(crate) struct TestPrinter(pub(crate) Arc<Mutex<(PrinterStatus, Vec<Vec<u8>>)>>);

impl Printer for TestPrinter {
    async fn print(&mut self, bytes: &[u8]) -> Result<(), PrinterStatus> {
        let mut printer = self.0.lock().unwrap();
        printer.1.push(bytes.to_vec());
        Ok(())
    }

    async fn status(&mut self) -> PrinterStatus {
        self.0.lock().unwrap().0
    }
}

/// A battery that says what it is told.
#[derive(Clone, Default)]
pub(crate) struct TestBattery(pub(crate) Arc<Mutex<Option<Charge>>>);

impl Battery for TestBattery {
    fn charge(&self) -> Option<Charge> {
        *self.0.lock().unwrap()
    }
}

/// A terminal on a bench of fakes.
pub(crate) struct Bench {
    pub(crate) terminal: Terminal,
    pub(crate) center: FakeCenter,
    pub(crate) clock: Clock,
    /// What the disk of the journal has left.
    pub(crate) free_bytes: Arc<AtomicU64>,
    pub(crate) printer: TestPrinter,
    pub(crate) battery: TestBattery,
    pub(crate) cards: mpsc::Sender<CardEvent>,
    pub(crate) scans: mpsc::Sender<String>,
    _digits: watch::Sender<u8>,
    _connected: watch::Sender<bool>,
}

fn keys() -> ReaderKeys {
    use cardkeys::{dukpt, test_keys};
    ReaderKeys {
        scheme: KeyScheme::Aes {
            initial_key_id: test_keys::INITIAL_KEY_ID,
            initial: dukpt::derive_initial_key(&test_keys::bdk(), test_keys::INITIAL_KEY_ID),
        },
        fingerprint: test_keys::fingerprint(),
    }
}

impl Bench {
    /// A terminal in a folder, with a center that may have seen earlier runs.
    pub(crate) async fn open(folder: &Path, center: FakeCenter, clock: Clock) -> Self {
        let counter = Arc::new(Mutex::new(u128::from(clock.now_us().unsigned_abs())));
        let chance = Arc::new(move || {
            let mut n = counter.lock().unwrap();
            *n += 0x1357_9bdf;
            n.to_le_bytes().map(|b| b.rotate_left(3) ^ 0x5a)
        });
        let free_bytes = Arc::new(AtomicU64::new(u64::MAX));
        let left = Arc::clone(&free_bytes);
        let settings = Settings {
            data: folder.to_path_buf(),
            center_url: "http://127.0.0.1:8700".into(),
            reader_serial: READER.into(),
            reader_keys: keys(),
            unattended: Some(("000000358002".into(), Password::new("1234"))),
            clock: clock.clone(),
            space: Space::told_by(move || Some(left.load(Ordering::Relaxed))),
            chance,
            witness: None,
        };
        let opened = Opened::open(&settings).unwrap();
        let (cards, card_box) = mpsc::channel(4);
        let (scans, scan_box) = mpsc::channel(4);
        let (connected, is_connected) = watch::channel(true);
        let (digits, pad) = watch::channel(0);
        let printer = TestPrinter(Arc::new(Mutex::new((PrinterStatus::Ready, Vec::new()))));
        let battery = TestBattery::default();
        let hardware = Hardware {
            reader: TestReader { cards: card_box, armed: watch::Sender::new(false) },
            connected: is_connected,
            digits: pad,
            printer: Some(Box::new(printer.clone())),
            scans: Some(scan_box),
            battery: Box::new(battery.clone()),
        };
        let terminal = Terminal::start(settings, opened, "00".repeat(32), Arc::new(center.clone()), hardware)
            .await
            .unwrap();
        Self {
            terminal,
            center,
            clock,
            free_bytes,
            printer,
            battery,
            cards,
            scans,
            _digits: digits,
            _connected: connected,
        }
    }

    /// A fresh terminal, activated.
    pub(crate) async fn fresh(folder: &Path) -> Self {
        let clock = Clock::by_hand("2026-11-21T01:15:30Z".parse().unwrap());
        let bench = Self::open(folder, FakeCenter::default(), clock).await;
        bench.reach("sign-in").await;
        bench
    }

    /// Waits until the screen has this name.
    pub(crate) async fn reach(&self, name: &str) {
        self.until(&format!("screen {name}"), async || self.terminal.screen_name() == name).await;
    }

    /// Waits until something holds, looking again after everything that the terminal hears. The watchdog
    /// only keeps a broken test from hanging.
    pub(crate) async fn until(&self, what: &str, holds: impl AsyncFn() -> bool) {
        let mut heard = self.terminal.heard();
        let waiting = async {
            while !holds().await {
                heard.changed().await.unwrap();
            }
        };
        let ended = Clock::real().timeout(Duration::from_mins(5), waiting).await;
        assert!(ended.is_ok(), "never: {what}; the screen is {}", self.terminal.screen_name());
    }

    /// Lets `step` pass until something holds. A task may begin its wait only after a step has gone by, so
    /// one more passes whenever the terminal has been quiet for a moment of the watchdog's time.
    pub(crate) async fn pass_until(&self, step: Duration, what: &str, holds: impl AsyncFn() -> bool) {
        let mut heard = self.terminal.heard();
        let passing = async {
            while !holds().await {
                self.pass(step).await;
                while Clock::real().timeout(Duration::from_millis(50), heard.changed()).await.is_ok() {
                    if holds().await {
                        return;
                    }
                }
            }
        };
        let ended = Clock::real().timeout(Duration::from_mins(5), passing).await;
        assert!(ended.is_ok(), "never: {what}; the screen is {}", self.terminal.screen_name());
    }

    /// Lets `step` pass until the screen has this name.
    pub(crate) async fn pass_until_screen(&self, step: Duration, name: &str) {
        let there = async || self.terminal.screen_name() == name;
        self.pass_until(step, &format!("screen {name}"), there).await;
    }

    /// A swipe of a card without a chip.
    pub(crate) async fn swipe(&self) {
        let track = SwipedTrack::new(";4761739001010010=30121010000012345678?");
        self.cards.send(CardEvent::Swiped(track)).await.unwrap();
    }

    /// A swipe of a card that has a chip (service code 201).
    pub(crate) async fn swipe_chip_card(&self) {
        let track = SwipedTrack::new(";4761739001010010=30122010000012345678?");
        self.cards.send(CardEvent::Swiped(track)).await.unwrap();
    }

    pub(crate) async fn ask(&self, method: &str, path: &str, kind: &str, body: &str) -> (u16, String) {
        let router = self.terminal.router(pages::secure::SecureConfig::loopback(8710));
        let request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("host", "127.0.0.1:8710")
            .header("content-type", kind)
            .header("content-length", body.len())
            .body(Body::from(body.to_owned()))
            .unwrap();
        let response = router.oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = to_bytes(response.into_body(), 1_000_000).await.unwrap();
        (status, String::from_utf8(bytes.to_vec()).unwrap())
    }

    pub(crate) async fn json(&self, method: &str, path: &str, body: &str) -> (u16, serde_json::Value) {
        let (status, text) = self.ask(method, path, "application/json", body).await;
        (status, serde_json::from_str(&text).unwrap_or(serde_json::Value::Null))
    }

    /// Starts a payment as a register does; gives its id.
    pub(crate) async fn start(&self, amount: i64) -> PaymentId {
        let body = format!(r#"{{"amount":{amount},"method":"card"}}"#);
        let (status, json) = self.json("POST", "/local/payments", &body).await;
        assert_eq!(status, 201, "{json}");
        json["id"].as_str().unwrap().parse().unwrap()
    }

    pub(crate) async fn look(&self, id: PaymentId) -> serde_json::Value {
        self.json("GET", &format!("/local/payments/{id}"), "").await.1
    }

    /// The revision of the page now.
    pub(crate) async fn rev(&self) -> String {
        let (_, page) = self.ask("GET", "/", "text/plain", "").await;
        page.split("data-rev=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    }

    /// Waits until the page says this.
    pub(crate) async fn says(&self, text: &str) {
        let on_page = async || self.ask("GET", "/", "text/plain", "").await.1.contains(text);
        self.until(&format!("the page says {text:?}"), on_page).await;
    }

    /// Presses something on the page of now.
    pub(crate) async fn press(&self, name: &str, fields: &str) -> u16 {
        let rev = self.rev().await;
        self.press_on(&rev, name, fields).await
    }

    pub(crate) async fn press_on(&self, rev: &str, name: &str, fields: &str) -> u16 {
        let body = format!("rev={rev}&{fields}");
        self.ask("POST", &format!("/events/{name}"), "application/x-www-form-urlencoded", &body).await.0
    }

    /// Lets the tasks that wait for the clock see that time has passed.
    pub(crate) async fn pass(&self, by: Duration) {
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        self.clock.advance(by);
    }
}

/// An approval as the fake center gives it.
pub(crate) fn approval() -> Approval {
    Approval { code: Some("123456".into()) }
}

/// The signature of every signer here, as JSON.
pub(crate) const SIGNATURE: &str = r#"{"strokes":[[[10,10],[400,200],[900,40]]]}"#;
