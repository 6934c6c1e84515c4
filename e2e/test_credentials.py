"""Passwords, MFA devices, reports on credentials and on what was used, service-linked roles: with the AWS CLI and boto3."""

import base64
import csv
import hashlib
import hmac
import io
import json
import sqlite3
import struct
import subprocess
import time
import uuid
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from saml import SamlProvider


@pytest.fixture
def user(root_region):
    """A user with a key who may do anything; removed with all that it has."""
    iam = root_region.client("iam")
    name = f"user-{uuid.uuid4().hex[:8]}"
    iam.create_user(UserName=name)
    iam.attach_user_policy(UserName=name, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    key = iam.create_access_key(UserName=name)["AccessKey"]

    class User:
        pass

    user = User()
    user.name, user.key = name, key["AccessKeyId"]
    keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    user.client = lambda service, **more: root_region.client(service, **{**keys, **more})
    yield user
    iam.detach_user_policy(UserName=name, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName=name)


def code_of(call, **more):
    with pytest.raises(ClientError) as error:
        call(**more)
    return error.value.response["Error"]["Code"]


def last_used(iam, key):
    return iam.get_access_key_last_used(AccessKeyId=key)["AccessKeyLastUsed"]


def test_a_key_tells_what_it_was_used_for(root_region, user):
    iam = root_region.client("iam")
    assert last_used(iam, user.key) == {"ServiceName": "N/A", "Region": "N/A"}
    user.client("s3", region_name="us-east-1").list_buckets()
    assert (last_used(iam, user.key)["ServiceName"], last_used(iam, user.key)["Region"]) == ("s3", "us-east-1")
    user.client("ec2", region_name="us-east-1").describe_vpcs()
    told = json.loads(root_region.aws("iam", "get-access-key-last-used", "--access-key-id", user.key).stdout)
    assert told["UserName"] == user.name and told["AccessKeyLastUsed"]["ServiceName"] == "ec2"
    # A key in wrong hands: what does not verify is no use.
    stranger = root_region.client("sts", aws_access_key_id=user.key, aws_secret_access_key="wrong")
    assert code_of(stranger.get_caller_identity) == "SignatureDoesNotMatch"
    assert last_used(iam, user.key)["ServiceName"] == "ec2"


def written_uses(region):
    """What the disk knows of uses."""
    with sqlite3.connect(f"file:{region.data / 'state.db'}?mode=ro", uri=True) as store:
        return b"".join(value for (value,) in store.execute("SELECT value FROM entry WHERE kind = 'iam.usage'"))


def test_uses_survive_kill(fresh):
    region = fresh()
    key = region.environment["AWS_ACCESS_KEY_ID"]
    region.client("s3").list_buckets()
    iam = region.client("iam")
    assert last_used(iam, key)["ServiceName"] in ("s3", "iam")
    for _ in range(400):
        if b'"s3"' in written_uses(region):
            break
        time.sleep(0.05)
    else:
        raise AssertionError("the use never reached the disk")
    region.kill()
    region.up()
    iam = region.client("iam")
    job = iam.generate_service_last_accessed_details(Arn="arn:aws:iam::123456789012:user/administrator")["JobId"]
    services = iam.get_service_last_accessed_details(JobId=job, MaxItems=100)["ServicesLastAccessed"]
    s3 = next(service for service in services if service["ServiceNamespace"] == "s3")
    assert s3["LastAuthenticatedEntity"] == "arn:aws:iam::123456789012:user/administrator"
    region.client("sts").get_caller_identity()
    region.down()
    region.up()
    assert last_used(region.client("iam"), key)["ServiceName"] in ("sts", "iam")


def test_a_role_tells_its_last_use(root_region, user):
    iam, name = root_region.client("iam"), f"role-{uuid.uuid4().hex[:8]}"
    trust = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "sts:AssumeRole"}}
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    assert iam.get_role(RoleName=name)["Role"]["RoleLastUsed"] == {}
    given = user.client("sts").assume_role(RoleArn=arn, RoleSessionName="s1")["Credentials"]
    keys = {
        "aws_access_key_id": given["AccessKeyId"], "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }
    root_region.client("sts", **keys).get_caller_identity()
    assert iam.get_role(RoleName=name)["Role"]["RoleLastUsed"]["Region"] == "us-east-1"
    iam.delete_role(RoleName=name)


def test_services_last_accessed(root_region, user):
    user.client("s3").list_buckets()
    arn = f"arn:aws:iam::123456789012:user/{user.name}"
    iam = root_region.client("iam")
    job = iam.generate_service_last_accessed_details(Arn=arn, Granularity="ACTION_LEVEL")["JobId"]
    reply = iam.get_service_last_accessed_details(JobId=job)
    assert (reply["JobStatus"], reply["JobType"]) == ("COMPLETED", "ACTION_LEVEL")
    services = {service["ServiceNamespace"]: service for service in reply["ServicesLastAccessed"]}
    assert services["s3"]["LastAuthenticatedEntity"] == arn
    assert services["s3"]["TrackedActionsLastAccessed"][0]["ActionName"] == "ListBuckets"
    assert "LastAuthenticated" not in services["ec2"]
    words = ["iam", "get-service-last-accessed-details-with-entities", "--job-id", job, "--service-namespace", "s3"]
    entities = json.loads(root_region.aws(*words).stdout)["EntityDetailsList"]
    assert entities[0]["EntityInfo"]["Name"] == user.name


def test_the_credential_report(fresh):
    region = fresh()
    iam = region.client("iam")
    assert code_of(iam.get_credential_report) == "ReportNotPresent"
    assert json.loads(region.aws("iam", "generate-credential-report").stdout)["State"] == "STARTED"
    assert iam.generate_credential_report()["State"] == "COMPLETE"
    report = json.loads(region.aws("iam", "get-credential-report").stdout)
    rows = list(csv.DictReader(io.StringIO(base64.b64decode(report["Content"]).decode())))
    assert [row["user"] for row in rows] == ["<root_account>", "administrator"]
    administrator = rows[1]
    assert (administrator["access_key_1_active"], administrator["access_key_1_last_used_service"]) == ("true", "iam")
    assert (administrator["mfa_active"], administrator["password_enabled"]) == ("false", "false")
    region.kill()
    region.up()
    assert region.client("iam").get_credential_report()["Content"].decode() == base64.b64decode(report["Content"]).decode()


def test_a_login_profile(root_region, user):
    iam = root_region.client("iam")
    assert code_of(iam.create_login_profile, UserName=user.name, Password="short") == "PasswordPolicyViolation"
    root_region.aws("iam", "create-login-profile", "--user-name", user.name, "--password", "Correct-horse-9")
    assert iam.get_login_profile(UserName=user.name)["LoginProfile"]["PasswordResetRequired"] is False
    own = user.client("iam")
    assert code_of(own.change_password, OldPassword="wrong", NewPassword="Another-horse-9") == "AccessDenied"
    own.change_password(OldPassword="Correct-horse-9", NewPassword="Another-horse-9")
    assert code_of(iam.delete_user, UserName=user.name) == "DeleteConflict"
    iam.delete_login_profile(UserName=user.name)


def totp(seed, step):
    digest = hmac.new(base64.b32decode(seed), struct.pack(">q", step), hashlib.sha1).digest()
    offset = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[offset:offset + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


def test_a_second_factor(root_region, user, tmp_path):
    iam, name = root_region.client("iam"), f"mfa-{uuid.uuid4().hex[:8]}"
    picture = tmp_path / "code.png"
    words = ["iam", "create-virtual-mfa-device", "--virtual-mfa-device-name", f"{name}-png", "--bootstrap-method", "QRCodePNG"]
    made = json.loads(root_region.aws(*words, "--outfile", str(picture)).stdout)
    assert picture.read_bytes().startswith(b"\x89PNG\r\n")
    iam.delete_virtual_mfa_device(SerialNumber=made["VirtualMFADevice"]["SerialNumber"])

    device = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]
    serial, seed = device["SerialNumber"], device["Base32StringSeed"].decode()
    now = int(time.time()) // 30
    wrong = {"UserName": user.name, "SerialNumber": serial, "AuthenticationCode1": "000000", "AuthenticationCode2": "000000"}
    assert code_of(iam.enable_mfa_device, **wrong) == "InvalidAuthenticationCode"
    iam.enable_mfa_device(**{**wrong, "AuthenticationCode1": totp(seed, now - 1), "AuthenticationCode2": totp(seed, now)})
    assert iam.list_mfa_devices(UserName=user.name)["MFADevices"][0]["SerialNumber"] == serial

    sts = user.client("sts")
    assert code_of(sts.get_session_token, SerialNumber=serial, TokenCode=totp(seed, now)) == "AccessDenied"
    given = sts.get_session_token(SerialNumber=serial, TokenCode=totp(seed, now + 1))["Credentials"]
    condition = {"Bool": {"aws:MultiFactorAuthPresent": "true"}, "NumericLessThan": {"aws:MultiFactorAuthAge": "600"}}
    trust = {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "sts:AssumeRole", "Condition": condition},
    }
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    assert code_of(sts.assume_role, RoleArn=arn, RoleSessionName="s1") == "AccessDenied"
    keys = {
        "aws_access_key_id": given["AccessKeyId"], "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }
    root_region.client("sts", **keys).assume_role(RoleArn=arn, RoleSessionName="s1")
    iam.delete_role(RoleName=name)
    iam.deactivate_mfa_device(UserName=user.name, SerialNumber=serial)
    iam.delete_virtual_mfa_device(SerialNumber=serial)


def test_a_role_linked_to_a_service(root_region):
    iam = root_region.client("iam")
    words = ["iam", "create-service-linked-role", "--aws-service-name", "ecs.amazonaws.com"]
    role = json.loads(root_region.aws(*words).stdout)["Role"]
    assert role["Path"] == "/aws-service-role/ecs.amazonaws.com/"
    policy = "arn:aws:iam::aws:policy/AdministratorAccess"
    assert code_of(iam.attach_role_policy, RoleName=role["RoleName"], PolicyArn=policy) == "UnmodifiableEntity"
    task = iam.delete_service_linked_role(RoleName=role["RoleName"])["DeletionTaskId"]
    assert iam.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"] == "SUCCEEDED"


def test_a_saml_provider(root_region, tmp_path):
    metadata = tmp_path / "metadata.xml"
    metadata.write_text(SamlProvider("https://id.example").metadata())
    words = ["iam", "create-saml-provider", "--name", "corp", "--saml-metadata-document", f"file://{metadata}"]
    arn = json.loads(root_region.aws(*words).stdout)["SAMLProviderArn"]
    iam = root_region.client("iam")
    assert iam.get_saml_provider(SAMLProviderArn=arn)["SAMLMetadataDocument"] == metadata.read_text()
    assert [provider["Arn"] for provider in iam.list_saml_providers()["SAMLProviderList"]] == [arn]
    sts = root_region.client("sts")
    told = {"RoleArn": "arn:aws:iam::123456789012:role/x", "PrincipalArn": arn, "SAMLAssertion": "PHg+PC94Pg=="}
    assert code_of(sts.assume_role_with_saml, **told) == "InvalidIdentityToken"
    iam.delete_saml_provider(SAMLProviderArn=arn)
    assert code_of(iam.get_saml_provider, SAMLProviderArn=arn) == "NoSuchEntity"


def test_a_users_ssh_keys_and_signing_certificates(root_region, tmp_path):
    iam, user = root_region.client("iam"), "keeper"
    iam.create_user(UserName=user)
    key, certificate = tmp_path / "key", tmp_path / "certificate.pem"
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-m", "PEM", "-f", str(key)], check=True, timeout=60)
    line = Path(f"{key}.pub").read_text()
    made = iam.upload_ssh_public_key(UserName=user, SSHPublicKeyBody=line)["SSHPublicKey"]
    told = subprocess.run(["ssh-keygen", "-l", "-E", "md5", "-f", f"{key}.pub"], capture_output=True, text=True, check=True, timeout=60)
    assert f"MD5:{made['Fingerprint']}" in told.stdout
    words = {"UserName": user, "SSHPublicKeyId": made["SSHPublicKeyId"]}
    pem = iam.get_ssh_public_key(Encoding="PEM", **words)["SSHPublicKey"]["SSHPublicKeyBody"]
    openssl = ["openssl", "rsa", "-in", str(key), "-pubout"]
    assert pem.split() == subprocess.run(openssl, capture_output=True, text=True, check=True, timeout=60).stdout.split()
    assert [one["SSHPublicKeyId"] for one in iam.list_ssh_public_keys(UserName=user)["SSHPublicKeys"]] == [made["SSHPublicKeyId"]]
    openssl = ["openssl", "req", "-x509", "-key", str(key), "-days", "2", "-subj", "/CN=keeper", "-out", str(certificate)]
    subprocess.run(openssl, capture_output=True, check=True, timeout=60)
    done = root_region.aws(
        "iam", "upload-signing-certificate", "--user-name", user, "--certificate-body", f"file://{certificate}",
        "--query", "Certificate.CertificateId", "--output", "text",
    )
    with pytest.raises(ClientError) as error:
        iam.delete_user(UserName=user)
    assert error.value.response["Error"]["Code"] == "DeleteConflict"
    iam.delete_ssh_public_key(**words)
    iam.delete_signing_certificate(UserName=user, CertificateId=done.stdout.strip())
    iam.delete_user(UserName=user)
