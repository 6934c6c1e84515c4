"""Other servers behind services' names: moto's server for services that Postern does not have."""

import http.server
import json
import os
import socket
import subprocess
import time
import urllib.request
import threading
import uuid

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from network import Network
from region import ROOT

MOTO = ROOT / ".venv" / "moto"
ROLE = "arn:aws:iam::123456789012:role/states"
DEFINITION = json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}})


def refused(call, **more):
    with pytest.raises(ClientError) as error:
        call(**more)
    return error.value.response


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Moto:
    """moto's server on loopback, in an environment of its own."""

    def __init__(self, *words, scheme="http"):
        self.python = str(MOTO / "bin" / "python")
        self.port = free_port()
        self.url = f"{scheme}://127.0.0.1:{self.port}"
        self.words = list(map(str, words))
        self.process = None
        self.up()

    def up(self):
        environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
        self.process = subprocess.Popen(
            [self.python, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port), *self.words],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment,
        )
        for _ in range(600):
            assert self.process.poll() is None, "moto's server ended"
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.1)
        raise AssertionError("moto's server does not answer")

    def down(self):
        self.process.terminate()
        self.process.wait(timeout=20)


@pytest.fixture(scope="module")
def moto():
    server = Moto()
    yield server
    if server.process.poll() is None:
        server.down()


@pytest.fixture(scope="module", params=["root", "rootless"])
def behind(request, moto):
    """A region with moto behind `states` and `ecr.api`."""
    from region import Region

    region = Region(request.param, extra=["--upstream", f"states={moto.url}"], config=f"""
[[upstream]]
service = "ecr.api"
url = "{moto.url}"
access-key = "upstream"
secret-key = "secret"
""")
    yield region
    region.close()


@pytest.fixture
def user(behind):
    iam, name = behind.client("iam"), f"user-{uuid.uuid4().hex[:8]}"
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]

    class User:
        def client(self, service):
            keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
            return behind.client(service, **keys)

        def may(self, action, resource):
            statement = {"Effect": "Allow", "Action": action, "Resource": resource}
            document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
            iam.put_user_policy(UserName=name, PolicyName="test", PolicyDocument=document)

    yield User()
    for policy in iam.list_user_policies(UserName=name)["PolicyNames"]:
        iam.delete_user_policy(UserName=name, PolicyName=policy)
    iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName=name)


def test_the_host_uses_services_that_postern_does_not_have(behind):
    states, ecr = behind.client("stepfunctions"), behind.client("ecr")
    name = f"m-{uuid.uuid4().hex[:8]}"
    made = states.create_state_machine(name=name, definition=DEFINITION, roleArn=ROLE)["stateMachineArn"]
    assert made == f"arn:aws:states:us-east-1:123456789012:stateMachine:{name}"
    assert states.describe_state_machine(stateMachineArn=made)["definition"] == DEFINITION
    repository = f"r-{uuid.uuid4().hex[:8]}"
    assert ecr.create_repository(repositoryName=repository)["repository"]["repositoryName"] == repository
    assert repository in behind.aws("ecr", "describe-repositories", "--query", "repositories[].repositoryName").stdout
    # The other server's own errors come as they are.
    error = refused(ecr.create_repository, repositoryName=repository)["Error"]
    assert error["Code"] == "RepositoryAlreadyExistsException"


