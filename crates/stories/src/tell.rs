//! The transcript: what was seen, what went over the line, what the books say, with everything that
//! differs from run to run called by a number.

use netsim::log::{Logged, Way};
use serde_json::Value;
use std::collections::BTreeMap;

/// Screens one under the other; what looks as it did before is told once.
pub(crate) fn screens(seen: &[(&'static str, Vec<String>)]) -> String {
    let mut out = String::new();
    let mut before = None;
    for (_, lines) in seen {
        if before != Some(lines) {
            out.push_str(&quoted("screen", lines));
        }
        before = Some(lines);
    }
    out
}

/// Lines under a heading in the margin.
pub(crate) fn quoted(heading: &str, lines: &[String]) -> String {
    let mut out = String::new();
    for (index, line) in lines.iter().enumerate() {
        let margin = if index == 0 { heading } else { "" };
        out.push_str(format!("  {margin:<8}{line}").trim_end());
        out.push('\n');
    }
    out
}

/// How many payments are still open in any book of a report.
pub(crate) fn open_payments(report: &Value) -> i64 {
    let terminals = report["terminals"].as_object().cloned().unwrap_or_default();
    let unsettled: i64 = terminals.values().filter_map(|journal| journal["unsettled"].as_i64()).sum();
    let open = report["center"]["tenants"].as_array().cloned().unwrap_or_default();
    let open: i64 = open
        .iter()
        .filter_map(|tenant| tenant["open"].as_array())
        .map(|open| i64::try_from(open.len()).unwrap_or(0))
        .sum();
    unsettled + open
}

/// Everything that a transcript is made of.
pub(crate) struct Told<'a> {
    pub(crate) story: &'a str,
    pub(crate) log: &'a [Logged],
    pub(crate) every_field: bool,
    pub(crate) line_notes: bool,
    pub(crate) totals: bool,
    pub(crate) entries: &'a [Value],
    pub(crate) center: &'a Value,
    pub(crate) network: &'a Value,
    pub(crate) papers: &'a [String],
    pub(crate) report: &'a Value,
    pub(crate) ports: &'a BTreeMap<u16, &'static str>,
}

/// Fields that a shopkeeper's transcript shows of every message.
const SHOWN: [u8; 7] = [4, 22, 37, 38, 39, 48, 90];
/// Fields of a day's totals: the day, the network's word, the figures.
const TOTALS: [u8; 11] = [15, 66, 74, 75, 76, 77, 86, 87, 88, 89, 97];

impl Told<'_> {
    pub(crate) fn text(&self) -> String {
        let mut out = self.story.to_owned();
        section(&mut out, "Over the line to the card network, masked", &self.messages());
        section(&mut out, "Asked of the code brands", &self.questions());
        section(&mut out, "In the terminal\u{2019}s journal", &self.journal());
        section(&mut out, "In the center\u{2019}s book", &[self.payments(), self.refunds()].concat());
        section(&mut out, "In the ledger", &self.transfers());
        section(&mut out, "In the card network\u{2019}s book", &self.charges());
        section(&mut out, "In the code brands\u{2019} books", &self.code_charges());
        for (index, paper) in self.papers.iter().enumerate() {
            let rows: Vec<String> =
                paper.lines().map(|row| format!("| {row}").trim_end().to_owned()).collect();
            section(&mut out, &format!("Paper {}", index + 1), &rows);
        }
        section(&mut out, "The books", &self.books());
        self.numbered(&out)
    }

    /// The payments and refunds in the order in which they began; what the console gave back comes last.
    fn ids(&self) -> Vec<String> {
        let mut ids: Vec<String> = Vec::new();
        let here = self.entries.iter().filter_map(|entry| entry["payment"].as_str());
        let refunds = self.center["tenants"][0]["refunds"].as_array();
        let there = refunds.into_iter().flatten().filter_map(|refund| refund["id"].as_str());
        for id in here.chain(there) {
            if !ids.iter().any(|known| known == id) {
                ids.push(id.to_owned());
            }
        }
        ids
    }

    fn rank(&self, id: &Value) -> Option<usize> {
        self.ids().iter().position(|known| *id == known.as_str())
    }

    /// The approval codes that the network gave this payment.
    fn approvals(&self, rrn: &str) -> Vec<String> {
        self.log
            .iter()
            .filter(|line| field_of(line, 37) == Some(rrn))
            .filter_map(|line| field_of(line, 38).map(str::to_owned))
            .collect()
    }

    fn messages(&self) -> Vec<String> {
        let mut out = Vec::new();
        let lines: Vec<&Logged> = self.log.iter().rev().collect();
        let by_chance = repeated_by_chance(&lines);
        for (at, line) in lines.iter().enumerate() {
            let management = line.title.starts_with("08") && !self.line_notes;
            let note = line.way == Way::Note && !self.line_notes;
            if management || note || by_chance.contains(&at) {
                continue;
            }
            let arrow = match line.way {
                Way::In => "center \u{2192} network  ",
                Way::Out => "center \u{2190} network  ",
                Way::Note => "",
            };
            out.push(format!("{arrow}{}", line.title));
            let figures = |field: u8| self.totals && TOTALS.contains(&field);
            let fields = line
                .fields
                .iter()
                .filter(|field| self.every_field || SHOWN.contains(&number(field)) || figures(number(field)));
            out.extend(fields.map(|field| format!("  {}", message_field(field))));
        }
        out
    }

    /// What the brands were asked and what they said; the same again and again is told once.
    fn questions(&self) -> Vec<String> {
        let mut out: Vec<String> = self
            .log
            .iter()
            .rev()
            .filter(|line| line.way == Way::Note)
            .filter_map(|line| line.title.strip_prefix("code "))
            .map(str::to_owned)
            .collect();
        // From the first refund on an inquiry only asks whether a silent brand is there again: whether one does before
        // the repeated refund is answered is chance.
        if let Some(first) = out.iter().position(|line| line.contains(" refund ")) {
            let later = out.split_off(first);
            out.extend(later.into_iter().filter(|line| !line.contains(" inquiry ")));
        }
        out.dedup();
        out
    }

    fn journal(&self) -> Vec<String> {
        let mut payments: Vec<&Value> =
            self.entries.iter().filter(|entry| entry["payment"].is_string()).collect();
        payments.sort_by_key(|entry| self.rank(&entry["payment"]));
        payments
            .iter()
            .map(|entry| format!("{}  {}", text(&entry["payment"]), fact(&entry["fact"])))
            .collect()
    }

    fn payments(&self) -> Vec<String> {
        let mut rows = self.center["tenants"][0]["payments"].as_array().cloned().unwrap_or_default();
        rows.sort_by_key(|row| self.rank(&row["id"]));
        rows.iter()
            .map(|row| {
                let voided = if row["voided"] == true { ", voided" } else { "" };
                format!(
                    "{}  {}  {}  {}{voided}{}{}  money taken: {}",
                    text(&row["id"]),
                    text(&row["rrn"]),
                    yen(&row["amount_yen"]),
                    text(&row["state"]),
                    labelled(" code ", &row["code"]),
                    labelled(" approval ", &row["approval"]),
                    text(&row["money_taken"]),
                )
            })
            .collect()
    }

    fn refunds(&self) -> Vec<String> {
        let mut rows = self.center["tenants"][0]["refunds"].as_array().cloned().unwrap_or_default();
        rows.sort_by_key(|row| self.rank(&row["id"]));
        rows.iter()
            .map(|row| {
                format!(
                    "{}  {}  {}  {} of {} by {}  {}{}  money returned: {}",
                    text(&row["id"]),
                    text(&row["rrn"]),
                    yen(&row["amount_yen"]),
                    text(&row["kind"]),
                    text(&row["payment"]),
                    text(&row["who"]),
                    text(&row["state"]),
                    labelled(" code ", &row["code"]),
                    text(&row["money_returned"]),
                )
            })
            .collect()
    }

    fn transfers(&self) -> Vec<String> {
        let mut rows = self.center["tenants"][0]["transfers"].as_array().cloned().unwrap_or_default();
        rows.sort_by_key(|row| self.rank(&row["payment"]));
        rows.iter()
            .map(|row| {
                format!(
                    "{}  {:<12}  {}  from {} to {}",
                    text(&row["payment"]),
                    text(&row["kind"]),
                    yen(&row["amount_yen"]),
                    text(&row["debit"]),
                    text(&row["credit"])
                )
            })
            .collect()
    }

    fn charges(&self) -> Vec<String> {
        let mut rows = self.network["charges"].as_array().cloned().unwrap_or_default();
        rows.extend(self.network["returns"].as_array().cloned().unwrap_or_default());
        rows.extend(self.network["tombstones"].as_array().cloned().unwrap_or_default());
        let rrns: Vec<String> = self.ids().iter().map(|id| rrn(id)).collect();
        rows.sort_by_key(|row| rrns.iter().position(|rrn| row["rrn"] == rrn.as_str()));
        rows.iter()
            .map(|row| format!("{}  {}  {}", text(&row["rrn"]), yen(&row["amount_yen"]), text(&row["state"])))
            .collect()
    }

    fn code_charges(&self) -> Vec<String> {
        let book = &self.network["code"];
        let of = |name: &str| book[name].as_array().cloned().unwrap_or_default();
        let mut charges = [of("charges"), of("tombstones")].concat();
        charges.sort_by_key(|row| self.rank(&row["id"]));
        let charges = charges.iter().map(|row| {
            let number = text(&row["payment_id"]);
            let number = if number.is_empty() { "never came".to_owned() } else { number };
            let amount = yen(&row["amount_yen"]);
            format!(
                "{}  {}  {number}  {amount}  {}",
                text(&row["id"]),
                text(&row["brand"]),
                text(&row["status"])
            )
        });
        let mut refunds = of("refunds");
        refunds.sort_by_key(|row| self.rank(&row["id"]));
        let refunds = refunds.iter().map(|row| {
            let amount = yen(&row["amount_yen"]);
            format!(
                "{}  {}  {amount}  given back of {}",
                text(&row["id"]),
                text(&row["brand"]),
                text(&row["of"])
            )
        });
        charges.chain(refunds).collect()
    }

    fn books(&self) -> Vec<String> {
        assert_eq!(self.report["sound"], true, "{}", self.report);
        assert_eq!(self.report["differences"], serde_json::json!([]), "{}", self.report);
        let tenants = self.report["center"]["tenants"].as_array().cloned().unwrap_or_default();
        let mut out = Vec::new();
        for tenant in tenants {
            for account in tenant["accounts"].as_array().cloned().unwrap_or_default() {
                out.push(format!("{}  {}", text(&account["account"]), yen(&account["value_yen"])));
            }
        }
        out.push(
            "Terminal, center and card network agree; the ledger adds up to nought; nothing is open."
                .to_owned(),
        );
        out
    }

    /// Calls what differs from run to run by the order in which it appears.
    fn numbered(&self, out: &str) -> String {
        let mut out = out.to_owned();
        for (port, name) in self.ports {
            out = out.replace(&format!("127.0.0.1:{port}"), name);
        }
        let mut call = |value: &str, name: String| {
            if !value.is_empty() {
                out = out.replace(value, &name);
            }
        };
        for charge in self.network["code"]["charges"].as_array().into_iter().flatten() {
            let (id, number) = (&charge["id"], text(&charge["payment_id"]));
            if let Some(rank) = self.rank(id) {
                call(&number, format!("TXN-{}", rank.saturating_add(1)));
            }
        }
        for (index, id) in self.ids().iter().enumerate() {
            let (n, rrn) = (index + 1, rrn(id));
            for code in self.approvals(&rrn) {
                call(&code, format!("APPR-{n}"));
            }
            call(id, format!("#{n}"));
            call(&rrn, format!("RRN#{n}"));
            call(&public_id(id), format!("ID-{n:03}"));
        }
        masked_token(&out)
    }
}

