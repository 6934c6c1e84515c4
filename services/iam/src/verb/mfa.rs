//! Virtual MFA devices: made, given to a user by two codes in a row, and asked for codes by STS.

use super::{Request, compact, nothing, tag_list, time_text, user};
use crate::entity::{MfaDevice, arn};
use crate::iam::Desk;
use crate::input::constraint;
use crate::page::page;
use crate::save::Touched;
use crate::state::key;
use crate::{ids, qr, refuse, totp};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use postern_call::{Caller, Principal, Refusal};
use serde_json::{Value, json};

const MEMBER: &str = "SerialNumber";
const PER_USER: usize = 8;
/// How far a device's clock may be off, in steps of thirty seconds.
const DRIFT: i64 = 2;

pub fn create(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let name = request.input.name("VirtualMFADeviceName", 226)?;
    let path = request.input.path("Path")?;
    let tags = request.input.tags()?;
    let serial = arn(desk.account_id, "mfa", path, name);
    if desk.account().mfa_devices.contains_key(&serial) {
        return Err(refuse::already("MFADevice entity at the same path and name already exists.".into()));
    }
    let seed = ids::seed()?;
    let account = desk.account_id;
    let issuer = desk.account().root.alias.clone().unwrap_or_else(|| account.to_string());
    let code = qr::png(&format!(
        "otpauth://totp/Amazon%20Web%20Services:{name}@{issuer}?secret={seed}&issuer=Amazon%20Web%20Services"
    ));
    let reply = json!({ "VirtualMFADevice": compact(json!({
        MEMBER: serial,
        "Base32StringSeed": STANDARD.encode(&seed),
        "QRCodePNG": code.map(|png| STANDARD.encode(png)),
        "Tags": tag_list(&tags),
    })) });
    let device = MfaDevice { seed, tags, user: None, enabled: None, last_step: 0 };
    desk.account().mfa_devices.insert(serial.clone(), device);
    desk.touch(Touched::MfaDevice(serial));
    Ok(reply)
}

pub fn delete(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let serial = serial(request)?;
    if find(desk, serial)?.user.is_some() {
        return Err(refuse::delete_conflict("MFA VirtualDevice in use. Must deactivate first.".into()));
    }
    desk.account().mfa_devices.remove(serial);
    touch(desk, serial)
}

pub fn enable(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let name = request.input.name("UserName", 128)?;
    let serial = serial(request)?;
    desk.account().user(name)?;
    if find(desk, serial)?.user.is_some() {
        return Err(refuse::already("MFA Device is already in use.".into()));
    }
    let used = desk.account().mfa_devices.values().filter(|device| device.user == Some(key(name))).count();
    if used >= PER_USER {
        return Err(refuse::quota("MFADevicesPerUser", PER_USER));
    }
    let step = two_codes(desk, request, serial)?;
    let device = find(desk, serial)?;
    (device.user, device.enabled, device.last_step) = (Some(key(name)), Some(request.now), step);
    touch(desk, serial)
}

pub fn deactivate(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let serial = serial(request)?;
    let name = request.user()?;
    let device = of_user(desk, name, serial)?;
    (device.user, device.enabled) = (None, None);
    touch(desk, serial)
}

pub fn resync(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let name = request.input.name("UserName", 128)?;
    let serial = serial(request)?;
    of_user(desk, name, serial)?;
    let step = two_codes(desk, request, serial)?;
    find(desk, serial)?.last_step = step;
    touch(desk, serial)
}

pub fn get(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let serial = serial(request)?;
    let name = request.user()?;
    let name = desk.account().user(name)?.name.clone();
    let enabled = of_user(desk, &name, serial)?.enabled;
    Ok(json!({ "UserName": name, MEMBER: serial, "EnableDate": enabled.map(time_text) }))
}

pub fn list(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let name = request.user()?;
    let account = desk.account();
    let user = account.user(name)?;
    let devices = account.mfa_devices.iter().filter(|(_, device)| device.user == Some(key(name)));
    let shape = |(serial, device): (&String, &MfaDevice)| {
        let shape = json!({ "UserName": user.name, MEMBER: serial, "EnableDate": device.enabled.map(time_text) });
        (serial.clone(), shape)
    };
    page(request.input, "MFADevices", devices.map(shape).collect())
}

