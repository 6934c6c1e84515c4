//! NumericEquals and the other numeric operators: integers and decimals.

use super::Compared;

/// A policy value of a numeric operator.
#[derive(Debug, Clone, Copy)]
pub struct Number {
    compared: Compared,
    bound: f64,
}

impl Number {
    pub fn parse(text: &str, compared: Compared) -> Option<Self> {
        Some(Self { compared, bound: number(text)? })
    }

    /// A value that is no number compares with nothing.
    pub fn matches(self, found: &str) -> bool {
        number(found).and_then(|found| found.partial_cmp(&self.bound)).is_some_and(|order| self.compared.accepts(order))
    }
}

fn number(text: &str) -> Option<f64> {
    let decimal = |b: u8| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E');
    text.bytes().all(decimal).then(|| text.parse().ok()).flatten()
}
