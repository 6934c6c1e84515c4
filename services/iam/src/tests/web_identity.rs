//! OpenID Connect providers, and roles for whoever brings a token of one.

use super::*;
use crate::Issuers;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use postern_call::Principal;
use ring::rand::SystemRandom;
use ring::signature::{self, EcdsaKeyPair, KeyPair, RsaKeyPair};

const ISSUER: &str = "https://id.example/realms/dev";
const PROVIDER: &str = "arn:aws:iam::123456789012:oidc-provider/id.example/realms/dev";
const ROLE: &str = "arn:aws:iam::123456789012:role/deploy";
/// 2,048 bits; signs nothing but these tests' tokens.
const RSA_KEY: &str = include_str!("rsa_key.txt");

/// The keys of one issuer, as text.
struct Keys(String);

#[async_trait::async_trait]
impl Issuers for Keys {
    async fn key_set(&self, issuer: &str) -> Result<Option<String>, String> {
        match &*self.0 {
            "" => Ok(None),
            "broken" => Err("no such file".into()),
            text => Ok((issuer == ISSUER).then(|| text.to_owned())),
        }
    }
}

/// A provider that signs.
struct Signer {
    rsa: RsaKeyPair,
    p256: EcdsaKeyPair,
    p384: EcdsaKeyPair,
    random: SystemRandom,
}

impl Signer {
    fn new() -> Self {
        let random = SystemRandom::new();
        let der = STANDARD.decode(RSA_KEY.split_whitespace().collect::<String>()).unwrap();
        let curve = |algorithm: &'static signature::EcdsaSigningAlgorithm| {
            let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
            EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap()
        };
        let p256 = curve(&signature::ECDSA_P256_SHA256_FIXED_SIGNING);
        let p384 = curve(&signature::ECDSA_P384_SHA384_FIXED_SIGNING);
        Self { rsa: RsaKeyPair::from_pkcs8(&der).unwrap(), p256, p384, random }
    }

    fn key_set(&self) -> String {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let signature::RsaPublicKeyComponents::<Vec<u8>> { n: rsa, e: exponent } = self.rsa.public().into();
        let curve = |id: &str, name: &str, pair: &EcdsaKeyPair| {
            let (x, y) = pair.public_key().as_ref()[1..].split_at(pair.public_key().as_ref().len() / 2);
            json!({ "kty": "EC", "crv": name, "kid": id, "use": "sig", "x": text(x), "y": text(y) })
        };
        // A modulus with a zero before it, as some providers write it.
        let modulus = text(&[vec![0], rsa].concat());
        json!({ "keys": [
            { "kty": "oct", "kid": "r", "k": "AAAA" },
            { "kty": "RSA", "kid": "e", "use": "enc", "n": modulus, "e": text(&exponent) },
            { "kty": "RSA", "kid": "r", "n": modulus, "e": text(&exponent) },
            { "kty": "RSA", "kid": "only", "alg": "RS512", "n": modulus, "e": text(&exponent) },
            curve("p256", "P-256", &self.p256),
            curve("p384", "P-384", &self.p384),
        ] })
        .to_string()
    }

    fn token(&self, algorithm: &str, key: &str, claims: &Value) -> String {
        self.sign(json!({ "alg": algorithm, "typ": "JWT", "kid": key }), claims)
    }

    fn sign(&self, header: Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(claims));
        let curve = |pair: &EcdsaKeyPair| pair.sign(&self.random, signed.as_bytes()).unwrap().as_ref().to_vec();
        let signature = match header["alg"].as_str().unwrap() {
            "ES256" => curve(&self.p256),
            "ES384" => curve(&self.p384),
            "none" => Vec::new(),
            // What a forger does who takes the public key for a secret.
            "HS256" => {
                let secret = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, self.key_set().as_bytes());
                ring::hmac::sign(&secret, signed.as_bytes()).as_ref().to_vec()
            }
            rsa => {
                let padding: &'static dyn signature::RsaEncoding = match rsa {
                    "RS384" => &signature::RSA_PKCS1_SHA384,
                    "RS512" => &signature::RSA_PKCS1_SHA512,
                    "PS256" => &signature::RSA_PSS_SHA256,
                    _ => &signature::RSA_PKCS1_SHA256,
                };
                let mut bytes = vec![0; self.rsa.public().modulus_len()];
                self.rsa.sign(padding, &self.random, signed.as_bytes(), &mut bytes).unwrap();
                bytes
            }
        };
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn claims() -> Value {
    json!({ "iss": ISSUER, "sub": "repo:net/app", "aud": "sts.amazonaws.com", "iat": NOW - 10, "exp": NOW + 600 })
}

