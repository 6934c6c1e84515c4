"""Grants of KMS keys: what they give, to whom, within which context, and how they end."""

import json

import pytest
from botocore.exceptions import ClientError

from test_kms import allow, code, message, user

IAM = "arn:aws:iam::123456789012:user/"


@pytest.fixture(scope="module")
def kms(root_region):
    return root_region.client("kms")


@pytest.fixture
def key(kms):
    return kms.create_key()["KeyMetadata"]["Arn"]


def refused(call, **more):
    with pytest.raises(ClientError) as error:
        call(**more)
    return code(error), message(error)


def test_a_grant_gives_what_it_says_and_no_more(root_region, kms, key):
    own = user(root_region, "granted")("kms")
    other = user(root_region, "not-granted")("kms")
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    denied = refused(own.decrypt, CiphertextBlob=blob)
    assert denied == ("AccessDeniedException", (
        f"User: {IAM}granted is not authorized to perform: kms:Decrypt on resource: {key} because no identity-based policy allows "
        "the kms:Decrypt action"
    ))
    made = kms.create_grant(KeyId=key, GranteePrincipal=f"{IAM}granted", Operations=["Decrypt", "DescribeKey"], Name="first")
    assert own.decrypt(CiphertextBlob=blob, GrantTokens=[made["GrantToken"]])["Plaintext"] == b"x"
    assert own.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    assert own.describe_key(KeyId=key)["KeyMetadata"]["Arn"] == key
    assert refused(own.encrypt, KeyId=key, Plaintext=b"y")[0] == "AccessDeniedException"
    assert refused(other.decrypt, CiphertextBlob=blob)[0] == "AccessDeniedException"
    assert refused(other.decrypt, CiphertextBlob=blob, GrantTokens=["no token"])[0] == "InvalidGrantTokenException"
    # The same again is the same grant; a nameless one is another.
    again = kms.create_grant(KeyId=key, GranteePrincipal=f"{IAM}granted", Operations=["DescribeKey", "Decrypt"], Name="first")
    assert again["GrantId"] == made["GrantId"]
    second = kms.create_grant(KeyId=key, GranteePrincipal=f"{IAM}granted", Operations=["Decrypt"])
    grants = kms.list_grants(KeyId=key)["Grants"]
    assert {one["GrantId"] for one in grants} == {made["GrantId"], second["GrantId"]}
    first = next(one for one in grants if one["GrantId"] == made["GrantId"])
    assert (first["KeyId"], first["Name"], first["GranteePrincipal"], first["Operations"]) == (
        key, "first", f"{IAM}granted", ["Decrypt", "DescribeKey"]
    )
    assert first["IssuingAccount"] == "arn:aws:iam::123456789012:root"
    pages = kms.get_paginator("list_grants").paginate(KeyId=key, PaginationConfig={"PageSize": 1})
    assert [len(page["Grants"]) for page in pages] == [1, 1]
    assert len(kms.list_grants(KeyId=key, GrantId=second["GrantId"])["Grants"]) == 1
    for grant in (made, second):
        kms.revoke_grant(KeyId=key, GrantId=grant["GrantId"])
    assert refused(own.decrypt, CiphertextBlob=blob)[0] == "AccessDeniedException"
    assert refused(kms.revoke_grant, KeyId=key, GrantId=made["GrantId"])[0] == "NotFoundException"


def test_an_explicit_deny_is_above_a_grant(root_region, kms, key):
    own = user(root_region, "denied", {"Effect": "Deny", "Action": "kms:Decrypt", "Resource": "*"})("kms")
    kms.create_grant(KeyId=key, GranteePrincipal=f"{IAM}denied", Operations=["Encrypt", "Decrypt"])
    blob = own.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert "with an explicit deny" in refused(own.decrypt, CiphertextBlob=blob)[1]


