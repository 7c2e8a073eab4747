//! Who signed a request: the terminal's key from memory, the signature, the counter.

use crate::guard::Verdict;
use crate::{Fleet, limits, terminal_id};
use bytes::Bytes;
use center_api::JournalStanding;
use center_api::fast_key::FastKey;
use center_api::signature::{
    COUNTER_HEADER, Covered, DIGEST_HEADER, INPUT_HEADER, SIGNATURE_HEADER, SignatureFault, SignedHeaders,
    TERMINAL_HEADER, named_key, verify, verify_by,
};
use center_base::{Actor, Authenticator, Base, CompanyId, Refusal, ShopId, SignedBy, TerminalId};
use codes::api;
use ed25519_dalek::VerifyingKey;
use futures_util::future::BoxFuture;
use http::HeaderMap;
use http::request::Parts;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use store::{DbError, Inconsistent, ReadTx, Row, TenantId, Tx, params};

/// The only operation that a key may sign before it is confirmed.
pub(crate) const CONFIRM_PATH: &str = "/api/v1/activations/confirm";
/// The operation by which a terminal tells its journal, and hears how it stands, also while it is blocked.
pub const JOURNAL_PATH: &str = "/api/v1/journal";

pub(crate) const KEYS: &str =
    "SELECT t.company_id, t.shop_id, t.revoked, t.last_counter, t.confirmed_key_id, t.confirmed_key,
            t.pending_key_id, t.pending_key, COALESCE(j.standing, 'fine')
       FROM terminal t LEFT JOIN terminal_journal j ON j.tenant = t.tenant AND j.terminal_id = t.id
      WHERE t.tenant = $1 AND t.id = $2";
pub(crate) const ADVANCE: &str = "UPDATE terminal SET last_counter = $4
      WHERE tenant = $1 AND id = $2 AND confirmed_key_id = $3 AND revoked = 0 AND last_counter < $4";

/// A key and its name.
struct Key {
    id: Arc<str>,
    public: VerifyingKey,
    /// Requests that it was asked about.
    uses: AtomicU32,
    /// Its table, once it is used often.
    fast: OnceLock<Option<Fast>>,
}

/// A table of this process; there are at most [`limits::FAST_KEYS`].
struct Fast(FastKey);

static FAST: AtomicUsize = AtomicUsize::new(0);

impl Fast {
    fn new(key: &VerifyingKey) -> Option<Self> {
        let taken = FAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| {
            (count < limits::FAST_KEYS).then_some(count.saturating_add(1))
        });
        taken.is_ok().then(|| Self(FastKey::new(key)))
    }
}

