"""CloudWatch Logs by real clients: from the host, from a private instance through its endpoint, and what is refused."""

import json
import sqlite3
import time

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from test_kms import allow, code, message, user

PATIENCE = "AWS_MAX_ATTEMPTS=1 aws --region us-east-1 --cli-connect-timeout 2"
DAY = 86_400_000


def now():
    return int(time.time() * 1000)


@pytest.fixture(scope="module")
def logs(root_region):
    return root_region.client("logs")


@pytest.fixture
def group(logs, request):
    """A group of the test's name with the stream `s`."""
    name = f"/test/{request.node.name}"
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="s")
    yield name
    try:
        logs.delete_log_group(logGroupName=name)
    except logs.exceptions.ResourceNotFoundException:
        pass


def put(logs, group, stream, *texts, at=None):
    events = [{"timestamp": at or now(), "message": text} for text in texts]
    return logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)


def found(logs, group, **more):
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, **more)
    return [event["message"] for page in pages for event in page["events"]]


def test_the_cli_writes_and_reads(root_region):
    aws = lambda *words, **more: root_region.aws("logs", *words, **more)  # noqa: E731
    aws("create-log-group", "--log-group-name", "/cli/app", "--tags", "team=a")
    aws("create-log-stream", "--log-group-name", "/cli/app", "--log-stream-name", "one")
    events = json.dumps([{"timestamp": now(), "message": "hello"}, {"timestamp": now(), "message": "world"}])
    aws("put-log-events", "--log-group-name", "/cli/app", "--log-stream-name", "one", "--log-events", events)
    read = aws("get-log-events", "--log-group-name", "/cli/app", "--log-stream-name", "one", "--query", "events[].message", "--output", "text")
    assert read.stdout.split() == ["hello", "world"]
    # The first version of the CLI has no tail.
    tail = aws("tail", "/cli/app", "--filter-pattern", "world", "--format", "short", cli="/usr/bin/aws")
    assert tail.stdout.strip().endswith("world") and "hello" not in tail.stdout
    twice = aws("create-log-group", "--log-group-name", "/cli/app", check=False)
    assert "(ResourceAlreadyExistsException)" in twice.stderr and "The specified log group already exists" in twice.stderr
    named = aws("create-log-group", "--log-group-name", "a b", check=False)
    assert r"Value 'a b' at 'logGroupName' failed to satisfy constraint" in named.stderr
    query = aws("start-query", "--log-group-name", "/cli/app", "--start-time", "0", "--end-time", "1", "--query-string", "fields @message", check=False)
    assert "StartQuery is not implemented" in query.stderr
    aws("delete-log-group", "--log-group-name", "/cli/app")
    gone = aws("get-log-events", "--log-group-name", "/cli/app", "--log-stream-name", "one", check=False)
    assert "The specified log group does not exist." in gone.stderr


def test_groups_and_their_tags(logs, group):
    told = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]
    assert told["arn"] == told["logGroupArn"] + ":*"
    logs.tag_resource(resourceArn=told["logGroupArn"], tags={"a": "1", "b": "2"})
    logs.untag_log_group(logGroupName=group, tags=["a"])
    assert logs.list_tags_for_resource(resourceArn=told["logGroupArn"])["tags"] == {"b": "2"}
    assert logs.list_tags_log_group(logGroupName=group)["tags"] == {"b": "2"}
    for n in range(3):
        logs.create_log_group(logGroupName=f"{group}/{n}")
    pages = logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=f"{group}/", PaginationConfig={"PageSize": 1})
    assert [one["logGroupName"] for page in pages for one in page["logGroups"]] == [f"{group}/{n}" for n in range(3)]
    for n in range(3):
        logs.delete_log_group(logGroupName=f"{group}/{n}")
    for more, word in [({"kmsKeyId": "arn:aws:kms:us-east-1:123456789012:key/x"}, "kmsKeyId"), ({"logGroupClass": "DELIVERY"}, "logGroupClass")]:
        with pytest.raises(ClientError) as error:
            logs.create_log_group(logGroupName="never", **more)
        assert code(error) == "InvalidParameterException" and word in message(error)