def test_requests_are_authenticated_judged_and_recorded(behind, user):
    ecr = user.client("ecr")
    response = refused(ecr.describe_images, repositoryName="app")
    arn = "arn:aws:ecr:us-east-1:123456789012:repository/app"
    assert response["Error"]["Code"] == "AccessDeniedException"
    assert response["Error"]["Message"].endswith(
        f"is not authorized to perform: ecr:DescribeImages on resource: {arn} "
        "because no identity-based policy allows the ecr:DescribeImages action"
    )
    explained = json.loads(behind.postern("explain", "--last", "--json").stdout)
    assert "ecr:DescribeImages" in json.dumps(explained)
    user.may("ecr:DescribeImages", arn)
    assert refused(ecr.describe_images, repositoryName="app")["Error"]["Code"] == "RepositoryNotFoundException"
    assert refused(ecr.describe_images, repositoryName="other")["Error"]["Code"] == "AccessDeniedException"
    # Nothing in the request tells the repository: the resource is `*`.
    response = refused(ecr.describe_repositories)
    assert "does not know what this request is about" in response["ResponseMetadata"]["HTTPHeaders"]["x-postern-hint"]
    wrong = behind.client("stepfunctions", aws_secret_access_key="wrong")
    assert refused(wrong.list_state_machines)["Error"]["Code"] == "InvalidSignatureException"
    stranger = behind.client("stepfunctions", aws_access_key_id="AKIANOBODYKNOWSTHIS1", aws_secret_access_key="x")
    assert refused(stranger.list_state_machines)["Error"]["Code"] == "UnrecognizedClientException"


def test_an_interface_endpoint_leads_there_and_its_policy_holds(behind):
    network = Network(behind)
    try:
        network.dns_hostnames(True)
        listening = network.group("endpoint", ("tcp", 443, "0.0.0.0/0"))
        instance = network.instance(network.private)["InstanceId"]
        network.credentials(instance)
        ask = "AWS_MAX_ATTEMPTS=1 aws stepfunctions --region us-east-1 --cli-connect-timeout 2"

        def times_out():
            done = behind.run(instance, f"{ask} list-state-machines", check=False, timeout=40)
            assert done.returncode != 0 and "onnect timeout" in done.stderr, done.stdout + done.stderr

        times_out()
        name = f"m-{uuid.uuid4().hex[:8]}"
        arn = behind.client("stepfunctions").create_state_machine(name=name, definition=DEFINITION, roleArn=ROLE)["stateMachineArn"]
        policy = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "states:DescribeStateMachine", "Resource": arn},
        ]}
        made = network.interface_endpoint("states", network.private, groups=[listening], PrivateDnsEnabled=True,
                                          PolicyDocument=json.dumps(policy))
        assert made["DnsEntries"]
        described = behind.run(instance, f"{ask} describe-state-machine --state-machine-arn {arn} --query name", timeout=40)
        assert name in described.stdout
        done = behind.run(instance, f"{ask} list-state-machines", check=False, timeout=40)
        assert "because no VPC endpoint policy allows the states:ListStateMachines action" in done.stderr, done.stderr
        ecr = network.interface_endpoint("ecr.api", network.private, groups=[listening], PrivateDnsEnabled=True)
        assert ecr["ServiceName"] == "com.amazonaws.us-east-1.ecr.api"
        behind.run(instance, "AWS_MAX_ATTEMPTS=1 aws ecr describe-repositories --region us-east-1 --cli-connect-timeout 2", timeout=40)
        network.ec2.delete_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"]])
        times_out()
    finally:
        network.remove()


class Api(http.server.BaseHTTPRequestHandler):
    """Tells the path that it was asked for, and by which host."""

    def do_GET(self):
        told = f"{self.headers['Host']} {self.path}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, *_):
        pass


def test_an_api_has_its_name_before_the_services(fresh):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        region = fresh(extra=["--upstream", f"execute-api=http://127.0.0.1:{server.server_port}"])
        network = Network(region)
        network.dns_hostnames(True)
        instance = network.instance(network.private)["InstanceId"]
        keys = f"{region.environment['AWS_ACCESS_KEY_ID']}:{region.environment['AWS_SECRET_ACCESS_KEY']}"
        ask = "curl -sS --max-time 3 https://a1b2c3.execute-api.us-east-1.amazonaws.com/prod/pets"
        signed = f"{ask} --aws-sigv4 aws:amz:us-east-1:execute-api --user {keys}"
        assert region.run(instance, signed, check=False).returncode == 28, "a time-out: there is no way yet"
        listening = network.group("endpoint", ("tcp", 443, "0.0.0.0/0"))
        made = network.interface_endpoint("execute-api", network.private, groups=[listening], PrivateDnsEnabled=True)
        assert made["DnsEntries"][-1]["DnsName"] == "*.execute-api.us-east-1.amazonaws.com"
        assert region.run(instance, signed).stdout.endswith(" /prod/pets")
        assert "Authentication Token" in region.run(instance, ask).stdout, "unsigned"
        # The wildcard is for names before the service's own, and the address for this service.
        other = signed.replace("a1b2c3.execute-api", "a1b2c3.states")
        assert region.run(instance, other, check=False).returncode != 0
        network.remove()
        server.shutdown()


