//! `/settlement/documents/{id}/items`: every item of a document, or of one line with `?line=`, as CSV. Page by page from
//! payments and refunds, in the order of the hash; at the end each line must have its own sum, counts and hash, or the
//! file ends with a row that says it has not.

use super::Console;
use super::csv::{Cells, Charset};
use super::document::{Shown, shown};
use crate::close::{Likes, Own, Plan, days, entry_of, give_of, sale_of, spans};
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
use std::convert::Infallible;
use std::sync::Arc;
use store::{DbError, Inconsistent, ReadTx, TenantId};
use tokio::task::JoinHandle;

/// Items that one unit reads at most: what a file needs of memory.
const PAGE: usize = 2_000;

/// The address as it comes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    line: String,
    charset: String,
}

/// One item with what is told of it.
struct Row<'a> {
    item: Item,
    target: &'a Target,
    kind: OddKind,
    shop: &'a str,
    brand: Brand,
    payment: PaymentId,
    told: &'a Told,
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
    let file = File::new(ground, &shown, (only, caller.lang, charset));
    let walk = Walk { console, lang: caller.lang, charset, ahead: None };
    let body = Body::from_stream(stream::unfold(walk.read(file), Walk::next));
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
    /// The item if it stands in this document and was not late; `Err` when it has no place any more.
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
}

impl File {
    /// Reads on until a page is full or everything is read.
    fn page(&mut self, tx: &mut ReadTx<'_>, tenant: TenantId) -> Result<(), DbError> {
        let mut seen = 0_usize;
        while seen < PAGE {
            let room = PAGE.saturating_sub(seen);
            let (read, next) = match self.at.clone() {
                Cursor::Sales { day, shop, after } => self.sales(tx, tenant, (day, shop, after), room)?,
                Cursor::Backs { day, after } => self.backs(tx, tenant, (day, after), room)?,
                Cursor::Late(from) => self.late(tx, tenant, (from, room))?,
                Cursor::End => break,
            };
            seen = seen.saturating_add(read);
            self.at = next;
        }
        Ok(())
    }

