"""Reachability Analyzer by real clients: the way and what bars it, beside what a packet finds."""

import copy
import json

import botocore.exceptions
import pytest

from network import Network
from test_peering import Pair

CONNECT = "timeout 5 bash -c 'exec 3<>/dev/tcp/{host}/{port}' 2>/dev/null"
LISTEN = (
    "nohup python3 -m http.server {port} >/dev/null 2>&1 & "
    "for n in $(seq 100); do (exec 3<>/dev/tcp/127.0.0.1/{port}) 2>/dev/null && exit; sleep 0.1; done; exit 1"
)


@pytest.fixture
def ec2(region):
    return region.client("ec2")


def refused(code, call, **members):
    with pytest.raises(botocore.exceptions.ClientError) as error:
        call(**members)
    assert error.value.response["Error"]["Code"] == code, error.value
    return error.value.response["Error"]["Message"]


def path(ec2, source, destination=None, port=None, protocol="tcp", **more):
    if destination:
        more["Destination"] = destination
    if port is not None:
        more["DestinationPort"] = port
    return ec2.create_network_insights_path(Source=source, Protocol=protocol, **more)["NetworkInsightsPath"]


def analysed(ec2, path_id, **more):
    """Start, then poll as a client does."""
    started = ec2.start_network_insights_analysis(NetworkInsightsPathId=path_id, **more)["NetworkInsightsAnalysis"]
    assert started["Status"] == "running" and "NetworkPathFound" not in started
    ids = [started["NetworkInsightsAnalysisId"]]
    for _ in range(60):
        told = ec2.describe_network_insights_analyses(NetworkInsightsAnalysisIds=ids)["NetworkInsightsAnalyses"][0]
        if told["Status"] != "running":
            assert told["Status"] == "succeeded", told
            return told
    raise AssertionError("still running")


def answer(ec2, *words, **more):
    """Makes a path, analyses it and removes both."""
    filters = {name: more.pop(name) for name in ("FilterInArns", "FilterOutArns") if name in more}
    made = path(ec2, *words, **more)["NetworkInsightsPathId"]
    told = analysed(ec2, made, **filters)
    ec2.delete_network_insights_analysis(NetworkInsightsAnalysisId=told["NetworkInsightsAnalysisId"])
    ec2.delete_network_insights_path(NetworkInsightsPathId=made)
    return told


def ids(components):
    assert [one["SequenceNumber"] for one in components] == list(range(1, len(components) + 1))
    return [one["Component"]["Id"] for one in components]


def kinds(components):
    return [one.rsplit("-", 1)[0] for one in ids(components)]


def codes(told):
    assert told["NetworkPathFound"] is False and "ForwardPathComponents" not in told, told
    return [one["ExplanationCode"] for one in told["Explanations"]]


def connects(region, instance, host, port):
    return region.run(instance, CONNECT.format(host=host, port=port), check=False, timeout=30).returncode == 0


@pytest.fixture
def pair(region, network):
    client_group, server_group = network.group("insights-client"), network.group("insights-server")
    permission = {"IpProtocol": "tcp", "FromPort": 5000, "ToPort": 5999, "UserIdGroupPairs": [{"GroupId": client_group}]}
    network.ec2.authorize_security_group_ingress(GroupId=server_group, IpPermissions=[permission])
    client = network.instance(network.public, [client_group], public=True)
    server = network.instance(network.private, [server_group])
    region.run(server["InstanceId"], LISTEN.format(port=5432))
    return client, server, client_group, server_group


