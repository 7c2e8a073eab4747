//! `/r/{token}`: what the customer sees, for how long, and what nobody sees.

use crate::world::{TOKEN, World, chip_sale, signed_swipe};
use center_base::testing::Answer;
use expect_test::{expect, expect_file};
use payment::Profile;
use std::time::Duration;
use store::testing::sqlite;

const DAY: Duration = Duration::from_hours(24);

/// What a page says, a line a piece of text: tags out, entities back.
fn visible(html: &str) -> String {
    let body = html.split_once("<main").map_or(html, |(_, main)| main);
    let body = format!("<main{}", body.split_once("</main>").map_or(body, |(main, _)| main));
    let mut text = String::new();
    for (n, piece) in body.split('<').enumerate() {
        let (tag, words) = piece.split_once('>').unwrap_or(("", piece));
        if n > 0 {
            match tag.split(' ').next().unwrap_or_default() {
                "svg" => text.push_str("[picture]\n"),
                "/p" | "/h1" | "/pre" | "/button" | "pre" => text.push('\n'),
                _ => {}
            }
        }
        text.push_str(words);
    }
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
    let lines: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    lines.join("\n") + "\n"
}

async fn open(world: &World, lang: &str) -> Answer {
    world.program.ask("GET", &format!("/r/{TOKEN}"), &[("accept-language", lang)], "").await
}

#[tokio::test]
async fn the_page_shows_the_customers_copy_exactly_as_printed() {
    // M-053, M-058, M-062, R-045
    let db = sqlite(&crate::world::migrations());
    for (name, profile) in [("mpos", Profile::Mpos), ("usen", Profile::Usen)] {
        for lang in ["ja", "en"] {
            let mut text = String::new();
            for sale in [chip_sale(profile), signed_swipe(profile)] {
                let world = World::new(&db, sale.clone()).await;
                let answer = open(&world, lang).await;
                assert_eq!(answer.status, 200);
                let page = answer.text();
                let slip = receipt::document(
                    &sale.facts,
                    &sale.policy,
                    receipt::Copy::Customer,
                    receipt::Printing::First,
                );
                for row in slip.rows() {
                    if let receipt::Row::Text { text, .. } = row {
                        assert!(
                            page.contains(&text.replace('\'', "&#39;")) || page.contains(&text),
                            "{text}"
                        );
                    }
                }
                assert!(page.contains("<path d=\"M"), "the code or the signature is drawn");
                text.push_str(&visible(&page));
                text.push_str("=====\n");
            }
            expect_file![format!("../golden/page-{name}-{lang}.txt")].assert_eq(&text);
        }
    }
}

#[tokio::test]
async fn the_page_is_not_kept_not_indexed_and_gives_no_referrer() {
    let db = sqlite(&crate::world::migrations());
    let world = World::new(&db, chip_sale(Profile::Mpos)).await;
    for path in [format!("/r/{TOKEN}"), "/r/nobody".to_owned()] {
        let answer = world.program.get(&path).await;
        let headers = ["cache-control", "x-robots-tag", "referrer-policy", "content-type"];
        expect![[
            r#"["no-store", "noindex, nofollow, noarchive", "no-referrer", "text/html; charset=utf-8"]"#
        ]]
        .assert_eq(&format!("{:?}", headers.map(|name| answer.header(name))));
    }
}

#[tokio::test]
async fn the_page_shows_no_more_of_the_card_than_the_slips_mask() {
    // M-060, X-013, R-045
    let db = sqlite(&crate::world::migrations());
    for (profile, shown) in [(Profile::Mpos, "476173*****10"), (Profile::Usen, "****0010")] {
        let world = World::new(&db, chip_sale(profile)).await;
        let page = open(&world, "ja").await.text();
        assert!(page.contains(shown), "{page}");
        assert_eq!(page.contains("476173"), profile == Profile::Mpos);
        assert_eq!(page.matches("0010").count(), usize::from(profile == Profile::Usen), "{page}");
    }
}

