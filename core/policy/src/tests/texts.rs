//! No text makes the parser panic.

use crate::Document;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,60}") {
        let _ = Document::parse(&text);
        let _ = Document::parse(&format!(r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":{text:?},"Resource":{text:?},"Condition":{{"DateEquals":{{"a:b":{text:?}}}}}}}}}"#));
    }
}