def test_a_way_between_instances_is_told_stop_by_stop(region, network, ec2, pair):
    client, server, client_group, server_group = pair
    told = answer(ec2, client["InstanceId"], server["InstanceId"], 5432)
    assert told["NetworkPathFound"] is True and connects(region, client["InstanceId"], server["PrivateIpAddress"], 5432)
    forward, back = told["ForwardPathComponents"], told["ReturnPathComponents"]
    assert kinds(forward) == ["i", "eni", "sg", "acl", "rtb", "acl", "sg", "eni", "i"]
    assert kinds(back) == ["i", "eni", "sg", "acl", "rtb", "acl", "sg", "eni", "i"]
    assert ids(forward)[0] == client["InstanceId"] and ids(forward)[-1] == server["InstanceId"]
    assert ids(back)[0] == server["InstanceId"] and ids(back)[-1] == client["InstanceId"]
    assert ids(forward)[2] == client_group and ids(forward)[6] == server_group
    rule = forward[6]["SecurityGroupRule"]
    assert rule["Direction"] == "ingress" and rule["SecurityGroupId"] == client_group and rule["PortRange"] == {"From": 5000, "To": 5999}
    assert forward[3]["AclRule"]["Egress"] and forward[3]["AclRule"]["RuleAction"] == "allow" and forward[3]["AclRule"]["RuleNumber"] == 100
    assert forward[4]["RouteTableRoute"]["GatewayId"] == "local" and forward[4]["RouteTableRoute"]["State"] == "active"
    header = forward[0]["OutboundHeader"]
    assert header["DestinationPortRanges"] == [{"From": 5432, "To": 5432}] and header["Protocol"] == "6"
    assert header["DestinationAddresses"] == [f"{server['PrivateIpAddress']}/32"]
    assert forward[1]["AttachedTo"]["Id"] == client["InstanceId"] and forward[1]["Subnet"]["Id"] == network.public
    assert back[0]["OutboundHeader"]["SourcePortRanges"] == [{"From": 5432, "To": 5432}]
    # Any port: the way is that of the rule's range.
    told = answer(ec2, client["InstanceId"], server["InstanceId"])
    assert told["ForwardPathComponents"][0]["OutboundHeader"]["DestinationPortRanges"] == [{"From": 5000, "To": 5999}]


def test_every_bar_is_told_with_its_code(region, network, ec2, pair):
    client, server, _, server_group = pair
    told = answer(ec2, client["InstanceId"], server["InstanceId"], 80)
    assert codes(told) == ["ENI_SG_RULES_MISMATCH"] and not connects(region, client["InstanceId"], server["PrivateIpAddress"], 80)
    one = told["Explanations"][0]
    assert one["Direction"] == "ingress" and [g["Id"] for g in one["SecurityGroups"]] == [server_group]
    assert one["Subnet"]["Id"] == network.private and one["Vpc"]["Id"] == network.vpc
    assert codes(answer(ec2, server["InstanceId"], client["InstanceId"], 80)) == ["SG_HAS_NO_RULES"]
    # An ACL that refuses the question's port and an answer's: both are told, and the kernel has it so.
    acl = network.ec2.create_network_acl(VpcId=network.vpc)["NetworkAcl"]["NetworkAclId"]
    associations = network.ec2.describe_network_acls(Filters=[{"Name": "association.subnet-id", "Values": [network.private]}])
    now = next(a for a in associations["NetworkAcls"][0]["Associations"] if a["SubnetId"] == network.private)
    network.ec2.replace_network_acl_association(AssociationId=now["NetworkAclAssociationId"], NetworkAclId=acl)
    told = answer(ec2, client["InstanceId"], server["InstanceId"], 5432)
    assert codes(told) == ["SUBNET_ACL_RESTRICTION", "SUBNET_ACL_RESTRICTION"]
    assert [one["Direction"] for one in told["Explanations"]] == ["ingress", "egress"]
    assert told["Explanations"][0]["AclRule"]["RuleNumber"] == 32767 and told["Explanations"][0]["Acl"]["Id"] == acl
    assert not connects(region, client["InstanceId"], server["PrivateIpAddress"], 5432)
    entry = {"NetworkAclId": acl, "Protocol": "6", "RuleAction": "allow", "CidrBlock": "0.0.0.0/0", "RuleNumber": 100}
    network.ec2.create_network_acl_entry(Egress=False, PortRange={"From": 5432, "To": 5432}, **entry)
    network.ec2.create_network_acl_entry(Egress=True, PortRange={"From": 32768, "To": 65535}, **entry)
    told = answer(ec2, client["InstanceId"], server["InstanceId"], 5432)
    assert told["NetworkPathFound"] and connects(region, client["InstanceId"], server["PrivateIpAddress"], 5432)
    assert told["ForwardPathComponents"][0]["OutboundHeader"]["SourcePortRanges"] == [{"From": 32768, "To": 65535}]