fn with(member: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[member] = value;
    claims
}

fn trusting(condition: &Value) -> String {
    json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": { "Federated": PROVIDER },
        "Action": ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"],
        "Condition": condition,
    }, {
        "Effect": "Allow",
        "Principal": { "Federated": PROVIDER },
        "Action": "sts:SetSourceIdentity",
    }] })
    .to_string()
}

/// A lab with the provider registered and a role that trusts it.
async fn lab(condition: &Value) -> (Lab, Signer) {
    let (lab, signer) = (Lab::new(), Signer::new());
    let url = json!({ "Url": ISSUER, "ClientIDList": ["sts.amazonaws.com", "app"] });
    let made = lab.ok("CreateOpenIDConnectProvider", url).await;
    assert_eq!(made["OpenIDConnectProviderArn"], PROVIDER);
    lab.role("deploy", &trusting(condition)).await;
    (lab, signer)
}

fn take(token: &str) -> Value {
    json!({ "RoleArn": ROLE, "RoleSessionName": "ci", "WebIdentityToken": token })
}

/// The call, without a signature, in a region that knows these keys.
async fn call(lab: &Lab, keys: &str, input: Value) -> Result<Value, Refusal> {
    let judge = Arc::new(Gate(lab.iam.clone()));
    let sts = StsService::new(lab.iam.clone(), judge).trusting(Arc::new(Keys(keys.to_owned())));
    sts.call(lab.request(&Caller::anonymous(), "sts", "AssumeRoleWithWebIdentity", input)).await
}

#[tokio::test]
async fn a_token_opens_a_session_with_every_algorithm() {
    let (lab, signer) = lab(&json!({})).await;
    for (algorithm, key) in
        [("RS256", "r"), ("RS384", "r"), ("RS512", "only"), ("PS256", "r"), ("ES256", "p256"), ("ES384", "p384")]
    {
        let token = signer.token(algorithm, key, &claims());
        let reply = call(&lab, &signer.key_set(), take(&token)).await.unwrap_or_else(|r| panic!("{algorithm}: {r}"));
        assert_eq!(reply["SubjectFromWebIdentityToken"], "repo:net/app");
        assert_eq!(reply["Audience"], "sts.amazonaws.com");
        assert_eq!(reply["Provider"], PROVIDER);
        assert_eq!(reply["Credentials"]["Expiration"], "2026-11-21T11:00:00Z");
        let session = lab.credential(reply["Credentials"]["AccessKeyId"].as_str().unwrap()).unwrap().caller;
        assert!(
            matches!(&session.principal, Principal::Role { name, session, .. } if name == "deploy" && session == "ci")
        );
        assert_eq!(session.keys["id.example/realms/dev:sub"], ["repo:net/app"]);
        assert_eq!(session.keys["aws:FederatedProvider"], [PROVIDER]);
    }
}

