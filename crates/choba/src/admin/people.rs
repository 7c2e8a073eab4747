//! What an operator does before anybody can log in: the first person, a cast, an unlock.

use crate::cast::Cast;
use crate::programs::{StartFault, center as center_program};
use center_base::{Role, Scope};
use staff::{NewPerson, Secret};
use std::path::Path;

const WHO: &str = "admin command";

/// Makes a person who administers the whole tenant, and gives back the password that must be changed
/// at the first login.
pub async fn first_operator(
    settings: &center_program::Settings,
    login: &str,
    name: &str,
) -> Result<String, StartFault> {
    let center = center_program::open(settings)?;
    let password = fresh_password()?;
    let person = NewPerson {
        login_id: login.to_owned(),
        email: None,
        name: name.to_owned(),
        role: Role::Operator,
        scope: Scope::Tenant,
        password: Secret::new(&password),
        must_change: true,
    };
    let made = center.staff.put_person(WHO, person).await.map_err(StartFault::new)?;
    center.base.db.clone().close();
    if made {
        Ok(password)
    } else {
        Err(StartFault::new(format!("There is already somebody who logs in as {login}; nothing was changed.")))
    }
}

/// Four groups of letters and digits with a capital, a small letter, a digit and a sign in each.
fn fresh_password() -> Result<String, StartFault> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(StartFault::new)?;
    let groups = bytes.chunks(4).map(|group| format!("{}q", hex::encode(group).to_uppercase()));
    Ok(groups.collect::<Vec<_>>().join("-"))
}

/// Loads companies, shops, terminals, people and contracts from a file.
pub async fn load_cast(settings: &center_program::Settings, file: &Path) -> Result<(), StartFault> {
    let text = std::fs::read_to_string(file)
        .map_err(|why| StartFault::new(format!("The file {} cannot be read: {why}.", file.display())))?;
    let cast = Cast::read(&text)?;
    let center = center_program::open(settings)?;
    let loaded = cast.load(&center).await;
    center.base.db.clone().close();
    loaded
}

/// Ends a lock after too many wrong passwords (D-06).
pub async fn unlock(settings: &center_program::Settings, login: &str) -> Result<(), StartFault> {
    let center = center_program::open(settings)?;
    let done = center.staff.unlock(WHO, login).await.map_err(StartFault::new);
    center.base.db.clone().close();
    done
}
