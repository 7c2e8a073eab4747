//! Who is locked out after too many wrong passwords, and the release by an administrator (D-06, U-013).

use crate::guard::{self, Key};
use crate::people::{self, PersonView};
use crate::{Staff, limits};
use axum::Form;
use axum::extract::{RawQuery, State};
use axum::response::Redirect;
use center_base::{Access, Caller, Level, Person, Refusal, Role, Routes, Scope, ShopId, Table, audit};
use http::Method;
use i18n::{Lang, t, ta};
use maud::{Markup, html};
use pages::icon::Icon;
use pages::list::{Column, empty, table};
use pages::ui::{Button, Tone, confirm, form, notice};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeSet;
use store::{DbError, ReadTx, TenantId, Tx};

/// The page of the locks.
const PATH: &str = "/locks";

/// Who may release: the roles with the right to manage people.
pub(crate) const MANAGERS: &[Role] = &[Role::Operator, Role::CompanyManager, Role::ShopManager];

/// The routes of the locks.
pub(crate) fn routes(staff: Staff) -> Table {
    let managers = Access::of(MANAGERS, Level::Shop);
    Routes::new(staff)
        .page(Method::GET, PATH, managers, locks)
        .page(Method::POST, PATH, managers, release)
        .table()
}

/// A person who is locked out.
struct Locked {
    view: PersonView,
    key: Key,
    /// When it ends by itself, UTC microseconds; `i64::MAX` when only an administrator ends it.
    until_us: i64,
}

/// Everybody in a manager's scope who is locked out now, but not the manager.
fn locked(tx: &mut ReadTx<'_>, tenant: TenantId, by: &Person, now_us: i64) -> Result<Vec<Locked>, DbError> {
    let until = guard::locked(tx, tenant, now_us)?;
    if until.is_empty() {
        return Ok(Vec::new());
    }
    let shops: BTreeSet<ShopId> =
        tenancy::shops(tx, tenant, &by.scope)?.into_iter().map(|shop| shop.id).collect();
    let within = |view: &PersonView| match (&by.scope, &view.scope) {
        (Scope::Tenant, _) => true,
        (_, Scope::Shop(shop)) => shops.contains(shop),
        (own, other) => own == other,
    };
    let all = people::all(tx, tenant, limits::PEOPLE_LISTED)?;
    let mine = all.into_iter().filter(|view| view.active && view.id != by.id && within(view));
    Ok(mine
        .filter_map(|view| {
            let key = guard::person_key(&view.id.0);
            let until_us = *until.get(key.hash())?;
            Some(Locked { view, key, until_us })
        })
        .collect())
}

async fn locks(
    State(staff): State<Staff>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Markup, Refusal> {
    let (by, lang) = (caller.person()?.clone(), caller.lang);
    let (tenant, now_us) = (staff.base.tenant, staff.base.clock.now_us());
    let found = staff.base.read(move |tx| Ok(locked(tx, tenant, &by, now_us)?)).await?;
    let title = t(lang, "console-menu-locks");
    let body = html! {
        h1 { (title) }
        @if query.as_deref() == Some("released") {
            (notice(Tone::Ok, &t(lang, "console-locks-released"), &html! { (t(lang, "console-locks-released-next")) }))
        }
        @if found.is_empty() {
            (empty(Icon::Lock, &t(lang, "console-locks-none"), &html! { (t(lang, "console-locks-none-next")) }))
        } @else {
            (list(lang, &title, &found))
        }
    };
    staff.console(&caller, PATH, &title, &body).await
}

fn list(lang: Lang, title: &str, found: &[Locked]) -> Markup {
    let [name, login, until, act] =
        ["console-me-name", "console-login-id", "console-locks-until", "console-locks-release"]
            .map(|key| t(lang, key));
    let columns = [Column::text(&name), Column::text(&login), Column::text(&until), Column::text(&act)];
    let rows: Vec<(&str, Vec<Markup>)> = found
        .iter()
        .map(|one| {
            let cells = vec![
                html! { (one.view.name) },
                html! { (one.view.login_id) },
                html! { (ends(lang, one.until_us)) },
                question(lang, &act, &one.view),
            ];
            ("", cells)
        })
        .collect();
    table(title, &columns, &rows)
}

fn ends(lang: Lang, until_us: i64) -> String {
    match people::instant(until_us) {
        Some(at) if until_us < i64::MAX => clock::tokyo_text(at),
        _ => t(lang, "console-locks-by-admin"),
    }
}

/// Asks once more before a lock is released.
fn question(lang: Lang, act: &str, view: &PersonView) -> Markup {
    let [about, leave] = ["console-locks-release-about", "console-locks-leave"].map(|key| t(lang, key));
    confirm(
        &Button::second(act).icon(Icon::Lock).small(),
        &html! {
            h2 { (ta(lang, "console-locks-release-question", &[("name", &view.name)])) }
            p { (about) }
            (form("", PATH, &html! {
                input type="hidden" name="login" value=(view.login_id);
                (Button::primary(act).icon(Icon::Lock).block())
            }))
        },
        &leave,
    )
}

#[derive(Deserialize)]
struct ReleaseForm {
    login: String,
}

async fn release(
    State(staff): State<Staff>,
    caller: Caller,
    Form(asked): Form<ReleaseForm>,
) -> Result<Redirect, Refusal> {
    let by = caller.person()?.clone();
    staff.base.write(move |tx| end(tx, &by, &asked.login)).await?;
    Ok(Redirect::to("/locks?released"))
}

/// Ends the lock of somebody in scope; a press on what is no longer locked changes nothing.
fn end(tx: &mut Tx<'_>, by: &Person, login: &str) -> Result<(), Refusal> {
    let (tenant, now_us) = (tx.tenant(), tx.now_us());
    let found = locked(tx, tenant, by, now_us)?.into_iter().find(|one| one.view.login_id == login);
    let Some(one) = found else { return Ok(()) };
    guard::clear(tx, &one.key)?;
    let (who, about) = (format!("person {}", by.login_id), format!("person {}", one.view.login_id));
    let act = audit::Act { who: &who, what: "person_unlocked", about: &about, detail: json!({}) };
    Ok(audit::record(tx, &act)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roles::{self, Right};

    #[test]
    fn whoever_manages_people_may_release_and_nobody_else() {
        // U-013
        for role in Role::ALL {
            assert_eq!(MANAGERS.contains(role), roles::has(*role, Right::ManagePeople), "{role:?}");
        }
    }
}
