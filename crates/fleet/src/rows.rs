//! The tables of terminals and readers, and what other slices may ask of them.

use center_base::{CompanyId, Scope, ShopId, TerminalId};
use store::{DbError, Migration, ReadTx, Row, TenantId, Tx, params};

pub(crate) const TERMINAL: Migration = Migration {
    name: "fleet/0001_terminal",
    sql: "-- Terminals: where they stand, how they are activated, by which key they are known.
        CREATE TABLE terminal (
            tenant BIGINT NOT NULL,
            id TEXT NOT NULL,
            company_id TEXT NOT NULL,
            shop_id TEXT NOT NULL,
            name TEXT NOT NULL,
            password_hash TEXT NOT NULL,
            password_until_us BIGINT,
            password_used BIGINT NOT NULL,
            failed_tries BIGINT NOT NULL,
            pending_key BYTEA,
            pending_key_id TEXT,
            pending_reader TEXT,
            confirmed_key BYTEA,
            confirmed_key_id TEXT,
            activated_at_us BIGINT,
            revoked BIGINT NOT NULL,
            last_counter BIGINT NOT NULL,
            PRIMARY KEY (tenant, id)
        ) /*sqlite: STRICT, WITHOUT ROWID */;
        CREATE INDEX terminal_of_shop ON terminal (tenant, shop_id, id);",
};

pub(crate) const READER: Migration = Migration {
    name: "fleet/0002_reader",
    sql: "-- Card readers by serial number, each bound to one terminal, a terminal to one reader.
        CREATE TABLE reader (
            tenant BIGINT NOT NULL,
            serial TEXT NOT NULL,
            terminal_id TEXT NOT NULL,
            PRIMARY KEY (tenant, serial),
            UNIQUE (tenant, terminal_id)
        ) /*sqlite: STRICT, WITHOUT ROWID */;",
};

pub(crate) const LOAD: &str =
    "SELECT t.id, t.company_id, t.shop_id, t.name, r.serial, t.confirmed_key_id, t.activated_at_us,
            t.revoked, t.failed_tries
       FROM terminal t LEFT JOIN reader r ON r.tenant = t.tenant AND r.terminal_id = t.id
      WHERE t.tenant = $1 AND t.id = $2";
pub(crate) const LIST: &str =
    "SELECT t.id, t.company_id, t.shop_id, t.name, r.serial, t.confirmed_key_id, t.activated_at_us,
            t.revoked, t.failed_tries
       FROM terminal t LEFT JOIN reader r ON r.tenant = t.tenant AND r.terminal_id = t.id
      WHERE t.tenant = $1 AND (t.company_id = $2 OR $2 IS NULL)
        AND (t.shop_id = $3 OR $3 IS NULL) AND (t.id = $4 OR $4 IS NULL)
      ORDER BY t.id";
pub(crate) const BOUND: &str = "SELECT 1 FROM reader WHERE tenant = $1 AND serial = $2 AND terminal_id = $3";
pub(crate) const READER_HOLDER: &str = "SELECT terminal_id FROM reader WHERE tenant = $1 AND serial = $2";
pub(crate) const READER_FREE: &str = "DELETE FROM reader WHERE tenant = $1 AND terminal_id = $2";
pub(crate) const READER_BIND: &str = "INSERT INTO reader (tenant, serial, terminal_id) VALUES ($1, $2, $3)";

/// Whether a terminal may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Waits for its activation.
    New,
    /// Its key is confirmed.
    Active,
    /// Blocked by an administrator, or because a copy of its data was in use.
    Revoked,
}

/// A terminal as others see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terminal {
    /// Twelve digits (W-022).
    pub id: TerminalId,
    /// Company of its shop.
    pub company: CompanyId,
    /// Shop.
    pub shop: ShopId,
    /// Device name (W-022).
    pub name: String,
    /// Serial number of the reader bound to it (M-014).
    pub reader: Option<String>,
    /// Whether it may be used.
    pub standing: Standing,
    /// When its present key was confirmed, UTC microseconds since 1970.
    pub activated_at_us: Option<i64>,
    /// Activation is locked after wrong passwords (D-30).
    pub is_locked: bool,
}

fn read(row: &Row<'_>) -> Result<Terminal, DbError> {
    let standing = match (row.bool(7)?, row.opt_text(5)?) {
        (true, _) => Standing::Revoked,
        (false, Some(_)) => Standing::Active,
        (false, None) => Standing::New,
    };
    Ok(Terminal {
        id: row.text(0)?.into(),
        company: row.text(1)?.into(),
        shop: row.text(2)?.into(),
        name: row.text(3)?.to_owned(),
        reader: row.opt_text(4)?.map(str::to_owned),
        standing,
        activated_at_us: row.opt_i64(6)?,
        is_locked: row.i64(8)? >= crate::limits::PASSWORD_TRIES,
    })
}

/// One terminal, for a caller that has already proved to belong to it.
pub fn terminal(tx: &mut ReadTx<'_>, tenant: TenantId, id: &TerminalId) -> Result<Option<Terminal>, DbError> {
    tx.query_opt(LOAD, params![tenant, id], read)
}

/// The terminals in a scope, by id (W-024).
pub fn terminals(tx: &mut ReadTx<'_>, tenant: TenantId, scope: &Scope) -> Result<Vec<Terminal>, DbError> {
    let [company, shop, terminal] = scope.sql();
    tx.query_all(LIST, &[tenant.into(), company, shop, terminal], read)
}

/// Whether a reader belongs to a terminal; if not, its cards are refused with payment-991 (M-014).
pub fn reader_is_bound(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    terminal: &TerminalId,
    serial: &str,
) -> Result<bool, DbError> {
    Ok(tx.query_opt(BOUND, params![tenant, serial, terminal], |_| Ok(()))?.is_some())
}

/// The terminal that holds a reader.
pub(crate) fn reader_holder(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    serial: &str,
) -> Result<Option<TerminalId>, DbError> {
    tx.query_opt(READER_HOLDER, params![tenant, serial], |row| Ok(row.text(0)?.into()))
}

/// Binds a reader that nobody else holds, in place of the terminal's former one. True when that changed
/// anything; an empty serial number changes nothing.
pub(crate) fn bind_reader(
    tx: &mut Tx<'_>,
    terminal: &TerminalId,
    serial: &str,
) -> Result<bool, center_base::Refusal> {
    let tenant = tx.tenant();
    if serial.is_empty() {
        return Ok(false);
    }
    match reader_holder(tx, tenant, serial)? {
        Some(holder) if holder == *terminal => return Ok(false),
        Some(_) => return Err(codes::pay::READER_NOT_BOUND.into()),
        None => {}
    }
    tx.execute(READER_FREE, params![tenant, terminal])?;
    tx.execute(READER_BIND, params![tenant, serial, terminal])?;
    Ok(true)
}
