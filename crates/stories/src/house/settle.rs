//! Settlement as the people of the operator and of the company see it: the console, the bank's file, the mail.

use super::House;
use crate::http::{self, Answer};
use std::time::Duration;

/// Who signs in to the console: login and password of the cast.
pub type Who = (&'static str, &'static str);

/// Closes, makes files, says what the bank did.
pub const OPERATOR: Who = ("operator", "Choba-demo-1");
/// The second person.
pub const SECOND: Who = ("shonin", "Choba-demo-5");
/// The company's.
pub const MANAGER: Who = ("keiri", "Choba-demo-6");

impl House {
    /// It is three o'clock on a later day; who was signed in at the terminal is not any more.
    pub async fn until_day(&mut self, day: &str) {
        self.say(&format!("(It is {day}, three o\u{2019}clock in the morning.)"));
        let then: jiff::civil::Date = day.parse().unwrap();
        let then = then.at(3, 0, 0, 0).to_zoned(clock::tokyo()).unwrap().timestamp();
        let wait = then.duration_since(self.clock.now());
        self.clock.advance(Duration::try_from(wait).unwrap());
        self.until_screen("sign-in").await;
        self.forget_screens();
    }

    /// Nine o'clock of the same day, and a little more.
    pub fn until_office_hours(&mut self) {
        self.say("(It is nine o\u{2019}clock.)");
        self.clock.advance(Duration::from_mins(6 * 60 + 1));
    }

    /// The clerk of the terminal signs in again.
    pub async fn sign_in_again(&mut self) {
        self.sign_in().await;
    }

    /// A page as this person sees it, who signs in for it.
    pub async fn seen_by(&self, who: Who, path: &str) -> String {
        let answer = http::get_as(self.center_at, path, &self.signed_in(who).await).await.unwrap();
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.body
    }

    /// A page that comes to say this by itself: the center works by the clock.
    pub async fn until_page_says(&mut self, who: Who, path: &str, text: &str) -> String {
        let says = async |house: &Self| {
            let session = house.signed_in(who).await;
            http::get_as(house.center_at, path, &session).await.is_ok_and(|page| page.body.contains(text))
        };
        self.let_seconds_pass(says).await;
        let page = self.seen_by(who, path).await;
        assert!(page.contains(text), "{path} does not say {text}:\n{page}");
        page
    }

    /// A person sends a form of the console.
    pub async fn sends(&mut self, who: Who, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.say(&format!("{} sends {path}.", who.0));
        let session = self.signed_in(who).await;
        http::submit_as(self.center_at, path, &session, fields).await.unwrap()
    }

    /// The same, and it is done.
    pub async fn does(&mut self, who: Who, path: &str, fields: &[(&str, &str)]) {
        let answer = self.sends(who, path, fields).await;
        assert_eq!(answer.status, 303, "{path}: {}", answer.body);
    }

    /// The second person looks at a closed pay day and approves what is shown.
    pub async fn approves(&mut self, who: Who, pay_on: &str) {
        let path = format!("/settlement/paydays/{pay_on}");
        let page = self.seen_by(who, &path).await;
        let hash = page.split("name=\"hash\" value=\"").nth(1).and_then(|after| after.split('"').next());
        let hash = hash.expect("a pay day to approve").to_owned();
        self.does(who, &format!("{path}/approve"), &[("hash", &hash)]).await;
    }

    async fn signed_in(&self, (login, password): Who) -> String {
        let signs_in = [("login", login), ("password", password)];
        http::submit(self.center_at, "/login", &signs_in).await.unwrap().cookies
    }
}
