//! Listing: a page costs what it shows, however many keys lie under the prefixes it folds.

use super::objects::record;
use super::records::Record;
use rusqlite::types::Value;
use rusqlite::{Connection, params};

/// What to list.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    pub bucket: i64,
    pub prefix: String,
    pub delimiter: Option<String>,
    /// Only entries after this one; a common prefix here is passed over as a whole.
    pub after: Option<String>,
    pub limit: usize,
}

/// A page of a listing.
#[derive(Debug)]
pub(crate) struct Page<T> {
    pub items: Vec<T>,
    pub prefixes: Vec<String>,
    pub truncated: bool,
    /// The last entry, key or common prefix.
    pub last: Option<String>,
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self { items: Vec::new(), prefixes: Vec::new(), truncated: false, last: None }
    }
}

impl<T> Page<T> {
    pub fn len(&self) -> usize {
        self.items.len() + self.prefixes.len()
    }
}

/// The first text after all that begin with `prefix`; `None` if there is none.
pub(crate) fn after_prefix(prefix: &str) -> Option<String> {
    let mut text = prefix.to_owned();
    while let Some(last) = text.pop() {
        let next = match last {
            '\u{d7ff}' => Some('\u{e000}'),
            char::MAX => None,
            c => char::from_u32(c as u32 + 1),
        };
        if let Some(next) = next {
            text.push(next);
            return Some(text);
        }
    }
    None
}

/// The bound below which all texts with this prefix lie. Every blob is above every text.
pub(crate) fn end_of(prefix: &str) -> Value {
    after_prefix(prefix).map_or(Value::Blob(Vec::new()), Value::Text)
}

/// The part of a key up to the delimiter after the prefix.
pub(crate) fn common_prefix<'k>(key: &'k str, prefix: &str, delimiter: Option<&str>) -> Option<&'k str> {
    let delimiter = delimiter.filter(|d| !d.is_empty())?;
    let at = key.get(prefix.len()..)?.find(delimiter)?;
    key.get(..prefix.len() + at + delimiter.len())
}

/// Where the listing begins: at this text, or only after it.
struct Start {
    at: String,
    inclusive: bool,
}

impl Start {
    /// `None`: nothing can follow.
    fn of(wanted: &Wanted) -> Option<Self> {
        let Some(after) = wanted.after.as_deref().filter(|a| *a >= wanted.prefix.as_str()) else {
            return Some(Self { at: wanted.prefix.clone(), inclusive: true });
        };
        let folded = common_prefix(after, &wanted.prefix, wanted.delimiter.as_deref());
        if after.starts_with(&wanted.prefix) && folded == Some(after) {
            return after_prefix(after).map(|at| Self { at, inclusive: true });
        }
        Some(Self { at: after.to_owned(), inclusive: false })
    }
}

/// Current objects.
pub(crate) fn objects(db: &Connection, wanted: &Wanted) -> rusqlite::Result<Page<Record>> {
    let mut page = Page::default();
    let end = end_of(&wanted.prefix);
    let Some(mut start) = Start::of(wanted) else { return Ok(page) };
    let mut statement = db.prepare_cached(
        "SELECT key, seq, version, modified, size, etag, body, head FROM objects
         WHERE bucket = ?1 AND key >= ?2 AND key < ?3 ORDER BY key LIMIT ?4",
    )?;
    'again: loop {
        let room = i64::try_from(wanted.limit - page.len() + 2).unwrap_or(i64::MAX);
        let mut rows = statement.query(params![wanted.bucket, start.at, end, room])?;
        while let Some(row) = rows.next()? {
            let key = row.get_ref(0)?.as_str()?;
            if !start.inclusive && key == start.at {
                continue;
            }
            if page.len() == wanted.limit {
                page.truncated = true;
                return Ok(page);
            }
            if let Some(folded) = common_prefix(key, &wanted.prefix, wanted.delimiter.as_deref()) {
                page.prefixes.push(folded.to_owned());
                page.last = Some(folded.to_owned());
                let Some(at) = after_prefix(folded) else { return Ok(page) };
                start = Start { at, inclusive: true };
                continue 'again;
            }
            page.last = Some(key.to_owned());
            page.items.push(record(row)?);
        }
        return Ok(page);
    }
}

/// One line of a versions listing.
#[derive(Debug)]
pub(crate) struct Version {
    pub record: Record,
    pub latest: bool,
}

