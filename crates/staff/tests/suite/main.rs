//! Signing in, locks, sessions and passwords over HTTP, on both engines.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

#[cfg(test)]
mod passwords;

use center_base::testing::{Answer, Program, base};
use center_base::{Base, CompanyId, Role, Scope, ShopId, SignedBy, audit};
use codes::api;
use pages::cookie::SessionCookie;
use serde_json::json;
use staff::{NewPerson, Secret, Staff};
use std::time::Duration;
use store::Migration;
use store::testing::TestDb;
use tenancy::{Company, PolicyLevel, Shop, Tenancy, Tenant};

fn migrations() -> Vec<Migration> {
    [center_base::MIGRATIONS, tenancy::MIGRATIONS, staff::MIGRATIONS].concat()
}

const SECRET: &str = "Sakura-7";

struct House {
    base: Base,
    staff: Staff,
    program: Program,
}

impl House {
    async fn open(db: &TestDb) -> Self {
        let base = base(db);
        base.write(|tx| {
            let tenant = Tenant {
                name: "恵比寿商店会".into(),
                profile: payment::Profile::Mpos,
                support_phone: "0120-000-000".into(),
            };
            tenancy::put_tenant(tx, "cast", &tenant)?;
            tenancy::put_company(
                tx,
                "cast",
                &Company { id: "00008".into(), name: "帳場コーヒー".into(), invoice_reg_no: None },
            )?;
            let merchant = receipt::Merchant {
                name: "帳場コーヒー 恵比寿店".into(),
                postal_code: "150-0013".into(),
                address: "東京都渋谷区".into(),
                phone: "03-0000-0000".into(),
                invoice_reg_no: None,
                counter: String::new(),
                message: String::new(),
            };
            let shop =
                Shop { id: "9000009".into(), company_id: "00008".into(), code: "TSU3".into(), merchant };
            tenancy::put_shop(tx, "cast", &shop)?;
            Ok(())
        })
        .await
        .unwrap();
        let tenancy = Tenancy::new(&base);
        let staff = Staff::new(&base, &tenancy, SessionCookie::new("center", 8700, false));
        let house = Self {
            program: Program::new([staff::routes(staff.clone())], vec![staff.authenticator()]),
            base,
            staff,
        };
        house.rule(&json!({"lock_threshold": 3, "unlock_after_min": 30})).await;
        house.person("tanaka", Role::ShopStaff, Scope::Shop("9000009".into()), false).await;
        house
    }

    /// The tenant's rule of passwords, on top of its profile.
    async fn rule(&self, password: &serde_json::Value) {
        let overlay = json!({ "password": password });
        let put = move |tx: &mut store::Tx<'_>| {
            tenancy::put_policy(tx, "cast", &PolicyLevel::Tenant, &overlay).map(drop)
        };
        self.base.write(put).await.unwrap();
        self.base.refresh().await.unwrap();
    }

    async fn person(&self, login: &str, role: Role, scope: Scope, must_change: bool) {
        let new = NewPerson {
            login_id: login.into(),
            email: Some(format!("{login}@example.jp")),
            name: "田中 花".into(),
            role,
            scope,
            password: Secret::new(SECRET),
            must_change,
        };
        assert!(self.staff.put_person("cast", new).await.unwrap());
    }

    async fn log_in(&self, login: &str, password: &str) -> Answer {
        self.post("/login", "", &format!("login={login}&password={password}&next=/me")).await
    }

    async fn post(&self, path: &str, cookie: &str, form: &str) -> Answer {
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("cookie", cookie),
            ("accept-language", "en"),
        ];
        self.program.ask("POST", path, &headers, form).await
    }

    async fn get(&self, path: &str, cookie: &str) -> Answer {
        self.program.ask("GET", path, &[("cookie", cookie), ("accept-language", "en")], "").await
    }

    /// The cookie of a fresh session.
    async fn cookie(&self, login: &str) -> String {
        let answer = self.log_in(login, SECRET).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        cookie_of(&answer)
    }

    async fn is_in(&self, cookie: &str) -> bool {
        self.get("/me", cookie).await.status == 200
    }

    async fn acts(&self) -> Vec<String> {
        let tenant = self.base.tenant;
        let entries = self.base.read(move |tx| Ok(audit::newest(tx, tenant, 100)?)).await.unwrap();
        entries
            .into_iter()
            .rev()
            .map(|entry| format!("{}: {} {}", entry.who, entry.what, entry.about))
            .collect()
    }
}

