//! Lists in pages: a token holds the key that the page before ended with, so that it survives what comes and goes meanwhile.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// One page of a list.
#[derive(Debug, PartialEq, Eq)]
pub struct Page<T> {
    pub entries: Vec<T>,
    /// What asks for the next page; `None` on the last one.
    pub next: Option<String>,
}

/// The page behind `token` of entries that come in the order of their keys. Reads no further than it must.
/// `Err`: the token is none of ours.
pub fn page<T>(
    entries: impl IntoIterator<Item = (String, T)>,
    token: Option<&str>,
    most: usize,
) -> Result<Page<T>, NotAToken> {
    let behind = token.map(|token| open(token).ok_or(NotAToken)).transpose()?;
    let rest = entries.into_iter().skip_while(|(key, _)| behind.as_ref().is_some_and(|behind| key <= behind));
    let (mut shown, mut last) = (Vec::new(), None);
    for (key, entry) in rest {
        if shown.len() == most {
            return Ok(Page { entries: shown, next: last.map(|key: String| URL_SAFE_NO_PAD.encode(key)) });
        }
        shown.push(entry);
        last = Some(key);
    }
    Ok(Page { entries: shown, next: None })
}

/// The token was not given out here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAToken;

fn open(token: &str) -> Option<String> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(keys: &[&str]) -> Vec<(String, String)> {
        keys.iter().map(|key| ((*key).to_owned(), (*key).to_owned())).collect()
    }

    #[test]
    fn pages_join_to_the_whole_list() {
        let first = page(list(&["a", "b", "c"]), None, 2).unwrap();
        assert_eq!(first.entries, ["a", "b"]);
        let second = page(list(&["a", "b", "c"]), first.next.as_deref(), 2).unwrap();
        assert_eq!(second, Page { entries: vec!["c".to_owned()], next: None });
    }

    #[test]
    fn a_list_as_long_as_the_page_has_no_next() {
        assert_eq!(page(list(&["a", "b"]), None, 2).unwrap().next, None);
    }

    #[test]
    fn a_token_outlives_its_entry() {
        let first = page(list(&["a", "b", "c"]), None, 2).unwrap();
        assert_eq!(page(list(&["a", "c"]), first.next.as_deref(), 2).unwrap().entries, ["c"]);
    }

    #[test]
    fn what_is_no_token_is_refused() {
        assert_eq!(page(list(&["a"]), Some("%"), 2), Err(NotAToken));
    }
}
