//! Passwords: the rule, the last ones, their age, and the change of them at the console and at a terminal.

use super::{House, SECRET, cookie_of, migrations, terminal};
use center_base::{Role, Scope, audit};
use codes::api;
use payment::{CharClass, PasswordLack, PasswordStanding};
use serde_json::json;
use staff::{Clerk, ClerkChange, Secret};
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);

impl House {
    async fn change(&self, cookie: &str, current: &str, new: &str) -> center_base::testing::Answer {
        self.post("/password", cookie, &format!("current={current}&new={new}&again={new}")).await
    }

    async fn clerk(&self, password: &str) -> Result<Clerk, codes::Code> {
        let clerk = self.staff.clerk_sign_in(&terminal(), "tanaka", &Secret::new(password), |_| Ok(())).await;
        clerk.map_err(|refusal| refusal.code)
    }

    async fn clerk_change(&self, current: &str, new: &str) -> Result<ClerkChange, codes::Code> {
        let (current, new) = (Secret::new(current), Secret::new(new));
        let changed = self.staff.clerk_new_password(&terminal(), "tanaka", &current, &new, |_| Ok(())).await;
        changed.map_err(|refusal| refusal.code)
    }
}

#[tokio::test]
async fn a_new_person_gets_nowhere_before_the_password_is_changed() {
    // D-07, W-006, U-081; every refusal names what is missing, and the rule stands beside the field.
    for db in store::testing::each(&migrations()) {
        let house = House::open(&db).await;
        house.person("suzuki", Role::Operator, Scope::Tenant, true).await;
        let cookie = house.cookie("suzuki").await;
        for page in ["/me", "/", "/password/soon"] {
            assert_eq!(house.get(page, &cookie).await.header("location"), "/password", "{page}");
        }
        let page = house.get("/password", &cookie).await.text();
        let rule = "At least 8 characters, with each of: digits, lower-case letters, upper-case letters.";
        assert!(page.contains(rule) && page.contains("your first password"), "{page}");
        assert!(!page.contains("name=\"current\""), "whoever gave it need not be asked: {page}");
        for (form, words) in [
            ("new=Momiji-7&again=Momiji-8", "not the same"),
            ("new=Momij-7&again=Momij-7", "8 characters or longer"),
            ("new=momiji77&again=momiji77", "It still needs: upper-case letters"),
            ("new=Suzuki-77&again=Suzuki-77", "contain your login"),
            ("new=Sakura-7&again=Sakura-7", "current one or one you used"),
        ] {
            let answer = house.post("/password", &cookie, form).await;
            assert_eq!(answer.status, 422, "{form}");
            assert!(answer.text().contains(words) && answer.text().contains(rule), "{form}");
        }
        let changed = house.post("/password", &cookie, "new=Momiji-7&again=Momiji-7").await;
        assert_eq!(changed.header("location"), "/");
        assert!(!house.is_in(&cookie).await, "the session before the change is over");
        assert!(house.is_in(&cookie_of(&changed)).await);
        assert_eq!(house.log_in("suzuki", SECRET).await.status, 401);
    }
}

#[tokio::test]
async fn a_rule_of_half_width_letters_digits_and_allowed_symbols_is_kept() {
    // U-080
    let db = store::testing::sqlite(&migrations());
    let house = House::open(&db).await;
    house
        .rule(&json!({
            "classes": ["letter", "digit", "symbol"], "min_classes": 3, "forbidden": "`^{}~&<>¥'",
            "half_width": true,
        }))
        .await;
    let cookie = house.cookie("tanaka").await;
    let page = house.get("/password", &cookie).await.text();
    assert!(page.contains("These cannot be used: ` ^ { } ~ &amp; &lt; &gt; ¥ '"), "{page}");
    for (new, words) in [
        ("momiji77", "It still needs: symbols"),
        ("momiji-7%26", "A symbol in it cannot be used"),
        ("momiji-7%EF%BC%86", "A symbol in it cannot be used"),
        ("%EF%BD%8Domiji-7", "half-width"),
    ] {
        let refused = house.change(&cookie, SECRET, new).await;
        assert!(refused.text().contains(words), "{new}: {}", refused.text());
    }
    assert_eq!(house.change(&cookie, SECRET, "momiji-7").await.header("location"), "/me?changed");
}

