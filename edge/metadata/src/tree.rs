//! The metadata of an instance as a tree of names: leaves have text, directories have a listing.

use std::collections::BTreeMap;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::facts::{InstanceFacts, InterfaceFacts};

/// A place in the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    Leaf(String),
    Directory(BTreeMap<String, Node>),
    /// A directory whose listing shows more than its names: `public-keys` lists `0=name`.
    Named(String, BTreeMap<String, Node>),
    /// The role's credentials, fetched only when they are asked for.
    Credentials,
    UserData,
}

impl Node {
    /// The node at a path of segments.
    pub(crate) fn at<'a>(&self, mut path: impl Iterator<Item = &'a str>) -> Option<&Node> {
        match (path.next(), self) {
            (None, here) => Some(here),
            (Some(name), Node::Directory(children) | Node::Named(_, children)) => children.get(name)?.at(path),
            (Some(_), _) => None,
        }
    }

    /// One child a line, directories with a slash.
    pub(crate) fn listing(children: &BTreeMap<String, Node>) -> String {
        let line = |(name, node): (&String, &Node)| match node {
            Node::Directory(_) | Node::Named(..) => format!("{name}/"),
            _ => name.clone(),
        };
        children.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

/// What lies below a version: `dynamic`, `meta-data` and, if there is any, `user-data`.
pub(crate) fn build(facts: &InstanceFacts) -> Node {
    let mut root = Directory::default();
    root.directory("dynamic", dynamic(facts));
    root.directory("meta-data", meta_data(facts));
    if facts.user_data.is_some() {
        root.0.insert("user-data".to_owned(), Node::UserData);
    }
    Node::Directory(root.0)
}

/// A time as every document of the service writes it.
pub(crate) fn timestamp(time: OffsetDateTime) -> String {
    let whole = time.replace_nanosecond(0).unwrap_or(time);
    whole.format(&Rfc3339).unwrap_or_default()
}

#[derive(Default)]
struct Directory(BTreeMap<String, Node>);

impl Directory {
    fn leaf(&mut self, name: &str, text: impl ToString) -> &mut Self {
        self.0.insert(name.to_owned(), Node::Leaf(text.to_string()));
        self
    }

    fn directory(&mut self, name: &str, child: Directory) -> &mut Self {
        self.0.insert(name.to_owned(), Node::Directory(child.0));
        self
    }
}

fn one(name: &str, text: impl ToString) -> Directory {
    let mut directory = Directory::default();
    directory.leaf(name, text);
    directory
}

fn dynamic(facts: &InstanceFacts) -> Directory {
    let mut directory = Directory::default();
    directory.directory("fws", one("instance-monitoring", "disabled"));
    directory.directory("instance-identity", one("document", identity_document(facts)));
    directory
}

fn identity_document(facts: &InstanceFacts) -> String {
    let address = facts.interfaces.first().and_then(|i| i.private_addresses.first()).map(ToString::to_string);
    let document = serde_json::json!({
        "accountId": facts.account.to_string(),
        "architecture": facts.architecture,
        "availabilityZone": facts.zone.as_str(),
        "billingProducts": null,
        "devpayProductCodes": null,
        "marketplaceProductCodes": null,
        "imageId": facts.image.to_string(),
        "instanceId": facts.id.to_string(),
        "instanceType": facts.instance_type,
        "kernelId": null,
        "pendingTime": timestamp(facts.pending_time),
        "privateIp": address,
        "ramdiskId": null,
        "region": facts.region.as_str(),
        "version": "2017-09-30",
    });
    pretty(&document)
}

/// JSON as the service lays it out: two spaces, a space before each colon.
pub(crate) fn pretty(document: &serde_json::Value) -> String {
    let Some(members) = document.as_object() else { return document.to_string() };
    let lines: Vec<String> = members.iter().map(|(name, value)| format!("  \"{name}\" : {value}")).collect();
    format!("{{\n{}\n}}", lines.join(",\n"))
}

fn meta_data(facts: &InstanceFacts) -> Directory {
    let mut all = Directory::default();
    all.leaf("ami-id", facts.image)
        .leaf("ami-launch-index", facts.launch_index)
        .leaf("ami-manifest-path", "(unknown)")
        .leaf("instance-action", "none")
        .leaf("instance-id", facts.id)
        .leaf("instance-life-cycle", "on-demand")
        .leaf("instance-type", &facts.instance_type)
        .leaf("profile", "default-hvm")
        .leaf("reservation-id", facts.reservation);
    let mut devices = one("ami", "/dev/xvda");
    devices.leaf("root", "/dev/xvda");
    all.directory("block-device-mapping", devices);
    let mut maintenance = one("history", "[]");
    maintenance.leaf("scheduled", "[]");
    let mut events = Directory::default();
    events.directory("maintenance", maintenance);
    all.directory("events", events);
    let mut placement = one("availability-zone", &facts.zone);
    placement.leaf("availability-zone-id", &facts.zone_id).leaf("region", &facts.region);
    all.directory("placement", placement);
    let mut services = one("domain", "amazonaws.com");
    services.leaf("partition", "aws");
    all.directory("services", services);
    if let Some(primary) = facts.interfaces.first() {
        addresses(&mut all, primary);
    }
    network(&mut all, facts);
    keys(&mut all, facts);
    profile(&mut all, facts);
    if facts.options.tags && !facts.tags.is_empty() {
        let mut tags = Directory::default();
        for (key, value) in &facts.tags {
            tags.leaf(key, value);
        }
        let mut holder = Directory::default();
        holder.directory("instance", tags);
        all.directory("tags", holder);
    }
    all
}

/// The primary interface's facts at the top level.
fn addresses(all: &mut Directory, primary: &InterfaceFacts) {
    all.leaf("hostname", &primary.private_dns).leaf("local-hostname", &primary.private_dns).leaf("mac", &primary.mac);
    all.leaf("security-groups", lines(primary.security_groups.iter().map(|(_, name)| name)));
    if let Some(address) = primary.private_addresses.first() {
        all.leaf("local-ipv4", address);
        if let Some((_, public)) = primary.public_addresses.iter().find(|(private, _)| private == address) {
            all.leaf("public-ipv4", public);
        }
    }
    if let Some(address) = primary.ipv6_addresses.first() {
        all.leaf("ipv6", address);
    }
    if let Some(name) = &primary.public_dns {
        all.leaf("public-hostname", name);
    }
}

fn network(all: &mut Directory, facts: &InstanceFacts) {
    let mut macs = Directory::default();
    for interface in &facts.interfaces {
        macs.directory(&interface.mac, interface_facts(interface));
    }
    let mut interfaces = Directory::default();
    interfaces.directory("macs", macs);
    let mut network = Directory::default();
    network.directory("interfaces", interfaces);
    all.directory("network", network);
}

fn interface_facts(interface: &InterfaceFacts) -> Directory {
    let mut all = Directory::default();
    all.leaf("device-number", interface.device_number)
        .leaf("interface-id", interface.id)
        .leaf("local-hostname", &interface.private_dns)
        .leaf("local-ipv4s", lines(&interface.private_addresses))
        .leaf("mac", &interface.mac)
        .leaf("network-card", 0)
        .leaf("owner-id", interface.owner)
        .leaf("security-group-ids", lines(interface.security_groups.iter().map(|(id, _)| id)))
        .leaf("security-groups", lines(interface.security_groups.iter().map(|(_, name)| name)))
        .leaf("subnet-id", interface.subnet)
        .leaf("subnet-ipv4-cidr-block", interface.subnet_cidr)
        .leaf("vpc-id", interface.vpc)
        .leaf("vpc-ipv4-cidr-blocks", lines(&interface.vpc_cidrs));
    for (name, list) in [
        ("ipv6s", lines(&interface.ipv6_addresses)),
        ("subnet-ipv6-cidr-blocks", lines(&interface.subnet_ipv6_cidrs)),
        ("vpc-ipv6-cidr-blocks", lines(&interface.vpc_ipv6_cidrs)),
    ] {
        if !list.is_empty() {
            all.leaf(name, list);
        }
    }
    if let Some(first) = interface.vpc_cidrs.first() {
        all.leaf("vpc-ipv4-cidr-block", first);
    }
    if let Some(name) = &interface.public_dns {
        all.leaf("public-hostname", name);
    }
    if !interface.public_addresses.is_empty() {
        all.leaf("public-ipv4s", lines(interface.public_addresses.iter().map(|(_, public)| public)));
        let mut associations = Directory::default();
        for (private, public) in &interface.public_addresses {
            associations.leaf(&public.to_string(), private);
        }
        all.directory("ipv4-associations", associations);
    }
    all
}

fn keys(all: &mut Directory, facts: &InstanceFacts) {
    let Some(key) = &facts.key else { return };
    let mut keys = Directory::default();
    keys.directory("0", one("openssh-key", key.openssh.trim_end()));
    all.0.insert("public-keys".to_owned(), Node::Named(format!("0={}", key.name), keys.0));
}

fn profile(all: &mut Directory, facts: &InstanceFacts) {
    let Some(profile) = &facts.profile else { return };
    let info = serde_json::json!({
        "Code": "Success",
        "LastUpdated": timestamp(facts.pending_time),
        "InstanceProfileArn": profile.arn,
        "InstanceProfileId": profile.id,
    });
    let mut iam = one("info", pretty(&info));
    if let Some(role) = &profile.role {
        let mut roles = Directory::default();
        roles.0.insert(role.clone(), Node::Credentials);
        iam.directory("security-credentials", roles);
    }
    all.directory("iam", iam);
}

fn lines(items: impl IntoIterator<Item = impl ToString>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join("\n")
}
