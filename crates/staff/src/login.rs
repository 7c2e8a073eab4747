//! Signing in, at the console and at a terminal, and changing the password.
//!
//! Whatever is wrong, the answer is the same: unknown, disabled, of another shop, or a wrong password
//! look alike and take as long. The count of wrong ones and the success are decided in the commit, so
//! that a crowd of guesses at the same time gets no more tries than a patient one.

use crate::guard::{self, Key};
use crate::password::{self, Secret};
use crate::people::{self, PersonRow, PersonView};
use crate::session::{self, Token};
use crate::{Staff, limits};
use center_base::{CompanyId, Person, Refusal, ShopId, audit};
use codes::api;
use jiff::civil::Date;
use payment::{PasswordLack, PasswordPolicy, PasswordStanding, Policy};
use serde_json::json;
use std::sync::Arc;
use store::{Tx, params};

/// A clerk who signed in at a terminal (W-032, R-045).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clerk {
    /// As printed on slips.
    pub operator: payment::Operator,
    /// How the password stands; one that must be changed lets nobody serve (D-04, D-07).
    pub password: PasswordStanding,
}

/// What became of a clerk's change of password at a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClerkChange {
    /// It is changed, and the clerk is signed in.
    Changed(Clerk),
    /// The new one was not taken.
    Lacks(PasswordLack),
}

/// Where somebody signs in.
#[derive(Clone)]
pub(crate) enum Door {
    Console,
    Terminal { company: CompanyId, shop: ShopId, name: String },
}

impl Door {
    fn of(by: &center_base::SignedBy) -> Self {
        let (company, shop) = (by.company.clone(), by.shop.clone());
        Self::Terminal { company, shop, name: by.terminal.to_string() }
    }

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

/// A person's own password, as their pages show it.
pub(crate) struct OwnPassword {
    pub(crate) rule: PasswordPolicy,
    pub(crate) standing: PasswordStanding,
    /// Until when it is good, in Tokyo; none when it never ends.
    pub(crate) last_day: Option<Date>,
}

/// A new password was not taken.
pub(crate) enum NotChanged {
    Lacks(PasswordLack),
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
    ) -> Result<(Token, Arc<Policy>, PasswordStanding), Refusal> {
        let token = Token::mint()?;
        let (new, old) = (token.hash(), old.map(|token| token.hash()));
        let meant = self.meant(&Door::Console, login).await?;
        let fits = self.fits(&meant, secret).await?;
        let (person, policy) = self
            .admit(Door::Console, meant, fits, "signed_in", move |tx, person| {
                if let (Some(old), Some(_)) = (old, person) {
                    session::end(tx, &old)?;
                }
                if let Some(person) = person {
                    session::begin(tx, &new, &person.view.id)?;
                }
                Ok(())
            })
            .await?;
        let standing = person.standing(&policy, self.today());
        Ok((token, policy, standing))
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
        let door = Door::of(by);
        let meant = self.meant(&door, login).await?;
        let fits = self.fits(&meant, secret).await?;
        let (person, policy) = self.admit(door, meant, fits, "signed_in", move |tx, _| also(tx)).await?;
        let password = person.standing(&policy, self.today());
        Ok(Clerk { operator: operator(person), password })
    }

