//! A clerk's password at the terminal: first, expired, about to end.

use crate::fakes::Bench;
use jiff::civil::date;
use payment::PasswordStanding;

async fn sign_in(bench: &Bench) {
    assert_eq!(bench.press("sign-in", "login_id=hanako&password=Komorebi7").await, 303);
}

async fn change(bench: &Bench, current: &str, new: &str, again: &str) {
    bench.press("new-password", &format!("current={current}&new={new}&again={again}")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clerk_with_a_first_or_an_expired_password_serves_nobody_before_it_is_changed() {
    // D-07, U-081, U-083, W-033
    for (standing, says) in [
        (PasswordStanding::Initial, "最初のパスワードのままです"),
        (PasswordStanding::Expired, "パスワードの期限が切れました"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let bench = Bench::fresh(folder.path()).await;
        bench.center.password_is(standing);
        sign_in(&bench).await;
        bench.reach("new-password").await;
        bench.says(says).await;
        bench.says("8文字以上で、数字・英小文字・英大文字をすべて").await;
        for away in ["/go/sale", "/go/history", "/go/settings", "/go/home"] {
            bench.ask("GET", away, "text/plain", "").await;
            bench.reach("sign-in").await;
            sign_in(&bench).await;
            bench.reach("new-password").await;
        }
        change(&bench, "", "Momiji77", "Momiji77").await;
        bench.says("入力が足りません").await;
        change(&bench, "Komorebi7", "Momiji77", "Momiji78").await;
        bench.says("2回とも同じではありません").await;
        change(&bench, "komorebi7", "Momiji77", "Momiji77").await;
        bench.says("今のパスワードが違います").await;
        change(&bench, "Komorebi7", "momiji77", "momiji77").await;
        bench.says("英大文字が入っていません").await;
        change(&bench, "Komorebi7", "Momiji77", "Momiji77").await;
        bench.reach("home").await;
        let heard = bench.center.heard().join(", ");
        assert_eq!(heard.matches("new-password hanako").count(), 3, "{heard}");
        let kept: Vec<u8> = std::fs::read_dir(folder.path())
            .unwrap()
            .flat_map(|file| std::fs::read(file.unwrap().path()).unwrap_or_default())
            .collect();
        let kept = String::from_utf8_lossy(&kept);
        assert!(kept.contains("hanako") && !kept.contains("Momiji77"), "A-026: it rests nowhere");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clerk_whose_password_ends_soon_is_reminded_and_may_leave_it_for_later() {
    // U-081
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::fresh(folder.path()).await;
    bench.center.password_is(PasswordStanding::EndsSoon { last_day: date(2026, 11, 30) });
    sign_in(&bench).await;
    bench.reach("home").await;
    bench.says("2026/11/30まで使えます").await;
    bench.press("change-password", "").await;
    bench.reach("new-password").await;
    bench.press("back", "").await;
    bench.reach("home").await;
    bench.ask("GET", "/go/sale", "text/plain", "").await;
    bench.reach("amount").await;
    bench.ask("GET", "/go/home", "text/plain", "").await;
    bench.reach("home").await;
    bench.press("change-password", "").await;
    bench.reach("new-password").await;
    change(&bench, "Komorebi7", "Momiji77", "Momiji77").await;
    bench.reach("home").await;
    let page = bench.ask("GET", "/", "text/plain", "").await.1;
    assert!(!page.contains("2026/11/30"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_nobody_answered_says_that_it_may_have_come_about() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::fresh(folder.path()).await;
    bench.center.password_is(PasswordStanding::Expired);
    sign_in(&bench).await;
    bench.reach("new-password").await;
    bench.center.swallows(true);
    change(&bench, "Komorebi7", "Momiji77", "Momiji77").await;
    bench.says("変更できたか確認できません").await;
    bench.center.swallows(false);
    bench.center.away(true);
    change(&bench, "Komorebi7", "Momiji77", "Momiji77").await;
    bench.says("センターに接続できません").await;
    bench.press("back", "").await;
    bench.reach("sign-in").await;
}
