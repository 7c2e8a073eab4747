//! Companies with names, shops, payees, adjustments and a month of payments: what the pages show to people.

use crate::till::{Act, T, Till, id, sale};
use crate::world::rates;
use center_base::testing::{Program, always};
use center_base::{Person, Refusal, Role, Scope, UserId};
use payment::Brand;
use receipt::Merchant;
use settlement::console::{self, Console};
use settlement::notices;
use settlement::rows::remitter::{self, Layout, Remitter};
use settlement::rows::{adjustments, payees};
use settlement::rules::Level;
use staff::Staff;
use store::Tx;
use tenancy::{Company, Shop, Tenancy, Tenant};

/// Companies, each with one shop of the same number.
pub(crate) const COMPANIES: [(&str, &str, &str); 5] = [
    ("00008", "TSU3", "つばめ珈琲株式会社"),
    ("00009", "HON1", "合同会社 灯台"),
    ("00010", "MIN1", "株式会社横浜みなとみらいグランモールオペレーションズ"),
    ("00011", "KOD1", "こだま青果"),
    ("00012", "SOR1", "有限会社そら文具"),
];

fn cast(tx: &mut Tx<'_>) -> Result<(), Refusal> {
    let tenant = Tenant {
        name: "恵比寿商店会".into(),
        profile: payment::Profile::Mpos,
        support_phone: "0120-000-000".into(),
    };
    tenancy::put_tenant(tx, "cast", &tenant)?;
    for (id, code, name) in COMPANIES {
        tenancy::put_company(
            tx,
            "cast",
            &Company { id: id.into(), name: name.into(), invoice_reg_no: None },
        )?;
        let merchant = Merchant {
            name: format!("{name} 本店"),
            postal_code: "150-0013".into(),
            address: "東京都渋谷区恵比寿1-2-3".into(),
            phone: "03-0000-0000".into(),
            invoice_reg_no: None,
            counter: "001".into(),
            message: String::new(),
        };
        let (id, company_id) = (id.into(), id.into());
        tenancy::put_shop(tx, "cast", &Shop { id, company_id, code: code.into(), merchant })?;
    }
    Ok(())
}

/// An account of a bank.
pub(crate) fn account(bank: &str, number: &str) -> payees::Account {
    payees::Account {
        bank: bank.into(),
        branch: "012".into(),
        kind: "1".into(),
        account: number.into(),
        holder: "カ）ツバメコーヒー".into(),
    }
}

/// Who pays.
fn ours() -> Remitter {
    Remitter {
        requester: "0000012345".into(),
        name: "エビスショウテンカイ".into(),
        bank: "0001".into(),
        bank_name: String::new(),
        branch: "001".into(),
        branch_name: String::new(),
        kind: "1".into(),
        account: "7654321".into(),
        layout: Layout::default(),
    }
}

fn payee(
    tx: &mut Tx<'_>,
    company: &str,
    facts: &payees::PayeeFacts,
    account: Option<(&payees::Account, bool)>,
) -> Result<(), Refusal> {
    let company = company.into();
    payees::put_payee(tx, "person sato", &company, facts)?;
    if let Some((account, is_confirmed)) = account {
        payees::propose_account(tx, "person sato", &company, account)?;
        if is_confirmed {
            payees::confirm_account(tx, "person ito", &company, "契約書の名義を確認")?;
        }
    }
    Ok(())
}

fn facts(number: i64, kana: &str, contact: &str, mail: &str) -> payees::PayeeFacts {
    let (kana_name, contact, mail) = (kana.into(), contact.into(), mail.into());
    payees::PayeeFacts { number: Some(number), kana_name, contact, mail }
}

/// An adjustment of the cast.
fn adjust(tx: &mut Tx<'_>, number: u128, who: &str, company: &str, yen: i64, reason: &str, shown: &str) {
    let (reason, shown) = (reason.to_owned(), shown.to_owned());
    let wanted = adjustments::Wanted { id: id(number), company: company.into(), yen, reason, shown };
    adjustments::enter(tx, who, &wanted).unwrap();
}