def test_the_internet_is_an_internet_gateway(network, ec2, pair):
    client, server, client_group, _ = pair
    told = answer(ec2, client["InstanceId"], network.igw, 443)
    assert told["NetworkPathFound"] and kinds(told["ForwardPathComponents"]) == ["i", "eni", "sg", "acl", "rtb", "igw"]
    gateway = told["ForwardPathComponents"][-1]
    assert gateway["InboundHeader"]["SourceAddresses"] == [f"{client['PrivateIpAddress']}/32"]
    assert gateway["OutboundHeader"]["SourceAddresses"] == [f"{client['PublicIpAddress']}/32"]
    assert told["ForwardPathComponents"][4]["RouteTableRoute"] == {
        "DestinationCidr": "0.0.0.0/0", "GatewayId": network.igw, "Origin": "createroute", "State": "active",
    }
    assert kinds(told["ReturnPathComponents"])[0] == "igw" and kinds(told["ReturnPathComponents"])[-1] == "i"
    told = answer(ec2, server["InstanceId"], network.igw, 443)
    assert codes(told) == ["NO_ROUTE_TO_DESTINATION"] and told["Explanations"][0]["RouteTable"]["Id"] == network.private_table
    # From the internet: nothing has opened the port; then it is open, from that address alone.
    assert codes(answer(ec2, network.igw, client["InstanceId"], 22)) == ["SG_HAS_NO_RULES"]
    assert "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS" in codes(answer(ec2, network.igw, server["InstanceId"], 22))
    permission = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "198.51.100.0/24"}]}
    network.ec2.authorize_security_group_ingress(GroupId=client_group, IpPermissions=[permission])
    told = answer(ec2, network.igw, client["InstanceId"], 22, SourceIp="198.51.100.7")
    assert told["NetworkPathFound"] and kinds(told["ForwardPathComponents"]) == ["igw", "acl", "sg", "eni", "i"]
    assert codes(answer(ec2, network.igw, client["InstanceId"], 22, SourceIp="192.0.2.1")) == ["ENI_SG_RULES_MISMATCH"]


def test_endpoints_and_intermediate_components(network, ec2, pair):
    client, server, _, _ = pair
    endpoint = network.gateway_endpoint(network.private_table)
    told = answer(ec2, server["InstanceId"], endpoint)
    assert told["NetworkPathFound"] and kinds(told["ForwardPathComponents"]) == ["i", "eni", "sg", "acl", "rtb", "vpce"]
    assert told["ForwardPathComponents"][4]["RouteTableRoute"]["GatewayId"] == endpoint
    assert told["ForwardPathComponents"][5]["ServiceName"] == "com.amazonaws.us-east-1.s3"
    # The other subnet's way to the service is the internet gateway: told as a hint.
    told = answer(ec2, client["InstanceId"], endpoint)
    assert codes(told) == ["NO_ROUTE_TO_DESTINATION"]
    assert told["AlternatePathHints"][0]["ComponentId"] == network.igw
    assert codes(answer(ec2, endpoint, server["InstanceId"])) == ["VPCE_INTRA_VPC_TRAFFIC"]
    group = network.group("insights-endpoint", ("tcp", 443, "0.0.0.0/0"))
    interface = network.interface_endpoint("sts", network.private, groups=[group], PrivateDnsEnabled=False)["VpcEndpointId"]
    told = answer(ec2, client["InstanceId"], interface, 443)
    assert kinds(told["ForwardPathComponents"]) == ["i", "eni", "sg", "acl", "rtb", "acl", "sg", "eni", "vpce"]
    arns = [one["Component"]["Arn"] for one in told["ForwardPathComponents"]]
    assert all(arn.startswith("arn:aws:ec2:us-east-1:") for arn in arns)
    assert answer(ec2, client["InstanceId"], interface, 443, FilterInArns=[arns[4]])["NetworkPathFound"]
    assert codes(answer(ec2, client["InstanceId"], interface, 443, FilterOutArns=[arns[4]])) == ["COMPONENT_FILTER_RESTRICTION"]
    elsewhere = arns[4].replace(arns[4].rsplit("/")[-1], network.private_table)
    told = answer(ec2, client["InstanceId"], interface, 443, FilterInArns=[elsewhere])
    assert codes(told) == ["COMPONENT_FILTER_RESTRICTION"] and told["Explanations"][0]["Component"]["Id"] == network.private_table


