//! Where a shop wants its own copies of mailed receipts (M-054); a shop without an address gets none.

use crate::address::MailAddress;
use center_base::{Refusal, ShopId, audit};
use serde_json::json;
use store::{DbError, Migration, ReadTx, TenantId, Tx, params};

pub(crate) const MIGRATION: Migration = Migration {
    name: "delivery/0002_shop_mail",
    sql: "-- The registered address of a shop for its own copies.
        CREATE TABLE shop_mail (
            tenant BIGINT NOT NULL,
            shop_id TEXT NOT NULL,
            address TEXT NOT NULL,
            PRIMARY KEY (tenant, shop_id)
        ) /*sqlite: STRICT, WITHOUT ROWID */;",
};

const PUT: &str = "INSERT INTO shop_mail (tenant, shop_id, address) VALUES ($1, $2, $3)
     ON CONFLICT (tenant, shop_id) DO UPDATE SET address = $3 WHERE shop_mail.address <> $3";
const LOAD: &str = "SELECT address FROM shop_mail WHERE tenant = $1 AND shop_id = $2";
const DROP: &str = "DELETE FROM shop_mail WHERE tenant = $1 AND shop_id = $2";

pub(crate) const STATEMENTS: [&str; 3] = [PUT, LOAD, DROP];

/// Registers the shop's address; true when something changed.
pub fn put_shop_mail(
    tx: &mut Tx<'_>,
    who: &str,
    shop: &ShopId,
    address: &MailAddress,
) -> Result<bool, Refusal> {
    let tenant = tx.tenant();
    let rows = tx.execute(PUT, params![tenant, shop, address.reveal()])?;
    changed(tx, rows, who, shop, &address.masked())
}

/// The shop gets no more copies; true when something changed.
pub fn drop_shop_mail(tx: &mut Tx<'_>, who: &str, shop: &ShopId) -> Result<bool, Refusal> {
    let tenant = tx.tenant();
    let rows = tx.execute(DROP, params![tenant, shop])?;
    changed(tx, rows, who, shop, "none")
}

fn changed(tx: &mut Tx<'_>, rows: u64, who: &str, shop: &ShopId, masked: &str) -> Result<bool, Refusal> {
    if rows == 0 {
        return Ok(false);
    }
    let about = format!("shop {shop}");
    let detail = json!({ "address": masked });
    audit::record(tx, &audit::Act { who, what: "shop_mail_changed", about: &about, detail })?;
    Ok(true)
}

/// The shop's address.
pub(crate) fn shop_mail(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    shop: &ShopId,
) -> Result<Option<MailAddress>, DbError> {
    let found = tx.query_opt(LOAD, params![tenant, shop], |row| Ok(MailAddress::typed(row.text(0)?)))?;
    Ok(found.flatten())
}
