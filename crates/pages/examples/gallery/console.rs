//! Screens of the console and the public receipt page.

use crate::{Sample, say, terminal};
use maud::{Markup, html};
use money::Yen;
use pages::frame::{Frame, Surface, still};
use pages::icon::{Icon, mark};
use pages::list::{
    Column, Entry, Moment, Total, empty, key_values, menu, message, panel, table, timeline, totals,
};
use pages::ui::{Button, Field, Status, Tone, chip, form, notice, select, yen};
use pages::wait::{copy_button, print_button};

pub(crate) const SAMPLES: &[Sample] = &[
    ("c-login", login),
    ("c-payments", payments),
    ("c-payments-empty", payments_empty),
    ("c-payment", payment),
    ("r-receipt", receipt),
    ("e-not-found", not_found),
];

fn yen_of(amount: i64) -> Markup {
    yen(Yen::new(amount).unwrap_or_default())
}

fn frame<'a>(lang: &'a str, title: &'a str) -> Frame<'a> {
    Frame::new(Surface::Console, lang, title)
        .shop(say(lang, "帳場 管理画面", "Choba console"))
        .clock("2026-11-21T01:15:30Z".parse().unwrap_or_default())
        .language_switch("/ja/c-payments")
        .user(say(lang, "青木 香", "Kaori Aoki"), "/me")
        .help(say(lang, "帳場サポート", "Choba support"), "0120-000-000")
}

fn side(lang: &str) -> Markup {
    let entry = |href, icon, text, here| Entry { href, icon, text, here, count: None };
    menu(
        say(lang, "メニュー", "Menu"),
        &[
            ("", vec![entry("c-payments-empty", Icon::Home, say(lang, "ホーム", "Home"), false)]),
            (
                say(lang, "お支払い", "Payments"),
                vec![
                    entry("c-payments", Icon::History, say(lang, "取引", "Payments"), true),
                    entry("c-payments", Icon::Sum, say(lang, "集計", "Totals"), false),
                ],
            ),
            (
                say(lang, "お店", "Shops"),
                vec![
                    entry("c-payments", Icon::Shop, say(lang, "店舗", "Shops"), false),
                    entry("c-payments", Icon::Terminal, say(lang, "端末", "Terminals"), false),
                    entry("c-payments", Icon::Person, say(lang, "担当者", "Staff"), false),
                ],
            ),
        ],
    )
}

fn login(lang: &str) -> Markup {
    let body = html! {
        div.sheet-page { div.sheet {
            div.crest { (mark()) h1 { (say(lang, "帳場 管理画面", "Choba console")) } }
            div.panel {
                (form("stack", "/login", &html! {
                    (Field::text("email", say(lang, "メールアドレス", "E-mail")).kind("email").autocomplete("username").autofocus())
                    (Field::password("password", say(lang, "パスワード", "Password"), lang))
                    (Button::primary(say(lang, "ログイン", "Log in")).large().block())
                }))
            }
            div.lattice aria-hidden="true" {}
        } }
    };
    Frame::new(Surface::Console, lang, say(lang, "ログイン", "Log in"))
        .shop("Choba")
        .language_switch("/ja/c-login")
        .help(say(lang, "帳場サポート", "Choba support"), "0120-000-000")
        .page(&still("", &body))
}

fn filters(lang: &str) -> Markup {
    html! {
        form.filters method="get" action="c-payments" {
            div.field-wide {
                (Field::text("q", say(lang, "取引ID・下4桁・金額", "ID, last four, amount")).kind("search"))
            }
            (Field::text("on", say(lang, "日付", "Date")).kind("date").value("2026-11-21"))
            (select("shop", say(lang, "店舗", "Shop"), &[("", say(lang, "すべて", "All")), ("1", say(lang, "本店", "Main"))], ""))
            (select("status", say(lang, "状態", "Status"), &[("", say(lang, "すべて", "All")), ("sale", say(lang, "売上", "Sale"))], ""))
            (Button::second(say(lang, "絞り込む", "Filter")).icon(Icon::Search).small())
        }
    }
}