#[tokio::test]
async fn a_token_that_is_not_good_opens_nothing() {
    let (lab, signer) = lab(&json!({})).await;
    let good = signer.token("RS256", "r", &claims());
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (header, _) = signed.split_once('.').unwrap();
    let other = URL_SAFE_NO_PAD.encode(with("sub", json!("repo:evil/app")).to_string());
    let stranger = Signer::new();
    let token = |claims: &Value| signer.token("RS256", "r", claims);
    let not_validated = "InvalidIdentityToken: The web identity token that was passed could not be validated";
    let no_key = "InvalidIdentityToken: Couldn't retrieve verification key from your identity provider,  please";
    for (what, token, expected) in [
        ("no token", "abc".to_owned(), "InvalidIdentityToken: The ID Token provided is not a valid JWT."),
        ("tampered", format!("{header}.{other}.{signature}"), not_validated),
        ("another's key", stranger.token("ES256", "p256", &claims()), not_validated),
        ("none", signer.token("none", "r", &claims()), not_validated),
        ("the key as a secret", signer.token("HS256", "r", &claims()), not_validated),
        ("an algorithm that the key is not for", signer.token("RS256", "only", &claims()), not_validated),
        ("the wrong curve", signer.token("ES256", "p384", &claims()), not_validated),
        ("an unknown key", signer.token("RS256", "gone", &claims()), no_key),
        ("a key for encryption", signer.token("RS256", "e", &claims()), no_key),
        ("no key's id", signer.sign(json!({ "alg": "RS256" }), &claims()), no_key),
        (
            "what is critical",
            signer.sign(json!({ "alg": "RS256", "kid": "r", "crit": ["x"] }), &claims()),
            "InvalidIdentityToken: The ID",
        ),
        (
            "another issuer",
            token(&with("iss", json!("https://id.example/realms/prod"))),
            "InvalidIdentityToken: No OpenIDConnect provider found in your account for https://id.example/realms/prod",
        ),
        ("no https", token(&with("iss", json!("id.example/realms/dev"))), "InvalidIdentityToken: No OpenIDConnect"),
        ("the wrong audience", token(&with("aud", json!("other"))), "InvalidIdentityToken: Incorrect token audience"),
        ("the wrong party", token(&with("azp", json!("other"))), "InvalidIdentityToken: Incorrect token audience"),
        (
            "expired",
            token(&with("exp", json!(NOW))),
            "ExpiredTokenException: Token expired: current date/time 1795255200 must be before the expiration date/time 1795255200",
        ),
        ("not yet", token(&with("nbf", json!(NOW + 301))), not_validated),
        ("of tomorrow", token(&with("iat", json!(NOW + 301))), not_validated),
        ("no subject", token(&with("sub", json!(""))), "InvalidIdentityToken: Missing a required claim: sub"),
        ("no end", token(&with("exp", Value::Null)), "InvalidIdentityToken: Missing a required claim: exp"),
        ("no issue", token(&with("iat", Value::Null)), "InvalidIdentityToken: Missing a required claim: iat"),
        ("no audience", token(&with("aud", json!([]))), "InvalidIdentityToken: Missing a required claim: aud"),
    ] {
        let refusal = call(&lab, &signer.key_set(), take(&token)).await.expect_err(what);
        assert!(refusal.to_string().starts_with(expected), "{what}: {refusal}");
        assert_eq!(refusal.status, 400, "{what}");
    }
    for keys in ["", "broken", "{", r#"{"keys":[]}"#] {
        let refusal = call(&lab, keys, take(&good)).await.unwrap_err();
        assert!(refusal.to_string().starts_with(no_key) && refusal.hint.is_some(), "{keys}: {refusal}");
    }
    call(&lab, &signer.key_set(), take(&good)).await.unwrap();
}