#[tokio::test]
async fn the_current_password_and_the_last_ones_cannot_be_used_again() {
    // D-03: the current one and so many before it; A-025: four; U-082: three; 0 leaves the current one.
    let db = store::testing::sqlite(&migrations());
    let house = House::open(&db).await;
    for (depth, login) in [(4, "four"), (3, "three"), (0, "none")] {
        house.rule(&json!({ "history_depth": depth })).await;
        house.person(login, Role::Operator, Scope::Tenant, false).await;
        let mut cookie = house.cookie(login).await;
        let mut current = SECRET.to_owned();
        for n in 0..=depth {
            let refused = house.change(&cookie, &current, SECRET).await;
            assert!(refused.text().contains("current one or one you used"), "{login}: {n}");
            let new = format!("Momiji-{n}");
            let changed = house.change(&cookie, &current, &new).await;
            assert_eq!(changed.header("location"), "/me?changed", "{login}: {n}");
            (cookie, current) = (cookie_of(&changed), new);
            house.base.clock.advance(Duration::from_secs(1));
        }
        let again = house.change(&cookie, &current, SECRET).await;
        assert_eq!(
            again.header("location"),
            "/me?changed",
            "{login}: the current one and {depth} lie between"
        );
    }
}

#[tokio::test]
async fn the_current_password_must_match_and_guessing_it_locks() {
    // U-083, D-05, U-013
    for db in store::testing::each(&migrations()) {
        let house = House::open(&db).await;
        let cookie = house.cookie("tanaka").await;
        for n in 1..=2 {
            let wrong = house.change(&cookie, "wrong", "Momiji-1").await;
            assert_eq!(wrong.status, 422, "{n}");
            assert!(wrong.text().contains("current password is wrong"));
        }
        assert_eq!(house.post("/password", &cookie, "new=Momiji-1&again=Momiji-1").await.status, 423);
        assert!(!house.is_in(&cookie).await, "the sessions end with the lock");
        assert_eq!(house.log_in("tanaka", SECRET).await.status, 423);
        house.staff.unlock("admin", "tanaka").await.unwrap();
        house.cookie("tanaka").await;
    }
}

#[tokio::test]
async fn a_password_reminds_in_its_last_days_and_must_be_changed_after_them() {
    // U-081, D-04: by the date in Tokyo of the center's clock. The clock starts at some hour of a day.
    for db in store::testing::each(&migrations()) {
        let house = House::open(&db).await;
        house.rule(&json!({"max_age_days": 90, "warn_days": 14})).await;
        let chosen = clock::business_date(house.base.clock.now());
        let last_day = chosen.checked_add(jiff::Span::new().days(89)).unwrap();
        let day = last_day.strftime("%Y/%m/%d").to_string();

        house.base.clock.advance(75 * DAY);
        let calm = house.log_in("tanaka", SECRET).await;
        assert_eq!(calm.header("location"), "/me");
        let soon = house.get("/password/soon?next=/me", &cookie_of(&calm)).await;
        assert_eq!(soon.header("location"), "/me", "nothing to be reminded of");
        let me = house.get("/me", &cookie_of(&calm)).await.text();
        assert!(me.contains(&day) && !me.contains("ends soon"), "{me}");

        house.base.clock.advance(DAY);
        let warned = house.log_in("tanaka", SECRET).await;
        assert_eq!(warned.header("location"), "/password/soon?next=/me");
        let cookie = cookie_of(&warned);
        let page = house.get("/password/soon?next=/payments", &cookie).await.text();
        assert!(page.contains(&format!("good until {day}. Change it now?")), "{page}");
        assert!(page.contains("href=\"/password\"") && page.contains("href=\"/payments\""), "{page}");
        let evil = house.get("/password/soon?next=//evil.example", &cookie).await.text();
        assert!(!evil.contains("evil"), "{evil}");
        assert!(house.is_in(&cookie).await, "later is allowed");
        assert!(house.get("/me", &cookie).await.text().contains("ends soon"));

        house.base.clock.advance(13 * DAY);
        let cookie = cookie_of(&house.log_in("tanaka", SECRET).await);
        assert!(house.is_in(&cookie).await, "the last day");
        house.base.clock.advance(DAY);
        let cookie = cookie_of(&house.log_in("tanaka", SECRET).await);
        assert_eq!(house.get("/me", &cookie).await.header("location"), "/password");
        let page = house.get("/password", &cookie).await.text();
        assert!(page.contains("has expired") && page.contains("name=\"current\""), "{page}");
        assert_eq!(house.change(&cookie, "wrong", "Momiji-7").await.status, 422);
        let changed = house.change(&cookie, SECRET, "Momiji-7").await;
        assert_eq!(changed.header("location"), "/");
        assert!(house.is_in(&cookie_of(&changed)).await);
        let calm = house.log_in("tanaka", "Momiji-7").await;
        assert_eq!(calm.header("location"), "/me", "its ninety days begin anew");
    }
}

