//! The pages around signing in: login, change of the password, the own page, signing out.

use crate::login::{NotChanged, cookie_seconds};
use crate::password::Secret;
use crate::session::Token;
use crate::{Staff, roles};
use axum::Form;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use center_base::{Access, Actor, Caller, LOGIN_PATH, Level, PASSWORD_PATH, Refusal, Role, Routes, Table};
use codes::api;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use i18n::{Lang, t, ta};
use jiff::civil::Date;
use maud::{Markup, html};
use pages::frame::{Frame, Surface, still};
use pages::icon::{Icon, mark};
use pages::list::{key_values, panel};
use pages::ui::{Button, Field, Tone, form, notice};
use payment::{PasswordPolicy, PasswordStanding};
use serde::Deserialize;

/// Where whoever signs in is reminded that their password ends soon (U-081).
const SOON_PATH: &str = "/password/soon";

/// The routes of this slice.
pub fn routes(staff: Staff) -> Table {
    let people = Access::of(Role::PEOPLE, Level::Shop);
    let unfinished = people.before_new_password();
    let locks = crate::locks::routes(staff.clone());
    let own = Routes::new(staff)
        .page(Method::GET, "/", people, home)
        .page(Method::GET, LOGIN_PATH, Access::PUBLIC, login)
        .page(Method::POST, LOGIN_PATH, Access::PUBLIC, sign_in)
        .page(Method::POST, "/logout", unfinished, sign_out)
        .page(Method::GET, PASSWORD_PATH, unfinished, password)
        .page(Method::POST, PASSWORD_PATH, unfinished, change_password)
        .page(Method::GET, SOON_PATH, people, soon)
        .page(Method::GET, "/me", people, me)
        .table();
    Table::join([own, locks])
}

async fn home() -> Redirect {
    Redirect::to("/payments")
}

#[derive(Deserialize)]
struct Asked {
    next: Option<String>,
}

#[derive(Deserialize)]
struct LoginForm {
    login: String,
    password: Secret,
    #[serde(default)]
    next: String,
}

/// Where to go after the login: a page of ours, and not the login itself.
fn after_login(next: &str) -> &str {
    if pages::lang::is_own_path(next) && !next.starts_with(LOGIN_PATH) { next } else { "/" }
}

async fn login(
    State(staff): State<Staff>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let next = asked.next.unwrap_or_default();
    if matches!(caller.actor, Actor::Person(_)) {
        return Ok(Redirect::to(after_login(&next)).into_response());
    }
    Ok(staff.login_page(caller.lang, "", &next, None).await?.into_response())
}

async fn sign_in(
    State(staff): State<Staff>,
    caller: Caller,
    headers: HeaderMap,
    Form(typed): Form<LoginForm>,
) -> Result<Response, Refusal> {
    let old = staff.cookie.read(&headers).map(Token);
    match staff.sign_in(&typed.login, &typed.password, old).await {
        Ok((token, policy, standing)) => {
            let cookie = staff.cookie.set(&token.0, cookie_seconds(&policy));
            let next = after_login(&typed.next);
            let to = match standing {
                PasswordStanding::EndsSoon { .. } => reminder(next),
                PasswordStanding::Good | PasswordStanding::Expired | PasswordStanding::Initial => {
                    next.to_owned()
                }
            };
            Ok(with_cookie(Redirect::to(&to).into_response(), &cookie))
        }
        Err(refusal) if [api::NOT_SIGNED_IN, api::LOCKED, api::TOO_MANY].contains(&refusal.code) => {
            let status = StatusCode::from_u16(refusal.code.row().status).unwrap_or(StatusCode::UNAUTHORIZED);
            let trouble = match refusal.code {
                code if code == api::LOCKED => "console-login-locked",
                code if code == api::TOO_MANY => "console-login-busy",
                _ => "console-login-wrong",
            };
            let page = staff.login_page(caller.lang, &typed.login, &typed.next, Some(trouble)).await?;
            Ok((status, page).into_response())
        }
        Err(refusal) => Err(refusal),
    }
}

/// The reminder, which leads on to where somebody wanted to go.
fn reminder(next: &str) -> String {
    if next == "/" || next.contains(['&', '#', '%', '+', '?']) {
        return SOON_PATH.to_owned();
    }
    format!("{SOON_PATH}?next={next}")
}

