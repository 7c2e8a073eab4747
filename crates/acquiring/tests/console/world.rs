//! A tenant with two companies, their shops, and payments that went every way, written by the money
//! path's own units on a clock that is moved by hand.

use acquiring::console::{self, Console};
use acquiring::networks::card_iso8583::{Presented, Told as Telling, at_rest};
use acquiring::networks::line::Line;
use acquiring::path::{self, Told};
use acquiring::places::Places;
use acquiring::row::{self, Payment, Wire, WireKind};
use acquiring::service::Acquiring;
use acquiring::step::{Advice, Happening, Reason, Standing, Times};
use center_base::testing::{Program, always};
use center_base::{Base, CompanyId, Person, Refusal, Role, Scope, Secrets, ShopId, UserId};
use codes::pay;
use iso8583::private::SecureData;
use iso8583::{ECHOED, Message, Spec};
use money::Yen;
use payment::{Approval, Brand, Cvm, EntryMode, MaskedPan, Method, Operator, PaymentClass, PaymentId, State};
use receipt::{CardFacts, Merchant, Strokes};
use staff::Staff;
use std::time::Duration;
use store::{Db, Migration, TenantId};
use tenancy::{Company, PolicyLevel, Shop, Tenancy, Tenant};

/// The tenant.
pub(crate) const T: TenantId = TenantId(1);
/// Shops: two of one company, one of another.
pub(crate) const SHOPS: [(&str, &str, &str, &str); 3] = [
    ("9000009", "00008", "TSU3", "珈琲つばめ 恵比寿店"),
    ("9000010", "00008", "TSU4", "珈琲つばめ 横浜みなとみらいグランモール公園前店"),
    ("9000011", "00009", "HON1", "本とうつわ 灯台"),
];
/// The times of the shops' policy.
const TIMES: Times = Times { release_after_us: 30 * 60 * 1_000_000 };

/// Every table that the pages read.
pub(crate) fn migrations() -> Vec<Migration> {
    [
        center_base::MIGRATIONS,
        tenancy::MIGRATIONS,
        staff::MIGRATIONS,
        fleet::MIGRATIONS,
        books::MIGRATIONS,
        row::MIGRATIONS,
        acquiring::cases::MIGRATIONS,
        console::MIGRATIONS,
        acquiring::refund::MIGRATIONS,
        acquiring::taken::MIGRATIONS,
    ]
    .concat()
}

/// What becomes of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// 0210 with 00.
    Approved,
    /// Another code of DE 39.
    Refused(&'static str),
    /// The contract says no.
    RefusedHere,
    /// Nothing could be sent.
    NotSent,
    /// No answer; the reversal is not acknowledged.
    InDoubt,
    /// No answer; reversed.
    Reversed,
    /// 0110; the signature is waited for.
    Authorized,
    /// 0110, signed, 0230.
    Signed,
    /// 0110, given back.
    Released,
    /// Approved, and undone at once because the card did not finish.
    Voided,
    /// Under way.
    Sent,
}

/// A payment to be written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sale {
    /// Index in [`SHOPS`].
    pub(crate) shop: usize,
    /// How much.
    pub(crate) yen: i64,
    /// Which brand.
    pub(crate) brand: Brand,
    /// The last digits.
    pub(crate) last4: &'static str,
    /// Read how.
    pub(crate) entry: EntryMode,
    /// What becomes of it.
    pub(crate) fate: Fate,
}

impl Sale {
    /// A chip payment in the first shop.
    pub(crate) const fn of(yen: i64, fate: Fate) -> Self {
        Self { shop: 0, yen, brand: Brand::Visa, last4: "1111", entry: EntryMode::ContactIc, fate }
    }

    /// In another shop.
    pub(crate) const fn at(self, shop: usize) -> Self {
        Self { shop, ..self }
    }
}

/// A center's pages on a database.
pub(crate) struct World {
    /// What the slices were handed.
    pub(crate) base: Base,
    /// The pages.
    pub(crate) console: Console,
    count: i64,
}

