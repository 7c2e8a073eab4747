//! The form of the paying account: what was typed, as a remitter, and the fields.

use super::refused;
use super::remitter::PATH;
use super::words::{field, read_day, wrong_with};
use crate::rows::remitter::{Layout, Records, Remitter};
use center_base::Refusal;
use codes::settle;
use i18n::{Lang, t};
use jiff::civil::Date;
use maud::{Markup, html};
use pages::icon::Icon;
use pages::ui::{Button, Field, select};
use serde::Deserialize;

/// The form as it comes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    from: String,
    requester: String,
    name: String,
    bank: String,
    bank_name: String,
    branch: String,
    branch_name: String,
    kind: String,
    account: String,
    records: String,
    end_mark: String,
    group_most: String,
    group_files: String,
    full_stop: String,
}

impl Typed {
    /// The form that says what is used, but for the account's number.
    pub(super) fn of(remitter: &Remitter) -> Self {
        let layout = &remitter.layout;
        let word = |is: bool, yes: &str| if is { yes.to_owned() } else { String::new() };
        Self {
            from: String::new(),
            requester: remitter.requester.clone(),
            name: remitter.name.clone(),
            bank: remitter.bank.clone(),
            bank_name: remitter.bank_name.clone(),
            branch: remitter.branch.clone(),
            branch_name: remitter.branch_name.clone(),
            kind: remitter.kind.clone(),
            account: String::new(),
            records: word(layout.records == Records::Lines, "lines"),
            end_mark: word(layout.end_mark, "yes"),
            group_most: layout.group_most.to_string(),
            group_files: word(layout.one_group_a_file, "each"),
            full_stop: word(layout.no_full_stop, "space"),
        }
    }

    /// The same, to begin on a day.
    pub(super) fn from(mut self, day: Date) -> Self {
        self.from = day.to_string();
        self
    }

    /// The same without the account's number.
    pub(super) fn without_number(mut self) -> Self {
        self.account = String::new();
        self
    }

    /// The account's number as it was typed.
    pub(super) fn number(&self) -> String {
        pages::typed::digits(&self.account)
    }

    /// The remitter and its first day; what it says is looked at with the rows.
    pub(super) fn read(&self) -> Result<(Date, Remitter), Refusal> {
        let from = read_day(&self.from).ok_or_else(|| refused(settle::FROM_DAY))?;
        let most = pages::typed::text(&self.group_most).replace(',', "");
        let group_most = if most.is_empty() { Ok(Layout::default().group_most) } else { most.parse() };
        let remitter = Remitter {
            requester: pages::typed::digits(&self.requester),
            name: pages::typed::text(&self.name),
            bank: pages::typed::digits(&self.bank),
            bank_name: pages::typed::text(&self.bank_name),
            branch: pages::typed::digits(&self.branch),
            branch_name: pages::typed::text(&self.branch_name),
            kind: self.kind.clone(),
            account: self.number(),
            layout: Layout {
                records: if self.records == "lines" { Records::Lines } else { Records::Joined },
                end_mark: self.end_mark == "yes",
                group_most: group_most.map_err(|_| refused(settle::REMITTER_GROUP))?,
                one_group_a_file: self.group_files == "each",
                no_full_stop: self.full_stop == "space",
            },
        };
        Ok((from, remitter))
    }
}

/// `1`, `2`, `9` of the file's head as words.
pub(super) fn account_kind(lang: Lang, kind: &str) -> String {
    match kind {
        "9" => t(lang, "settlement-remitter-kind-other"),
        kind => super::document::account_kind(lang, kind),
    }
}

/// How the bank wants its files, in words.
pub(super) fn layout_rows(lang: Lang, layout: &Layout) -> Vec<(String, Markup)> {
    let text = |key: &str| t(lang, &format!("settlement-remitter-{key}"));
    let records = match layout.records {
        Records::Joined => "records-joined",
        Records::Lines => "records-lines",
    };
    let either = |is: bool, yes: &str, no: &str| html! { (text(if is { yes } else { no })) };
    vec![
        (text("records"), html! { (text(records)) }),
        (text("end-mark"), either(layout.end_mark, "end-mark-yes", "end-mark-no")),
        (text("group-most"), html! { (layout.group_most) }),
        (text("group-files"), either(layout.one_group_a_file, "group-files-each", "group-files-one")),
        (text("full-stop"), either(layout.no_full_stop, "full-stop-space", "full-stop-kept")),
    ]
}