/// The short id on slips.
fn public_id(id: &str) -> String {
    payment::public_id(id.parse().unwrap())
}

/// The network's reference number (DE 37).
fn rrn(id: &str) -> String {
    id.parse::<payment::PaymentId>().unwrap().rrn()
}

/// `/r/…`: the token is the customer's secret.
fn masked_token(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("/r/") {
        out.push_str(before);
        out.push_str("/r/\u{2026}");
        rest = after.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    }
    out.push_str(rest);
    out
}

fn section(out: &mut String, title: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    out.push_str(&format!("\n== {title}\n"));
    for line in lines {
        out.push_str(line.trim_end());
        out.push('\n');
    }
}

/// The places in the log of advices that were repeated although the network answered undisturbed, and of the answers to
/// the repeats. An advice is repeated by the clock, and a story's clock does not wait until the center has read an
/// answer that is on its way: whether one is repeated then is chance.
fn repeated_by_chance(log: &[&Logged]) -> Vec<usize> {
    let mut out = Vec::new();
    let mut of_one: BTreeMap<&str, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
    for (at, line) in log.iter().enumerate() {
        let Some(rrn) = field_of(line, 37).filter(|_| line.title.contains(" reversal advice")) else {
            continue;
        };
        let (asked, answered) = of_one.entry(rrn).or_default();
        match line.way {
            // What is lost on its way in has no answer; the others are answered in the order in which they came.
            Way::In if !line.title.contains("by order") => asked.push(at),
            Way::Out => answered.push(at),
            Way::In | Way::Note => {}
        }
    }
    for (asked, answered) in of_one.into_values() {
        for (nth, at) in answered.iter().enumerate() {
            if !log[*at].title.contains("by order") {
                out.extend(asked.get(nth + 1));
                out.extend(answered.get(nth + 1));
            }
        }
    }
    out
}

