//! The rows behind the pages: lists by day or by id, sums of a day, what is open. Every query takes the
//! scope; what the actor may not see is not found.

use super::filter::Filter;
use crate::payment_columns;
use crate::row::{Payment, payment_row};
use center_base::Scope;
use money::Yen;
use payment::{Brand, PaymentId, StateName, StatusProfile};
use store::{DbError, Inconsistent, Migration, ReadTx, TenantId, Value};

/// Rows on a page of the list.
pub(crate) const PAGE_ROWS: usize = 50;
/// Open payments that are shown above the list; the rest is counted.
pub(crate) const OPEN_ROWS: usize = 6;

/// The indexes of these pages.
pub const MIGRATIONS: &[Migration] = &[Migration {
    name: "acquiring/0003_console",
    sql: "-- For the console: a day over all shops, what is open whatever its day, look-ups by id (W-051).
        CREATE INDEX payment_list ON payment (tenant, business_date, seq);
        CREATE INDEX payment_open ON payment (tenant, changed_at_us)
         WHERE state IN ('in_doubt', 'authorized');
        CREATE INDEX payment_public ON payment (tenant, public_id);
        CREATE INDEX payment_order ON payment (tenant, order_code);",
}];

// What was voided is shown as reversed (`Payment::shown_state`), in lists, sums and filters alike.

/// A day's rows, narrowed: with `$4` a shop that stands or may be open.
macro_rules! of_day {
    ($shop:literal) => {
        concat!(
            " FROM payment
      WHERE tenant = $1 AND business_date = $2 AND (company_id = $3 OR $3 IS NULL) AND ",
            $shop,
            " AND (terminal_id = $5 OR $5 IS NULL) AND (terminal_id LIKE $6 OR $6 IS NULL)
        AND (CASE WHEN given_back_yen = 0 THEN state ELSE 'reversed' END IN ($7, $8, $9) OR $7 IS NULL)
        AND (brand = $10 OR $10 IS NULL)
        AND amount_yen >= $11 AND amount_yen <= $12
        AND (approval = $13 OR last4 = $13 OR CAST(slip_no AS TEXT) = $14 OR $13 IS NULL)"
        )
    };
}
macro_rules! list {
    ($shop:literal) => {
        concat!("SELECT ", payment_columns!(), of_day!($shop), " AND seq < $15 ORDER BY seq DESC LIMIT $16")
    };
}
// The hour is that of Asia/Tokyo, nine hours ahead, in microseconds.
macro_rules! sums {
    ($shop:literal) => {
        concat!(
            "SELECT CASE WHEN given_back_yen = 0 THEN state ELSE 'reversed' END, COALESCE(brand, ''), (sent_at_us + 32400000000) / 3600000000 % 24,
        COUNT(*), CAST(SUM(amount_yen) AS BIGINT)",
            of_day!($shop),
            " GROUP BY CASE WHEN given_back_yen = 0 THEN state ELSE 'reversed' END, COALESCE(brand, ''),
        (sent_at_us + 32400000000) / 3600000000 % 24"
        )
    };
}
macro_rules! visible {
    ($what:literal) => {
        concat!(
            "SELECT ",
            payment_columns!(),
            " FROM payment
      WHERE tenant = $1 AND (company_id = $2 OR $2 IS NULL) AND (shop_id = $3 OR $3 IS NULL)
        AND (terminal_id = $4 OR $4 IS NULL) AND ",
            $what
        )
    };
}

// Two texts each, because an index that begins with the shop serves only a query that names one.
const LIST: &str = list!("(shop_id = $4 OR $4 IS NULL)");
const LIST_SHOP: &str = list!("shop_id = $4");
const SUMS: &str = sums!("(shop_id = $4 OR $4 IS NULL)");
const SUMS_SHOP: &str = sums!("shop_id = $4");
const OPEN: &str = visible!("state IN ('in_doubt', 'authorized') ORDER BY changed_at_us, id LIMIT $5");
const BY_ID: &str = visible!("id = $5");
const BY_PUBLIC_ID: &str = visible!("public_id = $5 ORDER BY seq DESC LIMIT 50");
const BY_ORDER: &str = visible!("order_code = $5 ORDER BY seq DESC LIMIT 50");

