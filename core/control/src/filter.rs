//! Filters of the Describe calls: values within one are OR-ed, filters are AND-ed, `*` and `?` are wildcards.

use crate::{Request, refuse};
use postern_call::Refusal;
use postern_model::Tags;

/// The `Filters` member of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filters(Vec<(String, Vec<String>)>);

impl Filters {
    /// From `Filters`, or from `Filter` as a few calls spell it.
    pub fn of(request: &Request<'_>) -> Self {
        let mut filters = request.parts("Filters");
        filters.extend(request.parts("Filter"));
        let own = |text: &str| text.to_owned();
        Self(
            filters
                .iter()
                .map(|f| {
                    (f.text("Name").map(own).unwrap_or_default(), f.texts("Values").into_iter().map(own).collect())
                })
                .collect(),
        )
    }

    /// Refuses a filter that the call does not have, whatever there is to choose from.
    pub fn check_names(&self, is_known: impl Fn(&str) -> bool) -> Result<(), Refusal> {
        let is_tag = |name: &str| matches!(name, "tag-key" | "tag-value") || name.starts_with("tag:");
        match self.0.iter().find(|(name, _)| !is_tag(name) && !is_known(name)) {
            Some((name, _)) => Err(refuse::invalid_filter(name)),
            None => Ok(()),
        }
    }

    /// The values asked for under a name, if that filter was given.
    pub fn values(&self, name: &str) -> Option<&[String]> {
        self.0.iter().find(|(given, _)| given == name).map(|(_, values)| values.as_slice())
    }

    /// Whether a thing passes. `values` gives, for a filter's name, the values that the thing has under it, or `None`
    /// when the call has no such filter (the refusal then names it). Tag filters are answered from `tags`.
    pub fn pass(&self, tags: &Tags, values: impl Fn(&str) -> Option<Vec<String>>) -> Result<bool, Refusal> {
        for (name, wanted) in &self.0 {
            let found = match name.as_str() {
                "tag-key" => tags.keys().cloned().collect(),
                "tag-value" => tags.values().cloned().collect(),
                other => match other.strip_prefix("tag:") {
                    Some(key) => tags.get(key).cloned().into_iter().collect(),
                    None => values(other).ok_or_else(|| refuse::invalid_filter(other))?,
                },
            };
            if !wanted.iter().any(|pattern| found.iter().any(|value| matches_pattern(pattern, value))) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Whether `value` matches `pattern`, in which `*` is any text, `?` any character and `\` takes the next literally.
pub fn matches_pattern(pattern: &str, value: &str) -> bool {
    #[derive(Clone, Copy)]
    enum Piece {
        Literal(char),
        One,
        Many,
    }
    let mut pieces = Vec::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        pieces.push(match c {
            '*' => Piece::Many,
            '?' => Piece::One,
            '\\' => Piece::Literal(chars.next().unwrap_or('\\')),
            other => Piece::Literal(other),
        });
    }
    // `reachable[i]`: the first i pieces can match the value read so far.
    let mut reachable = vec![false; pieces.len() + 1];
    let close = |reachable: &mut Vec<bool>| {
        for (i, piece) in pieces.iter().enumerate() {
            if matches!(piece, Piece::Many) && reachable.get(i).copied().unwrap_or(false) {
                reachable[i + 1] = true;
            }
        }
    };
    reachable[0] = true;
    close(&mut reachable);
    for c in value.chars() {
        let mut next = vec![false; pieces.len() + 1];
        for (i, piece) in pieces.iter().enumerate() {
            if reachable[i] {
                match piece {
                    Piece::Many => next[i] = true,
                    Piece::One => next[i + 1] = true,
                    Piece::Literal(l) if *l == c => next[i + 1] = true,
                    Piece::Literal(_) => {}
                }
            }
        }
        close(&mut next);
        reachable = next;
    }
    reachable.last().copied().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards() {
        assert!(matches_pattern("com.amazonaws.*.s3", "com.amazonaws.us-east-1.s3"));
        assert!(matches_pattern("a?c", "abc"));
        assert!(!matches_pattern("a?c", "ac"));
        assert!(matches_pattern(r"a\*", "a*"));
        assert!(!matches_pattern(r"a\*", "ab"));
        assert!(matches_pattern("*", ""));
        assert!(!matches_pattern("", "x"));
    }
}
