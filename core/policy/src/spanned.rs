//! JSON with the place of every value: for messages that point at the mistake.
//!
//! A member named twice is an error, not a silent loss. Nesting is bounded, so that no text exhausts the stack.

use std::fmt;
use std::ops::Range;

/// A value and the bytes of the text that hold it.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub span: Range<usize>,
    pub value: Value,
}

/// Numbers keep the text that a condition compares.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Member>),
}

/// One member of an object, in the writer's order.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub name: String,
    /// With its quotation marks.
    pub name_span: Range<usize>,
    pub node: Node,
}

/// One step from a value to one within it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Member(String),
    Item(usize),
}

/// A place in a text as people count: lines from 1, columns and offset from 0, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    pub line: usize,
    pub column: usize,
    pub offset: usize,
}

/// What is wrong with a text that is no JSON, at which byte, and inside which value.
#[derive(Debug, Clone)]
pub(crate) struct SyntaxError {
    pub reason: String,
    pub at: usize,
    pub path: Vec<Step>,
}

/// Deeper than any policy.
const DEPTH_MAX: usize = 32;

impl Node {
    /// Reads a whole text.
    pub fn read(text: &str) -> Result<Self, SyntaxError> {
        let mut reader = Reader { text, at: 0, path: Vec::new() };
        reader.space();
        let node = reader.value()?;
        reader.space();
        if reader.at < text.len() {
            return Err(reader.wrong("something follows the end of the document"));
        }
        Ok(node)
    }

    /// The list's items, or the value itself as the only one.
    pub fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ => std::slice::from_ref(self),
        }
    }
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
    pub fn members(&self) -> Option<&[Member]> {
        match &self.value {
            Value::Map(members) => Some(members),
            _ => None,
        }
    }
    /// The text of a scalar, as a condition compares it.
    pub fn scalar(&self) -> Option<String> {
        match &self.value {
            Value::Text(text) | Value::Number(text) => Some(text.clone()),
            Value::Bool(truth) => Some(truth.to_string()),
            _ => None,
        }
    }

    /// The bytes of what the steps lead to; where they lead nowhere, of the last thing on the way.
    pub fn find(&self, path: &[Step]) -> Range<usize> {
        let next = match path.first() {
            Some(Step::Member(name)) => self.members().and_then(|all| all.iter().find(|member| member.name == *name)),
            Some(Step::Item(place)) => {
                let found = self.items().get(*place);
                return found.map_or_else(|| self.span.clone(), |node| node.find(path.get(1..).unwrap_or_default()));
            }
            None => return self.span.clone(),
        };
        next.map_or_else(|| self.span.clone(), |member| member.node.find(path.get(1..).unwrap_or_default()))
    }
}

impl Position {
    /// Of the byte `at`.
    pub fn of(text: &str, at: usize) -> Self {
        let before = text.get(..at).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count(),
            offset: before.chars().count(),
        }
    }
}

/// `Statement[0].Condition`.
pub(crate) fn shown(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Member(name) if text.is_empty() => text.push_str(name),
            Step::Member(name) => text.push_str(&format!(".{name}")),
            Step::Item(place) => text.push_str(&format!("[{place}]")),
        }
    }
    text
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    path: Vec<Step>,
}

type Read<T> = Result<T, SyntaxError>;

