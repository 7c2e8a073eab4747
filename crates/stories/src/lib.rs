//! Stories of the whole product, one file each under `tests/`. There is no code here: a story uses the
//! crates as their users do and compares what people would see.