def test_filters_at_both_ends(ec2, pair):
    client, server, _, _ = pair
    start, end = client["InstanceId"], server["InstanceId"]
    at_source = {
        "SourceAddress": client["PrivateIpAddress"], "DestinationAddress": server["PrivateIpAddress"],
        "SourcePortRange": {"FromPort": 2000, "ToPort": 2100}, "DestinationPortRange": {"FromPort": 5400, "ToPort": 5500},
    }
    told = answer(ec2, start, end, FilterAtSource=at_source)
    header = told["ForwardPathComponents"][0]["OutboundHeader"]
    assert header["SourcePortRanges"] == [{"From": 2000, "To": 2100}]
    assert header["DestinationPortRanges"] == [{"From": 5400, "To": 5500}]
    assert codes(answer(ec2, start, end, FilterAtSource=at_source | {"SourceAddress": "10.255.255.254"})) == ["ENI_ADDRESS_RESTRICTION"]
    assert answer(ec2, start, end, FilterAtDestination={"SourceAddress": client["PrivateIpAddress"]})["NetworkPathFound"]
    told = answer(ec2, start, end, FilterAtDestination={"SourceAddress": "192.0.2.1"})
    assert "FILTER_AT_DESTINATION_SOURCE_ADDRESS" in codes(told)
    refused("InvalidParameterCombination", path, ec2=ec2, source=start, destination=end, port=1, FilterAtSource=at_source)
    refused("InvalidParameterCombination", path, ec2=ec2, source=start, destination=end, SourceIp="10.0.0.1", FilterAtSource=at_source)
    refused(
        "InvalidParameterCombination", path, ec2=ec2, source=start, destination=end, DestinationIp="10.0.0.1",
        FilterAtDestination={"SourceAddress": "10.0.0.2"},
    )


