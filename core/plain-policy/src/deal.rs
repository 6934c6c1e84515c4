//! Choices made of bytes: the same bytes make the same choices, and where they end the first choice is taken.

use arbitrary::Unstructured;

pub struct Deal<'a>(Unstructured<'a>);

impl<'a> Deal<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(Unstructured::new(bytes))
    }

    /// A number of `0..below`.
    pub fn number(&mut self, below: usize) -> usize {
        self.0.choose_index(below).unwrap_or(0)
    }

    pub fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.number(of.len())]
    }

    /// Whether this one of `in_all` chances came; never when the bytes have ended.
    pub fn chance(&mut self, in_all: usize) -> bool {
        self.number(in_all) + 1 == in_all
    }

    /// `least..=most` of them, one of them perhaps twice.
    pub fn some<T: Copy>(&mut self, of: &[T], least: usize, most: usize) -> Vec<T> {
        (0..least + self.number(most - least + 1)).map(|_| self.one(of)).collect()
    }

    /// A text of up to six of these pieces.
    pub fn text(&mut self, pieces: &[&str]) -> String {
        self.some(pieces, 0, 6).concat()
    }
}
