//! What users have besides access keys: passwords and MFA devices; and SAML providers of the account.

use super::*;
use crate::totp;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

#[tokio::test]
async fn passwords_obey_the_policy() {
    let lab = Lab::new();
    let ann = lab.user("ann").await;
    let create = |text: &str| json!({ "UserName": "ann", "Password": text, "PasswordResetRequired": true });
    for short in ["Ab1!", "alllowercase"] {
        assert!(lab.refused("CreateLoginProfile", create(short)).await.starts_with("PasswordPolicyViolation"));
    }
    let made = lab.ok("CreateLoginProfile", create("Correct-horse-9")).await;
    assert_eq!(
        made,
        json!({ "LoginProfile": { "UserName": "ann", "CreateDate": NOW_TEXT, "PasswordResetRequired": true } })
    );
    let twice = lab.refused("CreateLoginProfile", create("Correct-horse-9")).await;
    assert_eq!(twice, "EntityAlreadyExists: Login Profile for user ann already exists.");
    lab.ok(
        "UpdateAccountPasswordPolicy",
        json!({ "MinimumPasswordLength": 12, "RequireSymbols": true, "PasswordReusePrevention": 2 }),
    )
    .await;
    let update = |text: &str| json!({ "UserName": "ann", "Password": text });
    assert!(lab.refused("UpdateLoginProfile", update("NoSymbolsHere99")).await.contains("at least one symbol"));

    let change = |old: &str, new: &str| json!({ "OldPassword": old, "NewPassword": new });
    let denied = lab.call_as(&ann, "ChangePassword", change("Correct-horse-9", "Another-horse-9")).await.unwrap_err();
    assert!(denied.message.contains("not authorized to perform: iam:ChangePassword"), "{denied}");
    lab.ok("UpdateAccountPasswordPolicy", json!({ "AllowUsersToChangePassword": true, "PasswordReusePrevention": 2 }))
        .await;
    let wrong = lab.call_as(&ann, "ChangePassword", change("wrong", "Another-horse-9")).await.unwrap_err();
    assert_eq!(wrong.code, "AccessDenied");
    lab.call_as(&ann, "ChangePassword", change("Correct-horse-9", "Another-horse-9")).await.unwrap();
    let reused = lab.call_as(&ann, "ChangePassword", change("Another-horse-9", "Correct-horse-9")).await.unwrap_err();
    assert_eq!(reused.code, "PasswordPolicyViolation");
    let deny = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"iam:ChangePassword","Resource":"*"}}"#;
    lab.ok("PutUserPolicy", json!({ "UserName": "ann", "PolicyName": "no", "PolicyDocument": deny })).await;
    let denied = lab.call_as(&ann, "ChangePassword", change("Another-horse-9", "Third-horse-9")).await.unwrap_err();
    assert!(denied.message.contains("explicit deny"), "{denied}");
    lab.ok("DeleteUserPolicy", json!({ "UserName": "ann", "PolicyName": "no" })).await;

    let lab = lab.restart();
    let got = lab.ok("GetLoginProfile", json!({ "UserName": "ann" })).await;
    assert_eq!(got["LoginProfile"]["PasswordResetRequired"], false);
    lab.ok("DeleteAccessKey", json!({ "UserName": "ann", "AccessKeyId": ann.access_key })).await;
    let conflict = lab.refused("DeleteUser", json!({ "UserName": "ann" })).await;
    assert_eq!(conflict, "DeleteConflict: Cannot delete entity, must delete login profile first.");
    lab.ok("DeleteLoginProfile", json!({ "UserName": "ann" })).await;
    let gone = lab.refused("GetLoginProfile", json!({ "UserName": "ann" })).await;
    assert_eq!(gone, "NoSuchEntity: Login Profile for User ann cannot be found.");
    lab.ok("DeleteUser", json!({ "UserName": "ann" })).await;
}

const SERIAL: &str = "arn:aws:iam::123456789012:mfa/phone";

/// The code that the device shows at this many steps from now.
fn code(lab: &Lab, seed: &str, ahead: i64) -> String {
    totp::code(seed, totp::step(lab.now().unix_timestamp()) + ahead).unwrap()
}