impl Reader<'_> {
    fn wrong(&self, reason: impl Into<String>) -> SyntaxError {
        SyntaxError { reason: reason.into(), at: self.at, path: self.path.clone() }
    }
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }
    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }
    /// For messages: what stands here.
    fn here(&self) -> String {
        self.rest().chars().next().map_or_else(|| "the end of the text".to_owned(), |c| format!("`{c}`"))
    }

    fn value(&mut self) -> Read<Node> {
        let start = self.at;
        let value = match self.peek() {
            Some(b'{') => self.map()?,
            Some(b'[') => self.list()?,
            Some(b'"') => Value::Text(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => self.word()?,
        };
        Ok(Node { span: start..self.at, value })
    }

    fn word(&mut self) -> Read<Value> {
        for (word, value) in [("null", Value::Null), ("true", Value::Bool(true)), ("false", Value::Bool(false))] {
            if self.rest().starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(self.wrong(format!("a value is expected, not {}", self.here())))
    }

    fn deeper(&mut self, step: Step) -> Read<()> {
        if self.path.len() >= DEPTH_MAX {
            return Err(self.wrong("the values lie too deep in one another"));
        }
        self.path.push(step);
        Ok(())
    }

    fn list(&mut self) -> Read<Value> {
        let mut items = Vec::new();
        self.at += 1;
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::List(items));
        }
        loop {
            self.deeper(Step::Item(items.len()))?;
            self.space();
            items.push(self.value()?);
            self.path.pop();
            if self.ends(b']')? {
                return Ok(Value::List(items));
            }
        }
    }

    fn map(&mut self) -> Read<Value> {
        let mut members: Vec<Member> = Vec::new();
        self.at += 1;
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Map(members));
        }
        loop {
            self.space();
            let start = self.at;
            if self.peek() != Some(b'"') {
                return Err(self.wrong(format!("a member's name in double quotes is expected, not {}", self.here())));
            }
            let name = self.string()?;
            let name_span = start..self.at;
            if members.iter().any(|known| known.name == name) {
                self.at = start;
                return Err(self.wrong(format!("the member `{name}` is given twice")));
            }
            self.deeper(Step::Member(name.clone()))?;
            self.space();
            if self.peek() != Some(b':') {
                return Err(self.wrong(format!("a colon is expected behind {name}, not {}", self.here())));
            }
            self.at += 1;
            self.space();
            let node = self.value()?;
            self.path.pop();
            members.push(Member { name, name_span, node });
            if self.ends(b'}')? {
                return Ok(Value::Map(members));
            }
        }
    }

    /// Behind an item: its list's end (`true`) or a comma.
    fn ends(&mut self, close: u8) -> Read<bool> {
        self.space();
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                Ok(false)
            }
            Some(found) if found == close => {
                self.at += 1;
                Ok(true)
            }
            _ => Err(self.wrong(format!("a comma or `{}` is expected, not {}", char::from(close), self.here()))),
        }
    }

    fn number(&mut self) -> Read<Value> {
        let start = self.at;
        while matches!(self.peek(), Some(b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')) {
            self.at += 1;
        }
        let text = self.text.get(start..self.at).unwrap_or_default();
        // The grammar of numbers is the codec's; only the text is kept.
        if serde_json::from_str::<serde_json::Number>(text).is_err() {
            self.at = start;
            return Err(self.wrong(format!("`{text}` is no number")));
        }
        Ok(Value::Number(text.to_owned()))
    }

    fn string(&mut self) -> Read<String> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.at += 2,
                Some(0..=0x1f) => return Err(self.wrong("a string does not end on its line")),
                Some(_) => self.at += 1,
                None => {
                    self.at = start;
                    return Err(self.wrong("a string does not end"));
                }
            }
        }
        self.at += 1;
        let raw = self.text.get(start..self.at).unwrap_or_default();
        // Escapes are the codec's.
        serde_json::from_str(raw).map_err(|_| SyntaxError {
            reason: "a string holds an escape that JSON does not know".into(),
            at: start,
            path: self.path.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_the_text() {
        let text = "{\n  \"Statement\": [ {\"Effect\": \"Allöw\", \"n\": 1.50} ]\n}";
        let node = Node::read(text).unwrap();
        let path = [Step::Member("Statement".into()), Step::Item(0), Step::Member("Effect".into())];
        let span = node.find(&path);
        assert_eq!(&text[span.clone()], "\"Allöw\"");
        assert_eq!(Position::of(text, span.start), Position { line: 2, column: 28, offset: 30 });
        assert_eq!(shown(&path), "Statement[0].Effect");
        let nowhere = [Step::Member("Statement".into()), Step::Item(0), Step::Member("Action".into())];
        assert!(text[node.find(&nowhere)].starts_with('{'));
        assert_eq!(Position::of(text, text.len()).line, 3);
    }

    #[test]
    fn what_is_no_json_is_told_with_its_place() {
        for (text, word, at) in [
            ("", "value is expected", 0),
            ("{", "name in double quotes", 1),
            ("{\"a\" 1}", "colon", 5),
            ("[1 2]", "comma", 3),
            ("{\"a\":1,}", "name in double quotes", 7),
            ("{\"a\":1,\"a\":2}", "`a` is given twice", 7),
            ("[\"x", "does not end", 1),
            ("[\"x\\", "does not end", 1),
            ("[\"\\q\"]", "escape", 1),
            ("[01]", "no number", 1),
            ("[1]]", "follows", 3),
            ("[\"a\nb\"]", "on its line", 3),
            ("\u{e9}", "value is expected", 0),
        ] {
            let error = Node::read(text).unwrap_err();
            assert!(error.reason.contains(word), "{text}: {error}");
            assert_eq!(error.at, at, "{text}: {error}");
        }
        assert!(Node::read(&"[".repeat(100_000)).unwrap_err().reason.contains("deep"));
        let inside = Node::read("{\"a\":[0,{\"b\":?}]}").unwrap_err();
        assert_eq!(shown(&inside.path), "a[1].b");
    }

    #[test]
    fn every_cut_of_a_text_is_refused_without_panic() {
        let text = "{\"a\":[1,-2.5e3,true,null,\"\\u00e9\\\"x\"],\"é\":{}}";
        assert!(Node::read(text).is_ok());
        for (at, _) in text.char_indices() {
            assert!(Node::read(&text[..at]).is_err());
        }
    }
}
