//! What an operator does before anybody can log in: the first person, a cast, an unlock.

use crate::cast::Cast;
use crate::programs::{StartFault, center as center_program};
use center_base::{Refusal, Role, Scope, TerminalId};
use fleet::TerminalPassword;
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
        Err(StartFault::new(format!(
            "There is already somebody who logs in as {login}; nothing was changed."
        )))
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
    let done = center.staff.unlock(WHO, login).await.map_err(|refusal| nobody(refusal, login));
    center.base.db.clone().close();
    done
}

/// Gives a person a first password again and gives it back; it must be changed at the next login, and a lock
/// ends (U-013).
pub async fn reset_password(settings: &center_program::Settings, login: &str) -> Result<String, StartFault> {
    let center = center_program::open(settings)?;
    let password = fresh_password()?;
    let done = center.staff.reset_password(WHO, login, &Secret::new(&password)).await;
    center.base.db.clone().close();
    done.map(|()| password).map_err(|refusal| nobody(refusal, login))
}

/// Why nothing was done about a person, as one sentence where nobody has the login.
fn nobody(refusal: Refusal, login: &str) -> StartFault {
    if refusal.code == codes::api::NOT_FOUND {
        return StartFault::new(format!("Nobody logs in as {login}; nothing was changed."));
    }
    StartFault::new(refusal)
}

/// Blocks a terminal that was lost or copied: its key is refused from then on.
pub async fn block_terminal(
    settings: &center_program::Settings,
    terminal: &str,
    reason: &str,
) -> Result<(), StartFault> {
    let center = center_program::open(settings)?;
    let done = center.fleet.revoke(WHO, &TerminalId::from(terminal), reason).await.map_err(StartFault::new);
    center.base.db.clone().close();
    done.map(drop)
}

/// Lets a terminal work again that is blocked because its data was copied or is old (431, 432, 433), after
/// somebody has looked at both devices or at the backup. The reason stands in the audit.
pub async fn let_in_terminal(
    settings: &center_program::Settings,
    terminal: &str,
    reason: &str,
) -> Result<(), StartFault> {
    let center = center_program::open(settings)?;
    let done = center.fleet.let_in(WHO, &TerminalId::from(terminal), reason).await.map_err(StartFault::new);
    center.base.db.clone().close();
    done
}

/// Issues a new terminal password (four digits, 15 minutes, once) and gives it back (D-30).
pub async fn terminal_password(
    settings: &center_program::Settings,
    terminal: &str,
) -> Result<String, StartFault> {
    let mut bytes = [0_u8; 4];
    getrandom::fill(&mut bytes).map_err(StartFault::new)?;
    let password = format!("{:04}", u32::from_be_bytes(bytes) % 10_000);
    let center = center_program::open(settings)?;
    let typed = TerminalPassword::new(&password).map_err(StartFault::new)?;
    let done = center.fleet.reissue(WHO, &TerminalId::from(terminal), &typed).await.map_err(StartFault::new);
    center.base.db.clone().close();
    done.map(|()| password)
}
