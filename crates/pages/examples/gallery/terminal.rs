//! Screens of the payment terminal.

use crate::{Sample, say};
use maud::{Markup, html};
use money::Yen;
use pages::frame::{Frame, Link, Surface, screen};
use pages::icon::{Icon, mark};
use pages::list::{Place, empty, key_values, nav};
use pages::pads::{AmountPad, CodePad, Keypad, pin_mirror, sign_pad};
use pages::paper::{PaperLine, PaperWidth, paper, qr};
use pages::terminal::{HistoryRow, MoneyTaken, Outcome, Tile, history, next_steps};
use pages::ui::{
    Button, Field, Status, Tone, amount, amount_small, choice, confirm, form, live_form, notice, yen,
};
use pages::wait::{Picture, count_down, ways};

pub(crate) const SAMPLES: &[Sample] = &[
    ("t-activate", activate),
    ("t-login", login),
    ("t-home", home),
    ("t-amount", amount_screen),
    ("t-method", method),
    ("t-wait", wait),
    ("t-class", class),
    ("t-pin", pin),
    ("t-sign", sign),
    ("t-processing", processing),
    ("t-approved", approved),
    ("t-declined", declined),
    ("t-unknown", unknown),
    ("t-history", history_screen),
    ("t-history-empty", history_empty),
    ("t-detail", detail),
    ("t-receipt-qr", receipt_qr),
    ("t-training", training),
];

fn yen_of(amount: i64) -> Yen {
    Yen::new(amount).unwrap_or_default()
}

fn frame<'a>(lang: &'a str, title: &'a str) -> Frame<'a> {
    Frame::new(Surface::Terminal, lang, title)
        .shop(say(lang, "帳場商店 本店", "Choba Store"))
        .clock("2026-11-21T01:15:30Z".parse().unwrap_or_default())
        .link(Link::Up)
        .user(say(lang, "青木", "Aoki"), "/me")
        .language_switch("/ja/t-home")
        .help(say(lang, "帳場サポート", "Choba support"), "0120-000-000")
}

fn foot(lang: &str, here: &str) -> Markup {
    let entry = |href, icon, text, screen| Place { screen, href, icon, text };
    nav(
        say(lang, "画面", "Screens"),
        here,
        &[
            entry("t-amount", Icon::Keypad, say(lang, "会計", "Charge"), "amount"),
            entry("t-history", Icon::History, say(lang, "履歴", "History"), "history"),
            entry("t-home", Icon::Home, say(lang, "メニュー", "Menu"), "home"),
        ],
    )
}

fn activate(lang: &str) -> Markup {
    let pad = CodePad {
        lang,
        name: "terminal_id",
        label: say(lang, "端末ID（13桁）", "Terminal ID (13 digits)"),
        digits: 13,
        secret: false,
        sends_when_full: false,
    };
    let body = html! {
        div.stack-s {
            h1.screen-title tabindex="-1" { (say(lang, "この端末を使い始める", "Set up this terminal")) }
            p.dim.screen-title { (say(lang, "開通のご案内に書かれた番号を入力してください。", "Enter the number from your welcome letter.")) }
        }
        (pad)
        div.actions { (Button::primary(say(lang, "次へ", "Next")).icon(Icon::Next).large()) }
    };
    frame(lang, "T1").page(&screen(
        "activate",
        "1.1",
        &live_form("stack till-code", "/activate", "1.1", &body),
    ))
}

fn login(lang: &str) -> Markup {
    let body = html! {
        div.sheet-page { div.sheet {
            div.crest { (mark()) h1 tabindex="-1" { (say(lang, "担当者を確認します", "Who is at the counter?")) } }
            (form("stack", "/login", &html! {
                (Field::text("user", say(lang, "担当者ID", "User ID")).autocomplete("username").value("aoki"))
                (Field::password("password", say(lang, "パスワード", "Password"), lang)
                    .error(say(lang, "担当者IDかパスワードが違います。あと4回で使えなくなります。", "User ID or password is wrong. 4 tries left.")))
                (Button::primary(say(lang, "サインイン", "Sign in")).large().block())
            }))
        } }
    };
    frame(lang, "T2").page(&screen("login", "1.1", &body))
}