impl World {
    /// Sets the cast up.
    pub(crate) async fn open(db: &Db, clock: clock::Clock, public_url: &str) -> Self {
        let base = Base::new(db.clone(), clock, T, "a-1", public_url, Secrets::new([1; 32]));
        base.write(cast).await.unwrap();
        base.refresh().await.unwrap();
        let tenancy = Tenancy::new(&base);
        let cookie = pages::cookie::SessionCookie::new("center", 8700, false);
        let staff = Staff::new(&base, &tenancy, cookie);
        // Nobody listens there: the pages ask no network.
        let line = Line::new("127.0.0.1:9", 1, base.clock.clone());
        let acquiring = Acquiring::new(&base, line, Places::new(&base, &tenancy));
        let console = Console::new(&acquiring, &tenancy, &staff);
        Self { base, console, count: 0 }
    }

    /// The program as one person uses it.
    pub(crate) fn seen_by(&self, person: Person) -> Program {
        Program::new([console::routes(self.console.clone())], vec![always(person)])
    }

    /// Moves the clock.
    pub(crate) fn wait_ms(&self, ms: u64) {
        self.base.clock.advance(Duration::from_millis(ms));
    }

    /// Writes a payment and everything that follows, a little time apart.
    pub(crate) async fn sell(&mut self, sale: Sale) -> PaymentId {
        self.count += 1;
        let count = self.count;
        let id = PaymentId::mint(self.base.clock.now_us(), [u8::try_from(count % 251).unwrap(); 10]);
        let payment = self.base.write(move |tx| begin(tx, id, count, sale)).await.unwrap();
        self.wait_ms(424);
        match sale.fate {
            Fate::Sent => {}
            Fate::RefusedHere => self.happen(id, Happening::Declined(pay::ABOVE_LIMIT), None).await,
            Fate::NotSent => {
                let wire = asked(&payment, &request(&payment), None);
                self.happen(id, Happening::Failed(pay::NO_CONNECTION), Some(wire)).await;
            }
            Fate::Refused(code) => {
                let refused = match acquiring::networks::answer_codes::verdict(code) {
                    acquiring::networks::answer_codes::Verdict::Declined(code) => Happening::Declined(code),
                    acquiring::networks::answer_codes::Verdict::Failed(code) => Happening::Failed(code),
                    other => unreachable!("{other:?} is no refusal"),
                };
                let wire = self.answered(&payment, code);
                self.happen(id, refused, Some(wire)).await;
            }
            Fate::InDoubt | Fate::Reversed => self.lose(&payment, sale.fate).await,
            Fate::Approved | Fate::Authorized | Fate::Signed | Fate::Released | Fate::Voided => {
                let approval = Approval { code: Some(format!("{:06}", 120_000 + count)) };
                let wire = self.answered(&payment, "00");
                self.happen(id, Happening::Approved(approval), Some(wire)).await;
                self.go_on(&payment, sale.fate).await;
            }
        }
        id
    }

    /// What follows an approval.
    async fn go_on(&self, payment: &Payment, fate: Fate) {
        let id = payment.id;
        match fate {
            Fate::Signed => {
                self.wait_ms(8_210);
                let strokes =
                    Strokes(vec![vec![(120, 220), (300, 80), (420, 300)], vec![(480, 120), (760, 260)]]);
                self.base.write(move |tx| Ok(row::put_signature(tx, id, &strokes)?)).await.unwrap();
                self.happen(id, Happening::Completed, None).await;
                self.advise(payment, Advice::Completion, true).await;
            }
            Fate::Released => {
                self.wait_ms(41_000);
                self.happen(id, Happening::GivenBack, None).await;
                self.advise(payment, Advice::Reversal(Reason::GivenBack), true).await;
            }
            Fate::Voided => {
                self.wait_ms(900);
                self.happen(id, Happening::ReversalAsked(pay::CRYPTOGRAM_REFUSED), None).await;
                self.advise(payment, Advice::Reversal(Reason::GivenBack), true).await;
            }
            _ => {}
        }
    }