fn payments(lang: &str) -> Markup {
    let statuses = [
        (Status::Sale, say(lang, "売上", "Sale")),
        (Status::Sale, say(lang, "売上", "Sale")),
        (Status::InDoubt, say(lang, "要確認", "In doubt")),
        (Status::Sale, say(lang, "売上", "Sale")),
        (Status::Voided, say(lang, "売上取消", "Voided")),
        (Status::Failed, say(lang, "取引失敗", "Failed")),
        (Status::Authorized, say(lang, "与信", "Authorized")),
        (Status::Released, say(lang, "キャンセル(与信)", "Released")),
    ];
    let brands =
        ["AIZOME ****1111", "BENGARA ****4444", "MATSUBA ****0505", "FUJI ****0005", "NIBI ****1117"];
    let rows: Vec<(&str, Vec<Markup>)> = (0..24_i64)
        .zip(statuses.iter().cycle())
        .zip(brands.iter().cycle())
        .map(|((n, (status, word)), brand)| {
            let faded = matches!(status, Status::Voided | Status::Failed | Status::Released);
            let cells = vec![
                html! { a.open href="c-payment" { "10:" (format!("{:02}:{:02}", 59 - n, (n * 37) % 60)) } },
                html! { (say(lang, "本店", "Main")) },
                html! { "端末 " (n % 2 + 1) },
                html! { (brand) },
                html! { (say(lang, "1回", "Once")) },
                yen_of((n * 7_919 + 880) % 48_000 + 120),
                chip(*status, word),
                html! { span.mono { (format!("{:06}", 123_456 + n * 911)) } },
            ];
            (if faded { "is-faded" } else { "" }, cells)
        })
        .collect();
    let columns = [
        Column::text(say(lang, "時刻", "Time")),
        Column::wide_only(say(lang, "店舗", "Shop")),
        Column::wide_only(say(lang, "端末", "Terminal")),
        Column::text(say(lang, "カード", "Card")),
        Column::wide_only(say(lang, "支払区分", "Class")),
        Column::number(say(lang, "金額", "Amount")),
        Column::text(say(lang, "状態", "Status")),
        Column::wide_only(say(lang, "承認番号", "Approval")),
    ];
    let body = html! {
        div.page-head {
            h1 { (say(lang, "11月21日（土）の取引", "Payments of 21 November")) }
            div.quick {
                a href="c-payments" aria-current="date" { (say(lang, "今日", "Today")) }
                a href="c-payments" { (say(lang, "前日", "Yesterday")) }
                a href="c-payments" { (say(lang, "今月", "This month")) }
            }
        }
        (totals(&[
            Total::new(say(lang, "差引合計", "Net"), yen_of(482_360), say(lang, "売上 − 取消", "Sales − voids")).main(),
            Total::new(say(lang, "売上", "Sales"), yen_of(498_240), say(lang, "61件", "61 payments")),
            Total::new(say(lang, "取消", "Voids"), html! { span.nowrap.minus { "-¥15,880" } }, say(lang, "3件", "3 payments")),
            Total::new(say(lang, "要確認", "In doubt"), html! { "1" (say(lang, "件", "")) }, say(lang, "結果がまだ分かりません", "Result not known")).ask(),
        ]))
        (filters(lang))
        (table(say(lang, "取引の一覧", "Payments"), &columns, &rows))
        nav.pager aria-label=(say(lang, "ページ", "Pages")) {
            span.dim { (say(lang, "64件中 1–24件", "1–24 of 64")) }
            (Button::second(say(lang, "次の50件", "Next 50")).icon(Icon::Next).link("c-payments").small())
        }
    };
    frame(lang, say(lang, "取引", "Payments")).nav(side(lang)).page(&still("work", &body))
}

fn payments_empty(lang: &str) -> Markup {
    let body = html! {
        div.page-head { h1 { (say(lang, "11月22日（日）の取引", "Payments of 22 November")) } }
        (filters(lang))
        div.panel {
            (empty(Icon::Receipt, say(lang, "この日の取引はありません", "No payments on this day"), &html! {
                p { (say(lang, "日付か絞り込みを変えるか、端末で最初のお支払いを受け付けてください。", "Change the date or the filter, or take the first payment at a terminal.")) }
            }))
        }
    };
    frame(lang, say(lang, "取引", "Payments")).nav(side(lang)).page(&still("work", &body))
}

const MESSAGE: &str = "0200  Financial transaction request\n\
  2  Primary account number      absent (the center cannot read it)\n\
  3  Processing code             000000\n\
  4  Amount, transaction         000000028000   ¥28,000\n\
  7  Transmission date and time  1121011530\n\
 11  STAN                        000042\n\
 22  POS entry mode              051\n\
 37  RRN                         632501000042\n\
 41  Terminal                    T0000001\n\
 55  ICC data                    9F26 08 **************** 9F36 02 0017\n";

