//! The terminal's own journal: what was shown to whom, in order, chained, never changed; and beside it
//! what is derived from it (payments) and what the device keeps (key, counters, configuration).
//!
//! `entry` is only ever added to: its number is the commit sequence, its hash covers the hash before.
//! `attempt` is the fold of the entries, written in the same commit; [`verify`] folds again and compares.
//! The file holds nothing secret but the device key, and is readable by its owner only.

mod audit;
mod fact;
mod keep;
mod rows;
mod upload;

pub use audit::{Report, export, verify};
pub(crate) use fact::is_nothing;
pub use fact::{Fact, Sent, Started};
pub use keep::{Kept, KeyCounters};
pub(crate) use rows::read as attempt_of;

use crate::attempt::{Attempt, BadStory};
use crate::event::NewPayment;
use crate::limits;
use crate::screen::{Filter, Kind, Period};
use clock::Clock;
use jiff::civil::Date;
use money::Yen;
use payment::{Method, Operator, PaymentId, StateName, public_id};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::{Db, DbError, Migration, OpenError, ReadError, TenantId, Tx, Url, WriteError, params};

/// The terminal's file has one tenant.
pub(crate) const TENANT: TenantId = TenantId(1);

/// The name of the file in the data folder.
pub const FILE: &str = "terminal.sqlite";

pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "terminal/0001_entry",
        sql: "-- The journal: append-only, chained.
            CREATE TABLE entry (
                tenant BIGINT NOT NULL,
                seq BIGINT NOT NULL,
                at_us BIGINT NOT NULL,
                payment BYTEA,
                body TEXT NOT NULL,
                hash BYTEA NOT NULL,
                PRIMARY KEY (tenant, seq)
            ) /*sqlite: STRICT, WITHOUT ROWID */;",
    },
    Migration {
        name: "terminal/0002_attempt",
        sql: "-- The payments, folded from the journal.
            CREATE TABLE attempt (
                tenant BIGINT NOT NULL,
                id BYTEA NOT NULL,
                started_at_us BIGINT NOT NULL,
                state TEXT NOT NULL,
                unsettled BIGINT NOT NULL,
                amount_yen BIGINT NOT NULL,
                public_id TEXT NOT NULL,
                doc TEXT NOT NULL,
                PRIMARY KEY (tenant, id)
            ) /*sqlite: STRICT, WITHOUT ROWID */;
            CREATE INDEX attempt_by_time ON attempt (tenant, started_at_us);
            CREATE INDEX attempt_unsettled ON attempt (tenant, unsettled, started_at_us);
            CREATE INDEX attempt_by_public_id ON attempt (tenant, public_id);",
    },
    Migration {
        name: "terminal/0003_keep",
        sql: "-- What the device keeps beside the journal: key, configuration, clerk, settings, counters.
            CREATE TABLE keep (
                tenant BIGINT NOT NULL,
                name TEXT NOT NULL,
                value TEXT NOT NULL,
                PRIMARY KEY (tenant, name)
            ) /*sqlite: STRICT, WITHOUT ROWID */;
            CREATE TABLE counter (
                tenant BIGINT NOT NULL,
                name TEXT NOT NULL,
                value BIGINT NOT NULL CHECK (value >= 0),
                PRIMARY KEY (tenant, name)
            ) /*sqlite: STRICT, WITHOUT ROWID */;",
    },
    crate::nexo::MIGRATION,
];

/// Why the journal did not take or give something.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// No space is left; nothing was written.
    #[error("the journal has no space left; nothing was written")]
    NoSpace,
    /// The entry does not fit the payment's story; nothing was written.
    #[error(transparent)]
    Story(#[from] BadStory),
    /// The file failed.
    #[error("the journal failed: {0}")]
    Broken(String),
}

impl From<DbError> for JournalError {
    fn from(error: DbError) -> Self {
        Self::Broken(error.to_string())
    }
}

impl From<WriteError<JournalError>> for JournalError {
    fn from(error: WriteError<JournalError>) -> Self {
        match error {
            WriteError::Unit(error) => error,
            WriteError::NoSpace => Self::NoSpace,
            other => Self::Broken(other.to_string()),
        }
    }
}

impl From<ReadError<JournalError>> for JournalError {
    fn from(error: ReadError<JournalError>) -> Self {
        match error {
            ReadError::Unit(error) => error,
            other => Self::Broken(other.to_string()),
        }
    }
}

/// The open journal. Clones share it.
#[derive(Clone)]
pub struct Journal {
    db: Db,
    /// Sales whose refunds are still to be added up, because the journal did not take that entry.
    to_add_up: Arc<Mutex<BTreeSet<PaymentId>>>,
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Journal")
    }
}