#[tokio::test]
async fn a_session_that_is_open_when_the_password_ends_leads_to_the_change() {
    // U-081: the day turns at midnight in Tokyo, also under a session.
    let db = store::testing::sqlite(&migrations());
    let house = House::open(&db).await;
    house.rule(&json!({"max_age_days": 15, "warn_days": 0})).await;
    house.base.clock.advance(14 * DAY);
    let today = clock::business_date(house.base.clock.now());
    let midnight = today.tomorrow().unwrap().to_zoned(clock::tokyo()).unwrap().timestamp();
    let left = midnight.duration_since(house.base.clock.now()).unsigned_abs();
    house.base.clock.advance(left.saturating_sub(Duration::from_secs(1)));
    let cookie = house.cookie("tanaka").await;
    assert!(house.is_in(&cookie).await);
    house.base.clock.advance(Duration::from_secs(1));
    assert_eq!(house.get("/me", &cookie).await.header("location"), "/password");
}

#[tokio::test]
async fn a_password_without_an_age_never_ends() {
    // D-04: the profiles' own rule.
    let db = store::testing::sqlite(&migrations());
    let house = House::open(&db).await;
    house.base.clock.advance(4_000 * DAY);
    let answer = house.log_in("tanaka", SECRET).await;
    assert_eq!(answer.header("location"), "/me");
    assert!(!house.get("/me", &cookie_of(&answer)).await.text().contains("good until"));
}

#[tokio::test]
async fn a_clerk_changes_a_first_an_expired_or_a_good_password_at_the_terminal() {
    // W-033, D-04, D-07, U-083, A-025
    for db in store::testing::each(&migrations()) {
        let house = House::open(&db).await;
        house
            .rule(&json!({
                "max_age_days": 90, "warn_days": 14, "lock_threshold": 3, "unlock_after_min": 30,
                "clerk_min_length": 12,
            }))
            .await;
        house.staff.reset_password("admin", "tanaka", &Secret::new("Kaede-12")).await.unwrap();
        assert_eq!(house.clerk(SECRET).await, Err(api::NOT_SIGNED_IN), "the one before is over");
        assert_eq!(house.clerk("Kaede-12").await.unwrap().password, PasswordStanding::Initial);
        assert_eq!(house.clerk_change("wrong", "Momiji-77777").await, Err(api::NOT_SIGNED_IN));
        for (new, lack) in [
            ("Momiji-7777", PasswordLack::TooShort { at_least: 12 }),
            ("momiji-77777", PasswordLack::Classes { more: 1, of: vec![CharClass::Upper] }),
        ] {
            assert_eq!(house.clerk_change("Kaede-12", new).await, Ok(ClerkChange::Lacks(lack)), "{new}");
        }
        let Ok(ClerkChange::Changed(clerk)) = house.clerk_change("Kaede-12", "Momiji-77777").await else {
            panic!("not changed")
        };
        assert_eq!((&*clerk.operator.id, clerk.password), ("tanaka", PasswordStanding::Good));
        assert_eq!(
            house.clerk_change("Momiji-77777", "Momiji-77777").await,
            Ok(ClerkChange::Lacks(PasswordLack::UsedBefore))
        );

        house.base.clock.advance(80 * DAY);
        let warned = house.clerk("Momiji-77777").await.unwrap().password;
        assert!(matches!(warned, PasswordStanding::EndsSoon { .. }), "{warned:?}");
        house.base.clock.advance(10 * DAY);
        assert_eq!(house.clerk("Momiji-77777").await.unwrap().password, PasswordStanding::Expired);
        for n in 1..=3 {
            let wrong = house.clerk_change("wrong", "Hinoki-77777").await;
            assert_eq!(wrong, Err(if n < 3 { api::NOT_SIGNED_IN } else { api::LOCKED }), "{n}");
        }
        assert_eq!(house.clerk_change("Momiji-77777", "Hinoki-77777").await, Err(api::LOCKED));
        house.base.clock.advance(Duration::from_mins(30));
        let changed = house.clerk_change("Momiji-77777", "Hinoki-77777").await;
        assert!(matches!(changed, Ok(ClerkChange::Changed(_))), "{changed:?}");
        assert_eq!(house.clerk("Hinoki-77777").await.unwrap().password, PasswordStanding::Good);
    }
}

