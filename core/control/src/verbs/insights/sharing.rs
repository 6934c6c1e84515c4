//! EnableReachabilityAnalyzerOrganizationSharing.

use crate::{Context, Draft, Request};
use postern_call::Refusal;
use serde_json::{Value, json};

/// From now on paths of the organization's management account may begin, end and pass in any of its accounts. Errors:
/// `OperationNotPermitted` for any other account.
pub fn enable_reachability_analyzer_organization_sharing(
    _draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    context.outside.trust_analyzer(context.account, request.flag("DryRun").unwrap_or(false))?;
    Ok(json!({ "ReturnValue": true }))
}
