//! What a mail says and how it is put together, as the mail server got it.

use crate::world::{World, chip_sale, migrations, signed_swipe};
use delivery::Sale;
use expect_test::expect_file;
use mail_parser::{MessageParser, MimeHeaders as _};
use payment::{Operator, PanMask, Profile};
use store::testing::sqlite;

/// Texts that would become markup, headers or another line somewhere.
pub(crate) const CORPUS: &[&str] = &[
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "'><svg/onload=alert(1)>",
    "</pre><script>alert(1)</script><pre>",
    "</title><script>alert(1)</script>",
    "</td></tr></table><iframe src=javascript:alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "<style>*{display:none}</style>",
    "<!--<script>-->",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)",
    "\" style=\"position:fixed\" x=\"",
    "' onmouseover='alert(1)",
    "{{7*7}} ${7*7} #{7*7} { $shop }",
    "javascript:alert(1)",
    "a\r\nBcc: evil@evil.example\r\n\r\n<b>x</b>",
    "a\nSubject: other",
    "=?utf-8?q?=0d=0aBcc:evil@evil.example?=",
    "\u{202e}kcatta\u{202c}",
    "\u{2028}<script>alert(1)</script>\u{2029}",
    "\u{feff}<script >alert(1)</script >",
    "＜script＞alert(1)＜/script＞",
    "<scr\u{0}ipt>alert(1)</scr\u{0}ipt>",
    "<math><mtext></mtext><script>alert(1)</script></math>",
    "<template><img src onerror=alert(1)></template>",
    "x\" autofocus onfocus=alert(1) y=\"",
    "<base href=//evil.example>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<form action=//evil.example><button>x</button></form>",
    "]]><script>alert(1)</script>",
    ".\r\nQUIT\r\n",
    "😀𠮷野家ｶﾞｷﾞ",
];

/// Puts a text into every field that somebody may type.
pub(crate) fn poison(sale: &mut Sale, evil: &str) {
    let (facts, evil) = (&mut sale.facts, evil.to_owned());
    for field in [
        &mut facts.merchant.name,
        &mut facts.merchant.postal_code,
        &mut facts.merchant.address,
        &mut facts.merchant.phone,
        &mut facts.merchant.counter,
        &mut facts.merchant.message,
    ] {
        field.clone_from(&evil);
    }
    facts.note = Some(evil.clone());
    facts.operator = Some(Operator { id: "hanako".to_owned(), name: evil.clone() });
    facts.card.as_mut().unwrap().app_label = Some(evil);
}

/// No tag of the text has become one, and no attribute.
pub(crate) fn assert_harmless(html: &str, evil: &str) {
    for tag in [
        "script>alert",
        "img src=x",
        "svg/",
        "iframe",
        "style>",
        "base ",
        "form action=//",
        "template",
        "math>",
    ] {
        assert!(!html.contains(&format!("<{tag}")), "{evil}: {html}");
    }
    let handlers = html.split('<').skip(1).filter_map(|piece| piece.split_once('>')).any(|(tag, _)| {
        let bare: String = tag.split('"').step_by(2).collect();
        bare.contains("onerror")
            || bare.contains("onload")
            || bare.contains("onfocus")
            || bare.contains("onmouse")
    });
    assert!(!handlers, "{evil}: {html}");
    assert!(!html.contains("href=\"javascript:") && !html.contains("<meta http-equiv=refresh"), "{evil}");
}

