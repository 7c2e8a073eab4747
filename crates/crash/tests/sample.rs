//! A sample of the crash points in the test command; `cargo xtask crash` runs them all.

use crash::sweep::{Wanted, sweep};
use crash::tools::Tools;

/// Points of the sample. The seed is fixed: a failure is repeated by running the test again.
const SAMPLE: usize = 80;

#[test]
fn whoever_is_struck_at_any_call_no_payment_is_lost_doubled_or_left_open() {
    // R1: before, after, half-way, no space, input-output error, line cut, at calls of all programs.
    let tools = Tools::build(None).expect("the program and the library are built");
    let wanted = Wanted { sample: Some(SAMPLE), ..Wanted::default() };
    let mut told = Vec::new();
    let swept = sweep(&tools, &wanted, &mut told).expect("the sweep runs");
    let told = String::from_utf8_lossy(&told);
    assert!(swept.violations.is_empty(), "{told}");
    assert!(swept.reached >= SAMPLE / 2, "hardly a point was reached:\n{told}");
}
