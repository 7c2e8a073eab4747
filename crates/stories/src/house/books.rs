//! The network's daily file, and what the operator makes of it in the console.

use super::House;
use crate::http::{self, Answer};

impl House {
    /// The card network's file of today, as its operator gets it.
    pub async fn network_file(&mut self) -> String {
        self.say("The card network makes its file of the day.");
        let path = format!("/desk/network-files/{}", self.clock.today());
        let answer = http::get(self.outside.at.desk, &path).await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }

    /// It comes into the center's folder. The center looks there by itself, soon.
    pub async fn file_arrives(&mut self, text: &str) {
        self.say("The file comes into the center’s folder.");
        let folder = self.folder().join("center").join("network-files");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("card.tsv"), text).unwrap();
        let session = self.operator().await;
        self.let_seconds_pass(async |house| !house.cases(&session).await.is_empty()).await;
    }

    /// Signs the operator in to the console and gives the session's cookies.
    pub async fn operator(&self) -> String {
        let signs_in = [("login", "operator"), ("password", "Choba-demo-1")];
        http::submit(self.center_at, "/login", &signs_in).await.unwrap().cookies
    }

    /// The addresses of the cases that the console lists.
    pub async fn cases(&self, session: &str) -> Vec<String> {
        let page = http::get_as(self.center_at, "/cases", session).await.unwrap().body;
        let links = page.split("href=\"").skip(1).filter_map(|after| after.split('"').next());
        let mut found: Vec<String> = links
            .filter(|link| {
                let id = link.strip_prefix("/cases/").unwrap_or_default();
                !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_hexdigit())
            })
            .map(str::to_owned)
            .collect();
        found.sort();
        found.dedup();
        found
    }

    /// A case of this kind comes into the console's list.
    pub async fn until_case(&mut self, session: &str, kind: &str) {
        let is_there = async |house: &Self| {
            for case in house.cases(session).await {
                if house.console(session, &case).await.body.contains(kind) {
                    return true;
                }
            }
            false
        };
        self.let_seconds_pass(is_there).await;
        assert!(is_there(self).await, "no case of kind {kind}");
        self.say(&format!("The console has a case: {kind}"));
    }

    /// A page of the console.
    pub async fn console(&self, session: &str, path: &str) -> Answer {
        http::get_as(self.center_at, path, session).await.unwrap()
    }

    /// The operator settles a case.
    pub async fn settle(&mut self, session: &str, case: &str, reason: &str, proof: &str) -> Answer {
        let fields = [("outcome", "accepted"), ("reason", reason), ("proof", proof)];
        http::submit_as(self.center_at, &format!("{case}/settle"), session, &fields).await.unwrap()
    }
}
