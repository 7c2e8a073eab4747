//! `/settlement/documents/{id}/items`: every item of a document, or of one line with `?line=`, as CSV. Page by page from
//! payments and refunds, in the order of the hash; at the end each line must have its own sum, counts and hash, or the
//! file ends with a row that says it has not.

use super::Console;
use super::csv::{Cells, Charset};
use super::document::{Shown, shown};
use crate::close::{Own, Plan, days, entry_of, give_of, sale_of, spans};
use crate::rows::windows::{self, Odd, OddKind};
use crate::rules::{
    DayDigest, Entry, Item, ItemKey, ItemsHash, Line, LineKey, Span, Target, belongs, entry_of_give,
    entry_of_sale,
};
use acquiring::taken::{self, After, Told};
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Response};
use center_base::{Caller, CompanyId, Refusal, Scope};
use codes::api;
use futures_util::stream;
use http::header;
use i18n::{Lang, t};
use jiff::civil::Date;
use payment::{Brand, PaymentId, StateName};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::{DbError, Inconsistent, ReadTx, TenantId};

/// Items that one unit reads at most: what a file needs of memory.
const PAGE: usize = 5_000;

/// The address as it comes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    line: String,
    charset: String,
}

/// One item with what is told of it.
struct Row {
    item: Item,
    target: Target,
    kind: OddKind,
    shop: String,
    brand: Brand,
    payment: PaymentId,
    told: Told,
}

/// What a unit reads.
enum Found {
    Item(Box<Row>),
    /// The items of a day are over; the late ones are a day of their own.
    EndOfDay,
    /// An item has no place any more.
    Lost,
}

/// Where the next unit begins.
#[derive(Clone, Debug)]
enum Cursor {
    Sales { day: usize, shop: usize, after: After },
    Backs { day: usize, after: After },
    Late(usize),
    End,
}

/// What every unit needs.
struct Ground {
    plan: Plan,
    wanted: BTreeSet<Span>,
    days: Vec<Date>,
    own: Own,
}

/// `GET /settlement/documents/{id}/items`.
pub(super) async fn file(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let shown = shown(&console, &caller, &id).await?;
    let only = match asked.line.as_str() {
        "" => None,
        number => Some(number.parse::<usize>().map_err(|_| api::NOT_FOUND)?),
    };
    if only.is_some_and(|number| number == 0 || number > shown.lines.len()) {
        return Err(api::NOT_FOUND.into());
    }
    let (tenant, pay_on, company) = (console.base.tenant, shown.pay_on, shown.company.clone());
    let ground = console.base.read(move |tx| Ok(ground(tx, tenant, pay_on, &company)?)).await?;
    let charset = Charset::read(&asked.charset);
    let name = match only {
        Some(number) => format!("{id}-{number}.csv"),
        None => format!("{id}.csv"),
    };
    let walk = Walk::new(console, ground, &shown, (only, caller.lang, charset));
    let body = Body::from_stream(stream::unfold(walk, Walk::next));
    // Only what an id of ours may hold stands in the name.
    let safe: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || ".-_".contains(*c)).collect();
    let attachment = format!("attachment; filename=\"{safe}\"");
    let headers =
        [(header::CONTENT_TYPE, charset.kind().to_owned()), (header::CONTENT_DISPOSITION, attachment)];
    Ok((headers, body).into_response())
}

fn ground(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    pay_on: Date,
    company: &CompanyId,
) -> Result<Ground, DbError> {
    let plan = Plan::load(tx, tenant)?;
    let windows = plan.of_pay_day(pay_on);
    let scope = Scope::Company(company.clone());
    let shops = tenancy::shops(tx, tenant, &scope)?.into_iter().map(|shop| shop.id).collect();
    Ok(Ground {
        wanted: spans(&windows),
        days: days(&windows).into_iter().collect(),
        own: Own { company: company.clone(), shops },
        plan,
    })
}

