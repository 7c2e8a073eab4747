//! Places of terminals, kept in memory until configuration changes.

use crate::place::Place;
use center_base::{Refusal, SignedBy};
use std::sync::Arc;

#[derive(Clone)]
pub struct Places(pub Arc<Place>);
impl Places {
    pub async fn of(&self, _by: &SignedBy) -> Result<Arc<Place>, Refusal> { Ok(Arc::clone(&self.0)) }
}
