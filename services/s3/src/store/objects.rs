//! Objects and their versions: what is current, what was before, what is only marked as deleted.
//!
//! `objects` has the current version of a key, `versions` all others and the delete markers. A key whose newest
//! version is a marker has no row in `objects`.

use super::buckets::{Bucket, Versioning, json};
use super::records::{Head, Piece, Record};
use super::writer::Change;
use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, Row, params};

/// What an object's bytes are kept in.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    Inline(Bytes),
    Pieces(Vec<Piece>),
}

/// The body that a new version gets.
#[derive(Debug, Clone)]
pub(crate) enum NewBody {
    Inline(Bytes),
    /// Files that no row names yet.
    Fresh(Vec<Piece>),
    /// Files whose names rows have already: the parts of an upload.
    Named(Vec<Piece>),
    /// The body of another object.
    Shared(i64),
}

/// A version about to be stored.
#[derive(Debug, Clone)]
pub(crate) struct NewObject {
    pub key: String,
    /// The id it gets if the bucket keeps versions.
    pub version: String,
    pub size: u64,
    pub etag: String,
    pub head: Head,
    pub body: NewBody,
}

/// What a key stands for without a version id.
#[derive(Debug)]
pub(crate) enum Newest {
    Object(Record),
    Marker(Record),
    Nothing,
}

/// What a delete did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Deleted {
    /// A marker was made or removed.
    pub marker: bool,
    /// The version removed or the marker made; `None` in a bucket without versions.
    pub version: Option<String>,
}

pub(crate) const NULL: &str = "null";

pub(crate) fn record(row: &Row<'_>) -> rusqlite::Result<Record> {
    let head = serde_json::from_str(row.get_ref(7)?.as_str()?)
        .map_err(|e| rusqlite::Error::FromSqlConversionFailure(7, rusqlite::types::Type::Text, Box::new(e)))?;
    Ok(Record {
        key: row.get(0)?,
        seq: row.get(1)?,
        version: row.get(2)?,
        modified: row.get(3)?,
        size: row.get::<_, i64>(4)?.cast_unsigned(),
        etag: row.get(5)?,
        body: row.get(6)?,
        head,
    })
}

/// The current version, unless that is a delete marker.
pub(crate) fn current(db: &Connection, bucket: i64, key: &str) -> rusqlite::Result<Option<Record>> {
    db.prepare_cached(
        "SELECT key, seq, version, modified, size, etag, body, head FROM objects WHERE bucket = ?1 AND key = ?2",
    )?
    .query_row(params![bucket, key], record)
    .optional()
}

/// The newest version of a key, marker or not.
pub(crate) fn newest(db: &Connection, bucket: &Bucket, key: &str) -> rusqlite::Result<Newest> {
    if let Some(found) = current(db, bucket.id, key)? {
        return Ok(Newest::Object(found));
    }
    if bucket.settings.versioning == Versioning::Never {
        return Ok(Newest::Nothing);
    }
    Ok(newest_archived(db, bucket.id, key)?.map_or(Newest::Nothing, Newest::Marker))
}

fn newest_archived(db: &Connection, bucket: i64, key: &str) -> rusqlite::Result<Option<Record>> {
    db.prepare_cached(
        "SELECT key, seq, version, modified, size, etag, body, head FROM versions
         WHERE bucket = ?1 AND key = ?2 ORDER BY seq DESC LIMIT 1",
    )?
    .query_row(params![bucket, key], record)
    .optional()
}

/// A version by its id, and whether it is the current one.
pub(crate) fn version(db: &Connection, bucket: i64, key: &str, id: &str) -> rusqlite::Result<Option<(Record, bool)>> {
    if let Some(found) = current(db, bucket, key)?
        && found.version == id
    {
        return Ok(Some((found, true)));
    }
    let found = db
        .prepare_cached(
            "SELECT key, seq, version, modified, size, etag, body, head FROM versions
             WHERE bucket = ?1 AND key = ?2 AND version = ?3",
        )?
        .query_row(params![bucket, key, id], record)
        .optional()?;
    Ok(found.map(|record| (record, false)))
}

/// The bytes of a body, or the files they lie in.
pub(crate) fn body(db: &Connection, id: i64) -> rusqlite::Result<Body> {
    db.prepare_cached("SELECT pieces, data FROM bodies WHERE id = ?1")?.query_row([id], |row| {
        match row.get_ref(0)?.as_str_or_null()? {
            Some(text) => pieces(text).map(Body::Pieces),
            None => Ok(Body::Inline(Bytes::copy_from_slice(row.get_ref(1)?.as_blob()?))),
        }
    })
}

fn pieces(text: &str) -> rusqlite::Result<Vec<Piece>> {
    serde_json::from_str(text)
        .map_err(|e| rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(e)))
}

