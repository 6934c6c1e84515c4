//! REST routing: method, path template and query literals to an operation.

use crate::message::HttpRequest;
use crate::model::{Location, Model, Op};
use percent_encoding::percent_decode_str;
use std::borrow::Cow;
use std::cmp::Reverse;

/// The operation whose template fits the request best: the one that demands the most, and all of it is there.
pub(crate) fn route<'m>(model: &'m Model, request: &HttpRequest) -> Option<&'m str> {
    let mut best: Option<(Score, &Op)> = None;
    for op in model.all_ops().filter(|op| op.method == request.method) {
        if let Some(score) = fit(model, op, request)
            && best.as_ref().is_none_or(|(other, _)| score > *other)
        {
            best = Some((score, op));
        }
    }
    best.map(|(_, op)| op.name.as_str())
}

/// How much an operation demands: literal segments, query literals, as few required members as possible that are absent
/// from query and headers, as many as possible that are there; and whether it is the newer of two.
type Score = (usize, usize, Reverse<usize>, usize, bool);

fn fit(model: &Model, op: &Op, request: &HttpRequest) -> Option<Score> {
    let (path, literals) = split(&op.uri);
    labels(path, request.path)?;
    let segments = path.split('/').filter(|segment| !segment.starts_with('{')).count();
    for (name, value) in pairs(literals) {
        pairs(request.query).find(|(n, v)| *n == name && (value.is_empty() || *v == value))?;
    }
    let (mut absent, mut demanded) = (0, 0);
    let input = op.input.as_ref().map(|input| model.shape(input));
    for member in input.iter().flat_map(|shape| &shape.members).filter(|member| member.required) {
        let present = match member.location {
            Some(Location::Query) => pairs(request.query).any(|(name, _)| name == member.wire()),
            Some(Location::Header) => request.headers.contains_key(member.wire()),
            _ => continue,
        };
        // A literal decides alone which operation is meant; without one, what is required tells operations apart.
        if present {
            demanded += 1;
        } else if literals.is_empty() {
            return None;
        } else {
            absent += 1;
        }
    }
    Some((segments, pairs(literals).count(), Reverse(absent), demanded, !op.deprecated))
}

/// The path and the query part of a template.
pub(crate) fn split(uri: &str) -> (&str, &str) {
    uri.split_once('?').unwrap_or((uri, ""))
}

/// The labels of a template and what stands for them in a path, decoded. `None`: the path does not fit.
pub(crate) fn labels<'t>(template: &'t str, path: &str) -> Option<Vec<(&'t str, String)>> {
    let mut found = Vec::new();
    let mut rest = path.strip_prefix('/').unwrap_or(path);
    let mut wanted = template.trim_start_matches('/').trim_end_matches('/').split('/').peekable();
    while let Some(segment) = wanted.next() {
        let label = segment.strip_prefix('{').and_then(|label| label.strip_suffix('}'));
        let greedy = label.and_then(|label| label.strip_suffix('+'));
        let (given, after) = match (greedy, wanted.peek()) {
            (Some(_), None) => (rest, ""),
            // A greedy label before literal segments leaves them their place at the end.
            (Some(_), Some(_)) => {
                let tail = wanted.clone().count();
                let at = rest.rmatch_indices('/').nth(tail - 1)?.0;
                (rest.get(..at)?, rest.get(at + 1..)?)
            }
            (None, _) => rest.split_once('/').unwrap_or((rest, "")),
        };
        match label {
            None if decoded(given) != segment => return None,
            None => {}
            Some(_) if given.is_empty() => return None,
            Some(label) => found.push((greedy.unwrap_or(label), decoded(given))),
        }
        rest = after;
    }
    rest.is_empty().then_some(found)
}

pub(crate) fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// The parameters of a query string, decoded.
pub(crate) fn pairs(query: &str) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    form_urlencoded::parse(query.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_match_segments_and_greedy_ones_the_rest() {
        assert_eq!(labels("/{Bucket}", "/a%2Fb"), Some(vec![("Bucket", "a/b".to_owned())]));
        assert_eq!(labels("/{Bucket}", "/a/b"), None);
        let both = vec![("Bucket", "a".to_owned()), ("Key", "b/c//d".to_owned())];
        assert_eq!(labels("/{Bucket}/{Key+}", "/a/b/c//d"), Some(both));
        assert_eq!(labels("/{Bucket}/{Key+}", "/a/"), None);
        assert_eq!(labels("/x/{A+}/y", "/x/1/2/y"), Some(vec![("A", "1/2".to_owned())]));
        assert_eq!(labels("/", "/"), Some(vec![]));
    }
}