fn home(lang: &str) -> Markup {
    let body = html! {
        h1.sr-only tabindex="-1" { (say(lang, "メニュー", "Menu")) }
        (notice(Tone::Ask, say(lang, "処理未了が1件あります", "1 payment is in doubt"), &html! {
            a href="t-unknown" { (say(lang, "結果を確認する", "Check its result")) }
        }))
        div.tiles {
            (Tile::link(Icon::Card, say(lang, "カード", "Card"), "t-amount").aside(say(lang, "差し込む・かざす・スワイプ", "Insert, tap, swipe")))
            (Tile::link(Icon::History, say(lang, "履歴", "History"), "t-history").count(1))
            (Tile::link(Icon::Search, say(lang, "レシートから探す", "Find by receipt"), "t-history"))
            (Tile::link(Icon::Training, say(lang, "練習", "Training"), "t-training"))
            (Tile::link(Icon::Settings, say(lang, "設定", "Settings"), "t-home"))
            (Tile::link(Icon::Exit, say(lang, "サインアウト", "Sign out"), "t-login"))
        }
    };
    frame(lang, "T4").nav(foot(lang, "home")).page(&screen("home", "1.1", &body))
}

fn till(lang: &str, value: i64) -> Markup {
    let pad = AmountPad {
        lang,
        label: say(lang, "お支払い金額（税込）", "Amount, tax included"),
        value: yen_of(value),
        keypad: Keypad::Phone,
        digits: 7,
        error: None,
    };
    let body = html! {
        h1.sr-only tabindex="-1" { (say(lang, "金額の入力", "Enter the amount")) }
        (pad)
        div.note-line {
            (Field::text("note", say(lang, "商品名・メモ", "Item or note")).max_chars(20).placeholder(say(lang, "例：和菓子詰め合わせ", "e.g. sweets")))
        }
        div.actions { (Button::primary(say(lang, "お会計", "Charge")).amount_echo().large()) }
    };
    live_form("till", "/amount", "1.1", &body)
}

fn amount_screen(lang: &str) -> Markup {
    frame(lang, "T5").nav(foot(lang, "amount")).page(&screen("amount", "1.1", &till(lang, 28_000)))
}

fn training(lang: &str) -> Markup {
    frame(lang, "T26").training().nav(foot(lang, "amount")).page(&screen("amount", "1.1", &till(lang, 880)))
}

fn method(lang: &str) -> Markup {
    let body = html! {
        (amount(say(lang, "お支払い金額", "Amount due"), yen_of(28_000)))
        div.stack {
            h1.screen-title tabindex="-1" { (say(lang, "お支払い方法", "How to pay")) }
            div.tiles {
                (Tile::press(Icon::Card, say(lang, "カード", "Card"), "method", "card").aside(say(lang, "クレジット・デビット", "Credit and debit")))
                (Tile::press(Icon::Qr, say(lang, "コード決済", "QR code"), "method", "code").aside(say(lang, "お客様の画面を読み取る", "Scan the customer's code")))
            }
        }
        div.actions { (Button::second(say(lang, "金額に戻る", "Back to the amount")).icon(Icon::Previous).name("go", "back")) }
    };
    frame(lang, "T6").page(&screen("method", "1.1", &live_form("method", "/method", "1.1", &body)))
}

fn wait(lang: &str) -> Markup {
    let until = "2026-11-21T01:16:12Z".parse().unwrap_or_default();
    let body = html! {
        (amount(say(lang, "お支払い金額", "Amount due"), yen_of(28_000)))
        h1.screen-title tabindex="-1" { (say(lang, "カードをどうぞ", "Present your card")) }
        (ways(&[
            (Picture::Touch, say(lang, "かざす", "Tap")),
            (Picture::Insert, say(lang, "差し込む", "Insert")),
            (Picture::Swipe, say(lang, "スワイプ", "Swipe")),
        ]))
        (count_down(lang, until, 60, 42))
        div.actions { (Button::second(say(lang, "取りやめる", "Cancel")).name("go", "cancel")) }
    };
    frame(lang, "T7").page(&screen("wait", "1.1", &live_form("wait", "/wait", "1.1", &body)))
}

