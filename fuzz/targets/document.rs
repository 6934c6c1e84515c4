//! Any text before the parser of policy documents and the linter.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Err(flaw) = postern_plain_policy::try_document(text) {
        panic!("{flaw}");
    }
});
