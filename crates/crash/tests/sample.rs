//! A sample of the crash points in the test command; `cargo xtask crash` runs them all.
#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

use crash::fault::Mode;
use crash::flow::{FLOWS, named};
use crash::hammer::{Door, hammer};
use crash::hunt::hunt;
use crash::powercut;
use crash::sweep::{Swept, Wanted, sweep};
use crash::tools::Tools;
use crash::town::Party;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// Points of the sample. The seed is fixed: a failure is repeated by running the test again.
const SAMPLE: usize = 90;
/// Damaged messages.
const MESSAGES: usize = 3_000;
/// Struck runs of settlement.
const SETTLED: usize = 12;
/// Power cuts of the sample.
const CUTS: u32 = 6;

/// Built once; one test at a time, since each already runs two towns beside each other.
fn tools() -> (&'static Tools, MutexGuard<'static, ()>) {
    static TOOLS: OnceLock<Tools> = OnceLock::new();
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    (TOOLS.get_or_init(|| Tools::build(None).expect("the program and the library are built")), turn)
}

fn swept(wanted: &Wanted) -> (Swept, String) {
    let (tools, _turn) = tools();
    let mut told = Vec::new();
    let swept = sweep(tools, wanted, &mut told).expect("the sweep runs");
    (swept, String::from_utf8_lossy(&told).into_owned())
}

#[test]
fn whoever_is_struck_at_any_call_no_payment_is_lost_doubled_or_left_open() {
    // R1: before, after, half-way, no space, input-output error, line cut, at calls of all programs.
    let (swept, told) = swept(&Wanted { sample: Some(SAMPLE), ..Wanted::default() });
    assert!(swept.violations.is_empty(), "{told}");
    for flow in FLOWS {
        let struck = swept.tallies.keys().any(|(name, _, _)| *name == flow.name);
        assert!(struck, "no point of flow {} was reached:\n{told}", flow.name);
    }
    assert!(swept.reached >= SAMPLE / 2, "hardly a point was reached:\n{told}");
}

#[test]
fn a_full_disk_at_the_worst_moments_leaves_nothing_open() {
    // R8; each of these was wrong once: abandoned, sent and signed at the terminal, the outbox at the center.
    for (flow, party, at) in [
        ("cancel", Party::Terminal, 15),
        ("silent", Party::Terminal, 19),
        ("swipe", Party::Terminal, 45),
        ("swipe", Party::Center, 72),
    ] {
        let flows = vec![named(flow).expect("the flow is there")];
        let (parties, modes) = (vec![party], vec![Mode::Enospc]);
        let (swept, told) = swept(&Wanted { flows, parties, modes, only: Some(at), ..Wanted::default() });
        assert!(swept.violations.is_empty(), "{told}");
    }
}

#[test]
fn whenever_closing_or_the_bank_file_is_struck_the_next_run_leaves_the_same_bytes() {
    // Model 3.5 step 7; `cargo xtask crash-settle` strikes every call.
    let (tools, _turn) = tools();
    let mut told = Vec::new();
    let settled = crash::settle::sweep(tools, Some(SETTLED), 1, 2, &mut told).expect("the sweep runs");
    let told = String::from_utf8_lossy(&told);
    assert!(settled.problems.is_empty(), "{told}");
    let reached: u32 = settled.points.values().sum();
    assert!(usize::try_from(reached).is_ok_and(|reached| reached >= SETTLED / 2), "{told}");
}

#[test]
fn damaged_messages_at_every_door_stop_nobody() {
    // S6; `cargo xtask hammer` sends 100,000.
    let (tools, _turn) = tools();
    let mut told = Vec::new();
    let hammered = hammer(tools, MESSAGES, 1, &mut told).expect("the messages are sent");
    assert_eq!(hammered.problems, Vec::<String>::new(), "{}", String::from_utf8_lossy(&told));
    for door in Door::ALL {
        assert!(hammered.doors.get(&door).is_some_and(|(sent, answered)| *sent > 0 && *answered > 0));
    }
}

#[test]
fn no_card_number_track_or_pin_is_in_anything_that_programs_leave() {
    // S3; `cargo xtask hunt` pays with every card in every way.
    let (tools, _turn) = tools();
    let mut told = Vec::new();
    let hunted = hunt(tools, true, &mut told).expect("the hunt runs");
    assert_eq!(hunted.hits, Vec::new(), "{}", String::from_utf8_lossy(&told));
    assert!(hunted.mails > 0, "no receipt was mailed");
}

#[test]
fn what_was_acknowledged_survives_a_power_cut() {
    // R5, where the machine has root and loop devices.
    if powercut::impossible().is_some() {
        return;
    }
    let (tools, _turn) = tools();
    let mut told = Vec::new();
    let done = powercut::cuts(tools, (CUTS, 1), false, &mut told).expect("the power is cut");
    assert_eq!((done.made, done.wrong), (CUTS, 0), "{}", String::from_utf8_lossy(&told));
}
