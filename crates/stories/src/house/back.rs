//! Giving back, at the terminal and in the console.

use super::House;
use crate::{http, page};
use choba::admin::Which;

impl House {
    /// The clerk opens the newest sale of the history; what may be given back of it is known. Told is where
    /// that leads.
    pub async fn open_newest_sale(&mut self) {
        self.say("The clerk finds the payment in the history.");
        let exported = self.exported(Which::Center);
        let rows = exported["tenants"][0]["payments"].as_array().unwrap();
        let id = rows.last().unwrap()["id"].as_str().unwrap().to_owned();
        self.go("/go/history").await;
        self.until_shown("history", &["読み込んでいます", "Loading"]).await;
        self.press("history", &[("period", "all")]).await;
        self.until_shown("history", &["読み込んでいます", "Loading"]).await;
        self.go(&format!("/go/payment/{id}")).await;
        self.until_shown("detail", &["取消・返金ができるか調べています", "Checking what can be given back"])
            .await;
        let shown = self.seen().lines.clone();
        self.forget_screens();
        self.quote("screen", &shown);
    }

    /// Waits until the screen is this and no longer says any of these.
    async fn until_shown(&self, name: &str, not: &[&str]) {
        self.until(&format!("{name} is shown whole"), async || {
            let seen = self.seen();
            seen.name == name && !seen.lines.iter().any(|line| not.contains(&line.as_str()))
        })
        .await;
    }

    /// The clerk begins to give back and reaches the last question: the whole, or so much of it.
    pub async fn ask_back(&mut self, amount: &str, reason: &str) {
        self.say("The clerk presses the button that gives back.");
        self.press("refund-open", &[]).await;
        self.until_screen("refund").await;
        let whole = if amount.is_empty() { "the whole" } else { amount };
        self.say(&format!("The clerk leaves it at {whole} and types \u{201c}{reason}\u{201d}."));
        self.press("refund", &[("amount", amount), ("reason", reason)]).await;
        self.until_screen("refund-confirm").await;
    }

    /// The operator lets the shop's slips state the tax, as the clerk says it with each amount; the terminal hears it
    /// with its next look at the line.
    pub async fn slips_state_the_tax(&mut self) {
        self.say("The shop's slips state the tax from now on, as the clerk says it.");
        let base = self.center.as_ref().unwrap().rooms.base.clone();
        let level = tenancy::PolicyLevel::Shop("9000009".into());
        let overlay = serde_json::json!({ "receipt": { "tax": "entered" } });
        base.write(move |tx| tenancy::put_policy(tx, "story", &level, &overlay)).await.unwrap();
        base.refresh().await.unwrap();
        self.go("/go/sale").await;
        self.until_screen("amount").await;
        self.advance(10).await;
        let asks = async |house: &Self| house.seen().lines.iter().any(|line| line == "消費税");
        self.until("the keypad asks for the tax", async || asks(self).await).await;
        self.forget_screens();
    }

    /// The clerk types an amount of several rates and its parts.
    pub async fn sale_of_several_rates(&mut self, amount: &str, reduced: &str, exempt: &str) {
        self.say(&format!("The clerk types {amount}, of several rates."));
        self.press("amount", &[("amount", amount), ("tax", "several")]).await;
        self.until_screen("split").await;
        self.say(&format!("Of it {reduced} at the reduced rate, {exempt} not taxed."));
        self.press("split", &[("reduced", reduced), ("exempt", exempt)]).await;
        self.until_screen("method").await;
    }

    /// The clerk gives back so much, of it so much at the reduced rate.
    pub async fn ask_back_of_several_rates(&mut self, amount: &str, reduced: &str) {
        self.say("The clerk presses the button that gives back.");
        self.press("refund-open", &[]).await;
        self.until_screen("refund").await;
        self.say(&format!("The clerk types {amount}."));
        self.press("refund", &[("amount", amount), ("reason", "")]).await;
        self.until_screen("refund-split").await;
        self.say(&format!("Of it {reduced} at the reduced rate."));
        self.press("split", &[("reduced", reduced), ("exempt", "")]).await;
        self.until_screen("refund-confirm").await;
    }

