//! Terms: all of those without a sign, none of those with `-`. Those with `?` count, one of them being enough, when there
//! are no others; beside others AWS ignores them.

use super::reader::Reader;
use super::{Wrong, expected};
use regex_lite::Regex;

#[derive(Debug, Default)]
pub struct Terms {
    all: Vec<Term>,
    none: Vec<Term>,
    any: Vec<Term>,
}

#[derive(Debug)]
enum Term {
    Text(String),
    Regex(Regex),
}

impl Term {
    fn is_in(&self, message: &str) -> bool {
        match self {
            Self::Text(text) => message.contains(text.as_str()),
            Self::Regex(regex) => regex.is_match(message),
        }
    }
}

impl Terms {
    pub fn matches(&self, message: &str) -> bool {
        if self.all.is_empty() && self.none.is_empty() {
            return self.any.iter().any(|term| term.is_in(message));
        }
        self.all.iter().all(|term| term.is_in(message)) && !self.none.iter().any(|term| term.is_in(message))
    }
}

pub fn read(text: &str) -> Result<Terms, Wrong> {
    let mut terms = Terms::default();
    let mut reader = Reader::new(text);
    while !reader.is_at_end() {
        let side = match reader.peek() {
            Some('-') => &mut terms.none,
            Some('?') => &mut terms.any,
            _ => &mut terms.all,
        };
        if !reader.take("-") {
            reader.take("?");
        }
        side.push(term(&mut reader)?);
        reader.skip_spaces();
    }
    Ok(terms)
}

fn term(reader: &mut Reader<'_>) -> Result<Term, Wrong> {
    if reader.take("\"") {
        return Ok(Term::Text(reader.quoted('"')?));
    }
    if reader.take("%") {
        return Ok(Term::Regex(reader.regex()?));
    }
    let word = reader.take_while(|c| !c.is_whitespace());
    if word.is_empty() {
        return Err(expected("a term behind - or ?"));
    }
    if word.chars().all(|c| c.is_alphanumeric() || c == '_') {
        Ok(Term::Text(word.to_owned()))
    } else {
        Err(Wrong::Term(word.to_owned()))
    }
}
