"""Several accounts and their organization, through the real path: who sees what, which policies meet, with which words."""

import copy
import json
import time
import uuid

import pytest
from botocore.exceptions import ClientError

from network import Network
from region import Region

MANAGEMENT = "123456789012"


class Organization:
    """A region whose own account manages an organization: two member accounts, and one that stands outside."""

    def __init__(self, mode):
        self.region = region = Region(mode)
        self.stranger = self.account(self.create("stranger", "--id", "999999999999"))
        self.api = region.client("organizations")
        self.id = self.api.create_organization(FeatureSet="ALL")["Organization"]["Id"]
        self.root = self.api.list_roots()["Roots"][0]["Id"]
        for kind in ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"):
            self.api.enable_policy_type(RootId=self.root, PolicyType=kind)
        self.unit = self.api.create_organizational_unit(ParentId=self.root, Name="workloads")["OrganizationalUnit"]["Id"]
        self.member_id = self.make("member")
        self.other_id = self.create("other")
        self.api.move_account(AccountId=self.member_id, SourceParentId=self.root, DestinationParentId=self.unit)
        self.management = region
        self.member = self.account(self.member_id)
        self.other = self.account(self.other_id)

    def create(self, name, *words):
        """By the command line."""
        return json.loads(self.region.postern("account", "create", name, "--json", *words).stdout)["id"]

    def make(self, name):
        """By the API."""
        made = self.api.create_account(AccountName=name, Email=f"{name}@example.org")["CreateAccountStatus"]
        assert made["State"] == "IN_PROGRESS"
        for _ in range(50):
            made = self.api.describe_create_account_status(CreateAccountRequestId=made["Id"])["CreateAccountStatus"]
            if made["State"] != "IN_PROGRESS":
                break
            time.sleep(0.1)
        assert made["State"] == "SUCCEEDED", made
        return made["AccountId"]

    def account(self, account):
        """The same region as that account's administrator sees it."""
        seen = copy.copy(self.region)
        seen.environment = json.loads(self.region.postern("env", "--json", "--account", account).stdout)
        return seen

    def attached(self, kind, statement, target):
        return Attached(self.api, kind, statement, target)


class Attached:
    """A policy that binds a target while the block lasts."""

    def __init__(self, api, kind, statement, target):
        self.api, self.kind, self.statement, self.target = api, kind, statement, target

    def __enter__(self):
        made = self.api.create_policy(
            Name=uuid.uuid4().hex, Description="", Type=self.kind, Content=json.dumps(document(self.statement))
        )
        self.summary = made["Policy"]["PolicySummary"]
        self.api.attach_policy(PolicyId=self.summary["Id"], TargetId=self.target)
        return self.summary

    def __exit__(self, *_):
        self.api.detach_policy(PolicyId=self.summary["Id"], TargetId=self.target)
        self.api.delete_policy(PolicyId=self.summary["Id"])


@pytest.fixture(scope="module", params=["root", "rootless"])
def organization(request):
    organization = Organization(request.param)
    yield organization
    organization.region.close()


@pytest.fixture
def bucket(organization):
    """A bucket of the management account with an object in it."""
    s3, name = organization.management.client("s3"), f"bucket-{uuid.uuid4().hex}"
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="x", Body=b"x")
    yield name
    s3.delete_bucket_policy(Bucket=name)
    s3.delete_object(Bucket=name, Key="x")
    s3.delete_bucket(Bucket=name)