    /// Changes a clerk's password at a terminal of their shop and signs them in (W-033); a wrong current one
    /// counts like one at signing in. `also` runs in the same unit, whatever is decided.
    pub async fn clerk_new_password<F>(
        &self,
        by: &center_base::SignedBy,
        login: &str,
        current: &Secret,
        new: &Secret,
        mut also: F,
    ) -> Result<ClerkChange, Refusal>
    where
        F: FnMut(&mut Tx<'_>) -> Result<(), Refusal> + Send + 'static,
    {
        let door = Door::of(by);
        let meant = self.meant(&door, login).await?;
        let fits = self.fits(&meant, current).await?;
        let lack = match &meant.person {
            Some(row) if fits => self.lack(row, &meant.policy, new).await?,
            _ => None,
        };
        // Only a password that is taken is worth a hash; whoever is not let in costs none either.
        let hash = if fits && lack.is_none() { Some(self.hasher.hash(new).await?) } else { None };
        let entered = if hash.is_some() { "password_changed" } else { "password_refused" };
        let (person, _) = self
            .admit(door, meant, fits, entered, move |tx, person| {
                also(tx)?;
                if let (Some(hash), Some(row)) = (&hash, person) {
                    people::put_password(tx, row, hash, false)?;
                }
                Ok(())
            })
            .await?;
        Ok(match lack {
            Some(lack) => ClerkChange::Lacks(lack),
            None => {
                ClerkChange::Changed(Clerk { operator: operator(person), password: PasswordStanding::Good })
            }
        })
    }

    async fn fits(&self, meant: &Meant, secret: &Secret) -> Result<bool, Refusal> {
        self.hasher.verify(secret, meant.person.as_ref().map(|row| row.password.as_str())).await
    }

    /// Decides in the commit whether somebody is let in; `entered` is what the audit says if so.
    async fn admit<F>(
        &self,
        door: Door,
        meant: Meant,
        fits: bool,
        entered: &'static str,
        mut also: F,
    ) -> Result<(PersonRow, Arc<Policy>), Refusal>
    where
        F: FnMut(&mut Tx<'_>, Option<&PersonRow>) -> Result<(), Refusal> + Send + 'static,
    {
        let Meant { person, key, policy } = meant;
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
                    Decided::In => entered,
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

    /// Changes a person's password and gives a new session; every other session of theirs ends. The current
    /// one must match, and a wrong one counts like one at the login (U-083, D-05); only a first password, which
    /// somebody else gave, is not asked for again.
    pub(crate) async fn change_password(
        &self,
        person: &Person,
        current: &Secret,
        new: &Secret,
    ) -> Result<(Token, Arc<Policy>), NotChanged> {
        let (tenant, id) = (self.base.tenant, person.id);
        let policy = self.tenancy.policy_of(&person.scope).await?;
        let row =
            self.base.read(move |tx| Ok(people::by_id(tx, tenant, &id)?.ok_or(api::NOT_SIGNED_IN)?)).await?;
        if !row.must_change && !self.hasher.verify(current, Some(&row.password)).await? {
            return Err(self.count_wrong_current(row, &policy).await);
        }
        if let Some(lack) = self.lack(&row, &policy, new).await? {
            return Err(NotChanged::Lacks(lack));
        }
        let hash = self.hasher.hash(new).await?;
        let token = Token::mint()?;
        let session = token.hash();
        self.base.write(move |tx| replace_password(tx, &row, &hash, &session)).await?;
        Ok((token, policy))
    }

    /// A wrong current password: one more wrong try, and at the policy's Nth the sessions end with the lock.
    async fn count_wrong_current(&self, row: PersonRow, policy: &Policy) -> NotChanged {
        let policy = policy.password.clone();
        let counted = self.base.write(move |tx| {
            let (tenant, now_us, key) = (tx.tenant(), tx.now_us(), guard::person_key(&row.view.id.0));
            let locked =
                guard::load(tx, tenant, &key)?.is_locked(now_us) || guard::count_wrong(tx, &key, &policy)?;
            if locked {
                session::end_all(tx, &row.view.id)?;
            }
            let about = format!("person {}", row.view.login_id);
            let what = if locked { "sign_in_locked" } else { "sign_in_failed" };
            audit::record(tx, &audit::Act { who: "console", what, about: &about, detail: json!({}) })?;
            Ok(locked)
        });
        match counted.await {
            Ok(true) => NotChanged::Refused(api::LOCKED.into()),
            Ok(false) => NotChanged::Wrong,
            Err(refusal) => NotChanged::Refused(refusal),
        }
    }

    /// What a new password lacks for a person: the rule, and the earlier ones, which are there as hashes only
    /// (D-01, D-03).
    async fn lack(
        &self,
        row: &PersonRow,
        policy: &Policy,
        new: &Secret,
    ) -> Result<Option<PasswordLack>, Refusal> {
        let rule = people::rule(policy, row.view.role);
        if let Some(lack) = password::lack(&rule, &row.view.login_id, new) {
            return Ok(Some(lack));
        }
        let (tenant, id) = (self.base.tenant, row.view.id);
        let depth = i64::try_from(rule.history_depth).unwrap_or(i64::MAX);
        let before = self
            .base
            .read(move |tx| {
                let hash = |row: &store::Row<'_>| Ok(row.text(0)?.to_owned());
                Ok(tx.query_all(people::HISTORY_LOAD, params![tenant, &id.0, depth], hash)?)
            })
            .await?;
        for hash in [&row.password].into_iter().chain(&before) {
            if self.hasher.verify(new, Some(hash)).await? {
                return Ok(Some(PasswordLack::UsedBefore));
            }
        }
        Ok(None)
    }

    /// The rule for a person and how their password stands, for their own pages.
    pub(crate) async fn own_password(&self, person: &Person) -> Result<OwnPassword, Refusal> {
        let (tenant, id) = (self.base.tenant, person.id);
        let policy = self.tenancy.policy_of(&person.scope).await?;
        let row = self.base.read(move |tx| Ok(people::by_id(tx, tenant, &id)?)).await?;
        let standing = row.as_ref().map(|row| row.standing(&policy, self.today()));
        Ok(OwnPassword {
            rule: people::rule(&policy, person.role),
            standing: standing.unwrap_or_default(),
            last_day: row.and_then(|row| policy.password.last_day(people::date_of(row.changed_us))),
        })
    }

    /// Today in Tokyo.
    fn today(&self) -> Date {
        people::date_of(self.base.clock.now_us())
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

/// Decides on rows of now: whoever is locked meanwhile, or whose password was changed meanwhile, changes nothing.
fn replace_password(tx: &mut Tx<'_>, row: &PersonRow, hash: &str, session: &[u8; 32]) -> Result<(), Refusal> {
    let (tenant, now_us, id) = (tx.tenant(), tx.now_us(), row.view.id);
    let key = guard::person_key(&id.0);
    let now = people::by_id(tx, tenant, &id)?.filter(|now| now.password == row.password && now.view.active);
    if now.is_none() {
        return Err(api::NOT_SIGNED_IN.into());
    }
    if guard::load(tx, tenant, &key)?.is_locked(now_us) {
        return Err(api::LOCKED.into());
    }
    guard::clear(tx, &key)?;
    people::put_password(tx, row, hash, false)?;
    session::begin(tx, session, &id)?;
    let who = format!("person {}", row.view.login_id);
    Ok(audit::record(
        tx,
        &audit::Act { who: &who, what: "password_changed", about: &who, detail: json!({}) },
    )?)
}

fn operator(person: PersonRow) -> payment::Operator {
    payment::Operator { id: person.view.login_id, name: person.view.name }
}

/// The longest time a cookie may live, in seconds; the server ends the session earlier.
pub(crate) fn cookie_seconds(policy: &Policy) -> u64 {
    let seconds = policy.session.absolute_min.saturating_mul(60).min(limits::KEEP_US / 1_000_000);
    u64::try_from(seconds).unwrap_or(0)
}
