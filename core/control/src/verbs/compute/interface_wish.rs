//! What a request wants of a new interface: addresses, groups, description.

use super::find::default_group;
use super::free_address::free_address;
use crate::{Context, Draft, Request, find, refuse};
use postern_call::Refusal;
use postern_model::{NetworkInterface, PrivateAddress, SecurityGroup, Subnet, World};
use postern_names::SecurityGroupId;
use std::net::Ipv4Addr;

/// Addresses of an interface that no instance type bounds yet.
pub(crate) const MOST_ADDRESSES: u32 = 50;

/// The private addresses wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AddressWish {
    /// `None`: any free one.
    pub primary: Option<Ipv4Addr>,
    /// Named secondary ones.
    pub secondary: Vec<Ipv4Addr>,
    /// Further secondary ones, any free.
    pub count: u32,
}

impl AddressWish {
    /// `PrivateIpAddress`, `PrivateIpAddresses`, `SecondaryPrivateIpAddressCount`.
    pub(crate) fn read(request: &Request<'_>) -> Result<Self, Refusal> {
        let mut wish = Self { primary: address(request, "PrivateIpAddress")?, ..Self::default() };
        for (place, part) in request.parts("PrivateIpAddresses").iter().enumerate() {
            let Some(given) = address(part, "PrivateIpAddress")? else {
                return Err(refuse::missing_parameter("PrivateIpAddress"));
            };
            let is_primary =
                part.flag("Primary").unwrap_or(place == 0 && wish.primary.is_none() && has_no_primary(request));
            match wish.primary {
                _ if !is_primary => wish.secondary.push(given),
                None => wish.primary = Some(given),
                Some(primary) if primary == given => {}
                Some(_) => {
                    let message = "Only one primary private IP address can be specified.";
                    return Err(Refusal::new("InvalidParameterCombination", message));
                }
            }
        }
        if let Some(count) = request.number("SecondaryPrivateIpAddressCount") {
            if !wish.secondary.is_empty() {
                return Err(refuse::invalid_combination(
                    "Only one of secondary private IP addresses or secondary private IP address count can be specified.",
                ));
            }
            wish.count = u32::try_from(count)
                .map_err(|_| refuse::invalid_value("secondaryPrivateIpAddressCount", count, "Must not be negative"))?;
        }
        Ok(wish)
    }

    /// Addresses in all.
    pub(crate) fn count(&self) -> u64 {
        1 + self.secondary.len() as u64 + u64::from(self.count)
    }

    pub(crate) fn names_addresses(&self) -> bool {
        self.primary.is_some() || !self.secondary.is_empty()
    }

    pub(crate) fn check_limit(&self, most: u32) -> Result<(), Refusal> {
        if self.count() <= u64::from(most) {
            return Ok(());
        }
        let message = format!("Number of private addresses will exceed limit of {most}.");
        Err(Refusal::new("PrivateIpAddressLimitExceeded", message))
    }
}

fn has_no_primary(request: &Request<'_>) -> bool {
    !request.parts("PrivateIpAddresses").iter().any(|part| part.flag("Primary") == Some(true))
}

/// An IPv4 address member, if given.
pub(crate) fn address(request: &Request<'_>, member: &str) -> Result<Option<Ipv4Addr>, Refusal> {
    let Some(given) = request.text(member).filter(|given| !given.is_empty()) else { return Ok(None) };
    given.parse().map(Some).map_err(|_| invalid_address(given))
}

pub(crate) fn invalid_address(given: &str) -> Refusal {
    Refusal::new("InvalidParameterValue", format!("Invalid IPv4 address: {given}"))
}

/// Adds the secondary addresses of a wish to an interface that is in the World already, and puts it.
pub(crate) fn add_secondary(
    draft: &mut Draft<'_>,
    interface: &mut NetworkInterface,
    subnet: &Subnet,
    wish: &AddressWish,
) -> Result<Vec<Ipv4Addr>, Refusal> {
    let mut added = Vec::new();
    let named = wish.secondary.iter().copied().map(Some);
    for wanted in named.chain((0..wish.count).map(|_| None)) {
        let address = free_address(draft, subnet, wanted)?;
        interface.addresses.push(PrivateAddress { address, auto_public: None });
        draft.put(interface.clone());
        added.push(address);
    }
    Ok(added)
}

/// The groups of a member, each once; the VPC's default group if it names none.
pub(crate) fn groups(
    world: &World,
    context: &Context<'_>,
    request: &Request<'_>,
    member: &str,
    subnet: &Subnet,
) -> Result<Vec<SecurityGroupId>, Refusal> {
    let mut groups: Vec<SecurityGroupId> = Vec::new();
    for id in request.ids(member)? {
        let group = find::<SecurityGroup>(world, context, id)?;
        if group.vpc != subnet.vpc {
            let message = format!("Security group {id} and subnet {} belong to different networks.", subnet.id);
            return Err(Refusal::new("InvalidParameter", message));
        }
        if !groups.contains(&id) {
            groups.push(id);
        }
    }
    if groups.len() > context.quotas.groups_per_interface {
        let message = "The maximum number of security groups per interface has been reached.";
        return Err(Refusal::new("SecurityGroupsPerInterfaceLimitExceeded", message));
    }
    if groups.is_empty() {
        groups.extend(default_group(world, subnet.vpc).map(|group| group.id));
    }
    Ok(groups)
}

/// `Description`, at most 255 characters.
pub(crate) fn description(request: &Request<'_>) -> Result<String, Refusal> {
    let text = request.text("Description").unwrap_or_default();
    if text.chars().count() > 255 {
        return Err(refuse::invalid_value("description", text, "Must be no longer than 255 characters"));
    }
    Ok(text.to_owned())
}
