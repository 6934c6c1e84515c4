//! Text with wildcards and variables, cut into pieces once and matched without further allocation.

use crate::key::{KeyName, Lookup};

/// `*` and `?` where the element allows them, `${key}` and `${key, 'default'}` where the document's version does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    AnyRun,
    AnyOne,
    Variable { key: KeyName, default: Option<String> },
}

/// What the characters of a pattern mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meaning {
    /// `*` stands for any run of characters and `?` for any one.
    pub wildcards: bool,
    /// `${...}` stands for a value of the request.
    pub variables: bool,
}

impl Pattern {
    pub fn new(text: &str, meaning: Meaning) -> Self {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            if meaning.variables
                && let Some((inside, after)) = variable_at(rest)
            {
                match inside {
                    "*" | "?" | "$" => literal.push_str(inside),
                    _ => {
                        flush(&mut literal, &mut pieces);
                        pieces.push(variable(inside));
                    }
                }
                rest = after;
                continue;
            }
            match c {
                '*' if meaning.wildcards => {
                    flush(&mut literal, &mut pieces);
                    if pieces.last() != Some(&Piece::AnyRun) {
                        pieces.push(Piece::AnyRun);
                    }
                }
                '?' if meaning.wildcards => {
                    flush(&mut literal, &mut pieces);
                    pieces.push(Piece::AnyOne);
                }
                c => literal.push(c),
            }
            rest = &rest[c.len_utf8()..];
        }
        flush(&mut literal, &mut pieces);
        Self { pieces }
    }

    /// Whether the whole of `text` fits. A variable that the request does not fill with exactly one value fits nothing;
    /// what fills it is literal, wildcards in it included.
    pub fn matches(&self, text: &str, keys: &impl Lookup) -> bool {
        // What most patterns are.
        match self.pieces.as_slice() {
            [] => return text.is_empty(),
            [Piece::AnyRun] => return true,
            [Piece::Text(whole)] => return text == whole,
            [Piece::Text(head), Piece::AnyRun] => return text.starts_with(head.as_str()),
            pieces if pieces.iter().any(|piece| is_unfilled(piece, keys)) => return false,
            _ => {}
        }
        let (mut at, mut rest) = (0, text);
        let mut last_run: Option<(usize, &str)> = None;
        loop {
            let step = match self.pieces.get(at) {
                None if rest.is_empty() => return true,
                None => None,
                Some(Piece::AnyRun) => {
                    last_run = Some((at + 1, rest));
                    Some(rest)
                }
                Some(Piece::AnyOne) => rest.chars().next().map(|c| &rest[c.len_utf8()..]),
                Some(piece) => literal(piece, keys).and_then(|wanted| rest.strip_prefix(wanted)),
            };
            if let Some(after) = step {
                (at, rest) = (at + 1, after);
                continue;
            }
            // The last run takes one more character and the pieces behind it start again.
            let Some((behind, taken)) = last_run else { return false };
            let Some(c) = taken.chars().next() else { return false };
            let taken = &taken[c.len_utf8()..];
            last_run = Some((behind, taken));
            (at, rest) = (behind, taken);
        }
    }

    /// The text with its variables filled in; `None` if one has no single value. Wildcards stay as they are written.
    pub fn filled(&self, keys: &impl Lookup) -> Option<String> {
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::AnyRun => text.push('*'),
                Piece::AnyOne => text.push('?'),
                other => text.push_str(literal(other, keys)?),
            }
        }
        Some(text)
    }
}

/// Cuts at the first five colons that are not inside `${...}`: the six fields of an ARN, missing ones `None`.
pub fn arn_fields(text: &str) -> [Option<&str>; 6] {
    let mut fields = [None; 6];
    let (mut start, mut at, mut field) = (0, 0, 0);
    while field < 5 {
        let rest = text.get(at..).unwrap_or_default();
        if let Some((_, after)) = variable_at(rest) {
            at = text.len() - after.len();
            continue;
        }
        match rest.chars().next() {
            None => break,
            Some(':') => {
                fields[field] = text.get(start..at);
                field += 1;
                at += 1;
                start = at;
            }
            Some(c) => at += c.len_utf8(),
        }
    }
    fields[field] = text.get(start..);
    fields
}

fn is_unfilled(piece: &Piece, keys: &impl Lookup) -> bool {
    matches!(piece, Piece::Variable { .. }) && literal(piece, keys).is_none()
}

fn literal<'a>(piece: &'a Piece, keys: &'a impl Lookup) -> Option<&'a str> {
    match piece {
        Piece::Text(text) => Some(text),
        Piece::Variable { key, default } => match keys.look_up(key) {
            Some([value]) => Some(value),
            _ => default.as_deref(),
        },
        Piece::AnyRun | Piece::AnyOne => None,
    }
}

/// `${inside}` at the head of the text, and what follows it.
fn variable_at(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix("${")?.split_once('}')
}

fn variable(inside: &str) -> Piece {
    let (key, default) = match inside.split_once(',') {
        None => (inside, None),
        Some((key, default)) => {
            let default = default.trim();
            (key, Some(default.strip_prefix('\'').and_then(|d| d.strip_suffix('\'')).unwrap_or(default).to_owned()))
        }
    };
    Piece::Variable { key: KeyName::new(key.trim()), default }
}

fn flush(literal: &mut String, pieces: &mut Vec<Piece>) {
    if !literal.is_empty() {
        pieces.push(Piece::Text(std::mem::take(literal)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Keys;
    use crate::key::NoKeys;

    const LIKE: Meaning = Meaning { wildcards: true, variables: true };

    fn fits(pattern: &str, text: &str) -> bool {
        let keys = Keys::from([
            ("aws:username".into(), vec!["ann".into()]),
            ("aws:tagkeys".into(), vec!["a".into(), "b".into()]),
            ("x:star".into(), vec!["*".into()]),
        ]);
        Pattern::new(pattern, LIKE).matches(text, &keys)
    }

    #[test]
    fn wildcards() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("*", "", true),
            ("**", "anything", true),
            ("a*c", "abbc", true),
            ("a*c", "abbcd", false),
            ("a?c", "abc", true),
            ("a?c", "aéc", true),
            ("a?c", "ac", false),
            ("*ab*ab", "abxabab", true),
            ("*.jpg", "x.jpg.png", false),
            ("?*", "", false),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn variables() {
        for (pattern, text, expected) in [
            ("home/${aws:username}/*", "home/ann/x", true),
            ("home/${AWS:UserName}/*", "home/ann/x", true),
            ("home/${aws:username}/*", "home/bob/x", false),
            ("${aws:missing}", "", false),
            ("${aws:missing, 'team'}", "team", true),
            ("${aws:tagkeys}", "a", false),
            ("a${*}b", "a*b", true),
            ("a${*}b", "axb", false),
            ("a${$}{x}", "a${x}", true),
            ("${x:star}", "anything", false),
            ("${x:star}", "*", true),
            ("${open", "${open", true),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn an_old_document_has_no_variables() {
        let pattern = Pattern::new("${aws:username}", Meaning { wildcards: true, variables: false });
        assert!(pattern.matches("${aws:username}", &NoKeys));
    }

    #[test]
    fn fields_of_an_arn_respect_variables() {
        assert_eq!(
            arn_fields("arn:aws:iam::${aws:PrincipalAccount}:role/a:b"),
            [Some("arn"), Some("aws"), Some("iam"), Some(""), Some("${aws:PrincipalAccount}"), Some("role/a:b")]
        );
        assert_eq!(arn_fields("arn:aws:sqs"), [Some("arn"), Some("aws"), Some("sqs"), None, None, None]);
    }
}
