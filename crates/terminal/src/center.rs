//! The center as the terminal sees it: a trait, so that tests can stand in for it. An answer is an
//! outcome; a fault says whether the request may have arrived.

use center_api::{
    Activation, ActivationRequest, ClerkNewPassword, ClerkPasswordAnswer, ClerkSession, ClerkSignIn,
    CompletionRequest, DuplicateAnswer, DuplicateCheck, JournalAnswer, JournalUpload, MailReceiptRequest,
    PaymentRequest, PaymentView, Problem, RefundRequest, RefundReversal, RefundView, ReversalRequest,
    TerminalConfig,
};
use payment::PaymentId;
use std::future::Future;
use std::pin::Pin;

/// Why there is no answer.
#[derive(Clone, Debug)]
pub enum CenterFault {
    /// No connection was made: nothing was sent.
    NotReached(String),
    /// Something was sent and no whole answer came.
    Unanswered(String),
    /// The center refused the request itself.
    Refused(Box<Problem>),
}

impl std::fmt::Display for CenterFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotReached(why) => write!(f, "the center was not reached: {why}"),
            Self::Unanswered(why) => write!(f, "the center did not answer: {why}"),
            Self::Refused(problem) => write!(f, "the center refused: {problem}"),
        }
    }
}

/// A request under way.
pub type Asking<'a, T> = Pin<Box<dyn Future<Output = Result<T, CenterFault>> + Send + 'a>>;

/// What a terminal asks the center. Every call is idempotent by the ids in it.
pub trait Center: Send + Sync + 'static {
    /// `POST /api/v1/activations` (W-030).
    fn activate(&self, request: ActivationRequest) -> Asking<'_, Activation>;
    /// `POST /api/v1/activations/confirm` (W-031), signed as this terminal from now on.
    fn confirm(&self, terminal_id: String) -> Asking<'_, ()>;
    /// Signs as this terminal: it was confirmed in an earlier run.
    fn resume(&self, terminal_id: &str);
    /// `GET /api/v1/terminal`.
    fn config(&self) -> Asking<'_, TerminalConfig>;
    /// `POST /api/v1/clerk-sessions`.
    fn sign_in(&self, request: ClerkSignIn) -> Asking<'_, ClerkSession>;
    /// `POST /api/v1/clerk-passwords`.
    fn new_password(&self, request: ClerkNewPassword) -> Asking<'_, ClerkPasswordAnswer>;
    /// `POST /api/v1/payments`.
    fn pay(&self, request: PaymentRequest) -> Asking<'_, PaymentView>;
    /// `GET /api/v1/payments/{id}`; nothing when the center never heard of it.
    fn look(&self, id: PaymentId) -> Asking<'_, Option<PaymentView>>;
    /// `POST /api/v1/payments/{id}/completion`.
    fn complete(&self, id: PaymentId, request: CompletionRequest) -> Asking<'_, PaymentView>;
    /// `POST /api/v1/payments/{id}/reversal`.
    fn reverse(&self, id: PaymentId, request: ReversalRequest) -> Asking<'_, PaymentView>;
    /// `POST /api/v1/payments/{id}/release`: gives an authorization back.
    fn release(&self, id: PaymentId) -> Asking<'_, PaymentView>;
    /// `POST /api/v1/payments/{id}/refunds`.
    fn refund(&self, of: PaymentId, request: RefundRequest) -> Asking<'_, RefundView>;
    /// `GET /api/v1/refunds/{id}`; nothing when the center never heard of it.
    fn look_refund(&self, id: PaymentId) -> Asking<'_, Option<RefundView>>;
    /// `POST /api/v1/refunds/{id}/reversal`.
    fn reverse_refund(&self, id: PaymentId, request: RefundReversal) -> Asking<'_, RefundView>;
    /// `POST /api/v1/duplicate-checks`.
    fn duplicates(&self, request: DuplicateCheck) -> Asking<'_, DuplicateAnswer>;
    /// `POST /api/v1/payments/{id}/receipt-mails`.
    fn mail(&self, id: PaymentId, request: MailReceiptRequest) -> Asking<'_, ()>;
    /// `POST /api/v1/journal`.
    fn upload(&self, _upload: JournalUpload) -> Asking<'_, JournalAnswer> {
        Box::pin(async { Err(CenterFault::NotReached("the journal is not told here".to_owned())) })
    }
    /// `POST /api/v1/echo`: the online test.
    fn echo(&self) -> Asking<'_, ()>;
}