/// The form.
pub(super) fn form(lang: Lang, typed: &Typed, wrong: Option<&Refusal>) -> Markup {
    let text = |key: &str| t(lang, &format!("settlement-{key}"));
    let [about, from, from_hint, go, layout] =
        ["remitter-enter-about", "from-day", "from-today-hint", "account-go", "remitter-layout"].map(text);
    let bad_day = wrong_with(lang, wrong, &[settle::FROM_DAY]);
    html! {
        p.sub { (about) }
        (pages::ui::form("stack", PATH, &html! {
            (field(Field::text("from", &from).kind("date").value(&typed.from).hint(&from_hint).required(), bad_day.as_ref()))
            (account(lang, typed, wrong))
            h3 { (layout) }
            (of_files(lang, typed, wrong))
            (Button::primary(&go).icon(Icon::Send))
        }))
    }
}

fn account(lang: Lang, typed: &Typed, wrong: Option<&Refusal>) -> Markup {
    let text = |key: &str| t(lang, &format!("settlement-{key}"));
    let [bad_requester, bad_name, bad_bank, bad_branch, bad_place, bad_account] = [
        settle::REMITTER_REQUESTER,
        settle::REMITTER_NAME,
        settle::REMITTER_BANK,
        settle::REMITTER_BRANCH,
        settle::REMITTER_PLACE,
        settle::REMITTER_ACCOUNT,
    ]
    .map(|code| wrong_with(lang, wrong, &[code]));
    let [requester, requester_hint, name, name_hint, bank, bank_hint, bank_name] = [
        "remitter-requester",
        "remitter-requester-hint",
        "remitter-name",
        "remitter-name-hint",
        "bank",
        "bank-hint",
        "remitter-bank-name",
    ]
    .map(text);
    let [branch, branch_hint, branch_name, kind, number, number_hint] =
        ["branch", "branch-hint", "remitter-branch-name", "account-kind", "account", "account-hint"]
            .map(text);
    let kinds = ["1", "2", "9"].map(|kind| (kind, account_kind(lang, kind)));
    let kinds: Vec<(&str, &str)> = kinds.iter().map(|(kind, text)| (*kind, text.as_str())).collect();
    let chosen = if typed.kind.is_empty() { "1" } else { typed.kind.as_str() };
    let digits = |name, label, value, hint, most| {
        Field::text(name, label).value(value).hint(hint).inputmode("numeric").max_chars(most).required()
    };
    let place = |name, label, value| Field::text(name, label).value(value).max_chars(30);
    html! {
        (field(digits("requester", &requester, &typed.requester, &requester_hint, 16), bad_requester.as_ref()))
        (field(Field::text("name", &name).value(&typed.name).hint(&name_hint).max_chars(80).required(), bad_name.as_ref()))
        (field(digits("bank", &bank, &typed.bank, &bank_hint, 8), bad_bank.as_ref()))
        (field(place("bank_name", &bank_name, &typed.bank_name), bad_place.as_ref()))
        (field(digits("branch", &branch, &typed.branch, &branch_hint, 8), bad_branch.as_ref()))
        (field(place("branch_name", &branch_name, &typed.branch_name), bad_place.as_ref()))
        (select("kind", &kind, &kinds, chosen))
        (field(digits("account", &number, "", &number_hint, 16), bad_account.as_ref()))
    }
}

/// How the bank wants its files.
fn of_files(lang: Lang, typed: &Typed, wrong: Option<&Refusal>) -> Markup {
    let text = |key: &str| t(lang, &format!("settlement-remitter-{key}"));
    let bad = wrong_with(lang, wrong, &[settle::REMITTER_GROUP]);
    let either = |name: &str, key: &str, (word, yes, no): (&str, &str, &str), chosen: &str| {
        let (label, yes, no) = (text(key), text(yes), text(no));
        select(name, &label, &[("", no.as_str()), (word, yes.as_str())], chosen)
    };
    let most = text("group-most");
    let usual = Layout::default().group_most.to_string();
    let value = if typed.group_most.is_empty() { &usual } else { &typed.group_most };
    html! {
        (either("records", "records", ("lines", "records-lines", "records-joined"), &typed.records))
        (either("end_mark", "end-mark", ("yes", "end-mark-yes", "end-mark-no"), &typed.end_mark))
        (field(Field::text("group_most", &most).value(value).inputmode("numeric").max_chars(9), bad.as_ref()))
        (either("group_files", "group-files", ("each", "group-files-each", "group-files-one"), &typed.group_files))
        (either("full_stop", "full-stop", ("space", "full-stop-space", "full-stop-kept"), &typed.full_stop))
    }
}
