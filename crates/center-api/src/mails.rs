//! Receipts by mail: what was asked for, where it stands, and the address to begin with at a reissue.

use serde::{Deserialize, Serialize};

/// One mail with the customer's copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ReceiptMail {
    /// Its id, 32 hex digits.
    pub id: String,
    /// Where to, masked: `h*****@example.jp`.
    pub address: String,
    /// Where it stands.
    pub status: MailStatus,
    /// What the mail server said last, as a stable word: `refused 550`, `later 451`, `unreachable` …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// When it was asked for.
    pub asked_at_us: i64,
}

/// Where a mail stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum MailStatus {
    /// Waiting for the mail server, perhaps not for the first time.
    Queued,
    /// The mail server has taken it.
    Sent,
    /// The mail server will not take it, or nobody could be reached for a day.
    Failed,
}

/// `GET /api/v1/payments/{id}/receipt-mails`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ReceiptMails {
    /// The address of the last mail, whole, to begin with at a reissue (M-055).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_address: Option<String>,
    /// How many more may be asked for (D-20).
    pub left: i64,
    /// The mails to customers, the newest first.
    pub mails: Vec<ReceiptMail>,
}

impl std::fmt::Debug for ReceiptMails {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReceiptMails").field("mails", &self.mails).finish_non_exhaustive()
    }
}
