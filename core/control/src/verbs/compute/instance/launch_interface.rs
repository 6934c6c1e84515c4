//! The interfaces that a RunInstances call gives each of its instances.

use crate::verbs::compute::find::{default_group, default_vpc, group_by_name, no_default_vpc};
use crate::verbs::compute::free_address::{free_address, free_count};
use crate::verbs::compute::interface_wish::{self, AddressWish};
use crate::verbs::compute::ipv6_wish::Ipv6Wish;
use crate::verbs::compute::new_interface::new_interface;
use crate::verbs::compute::public_address::give_public_address;
use crate::verbs::is_visible;
use crate::{Context, Draft, Request, find, refuse};
use postern_call::Refusal;
use postern_model::*;
use postern_names::*;
use std::collections::BTreeMap;

/// One interface of every instance to be.
#[derive(Debug)]
pub(super) struct Plan {
    device_index: u32,
    delete_on_termination: bool,
    what: What,
}

#[derive(Debug)]
enum What {
    Existing(NetworkInterfaceId),
    New {
        subnet: Box<Subnet>,
        groups: Vec<SecurityGroupId>,
        wish: AddressWish,
        newer: Ipv6Wish,
        description: String,
        public: bool,
    },
}

/// Reads `NetworkInterfaces`, or the older members beside it, for instances of this type; by device index from 0.
pub(super) fn plans(
    world: &World,
    context: &Context<'_>,
    request: &Request<'_>,
    kind: &InstanceType,
) -> Result<Vec<Plan>, Refusal> {
    let listed = request.parts("NetworkInterfaces");
    if listed.is_empty() {
        return Ok(vec![single(world, context, request, kind)?]);
    }
    let beside = [
        ("SubnetId", "subnet ID"),
        ("SecurityGroupIds", "security groups"),
        ("SecurityGroups", "security groups"),
        ("PrivateIpAddress", "private IP address"),
        ("Ipv6AddressCount", "IPv6 address count"),
        ("Ipv6Addresses", "IPv6 addresses"),
    ];
    let says_something = |name: &str| {
        request.text(name).is_some()
            || request.number(name).is_some()
            || !request.parts(name).is_empty()
            || !request.texts(name).is_empty()
    };
    if let Some((_, words)) = beside.iter().find(|(name, _)| says_something(name)) {
        return Err(refuse::invalid_combination(format!(
            "Network interfaces and an instance-level {words} may not be specified on the same request"
        )));
    }
    let reader = Reader { world, context, kind, several: listed.len() > 1, placement: zone(context, request)? };
    let mut plans = listed.iter().map(|part| reader.plan(part)).collect::<Result<Vec<_>, _>>()?;
    plans.sort_by_key(|plan| plan.device_index);
    check_indexes(&plans, kind)?;
    check_one_network(world, &plans)?;
    Ok(plans)
}

/// How many instances the subnets' free addresses allow, and whether an existing interface allows only one.
pub(super) fn room(world: &World, plans: &[Plan]) -> u64 {
    let mut needed: BTreeMap<SubnetId, (u64, u64)> = BTreeMap::new();
    let mut room = u64::MAX;
    for plan in plans {
        match &plan.what {
            What::Existing(_) => room = room.min(1),
            What::New { subnet, wish, .. } => {
                let entry = needed.entry(subnet.id).or_insert_with(|| (free_count(world, subnet), 0));
                entry.1 += wish.count();
            }
        }
    }
    needed.values().map(|(free, each)| free / (*each).max(1)).fold(room, u64::min)
}

/// Whether the plans fix what only one instance can have, and which.
pub(super) fn fixes(plans: &[Plan]) -> Option<&'static str> {
    plans.iter().find_map(|plan| match &plan.what {
        What::Existing(_) => Some("network interface ID"),
        What::New { wish, .. } if wish.names_addresses() => Some("private IP address"),
        What::New { newer, .. } if !newer.named.is_empty() => Some("IPv6 address"),
        What::New { .. } => None,
    })
}