#[tokio::test]
async fn a_device_gives_a_second_factor() {
    let mut lab = Lab::new();
    let ann = lab.user("ann").await;
    let made = lab.ok("CreateVirtualMFADevice", json!({ "VirtualMFADeviceName": "phone" })).await;
    assert_eq!(made["VirtualMFADevice"]["SerialNumber"], SERIAL);
    let decode = |member: &str| STANDARD.decode(made["VirtualMFADevice"][member].as_str().unwrap()).unwrap();
    assert!(decode("QRCodePNG").starts_with(b"\x89PNG"));
    let seed = String::from_utf8(decode("Base32StringSeed")).unwrap();
    assert_eq!(seed.len(), 64);
    let enable = |first: String, second: String| json!({ "UserName": "ann", "SerialNumber": SERIAL, "AuthenticationCode1": first, "AuthenticationCode2": second });
    let same = enable(code(&lab, &seed, 0), code(&lab, &seed, 0));
    assert!(lab.refused("EnableMFADevice", same).await.starts_with("InvalidAuthenticationCode"));
    lab.ok("EnableMFADevice", enable(code(&lab, &seed, -1), code(&lab, &seed, 0))).await;
    let devices = lab.ok("ListMFADevices", json!({ "UserName": "ann" })).await["MFADevices"].clone();
    assert_eq!(devices, json!([{ "UserName": "ann", "SerialNumber": SERIAL, "EnableDate": NOW_TEXT }]));
    for (status, count) in [("Assigned", 1), ("Unassigned", 0), ("Any", 1)] {
        let listed = lab.ok("ListVirtualMFADevices", json!({ "AssignmentStatus": status })).await;
        assert_eq!(listed["VirtualMFADevices"].as_array().unwrap().len(), count);
    }
    assert_eq!(lab.ok("GetAccountSummary", json!({})).await["SummaryMap"]["MFADevicesInUse"], 1);

    let factor = |code: String| json!({ "SerialNumber": SERIAL, "TokenCode": code });
    let used = lab.sts_as(&ann, "GetSessionToken", factor(code(&lab, &seed, 0))).await.unwrap_err();
    assert!(used.message.contains("invalid MFA one time pass code"), "{used}");
    let admin = lab.admin().await;
    let others = lab.sts_as(&admin, "GetSessionToken", factor(code(&lab, &seed, 1))).await.unwrap_err();
    assert!(others.message.contains("verify your MFA serial number"), "{others}");
    let alone = lab.sts_as(&ann, "GetSessionToken", json!({ "SerialNumber": SERIAL })).await.unwrap_err();
    assert_eq!(alone.code, "ValidationError");
    let reply = lab.sts_as(&ann, "GetSessionToken", factor(code(&lab, &seed, 1))).await.unwrap();
    let session = lab.credential(reply["Credentials"]["AccessKeyId"].as_str().unwrap()).unwrap().caller;
    assert_eq!(session.keys["aws:MultiFactorAuthPresent"], ["true"]);

    let trust = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:user/ann"},
        "Action":"sts:AssumeRole","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"},"NumericLessThan":{"aws:MultiFactorAuthAge":"60"}}}}"#;
    lab.role("web", trust).await;
    let role = json!({ "RoleArn": "arn:aws:iam::123456789012:role/web", "RoleSessionName": "s1" });
    assert_eq!(lab.sts_as(&ann, "AssumeRole", role.clone()).await.unwrap_err().code, "AccessDenied");
    lab.sts_as(&session, "AssumeRole", role.clone()).await.unwrap();
    lab.later = 61;
    assert_eq!(lab.sts_as(&session, "AssumeRole", role.clone()).await.unwrap_err().code, "AccessDenied");
    let mut with_code = role;
    with_code["SerialNumber"] = json!(SERIAL);
    with_code["TokenCode"] = json!(code(&lab, &seed, 0));
    lab.sts_as(&ann, "AssumeRole", with_code).await.unwrap();

    let lab = lab.restart();
    let kept = lab.refused("DeleteVirtualMFADevice", json!({ "SerialNumber": SERIAL })).await;
    assert!(kept.starts_with("DeleteConflict"), "{kept}");
    lab.ok("UpdateUser", json!({ "UserName": "ann", "NewUserName": "anna" })).await;
    let on = json!({ "UserName": "anna", "SerialNumber": SERIAL });
    assert_eq!(lab.ok("GetMFADevice", on.clone()).await["UserName"], "anna");
    lab.ok("TagMFADevice", json!({ "SerialNumber": SERIAL, "Tags": [{ "Key": "a", "Value": "b" }] })).await;
    assert_eq!(lab.ok("ListMFADeviceTags", json!({ "SerialNumber": SERIAL })).await["Tags"][0]["Key"], "a");
    lab.ok("UntagMFADevice", json!({ "SerialNumber": SERIAL, "TagKeys": ["a"] })).await;
    lab.ok("DeactivateMFADevice", on.clone()).await;
    assert!(lab.refused("DeactivateMFADevice", on).await.starts_with("NoSuchEntity: MFA Device invalid for user."));
    lab.ok("DeleteVirtualMFADevice", json!({ "SerialNumber": SERIAL })).await;
}