/// Asks for a mail in a language, has it sent, and gives what the server took.
async fn mailed(sale: Sale, lang: &str) -> Vec<crate::smtp::Taken> {
    let db = sqlite(&migrations());
    let world = World::new(&db, sale).await.with_shop_mail().await;
    let body = format!(r#"{{"address":"hanako@example.jp","lang":"{lang}"}}"#);
    let headers = [("content-type", "application/json"), ("x-terminal", crate::world::OWN)];
    let answer = world.program.ask("POST", &World::mails_path(), &headers, body).await;
    assert_eq!(answer.status, 202, "{}", answer.text());
    world.send().await;
    world.server.taken()
}

/// The headers that people and servers see, then the text part.
fn read(taken: &crate::smtp::Taken) -> String {
    let mail = MessageParser::default().parse(&taken.raw).unwrap();
    let from = mail.from().unwrap().first().unwrap();
    let header = |name: &str| mail.header_raw(name).unwrap_or_default().trim().to_owned();
    format!(
        "envelope {} -> {}\nfrom     {} <{}>\nto       {}\nsubject  {}\ndate     {}\nauto     {}\n\n{}",
        taken.from,
        taken.to,
        from.name().unwrap(),
        from.address().unwrap(),
        mail.to().unwrap().first().unwrap().address().unwrap(),
        mail.subject().unwrap(),
        header("Date"),
        header("Auto-Submitted"),
        mail.body_text(0).unwrap().replace("\r\n", "\n"),
    )
}

#[tokio::test]
async fn the_text_of_every_mail_is_the_one_that_was_read() {
    // M-050, M-054, M-063, M-069
    for lang in ["ja", "en"] {
        let mut text = String::new();
        for sale in [chip_sale(Profile::Mpos), signed_swipe(Profile::Usen)] {
            let mut mails = mailed(sale, lang).await;
            assert_eq!(mails.len(), 2);
            mails.sort_by_key(|mail| mail.to != "hanako@example.jp");
            for mail in &mails {
                text.push_str(&read(mail));
                text.push_str("=====\n");
            }
        }
        expect_file![format!("../golden/mail-{lang}.txt")].assert_eq(&text);
    }
}

#[tokio::test]
async fn the_html_of_every_mail_is_the_one_that_was_read() {
    // M-050, M-058, M-062
    for (lang, profile) in [("ja", Profile::Mpos), ("en", Profile::Usen)] {
        let sale = signed_swipe(profile);
        for taken in mailed(sale, lang).await {
            let mail = MessageParser::default().parse(&taken.raw).unwrap();
            let html = mail.body_html(0).unwrap().replace("\r\n", "\n").replace("><", ">\n<");
            assert!(
                !html.contains("<script") && !html.contains("<style") && !html.contains("url("),
                "{html}"
            );
            let copy = if taken.to == "hanako@example.jp" { "customer" } else { "merchant" };
            expect_file![format!("../golden/mail-{lang}-{copy}.html")].assert_eq(&html);
        }
    }
}

#[tokio::test]
async fn a_mail_is_text_beside_html_with_its_pictures_inside() {
    // M-050, M-062
    let sale = signed_swipe(Profile::Mpos);
    for taken in mailed(sale, "ja").await {
        let mail = MessageParser::default().parse(&taken.raw).unwrap();
        assert_eq!(mail.content_type().unwrap().subtype(), Some("alternative"));
        let html = mail.body_html(0).unwrap();
        let pictures: Vec<_> = mail.parts.iter().filter(|part| part.content_id().is_some()).collect();
        // The customer opens the page by a button; the shop scans the code (M-068).
        assert_eq!(pictures.len(), if taken.to == "hanako@example.jp" { 1 } else { 2 });
        for picture in pictures {
            assert_eq!(picture.content_type().unwrap().subtype(), Some("png"));
            assert!(picture.contents().starts_with(b"\x89PNG\r\n\x1a\n"));
            assert!(html.contains(&format!("cid:{}", picture.content_id().unwrap())), "{html}");
        }
        assert!(taken.raw.split(|byte| *byte == b'\n').all(|line| line.len() <= 998), "RFC 5322 2.1.1");
        assert!(taken.raw.is_ascii());
    }
}

#[tokio::test]
async fn each_copy_shows_the_card_as_its_own_mask_says() {
    // M-060, X-013
    let mut sale = chip_sale(Profile::Usen);
    (sale.policy.customer_mask, sale.policy.merchant_mask) = (PanMask::Last4, PanMask::First6Last4);
    for taken in mailed(sale, "ja").await {
        let mail = MessageParser::default().parse(&taken.raw).unwrap();
        let all = mail.body_html(0).unwrap() + mail.body_text(0).unwrap();
        assert!(!all.contains("4761739001010010"));
        assert_eq!(all.contains("476173"), taken.to != "hanako@example.jp", "{all}");
    }
}

#[tokio::test]
async fn what_a_shop_or_a_clerk_wrote_is_no_header_no_line_and_no_markup() {
    // S7
    for evil in CORPUS {
        let mut sale = chip_sale(Profile::Mpos);
        poison(&mut sale, evil);
        let mails = mailed(sale, "ja").await;
        assert_eq!(mails.len(), 2, "{evil}");
        for taken in mails {
            let mail = MessageParser::default().parse(&taken.raw).unwrap();
            assert!(mail.bcc().is_none() && mail.cc().is_none(), "{evil}");
            assert_eq!(mail.to().unwrap().as_list().map(<[_]>::len), Some(1), "{evil}");
            let names: Vec<_> = mail.headers().iter().map(mail_parser::Header::name).collect();
            assert_eq!(names.iter().filter(|name| **name == "Subject").count(), 1, "{evil}");
            assert_harmless(&mail.body_html(0).unwrap(), evil);
            let text = mail.body_text(0).unwrap();
            assert!(
                !text.lines().any(|line| line.starts_with("Bcc:") || line.starts_with("Subject:")),
                "{text}"
            );
        }
    }
}
