//! The frame around every page of the console: menu by rights, whose shop, who is signed in, language.

use crate::Staff;
use crate::roles::{self, Right};
use center_base::{Caller, Person, Refusal, Scope};
use futures_util::future::BoxFuture;
use i18n::{Lang, t, ta};
use maud::Markup;
use pages::frame::{Frame, Link, Surface, still};
use pages::icon::Icon;
use pages::list::{Entry, menu};
use std::sync::Arc;

/// A room of the console.
struct Room {
    path: &'static str,
    icon: Icon,
    key: &'static str,
    right: Option<Right>,
}

const fn room(path: &'static str, icon: Icon, key: &'static str, right: Right) -> Room {
    Room { path, icon, key, right: Some(right) }
}

/// The room whose number of open things stands in the menu.
const COUNTED_ROOM: &str = "/cases";

/// Counts what is open in a scope, for the menu.
pub type CountOpen = Arc<dyn Fn(Scope) -> BoxFuture<'static, Result<i64, Refusal>> + Send + Sync>;

/// The menu: a heading and its rooms.
const MENU: [(&str, &[Room]); 3] = [
    (
        "console-menu-sales",
        &[
            room("/payments", Icon::History, "console-menu-payments", Right::SeePayments),
            room(COUNTED_ROOM, Icon::Question, "console-menu-cases", Right::SeePayments),
        ],
    ),
    (
        "settlement-menu",
        &[
            room("/settlement", Icon::Bank, "settlement-menu-documents", Right::SeeSettlement),
            room("/settlement/year", Icon::Sum, "settlement-menu-year", Right::SeeSettlement),
            room("/settlement/simulator", Icon::Keypad, "settlement-menu-simulator", Right::SeeSettlement),
            room("/settlement/terms", Icon::Receipt, "settlement-menu-terms", Right::SeeSettlement),
            room("/settlement/board", Icon::Check, "settlement-menu-board", Right::Settle),
            room("/settlement/calendar", Icon::Calendar, "settlement-menu-calendar", Right::Settle),
            room("/settlement/adjustments", Icon::Sign, "settlement-menu-adjustments", Right::Settle),
            room("/settlement/unpaid", Icon::Clock, "settlement-menu-unpaid", Right::Settle),
            room("/settlement/payees", Icon::Shop, "settlement-menu-payees", Right::Settle),
            room("/settlement/remitter", Icon::Send, "settlement-menu-remitter", Right::Settle),
            room("/settlement/issuer", Icon::Mail, "settlement-menu-issuer", Right::Settle),
        ],
    ),
    (
        "console-menu-account",
        &[
            Room { path: "/me", icon: Icon::Person, key: "console-menu-me", right: None },
            room("/locks", Icon::Lock, "console-menu-locks", Right::ManagePeople),
        ],
    ),
];

/// A page of the console.
#[derive(Clone, Debug)]
pub struct ConsolePage<'a> {
    /// The path of its room in the menu.
    pub room: &'a str,
    /// Its own address, to come back to after the language was switched; a query is percent-encoded, so
    /// that it survives as one value.
    pub here: &'a str,
    /// Its heading in the window.
    pub title: &'a str,
    /// The stream that keeps it up to date.
    pub live: Option<&'a str>,
    /// Its `main#screen`; on a live page with `data-rev`.
    pub main: Markup,
}

/// What stands in every frame.
pub(crate) struct Setting {
    pub(crate) shop: String,
    pub(crate) support_name: String,
    pub(crate) support_phone: String,
}

impl Staff {
    /// A whole page of the console. `active` is the path of its room in the menu, `title` its heading in
    /// the window, `body` what stands in the main part. The caller is a person: the route sees to it.
    pub async fn console(
        &self,
        caller: &Caller,
        active: &str,
        title: &str,
        body: &Markup,
    ) -> Result<Markup, Refusal> {
        let main = still("work", body);
        self.console_page(caller, &ConsolePage { room: active, here: active, title, live: None, main }).await
    }

    /// A whole page of the console that has an address or a stream of its own.
    pub async fn console_page(&self, caller: &Caller, page: &ConsolePage<'_>) -> Result<Markup, Refusal> {
        let person = caller.person()?;
        let setting = self.setting(caller.lang, Some(&person.scope)).await?;
        let lang = caller.lang.tag();
        let window = format!("{} — {}", page.title, t(caller.lang, "console-name"));
        let frame = Frame::new(Surface::Console, lang, &window)
            .shop(&setting.shop)
            .clock(self.base.clock.now())
            .user(&person.name, "/me")
            .language_switch(page.here)
            .help(&setting.support_name, &setting.support_phone)
            .nav(navigation(caller.lang, person, page.room, self.open_count(person).await));
        let frame = match page.live {
            Some(stream) => frame.live(stream).link(Link::Up),
            None => frame,
        };
        Ok(frame.page(&page.main))
    }

    /// A later slice tells how many of its cases are open.
    pub fn count_open_by(&self, count: CountOpen) {
        drop(self.open.set(count));
    }

    async fn open_count(&self, person: &Person) -> i64 {
        let Some(count) = self.open.get() else { return 0 };
        count(person.scope.clone()).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the open cases could not be counted");
            0
        })
    }

    /// Names for the frame: the shop, company or tenant that is looked at, and whom to call.
    pub(crate) async fn setting(&self, lang: Lang, scope: Option<&Scope>) -> Result<Setting, Refusal> {
        let (tenant, scope) = (self.base.tenant, scope.cloned());
        let (shop, phone) = self
            .base
            .read(move |tx| {
                let row = tenancy::tenant(tx, tenant)?;
                let (name, phone) = row.map(|row| (row.name, row.support_phone)).unwrap_or_default();
                let own = match &scope {
                    Some(Scope::Shop(id)) => {
                        tenancy::shop(tx, tenant, id)?.map(|full| full.shop.merchant.name)
                    }
                    Some(scope @ Scope::Company(_)) => {
                        tenancy::companies(tx, tenant, scope)?.into_iter().next().map(|company| company.name)
                    }
                    Some(Scope::Tenant | Scope::Terminal(_)) | None => None,
                };
                Ok((own.unwrap_or(name), phone))
            })
            .await?;
        let shop = if shop.is_empty() { t(lang, "console-name") } else { shop };
        Ok(Setting { shop, support_name: t(lang, "console-support"), support_phone: phone })
    }
}

fn navigation(lang: Lang, person: &Person, active: &str, open: i64) -> Markup {
    let open_words = ta(lang, "console-menu-cases-open", &[("count", &open.to_string())]);
    let number = open.to_string();
    let allowed = |room: &&Room| room.right.is_none_or(|right| roles::has(person.role, right));
    let texts: Vec<(String, Vec<(&Room, String)>)> = MENU
        .iter()
        .map(|(heading, rooms)| {
            let rooms = rooms.iter().filter(allowed).map(|room| (room, t(lang, room.key))).collect();
            (t(lang, heading), rooms)
        })
        .collect();
    let groups: Vec<(&str, Vec<Entry<'_>>)> = texts
        .iter()
        .filter(|(_, rooms)| !rooms.is_empty())
        .map(|(heading, rooms)| {
            let entries = rooms.iter().map(|(room, text)| Entry {
                href: room.path,
                icon: room.icon,
                text,
                here: room.path == active,
                count: (room.path == COUNTED_ROOM && open > 0)
                    .then_some((number.as_str(), open_words.as_str())),
            });
            (heading.as_str(), entries.collect())
        })
        .collect();
    menu(&t(lang, "console-menu"), &groups)
}
