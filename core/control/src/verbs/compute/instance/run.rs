//! RunInstances.

use super::{block_device, image_choice, launch_interface, metadata_options, not_served, profile, user_data, vcpus};
use crate::verbs::compute::word::word;
use crate::verbs::is_visible;
use crate::{Context, Draft, Request, refuse, tags, view};
use postern_call::Refusal;
use postern_model::*;
use postern_names::*;
use serde_json::{Value, json};

/// Instances of an account in a region that are not terminated: what one machine may be asked for.
const MOST_INSTANCES: u64 = 1000;

/// Marks the instances pending; whoever runs sandboxes completes them with `lifecycle::running`.
pub(super) fn run(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let counts = counts(request)?;
    let token = client_token(request)?;
    let image = image_choice::image(request)?;
    let kind = image_choice::instance_type(request, &image)?;
    if let Some(reply) = earlier(draft, context, request, token, (&image, kind))? {
        return Ok(reply);
    }
    not_served::check(request, kind)?;
    let plans = launch_interface::plans(draft, context, request, kind)?;
    let subnet = launch_interface::place(draft, context, &plans)?;
    not_served::check_names(request, &subnet)?;
    check_zone(draft, kind, &subnet)?;
    if let Some(fixed) = launch_interface::fixes(&plans).filter(|_| counts.1 > 1) {
        return Err(refuse::invalid_combination(format!(
            "A {fixed} may not be specified when launching more than one instance"
        )));
    }
    let template = template(draft, context, request, &subnet, (&image, kind))?;
    let interface_tags = specified(request, "network-interface")?;
    let number = number(draft, context, counts, launch_interface::room(draft, &plans), kind)?;
    let mut ids = Vec::new();
    for launch_index in 0..number {
        let id = InstanceId::from_bits(context.outside.bits());
        let root_volume = if launch_index == 0 {
            template.root_volume.clone()
        } else {
            RootVolume { id: VolumeId::from_bits(context.outside.bits()), ..template.root_volume.clone() }
        };
        let profile = template.profile.clone().map(|profile| ProfileAssociation {
            id: IamInstanceProfileAssociationId::from_bits(context.outside.bits()),
            ..profile
        });
        draft.put(Instance { id, launch_index, root_volume, profile, ..template.clone() });
        launch_interface::attach(draft, context, &plans, id, &interface_tags)?;
        ids.push(id);
    }
    let launched: Vec<&Instance> = ids.iter().filter_map(|id| draft.instances.get(id)).collect();
    Ok(view::reservation::reservation(draft, &view::instance::interfaces(draft), &launched))
}

/// A zone that is down takes no instances.
fn check_zone(world: &World, kind: &InstanceType, subnet: &Subnet) -> Result<(), Refusal> {
    if !world.zone_is_down(&subnet.zone) {
        return Ok(());
    }
    let message = format!(
        "We currently do not have sufficient {} capacity in the Availability Zone you requested ({}). Our system will be \
         working on provisioning additional capacity.",
        kind.name, subnet.zone
    );
    Err(Refusal::new("InsufficientInstanceCapacity", message)
        .status(500)
        .hint("postern chaos az ZONE --up brings it back"))
}

/// The instance as every one of the call begins.
fn template(
    world: &World,
    context: &Context<'_>,
    request: &Request<'_>,
    subnet: &Subnet,
    (image, kind): (&Image, &InstanceType),
) -> Result<Instance, Refusal> {
    let metadata = request.part("MetadataOptions").map(|part| metadata_options::changed(&Default::default(), &part));
    let profile = request.part("IamInstanceProfile").map(|part| profile::association(context, &part));
    let behavior = word(request, "InstanceInitiatedShutdownBehavior", &["stop", "terminate"])?;
    Ok(Instance {
        id: InstanceId::from_bits(0),
        reservation: ReservationId::from_bits(context.outside.bits()),
        owner: context.account,
        region: context.region.clone(),
        vpc: subnet.vpc,
        subnet: subnet.id,
        zone: subnet.zone.clone(),
        image: image.id,
        instance_type: kind.name.to_owned(),
        key_name: key_name(world, context, request)?,
        launch_index: 0,
        launched: context.now,
        state: InstanceState::Pending,
        state_reason: Some(("pending".into(), "pending".into())),
        transition_reason: String::new(),
        user_data: request.text("UserData").map(user_data::checked).transpose()?.flatten(),
        booted_once: false,
        stands: false,
        profile: profile.transpose()?.flatten(),
        metadata: metadata.transpose()?.unwrap_or_default(),
        disable_api_termination: request.flag("DisableApiTermination").unwrap_or(false),
        disable_api_stop: request.flag("DisableApiStop").unwrap_or(false),
        shutdown_behavior: behavior.unwrap_or("stop").to_owned(),
        ebs_optimized: request.flag("EbsOptimized").unwrap_or(false),
        monitoring: request.part("Monitoring").and_then(|part| part.flag("Enabled")).unwrap_or(false),
        root_volume: block_device::root_volume(context, request, &specified(request, "volume")?)?,
        client_token: request.text("ClientToken").map(str::to_owned),
        tags: specified(request, "instance")?,
    })
}

