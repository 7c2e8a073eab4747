//! Sessions of people: an opaque token of 256 bits in a cookie, its SHA-256 in the database, an end
//! after idleness and an end in any case, both by policy.

use crate::people::{self, PersonRow};
use crate::{Staff, guard, limits};
use bytes::Bytes;
use center_base::{Actor, Authenticator, Person, Refusal, UserId};
use codes::api;
use futures_util::future::BoxFuture;
use http::request::Parts;
use sha2::{Digest as _, Sha256};
use store::{DbError, Migration, ReadTx, TenantId, Tx, params};

pub(crate) const SESSION: Migration = Migration {
    name: "staff/0003_session",
    sql: "-- Who is signed in. The token itself is only in the cookie.
        CREATE TABLE session (
            tenant BIGINT NOT NULL,
            token BYTEA NOT NULL,
            person BYTEA NOT NULL,
            created_us BIGINT NOT NULL,
            seen_us BIGINT NOT NULL,
            PRIMARY KEY (tenant, token)
        ) /*sqlite: STRICT, WITHOUT ROWID */;
        CREATE INDEX session_person ON session (tenant, person);",
};

pub(crate) const INSERT: &str =
    "INSERT INTO session (tenant, token, person, created_us, seen_us) VALUES ($1, $2, $3, $4, $4)";
pub(crate) const LOAD: &str =
    "SELECT person, created_us, seen_us FROM session WHERE tenant = $1 AND token = $2";
pub(crate) const SEEN: &str =
    "UPDATE session SET seen_us = $3 WHERE tenant = $1 AND token = $2 AND seen_us < $3";
pub(crate) const END: &str = "DELETE FROM session WHERE tenant = $1 AND token = $2";
pub(crate) const END_ALL: &str = "DELETE FROM session WHERE tenant = $1 AND person = $2";
pub(crate) const SWEEP: &str = "DELETE FROM session WHERE tenant = $1 AND seen_us < $2";

/// A session's token as the cookie carries it: 64 hex digits. Never shown.
#[derive(Clone)]
pub(crate) struct Token(pub(crate) String);

impl Token {
    pub(crate) fn mint() -> Result<Self, Refusal> {
        Ok(Self(hex::encode(center_base::random::<32>()?)))
    }

    pub(crate) fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

pub(crate) fn begin(tx: &mut Tx<'_>, token: &[u8; 32], person: &UserId) -> Result<(), DbError> {
    let (tenant, now_us) = (tx.tenant(), tx.now_us());
    tx.execute(INSERT, params![tenant, token, &person.0, now_us])?;
    Ok(())
}

pub(crate) fn end(tx: &mut Tx<'_>, token: &[u8; 32]) -> Result<bool, DbError> {
    let tenant = tx.tenant();
    Ok(tx.execute(END, params![tenant, token])? > 0)
}

pub(crate) fn end_all(tx: &mut Tx<'_>, person: &UserId) -> Result<(), DbError> {
    let tenant = tx.tenant();
    tx.execute(END_ALL, params![tenant, &person.0])?;
    Ok(())
}

struct Found {
    person: PersonRow,
    created_us: i64,
    seen_us: i64,
}

fn load(tx: &mut ReadTx<'_>, tenant: TenantId, token: &[u8; 32]) -> Result<Option<Found>, DbError> {
    let found = tx.query_opt(LOAD, params![tenant, token], |row| {
        Ok((UserId(row.array(0)?), row.i64(1)?, row.i64(2)?))
    })?;
    let Some((person, created_us, seen_us)) = found else { return Ok(None) };
    let person = people::by_id(tx, tenant, &person)?;
    Ok(person.filter(|row| row.view.active).map(|person| Found { person, created_us, seen_us }))
}

impl Staff {
    /// The person of a session, if it is still one; notes that they were here.
    async fn person_of(&self, token: &Token) -> Result<Person, Refusal> {
        let (tenant, session) = (self.base.tenant, token.hash());
        let found = self.base.read(move |tx| Ok(load(tx, tenant, &session)?)).await?;
        let Found { person, created_us, seen_us } = found.ok_or(api::NOT_SIGNED_IN)?;
        let policy = self.tenancy.policy_of(&person.view.scope).await?;
        let now_us = self.base.clock.now_us();
        let minutes = |since_us: i64| now_us.saturating_sub(since_us) / 60_000_000;
        if minutes(seen_us) >= policy.session.idle_min || minutes(created_us) >= policy.session.absolute_min {
            return Err(api::NOT_SIGNED_IN.into());
        }
        if now_us.saturating_sub(seen_us) >= limits::SEEN_EVERY_US {
            let tenant = self.base.tenant;
            let unit =
                move |tx: &mut Tx<'_>| Ok(tx.execute(SEEN, params![tenant, &session, now_us]).map(drop)?);
            self.base.write(unit).await?;
        }
        let standing = person.standing(&policy, people::date_of(now_us));
        Ok(Person {
            id: person.view.id,
            login_id: person.view.login_id.into(),
            name: person.view.name.into(),
            role: person.view.role,
            scope: person.view.scope,
            session,
            must_change_password: standing.must_change(),
        })
    }

    /// Removes what is certainly over.
    pub(crate) async fn sweep_now(&self) -> Result<(), Refusal> {
        self.base
            .write(|tx| {
                let (tenant, now_us) = (tx.tenant(), tx.now_us());
                let old_us = now_us.saturating_sub(limits::KEEP_US);
                tx.execute(SWEEP, params![tenant, old_us])?;
                let hour_ago_us = now_us.saturating_sub(3_600_000_000);
                tx.execute(guard::SWEEP, params![tenant, hour_ago_us.min(now_us), now_us])?;
                Ok(())
            })
            .await
    }
}

impl Authenticator for Staff {
    fn authenticate<'a>(
        &'a self,
        request: &'a Parts,
        _body: &'a Bytes,
    ) -> BoxFuture<'a, Result<Option<Actor>, Refusal>> {
        Box::pin(async move {
            let Some(token) = self.cookie.read(&request.headers).filter(|token| !token.is_empty()) else {
                return Ok(None);
            };
            match self.person_of(&Token(token)).await {
                Ok(person) => Ok(Some(Actor::Person(person))),
                // A cookie outlives its session: for a page that is somebody to sign in, not an error.
                Err(refusal) if refusal.code == api::NOT_SIGNED_IN => Ok(None),
                Err(refusal) => Err(refusal),
            }
        })
    }
}
