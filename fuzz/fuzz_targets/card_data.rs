//! See crates/fuzzing, target `card_data`.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    fuzzing::run("card_data", bytes);
});