#[tokio::test]
async fn the_role_says_for_whom_it_is() {
    let condition = json!({
        "StringEquals": { "id.example/realms/dev:aud": "app" },
        "StringLike": { "ID.example/realms/dev:sub": "repo:net/*", "sts:RoleSessionName": "ci*" },
        "ForAnyValue:StringEquals": { "id.example/realms/dev:amr": "authenticated" },
    });
    let (lab, signer) = lab(&condition).await;
    let keys = signer.key_set();
    let mut good = with("aud", json!(["other", "app"]));
    good["amr"] = json!(["authenticated", "pwd"]);
    let token = |member: &str, value: Value| {
        let mut claims = good.clone();
        claims[member] = value;
        signer.token("RS256", "r", &claims)
    };
    call(&lab, &keys, take(&token("aud", json!("app")))).await.unwrap();
    let reply = call(&lab, &keys, take(&token("azp", json!("app")))).await.unwrap();
    let session = lab.credential(reply["Credentials"]["AccessKeyId"].as_str().unwrap()).unwrap().caller;
    assert_eq!(session.keys["id.example/realms/dev:oaud"], ["other", "app"]);
    let mut renamed = take(&token("aud", json!("app")));
    renamed["RoleSessionName"] = json!("me");
    let mut elsewhere = take(&token("aud", json!("app")));
    elsewhere["RoleArn"] = json!("arn:aws:iam::123456789012:role/none");
    for (what, input) in [
        ("subject", take(&token("sub", json!("repo:evil/app")))),
        ("audience", take(&token("aud", json!("sts.amazonaws.com")))),
        ("means", take(&token("amr", json!(["pwd"])))),
        ("session name", renamed),
        ("role", elsewhere),
    ] {
        let refusal = call(&lab, &keys, input).await.expect_err(what);
        assert_eq!(
            (refusal.code.as_str(), refusal.status, refusal.message.as_str()),
            ("AccessDenied", 403, "Not authorized to perform sts:AssumeRoleWithWebIdentity"),
            "{what}"
        );
    }
    // A role that trusts users and services trusts no provider.
    lab.role("plain", &TRUST_EC2.replace("sts:AssumeRole", "sts:*")).await;
    let mut input = take(&token("aud", json!("app")));
    input["RoleArn"] = json!("arn:aws:iam::123456789012:role/plain");
    assert_eq!(call(&lab, &keys, input).await.unwrap_err().code, "AccessDenied");
    // The same provider of another account is another provider.
    let foreign = json!({ "RoleArn": "arn:aws:iam::999999999999:role/deploy", "RoleSessionName": "ci",
        "WebIdentityToken": token("aud", json!("app")) });
    assert!(call(&lab, &keys, foreign).await.unwrap_err().message.starts_with("No OpenIDConnect provider found"));
}

