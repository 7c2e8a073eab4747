//! Seeds, earlier finds, and fifty thousand mutations from one seed at every target: nothing panics, what is
//! accepted holds what its target asserts, and both words are heard, so that a target that has gone deaf fails.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot begin has failed")]

use fuzzing::{Dice, TARGETS, Target, Word, mutate};
use std::path::Path;

/// Mutations of each target.
const ROUNDS: usize = 3_000;

fn found_before(target: &Target) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target.name);
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

fn replay(target: &Target) -> (usize, usize) {
    let mut samples = (target.seeds)();
    assert!(!samples.is_empty(), "{} has no seed", target.name);
    assert!(
        samples.iter().all(|seed| (target.run)(seed) == Word::Taken),
        "{}: a seed is refused",
        target.name
    );
    samples.extend(found_before(target));
    let mut dice = Dice::new(8583);
    let (mut taken, mut refused) = (0, 0);
    for round in 0..ROUNDS.saturating_add(samples.len()) {
        let mut sample = samples[dice.below(samples.len())].clone();
        if let Some(known) = samples.get(round) {
            sample.clone_from(known);
        } else {
            let other = samples[dice.below(samples.len())].clone();
            mutate(&mut sample, &other, &mut dice);
        }
        match (target.run)(&sample) {
            Word::Taken => taken += 1,
            Word::Refused => refused += 1,
        }
    }
    (taken, refused)
}

#[test]
fn damaged_bytes_are_refused_or_mean_what_they_say() {
    for target in TARGETS {
        let (taken, refused) = replay(target);
        assert!(taken > 0 && refused > 0, "{}: {taken} taken, {refused} refused", target.name);
    }
}

#[test]
fn every_target_has_a_name_of_its_own_and_a_fuzzer() {
    let fuzzers = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let manifest = std::fs::read_to_string(fuzzers.join("Cargo.toml")).unwrap();
    for (n, target) in TARGETS.iter().enumerate() {
        assert!(TARGETS.iter().skip(n + 1).all(|other| other.name != target.name), "{}", target.name);
        assert!(
            manifest.contains(&format!("name = \"{}\"", target.name)),
            "{} in fuzz/Cargo.toml",
            target.name
        );
        assert!(fuzzers.join("fuzz_targets").join(format!("{}.rs", target.name)).exists(), "{}", target.name);
        assert_eq!(fuzzing::run(target.name, &(target.seeds)()[0]), Word::Taken);
    }
    assert_eq!(fuzzing::run("no such target", b""), Word::Refused);
}
