//! Signing in, at the console and at a terminal, and changing the password.
//!
//! Whatever is wrong, the answer is the same: unknown, disabled, of another shop, or a wrong password
//! look alike and take as long. The count of wrong ones and the success are decided in the commit, so
//! that a crowd of guesses at the same time gets no more tries than a patient one.

use crate::guard::{self, Key};
use crate::password::{self, Secret, Weakness};
use crate::people::{self, PersonRow, PersonView};
use crate::session::{self, Token};
use crate::{Staff, limits};
use center_base::{CompanyId, Person, Refusal, ShopId, UserId, audit};
use codes::api;
use payment::{PasswordPolicy, Policy};
use serde_json::json;
use std::sync::Arc;
use store::{Tx, params};

/// A clerk who signed in at a terminal (W-032, R-045).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clerk {
    /// As printed on slips.
    pub operator: payment::Operator,
    /// The password must be changed in the console (D-07).
    pub must_change_password: bool,
}

/// Where somebody signs in.
#[derive(Clone)]
pub(crate) enum Door {
    Console,
    Terminal { company: CompanyId, shop: ShopId, name: String },
}

impl Door {
    fn lets_in(&self, person: &PersonView) -> bool {
        match self {
            Self::Console => person.active,
            Self::Terminal { company, shop, .. } => {
                person.active && people::is_clerk_of(person, company, shop)
            }
        }
    }

    fn who(&self) -> String {
        match self {
            Self::Console => "console".to_owned(),
            Self::Terminal { name, .. } => format!("terminal {name}"),
        }
    }
}

/// What the commit decided.
enum Decided {
    In,
    Wrong,
    Locked,
}

/// Who was meant, as far as anybody was.
struct Meant {
    person: Option<PersonRow>,
    key: Key,
    policy: Arc<Policy>,
}

/// A new password was not taken.
pub(crate) enum NotChanged {
    Weak(Weakness),
    /// The current password was wrong.
    Wrong,
    Refused(Refusal),
}

impl From<Refusal> for NotChanged {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Staff {
    /// Signs a person in to the console: a fresh token; `old` is the session that the browser had.
    pub(crate) async fn sign_in(
        &self,
        login: &str,
        secret: &Secret,
        old: Option<Token>,
    ) -> Result<(Token, Arc<Policy>), Refusal> {
        let token = Token::mint()?;
        let (new, old) = (token.hash(), old.map(|token| token.hash()));
        let (_, policy) = self
            .enter(Door::Console, login, secret, move |tx, person| {
                if let (Some(old), Some(_)) = (old, person) {
                    session::end(tx, &old)?;
                }
                if let Some(person) = person {
                    session::begin(tx, &new, &person.view.id)?;
                }
                Ok(())
            })
            .await?;
        Ok((token, policy))
    }

