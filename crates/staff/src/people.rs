//! The rows of people, and what an administrator does with them.

use crate::password::Secret;
use crate::{Staff, guard, limits, roles, session};
use center_base::{CompanyId, Level, Refusal, Role, Scope, ShopId, UserId, audit};
use codes::api;
use jiff::Timestamp;
use jiff::civil::Date;
use payment::{PasswordPolicy, PasswordStanding, Policy};
use serde_json::json;
use store::{DbError, Inconsistent, Migration, ReadTx, Row, TenantId, Tx, params};

pub(crate) const PERSON: Migration = Migration {
    name: "staff/0001_person",
    sql: "-- People who sign in.
        CREATE TABLE person (
            tenant BIGINT NOT NULL,
            id BYTEA NOT NULL,
            login_id TEXT NOT NULL,
            email TEXT,
            name TEXT NOT NULL,
            role TEXT NOT NULL,
            company_id TEXT,
            shop_id TEXT,
            active BIGINT NOT NULL,
            password TEXT NOT NULL,
            must_change BIGINT NOT NULL,
            changed_us BIGINT NOT NULL,
            PRIMARY KEY (tenant, id),
            UNIQUE (tenant, login_id),
            UNIQUE (tenant, email)
        ) /*sqlite: STRICT, WITHOUT ROWID */;",
};
pub(crate) const HISTORY: Migration = Migration {
    name: "staff/0002_password_history",
    sql: "-- Hashes of earlier passwords, so that they are not used again.
        CREATE TABLE password_history (
            tenant BIGINT NOT NULL,
            person BYTEA NOT NULL,
            until_us BIGINT NOT NULL,
            password TEXT NOT NULL,
            PRIMARY KEY (tenant, person, until_us)
        ) /*sqlite: STRICT, WITHOUT ROWID */;",
};

pub(crate) const BY_LOGIN: &str =
    "SELECT id, login_id, email, name, role, company_id, shop_id, active, password, must_change,
            changed_us
       FROM person WHERE tenant = $1 AND (login_id = $2 OR email = $2) ORDER BY login_id LIMIT 1";
pub(crate) const BY_ID: &str =
    "SELECT id, login_id, email, name, role, company_id, shop_id, active, password, must_change,
            changed_us
       FROM person WHERE tenant = $1 AND id = $2";
pub(crate) const ALL: &str =
    "SELECT id, login_id, email, name, role, company_id, shop_id, active, password, must_change,
            changed_us
       FROM person WHERE tenant = $1 ORDER BY login_id LIMIT $2";
pub(crate) const INSERT: &str =
    "INSERT INTO person (tenant, id, login_id, email, name, role, company_id, shop_id, active, password,
            must_change, changed_us)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $10, $11)";
pub(crate) const UPDATE: &str = "UPDATE person SET name = $3, role = $4, company_id = $5, shop_id = $6
      WHERE tenant = $1 AND id = $2";
pub(crate) const SET_STATUS: &str =
    "UPDATE person SET active = $3 WHERE tenant = $1 AND id = $2 AND active <> $3";
pub(crate) const SET_PASSWORD: &str =
    "UPDATE person SET password = $3, must_change = $4, changed_us = $5 WHERE tenant = $1 AND id = $2";
pub(crate) const HISTORY_ADD: &str =
    "INSERT INTO password_history (tenant, person, until_us, password) VALUES ($1, $2, $3, $4)
     ON CONFLICT (tenant, person, until_us) DO NOTHING";
pub(crate) const HISTORY_LOAD: &str = "SELECT password FROM password_history
      WHERE tenant = $1 AND person = $2 ORDER BY until_us DESC LIMIT $3";

/// A person to be: by an administrator, or by the cast of the demo.
#[derive(Clone, Debug)]
pub struct NewPerson {
    /// What they type to sign in; lower case.
    pub login_id: String,
    /// Typed instead of the login id, if given; never changes.
    pub email: Option<String>,
    /// Name on screens and slips.
    pub name: String,
    /// In which role.
    pub role: Role,
    /// What they may see; must be as wide as the role says.
    pub scope: Scope,
    /// The first password.
    pub password: Secret,
    /// Whether it must be changed at the first login (D-07).
    pub must_change: bool,
}

/// A person as administrators see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonView {
    /// Who.
    pub id: UserId,
    /// Login id.
    pub login_id: String,
    /// Name.
    pub name: String,
    /// Role.
    pub role: Role,
    /// Scope.
    pub scope: Scope,
    /// Whether they may sign in.
    pub active: bool,
}

/// A row of the table.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PersonRow {
    pub(crate) view: PersonView,
    pub(crate) password: String,
    pub(crate) must_change: bool,
    /// When the password was chosen, UTC microseconds.
    pub(crate) changed_us: i64,
}

impl PersonRow {
    /// How the password stands, by the date in Tokyo (D-04, D-07).
    pub(crate) fn standing(&self, policy: &Policy, today: Date) -> PasswordStanding {
        if self.must_change {
            return PasswordStanding::Initial;
        }
        policy.password.standing(date_of(self.changed_us), today)
    }
}

