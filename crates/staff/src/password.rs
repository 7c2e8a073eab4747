//! Passwords: what a good one is by policy, and their hashes (argon2id, m = 19 MiB, t = 2, p = 1).

use crate::limits;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use center_base::Refusal;
use codes::api;
use payment::PasswordPolicy;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

/// A password in the clear: never shown, gone from memory when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(masked)")
    }
}

impl<'de> serde::Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::new(&Zeroizing::new(String::deserialize(deserializer)?)))
    }
}

impl Secret {
    /// A password as typed; full-width letters count as the half-width ones (NFKC).
    pub fn new(typed: &str) -> Self {
        Self(Zeroizing::new(typed.nfkc().collect()))
    }

    /// The clear text. Search for this name to see who uses it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// What a new password lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weakness {
    /// Shorter than the policy's length.
    TooShort,
    /// Longer than anybody types.
    TooLong,
    /// Too few of digits, lower case, upper case, symbols (D-01).
    TooFewClasses,
    /// The login id stands in it (D-07).
    LikeLogin,
    /// One of the last ones (D-03).
    UsedBefore,
}

impl Weakness {
    /// The catalogue key of its sentence.
    pub const fn key(self) -> &'static str {
        match self {
            Self::TooShort => "console-password-too-short",
            Self::TooLong => "console-password-too-long",
            Self::TooFewClasses => "console-password-too-few-classes",
            Self::LikeLogin => "console-password-like-login",
            Self::UsedBefore => "console-password-used-before",
        }
    }
}

/// Whether a new password is one by policy; its history is another matter.
pub(crate) fn check(policy: &PasswordPolicy, login_id: &str, new: &Secret) -> Result<(), Weakness> {
    let text = new.reveal();
    let chars = text.chars().count();
    if chars < policy.min_length {
        return Err(Weakness::TooShort);
    }
    if chars > limits::PASSWORD_CHARS {
        return Err(Weakness::TooLong);
    }
    let classes: [fn(char) -> bool; 4] = [
        |c| c.is_ascii_digit(),
        char::is_lowercase,
        char::is_uppercase,
        |c| !c.is_alphanumeric() && !c.is_whitespace(),
    ];
    if classes.iter().filter(|class| text.chars().any(*class)).count() < policy.min_classes {
        return Err(Weakness::TooFewClasses);
    }
    if !login_id.is_empty() && text.to_lowercase().contains(login_id) {
        return Err(Weakness::LikeLogin);
    }
    Ok(())
}

/// Hashes and verifies, off the async threads, a few at a time: a hash costs 19 MiB and 30 ms (S4).
#[derive(Clone)]
pub struct Hasher {
    free: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
}

impl Default for Hasher {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let free = Arc::new(Semaphore::new(cores.saturating_mul(limits::HASHES_PER_CORE)));
        Self { free, waiting: Arc::default() }
    }
}

impl Hasher {
    /// The PHC string of a password.
    pub async fn hash(&self, secret: &Secret) -> Result<String, Refusal> {
        let secret = secret.clone();
        self.off_thread(move || hash_here(&secret)).await?
    }

    /// Whether the password belongs to the hash. Without a hash it is hashed for nobody, so that an unknown
    /// login takes as long as a known one, and the answer is no.
    pub async fn verify(&self, secret: &Secret, hash: Option<&str>) -> Result<bool, Refusal> {
        let (secret, hash) = (secret.clone(), hash.map(str::to_owned));
        self.off_thread(move || match hash {
            Some(hash) => Ok(verify_here(&secret, &hash)),
            None => hash_here(&secret).map(|_| false),
        })
        .await?
    }

    async fn off_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let waiting = Waiting::enter(&self.waiting)?;
        let permit = Arc::clone(&self.free).acquire_owned().await;
        let permit = permit.map_err(|_| Refusal::internal("the hasher is closed"))?;
        drop(waiting);
        let done = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        });
        done.await.map_err(|e| Refusal::internal(format!("a hash was not finished: {e}")))
    }
}

/// One place in the queue for a hash.
struct Waiting(Arc<AtomicUsize>);

impl Waiting {
    fn enter(count: &Arc<AtomicUsize>) -> Result<Self, Refusal> {
        let place = Self(Arc::clone(count));
        if count.fetch_add(1, Ordering::AcqRel) >= limits::HASHES_WAITING {
            return Err(api::TOO_MANY.into());
        }
        Ok(place)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

fn argon2() -> Result<Argon2<'static>, Refusal> {
    let params = Params::new(19_456, 2, 1, None).map_err(|e| Refusal::internal(e.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash_here(secret: &Secret) -> Result<String, Refusal> {
    let hash = argon2()?.hash_password(secret.reveal().as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|e| Refusal::internal(e.to_string()))
}

fn verify_here(secret: &Secret, hash: &str) -> bool {
    argon2().is_ok_and(|argon2| argon2.verify_password(secret.reveal().as_bytes(), hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_password_follows_the_policy() {
        // D-01, D-02, D-07
        let policy = PasswordPolicy::default();
        let check = |text: &str| check(&policy, "tanaka", &Secret::new(text));
        assert_eq!(check("Sakura-7"), Ok(()));
        assert_eq!(check("Ｓａｋｕｒａ７７"), Ok(()), "full-width is welcome");
        assert_eq!(check("Sakur-7"), Err(Weakness::TooShort));
        assert_eq!(check("sakura77"), Err(Weakness::TooFewClasses));
        assert_eq!(check("Tanaka-77"), Err(Weakness::LikeLogin));
        assert_eq!(check(&"Aa1-".repeat(40)), Err(Weakness::TooLong));
    }

    #[tokio::test]
    async fn a_hash_is_argon2id_with_its_own_salt_and_only_its_password_fits() {
        // S4
        let hasher = Hasher::default();
        let secret = Secret::new("Sakura-7");
        let (one, two) = (hasher.hash(&secret).await.unwrap(), hasher.hash(&secret).await.unwrap());
        assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
        assert_ne!(one, two);
        assert!(hasher.verify(&secret, Some(&one)).await.unwrap());
        assert!(!hasher.verify(&Secret::new("Sakura-8"), Some(&one)).await.unwrap());
        assert!(!hasher.verify(&Secret::new("nobody"), None).await.unwrap());
        assert_eq!(format!("{secret:?}"), "Secret(masked)");
    }

    #[tokio::test]
    async fn a_crowd_at_the_door_is_told_to_come_again() {
        // S4
        let hasher = Hasher::default();
        hasher.waiting.store(limits::HASHES_WAITING, Ordering::Release);
        let refused = hasher.verify(&Secret::new("x"), None).await.unwrap_err();
        assert_eq!(refused.code, api::TOO_MANY);
    }
}