/// VPC, subnet and zone of the first interface: the instance's.
pub(super) fn place(world: &World, context: &Context<'_>, plans: &[Plan]) -> Result<Subnet, Refusal> {
    let subnet = match plans.first().map(|plan| &plan.what) {
        Some(What::New { subnet, .. }) => return Ok(subnet.as_ref().clone()),
        Some(What::Existing(id)) => find::<NetworkInterface>(world, context, *id)?.subnet,
        None => return Err(refuse::missing_parameter("NetworkInterface.1.DeviceIndex")),
    };
    find::<Subnet>(world, context, subnet).cloned()
}

/// Makes or takes the interfaces for one instance.
pub(super) fn attach(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    plans: &[Plan],
    instance: InstanceId,
    tags: &Tags,
) -> Result<(), Refusal> {
    for plan in plans {
        let mut interface = match &plan.what {
            What::Existing(id) => find::<NetworkInterface>(draft, context, *id)?.clone(),
            What::New { subnet, groups, wish, newer, description, public } => {
                let address = free_address(draft, subnet, wish.primary)?;
                let mut made = new_interface(context, subnet, InterfaceKind::Interface, description, address);
                made.groups.clone_from(groups);
                made.tags.clone_from(tags);
                made.associate_public_ip = *public;
                newer.give(draft, context, &mut made, subnet)?;
                draft.put(made.clone());
                interface_wish::add_secondary(draft, &mut made, subnet, wish)?;
                made
            }
        };
        interface.attachment = Some(Attachment {
            id: NetworkInterfaceAttachmentId::from_bits(context.outside.bits()),
            instance: Some(instance),
            device_index: plan.device_index,
            delete_on_termination: plan.delete_on_termination,
            attached: context.now,
        });
        give_public_address(draft, context, &mut interface)?;
        draft.put(interface);
    }
    Ok(())
}

/// The one interface of a request that lists none.
fn single(world: &World, context: &Context<'_>, request: &Request<'_>, kind: &InstanceType) -> Result<Plan, Refusal> {
    let zone = zone(context, request)?;
    let subnet = match request.optional_id("SubnetId")? {
        Some(id) => find::<Subnet>(world, context, id)?,
        None => default_subnet(world, context, zone.as_ref())?,
    };
    check_zone(subnet, zone.as_ref())?;
    let groups = named_groups(world, context, request, subnet)?;
    let wish = AddressWish { primary: interface_wish::address(request, "PrivateIpAddress")?, ..Default::default() };
    wish.check_limit(kind.addresses_per_interface)?;
    let newer = Ipv6Wish::read(request, subnet)?;
    newer.check_limit(0, kind.addresses_per_interface)?;
    let what = What::New {
        subnet: Box::new(subnet.clone()),
        groups,
        wish,
        newer,
        description: String::new(),
        public: subnet.map_public_ip_on_launch,
    };
    Ok(Plan { device_index: 0, delete_on_termination: true, what })
}

struct Reader<'s> {
    world: &'s World,
    context: &'s Context<'s>,
    kind: &'s InstanceType,
    several: bool,
    placement: Option<AvailabilityZone>,
}

