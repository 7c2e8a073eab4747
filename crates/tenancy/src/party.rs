//! Tenant, companies and shops (W-020, W-021).

use crate::changed;
use center_base::{CompanyId, Refusal, Scope, ShopId};
use payment::Profile;
use serde::{Deserialize, Serialize};
use store::{DbError, Inconsistent, Migration, ReadTx, Row, TenantId, Tx, Value, params};

pub(crate) const TENANT: Migration = Migration {
    name: "tenancy/0001_tenant",
    sql: "-- Who runs this center, and the profile that every policy starts from.
        CREATE TABLE tenant (
            tenant BIGINT NOT NULL PRIMARY KEY,
            name TEXT NOT NULL,
            profile TEXT NOT NULL,
            support_phone TEXT NOT NULL
        ) /*sqlite: STRICT, WITHOUT ROWID */;",
};
pub(crate) const COMPANY: Migration = Migration {
    name: "tenancy/0002_company",
    sql: "-- Companies: the contract holders.
        CREATE TABLE company (
            tenant BIGINT NOT NULL,
            id TEXT NOT NULL,
            name TEXT NOT NULL,
            PRIMARY KEY (tenant, id)
        ) /*sqlite: STRICT, WITHOUT ROWID */;",
};
pub(crate) const SHOP: Migration = Migration {
    name: "tenancy/0003_shop",
    sql: "-- Shops: the places of business, with what their slips say.
        CREATE TABLE shop (
            tenant BIGINT NOT NULL,
            id TEXT NOT NULL,
            company_id TEXT NOT NULL,
            code TEXT NOT NULL,
            name TEXT NOT NULL,
            postal_code TEXT NOT NULL,
            address TEXT NOT NULL,
            phone TEXT NOT NULL,
            counter TEXT NOT NULL,
            message TEXT NOT NULL,
            PRIMARY KEY (tenant, id),
            UNIQUE (tenant, code)
        ) /*sqlite: STRICT, WITHOUT ROWID */;",
};
pub(crate) const REGISTRATION: Migration = Migration {
    name: "tenancy/0007_invoice_reg_no",
    sql: "-- The company's registration number for qualified invoices, which its shops' slips show (X-080).
        ALTER TABLE company ADD COLUMN invoice_reg_no TEXT;",
};

pub(crate) const TENANT_PUT: &str =
    "INSERT INTO tenant (tenant, name, profile, support_phone) VALUES ($1, $2, $3, $4)
     ON CONFLICT (tenant) DO UPDATE SET name = $2, profile = $3, support_phone = $4
       WHERE tenant.name <> $2 OR tenant.profile <> $3 OR tenant.support_phone <> $4";
pub(crate) const TENANT_LOAD: &str = "SELECT name, profile, support_phone FROM tenant WHERE tenant = $1";
pub(crate) const COMPANY_PUT: &str =
    "INSERT INTO company (tenant, id, name, invoice_reg_no) VALUES ($1, $2, $3, $4)
     ON CONFLICT (tenant, id) DO UPDATE SET name = $3, invoice_reg_no = $4
       WHERE company.name <> $3 OR company.invoice_reg_no IS DISTINCT FROM $4";
pub(crate) const COMPANIES: &str = "SELECT id, name, invoice_reg_no FROM company
      WHERE tenant = $1 AND (id = $2 OR $2 IS NULL)
        AND (id = (SELECT company_id FROM shop WHERE tenant = $1 AND id = $3) OR $3 IS NULL)
      ORDER BY id";
pub(crate) const SHOP_PUT: &str =
    "INSERT INTO shop (tenant, id, company_id, code, name, postal_code, address, phone, counter, message)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     ON CONFLICT (tenant, id) DO UPDATE
        SET code = $4, name = $5, postal_code = $6, address = $7, phone = $8, counter = $9, message = $10
      WHERE shop.company_id = $3
        AND (shop.code <> $4 OR shop.name <> $5 OR shop.postal_code <> $6 OR shop.address <> $7
             OR shop.phone <> $8 OR shop.counter <> $9 OR shop.message <> $10)";
pub(crate) const SHOPS: &str = "SELECT s.id, s.company_id, s.code, s.name, s.postal_code, s.address, s.phone,
            s.counter, s.message, c.invoice_reg_no
       FROM shop s
       JOIN company c ON c.tenant = s.tenant AND c.id = s.company_id
      WHERE s.tenant = $1 AND (s.company_id = $2 OR $2 IS NULL) AND (s.id = $3 OR $3 IS NULL)
      ORDER BY s.company_id, s.id";
pub(crate) const SHOP_LOAD: &str =
    "SELECT s.id, s.company_id, s.code, s.name, s.postal_code, s.address, s.phone,
            s.counter, s.message, c.invoice_reg_no, c.name, t.support_phone
       FROM shop s
       JOIN company c ON c.tenant = s.tenant AND c.id = s.company_id
       JOIN tenant t ON t.tenant = s.tenant
      WHERE s.tenant = $1 AND s.id = $2";

/// The operator of this center.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tenant {
    /// Name.
    pub name: String,
    /// The manual that its policies start from (model.md 3.6).
    pub profile: Profile,
    /// Support phone for the foot of every screen.
    pub support_phone: String,
}

/// A company (企業).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Company {
    /// For example `00008` (W-021).
    pub id: CompanyId,
    /// Name.
    pub name: String,
    /// Its registration number for qualified invoices, `T` and thirteen digits; none where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice_reg_no: Option<String>,
}

