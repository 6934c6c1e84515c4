"""Network Access Scopes by real clients: findings come when the network breaks the rule and go when it keeps it, beside packets."""

import json

import botocore.exceptions
import pytest

CONNECT = "timeout 5 bash -c 'exec 3<>/dev/tcp/{host}/{port}' 2>/dev/null"
LISTEN = (
    "nohup python3 -m http.server {port} >/dev/null 2>&1 & "
    "for n in $(seq 100); do (exec 3<>/dev/tcp/127.0.0.1/{port}) 2>/dev/null && exit; sleep 0.1; done; exit 1"
)
INTERNET = {"ResourceStatement": {"ResourceTypes": ["AWS::EC2::InternetGateway"]}}
INTERFACES = {"ResourceStatement": {"ResourceTypes": ["AWS::EC2::NetworkInterface"]}}
ENDPOINTS = {"ResourceStatement": {"ResourceTypes": ["AWS::EC2::VPCEndpoint"]}}


@pytest.fixture
def ec2(region):
    return region.client("ec2")


def named(*ids):
    return {"ResourceStatement": {"Resources": list(ids)}}


def refused(code, call, **members):
    with pytest.raises(botocore.exceptions.ClientError) as error:
        call(**members)
    assert error.value.response["Error"]["Code"] == code, error.value
    return error.value.response["Error"]["Message"]


def scope(ec2, match, exclude=(), **more):
    made = ec2.create_network_insights_access_scope(MatchPaths=match, ExcludePaths=list(exclude), **more)
    return made["NetworkInsightsAccessScope"]["NetworkInsightsAccessScopeId"]


def analysed(ec2, scope_id, **more):
    """Start, then poll as a client does: the analysis and its findings."""
    started = ec2.start_network_insights_access_scope_analysis(NetworkInsightsAccessScopeId=scope_id, **more)
    started = started["NetworkInsightsAccessScopeAnalysis"]
    assert started["Status"] == "running" and started["AnalyzedEniCount"] == 0 and "FindingsFound" not in started
    ids = [started["NetworkInsightsAccessScopeAnalysisId"]]
    for _ in range(60):
        told = ec2.describe_network_insights_access_scope_analyses(NetworkInsightsAccessScopeAnalysisIds=ids)
        told = told["NetworkInsightsAccessScopeAnalyses"][0]
        if told["Status"] != "running":
            break
    pages = ec2.get_paginator("get_network_insights_access_scope_analysis_findings").paginate(
        NetworkInsightsAccessScopeAnalysisId=ids[0], PaginationConfig={"PageSize": 1}
    )
    found = [one for page in pages for one in page["AnalysisFindings"]]
    assert [one["FindingId"] for one in found] == [f"AnalysisFinding-{n + 1}" for n in range(len(found))]
    return told, [one["FindingComponents"] for one in found]


def ids(components):
    assert [one["SequenceNumber"] for one in components] == list(range(1, len(components) + 1))
    return [one["Component"]["Id"] for one in components]


def ways(ec2, scope_id):
    told, found = analysed(ec2, scope_id)
    assert told["Status"] == "succeeded" and told["FindingsFound"] == str(bool(found)).lower(), told
    return sorted((ids(way)[0], ids(way)[-1]) for way in found)


def connects(region, instance, host, port):
    return region.run(instance, CONNECT.format(host=host, port=port), check=False, timeout=30).returncode == 0