def document(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def refused(call, code="AccessDenied", **arguments):
    """AWS's sentence."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response["Error"]
    assert error["Code"] == code, error
    return error["Message"]


def user(account, *policies):
    """A user's clients: a function from service to client."""
    iam, name = account.client("iam"), f"user-{uuid.uuid4().hex[:12]}"
    iam.create_user(UserName=name)
    for number, statement in enumerate(policies):
        iam.put_user_policy(UserName=name, PolicyName=f"p{number}", PolicyDocument=json.dumps(document(statement)))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    seen = copy.copy(account)
    seen.environment = {**account.environment, "AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    seen.name = name
    return seen


def grant(bucket, principal="*", **condition):
    statement = {"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    return json.dumps(document({**statement, "Condition": condition} if condition else statement))


# --- accounts ---


def test_accounts_do_not_see_each_other(organization):
    one, two = organization.member, organization.other
    vpc = one.client("ec2").create_vpc(CidrBlock="10.77.0.0/16")["Vpc"]["VpcId"]
    assert vpc not in [v["VpcId"] for v in two.client("ec2").describe_vpcs()["Vpcs"]]
    assert "does not exist" in refused(two.client("ec2").delete_vpc, "InvalidVpcID.NotFound", VpcId=vpc)
    assert len([v for v in two.client("ec2").describe_vpcs()["Vpcs"] if v["IsDefault"]]) == 1
    one.client("iam").create_user(UserName="ann")
    assert "ann" not in [u["UserName"] for u in two.client("iam").list_users()["Users"]]
    two.client("iam").create_user(UserName="ann")
    name = f"bucket-{uuid.uuid4().hex}"
    one.client("s3", region_name="eu-west-1").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert name not in [b["Name"] for b in two.client("s3").list_buckets()["Buckets"]]
    refused(two.client("s3").create_bucket, "BucketAlreadyExists", Bucket=name)
    one.client("s3", region_name="eu-west-1").delete_bucket(Bucket=name)
    one.client("ec2").delete_vpc(VpcId=vpc)
    for account in (one, two):
        account.client("iam").delete_user(UserName="ann")


def test_the_command_line_makes_and_names_accounts(organization):
    listed = {a["name"]: a for a in json.loads(organization.region.postern("account", "list", "--json").stdout)}
    assert listed["default"]["management"] and listed["stranger"]["organization"] is None
    assert listed["member"]["path"] == f"{organization.id}/{organization.root}/{organization.unit}/"
    assert listed["other"]["id"] == organization.other_id and listed["other"]["organization"] == organization.id
    by_name = organization.account("member").client("sts").get_caller_identity()
    assert by_name["Arn"] == f"arn:aws:iam::{organization.member_id}:user/administrator"
    assert organization.region.postern("account", "create", "member", check=False).returncode == 1
    assert organization.region.postern("env", "--account", "nobody", check=False).returncode == 1
    assert {a["Name"] for a in organization.api.list_accounts()["Accounts"]} >= {"default", "member", "other"}


def test_a_new_account_has_the_way_in_and_no_users(organization):
    account = organization.make(f"bare{uuid.uuid4().hex[:8]}")
    arn = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
    assumed = organization.management.client("sts").assume_role(RoleArn=arn, RoleSessionName="session")["Credentials"]
    session = {
        "aws_access_key_id": assumed["AccessKeyId"],
        "aws_secret_access_key": assumed["SecretAccessKey"],
        "aws_session_token": assumed["SessionToken"],
    }
    iam = organization.region.client("iam", **session)
    assert iam.list_users()["Users"] == []
    assert [r["RoleName"] for r in iam.list_roles()["Roles"]] == ["OrganizationAccountAccessRole"]
    identity = organization.region.client("sts", **session).get_caller_identity()
    assert identity["Arn"] == f"arn:aws:sts::{account}:assumed-role/OrganizationAccountAccessRole/session"
    # The trust is the management account's alone, and needs its own side too.
    for outsider in (organization.member, organization.stranger, user(organization.management)):
        assert "is not authorized to perform: sts:AssumeRole" in refused(
            outsider.client("sts").assume_role, RoleArn=arn, RoleSessionName="session"
        )
    organization.api.close_account(AccountId=account)
    refused(iam.list_users, "InvalidClientTokenId")


def test_the_trust_policy_opens_a_role_to_another_account(organization):
    iam = organization.other.client("iam")
    trust = {"Effect": "Allow", "Principal": {"AWS": organization.member_id}, "Action": "sts:AssumeRole",
             "Condition": {"StringEquals": {"aws:PrincipalOrgID": organization.id, "sts:ExternalId": "ticket"}}}
    role = iam.create_role(RoleName="shared", AssumeRolePolicyDocument=json.dumps(document(trust)))["Role"]["Arn"]
    asked = {"RoleArn": role, "RoleSessionName": "session"}
    organization.member.client("sts").assume_role(**asked, ExternalId="ticket")
    refused(organization.member.client("sts").assume_role, **asked)
    refused(organization.stranger.client("sts").assume_role, **asked, ExternalId="ticket")
    without = user(organization.member)
    assert "because no identity-based policy allows the sts:AssumeRole action" in refused(
        without.client("sts").assume_role, **asked, ExternalId="ticket"
    )
    iam.delete_role(RoleName="shared")


# --- both sides ---


def test_a_bucket_policy_for_another_account_needs_both_sides(organization, bucket):
    owner = organization.management.client("s3")
    reading = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    allowed, bare = user(organization.member, reading), user(organization.member)
    # S3 gives its reason within the organization only.
    said = refused(allowed.client("s3").get_object, Bucket=bucket, Key="x")
    assert said.endswith("because no resource-based policy allows the s3:GetObject action"), said
    stranger = user(organization.stranger, reading).client("s3")
    assert refused(stranger.get_object, Bucket=bucket, Key="x") == "Access Denied"
    owner.put_bucket_policy(Bucket=bucket, Policy=grant(bucket, {"AWS": organization.member_id}))
    assert allowed.client("s3").get_object(Bucket=bucket, Key="x")["Body"].read() == b"x"
    refused(bare.client("s3").get_object, Bucket=bucket, Key="x")
    # Naming the user itself does not make up for its own side.
    arn = f"arn:aws:iam::{organization.member_id}:user/{bare.name}"
    owner.put_bucket_policy(Bucket=bucket, Policy=grant(bucket, {"AWS": arn}))
    refused(bare.client("s3").get_object, Bucket=bucket, Key="x")
    refused(allowed.client("s3").get_object, Bucket=bucket, Key="x")


@pytest.mark.parametrize("key", ["id", "paths"])
def test_a_bucket_policy_knows_the_organization(organization, bucket, key):
    condition = {
        "id": {"StringEquals": {"aws:PrincipalOrgID": organization.id}},
        "paths": {"ForAnyValue:StringEquals": {"aws:PrincipalOrgPaths": f"{organization.id}/{organization.root}/{organization.unit}/"}},
    }[key]
    organization.management.client("s3").put_bucket_policy(Bucket=bucket, Policy=grant(bucket, **condition))
    organization.member.client("s3").get_object(Bucket=bucket, Key="x")
    refused(organization.stranger.client("s3").get_object, Bucket=bucket, Key="x")
    if key == "paths":
        refused(organization.other.client("s3").get_object, Bucket=bucket, Key="x")
    else:
        organization.other.client("s3").get_object(Bucket=bucket, Key="x")


# --- control policies ---


def test_a_service_control_policy_denies_with_its_name(organization):
    deny = {"Effect": "Deny", "Action": ["s3:ListAllMyBuckets", "ec2:CreateVpc", "iam:ListUsers"], "Resource": "*"}
    member = organization.member
    with organization.attached("SERVICE_CONTROL_POLICY", deny, organization.unit) as policy:
        who = f"User: arn:aws:iam::{organization.member_id}:user/administrator is not authorized to perform"
        reason = f"with an explicit deny in a service control policy: {policy['Arn']}"
        assert policy["Arn"].startswith(f"arn:aws:organizations::{MANAGEMENT}:policy/{organization.id}/service_control_policy/p-")
        assert refused(member.client("s3").list_buckets) == f"{who}: s3:ListAllMyBuckets {reason}"
        said = refused(member.client("ec2").create_vpc, "UnauthorizedOperation", CidrBlock="10.0.0.0/16")
        assert who in said and "ec2:CreateVpc" in said and reason in said
        assert reason in refused(member.client("iam").list_users)
        # The management account's own way into the account is bound as well.
        arn = f"arn:aws:iam::{organization.member_id}:role/OrganizationAccountAccessRole"
        assumed = organization.management.client("sts").assume_role(RoleArn=arn, RoleSessionName="session")["Credentials"]
        session = organization.region.client(
            "iam", aws_access_key_id=assumed["AccessKeyId"], aws_secret_access_key=assumed["SecretAccessKey"],
            aws_session_token=assumed["SessionToken"],
        )
        assert reason in refused(session.list_users)
        organization.other.client("s3").list_buckets()
        organization.stranger.client("s3").list_buckets()
    member.client("s3").list_buckets()


def test_without_full_access_only_what_a_service_control_policy_allows(organization):
    allow = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    other, api = organization.other, organization.api
    with organization.attached("SERVICE_CONTROL_POLICY", allow, organization.other_id):
        other.client("iam").list_users()
        api.detach_policy(PolicyId="p-FullAWSAccess", TargetId=organization.other_id)
        other.client("s3").list_buckets()
        said = refused(other.client("iam").list_users)
        assert said.endswith("because no service control policy allows the iam:ListUsers action"), said
        api.attach_policy(PolicyId="p-FullAWSAccess", TargetId=organization.other_id)
    other.client("iam").list_users()


def test_a_simulation_knows_the_service_control_policies(organization):
    deny = {"Effect": "Deny", "Action": "s3:ListAllMyBuckets", "Resource": "*"}

    def simulated(iam, account):
        source = f"arn:aws:iam::{account}:user/administrator"
        reply = iam.simulate_principal_policy(PolicySourceArn=source, ActionNames=["s3:ListAllMyBuckets", "s3:CreateBucket"])
        return [
            (one["EvalDecision"], one.get("OrganizationsDecisionDetail", {}).get("AllowedByOrganizations"))
            for one in reply["EvaluationResults"]
        ]

    member, other = organization.member.client("iam"), organization.other.client("iam")
    allowed = [("allowed", True), ("allowed", True)]
    with organization.attached("SERVICE_CONTROL_POLICY", deny, organization.unit):
        assert simulated(member, organization.member_id) == [("explicitDeny", False), ("allowed", True)]
        assert simulated(other, organization.other_id) == allowed
        # The management account is under no control.
        assert simulated(organization.management.client("iam"), MANAGEMENT) == [("allowed", None), ("allowed", None)]
    assert simulated(member, organization.member_id) == allowed


def test_the_management_account_is_not_controlled(organization):
    deny = {"Effect": "Deny", "Action": "s3:ListAllMyBuckets", "Resource": "*"}
    with organization.attached("SERVICE_CONTROL_POLICY", deny, organization.root):
        organization.management.client("s3").list_buckets()
        refused(organization.member.client("s3").list_buckets)


def test_a_resource_control_policy_keeps_strangers_out(organization):
    owner, name = organization.member.client("s3"), f"bucket-{uuid.uuid4().hex}"
    owner.create_bucket(Bucket=name)
    owner.put_object(Bucket=name, Key="x", Body=b"x")
    everybody = [{"AWS": organization.other_id}, {"AWS": "999999999999"}]
    allow = [json.loads(grant(name, principal))["Statement"][0] for principal in everybody]
    owner.put_bucket_policy(Bucket=name, Policy=json.dumps(document(*allow)))
    organization.stranger.client("s3").get_object(Bucket=name, Key="x")
    perimeter = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*",
                 "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": organization.id}}}
    with organization.attached("RESOURCE_CONTROL_POLICY", perimeter, organization.root):
        refused(organization.stranger.client("s3").get_object, Bucket=name, Key="x")
        organization.other.client("s3").get_object(Bucket=name, Key="x")
    no_deletes = {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject", "Resource": "*"}
    with organization.attached("RESOURCE_CONTROL_POLICY", no_deletes, organization.member_id) as policy:
        said = refused(owner.delete_object, Bucket=name, Key="x")
        assert said.endswith(f"with an explicit deny in a resource control policy: {policy['Arn']}"), said
    owner.delete_object(Bucket=name, Key="x")
    owner.delete_bucket(Bucket=name)


def test_members_ask_the_management_account(organization):
    api = organization.member.client("organizations")
    assert api.describe_organization()["Organization"]["MasterAccountId"] == MANAGEMENT
    refused(api.list_accounts, "AccessDeniedException")
    refused(organization.stranger.client("organizations").describe_organization, "AWSOrganizationsNotInUseException")
    nobody = user(organization.management).client("organizations")
    said = refused(nobody.list_roots, "AccessDeniedException")
    assert said.endswith("because no identity-based policy allows the organizations:ListRoots action"), said


def test_an_administrator_of_policies_alone(organization):
    """Permissions for Organizations are asked by ARN and key, as for any other service."""
    allow = {"Effect": "Allow", "Action": ["organizations:AttachPolicy", "organizations:DetachPolicy", "organizations:ListPolicies"],
             "Resource": "*", "Condition": {"StringEquals": {"organizations:PolicyType": "SERVICE_CONTROL_POLICY"}}}
    api = user(organization.management, allow).client("organizations")
    assert "p-FullAWSAccess" in [p["Id"] for p in api.list_policies(Filter="SERVICE_CONTROL_POLICY")["Policies"]]
    said = refused(api.list_policies, "AccessDeniedException", Filter="RESOURCE_CONTROL_POLICY")
    assert "organizations:ListPolicies because no identity-based policy" in said, said
    deny = {"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}
    with organization.attached("SERVICE_CONTROL_POLICY", deny, organization.other_id) as policy:
        api.attach_policy(PolicyId=policy["Id"], TargetId=organization.unit)
        api.detach_policy(PolicyId=policy["Id"], TargetId=organization.unit)
    said = refused(api.delete_policy, "AccessDeniedException", PolicyId="p-FullAWSAccess")
    assert "arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess" in said, said
    organization.api.enable_aws_service_access(ServicePrincipal="ram.amazonaws.com")
    trusted = organization.api.list_aws_service_access_for_organization()["EnabledServicePrincipals"]
    assert [t["ServicePrincipal"] for t in trusted] == ["ram.amazonaws.com"]
    organization.api.disable_aws_service_access(ServicePrincipal="ram.amazonaws.com")


def test_an_invited_account_joins_and_leaves(organization):
    account = organization.account(organization.create(f"guest{uuid.uuid4().hex[:8]}"))
    api = account.client("organizations")
    api.leave_organization()
    refused(api.describe_organization, "AWSOrganizationsNotInUseException")
    identity = account.client("sts").get_caller_identity()["Account"]
    invited = organization.api.invite_account_to_organization(Target={"Type": "ACCOUNT", "Id": identity})["Handshake"]
    assert [h["Id"] for h in api.list_handshakes_for_account()["Handshakes"]] == [invited["Id"]]
    assert api.accept_handshake(HandshakeId=invited["Id"])["Handshake"]["State"] == "ACCEPTED"
    assert organization.api.describe_account(AccountId=identity)["Account"]["JoinedMethod"] == "INVITED"
    organization.api.remove_account_from_organization(AccountId=identity)


# --- endpoints ---


def test_an_endpoint_policy_knows_the_organization(organization, bucket):
    """From an instance of the second account, through its own gateway endpoint."""
    member = organization.member
    network = Network(member)
    try:
        iam, role = member.client("iam"), f"reader-{uuid.uuid4().hex[:8]}"
        trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(document(trust)))
        reading = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
        iam.put_role_policy(RoleName=role, PolicyName="p", PolicyDocument=json.dumps(document(reading)))
        iam.create_instance_profile(InstanceProfileName=role)
        iam.add_role_to_instance_profile(InstanceProfileName=role, RoleName=role)
        instance = network.instance(network.private, IamInstanceProfile={"Name": role})["InstanceId"]
        endpoint = network.gateway_endpoint(network.private_table)
        outside = f"bucket-{uuid.uuid4().hex}"
        for owner, name in ((organization.management, bucket), (organization.stranger, outside)):
            if name == outside:
                owner.client("s3").create_bucket(Bucket=name)
                owner.client("s3").put_object(Bucket=name, Key="x", Body=b"x")
            owner.client("s3").put_bucket_policy(Bucket=name, Policy=grant(name, {"AWS": organization.member_id}))

        def read(name):
            return member.run(instance, f"aws s3 cp s3://{name}/x -", check=False)

        assert read(bucket).stdout == "x" and read(outside).stdout == "x"
        only_ours = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*",
                     "Condition": {"StringEquals": {"aws:ResourceOrgID": organization.id, "aws:PrincipalOrgID": organization.id}}}
        network.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, PolicyDocument=json.dumps(document(only_ours)))
        assert read(bucket).stdout == "x", read(bucket)
        assert read(outside).returncode != 0
        # The key of a stranger brought into the VPC opens nothing, not even the stranger's own bucket.
        keys = organization.stranger.environment
        smuggled = member.run(
            instance,
            f"AWS_ACCESS_KEY_ID={keys['AWS_ACCESS_KEY_ID']} AWS_SECRET_ACCESS_KEY={keys['AWS_SECRET_ACCESS_KEY']} aws s3 cp s3://{outside}/x -",
            check=False,
        )
        assert "because no VPC endpoint policy allows the s3:GetObject action" in smuggled.stderr or "Forbidden" in smuggled.stderr, smuggled
        network.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, ResetPolicy=True)
        # The bucket's side: only through endpoints of the organization.
        organization.management.client("s3").put_bucket_policy(
            Bucket=bucket, Policy=grant(bucket, {"AWS": organization.member_id}, StringEquals={"aws:VpceOrgID": organization.id})
        )
        assert read(bucket).stdout == "x"
        refused(member.client("s3").get_object, Bucket=bucket, Key="x")
        organization.stranger.client("s3").delete_object(Bucket=outside, Key="x")
        organization.stranger.client("s3").delete_bucket(Bucket=outside)
    finally:
        network.remove()


def test_all_of_it_survives_a_restart(organization):
    before = organization.api.list_accounts()["Accounts"]
    deny = {"Effect": "Deny", "Action": "s3:ListAllMyBuckets", "Resource": "*"}
    with organization.attached("SERVICE_CONTROL_POLICY", deny, organization.member_id):
        organization.region.down()
        organization.region.up()
        assert organization.api.list_accounts()["Accounts"] == before
        assert "service control policy" in refused(organization.member.client("s3").list_buckets)
    organization.member.client("s3").list_buckets()