impl Till {
    /// The companies alone, on each engine.
    pub(crate) async fn each_with_companies() -> Vec<Self> {
        let all = Self::each_without_rates().await;
        for till in &all {
            till.with_cast().await;
        }
        all
    }

    /// The companies and their shops.
    pub(crate) async fn with_cast(&self) {
        self.base.write(cast).await.unwrap();
        self.base.refresh().await.unwrap();
    }

    /// A month of payments, two closings, and the days behind them; it is 20 December.
    pub(crate) async fn fill(&self) {
        self.with_cast().await;
        for company in ["00008", "00009", "00010", "00012"] {
            self.term(Level::Company(company.into()), "2026-11-22", rates(26_000, 6_400)).await;
        }
        self.term(Level::Contract("00008".into(), Brand::PayPay), "2026-11-22", rates(0, 32_400)).await;
        let first = facts(270_212_122, "ツバメコーヒー", "青木 香", "keiri@tsubame.example.jp");
        let second = facts(270_212_123, "トウダイ", "灯台 守", "toudai@example.jp");
        let write = move |tx: &mut Tx<'_>| {
            payee(tx, "00008", &first, Some((&account("0005", "0123456"), true)))?;
            payee(tx, "00009", &second, Some((&account("0009", "7654321"), false)))?;
            payee(tx, "00012", &payees::PayeeFacts::default(), Some((&account("0001", "1112223"), true)))
        };
        self.base.write(write).await.unwrap();
        self.base.write(|tx| remitter::put_remitter(tx, "person sato", &ours())).await.unwrap();
        self.november().await;
        self.close("2026-12-01").await;
        self.december().await;
        self.close("2026-12-16").await;
        self.days_behind().await;
        self.wait_until("2026-12-20");
        self.db.clock.advance(std::time::Duration::from_hours(7));
        self.by_date().await;
    }

    /// What is entered of the days to come: terms, an issuer, a paying account that waits for a second person.
    async fn by_date(&self) {
        self.term(Level::Contract("00008".into(), Brand::PayPay), "2027-01-01", rates(0, 19_800)).await;
        let issuer = notices::Issuer {
            name: "恵比寿商店会".into(),
            address: vec!["〒150-0013 東京都渋谷区恵比寿0-0-0".into(), "商店会館 2階".into()],
            phone: "0120-000-000".into(),
            invoice_reg_no: "T0000000000000".into(),
            silence_days: 7,
            sender: "恵比寿商店会 経理".into(),
            reply_to: String::new(),
        };
        let renamed =
            notices::Issuer { name: "一般社団法人 恵比寿商店会".into(), ..issuer.clone() };
        let write = move |tx: &mut Tx<'_>| {
            let (today, later) = ("2026-12-20".parse().unwrap(), "2027-04-01".parse().unwrap());
            notices::enter_issuer(tx, "person sato", &issuer, today)?;
            notices::enter_issuer(tx, "person ito", &renamed, later)?;
            let next = Remitter { bank: "0009".into(), account: "1234500".into(), ..ours() };
            remitter::propose_remitter(tx, "person sato", &next, "2027-01-04".parse().unwrap())
        };
        self.base.write(write).await.unwrap();
    }

    async fn november(&self) {
        self.each_alone(vec![
            sale(10, "00008", Brand::Visa, "2026-11-22", 12_400),
            sale(11, "00008", Brand::Mastercard, "2026-11-25", 8_800),
            sale(12, "00008", Brand::Jcb, "2026-11-28", 4_000),
            sale(13, "00008", Brand::PayPay, "2026-11-29", 3_300),
            sale(14, "00009", Brand::Visa, "2026-11-24", 52_000),
            sale(15, "00010", Brand::Visa, "2026-11-26", 150),
            sale(16, "00012", Brand::Amex, "2026-11-27", 26_180),
        ])
        .await;
    }

    async fn december(&self) {
        self.each_alone(vec![
            sale(20, "00008", Brand::Visa, "2026-12-02", 10_000),
            sale(21, "00008", Brand::Mastercard, "2026-12-03", 4_140),
            sale(22, "00008", Brand::Jcb, "2026-12-05", 2_000),
            Act::Back(23, 10, "2026-12-06", 12_400),
            Act::Back(24, 22, "2026-12-08", 500),
            sale(25, "00008", Brand::PayPay, "2026-12-09", 1_800),
            // Behind the cut of its own window.
            sale(26, "00008", Brand::Visa, "2026-11-30", 6_600),
            sale(27, "00009", Brand::Visa, "2026-12-04", 3_000),
            Act::Back(28, 14, "2026-12-07", 50_000),
            sale(29, "00011", Brand::Visa, "2026-12-05", 5_500),
            Act::Pay(30, "00008", Brand::Visa, "2026-12-10", 28_000, "in_doubt"),
            sale(31, "00012", Brand::Jcb, "2026-12-11", 940),
        ])
        .await;
        let adjustments = |tx: &mut Tx<'_>| {
            adjust(tx, 900, "person sato", "00008", -1_200, "11月分の二重計上の訂正", "11月分の訂正");
            adjustments::approve(tx, "person ito", id(900))?;
            adjust(tx, 901, "person sato", "00009", 3_000, "端末の初期費用の返金", "初期費用の返金");
            adjust(tx, 902, "person aoki", "00008", -550, "ロール紙の代金", "");
            adjust(tx, 903, "person sato", "00010", 100, "誤って入力したもの", "");
            adjustments::withdraw(tx, "person sato", id(903))
        };
        self.base.write(adjustments).await.unwrap();
    }

    async fn days_behind(&self) {
        self.each_alone(vec![
            sale(40, "00008", Brand::Visa, "2026-12-16", 15_200),
            sale(41, "00008", Brand::PayPay, "2026-12-17", 2_400),
            Act::Back(42, 21, "2026-12-18", 4_140),
            sale(43, "00012", Brand::Visa, "2026-12-18", 9_900),
        ])
        .await;
    }

    /// Each in a unit of its own, as payments come.
    pub(crate) async fn each_alone(&self, acts: Vec<Act>) {
        for act in acts {
            self.write(vec![act]).await;
        }
    }

    /// The pages.
    pub(crate) fn console(&self) -> Console {
        let tenancy = Tenancy::new(&self.base);
        let cookie = pages::cookie::SessionCookie::new("center", 8700, false);
        let staff = Staff::new(&self.base, &tenancy, cookie);
        Console::new(&self.settlement, &staff)
    }

    /// The program as one person uses it.
    pub(crate) fn seen_by(&self, person: Person) -> Program {
        Program::new([console::routes(self.console())], vec![always(person)])
    }

    /// A page as text, in a language.
    pub(crate) async fn reads(&self, person: Person, path: &str, lang: &str) -> String {
        let page = self.seen_by(person).ask("GET", path, &[("accept-language", lang)], "").await;
        assert_eq!(page.status, 200, "{path}: {}", page.text());
        crate::readable::readable(&page.text())
    }

    /// A form that is sent; the status and what the page says.
    pub(crate) async fn post(&self, person: Person, path: &str, body: &str) -> (u16, String) {
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("accept-language", "en")];
        let answer = self.seen_by(person).ask("POST", path, &headers, body).await;
        (answer.status.as_u16(), crate::readable::readable(&answer.text()))
    }

    /// How many rows a statement counts.
    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        self.base.read(move |tx| Ok(tx.query_one(sql, store::params![T], |row| row.i64(0))?)).await.unwrap()
    }
}

/// A person of a role with a scope.
pub(crate) fn person(login: &str, role: Role, scope: Scope) -> Person {
    Person {
        id: UserId([1; 16]),
        login_id: login.into(),
        name: "青木 香".into(),
        role,
        scope,
        session: [0; 32],
        must_change_password: false,
    }
}

/// Who runs the center; another one is `operator("ito")`.
pub(crate) fn operator(login: &str) -> Person {
    person(login, Role::Operator, Scope::Tenant)
}

/// Who manages a company.
pub(crate) fn manager(company: &str) -> Person {
    person("miwa", Role::CompanyManager, Scope::Company(company.into()))
}