/// A shop (店舗).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shop {
    /// For example `9000009` (W-021).
    pub id: ShopId,
    /// Its company; a shop does not move.
    pub company_id: CompanyId,
    /// Four letters and digits in front of order codes.
    pub code: String,
    /// What slips say. The registration number is the company's and is not given here.
    pub merchant: receipt::Merchant,
}

/// A shop with what stands above it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShopFull {
    /// The shop.
    pub shop: Shop,
    /// Its company's name.
    pub company_name: String,
    /// Whom to call.
    pub support_phone: String,
}

const fn profile_word(profile: Profile) -> &'static str {
    match profile {
        Profile::Mpos => "mpos",
        Profile::Usen => "usen",
    }
}

/// Writes the tenant; true when something changed.
pub fn put_tenant(tx: &mut Tx<'_>, who: &str, row: &Tenant) -> Result<bool, Refusal> {
    let (tenant, profile) = (tx.tenant(), profile_word(row.profile));
    let rows = tx.execute(TENANT_PUT, params![tenant, &row.name, profile, &row.support_phone])?;
    changed(tx, rows, who, "tenant_changed", &row.name, serde_json::json!({ "profile": profile }))
}

/// The tenant.
pub fn tenant(tx: &mut ReadTx<'_>, tenant: TenantId) -> Result<Option<Tenant>, DbError> {
    tx.query_opt(TENANT_LOAD, params![tenant], |row| {
        let profile = match row.text(1)? {
            "mpos" => Profile::Mpos,
            "usen" => Profile::Usen,
            _ => return Err(Inconsistent::new("tenant.profile", "mpos or usen").into()),
        };
        Ok(Tenant { name: row.text(0)?.to_owned(), profile, support_phone: row.text(2)?.to_owned() })
    })
}

/// Writes a company; true when something changed.
pub fn put_company(tx: &mut Tx<'_>, who: &str, row: &Company) -> Result<bool, Refusal> {
    let (tenant, number) = (tx.tenant(), row.invoice_reg_no.as_deref());
    if number.is_some_and(|number| !payment::tax::is_invoice_reg_no(number)) {
        return Err(Refusal::bad("invoice_reg_no: T and thirteen digits"));
    }
    let rows = tx.execute(COMPANY_PUT, params![tenant, &row.id, &row.name, number])?;
    let about = format!("company {}", row.id);
    let what = serde_json::json!({ "name": row.name, "invoice_reg_no": number });
    changed(tx, rows, who, "company_changed", &about, what)
}

/// The companies in a scope; that of the shop for a shop's scope.
pub fn companies(tx: &mut ReadTx<'_>, tenant: TenantId, scope: &Scope) -> Result<Vec<Company>, DbError> {
    let [company, shop, terminal] = scope.sql();
    if terminal != Value::Null {
        return Ok(Vec::new());
    }
    tx.query_all(COMPANIES, &[tenant.into(), company, shop], |row| {
        Ok(Company {
            id: row.text(0)?.into(),
            name: row.text(1)?.to_owned(),
            invoice_reg_no: row.opt_text(2)?.map(str::to_owned),
        })
    })
}

/// Writes a shop; true when something changed. A shop stays with its company.
pub fn put_shop(tx: &mut Tx<'_>, who: &str, row: &Shop) -> Result<bool, Refusal> {
    let code = row.code.len() == 4
        && row.code.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    if !code {
        return Err(Refusal::bad("a shop's code has four capital letters and digits"));
    }
    if row.merchant.invoice_reg_no.is_some() {
        return Err(Refusal::bad("invoice_reg_no is the company's"));
    }
    let (tenant, m) = (tx.tenant(), &row.merchant);
    let values = params![
        tenant,
        &row.id,
        &row.company_id,
        &row.code,
        &m.name,
        &m.postal_code,
        &m.address,
        &m.phone,
        &m.counter,
        &m.message,
    ];
    let rows = tx.execute(SHOP_PUT, values)?;
    let about = format!("shop {}", row.id);
    changed(tx, rows, who, "shop_changed", &about, serde_json::json!({ "name": m.name, "code": row.code }))
}

/// The shops in a scope. A terminal's scope names no shop: ask [`shop`] for the terminal's own.
pub fn shops(tx: &mut ReadTx<'_>, tenant: TenantId, scope: &Scope) -> Result<Vec<Shop>, DbError> {
    let [company, shop, terminal] = scope.sql();
    if terminal != Value::Null {
        return Ok(Vec::new());
    }
    tx.query_all(SHOPS, &[tenant.into(), company, shop], shop_row)
}

/// One shop with its company's name, for a caller that has already proved to belong to it.
pub fn shop(tx: &mut ReadTx<'_>, tenant: TenantId, id: &ShopId) -> Result<Option<ShopFull>, DbError> {
    tx.query_opt(SHOP_LOAD, params![tenant, id], |row| {
        Ok(ShopFull {
            shop: shop_row(row)?,
            company_name: row.text(10)?.to_owned(),
            support_phone: row.text(11)?.to_owned(),
        })
    })
}

fn shop_row(row: &Row<'_>) -> Result<Shop, DbError> {
    Ok(Shop {
        id: row.text(0)?.into(),
        company_id: row.text(1)?.into(),
        code: row.text(2)?.to_owned(),
        merchant: receipt::Merchant {
            name: row.text(3)?.to_owned(),
            postal_code: row.text(4)?.to_owned(),
            address: row.text(5)?.to_owned(),
            phone: row.text(6)?.to_owned(),
            invoice_reg_no: row.opt_text(9)?.map(str::to_owned),
            counter: row.text(7)?.to_owned(),
            message: row.text(8)?.to_owned(),
        },
    })
}