/// The terminal of the shop.
fn terminal() -> SignedBy {
    SignedBy {
        terminal: "000000358002".into(),
        shop: ShopId::from("9000009"),
        company: CompanyId::from("00008"),
        key_id: "0".into(),
        counter: 1,
    }
}

fn cookie_of(answer: &Answer) -> String {
    answer.header("set-cookie").split(';').next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_person_signs_in_by_login_id_or_address_however_it_is_typed() {
    // A-003: spaces must not make it fail; D-09
    for db in store::testing::each(&migrations()) {
        let house = House::open(&db).await;
        for login in ["tanaka", "%20Tanaka%E3%80%80", "%EF%BD%94anaka%40example.jp"] {
            let answer = house.log_in(login, SECRET).await;
            assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/me"), "{login}");
            let cookie = answer.header("set-cookie");
            assert!(cookie.starts_with("choba-center-8700=") && cookie.contains("HttpOnly"), "{cookie}");
        }
        let page = house.get("/me", &house.cookie("tanaka").await).await.text();
        for word in ["田中 花", "帳場コーヒー 恵比寿店", "Shop staff", "/payments", "0120-000-000"]
        {
            assert!(page.contains(word), "{word}: {page}");
        }
    }
}

#[tokio::test]
async fn whoever_does_not_exist_is_answered_like_a_wrong_password_up_to_the_lock() {
    // S4, D-05: the third wrong one locks, for a login that nobody has as well.
    for db in store::testing::each(&migrations()) {
        let house = House::open(&db).await;
        for n in 1..=4 {
            let known = house.log_in("tanaka", "wrong").await;
            let unknown = house.log_in("nobodyx", "wrong").await;
            assert_eq!(known.status, if n < 3 { 401 } else { 423 }, "{n}");
            assert_eq!(known.status, unknown.status, "{n}");
            assert_eq!(known.text().replace("tanaka", "…"), unknown.text().replace("nobodyx", "…"), "{n}");
        }
        assert_eq!(
            house.log_in("tanaka%40example.jp", SECRET).await.status,
            423,
            "the other name is locked too"
        );
    }
}

#[tokio::test]
async fn a_lock_ends_by_time_or_by_an_administrator_and_success_forgets_the_count() {
    // D-06, M-012, X-087
    for db in store::testing::each(&migrations()) {
        let house = House::open(&db).await;
        for _ in 0..2 {
            house.log_in("tanaka", "wrong").await;
        }
        house.cookie("tanaka").await;
        for _ in 0..3 {
            house.log_in("tanaka", "wrong").await;
        }
        assert_eq!(house.log_in("tanaka", SECRET).await.status, 423);
        house.base.clock.advance(Duration::from_mins(30));
        house.cookie("tanaka").await;
        for _ in 0..3 {
            house.log_in("tanaka", "wrong").await;
        }
        house.staff.unlock("admin", "tanaka").await.unwrap();
        house.cookie("tanaka").await;
        let acts = house.acts().await;
        assert!(acts.contains(&"admin: person_unlocked person tanaka".to_owned()), "{acts:?}");
        // The rule of the mPOS profile: a lock that only an administrator ends.
        house.rule(&json!({"lock_threshold": 3, "unlock_after_min": 0})).await;
        for _ in 0..3 {
            house.log_in("tanaka", "wrong").await;
        }
        house.base.clock.advance(Duration::from_hours(24 * 6));
        assert_eq!(house.log_in("tanaka", SECRET).await.status, 423);
        house.staff.unlock("admin", "tanaka").await.unwrap();
        house.cookie("tanaka").await;
    }
}

#[tokio::test]
async fn a_manager_releases_the_locks_of_the_own_scope_and_no_others() {
    // U-013, D-06, X-087, invariant 5
    for db in store::testing::each(&migrations()) {
        let house = House::open(&db).await;
        let shop = |id: &str| Scope::Shop(id.into());
        house.person("tencho", Role::ShopManager, shop("9000009"), false).await;
        house.person("suzuki", Role::ShopStaff, shop("9000010"), false).await;
        house.person("keiri", Role::CompanyManager, Scope::Company("00008".into()), false).await;
        house.person("other", Role::CompanyManager, Scope::Company("00009".into()), false).await;
        house.person("boss", Role::Operator, Scope::Tenant, false).await;
        let managers = ["tencho", "keiri", "other", "boss"];
        let mut cookies = Vec::new();
        for login in managers {
            cookies.push(house.cookie(login).await);
        }
        let nobody = house.get("/locks", &cookies[3]).await.text();
        assert!(nobody.contains("Nobody is locked out"), "{nobody}");
        for login in ["tanaka", "suzuki", "boss"] {
            for _ in 0..3 {
                house.log_in(login, "wrong").await;
            }
        }
        for (cookie, sees) in cookies.iter().zip([&["tanaka"][..], &["tanaka"], &[], &["suzuki", "tanaka"]]) {
            let page = house.get("/locks", cookie).await.text();
            let seen: Vec<&str> = ["boss", "suzuki", "tanaka"]
                .into_iter()
                .filter(|login| page.contains(&format!("value=\"{login}\"")))
                .collect();
            assert_eq!(seen, sees, "nobody sees their own lock or another scope's: {page}");
        }
        let release = async |cookie: &str, login: &str| {
            let answer = house.post("/locks", cookie, &format!("login={login}")).await;
            assert_eq!(answer.header("location"), "/locks?released", "{login}");
        };
        release(&cookies[2], "tanaka").await;
        release(&cookies[0], "suzuki").await;
        assert_eq!(house.log_in("tanaka", SECRET).await.status, 423, "not theirs to release");
        assert_eq!(house.log_in("suzuki", SECRET).await.status, 423);
        release(&cookies[0], "tanaka").await;
        let staff = house.cookie("tanaka").await;
        assert_eq!(house.get("/locks", &staff).await.status, 403);
        let acts = house.acts().await;
        let unlocked: Vec<_> = acts.iter().filter(|act| act.contains("person_unlocked")).collect();
        assert_eq!(unlocked, ["person tencho: person_unlocked person tanaka"]);
    }
}

#[tokio::test]
async fn many_guesses_at_once_get_no_more_tries_than_a_patient_one() {
    let db = store::testing::sqlite(&migrations());
    let house = House::open(&db).await;
    let guesses: Vec<_> = (0..8).map(|_| house.log_in("tanaka", "wrong")).collect();
    let answers = futures_util::future::join_all(guesses).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 401).count(), 2);
    assert_eq!(house.log_in("tanaka", SECRET).await.status, 423);
}

