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
use maud::{Markup, html};
use pages::frame::{Frame, Surface, still};
use pages::icon::{Icon, mark};
use pages::list::{key_values, panel};
use pages::ui::{Button, Field, Tone, form, notice};
use payment::PasswordPolicy;
use serde::Deserialize;

/// The routes of this slice.
pub fn routes(staff: Staff) -> Table {
    let people = Access::of(Role::PEOPLE, Level::Shop);
    let unfinished = people.before_new_password();
    Routes::new(staff)
        .page(Method::GET, "/", people, home)
        .page(Method::GET, LOGIN_PATH, Access::PUBLIC, login)
        .page(Method::POST, LOGIN_PATH, Access::PUBLIC, sign_in)
        .page(Method::POST, "/logout", unfinished, sign_out)
        .page(Method::GET, PASSWORD_PATH, unfinished, password)
        .page(Method::POST, PASSWORD_PATH, unfinished, change_password)
        .page(Method::GET, "/me", people, me)
        .table()
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
        Ok((token, policy)) => {
            let cookie = staff.cookie.set(&token.0, cookie_seconds(&policy));
            Ok(with_cookie(Redirect::to(after_login(&typed.next)).into_response(), &cookie))
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

#[derive(Deserialize)]
struct PasswordForm {
    #[serde(default)]
    current: Option<Secret>,
    new: Secret,
    again: Secret,
}

/// What is wrong with a password form: the field and the key of the sentence.
type FieldTrouble = Option<(&'static str, &'static str)>;

async fn password(State(staff): State<Staff>, caller: Caller) -> Result<Markup, Refusal> {
    staff.password_page(&caller, None).await
}

async fn change_password(
    State(staff): State<Staff>,
    caller: Caller,
    Form(typed): Form<PasswordForm>,
) -> Result<Response, Refusal> {
    let person = caller.person()?;
    let current =
        if person.must_change_password { None } else { Some(typed.current.unwrap_or(Secret::new(""))) };
    if typed.new != typed.again {
        return staff.password_again(&caller, ("again", "console-password-differs")).await;
    }
    match staff.change_password(person, current.as_ref(), &typed.new).await {
        Ok((token, policy)) => {
            let cookie = staff.cookie.set(&token.0, cookie_seconds(&policy));
            let to = if person.must_change_password { "/" } else { "/me?changed" };
            Ok(with_cookie(Redirect::to(to).into_response(), &cookie))
        }
        Err(NotChanged::Weak(weakness)) => staff.password_again(&caller, ("new", weakness.key())).await,
        Err(NotChanged::Wrong) => staff.password_again(&caller, ("current", "console-password-wrong")).await,
        Err(NotChanged::Refused(refusal)) => Err(refusal),
    }
}

async fn me(
    State(staff): State<Staff>,
    caller: Caller,
    axum::extract::RawQuery(query): axum::extract::RawQuery,
) -> Result<Markup, Refusal> {
    let (person, lang) = (caller.person()?, caller.lang);
    let setting = staff.setting(lang, Some(&person.scope)).await?;
    let role = roles::role_row(person.role).map_or(String::new(), |row| t(lang, row.name_key));
    let rows = [
        (t(lang, "console-me-name"), html! { (person.name) }),
        (t(lang, "console-login-id"), html! { (person.login_id) }),
        (t(lang, "console-me-role"), html! { (role) }),
        (t(lang, "console-me-scope"), html! { (setting.shop) }),
    ];
    let (change, out) = (t(lang, "console-password-change"), t(lang, "console-logout"));
    let body = html! {
        h1 { (t(lang, "console-menu-me")) }
        @if query.as_deref() == Some("changed") {
            (notice(Tone::Ok, &t(lang, "console-password-changed"), &html! { (t(lang, "console-password-changed-next")) }))
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
        trouble: (&'static str, &'static str),
    ) -> Result<Response, Refusal> {
        let page = self.password_page(caller, Some(trouble)).await?;
        Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
    }

    async fn password_page(&self, caller: &Caller, trouble: FieldTrouble) -> Result<Markup, Refusal> {
        let (person, lang) = (caller.person()?, caller.lang);
        let policy = self.tenancy.policy_of(&person.scope).await?;
        let forced = person.must_change_password;
        let texts = PasswordTexts::of(lang, &policy.password, trouble);
        let tag = lang.tag();
        let field = |name, label| {
            let field = Field::password(name, label, tag).max_chars(400).required();
            match &texts.trouble {
                Some((wrong, text)) if *wrong == name => field.error(text),
                _ => field,
            }
        };
        let body = html! {
            @if forced { (notice(Tone::Info, &texts.forced, &html! { (texts.forced_next) })) }
            (form("stack", PASSWORD_PATH, &html! {
                // Password managers file the new password under this name.
                input type="hidden" name="username" autocomplete="username" value=(person.login_id);
                @if !forced { (field("current", &texts.current)) }
                (field("new", &texts.new).autocomplete("new-password").hint(&texts.rule))
                (field("again", &texts.again).autocomplete("new-password"))
                (Button::primary(&texts.button).large().block())
            }))
            (form("", "/logout", &html! { (Button::plain(&texts.logout).icon(Icon::Exit)) }))
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

/// The words of the password page.
struct PasswordTexts {
    forced: String,
    forced_next: String,
    current: String,
    new: String,
    again: String,
    rule: String,
    button: String,
    logout: String,
    trouble: Option<(&'static str, String)>,
}

impl PasswordTexts {
    fn of(lang: Lang, policy: &PasswordPolicy, trouble: FieldTrouble) -> Self {
        let (length, classes) = (policy.min_length.to_string(), policy.min_classes.to_string());
        Self {
            forced: t(lang, "console-password-forced"),
            forced_next: t(lang, "console-password-forced-next"),
            current: t(lang, "console-password-current"),
            new: t(lang, "console-password-new"),
            again: t(lang, "console-password-again"),
            rule: ta(lang, "console-password-rule", &[("length", &length), ("classes", &classes)]),
            button: t(lang, "console-password-change"),
            logout: t(lang, "console-logout"),
            trouble: trouble.map(|(field, key)| (field, t(lang, key))),
        }
    }
}