fn story(lang: &str) -> Vec<Moment<'_>> {
    let moment = |tone, icon, what, when, more| Moment { tone, icon, what, when, more };
    vec![
        moment(
            Tone::Info,
            Icon::Terminal,
            say(lang, "端末が受け付け", "Begun at the terminal"),
            "10:15:21",
            html! { "T0000001 · " (say(lang, "青木", "Aoki")) },
        ),
        moment(
            Tone::Info,
            Icon::Insert,
            say(lang, "ICカードを読み取り", "Chip read, PIN by the reader"),
            "10:15:27",
            html! { "AIZOME ****1111" },
        ),
        moment(
            Tone::Info,
            Icon::Send,
            say(lang, "カード会社へ送信", "Sent to the card network"),
            "10:15:28",
            message(say(lang, "電文 0200（伏字）", "Message 0200, masked"), MESSAGE),
        ),
        moment(
            Tone::Ask,
            Icon::Question,
            say(lang, "応答なし、照会へ", "No answer; inquiry"),
            "10:15:48",
            html! { (say(lang, "20秒待っても応答がありませんでした。", "Nothing came within 20 seconds.")) },
        ),
        moment(
            Tone::Ok,
            Icon::Check,
            say(lang, "承認", "Approved"),
            "10:15:50",
            html! { (say(lang, "承認番号 123456", "Approval 123456")) },
        ),
        moment(
            Tone::Quiet,
            Icon::Printer,
            say(lang, "お客様控えを印刷", "Customer receipt printed"),
            "10:15:53",
            html! {},
        ),
    ]
}

fn payment(lang: &str) -> Markup {
    let events = story(lang);
    let body = html! {
        nav aria-label=(say(lang, "現在地", "You are here")) {
            ol.crumbs { li { a href="c-payments" { (say(lang, "取引", "Payments")) } } li aria-current="page" { "01J9-7Q2K" } }
        }
        div.page-head {
            h1.detail-head {
                span.yen { (yen_of(28_000)) }
                (chip(Status::Sale, say(lang, "売上", "Sale")))
            }
            (Button::second(say(lang, "レシート再送", "Resend receipt")).icon(Icon::Mail).small())
            (Button::danger(say(lang, "取消", "Void")).icon(Icon::Undo).small())
        }
        (notice(Tone::Info, say(lang, "この取引は照会で確定しました", "Settled by inquiry"), &html! { (say(lang, "応答が遅れましたが、お客様の請求は1回だけです。", "The answer was late; the customer is charged once.")) }))
        div.detail {
            (panel(say(lang, "内容", "Facts"), &html! {
                (key_values(&[
                    (say(lang, "取引ID", "ID"), html! { span.mono { "01J9-7Q2K-55F0" } " " (copy_button("01J9-7Q2K-55F0", say(lang, "コピー", "Copy"), say(lang, "コピーしました", "Copied"))) }),
                    (say(lang, "日時", "Time"), html! { "2026/11/21 10:15:30" }),
                    (say(lang, "店舗", "Shop"), html! { (say(lang, "帳場商店 本店", "Choba Store")) }),
                    (say(lang, "端末", "Terminal"), html! { "T0000001" }),
                    (say(lang, "カード", "Card"), html! { "AIZOME 411111******1111" }),
                    (say(lang, "読み取り", "Entry"), html! { (say(lang, "IC・暗証番号", "Chip and PIN")) }),
                    (say(lang, "承認番号", "Approval"), html! { span.mono { "123456" } }),
                ]))
            }))
            (panel(say(lang, "経過", "What happened"), &timeline(&events)))
            div.full { (panel(say(lang, "お客様控え", "Customer receipt"), &terminal::slip(lang))) }
        }
    };
    frame(lang, say(lang, "取引の詳細", "Payment")).nav(side(lang)).page(&still("work", &body))
}

fn receipt(lang: &str) -> Markup {
    let body = html! {
        div.intro.no-print {
            h1 { (say(lang, "ご利用ありがとうございます", "Thank you")) }
            p.dim { (say(lang, "帳場商店 本店の電子レシートです。2027/02/19まで表示できます。", "Your receipt from Choba Store. You can open it until 2027/02/19.")) }
        }
        (terminal::slip(lang))
        div.buttons.no-print { (print_button(say(lang, "印刷する", "Print"))) }
    };
    Frame::new(Surface::Receipt, lang, say(lang, "レシート", "Receipt"))
        .shop(say(lang, "帳場商店 本店", "Choba Store"))
        .language_switch("/ja/r-receipt")
        .help(say(lang, "帳場商店 本店", "Choba Store"), "03-0000-0000")
        .page(&still("receipt-page", &body))
}

fn not_found(lang: &str) -> Markup {
    pages::errors::error_page(lang, axum::http::StatusCode::NOT_FOUND)
}