fn class(lang: &str) -> Markup {
    let body = html! {
        (amount_small(say(lang, "お支払い金額", "Amount due"), yen_of(28_000)))
        fieldset.stack-s {
            legend { h1 tabindex="-1" { (say(lang, "お支払い回数", "Instalments")) } }
            div.choices {
                (choice("class", "lump", say(lang, "1回払い", "Pay at once"), "", true))
                (choice("class", "3", say(lang, "3回払い", "3 instalments"), say(lang, "手数料はカード会社が定めます", "Fee set by the issuer"), false))
                (choice("class", "6", say(lang, "6回払い", "6 instalments"), "", false))
                (choice("class", "revolving", say(lang, "リボ払い", "Revolving"), "", false))
            }
        }
        div.actions {
            (Button::second(say(lang, "取りやめる", "Cancel")).name("go", "cancel"))
            (Button::primary(say(lang, "この回数で支払う", "Pay this way")))
        }
    };
    frame(lang, "T7b").page(&screen("class", "1.1", &live_form("screen-fill stack", "/class", "1.1", &body)))
}

fn pin(lang: &str) -> Markup {
    let body = html! {
        (amount(say(lang, "お支払い金額", "Amount due"), yen_of(28_000)))
        div.stage {
            (Picture::PinPad)
            h1 tabindex="-1" { (say(lang, "リーダーで暗証番号を入力してください", "Enter your PIN on the reader")) }
            (pin_mirror(lang, 2, 4))
            p.dim { (say(lang, "手元を隠して入力してください。店員は画面を見ません。", "Shield the keys with your hand. Staff will not look.")) }
        }
        div.actions { (Button::second(say(lang, "取りやめる", "Cancel")).name("go", "cancel")) }
    };
    frame(lang, "T8").page(&screen("pin", "1.1", &live_form("screen-fill stack", "/pin", "1.1", &body)))
}

fn sign(lang: &str) -> Markup {
    let body = html! {
        (amount_small(say(lang, "お支払い金額", "Amount due"), yen_of(28_000)))
        h1.screen-title tabindex="-1" { (say(lang, "ご署名をお願いします", "Please sign")) }
        (sign_pad(lang, say(lang, "書き直す", "Clear")))
        div.actions {
            (Button::second(say(lang, "紙に署名する", "Sign on paper")).name("go", "paper").flag("data-unsigned"))
            (Button::primary(say(lang, "署名を終える", "Done")).icon(Icon::Check))
        }
    };
    frame(lang, "T9").page(&screen("sign", "1.1", &live_form("sign", "/sign", "1.1", &body)))
}

fn processing(lang: &str) -> Markup {
    let body = html! {
        (amount(say(lang, "お支払い金額", "Amount due"), yen_of(28_000)))
        div.stage {
            (Picture::Work)
            h1 tabindex="-1" { (say(lang, "カード会社に確認しています", "Asking the card company")) }
            p.dim { (say(lang, "カードを抜かず、電源を切らずにお待ちください。", "Leave the card in and the power on.")) }
        }
    };
    frame(lang, "T12").page(&screen("processing", "1.1", &html! { div.screen-fill.stack { (body) } }))
}

fn approved(lang: &str) -> Markup {
    let body = html! {
        (Outcome::new(lang, Tone::Ok, say(lang, "お支払いが完了しました", "Paid")).amount(yen_of(28_000))
            .aside(say(lang, "AIZOME ****1111　承認番号 123456", "AIZOME ****1111, approval 123456")))
        div.stack {
            div.stack-s {
                h2.screen-title { (say(lang, "お客様控え", "Customer receipt")) }
                div.deliver {
                    (Tile::press(Icon::Printer, say(lang, "印刷", "Print"), "receipt", "paper"))
                    (Tile::press(Icon::Qr, say(lang, "QR", "QR code"), "receipt", "qr"))
                    (Tile::press(Icon::Mail, say(lang, "メール", "E-mail"), "receipt", "mail"))
                }
            }
            div.actions { (Button::primary(say(lang, "控えなしで次の会計へ", "No receipt, next sale")).large().name("receipt", "none")) }
        }
    };
    frame(lang, "T13").page(&screen(
        "approved",
        "1.1",
        &live_form("stack two-panes", "/receipt", "1.1", &body),
    ))
}