#[tokio::test]
async fn a_session_ends_by_idleness_by_age_by_logout_and_with_the_person() {
    // model.md 3.7, S4, X-087
    for db in store::testing::each(&migrations()) {
        let house = House::open(&db).await;
        let idle = house.cookie("tanaka").await;
        house.base.clock.advance(Duration::from_mins(14));
        assert!(house.is_in(&idle).await);
        house.base.clock.advance(Duration::from_mins(14));
        assert!(house.is_in(&idle).await, "each request begins the idle time anew");
        house.base.clock.advance(Duration::from_mins(15));
        assert!(!house.is_in(&idle).await);

        let old = house.cookie("tanaka").await;
        for _ in 0..(720 / 10 - 1) {
            house.base.clock.advance(Duration::from_mins(10));
            assert!(house.is_in(&old).await);
        }
        house.base.clock.advance(Duration::from_mins(10));
        assert!(!house.is_in(&old).await, "twelve hours are the end");

        let left = house.cookie("tanaka").await;
        assert_eq!(house.post("/logout", &left, "").await.header("location"), "/login");
        assert!(!house.is_in(&left).await);

        let disabled = house.cookie("tanaka").await;
        house.staff.set_active("admin", "tanaka", false).await.unwrap();
        assert!(!house.is_in(&disabled).await);
        assert_eq!(house.log_in("tanaka", SECRET).await.status, 401);
    }
}

