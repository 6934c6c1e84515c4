"""Roles for whoever brings a token of an OpenID Connect provider: with boto3, with the AWS CLI, as SDKs find it."""

import json
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from jwt import Provider, encode
from network import Network

ISSUER = "https://oidc.dev.example/id/A1"
SUBJECT = "system:serviceaccount:web:app"
DENIED = "Not authorized to perform sts:AssumeRoleWithWebIdentity"


class Place:
    """A region that knows the issuer's keys, the provider registered, and a role for one of its subjects."""

    def __init__(self, region, idp):
        self.region, self.idp = region, idp
        iam = region.client("iam")
        made = iam.create_open_id_connect_provider(Url=ISSUER, ClientIDList=["sts.amazonaws.com"])
        self.provider = made["OpenIDConnectProviderArn"]
        host = ISSUER.removeprefix("https://")
        condition = {"StringEquals": {f"{host}:aud": "sts.amazonaws.com", f"{host}:sub": SUBJECT}}
        self.role = iam.create_role(RoleName="app", AssumeRolePolicyDocument=self.trust(condition))["Role"]["Arn"]
        document = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}
        iam.put_role_policy(RoleName="app", PolicyName="p", PolicyDocument=json.dumps(document))
        iam.get_waiter("role_exists").wait(RoleName="app")

    def trust(self, condition, actions=("sts:AssumeRoleWithWebIdentity",)):
        statement = {
            "Effect": "Allow", "Principal": {"Federated": self.provider}, "Action": list(actions), "Condition": condition,
        }
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

    def sts(self):
        config = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1})
        return self.region.client("sts", config=config)

    def take(self, token, **more):
        more.setdefault("RoleArn", self.role)
        return self.sts().assume_role_with_web_identity(RoleSessionName="pod-1", WebIdentityToken=token, **more)

    def refused(self, token, **more):
        with pytest.raises(ClientError) as error:
            self.take(token, **more)
        told = error.value.response["Error"]
        return f"{told['Code']}: {told['Message']}"


@pytest.fixture(scope="module")
def place():
    from region import Region

    idp = Provider(ISSUER)
    keys = idp.directory / "keys.json"
    keys.write_text(json.dumps(idp.key_set()))
    region = Region("root", config=f'[[oidc]]\nissuer = "{ISSUER}"\njwks = "{keys}"\n')
    yield Place(region, idp)
    region.close()


