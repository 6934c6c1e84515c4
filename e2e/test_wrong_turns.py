"""Every wrong turn of the labs and of the endpoints' cases: `postern explain` names the cause of a call that is refused or does
not arrive, in the order in which it would be met, and what it suggests, run as printed, lets the real call through."""

import json
import os
import subprocess
import uuid

import pytest

from region import VENV

S3 = "s3.us-east-1.amazonaws.com"
SECRETS = "secretsmanager.us-east-1.amazonaws.com"
PATIENCE = "--region us-east-1 --cli-connect-timeout 2"
EC2_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def shell(region, command):
    """A command as the user would paste it."""
    environment = {"PATH": f"{VENV}/bin:{os.environ['PATH']}", "HOME": str(region.home), **region.environment}
    done = subprocess.run(["bash", "-ec", command], capture_output=True, timeout=60, env=environment, text=True)
    assert done.returncode == 0, (command, done.stderr)


class Call:
    """A call from an instance: asked about, and really made."""

    def __init__(self, region, instance, host, command, action, resource=None, caller=None):
        self.region, self.instance, self.host, self.command = region, instance, host, command
        self.words = ["--action", action] + (["--resource", resource] if resource else []) + (["--as", caller] if caller else [])

    def explained(self):
        words = ["explain", "--from", self.instance, "--to", self.host, "--json", *self.words]
        return json.loads(self.region.postern(*words).stdout)

    def made(self):
        command = f"export AWS_MAX_ATTEMPTS=1 AWS_METADATA_SERVICE_NUM_ATTEMPTS=3; {self.command} {PATIENCE}"
        return self.region.run(self.instance, command, check=False, timeout=60)

    def works(self):
        answer, done = self.explained(), self.made()
        assert answer["allowed"] and done.returncode == 0, (answer, done)

    def is_stopped(self, stop, *names):
        """Both by the explanation, which names these, and in earnest."""
        answer, done = self.explained(), self.made()
        assert done.returncode != 0, done
        first = answer["stopped_by"]
        assert first and first["stop"] == stop, answer["stopped_by"]
        for name in names:
            assert name in json.dumps(first), (name, first)
        return answer

    def is_repaired_by(self, answer, number=0):
        for command in answer["change"][number]:
            assert command.startswith("aws "), command
            shell(self.region, command)
        self.works()


@pytest.fixture
def role(region):
    """A role with a profile of the same name, which may do what is put into its policy."""
    iam, name = region.client("iam"), f"turn-{uuid.uuid4().hex[:8]}"
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(EC2_TRUST))
    iam.create_instance_profile(InstanceProfileName=name)
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)

    class Role:
        def may(self, *statements, policy="work"):
            document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
            iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=document)

    made = Role()
    made.name, made.arn = name, f"arn:aws:iam::123456789012:role/{name}"
    made.may({"Sid": "Work", "Effect": "Allow", "Action": ["s3:GetObject", "secretsmanager:GetSecretValue"], "Resource": "*"})
    yield made
    iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=name)
    iam.delete_instance_profile(InstanceProfileName=name)
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        iam.delete_role_policy(RoleName=name, PolicyName=policy)
    iam.delete_role(RoleName=name)


@pytest.fixture
def bucket(region):
    s3, name = region.client("s3"), f"turn-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="k", Body=b"x")
    yield name
    s3.delete_bucket_policy(Bucket=name)
    s3.delete_object(Bucket=name, Key="k")
    s3.delete_bucket(Bucket=name)


@pytest.fixture
def get_object(region, network, role, bucket):
    """GetObject from a private instance with the role."""
    instance = network.instance(network.private, IamInstanceProfile={"Name": role.name})["InstanceId"]
    return Call(region, instance, S3, f"aws s3api get-object --bucket {bucket} --key k /dev/null", "s3:GetObject", f"arn:aws:s3:::{bucket}/k")


