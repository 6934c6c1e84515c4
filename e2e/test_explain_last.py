"""`postern explain --last i-...`: what really became of an instance's connections and calls, beside what the model says."""

import json
import time
import uuid

S3 = "s3.us-east-1.amazonaws.com"
EC2_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def last(region, instance):
    return json.loads(region.postern("explain", "--last", instance, "--json").stdout)


def trying(region, instance, host, port=443):
    """Begins a connection that nobody answers: it ends with the instance, or after a minute."""
    address = region.run(instance, f"getent ahostsv4 {host} | head -n 1 | cut -d' ' -f1").stdout.strip()
    region.run(instance, f"setsid timeout 60 bash -c 'exec 3<>/dev/tcp/{address}/{port}' < /dev/null > /dev/null 2>&1 &")
    until = time.monotonic() + 20
    while not last(region, instance)["trying"]:
        assert time.monotonic() < until, "no connection is seen"
    return address


def test_a_connection_that_an_acl_drops(region, network):
    network.gateway_endpoint(network.private_table)
    instance = network.instance(network.private)["InstanceId"]
    acl = network.ec2.create_network_acl(VpcId=network.vpc)["NetworkAcl"]["NetworkAclId"]
    acls = network.ec2.describe_network_acls(Filters=[{"Name": "association.subnet-id", "Values": [network.private]}])["NetworkAcls"]
    association = next(a for a in acls[0]["Associations"] if a["SubnetId"] == network.private)
    network.ec2.replace_network_acl_association(AssociationId=association["NetworkAclAssociationId"], NetworkAclId=acl)
    assert last(region, instance)["trying"] == []
    address = trying(region, instance, S3)
    [one] = last(region, instance)["trying"]
    assert one["to"] == f"{address}:443"
    assert one["model"]["barred_by"]["stop"] == "network_acl_out" and acl in one["model"]["barred_by"]["why"]
    assert one["counter"]["of"] == f"network_acl_out {acl} *" and one["counter"]["packets"] >= 1, one
    assert one["model"]["change"]
    words = region.postern("explain", "--last", instance).stdout
    assert f"it is trying {address}:443" in words and f"network_acl_out {acl} *" in words, words


def test_a_connection_without_a_route(region, network):
    """Routing counts nothing: the model alone tells the stop."""
    instance = network.instance(network.private)["InstanceId"]
    trying(region, instance, S3)
    [one] = last(region, instance)["trying"]
    assert one["model"]["barred_by"]["stop"] == "route_table" and one["counter"] is None


def test_what_was_given_up_is_told_apart(region, network):
    """An answer that nobody listens, and no answer at all: the first is counted as refused, the second by the stop that dropped it."""
    group = network.group("last-given-up", ("tcp", 9, "0.0.0.0/0"), egress=False)
    server = network.instance(network.private, [group])["PrivateIpAddress"]
    permission = {"IpProtocol": "tcp", "FromPort": 9, "ToPort": 9, "IpRanges": [{"CidrIp": f"{server}/32"}]}
    network.ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[permission])
    instance = network.instance(network.private, [group])["InstanceId"]
    dropped = lambda told: sum(one["packets"] for one in told["dropped"] if one["of"] == f"security_group_out {group}")
    connect = lambda port: region.run(instance, f"timeout 4 bash -c 'exec 3<>/dev/tcp/{server}/{port}' 2>/dev/null", check=False)
    before = last(region, instance)
    assert connect(9).returncode == 1
    refused = last(region, instance)
    assert refused["refused_attempts"] == before["refused_attempts"] + 1 and refused["sent_again"] == before["sent_again"], refused
    assert connect(10).returncode == 124
    silent = last(region, instance)
    assert silent["trying"] == [] and silent["refused_attempts"] == refused["refused_attempts"], silent
    assert silent["sent_again"] >= refused["sent_again"] + 1 and dropped(silent) >= dropped(refused) + 2, silent
    words = region.postern("explain", "--last", instance).stdout
    assert f"dropped at `security_group_out {group}`" in words and "refused: there was an answer" in words, words


def test_the_last_refused_request(region, network):
    iam, s3, name = region.client("iam"), region.client("s3"), f"last-{uuid.uuid4().hex[:8]}"
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(EC2_TRUST))
    iam.create_instance_profile(InstanceProfileName=name)
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
    s3.create_bucket(Bucket=name)
    try:
        endpoint = network.gateway_endpoint(network.private_table)
        instance = network.instance(network.private, IamInstanceProfile={"Name": name})["InstanceId"]
        other = network.instance(network.private)["InstanceId"]
        assert last(region, instance)["refused"] is None
        refused = region.run(instance, f"aws s3api get-object --bucket {name} --key k /dev/null --region us-east-1", check=False, timeout=60)
        assert refused.returncode != 0 and "AccessDenied" in refused.stderr, refused
        found = last(region, instance)["refused"]
        happened, model = found["happened"], found["model"]
        assert happened["operation"] == "GetObject" and happened["via"]["endpoint"] == endpoint
        assert happened["asked"][-1]["missing"] == "identity" and found["is_same"] is True, found
        assert model["stopped_by"]["stop"] == "identity_policy" and model["change"][0][0].startswith(f"aws iam put-role-policy --role-name {name} ")
        assert last(region, other)["refused"] is None
        may = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
        iam.put_role_policy(RoleName=name, PolicyName="work", PolicyDocument=json.dumps(may))
        found = last(region, instance)["refused"]
        assert found["happened"]["request_id"] == happened["request_id"] and found["model"]["allowed"] and not found["is_same"]
        assert "it would be allowed" in region.postern("explain", "--last", instance).stdout
    finally:
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            iam.delete_role_policy(RoleName=name, PolicyName=policy)
        iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=name)
        iam.delete_instance_profile(InstanceProfileName=name)
        iam.delete_role(RoleName=name)
        s3.delete_bucket(Bucket=name)


def test_no_such_instance(root_region):
    assert "there is no i-0123456789abcdef0" in root_region.postern("explain", "--last", "i-0123456789abcdef0", check=False).stderr
    assert "neither a number nor an instance" in root_region.postern("explain", "--last", "soon", check=False).stderr
