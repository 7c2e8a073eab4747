//! See crates/fuzzing, target `nexo_message`.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    fuzzing::run("nexo_message", bytes);
});
