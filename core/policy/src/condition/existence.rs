//! Null: whether the request has the key at all.

/// A policy value of `Null`: `true` wants the key absent.
#[derive(Debug, Clone, Copy)]
pub struct Absent(bool);

impl Absent {
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "true" => Some(Self(true)),
            "false" => Some(Self(false)),
            _ => None,
        }
    }
    pub fn agrees(self, absent: bool) -> bool {
        self.0 == absent
    }
}