#[tokio::test]
async fn the_session_changes_at_login_and_the_one_before_it_ends() {
    let db = store::testing::sqlite(&migrations());
    let house = House::open(&db).await;
    let before = house.cookie("tanaka").await;
    let answer = house.post("/login", &before, &format!("login=tanaka&password={SECRET}")).await;
    assert_ne!(cookie_of(&answer), before);
    assert!(!house.is_in(&before).await && house.is_in(&cookie_of(&answer)).await);
}

#[tokio::test]
async fn a_clerk_signs_in_only_at_their_own_shop() {
    // W-032, R-045
    for db in store::testing::each(&migrations()) {
        let house = House::open(&db).await;
        house.person("suzuki", Role::ShopStaff, Scope::Shop("9000010".into()), false).await;
        house.person("boss", Role::Operator, Scope::Tenant, false).await;
        let by = terminal();
        let clerk = house.staff.clerk_sign_in(&by, "tanaka", &Secret::new(SECRET), |_| Ok(())).await.unwrap();
        assert_eq!((clerk.operator.id.as_str(), clerk.operator.name.as_str()), ("tanaka", "田中 花"));
        for login in ["suzuki", "boss"] {
            let refused = house.staff.clerk_sign_in(&by, login, &Secret::new(SECRET), |_| Ok(())).await;
            assert_eq!(refused.unwrap_err().code, api::NOT_SIGNED_IN, "{login}");
        }
    }
}

#[tokio::test]
async fn every_act_is_audited_without_secrets() {
    // S5
    let db = store::testing::sqlite(&migrations());
    let house = House::open(&db).await;
    house.log_in("tanaka", "wrong").await;
    let cookie = house.cookie("tanaka").await;
    house.post("/password", &cookie, &format!("current={SECRET}&new=Momiji-7&again=Momiji-7")).await;
    house.staff.set_active("admin", "tanaka", false).await.unwrap();
    let acts = house.acts().await;
    expect_test::expect![[r#"
        [
            "cast: person_added person tanaka",
            "console: sign_in_failed person tanaka",
            "console: signed_in person tanaka",
            "person tanaka: password_changed person tanaka",
            "admin: person_disabled person tanaka",
        ]
    "#]]
    .assert_debug_eq(&acts.get(4..).unwrap());
    let tenant = house.base.tenant;
    let verdict =
        house.base.read(move |tx| Ok(audit::verify(tx, tenant, &[&audit::AuditLog])?)).await.unwrap();
    assert!(matches!(verdict, audit::Verdict::Sound { .. }), "{verdict:?}");
}

#[tokio::test]
async fn the_login_leads_back_into_this_program_only() {
    let db = store::testing::sqlite(&migrations());
    let house = House::open(&db).await;
    for (next, to) in
        [("/payments", "/payments"), ("//evil.example", "/"), ("https://evil.example", "/"), ("/login", "/")]
    {
        let answer = house.post("/login", "", &format!("login=tanaka&password={SECRET}&next={next}")).await;
        assert_eq!(answer.header("location"), to, "{next}");
    }
}

#[tokio::test]
async fn what_is_typed_is_shown_as_text() {
    // S7
    let db = store::testing::sqlite(&migrations());
    let house = House::open(&db).await;
    let page = house.log_in("%3Cscript%3Ealert(1)%3C/script%3E%22", "wrong").await.text();
    assert!(!page.contains("<script>alert"), "{page}");
    assert!(!page.contains("wrong\""), "a password never comes back: {page}");
}

#[test]
fn every_statement_is_taken_by_both_engines() {
    store::testing::both(&migrations(), |db| store::prepare_all(&db.db, staff::STATEMENTS).unwrap());
}
