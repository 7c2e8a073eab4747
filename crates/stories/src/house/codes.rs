//! What happens around a code payment: a phone, a scanner, a brand with moods.

use super::House;
use crate::http;
use serde_json::json;

impl House {
    /// The clerk types an amount and chooses code; a code is waited for.
    pub async fn sale_by_code(&mut self, amount: &str) {
        self.keypad(amount).await;
        self.until_screen("method").await;
        self.say("The clerk chooses code.");
        self.press("pay-by-code", &[]).await;
        self.until_screen("scan").await;
    }

    /// The fresh code of a customer's wallet: the digits under its bars, and the text of its square.
    async fn code_of(&self, wallet: &str) -> (String, String) {
        let all = http::get(self.outside.at.desk, "/desk/wallets").await.unwrap().json();
        let all = all.as_array().unwrap();
        let shown = all.iter().find(|shown| shown["name"] == wallet).expect("the desk has this wallet");
        (shown["code"].as_str().unwrap().to_owned(), shown["qr"].as_str().unwrap().to_owned())
    }

    /// The customer holds a phone in front of the scanner.
    pub async fn show_code(&mut self, wallet: &str) {
        self.say(&format!("The customer shows the code of the wallet \u{201c}{wallet}\u{201d}."));
        let (_, code) = self.code_of(wallet).await;
        self.scan(&code).await;
    }

    /// The clerk types the digits under the bars of the customer's phone.
    pub async fn type_code(&mut self, wallet: &str) {
        self.say(&format!(
            "The clerk types the digits on the phone with the wallet \u{201c}{wallet}\u{201d}."
        ));
        let (digits, _) = self.code_of(wallet).await;
        self.press("code", &[("code", &digits), ("entry", "typed")]).await;
    }

    /// The customer shows something else to the scanner.
    pub async fn show_text(&mut self, text: &str) {
        self.say(&format!("The scanner reads \u{201c}{text}\u{201d}."));
        self.scan(text).await;
    }

    async fn scan(&self, code: &str) {
        let path = format!("/desk/terminals/{}/scan", self.place.device.id);
        let answer = http::post(self.outside.at.desk, &path, &json!({ "code": code })).await.unwrap();
        assert_eq!(answer.status, 202, "{}", answer.body);
    }

    /// The customer whose payment waits presses a button on the phone.
    pub async fn customer_answers(&mut self, confirms: bool) {
        self.say(if confirms {
            "The customer confirms on the phone."
        } else {
            "The customer refuses on the phone."
        });
        let all = http::get(self.outside.at.desk, "/desk/charges").await.unwrap().json();
        let waiting = all.as_array().unwrap().iter().find(|charge| charge["status"] == "CREATED").unwrap();
        let (brand, id) = (waiting["brand"].as_str().unwrap(), waiting["id"].as_str().unwrap());
        let path = format!("/desk/code-charges/{brand}/{id}/answer");
        let answer = http::post(self.outside.at.desk, &path, &json!({ "confirms": confirms })).await.unwrap();
        assert_eq!(answer.status, 202, "{}", answer.body);
    }

    /// Trouble on the line to the code brands.
    pub async fn code_fault(&mut self, fault: &str, times: u32) {
        self.trouble("code", "the code brands", fault, times).await;
    }
}
