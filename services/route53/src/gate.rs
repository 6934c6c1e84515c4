//! Who may call an operation: its zone, its condition keys, and the questions to the gate.

use crate::name;
use postern_call::{Call, Refusal};
use postern_kit::{Input, Question};
use postern_names::AccountId;
use postern_policy::{Judge, Keys};

/// Asks whether the call is allowed; naming a VPC needs `ec2:DescribeVpcs` too.
pub fn authorize(judge: &dyn Judge, call: &Call, account: AccountId) -> Result<(), Refusal> {
    let input = Input(&call.input);
    let resource = resource(call, input);
    let question = |service, action, resource, keys| Question {
        service,
        action,
        resource,
        account: Some(account),
        policy: None,
        keys,
    };
    question("route53", &call.operation, resource.as_str(), keys(input)).put(judge, call)?;
    match call.operation.as_str() {
        "CreateHostedZone" | "AssociateVPCWithHostedZone" => {
            question("ec2", "DescribeVpcs", "*", Keys::new()).put(judge, call)
        }
        _ => Ok(()),
    }
}

fn resource(call: &Call, input: Input<'_>) -> String {
    if call.operation == "GetChange" {
        return format!("arn:aws:route53:::change/{}", bare(input.text("Id").unwrap_or_default()));
    }
    let tagged = || input.text("ResourceId").filter(|_| input.text("ResourceType") == Some("hostedzone"));
    let by_zone = || if call.operation.starts_with("ListHostedZones") { None } else { input.text("HostedZoneId") };
    match by_zone().or_else(|| input.text("Id")).or_else(tagged) {
        Some(id) => format!("arn:aws:route53:::hostedzone/{}", bare(id)),
        None => "*".to_owned(),
    }
}

/// An id without the path that replies put in front of it.
pub fn bare(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

fn keys(input: Input<'_>) -> Keys {
    let mut keys = Keys::new();
    if let Some(vpc) = input.within("VPC") {
        let told = format!(
            "VPCId={},VPCRegion={}",
            vpc.text("VPCId").unwrap_or_default(),
            vpc.text("VPCRegion").unwrap_or_default()
        );
        keys.insert("route53:vpcs".into(), vec![told]);
    }
    let mut add = |key: &str, value: String| {
        let values = keys.entry(format!("route53:changeresourcerecordsets{key}")).or_default();
        if !values.contains(&value) {
            values.push(value);
        }
    };
    for change in input.within("ChangeBatch").map(|batch| batch.list("Changes")).unwrap_or_default() {
        let change = Input(change);
        add("actions", change.text("Action").unwrap_or_default().to_owned());
        if let Some(set) = change.within("ResourceRecordSet") {
            add("recordtypes", set.text("Type").unwrap_or_default().to_owned());
            let given = set.text("Name").unwrap_or_default();
            add("normalizedrecordnames", name::read(given).unwrap_or_else(|| given.to_owned()));
        }
    }
    keys
}
