//! The stories: what a shopkeeper, a customer and the books see of a payment, from the plain one to
//! every trouble. Read the texts under `tests/golden/`; `UPDATE_EXPECT=1` writes them anew.

mod back;
mod books;
mod codes;
mod paid;
mod refused;
mod register;
mod settle;
mod totals;
mod trouble;

/// Compares a story with the text that was read.
macro_rules! check {
    ($name:literal, $title:literal, $tell:expr) => {
        expect_test::expect_file![concat!("../golden/", $name, ".txt")]
            .assert_eq(&stories::story($name, $title, $tell))
    };
}
pub(crate) use check;