impl Ground {
    /// The item if it stands in this document and was not late.
    fn take(
        &self,
        key: ItemKey<'_>,
        entry: Result<Option<Entry>, crate::rules::NoPlace>,
    ) -> Option<Result<Entry, ()>> {
        match entry {
            Ok(Some(entry)) if !entry.place.late && self.wanted.contains(&entry.place.span) => {
                Some(Ok(entry))
            }
            Ok(_) => None,
            Err(_) => {
                let is_ours = belongs(key, self.plan.ground())
                    .map_or(true, |place| !place.late && self.wanted.contains(&place.span));
                is_ours.then_some(Err(()))
            }
        }
    }

    /// Reads on from a place until a page is full.
    fn read(
        &self,
        tx: &mut ReadTx<'_>,
        tenant: TenantId,
        mut at: Cursor,
    ) -> Result<(Vec<Found>, Cursor), DbError> {
        let (mut found, mut seen) = (Vec::new(), 0_usize);
        while seen < PAGE {
            let room = PAGE.saturating_sub(seen);
            let (read, next) = match at {
                Cursor::Sales { day, shop, after } => {
                    self.sales(tx, tenant, (day, shop, after), room, &mut found)?
                }
                Cursor::Backs { day, after } => self.backs(tx, tenant, (day, after), room, &mut found)?,
                Cursor::Late(from) => self.late(tx, tenant, (from, room), &mut found)?,
                Cursor::End => return Ok((found, Cursor::End)),
            };
            seen = seen.saturating_add(read);
            at = next;
        }
        Ok((found, at))
    }

    fn sales(
        &self,
        tx: &mut ReadTx<'_>,
        tenant: TenantId,
        (day, shop, after): (usize, usize, After),
        room: usize,
        found: &mut Vec<Found>,
    ) -> Result<(usize, Cursor), DbError> {
        let Some(on) = self.days.get(day) else { return Ok((0, Cursor::Late(0))) };
        let Some(id) = self.own.shops.get(shop) else {
            return Ok((0, Cursor::Backs { day, after: After::START }));
        };
        let (mut last, mut read) = (after, 0_usize);
        let limit = i64::try_from(room).unwrap_or(i64::MAX);
        taken::rows_of_shop(tx, tenant, (&on.to_string(), id), after, limit, |place, row, told| {
            (last, read) = (place, read.saturating_add(1));
            if row.state != StateName::Approved {
                return Ok(());
            }
            let sale = sale_of(&row)?;
            let key = ItemKey { company: sale.company, brand: sale.brand, day: sale.day, seq: sale.seq };
            match self.take(key, entry_of_sale(&sale, self.plan.ground())) {
                Some(Ok(Entry { item, target, .. })) => found.push(Found::Item(Box::new(Row {
                    item,
                    target,
                    kind: OddKind::Sale,
                    shop: row.shop.to_string(),
                    brand: sale.brand,
                    payment: row.id,
                    told,
                }))),
                Some(Err(())) => found.push(Found::Lost),
                None => {}
            }
            Ok(())
        })?;
        let next = if read < room {
            Cursor::Sales { day, shop: shop.saturating_add(1), after: After::START }
        } else {
            Cursor::Sales { day, shop, after: last }
        };
        Ok((read, next))
    }

    fn backs(
        &self,
        tx: &mut ReadTx<'_>,
        tenant: TenantId,
        (day, after): (usize, After),
        room: usize,
        found: &mut Vec<Found>,
    ) -> Result<(usize, Cursor), DbError> {
        let on = self.days.get(day).map(Date::to_string).unwrap_or_default();
        let (mut last, mut read) = (after, 0_usize);
        let limit = i64::try_from(room).unwrap_or(i64::MAX);
        taken::backs_of_company(tx, tenant, (&on, &self.own.company), after, limit, |place, row, told| {
            (last, read) = (place, read.saturating_add(1));
            let give = give_of(&row)?;
            let (brand, company) = (give.sale.brand, give.sale.company);
            let key = ItemKey { company, brand, day: give.day, seq: give.seq };
            match self.take(key, entry_of_give(&give, self.plan.ground())) {
                Some(Ok(Entry { item, target, .. })) => found.push(Found::Item(Box::new(Row {
                    item,
                    target,
                    kind: OddKind::Back,
                    shop: row.of.shop.to_string(),
                    brand,
                    payment: row.of.id,
                    told,
                }))),
                Some(Err(())) => found.push(Found::Lost),
                None => {}
            }
            Ok(())
        })?;
        if read < room {
            found.push(Found::EndOfDay);
            let day = day.saturating_add(1);
            return Ok((read, Cursor::Sales { day, shop: 0, after: After::START }));
        }
        Ok((read, Cursor::Backs { day, after: last }))
    }