def test_a_server_that_is_down_is_named(fresh):
    url = f"http://127.0.0.1:{free_port()}"
    region = fresh(extra=["--upstream", f"states={url}", "--upstream", f"rds={url}"])
    response = refused(region.client("stepfunctions").list_state_machines)
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert response["Error"]["Code"] == "ServiceUnavailable"
    assert f"The server behind states, {url}, is not available: " in response["Error"]["Message"]
    # A service that speaks XML says it in XML.
    assert refused(region.client("rds").describe_db_instances)["Error"]["Code"] == "ServiceUnavailable"
    # What Postern serves itself goes on.
    region.client("sts").get_caller_identity()


def test_an_upstream_replaces_a_service_of_posterns_own(fresh, moto):
    region = fresh(extra=["--upstream", f"dynamodb={moto.url}"])
    ddb, name = region.client("dynamodb"), f"t-{uuid.uuid4().hex[:8]}"
    ddb.create_table(TableName=name, BillingMode="PAY_PER_REQUEST",
                     AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}], KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}])
    with urllib.request.urlopen(f"{moto.url}/moto-api/data.json", timeout=20) as seen:
        assert name in seen.read().decode()


def test_a_region_without_its_former_upstream_still_starts(fresh, moto):
    region = fresh(extra=["--upstream", f"states={moto.url}"])
    network = Network(region)
    network.dns_hostnames(True)
    network.interface_endpoint("states", network.private)
    region.down()
    region.extra = []
    region.up()
    network.remove()


