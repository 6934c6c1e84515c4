//! Condition keys as AWS spells them, from their names in lower case.

use crate::table;

/// Global keys; those of a service are in its table.
const GLOBAL: &[&str] = &[
    "aws:CalledVia",
    "aws:CalledViaFirst",
    "aws:CalledViaLast",
    "aws:CurrentTime",
    "aws:Ec2InstanceSourcePrivateIPv4",
    "aws:Ec2InstanceSourceVpc",
    "aws:EpochTime",
    "aws:FederatedProvider",
    "aws:MultiFactorAuthAge",
    "aws:MultiFactorAuthPresent",
    "aws:PrincipalAccount",
    "aws:PrincipalArn",
    "aws:PrincipalIsAWSService",
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgPaths",
    "aws:PrincipalServiceName",
    "aws:PrincipalServiceNamesList",
    "aws:PrincipalType",
    "aws:RequestedRegion",
    "aws:ResourceAccount",
    "aws:ResourceOrgID",
    "aws:ResourceOrgPaths",
    "aws:SecureTransport",
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SourceIdentity",
    "aws:SourceIp",
    "aws:SourceOrgID",
    "aws:SourceOrgPaths",
    "aws:SourceVpc",
    "aws:SourceVpcArn",
    "aws:SourceVpce",
    "aws:TagKeys",
    "aws:TokenIssueTime",
    "aws:UserAgent",
    "aws:ViaAWSService",
    "aws:VpceAccount",
    "aws:VpceOrgID",
    "aws:VpceOrgPaths",
    "aws:VpcSourceIp",
    "ec2:RoleDelivery",
    "ec2:SourceInstanceARN",
];

/// Global keys with a tag's key behind them.
const GLOBAL_OPEN: &[&str] = &["aws:PrincipalTag/", "aws:RequestTag/", "aws:ResourceTag/"];

/// The key as AWS writes it; a tag's key and an unknown name stay as they are.
pub fn spelled(key: &str) -> String {
    let lower = key.to_lowercase();
    if let Some(name) = GLOBAL.iter().find(|name| name.eq_ignore_ascii_case(&lower)) {
        return (*name).to_owned();
    }
    let open = |prefix: &&str| lower.starts_with(&prefix.to_lowercase());
    if let Some(prefix) = GLOBAL_OPEN.iter().copied().find(open) {
        return format!("{prefix}{}", key.get(prefix.len()..).unwrap_or_default());
    }
    let service = lower.split(':').next().and_then(table::service);
    service.and_then(|service| service.spelled(key)).unwrap_or_else(|| key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::spelled;

    #[test]
    fn keys_are_spelled_as_aws_does() {
        for name in ["aws:SourceVpce", "aws:PrincipalTag/Team", "ec2:ResourceTag/Team", "ec2:InstanceType", "x:y"] {
            let lower = match name.split_once('/') {
                Some((head, tag)) => format!("{}/{tag}", head.to_lowercase()),
                None => name.to_lowercase(),
            };
            assert_eq!(spelled(&lower), if name == "x:y" { "x:y" } else { name });
        }
    }
}
