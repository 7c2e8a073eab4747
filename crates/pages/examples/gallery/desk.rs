//! Screens of the simulator desk.

use crate::{Sample, say, terminal};
use maud::{Markup, html};
use pages::desk::{CardFace, CardLook, card_face, mail_row, printer, reader, shelf, trouble_switch};
use pages::frame::{Frame, Surface, screen};
use pages::icon::Icon;
use pages::list::panel;
use pages::pads::CodePad;
use pages::ui::Button;

pub(crate) const SAMPLES: &[Sample] = &[("d-desk", desk), ("d-pin", pin), ("d-mail", mail)];

fn frame<'a>(lang: &'a str, title: &'a str) -> Frame<'a> {
    Frame::new(Surface::Desk, lang, title)
        .shop(say(lang, "机 ― 模擬の外の世界", "The desk: a simulated outside world"))
        .clock("2026-11-21T01:15:30Z".parse().unwrap_or_default())
        .language_switch("/ja/d-desk")
}

fn cards(lang: &str) -> Markup {
    let card = |name, brand, number, does, look, contactless, chosen| CardFace {
        name,
        brand,
        number,
        expires: "12/30",
        holder: "AOI TANAKA",
        does,
        look,
        chip: true,
        contactless,
        chosen,
    };
    let faces = [
        card(
            "aizome",
            "AIZOME",
            "4111 1111 1111 1111",
            say(lang, "承認・暗証番号 1234", "Approves, PIN 1234"),
            CardLook::Indigo,
            true,
            true,
        ),
        card(
            "bengara",
            "BENGARA",
            "5555 5555 5555 4444",
            say(lang, "承認・暗証番号 4321", "Approves, PIN 4321"),
            CardLook::Vermilion,
            true,
            false,
        ),
        card(
            "matsuba",
            "MATSUBA",
            "3566 0020 2036 0505",
            say(lang, "限度額超過で断られる", "Declines: over the limit"),
            CardLook::Pine,
            false,
            false,
        ),
        card(
            "hanada",
            "HANADA",
            "3714 496353 98431",
            say(lang, "承認・署名", "Approves with signature"),
            CardLook::Steel,
            true,
            false,
        ),
        card(
            "nibi",
            "NIBI",
            "3056 9309 0259 04",
            say(lang, "期限切れ", "Expired"),
            CardLook::Silver,
            false,
            false,
        ),
        card(
            "fuji",
            "FUJI",
            "6200 0000 0000 0005",
            say(lang, "応答なし", "Never answers"),
            CardLook::Plum,
            true,
            false,
        ),
    ];
    html! { @for face in &faces { (card_face(face)) } }
}

fn troubles(lang: &str) -> Markup {
    html! {
        div.switches {
            (trouble_switch("drop_request", say(lang, "電文が届かない", "Request lost"), say(lang, "カード網に届く前に消えます", "Vanishes before the network"), false))
            (trouble_switch("drop_answer", say(lang, "応答が届かない", "Answer lost"), say(lang, "請求は立ちますが、応答が消えます", "Charged, but no answer"), true))
            (trouble_switch("delay", say(lang, "応答が遅い", "Slow answer"), say(lang, "15秒後に届きます", "Comes after 15 s"), false))
            (trouble_switch("duplicate", say(lang, "応答が二重", "Answered twice"), say(lang, "同じ応答が2回届きます", "The same answer twice"), false))
            (trouble_switch("garbage", say(lang, "壊れた応答", "Garbage"), say(lang, "読めないデータが届きます", "Unreadable bytes"), false))
            (trouble_switch("close", say(lang, "回線を切る", "Cut the line"), say(lang, "接続が途中で切れます", "The connection ends"), false))
        }
    }
}

fn desk(lang: &str) -> Markup {
    let says = html! { span { (say(lang, "カード待ち", "Waiting for a card")) } span.yen { "¥28,000" } };
    let actions = html! {
        (Button::second(say(lang, "差し込む", "Insert")).icon(Icon::Insert).name("how", "insert"))
        (Button::second(say(lang, "かざす", "Tap")).icon(Icon::Touch).name("how", "tap"))
        (Button::second(say(lang, "スワイプ", "Swipe")).icon(Icon::Swipe).name("how", "swipe"))
    };
    let body = html! {
        div.page-head { h1 tabindex="-1" { (say(lang, "模擬の机", "Simulator desk")) } span.sim { "SIM" } }
        form.bench method="post" action="/desk/present" {
            (shelf(say(lang, "カードを選ぶ", "Choose a card"), &cards(lang)))
            (reader(say(lang, "端末 1（T0000001）", "Terminal 1 (T0000001)"), &says, true, &actions))
            (printer(say(lang, "端末 1 のプリンター", "Printer of terminal 1"), &terminal::slip(lang)))
        }
        form method="post" action="/desk/faults" { (panel(say(lang, "カード網のトラブル", "Trouble in the card network"), &troubles(lang))) }
    };
    frame(lang, say(lang, "模擬の机", "Desk")).page(&screen("desk", "1.1", &html! { div.stack { (body) } }))
}

fn pin(lang: &str) -> Markup {
    let says =
        html! { span { (say(lang, "暗証番号を入力してください", "Enter the PIN")) } span.yen { "¥28,000" } };
    let pad = CodePad {
        lang,
        name: "pin",
        label: say(lang, "暗証番号", "PIN"),
        digits: 12,
        secret: true,
        sends_when_full: false,
    };
    let keys = html! {
        (pad)
        (Button::danger(say(lang, "中止", "Cancel")).name("key", "cancel"))
        (Button::primary(say(lang, "実行", "Enter")).name("key", "enter"))
    };
    let body = html! {
        div.page-head { h1 tabindex="-1" { (say(lang, "模擬の机", "Simulator desk")) } span.sim { "SIM" } }
        form.bench method="post" action="/desk/pin" {
            (reader(say(lang, "端末 1（T0000001）", "Terminal 1 (T0000001)"), &says, true, &keys))
        }
    };
    frame(lang, say(lang, "模擬の机", "Desk")).page(&screen("desk", "1.1", &html! { div.stack { (body) } }))
}

fn mail(lang: &str) -> Markup {
    let body = html! {
        div.page-head { h1 tabindex="-1" { (say(lang, "届いたメール", "Mail catcher")) } span.sim { "SIM" } }
        div.mails {
            (mail_row("#1", "aoi@example.jp", say(lang, "レシート ¥28,000（帳場商店 本店）", "Receipt ¥28,000, Choba Store"), "10:15:53"))
            (mail_row("#2", "aoi@example.jp", say(lang, "レシート ¥1,360（帳場商店 本店）", "Receipt ¥1,360, Choba Store"), "10:02:20"))
        }
    };
    frame(lang, say(lang, "メール", "Mail")).page(&screen("mail", "1.1", &html! { div.stack { (body) } }))
}
