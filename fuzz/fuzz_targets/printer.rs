//! See crates/fuzzing, target `printer`.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    fuzzing::run("printer", bytes);
});