def test_no_way_from_the_internet_to_subnets_with_data(region, network, ec2):
    ec2.create_tags(Resources=[network.private], Tags=[{"Key": "tier", "Value": "data"}])
    mine = [{"Name": "tag:tier", "Values": ["data"]}, {"Name": "vpc-id", "Values": [network.vpc]}]
    subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets(Filters=mine)["Subnets"]]
    assert subnets == [network.private]
    group = network.group("scopes-data", ("tcp", 5432, "0.0.0.0/0"))
    data = network.instance(network.private, [group], public=True)
    rule = scope(ec2, [{"Source": INTERNET, "Destination": named(*subnets)}])
    # The subnet has no route to the gateway, but a packet from outside still finds in: answers alone would not find out.
    told, found = analysed(ec2, rule)
    assert told["FindingsFound"] == "true" and told["AnalyzedEniCount"] >= 1 and "EndDate" in told
    way = found[0]
    assert [one.rsplit("-", 1)[0] for one in ids(way)] == ["igw", "acl", "sg", "eni"]
    assert ids(way)[0] == network.igw and ids(way)[2] == group
    assert way[3]["AttachedTo"]["Id"] == data["InstanceId"] and way[3]["Subnet"]["Id"] == network.private
    assert way[3]["InboundHeader"]["DestinationPortRanges"] == [{"From": 5432, "To": 5432}]
    assert way[3]["InboundHeader"]["Protocol"] == "6"
    assert way[0]["InboundHeader"]["DestinationAddresses"] == [f"{data['PublicIpAddress']}/32"]
    assert way[0]["OutboundHeader"]["DestinationAddresses"] == [f"{data['PrivateIpAddress']}/32"]
    # Mended: only the VPC may ask.
    permission = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432}
    own = ec2.describe_vpcs(VpcIds=[network.vpc])["Vpcs"][0]["CidrBlock"]
    network.ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[permission | {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
    network.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission | {"IpRanges": [{"CidrIp": own}]}])
    assert ways(ec2, rule) == []
    # Broken again, for one network of the internet alone.
    network.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission | {"IpRanges": [{"CidrIp": "198.51.100.0/24"}]}])
    told, found = analysed(ec2, rule)
    assert len(found) == 1 and found[0][3]["InboundHeader"]["SourceAddresses"] == ["198.51.100.1/32"]
    network.ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[permission | {"IpRanges": [{"CidrIp": "198.51.100.0/24"}]}])
    assert ways(ec2, rule) == []
    # What is gone cannot be looked at.
    spare = network.ec2.create_subnet(VpcId=network.vpc, CidrBlock=own.replace(".0.0/16", ".9.0/24"))["Subnet"]["SubnetId"]
    gone = scope(ec2, [{"Source": INTERNET, "Destination": named(spare)}])
    network.ec2.delete_subnet(SubnetId=spare)
    told, found = analysed(ec2, gone)
    assert told["Status"] == "failed" and told["FindingsFound"] == "unknown" and found == []
    assert told["StatusMessage"] == f"The request failed due to missing component {spare}"


def test_findings_between_instances_are_what_packets_find(region, network, ec2):
    asking, answering = network.group("scopes-asking"), network.group("scopes-answering")
    permission = {"IpProtocol": "tcp", "FromPort": 5000, "ToPort": 5999, "UserIdGroupPairs": [{"GroupId": asking}]}
    network.ec2.authorize_security_group_ingress(GroupId=answering, IpPermissions=[permission])
    a, b = network.instance(network.public, [asking]), network.instance(network.private, [answering])
    region.run(b["InstanceId"], LISTEN.format(port=5432))
    interface = {one["InstanceId"]: one["NetworkInterfaces"][0]["NetworkInterfaceId"] for one in (a, b)}
    both = scope(ec2, [{"Source": named(network.vpc), "Destination": named(a["InstanceId"], b["InstanceId"])}])
    there = (interface[a["InstanceId"]], interface[b["InstanceId"]])
    assert ways(ec2, both) == [there] and connects(region, a["InstanceId"], b["PrivateIpAddress"], 5432)
    network.ec2.revoke_security_group_ingress(GroupId=answering, IpPermissions=[permission])
    assert ways(ec2, both) == [] and not connects(region, a["InstanceId"], b["PrivateIpAddress"], 5432)


