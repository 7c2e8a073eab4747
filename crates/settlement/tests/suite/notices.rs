//! Payment notices of documents that were really closed: figures, numbers, names that stay, parts, passwords, rights.

use crate::till::{Act, T, Till, sale};
use crate::world::rates;
use center_base::{Scope, Secrets};
use notice::{Bank, Confirmation, LineKind, Notice, Outcome};
use payment::Brand;
use settlement::notices::{self, Files, Issued, Issuer, MailState, Wanted};
use settlement::rows::payouts::PayoutKey;
use settlement::rows::remitter::Layout;
use settlement::rows::{batches, payees};
use settlement::rules::{Level, Overlay, ZipMode};
use std::path::Path;
use std::process::{Command, Output};
use store::{Tx, params};
use tenancy::Company;

pub(crate) const PAY_ON: &str = "2027-02-26";

pub(crate) fn issuer() -> Issuer {
    Issuer {
        name: "帳場ペイメント株式会社".into(),
        address: vec!["〒100-0001 東京都千代田区1-1".into(), "帳場ビル 3階".into()],
        phone: "03-0000-0000".into(),
        invoice_reg_no: "T1234567890123".into(),
        silence_days: 7,
        sender: String::new(),
        reply_to: String::new(),
    }
}

impl Till {
    pub(crate) async fn put_issuer(&self, issuer: Issuer) {
        let put = move |tx: &mut Tx<'_>| notices::put_issuer(tx, "person sato", &issuer);
        assert!(self.base.write(put).await.unwrap());
    }

    pub(crate) async fn payee(&self, company: &'static str, contact: &'static str, mail: &'static str) {
        let put = move |tx: &mut Tx<'_>| {
            tenancy::put_company(
                tx,
                "person sato",
                &Company {
                    id: company.into(), name: format!("株式会社{company}商店"), invoice_reg_no: None
                },
            )?;
            let facts =
                payees::PayeeFacts { contact: contact.into(), mail: mail.into(), ..Default::default() };
            payees::put_payee(tx, "person sato", &company.into(), &facts)
        };
        assert!(self.base.write(put).await.unwrap());
    }

    /// A second person approves a pay day as the board shows it.
    pub(crate) async fn approve_day(&self, pay_on: &str) {
        let days = self.base.read(|tx| Ok(batches::pay_days(tx, T)?)).await.unwrap();
        let day = days.into_iter().find(|day| day.pay_on.to_string() == pay_on).unwrap();
        self.settlement.approve("person sato", day.pay_on, day.hash).await.unwrap();
    }

    pub(crate) async fn notices(&self, wanted: Wanted) -> Vec<Issued> {
        self.base.read(move |tx| Ok(notices::find(tx, T, &Scope::Tenant, &wanted)?)).await.unwrap()
    }

    pub(crate) async fn of_day(&self, pay_on: &str) -> Vec<Issued> {
        self.notices(Wanted::of_pay_day(pay_on.parse().unwrap(), 1_000, 0)).await
    }

    /// The newest notice of a company.
    pub(crate) async fn of(&self, company: &str) -> Issued {
        let all = self.notices(Wanted::of_company(company, 10, 0)).await;
        let newest = all.iter().map(|one| one.pay_on).max().unwrap();
        all.into_iter().rfind(|one| one.pay_on == newest).unwrap()
    }

    pub(crate) async fn files(&self, number: &str) -> Files {
        self.settlement.notice_files(&Scope::Tenant, number).await.unwrap().unwrap()
    }

    /// How often the audit tells of this.
    pub(crate) async fn audited(&self, what: &'static str) -> i64 {
        let sql = "SELECT COUNT(*) FROM audit WHERE tenant = $1 AND what = $2";
        self.base.read(move |tx| Ok(tx.query_one(sql, params![T, what], |row| row.i64(0))?)).await.unwrap()
    }

    /// The examples up to 15 February, closed, with an issuer and some payees; nothing is approved.
    pub(crate) async fn noticed(&self) {
        self.examples().await;
        self.put_issuer(issuer()).await;
        self.payee("01", "山田 太郎", "yamada@example.jp").await;
        self.payee("02", "", "tanaka@example.jp").await;
        assert!(!self.close("2027-02-16").await.is_blocked());
    }
}