/// The rule for passwords of people in a role, out of the policy of their place (W-033).
pub(crate) fn rule(policy: &Policy, role: Role) -> PasswordPolicy {
    match role {
        Role::ShopManager | Role::ShopStaff => policy.password.for_clerks(),
        Role::Operator | Role::CompanyManager | Role::Terminal | Role::Anonymous => policy.password.clone(),
    }
}

/// The date in Tokyo of an instant in UTC microseconds.
pub(crate) fn date_of(at_us: i64) -> Date {
    clock::business_date(instant(at_us).unwrap_or(Timestamp::UNIX_EPOCH))
}

/// An instant in UTC microseconds; none when it lies beyond the calendar.
pub(crate) fn instant(at_us: i64) -> Option<Timestamp> {
    Timestamp::from_microsecond(at_us).ok()
}

/// What was typed as login, in the stored form.
pub(crate) fn typed_login(typed: &str) -> String {
    let mut login = pages::typed::id(typed);
    let mut end = login.len().min(limits::LOGIN_BYTES);
    while !login.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    login.truncate(end);
    login
}

pub(crate) fn by_login(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    login: &str,
) -> Result<Option<PersonRow>, DbError> {
    tx.query_opt(BY_LOGIN, params![tenant, login], person_row)
}

pub(crate) fn by_id(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    id: &UserId,
) -> Result<Option<PersonRow>, DbError> {
    tx.query_opt(BY_ID, params![tenant, &id.0], person_row)
}

/// The people of a tenant by login id, as far as `most`.
pub(crate) fn all(tx: &mut ReadTx<'_>, tenant: TenantId, most: i64) -> Result<Vec<PersonView>, DbError> {
    tx.query_all(ALL, params![tenant, most], |row| Ok(person_row(row)?.view))
}

pub(crate) fn scope_of(role: Role, company: Option<&str>, shop: Option<&str>) -> Option<Scope> {
    let scope = match (company, shop) {
        (None, None) => Scope::Tenant,
        (Some(company), None) => Scope::Company(company.into()),
        (_, Some(shop)) => Scope::Shop(shop.into()),
    };
    Some(scope).filter(|scope| roles::role_row(role).is_some_and(|row| row.level == scope.level()))
}

fn person_row(row: &Row<'_>) -> Result<PersonRow, DbError> {
    let id = UserId(row.array(0)?);
    let wrong = |what: &str| Inconsistent::new(format!("person of {id}"), what.to_owned());
    let role = Role::from_word(row.text(4)?).ok_or_else(|| wrong("a role"))?;
    let scope = scope_of(role, row.opt_text(5)?, row.opt_text(6)?)
        .ok_or_else(|| wrong("a scope that fits the role"))?;
    let view = PersonView {
        id,
        login_id: row.text(1)?.to_owned(),
        name: row.text(3)?.to_owned(),
        role,
        scope,
        active: row.bool(7)?,
    };
    Ok(PersonRow {
        view,
        password: row.text(8)?.to_owned(),
        must_change: row.bool(9)?,
        changed_us: row.i64(10)?,
    })
}

/// The columns of a scope.
fn columns(scope: &Scope) -> (Option<&str>, Option<&str>) {
    match scope {
        Scope::Tenant | Scope::Terminal(_) => (None, None),
        Scope::Company(company) => (Some(company.as_str()), None),
        Scope::Shop(shop) => (None, Some(shop.as_str())),
    }
}

impl Staff {
    /// Writes a person; true when something changed. One who is there keeps their password and e-mail.
    pub async fn put_person(&self, who: &'static str, new: NewPerson) -> Result<bool, Refusal> {
        let row = roles::role_row(new.role).filter(|row| row.level == new.scope.level());
        if row.is_none() || new.scope.level() == Level::Terminal {
            return Err(Refusal::bad("the scope does not fit the role"));
        }
        let login = typed_login(&new.login_id);
        let email = new.email.as_deref().map(typed_login).filter(|email| !email.is_empty());
        if login.is_empty() {
            return Err(Refusal::bad("login_id must not be empty"));
        }
        let (tenant, wanted) = (self.base.tenant, login.clone());
        let there = self.base.read(move |tx| Ok(by_login(tx, tenant, &wanted)?.is_some())).await?;
        let hash = if there { String::new() } else { self.hasher.hash(&new.password).await? };
        let id = self.mint()?;
        let told = self.base.write(move |tx| put(tx, who, &login, email.as_deref(), &new, &hash, id)).await?;
        Ok(told)
    }

    fn mint(&self) -> Result<UserId, Refusal> {
        let millis = u64::try_from(self.base.clock.now_us().max(0) / 1000).unwrap_or(0);
        let random = center_base::random::<10>()?;
        Ok(UserId(*uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid().as_bytes()))
    }

    /// A person by login id or e-mail, for administrators.
    pub async fn person(&self, login: &str) -> Result<Option<PersonView>, Refusal> {
        let (tenant, login) = (self.base.tenant, typed_login(login));
        self.base.read(move |tx| Ok(by_login(tx, tenant, &login)?.map(|row| row.view))).await
    }