def test_s3_only_through_endpoints(region, network, ec2):
    group = network.group("scopes-s3")
    client = network.instance(network.public, [group], public=True)
    lists = ec2.describe_prefix_lists(Filters=[{"Name": "prefix-list-name", "Values": ["com.amazonaws.us-east-1.s3"]}])
    s3 = lists["PrefixLists"][0]["PrefixListId"]
    match = {
        "Source": named(network.vpc),
        "Destination": {"PacketHeaderStatement": {"DestinationPrefixLists": [s3], "DestinationPorts": ["443"], "Protocols": ["tcp"]}},
    }
    rule = scope(ec2, [match], [{"ThroughResources": [ENDPOINTS]}])
    told, found = analysed(ec2, rule)
    assert [one.rsplit("-", 1)[0] for one in ids(found[0])] == ["eni", "sg", "acl", "rtb", "igw"] and len(found) == 1
    assert found[0][0]["AttachedTo"]["Id"] == client["InstanceId"]
    endpoint = network.gateway_endpoint(network.public_table)
    assert ways(ec2, rule) == []
    # Without what is excluded the way through the endpoint is told.
    assert [last for _, last in ways(ec2, scope(ec2, [match]))] == [endpoint]
    network.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, RemoveRouteTableIds=[network.public_table])
    assert [last for _, last in ways(ec2, rule)] == [network.igw]


def test_scopes_are_listed_tagged_kept_and_deleted(fresh):
    region = fresh()
    ec2 = region.client("ec2")
    tags = [{"ResourceType": "network-insights-access-scope", "Tags": [{"Key": "team", "Value": "net"}]}]
    match, exclude = [{"Source": INTERNET}, {"Destination": INTERNET}], [{"Source": INTERFACES, "ThroughResources": [ENDPOINTS]}]
    members = dict(MatchPaths=match, ExcludePaths=exclude, TagSpecifications=tags, ClientToken="one")
    made = ec2.create_network_insights_access_scope(**members)
    again = ec2.create_network_insights_access_scope(**members)
    one, content = made["NetworkInsightsAccessScope"], made["NetworkInsightsAccessScopeContent"]
    assert again["NetworkInsightsAccessScope"] == one
    refused("IdempotentParameterMismatch", ec2.create_network_insights_access_scope, MatchPaths=match, ClientToken="one")
    first = one["NetworkInsightsAccessScopeId"]
    assert first.startswith("nis-") and one["NetworkInsightsAccessScopeArn"].endswith(f":network-insights-access-scope/{first}")
    assert one["Tags"] == [{"Key": "team", "Value": "net"}] and one["CreatedDate"] == one["UpdatedDate"]
    assert content["MatchPaths"] == match and content["ExcludePaths"] == exclude
    assert ec2.get_network_insights_access_scope_content(NetworkInsightsAccessScopeId=first)["NetworkInsightsAccessScopeContent"] == content
    second = scope(ec2, [{"Source": INTERFACES}])
    listed = lambda **more: [s["NetworkInsightsAccessScopeId"] for s in ec2.describe_network_insights_access_scopes(**more)["NetworkInsightsAccessScopes"]]
    assert listed(Filters=[{"Name": "tag:team", "Values": ["net"]}]) == [first]
    assert listed(NetworkInsightsAccessScopeIds=[second]) == [second]
    pages = ec2.get_paginator("describe_network_insights_access_scopes").paginate(PaginationConfig={"PageSize": 1})
    assert sorted(s["NetworkInsightsAccessScopeId"] for page in pages for s in page["NetworkInsightsAccessScopes"]) == sorted([first, second])
    ec2.create_tags(Resources=[second], Tags=[{"Key": "Name", "Value": "second"}])
    tags = [{"ResourceType": "network-insights-access-scope-analysis", "Tags": [{"Key": "run", "Value": "1"}]}]
    start = dict(NetworkInsightsAccessScopeId=first, TagSpecifications=tags, ClientToken="start")
    run = ec2.start_network_insights_access_scope_analysis(**start)["NetworkInsightsAccessScopeAnalysis"]
    assert ec2.start_network_insights_access_scope_analysis(**start)["NetworkInsightsAccessScopeAnalysis"] == run
    told, found = analysed(ec2, second)
    other = told["NetworkInsightsAccessScopeAnalysisId"]
    runs = lambda **more: [a["NetworkInsightsAccessScopeAnalysisId"] for a in ec2.describe_network_insights_access_scope_analyses(**more)["NetworkInsightsAccessScopeAnalyses"]]
    run = run["NetworkInsightsAccessScopeAnalysisId"]
    assert runs(NetworkInsightsAccessScopeId=first) == [run] and sorted(runs()) == sorted([run, other])
    assert runs(Filters=[{"Name": "tag:run", "Values": ["1"]}]) == [run]
    assert runs(AnalysisStartTimeBegin=told["StartDate"].replace(year=2100)) == []
    assert runs(AnalysisStartTimeEnd=told["StartDate"].replace(year=2000)) == []
    region.kill()
    region.up()
    ec2 = region.client("ec2")
    kept = ec2.describe_network_insights_access_scope_analyses(NetworkInsightsAccessScopeAnalysisIds=[other])
    assert kept["NetworkInsightsAccessScopeAnalyses"] == [told]
    assert ec2.get_network_insights_access_scope_content(NetworkInsightsAccessScopeId=first)["NetworkInsightsAccessScopeContent"] == content
    refused("AnalysisExistsForNetworkInsightsAccessScope", ec2.delete_network_insights_access_scope, NetworkInsightsAccessScopeId=first)
    assert ec2.delete_network_insights_access_scope_analysis(NetworkInsightsAccessScopeAnalysisId=run)["NetworkInsightsAccessScopeAnalysisId"] == run
    assert ec2.delete_network_insights_access_scope(NetworkInsightsAccessScopeId=first)["NetworkInsightsAccessScopeId"] == first
    gone = "InvalidNetworkInsightsAccessScopeId.NotFound"
    for call in (ec2.delete_network_insights_access_scope, ec2.get_network_insights_access_scope_content, ec2.start_network_insights_access_scope_analysis):
        refused(gone, call, NetworkInsightsAccessScopeId=first)
    for call in (ec2.delete_network_insights_access_scope_analysis, ec2.get_network_insights_access_scope_analysis_findings):
        refused("InvalidNetworkInsightsAccessScopeAnalysisId.NotFound", call, NetworkInsightsAccessScopeAnalysisId=run)
    refused("DryRunOperation", ec2.start_network_insights_access_scope_analysis, NetworkInsightsAccessScopeId=second, DryRun=True)
    assert runs(NetworkInsightsAccessScopeId=second) == [other]


