//! The last resort of a story that waits for something that never comes: the process ends and says what
//! was waited for. No assertion hangs on it.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Far longer than any story takes.
const PATIENCE: Duration = Duration::from_mins(4);

/// Ends the process unless it is dropped in time.
pub(crate) struct Watchdog {
    /// What the story is waiting for, and what was told so far.
    pub(crate) note: Arc<Mutex<String>>,
    _alive: Sender<()>,
}

impl Watchdog {
    /// Watches the story of this name.
    pub(crate) fn new(name: &str) -> Self {
        let (alive, gone) = channel();
        let note = Arc::new(Mutex::new(String::new()));
        let (said, name) = (Arc::clone(&note), name.to_owned());
        std::thread::spawn(move || {
            if gone.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                let note = said.lock().unwrap_or_else(PoisonError::into_inner);
                let text = format!("\nthe story {name} does not go on:\n{note}\n");
                drop(std::io::Write::write_all(&mut std::io::stderr(), text.as_bytes()));
                std::process::abort();
            }
        });
        Self { note, _alive: alive }
    }
}