#[tokio::test]
async fn tags_identity_and_limits_travel_with_the_session() {
    let condition = json!({ "StringEquals": { "aws:RequestTag/team": "net" } });
    let (lab, signer) = lab(&condition).await;
    lab.ok(
        "AttachRolePolicy",
        json!({ "RoleName": "deploy", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess" }),
    )
    .await;
    let mut tagged = with("https://aws.amazon.com/source_identity", json!("ann"));
    tagged["https://aws.amazon.com/tags"] =
        json!({ "principal_tags": { "team": ["net"] }, "transitive_tag_keys": ["team"] });
    let mut input = take(&signer.token("RS256", "r", &tagged));
    input["Policy"] = json!(ALLOW_S3);
    input["DurationSeconds"] = json!(900);
    let reply = call(&lab, &signer.key_set(), input.clone()).await.unwrap();
    assert_eq!(
        (&reply["SourceIdentity"], &reply["Credentials"]["Expiration"]),
        (&json!("ann"), &json!("2026-11-21T10:15:00Z"))
    );
    assert!(reply["PackedPolicySize"].as_u64().unwrap() > 0);
    let session = lab.credential(reply["Credentials"]["AccessKeyId"].as_str().unwrap()).unwrap().caller;
    assert_eq!((&*session.keys["aws:PrincipalTag/team"][0], &*session.keys["aws:SourceIdentity"][0]), ("net", "ann"));
    let refusal = lab.call_as(&session, "ListUsers", json!({})).await.unwrap_err();
    assert!(refusal.message.ends_with("because no session policy allows the iam:ListUsers action"), "{refusal}");

    let refusal = call(&lab, &signer.key_set(), take(&signer.token("RS256", "r", &claims()))).await.unwrap_err();
    assert_eq!(refusal.code, "AccessDenied");
    tagged["https://aws.amazon.com/tags"] = json!({ "principal_tags": { "team": ["net", "web"] } });
    let refusal = call(&lab, &signer.key_set(), take(&signer.token("RS256", "r", &tagged))).await.unwrap_err();
    assert_eq!(refusal.code, "InvalidIdentityToken");
    for (member, value, code, word) in [
        ("DurationSeconds", json!(7200), "ValidationError", "exceeds the MaxSessionDuration"),
        ("RoleSessionName", json!("a b"), "ValidationError", "roleSessionName"),
        ("RoleArn", json!("deploy"), "ValidationError", "invalid"),
        ("Policy", json!("{"), "MalformedPolicyDocument", "Json"),
        ("ProviderId", json!("graph.facebook.com"), "IDPCommunicationError", "could not be reached"),
    ] {
        let mut input = input.clone();
        input[member] = value;
        let refusal = call(&lab, &signer.key_set(), input).await.unwrap_err();
        assert!(refusal.code == code && refusal.message.contains(word), "{member}: {refusal}");
    }
    // The session outlives a restart.
    let key = session.access_key.clone().unwrap();
    let lab = lab.restart();
    assert_eq!(lab.credential(&key).unwrap().caller.keys["id.example/realms/dev:sub"], ["repo:net/app"]);
}

#[tokio::test]
async fn providers_are_kept() {
    let lab = Lab::new();
    let thumbprint = "9E99A48A9960B14926BB7F3B02E22DA2B0AB7280";
    let on = |more: Value| {
        let mut input = json!({ "OpenIDConnectProviderArn": PROVIDER });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    let create = json!({ "Url": ISSUER, "ClientIDList": ["a", "a", "b"], "ThumbprintList": [thumbprint],
        "Tags": [{ "Key": "team", "Value": "net" }] });
    lab.ok("CreateOpenIDConnectProvider", create.clone()).await;
    assert_eq!(
        lab.refused("CreateOpenIDConnectProvider", create).await,
        format!("EntityAlreadyExists: Provider with url {ISSUER} already exists.")
    );
    lab.ok("AddClientIDToOpenIDConnectProvider", on(json!({ "ClientID": "c" }))).await;
    lab.ok("AddClientIDToOpenIDConnectProvider", on(json!({ "ClientID": "c" }))).await;
    lab.ok("RemoveClientIDFromOpenIDConnectProvider", on(json!({ "ClientID": "a" }))).await;
    lab.ok("UpdateOpenIDConnectProviderThumbprint", on(json!({ "ThumbprintList": ["0".repeat(40)] }))).await;
    lab.ok("TagOpenIDConnectProvider", on(json!({ "Tags": [{ "Key": "env", "Value": "dev" }] }))).await;
    lab.ok("UntagOpenIDConnectProvider", on(json!({ "TagKeys": ["team"] }))).await;
    let lab = lab.restart();
    let got = lab.ok("GetOpenIDConnectProvider", on(json!({}))).await;
    let tags = json!([{ "Key": "env", "Value": "dev" }]);
    assert_eq!(
        got,
        json!({ "Url": "id.example/realms/dev", "ClientIDList": ["b", "c"], "ThumbprintList": ["0".repeat(40)],
            "CreateDate": NOW_TEXT, "Tags": tags })
    );
    assert_eq!(lab.ok("ListOpenIDConnectProviderTags", on(json!({}))).await["Tags"], tags);
    let list = lab.ok("ListOpenIDConnectProviders", json!({})).await;
    assert_eq!(list, json!({ "OpenIDConnectProviderList": [{ "Arn": PROVIDER }] }));
    for (url, code) in [
        ("http://id.example", "ValidationError"),
        ("https://id.example:8443", "ValidationError"),
        ("https://id.example/?a=b", "ValidationError"),
        ("https://", "ValidationError"),
    ] {
        let refusal = lab.refused("CreateOpenIDConnectProvider", json!({ "Url": url })).await;
        assert!(refusal.starts_with(code), "{url}: {refusal}");
    }
    let bad = json!({ "Url": "https://b.example", "ThumbprintList": ["xyz"] });
    assert!(lab.refused("CreateOpenIDConnectProvider", bad).await.contains("thumbprintList"));
    lab.ok("DeleteOpenIDConnectProvider", on(json!({}))).await;
    lab.ok("DeleteOpenIDConnectProvider", on(json!({}))).await;
    assert_eq!(
        lab.refused("GetOpenIDConnectProvider", on(json!({}))).await,
        format!("NoSuchEntity: OpenIDConnect Provider not found for arn {PROVIDER}")
    );
    let refusal = lab.refused("GetOpenIDConnectProvider", json!({ "OpenIDConnectProviderArn": "dev" })).await;
    assert!(refusal.starts_with("InvalidInput"), "{refusal}");
    let lab = lab.restart();
    assert_eq!(lab.ok("ListOpenIDConnectProviders", json!({})).await["OpenIDConnectProviderList"], json!([]));
}