#[tokio::test]
async fn the_page_closes_after_the_days_of_the_policy_and_says_so() {
    let db = sqlite(&crate::world::migrations());
    let mut sale = chip_sale(Profile::Mpos);
    sale.policy.link_days = 3;
    sale.facts.taken_at_us = store::testing::START;
    let world = World::new(&db, sale).await;
    world.base.clock.advance((3 * DAY).saturating_sub(Duration::from_micros(1)));
    assert_eq!(open(&world, "ja").await.status, 200);
    world.base.clock.advance(Duration::from_micros(1));
    let (ja, en) = (open(&world, "ja").await, open(&world, "en").await);
    assert_eq!((ja.status, en.status), (http::StatusCode::GONE, http::StatusCode::GONE));
    for page in [ja.text(), en.text()] {
        assert!(!page.contains("7Kq2Mz") && !page.contains("880") && !page.contains("476173"), "{page}");
    }
    expect_file!["../golden/page-expired.txt"].assert_eq(&(visible(&ja.text()) + &visible(&en.text())));
}

#[tokio::test]
async fn an_unknown_token_looks_the_same_whatever_it_is() {
    let db = sqlite(&crate::world::migrations());
    let world = World::new(&db, chip_sale(Profile::Mpos)).await;
    let mut pages = Vec::new();
    let long = "a".repeat(2000);
    let odd = ["zzzzzzzzzzzzzzzzzzzzzz", "a%00b", "%E3%81%82", "%27--", &long, "..%2F..%2Fetc"];
    for token in odd {
        let answer = world.program.get(&format!("/r/{token}")).await;
        assert_eq!(answer.status, 404, "{token}");
        pages.push(visible(&answer.text()));
    }
    pages.dedup();
    assert_eq!(pages.len(), 1, "{pages:?}");
    assert_eq!(world.shelf.looked_up.lock().unwrap().len(), odd.len(), "each one takes the same look-up");
    let english = world.program.ask("GET", "/r/x", &[("accept-language", "en-GB")], "").await;
    expect_file!["../golden/page-unknown.txt"].assert_eq(&(pages.concat() + &visible(&english.text())));
}

#[tokio::test]
async fn a_payment_whose_slip_is_gone_looks_like_an_unknown_one() {
    let db = sqlite(&crate::world::migrations());
    let world = World::new(&db, chip_sale(Profile::Mpos)).await;
    let unknown = visible(&world.program.get("/r/nobody").await.text());
    *world.shelf.sale.lock().unwrap() = None;
    let gone = open(&world, "ja").await;
    assert_eq!((gone.status.as_u16(), visible(&gone.text())), (404, unknown));
}

#[tokio::test]
async fn the_choice_of_language_wins_and_comes_back_here() {
    let db = sqlite(&crate::world::migrations());
    let world = World::new(&db, chip_sale(Profile::Mpos)).await;
    let page = open(&world, "en").await.text();
    assert!(page.contains(&format!("/lang/ja?back=/r/{TOKEN}")), "{page}");
    let headers = [("accept-language", "en"), ("host", "127.0.0.1:8700"), ("cookie", "choba-lang-8700=ja")];
    let page = world.program.ask("GET", &format!("/r/{TOKEN}"), &headers, "").await.text();
    assert!(page.contains("ご利用ありがとうございます"), "{page}");
}

#[tokio::test]
async fn what_a_shop_or_a_clerk_wrote_is_never_markup() {
    // S7
    let db = sqlite(&crate::world::migrations());
    for evil in crate::mails::CORPUS {
        let mut sale = chip_sale(Profile::Mpos);
        sale.policy.width = 48;
        crate::mails::poison(&mut sale, evil);
        let world = World::new(&db, sale).await;
        let page = open(&world, "ja").await.text();
        crate::mails::assert_harmless(&page, evil);
        assert!(!page.contains(" style=\"") && page.matches("<script").count() == 1, "{evil}");
    }
}
