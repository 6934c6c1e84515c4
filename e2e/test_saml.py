"""Roles for whoever brings a response of a SAML provider: signed by another library, with boto3 and with the AWS CLI."""

import base64
import json

import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from saml import SamlProvider

ENTITY = "https://id.dev.example/saml"
DENIED = "AccessDenied: Not authorized to perform sts:AssumeRoleWithSAML"


class Place:
    """A region with the provider registered, and a role for one of its subjects."""

    def __init__(self, region):
        self.region, self.idp = region, SamlProvider(ENTITY)
        self.iam = region.client("iam")
        made = self.iam.create_saml_provider(Name="corp", SAMLMetadataDocument=self.idp.metadata())
        self.provider = made["SAMLProviderArn"]
        statement = {
            "Effect": "Allow", "Principal": {"Federated": self.provider}, "Action": ["sts:AssumeRoleWithSAML", "sts:TagSession"],
            "Condition": {"StringEquals": {"saml:aud": "https://signin.aws.amazon.com/saml", "saml:sub": "ann"}},
        }
        trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.role = self.iam.create_role(RoleName="desk", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        own = "arn:aws:s3:::home-${aws:PrincipalTag/team}"
        document = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": own}}
        for bucket in ("home-net", "home-web"):
            region.client("s3").create_bucket(Bucket=bucket)
        self.iam.put_role_policy(RoleName="desk", PolicyName="p", PolicyDocument=json.dumps(document))

    def attributes(self, **more):
        return {"Role": [f"{self.role},{self.provider}"], "RoleSessionName": ["ann@dev"], "PrincipalTag:team": ["net"], **more}

    def sts(self):
        return self.region.client("sts", config=Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}))

    def take(self, response, **more):
        words = {"RoleArn": self.role, "PrincipalArn": self.provider, "SAMLAssertion": response, **more}
        return self.sts().assume_role_with_saml(**words)

    def refused(self, response, **more):
        with pytest.raises(ClientError) as error:
            self.take(response, **more)
        told = error.value.response["Error"]
        return f"{told['Code']}: {told['Message']}"


@pytest.fixture(scope="module")
def place():
    from region import Region

    region = Region("root")
    yield Place(region)
    region.close()


@pytest.mark.parametrize("signed", ["Assertion", "Response"])
def test_a_response_opens_a_session_with_its_tags(place, signed):
    reply = place.take(place.idp.response(place.attributes(), sign=signed))
    assert (reply["Subject"], reply["SubjectType"], reply["Issuer"]) == ("ann", "persistent", ENTITY)
    given = reply["Credentials"]
    keys = {
        "aws_access_key_id": given["AccessKeyId"], "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }
    who = place.region.client("sts", **keys).get_caller_identity()
    assert who["Arn"] == "arn:aws:sts::123456789012:assumed-role/desk/ann@dev"
    s3 = place.region.client("s3", **keys)
    s3.list_objects_v2(Bucket="home-net")
    with pytest.raises(ClientError) as error:
        s3.list_objects_v2(Bucket="home-web")
    assert error.value.response["Error"]["Code"] == "AccessDenied"


def test_a_curve_signs_too(place):
    idp = SamlProvider("https://ec.example", ("ec", "-pkeyopt", "ec_paramgen_curve:P-256"))
    provider = place.iam.create_saml_provider(Name="curve", SAMLMetadataDocument=idp.metadata())["SAMLProviderArn"]
    statement = {"Effect": "Allow", "Principal": {"Federated": provider}, "Action": "sts:AssumeRoleWithSAML"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    role = place.iam.create_role(RoleName="curve", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    attributes = {"Role": [f"{provider},{role}"], "RoleSessionName": ["bob"]}
    place.take(idp.response(attributes), RoleArn=role, PrincipalArn=provider)


def test_a_response_that_is_not_good_opens_nothing(place):
    idp, good = place.idp, place.attributes()
    stranger = SamlProvider(ENTITY)
    text = base64.b64decode(idp.response(good)).decode()
    tampered = base64.b64encode(text.replace(">ann<", ">root<").encode()).decode()
    invalid = "InvalidIdentityToken: "
    for response, expected in [
        (idp.response(good, sign=None), invalid + "Response signature invalid"),
        (stranger.response(good), invalid + "Response signature invalid"),
        (tampered, invalid + "Response signature invalid"),
        ("!!!!", invalid + "Invalid base64 SAMLResponse"),
        (idp.response(good, audience="https://app.example"), invalid + "Response does not contain the required audience."),
        (idp.response({"Role": good["Role"]}), invalid + "RoleSessionName is required in AuthnResponse"),
        (idp.response(good, age=301, lasts=900), "ExpiredTokenException: Token must be redeemed within 5 minutes of issuance"),
        (SamlProvider("https://other.example").response(good), invalid + "Issuer not present in specified provider"),
        (idp.response({**good, "Role": [f"{place.role}x,{place.provider}"]}), DENIED),
        (idp.response(good, subject="bob"), DENIED),
    ]:
        assert place.refused(response) == expected
    assert "MaxSessionDuration" in place.refused(idp.response(good), DurationSeconds=7200)
    none = place.provider.replace("corp", "none")
    assert place.refused(idp.response(good), PrincipalArn=none) == invalid + "Specified provider doesn't exist"
    place.take(idp.response(good))


def test_the_cli_takes_the_role(place):
    words = ["--role-arn", place.role, "--principal-arn", place.provider, "--saml-assertion", place.idp.response(place.attributes())]
    done = place.region.aws("sts", "assume-role-with-saml", *words, "--no-sign-request", "--query", "AssumedRoleUser.Arn")
    assert "assumed-role/desk/ann@dev" in done.stdout