/// A field of a message, as it was logged.
fn field_of(line: &Logged, wanted: u8) -> Option<&str> {
    let field = line.fields.iter().find(|field| number(field) == wanted)?;
    field.split_once(": ").map(|(_, value)| value)
}

fn number(field: &str) -> u8 {
    field.trim_start().split(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// A field with what differs from run to run taken out: trace numbers, what the chip made up.
fn message_field(field: &str) -> String {
    match (number(field), field.split_once(": ")) {
        (11, Some((name, _))) => format!("{name}: \u{2026}"),
        (55, Some((name, value))) => {
            let tags: Vec<&str> =
                value.split(' ').filter_map(|tag| tag.split_once('=').map(|(tag, _)| tag)).collect();
            format!("{name}: tags {}", tags.join(" "))
        }
        (90, Some((name, value))) => {
            // The original's trace number and transmission date come first (ISO 8583:1987 DE 90).
            format!("{name}: {} \u{2026}", value.get(..4).unwrap_or(value))
        }
        _ => field.to_owned(),
    }
}

fn fact(fact: &Value) -> String {
    let what = text(&fact["what"]);
    let more = match what.as_str() {
        "started" => format!(
            "{} {} slip {:04}{}{}",
            yen(&fact["amount"]),
            begun(fact),
            fact["slip_no"].as_i64().unwrap_or_default(),
            labelled(" by ", &fact["operator"]["name"]),
            if fact["origin"] == "local" { " asked by a program" } else { "" },
        ),
        "sent" if fact["code_paid"].is_object() => {
            let code = &fact["code_paid"];
            format!(
                "code {}{}, {}",
                text(&code["masked"]),
                labelled(" ", &code["brand"]),
                text(&code["entry"])
            )
        }
        "sent" if fact["card"].is_null() => String::new(),
        "sent" => format!(
            "{} {} {}, {}, {}{}",
            text(&fact["class"]),
            text(&fact["card"]["brand"]),
            text(&fact["card"]["pan"]["last4"]),
            text(&fact["card"]["entry_mode"]),
            text(&fact["card"]["cvm"]),
            if fact["signature_follows"] == true { ", a signature follows" } else { "" },
        ),
        "authorized" | "approved" => labelled("approval ", &fact["approval"]["code"]),
        "printing" | "printed" => {
            format!("{}{}", text(&fact["copy"]), if fact["again"] == true { " (再)" } else { "" })
        }
        "told" => format!(
            "{}{}",
            text(&fact["brand"]),
            if fact["waits_for_user"] == true { ", the customer has to confirm" } else { "" }
        ),
        "giving_back" => format!("as {}", text(&fact["refund"])),
        "given_back" => format!("{} altogether", yen(&fact["total"])),
        _ => labelled("", &fact["code"]),
    };
    format!("{what} {more}").trim_end().to_owned()
}

/// What was begun: a class of a card's sale, a code, or what is given back.
fn begun(fact: &Value) -> String {
    let refund = &fact["purpose"]["refund"];
    if refund.is_object() {
        return format!("{} of {}", text(&refund["kind"]), text(&refund["of"]));
    }
    if fact["method"] == "code" { "by code".to_owned() } else { text(&fact["class"]) }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn labelled(label: &str, value: &Value) -> String {
    if value.is_null() { String::new() } else { format!("{label}{}", text(value)) }
}

fn yen(value: &Value) -> String {
    format!("\u{a5}{}", value.as_i64().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKED: (Way, &str) = (Way::In, "0420 reversal advice");
    const AGAIN: (Way, &str) = (Way::In, "0421 reversal advice, repeated");
    const ANSWER: (Way, &str) = (Way::Out, "0430 reversal advice response \u{2013} the charge was undone");
    const SWALLOWED: (Way, &str) = (Way::Out, "0430 reversal advice response \u{2013} never sent, by order");

    fn left_out(log: &[(Way, &str)]) -> Vec<usize> {
        let lines: Vec<Logged> = log
            .iter()
            .map(|(way, title)| Logged {
                number: 0,
                at: jiff::Timestamp::UNIX_EPOCH,
                way: *way,
                title: (*title).to_owned(),
                fields: vec!["37 Retrieval reference number: 49414G2G4G92".to_owned()],
            })
            .collect();
        let mut out = repeated_by_chance(&lines.iter().collect::<Vec<_>>());
        out.sort_unstable();
        out
    }

    #[test]
    fn an_advice_that_was_answered_and_repeated_is_told_once() {
        assert_eq!(left_out(&[ASKED, ANSWER, AGAIN, ANSWER]), [2, 3]);
        assert_eq!(left_out(&[ASKED, AGAIN, ANSWER, ANSWER]), [1, 3], "the answer was on its way");
    }

    #[test]
    fn an_advice_that_had_to_be_repeated_is_told_twice() {
        assert!(left_out(&[ASKED, SWALLOWED, AGAIN, ANSWER]).is_empty());
        let lost = (Way::In, "0420 reversal advice \u{2013} lost on its way in, by order");
        assert!(left_out(&[lost, AGAIN, ANSWER]).is_empty());
    }
}
