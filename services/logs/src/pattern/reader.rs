//! Reads a pattern from left to right.

use super::operand::{Literal, Operator};
use super::{Wrong, expected};
use regex_lite::Regex;

#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { rest: text }
    }
    pub fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }
    pub fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }
    pub fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_start();
    }
    /// Takes the text when it is next.
    pub fn take(&mut self, text: &str) -> bool {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }
    pub fn demand(&mut self, text: &str) -> Result<(), Wrong> {
        if self.take(text) { Ok(()) } else { Err(expected(text)) }
    }
    /// As many characters as fit.
    pub fn take_while(&mut self, fits: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !fits(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }
    /// Takes a word when it is next and ends there, in any case of letters.
    pub fn keyword(&mut self, word: &str) -> bool {
        let mut ahead = *self;
        let is_it = ahead.take_while(|c| c.is_ascii_alphabetic()).eq_ignore_ascii_case(word);
        if is_it {
            *self = ahead;
        }
        is_it
    }
    /// Text up to a quote, behind the first one; `\` takes the next character as it is.
    pub fn quoted(&mut self, quote: char) -> Result<String, Wrong> {
        let mut text = String::new();
        let mut characters = self.rest.char_indices();
        while let Some((at, c)) = characters.next() {
            match c {
                '\\' => text.extend(characters.next().map(|(_, c)| c)),
                c if c == quote => {
                    self.rest = self.rest.get(at + c.len_utf8()..).unwrap_or_default();
                    return Ok(text);
                }
                c => text.push(c),
            }
        }
        Err(expected(&format!("{quote} at the end of a text")))
    }
    /// A regular expression up to its `%`, behind the first one.
    pub fn regex(&mut self) -> Result<Regex, Wrong> {
        let (text, rest) = self.rest.split_once('%').ok_or_else(|| expected("% at the end of an expression"))?;
        self.rest = rest;
        Regex::new(text).map_err(|error| Wrong::Grammar(error.to_string()))
    }

    pub fn operator(&mut self) -> Result<Operator, Wrong> {
        let known = [
            ("!=", Operator::Differs),
            ("<=", Operator::AtMost),
            (">=", Operator::AtLeast),
            ("=", Operator::Equals),
            ("<", Operator::Less),
            (">", Operator::Greater),
        ];
        let found = known.into_iter().find(|(text, _)| self.take(text));
        found.map(|(_, operator)| operator).ok_or_else(|| expected("a comparison"))
    }

    /// What a value is compared with; a bare word ends where `ends` says.
    pub fn literal(&mut self, ends: impl Fn(char) -> bool) -> Result<Literal, Wrong> {
        if self.take("\"") {
            return Ok(Literal::text(&self.quoted('"')?));
        }
        if self.take("%") {
            return Ok(Literal::Regex(self.regex()?));
        }
        let word = self.take_while(|c| !c.is_whitespace() && !ends(c));
        if word.is_empty() {
            return Err(expected("a value behind a comparison"));
        }
        Ok(Literal::bare(word))
    }

    /// One or more, with a word between them.
    pub fn several<T>(
        &mut self,
        between: &str,
        mut one: impl FnMut(&mut Self) -> Result<T, Wrong>,
    ) -> Result<Vec<T>, Wrong> {
        let mut all = vec![one(self)?];
        loop {
            self.skip_spaces();
            if !self.take(between) {
                return Ok(all);
            }
            all.push(one(self)?);
        }
    }
}
