//! Amounts: `JPY` in its major unit, which is whole yen.

use crate::limits;
use money::Yen;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The only currency (the issue: JPY only).
pub const CURRENCY: &str = "JPY";

/// A wire amount: `880`; `880.0` and `880.00` are the same; a fraction of a yen is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amount(pub Yen);

/// Reads a JSON number's text. Floats are never computed with: the digits decide.
fn read(text: &str) -> Option<Yen> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || fraction.bytes().any(|byte| byte != b'0') {
        return None;
    }
    let yen = whole.parse::<i64>().ok()?;
    if yen > limits::AMOUNT_MAX_YEN { None } else { Yen::new(yen).ok() }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0.get())
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = serde_json::Number::deserialize(deserializer)?;
        read(&number.to_string())
            .map(Self)
            .ok_or_else(|| de::Error::custom("an amount is whole yen between 0 and 99,999,999"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_whole_yen_however_the_number_is_written() {
        for (text, yen) in [("880", 880), ("880.0", 880), ("880.00", 880), ("0", 0), ("99999999", 99_999_999)]
        {
            let read: Amount = serde_json::from_str(text).unwrap();
            assert_eq!(read.0.get(), yen, "{text}");
        }
        for text in ["880.5", "-1", "1e3", "100000000", "\"880\"", "null", "1e400", "0.1"] {
            let read = serde_json::from_str::<Amount>(text);
            // A whole number in another notation may pass, but never as another sum.
            assert!(read.is_err() || (text == "1e3" && read.unwrap().0.get() == 1000), "{text}");
        }
    }

    #[test]
    fn an_amount_is_written_without_a_fraction() {
        assert_eq!(serde_json::to_string(&Amount(Yen::new(880).unwrap())).unwrap(), "880");
    }
}
