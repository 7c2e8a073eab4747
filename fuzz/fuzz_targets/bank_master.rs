//! See crates/fuzzing, target `bank_master`.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    fuzzing::run("bank_master", bytes);
});