impl Drop for Fast {
    fn drop(&mut self) {
        FAST.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Key {
    fn new(id: &str, key: VerifyingKey) -> Self {
        Self { id: id.into(), public: key, uses: AtomicU32::new(0), fast: OnceLock::new() }
    }

    /// Verifies a request; a key that is used often gets a table, with which that costs half.
    fn verify(&self, covered: &Covered<'_>, headers: &SignedHeaders) -> Result<(), SignatureFault> {
        let fast = match self.fast.get() {
            Some(fast) => fast.as_ref(),
            None if self.uses.fetch_add(1, Ordering::Relaxed) < uses_before_fast(&self.public) => None,
            None => self.fast.get_or_init(|| Fast::new(&self.public)).as_ref(),
        };
        match fast {
            Some(fast) => verify_by(covered, headers, |message, signature| fast.0.holds(message, signature)),
            None => verify(&self.public, covered, headers),
        }
    }
}

/// Between [`limits::USES_BEFORE_FAST`] and [`limits::USES_SPREAD`] more, by the key's own bytes.
fn uses_before_fast(key: &VerifyingKey) -> u32 {
    let spread = key.as_bytes().first().copied().map_or(0, u32::from) % limits::USES_SPREAD;
    limits::USES_BEFORE_FAST.saturating_add(spread)
}

/// What is kept of a terminal to know its requests by.
pub(crate) struct Known {
    company: CompanyId,
    shop: ShopId,
    is_revoked: bool,
    last_counter: i64,
    confirmed: Option<Key>,
    pending: Option<Key>,
    standing: JournalStanding,
}

fn key_of(row: &Row<'_>, id: usize, key: usize) -> Result<Option<Key>, DbError> {
    let (Some(id), Some(bytes)) = (row.opt_text(id)?, row.opt_array::<32>(key)?) else { return Ok(None) };
    let key = VerifyingKey::from_bytes(&bytes)
        .map_err(|_| Inconsistent::new("a key of a terminal", "an Ed25519 public key"))?;
    Ok(Some(Key::new(id, key)))
}

fn load(tx: &mut ReadTx<'_>, tenant: TenantId, id: &TerminalId) -> Result<Option<Known>, DbError> {
    tx.query_opt(KEYS, params![tenant, id], |row| {
        Ok(Known {
            company: row.text(0)?.into(),
            shop: row.text(1)?.into(),
            is_revoked: row.bool(2)?,
            last_counter: row.i64(3)?,
            confirmed: key_of(row, 4, 5)?,
            pending: key_of(row, 6, 7)?,
            standing: JournalStanding::from_word(row.text(8)?)
                .ok_or_else(|| Inconsistent::new("terminal_journal.standing", "a standing"))?,
        })
    })
}

async fn load_now(base: Base, id: TerminalId) -> Result<Arc<Known>, Refusal> {
    let tenant = base.tenant;
    let known = base.read(move |tx| Ok(load(tx, tenant, &id)?)).await?;
    // Strangers are not kept: they would push out those who are known.
    known.map(Arc::new).ok_or_else(|| unsigned("unknown terminal"))
}

/// The signature does not hold; why is for the log.
fn unsigned(why: &str) -> Refusal {
    Refusal { code: api::NOT_SIGNED_IN, detail: None, log: Some(why.to_owned()) }
}

/// The parts of a signed request.
struct Claim<'a> {
    terminal: TerminalId,
    counter: i64,
    key_id: &'a str,
    headers: SignedHeaders,
}

/// A header that stands exactly once.
fn single<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, Refusal> {
    let mut all = headers.get_all(name).iter();
    let one = all.next().and_then(|value| value.to_str().ok());
    match (one, all.next()) {
        (Some(text), None) => Ok(text),
        _ => Err(unsigned("a signature header is missing, twice, or no text")),
    }
}

impl<'a> Claim<'a> {
    fn read(headers: &'a HeaderMap) -> Result<Self, Refusal> {
        let counter = single(headers, COUNTER_HEADER)?.parse().ok().filter(|counter| *counter > 0);
        let input = single(headers, INPUT_HEADER)?;
        Ok(Self {
            terminal: terminal_id(single(headers, TERMINAL_HEADER)?)
                .ok_or_else(|| unsigned("terminal id"))?,
            counter: counter.ok_or_else(|| unsigned("the counter is not a number above zero"))?,
            key_id: named_key(input).map_err(|fault| unsigned(&fault.to_string()))?,
            headers: SignedHeaders {
                digest: single(headers, DIGEST_HEADER)?.to_owned(),
                input: input.to_owned(),
                signature: single(headers, SIGNATURE_HEADER)?.to_owned(),
            },
        })
    }
}

impl Known {
    /// Why a blocked terminal is refused.
    fn blocked(&self) -> Refusal {
        Refusal::from(self.standing.code().unwrap_or(api::NOT_ALLOWED))
            .detail("this terminal is blocked; ask the administrator")
    }

