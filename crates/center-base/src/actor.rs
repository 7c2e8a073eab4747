//! Who asks, in which role, and what of the tenant they may see.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::fmt;
use std::sync::Arc;
use store::Value;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        pub struct $name(SmolStr);
        impl $name {
            /// The stored text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(SmolStr::new(text))
            }
        }
        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text.into())
            }
        }
        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.as_str().to_owned()
            }
        }
        impl<'a> From<&'a $name> for Value<'a> {
            fn from(id: &'a $name) -> Self {
                Value::Text(id.as_str())
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.as_str())
            }
        }
    )*};
}

ids! {
    /// A company, for example `00008` (W-021).
    CompanyId;
    /// A shop, for example `9000009` (W-021).
    ShopId;
    /// A terminal, twelve digits (W-022).
    TerminalId;
}

/// A person's id: UUIDv7, sixteen bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(pub [u8; 16]);

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UserId({self})")
    }
}

/// What kind of caller an operation is open to. The rights of persons stand in `staff::roles`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Nobody has said who they are.
    Anonymous,
    /// A terminal whose key is confirmed.
    Terminal,
    /// 運営: administers the whole tenant.
    Operator,
    /// 企業管理者: all shops of one company.
    CompanyManager,
    /// 店舗管理者: one shop and its staff.
    ShopManager,
    /// 店舗担当者: one shop.
    ShopStaff,
}

impl Role {
    /// Every role, in the order of the role matrix.
    pub const ALL: &'static [Self] = &[
        Self::Anonymous,
        Self::Terminal,
        Self::Operator,
        Self::CompanyManager,
        Self::ShopManager,
        Self::ShopStaff,
    ];
    /// Everybody who signed in to the console.
    pub const PEOPLE: &'static [Self] =
        &[Self::Operator, Self::CompanyManager, Self::ShopManager, Self::ShopStaff];
    /// Terminals only.
    pub const TERMINALS: &'static [Self] = &[Self::Terminal];

    /// The stored word, also that of `x-roles`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Terminal => "terminal",
            Self::Operator => "operator",
            Self::CompanyManager => "company_manager",
            Self::ShopManager => "shop_manager",
            Self::ShopStaff => "shop_staff",
        }
    }

    /// Reads [`Role::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|role| role.word() == word)
    }
}

/// The part of the tenant that an actor may see. Every query takes one.
///
/// SQL takes it as three parameters that restrict or do not:
///
/// ```
/// # use center_base::Scope;
/// // … WHERE tenant = $1 AND (company_id = $2 OR $2 IS NULL)
/// //     AND (shop_id = $3 OR $3 IS NULL) AND (terminal_id = $4 OR $4 IS NULL)
/// let scope = Scope::Shop("9000009".into());
/// let [company, shop, terminal] = scope.sql();
/// assert_eq!((company, shop, terminal), (store::Value::Null, store::Value::Text("9000009"), store::Value::Null));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Everything of the tenant.
    Tenant,
    /// A company with its shops.
    Company(CompanyId),
    /// A shop with its terminals.
    Shop(ShopId),
    /// One terminal.
    Terminal(TerminalId),
}

impl Scope {
    /// Parameters for company, shop and terminal: NULL does not restrict.
    pub fn sql(&self) -> [Value<'_>; 3] {
        match self {
            Self::Tenant => [Value::Null, Value::Null, Value::Null],
            Self::Company(id) => [id.into(), Value::Null, Value::Null],
            Self::Shop(id) => [Value::Null, id.into(), Value::Null],
            Self::Terminal(id) => [Value::Null, Value::Null, id.into()],
        }
    }

    /// Whether something that belongs to this company and shop lies inside. A terminal's scope holds no
    /// shop: what is of a terminal is asked by its id.
    pub fn holds_shop(&self, company: &CompanyId, shop: &ShopId) -> bool {
        match self {
            Self::Tenant => true,
            Self::Company(own) => own == company,
            Self::Shop(own) => own == shop,
            Self::Terminal(_) => false,
        }
    }