@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "RS512", "PS256", "ES256"])
def test_a_token_opens_a_session(place, algorithm):
    reply = place.take(place.idp.token(algorithm))
    assert reply["SubjectFromWebIdentityToken"] == SUBJECT
    assert reply["Audience"] == "sts.amazonaws.com"
    assert reply["Provider"] == place.provider
    given = reply["Credentials"]
    keys = {
        "aws_access_key_id": given["AccessKeyId"], "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }
    who = place.region.client("sts", **keys).get_caller_identity()
    assert who["Arn"] == "arn:aws:sts::123456789012:assumed-role/app/pod-1"
    place.region.client("s3", **keys).list_buckets()
    with pytest.raises(ClientError) as error:
        place.region.client("iam", **keys).list_users()
    assert error.value.response["Error"]["Code"] == "AccessDenied"


def test_a_token_that_is_not_good_opens_nothing(place):
    idp, good = place.idp, place.idp.token()
    header, _, signature = good.split(".")
    tampered = f"{header}.{encode(idp.claims(sub='system:serviceaccount:web:admin'))}.{signature}"
    another = Provider(ISSUER)
    not_validated = "InvalidIdentityToken: The web identity token that was passed could not be validated"
    for token, expected in [
        ("not.a.token", "InvalidIdentityToken: The ID Token provided is not a valid JWT"),
        (idp.token(aud="somebody-else"), "InvalidIdentityToken: Incorrect token audience"),
        (idp.token(exp=1_700_000_000), "ExpiredTokenException: Token expired: current date/time"),
        (another.token(), not_validated),
        (tampered, not_validated),
        (idp.token(key="gone"), "InvalidIdentityToken: Couldn't retrieve verification key from your identity provider"),
        (idp.token(iss="https://oidc.dev.example/id/B2"), "InvalidIdentityToken: No OpenIDConnect provider found in your account"),
        (idp.token(sub="system:serviceaccount:web:other"), f"AccessDenied: {DENIED}"),
    ]:
        assert place.refused(token).startswith(expected), token
    assert place.refused(good, RoleArn="arn:aws:iam::123456789012:role/none") == f"AccessDenied: {DENIED}"
    assert "MaxSessionDuration" in place.refused(good, DurationSeconds=7200)
    place.take(good)


def test_only_these_operations_go_without_a_signature(place):
    with pytest.raises(ClientError) as error:
        place.sts().get_caller_identity()
    assert error.value.response["Error"]["Code"] == "MissingAuthenticationToken"
    with pytest.raises(ClientError) as error:
        place.sts().assume_role(RoleArn=place.role, RoleSessionName="pod-1")
    assert error.value.response["Error"]["Code"] == "MissingAuthenticationToken"


def test_the_denial_says_what_was_missed(place):
    with pytest.raises(ClientError) as error:
        place.take(place.idp.token(sub="system:serviceaccount:web:other"))
    headers = error.value.response["ResponseMetadata"]["HTTPHeaders"]
    assert "oidc.dev.example/id/a1:sub" in headers["x-postern-hint"].lower()
    decision = json.loads(place.region.postern("explain", "--request", headers["x-amzn-requestid"], "--json").stdout)
    assert "AssumeRoleWithWebIdentity" in json.dumps(decision)


def test_sdks_find_the_token_by_themselves(place, tmp_path):
    file = tmp_path / "token"
    file.write_text(place.idp.token())
    environment = {
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(file), "AWS_ROLE_ARN": place.role, "AWS_ROLE_SESSION_NAME": "pod-2",
        "HOME": str(tmp_path),
    }
    keys = {name: value for name, value in place.region.environment.items() if "KEY" in name}
    kept = dict(place.region.environment)
    for name in keys:
        del place.region.environment[name]
    try:
        done = place.region.aws("sts", "get-caller-identity", **environment)
        assert json.loads(done.stdout)["Arn"] == "arn:aws:sts::123456789012:assumed-role/app/pod-2"
        place.region.aws("s3", "ls", **environment)
        file.write_text(place.idp.token(aud="somebody-else"))
        done = place.region.aws("sts", "get-caller-identity", check=False, **environment)
        assert done.returncode != 0 and "Incorrect token audience" in done.stderr
    finally:
        place.region.environment.update(kept)


def test_new_keys_of_the_issuer_are_taken_at_once(place):
    old = place.idp.token()
    place.idp.new_keys()
    new = place.idp.token()
    assert place.refused(new).startswith("InvalidIdentityToken")
    (place.idp.directory / "keys.json").write_text(json.dumps(place.idp.key_set()))
    place.take(new)
    assert place.refused(old).startswith("InvalidIdentityToken")


def test_keys_come_from_a_server_on_the_loopback(fresh):
    idp, told = Provider(ISSUER), {}

    class Keys(BaseHTTPRequestHandler):
        def do_GET(self):
            found = told.get(self.path)
            self.send_response(200 if found else 404)
            self.end_headers()
            self.wfile.write(found or b"")

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Keys)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/keys"
    place = Place(fresh(config=f'[[oidc]]\nissuer = "{ISSUER}"\njwks = "{url}"\n'), idp)
    assert "Couldn't retrieve verification key" in place.refused(idp.token())
    told["/keys"] = json.dumps(idp.key_set()).encode()
    place.take(idp.token())
    server.shutdown()
    server.server_close()
    assert "Couldn't retrieve verification key" in place.refused(idp.token())


