//! Filter policies by example.

use super::Filter;
use serde_json::{Value, json};

fn passes(policy: Value, message: Value) -> bool {
    Filter::parse(&policy.to_string(), true).unwrap().passes(&message)
}

#[test]
fn all_names_must_match_and_of_each_one_value() {
    let policy = json!({ "store": ["a", "b"], "price": [100, 200] });
    assert!(passes(policy.clone(), json!({ "store": "b", "price": 100.0, "more": 1 })));
    assert!(!passes(policy.clone(), json!({ "store": "b", "price": 101 })));
    assert!(!passes(policy.clone(), json!({ "store": "b" })));
    assert!(!passes(policy, json!({ "store": "b", "price": "100" })));
    assert!(passes(json!({}), json!({})));
}

#[test]
fn every_operator() {
    let cases = [
        (json!([{ "prefix": "ab" }]), json!("abc"), json!("bab")),
        (json!([{ "suffix": "bc" }]), json!("abc"), json!("bca")),
        (json!([{ "equals-ignore-case": "AbC" }]), json!("aBc"), json!("abcd")),
        (json!([{ "wildcard": "a*c*e" }]), json!("abcde"), json!("abde")),
        (json!([{ "wildcard": "a*a" }]), json!("aa"), json!("a")),
        (json!([{ "anything-but": "x" }]), json!("y"), json!("x")),
        (json!([{ "anything-but": ["x", "y"] }]), json!("z"), json!("y")),
        (json!([{ "anything-but": [1, 2] }]), json!(3), json!(2.0)),
        (json!([{ "anything-but": { "prefix": "x" } }]), json!("y"), json!("xy")),
        (json!([{ "anything-but": { "suffix": ["x", "y"] } }]), json!("z"), json!("ay")),
        (json!([{ "anything-but": { "wildcard": "*x*" } }]), json!("abc"), json!("axc")),
        (json!([{ "numeric": ["=", 5] }]), json!(5.0), json!(5.1)),
        (json!([{ "numeric": [">", 0, "<=", 5] }]), json!(5), json!(0)),
        (json!([{ "numeric": ["<", -3.5] }]), json!(-4), json!(-3)),
        (json!([{ "cidr": "10.0.0.0/24" }]), json!("10.0.0.255"), json!("10.0.1.0")),
        (json!([true]), json!(true), json!("true")),
        (json!([null]), json!(null), json!(false)),
        (json!([{ "exists": true }]), json!("v"), json!([])),
    ];
    for (conditions, good, bad) in cases {
        assert!(passes(json!({ "n": conditions }), json!({ "n": good })), "{conditions} {good}");
        assert!(!passes(json!({ "n": conditions }), json!({ "n": bad })), "{conditions} {bad}");
        let is_exists = conditions[0].get("exists").is_some();
        assert!(!passes(json!({ "n": conditions }), json!({})) || is_exists && conditions[0]["exists"] == false);
    }
    assert!(passes(json!({ "n": [{ "exists": false }] }), json!({ "m": 1 })));
    assert!(!passes(json!({ "n": [{ "exists": false }] }), json!({ "n": 1 })));
}

#[test]
fn arrays_match_by_any_element() {
    assert!(passes(json!({ "n": ["b"] }), json!({ "n": ["a", "b"] })));
    assert!(!passes(json!({ "n": ["c"] }), json!({ "n": ["a", "b"] })));
    assert!(passes(json!({ "n": [{ "anything-but": ["a"] }] }), json!({ "n": ["a", "b"] })));
}

#[test]
fn bodies_are_looked_into() {
    let policy = json!({ "detail": { "state": ["running"], "tags": { "team": ["a"] } } });
    assert!(passes(
        policy.clone(),
        json!({ "detail": { "state": "running", "tags": [{ "team": "b" }, { "team": "a" }] } })
    ));
    assert!(!passes(policy.clone(), json!({ "detail": { "state": "running", "tags": [] } })));
    assert!(!passes(policy, json!({ "detail": "running" })));
    assert!(passes(json!({ "detail": { "error": [{ "exists": false }] } }), json!({ "other": 1 })));
}

#[test]
fn one_of_several_alternatives() {
    let policy = json!({ "source": ["aws"], "$or": [{ "size": [{ "numeric": [">", 10] }] }, { "urgent": [true] }] });
    assert!(passes(policy.clone(), json!({ "source": "aws", "size": 11 })));
    assert!(passes(policy.clone(), json!({ "source": "aws", "urgent": true })));
    assert!(!passes(policy.clone(), json!({ "source": "aws", "size": 9 })));
    assert!(!passes(policy, json!({ "source": "other", "urgent": true })));
}

#[test]
fn what_is_no_policy_is_told_why() {
    let why = |policy: Value, by_body| Filter::parse(&policy.to_string(), by_body).unwrap_err();
    assert_eq!(why(json!({ "a": "b" }), false), "FilterPolicy: \"a\" must be an object or an array");
    assert!(why(json!({ "a": { "b": ["c"] } }), false).contains("does not support nested filter policy"));
    assert_eq!(why(json!({ "a": [{ "like": "b" }] }), true), "FilterPolicy: Unrecognized match type like");
    assert_eq!(why(json!({ "a": [] }), true), "FilterPolicy: Empty arrays are not allowed");
    assert_eq!(
        why(json!({ "a": [{ "numeric": [">", 5, "<", 5] }] }), true),
        "FilterPolicy: Bottom must be less than top"
    );
    assert_eq!(why(json!([1]), true), "FilterPolicy: Filter policy must be an object");
    let names: serde_json::Map<_, _> = (0..6).map(|n| (n.to_string(), json!(["v"]))).collect();
    assert_eq!(why(json!(names), true), "FilterPolicy: Filter policy can not have more than 5 keys");
    let many: Vec<u32> = (0..151).collect();
    assert_eq!(why(json!({ "a": many }), true), "FilterPolicy: Filter policy is too complex");
    assert!(Filter::parse("{", true).is_err());
}
