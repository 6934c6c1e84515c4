"""KMS by real clients: keys, who may use them, and signatures that another library verifies."""

import base64
import json
import subprocess

import boto3
import pytest
from botocore.exceptions import ClientError


@pytest.fixture(scope="module")
def kms(root_region):
    return root_region.client("kms")


def code(error):
    return error.value.response["Error"]["Code"]


def message(error):
    return error.value.response["Error"]["Message"]


def user(region, name, *statements):
    """An IAM user with these statements, and a maker of its clients."""
    iam = region.client("iam")
    iam.create_user(UserName=name)
    if statements:
        policy = {"Version": "2012-10-17", "Statement": list(statements)}
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return lambda service: region.client(
        service, aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"]
    )


def allow(action, resource="*", **condition):
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return {**statement, "Condition": condition} if condition else statement


def test_the_cli_encrypts_and_decrypts(root_region, tmp_path):
    plain = tmp_path / "plain"
    plain.write_bytes(b"a secret")
    key = root_region.aws("kms", "create-key", "--query", "KeyMetadata.KeyId", "--output", "text").stdout.strip()
    root_region.aws("kms", "create-alias", "--alias-name", "alias/cli", "--target-key-id", key)
    blob = root_region.aws(
        "kms", "encrypt", "--key-id", "alias/cli", "--plaintext", f"fileb://{plain}", "--encryption-context", "a=b",
        "--query", "CiphertextBlob", "--output", "text",
    ).stdout.strip()
    closed = tmp_path / "closed"
    closed.write_bytes(base64.b64decode(blob))
    opened = root_region.aws(
        "kms", "decrypt", "--ciphertext-blob", f"fileb://{closed}", "--encryption-context", "a=b", "--query", "Plaintext", "--output", "text"
    ).stdout.strip()
    assert opened == "YSBzZWNyZXQ="
    refused = root_region.aws("kms", "decrypt", "--ciphertext-blob", f"fileb://{closed}", check=False)
    assert "InvalidCiphertextException" in refused.stderr


def test_a_key_that_is_switched_off(kms):
    key = kms.create_key(Description="on and off")["KeyMetadata"]["Arn"]
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    kms.disable_key(KeyId=key)
    with pytest.raises(ClientError) as error:
        kms.decrypt(CiphertextBlob=blob)
    assert (code(error), message(error)) == ("DisabledException", f"{key} is disabled.")
    kms.enable_key(KeyId=key)
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    with pytest.raises(ClientError) as error:
        kms.decrypt(CiphertextBlob=blob)
    assert (code(error), message(error)) == ("KMSInvalidStateException", f"{key} is pending deletion.")
    with pytest.raises(ClientError) as error:
        kms.replicate_key(KeyId=key, ReplicaRegion="eu-west-1")
    assert "ReplicateKey is not implemented" in message(error)


def test_the_key_policy_rules_before_iam(root_region, kms):
    """IAM policies count only while the key's policy gives the account the key."""
    account = root_region.client("sts").get_caller_identity()["Account"]
    caller = root_region.client("sts").get_caller_identity()["Arn"]
    key = kms.create_key()["KeyMetadata"]["Arn"]
    by_iam = user(root_region, "by-iam", allow("kms:Encrypt", key))("kms")
    stranger = user(root_region, "stranger")("kms")
    by_iam.encrypt(KeyId=key, Plaintext=b"x")
    with pytest.raises(ClientError) as error:
        stranger.encrypt(KeyId=key, Plaintext=b"x")
    assert code(error) == "AccessDeniedException"
    assert message(error) == (
        f"User: arn:aws:iam::{account}:user/stranger is not authorized to perform: kms:Encrypt on resource: {key} "
        "because no identity-based policy allows the kms:Encrypt action"
    )
    narrow = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": caller}, "Action": "kms:*", "Resource": "*"},
            {
                "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:user/stranger"}, "Action": "kms:Encrypt",
                "Resource": "*", "Condition": {"StringEquals": {"kms:EncryptionContext:team": "blue"}},
            },
        ],
    }
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(narrow))
    with pytest.raises(ClientError) as error:
        by_iam.encrypt(KeyId=key, Plaintext=b"x")
    assert message(error).endswith("because no resource-based policy allows the kms:Encrypt action")
    stranger.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"team": "blue"})
    with pytest.raises(ClientError):
        stranger.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"team": "red"})
    foreign = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "999999999999"}, "Action": "kms:*", "Resource": "*"}]}
    with pytest.raises(ClientError) as error:
        kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(foreign))
    assert code(error) == "MalformedPolicyDocumentException"


