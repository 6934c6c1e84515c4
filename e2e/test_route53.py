"""Private hosted zones with real clients: names mean something in their VPCs only, judged inside instances."""

import json

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def route53(region):
    return region.client("route53")


@pytest.fixture
def instance(network):
    network.dns_hostnames(True)
    return network.instance(network.private)["InstanceId"]


@pytest.fixture
def zone(route53, network):
    made = []

    def make(name, vpc=None):
        reply = route53.create_hosted_zone(
            Name=name, CallerReference=f"{name}-{network.vpc}", VPC={"VPCRegion": "us-east-1", "VPCId": vpc or network.vpc},
            HostedZoneConfig={"Comment": "a test", "PrivateZone": True},
        )
        assert reply["ChangeInfo"]["Status"] == "INSYNC" and reply["ResponseMetadata"]["HTTPStatusCode"] == 201
        assert route53.get_change(Id=reply["ChangeInfo"]["Id"])["ChangeInfo"]["Id"] == reply["ChangeInfo"]["Id"]
        made.append(reply["HostedZone"]["Id"])
        return made[-1]

    yield make
    for one in made:
        sets = route53.list_resource_record_sets(HostedZoneId=one)["ResourceRecordSets"]
        kept = [s for s in sets if s["Type"] not in ("NS", "SOA")]
        if kept:
            change(route53, one, *[{"Action": "DELETE", "ResourceRecordSet": s} for s in kept])
        route53.delete_hosted_zone(Id=one)


def change(route53, zone, *changes):
    return route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": list(changes)})


def upsert(name, kind, *values, ttl=30):
    records = [{"Value": value} for value in values]
    return {"Action": "UPSERT", "ResourceRecordSet": {"Name": name, "Type": kind, "TTL": ttl, "ResourceRecords": records}}


def looked_up(region, instance, name):
    done = region.run(instance, f"getent ahostsv4 {name} | cut -d' ' -f1 | sort -u", check=False)
    return done.stdout.split()


def test_a_zone_answers_in_its_vpc_from_the_moment_of_the_change(region, network, route53, instance, zone):
    assert looked_up(region, instance, "db.corp.example") == []
    corp = zone("corp.example")
    change(route53, corp, upsert("db.corp.example", "A", "10.9.9.9"), upsert("www.corp.example.", "CNAME", "db.corp.example"))
    assert looked_up(region, instance, "db.corp.example") == ["10.9.9.9"]
    assert looked_up(region, instance, "www.corp.example") == ["10.9.9.9"]
    change(route53, corp, upsert("db.corp.example", "A", "10.9.9.8"), upsert("*.corp.example", "A", "10.9.9.7"))
    assert looked_up(region, instance, "db.corp.example") == ["10.9.9.8"]
    assert looked_up(region, instance, "anything.corp.example") == ["10.9.9.7"]
    network.dns_hostnames(False)
    assert looked_up(region, instance, "db.corp.example") == []
    network.dns_hostnames(True)


def test_a_private_zone_hides_the_public_name_and_leads_to_an_endpoint(region, network, route53, instance, zone):
    assert looked_up(region, instance, "example.com") not in ([], ["10.9.9.9"])
    public = zone("example.com")
    assert looked_up(region, instance, "example.com") == []
    endpoint = network.interface_endpoint("sts", network.private, PrivateDnsEnabled=False)
    entry = network.ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint["VpcEndpointId"]])["VpcEndpoints"][0]["DnsEntries"][0]
    alias = {"HostedZoneId": entry["HostedZoneId"], "DNSName": entry["DnsName"], "EvaluateTargetHealth": False}
    change(route53, public, {"Action": "CREATE", "ResourceRecordSet": {"Name": "sts.example.com", "Type": "A", "AliasTarget": alias}})
    own = looked_up(region, instance, entry["DnsName"])
    assert looked_up(region, instance, "sts.example.com") == own != []
    # The endpoint's own private name is more specific than a zone above it.
    above = zone("amazonaws.com")
    assert looked_up(region, instance, "sts.us-east-1.amazonaws.com") == []
    network.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint["VpcEndpointId"], PrivateDnsEnabled=True)
    assert looked_up(region, instance, "sts.us-east-1.amazonaws.com") == own
    # An alias is followed past the zones of the VPC, of which one hides the endpoint's own name now.
    assert looked_up(region, instance, entry["DnsName"]) == []
    assert looked_up(region, instance, "sts.example.com") == own
    with pytest.raises(ClientError) as refused:
        zone("sts.us-east-1.amazonaws.com")
    assert refused.value.response["Error"]["Code"] == "ConflictingDomainExists"
    assert above


def test_wrong_batches_change_nothing(route53, network, zone):
    corp = zone("corp.example")
    with pytest.raises(ClientError) as refused:
        change(route53, corp, upsert("a.corp.example", "A", "10.0.0.1"), upsert("b.corp.example", "A", "ten"))
    error = refused.value.response["Error"]
    assert error["Code"] == "InvalidChangeBatch" and "Value is not a valid IPv4 address" in error["Message"]
    sets = route53.list_resource_record_sets(HostedZoneId=corp)["ResourceRecordSets"]
    assert [s["Type"] for s in sets] == ["NS", "SOA"]
    for call, code in [
        (lambda: route53.get_hosted_zone(Id="Z00000000000000000000"), "NoSuchHostedZone"),
        (lambda: route53.get_change(Id="C1"), "NoSuchChange"),
        (lambda: route53.create_hosted_zone(Name="public.example", CallerReference="p"), "NotImplemented"),
        (lambda: route53.create_health_check(CallerReference="h", HealthCheckConfig={"Type": "TCP"}), "NotImplemented"),
    ]:
        with pytest.raises(ClientError) as refused:
            call()
        assert refused.value.response["Error"]["Code"] == code


def test_the_command_line_and_the_gate(region, network, zone):
    corp = zone("corp.example")
    listed = json.loads(region.aws("route53", "list-hosted-zones-by-vpc", "--vpc-id", network.vpc, "--vpc-region", "us-east-1").stdout)
    assert [z["Name"] for z in listed["HostedZoneSummaries"]] == ["corp.example."]
    iam = region.client("iam")
    iam.create_user(UserName="dns")
    policy = {"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "route53:ChangeResourceRecordSets", "Resource": f"arn:aws:route53:::hostedzone/{corp.rsplit(chr(47), 1)[1]}",
        "Condition": {"ForAllValues:StringEquals": {"route53:ChangeResourceRecordSetsRecordTypes": ["TXT"]}},
    }]}
    iam.put_user_policy(UserName="dns", PolicyName="p", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName="dns")["AccessKey"]
    try:
        user = region.client("route53", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
        change(user, corp, upsert("t.corp.example", "TXT", '"hello"'))
        with pytest.raises(ClientError) as refused:
            change(user, corp, upsert("t.corp.example", "A", "10.0.0.1"))
        error = refused.value.response["Error"]
        assert error["Code"] == "AccessDenied" and "route53:ChangeResourceRecordSets" in error["Message"]
    finally:
        iam.delete_access_key(UserName="dns", AccessKeyId=key["AccessKeyId"])
        iam.delete_user_policy(UserName="dns", PolicyName="p")
        iam.delete_user(UserName="dns")
