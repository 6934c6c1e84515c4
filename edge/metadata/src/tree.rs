//! The tree of paths below `meta-data/` and `dynamic/`.

use crate::InstanceFacts;
use crate::facts::Interface;
use serde_json::json;
use std::collections::BTreeMap;

/// Leaves by path. Directories are what lies above them.
pub type Tree = BTreeMap<String, String>;

/// What a path leads to.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    Leaf(String),
    /// Children, one a line, directories with a slash.
    Listing(String),
    Nothing,
}

/// Looks a path up; a slash at its end does not matter.
pub fn find(tree: &Tree, path: &str) -> Found {
    let path = path.trim_end_matches('/');
    if let Some(leaf) = tree.get(path) {
        return Found::Leaf(leaf.clone());
    }
    let above = if path.is_empty() { String::new() } else { format!("{path}/") };
    let mut children: Vec<String> = Vec::new();
    for rest in tree.keys().filter_map(|key| key.strip_prefix(&above)) {
        let child = match rest.split_once('/') {
            Some((directory, _)) => format!("{directory}/"),
            None => rest.to_owned(),
        };
        if children.last() != Some(&child) {
            children.push(child);
        }
    }
    if children.is_empty() { Found::Nothing } else { Found::Listing(children.join("\n")) }
}

/// Everything below `meta-data/` but credentials, which are fetched when asked for.
pub fn meta_data(facts: &InstanceFacts) -> Tree {
    let mut tree = Tree::new();
    let mut put = |path: &str, value: String| {
        tree.insert(path.to_owned(), value);
    };
    put("ami-id", facts.image.to_string());
    put("ami-launch-index", facts.launch_index.to_string());
    put("ami-manifest-path", "(unknown)".to_owned());
    put("block-device-mapping/ami", "/dev/xvda".to_owned());
    put("block-device-mapping/root", "/dev/xvda".to_owned());
    put("hostname", facts.hostname.clone());
    put("instance-action", "none".to_owned());
    put("instance-id", facts.instance.to_string());
    put("instance-life-cycle", "on-demand".to_owned());
    put("instance-type", facts.instance_type.clone());
    put("local-hostname", facts.hostname.clone());
    put("placement/availability-zone", facts.zone.to_string());
    put("placement/availability-zone-id", facts.zone.id());
    put("placement/region", facts.region.to_string());
    put("profile", "default-hvm".to_owned());
    put("reservation-id", facts.reservation.to_string());
    put("services/domain", "amazonaws.com".to_owned());
    put("services/partition", "aws".to_owned());
    if let Some(name) = &facts.public_hostname {
        put("public-hostname", name.clone());
    }
    if let Some((_, line)) = &facts.key {
        put("public-keys/0/openssh-key", format!("{line}\n"));
    }
    if let Some(profile) = &facts.profile {
        put("iam/info", iam_info(facts, &profile.arn, &profile.id));
    }
    for (key, value) in facts.tags.iter().flatten() {
        put(&format!("tags/instance/{key}"), value.clone());
    }
    if let Some(primary) = facts.interfaces.first() {
        put("mac", primary.mac.clone());
        put("security-groups", lines(primary.groups.iter().map(|(_, name)| name)));
        if let Some((private, public)) = primary.addresses.first() {
            put("local-ipv4", private.to_string());
            if let Some(public) = public {
                put("public-ipv4", public.to_string());
            }
        }
    }
    for interface in &facts.interfaces {
        interface_leaves(facts, interface, &mut tree);
    }
    tree
}

fn interface_leaves(facts: &InstanceFacts, interface: &Interface, tree: &mut Tree) {
    let above = format!("network/interfaces/macs/{}", interface.mac);
    let mut put = |path: &str, value: String| {
        tree.insert(format!("{above}/{path}"), value);
    };
    put("device-number", interface.device.to_string());
    put("interface-id", interface.id.to_string());
    put("local-hostname", facts.hostname.clone());
    put("local-ipv4s", lines(interface.addresses.iter().map(|(private, _)| private)));
    put("mac", interface.mac.clone());
    put("network-card-index", "0".to_owned());
    put("owner-id", facts.account.to_string());
    put("security-group-ids", lines(interface.groups.iter().map(|(id, _)| id)));
    put("security-groups", lines(interface.groups.iter().map(|(_, name)| name)));
    put("subnet-id", interface.subnet.to_string());
    put("subnet-ipv4-cidr-block", interface.subnet_cidr.to_string());
    put("vpc-id", interface.vpc.to_string());
    put("vpc-ipv4-cidr-block", interface.vpc_cidrs.first().map(ToString::to_string).unwrap_or_default());
    put("vpc-ipv4-cidr-blocks", lines(interface.vpc_cidrs.iter()));
    let public: Vec<_> = interface.addresses.iter().filter_map(|(private, public)| Some((private, (*public)?))).collect();
    if !public.is_empty() {
        put("public-ipv4s", lines(public.iter().map(|(_, public)| public)));
        if let Some(name) = facts.public_hostname.as_ref().filter(|_| interface.device == 0) {
            put("public-hostname", name.clone());
        }
    }
    for (private, public) in public {
        put(&format!("ipv4-associations/{public}"), private.to_string());
    }
}

/// Everything below `dynamic/`. The signed forms of the identity document are absent: Postern holds no key of AWS's.
pub fn dynamic(facts: &InstanceFacts) -> Tree {
    let private = facts.interfaces.first().and_then(|i| i.addresses.first()).map(|(address, _)| address.to_string());
    let document = json!({
        "accountId": facts.account,
        "architecture": facts.architecture,
        "availabilityZone": facts.zone,
        "billingProducts": null,
        "devpayProductCodes": null,
        "marketplaceProductCodes": null,
        "imageId": facts.image,
        "instanceId": facts.instance,
        "instanceType": facts.instance_type,
        "kernelId": null,
        "pendingTime": facts.launched,
        "privateIp": private,
        "ramdiskId": null,
        "region": facts.region,
        "version": "2017-09-30",
    });
    Tree::from([
        ("fws/instance-monitoring".to_owned(), "disabled".to_owned()),
        ("instance-identity/document".to_owned(), format!("{document:#}")),
    ])
}

fn iam_info(facts: &InstanceFacts, arn: &str, id: &str) -> String {
    let info = json!({
        "Code": "Success",
        "LastUpdated": facts.launched,
        "InstanceProfileArn": arn,
        "InstanceProfileId": id,
    });
    format!("{info:#}")
}

fn lines(items: impl Iterator<Item = impl ToString>) -> String {
    items.map(|item| item.to_string()).collect::<Vec<_>>().join("\n")
}
