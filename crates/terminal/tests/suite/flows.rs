//! Whole sales by presses on the page.

use crate::fakes::{Bench, Next};
use device::hardware::PrinterStatus;
use std::time::Duration;
use terminal::context::Theme;
use terminal::journal::Journal;

async fn signed_in(bench: &Bench) {
    assert_eq!(bench.press("sign-in", "login_id=Hanako+&password=Komorebi7").await, 303);
    bench.reach("home").await;
}

async fn to_signature(bench: &Bench, amount: &str) {
    bench.ask("GET", "/go/sale", "text/plain", "").await;
    bench.reach("amount").await;
    bench.press("amount", &format!("amount={amount}&note=tea")).await;
    bench.reach("method").await;
    bench.press("pay", "class=lump").await;
    bench.reach("present").await;
    bench.swipe().await;
    bench.reach("sign").await;
}

const STROKES: &str = "strokes=%7B%22width%22%3A300%2C%22height%22%3A120%2C%22strokes%22%3A%5B%5B%5B10%2C10%5D%2C%5B200%2C80%5D%5D%5D%7D";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sale_from_keypad_to_paper() {
    // T1 … T13, M-020, M-051, R-044
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::fresh(folder.path()).await;
    signed_in(&bench).await;
    to_signature(&bench, "%EF%BC%91%2C360").await;
    bench.press("sign", STROKES).await;
    bench.reach("approved").await;
    let heard = bench.center.heard().join(", ");
    assert!(heard.contains("pay ¥1,360 lump signature sign=true, complete"), "{heard}");

    let printed = || bench.printer.0.lock().unwrap().1.len();
    bench.press("print-customer", "").await;
    bench.until("one paper", async || printed() == 1).await;
    bench.says("お客様控えを印刷しました").await;
    bench.press("print-merchant", "").await;
    bench.until("two papers", async || printed() == 2).await;
    let texts: Vec<String> = bench.printer.0.lock().unwrap().1.iter().map(|bytes| paper(bytes)).collect();
    assert!(texts[0].contains("¥1,360") && !texts[0].contains("(再)"), "{}", texts[0]);

    bench.says("加盟店控えを印刷しました").await;
    bench.press("finish", "").await;
    bench.reach("amount").await;
    // M-070, M-071, M-080: in the history, in detail, and by the code on the receipt.
    bench.ask("GET", "/go/history", "text/plain", "").await;
    bench.says("Visa ****0010").await;
    let page = bench.ask("GET", "/", "text/plain", "").await.1;
    let detail = page.split("/go/payment/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    bench.ask("GET", &format!("/go/payment/{detail}"), "text/plain", "").await;
    bench.says("取消・返金ができません").await;
    bench.press("print-customer", "").await;
    bench.until("a third paper", async || printed() == 3).await;
    assert!(paper(&bench.printer.0.lock().unwrap().1[2]).contains("(再)"));
    bench.ask("GET", "/go/lookup", "text/plain", "").await;
    bench.reach("lookup").await;
    bench.press("find", "code=nothing").await;
    bench.says("該当する支払いが見つかりません").await;
    let code = payment::public_id(detail.parse().unwrap());
    bench.press("find", &format!("code={code}")).await;
    bench.reach("detail").await;
}

/// The text on paper.
fn paper(bytes: &[u8]) -> String {
    let mut out = String::new();
    for paper in escpos::decode(bytes) {
        for row in paper.rows {
            if let escpos::PaperRow::Text { text, .. } = row {
                out.push_str(&text);
                out.push('\n');
            }
        }
    }
    out
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_paper_is_said_and_the_next_try_is_no_reprint_but_the_one_after_is() {
    // M-051, R-044
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::fresh(folder.path()).await;
    signed_in(&bench).await;
    to_signature(&bench, "880").await;
    bench.press("sign", STROKES).await;
    bench.reach("approved").await;
    bench.printer.0.lock().unwrap().0 = PrinterStatus::PaperOut;
    bench.press("print-customer", "").await;
    bench.says("用紙がありません").await;
    bench.printer.0.lock().unwrap().0 = PrinterStatus::Ready;
    for n in 1..=2 {
        bench.press("print-customer", "").await;
        bench.until("paper", async || bench.printer.0.lock().unwrap().1.len() == n).await;
        for _ in 0..2_000 {
            if bench.ask("GET", "/", "text/plain", "").await.1.contains("お客様控えを印刷しました")
            {
                break;
            }
        }
    }
    let texts: Vec<String> = bench.printer.0.lock().unwrap().1.iter().map(|bytes| paper(bytes)).collect();
    assert!(!texts[0].contains("(再)") && texts[1].contains("(再)"), "{texts:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stale_or_repeated_press_changes_nothing() {
    // rule 2.5.1
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::fresh(folder.path()).await;
    signed_in(&bench).await;
    bench.ask("GET", "/go/sale", "text/plain", "").await;
    bench.reach("amount").await;
    bench.press("amount", "amount=880").await;
    bench.reach("method").await;
    let rev = bench.rev().await;
    assert_eq!(bench.press_on(&rev, "pay", "class=lump").await, 303);
    bench.reach("present").await;
    assert_eq!(bench.press_on(&rev, "pay", "class=lump").await, 303);
    assert_eq!(bench.press_on("", "cancel", "").await, 303);
    bench.reach("present").await;
    assert_eq!(bench.press("nonsense", "").await, 400);
    assert_eq!(bench.press("cancel", "").await, 303);
    bench.reach("home").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_who_does_not_sign_is_not_charged() {
    // M-028
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::fresh(folder.path()).await;
    signed_in(&bench).await;
    to_signature(&bench, "880").await;
    bench.press("sign", "strokes=").await;
    assert_eq!(bench.terminal.screen_name(), "sign");
    bench.press("give-back", "").await;
    bench.reach("undone").await;
    assert_eq!(bench.center.charged_yen(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signature_that_comes_after_the_hold_was_given_back_ends_as_not_paid() {
    // M-028: the center released it after half an hour; the terminal must not ask for ever.
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::fresh(folder.path()).await;
    let id = bench.start(880).await;
    bench.swipe().await;
    bench.reach("sign").await;
    bench.center.releases(id);
    let path = format!("/local/payments/{id}/signature");
    assert_eq!(bench.json("POST", &path, crate::fakes::SIGNATURE).await.0, 202);
    bench.reach("undone").await;
    let seen = bench.look(id).await;
    assert_eq!((seen["state"].as_str(), seen["money_taken"].as_str()), (Some("released"), Some("no")));
    assert_eq!(bench.center.charged_yen(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signature_that_is_never_given_ends_on_the_terminal_too() {
    // M-028: nobody signs for half an hour; the screen does not ask for a signature that counts no more.
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::fresh(folder.path()).await;
    let id = bench.start(880).await;
    bench.swipe().await;
    bench.reach("sign").await;
    bench.pass_until_screen(Duration::from_mins(31), "undone").await;
    assert_eq!(bench.center.state(id), Some(payment::StateName::Released));
    assert_eq!(bench.look(id).await["is_final"], true);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_sale_goes_on_with_a_new_id() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::fresh(folder.path()).await;
    signed_in(&bench).await;
    bench.center.plan(Next::Decline(codes::pay::WRONG_PIN));
    bench.ask("GET", "/go/sale", "text/plain", "").await;
    bench.reach("amount").await;
    bench.press("amount", "amount=880").await;
    bench.press("pay", "class=installments-3").await;
    bench.reach("present").await;
    bench.swipe().await;
    bench.reach("refused").await;
    bench.press("again", "").await;
    bench.reach("present").await;
    bench.swipe().await;
    bench.reach("sign").await;
    let pays = bench.center.heard().iter().filter(|what| what.starts_with("pay ¥880 installments-3")).count();
    assert_eq!(pays, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_clock_is_warned_of_beyond_a_minute_and_payments_go_on() {
    // reliability R9: the center's date counts, so that a skewed terminal may go on.
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::fresh(folder.path()).await;
    bench.center.is_ahead(-3 * 3_600);
    signed_in(&bench).await;
    let warns = async |text: &str| bench.ask("GET", "/", "text/plain", "").await.1.contains(text);
    let probe = Duration::from_secs(10);
    bench.pass_until(probe, "the warning", async || warns("センターと 180 分ずれています").await).await;
    to_signature(&bench, "880").await;
    bench.press("sign", STROKES).await;
    bench.reach("approved").await;
    bench.press("finish", "").await;
    bench.center.is_ahead(61);
    bench.ask("GET", "/go/home", "text/plain", "").await;
    bench.pass_until(probe, "a smaller one", async || warns("センターと 1 分ずれています").await).await;
    bench.center.is_ahead(60);
    bench.pass_until(probe, "none", async || !warns("ずれています").await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_language_is_the_devices_setting() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::fresh(folder.path()).await;
    assert_eq!(bench.ask("GET", "/lang/en", "text/plain", "").await.0, 303);
    bench.says("Sign in to serve").await;
    let page = bench.ask("GET", "/", "text/plain", "").await.1;
    assert!(page.contains("lang=\"en\"") && page.contains("Sign in to serve"), "{page}");
    assert_eq!(bench.ask("GET", "/lang/xx", "text/plain", "").await.0, 404);
    assert_eq!(bench.ask("GET", "/healthz", "text/plain", "").await.0, 200);
    assert_eq!(bench.ask("GET", "/readyz", "text/plain", "").await.0, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pages_follow_by_themselves_over_the_live_stream() {
    // rule 2.5.2: the stream sends what the press answers.
    use axum::body::Body;
    use futures_util::StreamExt as _;
    use tower::ServiceExt as _;
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::fresh(folder.path()).await;
    let router = bench.terminal.router(pages::secure::SecureConfig::loopback(8710));
    let request = http::Request::get("/live").header("host", "127.0.0.1:8710").body(Body::empty()).unwrap();
    let mut stream = router.oneshot(request).await.unwrap().into_body().into_data_stream();
    let mut heard = String::new();
    while !heard.contains("data-screen=\"sign-in\"") {
        heard.push_str(&String::from_utf8_lossy(&stream.next().await.unwrap().unwrap()));
    }
    bench.start(880).await;
    while !heard.contains("data-screen=\"present\"") {
        heard.push_str(&String::from_utf8_lossy(&stream.next().await.unwrap().unwrap()));
    }
    assert!(heard.contains("event: beat"));
}

#[tokio::test]
async fn a_setting_is_kept_before_its_press_is_answered() {
    // M-090, M-098: whoever switches the device off now finds the setting again.
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::fresh(folder.path()).await;
    assert_eq!(bench.press("sign-in", "login_id=Hanako+&password=Komorebi7").await, 303);
    bench.reach("home").await;
    bench.ask("GET", "/go/settings", "text/plain", "").await;
    bench.reach("settings").await;
    for theme in [Theme::Dark, Theme::Light, Theme::Dark, Theme::Light] {
        assert_eq!(bench.press("save", &format!("lang=en&theme={}", theme.word())).await, 303);
        let page = bench.ask("GET", "/", "text/plain", "").await.1;
        assert!(page.contains("Saved"), "{page}");
        let switched_off = tempfile::tempdir().unwrap();
        for file in std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap) {
            if file.file_type().unwrap().is_file() {
                std::fs::copy(file.path(), switched_off.path().join(file.file_name())).unwrap();
            }
        }
        let kept = Journal::open(switched_off.path(), bench.clock.clone()).unwrap().kept().unwrap();
        assert_eq!((kept.settings.lang, kept.settings.theme), (i18n::Lang::En, theme));
        // Looked at anew, the page no longer says it.
        bench.ask("GET", "/go/home", "text/plain", "").await;
        bench.ask("GET", "/go/settings", "text/plain", "").await;
    }
}