def test_pages_forward_and_back(logs, group):
    begin = now() - 1000
    for n in range(5):
        put(logs, group, "s", str(n), at=begin + n)
    seen, token = [], {}
    while True:
        page = logs.get_log_events(logGroupName=group, logStreamName="s", startFromHead=True, limit=2, **token)
        if page["nextForwardToken"] == token.get("nextToken"):
            break
        seen += [event["message"] for event in page["events"]]
        token = {"nextToken": page["nextForwardToken"]}
    assert seen == ["0", "1", "2", "3", "4"]
    back = logs.get_log_events(logGroupName=group, logStreamName="s", startFromHead=True, limit=2, nextToken=page["nextBackwardToken"])
    assert [event["message"] for event in back["events"]] == ["3", "4"]
    latest = logs.get_log_events(logGroupName=group, logStreamName="s", limit=1)["events"]
    assert [(event["message"], event["timestamp"]) for event in latest] == [("4", begin + 4)]
    with pytest.raises(ClientError) as error:
        logs.get_log_events(logGroupName=group, logStreamName="s", nextToken="f/1/s")
    assert message(error) == "The specified nextToken is invalid."


def test_searches_over_streams(logs, group):
    logs.create_log_stream(logGroupName=group, logStreamName="json")
    begin = now() - 1000
    put(logs, group, "s", '10.0.0.1 - ann "GET /a" 200 10', at=begin)
    put(logs, group, "json", '{"level":"error","code":500,"user":{"name":"ann"}}', '{"level":"info","code":200}', at=begin + 1)
    put(logs, group, "s", '10.0.0.2 - bob "GET /b c" 404 20', "ERROR disk full", at=begin + 2)
    everything = found(logs, group, PaginationConfig={"PageSize": 1})
    assert len(everything) == 5 and everything[0].startswith("10.0.0.1") and everything[-1] == "ERROR disk full"
    assert found(logs, group, startFromHead=False, startTime=begin) == everything[::-1]
    for pattern, places in [
        ("ERROR", [4]), ("?ERROR ?bob", [3, 4]), ("GET -ann", [3]), ('"disk full"', [4]),
        ('{ $.level = "error" && $.code > 400 }', [1]), ("{ $.user.name NOT EXISTS }", [2]), ("{ $.code = 2* }", [2]),
        ("[ip, id, user, request, status = 4*, bytes]", [3]), ("[..., request = *GET*, status = 2* || status = 4*, bytes]", [0, 3]),
        ("%10\\.0\\.0\\.[0-9]%", [0, 3]),
    ]:
        assert found(logs, group, filterPattern=pattern) == [everything[at] for at in places], pattern
    assert found(logs, group, logStreamNamePrefix="js", filterPattern="level") == everything[1:3]
    assert found(logs, group, logStreamNames=["s"], startTime=begin + 1, endTime=begin + 2) == everything[3:]
    with pytest.raises(ClientError) as error:
        found(logs, group, filterPattern="{ $.a = }")
    assert code(error) == "InvalidParameterException"
    with pytest.raises(ClientError) as error:
        found(logs, group, filterPattern="a:b")
    assert message(error) == "Invalid character(s) in term 'a:b'"


def test_what_may_be_in_a_batch(root_region, logs, group):
    with pytest.raises(ClientError) as error:
        logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=[
            {"timestamp": now(), "message": "b"}, {"timestamp": now() - 1000, "message": "a"}])
    assert message(error) == "Log events in a single PutLogEvents request must be in chronological order."
    reply = logs.put_log_events(logGroupName=group, logStreamName="s", sequenceToken="any", logEvents=[
        {"timestamp": now() - 15 * DAY, "message": "old"}, {"timestamp": now(), "message": "good"},
        {"timestamp": now() + 3 * 3_600_000, "message": "new"}])
    assert reply["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1, "tooNewLogEventStartIndex": 2}
    assert found(logs, group) == ["good"]
    put(logs, group, "s", "\u00fc\u0001\n" * 100_000)
    with pytest.raises(ClientError) as error:
        put(logs, group, "s", "x" * 600_000, "x" * 600_000)
    assert message(error) == "Upload too large: 1200052 bytes exceeds limit of 1048576"
    with pytest.raises(ClientError) as error:
        put(root_region.client("logs", config=Config(parameter_validation=False)), group, "s")
    assert code(error) == "InvalidParameterException" and "at 'logEvents'" in message(error)


def test_who_may_write_and_who_may_read(root_region, logs, group):
    account = root_region.client("sts").get_caller_identity()["Account"]
    arn = f"arn:aws:logs:us-east-1:{account}:log-group:{group}"
    writer = user(root_region, "logs-writer", allow("logs:PutLogEvents", f"{arn}:log-stream:s"))("logs")
    put(writer, group, "s", "written")
    with pytest.raises(ClientError) as error:
        found(writer, group)
    assert code(error) == "AccessDeniedException"
    assert message(error) == (
        f"User: arn:aws:iam::{account}:user/logs-writer is not authorized to perform: logs:FilterLogEvents on resource: "
        f"{arn}:log-stream: because no identity-based policy allows the logs:FilterLogEvents action"
    )
    # A group is named with :* behind it in policies, without only for tags.
    plain = user(root_region, "logs-plain", allow("logs:*", arn))("logs")
    assert plain.list_tags_for_resource(resourceArn=arn)["tags"] == {}
    with pytest.raises(ClientError) as error:
        found(plain, group)
    assert code(error) == "AccessDeniedException"
    reader = user(root_region, "logs-reader", allow("logs:FilterLogEvents", f"{arn}:*"))("logs")
    assert found(reader, group) == ["written"]
    describer = user(root_region, "logs-describer", allow("logs:DescribeLogGroups", f"arn:aws:logs:*:{account}:log-group::log-stream:*"))("logs")
    assert describer.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]["logGroupName"] == group