impl Reader<'_> {
    fn plan(&self, part: &Request<'_>) -> Result<Plan, Refusal> {
        let refused = ["Ipv4Prefixes", "Ipv4PrefixCount", "Ipv6Prefixes", "Ipv6PrefixCount"];
        let says = |name: &str| match part.get(name) {
            None => false,
            Some(value) => value.as_i64() != Some(0) && value.as_array().is_none_or(|a| !a.is_empty()),
        };
        if let Some(member) = refused.iter().find(|member| says(member)) {
            return Err(refuse::not_served(&format!("NetworkInterface.{member}")));
        }
        if part.text("InterfaceType").is_some_and(|given| given != "interface") {
            return Err(refuse::not_served("NetworkInterface.InterfaceType other than interface"));
        }
        let index =
            part.number("DeviceIndex").ok_or_else(|| refuse::missing_parameter("NetworkInterface.DeviceIndex"))?;
        let device_index = u32::try_from(index)
            .map_err(|_| refuse::invalid_value("networkInterface.deviceIndex", index, "Must not be negative"))?;
        let existing: Option<NetworkInterfaceId> = part.optional_id("NetworkInterfaceId")?;
        self.check_public(part, device_index, existing.is_some())?;
        let deletes = part.flag("DeleteOnTermination");
        match existing {
            Some(id) => {
                self.check_existing(part, id)?;
                let delete_on_termination = deletes.unwrap_or(false);
                Ok(Plan { device_index, delete_on_termination, what: What::Existing(id) })
            }
            None => {
                let delete_on_termination = deletes.unwrap_or(true);
                Ok(Plan { device_index, delete_on_termination, what: self.new_one(part, device_index)? })
            }
        }
    }

    fn new_one(&self, part: &Request<'_>, device_index: u32) -> Result<What, Refusal> {
        let subnet = match part.optional_id("SubnetId")? {
            Some(id) => find::<Subnet>(self.world, self.context, id)?,
            None => default_subnet(self.world, self.context, self.placement.as_ref())?,
        };
        check_zone(subnet, self.placement.as_ref())?;
        let wish = AddressWish::read(part)?;
        wish.check_limit(self.kind.addresses_per_interface)?;
        let newer = Ipv6Wish::read(part, subnet)?;
        newer.check_limit(0, self.kind.addresses_per_interface)?;
        let by_subnet = device_index == 0 && !self.several && subnet.map_public_ip_on_launch;
        Ok(What::New {
            subnet: Box::new(subnet.clone()),
            groups: interface_wish::groups(self.world, self.context, part, "Groups", subnet)?,
            wish,
            newer,
            description: interface_wish::description(part)?,
            public: part.flag("AssociatePublicIpAddress").unwrap_or(by_subnet),
        })
    }

    fn check_public(&self, part: &Request<'_>, device_index: u32, exists: bool) -> Result<(), Refusal> {
        if part.flag("AssociatePublicIpAddress").is_none() {
            return Ok(());
        }
        let why = if exists {
            "The associatePublicIPAddress parameter cannot be specified for a network interface that already exists."
        } else if self.several {
            "The associatePublicIPAddress parameter cannot be specified when launching with multiple network interfaces."
        } else if device_index != 0 {
            "The associatePublicIPAddress parameter can only be specified for the network interface with a device index \
             of 0."
        } else {
            return Ok(());
        };
        Err(refuse::invalid_combination(why))
    }

    fn check_existing(&self, part: &Request<'_>, id: NetworkInterfaceId) -> Result<(), Refusal> {
        let interface = find::<NetworkInterface>(self.world, self.context, id)?;
        if interface.attachment.is_some() {
            let message = format!("Interface: [{id}] in use.");
            return Err(Refusal::new("InvalidNetworkInterface.InUse", message));
        }
        let given = ["SubnetId", "PrivateIpAddress", "Description"].into_iter().find(|m| part.text(m).is_some());
        let listed = ["Groups", "PrivateIpAddresses"]
            .into_iter()
            .find(|m| part.get(m).is_some_and(|v| v != &serde_json::json!([])));
        match given.or(listed) {
            Some(member) => Err(refuse::invalid_combination(format!(
                "A network interface may not specify both a network interface ID and {member}"
            ))),
            None => Ok(()),
        }
    }
}

/// Device indexes are 0 and up without twins; the type bounds their number.
fn check_indexes(plans: &[Plan], kind: &InstanceType) -> Result<(), Refusal> {
    if plans.len() > kind.interfaces as usize {
        let message = format!("Interface count {} exceeds the limit for {}", plans.len(), kind.name);
        return Err(Refusal::new("AttachmentLimitExceeded", message));
    }
    if plans.first().is_none_or(|plan| plan.device_index != 0) {
        return Err(refuse::invalid_combination("A network interface with device index 0 must be specified."));
    }
    let twin = plans.windows(2).find(|pair| matches!(pair, [a, b] if a.device_index == b.device_index));
    match twin.and_then(|pair| pair.first()) {
        Some(plan) => {
            Err(refuse::invalid_value("deviceIndex", plan.device_index, "Each device index may be used once."))
        }
        None => Ok(()),
    }
}

