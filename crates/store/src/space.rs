//! Room on the disk that books lie on, and the reserve that is kept back for what is under way.

use std::fmt;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// The reserve: with less room than this no payment and no refund begins. Those under way, reversals and the
/// refusals themselves use it.
pub const RESERVE_BYTES: u64 = 64 * 1024 * 1024;

/// Who knows how much room is left. Clones share it.
#[derive(Clone)]
pub struct Space(Arc<dyn Fn() -> Option<u64> + Send + Sync>);

impl fmt::Debug for Space {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Space({:?})", (self.0)())
    }
}

impl Space {
    /// Nobody can look, as on the disk of a database server: never short.
    pub fn unseen() -> Self {
        Self::told_by(|| None)
    }

    /// Of the file system of a folder: what this user may still write.
    pub fn of(folder: &Path) -> Self {
        // Asked for every payment: an open folder spares the look-up of its path.
        let folder = File::open(folder).ok();
        Self::told_by(move || {
            let told = rustix::fs::fstatvfs(folder.as_ref()?).ok()?;
            Some(told.f_bavail.saturating_mul(told.f_frsize))
        })
    }

    /// Of whatever tells the free bytes; nothing when it cannot be told.
    pub fn told_by(free_bytes: impl Fn() -> Option<u64> + Send + Sync + 'static) -> Self {
        Self(Arc::new(free_bytes))
    }

    /// Whether less than the reserve is left.
    pub fn is_short(&self) -> bool {
        (self.0)().is_some_and(|free| free < RESERVE_BYTES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reserve_is_begun_below_its_size_and_not_at_it() {
        let left = |bytes| Space::told_by(move || bytes).is_short();
        assert!(left(Some(RESERVE_BYTES - 1)) && left(Some(0)));
        assert!(!left(Some(RESERVE_BYTES)) && !left(None));
        assert!(!Space::unseen().is_short());
    }

    #[test]
    fn a_folder_tells_the_room_of_its_file_system() {
        let folder = tempfile::tempdir().unwrap();
        assert!((Space::of(folder.path()).0)().is_some());
        assert!((Space::of(Path::new("/nowhere/at/all")).0)().is_none());
    }
}