fn program(names: &[&str]) -> Command {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = names
        .iter()
        .flat_map(|name| std::env::split_paths(&path).map(move |folder| folder.join(name)))
        .find(|file| file.is_file());
    Command::new(found.expect("a program is missing; `cargo xtask test` installs it"))
}

/// The text of a PDF without its spaces.
pub(crate) fn text(pdf: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("notice.pdf");
    std::fs::write(&file, pdf).unwrap();
    let output =
        program(&["pdftotext"]).args(["-layout", "-enc", "UTF-8"]).arg(&file).arg("-").output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().split_whitespace().collect()
}

fn yen(amount: i64) -> String {
    settlement::rules::Net::new(amount).unwrap().to_string()
}

/// Every figure that a notice must show.
fn figures(notice: &Notice) -> Vec<String> {
    let mut all = vec![notice.number.to_string(), yen(notice.carried_in_yen)];
    for line in &notice.lines {
        all.extend([line.sales_yen, line.fee_yen, line.net_yen].map(yen));
        let backs = if line.backs > 0 { format!("(-{})", line.backs) } else { String::new() };
        all.push(format!("{}{backs}", line.count));
        let (first, last) = (line.first.strftime("%Y/%m/%d"), line.last.strftime("%m/%d"));
        all.extend([format!("{first}～{last}"), line.group.clone()]);
        all.push(settlement::rules::Ppm::new(line.rate_ppm).unwrap().percent());
    }
    let sum = notice.sub_total().unwrap();
    all.extend([sum.sales_yen, sum.fee_yen, sum.net_yen].map(yen));
    all.extend(notice.fee_taxes.iter().map(|tax| yen(-tax.tax_yen)));
    all.extend(notice.adjustments.iter().map(|row| yen(row.yen)));
    match notice.outcome {
        Outcome::Paid { transfer_fee_yen, transfer_tax_yen, paid_yen, .. } => {
            all.extend([-transfer_fee_yen, -transfer_tax_yen, paid_yen].map(yen));
        }
        Outcome::Carried { carried_yen } => all.extend(["次回へ繰越".to_owned(), yen(carried_yen)]),
    }
    if let Some(invoice) = &notice.invoice {
        all.push(yen(invoice.exempt_yen));
        all.extend(invoice.rates.iter().flat_map(|row| [row.amount_yen, row.tax_yen].map(yen)));
        all.extend(invoice.returns.iter().flat_map(|row| [row.amount_yen, row.tax_yen].map(yen)));
    }
    if let Bank::Account { last_digits, .. } = &notice.bank {
        all.push(format!("***{last_digits}"));
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn every_figure_of_a_closed_document_stands_on_its_notice() {
    // U-066 to U-069, U-071 to U-073, X-080, X-085
    let mut both: Vec<Vec<Notice>> = Vec::new();
    for till in Till::each().await {
        till.noticed().await;
        assert_eq!(till.settlement.issue_notices().await.unwrap(), 0, "nothing is approved");
        till.approve_day(PAY_ON).await;
        let new = till.settlement.issue_notices().await.unwrap();
        let all = till.of_day(PAY_ON).await;
        assert_eq!((new, all.len()), (16, 16), "carried documents and those without a payee too");
        assert_eq!(till.settlement.issue_notices().await.unwrap(), 0, "once");
        let mut notices = Vec::new();
        for issued in &all {
            let files = till.files(&issued.number.to_string()).await;
            let told = text(&files.pdf);
            for figure in figures(&files.notice) {
                assert!(told.contains(&figure), "{}: {figure} is not in\n{told}", issued.company);
            }
            notices.push(files.notice);
        }
        assert_eq!(till.faults().await, Vec::<String>::new());
        both.push(notices);
    }
    assert_eq!(both[0], both[1], "the engines agree");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_worked_example_is_on_paper_with_its_invoice_and_its_masked_account() {
    // Example 1. U-068, U-072, U-073, U-075, X-080, X-082, X-083, X-085
    let till = Till::each().await.swap_remove(0);
    till.noticed().await;
    till.approve_day(PAY_ON).await;
    till.settlement.issue_notices().await.unwrap();
    let issued = till.of("01").await;
    assert_eq!(issued.company_name(), "株式会社01商店");
    let files = till.files(&issued.number.to_string()).await;
    let told = text(&files.pdf);
    for shown in [
        "株式会社01商店御中",
        "ご担当山田太郎様",
        "帳場ペイメント株式会社",
        "〒100-0001東京都千代田区1-1",
        "登録番号T1234567890123",
        "発行日2027年2月24日",
        "VISA/MASTER2027/02/01～02/1531",
        "VISA/MASTER*1",
        "14,1403.24%45813,682",
        "-4,0003.24%-129-3,871",
        "前期末精算金額-7,126",
        "差引お振込金額4,416",
        "10%対象（返還差引後）25725",
        "非課税316―",
        // The days of what is given back are those of its payment.
        "うち返還10%対象2027/01/20～01/20-25-2",
        "受領後7日以内",
        "口座番号***456",
        "チヨウバ",
        "2027年2月26日",
    ] {
        assert!(told.contains(shown), "{shown} is not in\n{told}");
    }
    assert!(!told.contains("0123456"), "the account's number stays out");
    // Carried: the red slip of example 2 is larger than the sales, and its taxable fees are negative.
    let carried = till.files(&till.of("02").await.number.to_string()).await;
    assert_eq!(carried.notice.outcome, Outcome::Carried { carried_yen: -45_447 });
    let told = text(&carried.pdf);
    for shown in ["次回へ繰越-45,447", "10%対象（返還差引後）-301-30", "お振込先の口座が登録されていません"]
    {
        assert!(told.contains(shown), "{shown} is not in\n{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn late_items_corrections_and_code_brands_are_named() {
    // U-069, U-072, U-074: every row of the totals is there.
    let till = Till::each().await.swap_remove(0);
    till.noticed().await;
    till.afterwards().await;
    till.close("2027-03-01").await;
    for pay_on in [PAY_ON, "2027-03-15"] {
        till.approve_day(pay_on).await;
    }
    till.settlement.issue_notices().await.unwrap();
    let late = till.files(&till.of("10").await.number.to_string()).await.notice;
    assert_eq!(late.lines.iter().map(|line| line.kind).collect::<Vec<_>>(), [LineKind::Late]);
    let corrected = till.files(&till.of("08").await.number.to_string()).await.notice;
    assert_eq!(corrected.adjustments.iter().map(|row| row.yen).collect::<Vec<_>>(), [-300]);
    let codes = till.files(&till.of("05").await.number.to_string()).await.notice;
    let groups: Vec<&str> = codes.lines.iter().map(|line| line.group.as_str()).collect();
    assert_eq!(groups, ["d払い", "PayPay"]);
    let invoice = codes.invoice.unwrap();
    assert_eq!(
        invoice.rates.iter().map(|row| (row.amount_yen, row.tax_yen)).collect::<Vec<_>>(),
        [(540, 54)]
    );
    assert_eq!(till.faults().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_notice_said_stays_when_names_and_accounts_change_and_the_check_finds_a_changed_row() {
    //
    for till in Till::each().await {
        till.noticed().await;
        till.approve_day(PAY_ON).await;
        till.settlement.issue_notices().await.unwrap();
        let number = till.of("01").await.number.to_string();
        let before = till.files(&number).await;
        assert_eq!(before.notice.hash(), before.issued.facts_hash);
        till.put_issuer(Issuer { name: "別の会社".into(), invoice_reg_no: String::new(), ..issuer() }).await;
        till.payee("01", "佐藤", "sato@example.jp").await;
        till.account("01", "0009").await;
        let after = till.files(&number).await;
        assert_eq!((after.notice, after.pdf), (before.notice, before.pdf));
        assert_eq!(till.faults().await, Vec::<String>::new());
        let change = |tx: &mut Tx<'_>| {
            let sql =
                "UPDATE settle_notice SET issued_on = '2027-02-23' WHERE tenant = $1 AND company_id = '01'";
            Ok(tx.execute(sql, params![T])?)
        };
        assert_eq!(till.base.write(change).await.unwrap(), 1);
        assert_eq!(till.faults().await, [format!("notice {number} does not say any more what was issued")]);
        let drop_one = |tx: &mut Tx<'_>| {
            Ok(tx.execute("DELETE FROM settle_notice WHERE tenant = $1 AND company_id = '01'", params![T])?)
        };
        assert_eq!(till.base.write(drop_one).await.unwrap(), 1);
        assert_eq!(till.faults().await, ["company 01 has no notice of 2027-02-26"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_the_settlement_number_the_part_and_the_pay_day() {
    // U-068; the part grows when a payout is re-addressed.
    for till in Till::each().await {
        till.noticed().await;
        till.approve_day(PAY_ON).await;
        till.settlement.issue_notices().await.unwrap();
        let first = till.of("01").await;
        let payee = till.base.read(|tx| Ok(payees::payee(tx, T, "01")?)).await.unwrap().unwrap();
        assert_eq!(first.number.to_string(), format!("{:09}-001-20270226", payee.number));
        let again = |company: &'static str| {
            let act = move |tx: &mut Tx<'_>| {
                notices::reissue(tx, "person ito", PAY_ON.parse().unwrap(), &company.into())
            };
            till.base.write(act)
        };
        assert!(again("02").await.is_err(), "nothing is transferred");
        till.wait_until("2027-03-02");
        till.account("01", "0009").await;
        let key: PayoutKey = format!("{PAY_ON}.01.1").parse().unwrap();
        till.settlement.readdress("person ito", key).await.unwrap();
        let number = till.of("01").await.number.to_string();
        assert_eq!(number, format!("{:09}-002-20270226", payee.number));
        let (one, two) = (till.files(&first.number.to_string()).await, till.files(&number).await);
        assert_eq!((two.issued.part, two.issued.mail), (2, MailState::Waiting));
        let account = |files: &Files| match &files.notice.bank {
            Bank::Account { bank, kind, last_digits, .. } => format!("{bank} {kind} {last_digits}"),
            Bank::Missing => "none".to_owned(),
        };
        assert_eq!((account(&one), account(&two)), ("0005 普通 456".into(), "0009 普通 456".into()));
        assert_eq!(one.notice.lines, two.notice.lines);
        let Outcome::Paid { transfer_on, paid_yen, .. } = two.notice.outcome else { panic!("carried") };
        assert_eq!((transfer_on.to_string(), paid_yen), ("2027-03-03".into(), 4_416));
        assert!(again("01").await.unwrap().to_string().contains("-003-"));
        assert_eq!(till.faults().await, Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_comes_with_the_export_is_printed_on_a_second_part() {
    // U-073
    let till = Till::each().await.swap_remove(0);
    till.noticed().await;
    till.remitter(Layout::default()).await;
    till.approve_day(PAY_ON).await;
    till.settlement.issue_notices().await.unwrap();
    let first = till.of("05").await.number.to_string();
    assert_eq!(till.files(&first).await.notice.bank, Bank::Missing);
    till.account("05", "0005").await;
    till.settlement.export("person ito", PAY_ON.parse().unwrap()).await.unwrap();
    let second = till.of("05").await;
    assert_eq!((second.part, second.issued_on.to_string()), (2, "2027-02-24".into()), "its notice day");
    let notice = till.files(&second.number.to_string()).await.notice;
    assert!(matches!(&notice.bank, Bank::Account { last_digits, .. } if last_digits == "456"));
    let Outcome::Paid { transfer_on, .. } = notice.outcome else { panic!("carried") };
    assert_eq!(transfer_on.to_string(), PAY_ON, "the pay day is still to come");
    assert_eq!(till.of("01").await.part, 1, "what was printed right stays one");
    assert_eq!(till.faults().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_settlement_number_that_changes_hands_loses_no_notice() {
    // U-068
    let till = Till::each().await.swap_remove(0);
    till.noticed().await;
    till.approve_day(PAY_ON).await;
    let number = |company: &'static str, number: i64| {
        let put = move |tx: &mut Tx<'_>| {
            crate::till::company(tx, company);
            let facts = payees::PayeeFacts { number: Some(number), ..Default::default() };
            payees::put_payee(tx, "person sato", &company.into(), &facts)
        };
        till.base.write(put)
    };
    number("01", 270_212_122).await.unwrap();
    till.settlement.issue_notices().await.unwrap();
    assert_eq!(till.of("01").await.number.to_string(), "270212122-001-20270226");
    number("01", 5).await.unwrap();
    number("02", 270_212_122).await.unwrap();
    let forget = |tx: &mut Tx<'_>| {
        tx.execute("DELETE FROM settle_notice WHERE tenant = $1 AND company_id = '02'", params![T])?;
        Ok(tx.execute("DELETE FROM settle_issued WHERE tenant = $1", params![T])?)
    };
    assert_eq!(till.base.write(forget).await.unwrap(), 1);
    assert_eq!(till.settlement.issue_notices().await.unwrap(), 1);
    assert_eq!(till.of("02").await.number.to_string(), "270212122-002-20270226");
    assert_eq!(till.faults().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn notices_are_found_by_day_amount_and_company_within_the_scope() {
    //
    for till in Till::each().await {
        till.noticed().await;
        till.approve_day(PAY_ON).await;
        till.settlement.issue_notices().await.unwrap();
        let companies = async |wanted: Wanted| -> Vec<String> {
            till.notices(wanted).await.into_iter().map(|one| one.company).collect()
        };
        let all = Wanted::page(100, 0);
        let between = Wanted { least_yen: 4_000, most_yen: 4_500, ..all.clone() };
        let paid = companies(between.clone()).await;
        assert!(paid.contains(&"01".to_owned()) && !paid.contains(&"02".to_owned()), "{paid:?}");
        let own = Wanted { company: Some("01".into()), ..between };
        assert_eq!(companies(own.clone()).await, ["01"]);
        assert_eq!(companies(Wanted { from: "2027-02-27".parse().unwrap(), ..own }).await, [""; 0]);
        assert_eq!(companies(Wanted { limit: 1, skip: 1, ..all.clone() }).await, ["01f"]);
        let number = till.of("01").await.number.to_string();
        for (scope, sees) in [
            (Scope::Company("01".into()), true),
            (Scope::Company("02".into()), false),
            (Scope::Shop("01".into()), false),
        ] {
            let (number, all, scoped) = (number.clone(), all.clone(), scope.clone());
            let found = till
                .base
                .read(move |tx| {
                    let one = notices::facts(tx, T, &scoped, &number)?;
                    Ok((one.is_some(), notices::find(tx, T, &scoped, &all)?))
                })
                .await
                .unwrap();
            assert_eq!(found.0, sees, "{scope:?}");
            assert!(
                found.1.iter().all(|one| Scope::Company(one.company.clone().into()) == scope),
                "{scope:?}"
            );
        }
    }
}

fn succeeds(command: &mut Command) -> bool {
    let Output { status, .. } = command.output().unwrap();
    status.success()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zip_opens_with_the_company_s_nine_digits_and_with_no_others() {
    // U-067, U-075
    let till = Till::each().await.swap_remove(0);
    let old = Overlay { zip: Some(ZipMode::Zipcrypto), ..Overlay::default() };
    till.term(Level::Company("02".into()), "2026-11-22", old).await;
    till.noticed().await;
    till.approve_day(PAY_ON).await;
    till.settlement.issue_notices().await.unwrap();
    for company in ["01", "02"] {
        let issued = till.of(company).await;
        let files = till.files(&issued.number.to_string()).await;
        let secrets = till.base.secrets.clone();
        let show =
            move |tx: &mut Tx<'_>| notices::show_password(tx, &secrets, "person sato", &company.into());
        let password = till.base.write(show).await.unwrap();
        let own_number = &issued.number.to_string()[..9];
        assert_ne!(password.reveal(), own_number);
        let folder = tempfile::tempdir().unwrap();
        let zip = folder.path().join(issued.number.zip_name());
        std::fs::write(&zip, &files.zip).unwrap();
        let opens = |digits: &str| {
            let seven = succeeds(program(&["7zz", "7z"]).arg("t").arg(format!("-p{digits}")).arg(&zip));
            let unzip = succeeds(program(&["unzip"]).args(["-t", "-P", digits]).arg(&zip));
            (seven, unzip)
        };
        assert_eq!(opens(password.reveal()), (true, company == "02"), "{company}");
        assert_eq!(opens(own_number), (false, false), "{company}");
        till.base.write(move |tx| notices::new_password(tx, "person sato", &company.into())).await.unwrap();
        let renewed = till.files(&issued.number.to_string()).await;
        std::fs::write(&zip, &renewed.zip).unwrap();
        assert_eq!(opens(password.reveal()), (false, false), "the old digits");
        assert_eq!(inside(&zip, company, &till.base.secrets, &issued), renewed.pdf);
    }
    assert_eq!(till.audited("notice_password_shown").await, 2);
    assert_eq!(till.audited("notice_password_renewed").await, 2);
    let nobody = till.base.write(|tx| notices::new_password(tx, "person sato", &"none".into())).await;
    assert!(nobody.is_err());
}

/// The PDF inside, opened with the second version of the password.
fn inside(zip: &Path, company: &str, secrets: &Secrets, issued: &Issued) -> Vec<u8> {
    let number: i64 = issued.number.to_string()[..9].parse().unwrap();
    let password = notices::password(secrets, company, 2, number);
    let secret = format!("-p{}", password.reveal());
    program(&["7zz", "7z"]).args(["e", "-so", &secret]).arg(zip).output().unwrap().stdout
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_no_invoice_can_have_is_refused() {
    //
    let till = Till::each_without_rates().await.swap_remove(0);
    let none = till.base.read(|tx| Ok(notices::issuer(tx, T, "2026-11-21".parse().unwrap())?)).await.unwrap();
    assert_eq!(none, Issuer::default());
    for (wrong, why) in [
        (Issuer { name: " ".into(), ..issuer() }, "name is missing"),
        (Issuer { invoice_reg_no: "1234567890123".into(), ..issuer() }, "T and thirteen digits"),
        (Issuer { invoice_reg_no: "T123456789012".into(), ..issuer() }, "T and thirteen digits"),
        (Issuer { phone: "03\n0000".into(), ..issuer() }, "not one line"),
        (Issuer { address: vec!["1".into(); 7], ..issuer() }, "six lines"),
        (Issuer { silence_days: 61, ..issuer() }, "60 days"),
        (Issuer { reply_to: "nobody".into(), ..issuer() }, "mail address"),
    ] {
        let refused = till.base.write(move |tx| notices::put_issuer(tx, "person sato", &wrong)).await;
        assert!(refused.unwrap_err().to_string().contains(why), "{why}");
    }
    till.put_issuer(issuer()).await;
    let same = till.base.write(|tx| notices::put_issuer(tx, "person sato", &issuer())).await;
    assert!(!same.unwrap(), "nothing changed");
    assert_eq!(
        till.base.read(|tx| Ok(notices::issuer(tx, T, "2026-11-21".parse().unwrap())?)).await.unwrap(),
        issuer()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_taxable_fees_there_is_no_invoice_and_without_a_wish_no_sentence_on_silence() {
    //
    let till = Till::each_without_rates().await.swap_remove(0);
    till.term(Level::Tenant, "2026-11-22", rates(26_000, 0)).await;
    till.put_issuer(Issuer { silence_days: 0, ..issuer() }).await;
    till.account("a", "0001").await;
    till.write(vec![
        sale(1, "a", Brand::Visa, "2026-12-02", 10_000),
        sale(2, "b", Brand::Visa, "2026-12-02", 10_000),
        Act::Void(2),
        sale(3, "b", Brand::Visa, "2026-12-03", 10_000),
    ])
    .await;
    till.close("2026-12-16").await;
    till.approve_day("2026-12-30").await;
    till.settlement.issue_notices().await.unwrap();
    let free = till.files(&till.of("a").await.number.to_string()).await.notice;
    assert_eq!(free.invoice, None);
    let invoice = till.files(&till.of("b").await.number.to_string()).await.notice.invoice.unwrap();
    assert_eq!(invoice.confirmation, Confirmation::NotAsked);
    assert_eq!((invoice.rates[0].amount_yen, invoice.rates[0].tax_yen, invoice.exempt_yen), (180, 18, 260));
}
