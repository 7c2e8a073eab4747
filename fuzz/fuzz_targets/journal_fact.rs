//! See crates/fuzzing, target `journal_fact`.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    fuzzing::run("journal_fact", bytes);
});
