//! Notices on their way: a real mail server that demands STARTTLS and a login, refusals, restarts, asking again.

use crate::notices::{PAY_ON, issuer, text};
use crate::smtp::Server;
use crate::till::{T, Till};
use center_base::Scope;
use i18n::Lang;
use mail_parser::{MessageParser, MimeHeaders as _};
use settlement::Settlement;
use settlement::notices::{self, Issuer, MailState};
use store::Tx;

impl Till {
    /// A center that starts on these books, with this way to its mail server.
    fn started(&self, mailer: delivery::Mailer) -> Settlement {
        Settlement::new(&center_base::testing::base(&self.db)).with_mailer(mailer)
    }

    async fn run(&self, settlement: &Settlement) {
        self.db.clock.advance(std::time::Duration::from_mins(1));
        center_base::jobs::run_due(&self.base, &settlement.jobs()).await.unwrap();
    }

    /// How the mail of a company's notice stands.
    async fn standing(&self, company: &str) -> String {
        let one = self.of(company).await;
        format!("{} {} {}", one.mail.word(), one.tries, one.trouble)
    }

    async fn resend(&self, number: String) -> Result<(), center_base::Refusal> {
        let again = move |tx: &mut Tx<'_>| notices::resend(tx, "person ito", &Scope::Tenant, &number);
        self.base.write(again).await
    }

