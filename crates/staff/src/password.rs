//! Passwords in the clear, and their hashes (argon2id, m = 19 MiB, t = 2, p = 1).

use crate::limits;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use center_base::Refusal;
use codes::api;
use payment::{PasswordLack, PasswordPolicy};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

/// A password in the clear: never shown, gone from memory when dropped.
#[derive(Clone)]
pub struct Secret {
    /// As it was typed, for rules about how to type one.
    typed: Zeroizing<String>,
    /// With full-width characters as the half-width ones (NFKC): what is hashed and compared.
    text: Zeroizing<String>,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(masked)")
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Secret {}

impl<'de> serde::Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::new(&Zeroizing::new(String::deserialize(deserializer)?)))
    }
}

impl Secret {
    /// A password as typed; full-width letters count as the half-width ones (NFKC).
    pub fn new(typed: &str) -> Self {
        Self { typed: Zeroizing::new(typed.to_owned()), text: Zeroizing::new(typed.nfkc().collect()) }
    }

    /// The clear text. Search for this name to see who uses it.
    pub fn reveal(&self) -> &str {
        &self.text
    }
}

/// What a new password lacks by policy; its history is another matter.
pub(crate) fn lack(policy: &PasswordPolicy, login_id: &str, new: &Secret) -> Option<PasswordLack> {
    policy.lack(login_id, &new.typed, new.reveal())
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
    fn full_width_letters_count_as_half_width_ones_unless_the_rule_wants_them_typed_so() {
        // D-01, U-080, W-006
        let wide = Secret::new("Ｓａｋｕｒａ７７");
        assert_eq!(wide, Secret::new("Sakura77"));
        let policy = PasswordPolicy::default();
        assert_eq!(lack(&policy, "tanaka", &wide), None);
        let half = PasswordPolicy { half_width: true, ..policy };
        assert_eq!(lack(&half, "tanaka", &wide), Some(PasswordLack::FullWidth));
        assert_eq!(lack(&half, "tanaka", &Secret::new("Sakura77")), None);
        let symbols = PasswordPolicy { forbidden: "&".to_owned(), ..half };
        let refused = lack(&symbols, "tanaka", &Secret::new("Sakura7＆"));
        assert_eq!(refused, Some(PasswordLack::Forbidden { symbols: "&".to_owned() }));
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