    async fn lose(&self, payment: &Payment, fate: Fate) {
        self.wait_ms(24_576);
        let wire = asked(payment, &request(payment), None);
        self.happen(payment.id, Happening::Lost(pay::NO_ANSWER), Some(wire)).await;
        self.advise(payment, Advice::Reversal(Reason::NoAnswer), fate == Fate::Reversed).await;
    }

    async fn happen(&self, id: PaymentId, happening: Happening, wire: Option<Wire>) {
        self.base
            .write(move |tx| {
                let payment = row::load(tx, T, id)?.unwrap();
                let who = match &happening {
                    Happening::Completed | Happening::GivenBack | Happening::ReversalAsked(_) => "terminal",
                    Happening::Lost(_) => "center",
                    _ => "network card",
                };
                let told = Told { who, times: TIMES };
                path::apply(tx, &payment, happening.clone(), &told, wire.as_ref()).map(|_| ())
            })
            .await
            .unwrap();
    }

    /// The network is told, and answers or not.
    async fn advise(&self, payment: &Payment, what: Advice, answers: bool) {
        self.wait_ms(120);
        let telling = Telling { what, stan: 900, repeated: !answers, approval: None };
        let asked_us = self.base.clock.now_us();
        let message = payment.subject().advice(&telling, asked_us).unwrap();
        self.wait_ms(95);
        let kind = if what == Advice::Completion { WireKind::Completion } else { WireKind::Reversal };
        let wire = Wire {
            kind,
            asked_us,
            answered_us: answers.then(|| self.base.clock.now_us()),
            tries: if answers { 1 } else { 4 },
            request: message.encode(&Spec::BINARY).unwrap(),
            answer: answers.then(|| reply(&message, "00").encode(&Spec::BINARY).unwrap()),
        };
        let id = payment.id;
        if answers {
            self.happen(id, Happening::Acknowledged(what), Some(wire)).await;
        } else {
            self.base.write(move |tx| Ok(row::put_wire(tx, id, &wire)?)).await.unwrap();
        }
    }

    fn answered(&self, payment: &Payment, code: &str) -> Wire {
        let request = request(payment);
        let answer = at_rest(&reply(&request, code)).encode(&Spec::BINARY).unwrap();
        asked(payment, &request, Some((self.base.clock.now_us(), answer)))
    }
}

fn asked(payment: &Payment, request: &Message, answer: Option<(i64, Vec<u8>)>) -> Wire {
    let (answered_us, answer) = answer.unzip();
    Wire {
        kind: WireKind::Request,
        asked_us: payment.sent_at_us,
        answered_us,
        tries: 1,
        request: at_rest(request).encode(&Spec::BINARY).unwrap(),
        answer,
    }
}

fn reply(request: &Message, code: &str) -> Message {
    let mut answer = request.answer(ECHOED).unwrap();
    answer.set(39, code).unwrap();
    answer
}

fn request(payment: &Payment) -> Message {
    let card = payment.card.as_ref().unwrap();
    let chip = "9F02060000000008809F1A0203925F2A020392950580000080009A032611219C01009F3704A1B2C3D4\
                82023C009F360200169F2701809F26081122334455667788\
                9F3303E0F8C89F34034203009F10120110A0800322000000000000000000000000FF8407A0000000031010";
    let swiped = card.entry_mode == EntryMode::Magstripe;
    let presented = Presented {
        entry_mode: card.entry_mode,
        fallback: false,
        pan_seq: card.pan_seq.clone(),
        mcc: "5812".into(),
        class: payment.class,
        emv: if swiped { Vec::new() } else { hex::decode(chip).unwrap() },
        secure: SecureData::default(),
    };
    payment.subject().request(&presented).unwrap()
}