    /// What is not in its own window, by sequence: rows of its own, and few.
    fn late(
        &self,
        tx: &mut ReadTx<'_>,
        tenant: TenantId,
        (from, room): (usize, usize),
        found: &mut Vec<Found>,
    ) -> Result<(usize, Cursor), DbError> {
        let mut all: Vec<Odd> = Vec::new();
        for span in &self.wanted {
            let of_window = windows::odd_of(tx, tenant, span)?.into_iter();
            all.extend(of_window.filter(|odd| odd.company == self.own.company.as_str()));
        }
        all.sort_by_key(|odd| (odd.seq, odd.item.id));
        let mut read = 0_usize;
        for odd in all.iter().skip(from).take(room) {
            read = read.saturating_add(1);
            match entry_of(tx, tenant, &self.plan, odd)? {
                Ok(Some(Entry { item, target, .. })) => {
                    // A void has no row of its own: what is told is its payment, without a time.
                    let of = if odd.kind == OddKind::Void { odd.payment } else { odd.item.id };
                    let lost =
                        || Inconsistent::new(format!("settle_late of {}", odd.item.id), "of a payment");
                    let mut told = taken::told_of(tx, tenant, of)?.ok_or_else(lost)?;
                    if odd.kind == OddKind::Void {
                        told.sent_at_us = 0;
                    }
                    found.push(Found::Item(Box::new(Row {
                        item,
                        target,
                        kind: odd.kind,
                        shop: odd.shop.clone(),
                        brand: odd.brand,
                        payment: odd.payment,
                        told,
                    })));
                }
                Ok(None) => {}
                Err(_) => found.push(Found::Lost),
            }
        }
        if read < room {
            found.push(Found::EndOfDay);
            return Ok((read, Cursor::End));
        }
        Ok((read, Cursor::Late(from.saturating_add(read))))
    }
}

/// What a line's items come to on the way.
#[derive(Default)]
struct Proof {
    sum: i64,
    count: u32,
    backs: u32,
    hash: ItemsHash,
    today: Option<DayDigest>,
}

impl Proof {
    fn agrees(self, line: &Line) -> bool {
        self.sum == line.sales.get()
            && (self.count, self.backs) == (line.count, line.backs)
            && self.hash.finish() == line.items_hash
    }
}

/// A file on its way.
struct Walk {
    console: Console,
    ground: Arc<Ground>,
    at: Option<Cursor>,
    numbers: BTreeMap<LineKey, usize>,
    lines: Vec<Line>,
    proofs: Vec<Proof>,
    is_lost: bool,
    only: Option<usize>,
    row: i64,
    lang: Lang,
    charset: Charset,
    begun: bool,
    /// The words of a sale, of what went back, of a void.
    kinds: [String; 3],
}

impl Walk {
    fn new(
        console: Console,
        ground: Ground,
        shown: &Shown,
        (only, lang, charset): (Option<usize>, Lang, Charset),
    ) -> Self {
        let numbers = (1..).zip(&shown.lines).map(|(number, line)| (line.key.clone(), number)).collect();
        Self {
            console,
            ground: Arc::new(ground),
            at: Some(Cursor::Sales { day: 0, shop: 0, after: After::START }),
            numbers,
            proofs: shown.lines.iter().map(|_| Proof::default()).collect(),
            lines: shown.lines.clone(),
            is_lost: false,
            only,
            row: 0,
            lang,
            charset,
            begun: false,
            kinds: ["settlement-csv-sale", "settlement-csv-back", "settlement-csv-void"]
                .map(|key| t(lang, key)),
        }
    }