    /// Signs a clerk in at a terminal of a shop; `also` runs in the same unit, whatever is decided.
    pub async fn clerk_sign_in<F>(
        &self,
        by: &center_base::SignedBy,
        login: &str,
        secret: &Secret,
        mut also: F,
    ) -> Result<Clerk, Refusal>
    where
        F: FnMut(&mut Tx<'_>) -> Result<(), Refusal> + Send + 'static,
    {
        let door = Door::Terminal {
            company: by.company.clone(),
            shop: by.shop.clone(),
            name: by.terminal.to_string(),
        };
        let (person, _) = self.enter(door, login, secret, move |tx, _| also(tx)).await?;
        Ok(Clerk {
            operator: payment::Operator { id: person.view.login_id, name: person.view.name },
            must_change_password: person.must_change,
        })
    }

    async fn enter<F>(
        &self,
        door: Door,
        login: &str,
        secret: &Secret,
        mut also: F,
    ) -> Result<(PersonRow, Arc<Policy>), Refusal>
    where
        F: FnMut(&mut Tx<'_>, Option<&PersonRow>) -> Result<(), Refusal> + Send + 'static,
    {
        let Meant { person, key, policy } = self.meant(&door, login).await?;
        let hash = person.as_ref().map(|row| row.password.as_str());
        let fits = self.hasher.verify(secret, hash).await?;
        let (wanted, password_policy) = (person.clone().filter(|_| fits), policy.password.clone());
        let about = person
            .as_ref()
            .map_or("person unknown".to_owned(), |row| format!("person {}", row.view.login_id));
        let who = door.who();
        let decided = self
            .base
            .write(move |tx| {
                let (decided, person) = decide(tx, &door, &key, &password_policy, wanted.as_ref())?;
                also(tx, person.as_ref())?;
                let what = match decided {
                    Decided::In => "signed_in",
                    Decided::Wrong => "sign_in_failed",
                    Decided::Locked => "sign_in_locked",
                };
                audit::record(tx, &audit::Act { who: &who, what, about: &about, detail: json!({}) })?;
                Ok((decided, person))
            })
            .await?;
        match decided {
            (Decided::In, Some(person)) => Ok((person, policy)),
            (Decided::Locked, _) => Err(api::LOCKED.into()),
            (Decided::In | Decided::Wrong, _) => Err(api::NOT_SIGNED_IN.into()),
        }
    }

    async fn meant(&self, door: &Door, login: &str) -> Result<Meant, Refusal> {
        let (tenant, typed) = (self.base.tenant, people::typed_login(login));
        let wanted = typed.clone();
        let person = self.base.read(move |tx| Ok(people::by_login(tx, tenant, &wanted)?)).await?;
        let person = person.filter(|row| door.lets_in(&row.view));
        let (key, scope) = match &person {
            Some(row) => (guard::person_key(&row.view.id.0), row.view.scope.clone()),
            None => (guard::unknown_key(&typed), center_base::Scope::Tenant),
        };
        Ok(Meant { person, key, policy: self.tenancy.policy_of(&scope).await? })
    }

    /// Changes a person's password and gives a new session; every other session of theirs ends.
    /// `current` is not asked for when the change is forced.
    pub(crate) async fn change_password(
        &self,
        person: &Person,
        current: Option<&Secret>,
        new: &Secret,
    ) -> Result<(Token, Arc<Policy>), NotChanged> {
        let (tenant, id) = (self.base.tenant, person.id);
        let policy = self.tenancy.policy_of(&person.scope).await?;
        let depth = i64::try_from(policy.password.history_depth.saturating_sub(1)).unwrap_or(i64::MAX);
        let (row, before) = self
            .base
            .read(move |tx| {
                let row = people::by_id(tx, tenant, &id)?.ok_or(api::NOT_SIGNED_IN)?;
                let before = tx.query_all(people::HISTORY_LOAD, params![tenant, &id.0, depth], |row| {
                    Ok(row.text(0)?.to_owned())
                })?;
                Ok((row, before))
            })
            .await?;
        if let Some(current) = current
            && !self.hasher.verify(current, Some(&row.password)).await?
        {
            return Err(NotChanged::Wrong);
        }
        password::check(&policy.password, &row.view.login_id, new).map_err(NotChanged::Weak)?;
        for hash in before.iter().chain([&row.password]) {
            if self.hasher.verify(new, Some(hash)).await? {
                return Err(NotChanged::Weak(Weakness::UsedBefore));
            }
        }
        let hash = self.hasher.hash(new).await?;
        let token = Token::mint()?;
        let session = token.hash();
        self.base.write(move |tx| replace_password(tx, &row, &hash, &session)).await?;
        Ok((token, policy))
    }

    /// Ends a session.
    pub(crate) async fn sign_out(&self, person: &Person) -> Result<(), Refusal> {
        let (session, who) = (person.session, format!("person {}", person.login_id));
        self.base
            .write(move |tx| {
                if session::end(tx, &session)? {
                    let act = audit::Act { who: &who, what: "signed_out", about: &who, detail: json!({}) };
                    audit::record(tx, &act)?;
                }
                Ok(())
            })
            .await
    }
}

/// Decides on rows of now: a lock that came about meanwhile holds, and a person who was changed
/// meanwhile is not let in with what was verified before.
fn decide(
    tx: &mut Tx<'_>,
    door: &Door,
    key: &Key,
    policy: &PasswordPolicy,
    verified: Option<&PersonRow>,
) -> Result<(Decided, Option<PersonRow>), Refusal> {
    let (tenant, now_us) = (tx.tenant(), tx.now_us());
    if guard::load(tx, tenant, key)?.is_locked(now_us) {
        return Ok((Decided::Locked, None));
    }
    if let Some(verified) = verified {
        let now = people::by_id(tx, tenant, &verified.view.id)?;
        if let Some(row) = now.filter(|row| row.password == verified.password && door.lets_in(&row.view)) {
            guard::clear(tx, key)?;
            return Ok((Decided::In, Some(row)));
        }
    }
    let locked = guard::count_wrong(tx, key, policy)?;
    Ok((if locked { Decided::Locked } else { Decided::Wrong }, None))
}

fn replace_password(tx: &mut Tx<'_>, row: &PersonRow, hash: &str, session: &[u8; 32]) -> Result<(), Refusal> {
    let (tenant, now_us, id): (_, _, UserId) = (tx.tenant(), tx.now_us(), row.view.id);
    tx.execute(people::HISTORY_ADD, params![tenant, &id.0, now_us, &row.password])?;
    tx.execute(people::SET_PASSWORD, params![tenant, &id.0, hash, false, now_us])?;
    session::end_all(tx, &id)?;
    session::begin(tx, session, &id)?;
    let who = format!("person {}", row.view.login_id);
    Ok(audit::record(
        tx,
        &audit::Act { who: &who, what: "password_changed", about: &who, detail: json!({}) },
    )?)
}

/// The longest time a cookie may live, in seconds; the server ends the session earlier.
pub(crate) fn cookie_seconds(policy: &Policy) -> u64 {
    let seconds = policy.session.absolute_min.saturating_mul(60).min(limits::KEEP_US / 1_000_000);
    u64::try_from(seconds).unwrap_or(0)
}