fn begin(tx: &mut store::Tx<'_>, id: PaymentId, count: i64, sale: Sale) -> Result<Payment, Refusal> {
    let (shop, company, code, _) = SHOPS[sale.shop];
    let swiped = sale.entry == EntryMode::Magstripe;
    let text = |text: &str| (!swiped).then(|| text.to_owned());
    let signs = matches!(sale.fate, Fate::Authorized | Fate::Signed | Fate::Released);
    let at = jiff::Timestamp::from_microsecond(tx.now_us()).unwrap();
    let class = if sale.yen >= 40_000 { PaymentClass::Installments(3) } else { PaymentClass::Lump };
    let standing = Standing {
        state: State::Sent,
        completion_follows: signs,
        advice: None,
        voided: false,
        due_us: Some(tx.now_us() + 60_000_000),
        doubt: acquiring::step::Doubt::Undo,
    };
    let payment = Payment {
        id,
        seq: tx.seq(),
        company: CompanyId::from(company),
        shop: ShopId::from(shop),
        terminal: format!("00000035800{}", sale.shop + 2).into(),
        business_date: clock::business_date(at).to_string(),
        method: Method::Card,
        class,
        amount: Yen::new(sale.yen).unwrap(),
        standing,
        version: 0,
        sent_at_us: tx.now_us(),
        changed_at_us: tx.now_us(),
        instance: "a-1".into(),
        merchant_no: shop.into(),
        slip_no: count,
        order_code: payment::order_code(code, count),
        note: (count % 3 == 0).then(|| "ブレンドコーヒーとチーズケーキのセット".to_owned()),
        tax: None,
        invoice_reg_no: None,
        operator: (count % 4 != 0).then(|| Operator { id: "aoki".into(), name: "青木 香".into() }),
        card: Some(CardFacts {
            brand: sale.brand,
            pan: MaskedPan::new("411111", sale.last4).unwrap(),
            entry_mode: sale.entry,
            cvm: match sale.entry {
                _ if signs => Cvm::Signature,
                EntryMode::ContactIc => Cvm::Pin,
                EntryMode::Contactless => Cvm::NoCvm,
                EntryMode::Magstripe => Cvm::Signature,
            },
            aid: text("A0000000031010"),
            atc: text("0016"),
            pan_seq: text("01"),
            app_label: text("CREDIT"),
        }),
        code: None,
        refunded: money::Yen::ZERO,
        refunding: money::Yen::ZERO,
        fingerprint: Some([7; 16]),
        receipt_secret: [9; 16],
    };
    row::insert(tx, &payment)?;
    Ok(payment)
}

fn cast(tx: &mut store::Tx<'_>) -> Result<(), Refusal> {
    let tenant = Tenant {
        name: "恵比寿商店会".into(),
        profile: payment::Profile::Mpos,
        support_phone: "0120-000-000".into(),
    };
    tenancy::put_tenant(tx, "cast", &tenant)?;
    for (id, name) in [("00008", "つばめ珈琲株式会社"), ("00009", "合同会社 灯台")] {
        tenancy::put_company(
            tx,
            "cast",
            &Company { id: id.into(), name: name.into(), invoice_reg_no: None },
        )?;
    }
    for (id, company, code, name) in SHOPS {
        let merchant = Merchant {
            name: name.into(),
            postal_code: "150-0013".into(),
            address: "東京都渋谷区恵比寿1-2-3".into(),
            phone: "03-0000-0000".into(),
            invoice_reg_no: None,
            counter: "001".into(),
            message: "またのお越しをお待ちしております".into(),
        };
        let shop = Shop { id: id.into(), company_id: company.into(), code: code.into(), merchant };
        tenancy::put_shop(tx, "cast", &shop)?;
    }
    let usen = serde_json::json!({"status_profile": "usen"});
    tenancy::put_policy(tx, "cast", &PolicyLevel::Shop("9000011".into()), &usen)?;
    Ok(())
}

/// A person of a role with a scope.
pub(crate) fn person(role: Role, scope: Scope) -> Person {
    Person {
        id: UserId([1; 16]),
        login_id: "aoki".into(),
        name: "青木 香".into(),
        role,
        scope,
        session: [0; 32],
        must_change_password: false,
    }
}

/// Who runs the center.
pub(crate) fn operator() -> Person {
    person(Role::Operator, Scope::Tenant)
}

/// Who works in the first shop.
pub(crate) fn clerk() -> Person {
    person(Role::ShopStaff, Scope::Shop(SHOPS[0].0.into()))
}