fn declined(lang: &str) -> Markup {
    let body = html! {
        (Outcome::new(lang, Tone::Ng, say(lang, "このカードは使えませんでした", "This card was declined"))
            .amount(yen_of(28_000)).money(MoneyTaken::No)
            .aside(say(lang, "カード会社が承認しませんでした。", "The card company said no.")))
        div.stack {
            (next_steps(&[
                say(lang, "カードをお客様へお返しください。", "Give the card back to the customer."),
                say(lang, "別のカードか、別のお支払い方法をご案内ください。", "Ask for another card or another way to pay."),
            ], say(lang, "コード 201-G12", "Code 201-G12")))
            div.actions {
                (Button::second(say(lang, "会計を終える", "End")).name("go", "end"))
                (Button::primary(say(lang, "別のカードで支払う", "Try another card")).name("go", "again"))
            }
        }
    };
    frame(lang, "T14").page(&screen(
        "declined",
        "1.1",
        &live_form("stack two-panes", "/declined", "1.1", &body),
    ))
}

fn unknown(lang: &str) -> Markup {
    let body = html! {
        (Outcome::new(lang, Tone::Ask, say(lang, "結果がまだ分かりません", "The result is not known yet"))
            .amount(yen_of(28_000)).money(MoneyTaken::Unknown))
        div.stack {
            (next_steps(&[
                say(lang, "商品はまだお渡しにならず、お客様にお待ちいただいてください。", "Keep the goods and ask the customer to wait."),
                say(lang, "「結果を確認」を押してください。カード会社に問い合わせます。", "Press “Check the result”: the card company is asked."),
                say(lang, "もう一度カードを通さないでください。", "Do not charge the card again."),
            ], say(lang, "コード 301", "Code 301")))
            div.actions { (Button::primary(say(lang, "結果を確認", "Check the result")).large().icon(Icon::Search)) }
        }
    };
    frame(lang, "T15").page(&screen(
        "unknown",
        "1.1",
        &live_form("stack two-panes", "/unknown", "1.1", &body),
    ))
}

fn row<'a>(how: &'a str, when: &'a str, amount: i64, status: Status, word: &'a str) -> HistoryRow<'a> {
    HistoryRow { href: "t-detail", when, how, amount: yen_of(amount), gives_back: false, status, word }
}

fn history_screen(lang: &str) -> Markup {
    let rows = [
        row("AIZOME ****1111", "2026/11/21 10:15:30", 28_000, Status::Sale, say(lang, "売上", "Sale")),
        row(
            "BENGARA ****4444",
            "2026/11/21 10:02:11",
            1_360,
            Status::InDoubt,
            say(lang, "処理未了", "In doubt"),
        ),
        row("MATSUBA ****0505", "2026/11/21 09:58:47", 880, Status::Voided, say(lang, "売上取消", "Voided")),
        row("NIBI ****1117", "2026/11/21 09:41:05", 12_400, Status::Failed, say(lang, "取引失敗", "Failed")),
        row(
            "AIZOME ****1111",
            "2026/11/21 09:30:00",
            5_000,
            Status::Authorized,
            say(lang, "与信", "Authorized"),
        ),
        row(
            "FUJI ****0005",
            "2026/11/21 09:12:09",
            5_000,
            Status::Released,
            say(lang, "キャンセル(与信)", "Released"),
        ),
    ];
    let body = html! {
        h1 tabindex="-1" { (say(lang, "履歴", "History")) }
        (history(&rows))
    };
    frame(lang, "T17").nav(foot(lang, "history")).page(&screen("history", "1.1", &body))
}