    /// How wide it is.
    pub fn level(&self) -> Level {
        match self {
            Self::Tenant => Level::Tenant,
            Self::Company(_) => Level::Company,
            Self::Shop(_) => Level::Shop,
            Self::Terminal(_) => Level::Terminal,
        }
    }
}

/// How wide a scope must at least be for an operation, widest last; `x-scope` of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The operation shows nothing of any tenant.
    Public,
    /// Rows of one terminal at least.
    Terminal,
    /// Rows of one shop at least.
    Shop,
    /// Rows of one company at least.
    Company,
    /// The whole tenant.
    Tenant,
}

impl Level {
    /// The word of `x-scope`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Terminal => "terminal",
            Self::Shop => "shop",
            Self::Company => "company",
            Self::Tenant => "tenant",
        }
    }
}

/// A terminal that signed its request.
///
/// The counter is not yet stored: the unit of work that does the asked thing calls
/// `fleet::advance_counter` with it, so that it costs no commit of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedBy {
    /// The terminal.
    pub terminal: TerminalId,
    /// Its shop.
    pub shop: ShopId,
    /// The shop's company.
    pub company: CompanyId,
    /// The key's fingerprint, sixteen hex digits.
    pub key_id: Arc<str>,
    /// The request counter under the signature.
    pub counter: i64,
}

/// A person with a live session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub id: UserId,
    /// Login id.
    pub login_id: Arc<str>,
    /// Name on screens.
    pub name: Arc<str>,
    /// In which role.
    pub role: Role,
    /// What they may see.
    pub scope: Scope,
    /// SHA-256 of the session's token: names the session, opens nothing.
    pub session: [u8; 32],
    /// The password must be changed before anything else (D-07).
    pub must_change_password: bool,
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Nobody has said who they are.
    Anonymous,
    /// A terminal.
    Terminal(SignedBy),
    /// A person in the console.
    Person(Person),
}

impl Actor {
    /// In which role.
    pub fn role(&self) -> Role {
        match self {
            Self::Anonymous => Role::Anonymous,
            Self::Terminal(_) => Role::Terminal,
            Self::Person(person) => person.role,
        }
    }

    /// What they may see; nothing for nobody.
    pub fn scope(&self) -> Option<Scope> {
        match self {
            Self::Anonymous => None,
            Self::Terminal(by) => Some(Scope::Terminal(by.terminal.clone())),
            Self::Person(person) => Some(person.scope.clone()),
        }
    }

    /// The name in audit entries and timelines: `terminal 000000358002`, `person tanaka`, `anonymous`.
    pub fn label(&self) -> String {
        match self {
            Self::Anonymous => "anonymous".to_owned(),
            Self::Terminal(by) => format!("terminal {}", by.terminal),
            Self::Person(person) => format!("person {}", person.login_id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_holds_its_own_shops_and_no_others() {
        let (company, shop) = (CompanyId::from("00008"), ShopId::from("9000009"));
        assert!(Scope::Tenant.holds_shop(&company, &shop));
        assert!(Scope::Company("00008".into()).holds_shop(&company, &shop));
        assert!(!Scope::Company("00009".into()).holds_shop(&company, &shop));
        assert!(Scope::Shop("9000009".into()).holds_shop(&company, &shop));
        assert!(!Scope::Shop("9000010".into()).holds_shop(&company, &shop));
        assert!(!Scope::Terminal("000000358002".into()).holds_shop(&company, &shop));
    }

    #[test]
    fn wider_levels_are_larger_and_every_role_is_read_back() {
        assert!(
            Level::Tenant > Level::Company
                && Level::Shop > Level::Terminal
                && Level::Terminal > Level::Public
        );
        for role in Role::ALL {
            assert_eq!(Role::from_word(role.word()), Some(*role));
        }
    }
}