def test_what_a_scope_cannot_say_is_refused(region, ec2):
    create = ec2.create_network_insights_access_scope
    say = lambda code, **end: refused(code, create, MatchPaths=[end])
    refused("MissingParameter", create)
    refused("MissingParameter", create, ExcludePaths=[{"Source": INTERNET}])
    both = {"ResourceStatement": {"Resources": ["vpc-00000000000000001"], "ResourceTypes": ["AWS::EC2::InternetGateway"]}}
    say("InvalidParameterCombination", Source=both)
    say("InvalidParameterCombination", Source={"PacketHeaderStatement": {"SourceAddresses": ["10.0.0.0/8"], "SourcePrefixLists": ["pl-63a5400a"]}})
    say("InvalidParameterValue", Source=ENDPOINTS)
    say("InvalidParameterValue", Source=named("ami-00000000000000001"))
    say("InvalidParameterValue", Destination={"PacketHeaderStatement": {"DestinationPorts": ["https"]}})
    say("InvalidParameterValue", Destination={"PacketHeaderStatement": {"Protocols": ["icmp"]}})
    group = "arn:aws:resource-groups:us-east-1:111122223333:group/data"
    assert "resource group" in say("UnsupportedOperation", Destination=named(group))
    assert "transit gateway" in say("UnsupportedOperation", Source=named("tgw-attach-00000000000000001"))


