//! See crates/fuzzing, target `payment_body`.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    fuzzing::run("payment_body", bytes);
});
