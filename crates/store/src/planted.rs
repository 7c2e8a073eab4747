//! Bugs on purpose, so that the checks can be checked: `cargo xtask crash --planted NAME` builds the
//! program with the feature `planted` and must find the bug. Without the feature, which no build but that
//! one turns on, neither this file nor any place that asks it is compiled (docs/crash-points.md).

/// Whether the program was started with this bug (`CHOBA_PLANTED`).
pub fn planted(name: &str) -> bool {
    std::env::var("CHOBA_PLANTED").is_ok_and(|bug| bug == name)
}
