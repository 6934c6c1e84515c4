//! Verbs of security groups and their rules.

mod authorize;
mod create;
mod delete;
mod describe;
mod describe_rules;
mod modify_rules;
mod named;
pub(crate) mod permission;
mod references;
mod revoke;
mod rule_descriptions;

use crate::verbs::Whole;

pub(super) const VERBS: &[(&str, Whole)] = &[
    ("CreateSecurityGroup", create::create),
    ("DeleteSecurityGroup", delete::delete),
    ("DescribeSecurityGroups", describe::describe_groups),
    ("GetSecurityGroupsForVpc", describe::groups_for_vpc),
    ("AuthorizeSecurityGroupIngress", authorize::ingress),
    ("AuthorizeSecurityGroupEgress", authorize::egress),
    ("RevokeSecurityGroupIngress", revoke::ingress),
    ("RevokeSecurityGroupEgress", revoke::egress),
    ("UpdateSecurityGroupRuleDescriptionsIngress", rule_descriptions::ingress),
    ("UpdateSecurityGroupRuleDescriptionsEgress", rule_descriptions::egress),
    ("ModifySecurityGroupRules", modify_rules::modify),
    ("DescribeSecurityGroupRules", describe_rules::describe_rules),
    ("DescribeSecurityGroupReferences", references::references),
    ("DescribeStaleSecurityGroups", references::stale),
];
