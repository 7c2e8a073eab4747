//! See crates/fuzzing, target `nexo_pairs`.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    fuzzing::run("nexo_pairs", bytes);
});
