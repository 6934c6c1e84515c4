//! `If-Match` and its kin.

use crate::error::{Answer, no_such_key, not_implemented, precondition, refuse};
use crate::store::records::Record;
use s3s::dto::{ETag, ETagCondition, Timestamp};
use time::OffsetDateTime;

/// The conditions on something that is read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reading {
    pub if_match: Option<ETagCondition>,
    pub if_none_match: Option<ETagCondition>,
    pub if_modified_since: Option<Timestamp>,
    pub if_unmodified_since: Option<Timestamp>,
}

fn matches(condition: &ETagCondition, record: &Record) -> bool {
    match condition {
        ETagCondition::Any => true,
        ETagCondition::ETag(ETag::Strong(value) | ETag::Weak(value)) => *value == record.etag,
    }
}

fn modified_after(record: &Record, at: &Timestamp) -> bool {
    record.modified.div_euclid(1000) > OffsetDateTime::from(at.clone()).unix_timestamp()
}

impl Reading {
    /// `NotModified`, `PreconditionFailed`, or nothing. An ETag that holds outweighs a date that does not.
    pub fn check(&self, record: &Record) -> Answer<()> {
        match &self.if_match {
            Some(condition) if !matches(condition, record) => return Err(precondition("If-Match")),
            Some(_) => {}
            None => {
                if self.if_unmodified_since.as_ref().is_some_and(|at| modified_after(record, at)) {
                    return Err(precondition("If-Unmodified-Since"));
                }
            }
        }
        match &self.if_none_match {
            Some(condition) if matches(condition, record) => Err(refuse("NotModified")),
            Some(_) => Ok(()),
            None if self.if_modified_since.as_ref().is_some_and(|at| !modified_after(record, at)) => {
                Err(refuse("NotModified"))
            }
            None => Ok(()),
        }
    }

    /// The same for the source of a copy, where what is not modified has failed too.
    pub fn check_source(&self, record: &Record) -> Answer<()> {
        self.check(record).map_err(|refusal| match refusal.code.as_str() {
            "NotModified" => precondition("x-amz-copy-source-If-None-Match"),
            _ => {
                let condition = refusal.members.first().map(|(_, v)| format!("x-amz-copy-source-{v}"));
                precondition(&condition.unwrap_or_default())
            }
        })
    }
}

/// The conditions on something that is written over.
#[derive(Debug, Clone, Default)]
pub(crate) struct Writing {
    pub if_match: Option<ETagCondition>,
    pub if_none_match: Option<ETagCondition>,
}

impl Writing {
    /// S3 knows only `*` for `If-None-Match` here.
    pub fn check_form(&self) -> Answer<()> {
        match &self.if_none_match {
            Some(ETagCondition::ETag(_)) => Err(not_implemented("If-None-Match")),
            _ => Ok(()),
        }
    }
    pub fn check(&self, key: &str, current: Option<&Record>) -> Answer<()> {
        if self.if_none_match.is_some() && current.is_some() {
            return Err(precondition("If-None-Match"));
        }
        match (&self.if_match, current) {
            (Some(_), None) => Err(no_such_key(key)),
            (Some(condition), Some(record)) if !matches(condition, record) => Err(precondition("If-Match")),
            _ => Ok(()),
        }
    }
    pub fn is_any(&self) -> bool {
        self.if_match.is_some() || self.if_none_match.is_some()
    }
}