fn with_cookie(mut response: Response, cookie: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

async fn sign_out(State(staff): State<Staff>, caller: Caller) -> Result<Response, Refusal> {
    staff.sign_out(caller.person()?).await?;
    Ok(with_cookie(Redirect::to(LOGIN_PATH).into_response(), &staff.cookie.clear()))
}

fn nothing() -> Secret {
    Secret::new("")
}

#[derive(Deserialize)]
struct PasswordForm {
    /// Not on the form while a first password is changed.
    #[serde(default = "nothing")]
    current: Secret,
    new: Secret,
    again: Secret,
}

/// What is wrong with a password form: the field and the sentence.
type FieldTrouble = Option<(&'static str, String)>;

async fn password(State(staff): State<Staff>, caller: Caller) -> Result<Markup, Refusal> {
    staff.password_page(&caller, None).await
}

async fn change_password(
    State(staff): State<Staff>,
    caller: Caller,
    Form(typed): Form<PasswordForm>,
) -> Result<Response, Refusal> {
    let (person, lang) = (caller.person()?, caller.lang);
    if typed.new != typed.again {
        return staff.password_again(&caller, "again", t(lang, "console-password-differs")).await;
    }
    match staff.change_password(person, &typed.current, &typed.new).await {
        Ok((token, policy)) => {
            let cookie = staff.cookie.set(&token.0, cookie_seconds(&policy));
            let to = if person.must_change_password { "/" } else { "/me?changed" };
            Ok(with_cookie(Redirect::to(to).into_response(), &cookie))
        }
        Err(NotChanged::Lacks(lack)) => {
            staff.password_again(&caller, "new", i18n::password_lack(lang, &lack)).await
        }
        Err(NotChanged::Wrong) => {
            staff.password_again(&caller, "current", t(lang, "console-password-wrong")).await
        }
        Err(NotChanged::Refused(refusal)) if refusal.code == api::LOCKED => {
            let page = staff.login_page(lang, &person.login_id, "", Some("console-login-locked")).await?;
            Ok((StatusCode::LOCKED, page).into_response())
        }
        Err(NotChanged::Refused(refusal)) => Err(refusal),
    }
}

async fn soon(
    State(staff): State<Staff>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let next = asked.next.unwrap_or_default();
    let next = after_login(&next);
    let standing = staff.own_password(caller.person()?).await?.standing;
    let PasswordStanding::EndsSoon { last_day } = standing else {
        return Ok(Redirect::to(next).into_response());
    };
    let lang = caller.lang;
    let (now, later) = (t(lang, "password-change-now"), t(lang, "password-later"));
    let title = t(lang, "password-soon");
    let body = html! {
        (notice(Tone::Ask, &title, &html! { p { (ends(lang, last_day)) } }))
        div.stack {
            (Button::primary(&now).icon(Icon::Lock).large().block().link(PASSWORD_PATH))
            (Button::second(&later).block().link(next))
        }
    };
    Ok(staff.sheet(lang, &title, SOON_PATH, &body).await?.into_response())
}

/// Until when the current password is good, and the question that follows from it.
fn ends(lang: Lang, last_day: Date) -> String {
    ta(lang, "password-soon-next", &[("day", &day(last_day))])
}

/// `2026/11/21`, as on every screen.
fn day(date: Date) -> String {
    date.strftime("%Y/%m/%d").to_string()
}

async fn me(
    State(staff): State<Staff>,
    caller: Caller,
    axum::extract::RawQuery(query): axum::extract::RawQuery,
) -> Result<Markup, Refusal> {
    let (person, lang) = (caller.person()?, caller.lang);
    let setting = staff.setting(lang, Some(&person.scope)).await?;
    let role = roles::role_row(person.role).map_or(String::new(), |row| t(lang, row.name_key));
    let own = staff.own_password(person).await?;
    let mut rows = vec![
        (t(lang, "console-me-name"), html! { (person.name) }),
        (t(lang, "console-login-id"), html! { (person.login_id) }),
        (t(lang, "console-me-role"), html! { (role) }),
        (t(lang, "console-me-scope"), html! { (setting.shop) }),
    ];
    if let Some(last_day) = own.last_day {
        rows.push((t(lang, "console-me-password"), html! { (day(last_day)) }));
    }
    let (change, out) = (t(lang, "password-change"), t(lang, "console-logout"));
    let body = html! {
        h1 { (t(lang, "console-menu-me")) }
        @if query.as_deref() == Some("changed") {
            (notice(Tone::Ok, &t(lang, "console-password-changed"), &html! { (t(lang, "console-password-changed-next")) }))
        }
        @if let PasswordStanding::EndsSoon { last_day } = own.standing {
            (notice(Tone::Ask, &t(lang, "password-soon"), &html! { p { (ends(lang, last_day)) } }))
        }
        (panel(&t(lang, "console-me-about"), &html! {
            (key_values(&rows))
            div.buttons-even {
                (Button::second(&change).icon(Icon::Lock).link(PASSWORD_PATH))
                (form("", "/logout", &html! { (Button::second(&out).icon(Icon::Exit)) }))
            }
        }))
    };
    staff.console(&caller, "/me", &t(lang, "console-menu-me"), &body).await
}

impl Staff {
    async fn login_page(
        &self,
        lang: Lang,
        login: &str,
        next: &str,
        trouble: Option<&'static str>,
    ) -> Result<Markup, Refusal> {
        let login_label = t(lang, "console-login-id");
        let password_label = t(lang, "console-password");
        let button = t(lang, "console-login");
        let body = html! {
            @if let Some(key) = trouble {
                (notice(Tone::Ng, &t(lang, key), &html! { (t(lang, &format!("{key}-next"))) }))
            }
            (form("stack", LOGIN_PATH, &html! {
                input type="hidden" name="next" value=(after_login(next));
                (Field::text("login", &login_label).value(login).autocomplete("username").required().autofocus())
                (Field::password("password", &password_label, lang.tag()).max_chars(400).required())
                (Button::primary(&button).large().block())
            }))
        };
        self.sheet(lang, &button, LOGIN_PATH, &body).await
    }

    async fn password_again(
        &self,
        caller: &Caller,
        field: &'static str,
        trouble: String,
    ) -> Result<Response, Refusal> {
        let page = self.password_page(caller, Some((field, trouble))).await?;
        Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
    }

    async fn password_page(&self, caller: &Caller, trouble: FieldTrouble) -> Result<Markup, Refusal> {
        let (person, lang) = (caller.person()?, caller.lang);
        let own = self.own_password(person).await?;
        let texts = PasswordTexts::of(lang, &own.rule);
        let tag = lang.tag();
        let field = |name, label| {
            let field = Field::password(name, label, tag).max_chars(400).required();
            match &trouble {
                Some((wrong, text)) if *wrong == name => field.error(text),
                _ => field,
            }
        };
        let body = html! {
            (due(lang, own.standing))
            (form("stack", PASSWORD_PATH, &html! {
                // Password managers file the new password under this name.
                input type="hidden" name="username" autocomplete="username" value=(person.login_id);
                @if own.standing != PasswordStanding::Initial { (field("current", &texts.current)) }
                (field("new", &texts.new).autocomplete("new-password").hint(&texts.rule))
                (field("again", &texts.again).autocomplete("new-password"))
                (Button::primary(&texts.button).large().block())
            }))
            @if !own.standing.must_change() { (Button::plain(&texts.back).link("/me").block()) }
            (form("", "/logout", &html! { (Button::plain(&texts.logout).icon(Icon::Exit).block()) }))
        };
        self.sheet(lang, &texts.button, PASSWORD_PATH, &body).await
    }

    /// A page of one sheet: before the console.
    async fn sheet(&self, lang: Lang, title: &str, path: &str, body: &Markup) -> Result<Markup, Refusal> {
        let setting = self.setting(lang, None).await?;
        let name = t(lang, "console-name");
        let window = format!("{title} — {name}");
        let body = html! {
            div.sheet-page { div.sheet {
                div.crest { (mark()) h1 { (title) } p { (setting.shop) } }
                div.panel { (body) }
                div.lattice aria-hidden="true" {}
            } }
        };
        Ok(Frame::new(Surface::Console, lang.tag(), &window)
            .shop(&name)
            .language_switch(path)
            .help(&setting.support_name, &setting.support_phone)
            .page(&still("", &body)))
    }
}

/// Why the password page stands before everything else, if it does.
fn due(lang: Lang, standing: PasswordStanding) -> Markup {
    let why = match standing {
        PasswordStanding::Initial => "password-due-initial",
        PasswordStanding::Expired => "password-due-expired",
        PasswordStanding::Good | PasswordStanding::EndsSoon { .. } => return html! {},
    };
    notice(Tone::Info, &t(lang, "password-due"), &html! { (t(lang, why)) })
}

/// The words of the password page.
struct PasswordTexts {
    current: String,
    new: String,
    again: String,
    rule: String,
    button: String,
    back: String,
    logout: String,
}

impl PasswordTexts {
    fn of(lang: Lang, rule: &PasswordPolicy) -> Self {
        Self {
            current: t(lang, "password-current"),
            new: t(lang, "password-new"),
            again: t(lang, "password-again"),
            rule: i18n::password_rule(lang, rule),
            button: t(lang, "password-change"),
            back: t(lang, "console-menu-me"),
            logout: t(lang, "console-logout"),
        }
    }
}
