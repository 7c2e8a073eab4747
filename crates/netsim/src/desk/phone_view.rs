//! The customers' phones and the book of code payments, drawn.

use super::phone::waits;
use super::view::{View, when};
use crate::code::barcode;
use crate::code::book::{Charge, Status as CodeStatus};
use crate::code::rules::{Does, Wallet};
use crate::faults::{Fault, Network};
use i18n::ta;
use maud::{Markup, html};
use pages::desk;
use pages::icon::Icon;
use pages::ui::{self, Button, Status};

impl View<'_> {
    /// A phone with the code of the chosen wallet, and what to do with it.
    pub(super) fn phone(&self) -> Markup {
        let names: Vec<(String, String)> =
            self.rules.wallets.iter().map(|wallet| (wallet.name.clone(), self.wallet_line(wallet))).collect();
        let options: Vec<(&str, &str)> =
            names.iter().map(|(name, line)| (name.as_str(), line.as_str())).collect();
        html! {
            section.panel.phones {
                h2 { (Icon::Qr) (self.t("desk-phone")) }
                p.dim { (self.t("desk-phone-lead")) }
                div.phone-row {
                    div.stack {
                        form method="post" action=(self.here("/wallet")) hx-post=(self.here("/wallet"))
                            hx-trigger="change" hx-target="#screen" hx-swap="outerMorph" {
                            (ui::select("wallet", &self.t("desk-phone-wallet"), &options, &self.wallet))
                            noscript { (Button::second(&self.t("desk-phone-choose")).small()) }
                        }
                        (self.phone_buttons())
                    }
                    (self.phone_face())
                }
                details {
                    summary { (self.t("desk-code-trouble")) }
                    (self.code_trouble())
                }
                details {
                    summary { (self.t("desk-magic-code")) }
                    p { (self.t("desk-magic-code-lead")) }
                    (self.code_magic())
                }
            }
        }
    }

    fn wallet_line(&self, wallet: &Wallet) -> String {
        let brand = self.rules.brand(&wallet.brand).map_or("", |brand| brand.name.as_str());
        let key = match wallet.does {
            Does::Pays => "desk-wallet-pays",
            Does::Confirms => "desk-wallet-confirms",
            Does::Refuses => "desk-wallet-refuses",
            Does::NeverAnswers => "desk-wallet-never-answers",
            Does::ShowsOldCode => "desk-wallet-shows-old-code",
        };
        let args =
            [("brand", brand), ("name", wallet.name.as_str()), ("balance", &wallet.balance.to_string())];
        ta(self.lang, key, &args)
    }

    fn phone_buttons(&self) -> Markup {
        let connected = self.readers.iter().any(|reader| reader.id == self.terminal && reader.connected);
        html! {
            (ui::live_form("row", &self.here("/phone"), self.rev, &html! {
                button.btn type="submit" name="act" value="scan" disabled[!connected] {
                    (Icon::Qr) (self.t("desk-phone-scan"))
                }
                (Button::second(&self.t("desk-phone-renew")).small().name("act", "renew"))
            }))
            @if !connected { p.dim { (self.t("desk-phone-no-scanner")) } }
            @for charge in self.code_charges.iter().filter(|charge| waits(charge)) { (self.waiting(charge)) }
        }
    }

    /// A payment that waits for its customer, with the two buttons of the app.
    fn waiting(&self, charge: &Charge) -> Markup {
        let brand = self.brand_name(charge);
        html! {
            div.notice.is-info {
                (Icon::Question)
                strong { (ta(self.lang, "desk-phone-asks", &[("brand", &brand), ("amount", &charge.amount.to_string())])) }
                (ui::live_form("row", &self.here("/phone"), self.rev, &html! {
                    input type="hidden" name="brand" value=(charge.key.brand);
                    input type="hidden" name="id" value=(charge.key.id);
                    button.btn.btn-s type="submit" name="act" value="confirm" { (Icon::Check) (self.t("desk-phone-confirm")) }
                    (Button::second(&self.t("desk-phone-refuse")).small().name("act", "refuse"))
                }))
            }
        }
    }

    fn brand_name(&self, charge: &Charge) -> String {
        self.rules
            .brand(&charge.key.brand)
            .map_or_else(|| charge.key.brand.clone(), |brand| brand.name.clone())
    }

    fn phone_face(&self) -> Markup {
        let (Some(shown), Some(wallet)) = (&self.phone, self.rules.wallet(&self.wallet)) else {
            return html! {};
        };
        let brand = self.rules.brand(&wallet.brand).map_or("", |brand| brand.name.as_str());
        html! {
            div.phone {
                b { (brand) }
                (bars(&self.t("desk-phone-bars"), &shown.digits))
                p.mono { (grouped(&shown.digits)) }
                (pages::paper::qr(&self.t("desk-phone-qr"), &shown.qr))
                small { (wallet.name) }
            }
        }
    }

    fn code_trouble(&self) -> Markup {
        let in_force = |fault: Fault| {
            self.orders.iter().any(|order| order.fault == fault && order.network == Network::Code)
        };
        ui::live_form(
            "stack",
            &self.here("/trouble"),
            self.rev,
            &html! {
                input type="hidden" name="network" value="code";
                input type="hidden" name="times" value="1";
                div.switches {
                    @for fault in Fault::ALL.into_iter().filter(|fault| fault.strikes_at(Network::Code)) {
                        (desk::trouble_switch(
                            fault.word(),
                            &self.t(&format!("desk-fault-{}", fault.word().replace('_', "-"))),
                            &self.t("desk-times-once"),
                            in_force(fault),
                        ))
                    }
                }
            },
        )
    }

    fn code_magic(&self) -> Markup {
        html! {
            div.table-scroll tabindex="0" role="region" aria-label=(self.t("desk-magic-code")) {
                table.table {
                    thead { tr {
                        th scope="col" { (self.t("desk-magic-ending")) }
                        th scope="col" { (self.t("desk-magic-code-result")) }
                        th scope="col" { (self.t("desk-magic-what")) }
                    } }
                    tbody {
                        @for row in crate::magic::CODE_TABLE {
                            tr {
                                th.mono scope="row" { "…" (row.ending) }
                                td.mono { (if row.code.is_empty() { "–" } else { row.code }) }
                                td lang="en" { (row.words) }
                            }
                        }
                    }
                }
            }
        }
    }

    /// The brands' own books.
    pub(super) fn code_book(&self) -> Markup {
        html! {
            section.panel.full {
                h2 { (Icon::Sum) (self.t("desk-code-book")) }
                @if self.code_charges.is_empty() {
                    div.empty { (Icon::Qr) p { (self.t("desk-book-empty")) } }
                } @else {
                    div.table-scroll tabindex="0" role="region" aria-label=(self.t("desk-code-book")) {
                        table.table {
                            thead { tr {
                                th scope="col" { (self.t("desk-book-time")) }
                                th.num scope="col" { (self.t("desk-book-amount")) }
                                th scope="col" { (self.t("desk-book-state")) }
                                th scope="col" { (self.t("desk-code-brand")) }
                                th scope="col" { (self.t("desk-code-number")) }
                            } }
                            tbody { @for charge in &self.code_charges { (self.code_charge(charge)) } }
                        }
                    }
                }
            }
        }
    }

    fn code_charge(&self, charge: &Charge) -> Markup {
        let (status, paid) = match charge.status {
            CodeStatus::Completed => (Status::Sale, true),
            CodeStatus::Created => (Status::Authorized, true),
            CodeStatus::Failed | CodeStatus::Expired => (Status::Failed, false),
            CodeStatus::Canceled | CodeStatus::Refunded => (Status::Voided, false),
        };
        html! {
            tr.is-faded[!paid] {
                td { (when(charge.accepted_at)) span.sub { (charge.terminal) } }
                td.num {
                    (ui::yen(charge.net()))
                    @if charge.net() != charge.amount { span.sub { (charge.amount) } }
                }
                td {
                    (ui::chip(status, &self.t(&format!("desk-code-state-{}", charge.status.word().to_ascii_lowercase()))))
                    @if !charge.failure.is_empty() { span.sub lang="en" { (charge.failure) } }
                }
                td { (self.brand_name(charge)) span.sub { (charge.wallet) } }
                td.mono { (charge.payment_id) span.sub { (charge.key.id) } }
            }
        }
    }
}

/// A bar code on white, with its quiet zones.
fn bars(label: &str, digits: &str) -> Markup {
    let Some((bars, width)) = barcode::bars(digits) else { return html! {} };
    let mut path = String::new();
    for (at, wide) in bars {
        path.push_str(&format!("M{} 0h{wide}v40h-{wide}z", at.saturating_add(10)));
    }
    html! {
        svg.bars viewBox=(format!("0 0 {} 40", width.saturating_add(20))) role="img" aria-label=(label)
            shape-rendering="crispEdges" preserveAspectRatio="none" {
            path d="M0 0h999v40H0z" fill="#fff" {}
            path d=(path) fill="#000" {}
        }
    }
}

/// Digits in groups of four, as apps show them.
fn grouped(digits: &str) -> String {
    let groups: Vec<&str> =
        digits.as_bytes().chunks(4).filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join(" ")
}
