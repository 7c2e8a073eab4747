//! `/settlement/documents/{id}/items`: every item of a document, or of one line with `?line=`, as CSV. Page by page from
//! payments and refunds, in the order of the hash; at the end each line must have its own sum, counts and hash, or the
//! file ends with a row that says it has not.

use super::Console;
use super::csv::{Cells, Charset};
use super::document::{Shown, shown};
use crate::close::{Likes, Own, Plan, aside, days, entry_of, give_of, sale_of, spans};
use crate::rows::windows::{self, Odd, OddKind};
use crate::rules::{
    DayDigest, Entry, Item, ItemKey, ItemsHash, Line, LineKey, Span, Target, belongs, entry_of_give,
    entry_of_sale,
};
use acquiring::taken::{self, After, Back, Taken, Told};
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Response};
use center_base::{Base, Caller, CompanyId, Refusal, Scope};
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
use tokio::sync::mpsc;

/// Rows that one unit reads at most: what a file needs of memory.
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
    let ground = Arc::new(console.base.read(move |tx| Ok(ground(tx, tenant, pay_on, &company)?)).await?);
    let charset = Charset::read(&asked.charset);
    let name = match only {
        Some(number) => format!("{id}-{number}.csv"),
        None => format!("{id}.csv"),
    };
    let file = File::new(&ground, &shown, (only, caller.lang, charset));
    let (pages, read) = mpsc::channel(1);
    tokio::spawn(read_on(console.base.clone(), ground, pages));
    let body = Body::from_stream(stream::unfold(Walk(Some((file, read))), Walk::next));
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

/// What is read, in the order of the hash.
enum Piece {
    Sale(Taken, Told),
    Back(Back, Told),
    /// What is not in its own window, with its place and what is told of it; nothing when it has no place any more.
    Odd(Odd, Option<(Entry, Told)>),
    /// The items of a day are over; the late ones are a day of their own.
    DayEnds,
}

/// Some rows, and where the next unit goes on.
struct Page {
    pieces: Vec<Piece>,
    next: Cursor,
}

impl Ground {
    /// Reads on until a page is full or everything is read.
    fn page(&self, tx: &mut ReadTx<'_>, tenant: TenantId, from: Cursor) -> Result<Page, DbError> {
        let mut page = Page { pieces: Vec::with_capacity(PAGE), next: from };
        while page.pieces.len() < PAGE {
            let room = PAGE.saturating_sub(page.pieces.len());
            page.next = match page.next.clone() {
                Cursor::Sales { day, shop, after } => {
                    self.sales(tx, tenant, (day, shop, after), room, &mut page.pieces)?
                }
                Cursor::Backs { day, after } => {
                    self.backs(tx, tenant, (day, after), room, &mut page.pieces)?
                }
                Cursor::Late(from) => self.late(tx, tenant, (from, room), &mut page.pieces)?,
                Cursor::End => break,
            };
        }
        Ok(page)
    }

    fn sales(
        &self,
        tx: &mut ReadTx<'_>,
        tenant: TenantId,
        (day, shop, after): (usize, usize, After),
        room: usize,
        pieces: &mut Vec<Piece>,
    ) -> Result<Cursor, DbError> {
        let Some(on) = self.days.get(day) else { return Ok(Cursor::Late(0)) };
        let Some(id) = self.own.shops.get(shop) else {
            return Ok(Cursor::Backs { day, after: After::START });
        };
        let (mut last, mut read) = (after, 0_usize);
        let limit = i64::try_from(room).unwrap_or(i64::MAX);
        taken::rows_of_shop(tx, tenant, (&on.to_string(), id), after, limit, |place, row, told| {
            (last, read) = (place, read.saturating_add(1));
            pieces.push(Piece::Sale(row, told));
            Ok(())
        })?;
        Ok(if read < room {
            Cursor::Sales { day, shop: shop.saturating_add(1), after: After::START }
        } else {
            Cursor::Sales { day, shop, after: last }
        })
    }