impl Journal {
    /// Opens or creates the journal in a folder. Blocks.
    pub fn open(folder: &Path, clock: Clock) -> Result<Self, OpenError> {
        let path = folder.join(FILE);
        let unusable =
            |why: std::io::Error| OpenError::File { file: path.display().to_string(), why: why.to_string() };
        std::fs::create_dir_all(folder).map_err(unusable)?;
        owner_only(&path).map_err(unusable)?;
        let db = Db::open(&Url::Sqlite(path.clone()), MIGRATIONS, clock)?;
        Ok(Self { db, to_add_up: Arc::default() })
    }

    /// The file, for what stands beside the journal in it.
    pub(crate) fn db(&self) -> &Db {
        &self.db
    }

    /// How the file is doing.
    pub fn health(&self) -> store::Health {
        self.db.health()
    }

    /// Resolves when the file has failed for good: the program must end.
    pub async fn fatal(&self) -> String {
        self.db.fatal().await
    }

    /// Writes down something that is not about one payment.
    pub async fn note(&self, fact: Fact) -> Result<(), JournalError> {
        Ok(self.db.write(TENANT, move |tx| append(tx, None, &fact)).await?)
    }

    /// Writes down the intent of a payment with the next slip number (1 to 9999, R-045), or of giving one
    /// back: a card's refund keeps the number of its sale, and the sale knows of it first.
    pub async fn start(&self, new: NewPayment, operator: Option<Operator>) -> Result<Attempt, JournalError> {
        let mut kept = None;
        if let Some(of) = new.refund.as_ref().map(|terms| terms.of) {
            let (id, amount) = (new.id, new.amount);
            let original = self.db.write(TENANT, move |tx| giving_back(tx, of, id, amount)).await?;
            kept = Some(original.slip_no).filter(|_| original.method == Method::Card);
        }
        Ok(self.db.write(TENANT, move |tx| start(tx, &new, operator.as_ref(), kept)).await?)
    }

    /// Adds a fact to a payment's story and gives the payment as it is then. Durable when it returns.
    /// What a refund gave back is added up on its sale, at the latest before the next fact.
    pub async fn record(&self, id: PaymentId, fact: Fact) -> Result<Attempt, JournalError> {
        self.adds_up().await;
        let approved = matches!(fact, Fact::Approved { .. });
        let attempt = self.db.write(TENANT, move |tx| tell(tx, id, &fact)).await?;
        if let Some(of) = attempt.gives_back().filter(|_| approved) {
            self.waiting().insert(of);
            self.adds_up().await;
        }
        Ok(attempt)
    }

    fn waiting(&self) -> MutexGuard<'_, BTreeSet<PaymentId>> {
        self.to_add_up.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The fact itself stands whatever becomes of the sum: a full disk must not hide an approval.
    async fn adds_up(&self) {
        loop {
            // Taken out before it is added up: a refund that is approved meanwhile puts it in again.
            let Some(of) = self.waiting().pop_first() else { return };
            if let Err(error) = self.db.write(TENANT, move |tx| add_up(tx, of)).await {
                tracing::warn!(payment.id = %of, %error, "what was given back is added up later");
                self.waiting().insert(of);
                return;
            }
        }
    }

    /// Adds up what a refund gave back when the program stopped between the two entries. Blocks; for
    /// start-up, before anything else is written.
    pub fn mend(&self) -> Result<(), JournalError> {
        let Some(last) = self.db.read_blocking(rows::last_told)? else { return Ok(()) };
        if let Some(of) = last.gives_back().filter(|_| last.name() == StateName::Approved) {
            self.db.write_blocking(TENANT, move |tx| add_up(tx, of))?;
        }
        Ok(())
    }

    /// One payment.
    pub async fn load(&self, id: PaymentId) -> Result<Option<Attempt>, JournalError> {
        Ok(self.db.read(move |tx| rows::load(tx, id)).await?)
    }

    /// The payments that are not final, oldest first. Blocks; for start-up.
    pub fn unsettled(&self) -> Result<Vec<Attempt>, JournalError> {
        Ok(self.db.read_blocking(rows::unsettled)?)
    }

    /// The newest payment. Blocks; for start-up.
    pub fn newest(&self) -> Result<Option<Attempt>, JournalError> {
        Ok(self.db.read_blocking(rows::newest)?)
    }

    /// The history, newest first, at most 50 (M-070). `today` is the date in Tokyo.
    pub async fn list(&self, filter: Filter, today: Date) -> Result<Vec<Attempt>, JournalError> {
        let since = match filter.period {
            Period::Today => Some(today),
            Period::Week => today.checked_sub(jiff::Span::new().days(6)).ok(),
            Period::All => None,
        };
        let since_us = since
            .and_then(|date| date.to_zoned(clock::tokyo()).ok())
            .map_or(0, |day| day.timestamp().as_microsecond());
        let states = states_of(filter.kind);
        let amount = filter.amount.map_or(-1, money::Yen::get);
        Ok(self.db.read(move |tx| rows::list(tx, since_us, states, amount)).await?)
    }