def test_the_cli_asks_the_same(region, ec2):
    ask = lambda *words: json.loads(region.aws("ec2", *words, "--output", "json").stdout)
    source = 'Source={ResourceStatement={ResourceTypes=["AWS::EC2::InternetGateway"]}}'
    made = ask("create-network-insights-access-scope", "--match-paths", source)["NetworkInsightsAccessScope"]["NetworkInsightsAccessScopeId"]
    run = ask("start-network-insights-access-scope-analysis", "--network-insights-access-scope-id", made)
    run = run["NetworkInsightsAccessScopeAnalysis"]["NetworkInsightsAccessScopeAnalysisId"]
    told = ask("get-network-insights-access-scope-analysis-findings", "--network-insights-access-scope-analysis-id", run)
    assert told["AnalysisStatus"] == "succeeded" and told["NetworkInsightsAccessScopeAnalysisId"] == run
    ask("delete-network-insights-access-scope-analysis", "--network-insights-access-scope-analysis-id", run)
    ask("delete-network-insights-access-scope", "--network-insights-access-scope-id", made)


def test_the_terminal_tells_what_a_scope_finds(region, network, ec2):
    ec2.create_tags(Resources=[network.private], Tags=[{"Key": "tier", "Value": network.vpc}])
    group = network.group("scopes-terminal", ("tcp", 5432, "0.0.0.0/0"))
    instance = network.instance(network.private, [group], public=True)["InstanceId"]
    file = region.home / "scope.json"
    file.write_text(json.dumps({"MatchPaths": [{"Source": INTERNET, "Destination": named(f"tag:tier={network.vpc}")}]}))
    kept = scope(ec2, [{"Source": INTERNET, "Destination": named(network.private)}])
    for given in (str(file), kept):
        told = region.postern("explain", "--scope", given, "--json", check=False)
        assert told.returncode == 1, told
        (one,) = json.loads(told.stdout)["findings"]
        assert (one["from"], one["to"]) == (network.igw, instance)
    words = region.postern("explain", "--scope", str(file), check=False).stdout
    assert f"{network.igw} > {instance}" in words and "tcp:5432" in words, words
    permission = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    network.ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[permission])
    told = region.postern("explain", "--scope", str(file))
    assert told.returncode == 0 and "no such way" in told.stdout
    file.write_text(json.dumps({"MatchPaths": [{"Destination": named("tag:tier=nobody")}]}))
    told = region.postern("explain", "--scope", str(file), check=False)
    assert told.returncode != 0 and "nothing has the tag tier=nobody" in told.stderr, told


def test_policies_decide(region, ec2):
    iam = region.client("iam")
    iam.create_user(UserName="scopes")
    key = iam.create_access_key(UserName="scopes")["AccessKey"]
    allow = {"Effect": "Allow", "Action": ["ec2:CreateNetworkInsightsAccessScope", "ec2:DescribeNetworkInsights*"], "Resource": "*"}
    iam.put_user_policy(UserName="scopes", PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
    own = region.client("ec2", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
    made = scope(own, [{"Source": INTERNET}])
    message = refused("UnauthorizedOperation", own.start_network_insights_access_scope_analysis, NetworkInsightsAccessScopeId=made)
    assert f"network-insights-access-scope/{made}" in message or "network-insights-access-scope-analysis/*" in message, message
    refused("UnauthorizedOperation", own.delete_network_insights_access_scope, NetworkInsightsAccessScopeId=made)
    refused("UnauthorizedOperation", own.get_network_insights_access_scope_content, NetworkInsightsAccessScopeId=made)
    ec2.delete_network_insights_access_scope(NetworkInsightsAccessScopeId=made)
    iam.delete_user_policy(UserName="scopes", PolicyName="p")
    iam.delete_access_key(UserName="scopes", AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName="scopes")
