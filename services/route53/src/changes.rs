//! The changes that were made, by their ids: what GetChange answers from.

use postern_call::Refusal;
use postern_kit::Kind;
use postern_names::AccountId;
use postern_store::{Store, StoreError};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

const CHANGES: Kind<Change> = Kind::new("route53.change");
/// So many are kept; the oldest go first.
const KEPT_MAX: usize = 1_000;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub account: AccountId,
    /// `C` and 13 letters and digits or more.
    pub id: String,
    #[serde(with = "time::serde::rfc3339")]
    pub submitted: OffsetDateTime,
    pub comment: Option<String>,
}

impl Change {
    /// ChangeInfo as replies show it: in force as soon as it is told.
    pub fn info(&self) -> Result<Value, Refusal> {
        let submitted = self.submitted.format(&Rfc3339).map_err(Refusal::internal)?;
        let mut info = json!({ "Id": format!("/change/{}", self.id), "Status": "INSYNC", "SubmittedAt": submitted });
        if let Some(comment) = &self.comment {
            info["Comment"] = json!(comment);
        }
        Ok(info)
    }
}

/// Keys are the time and the id, so that they lie in the order of their making.
pub struct Changes {
    kept: Mutex<BTreeMap<String, Change>>,
    store: Arc<Store>,
}

impl Changes {
    pub fn open(store: Arc<Store>) -> Result<Self, StoreError> {
        let kept = CHANGES.load(&store)?.into_iter().collect();
        Ok(Self { kept: Mutex::new(kept), store })
    }

    /// Writes down a change that is in force. Returns when that is durable.
    pub async fn note(&self, account: AccountId, now: OffsetDateTime, comment: Option<&str>) -> Result<Value, Refusal> {
        let id = format!("C{}", crate::verb::fresh_zone_id()?.to_string().trim_start_matches("Z0"));
        let change = Change { account, id, submitted: now, comment: comment.map(str::to_owned) };
        let info = change.info()?;
        let pending = {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            let key = format!("{:020}/{}", now.unix_timestamp_nanos().max(0), change.id);
            let mut writes = vec![CHANGES.put(key.clone(), &change)?];
            kept.insert(key, change);
            while kept.len() > KEPT_MAX {
                let Some((old, _)) = kept.pop_first() else { break };
                writes.push(CHANGES.delete(old));
            }
            self.store.submit(writes)
        };
        pending.durable().await.map_err(Refusal::internal)?;
        Ok(info)
    }

    pub fn find(&self, account: AccountId, id: &str) -> Option<Change> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.values().find(|change| change.account == account && change.id == id).cloned()
    }
}
