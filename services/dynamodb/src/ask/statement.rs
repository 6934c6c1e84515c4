//! What a PartiQL statement does to which table, as far as decisions need it. The engine has a parser of its own.

use serde_json::Value;

#[derive(Debug, Clone, PartialEq)]
enum Token {
    /// A bare word: a keyword or a name.
    Word(String),
    /// `"..."`: always a name.
    Name(String),
    /// `'...'`
    Text(String),
    Number(String),
    /// `?`, counted from 0.
    Parameter(usize),
    Sign(char),
}

/// A statement read as far as it goes.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// `PartiQLSelect` and so on.
    pub action: &'static str,
    pub table: String,
    pub index: Option<String>,
    /// `*` stands where the wanted attributes would.
    pub wants_all: bool,
    /// Behind `RETURNING`, in the words of `ReturnValues`.
    pub returns: Option<&'static str>,
    tokens: Vec<Token>,
    /// Where the table's name ends.
    body: usize,
}

/// Words that are no attributes.
const KEYWORDS: &[&str] = &[
    "SELECT",
    "FROM",
    "WHERE",
    "AND",
    "OR",
    "NOT",
    "IN",
    "BETWEEN",
    "IS",
    "MISSING",
    "NULL",
    "TRUE",
    "FALSE",
    "ORDER",
    "BY",
    "ASC",
    "DESC",
    "SET",
    "REMOVE",
    "RETURNING",
    "ALL",
    "MODIFIED",
    "OLD",
    "NEW",
    "VALUE",
    "INSERT",
    "INTO",
    "UPDATE",
    "DELETE",
    "EXISTS",
];

/// `None`: it is none of the four kinds, or names no table; the engine will refuse it.
pub fn read(text: &str) -> Option<Statement> {
    let tokens = tokens(text);
    let find = |word: &str| tokens.iter().position(|token| is(token, word));
    let (action, before) = match tokens.iter().find(|token| !matches!(token, Token::Sign('('))) {
        Some(token) if is(token, "SELECT") => ("PartiQLSelect", find("FROM")?),
        // `EXISTS(SELECT ...)` checks an item within a transaction.
        Some(token) if is(token, "EXISTS") => ("PartiQLSelect", find("FROM")?),
        Some(token) if is(token, "INSERT") => ("PartiQLInsert", find("INTO")?),
        Some(token) if is(token, "DELETE") => ("PartiQLDelete", find("FROM")?),
        Some(token) if is(token, "UPDATE") => ("PartiQLUpdate", find("UPDATE")?),
        Some(token) if is(token, "FROM") => ("PartiQLUpdate", find("FROM")?),
        _ => return None,
    };
    let table = name(tokens.get(before + 1)?)?.to_owned();
    let mut body = before + 2;
    let mut index = None;
    if matches!(tokens.get(body), Some(Token::Sign('.'))) {
        index = Some(name(tokens.get(body + 1)?)?.to_owned());
        body += 2;
    }
    let wants_all = action == "PartiQLSelect" && tokens[..before].contains(&Token::Sign('*'));
    let returns = returns(&tokens);
    Some(Statement { action, table, index, wants_all, returns, tokens, body })
}

impl Statement {
    pub fn only_reads(&self) -> bool {
        self.action == "PartiQLSelect"
    }

    /// The values that it demands of the partition key, by `=` or `IN`; for `INSERT` the new item's. Empty: it looks at
    /// every item.
    pub fn key_values(&self, key: &str, parameters: &[Value]) -> Vec<String> {
        let body = &self.tokens[self.body..];
        if self.action == "PartiQLInsert" {
            let of_key = |pair: &[Token]| match pair {
                [Token::Text(name), Token::Sign(':'), value] if name == key => scalar(value, parameters),
                _ => None,
            };
            return body.windows(3).find_map(of_key).into_iter().collect();
        }
        for at in 0..body.len() {
            let is_key = name(&body[at]) == Some(key) && (at == 0 || body[at - 1] != Token::Sign('.'));
            match (is_key, body.get(at + 1)) {
                (true, Some(Token::Sign('='))) if !self.in_set_clause(at) => {
                    return body.get(at + 2).and_then(|value| scalar(value, parameters)).into_iter().collect();
                }
                (true, Some(token)) if is(token, "IN") => {
                    let inside = body[at + 2..].iter().skip(1);
                    let inside = inside.take_while(|token| !matches!(token, Token::Sign(']' | ')')));
                    return inside.filter_map(|value| scalar(value, parameters)).collect();
                }
                _ => {}
            }
        }
        Vec::new()
    }