fn history_empty(lang: &str) -> Markup {
    let body = html! {
        h1 tabindex="-1" { (say(lang, "履歴", "History")) }
        (empty(Icon::Receipt, say(lang, "今日のお支払いはまだありません", "No payments yet today"), &html! {
            p { (say(lang, "最初の会計をすると、ここに並びます。", "The first one will stand here.")) }
        }))
        div.actions { (Button::primary(say(lang, "会計を始める", "Start a sale")).link("t-amount").icon(Icon::Keypad)) }
    };
    frame(lang, "T17").nav(foot(lang, "history")).page(&screen("history", "1.1", &body))
}

/// Lines of 32 cells, as the receipt crate lays them out.
pub(crate) const SLIP: [&str; 14] = [
    "         帳場商店 本店",
    "      東京都千代田区1-2-3",
    "        TEL 03-0000-0000",
    "--------------------------------",
    "     クレジットカード売上票",
    "           (お客様控)",
    "--------------------------------",
    "取引日時(DATE)",
    "             2026/11/21 10:15:30",
    "カード会社(ISSUER)        AIZOME",
    "会員番号     ************1111-IC",
    "承認番号(APPROVAL)        123456",
    "--------------------------------",
    "お買上げ金額             ¥28,000",
];

pub(crate) fn slip(lang: &str) -> Markup {
    let mut lines: Vec<PaperLine<'_>> = SLIP.iter().map(|line| PaperLine::Text(line)).collect();
    lines.push(PaperLine::Big("合計     ¥28,000"));
    lines.push(PaperLine::Text("--------------------------------"));
    lines.push(PaperLine::Qr("http://127.0.0.1:8700/r/8Jw2kQpXv7"));
    paper(lang, PaperWidth::Cells32, &lines)
}

fn detail(lang: &str) -> Markup {
    let question = html! {
        h2 { (say(lang, "このお支払いを取り消しますか", "Void this payment?")) }
        p { (say(lang, "¥28,000 をお客様へ返します。元に戻せません。", "¥28,000 goes back to the customer. This cannot be undone.")) }
        (form("stack", "/void", &html! { (Button::danger(say(lang, "取り消す", "Void")).block()) }))
    };
    let body = html! {
        div.row.spread {
            h1 tabindex="-1" { (say(lang, "お支払いの内容", "Payment")) }
            (pages::ui::chip(Status::Sale, say(lang, "売上", "Sale")))
        }
        div.stack {
            (key_values(&[
                (say(lang, "金額", "Amount"), yen(yen_of(28_000))),
                (say(lang, "日時", "Time"), html! { "2026/11/21 10:15:30" }),
                (say(lang, "カード", "Card"), html! { "AIZOME ****1111" }),
                (say(lang, "支払区分", "Class"), html! { (say(lang, "1回払い", "At once")) }),
                (say(lang, "承認番号", "Approval"), html! { "123456" }),
                (say(lang, "担当", "Operator"), html! { (say(lang, "青木", "Aoki")) }),
            ]))
            div.actions {
                (Button::second(say(lang, "再印刷", "Reprint")).icon(Icon::Printer))
                (confirm(&Button::danger(say(lang, "取消", "Void")).icon(Icon::Undo), &question, say(lang, "やめる", "Keep it")))
            }
        }
        (slip(lang))
    };
    frame(lang, "T18").nav(foot(lang, "history")).page(&screen(
        "detail",
        "1.1",
        &html! { div.stack.two-panes { (body) } },
    ))
}

fn receipt_qr(lang: &str) -> Markup {
    let body = html! {
        (amount_small(say(lang, "お支払い金額", "Amount"), yen_of(28_000)))
        div.stage {
            h1 tabindex="-1" { (say(lang, "読み取ると控えが開きます", "Scan to open the receipt")) }
            (qr(say(lang, "控えのページを開くQRコード", "QR code of the receipt page"), "http://127.0.0.1:8700/r/8Jw2kQpXv7"))
        }
        div.actions { (Button::primary(say(lang, "次の会計へ", "Next sale")).large()) }
    };
    frame(lang, "T19").page(&screen(
        "receipt",
        "1.1",
        &live_form("screen-fill stack", "/receipt", "1.1", &body),
    ))
}