/// Every statement of these pages.
pub const STATEMENTS: &[&str] = &[LIST, LIST_SHOP, SUMS, SUMS_SHOP, OPEN, BY_ID, BY_PUBLIC_ID, BY_ORDER];

/// A part of a day: what was taken, refused or left open with a brand within an hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sum {
    pub(crate) state: StateName,
    pub(crate) brand: Option<Brand>,
    /// 0 to 23, Asia/Tokyo.
    pub(crate) hour: usize,
    pub(crate) count: i64,
    pub(crate) amount: Yen,
}

/// What a list page shows.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// Newest first.
    pub(crate) rows: Vec<Payment>,
    /// Older ones follow.
    pub(crate) more: bool,
    /// Found by an id, whatever its day.
    pub(crate) by_id: bool,
    pub(crate) sums: Vec<Sum>,
}

/// Who looks, at whose rows.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub(crate) tenant: TenantId,
    pub(crate) scope: Scope,
    pub(crate) profile: StatusProfile,
}

/// The list with its sums. An id finds its payment whatever the day (W-051).
pub(crate) fn find(tx: &mut ReadTx<'_>, view: &View, filter: &Filter) -> Result<Found, DbError> {
    if !filter.text.is_empty() {
        let rows = by_id(tx, view, &filter.text)?;
        if !rows.is_empty() {
            let sums = rows.iter().filter_map(one).collect();
            return Ok(Found { rows, more: false, by_id: true, sums });
        }
    }
    let mut rows = list(tx, view, filter)?;
    let more = rows.len() > PAGE_ROWS;
    rows.truncate(PAGE_ROWS);
    Ok(Found { rows, more, by_id: false, sums: sums(tx, view, filter)? })
}

/// A sum of one payment.
fn one(row: &Payment) -> Option<Sum> {
    let at = jiff::Timestamp::from_microsecond(row.sent_at_us).ok()?;
    Some(Sum {
        state: row.shown_state(),
        brand: row.card.as_ref().map(|card| card.brand),
        hour: usize::try_from(at.to_zoned(clock::tokyo()).hour()).ok()?,
        count: 1,
        amount: row.amount,
    })
}

/// The parameters `$1` to `$14`, and whether a shop is named.
struct Narrowed {
    on: String,
    shop: Option<String>,
    terminal_end: Option<String>,
    text: Option<String>,
    slip: Option<String>,
    states: [Option<&'static str>; 3],
    impossible: bool,
}

impl Narrowed {
    fn new(view: &View, filter: &Filter) -> Self {
        let own = match &view.scope {
            Scope::Shop(shop) => Some(shop.as_str().to_owned()),
            Scope::Tenant | Scope::Company(_) | Scope::Terminal(_) => None,
        };
        let impossible = own.is_some() && filter.shop.is_some() && own != filter.shop;
        let text = Some(filter.text.to_uppercase()).filter(|text| !text.is_empty());
        Self {
            on: filter.on.to_string(),
            shop: own.or_else(|| filter.shop.clone()),
            terminal_end: filter.terminal.as_ref().map(|digits| format!("%{digits}")),
            slip: text.as_ref().map(|text| text.trim_start_matches('0').to_owned()),
            text,
            states: filter.states(view.profile),
            impossible,
        }
    }

    fn params<'a>(&'a self, view: &'a View, filter: &'a Filter) -> Vec<Value<'a>> {
        let [company, _, terminal] = view.scope.sql();
        let [first, second, third] = self.states;
        vec![
            view.tenant.into(),
            (&self.on).into(),
            company,
            self.shop.as_ref().into(),
            terminal,
            self.terminal_end.as_ref().into(),
            first.into(),
            second.into(),
            third.into(),
            filter.brand.map(Brand::word).into(),
            filter.min.map_or(0, Yen::get).into(),
            filter.max.map_or(i64::MAX, Yen::get).into(),
            self.text.as_ref().into(),
            self.slip.as_ref().into(),
        ]
    }
}

/// The question of a shop that looks at one of its days, from the top.
fn of_shop(tenant: TenantId, shop: &str, on: jiff::civil::Date) -> (View, Filter) {
    let view = View { tenant, scope: Scope::Shop(shop.into()), profile: StatusProfile::Mpos };
    (view, Filter::read(&super::filter::Asked::default(), on))
}