    /// The top-level attributes that it names.
    pub fn attributes(&self) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        let mut depth = 0;
        for (at, token) in self.tokens.iter().enumerate() {
            match token {
                Token::Sign('{') => depth += 1,
                Token::Sign('}') => depth -= 1,
                _ => {}
            }
            let is_below = at > 0 && self.tokens[at - 1] == Token::Sign('.');
            let is_call = matches!(self.tokens.get(at + 1), Some(Token::Sign('(')));
            let in_head = at < self.body && !self.is_selected(at);
            let named = match token {
                // The members of INSERT's item.
                Token::Text(text) if depth == 1 && self.tokens.get(at + 1) == Some(&Token::Sign(':')) => text,
                Token::Name(text) if !is_below && !in_head => text,
                Token::Word(text)
                    if !is_below && !in_head && !is_call && !KEYWORDS.iter().any(|k| k.eq_ignore_ascii_case(text)) =>
                {
                    text
                }
                _ => continue,
            };
            if !found.contains(named) {
                found.push(named.clone());
            }
        }
        found
    }

    /// Whether a token stands between SELECT and FROM.
    fn is_selected(&self, at: usize) -> bool {
        let from = self.tokens.iter().position(|token| is(token, "FROM"));
        self.action == "PartiQLSelect" && from.is_some_and(|from| at < from)
    }

    /// Whether a token of the body stands behind SET and before WHERE: there `=` gives a value instead of demanding it.
    fn in_set_clause(&self, at: usize) -> bool {
        let last =
            self.tokens[self.body..self.body + at].iter().rev().find(|token| is(token, "SET") || is(token, "WHERE"));
        last.is_some_and(|token| is(token, "SET"))
    }
}

fn returns(tokens: &[Token]) -> Option<&'static str> {
    let at = tokens.iter().position(|token| is(token, "RETURNING"))?;
    let (which, when) = (tokens.get(at + 1)?, tokens.get(at + 2)?);
    Some(match (is(which, "ALL"), is(when, "OLD")) {
        (true, true) => "ALL_OLD",
        (true, false) => "ALL_NEW",
        (false, true) => "UPDATED_OLD",
        (false, false) => "UPDATED_NEW",
    })
}

fn is(token: &Token, word: &str) -> bool {
    matches!(token, Token::Word(text) if text.eq_ignore_ascii_case(word))
}

fn name(token: &Token) -> Option<&str> {
    match token {
        Token::Word(text) | Token::Name(text) => Some(text),
        _ => None,
    }
}

fn scalar(token: &Token, parameters: &[Value]) -> Option<String> {
    match token {
        Token::Text(text) | Token::Number(text) => Some(text.clone()),
        Token::Parameter(at) => super::keys::key_text(parameters.get(*at)?),
        _ => None,
    }
}

fn tokens(text: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut parameters = 0;
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '\'' | '"' => {
                let (inside, length) = quoted(rest, first);
                (if first == '"' { Token::Name(inside) } else { Token::Text(inside) }, length)
            }
            '?' => {
                parameters += 1;
                (Token::Parameter(parameters - 1), 1)
            }
            _ if first.is_ascii_digit() || first == '-' && rest[1..].starts_with(|c: char| c.is_ascii_digit()) => {
                let is_part = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '+' || c == '-';
                let length = 1 + rest[1..].find(|c| !is_part(c)).unwrap_or(rest.len() - 1);
                (Token::Number(rest[..length].to_owned()), length)
            }
            _ if first.is_alphanumeric() || first == '_' => {
                let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-')).unwrap_or(rest.len());
                (Token::Word(rest[..length].to_owned()), length)
            }
            _ => (Token::Sign(first), first.len_utf8()),
        };
        found.push(token);
        rest = rest[length..].trim_start();
    }
    found
}

