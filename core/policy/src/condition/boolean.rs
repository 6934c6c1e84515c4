//! Bool.

/// A policy value of `Bool`.
#[derive(Debug, Clone, Copy)]
pub struct Truth(bool);

impl Truth {
    pub fn parse(text: &str) -> Option<Self> {
        truth(text).map(Self)
    }
    pub fn matches(self, found: &str) -> bool {
        truth(found) == Some(self.0)
    }
}

fn truth(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}
