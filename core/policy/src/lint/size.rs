//! How long a policy of each kind may be.

use super::LintKind;
use super::view::{Policy, Spot};
use crate::ENDPOINT_POLICY_CHARACTERS_MAX;

/// The quota of a managed policy, white space not counted.
const IDENTITY_MAX: usize = 6_144;
/// The quota of a bucket's policy, the largest of the resource policies.
const RESOURCE_MAX: usize = 20_480;
const SCP_MAX: usize = 5_120;
const TRUST_MAX: usize = 4_096;

pub fn check(policy: &mut Policy<'_>) {
    let all = policy.text.chars().count();
    let dense = policy.text.chars().filter(|c| !c.is_whitespace()).count();
    let whole = Spot { path: Vec::new(), span: policy.root.span.clone() };
    let too_long = |size: usize, most: usize| format!("The policy has {size} characters; {most} are the quota.");
    match policy.kind {
        LintKind::Identity if dense > IDENTITY_MAX => {
            policy.warning("POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA", &whole, too_long(dense, IDENTITY_MAX));
        }
        LintKind::Resource if all > RESOURCE_MAX => {
            policy.warning("POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA", &whole, too_long(all, RESOURCE_MAX));
        }
        LintKind::Trust if dense > TRUST_MAX => {
            policy.warning("POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA", &whole, too_long(dense, TRUST_MAX));
        }
        LintKind::ServiceControl | LintKind::ResourceControl if all > SCP_MAX => {
            policy.error("POLICY_SIZE_EXCEEDS_SCP_QUOTA", &whole, too_long(all, SCP_MAX));
        }
        LintKind::Endpoint if all > ENDPOINT_POLICY_CHARACTERS_MAX => {
            policy.error("ENDPOINT_POLICY_TOO_LONG", &whole, too_long(all, ENDPOINT_POLICY_CHARACTERS_MAX));
        }
        _ => {}
    }
}