/// The tags for one of the kinds that RunInstances makes.
fn specified(request: &Request<'_>, kind: &str) -> Result<Tags, Refusal> {
    tags::specified(request, kind, &["instance", "network-interface", "volume"])
}

/// `MinCount` and `MaxCount`, checked.
fn counts(request: &Request<'_>) -> Result<(u64, u64), Refusal> {
    let count = |member: &str| request.number(member).ok_or_else(|| refuse::missing_parameter(member));
    let (min, max) = (count("MinCount")?, count("MaxCount")?);
    for (name, value) in [("minCount", min), ("maxCount", max)] {
        if value < 1 {
            return Err(refuse::invalid_value(name, value, "Must be at least 1"));
        }
    }
    if max < min {
        return Err(refuse::invalid_value("maxCount", max, "Must be greater than or equal to minCount"));
    }
    Ok((min.unsigned_abs(), max.unsigned_abs()))
}

/// As many as were asked for at most and there is room for; fewer than asked for at least is refused.
fn number(
    world: &World,
    context: &Context<'_>,
    (min, max): (u64, u64),
    room: u64,
    kind: &InstanceType,
) -> Result<u32, Refusal> {
    let alive = |i: &&Instance| i.state != InstanceState::Terminated && is_visible(context, i.owner, &i.region);
    let quota = MOST_INSTANCES.saturating_sub(world.instances.values().filter(alive).count() as u64);
    if quota < min {
        return Err(Refusal::new(
            "InstanceLimitExceeded",
            format!(
                "You have requested more instances ({min}) than your current instance limit of {quota} allows for the \
                 specified instance type ({}).",
                kind.name
            ),
        ));
    }
    vcpus::check(world, context, kind, min)?;
    if room < min {
        return Err(Refusal::new(
            "InsufficientFreeAddressesInSubnet",
            "The specified subnet does not have enough free addresses to satisfy the request.",
        )
        .hint(format!("there is room for {room} of them")));
    }
    u32::try_from(max.min(quota).min(room).min(vcpus::room(world, context, kind))).map_err(Refusal::internal)
}

fn key_name(world: &World, context: &Context<'_>, request: &Request<'_>) -> Result<Option<String>, Refusal> {
    let Some(name) = request.text("KeyName").filter(|name| !name.is_empty()) else { return Ok(None) };
    let is_it = |key: &&KeyPair| key.name == name && is_visible(context, key.owner, &key.region);
    match world.key_pairs.values().find(is_it) {
        Some(key) => Ok(Some(key.name.clone())),
        None => Err(Refusal::new("InvalidKeyPair.NotFound", format!("The key pair '{name}' does not exist"))),
    }
}

fn client_token<'r>(request: &Request<'r>) -> Result<Option<&'r str>, Refusal> {
    match request.text("ClientToken").filter(|token| !token.is_empty()) {
        Some(token) if token.len() > 64 || !token.is_ascii() => {
            Err(refuse::invalid_value("clientToken", token, "Must be at most 64 ASCII characters"))
        }
        token => Ok(token),
    }
}

/// The reservation that an earlier call with this token made.
fn earlier(
    world: &World,
    context: &Context<'_>,
    request: &Request<'_>,
    token: Option<&str>,
    (image, kind): (&Image, &InstanceType),
) -> Result<Option<Value>, Refusal> {
    let Some(token) = token else { return Ok(None) };
    let its = |i: &&Instance| i.client_token.as_deref() == Some(token) && is_visible(context, i.owner, &i.region);
    let mut made: Vec<&Instance> = world.instances.values().filter(its).collect();
    let Some(first) = made.first() else { return Ok(None) };
    let max = request.number("MaxCount").and_then(|n| usize::try_from(n).ok());
    let is_same = first.image == image.id
        && first.instance_type == kind.name
        && first.key_name.as_deref() == request.text("KeyName")
        && request.text("SubnetId").is_none_or(|subnet| subnet == first.subnet.to_string())
        && max.is_none_or(|max| made.len() <= max);
    if !is_same {
        let message =
            "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).";
        return Err(
            Refusal::new("IdempotentParameterMismatch", message).hint(json!({ "ClientToken": token }).to_string())
        );
    }
    made.sort_by_key(|instance| instance.launch_index);
    Ok(Some(view::reservation::reservation(world, &view::instance::interfaces(world), &made)))
}