def test_session_tags_come_with_the_token(place):
    iam, name = place.region.client("iam"), f"tagged-{uuid.uuid4().hex[:8]}"
    condition = {"StringEquals": {"aws:RequestTag/team": "net"}}
    actions = ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"]
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=place.trust(condition, actions))["Role"]["Arn"]
    tags = {"principal_tags": {"team": ["net"]}, "transitive_tag_keys": ["team"]}
    token = place.idp.token(**{"https://aws.amazon.com/tags": tags})
    place.take(token, RoleArn=role)
    assert place.refused(place.idp.token(), RoleArn=role) == f"AccessDenied: {DENIED}"
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=place.trust(condition, actions[:1]))
    assert place.refused(token, RoleArn=role) == "AccessDenied: Not authorized to perform sts:TagSession"
    iam.delete_role(RoleName=name)


def test_a_role_for_tokens_that_come_through_one_endpoint(place):
    """A pod's way: no keys at all, a token in a file, STS by its interface endpoint."""
    region, name = place.region, f"inside-{uuid.uuid4().hex[:8]}"
    network = Network(region)
    network.dns_hostnames(True)
    listening = network.group("endpoint", ("tcp", 443, "0.0.0.0/0"))
    endpoint = network.interface_endpoint("sts", network.private, groups=[listening], PrivateDnsEnabled=True)["VpcEndpointId"]
    condition = {"StringEquals": {"aws:SourceVpce": endpoint}}
    iam = region.client("iam")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=place.trust(condition))["Role"]["Arn"]
    instance = network.instance(network.private)["InstanceId"]
    region.run(instance, "cat > /root/token", stdin=place.idp.token())
    # The CLI would bring out the session that it has.
    who = (
        "rm -rf ~/.aws/cli/cache; "
        f"AWS_MAX_ATTEMPTS=1 AWS_STS_REGIONAL_ENDPOINTS=regional AWS_WEB_IDENTITY_TOKEN_FILE=/root/token AWS_ROLE_ARN={role} "
        "AWS_ROLE_SESSION_NAME=pod aws sts get-caller-identity --region us-east-1 --cli-connect-timeout 2 --query Arn --output text"
    )
    assert region.run(instance, who, timeout=40).stdout.strip() == f"arn:aws:sts::123456789012:assumed-role/{name}/pod"
    assert place.refused(place.idp.token(), RoleArn=role) == f"AccessDenied: {DENIED}"
    only_who = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:GetCallerIdentity", "Resource": "*"}}
    network.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, PolicyDocument=json.dumps(only_who))
    done = region.run(instance, who, check=False, timeout=40)
    assert done.returncode != 0 and DENIED in done.stdout + done.stderr, done.stdout + done.stderr
    network.remove()
    iam.delete_role(RoleName=name)


def test_the_provider_by_the_cli_and_after_kill(place):
    region = place.region
    words = ["iam", "create-open-id-connect-provider", "--url", "https://second.example", "--client-id-list", "a"]
    arn = json.loads(region.aws(*words, "--thumbprint-list", "9e99a48a9960b14926bb7f3b02e22da2b0ab7280").stdout)["OpenIDConnectProviderArn"]
    region.aws("iam", "add-client-id-to-open-id-connect-provider", "--open-id-connect-provider-arn", arn, "--client-id", "b")
    region.aws("iam", "tag-open-id-connect-provider", "--open-id-connect-provider-arn", arn, "--tags", "Key=team,Value=net")
    given = place.take(place.idp.token())["Credentials"]
    region.kill()
    region.up()
    got = json.loads(region.aws("iam", "get-open-id-connect-provider", "--open-id-connect-provider-arn", arn).stdout)
    assert (got["Url"], got["ClientIDList"], got["Tags"]) == ("second.example", ["a", "b"], [{"Key": "team", "Value": "net"}])
    keys = {
        "aws_access_key_id": given["AccessKeyId"], "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }
    region.client("s3", **keys).list_buckets()
    place.take(place.idp.token())
    region.aws("iam", "delete-open-id-connect-provider", "--open-id-connect-provider-arn", arn)
    done = region.aws("iam", "get-open-id-connect-provider", "--open-id-connect-provider-arn", arn, check=False)
    assert "NoSuchEntity" in done.stderr
