//! DescribeInstanceAttribute, ModifyInstanceAttribute and ResetInstanceAttribute.

use super::{image_choice, user_data};
use crate::verbs::compute::network_interface::set_groups;
use crate::verbs::compute::word::word;
use crate::{Context, Draft, Request, find, refuse, view};
use postern_call::Refusal;
use postern_model::{Instance, InstanceState, NetworkInterface, World};
use serde_json::{Value, json};

/// The attributes that there are, by model name.
const ATTRIBUTES: &[&str] = &[
    "instanceType",
    "kernel",
    "ramdisk",
    "userData",
    "disableApiTermination",
    "instanceInitiatedShutdownBehavior",
    "rootDeviceName",
    "blockDeviceMapping",
    "productCodes",
    "sourceDestCheck",
    "groupSet",
    "ebsOptimized",
    "sriovNetSupport",
    "enaSupport",
    "enclaveOptions",
    "disableApiStop",
];

pub(super) fn describe_attribute(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let instance = find::<Instance>(draft, context, request.id("InstanceId")?)?;
    let attribute = word(request, "Attribute", ATTRIBUTES)?.ok_or_else(|| refuse::missing_parameter("attribute"))?;
    let primary = draft.interfaces_of_instance(instance.id).into_iter().next();
    let mut reply = json!({ "InstanceId": instance.id.to_string() });
    let (member, value) = match attribute {
        "instanceType" => ("InstanceType", json!({ "Value": instance.instance_type })),
        "userData" => ("UserData", instance.user_data.as_ref().map_or(json!({}), |data| json!({ "Value": data }))),
        "disableApiTermination" => ("DisableApiTermination", json!({ "Value": instance.disable_api_termination })),
        "disableApiStop" => ("DisableApiStop", json!({ "Value": instance.disable_api_stop })),
        "instanceInitiatedShutdownBehavior" => {
            ("InstanceInitiatedShutdownBehavior", json!({ "Value": instance.shutdown_behavior }))
        }
        "rootDeviceName" => ("RootDeviceName", json!({ "Value": view::instance::ROOT_DEVICE })),
        "blockDeviceMapping" => ("BlockDeviceMappings", view::instance::block_devices(instance)),
        "productCodes" => ("ProductCodes", json!([])),
        "sourceDestCheck" => {
            ("SourceDestCheck", primary.map_or(json!({}), |eni| json!({ "Value": eni.source_dest_check })))
        }
        "groupSet" => {
            let groups = primary.map(|eni| eni.groups.as_slice()).unwrap_or_default();
            ("Groups", view::group::identifiers(draft, groups).into())
        }
        "ebsOptimized" => ("EbsOptimized", json!({ "Value": instance.ebs_optimized })),
        "enaSupport" => ("EnaSupport", json!({ "Value": true })),
        "enclaveOptions" => ("EnclaveOptions", json!({ "Enabled": false })),
        "kernel" => ("KernelId", json!({})),
        "ramdisk" => ("RamdiskId", json!({})),
        _ => ("SriovNetSupport", json!({})),
    };
    reply[member] = value;
    Ok(reply)
}

/// One attribute per call: by its own member, or the older way by `Attribute` and `Value`.
pub(super) fn modify(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let mut instance = find::<Instance>(draft, context, request.id("InstanceId")?)?.clone();
    if instance.state == InstanceState::Terminated {
        let message = format!("The instance '{}' is not in a state in which it can be modified.", instance.id);
        return Err(Refusal::new("IncorrectInstanceState", message).hint("it is terminated"));
    }
    match asked(request)? {
        Asked::Groups => {
            change_primary(draft, &instance, |draft, eni| set_groups(draft, context, request, eni))?;
            return Ok(json!({}));
        }
        Asked::SourceDestCheck(check) => {
            change_primary(draft, &instance, |_, eni| {
                eni.source_dest_check = check;
                Ok(())
            })?;
            return Ok(json!({}));
        }
        Asked::RootVolume(deletes) => instance.root_volume.delete_on_termination = deletes,
        Asked::Type(name) => {
            check_stopped(&instance, "instanceType")?;
            change_type(draft, &mut instance, &name)?;
        }
        Asked::UserData(data) => {
            check_stopped(&instance, "userData")?;
            instance.user_data = user_data::checked(&data)?;
        }
        Asked::EbsOptimized(on) => {
            check_stopped(&instance, "ebsOptimized")?;
            instance.ebs_optimized = on;
        }
        Asked::DisableApiTermination(on) => instance.disable_api_termination = on,
        Asked::DisableApiStop(on) => instance.disable_api_stop = on,
        Asked::ShutdownBehavior(behavior) => instance.shutdown_behavior = behavior,
    }
    draft.put(instance);
    Ok(json!({}))
}

