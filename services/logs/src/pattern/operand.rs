//! Comparisons of a value with what the pattern says.

use super::{Wrong, expected};
use regex_lite::Regex;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Equals,
    Differs,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

#[derive(Debug)]
pub enum Literal {
    Number(f64),
    Text(String),
    /// Text with `*` in it: the pieces between the stars.
    Wild(Vec<String>),
    Regex(Regex),
}

impl Literal {
    /// Text between quotes.
    pub fn text(text: &str) -> Self {
        if text.contains('*') {
            Self::Wild(text.split('*').map(str::to_owned).collect())
        } else {
            Self::Text(text.to_owned())
        }
    }
    /// A bare word: a number when it is one.
    pub fn bare(word: &str) -> Self {
        let begins_as_number = word.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
        match word.parse() {
            Ok(number) if begins_as_number => Self::Number(number),
            _ => Self::text(word),
        }
    }
    /// Whether it can stand for a part of a text, so that numbers are looked at as they are written.
    pub fn is_vague(&self) -> bool {
        matches!(self, Self::Wild(_) | Self::Regex(_))
    }
}

#[derive(Debug)]
pub struct Comparison {
    operator: Operator,
    literal: Literal,
}

impl Comparison {
    /// Only numbers have an order.
    pub fn new(operator: Operator, literal: Literal) -> Result<Self, Wrong> {
        let has_order = matches!(literal, Literal::Number(_));
        if !has_order && !matches!(operator, Operator::Equals | Operator::Differs) {
            return Err(expected("a number behind <, <=, > or >="));
        }
        Ok(Self { operator, literal })
    }

    pub fn literal(&self) -> &Literal {
        &self.literal
    }

    pub fn takes_text(&self, given: &str) -> bool {
        let is_equal = match &self.literal {
            Literal::Number(_) => false,
            Literal::Text(text) => text == given,
            Literal::Wild(pieces) => fits(pieces, given),
            Literal::Regex(regex) => regex.is_match(given),
        };
        is_equal == (self.operator == Operator::Equals) && matches!(self.operator, Operator::Equals | Operator::Differs)
    }

    pub fn takes_number(&self, given: f64) -> bool {
        let Literal::Number(number) = &self.literal else { return self.operator == Operator::Differs };
        match self.operator {
            Operator::Equals => given == *number,
            Operator::Differs => given != *number,
            Operator::Less => given < *number,
            Operator::AtMost => given <= *number,
            Operator::Greater => given > *number,
            Operator::AtLeast => given >= *number,
        }
    }
}

/// Whether a text consists of the pieces with anything between them.
fn fits(pieces: &[String], text: &str) -> bool {
    let [first, middle @ .., last] = pieces else { return false };
    let Some(mut rest) = text.strip_prefix(first.as_str()).and_then(|rest| rest.strip_suffix(last.as_str())) else {
        return false;
    };
    for piece in middle {
        let Some((_, behind)) = rest.split_once(piece.as_str()) else { return false };
        rest = behind;
    }
    true
}
