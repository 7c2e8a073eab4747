//! The terminal password: four digits, kept as argon2id only.

use crate::limits;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use center_base::{Refusal, random};
use std::fmt;
use std::sync::Arc;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

/// A terminal password as an administrator issues it (W-022, D-30). Never shown.
#[derive(Clone)]
pub struct TerminalPassword(Zeroizing<String>);

impl fmt::Debug for TerminalPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TerminalPassword(masked)")
    }
}

impl TerminalPassword {
    /// Four digits.
    pub fn new(text: &str) -> Result<Self, Refusal> {
        if text.len() == limits::PASSWORD_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(Self(Zeroizing::new(text.to_owned())));
        }
        Err(Refusal::bad("a terminal password has four digits"))
    }

    pub(crate) fn candidate(&self) -> Candidate {
        Candidate(self.0.clone())
    }
}

/// A password that somebody offers, of any form. Never shown.
#[derive(Clone)]
pub(crate) struct Candidate(Zeroizing<String>);

impl Candidate {
    pub(crate) fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

/// Hashes and compares, a few at the same time, away from the threads that serve requests.
pub(crate) struct Hashing(Arc<Semaphore>);

impl Default for Hashing {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(limits::HASHES_AT_ONCE)))
    }
}

/// 19 MiB, two rounds, one lane (S4).
fn argon() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::default())
}

fn hash(password: &Candidate, salt: [u8; 16]) -> Result<String, Refusal> {
    let hash = argon().hash_password_with_salt(password.0.as_bytes(), &salt);
    hash.map(|hash| hash.to_string()).map_err(|error| Refusal::internal(format!("argon2: {error}")))
}

/// Whether the password is the one that was hashed. Without a hash it takes as long and says no.
fn is_right(password: &Candidate, stored: Option<&str>) -> Result<bool, Refusal> {
    let Some(stored) = stored else {
        return hash(password, [0; 16]).map(|_| false);
    };
    let stored = PasswordHash::new(stored).map_err(|error| Refusal::internal(format!("argon2: {error}")))?;
    Ok(argon().verify_password(password.0.as_bytes(), &stored).is_ok())
}

impl Hashing {
    pub(crate) async fn hash(&self, password: Candidate) -> Result<String, Refusal> {
        let salt = random::<16>()?;
        self.run(move || hash(&password, salt)).await
    }

    pub(crate) async fn is_right(
        &self,
        password: Candidate,
        stored: Option<String>,
    ) -> Result<bool, Refusal> {
        self.run(move || is_right(&password, stored.as_deref())).await
    }

    async fn run<T, F>(&self, work: F) -> Result<T, Refusal>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T, Refusal> + Send + 'static,
    {
        let turn = Arc::clone(&self.0).acquire_owned().await;
        let turn = turn.map_err(|_| Refusal::internal("hashing has ended"))?;
        // The turn goes with the work, which runs on when nobody waits for it any more.
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(turn);
            done
        })
        .await;
        done.map_err(|error| Refusal::internal(format!("hashing was cut off: {error}")))?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_four_digits_and_is_never_shown() {
        // W-022, D-30
        let password = TerminalPassword::new("5282").unwrap();
        assert_eq!(format!("{password:?}"), "TerminalPassword(masked)");
        for text in ["", "528", "52821", "52a2", "５２８２"] {
            assert!(TerminalPassword::new(text).is_err(), "{text}");
        }
    }

    #[test]
    fn only_the_right_password_is_right() {
        let right = TerminalPassword::new("5282").unwrap().candidate();
        let stored = hash(&right, [7; 16]).unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(is_right(&right, Some(&stored)).unwrap());
        assert!(!is_right(&Candidate::new("5283".to_owned()), Some(&stored)).unwrap());
        assert!(!is_right(&right, None).unwrap());
        assert!(is_right(&right, Some("nonsense")).is_err());
    }
}
