//! What the test command proves: 20,000 seeds keep every promise, every planted bug breaks one, doubts end soon
//! after the links' return, and a seed
//! tells the same story in every build.
#![expect(clippy::unwrap_used, reason = "a test that cannot begin has failed")]

use expect_test::expect_file;
use sim::{Bug, Lasting, catch, hashes, hunt, tell};

/// Seeds of the test command (R2).
const SEEDS: u64 = 20_000;
/// Seeds within which a planted bug must be found.
const CAUGHT_WITHIN: u64 = 1_500;

fn in_threads(from: u64, count: u64) -> Vec<sim::Report> {
    let half = count / 2;
    std::thread::scope(|scope| {
        let first = scope.spawn(move || hunt(from, half));
        let second = scope.spawn(move || hunt(from + half, count - half));
        vec![first.join().unwrap(), second.join().unwrap()]
    })
}

#[test]
fn twenty_thousand_seeds_keep_every_promise() {
    // R2, invariants 1, 2 and 3
    let mut found = Lasting::default();
    for report in in_threads(1, SEEDS) {
        found.merge(&report.doubts.found);
        if let Some(ended) = report.failed.first() {
            panic!("{} of {} seeds\n{}", report.failures, report.seeds, tell(ended.seed, None));
        }
        assert!(report.payments > report.seeds, "the seeds do nothing: {report:?}");
    }
    // R4: none longer than a minute is a promise of every seed; most are much shorter.
    assert!(found.count() > 1_000 && found.most_are_short(), "doubts that the links' return found: {found}");
}

#[test]
fn every_planted_bug_is_caught() {
    // R3
    for bug in Bug::ALL {
        let mut caught = catch(bug, 1, 40);
        if caught.first.is_none() {
            caught = catch(bug, 41, CAUGHT_WITHIN - 40);
        }
        assert!(caught.first.is_some(), "{} is not noticed in {CAUGHT_WITHIN} seeds", bug.word());
    }
}

#[test]
fn a_seed_tells_the_same_story_in_every_build() {
    // The same file is compared by `cargo xtask sim` in the release build.
    expect_file!["golden/hashes.txt"].assert_eq(&hashes(1, 200));
}

#[test]
fn a_story_is_told_in_words_and_says_how_to_hear_it_again() {
    let story = tell(1, Some(Bug::ReversalForgotten));
    assert!(story.contains("register A"), "{story}");
    assert!(
        story.ends_with("again: cargo xtask sim --seeds 1 --from 1 --bug reversal-forgotten --story\n"),
        "{story}"
    );
}
