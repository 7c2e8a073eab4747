//! See crates/fuzzing, target `payment_code`.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    fuzzing::run("payment_code", bytes);
});