    /// The key that a request names, if it may be used for this path.
    fn key(&self, named: &str, path: &str) -> Option<&Key> {
        let pending = self.pending.as_ref().filter(|_| path == CONFIRM_PATH);
        [self.confirmed.as_ref(), pending].into_iter().flatten().find(|key| &*key.id == named)
    }
}

impl Fleet {
    /// The terminal as memory knows it; as the database does when its key may just have changed.
    async fn known(&self, claim: &Claim<'_>, path: &str) -> Result<Arc<Known>, Refusal> {
        let id = &claim.terminal;
        let load = || load_now(self.base.clone(), id.clone());
        if path == CONFIRM_PATH {
            return load().await;
        }
        let known = self.memory.keys.get_or_load(&self.base, id, load).await?;
        // Another center may have confirmed a key a moment ago.
        if known.key(claim.key_id, path).is_none()
            && self.memory.stale.take(id.as_str(), self.base.clock.now_us())
        {
            self.base.refresh().await?;
            return self.memory.keys.get_or_load(&self.base, id, load).await;
        }
        Ok(known)
    }

    async fn signed_by(&self, request: &Parts, body: &Bytes) -> Result<SignedBy, Refusal> {
        let claim = Claim::read(&request.headers)?;
        let path = request.uri.path();
        let known = self.known(&claim, path).await?;
        let key = known.key(claim.key_id, path).ok_or_else(|| unsigned("unknown key"))?;
        let covered = Covered {
            method: request.method.as_str(),
            path,
            query: request.uri.query().unwrap_or_default(),
            terminal: claim.terminal.as_str(),
            counter: claim.counter,
            body,
        };
        key.verify(&covered, &claim.headers).map_err(|fault| unsigned(&fault.to_string()))?;
        let asks_why = path == JOURNAL_PATH && known.standing != JournalStanding::Fine;
        if known.is_revoked && !asks_why {
            return Err(known.blocked());
        }
        let is_confirmed = known.confirmed.as_ref().is_some_and(|confirmed| confirmed.id == key.id);
        let stored = if is_confirmed { known.last_counter } else { 0 };
        let guards = &self.memory.guards;
        match guards.take(&claim.terminal, &key.id, stored, claim.counter, &claim.headers.signature) {
            Verdict::Fresh => {}
            Verdict::Replayed => return Err(api::COUNTER_REPLAYED.into()),
            Verdict::Forked => {
                self.block_copy(&claim.terminal, claim.counter).await?;
                return Err(api::TERMINAL_COPIED.into());
            }
        }
        Ok(SignedBy {
            terminal: claim.terminal,
            shop: known.shop.clone(),
            company: known.company.clone(),
            key_id: Arc::clone(&key.id),
            counter: claim.counter,
        })
    }
}

impl Authenticator for Fleet {
    fn authenticate<'a>(
        &'a self,
        request: &'a Parts,
        body: &'a Bytes,
    ) -> BoxFuture<'a, Result<Option<Actor>, Refusal>> {
        Box::pin(async move {
            if !request.headers.contains_key(TERMINAL_HEADER) {
                return Ok(None);
            }
            self.signed_by(request, body).await.map(|by| Some(Actor::Terminal(by)))
        })
    }
}

/// Stores the counter of a signed request, in the unit that does the asked thing.
///
/// Refuses with center-430 when a later request of this terminal was stored before (the client asks again
/// with a new counter), and refuses a terminal that was blocked, or got another key, a moment ago.
pub fn advance_counter(tx: &mut Tx<'_>, by: &SignedBy) -> Result<(), Refusal> {
    let tenant = tx.tenant();
    if tx.execute(ADVANCE, params![tenant, &by.terminal, &*by.key_id, by.counter])? == 1 {
        return Ok(());
    }
    let known = load(tx, tenant, &by.terminal)?.ok_or_else(|| unsigned("unknown terminal"))?;
    if known.is_revoked {
        return Err(known.blocked());
    }
    match known.confirmed {
        Some(key) if key.id == by.key_id => Err(api::COUNTER_REPLAYED.into()),
        _ => Err(unsigned("the key of this terminal has changed")),
    }
}