    /// The next piece of the file.
    async fn next(mut self) -> Option<(Result<Vec<u8>, std::convert::Infallible>, Self)> {
        let at = self.at.take()?;
        let mut out = Vec::new();
        if !self.begun {
            self.begun = true;
            out.extend_from_slice(self.charset.mark());
            self.write(&self.head(), &mut out);
        }
        let (ground, tenant) = (Arc::clone(&self.ground), self.console.base.tenant);
        let read = self.console.base.read(move |tx| Ok(ground.read(tx, tenant, at.clone())?)).await;
        match read {
            Ok((found, next)) => {
                for one in found {
                    self.take(one, &mut out);
                }
                if matches!(next, Cursor::End) {
                    self.prove(&mut out);
                } else {
                    self.at = Some(next);
                }
            }
            Err(refusal) => {
                tracing::error!(%refusal, "a file of items cannot be read");
                self.fault("settlement-csv-broken", "", &mut out);
            }
        }
        Some((Ok(out), self))
    }

    fn write(&self, text: &str, out: &mut Vec<u8>) {
        self.charset.write(text, out);
    }

    fn head(&self) -> String {
        let keys = [
            "number", "line", "kind", "date", "time", "shop", "terminal", "slip", "order", "payment",
            "brand", "yen",
        ];
        let cells = keys
            .iter()
            .fold(Cells::default(), |cells, key| cells.text(&t(self.lang, &format!("settlement-csv-{key}"))));
        cells.row()
    }

    fn take(&mut self, found: Found, out: &mut Vec<u8>) {
        match found {
            Found::Lost => self.is_lost = true,
            Found::EndOfDay => {
                for proof in &mut self.proofs {
                    if let Some(day) = proof.today.take() {
                        proof.hash.add(day);
                    }
                }
            }
            Found::Item(row) => self.take_item(&row, out),
        }
    }

    fn take_item(&mut self, row: &Row, out: &mut Vec<u8>) {
        // What a brand pays itself is in no line.
        let Target::Line { key, nets, .. } = &row.target else { return };
        let Some(&number) = self.numbers.get(key) else {
            self.is_lost = true;
            return;
        };
        let Some(proof) = self.proofs.get_mut(number.saturating_sub(1)) else { return };
        proof.sum = proof.sum.saturating_add(row.item.yen.get());
        let count = if *nets { &mut proof.backs } else { &mut proof.count };
        *count = count.saturating_add(1);
        proof.today.get_or_insert_default().add(&row.item);
        if self.only.is_none_or(|only| only == number) {
            self.row = self.row.saturating_add(1);
            let text = self.cells(number, row);
            self.write(&text, out);
        }
    }

    fn cells(&self, number: usize, row: &Row) -> String {
        let [sale, back, void] = &self.kinds;
        let kind = match row.kind {
            OddKind::Sale => sale,
            OddKind::Back => back,
            OddKind::Void => void,
        };
        let time = match row.told.sent_at_us {
            0 => String::new(),
            at_us => acquiring::console::time(at_us),
        };
        Cells::default()
            .number(self.row)
            .number(i64::try_from(number).unwrap_or(i64::MAX))
            .text(kind)
            .text(&row.item.day.to_string())
            .text(&time)
            .text(&row.shop)
            .text(&row.told.terminal)
            .number(row.told.slip_no)
            .text(&row.told.order_code)
            .text(&row.payment.to_string())
            .text(row.brand.word())
            .number(row.item.yen.get())
            .row()
    }

    /// At the end every line that the file has must be what was closed.
    fn prove(&mut self, out: &mut Vec<u8>) {
        let proofs = std::mem::take(&mut self.proofs);
        let mut wrong = Vec::new();
        for ((number, line), proof) in (1_usize..).zip(&self.lines).zip(proofs) {
            let is_asked = self.only.is_none_or(|only| only == number);
            if is_asked && (self.is_lost || !proof.agrees(line)) {
                wrong.push(number.to_string());
            }
        }
        if self.is_lost && wrong.is_empty() {
            wrong.push("-".to_owned());
        }
        if !wrong.is_empty() {
            let lines = wrong.join(" ");
            tracing::error!(company = %self.ground.own.company, lines, "items are not what was closed");
            self.fault("settlement-csv-differs", &lines, out);
        }
    }

    /// A last row that cannot be taken for an item.
    fn fault(&self, key: &str, lines: &str, out: &mut Vec<u8>) {
        let row =
            Cells::default().text(&t(self.lang, "settlement-csv-error")).text(lines).text(&t(self.lang, key));
        self.write(&row.row(), out);
    }
}