def test_an_answer_is_of_the_moment_and_outlives_the_daemon(fresh):
    region = fresh()
    ec2 = region.client("ec2")
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    a, b = (ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"] for _ in range(2))
    made = path(ec2, a["NetworkInterfaceId"], b["NetworkInterfaceId"], 443)
    before = analysed(ec2, made["NetworkInsightsPathId"])
    assert codes(before)[0] == "UNASSOCIATED_COMPONENT"
    ec2.delete_network_interface(NetworkInterfaceId=b["NetworkInterfaceId"])
    region.kill()
    region.up()
    ec2 = region.client("ec2")
    kept = ec2.describe_network_insights_analyses(NetworkInsightsPathId=made["NetworkInsightsPathId"])["NetworkInsightsAnalyses"]
    assert kept == [before]
    after = analysed(ec2, made["NetworkInsightsPathId"])
    assert codes(after) == ["NO_SOURCE_OR_DESTINATION"] and after["Explanations"][0]["MissingComponent"] == b["NetworkInterfaceId"]


def test_paths_are_found_paged_tagged_and_deleted(region, ec2, pair):
    client, server, _, _ = pair
    tags = [{"ResourceType": "network-insights-path", "Tags": [{"Key": "team", "Value": "net"}]}]
    token = f"token-{client['InstanceId']}"
    first = path(ec2, client["InstanceId"], server["InstanceId"], 443, ClientToken=token, TagSpecifications=tags)
    assert path(ec2, client["InstanceId"], server["InstanceId"], 443, ClientToken=token, TagSpecifications=tags) == first
    refused("IdempotentParameterMismatch", path, ec2=ec2, source=client["InstanceId"], destination=server["InstanceId"], port=80, ClientToken=token)
    assert first["SourceArn"].endswith(f":instance/{client['InstanceId']}")
    # By ARN it is the same thing.
    second = path(ec2, first["SourceArn"], first["DestinationArn"], 443, protocol="udp")
    assert second["Source"] == client["InstanceId"] and second["Protocol"] == "udp"
    found = lambda **more: [p["NetworkInsightsPathId"] for p in ec2.describe_network_insights_paths(**more)["NetworkInsightsPaths"]]
    one, other = first["NetworkInsightsPathId"], second["NetworkInsightsPathId"]
    of_client = {"Name": "source", "Values": [client["InstanceId"]]}
    assert found(Filters=[of_client, {"Name": "tag:team", "Values": ["net"]}]) == [one]
    assert found(Filters=[of_client, {"Name": "protocol", "Values": ["udp"]}]) == [other]
    pages = ec2.get_paginator("describe_network_insights_paths").paginate(Filters=[of_client], PaginationConfig={"PageSize": 1})
    assert sorted(p["NetworkInsightsPathId"] for page in pages for p in page["NetworkInsightsPaths"]) == sorted([one, other])
    ec2.create_tags(Resources=[other], Tags=[{"Key": "Name", "Value": "second"}])
    assert ec2.describe_network_insights_paths(NetworkInsightsPathIds=[other])["NetworkInsightsPaths"][0]["Tags"] == [{"Key": "Name", "Value": "second"}]
    told = analysed(ec2, one)
    listed = ec2.describe_network_insights_analyses(NetworkInsightsPathId=one, Filters=[{"Name": "path-found", "Values": ["false"]}])
    assert [a["NetworkInsightsAnalysisId"] for a in listed["NetworkInsightsAnalyses"]] == [told["NetworkInsightsAnalysisId"]]
    later = ec2.describe_network_insights_analyses(NetworkInsightsPathId=one, AnalysisStartTime=told["StartDate"].replace(year=2100))
    assert later["NetworkInsightsAnalyses"] == []
    refused("AnalysisExistsForNetworkInsightsPath", ec2.delete_network_insights_path, NetworkInsightsPathId=one)
    ec2.delete_network_insights_analysis(NetworkInsightsAnalysisId=told["NetworkInsightsAnalysisId"])
    assert ec2.delete_network_insights_path(NetworkInsightsPathId=one)["NetworkInsightsPathId"] == one
    refused("InvalidNetworkInsightsPathId.NotFound", ec2.delete_network_insights_path, NetworkInsightsPathId=one)
    refused("InvalidNetworkInsightsPathId.NotFound", ec2.start_network_insights_analysis, NetworkInsightsPathId=one)
    refused(
        "InvalidNetworkInsightsAnalysisId.NotFound", ec2.delete_network_insights_analysis,
        NetworkInsightsAnalysisId=told["NetworkInsightsAnalysisId"],
    )
    refused("DryRunOperation", ec2.start_network_insights_analysis, NetworkInsightsPathId=other, DryRun=True)
    refused("InvalidParameterValue", path, ec2=ec2, source="i-00000000000000001", destination=server["InstanceId"])
    refused("InvalidParameterValue", path, ec2=ec2, source=client["InstanceId"], destination=server["InstanceId"], protocol="icmp")
    refused("MissingParameter", path, ec2=ec2, source=client["InstanceId"])
    assert "transit gateway" in refused("UnsupportedOperation", path, ec2=ec2, source="tgw-00000000000000001", destination=server["InstanceId"])
    asked = {"NetworkInsightsPathId": other}
    assert "111122223333" in refused("InvalidParameterValue", ec2.start_network_insights_analysis, **asked, AdditionalAccounts=["111122223333"])
    refused("InvalidParameterValue", ec2.start_network_insights_analysis, **asked, AdditionalAccounts=["1111"])
    refused("OperationNotPermitted", ec2.enable_reachability_analyzer_organization_sharing)
    ec2.delete_network_insights_path(NetworkInsightsPathId=other)


def test_the_cli_asks_the_same(region, pair):
    client, server, _, _ = pair
    ask = lambda *words: json.loads(region.aws("ec2", *words, "--output", "json").stdout)
    words = ["--source", client["InstanceId"], "--destination", server["InstanceId"], "--destination-port", "5432", "--protocol", "tcp"]
    made = ask("create-network-insights-path", *words)["NetworkInsightsPath"]["NetworkInsightsPathId"]
    run = ask("start-network-insights-analysis", "--network-insights-path-id", made)["NetworkInsightsAnalysis"]["NetworkInsightsAnalysisId"]
    region.aws("ec2", "wait", "network-insights-analysis-succeeded", "--network-insights-analysis-ids", run, check=False)
    told = ask("describe-network-insights-analyses", "--network-insights-analysis-ids", run)["NetworkInsightsAnalyses"][0]
    assert told["NetworkPathFound"] is True and len(told["ForwardPathComponents"]) == 9
    ask("delete-network-insights-analysis", "--network-insights-analysis-id", run)
    ask("delete-network-insights-path", "--network-insights-path-id", made)


def test_policies_decide(region, network, ec2, pair):
    client, server, _, _ = pair
    iam = region.client("iam")
    name = f"insights-{network.vpc}"
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    allow = {"Effect": "Allow", "Action": ["ec2:CreateNetworkInsightsPath", "ec2:DescribeNetworkInsights*"], "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document)
    own = region.client("ec2", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
    made = path(own, client["InstanceId"], server["InstanceId"], 5432)["NetworkInsightsPathId"]
    message = refused("UnauthorizedOperation", own.start_network_insights_analysis, NetworkInsightsPathId=made)
    assert "network-insights-analysis/*" in message and "ec2:StartNetworkInsightsAnalysis" in message, message
    refused("UnauthorizedOperation", own.delete_network_insights_path, NetworkInsightsPathId=made)
    ec2.delete_network_insights_path(NetworkInsightsPathId=made)
    iam.delete_user_policy(UserName=name, PolicyName="p")
    iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName=name)


def test_across_an_organizations_accounts(fresh):
    """A peering connection into a member's VPC: told once the organization shares, beside what a packet finds."""
    region = fresh("root")
    organizations = region.client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    account = lambda name: json.loads(region.postern("account", "create", name, "--json").stdout)["id"]
    member_id, other_id = account("member"), account("other")
    member = copy.copy(region)
    member.environment = json.loads(region.postern("env", "--json", "--account", member_id).stdout)
    near, far = Network(region), Network(member)
    pair = Pair(region, near, far, member)
    pair.request()
    pair.accept()
    pair.route(near, far)
    pair.route(far, near)
    client, server = pair.client["InstanceId"], pair.server["InstanceId"]
    address = pair.server["PrivateIpAddress"]
    assert pair.hears() == pair.heard()
    # Without sharing nothing of the member's is told, not even that it is there.
    ends = {"DestinationIp": address, "port": 8080}
    own = path(near.ec2, client, **ends)["NetworkInsightsPathId"]
    told = analysed(near.ec2, own)
    assert codes(told) == ["UNKNOWN_RESOURCE"] and told["SuggestedAccounts"] == [member_id]
    server_arn = f"arn:aws:ec2:us-east-1:{member_id}:instance/{server}"
    for destination in (server, server_arn):
        refused("InvalidParameterValue", path, ec2=near.ec2, source=client, destination=destination)
    named = {"NetworkInsightsPathId": own, "AdditionalAccounts": [member_id]}
    refused("InvalidParameterValue", near.ec2.start_network_insights_analysis, **named)
    # Sharing is the management account's to switch on, with the permission of both services.
    share = "enable_reachability_analyzer_organization_sharing"
    assert "permissions" in refused("OperationNotPermitted", getattr(far.ec2, share))
    refused("DryRunOperation", getattr(near.ec2, share), DryRun=True)
    assert organizations.list_aws_service_access_for_organization()["EnabledServicePrincipals"] == []
    iam = region.client("iam")
    iam.create_user(UserName="half")
    key = iam.create_access_key(UserName="half")["AccessKey"]
    iam.put_user_policy(UserName="half", PolicyName="p", PolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}}))
    half = region.client("ec2", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
    assert "organizations:EnableAWSServiceAccess" in refused("UnauthorizedOperation", getattr(half, share))
    assert json.loads(region.aws("ec2", share.replace("_", "-"), "--output", "json").stdout) == {"ReturnValue": True}
    trusted = organizations.list_aws_service_access_for_organization()["EnabledServicePrincipals"]
    assert [one["ServicePrincipal"] for one in trusted] == ["reachabilityanalyzer.networkinsights.amazonaws.com"]
    # An account on the way must be named, one at an end need not be.
    assert codes(analysed(near.ec2, own)) == ["UNKNOWN_RESOURCE"]
    assert codes(analysed(near.ec2, own, AdditionalAccounts=[other_id])) == ["UNKNOWN_RESOURCE"]
    told = analysed(near.ec2, own, AdditionalAccounts=[member_id])
    assert told["NetworkPathFound"] and told["AdditionalAccounts"] == [member_id]
    assert kinds(told["ForwardPathComponents"]) == ["i", "eni", "sg", "acl", "rtb", "pcx", "acl", "sg", "eni", "i"]
    assert told["ForwardPathComponents"][-1]["Component"]["Arn"] == server_arn
    refused("InvalidParameterValue", path, ec2=near.ec2, source=client, destination=server)
    whole = path(near.ec2, client, server_arn, 8080)
    assert (whole["Destination"], whole["DestinationArn"]) == (server, server_arn)
    back = path(near.ec2, server_arn, client, 23)
    assert codes(analysed(near.ec2, back["NetworkInsightsPathId"])) == ["ENI_SG_RULES_MISMATCH"]
    assert analysed(near.ec2, whole["NetworkInsightsPathId"])["NetworkPathFound"]
    # What the member changes is seen, as the packet sees it.
    group = pair.server["SecurityGroups"][0]["GroupId"]
    far.ec2.revoke_security_group_ingress(GroupId=group, IpProtocol="tcp", FromPort=8080, ToPort=8080, CidrIp="0.0.0.0/0")
    assert pair.hears() is None
    barred = analysed(near.ec2, whole["NetworkInsightsPathId"])
    assert codes(barred) == ["ENI_SG_RULES_MISMATCH"]
    assert barred["Explanations"][0]["SecurityGroups"][0]["Arn"].split(":")[4] == member_id
    # A member sees its own alone, and nobody sees anything once sharing ends.
    refused("InvalidParameterValue", path, ec2=far.ec2, source=f"arn:aws:ec2:us-east-1:{pair.owner(near)}:instance/{client}", destination=server)
    organizations.disable_aws_service_access(ServicePrincipal=trusted[0]["ServicePrincipal"])
    assert codes(analysed(near.ec2, whole["NetworkInsightsPathId"])) == ["UNKNOWN_RESOURCE"]