    /// The newest payment whose receipt carries this code (M-061, M-080): the transaction id, the order
    /// code, the receipt page's address, or the payment id itself.
    pub async fn find(&self, code: String) -> Result<Option<Attempt>, JournalError> {
        if let Ok(id) = code.parse::<PaymentId>() {
            return self.load(id).await;
        }
        Ok(self.db.read(move |tx| rows::find(tx, &code)).await?)
    }
}

fn states_of(kind: Kind) -> &'static [StateName] {
    use StateName as S;
    match kind {
        Kind::All => &S::ALL,
        Kind::Sales => &[S::Approved],
        Kind::Refused => &[S::Declined, S::Failed, S::Reversed, S::Released, S::Abandoned],
        Kind::Open => &[S::Started, S::Sent, S::Authorized, S::InDoubt],
    }
}

/// Makes the file with access for its owner only, before the first byte of it is written.
fn owner_only(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// The hash of an entry: over the hash before it, its number, instant, payment and body.
pub(crate) fn link(
    before: &[u8; 32],
    seq: i64,
    at_us: i64,
    payment: Option<PaymentId>,
    body: &str,
) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(before);
    hash.update(seq.to_be_bytes());
    hash.update(at_us.to_be_bytes());
    hash.update(payment.as_ref().map_or(&[0; 16], PaymentId::bytes));
    hash.update(body.as_bytes());
    hash.finalize().into()
}

fn append(tx: &mut Tx<'_>, payment: Option<PaymentId>, fact: &Fact) -> Result<(), JournalError> {
    let body = serde_json::to_string(fact).map_err(|e| JournalError::Broken(e.to_string()))?;
    let (seq, at_us) = (tx.seq(), tx.now_us());
    let hash = link(&tx.chain(), seq, at_us, payment, &body);
    tx.set_chain(hash);
    tx.execute(
        "INSERT INTO entry (tenant, seq, at_us, payment, body, hash)
         VALUES ($1, $2, $3, $4, $5, $6)",
        params![TENANT, seq, at_us, payment.as_ref().map(PaymentId::bytes), &body, &hash],
    )?;
    Ok(())
}

fn start(
    tx: &mut Tx<'_>,
    new: &NewPayment,
    operator: Option<&Operator>,
    kept: Option<i64>,
) -> Result<Attempt, JournalError> {
    let slip_no = match kept {
        Some(slip_no) => slip_no,
        None => rows::next_in_circle(tx, "slip_no", limits::SLIP_NO_MAX)?,
    };
    let terms = new.refund.as_deref();
    let fact = Fact::Started(Started {
        amount: new.amount,
        method: new.method,
        class: new.class,
        slip_no,
        note: new.note.clone(),
        tax: new.tax,
        operator: operator.cloned(),
        origin: new.origin.clone(),
        purpose: new.purpose(),
        deadline_us: new.deadline_us,
        card: terms.and_then(|terms| terms.card.clone()),
        code_paid: terms.and_then(|terms| terms.code_paid.clone()),
    });
    tell(tx, new.id, &fact)
}

/// The sale learns that something is to be given back of it, if it has that much left.
fn giving_back(
    tx: &mut Tx<'_>,
    of: PaymentId,
    refund: PaymentId,
    amount: Yen,
) -> Result<Attempt, JournalError> {
    let original = rows::load(tx, of)?.ok_or(BadStory::NotStarted(of))?;
    let rest = original.amount.minus(original.given_back).unwrap_or(Yen::ZERO);
    if original.name() != StateName::Approved || original.is_refund() || amount > rest {
        return Err(BadStory::NothingToGiveBack(of).into());
    }
    tell(tx, of, &Fact::GivingBack { refund })
}

/// Adds up what was given back of a sale, here and, as far as the center has told, elsewhere. What the center said last
/// may know of more.
fn add_up(tx: &mut Tx<'_>, of: PaymentId) -> Result<(), JournalError> {
    let Some(original) = rows::load(tx, of)? else { return Ok(()) };
    let elsewhere = original.given_back_elsewhere;
    let mut sum = elsewhere;
    for refund in &original.refunds {
        if let Some(refund) = rows::load(tx, *refund)?.filter(|r| r.name() == StateName::Approved) {
            sum = sum.plus(refund.amount).unwrap_or(sum);
        }
    }
    let total = sum.max(original.given_back);
    if total != original.given_back {
        tell(tx, of, &Fact::GivenBack { total, elsewhere })?;
    }
    Ok(())
}

fn tell(tx: &mut Tx<'_>, id: PaymentId, fact: &Fact) -> Result<Attempt, JournalError> {
    let before = rows::load(tx, id)?;
    let attempt = Attempt::apply(before, id, tx.now_us(), fact)?;
    append(tx, Some(id), fact)?;
    rows::save(tx, &attempt, &public_id(id))?;
    Ok(attempt)
}
