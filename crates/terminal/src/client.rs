//! The center over HTTP: the typed client of `center-api`, signed by the device's key.

use crate::center::{Asking, Center, CenterFault};
use crate::journal::Journal;
use center_api::{
    Activation, ActivationRequest, CenterClient, ClerkNewPassword, ClerkPasswordAnswer, ClerkSession,
    ClerkSignIn, CompletionRequest, Counter, DuplicateAnswer, DuplicateCheck, Fault, JournalAnswer,
    JournalUpload, MailReceiptRequest, PaymentRequest, PaymentView, RefundRequest, RefundReversal,
    RefundView, ReversalRequest, Signer, TerminalConfig,
};
use clock::Clock;
use ed25519_dalek::SigningKey;
use payment::PaymentId;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long any one call may take; a payment is given up earlier by the policy's own timer.
const CALL_LIMIT: Duration = Duration::from_mins(1);
/// Request numbers reserved on disk at once.
const NUMBERS_AT_ONCE: i64 = 64;

/// Request numbers: reserved on disk before the first of them is used, so that none is used twice.
struct Numbers {
    journal: Journal,
    left: Mutex<(i64, i64)>,
}

impl Counter for Numbers {
    fn next(&self) -> Result<i64, String> {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let (next, end) = *left;
        if next < end {
            *left = (next.saturating_add(1), end);
            return Ok(next);
        }
        let first = self.journal.reserve_requests(NUMBERS_AT_ONCE).map_err(|error| error.to_string())?;
        *left = (first.saturating_add(1), first.saturating_add(NUMBERS_AT_ONCE));
        Ok(first)
    }

    fn skip(&self, count: i64) {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        match self.journal.reserve_requests(count) {
            Ok(_) => *left = (0, 0),
            Err(error) => tracing::warn!(%error, "request numbers could not be left out"),
        }
    }
}

/// The center behind its addresses.
pub struct HttpCenter {
    client: CenterClient,
    key: Arc<SigningKey>,
    numbers: Arc<Numbers>,
    signer: Mutex<Option<Signer>>,
}

impl std::fmt::Debug for HttpCenter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpCenter").finish_non_exhaustive()
    }
}

impl HttpCenter {
    /// A client for the center at these addresses, signing with this device's key.
    pub fn new(
        addresses: &[String],
        journal: Journal,
        seed: &[u8; 32],
        clock: Clock,
    ) -> Result<Self, CenterFault> {
        let client = CenterClient::new(addresses, clock, CALL_LIMIT).map_err(CenterFault::from)?;
        Ok(Self {
            client,
            key: Arc::new(SigningKey::from_bytes(seed)),
            numbers: Arc::new(Numbers { journal, left: Mutex::new((0, 0)) }),
            signer: Mutex::new(None),
        })
    }

    /// The device's public key, 64 hex digits.
    pub fn public_key(&self) -> String {
        hex::encode(self.key.verifying_key().as_bytes())
    }

    fn signing_as(&self) -> MutexGuard<'_, Option<Signer>> {
        self.signer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sign_as(&self, terminal: &str) -> Signer {
        let signer = Signer {
            terminal: terminal.to_owned(),
            key: Arc::clone(&self.key),
            counter: Arc::clone(&self.numbers) as Arc<dyn Counter>,
        };
        *self.signing_as() = Some(signer.clone());
        signer
    }

    fn signer(&self) -> Result<Signer, CenterFault> {
        let signer = self.signing_as().clone();
        signer.ok_or_else(|| CenterFault::NotReached("the terminal is not activated".to_owned()))
    }
}

impl From<Fault> for CenterFault {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::NotSent(why) => Self::NotReached(why),
            Fault::Unknown(why) => Self::Unanswered(why),
            Fault::Refused(problem) => Self::Refused(problem),
        }
    }
}

impl Center for HttpCenter {
    fn activate(&self, request: ActivationRequest) -> Asking<'_, Activation> {
        Box::pin(async move { Ok(self.client.activate(&request).await?) })
    }

    fn confirm(&self, terminal_id: String) -> Asking<'_, ()> {
        Box::pin(async move {
            let signer = self.sign_as(&terminal_id);
            self.client.confirm_activation(&signer).await?;
            Ok(())
        })
    }

    fn resume(&self, terminal_id: &str) {
        drop(self.sign_as(terminal_id));
    }

    fn config(&self) -> Asking<'_, TerminalConfig> {
        Box::pin(async move { Ok(self.client.terminal_config(&self.signer()?).await?) })
    }

    fn sign_in(&self, request: ClerkSignIn) -> Asking<'_, ClerkSession> {
        Box::pin(async move { Ok(self.client.clerk_sign_in(&self.signer()?, &request).await?) })
    }

    fn new_password(&self, request: ClerkNewPassword) -> Asking<'_, ClerkPasswordAnswer> {
        Box::pin(async move { Ok(self.client.clerk_new_password(&self.signer()?, &request).await?) })
    }

    fn pay(&self, request: PaymentRequest) -> Asking<'_, PaymentView> {
        Box::pin(async move { Ok(self.client.pay(&self.signer()?, &request).await?) })
    }

    fn look(&self, id: PaymentId) -> Asking<'_, Option<PaymentView>> {
        Box::pin(async move { Ok(self.client.payment(&self.signer()?, id).await?) })
    }

    fn complete(&self, id: PaymentId, request: CompletionRequest) -> Asking<'_, PaymentView> {
        Box::pin(async move { Ok(self.client.complete(&self.signer()?, id, &request).await?) })
    }

    fn reverse(&self, id: PaymentId, request: ReversalRequest) -> Asking<'_, PaymentView> {
        Box::pin(async move { Ok(self.client.reverse(&self.signer()?, id, &request).await?) })
    }

    fn release(&self, id: PaymentId) -> Asking<'_, PaymentView> {
        Box::pin(async move { Ok(self.client.release(&self.signer()?, id).await?) })
    }

    fn refund(&self, of: PaymentId, request: RefundRequest) -> Asking<'_, RefundView> {
        Box::pin(async move { Ok(self.client.refund(&self.signer()?, of, &request).await?) })
    }

    fn look_refund(&self, id: PaymentId) -> Asking<'_, Option<RefundView>> {
        Box::pin(async move { Ok(self.client.refund_of(&self.signer()?, id).await?) })
    }

    fn reverse_refund(&self, id: PaymentId, request: RefundReversal) -> Asking<'_, RefundView> {
        Box::pin(async move { Ok(self.client.reverse_refund(&self.signer()?, id, &request).await?) })
    }

    fn duplicates(&self, request: DuplicateCheck) -> Asking<'_, DuplicateAnswer> {
        Box::pin(async move { Ok(self.client.duplicates(&self.signer()?, &request).await?) })
    }

    fn mail(&self, id: PaymentId, request: MailReceiptRequest) -> Asking<'_, ()> {
        Box::pin(async move { Ok(self.client.mail_receipt(&self.signer()?, id, &request).await?) })
    }

    fn upload(&self, upload: JournalUpload) -> Asking<'_, JournalAnswer> {
        Box::pin(async move { Ok(self.client.upload_journal(&self.signer()?, &upload).await?) })
    }

    fn echo(&self) -> Asking<'_, ()> {
        Box::pin(async move {
            self.client.echo(&self.signer()?).await?;
            Ok(())
        })
    }
}
