"""The linter, as the CLI and as Access Analyzer's ValidatePolicy."""

import json
import subprocess

import pytest
from botocore.exceptions import ClientError

from region import BINARY

LOCKOUT = """{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Deny", "Principal": "*", "Action": "s3:*",
     "Resource": ["arn:aws:s3:::photos", "arn:aws:s3:::photos/*"],
     "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpc-1a2b3c4d"}}}
  ]
}
"""


def test_access_analyzer_and_the_cli_say_the_same(root_region, tmp_path):
    analyzer = root_region.client("accessanalyzer")
    pages = analyzer.get_paginator("validate_policy").paginate(
        policyDocument=LOCKOUT, policyType="RESOURCE_POLICY", validatePolicyResourceType="AWS::S3::Bucket",
        PaginationConfig={"PageSize": 1},
    )
    told = [finding for page in pages for finding in page["findings"]]
    assert [finding["issueCode"] for finding in told] == [
        "SOURCE_VPCE_IS_NO_ENDPOINT", "LOCKOUT_WITHOUT_EXEMPTION", "NEGATED_KEY_DENIES_SERVICES",
    ]
    assert told[0]["locations"][0]["span"]["start"]["line"] == 6
    file = tmp_path / "bucket.json"
    file.write_text(LOCKOUT)
    run = lambda *words: subprocess.run([str(BINARY), "policy", "check", *words], capture_output=True, text=True)
    done = run(str(file), "--kind", "resource", "--json")
    assert done.returncode == 1 and json.loads(done.stdout)["findings"] == told
    done = run(str(file), "--kind", "resource")
    assert "bucket.json:6:58" in done.stdout and "^" * len('"vpc-1a2b3c4d"') in done.stdout
    file.write_text(LOCKOUT.replace("vpc-1a", "vpce-1a"))
    assert run(str(file)).returncode == 0


def test_what_is_not_served_says_so(root_region):
    with pytest.raises(ClientError) as refused:
        root_region.client("accessanalyzer").list_analyzers()
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_a_malformed_policy_is_refused_with_its_place(root_region):
    iam = root_region.client("iam")
    text = LOCKOUT.replace('"Principal": "*", ', "").replace('"Deny"', '"deny"')
    with pytest.raises(ClientError) as refused:
        iam.create_policy(PolicyName="wrong", PolicyDocument=text)
    error = refused.value.response["Error"]
    assert error["Code"] == "MalformedPolicyDocument"
    assert "line 4" in error["Message"] and "Statement[0].Effect" in error["Message"]