pub fn list_virtual(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let wanted = request.input.text("AssignmentStatus").unwrap_or("Any");
    if !["Any", "Assigned", "Unassigned"].contains(&wanted) {
        let rule = "Member must satisfy enum value set: [Assigned, Unassigned, Any]";
        return Err(constraint(wanted, "AssignmentStatus", rule));
    }
    let id = desk.account_id;
    let account = desk.account();
    let fits = |device: &MfaDevice| wanted == "Any" || (wanted == "Assigned") == device.user.is_some();
    let shape = |(serial, device): (&String, &MfaDevice)| {
        let owner = device.user.as_ref().and_then(|name| account.users.get(name));
        let shape = compact(json!({
            MEMBER: serial,
            "User": owner.map(|owner| user::shape(id, owner, false)),
            "EnableDate": device.enabled.map(time_text),
            "Tags": tag_list(&device.tags),
        }));
        (serial.clone(), shape)
    };
    let items = account.mfa_devices.iter().filter(|(_, device)| fits(device)).map(shape).collect();
    page(request.input, "VirtualMFADevices", items)
}

/// The second factor of a request to STS: a code of one of the caller's devices, good once.
pub fn use_code(desk: &mut Desk<'_>, caller: &Caller, serial: &str, given: &str, now: i64) -> Result<(), Refusal> {
    let denied = |message: &str| Refusal::new("AccessDenied", message).status(403);
    let unknown = || {
        denied(
            "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.",
        )
    };
    let Principal::User { name, .. } = &caller.principal else { return Err(unknown()) };
    let device = desk.account().mfa_devices.get_mut(serial).filter(|device| device.user == Some(key(name)));
    let device = device.ok_or_else(unknown)?;
    let now = totp::step(now);
    let steps = (now - DRIFT..=now + DRIFT).filter(|step| *step > device.last_step);
    let step = totp::find(&device.seed, given, steps);
    device.last_step =
        step.ok_or_else(|| denied("MultiFactorAuthentication failed with invalid MFA one time pass code. "))?;
    desk.touch(Touched::MfaDevice(serial.to_owned()));
    Ok(())
}

pub fn serial<'a>(request: &Request<'a>) -> Result<&'a str, Refusal> {
    request.input.required(MEMBER)
}

pub fn find<'d>(desk: &'d mut Desk<'_>, serial: &str) -> Result<&'d mut MfaDevice, Refusal> {
    let none = || refuse::no_entity(format!("VirtualMFADevice with serial number {serial} doesn't exist."));
    desk.account().mfa_devices.get_mut(serial).ok_or_else(none)
}

fn of_user<'d>(desk: &'d mut Desk<'_>, name: &str, serial: &str) -> Result<&'d mut MfaDevice, Refusal> {
    desk.account().user(name)?;
    let device = desk.account().mfa_devices.get_mut(serial).filter(|device| device.user == Some(key(name)));
    device.ok_or_else(|| refuse::no_entity("MFA Device invalid for user.".into()))
}

/// The step of the second of two codes in a row.
fn two_codes(desk: &mut Desk<'_>, request: &Request<'_>, serial: &str) -> Result<i64, Refusal> {
    let (first, second) =
        (request.input.required("AuthenticationCode1")?, request.input.required("AuthenticationCode2")?);
    let device = find(desk, serial)?;
    let now = totp::step(request.now);
    let step = totp::find(&device.seed, first, now - DRIFT - 1..=now + DRIFT - 1);
    let step = step.filter(|step| totp::code(&device.seed, step + 1).as_deref() == Some(second)).map(|step| step + 1);
    step.ok_or_else(|| {
        Refusal::new("InvalidAuthenticationCode", "Authentication code for device is not valid.").status(403)
    })
}

fn touch(desk: &mut Desk<'_>, serial: &str) -> Result<Value, Refusal> {
    desk.touch(Touched::MfaDevice(serial.to_owned()));
    nothing()
}