    /// Lets a person in again, or no more; their sessions end with this commit.
    pub async fn set_active(&self, who: &'static str, login: &str, active: bool) -> Result<(), Refusal> {
        let login = typed_login(login);
        self.base
            .write(move |tx| {
                let tenant = tx.tenant();
                let person = by_login(tx, tenant, &login)?.ok_or(api::NOT_FOUND)?.view;
                if tx.execute(SET_STATUS, params![tenant, &person.id.0, active])? == 0 {
                    return Ok(());
                }
                session::end_all(tx, &person.id)?;
                let what = if active { "person_enabled" } else { "person_disabled" };
                let about = format!("person {}", person.login_id);
                Ok(audit::record(tx, &audit::Act { who, what, about: &about, detail: json!({}) })?)
            })
            .await
    }

    /// Ends the lock of a person (D-06).
    pub async fn unlock(&self, who: &'static str, login: &str) -> Result<(), Refusal> {
        let login = typed_login(login);
        self.base
            .write(move |tx| {
                let tenant = tx.tenant();
                let person = by_login(tx, tenant, &login)?.ok_or(api::NOT_FOUND)?.view;
                if guard::clear(tx, &guard::person_key(&person.id.0))? {
                    let about = format!("person {}", person.login_id);
                    audit::record(
                        tx,
                        &audit::Act { who, what: "person_unlocked", about: &about, detail: json!({}) },
                    )?;
                }
                Ok(())
            })
            .await
    }
}

impl Staff {
    /// Gives a person a first password again: it must be changed at the next login, a lock and every session end
    /// (U-013). The password stands in no log and goes into no mail; whoever asked hands it over.
    pub async fn reset_password(
        &self,
        who: &'static str,
        login: &str,
        initial: &Secret,
    ) -> Result<(), Refusal> {
        let login = typed_login(login);
        let hash = self.hasher.hash(initial).await?;
        self.base
            .write(move |tx| {
                let tenant = tx.tenant();
                let row = by_login(tx, tenant, &login)?.ok_or(api::NOT_FOUND)?;
                put_password(tx, &row, &hash, true)?;
                guard::clear(tx, &guard::person_key(&row.view.id.0))?;
                let about = format!("person {}", row.view.login_id);
                let act = audit::Act { who, what: "password_reset", about: &about, detail: json!({}) };
                Ok(audit::record(tx, &act)?)
            })
            .await
    }
}

/// Writes a person's new password; the one before goes into the history, every session of theirs ends.
pub(crate) fn put_password(
    tx: &mut Tx<'_>,
    row: &PersonRow,
    hash: &str,
    must_change: bool,
) -> Result<(), DbError> {
    let (tenant, now_us, id) = (tx.tenant(), tx.now_us(), row.view.id);
    tx.execute(HISTORY_ADD, params![tenant, &id.0, now_us, &row.password])?;
    tx.execute(SET_PASSWORD, params![tenant, &id.0, hash, must_change, now_us])?;
    session::end_all(tx, &id)
}

fn put(
    tx: &mut Tx<'_>,
    who: &str,
    login: &str,
    email: Option<&str>,
    new: &NewPerson,
    hash: &str,
    id: UserId,
) -> Result<bool, Refusal> {
    let (tenant, now_us) = (tx.tenant(), tx.now_us());
    let (company, shop) = columns(&new.scope);
    let about = format!("person {login}");
    let detail = json!({ "name": new.name, "role": new.role.word(), "company": company, "shop": shop });
    let act = |what| audit::Act { who, what, about: &about, detail: detail.clone() };
    if let Some(row) = by_login(tx, tenant, login)? {
        let same = (&row.view.name, row.view.role, &row.view.scope) == (&new.name, new.role, &new.scope);
        if !same {
            let role = new.role.word();
            tx.execute(UPDATE, params![tenant, &row.view.id.0, &new.name, role, company, shop])?;
            session::end_all(tx, &row.view.id)?;
            audit::record(tx, &act("person_changed"))?;
        }
        return Ok(!same);
    }
    if let Some(email) = email
        && by_login(tx, tenant, email)?.is_some()
    {
        return Err(Refusal::bad("this e-mail address belongs to somebody else"));
    }
    if hash.is_empty() {
        return Err(Refusal::from(api::UNAVAILABLE).detail("the person was removed meanwhile, try again"));
    }
    let role = new.role.word();
    let values =
        params![tenant, &id.0, login, email, &new.name, role, company, shop, hash, new.must_change, now_us];
    tx.execute(INSERT, values)?;
    audit::record(tx, &act("person_added"))?;
    Ok(true)
}

/// Whether a person of this role and scope works as a clerk at a shop.
pub(crate) fn is_clerk_of(view: &PersonView, _company: &CompanyId, shop: &ShopId) -> bool {
    matches!(view.role, Role::ShopManager | Role::ShopStaff) && view.scope == Scope::Shop(shop.clone())
}