    fn backs(
        &self,
        tx: &mut ReadTx<'_>,
        tenant: TenantId,
        (day, after): (usize, After),
        room: usize,
        pieces: &mut Vec<Piece>,
    ) -> Result<Cursor, DbError> {
        let on = self.days.get(day).map(Date::to_string).unwrap_or_default();
        let (mut last, mut read) = (after, 0_usize);
        let limit = i64::try_from(room).unwrap_or(i64::MAX);
        taken::backs_of_company(tx, tenant, (&on, &self.own.company), after, limit, |place, row, told| {
            (last, read) = (place, read.saturating_add(1));
            pieces.push(Piece::Back(row, told));
            Ok(())
        })?;
        if read < room {
            pieces.push(Piece::DayEnds);
            return Ok(Cursor::Sales { day: day.saturating_add(1), shop: 0, after: After::START });
        }
        Ok(Cursor::Backs { day, after: last })
    }

    /// What is not in its own window, by sequence: rows of its own, and few.
    fn late(
        &self,
        tx: &mut ReadTx<'_>,
        tenant: TenantId,
        (from, room): (usize, usize),
        pieces: &mut Vec<Piece>,
    ) -> Result<Cursor, DbError> {
        let mut all: Vec<Odd> = Vec::new();
        for span in &self.wanted {
            let of_window = windows::odd_of(tx, tenant, span)?.into_iter();
            all.extend(of_window.filter(|odd| odd.company == self.own.company.as_str()));
        }
        all.sort_by_key(|odd| (odd.seq, odd.item.id));
        let mut read = 0_usize;
        for odd in all.into_iter().skip(from).take(room) {
            read = read.saturating_add(1);
            let entry = match entry_of(tx, tenant, &self.plan, &odd)? {
                Ok(Some(entry)) => entry,
                Ok(None) => continue,
                Err(_) => {
                    pieces.push(Piece::Odd(odd, None));
                    continue;
                }
            };
            // A void has no row of its own: what is told is its payment, without a time.
            let of = if odd.kind == OddKind::Void { odd.payment } else { odd.item.id };
            let lost = || Inconsistent::new(format!("settle_late of {}", odd.item.id), "of a payment");
            let mut told = taken::told_of(tx, tenant, of)?.ok_or_else(lost)?;
            if odd.kind == OddKind::Void {
                told.sent_at_us = 0;
            }
            pieces.push(Piece::Odd(odd, Some((entry, told))));
        }
        if read < room {
            pieces.push(Piece::DayEnds);
            return Ok(Cursor::End);
        }
        Ok(Cursor::Late(from.saturating_add(read)))
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

/// A file on its way: what its items come to so far, and what is written and not sent yet.
struct File {
    ground: Arc<Ground>,
    numbers: BTreeMap<LineKey, usize>,
    lines: Vec<Line>,
    proofs: Vec<Proof>,
    is_lost: bool,
    /// Everything is read, written and proved.
    is_over: bool,
    only: Option<usize>,
    row: i64,
    lang: Lang,
    charset: Charset,
    /// The words of a sale, of what went back, of a void.
    kinds: [String; 3],
    cells: Cells,
    out: Vec<u8>,
}

impl File {
    fn new(
        ground: &Arc<Ground>,
        shown: &Shown,
        (only, lang, charset): (Option<usize>, Lang, Charset),
    ) -> Self {
        let numbers = (1..).zip(&shown.lines).map(|(number, line)| (line.key.clone(), number)).collect();
        let kinds = ["settlement-csv-sale", "settlement-csv-back", "settlement-csv-void"];
        let mut file = Self {
            ground: Arc::clone(ground),
            numbers,
            proofs: shown.lines.iter().map(|_| Proof::default()).collect(),
            lines: shown.lines.clone(),
            is_lost: false,
            is_over: false,
            only,
            row: 0,
            lang,
            charset,
            kinds: kinds.map(|key| t(lang, key)),
            cells: Cells::default(),
            out: Vec::new(),
        };
        file.out.extend_from_slice(charset.mark());
        charset.write(head(lang, &mut Cells::default()), &mut file.out);
        file
    }

    /// Writes what was read, and proves at the end.
    fn write(mut self, page: Page) -> Result<(Vec<u8>, Self), Refusal> {
        let (ground, mut likes) = (Arc::clone(&self.ground), Likes::default());
        for piece in page.pieces {
            match piece {
                Piece::Sale(row, told) => self.sale(&row, &told, &ground, &mut likes)?,
                Piece::Back(row, told) => self.back(&row, &told, &ground)?,
                Piece::Odd(odd, Some((Entry { item, target, .. }, told))) => {
                    let (kind, shop, brand) = (odd.kind, odd.shop.as_str(), odd.brand);
                    let (target, payment, told) = (&target, odd.payment, &told);
                    self.take(&Row { item, target, kind, shop, brand, payment, told });
                }
                Piece::Odd(_, None) => self.is_lost = true,
                Piece::DayEnds => self.end_day(),
            }
        }
        self.is_over = matches!(page.next, Cursor::End);
        if self.is_over {
            self.prove();
        }
        Ok((std::mem::take(&mut self.out), self))
    }

    fn sale(&mut self, row: &Taken, told: &Told, ground: &Ground, likes: &mut Likes) -> Result<(), DbError> {
        if row.state != StateName::Approved {
            return Ok(());
        }
        let sale = sale_of(row)?;
        let (kind, shop, brand, payment) = (OddKind::Sale, row.shop.as_str(), sale.brand, sale.id);
        let row_of = |item, target| Row { item, target, kind, shop, brand, payment, told };
        if let Some((item, span, target)) = likes.entry(&sale, ground.plan.ground()) {
            if ground.wanted.contains(span) {
                self.take(&row_of(item, target));
            }
        } else {
            let key = ItemKey { company: sale.company, brand, day: sale.day, seq: sale.seq };
            match ground.take(key, entry_of_sale(&sale, ground.plan.ground())) {
                Some(Ok(Entry { item, target, .. })) => self.take(&row_of(item, &target)),
                Some(Err(())) => self.is_lost = true,
                None => {}
            }
        }
        Ok(())
    }

    fn back(&mut self, row: &Back, told: &Told, ground: &Ground) -> Result<(), DbError> {
        let give = give_of(row)?;
        let (brand, company) = (give.sale.brand, give.sale.company);
        let key = ItemKey { company, brand, day: give.day, seq: give.seq };
        match ground.take(key, entry_of_give(&give, ground.plan.ground())) {
            Some(Ok(Entry { item, target, .. })) => {
                let (kind, shop) = (OddKind::Back, row.of.shop.as_str());
                let (target, payment) = (&target, row.of.id);
                self.take(&Row { item, target, kind, shop, brand, payment, told });
            }
            Some(Err(())) => self.is_lost = true,
            None => {}
        }
        Ok(())
    }

    fn take(&mut self, row: &Row<'_>) {
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
            let text = self
                .cells
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

/// Reads page after page behind what others do, one ahead of who takes them, until nobody does.
async fn read_on(base: Base, ground: Arc<Ground>, pages: mpsc::Sender<Result<Page, Refusal>>) {
    let mut at = Cursor::Sales { day: 0, shop: 0, after: After::START };
    while !matches!(at, Cursor::End) {
        let (tenant, ground, from) = (base.tenant, Arc::clone(&ground), at);
        let read = base.read_behind(move |tx| Ok(ground.page(tx, tenant, from.clone())?)).await;
        at = read.as_ref().map_or(Cursor::End, |page| page.next.clone());
        if pages.send(read).await.is_err() {
            return;
        }
    }
}

/// The pieces of a file, in order: while one is written and sent, the next is read. Nothing behind the last.
struct Walk(Option<(File, mpsc::Receiver<Result<Page, Refusal>>)>);

impl Walk {
    /// The next piece of the file.
    async fn next(self) -> Option<(Result<Vec<u8>, Infallible>, Self)> {
        let (file, mut pages) = self.0?;
        let (lang, charset) = (file.lang, file.charset);
        let written = match pages.recv().await {
            Some(Ok(page)) => aside(move || file.write(page)).await.flatten(),
            Some(Err(refusal)) => Err(refusal),
            None if file.is_over => return None,
            // A file that only stops would look whole.
            None => Err(Refusal::internal("who reads the file is gone")),
        };
        match written {
            Ok((out, file)) => Some((Ok(out), Self(Some((file, pages))))),
            Err(refusal) => {
                tracing::error!(%refusal, "a file of items cannot be read");
                let mut out = Vec::new();
                fault((lang, charset), "settlement-csv-broken", "", &mut out);
                Some((Ok(out), Self(None)))
            }
        }
    }
}
