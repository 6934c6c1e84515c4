"""CloudWatch from a private subnet through its interface endpoint, with the real clients, and what is refused."""

import datetime
import json

import pytest
from botocore.exceptions import ClientError

PATIENCE = "--region us-east-1 --cli-connect-timeout 4"
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
    assert history[0]["HistorySummary"] == "Alarm updated from ALARM to OK"
    for call, code in [
        (lambda: cloudwatch.put_metric_data(Namespace="AWS/X", MetricData=[{"MetricName": "M", "Value": 1}]), "InvalidParameterValue"),
        (lambda: cloudwatch.put_metric_alarm(**alarm | {"AlarmActions": ["arn:aws:sns:us-east-1:123456789012:t"]}), "InvalidParameterValue"),
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
