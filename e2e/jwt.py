"""An identity provider for the tests: keys, key set and tokens, made with openssl."""

import base64
import json
import subprocess
import tempfile
import time
from pathlib import Path


def encode(data):
    if not isinstance(data, bytes):
        data = json.dumps(data).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def openssl(*words, data=None):
    return subprocess.run(["openssl", *words], input=data, capture_output=True, check=True, timeout=60).stdout


class Provider:
    """One issuer with an RSA key `r` and an elliptic curve key `e`."""

    def __init__(self, issuer):
        self.issuer = issuer
        self.directory = Path(tempfile.mkdtemp(prefix="postern-e2e-idp-"))
        self.directory.chmod(0o755)
        self.rsa, self.curve = self.directory / "rsa.pem", self.directory / "ec.pem"
        self.new_keys()

    def new_keys(self):
        openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", str(self.rsa))
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", str(self.curve))

    def key_set(self):
        modulus = openssl("rsa", "-in", str(self.rsa), "-modulus", "-noout").decode().strip().removeprefix("Modulus=")
        point = openssl("pkey", "-in", str(self.curve), "-pubout", "-outform", "DER")[-64:]
        return {
            "keys": [
                {"kty": "RSA", "kid": "r", "use": "sig", "n": encode(bytes.fromhex(modulus)), "e": "AQAB"},
                {"kty": "EC", "kid": "e", "crv": "P-256", "x": encode(point[:32]), "y": encode(point[32:])},
            ]
        }

    def claims(self, **more):
        now = int(time.time())
        claims = {"iss": self.issuer, "sub": "system:serviceaccount:web:app", "aud": "sts.amazonaws.com", "iat": now, "exp": now + 600}
        claims.update(more)
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, algorithm="RS256", key=None, **claims):
        header = {"alg": algorithm, "typ": "JWT", "kid": key or ("e" if algorithm == "ES256" else "r")}
        signed = f"{encode(header)}.{encode(self.claims(**claims))}"
        return f"{signed}.{encode(self.sign(algorithm, signed.encode()))}"

    def sign(self, algorithm, data):
        digest = f"-sha{algorithm[2:]}"
        if algorithm == "ES256":
            return raw(openssl("dgst", digest, "-sign", str(self.curve), data=data))
        padding = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:-1"] if algorithm[0] == "P" else []
        return openssl("dgst", digest, "-sign", str(self.rsa), *padding, data=data)


def raw(der):
    """r and s of a DER signature, 32 bytes each, as tokens have them."""
    length = der[3]
    r, rest = der[4 : 4 + length], der[4 + length :]
    s = rest[2 : 2 + rest[1]]
    return r[-32:].rjust(32, b"\0") + s[-32:].rjust(32, b"\0")