/// Versions and delete markers, newest first within a key. `after_seq`: within the key `wanted.after`, only those
/// older than this.
pub(crate) fn versions(db: &Connection, wanted: &Wanted, after_seq: Option<i64>) -> rusqlite::Result<Page<Version>> {
    let mut page = Page::default();
    let end = end_of(&wanted.prefix);
    let mut start = match (&wanted.after, after_seq) {
        (Some(after), Some(_)) => Start { at: after.clone(), inclusive: true },
        _ => match Start::of(wanted) {
            Some(start) => start,
            None => return Ok(page),
        },
    };
    let resumed = after_seq.and(wanted.after.as_deref());
    let mut statement = db.prepare_cached(
        "SELECT key, seq, version, modified, size, etag, body, head FROM objects
         WHERE bucket = ?1 AND key >= ?2 AND key < ?3
         UNION ALL
         SELECT key, seq, version, modified, size, etag, body, head FROM versions
         WHERE bucket = ?1 AND key >= ?2 AND key < ?3
         ORDER BY 1, 2 DESC",
    )?;
    'again: loop {
        let mut rows = statement.query(params![wanted.bucket, start.at, end])?;
        let mut key_before: Option<String> = resumed.map(str::to_owned);
        while let Some(row) = rows.next()? {
            let key = row.get_ref(0)?.as_str()?;
            let seq: i64 = row.get(1)?;
            let passed = match (resumed, after_seq) {
                (Some(resumed), Some(after)) => key == resumed && seq >= after,
                _ => !start.inclusive && key == start.at,
            };
            if passed {
                continue;
            }
            if page.len() == wanted.limit {
                page.truncated = true;
                return Ok(page);
            }
            if let Some(folded) = common_prefix(key, &wanted.prefix, wanted.delimiter.as_deref()) {
                page.prefixes.push(folded.to_owned());
                page.last = Some(folded.to_owned());
                let Some(at) = after_prefix(folded) else { return Ok(page) };
                start = Start { at, inclusive: true };
                continue 'again;
            }
            let latest = key_before.as_deref() != Some(key);
            key_before = Some(key.to_owned());
            page.last = Some(key.to_owned());
            page.items.push(Version { record: record(row)?, latest });
        }
        return Ok(page);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn database(keys: &BTreeSet<String>) -> Connection {
        let db = Connection::open_in_memory().expect("a database");
        db.execute_batch(crate::store::schema::TABLES).expect("the tables");
        for bucket in [1, 2] {
            for key in keys {
                let insert = "INSERT INTO objects VALUES (?1, ?2, 1, 'null', 0, 0, '', 1, '{}')";
                db.execute(insert, params![bucket, key]).expect("a row");
            }
        }
        db
    }

    /// All entries of a listing, folded the slow way.
    fn plainly(keys: &BTreeSet<String>, prefix: &str, delimiter: Option<&str>) -> Vec<String> {
        let mut entries = Vec::new();
        for key in keys.iter().filter(|k| k.starts_with(prefix)) {
            let entry = common_prefix(key, prefix, delimiter).unwrap_or(key).to_owned();
            if entries.last() != Some(&entry) {
                entries.push(entry);
            }
        }
        entries
    }

    fn text() -> impl Strategy<Value = String> {
        "[ab/\u{d7ff}\u{e000}\u{10ffff}]{0,5}"
    }

    proptest! {
        #[test]
        fn pages_together_are_the_listing(
            keys in proptest::collection::btree_set(text(), 0..40),
            prefix in "[ab/\u{d7ff}\u{10ffff}]{0,2}",
            delimiter in proptest::option::of("[/a]{1,2}"),
            limit in 1_usize..7,
        ) {
            let db = database(&keys);
            let mut wanted = Wanted { bucket: 1, prefix, delimiter, after: None, limit };
            let (mut found, mut versions_found) = (Vec::new(), Vec::new());
            loop {
                let page = objects(&db, &wanted).expect("a page");
                prop_assert!(page.len() <= limit && (page.len() == limit || !page.truncated));
                let mut entries: Vec<String> = page.items.iter().map(|r| r.key.clone()).chain(page.prefixes).collect();
                entries.sort();
                found.extend(entries);
                wanted.after = page.last.clone();
                if !page.truncated {
                    break;
                }
            }
            prop_assert_eq!(&found, &plainly(&keys, &wanted.prefix, wanted.delimiter.as_deref()));
            let (mut seq, mut last) = (None, None);
            loop {
                let page = versions(&db, &Wanted { after: last.clone(), ..wanted.clone() }, seq).expect("a page");
                let mut entries: Vec<String> =
                    page.items.iter().map(|v| v.record.key.clone()).chain(page.prefixes.clone()).collect();
                entries.sort();
                versions_found.extend(entries);
                last = page.last.clone();
                seq = page.items.last().filter(|v| Some(&v.record.key) == last.as_ref()).map(|v| v.record.seq);
                if !page.truncated {
                    break;
                }
            }
            prop_assert_eq!(found, versions_found);
        }

        #[test]
        fn nothing_lies_between_a_prefix_and_its_end(prefix in text(), rest in text(), other in text()) {
            let whole = format!("{prefix}{rest}");
            match after_prefix(&prefix) {
                Some(end) => {
                    prop_assert!(whole < end && !end.starts_with(&prefix));
                    prop_assert!(other < prefix || other >= end || other.starts_with(&prefix));
                }
                None => prop_assert!(other < prefix || other.starts_with(&prefix)),
            }
        }
    }
}
