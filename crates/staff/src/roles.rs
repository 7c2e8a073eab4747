//! The roles of persons and what each may do. A new role or right is a row here.

use center_base::{Level, Role};

/// Something that not everybody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    /// See payments of the own scope.
    SeePayments,
    /// See the masked network messages of a payment.
    SeeMessages,
    /// Give payments back (505).
    GiveBack,
    /// Unlock people of the own scope.
    ManagePeople,
    /// See what the own scope's companies are paid.
    SeeSettlement,
    /// Close, approve, adjust, and enter who is paid where.
    Settle,
}

/// One role.
#[derive(Clone, Copy, Debug)]
pub struct RoleRow {
    /// The role.
    pub role: Role,
    /// How wide its scope is, exactly.
    pub level: Level,
    /// The catalogue key of its name.
    pub name_key: &'static str,
    /// What it may do.
    pub rights: &'static [Right],
}

const ROWS: [RoleRow; 4] = [
    RoleRow {
        role: Role::Operator,
        level: Level::Tenant,
        name_key: "console-role-operator",
        rights: &[
            Right::SeePayments,
            Right::SeeMessages,
            Right::GiveBack,
            Right::ManagePeople,
            Right::SeeSettlement,
            Right::Settle,
        ],
    },
    RoleRow {
        role: Role::CompanyManager,
        level: Level::Company,
        name_key: "console-role-company-manager",
        rights: &[
            Right::SeePayments,
            Right::SeeMessages,
            Right::GiveBack,
            Right::ManagePeople,
            Right::SeeSettlement,
        ],
    },
    RoleRow {
        role: Role::ShopManager,
        level: Level::Shop,
        name_key: "console-role-shop-manager",
        rights: &[Right::SeePayments, Right::SeeMessages, Right::GiveBack, Right::ManagePeople],
    },
    RoleRow {
        role: Role::ShopStaff,
        level: Level::Shop,
        name_key: "console-role-shop-staff",
        rights: &[Right::SeePayments],
    },
];

/// Every role of a person.
pub fn rows() -> &'static [RoleRow] {
    &ROWS
}

/// The row of a person's role.
pub fn role_row(role: Role) -> Option<&'static RoleRow> {
    ROWS.iter().find(|row| row.role == role)
}

/// Whether a role has a right.
pub fn has(role: Role, right: Right) -> bool {
    role_row(role).is_some_and(|row| row.rights.contains(&right))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_of_a_person_has_a_row_and_no_other_role_has() {
        for role in Role::ALL {
            assert_eq!(role_row(*role).is_some(), Role::PEOPLE.contains(role), "{role:?}");
        }
        assert!(!has(Role::Anonymous, Right::SeePayments));
        assert!(!has(Role::ShopStaff, Right::ManagePeople));
        assert!(has(Role::CompanyManager, Right::SeeSettlement) && !has(Role::CompanyManager, Right::Settle));
        assert!(!has(Role::ShopManager, Right::SeeSettlement), "fees are cut per company, not per shop");
        assert!(has(Role::ShopManager, Right::GiveBack) && !has(Role::ShopStaff, Right::GiveBack), "505");
    }
}
