//! The terminal from outside: every screen in both languages, tables of steps, whole payments on fakes,
//! a crash after every journal entry.

#[cfg(test)]
mod crash;
#[cfg(test)]
mod fakes;
#[cfg(test)]
mod flows;
#[cfg(test)]
mod giving;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod local_api;
#[cfg(test)]
mod nexo;
#[cfg(test)]
mod passwords;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod steps;
mod taxed;
#[cfg(test)]
mod text;