/// The first page of a shop's day as the list shows it, newest first.
pub fn first_page(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    shop: &str,
    on: jiff::civil::Date,
) -> Result<Vec<Payment>, DbError> {
    let (view, filter) = of_shop(tenant, shop, on);
    list(tx, &view, &filter)
}

/// How many sums stand above that page: one for each state, brand and hour.
pub fn day_sums(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    shop: &str,
    on: jiff::civil::Date,
) -> Result<usize, DbError> {
    let (view, filter) = of_shop(tenant, shop, on);
    Ok(sums(tx, &view, &filter)?.len())
}

fn list(tx: &mut ReadTx<'_>, view: &View, filter: &Filter) -> Result<Vec<Payment>, DbError> {
    let narrowed = Narrowed::new(view, filter);
    if narrowed.impossible {
        return Ok(Vec::new());
    }
    let mut params = narrowed.params(view, filter);
    params.push(filter.before.unwrap_or(i64::MAX).into());
    params.push(i64::try_from(PAGE_ROWS).unwrap_or(50).saturating_add(1).into());
    tx.query_all(if narrowed.shop.is_some() { LIST_SHOP } else { LIST }, &params, payment_row)
}

fn sums(tx: &mut ReadTx<'_>, view: &View, filter: &Filter) -> Result<Vec<Sum>, DbError> {
    let narrowed = Narrowed::new(view, filter);
    if narrowed.impossible {
        return Ok(Vec::new());
    }
    let params = narrowed.params(view, filter);
    tx.query_all(if narrowed.shop.is_some() { SUMS_SHOP } else { SUMS }, &params, |row| {
        let odd = |column: &str, wanted: &str| Inconsistent::new(format!("payment.{column}"), wanted);
        let brand = row.text(1)?;
        Ok(Sum {
            state: StateName::from_word(row.text(0)?).ok_or_else(|| odd("state", "a state of model 3.3"))?,
            brand: Brand::from_word(brand),
            hour: usize::try_from(row.i64(2)?).map_err(|_| odd("sent_at_us", "an instant"))?,
            count: row.i64(3)?,
            amount: Yen::new(row.i64(4)?).map_err(|_| odd("amount_yen", "a sum"))?,
        })
    })
}

/// What waits for somebody, the oldest first, whatever its day; one more than is shown.
pub(crate) fn open(tx: &mut ReadTx<'_>, view: &View) -> Result<Vec<Payment>, DbError> {
    let [company, shop, terminal] = view.scope.sql();
    let limit = i64::try_from(OPEN_ROWS).unwrap_or(6).saturating_add(1);
    tx.query_all(OPEN, &[view.tenant.into(), company, shop, terminal, limit.into()], payment_row)
}

/// One payment inside a scope.
pub(crate) fn visible(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    scope: &Scope,
    id: PaymentId,
) -> Result<Option<Payment>, DbError> {
    let [company, shop, terminal] = scope.sql();
    tx.query_opt(BY_ID, &[tenant.into(), company, shop, terminal, id.bytes().into()], payment_row)
}

/// What a text names: the whole id, the six characters of the slip, or an order code.
fn by_id(tx: &mut ReadTx<'_>, view: &View, text: &str) -> Result<Vec<Payment>, DbError> {
    let View { tenant, scope, .. } = view;
    if let Ok(id) = text.parse::<PaymentId>() {
        return Ok(visible(tx, *tenant, scope, id)?.into_iter().collect());
    }
    let [company, shop, terminal] = scope.sql();
    let mut ask = |sql: &str, key: &str| {
        tx.query_all(sql, &[(*tenant).into(), company, shop, terminal, key.into()], payment_row)
    };
    if text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return ask(BY_PUBLIC_ID, text);
    }
    if text.contains('-') {
        return ask(BY_ORDER, &text.to_uppercase());
    }
    Ok(Vec::new())
}

/// The newest commit of the tenant: grows with everything that a page could show.
pub(crate) fn newest(tx: &mut ReadTx<'_>, tenant: TenantId) -> Result<i64, DbError> {
    tx.head_seq(tenant)
}