/// Stores a new current version and returns it.
pub(crate) fn put(change: &mut Change<'_>, bucket: &Bucket, new: &NewObject) -> rusqlite::Result<Record> {
    change.changed(bucket.id, &new.key);
    let seq = seq_for(change, bucket, &new.key)?;
    let version = match bucket.settings.versioning {
        Versioning::Enabled => new.version.as_str(),
        Versioning::Never | Versioning::Suspended => NULL,
    };
    if !new.head.tags.is_empty() {
        change.tagged()?;
    }
    let body = match (bucket.settings.versioning, &new.body) {
        (Versioning::Never, NewBody::Inline(bytes)) => write_over(change, bucket.id, &new.key, bytes)?,
        _ => {
            // First the new, then the old: an object copied onto itself keeps the body that both share.
            let body = store_body(change, &new.body)?;
            make_room(change, bucket, &new.key)?;
            body
        }
    };
    let modified = seq / 1000;
    change
        .db
        .prepare_cached(
            "INSERT OR REPLACE INTO objects (bucket, key, seq, version, modified, size, etag, body, head)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            bucket.id,
            new.key,
            seq,
            version,
            modified,
            new.size.cast_signed(),
            new.etag,
            body,
            json(&new.head)?
        ])?;
    Ok(Record {
        key: new.key.clone(),
        seq,
        version: version.to_owned(),
        modified,
        size: new.size,
        etag: new.etag.clone(),
        body: Some(body),
        head: new.head.clone(),
    })
}