#[tokio::test]
async fn saml_providers_are_kept() {
    let lab = Lab::new();
    let metadata = |until: &str| {
        format!(
            r#"<?xml version="1.0"?><md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://id.example"{until}>
            <md:IDPSSODescriptor><md:KeyDescriptor><ds:X509Certificate xmlns:ds="http://www.w3.org/2000/09/xmldsig#">{}</ds:X509Certificate></md:KeyDescriptor></md:IDPSSODescriptor></md:EntityDescriptor>"#,
            include_str!("rsa_certificate.txt")
        )
    };
    let until = r#" validUntil="2027-01-01T00:00:00Z""#;
    let arn = "arn:aws:iam::123456789012:saml-provider/corp";
    let create = json!({ "Name": "corp", "SAMLMetadataDocument": metadata(until) });
    assert_eq!(lab.ok("CreateSAMLProvider", create.clone()).await, json!({ "SAMLProviderArn": arn }));
    assert!(lab.refused("CreateSAMLProvider", create).await.starts_with("EntityAlreadyExists"));
    let no_certificate = metadata("").replace("MII", "AAA");
    for broken in ["<a/>", "{", "<md:EntityDescriptor xmlns:md='x'>", "", &no_certificate] {
        let input = json!({ "Name": "other", "SAMLMetadataDocument": broken });
        assert_eq!(
            lab.refused("CreateSAMLProvider", input).await,
            "InvalidInput: Could not parse metadata",
            "{broken}"
        );
    }
    let on = |more: Value| {
        let mut input = more;
        input["SAMLProviderArn"] = json!(arn);
        input
    };
    lab.ok("TagSAMLProvider", on(json!({ "Tags": [{ "Key": "a", "Value": "b" }] }))).await;
    let lab = lab.restart();
    let got = lab.ok("GetSAMLProvider", on(json!({}))).await;
    assert_eq!((&got["ValidUntil"], &got["CreateDate"]), (&json!("2027-01-01T00:00:00Z"), &json!(NOW_TEXT)));
    assert_eq!(got["SAMLMetadataDocument"], metadata(until));
    lab.ok("UpdateSAMLProvider", on(json!({ "SAMLMetadataDocument": metadata("") }))).await;
    assert_eq!(lab.ok("ListSAMLProviders", json!({})).await["SAMLProviderList"][0]["Arn"], arn);
    assert_eq!(lab.ok("ListSAMLProviderTags", on(json!({}))).await["Tags"][0]["Value"], "b");
    lab.ok("UntagSAMLProvider", on(json!({ "TagKeys": ["a"] }))).await;
    assert!(lab.refused("UpdateSAMLProvider", on(json!({ "AddPrivateKey": "x" }))).await.starts_with("NotImplemented"));
    lab.ok("DeleteSAMLProvider", on(json!({}))).await;
    assert_eq!(
        lab.refused("GetSAMLProvider", on(json!({}))).await,
        format!("NoSuchEntity: Manifest not found for arn {arn}")
    );
}

