//! See crates/fuzzing, target `nexo_sealed`.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    fuzzing::run("nexo_sealed", bytes);
});