#[tokio::test]
async fn people_at_terminals_need_the_longer_password_also_at_the_console() {
    // W-033: one person, one password; who never signs in at a terminal is not asked for it.
    let db = store::testing::sqlite(&migrations());
    let house = House::open(&db).await;
    house.rule(&json!({"clerk_min_length": 12})).await;
    house.person("boss", Role::Operator, Scope::Tenant, false).await;
    let (clerk, boss) = (house.cookie("tanaka").await, house.cookie("boss").await);
    assert!(house.get("/password", &clerk).await.text().contains("At least 12 characters"));
    assert!(house.get("/password", &boss).await.text().contains("At least 8 characters"));
    assert!(house.change(&clerk, SECRET, "Momiji-7").await.text().contains("12 characters or longer"));
    assert_eq!(house.change(&boss, SECRET, "Momiji-7").await.header("location"), "/me?changed");
}

#[tokio::test]
async fn an_administrator_gives_a_first_password_again() {
    // U-013, D-06, D-07
    for db in store::testing::each(&migrations()) {
        let house = House::open(&db).await;
        let open = house.cookie("tanaka").await;
        for _ in 0..3 {
            house.log_in("tanaka", "wrong").await;
        }
        house.staff.reset_password("admin", " Tanaka", &Secret::new("Kaede-12")).await.unwrap();
        assert!(!house.is_in(&open).await);
        assert_eq!(house.log_in("tanaka", SECRET).await.status, 401);
        let answer = house.log_in("tanaka", "Kaede-12").await;
        assert_eq!(house.get("/me", &cookie_of(&answer)).await.header("location"), "/password");
        let again = house.post("/password", &cookie_of(&answer), "new=Sakura-7&again=Sakura-7").await;
        assert!(again.text().contains("one you used"), "the one before the lock stays in the history");
        let unknown = house.staff.reset_password("admin", "nobody", &Secret::new("Kaede-12")).await;
        assert_eq!(unknown.unwrap_err().code, api::NOT_FOUND);
    }
}

#[tokio::test]
async fn a_changed_password_is_told_to_nobody() {
    // A-026: no mail is ordered, and neither audit nor outbox nor any answer has it.
    let db = store::testing::sqlite(&migrations());
    let house = House::open(&db).await;
    let cookie = house.cookie("tanaka").await;
    let page = house.change(&cookie, SECRET, "Momiji-7").await;
    house.base.clock.advance(Duration::from_secs(1));
    house.clerk_change("Momiji-7", "Hinoki-7").await.unwrap();
    house.base.clock.advance(Duration::from_secs(1));
    house.clerk_change("Hinoki-7", "hinoki").await.unwrap();
    house.staff.reset_password("admin", "tanaka", &Secret::new("Kaede-12")).await.unwrap();
    let tenant = house.base.tenant;
    let (entries, orders, rows) = house
        .base
        .read(move |tx| {
            let entries = audit::newest(tx, tenant, 100)?;
            let count = |row: &store::Row<'_>| row.i64(0);
            let orders = tx.query_opt("SELECT COUNT(*) FROM outbox", store::params![], count)?;
            let text = |row: &store::Row<'_>| Ok::<_, store::DbError>(row.text(0)?.to_owned());
            let mut rows = tx.query_all("SELECT password FROM person", store::params![], text)?;
            rows.extend(tx.query_all("SELECT password FROM password_history", store::params![], text)?);
            Ok((entries, orders, rows))
        })
        .await
        .unwrap();
    assert_eq!(orders, Some(0), "no mail and nothing else goes out");
    assert_eq!(rows.len(), 4);
    let seen = format!("{entries:?} {rows:?} {} {:?}", page.text(), page.header("location"));
    for secret in [SECRET, "Momiji-7", "Hinoki-7", "hinoki", "Kaede-12"] {
        assert!(!seen.contains(secret), "{seen}");
    }
    assert!(rows.iter().all(|hash| hash.starts_with("$argon2id$")), "{rows:?}");
    let acts = house.acts().await;
    expect_test::expect![[r"
        cast: person_added person tanaka
        console: signed_in person tanaka
        person tanaka: password_changed person tanaka
        terminal 000000358002: password_changed person tanaka
        terminal 000000358002: password_refused person tanaka
        admin: password_reset person tanaka"]]
    .assert_eq(&acts.get(4..).unwrap().join("\n"));
}