#[tokio::test]
async fn ssh_keys_are_told_in_both_forms() {
    let lab = Lab::new();
    lab.ok("CreateUser", json!({ "UserName": "ann" })).await;
    // Made by `ssh-keygen -y` and `openssl pkey -pubout` of the same key; the fingerprint by `ssh-keygen -l -E md5`.
    let (ssh, pem) = (include_str!("rsa_public_ssh.txt").trim(), include_str!("rsa_public.txt"));
    let made = lab
        .ok("UploadSSHPublicKey", json!({ "UserName": "ann", "SSHPublicKeyBody": format!("{ssh} ann@desk") }))
        .await["SSHPublicKey"]
        .clone();
    assert_eq!(made["Fingerprint"], "d3:e2:eb:b1:46:b9:70:7b:ed:3a:01:69:47:99:08:63");
    assert_eq!((&made["SSHPublicKeyBody"], &made["Status"]), (&json!(ssh), &json!("Active")));
    let twice = lab.refused("UploadSSHPublicKey", json!({ "UserName": "ann", "SSHPublicKeyBody": pem })).await;
    assert!(twice.starts_with("DuplicateSSHPublicKey"), "{twice}");
    let short = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAQQC7vbqajDw4o6gJy8UtmIbkcpnkO3Kwc4qsEnSZp/TR+fQi62F79RHWmwKOtFmwteURgLbj7D/WGuNLGOfa/2vL";
    for bad in ["ssh-rsa AAAA", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA==", "x", short] {
        let refusal = lab.refused("UploadSSHPublicKey", json!({ "UserName": "ann", "SSHPublicKeyBody": bad })).await;
        assert!(refusal.starts_with("InvalidPublicKey"), "{bad}: {refusal}");
    }
    let lab = lab.restart();
    let on = |more: Value| {
        let mut input = json!({ "UserName": "ann", "SSHPublicKeyId": made["SSHPublicKeyId"] });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    let got = lab.ok("GetSSHPublicKey", on(json!({ "Encoding": "PEM" }))).await;
    assert_eq!(got["SSHPublicKey"]["SSHPublicKeyBody"], pem);
    lab.ok("UpdateSSHPublicKey", on(json!({ "Status": "Inactive" }))).await;
    let listed = lab.ok("ListSSHPublicKeys", json!({ "UserName": "ann" })).await;
    assert_eq!(listed["SSHPublicKeys"][0]["Status"], "Inactive");
    let conflict = lab.refused("DeleteUser", json!({ "UserName": "ann" })).await;
    assert_eq!(conflict, "DeleteConflict: Cannot delete entity, must delete SSH public keys first.");
    lab.ok("DeleteSSHPublicKey", on(json!({}))).await;
    assert!(lab.refused("DeleteSSHPublicKey", on(json!({}))).await.starts_with("NoSuchEntity"));
    lab.ok("UploadSSHPublicKey", json!({ "UserName": "ann", "SSHPublicKeyBody": pem })).await;
}

#[tokio::test]
async fn signing_certificates_are_kept() {
    let lab = Lab::new();
    lab.ok("CreateUser", json!({ "UserName": "ann" })).await;
    let body = |inside: &str| format!("-----BEGIN CERTIFICATE-----\n{inside}-----END CERTIFICATE-----\n");
    let good = body(include_str!("rsa_certificate.txt"));
    let upload = |body: &str| json!({ "UserName": "ann", "CertificateBody": body });
    let made = lab.ok("UploadSigningCertificate", upload(&good)).await["Certificate"].clone();
    assert_eq!((&made["CertificateBody"], &made["Status"]), (&json!(good), &json!("Active")));
    assert!(lab.refused("UploadSigningCertificate", upload(&good)).await.starts_with("DuplicateCertificate"));
    let broken = lab.refused("UploadSigningCertificate", upload(&body("AAAA\n"))).await;
    assert!(broken.starts_with("MalformedCertificate"), "{broken}");
    let lab = lab.restart();
    let id = &made["CertificateId"];
    assert!((24..=128).contains(&id.as_str().unwrap().len()), "as the public model wants it: {id}");
    let off = json!({ "UserName": "ann", "CertificateId": id, "Status": "Inactive" });
    lab.ok("UpdateSigningCertificate", off).await;
    let listed = lab.ok("ListSigningCertificates", json!({ "UserName": "ann" })).await;
    assert_eq!(
        (&listed["Certificates"][0]["CertificateId"], &listed["Certificates"][0]["Status"]),
        (id, &json!("Inactive"))
    );
    let conflict = lab.refused("DeleteUser", json!({ "UserName": "ann" })).await;
    assert!(conflict.contains("must delete signing certificates first"), "{conflict}");
    lab.ok("DeleteSigningCertificate", json!({ "UserName": "ann", "CertificateId": id })).await;
    let gone = lab.refused("DeleteSigningCertificate", json!({ "UserName": "ann", "CertificateId": id })).await;
    assert!(gone.starts_with("NoSuchEntity"), "{gone}");
}
