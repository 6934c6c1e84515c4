//! docs/conformance.md against the engine: every key that the engine itself fills, by every way, *service* included.

use postern_call::{Caller, Principal};
use postern_names::{AccountId, Via, VpcEndpointId, VpcId};
use postern_policy::{Ask, Keys, keys_of};
use time::OffsetDateTime;

const PAGE: &str = include_str!("../../../docs/conformance.md");
const WAYS: &[&str] = &["host", "internet", "nat", "gateway", "interface", "service"];

#[test]
fn every_key_by_every_way() {
    let rows: Vec<Vec<&str>> = PAGE.lines().map(cells).filter(|row| row.len() == 7 && row[0].contains(':')).collect();
    assert!(rows.len() > 25, "{} keys", rows.len());
    for row in rows {
        for (way, cell) in WAYS.iter().zip(&row[1..]) {
            let found = keys(way).get(&row[0].to_lowercase()).map(|values| values.join(","));
            match *cell {
                "–" => assert_eq!(found, None, "{way} {}", row[0]),
                "present" => assert!(found.is_some(), "{way} {}", row[0]),
                value => assert_eq!(found, Some(filled(value)), "{way} {}", row[0]),
            }
        }
    }
}

fn cells(line: &str) -> Vec<&str> {
    line.trim().trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`')).collect()
}

fn filled(text: &str) -> String {
    let (vpc, vpce) = (VpcId::from_bits(0xb2).to_string(), VpcEndpointId::from_bits(0xa1).to_string());
    [
        ("{account}", "123456789012"),
        ("{region}", "eu-central-1"),
        ("{user}", "ann"),
        ("{role}", "web"),
        ("{peer}", "127.0.0.1"),
        ("{public}", "198.51.100.7"),
        ("{private}", "10.0.1.5"),
        ("{vpc}", &vpc),
        ("{vpce}", &vpce),
    ]
    .iter()
    .fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
}

fn keys(way: &str) -> Keys {
    let account = AccountId::DEFAULT;
    let user = Principal::User { account, path: "/".into(), name: "ann".into(), id: "AIDAEXAMPLEEXAMPLE01".into() };
    let (path, id) = ("/".to_owned(), "AROAEXAMPLEEXAMPLE01".to_owned());
    let role = Principal::Role { account, path, name: "web".into(), id, session: "i-1".into() };
    let internet = Via::Internet { public: "198.51.100.7".parse().unwrap() };
    let (caller, via) = match way {
        "host" => (user, Via::Host { peer: "127.0.0.1".parse().unwrap() }),
        "internet" | "nat" => (role, internet),
        "gateway" | "interface" => {
            let (id, vpc) = (VpcEndpointId::from_bits(0xa1), VpcId::from_bits(0xb2));
            (role, Via::Endpoint { id, vpc, source: "10.0.1.5".parse().unwrap(), account })
        }
        _ => (role, Via::Service { principal: "cloudformation.amazonaws.com".into() }),
    };
    let caller = Caller::of(caller);
    keys_of(&Ask {
        caller: &caller,
        via: &via,
        action: "s3:GetObject",
        resource: "arn:aws:s3:::photos/a",
        resource_account: Some(account),
        resource_policy: None,
        keys: Keys::new(),
        region: "eu-central-1",
        secure: way != "host",
        user_agent: Some("sdk"),
        now: OffsetDateTime::from_unix_timestamp(1_795_255_200).unwrap(),
        request_id: None,
    })
}