    /// The clerk answers the last question with yes.
    pub async fn confirm_back(&mut self) {
        self.say("The clerk gives back.");
        self.press("refund-go", &[]).await;
    }

    /// The manager gives back in the console, in a browser elsewhere; how the console answers is told.
    pub async fn give_back_in_the_console(&mut self, amount: &str) {
        self.say(&format!("The manager gives back {amount} of it in the console."));
        self.sends_give_back(amount, &[]).await;
    }

    /// The same of several rates: so much of it at the reduced rate.
    pub async fn give_back_of_several_rates_in_the_console(&mut self, amount: &str, reduced: &str) {
        self.say(&format!(
            "The manager gives back {amount} in the console, of it {reduced} at the reduced rate."
        ));
        self.sends_give_back(amount, &[("reduced", reduced)]).await;
    }

    async fn sends_give_back(&mut self, amount: &str, parts: &[(&str, &str)]) {
        let exported = self.exported(Which::Center);
        let rows = exported["tenants"][0]["payments"].as_array().unwrap();
        let place = format!("/payments/{}/give-back", rows.last().unwrap()["id"].as_str().unwrap());
        let signs_in = [("login", "tencho"), ("password", "Choba-demo-2")];
        let cookies = http::submit(self.center_at, "/login", &signs_in).await.unwrap().cookies;
        let asked = http::get_as(self.center_at, &place, &cookies).await.unwrap();
        assert_eq!(asked.status, 200, "{}", asked.body);
        let mint =
            asked.body.split_once("name=\"id\" value=\"").and_then(|(_, after)| after.split('"').next());
        let mut fields = vec![("id", mint.unwrap()), ("amount", amount), ("reason", "")];
        fields.extend(parts);
        let answer = http::submit_as(self.center_at, &place, &cookies, &fields).await.unwrap();
        let lines = if answer.status == 303 {
            vec!["303: the payment\u{2019}s page".to_owned()]
        } else {
            main_part(&answer.body)
        };
        self.quote("console", &lines);
    }

    /// The night goes by; the clerk signs in again.
    pub async fn next_morning(&mut self) {
        self.say("(The next morning the clerk signs in again.)");
        self.clock.advance(std::time::Duration::from_hours(24));
        self.until_screen("sign-in").await;
        self.sign_in().await;
        self.until_network("in balance", 1).await;
    }

    /// Midnight passes; the terminal has signed the clerk out.
    pub async fn midnight(&mut self) {
        self.say("(Midnight passes.)");
        self.clock.advance(std::time::Duration::from_hours(14));
        self.until_screen("sign-in").await;
        self.forget_screens();
    }

    /// Time passes, as much as it takes, until the network has said this so often.
    pub async fn a_little_later_the_network(&mut self, title: &str, times: usize) {
        self.say("(A little later.)");
        let said = |house: &Self| {
            house.outside.log.newest(usize::MAX).iter().filter(|line| line.title.contains(title)).count()
        };
        self.let_seconds_pass(async |house| said(house) >= times).await;
        self.until_network(title, times).await;
    }

    /// The operator looks at the cases in the console, and at the only one.
    pub async fn look_at_the_case(&mut self) {
        self.say("The operator opens the case in the console.");
        let session = self.operator().await;
        self.until("a case is open", async || !self.cases(&session).await.is_empty()).await;
        let cases = self.cases(&session).await;
        let page = self.console(&session, &cases[0]).await;
        assert_eq!(page.status, 200, "{}", page.body);
        let mut lines = main_part(&page.body);
        // How long it took is not told, since nothing promises it.
        lines.retain(|line| !line.starts_with("2026/") && !line.contains("経過"));
        self.quote("console", &lines);
    }
}

/// What a page of the console says beside its menu.
fn main_part(body: &str) -> Vec<String> {
    let main = body.split_once("<main").map_or(body, |(_, main)| main);
    page::lines(&format!("<main{main}"))
}