def test_constraints_on_the_context(root_region, kms, key):
    own = user(root_region, "constrained")("kms")
    kms.create_grant(
        KeyId=key, GranteePrincipal=f"{IAM}constrained", Operations=["Encrypt", "Decrypt"],
        Constraints={"EncryptionContextSubset": {"Team": "Blue"}},
    )
    encrypt = lambda **context: own.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext=context)["CiphertextBlob"]  # noqa: E731
    assert own.decrypt(CiphertextBlob=encrypt(Team="Blue", a="b"), EncryptionContext={"Team": "Blue", "a": "b"})["Plaintext"] == b"x"
    for context in ({}, {"Team": "Red"}, {"team": "Blue"}):
        assert refused(own.encrypt, KeyId=key, Plaintext=b"x", EncryptionContext=context)[0] == "AccessDeniedException"
    shown = kms.list_grants(KeyId=key)["Grants"][0]["Constraints"]
    assert shown == {"EncryptionContextSubset": {"Team": "Blue"}}


def test_who_may_retire(root_region, kms, key):
    keeper, grantee = user(root_region, "keeper"), user(root_region, "grantee")
    make = lambda *more: kms.create_grant(  # noqa: E731
        KeyId=key, GranteePrincipal=f"{IAM}grantee", RetiringPrincipal=f"{IAM}keeper", Operations=["Decrypt", *more])
    one, two, three = make(), make(), make("RetireGrant")
    assert refused(grantee("kms").retire_grant, GrantToken=one["GrantToken"])[0] == "AccessDeniedException"
    keeper("kms").retire_grant(GrantToken=one["GrantToken"])
    keeper("kms").retire_grant(KeyId=key, GrantId=two["GrantId"])
    grants = kms.list_retirable_grants(RetiringPrincipal=f"{IAM}keeper")["Grants"]
    assert [grant["GrantId"] for grant in grants] == [three["GrantId"]]
    grantee("kms").retire_grant(GrantToken=three["GrantToken"])
    assert kms.list_grants(KeyId=key)["Grants"] == []
    assert refused(kms.retire_grant, GrantToken=three["GrantToken"])[0] == "InvalidGrantTokenException"
    root_region.aws("kms", "create-grant", "--key-id", key, "--grantee-principal", f"{IAM}grantee", "--operations", "Decrypt")
    assert len(json.loads(root_region.aws("kms", "list-grants", "--key-id", key).stdout)["Grants"]) == 1


def test_who_may_give(root_region, kms, key):
    only_decrypt = user(root_region, "giver", allow(
        "kms:CreateGrant", key, **{"ForAllValues:StringEquals": {"kms:GrantOperations": ["Decrypt"]}}))("kms")
    only_decrypt.create_grant(KeyId=key, GranteePrincipal=f"{IAM}giver", Operations=["Decrypt"])
    assert refused(only_decrypt.create_grant, KeyId=key, GranteePrincipal=f"{IAM}giver", Operations=["Encrypt"])[0] == "AccessDeniedException"
    # Who may give by a grant gives no more than he has.
    heir = user(root_region, "heir")("kms")
    kms.create_grant(
        KeyId=key, GranteePrincipal=f"{IAM}heir", Operations=["CreateGrant", "Decrypt"],
        Constraints={"EncryptionContextEquals": {"a": "b"}},
    )
    within = {"EncryptionContextEquals": {"a": "b"}}
    heir.create_grant(KeyId=key, GranteePrincipal=f"{IAM}giver", Operations=["Decrypt"], Constraints=within)
    for more in ({"Operations": ["Encrypt"], "Constraints": within}, {"Operations": ["Decrypt"]}):
        assert refused(heir.create_grant, KeyId=key, GranteePrincipal=f"{IAM}giver", **more)[0] == "AccessDeniedException"