/// Only the source and destination check has a state to go back to here.
pub(super) fn reset(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let instance = find::<Instance>(draft, context, request.id("InstanceId")?)?.clone();
    match request.required_text("Attribute")? {
        "sourceDestCheck" => change_primary(draft, &instance, |_, eni| {
            eni.source_dest_check = true;
            Ok(())
        })?,
        other => return Err(refuse::invalid_value("attribute", other, "Only sourceDestCheck can be reset.")),
    }
    Ok(json!({}))
}

/// The one thing that a ModifyInstanceAttribute call changes.
enum Asked {
    Type(String),
    UserData(String),
    DisableApiTermination(bool),
    DisableApiStop(bool),
    ShutdownBehavior(String),
    SourceDestCheck(bool),
    EbsOptimized(bool),
    RootVolume(bool),
    Groups,
}

fn asked(request: &Request<'_>) -> Result<Asked, Refusal> {
    let unserved = ["Kernel", "Ramdisk", "SriovNetSupport", "EnclaveOptions"];
    if let Some(member) = unserved.into_iter().find(|member| request.get(member).is_some()) {
        return Err(refuse::not_served(&format!("ModifyInstanceAttribute with {member}")));
    }
    let mut all = by_member(request)?;
    if let Some(name) = request.text("Attribute") {
        all.extend(by_name(request, name)?);
    }
    match (all.pop(), all.is_empty()) {
        (None, _) => Err(refuse::missing_parameter("an attribute to modify")),
        (Some(one), true) => Ok(one),
        (Some(_), false) => Err(refuse::invalid_combination("Only one attribute can be modified at a time")),
    }
}

fn by_member(request: &Request<'_>) -> Result<Vec<Asked>, Refusal> {
    let text = |member: &str| request.part(member).map(|part| part.text("Value").unwrap_or_default().to_owned());
    let mut all = Vec::new();
    all.extend(text("InstanceType").map(Asked::Type));
    all.extend(text("UserData").map(Asked::UserData));
    if let Some(given) = text("InstanceInitiatedShutdownBehavior") {
        all.push(Asked::ShutdownBehavior(behavior(&given)?));
    }
    all.extend(request.attribute_flag("DisableApiTermination").map(Asked::DisableApiTermination));
    all.extend(request.attribute_flag("DisableApiStop").map(Asked::DisableApiStop));
    all.extend(request.attribute_flag("SourceDestCheck").map(Asked::SourceDestCheck));
    all.extend(request.attribute_flag("EbsOptimized").map(Asked::EbsOptimized));
    if !request.texts("Groups").is_empty() {
        all.push(Asked::Groups);
    }
    if request.attribute_flag("EnaSupport") == Some(false) {
        return Err(refuse::not_served("ModifyInstanceAttribute with EnaSupport off"));
    }
    for mapping in request.parts("BlockDeviceMappings") {
        all.push(root_volume(&mapping)?);
    }
    Ok(all)
}

