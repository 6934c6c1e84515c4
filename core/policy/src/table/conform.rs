//! Whether a question to the gate is one that AWS would ask: for tests, and for debug builds of the gate.

use super::{ActionIn, service};
use crate::{Ask, Keys};

/// Keys that the engine itself is told by, and that are no condition keys of AWS's.
const OWN: &[&str] = &["s3:canonicaluserid"];
/// Keys of tags, which are in the tables although their names are global.
const TAGS: &[&str] = &["aws:requesttag/", "aws:resourcetag/", "aws:tagkeys"];

/// What the table does not know of the question: its action, the form of its resource for that action, or a key that the
/// service gave. `None`: nothing, or the service has no table.
pub fn flaw(ask: &Ask<'_>) -> Option<String> {
    let (prefix, name) = ask.action.split_once(':')?;
    let table = service(prefix)?;
    let Some(action) = table.action(name) else { return Some(format!("no action {}", ask.action)) };
    let touched = action.type_of(ask.resource).map(|resource| resource.word);
    if touched.is_none() && ask.resource != "*" && !by_path(ask, action) {
        return Some(format!("{} is never asked for on {}", ask.action, ask.resource));
    }
    let unknown = ask.keys.keys().find(|key| from_service(key) && !action.has_key(touched, key))?;
    Some(format!("{} on {} has no key {unknown}", ask.action, ask.resource))
}

/// What IAM asks for its lists is the path, although its table gives them no resource; a request may leave out the
/// name that its ARN would end with; public parameters are no account's; and what CloudWatch Logs asks on no log group is
/// on one without a name.
fn by_path(ask: &Ask<'_>, action: ActionIn) -> bool {
    let is_list = ask.action.starts_with("iam:List");
    let unnamed = ask.resource.ends_with('/') && action.type_of(&format!("{}x", ask.resource)).is_some();
    let owned = ask.resource.replacen("::parameter/aws/", ":123456789012:parameter/aws/", 1);
    let public = owned != ask.resource && action.type_of(&owned).is_some();
    let of_no_group = ask.action.starts_with("logs:") && ask.resource.ends_with(":log-group::log-stream:");
    ((is_list || of_no_group) && action.resource_types().next().is_none()) || unnamed || public
}

/// Whether a key is one of a service's own or of tags, as those in the tables are.
fn from_service(key: &str) -> bool {
    let is_tag = TAGS.iter().any(|tag| key.starts_with(tag));
    (is_tag || !key.starts_with("aws:")) && !OWN.contains(&key)
}

impl ActionIn {
    /// Drops the keys that the table does not know for this action on this resource.
    pub fn keep_known(self, resource: &str, keys: &mut Keys) {
        let touched = self.type_of(resource).map(|resource| resource.word);
        keys.retain(|key, _| !from_service(key) || self.has_key(touched, key));
    }
}