    fn sales(
        &mut self,
        tx: &mut ReadTx<'_>,
        tenant: TenantId,
        (day, shop, after): (usize, usize, After),
        room: usize,
    ) -> Result<(usize, Cursor), DbError> {
        let ground = Arc::clone(&self.ground);
        let Some(on) = ground.days.get(day) else { return Ok((0, Cursor::Late(0))) };
        let Some(id) = ground.own.shops.get(shop) else {
            return Ok((0, Cursor::Backs { day, after: After::START }));
        };
        let (mut last, mut read, mut likes) = (after, 0_usize, Likes::default());
        let mut cells = Cells::default();
        let limit = i64::try_from(room).unwrap_or(i64::MAX);
        taken::rows_of_shop(tx, tenant, (&on.to_string(), id), after, limit, |place, row, told| {
            (last, read) = (place, read.saturating_add(1));
            if row.state != StateName::Approved {
                return Ok(());
            }
            let sale = sale_of(&row)?;
            let (kind, shop) = (OddKind::Sale, row.shop.as_str());
            let (brand, payment, told) = (sale.brand, sale.id, &told);
            let row_of = |item, target| Row { item, target, kind, shop, brand, payment, told };
            if let Some((item, span, target)) = likes.entry(&sale, ground.plan.ground()) {
                if ground.wanted.contains(span) {
                    self.take(&row_of(item, target), &mut cells);
                }
                return Ok(());
            }
            let key = ItemKey { company: sale.company, brand: sale.brand, day: sale.day, seq: sale.seq };
            match ground.take(key, entry_of_sale(&sale, ground.plan.ground())) {
                Some(Ok(Entry { item, target, .. })) => self.take(&row_of(item, &target), &mut cells),
                Some(Err(())) => self.is_lost = true,
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
        &mut self,
        tx: &mut ReadTx<'_>,
        tenant: TenantId,
        (day, after): (usize, After),
        room: usize,
    ) -> Result<(usize, Cursor), DbError> {
        let ground = Arc::clone(&self.ground);
        let on = ground.days.get(day).map(Date::to_string).unwrap_or_default();
        let (mut last, mut read, mut cells) = (after, 0_usize, Cells::default());
        let limit = i64::try_from(room).unwrap_or(i64::MAX);
        taken::backs_of_company(tx, tenant, (&on, &ground.own.company), after, limit, |place, row, told| {
            (last, read) = (place, read.saturating_add(1));
            let give = give_of(&row)?;
            let (brand, company) = (give.sale.brand, give.sale.company);
            let key = ItemKey { company, brand, day: give.day, seq: give.seq };
            match ground.take(key, entry_of_give(&give, ground.plan.ground())) {
                Some(Ok(Entry { item, target, .. })) => {
                    let (kind, shop) = (OddKind::Back, row.of.shop.as_str());
                    let (target, payment, told) = (&target, row.of.id, &told);
                    self.take(&Row { item, target, kind, shop, brand, payment, told }, &mut cells);
                }
                Some(Err(())) => self.is_lost = true,
                None => {}
            }
            Ok(())
        })?;
        if read < room {
            self.end_day();
            let day = day.saturating_add(1);
            return Ok((read, Cursor::Sales { day, shop: 0, after: After::START }));
        }
        Ok((read, Cursor::Backs { day, after: last }))
    }

    /// What is not in its own window, by sequence: rows of its own, and few.
    fn late(
        &mut self,
        tx: &mut ReadTx<'_>,
        tenant: TenantId,
        (from, room): (usize, usize),
    ) -> Result<(usize, Cursor), DbError> {
        let ground = Arc::clone(&self.ground);
        let mut all: Vec<Odd> = Vec::new();
        for span in &ground.wanted {
            let of_window = windows::odd_of(tx, tenant, span)?.into_iter();
            all.extend(of_window.filter(|odd| odd.company == ground.own.company.as_str()));
        }
        all.sort_by_key(|odd| (odd.seq, odd.item.id));
        let (mut read, mut cells) = (0_usize, Cells::default());
        for odd in all.iter().skip(from).take(room) {
            read = read.saturating_add(1);
            match entry_of(tx, tenant, &ground.plan, odd)? {
                Ok(Some(Entry { item, target, .. })) => {
                    // A void has no row of its own: what is told is its payment, without a time.
                    let of = if odd.kind == OddKind::Void { odd.payment } else { odd.item.id };
                    let lost =
                        || Inconsistent::new(format!("settle_late of {}", odd.item.id), "of a payment");
                    let mut told = taken::told_of(tx, tenant, of)?.ok_or_else(lost)?;
                    if odd.kind == OddKind::Void {
                        told.sent_at_us = 0;
                    }
                    let (kind, shop, brand) = (odd.kind, odd.shop.as_str(), odd.brand);
                    let (target, payment, told) = (&target, odd.payment, &told);
                    self.take(&Row { item, target, kind, shop, brand, payment, told }, &mut cells);
                }
                Ok(None) => {}
                Err(_) => self.is_lost = true,
            }
        }
        if read < room {
            self.end_day();
            return Ok((read, Cursor::End));
        }
        Ok((read, Cursor::Late(from.saturating_add(read))))
    }
}

/// What a line's items come to on the way.
#[derive(Clone, Default)]
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

/// A file on its way: what is written and not sent yet, and where it goes on. A unit works on a copy, since it may run
/// twice.
#[derive(Clone)]
struct File {
    ground: Arc<Ground>,
    at: Cursor,
    numbers: Arc<BTreeMap<LineKey, usize>>,
    lines: Arc<[Line]>,
    proofs: Vec<Proof>,
    is_lost: bool,
    only: Option<usize>,
    row: i64,
    lang: Lang,
    charset: Charset,
    /// The words of a sale, of what went back, of a void.
    kinds: Arc<[String; 3]>,
    out: Vec<u8>,
}

impl File {
    fn new(ground: Ground, shown: &Shown, (only, lang, charset): (Option<usize>, Lang, Charset)) -> Self {
        let numbers = (1..).zip(&shown.lines).map(|(number, line)| (line.key.clone(), number)).collect();
        let kinds = ["settlement-csv-sale", "settlement-csv-back", "settlement-csv-void"];
        let mut file = Self {
            ground: Arc::new(ground),
            at: Cursor::Sales { day: 0, shop: 0, after: After::START },
            numbers: Arc::new(numbers),
            proofs: shown.lines.iter().map(|_| Proof::default()).collect(),
            lines: shown.lines.iter().cloned().collect(),
            is_lost: false,
            only,
            row: 0,
            lang,
            charset,
            kinds: Arc::new(kinds.map(|key| t(lang, key))),
            out: Vec::new(),
        };
        file.out.extend_from_slice(charset.mark());
        charset.write(head(lang, &mut Cells::default()), &mut file.out);
        file
    }

    fn take(&mut self, row: &Row<'_>, cells: &mut Cells) {
        // What a brand pays itself is in no line.
        let Target::Line { key, nets, .. } = row.target else { return };
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
            let [sale, back, void] = &*self.kinds;
            let kind = match row.kind {
                OddKind::Sale => sale,
                OddKind::Back => back,
                OddKind::Void => void,
            };
            let time = match row.told.sent_at_us {
                0 => String::new(),
                at_us => acquiring::console::time(at_us),
            };
            let text = cells
                .number(self.row)
                .number(i64::try_from(number).unwrap_or(i64::MAX))
                .text(kind)
                .plain(row.item.day)
                .plain(time)
                .text(row.shop)
                .text(&row.told.terminal)
                .number(row.told.slip_no)
                .text(&row.told.order_code)
                .plain(row.payment)
                .plain(row.brand.word())
                .number(row.item.yen.get())
                .row();
            self.charset.write(text, &mut self.out);
        }
    }

    /// The items of a day are over; the late ones are a day of their own.
    fn end_day(&mut self) {
        for proof in &mut self.proofs {
            if let Some(day) = proof.today.take() {
                proof.hash.add(day);
            }
        }
    }

    /// At the end every line that the file has must be what was closed.
    fn prove(&mut self) {
        let proofs = std::mem::take(&mut self.proofs);
        let mut wrong = Vec::new();
        for ((number, line), proof) in (1_usize..).zip(self.lines.iter()).zip(proofs) {
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
            fault((self.lang, self.charset), "settlement-csv-differs", &lines, &mut self.out);
        }
    }
}

fn head(lang: Lang, cells: &mut Cells) -> &str {
    let keys = [
        "number", "line", "kind", "date", "time", "shop", "terminal", "slip", "order", "payment", "brand",
        "yen",
    ];
    for key in keys {
        cells.text(&t(lang, &format!("settlement-csv-{key}")));
    }
    cells.row()
}

/// A last row that cannot be taken for an item.
fn fault((lang, charset): (Lang, Charset), key: &str, lines: &str, out: &mut Vec<u8>) {
    let mut cells = Cells::default();
    cells.text(&t(lang, "settlement-csv-error")).text(lines).text(&t(lang, key));
    charset.write(cells.row(), out);
}

/// The pieces of a file, in order: while one is sent, the next is read.
struct Walk {
    console: Console,
    lang: Lang,
    charset: Charset,
    ahead: Option<JoinHandle<Result<File, Refusal>>>,
}

impl Walk {
    /// Has the next piece read behind what others do.
    fn read(mut self, file: File) -> Self {
        let base = self.console.base.clone();
        self.ahead = Some(tokio::spawn(async move {
            let (tenant, file) = (base.tenant, Arc::new(file));
            let unit = move |tx: &mut ReadTx<'_>| {
                let mut next = File::clone(&file);
                next.page(tx, tenant)?;
                Ok(next)
            };
            base.read_behind(unit).await
        }));
        self
    }

    /// The next piece of the file.
    async fn next(mut self) -> Option<(Result<Vec<u8>, Infallible>, Self)> {
        let read = self.ahead.take()?.await.unwrap_or_else(|gone| Err(Refusal::internal(gone.to_string())));
        let mut file = match read {
            Ok(file) => file,
            Err(refusal) => {
                tracing::error!(%refusal, "a file of items cannot be read");
                let mut out = Vec::new();
                fault((self.lang, self.charset), "settlement-csv-broken", "", &mut out);
                return Some((Ok(out), self));
            }
        };
        if matches!(file.at, Cursor::End) {
            file.prove();
            return Some((Ok(file.out), self));
        }
        let out = std::mem::take(&mut file.out);
        Some((Ok(out), self.read(file)))
    }
}