fn by_name(request: &Request<'_>, name: &str) -> Result<Option<Asked>, Refusal> {
    word(request, "Attribute", ATTRIBUTES)?;
    // `Attribute` may stand beside the attribute's own member, and says nothing then.
    let Some(value) = request.text("Value") else { return Ok(None) };
    let flag = || match value.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(refuse::invalid_value(name, value, "Must be true or false")),
    };
    Ok(Some(match name {
        "instanceType" => Asked::Type(value.to_owned()),
        "userData" => Asked::UserData(value.to_owned()),
        "disableApiTermination" => Asked::DisableApiTermination(flag()?),
        "disableApiStop" => Asked::DisableApiStop(flag()?),
        "instanceInitiatedShutdownBehavior" => Asked::ShutdownBehavior(behavior(value)?),
        "sourceDestCheck" => Asked::SourceDestCheck(flag()?),
        "ebsOptimized" => Asked::EbsOptimized(flag()?),
        other => return Err(refuse::not_served(&format!("ModifyInstanceAttribute of {other}"))),
    }))
}

fn behavior(given: &str) -> Result<String, Refusal> {
    if matches!(given, "stop" | "terminate") {
        return Ok(given.to_owned());
    }
    Err(refuse::invalid_value("instanceInitiatedShutdownBehavior", given, "Valid values are: stop, terminate"))
}

fn root_volume(mapping: &Request<'_>) -> Result<Asked, Refusal> {
    let device = mapping.text("DeviceName").unwrap_or_default();
    if device != view::instance::ROOT_DEVICE {
        let message = format!("No device is currently mapped at {device}");
        return Err(Refusal::new("InvalidInstanceAttributeValue", message));
    }
    let deletes = mapping.part("Ebs").and_then(|ebs| ebs.flag("DeleteOnTermination"));
    deletes.map(Asked::RootVolume).ok_or_else(|| refuse::missing_parameter("Ebs.DeleteOnTermination"))
}

fn check_stopped(instance: &Instance, attribute: &str) -> Result<(), Refusal> {
    if instance.state == InstanceState::Stopped {
        return Ok(());
    }
    let message = format!("The instance '{}' is not in the 'stopped' state.", instance.id);
    Err(Refusal::new("IncorrectInstanceState", message)
        .hint(format!("{attribute} can be changed while it is stopped; it is {}", instance.state.wire().1)))
}

fn change_type(world: &World, instance: &mut Instance, name: &str) -> Result<(), Refusal> {
    let kind = image_choice::named_type(name)?;
    let fits = view::instance::image(instance).is_none_or(|image| image.architecture == kind.architecture);
    if !fits {
        let message =
            format!("The architecture '{}' of {name} is not that of the instance's image.", kind.architecture);
        return Err(Refusal::new("InvalidParameterValue", message));
    }
    let interfaces = world.interfaces_of_instance(instance.id);
    if interfaces.len() > kind.interfaces as usize {
        let message = format!("Interface count {} exceeds the limit for {name}", interfaces.len());
        return Err(Refusal::new("AttachmentLimitExceeded", message));
    }
    if interfaces.iter().any(|eni| eni.addresses.len() > kind.addresses_per_interface as usize) {
        let most = kind.addresses_per_interface;
        let message = format!("Number of private addresses will exceed limit of {most}.");
        return Err(Refusal::new("PrivateIpAddressLimitExceeded", message));
    }
    instance.instance_type = kind.name.to_owned();
    Ok(())
}

/// Changes the one interface of an instance; with several AWS wants the interface to be named.
fn change_primary(
    draft: &mut Draft<'_>,
    instance: &Instance,
    change: impl FnOnce(&Draft<'_>, &mut NetworkInterface) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let interfaces: Vec<NetworkInterface> = draft.interfaces_of_instance(instance.id).into_iter().cloned().collect();
    match <[NetworkInterface; 1]>::try_from(interfaces) {
        Ok([mut only]) => {
            change(draft, &mut only)?;
            draft.put(only);
            Ok(())
        }
        Err(several) => {
            let message = format!(
                "There are multiple interfaces attached to instance '{}'. Please specify an interface ID for the \
                 operation instead.",
                instance.id
            );
            Err(Refusal::new("InvalidInstanceID", message).hint(format!("{} interfaces are attached", several.len())))
        }
    }
}
