//! Multipart uploads in progress and their parts.

use super::buckets::json;
use super::list::{Page, after_prefix, common_prefix, end_of};
use super::records::{Plan, Sum};
use super::writer::Change;
use rusqlite::{Connection, OptionalExtension, Row, params};

#[derive(Debug, Clone)]
pub(crate) struct Upload {
    pub key: String,
    pub id: String,
    /// Milliseconds since 1970.
    pub started: i64,
    pub plan: Plan,
}

#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub number: u32,
    pub size: u64,
    pub etag: String,
    /// Milliseconds since 1970.
    pub modified: i64,
    pub sums: Vec<Sum>,
    pub blob: i64,
}

fn upload(row: &Row<'_>) -> rusqlite::Result<Upload> {
    let plan = serde_json::from_str(row.get_ref(3)?.as_str()?)
        .map_err(|e| rusqlite::Error::FromSqlConversionFailure(3, rusqlite::types::Type::Text, Box::new(e)))?;
    Ok(Upload { key: row.get(0)?, id: row.get(1)?, started: row.get(2)?, plan })
}

fn part(row: &Row<'_>) -> rusqlite::Result<Part> {
    let sums = serde_json::from_str(row.get_ref(4)?.as_str()?)
        .map_err(|e| rusqlite::Error::FromSqlConversionFailure(4, rusqlite::types::Type::Text, Box::new(e)))?;
    Ok(Part {
        number: row.get(0)?,
        size: row.get::<_, i64>(1)?.cast_unsigned(),
        etag: row.get(2)?,
        modified: row.get(3)?,
        sums,
        blob: row.get(5)?,
    })
}

pub(crate) fn begin(change: &mut Change<'_>, bucket: i64, key: &str, id: &str, plan: &Plan) -> rusqlite::Result<()> {
    let started = change.seq() / 1000;
    change
        .db
        .prepare_cached("INSERT INTO uploads (bucket, key, id, started, plan) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![bucket, key, id, started, json(plan)?])
        .map(drop)
}

pub(crate) fn find(db: &Connection, bucket: i64, key: &str, id: &str) -> rusqlite::Result<Option<Upload>> {
    db.prepare_cached("SELECT key, id, started, plan FROM uploads WHERE bucket = ?1 AND key = ?2 AND id = ?3")?
        .query_row(params![bucket, key, id], upload)
        .optional()
}

/// Uploads in order of key and id, after the given key and id, whose keys begin with `prefix`.
pub(crate) fn list(
    db: &Connection,
    bucket: i64,
    prefix: &str,
    after: (&str, &str),
    limit: usize,
) -> rusqlite::Result<Vec<Upload>> {
    let mut statement = db.prepare_cached(
        "SELECT key, id, started, plan FROM uploads
         WHERE bucket = ?1 AND (key, id) > (?2, ?3) AND key >= ?4 AND key < ?5
         ORDER BY key, id LIMIT ?6",
    )?;
    let end = end_of(prefix);
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    statement.query_map(params![bucket, after.0, after.1, prefix, end, limit], upload)?.collect()
}

/// Parts with numbers above `after`.
pub(crate) fn parts(db: &Connection, upload: &str, after: u32, limit: usize) -> rusqlite::Result<Vec<Part>> {
    let mut statement = db.prepare_cached(
        "SELECT number, size, etag, modified, sums, blob FROM parts
         WHERE upload = ?1 AND number > ?2 ORDER BY number LIMIT ?3",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    statement.query_map(params![upload, after, limit], part)?.collect()
}

/// Stores a part in the place of an earlier one of that number.
pub(crate) fn put_part(change: &mut Change<'_>, upload: &str, new: &Part) -> rusqlite::Result<i64> {
    let modified = change.seq() / 1000;
    let before: Option<i64> = change
        .db
        .prepare_cached("DELETE FROM parts WHERE upload = ?1 AND number = ?2 RETURNING blob")?
        .query_row(params![upload, new.number], |row| row.get(0))
        .optional()?;
    if let Some(blob) = before {
        change.free(blob)?;
    }
    change.name(new.blob)?;
    change
        .db
        .prepare_cached(
            "INSERT INTO parts (upload, number, size, etag, modified, sums, blob) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![upload, new.number, new.size.cast_signed(), new.etag, modified, json(&new.sums)?, new.blob])?;
    Ok(modified)
}

/// Ends an upload; the files of its parts go, but for those in `keep`.
pub(crate) fn end(change: &mut Change<'_>, bucket: i64, key: &str, id: &str, keep: &[i64]) -> rusqlite::Result<bool> {
    let gone = change
        .db
        .prepare_cached("DELETE FROM uploads WHERE bucket = ?1 AND key = ?2 AND id = ?3")?
        .execute(params![bucket, key, id])?;
    drop_parts(change, id, keep)?;
    Ok(gone > 0)
}

fn drop_parts(change: &mut Change<'_>, id: &str, keep: &[i64]) -> rusqlite::Result<()> {
    let keep: std::collections::HashSet<i64> = keep.iter().copied().collect();
    let blobs: Vec<i64> = change
        .db
        .prepare_cached("DELETE FROM parts WHERE upload = ?1 RETURNING blob")?
        .query_map([id], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    blobs.into_iter().filter(|blob| !keep.contains(blob)).try_for_each(|blob| change.free(blob))
}

/// Ends all uploads of a bucket.
pub(crate) fn drop_all(change: &mut Change<'_>, bucket: i64) -> rusqlite::Result<()> {
    let ids: Vec<String> = change
        .db
        .prepare_cached("DELETE FROM uploads WHERE bucket = ?1 RETURNING id")?
        .query_map([bucket], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    ids.iter().try_for_each(|id| drop_parts(change, id, &[]))
}

/// A page of uploads after the given key and id, keys folded at the delimiter.
pub(crate) fn page(
    db: &Connection,
    bucket: i64,
    prefix: &str,
    delimiter: Option<&str>,
    mut after: (String, String),
    limit: usize,
) -> rusqlite::Result<Page<Upload>> {
    let mut page = Page::default();
    if after.0.starts_with(prefix) && common_prefix(&after.0, prefix, delimiter) == Some(after.0.as_str()) {
        match after_prefix(&after.0) {
            Some(next) => after = (next, String::new()),
            None => return Ok(page),
        }
    }
    if limit == 0 {
        return Ok(page);
    }
    'again: loop {
        let wanted = limit - page.len() + 1;
        let rows = list(db, bucket, prefix, (&after.0, &after.1), wanted)?;
        let more = rows.len() == wanted;
        for upload in rows {
            if page.len() == limit {
                page.truncated = true;
                return Ok(page);
            }
            if let Some(folded) = common_prefix(&upload.key, prefix, delimiter) {
                page.prefixes.push(folded.to_owned());
                page.last = Some(folded.to_owned());
                let Some(next) = after_prefix(folded) else { return Ok(page) };
                after = (next, String::new());
                continue 'again;
            }
            after = (upload.key.clone(), upload.id.clone());
            page.last = Some(upload.key.clone());
            page.items.push(upload);
        }
        if !more {
            return Ok(page);
        }
    }
}