/// The most frequent write, done with the fewest pages: small bytes in the place of small bytes that nobody shares.
/// The row in `objects` is left for the caller to replace.
fn write_over(change: &mut Change<'_>, bucket: i64, key: &str, bytes: &Bytes) -> rusqlite::Result<i64> {
    let before: Option<(i64, i64, bool)> = change
        .db
        .prepare_cached(
            "SELECT b.id, b.refs, b.pieces IS NULL FROM objects o JOIN bodies b ON b.id = o.body
             WHERE o.bucket = ?1 AND o.key = ?2",
        )?
        .query_row(params![bucket, key], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    match before {
        Some((id, 1, true)) => {
            change
                .db
                .prepare_cached("UPDATE bodies SET data = ?2 WHERE id = ?1")?
                .execute(params![id, bytes.as_ref()])?;
            return Ok(id);
        }
        Some((id, ..)) => release(change, id)?,
        None => {}
    }
    store_body(change, &NewBody::Inline(bytes.clone()))
}

/// An order number above those of the key's versions, whatever the machine's clock did between two starts.
fn seq_for(change: &mut Change<'_>, bucket: &Bucket, key: &str) -> rusqlite::Result<i64> {
    if bucket.settings.versioning != Versioning::Never {
        let current = current(change.db, bucket.id, key)?.map_or(0, |r| r.seq);
        let archived = newest_archived(change.db, bucket.id, key)?.map_or(0, |r| r.seq);
        change.seq_above(current.max(archived));
    }
    Ok(change.seq())
}

/// Takes the current version out of the way: it becomes an earlier one, or goes if nothing keeps it.
fn make_room(change: &mut Change<'_>, bucket: &Bucket, key: &str) -> rusqlite::Result<()> {
    match bucket.settings.versioning {
        Versioning::Enabled => archive(change.db, bucket.id, key),
        Versioning::Never => remove_null(change, bucket.id, key, "objects"),
        Versioning::Suspended => {
            remove_null(change, bucket.id, key, "objects")?;
            remove_null(change, bucket.id, key, "versions")?;
            archive(change.db, bucket.id, key)
        }
    }
}

fn remove_null(change: &mut Change<'_>, bucket: i64, key: &str, from: &str) -> rusqlite::Result<()> {
    // RETURNING would say it in one step, but makes a table of its own each time.
    let found: Option<Option<i64>> = change
        .db
        .prepare_cached(&format!("SELECT body FROM {from} WHERE bucket = ?1 AND key = ?2 AND version = 'null'"))?
        .query_row(params![bucket, key], |row| row.get(0))
        .optional()?;
    let Some(body) = found else { return Ok(()) };
    change
        .db
        .prepare_cached(&format!("DELETE FROM {from} WHERE bucket = ?1 AND key = ?2 AND version = 'null'"))?
        .execute(params![bucket, key])?;
    match body {
        Some(body) => release(change, body),
        None => Ok(()),
    }
}

/// Moves the current version, if there is one, to the earlier ones.
fn archive(db: &Connection, bucket: i64, key: &str) -> rusqlite::Result<()> {
    let moved = db
        .prepare_cached(
            "INSERT INTO versions (bucket, key, seq, version, modified, size, etag, body, head)
             SELECT bucket, key, seq, version, modified, size, etag, body, head FROM objects
             WHERE bucket = ?1 AND key = ?2",
        )?
        .execute(params![bucket, key])?;
    if moved > 0 {
        db.prepare_cached("DELETE FROM objects WHERE bucket = ?1 AND key = ?2")?.execute(params![bucket, key])?;
    }
    Ok(())
}

/// The newest of the earlier versions becomes the current one, unless it is a marker.
fn promote(db: &Connection, bucket: i64, key: &str) -> rusqlite::Result<()> {
    let Some(newest) = newest_archived(db, bucket, key)?.filter(|r| r.body.is_some()) else { return Ok(()) };
    db.prepare_cached(
        "INSERT INTO objects (bucket, key, seq, version, modified, size, etag, body, head)
         SELECT bucket, key, seq, version, modified, size, etag, body, head FROM versions
         WHERE bucket = ?1 AND key = ?2 AND seq = ?3",
    )?
    .execute(params![bucket, key, newest.seq])?;
    db.prepare_cached("DELETE FROM versions WHERE bucket = ?1 AND key = ?2 AND seq = ?3")?
        .execute(params![bucket, key, newest.seq])
        .map(drop)
}

/// Deletes without a version id: for good, or by a marker named `marker` where the bucket keeps versions.
pub(crate) fn delete(change: &mut Change<'_>, bucket: &Bucket, key: &str, marker: &str) -> rusqlite::Result<Deleted> {
    change.changed(bucket.id, key);
    let id = match bucket.settings.versioning {
        Versioning::Never => {
            make_room(change, bucket, key)?;
            return Ok(Deleted::default());
        }
        Versioning::Enabled => marker,
        Versioning::Suspended => NULL,
    };
    let seq = seq_for(change, bucket, key)?;
    make_room(change, bucket, key)?;
    change
        .db
        .prepare_cached(
            "INSERT INTO versions (bucket, key, seq, version, modified, size, etag, body, head)
             VALUES (?1, ?2, ?3, ?4, ?5, 0, '', NULL, '{}')",
        )?
        .execute(params![bucket.id, key, seq, id, seq / 1000])?;
    Ok(Deleted { marker: true, version: Some(id.to_owned()) })
}

/// Deletes one version for good; one that is not there is no error.
pub(crate) fn delete_version(
    change: &mut Change<'_>,
    bucket: &Bucket,
    key: &str,
    id: &str,
) -> rusqlite::Result<Deleted> {
    change.changed(bucket.id, key);
    let mut deleted = Deleted { marker: false, version: Some(id.to_owned()) };
    let Some((found, is_current)) = version(change.db, bucket.id, key, id)? else { return Ok(deleted) };
    let table = if is_current { "DELETE FROM objects" } else { "DELETE FROM versions" };
    change
        .db
        .prepare_cached(&format!("{table} WHERE bucket = ?1 AND key = ?2 AND version = ?3"))?
        .execute(params![bucket.id, key, id])?;
    match found.body {
        Some(body) => release(change, body)?,
        None => deleted.marker = true,
    }
    if current(change.db, bucket.id, key)?.is_none() {
        promote(change.db, bucket.id, key)?;
    }
    Ok(deleted)
}

/// Replaces what goes with a version (its tags).
pub(crate) fn set_head(change: &mut Change<'_>, bucket: i64, found: &Record, is_current: bool) -> rusqlite::Result<()> {
    change.changed(bucket, &found.key);
    if !found.head.tags.is_empty() {
        change.tagged()?;
    }
    let table = if is_current { "UPDATE objects" } else { "UPDATE versions" };
    change
        .db
        .prepare_cached(&format!("{table} SET head = ?4 WHERE bucket = ?1 AND key = ?2 AND version = ?3"))?
        .execute(params![bucket, found.key, found.version, json(&found.head)?])
        .map(drop)
}

fn store_body(change: &mut Change<'_>, body: &NewBody) -> rusqlite::Result<i64> {
    match body {
        NewBody::Inline(bytes) => {
            change.db.prepare_cached("INSERT INTO bodies (refs, data) VALUES (1, ?1)")?.execute([bytes.as_ref()])?;
            Ok(change.db.last_insert_rowid())
        }
        NewBody::Fresh(pieces) | NewBody::Named(pieces) => {
            if matches!(body, NewBody::Fresh(_)) {
                for piece in pieces {
                    change.name(piece.blob)?;
                }
            }
            change.db.prepare_cached("INSERT INTO bodies (refs, pieces) VALUES (1, ?1)")?.execute([json(pieces)?])?;
            Ok(change.db.last_insert_rowid())
        }
        NewBody::Shared(body) => {
            change.db.prepare_cached("UPDATE bodies SET refs = refs + 1 WHERE id = ?1")?.execute([body])?;
            Ok(*body)
        }
    }
}

/// One version fewer needs the body; with the last its files go.
fn release(change: &mut Change<'_>, body: i64) -> rusqlite::Result<()> {
    let (refs, text): (i64, Option<String>) = change
        .db
        .prepare_cached("SELECT refs, pieces FROM bodies WHERE id = ?1")?
        .query_row([body], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if refs > 1 {
        return change.db.prepare_cached("UPDATE bodies SET refs = refs - 1 WHERE id = ?1")?.execute([body]).map(drop);
    }
    change.db.prepare_cached("DELETE FROM bodies WHERE id = ?1")?.execute([body])?;
    for piece in text.as_deref().map(pieces).transpose()?.unwrap_or_default() {
        change.free(piece.blob)?;
    }
    Ok(())
}
