//! Shops with their terminals, already activated: what stands in a center's database before the first payment.

use anyhow::{Result, anyhow};
use center_base::Refusal;
use ed25519_dalek::SigningKey;
use payment::{Brand, PaymentClass, Profile};
use store::{TenantId, Url, params};

/// Terminals of one shop, and shops of one company.
const TERMINALS_A_SHOP: usize = 8;
const SHOPS_A_COMPANY: usize = 4;

/// One terminal: where it stands, how it signs, which reader it has.
#[derive(Clone)]
pub(crate) struct Terminal {
    pub(crate) id: String,
    pub(crate) shop: String,
    pub(crate) reader: String,
    /// Names the reader's own DUKPT key (X9.24-3).
    pub(crate) reader_key: [u8; 8],
    pub(crate) key: SigningKey,
    company: String,
}

/// So many terminals over shops and companies.
pub(crate) fn terminals(count: usize) -> Vec<Terminal> {
    terminals_in(count, TERMINALS_A_SHOP)
}

/// The same with so many terminals in every shop: all in one is a hot merchant.
pub(crate) fn terminals_in(count: usize, each_shop: usize) -> Vec<Terminal> {
    (0..count)
        .map(|number| {
            let shop = number / each_shop;
            let mut secret = [7; 32];
            let mut reader_key = [0xC4; 8];
            let bytes = u32::try_from(number).unwrap_or(0).to_be_bytes();
            secret.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
            reader_key.iter_mut().skip(4).zip(bytes).for_each(|(to, from)| *to = from);
            Terminal {
                id: format!("{:012}", 358_000 + number),
                shop: format!("90{shop:05}"),
                company: format!("{:05}", shop / SHOPS_A_COMPANY),
                reader: format!("R-{number:06}"),
                reader_key,
                key: SigningKey::from_bytes(&secret),
            }
        })
        .collect()
}

const ACTIVE: &str =
    "INSERT INTO terminal (tenant, id, company_id, shop_id, name, password_hash, password_used,
        failed_tries, confirmed_key, confirmed_key_id, revoked, last_counter)
     VALUES ($1, $2, $3, $4, $2, '', 1, 0, $5, $6, 0, 0)";
const BOUND: &str = "INSERT INTO reader (tenant, serial, terminal_id) VALUES ($1, $2, $3)";

/// Makes the database of a center with these terminals.
pub(crate) fn seed(url: &Url, cast: &[Terminal]) -> Result<()> {
    let db = center::open_db(url, clock::Clock::real())?;
    let cast = cast.to_vec();
    let written = db.write_blocking(TenantId(1), move |tx| put(tx, &cast));
    db.close();
    written.map_err(|error| anyhow!("the cast cannot be written: {error}"))
}

fn put(tx: &mut store::Tx<'_>, cast: &[Terminal]) -> Result<(), Refusal> {
    let tenant = tx.tenant();
    let scheme =
        tenancy::Tenant {
            name: "帳場".into(), profile: Profile::Mpos, support_phone: "0120-000-000".into()
        };
    tenancy::put_tenant(tx, "bench", &scheme)?;
    let mut shops: Vec<(&str, &str)> = cast.iter().map(|t| (t.company.as_str(), t.shop.as_str())).collect();
    shops.dedup();
    for (number, (company, shop)) in shops.into_iter().enumerate() {
        let row = tenancy::Company {
            id: company.into(),
            name: format!("つばめ商会 {company}"),
            invoice_reg_no: None,
        };
        tenancy::put_company(tx, "bench", &row)?;
        for brand in [Brand::Visa, Brand::Mastercard, Brand::Jcb] {
            let contract = tenancy::Contract { brand, classes: vec![PaymentClass::Lump] };
            tenancy::put_contract(tx, "bench", &company.into(), &contract)?;
        }
        let merchant = receipt::Merchant {
            name: format!("珈琲つばめ {shop}"),
            postal_code: "150-0013".into(),
            address: "東京都渋谷区恵比寿1-2-3".into(),
            phone: "03-0000-0000".into(),
            invoice_reg_no: None,
            counter: "001".into(),
            message: "またのお越しを".into(),
        };
        let code = format!("T{:03}", number % 1000);
        let row = tenancy::Shop { id: shop.into(), company_id: company.into(), code, merchant };
        tenancy::put_shop(tx, "bench", &row)?;
    }
    for terminal in cast {
        let public = terminal.key.verifying_key();
        let name = center_api::signature::key_id(&public);
        tx.execute(
            ACTIVE,
            params![tenant, &terminal.id, &terminal.company, &terminal.shop, public.as_bytes(), &name],
        )?;
        tx.execute(BOUND, params![tenant, &terminal.reader, &terminal.id])?;
    }
    Ok(())
}
