//! See crates/fuzzing, target `emv_tlv`.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    fuzzing::run("emv_tlv", bytes);
});