/// All interfaces lie in one VPC and one zone, and an existing one is listed once.
fn check_one_network(world: &World, plans: &[Plan]) -> Result<(), Refusal> {
    let mut places = Vec::new();
    let mut existing = Vec::new();
    for plan in plans {
        match &plan.what {
            What::New { subnet, .. } => places.push((subnet.vpc, subnet.zone.clone())),
            What::Existing(id) => {
                places.extend(world.network_interfaces.get(id).map(|e| (e.vpc, e.zone.clone())));
                if existing.contains(id) {
                    return Err(refuse::invalid_value("networkInterfaceId", id, "It is listed more than once."));
                }
                existing.push(*id);
            }
        }
    }
    if places.windows(2).all(|pair| matches!(pair, [a, b] if a == b)) {
        return Ok(());
    }
    let message = "Network interfaces of one instance must lie in the same VPC and the same Availability Zone.";
    Err(refuse::invalid_combination(message))
}

/// The zone of `Placement`, checked.
fn zone(context: &Context<'_>, request: &Request<'_>) -> Result<Option<AvailabilityZone>, Refusal> {
    let Some(placement) = request.part("Placement") else { return Ok(None) };
    let (name, id) = (placement.text("AvailabilityZone"), placement.text("AvailabilityZoneId"));
    let zones = context.region.zones();
    let found = match (name, id) {
        (Some(name), _) if !name.is_empty() => zones.into_iter().find(|z| z.as_str() == name).ok_or(name),
        (_, Some(id)) if !id.is_empty() => zones.into_iter().find(|z| z.id() == id).ok_or(id),
        _ => return Ok(None),
    };
    found
        .map(Some)
        .map_err(|given| Refusal::new("InvalidParameterValue", format!("Invalid availability zone: [{given}]")))
}

fn check_zone(subnet: &Subnet, zone: Option<&AvailabilityZone>) -> Result<(), Refusal> {
    match zone {
        Some(zone) if *zone != subnet.zone => Err(Refusal::new(
            "InvalidParameterValue",
            format!("Value ({zone}) for parameter availabilityZone is invalid. It is not the zone of {}.", subnet.id),
        )
        .hint(format!("{} lies in {}", subnet.id, subnet.zone))),
        _ => Ok(()),
    }
}

/// The default VPC's default subnet: the asked zone's, else the one with most free addresses.
fn default_subnet<'w>(
    world: &'w World,
    context: &Context<'_>,
    zone: Option<&AvailabilityZone>,
) -> Result<&'w Subnet, Refusal> {
    let vpc = default_vpc(world, context).ok_or_else(no_default_vpc)?;
    let subnets = world.subnets.values().filter(|s| s.vpc == vpc.id && s.is_default);
    let fitting = subnets.filter(|s| is_visible(context, s.owner, &s.region) && zone.is_none_or(|z| *z == s.zone));
    fitting.max_by_key(|subnet| (free_count(world, subnet), std::cmp::Reverse(subnet.zone.clone()))).ok_or_else(|| {
        let message = match zone {
            None => format!("No subnets found for the default VPC '{}'. Please specify a subnet.", vpc.id),
            Some(zone) => format!("No default subnet for availability zone: '{zone}'."),
        };
        Refusal::new("MissingInput", message)
    })
}

/// `SecurityGroupIds` and `SecurityGroups` (names, in a default VPC only), else the VPC's default group.
fn named_groups(
    world: &World,
    context: &Context<'_>,
    request: &Request<'_>,
    subnet: &Subnet,
) -> Result<Vec<SecurityGroupId>, Refusal> {
    let names = request.texts("SecurityGroups");
    if !names.is_empty() && request.text("SubnetId").is_some() {
        return Err(refuse::invalid_combination("The parameter groupName cannot be used with the parameter subnet"));
    }
    let by_id = !request.texts("SecurityGroupIds").is_empty();
    let mut groups = if by_id || names.is_empty() {
        interface_wish::groups(world, context, request, "SecurityGroupIds", subnet)?
    } else {
        Vec::new()
    };
    for name in names {
        let found = group_by_name(world, subnet.vpc, name).ok_or_else(|| {
            let message = format!("The security group '{name}' does not exist in default VPC '{}'", subnet.vpc);
            Refusal::new("InvalidGroup.NotFound", message)
        })?;
        if !groups.contains(&found.id) {
            groups.push(found.id);
        }
    }
    if groups.is_empty() {
        groups.extend(default_group(world, subnet.vpc).map(|group| group.id));
    }
    Ok(groups)
}
