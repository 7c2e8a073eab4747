//! What goes into a statement and what comes back: whole numbers, texts, bytes, nothing.

use crate::error::DbError;
use rusqlite::types::ValueRef;

/// A parameter or a cell. Yes and no are 1 and 0; an instant is microseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// BIGINT.
    I64(i64),
    /// TEXT; must not hold a zero character, which PostgreSQL cannot store.
    Text(&'a str),
    /// BYTEA or BLOB.
    Bytes(&'a [u8]),
    /// NULL.
    Null,
}

/// The parameters of a statement, in the order of their numbers: `params![id.as_bytes(), 880, note]`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::Value::from($value)),*] };
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::I64(number)
    }
}

impl From<bool> for Value<'_> {
    fn from(yes: bool) -> Self {
        Self::I64(i64::from(yes))
    }
}

impl From<crate::TenantId> for Value<'_> {
    fn from(tenant: crate::TenantId) -> Self {
        Self::I64(tenant.0)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a> From<&'a Vec<u8>> for Value<'a> {
    fn from(bytes: &'a Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Value<'a> {
    fn from(bytes: &'a [u8; N]) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl Value<'_> {
    /// Refuses what only one of the engines could store.
    pub(crate) fn storable(&self) -> Result<(), DbError> {
        match self {
            Self::Text(text) if text.contains('\0') => {
                Err(DbError::Refused("a text with a zero character cannot be stored".to_owned()))
            }
            Self::Text(_) | Self::I64(_) | Self::Bytes(_) | Self::Null => Ok(()),
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::I64(_) => "a whole number",
            Self::Text(_) => "a text",
            Self::Bytes(_) => "bytes",
            Self::Null => "nothing",
        }
    }
}

/// A stored value that cannot be: names the place, never the value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place} is not {wanted}")]
pub struct Inconsistent {
    /// Table, column and id as far as known.
    pub place: String,
    /// What should stand there.
    pub wanted: String,
}

impl Inconsistent {
    /// `Inconsistent::new("payment.state of 0192…", "a state of the table")`.
    pub fn new(place: impl Into<String>, wanted: impl Into<String>) -> Self {
        Self { place: place.into(), wanted: wanted.into() }
    }
}

/// One row of an answer, read by column number from 0.
#[derive(Clone, Copy)]
pub struct Row<'a>(pub(crate) Cells<'a>);

#[derive(Clone, Copy)]
pub(crate) enum Cells<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
    Postgres(&'a ::postgres::Row),
}

impl<'a> Row<'a> {
    /// The cell as it is.
    pub fn value(&self, column: usize) -> Result<Value<'a>, DbError> {
        match self.0 {
            Cells::Sqlite(row) => match row.get_ref(column) {
                Ok(ValueRef::Integer(number)) => Ok(Value::I64(number)),
                Ok(ValueRef::Text(text)) => std::str::from_utf8(text)
                    .map(Value::Text)
                    .map_err(|_| wrong(column, "a UTF-8 text", "bytes")),
                Ok(ValueRef::Blob(bytes)) => Ok(Value::Bytes(bytes)),
                Ok(ValueRef::Null) => Ok(Value::Null),
                Ok(ValueRef::Real(_)) => Err(wrong(column, "a whole number", "a fraction")),
                Err(_) => Err(wrong(column, "part of the answer", "beyond the last column")),
            },
            Cells::Postgres(row) => crate::engine::postgres::cell(row, column)
                .ok_or_else(|| wrong(column, "BIGINT, TEXT or BYTEA", "of another type")),
        }
    }

    /// A whole number.
    pub fn i64(&self, column: usize) -> Result<i64, DbError> {
        self.opt_i64(column)?.ok_or_else(|| wrong(column, "a whole number", Value::Null.kind()))
    }

    /// A whole number or nothing.
    pub fn opt_i64(&self, column: usize) -> Result<Option<i64>, DbError> {
        match self.value(column)? {
            Value::I64(number) => Ok(Some(number)),
            Value::Null => Ok(None),
            other => Err(wrong(column, "a whole number", other.kind())),
        }
    }

    /// Yes or no, stored as 1 or 0.
    pub fn bool(&self, column: usize) -> Result<bool, DbError> {
        match self.i64(column)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(wrong(column, "0 or 1", "another number")),
        }
    }

    /// A text.
    pub fn text(&self, column: usize) -> Result<&'a str, DbError> {
        self.opt_text(column)?.ok_or_else(|| wrong(column, "a text", Value::Null.kind()))
    }

    /// A text or nothing.
    pub fn opt_text(&self, column: usize) -> Result<Option<&'a str>, DbError> {
        match self.value(column)? {
            Value::Text(text) => Ok(Some(text)),
            Value::Null => Ok(None),
            other => Err(wrong(column, "a text", other.kind())),
        }
    }

    /// Bytes.
    pub fn bytes(&self, column: usize) -> Result<&'a [u8], DbError> {
        self.opt_bytes(column)?.ok_or_else(|| wrong(column, "bytes", Value::Null.kind()))
    }

    /// Bytes or nothing.
    pub fn opt_bytes(&self, column: usize) -> Result<Option<&'a [u8]>, DbError> {
        match self.value(column)? {
            Value::Bytes(bytes) => Ok(Some(bytes)),
            Value::Null => Ok(None),
            other => Err(wrong(column, "bytes", other.kind())),
        }
    }

    /// Exactly `N` bytes: an id (16), a hash (32).
    pub fn array<const N: usize>(&self, column: usize) -> Result<[u8; N], DbError> {
        self.opt_array(column)?.ok_or_else(|| wrong(column, "bytes", Value::Null.kind()))
    }

    /// Exactly `N` bytes or nothing.
    pub fn opt_array<const N: usize>(&self, column: usize) -> Result<Option<[u8; N]>, DbError> {
        self.opt_bytes(column)?
            .map(|bytes| {
                bytes.try_into().map_err(|_| wrong(column, "bytes of the right length", "longer or shorter"))
            })
            .transpose()
    }
}

fn wrong(column: usize, wanted: &str, found: &str) -> DbError {
    Inconsistent::new(format!("column {column} of the answer ({found})"), wanted).into()
}