@pytest.fixture
def get_secret(region, network, role):
    """GetSecretValue from a private instance with the role, and the endpoint that it takes with its group."""
    secrets, name = region.client("secretsmanager"), f"turn-{uuid.uuid4().hex[:8]}"
    arn = secrets.create_secret(Name=name, SecretString="horse")["ARN"]
    network.dns_hostnames(True)
    group = network.group("endpoint", ("tcp", 443, "0.0.0.0/0"))
    instance = network.instance(network.private, IamInstanceProfile={"Name": role.name})["InstanceId"]
    command = f"aws secretsmanager get-secret-value --secret-id {name}"
    call = Call(region, instance, SECRETS, command, "secretsmanager:GetSecretValue", arn)
    made = network.interface_endpoint("secretsmanager", network.private, groups=[group], PrivateDnsEnabled=True)
    call.group, call.endpoint = group, made["VpcEndpointId"]
    yield call
    secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)


def deny(network, bucket, key, *values, operator="StringNotEquals", sid="Only"):
    statement = {
        "Sid": sid,
        "Effect": "Deny",
        "Principal": "*",
        "Action": ["s3:ListBucket", "s3:GetObject", "s3:PutObject"],
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        "Condition": {operator: {key: list(values)}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    network.region.client("s3").put_bucket_policy(Bucket=bucket, Policy=policy)


def test_no_way_out(network, get_object):
    """gateway-endpoint: a private subnet without a route."""
    answer = get_object.is_stopped("route_table", network.private_table)
    assert answer["call"]["if_opened_by"] and answer["call"]["policies"]["decision"] == "allow"
    get_object.is_repaired_by(answer)


def test_no_way_out_and_more_behind(network, role, get_object):
    """What would stop the call after the first stop is told at once, and one list of commands mends it all."""
    role.may({"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"})
    answer = get_object.is_stopped("route_table")
    stops = answer["call"]["policies"]["stops"]
    assert [stop["kind"] for stop in stops] == ["identity"], stops
    assert len(answer["change"][0]) == 2, answer["change"]
    get_object.is_repaired_by(answer)


def test_the_nat_gateway_goes_before_the_last_endpoint_is_there(region, network, role):
    """no-nat: the route to the NAT gateway goes, and one service has no endpoint yet."""
    role.may({"Effect": "Allow", "Action": "cloudwatch:PutMetricData", "Resource": "*"})
    network.dns_hostnames(True)
    address = network.ec2.allocate_address()["AllocationId"]
    nat = network.ec2.create_nat_gateway(SubnetId=network.public, AllocationId=address)["NatGateway"]["NatGatewayId"]
    network.ec2.get_waiter("nat_gateway_available").wait(NatGatewayIds=[nat], WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    out = {"RouteTableId": network.private_table, "DestinationCidrBlock": "0.0.0.0/0"}
    network.ec2.create_route(**out, NatGatewayId=nat)
    instance = network.instance(network.private, IamInstanceProfile={"Name": role.name})["InstanceId"]
    command = "aws cloudwatch put-metric-data --namespace orders --metric-name Orders --value 1"
    call = Call(region, instance, "monitoring.us-east-1.amazonaws.com", command, "cloudwatch:PutMetricData")
    call.works()
    network.ec2.delete_route(**out)
    answer = call.is_stopped("route_table", network.private_table)
    back = f"aws ec2 create-route --route-table-id {network.private_table} --destination-cidr-block 0.0.0.0/0 --nat-gateway-id {nat}"
    assert answer["change"][0] == [back], answer["change"]
    call.is_repaired_by(answer)
    # What the lab does: the endpoint takes the NAT gateway's place.
    network.ec2.delete_route(**out)
    call.is_stopped("route_table", network.private_table)
    group = network.group("monitoring", ("tcp", 443, "0.0.0.0/0"))
    network.interface_endpoint("monitoring", network.private, groups=[group], PrivateDnsEnabled=True)
    call.works()
    # The gateway gone with the route still there is another turn: a black hole.
    network.ec2.create_route(**out, NatGatewayId=nat)
    network.ec2.delete_nat_gateway(NatGatewayId=nat)
    network.ec2.get_waiter("nat_gateway_deleted").wait(NatGatewayIds=[nat], WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    call.works()
    told = json.loads(region.postern("explain", "--from", instance, "--to", "example.com:80", "--json").stdout)
    assert told["barred_by"]["stop"] == "route_table" and not told["answered"], told["barred_by"]
    network.ec2.release_address(AllocationId=address)


def test_a_bucket_for_one_endpoint(region, network, role, bucket):
    """bucket-for-one-endpoint: denied over the internet gateway; the table on that endpoint is the smallest change."""
    instance = network.instance(network.public, public=True, IamInstanceProfile={"Name": role.name})["InstanceId"]
    call = Call(region, instance, S3, f"aws s3api get-object --bucket {bucket} --key k /dev/null", "s3:GetObject", f"arn:aws:s3:::{bucket}/k")
    call.works()
    endpoint = network.gateway_endpoint(network.private_table)
    deny(network, bucket, "aws:SourceVpce", endpoint, sid="OnlyByTheEndpoint")
    answer = call.is_stopped("resource_policy", "OnlyByTheEndpoint")
    assert "aws:SourceVpce" not in answer["call"]["policies"]["keys"] and answer["call"]["via"]["way"] == "internet"
    assert answer["change"][0] == [
        f"aws ec2 modify-vpc-endpoint --vpc-endpoint-id {endpoint} --add-route-table-ids {network.public_table}"
    ]
    call.is_repaired_by(answer)
    assert call.explained()["call"]["policies"]["keys"]["aws:SourceVpce"] == [endpoint]


def test_the_endpoints_policy_denies_everything(network, get_object):
    """bucket-for-one-endpoint: the endpoint's policy turned to Deny."""
    nobody = {"Version": "2012-10-17", "Statement": [{"Sid": "Nobody", "Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}]}
    endpoint = network.gateway_endpoint(network.private_table, PolicyDocument=json.dumps(nobody))
    answer = get_object.is_stopped("endpoint_policy", "Nobody", endpoint)
    assert answer["change"][0] == [f"aws ec2 modify-vpc-endpoint --vpc-endpoint-id {endpoint} --reset-policy"]
    get_object.is_repaired_by(answer)


def test_the_endpoints_policy_names_another_action(network, get_object):
    listing = {"Version": "2012-10-17", "Statement": [{"Sid": "List", "Effect": "Allow", "Principal": "*", "Action": "s3:ListBucket", "Resource": "*"}]}
    endpoint = network.gateway_endpoint(network.private_table, PolicyDocument=json.dumps(listing))
    answer = get_object.is_stopped("endpoint_policy", "List", endpoint)
    [gate] = [gate for gate in answer["call"]["policies"]["gates"] if gate["kind"] == "endpoint"]
    assert gate["near_misses"][0]["statement"]["sid"] == "List" and not gate["passes"]
    get_object.is_repaired_by(answer)


def test_a_bucket_for_another_vpc(network, bucket, get_object):
    network.gateway_endpoint(network.private_table)
    get_object.works()
    deny(network, bucket, "aws:SourceVpc", "vpc-0123456789abcdef0", sid="OtherVpc")
    answer = get_object.is_stopped("resource_policy", "OtherVpc")
    assert answer["call"]["policies"]["keys"]["aws:SourceVpc"] == [network.vpc]
    assert network.vpc in answer["change"][0][0]
    get_object.is_repaired_by(answer)


def test_a_bucket_for_another_address(network, bucket, get_object):
    network.gateway_endpoint(network.private_table)
    deny(network, bucket, "aws:VpcSourceIp", "10.255.255.255/32", operator="NotIpAddress", sid="OtherAddress")
    get_object.is_repaired_by(get_object.is_stopped("resource_policy", "OtherAddress"))


def test_a_role_without_the_action(network, role, get_object):
    """role-instead-of-keys: the role may not, or may do something else."""
    network.gateway_endpoint(network.private_table)
    role.may({"Sid": "Other", "Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"})
    answer = get_object.is_stopped("identity_policy", "Other")
    get_object.is_repaired_by(answer)


def test_a_deny_of_the_role_itself(network, role, get_object):
    network.gateway_endpoint(network.private_table)
    role.may({"Sid": "Never", "Effect": "Deny", "Action": "s3:Get*", "Resource": "*"}, policy="never")
    answer = get_object.is_stopped("identity_policy", "Never")
    get_object.is_repaired_by(answer)


def test_nobody_to_be(region, network, role, bucket):
    """role-instead-of-keys: an instance without a profile."""
    network.gateway_endpoint(network.private_table)
    instance = network.instance(network.private)["InstanceId"]
    call = Call(region, instance, S3, f"aws s3api get-object --bucket {bucket} --key k /dev/null", "s3:GetObject", f"arn:aws:s3:::{bucket}/k")
    answer = call.is_stopped("credentials")
    assert "Unable to locate credentials" in call.made().stderr
    commands = [f"aws ec2 associate-iam-instance-profile --instance-id {instance} --iam-instance-profile Name={role.name}"]
    assert commands in answer["change"]
    call.is_repaired_by(answer, answer["change"].index(commands))


def test_a_role_that_does_not_trust_ec2(region, network, role, bucket):
    network.gateway_endpoint(network.private_table)
    nobody = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
    region.client("iam").update_assume_role_policy(RoleName=role.name, PolicyDocument=json.dumps(nobody))
    instance = network.instance(network.private, IamInstanceProfile={"Name": role.name})["InstanceId"]
    call = Call(region, instance, S3, f"aws s3api get-object --bucket {bucket} --key k /dev/null", "s3:GetObject", f"arn:aws:s3:::{bucket}/k")
    answer = call.is_stopped("credentials", "trust")
    call.is_repaired_by(answer)


def test_the_endpoints_group_without_443(network, get_secret):
    """private-dns, first wrong turn."""
    get_secret.works()
    network.ec2.revoke_security_group_ingress(
        GroupId=get_secret.group, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    )
    answer = get_secret.is_stopped("security_group_in", get_secret.group)
    get_secret.is_repaired_by(answer)


def test_private_dns_off(network, get_secret):
    """private-dns, second wrong turn."""
    network.ec2.modify_vpc_endpoint(VpcEndpointId=get_secret.endpoint, PrivateDnsEnabled=False)
    answer = get_secret.is_stopped("route_table")
    assert answer["change"][0] == [f"aws ec2 modify-vpc-endpoint --vpc-endpoint-id {get_secret.endpoint} --private-dns-enabled"]
    get_secret.is_repaired_by(answer)


def test_an_interface_endpoints_policy_without_the_action(network, get_secret):
    """private-dns, third wrong turn."""
    other = {"Version": "2012-10-17", "Statement": [{"Sid": "Describe", "Effect": "Allow", "Principal": "*", "Action": "secretsmanager:DescribeSecret", "Resource": "*"}]}
    network.ec2.modify_vpc_endpoint(VpcEndpointId=get_secret.endpoint, PolicyDocument=json.dumps(other))
    answer = get_secret.is_stopped("endpoint_policy", "Describe")
    get_secret.is_repaired_by(answer)


def test_an_endpoint_behind_an_acl_that_lets_nothing_in(network, get_secret):
    """private-dns, fourth wrong turn."""
    acl = network.ec2.create_network_acl(VpcId=network.vpc)["NetworkAcl"]["NetworkAclId"]
    acls = network.ec2.describe_network_acls(Filters=[{"Name": "association.subnet-id", "Values": [network.public]}])["NetworkAcls"]
    association = next(a for a in acls[0]["Associations"] if a["SubnetId"] == network.public)
    network.ec2.replace_network_acl_association(AssociationId=association["NetworkAclAssociationId"], NetworkAclId=acl)
    network.ec2.modify_vpc_endpoint(VpcEndpointId=get_secret.endpoint, AddSubnetIds=[network.public], RemoveSubnetIds=[network.private])
    answer = get_secret.is_stopped("network_acl_in", acl)
    get_secret.is_repaired_by(answer)


def test_a_secrets_own_policy_denies(region, network, role, get_secret):
    arn = get_secret.words[3]
    policy = {"Version": "2012-10-17", "Statement": [{"Sid": "NotHe", "Effect": "Deny", "Principal": {"AWS": role.arn}, "Action": "secretsmanager:GetSecretValue", "Resource": "*"}]}
    region.client("secretsmanager").put_resource_policy(SecretId=arn, ResourcePolicy=json.dumps(policy))
    answer = get_secret.is_stopped("resource_policy", "NotHe")
    get_secret.is_repaired_by(answer)


def test_the_name_of_another_service(network, get_secret):
    """The address of an endpoint carries its own service only: the handshake for another name fails."""
    endpoint = network.ec2.describe_vpc_endpoints(VpcEndpointIds=[get_secret.endpoint])["VpcEndpoints"][0]
    route53 = network.region.client("route53")
    zone = route53.create_hosted_zone(
        Name="sts.us-east-1.amazonaws.com", CallerReference=uuid.uuid4().hex, VPC={"VPCRegion": "us-east-1", "VPCId": network.vpc}
    )["HostedZone"]["Id"]
    alias = endpoint["DnsEntries"][0]
    record = {
        "Name": "sts.us-east-1.amazonaws.com",
        "Type": "A",
        "AliasTarget": {"HostedZoneId": alias["HostedZoneId"], "DNSName": alias["DnsName"], "EvaluateTargetHealth": False},
    }
    change = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=change)
    try:
        command = "AWS_STS_REGIONAL_ENDPOINTS=regional aws sts get-caller-identity"
        call = Call(network.region, get_secret.instance, "sts.us-east-1.amazonaws.com", command, "sts:GetCallerIdentity")
        call.is_stopped("tls", "secretsmanager")
    finally:
        change["Changes"][0]["Action"] = "DELETE"
        route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=change)
        route53.delete_hosted_zone(Id=zone)


def test_the_same_statement_before_and_after(region, network, role, bucket, get_object):
    """`explain --from` names the statement that `explain --request` names for the refused request itself."""
    endpoint = network.gateway_endpoint(network.private_table)
    narrow = {"Version": "2012-10-17", "Statement": [{"Sid": "Elsewhere", "Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}, {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}
    network.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, PolicyDocument=json.dumps(narrow))

    def same():
        refused = json.loads(region.postern("explain", "--last", "--json").stdout)["refused"]
        last = next(request for request in reversed(refused) if f"assumed-role/{role.name}/" in (request["caller"] or ""))
        asked = json.loads(region.postern("explain", "--request", last["request_id"], "--json").stdout)["asked"][-1]
        thought = get_object.explained()["call"]["policies"]
        for member in ("decision", "by", "missing", "near_misses"):
            assert thought[member] == asked[member], (member, thought[member], asked[member])
        for key in ("aws:SourceVpce", "aws:SourceVpc", "aws:VpcSourceIp", "aws:Ec2InstanceSourceVpc", "aws:Ec2InstanceSourcePrivateIPv4", "aws:PrincipalArn", "aws:userid"):
            assert thought["keys"][key] == asked["keys"][key], key

    assert get_object.made().returncode != 0
    same()
    network.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, ResetPolicy=True)
    deny(network, bucket, "aws:SourceVpce", "vpce-0123456789abcdef0")
    assert get_object.made().returncode != 0
    same()
    region.client("s3").delete_bucket_policy(Bucket=bucket)
    role.may({"Sid": "Near", "Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/other"})
    assert get_object.made().returncode != 0
    same()


def test_what_cannot_be_asked_is_said(root_region):
    def said(*words):
        return root_region.postern("explain", "--from", "host", "--to", S3, *words, check=False).stderr

    assert "who asks?" in said("--action", "s3:ListAllMyBuckets")
    assert "no action s3:Fly" in said("--as", "root", "--action", "s3:Fly")
    assert "on what?" in said("--as", "root", "--action", "s3:GetObject")
    assert "there is no arn:aws:s3:::nobody-has-it/k" in said("--as", "root", "--action", "s3:GetObject", "--resource", "arn:aws:s3:::nobody-has-it/k")
    assert "is never asked for on" in said("--as", "root", "--action", "s3:GetObject", "--resource", "arn:aws:sqs:us-east-1:1:q")
    assert "no role and no user" in said("--as", "role/nobody", "--action", "s3:ListAllMyBuckets")


def test_words_and_picture(region, network, role, get_object):
    role.may({"Sid": "Other", "Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"})
    network.gateway_endpoint(network.private_table)
    picture = (region.home if region.mode == "root" else region.data) / "call.svg"
    words = region.postern("explain", "--from", get_object.instance, "--to", S3, "--svg", str(picture), *get_object.words).stdout
    for word in ("tls name", "credentials", "endpoint", "identity", "nearly statement `Other`", "stopped: identity_policy", "aws:SourceVpce = vpce-", "aws iam put-role-policy"):
        assert word in words, (word, words)
    assert "identity policy" in picture.read_text()


def test_the_default_group_admits_its_own_members_only(network, get_secret):
    """An interface endpoint without a group of its own has the VPC's default group."""
    groups = network.ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [network.vpc]}])["SecurityGroups"]
    default = next(group["GroupId"] for group in groups if group["GroupName"] == "default")
    other = network.group("client")
    [interface] = network.ec2.describe_network_interfaces(Filters=[{"Name": "attachment.instance-id", "Values": [get_secret.instance]}])["NetworkInterfaces"]
    network.ec2.modify_network_interface_attribute(NetworkInterfaceId=interface["NetworkInterfaceId"], Groups=[other])
    network.ec2.modify_vpc_endpoint(VpcEndpointId=get_secret.endpoint, AddSecurityGroupIds=[default], RemoveSecurityGroupIds=[get_secret.group])
    answer = get_secret.is_stopped("security_group_in", default)
    get_secret.is_repaired_by(answer)
    # What the repair put into the default group would outlive the VPC's other groups.
    rules = network.ec2.describe_security_groups(GroupIds=[default])["SecurityGroups"][0]["IpPermissions"]
    network.ec2.revoke_security_group_ingress(GroupId=default, IpPermissions=rules)


def test_an_acl_without_ephemeral_ports(network, get_object):
    """gateway-endpoint: the answer does not come back."""
    network.gateway_endpoint(network.private_table)
    acl = network.ec2.create_network_acl(VpcId=network.vpc)["NetworkAcl"]["NetworkAclId"]
    entry = {"NetworkAclId": acl, "Protocol": "6", "RuleAction": "allow", "CidrBlock": "0.0.0.0/0", "PortRange": {"From": 443, "To": 443}}
    for egress in (True, False):
        network.ec2.create_network_acl_entry(**entry, RuleNumber=100, Egress=egress)
    acls = network.ec2.describe_network_acls(Filters=[{"Name": "association.subnet-id", "Values": [network.private]}])["NetworkAcls"]
    association = next(a for a in acls[0]["Associations"] if a["SubnetId"] == network.private)
    network.ec2.replace_network_acl_association(AssociationId=association["NetworkAclAssociationId"], NetworkAclId=acl)
    answer = get_object.is_stopped("network_acl_in", acl)
    get_object.is_repaired_by(answer)


def test_a_more_specific_route_wins_over_the_endpoint(network, get_object):
    network.gateway_endpoint(network.private_table)
    address = network.region.run(get_object.instance, f"getent ahostsv4 {S3} | head -1 | cut -d' ' -f1").stdout.strip()
    network.ec2.create_route(RouteTableId=network.private_table, DestinationCidrBlock=f"{address}/32", GatewayId=network.igw)
    answer = get_object.is_stopped("internet_gateway")
    assert answer["change"][0] == [f"aws ec2 delete-route --route-table-id {network.private_table} --destination-cidr-block {address}/32"]
    get_object.is_repaired_by(answer)


def test_another_regions_service_is_not_behind_the_endpoint(network, get_object):
    """No `aws` command leads there without an address of its own or a NAT gateway: the stop is named all the same."""
    network.gateway_endpoint(network.private_table)
    get_object.host = "s3.eu-west-1.amazonaws.com"
    get_object.command += " --endpoint-url https://s3.eu-west-1.amazonaws.com"
    get_object.is_stopped("route_table", network.private_table)
