//! How often something may happen: so many at once, then one in a while, by name, in memory.

use crate::limits;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Generic cell rate: for each name the instant at which its allowance is whole again.
pub(crate) struct Throttle {
    burst: i64,
    every_us: i64,
    whole_at_us: Mutex<BTreeMap<String, i64>>,
}

impl Throttle {
    /// `burst` at once, then one every `every_us` microseconds.
    pub(crate) fn new(burst: i64, every_us: i64) -> Self {
        Self { burst, every_us, whole_at_us: Mutex::new(BTreeMap::new()) }
    }

    /// Whether it may happen now; if so, it counts.
    pub(crate) fn take(&self, name: &str, now_us: i64) -> bool {
        let mut names = self.whole_at_us.lock().unwrap_or_else(PoisonError::into_inner);
        let whole = names.get(name).copied().unwrap_or(now_us).max(now_us);
        let used = whole.saturating_sub(now_us);
        if used > self.every_us.saturating_mul(self.burst.saturating_sub(1)) {
            return false;
        }
        if names.len() >= limits::THROTTLE_NAMES && !names.contains_key(name) {
            names.retain(|_, whole| *whole > now_us);
            if names.len() >= limits::THROTTLE_NAMES {
                return false;
            }
        }
        names.insert(name.to_owned(), whole.saturating_add(self.every_us));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_at_once_then_one_in_a_while_and_each_name_for_itself() {
        let throttle = Throttle::new(2, 1_000);
        assert!(throttle.take("a", 0) && throttle.take("a", 0));
        assert!(!throttle.take("a", 999));
        assert!(throttle.take("b", 999));
        assert!(throttle.take("a", 1_000));
        assert!(!throttle.take("a", 1_000));
        assert!(throttle.take("a", 9_000) && throttle.take("a", 9_000) && !throttle.take("a", 9_000));
    }

    #[test]
    fn a_flood_of_names_does_not_grow_the_memory() {
        let throttle = Throttle::new(1, 1_000);
        let taken = (0..limits::THROTTLE_NAMES + 10).filter(|n| throttle.take(&n.to_string(), 0)).count();
        assert_eq!(taken, limits::THROTTLE_NAMES);
        assert!(throttle.take("later", 1_001));
    }
}