def test_s3_is_another_servers(fresh, moto):
    """The CLI and boto3 on the host and from a private subnet through the gateway endpoint; the endpoint's policy holds."""
    region = fresh(extra=["--upstream", f"s3={moto.url}"])
    s3, bucket = region.client("s3"), f"b-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="a/b c+d", Body=b"hello", Metadata={"m": "v"})
    got = s3.get_object(Bucket=bucket, Key="a/b c+d")
    assert (got["Body"].read(), got["Metadata"]) == (b"hello", {"m": "v"})
    there = region.client("s3", endpoint_url=moto.url)
    assert there.get_object(Bucket=bucket, Key="a/b c+d")["Body"].read() == b"hello", "it lies in the other server"
    assert refused(s3.get_object, Bucket=bucket, Key="none")["Error"]["Code"] == "NoSuchKey"
    assert [o["Key"] for o in s3.list_objects_v2(Bucket=bucket, Prefix="a/")["Contents"]] == ["a/b c+d"]
    signing = region.client("s3", config=Config(signature_version="s3v4"))
    url = signing.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "a/b c+d"})
    with urllib.request.urlopen(url, timeout=20) as there:
        assert there.read() == b"hello"
    wrong = region.client("s3", aws_secret_access_key="wrong")
    assert refused(wrong.get_object, Bucket=bucket, Key="a/b c+d")["Error"]["Code"] == "SignatureDoesNotMatch"

    iam, account = region.client("iam"), "123456789012"
    iam.create_user(UserName="reader")
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    reader = region.client("s3", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
    iam.put_user_policy(UserName="reader", PolicyName="own", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/a/*"},
        {"Effect": "Allow", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/own/*"}]}))
    s3.put_object(Bucket=bucket, Key="secret", Body=b"secret")
    assert reader.get_object(Bucket=bucket, Key="a/b c+d")["Body"].read() == b"hello"
    for call, action, key in (
        (lambda: reader.get_object(Bucket=bucket, Key="secret"), "GetObject", "/secret"),
        (lambda: reader.list_objects_v2(Bucket=bucket), "ListBucket", ""),
        # Who may write may not read by copying.
        (lambda: reader.copy_object(Bucket=bucket, Key="own/x", CopySource=f"{bucket}/secret"), "GetObject", "/secret"),
    ):
        error = refused(call)["Error"]
        assert error["Code"] == "AccessDenied" and error["Message"].startswith(
            f"User: arn:aws:iam::{account}:user/reader is not authorized to perform: s3:{action} on resource: "
            f'"arn:aws:s3:::{bucket}{key}"'), error
    reader.copy_object(Bucket=bucket, Key="own/x", CopySource={"Bucket": bucket, "Key": "a/b c+d"})

    network = Network(region)
    reading = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject", "s3:PutObject", "s3:ListBucket"],
         "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]}]}
    instance = network.instance(network.private)["InstanceId"]
    network.credentials(instance)
    list_it = f"AWS_MAX_ATTEMPTS=1 aws s3 ls s3://{bucket} --region us-east-1 --cli-connect-timeout 2"
    done = region.run(instance, list_it, check=False, timeout=40)
    assert done.returncode != 0 and "onnect timeout" in done.stdout + done.stderr
    network.gateway_endpoint(network.private_table, PolicyDocument=json.dumps(reading))
    region.run(instance, list_it, timeout=40)
    # Large enough to go in parts.
    region.run(instance, f"head -c 20000000 /dev/urandom > /tmp/in && aws s3 cp --quiet /tmp/in s3://{bucket}/in && "
               f"aws s3 cp --quiet s3://{bucket}/in /tmp/out && cmp /tmp/in /tmp/out", timeout=120)
    assert s3.head_object(Bucket=bucket, Key="in")["ContentLength"] == 20000000
    done = region.run(instance, f"aws s3 rm s3://{bucket}/in", check=False, timeout=40)
    assert "because no VPC endpoint policy allows the s3:DeleteObject action" in done.stdout + done.stderr, done.stderr
    network.remove()


def test_an_upstream_behind_tls(fresh, tmp_path):
    """Its certificate must be signed by whom the configuration names; signed by anybody else it is not spoken to."""
    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=tmp_path, check=True, capture_output=True)

    for name in ("ca", "other"):
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}-key.pem", "-out", f"{name}.pem",
                "-days", "2", "-subj", f"/CN={name}", "-addext", "basicConstraints=critical,CA:TRUE")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "request.pem", "-subj", "/CN=upstream")
    (tmp_path / "names").write_text("subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
    openssl("x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial", "-days", "2",
            "-extfile", "names", "-out", "cert.pem")
    tmp_path.chmod(0o755)
    server = Moto("-s", "-c", tmp_path / "cert.pem", "-k", tmp_path / "key.pem", scheme="https")
    try:
        words = '[[upstream]]\nservice = "states"\nurl = "{}"\nca-file = "{}"\n'
        region = fresh(config=words.format(server.url, tmp_path / "ca.pem"))
        assert region.client("stepfunctions").list_state_machines()["stateMachines"] == []
        mistrusting = fresh(config=words.format(server.url, tmp_path / "other.pem"))
        response = refused(mistrusting.client("stepfunctions").list_state_machines)
        assert response["ResponseMetadata"]["HTTPStatusCode"] == 503
        assert "certificate" in response["Error"]["Message"], response
        # The machine's own authorities do not know it either.
        of_machine = fresh(extra=["--upstream", f"states={server.url}"])
        assert "certificate" in refused(of_machine.client("stepfunctions").list_state_machines)["Error"]["Message"]
    finally:
        server.down()
    with pytest.raises(AssertionError, match="no ready line"):
        fresh(config=words.format(server.url, tmp_path / "none.pem"))


@pytest.mark.parametrize("word", ["states", "states=10.0.0.1:80", "states=http://10.0.0.1:80", "STATES=http://127.0.0.1:1"])
def test_what_cannot_be_meant_is_refused_at_the_start(root_region, word):
    done = subprocess.run(
        [str(root_region.binary), "up", "--data-dir", str(root_region.home / "other"), "--listen", "127.0.0.1:0", "--upstream", word],
        capture_output=True, text=True, timeout=30,
    )
    assert done.returncode != 0 and "upstream" in done.stderr, done.stderr