/// What stands in quotes, which are doubled inside; and how long it was with them.
fn quoted(text: &str, quote: char) -> (String, usize) {
    let mut inside = String::new();
    let mut letters = text.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        if letter != quote {
            inside.push(letter);
        } else if letters.peek().is_some_and(|(_, next)| *next == quote) {
            inside.push(quote);
            letters.next();
        } else {
            return (inside, at + 1);
        }
    }
    (inside, text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn the_four_kinds_are_told_with_table_and_index() {
        let of = |text: &str| read(text).map(|s| (s.action, s.table, s.index));
        let index = Some("by-age".to_owned());
        assert_eq!(of("select * from \"a.b\".\"by-age\""), Some(("PartiQLSelect", "a.b".into(), index)));
        assert_eq!(of("INSERT INTO music VALUE {'pk': ?}"), Some(("PartiQLInsert", "music".into(), None)));
        assert_eq!(of("UPDATE \"music\" SET a=1 WHERE pk='x'"), Some(("PartiQLUpdate", "music".into(), None)));
        assert_eq!(of("DELETE FROM music WHERE pk='x'"), Some(("PartiQLDelete", "music".into(), None)));
        assert_eq!(of("EXISTS(SELECT * FROM music WHERE pk='x')"), Some(("PartiQLSelect", "music".into(), None)));
        assert_eq!(of("DROP TABLE music"), None);
        assert_eq!(of("SELECT"), None);
    }

    #[test]
    fn the_partition_key_is_read_from_text_and_parameters() {
        let parameters = [json!({ "N": "7" }), json!({ "S": "two" })];
        let of = |text: &str| read(text).unwrap().key_values("pk", &parameters);
        assert_eq!(of("SELECT * FROM music WHERE a = ? AND pk = ?"), ["two"]);
        assert_eq!(of("SELECT * FROM music WHERE pk IN [?, ?, 'x']"), ["7", "two", "x"]);
        assert_eq!(of("SELECT * FROM music WHERE pk IN ('it''s')"), ["it's"]);
        assert_eq!(of("UPDATE music SET pk = 'no' WHERE pk = 'yes'"), ["yes"]);
        assert_eq!(of("INSERT INTO music VALUE {'a': 1, 'pk': ?}"), ["7"]);
        assert_eq!(of("SELECT * FROM music WHERE a.pk = 'x'"), Vec::<String>::new());
        assert_eq!(of("SELECT * FROM music WHERE pk > 'x'"), Vec::<String>::new());
    }

    #[test]
    fn attributes_are_those_of_the_statement_not_its_table() {
        let of = |text: &str| read(text).unwrap().attributes();
        assert_eq!(of("SELECT a, \"b\".c FROM music WHERE pk = 'x' AND begins_with(d, 'y')"), ["a", "b", "pk", "d"]);
        assert_eq!(of("UPDATE music SET a = 1 REMOVE b WHERE pk = 'x' RETURNING ALL OLD *"), ["a", "b", "pk"]);
        assert_eq!(of("INSERT INTO music VALUE {'pk': 'x', 'm': {'inner': 1}}"), ["pk", "m"]);
        assert_eq!(read("DELETE FROM music WHERE pk='x' RETURNING ALL OLD *").unwrap().returns, Some("ALL_OLD"));
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text in "(SELECT|UPDATE|INSERT INTO|DELETE FROM|) *[\"'?.a-z0-9 {}:=*\u{e9}-]{0,40}") {
            if let Some(statement) = read(&text) {
                statement.key_values("a", &[]);
                statement.attributes();
            }
        }
    }
}
