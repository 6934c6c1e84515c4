//! Which attributes an expression names, and which partition key a key condition demands.

use serde_json::{Map, Value};

/// Words of the expressions' grammar that are no attributes.
const KEYWORDS: &[&str] = &["AND", "OR", "NOT", "BETWEEN", "IN", "SET", "REMOVE", "ADD", "DELETE"];

#[derive(Debug, PartialEq)]
enum Token<'e> {
    /// An attribute's name or what stands for one (`#n`).
    Name(&'e str),
    /// `:v`
    Value(&'e str),
    Sign(char),
}

fn tokens(expression: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut rest = expression;
    while let Some(first) = rest.chars().next() {
        let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
        let length = match first {
            '#' | ':' => 1 + rest[1..].find(|c| !is_word(c)).unwrap_or(rest.len() - 1),
            _ if is_word(first) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let (token, behind) = rest.split_at(length);
        match first {
            ':' => found.push(Token::Value(token)),
            '#' => found.push(Token::Name(token)),
            _ if is_word(first) => found.push(Token::Name(token)),
            _ if first.is_whitespace() => {}
            _ => found.push(Token::Sign(first)),
        }
        rest = behind;
    }
    found
}

/// The top-level attributes that the expression names, each once. `names`: the request's `ExpressionAttributeNames`.
pub fn attributes(expression: &str, names: Option<&Map<String, Value>>) -> Vec<String> {
    let tokens = tokens(expression);
    let mut found: Vec<String> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let Token::Name(name) = token else { continue };
        let is_below = at > 0 && matches!(tokens[at - 1], Token::Sign('.'));
        let is_function = matches!(tokens.get(at + 1), Some(Token::Sign('(')));
        let is_index = name.bytes().all(|b| b.is_ascii_digit());
        if is_below || is_function || is_index || KEYWORDS.iter().any(|word| word.eq_ignore_ascii_case(name)) {
            continue;
        }
        let name = resolve(name, names);
        if !found.contains(&name) {
            found.push(name);
        }
    }
    found
}

/// The value that a key condition demands of an attribute by `=`, as it stands in `ExpressionAttributeValues`.
pub fn demanded<'v>(
    condition: &str,
    attribute: &str,
    names: Option<&Map<String, Value>>,
    values: Option<&'v Map<String, Value>>,
) -> Option<&'v Value> {
    let tokens = tokens(condition);
    let given = tokens.windows(3).find_map(|three| match three {
        [Token::Name(name), Token::Sign('='), Token::Value(value)]
        | [Token::Value(value), Token::Sign('='), Token::Name(name)]
            if resolve(name, names) == attribute =>
        {
            Some(*value)
        }
        _ => None,
    })?;
    values?.get(given)
}

fn resolve(name: &str, names: Option<&Map<String, Value>>) -> String {
    let meant = names.filter(|_| name.starts_with('#')).and_then(|names| names.get(name)?.as_str());
    meant.unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn top_level_attributes_alone_are_named() {
        let names = json!({ "#s": "size", "#n": "Name" });
        let of = |text: &str| attributes(text, names.as_object());
        assert_eq!(of("SET a.b = :v, #n[0] = if_not_exists(c, :z) REMOVE d"), ["a", "Name", "c", "d"]);
        assert_eq!(of("attribute_exists(a) AND size(#s) > :n and not b IN (:x, :y)"), ["a", "size", "b"]);
        assert_eq!(of("a, b.c, a"), ["a", "b"]);
        assert_eq!(of(""), Vec::<String>::new());
    }

    #[test]
    fn the_partition_key_is_what_is_demanded_by_equality() {
        let (names, values) = (json!({ "#p": "pk" }), json!({ ":p": { "S": "1" }, ":s": { "S": "2" } }));
        let of = |text: &str| demanded(text, "pk", names.as_object(), values.as_object());
        assert_eq!(of("#p = :p AND begins_with(sk, :s)"), Some(&json!({ "S": "1" })));
        assert_eq!(of("sk > :s AND (pk=:p)"), Some(&json!({ "S": "1" })));
        assert_eq!(of("sk = :s"), None);
        assert_eq!(of("pk = :missing"), None);
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text in any::<String>()) {
            attributes(&text, None);
            demanded(&text, "pk", None, None);
        }
    }
}