def test_events_and_retention_survive_kill_9(fresh):
    region = fresh()
    logs = region.client("logs")
    for name in ("kept", "short", "gone"):
        logs.create_log_group(logGroupName=name)
        logs.create_log_stream(logGroupName=name, logStreamName="s")
        put(logs, name, "s", "old", at=now() - 2 * DAY)
        put(logs, name, "s", "new")
    logs.put_retention_policy(logGroupName="short", retentionInDays=1)
    logs.delete_log_group(logGroupName="gone")
    region.kill()
    with sqlite3.connect(region.data / "logs.db") as rows:
        count = dict(rows.execute("SELECT kind, count(*) FROM entry GROUP BY kind"))
    assert count == {"logs.group": 2, "logs.stream": 2, "logs.batch": 3}
    region.up()
    logs = region.client("logs")
    assert found(logs, "kept") == ["old", "new"] and found(logs, "short") == ["new"]
    assert [(one["logGroupName"], one.get("retentionInDays")) for one in logs.describe_log_groups()["logGroups"]] == [("kept", None), ("short", 1)]
    put(logs, "kept", "s", "after")
    assert found(logs, "kept") == ["old", "new", "after"]


def test_a_private_instance_writes_through_its_endpoint(region, network):
    logs = region.client("logs")
    logs.create_log_group(logGroupName="/private")
    try:
        network.dns_hostnames(True)
        listening = network.group("endpoint", ("tcp", 443, "0.0.0.0/0"))
        instance = network.instance(network.private)["InstanceId"]
        network.credentials(instance)
        create = f"{PATIENCE} logs create-log-stream --log-group-name /private --log-stream-name i"
        done = region.run(instance, create, check=False, timeout=40)
        assert done.returncode != 0 and "onnect timeout" in done.stdout + done.stderr, done.stdout + done.stderr
        made = network.interface_endpoint("logs", network.private, groups=[listening], PrivateDnsEnabled=True)
        region.run(instance, create, timeout=40)
        write = f"{PATIENCE} logs put-log-events --log-group-name /private --log-stream-name i --log-events timestamp={now()},message=inside"
        region.run(instance, write, timeout=40)
        assert found(logs, "/private") == ["inside"]
        read = f"{PATIENCE} logs filter-log-events --log-group-name /private --query events[].message --output text"
        assert region.run(instance, read, timeout=40).stdout.strip() == "inside"
        second = f"{PATIENCE} --endpoint-url https://logs.us-east-1.api.aws logs describe-log-groups --query logGroups[].logGroupName --output text"
        assert "/private" in region.run(instance, second, timeout=40).stdout.split()
        only_read = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "logs:FilterLogEvents", "Resource": "*"}]}
        network.ec2.modify_vpc_endpoint(VpcEndpointId=made["VpcEndpointId"], PolicyDocument=json.dumps(only_read))
        done = region.run(instance, write, check=False, timeout=40)
        assert "because no VPC endpoint policy allows the logs:PutLogEvents action" in done.stderr
        assert found(logs, "/private") == ["inside"]
        assert region.run(instance, read, timeout=40).stdout.strip() == "inside"
    finally:
        logs.delete_log_group(logGroupName="/private")
