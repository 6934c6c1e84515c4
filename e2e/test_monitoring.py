"""CloudWatch from a private subnet through its interface endpoint, with the real clients, and what is refused."""

import datetime
import json

import pytest
from botocore.exceptions import ClientError

PATIENCE = "--region us-east-1 --cli-connect-timeout 2"
PUT = f"AWS_MAX_ATTEMPTS=1 aws cloudwatch put-metric-data --namespace App --metric-name Load --value 42 --unit Count {PATIENCE}"


@pytest.fixture
def cloudwatch(region):
    return region.client("cloudwatch")


@pytest.fixture
def private(network):
    network.dns_hostnames(True)
    instance = network.instance(network.private)["InstanceId"]
    network.credentials(instance)
    return instance


def statistics(cloudwatch, namespace, name, *words):
    now = datetime.datetime.now(datetime.timezone.utc)
    return cloudwatch.get_metric_statistics(
        Namespace=namespace, MetricName=name, Period=60, Statistics=list(words) or ["Sum"],
        StartTime=now - datetime.timedelta(minutes=10), EndTime=now + datetime.timedelta(minutes=1),
    )["Datapoints"]


def test_data_through_an_endpoint(region, network, cloudwatch, private):
    done = region.run(private, PUT, check=False, timeout=40)
    assert done.returncode != 0 and "onnect timeout" in done.stdout + done.stderr
    group = network.group("endpoint", ("tcp", 443, "0.0.0.0/0"))
    endpoint = network.interface_endpoint("monitoring", network.private, groups=[group], PrivateDnsEnabled=True)
    region.run(private, PUT, timeout=40)
    assert [p["Sum"] for p in statistics(cloudwatch, "App", "Load")] == [42.0]
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "cloudwatch:ListMetrics", "Resource": "*"}]}
    network.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint["VpcEndpointId"], PolicyDocument=json.dumps(policy))
    done = region.run(private, PUT, check=False, timeout=40)
    assert "because no VPC endpoint policy allows the cloudwatch:PutMetricData action" in done.stderr
    listed = region.run(private, f"aws cloudwatch list-metrics --namespace App {PATIENCE}", timeout=40)
    assert json.loads(listed.stdout)["Metrics"][0]["MetricName"] == "Load"


def test_alarms_and_wrong_input(region, cloudwatch):
    cloudwatch.put_metric_data(
        Namespace="Test", MetricData=[{"MetricName": "M", "Values": [1, 2, 3], "Counts": [1, 1, 2], "StorageResolution": 1}]
    )
    point = statistics(cloudwatch, "Test", "M", "SampleCount", "Average", "Maximum")[0]
    assert (point["SampleCount"], point["Average"], point["Maximum"]) == (4.0, 2.25, 3.0)
    alarm = {
        "AlarmName": "missing", "Namespace": "Test", "MetricName": "N", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1,
        "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "breaching",
    }
    cloudwatch.put_metric_alarm(**alarm)
    assert [a["StateValue"] for a in cloudwatch.describe_alarms(AlarmNames=["missing"])["MetricAlarms"]] == ["ALARM"]
    region.aws("cloudwatch", "set-alarm-state", "--alarm-name", "missing", "--state-value", "OK", "--state-reason", "a rehearsal")
    history = cloudwatch.describe_alarm_history(AlarmName="missing", HistoryItemType="StateUpdate")["AlarmHistoryItems"]
    assert "Alarm updated from ALARM to OK" in [item["HistorySummary"] for item in history]
    for call, code in [
        (lambda: cloudwatch.put_metric_data(Namespace="AWS/X", MetricData=[{"MetricName": "M", "Value": 1}]), "InvalidParameterValue"),
        (lambda: cloudwatch.put_metric_alarm(**alarm | {"AlarmActions": ["arn:aws:automate:us-east-1:ec2:stop"]}), "InvalidParameterValue"),
        (lambda: cloudwatch.set_alarm_state(AlarmName="none", StateValue="OK", StateReason="r"), "ResourceNotFound"),
        (lambda: cloudwatch.put_dashboard(DashboardName="d", DashboardBody="{}"), "NotImplemented"),
    ]:
        with pytest.raises(ClientError) as refused:
            call()
        assert refused.value.response["Error"]["Code"] in (code, f"{code}Exception"), refused.value
    cloudwatch.delete_alarms(AlarmNames=["missing"])
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []


def test_what_was_put_survives_a_kill(region, cloudwatch):
    cloudwatch.put_metric_data(Namespace="Kept", MetricData=[{"MetricName": "M", "Value": 7}])
    region.kill()
    region.up()
    assert [p["Sum"] for p in statistics(region.client("cloudwatch"), "Kept", "M")] == [7.0]


def test_an_alarm_tells_its_topic(fresh):
    """By itself, when a period has ended; the topic's first policy lets the account's own alarms in, another one need not."""
    region = fresh()
    cloudwatch, sns, sqs = region.client("cloudwatch"), region.client("sns"), region.client("sqs")
    topic = sns.create_topic(Name="alarms")["TopicArn"]
    shut = sns.create_topic(Name="shut")["TopicArn"]
    sns.set_topic_attributes(TopicArn=shut, AttributeName="Policy", AttributeValue=json.dumps({
        "Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"}, "Action": "sns:Publish", "Resource": shut,
            "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:us-east-1:123456789012:alarm:other"}}}}))
    url = sqs.create_queue(QueueName="told")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn}})})
    for one in (topic, shut):
        sns.subscribe(TopicArn=one, Protocol="sqs", Endpoint=arn)
    alarm = {
        "AlarmName": "high", "Namespace": "App", "MetricName": "Load", "Statistic": "Maximum", "Period": 10, "EvaluationPeriods": 1,
        "Threshold": 10, "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "notBreaching",
        "AlarmActions": [topic, shut],
    }
    cloudwatch.put_metric_alarm(**alarm)
    cloudwatch.put_metric_alarm(**alarm | {"AlarmName": "quiet", "ActionsEnabled": False})
    told = []
    for _ in range(30):
        # Nobody looks at the alarm; only data come in.
        cloudwatch.put_metric_data(Namespace="App", MetricData=[{"MetricName": "Load", "Value": 11, "StorageResolution": 1}])
        told = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages", [])
        if told:
            break
    envelope = json.loads(told[0]["Body"])
    assert (envelope["TopicArn"], envelope["Subject"]) == (topic, 'ALARM: "high" in US East (N. Virginia)')
    message = json.loads(envelope["Message"])
    assert (message["AlarmName"], message["NewStateValue"], message["Trigger"]["MetricName"]) == ("high", "ALARM", "Load")
    assert message["AlarmArn"] == "arn:aws:cloudwatch:us-east-1:123456789012:alarm:high"
    actions = []
    for _ in range(50):
        items = cloudwatch.describe_alarm_history(AlarmName="high", HistoryItemType="Action")["AlarmHistoryItems"]
        actions = [item["HistorySummary"] for item in items]
        if len(actions) == 2:
            break
    assert f"Successfully executed action {topic}" in actions
    assert any(said.startswith(f"Failed to execute action {shut}") for said in actions)
    assert sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages", []) == []