    fn nine_o_clock(&self, day: &str) {
        let day: jiff::civil::Date = day.parse().unwrap();
        let then = day.at(9, 0, 0, 0).to_zoned(clock::tokyo()).unwrap().timestamp();
        self.db.clock.advance(then.duration_since(self.db.clock.now()).try_into().unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_is_mailed_from_nine_o_clock_of_its_day_over_starttls_and_once() {
    // U-066, U-067
    for till in Till::each().await {
        let mut server = Server::start();
        till.noticed().await;
        till.approve_day(PAY_ON).await;
        // Approved by a center that ends before the notice day.
        till.run(&till.settlement).await;
        let settlement = till.started(server.mailer("p%40ss"));
        till.wait_until("2027-02-24");
        till.run(&settlement).await;
        assert_eq!(till.standing("01").await, "waiting 0 ", "it is three o'clock");
        assert_eq!(server.said(), Vec::<String>::new());
        till.nine_o_clock("2027-02-24");
        server.will("451 4.7.1 come back later");
        till.run(&settlement).await;
        assert_eq!(till.standing("01").await, "waiting 1 later 451");
        assert_eq!(till.standing("02").await, "mailed 0 ");
        assert_eq!(till.standing("05").await, "no_address 1 ");
        let again = till.started(server.mailer("p%40ss"));
        till.run(&again).await;
        assert_eq!(till.standing("01").await, "mailed 1 ", "after a minute, by another run of the center");
        let said = server.said();
        assert!(said.contains(&"mail no-reply@choba.example over tls".to_owned()), "{said:?}");
        assert!(said.iter().all(|line| !line.ends_with("over nothing")), "{said:?}");
        assert!(said.contains(&"login right".to_owned()), "{said:?}");
        till.run(&again).await;
        let mails = server.mails();
        assert_eq!(mails.len(), 2, "once");
        check_mail(&till, &mails[1]).await;
        assert_eq!(till.faults().await, Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_that_waited_for_an_address_is_mailed_once_there_is_one_and_no_other_is_mailed_again() {
    // U-066
    for till in Till::each().await {
        let server = Server::start();
        till.noticed().await;
        till.approve_day(PAY_ON).await;
        let settlement = till.started(server.mailer("p%40ss"));
        till.nine_o_clock("2027-02-24");
        till.run(&settlement).await;
        assert_eq!(till.standing("05").await, "no_address 1 ");
        let mails = server.mails().len();
        // What is no address changes nothing.
        till.payee("05", "五郎", "nobody").await;
        till.run(&settlement).await;
        assert_eq!((till.standing("05").await, server.mails().len()), ("no_address 1 ".to_owned(), mails));
        till.payee("05", "五郎", "goro@example.jp").await;
        till.payee("01", "山田 花子", "hanako@example.jp").await;
        assert_eq!(till.standing("05").await, "waiting 0 ");
        till.run(&settlement).await;
        till.run(&settlement).await;
        assert_eq!(till.standing("05").await, "mailed 0 ");
        assert_eq!(till.standing("01").await, "mailed 0 ", "it was mailed to the address before");
        assert_eq!(server.mails().len(), mails + 1, "one mail, once");
        till.payee("05", "五郎", "five@example.jp").await;
        till.run(&settlement).await;
        assert_eq!(server.mails().len(), mails + 1, "another address is not another mail");
        assert_eq!(till.faults().await, Vec::<String>::new());
    }
}

/// The mail of company 01: no amount in its texts, its file opens.
async fn check_mail(till: &Till, raw: &[u8]) {
    let issued = till.of("01").await;
    let mail = MessageParser::new().parse(raw).unwrap();
    assert_eq!(
        mail.subject().unwrap(),
        "【帳場ペイメント株式会社】支払通知書のお知らせ（2027年2月26日精算分）"
    );
    let from = mail.from().unwrap().first().unwrap();
    assert_eq!(
        (from.name().unwrap(), from.address().unwrap()),
        ("帳場ペイメント株式会社", "no-reply@choba.example")
    );
    assert_eq!(mail.to().unwrap().first().unwrap().address().unwrap(), "yamada@example.jp");
    assert_eq!(mail.message_id().unwrap(), format!("notice-{}.1@choba.example", issued.number));
    let body = mail.body_text(0).unwrap();
    for told in [
        "株式会社01商店 御中",
        "ご担当 山田 太郎 様",
        &issued.number.to_string(),
        "電話 03-0000-0000",
        "送信専用",
    ] {
        assert!(body.contains(told), "{told}: {body}");
    }
    assert!(!body.contains("4,416") && !body.contains("4416"), "{body}");
    let file = mail.attachment(0).unwrap();
    assert_eq!(file.attachment_name().unwrap(), issued.number.zip_name());
    let number: i64 = issued.number.to_string()[..9].parse().unwrap();
    let password = notices::password(&till.base.secrets, "01", 1, number);
    assert!(!body.contains(password.reveal()));
    let folder = tempfile::tempdir().unwrap();
    let zip = folder.path().join("mailed.zip");
    std::fs::write(&zip, file.contents()).unwrap();
    let secret = format!("-p{}", password.reveal());
    let seven = ["/usr/bin/7zz", "/usr/bin/7z"].into_iter().find(|path| std::path::Path::new(path).exists());
    let pdf = std::process::Command::new(seven.expect("7-Zip; `cargo xtask test` installs it"))
        .args(["e", "-so", &secret])
        .arg(&zip)
        .output()
        .unwrap()
        .stdout;
    assert!(text(&pdf).contains("差引お振込金額4,416"));
    assert_eq!(issued.pdf_hash.unwrap(), <[u8; 32]>::from(<sha2::Sha256 as sha2::Digest>::digest(&pdf)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_address_fails_at_once_and_a_wrong_login_is_tried_again() {
    let till = Till::each().await.swap_remove(0);
    let mut server = Server::start();
    till.noticed().await;
    till.approve_day(PAY_ON).await;
    till.nine_o_clock("2027-02-24");
    let wrong = till.started(server.mailer("wrong"));
    till.run(&wrong).await;
    assert_eq!(till.standing("01").await, "waiting 1 later 535");
    assert_eq!(till.standing("02").await, "waiting 0 ", "the others fare no better, and wait");
    assert!(server.said().contains(&"login wrong".to_owned()));
    server.will("550 5.1.1 no such user");
    server.will("550 5.1.1 no such user");
    let settlement = till.started(server.mailer("p%40ss"));
    till.run(&settlement).await;
    till.run(&settlement).await;
    assert_eq!(till.standing("01").await, "failed 2 refused 550");
    assert_eq!(till.standing("02").await, "failed 1 refused 550");
    till.db.clock.advance(std::time::Duration::from_hours(24));
    till.run(&settlement).await;
    assert_eq!(server.mails().len(), 0, "never again by itself");
    till.resend(till.of("01").await.number.to_string()).await.unwrap();
    till.run(&settlement).await;
    assert_eq!(till.standing("01").await, "mailed 0 ");
    let mail = server.mails().remove(0);
    let mail = MessageParser::new().parse(&mail).unwrap();
    assert!(mail.message_id().unwrap().contains(".2@"), "another mail");
    assert!(mail.body_text(0).unwrap().contains("あらためてお送り"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_without_the_encryption_that_was_asked_for_or_to_an_unknown_certificate() {
    let till = Till::each().await.swap_remove(0);
    till.noticed().await;
    till.approve_day(PAY_ON).await;
    till.nine_o_clock("2027-02-24");
    let (bare, locked) = (Server::without_tls(), Server::start());
    let settlement = till.started(bare.mailer("p%40ss"));
    till.run(&settlement).await;
    let standing = till.standing("01").await;
    assert!(standing.starts_with("waiting 1 "), "{standing}");
    assert_eq!(bare.said(), Vec::<String>::new(), "no login and no mail");
    let stranger = till.started(locked.stranger());
    till.run(&stranger).await;
    till.run(&stranger).await;
    assert_eq!(locked.said(), Vec::<String>::new());
    assert_eq!((bare.mails().len(), locked.mails().len()), (0, 0));
    assert_eq!(till.of("01").await.mailed_us, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pay_day_that_is_approved_late_is_mailed_at_once_and_again_ten_times_a_day_at_most() {
    // U-066
    for till in Till::each().await {
        let server = Server::start();
        till.noticed().await;
        let reply_to = "Keiri@Example.jp".to_owned();
        till.put_issuer(Issuer { sender: "帳場 経理".into(), reply_to, ..issuer() }).await;
        till.nine_o_clock("2027-02-25");
        till.approve_day(PAY_ON).await;
        let settlement = till.started(server.mailer("p%40ss"));
        till.run(&settlement).await;
        let issued = till.of("01").await;
        assert_eq!((issued.issued_on.to_string(), issued.mail), ("2027-02-25".into(), MailState::Mailed));
        let number = issued.number.to_string();
        for _ in 0..10 {
            till.resend(number.clone()).await.unwrap();
        }
        let refused = till.resend(number.clone()).await.unwrap_err();
        assert_eq!(refused.code, codes::api::TOO_MANY);
        till.run(&settlement).await;
        till.run(&settlement).await;
        let sent = server.mails();
        let to_01 = |raw: &&Vec<u8>| {
            let mail = MessageParser::new().parse(*raw).unwrap();
            mail.to().unwrap().first().unwrap().address().unwrap() == "yamada@example.jp"
        };
        assert_eq!(sent.iter().filter(to_01).count(), 2, "asked ten times before one run: one mail");
        let mail = MessageParser::new().parse(&sent[0]).unwrap();
        assert_eq!(mail.from().unwrap().first().unwrap().name().unwrap(), "帳場 経理");
        assert_eq!(mail.reply_to().unwrap().first().unwrap().address().unwrap(), "keiri@example.jp");
        assert!(!mail.body_text(0).unwrap().contains("送信専用"));
        till.db.clock.advance(std::time::Duration::from_hours(24));
        till.resend(number).await.unwrap();
        assert_eq!(
            till.resend("100000001-009-20270226".into()).await.unwrap_err().code,
            codes::api::NOT_FOUND
        );
        let own = move |tx: &mut Tx<'_>| {
            let scope = Scope::Company("02".into());
            notices::resend(tx, "person ito", &scope, "100000001-001-20270226")
        };
        assert_eq!(till.base.write(own).await.unwrap_err().code, codes::api::NOT_FOUND);
        assert_eq!(till.audited("notice_resent").await, 11);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_whose_server_is_away_is_tried_for_a_week_with_growing_pauses() {
    let till = Till::each().await.swap_remove(0);
    till.noticed().await;
    till.approve_day(PAY_ON).await;
    till.nine_o_clock("2027-02-24");
    let away = delivery::MailSettings {
        url: "smtp://127.0.0.1:1".into(),
        from: "no-reply@choba.example".into(),
        ca_pem: None,
    };
    let settlement = till.started(delivery::Mailer::new(&away).unwrap());
    let mut waits = Vec::new();
    till.run(&till.settlement).await;
    for tries in 0..8 {
        // A run ends at the first sign that the server is away, and the next one goes on with another notice.
        while till.of("01").await.tries == tries {
            till.run(&settlement).await;
        }
        let wait_us = till.of("01").await.due_us - till.base.clock.now_us();
        waits.push(wait_us / 60_000_000);
        till.db.clock.advance(std::time::Duration::from_micros(wait_us.try_into().unwrap()));
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
    assert_eq!(till.standing("01").await, "waiting 8 unreachable");
    let almost = |tx: &mut Tx<'_>| {
        let sql = "UPDATE settle_notice SET mail_tries = 173 WHERE tenant = $1 AND company_id = '01'";
        Ok(tx.execute(sql, store::params![T])?)
    };
    till.base.write(almost).await.unwrap();
    while till.of("01").await.mail == MailState::Waiting {
        till.run(&settlement).await;
    }
    assert_eq!(till.standing("01").await, "failed 174 unreachable");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_of_a_payout_that_is_held_is_not_mailed() {
    // It would tell of money that does not come.
    let till = Till::each().await.swap_remove(0);
    let server = Server::start();
    till.noticed().await;
    let key = format!("{PAY_ON}.01.1").parse().unwrap();
    till.settlement.hold("person ito", key, "調査のため").await.unwrap();
    till.approve_day(PAY_ON).await;
    till.nine_o_clock("2027-02-24");
    till.run(&till.started(server.mailer("p%40ss"))).await;
    assert_eq!(till.standing("01").await, "failed 1 held");
    assert_eq!(till.standing("02").await, "mailed 0 ");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mail_is_written_in_english_too() {
    let till = Till::each().await.swap_remove(0);
    till.noticed().await;
    till.approve_day(PAY_ON).await;
    till.settlement.issue_notices().await.unwrap();
    let issued = till.of("01").await;
    let notice = till.files(&issued.number.to_string()).await.notice;
    let letter = notices::letter(Lang::En, &notice, &issued, &issuer());
    assert_eq!(letter.subject, "帳場ペイメント株式会社: payment notice for 2027-02-26");
    assert!(letter.text.contains("opens with the nine-digit number"), "{}", letter.text);
    assert!(!letter.text.contains("4,416"));
}