def test_a_role_and_a_service_use_grants_over_a_restart(fresh):
    region = fresh()
    kms, iam, s3 = region.client("kms"), region.client("iam"), region.client("s3")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    trust = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "sts:AssumeRole"}}
    role = iam.create_role(RoleName="worker", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName="worker", PolicyName="s3", PolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": allow("s3:*")}))
    s3.create_bucket(Bucket="granted")
    s3.put_object(Bucket="granted", Key="k", Body=b"sealed", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    assumed = region.client("sts").assume_role(RoleArn=role, RoleSessionName="worker")["Credentials"]
    worker = lambda: region.client(  # noqa: E731
        "s3", aws_access_key_id=assumed["AccessKeyId"], aws_secret_access_key=assumed["SecretAccessKey"],
        aws_session_token=assumed["SessionToken"])
    assert refused(worker().get_object, Bucket="granted", Key="k")[0] == "AccessDenied"
    kms.create_grant(KeyId=key, GranteePrincipal=role, Operations=["Decrypt"])
    region.kill()
    region.up()
    assert worker().get_object(Bucket="granted", Key="k")["Body"].read() == b"sealed"
    grants = region.client("kms").list_grants(KeyId=key)["Grants"]
    region.client("kms").revoke_grant(KeyId=key, GrantId=grants[0]["GrantId"])
    assert refused(worker().get_object, Bucket="granted", Key="k")[0] == "AccessDenied"


class Guest:
    """Another account: its administrator's clients, and users with these statements and no more."""

    def __init__(self, region, name):
        self.region = region
        self.id = json.loads(region.postern("account", "create", name, "--json").stdout)["id"]
        self.keys = json.loads(region.postern("env", "--account", self.id, "--json").stdout)

    def client(self, service, **more):
        names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
        keys = {name: self.keys[name.upper()] for name in names if name.upper() in self.keys}
        return self.region.client(service, **{**keys, **more})

    def user(self, name, *statements):
        return f"arn:aws:iam::{self.id}:user/{name}", user(self, name, *statements)


def test_a_grant_is_enough_for_another_account(root_region, kms, key):
    guest = Guest(root_region, "grantees")
    reader, client_of_reader = guest.user("reader")
    own, other = client_of_reader("kms"), guest.user("other")[1]("kms")
    deprived = guest.user("deprived", {"Effect": "Deny", "Action": "kms:Decrypt", "Resource": "*"})
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert refused(own.decrypt, CiphertextBlob=blob)[0] == "AccessDeniedException"
    # His account's administrator may everything of its own, and nothing of this key.
    assert refused(guest.client("kms").decrypt, CiphertextBlob=blob)[0] == "AccessDeniedException"
    made = kms.create_grant(KeyId=key, GranteePrincipal=reader, Operations=["Decrypt", "DescribeKey"])
    assert own.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    assert own.decrypt(KeyId=key, CiphertextBlob=blob, GrantTokens=[made["GrantToken"]])["Plaintext"] == b"x"
    assert own.describe_key(KeyId=key)["KeyMetadata"]["AWSAccountId"] == "123456789012"
    # An id alone is one of the caller's account.
    assert refused(own.describe_key, KeyId=key.split("/")[1])[0] in ("AccessDeniedException", "NotFoundException")
    assert refused(own.encrypt, KeyId=key, Plaintext=b"y")[0] == "AccessDeniedException"
    assert refused(own.list_grants, KeyId=key)[0] == "AccessDeniedException"
    assert refused(other.decrypt, CiphertextBlob=blob)[0] == "AccessDeniedException"
    kms.create_grant(KeyId=key, GranteePrincipal=deprived[0], Operations=["Decrypt"])
    assert "with an explicit deny" in refused(deprived[1]("kms").decrypt, CiphertextBlob=blob)[1]
    kms.revoke_grant(KeyId=key, GrantId=made["GrantId"])
    assert refused(own.decrypt, CiphertextBlob=blob)[0] == "AccessDeniedException"


def test_a_role_of_another_account_reads_objects_under_the_key(root_region, kms, key):
    """S3 asks KMS as the role, which has policies for S3 alone. A session policy limits what the grant gives."""
    guest = Guest(root_region, "objects")
    iam, s3 = guest.client("iam"), guest.client("s3")
    trust = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": guest.id}, "Action": "sts:AssumeRole"}}
    role = iam.create_role(RoleName="worker", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName="worker", PolicyName="s3", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": allow("s3:*")}))
    s3.create_bucket(Bucket="under-a-foreign-key")

    def worker(**more):
        assumed = guest.client("sts").assume_role(RoleArn=role, RoleSessionName="worker", **more)["Credentials"]
        return guest.client("s3", aws_access_key_id=assumed["AccessKeyId"], aws_secret_access_key=assumed["SecretAccessKey"],
                            aws_session_token=assumed["SessionToken"])

    put = {"Bucket": "under-a-foreign-key", "Key": "k", "Body": b"sealed", "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    assert refused(worker().put_object, **put)[0] == "AccessDenied"
    kms.create_grant(KeyId=key, GranteePrincipal=role, Operations=["GenerateDataKey", "Decrypt"])
    worker().put_object(**put)
    assert worker().get_object(Bucket="under-a-foreign-key", Key="k")["Body"].read() == b"sealed"
    only_s3 = json.dumps({"Version": "2012-10-17", "Statement": allow("s3:*")})
    assert refused(worker(Policy=only_s3).get_object, Bucket="under-a-foreign-key", Key="k")[0] == "AccessDenied"


def test_another_account_gives_lists_and_ends_grants(root_region, kms, key):
    """The key's policy lets the account; the account lets its user. Who issued is the account that asked."""
    guest = Guest(root_region, "givers")
    actions = ["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"]
    giver = guest.user("giver", allow(actions, key))[1]("kms")
    unlet = guest.user("unlet")[1]("kms")
    heir, client_of_heir = guest.user("heir")
    keeper, client_of_keeper = guest.user("keeper")
    grant = {"KeyId": key, "GranteePrincipal": heir, "Operations": ["Decrypt"], "RetiringPrincipal": keeper}
    assert refused(giver.create_grant, **grant)[0] == "AccessDeniedException"
    policy = json.loads(kms.get_key_policy(KeyId=key)["Policy"])
    policy["Statement"].append({"Effect": "Allow", "Principal": {"AWS": guest.id}, "Action": actions, "Resource": "*"})
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))
    assert refused(unlet.create_grant, **grant)[0] == "AccessDeniedException"
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    one, two, three, four = (giver.create_grant(**grant) for _ in range(4))
    assert client_of_heir("kms").decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    assert refused(giver.decrypt, CiphertextBlob=blob)[0] == "AccessDeniedException", "giving is not having"
    assert [g["IssuingAccount"] for g in giver.list_grants(KeyId=key)["Grants"]] == [f"arn:aws:iam::{guest.id}:root"] * 4
    assert refused(unlet.list_grants, KeyId=key)[0] == "AccessDeniedException"
    retirable = guest.client("kms").list_retirable_grants(RetiringPrincipal=keeper)["Grants"]
    assert len(retirable) == 4 and {g["KeyId"] for g in retirable} == {key}
    assert refused(kms.list_retirable_grants, RetiringPrincipal=keeper)[0] == "AccessDeniedException"

    # Revoked by permission, on either side; retired by its retiring principal, or by the account that issued it.
    giver.revoke_grant(KeyId=key, GrantId=one["GrantId"])
    kms.revoke_grant(KeyId=key, GrantId=two["GrantId"])
    for client in (unlet, giver, client_of_heir("kms")):
        assert refused(client.retire_grant, KeyId=key, GrantId=three["GrantId"])[0] == "AccessDeniedException"
    client_of_keeper("kms").retire_grant(KeyId=key, GrantId=three["GrantId"])
    assert client_of_heir("kms").decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    guest.client("kms").retire_grant(GrantToken=four["GrantToken"])
    assert kms.list_grants(KeyId=key)["Grants"] == []
    assert refused(client_of_heir("kms").decrypt, CiphertextBlob=blob)[0] == "AccessDeniedException"


def test_wrong_grants(kms, key):
    create = lambda **more: kms.create_grant(**{"KeyId": key, "GranteePrincipal": f"{IAM}a", "Operations": ["Decrypt"], **more})  # noqa: E731
    assert refused(create, GranteePrincipal="nobody")[0] == "InvalidArnException"
    assert refused(create, Operations=["Sign"])[0] == "ValidationException"
    assert refused(create, Constraints={"EncryptionContextSubset": {"a": "b"}, "EncryptionContextEquals": {"a": "b"}})[0] == "ValidationException"
    assert refused(create, DryRun=True)[0] == "DryRunOperationException"
    assert kms.list_grants(KeyId=key)["Grants"] == []
    kms.disable_key(KeyId=key)
    assert refused(create)[0] == "DisabledException"
