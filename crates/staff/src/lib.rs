//! People: who may sign in, in which role, with which password, for how long; the console around their
//! pages; clerks who sign in at a terminal.
//!
//! ```no_run
//! # async fn example(base: center_base::Base, tenancy: tenancy::Tenancy, caller: center_base::Caller) -> Result<(), center_base::Refusal> {
//! let cookie = pages::cookie::SessionCookie::new("center", 8700, false);
//! let staff = staff::Staff::new(&base, &tenancy, cookie);
//! let table = staff::routes(staff.clone());          // /, /login, /logout, /password, /password/soon, /me, /locks
//! let authenticator = staff.authenticator();         // for Table::router
//! let job = staff.sweep();                           // for jobs::run
//! // A page of the console, in a handler of another slice:
//! let body = maud::html! { h1 { "取引" } };
//! let page = staff.console(&caller, "/payments", "取引", &body).await?;
//! # Ok(())
//! # }
//! ```

mod console;
mod guard;
mod limits;
mod locks;
mod login;
mod login_pages;
mod password;
mod people;
mod roles;
mod session;

pub use console::{ConsolePage, CountOpen};
pub use login::{Clerk, ClerkChange};
pub use login_pages::routes;
pub use password::{Hasher, Secret};
pub use people::{NewPerson, PersonView};
pub use roles::{Right, RoleRow, has, role_row, rows as role_rows};

use center_base::{Authenticator, Base, jobs::Job};
use pages::cookie::SessionCookie;
use std::sync::Arc;
use store::Migration;
use tenancy::Tenancy;

/// The tables of this crate.
pub const MIGRATIONS: &[Migration] = &[people::PERSON, people::HISTORY, session::SESSION, guard::GUARD];

/// Every statement of this crate.
pub const STATEMENTS: &[&str] = &[
    people::BY_LOGIN,
    people::BY_ID,
    people::ALL,
    people::INSERT,
    people::UPDATE,
    people::SET_STATUS,
    people::SET_PASSWORD,
    people::HISTORY_ADD,
    people::HISTORY_LOAD,
    session::INSERT,
    session::LOAD,
    session::SEEN,
    session::END,
    session::END_ALL,
    session::SWEEP,
    guard::LOAD,
    guard::LOCKED,
    guard::PUT,
    guard::CLEAR,
    guard::SWEEP,
];

/// The slice. Clones share everything.
#[derive(Clone)]
pub struct Staff {
    base: Base,
    tenancy: Tenancy,
    cookie: SessionCookie,
    hasher: Hasher,
    open: Arc<std::sync::OnceLock<console::CountOpen>>,
}

impl Staff {
    /// The slice; `cookie` is named by program and port.
    pub fn new(base: &Base, tenancy: &Tenancy, cookie: SessionCookie) -> Self {
        Self {
            base: base.clone(),
            tenancy: tenancy.clone(),
            cookie,
            hasher: Hasher::default(),
            open: Arc::default(),
        }
    }

    /// Hashes passwords and terminal passwords, a few at a time.
    pub fn hasher(&self) -> &Hasher {
        &self.hasher
    }

    /// Knows people by their session cookie.
    pub fn authenticator(&self) -> Arc<dyn Authenticator> {
        Arc::new(self.clone())
    }

    /// Removes sessions and locks whose time is over, every few minutes.
    pub fn sweep(&self) -> Job {
        let staff = self.clone();
        Job::new("staff/sweep", limits::SWEEP_EVERY, move |_| {
            let staff = staff.clone();
            async move { staff.sweep_now().await }
        })
    }
}