@pytest.mark.parametrize(
    ("spec", "algorithm", "options"),
    [
        ("ECC_NIST_P256", "ECDSA_SHA_256", ["-sha256"]),
        ("ECC_NIST_P384", "ECDSA_SHA_384", ["-sha384"]),
        ("ECC_NIST_P521", "ECDSA_SHA_512", ["-sha512"]),
        ("RSA_2048", "RSASSA_PKCS1_V1_5_SHA_256", ["-sha256"]),
        ("RSA_2048", "RSASSA_PSS_SHA_512", ["-sha512", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"]),
    ],
)
def test_openssl_verifies_what_a_key_signs(kms, tmp_path, spec, algorithm, options):
    key = kms.create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    signature = kms.sign(KeyId=key, Message=b"a message", SigningAlgorithm=algorithm)["Signature"]
    for name, content in (
        ("key", kms.get_public_key(KeyId=key)["PublicKey"]), ("signature", signature), ("right", b"a message"), ("wrong", b"another"),
    ):
        (tmp_path / name).write_bytes(content)

    def verified(name):
        argv = ["openssl", "dgst", *options, "-keyform", "DER", "-verify", "key", "-signature", "signature", name]
        return subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, timeout=30).returncode == 0

    assert verified("right") and not verified("wrong")
    assert kms.verify(KeyId=key, Message=b"a message", Signature=signature, SigningAlgorithm=algorithm)["SignatureValid"]
    with pytest.raises(ClientError) as error:
        kms.verify(KeyId=key, Message=b"another", Signature=signature, SigningAlgorithm=algorithm)
    assert code(error) == "KMSInvalidSignatureException"


def test_openssl_encrypts_and_the_key_decrypts(kms, tmp_path):
    key = kms.create_key(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]["KeyId"]
    (tmp_path / "key").write_bytes(kms.get_public_key(KeyId=key)["PublicKey"])
    (tmp_path / "plain").write_bytes(b"from afar")
    argv = ["openssl", "pkeyutl", "-encrypt", "-pubin", "-keyform", "DER", "-inkey", "key", "-in", "plain", "-out", "closed"]
    argv += ["-pkeyopt", "rsa_padding_mode:oaep", "-pkeyopt", "rsa_oaep_md:sha256", "-pkeyopt", "rsa_mgf1_md:sha256"]
    subprocess.run(argv, cwd=tmp_path, check=True, timeout=30)
    opened = kms.decrypt(
        KeyId=key, CiphertextBlob=(tmp_path / "closed").read_bytes(), EncryptionAlgorithm="RSAES_OAEP_SHA_256"
    )
    assert opened["Plaintext"] == b"from afar"


def test_keys_of_another_account(root_region, kms):
    """Both sides must allow: the key's policy and the caller's own."""
    other = json.loads(root_region.postern("account", "create", "guest", "--json").stdout)["id"]
    keys = json.loads(root_region.postern("env", "--account", other, "--json").stdout)
    guest = boto3.session.Session().client(
        "kms", region_name="us-east-1", endpoint_url=root_region.endpoint,
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"], aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=keys.get("AWS_SESSION_TOKEN"),
    )
    key = kms.create_key()["KeyMetadata"]["Arn"]
    with pytest.raises(ClientError) as error:
        guest.encrypt(KeyId=key, Plaintext=b"x")
    assert code(error) == "AccessDeniedException"
    policy = json.loads(kms.get_key_policy(KeyId=key)["Policy"])
    policy["Statement"].append({"Effect": "Allow", "Principal": {"AWS": other}, "Action": "kms:Encrypt", "Resource": "*"})
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))
    blob = guest.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    with pytest.raises(ClientError) as error:
        guest.decrypt(CiphertextBlob=blob)
    assert code(error) == "AccessDeniedException"


def test_keys_survive_kill_9_and_lie_sealed(fresh):
    region = fresh()
    kms = region.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/kept", TargetKeyId=key)
    blob = kms.encrypt(KeyId=key, Plaintext=b"kept")["CiphertextBlob"]
    region.kill()
    assert (region.data / "kms-key").stat().st_mode & 0o777 == 0o600
    region.up()
    kms = region.client("kms")
    assert kms.decrypt(KeyId="alias/kept", CiphertextBlob=blob)["Plaintext"] == b"kept"
