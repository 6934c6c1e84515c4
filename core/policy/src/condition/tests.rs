//! Each operator against keys that are there, that are not, and that have several values.

use super::Condition;
use crate::Keys;
use crate::json::Json;

fn keys() -> Keys {
    [
        ("aws:username", &["ann"][..]),
        ("s:name", &["Ann"]),
        ("s:var", &["ann"]),
        ("s:star", &["a*"]),
        ("n:size", &["10.5"]),
        ("n:words", &["ten"]),
        ("d:now", &["2026-11-21T10:00:00Z"]),
        ("b:secure", &["true"]),
        ("x:bytes", &["aGk="]),
        ("ip:four", &["10.1.2.3"]),
        ("ip:six", &["2001:db8::1"]),
        ("a:arn", &["arn:aws:iam::123456789012:role/app/web"]),
        ("m:tags", &["a", "b"]),
        ("m:empty", &[]),
    ]
    .into_iter()
    .map(|(key, values)| (key.to_owned(), values.iter().map(|v| (*v).to_owned()).collect()))
    .collect()
}

fn holds(element: &str) -> bool {
    let element = Json::read(element).expect("JSON");
    Condition::parse_all(&element, true).expect("a condition").iter().all(|condition| condition.holds(&keys()))
}

#[test]
fn every_operator() {
    for (element, expected) in [
        (r#"{"StringEquals":{"s:name":"Ann"}}"#, true),
        (r#"{"StringEquals":{"S:NAME":"Ann"}}"#, true),
        (r#"{"StringEquals":{"s:name":"ann"}}"#, false),
        (r#"{"StringEquals":{"s:name":["x","Ann"]}}"#, true),
        (r#"{"StringEquals":{"s:star":"a*"}}"#, true),
        (r#"{"StringEquals":{"s:name":"A*"}}"#, false),
        (r#"{"StringEquals":{"s:name":[]}}"#, false),
        (r#"{"StringNotEquals":{"s:name":["x","Ann"]}}"#, false),
        (r#"{"StringNotEquals":{"s:name":["x","y"]}}"#, true),
        (r#"{"StringEqualsIgnoreCase":{"s:name":"aNN"}}"#, true),
        (r#"{"StringNotEqualsIgnoreCase":{"s:name":"aNN"}}"#, false),
        (r#"{"StringLike":{"s:name":"A*"}}"#, true),
        (r#"{"StringLike":{"s:name":"a*"}}"#, false),
        (r#"{"StringNotLike":{"s:name":"A?n"}}"#, false),
        (r#"{"StringEquals":{"s:var":"${aws:username}"}}"#, true),
        (r#"{"StringEquals":{"s:var":"${aws:absent}"}}"#, false),
        (r#"{"StringNotEquals":{"s:var":"${aws:absent}"}}"#, true),
        (r#"{"NumericEquals":{"n:size":10.5}}"#, true),
        (r#"{"NumericNotEquals":{"n:size":"10.5"}}"#, false),
        (r#"{"NumericLessThan":{"n:size":"11"}}"#, true),
        (r#"{"NumericLessThanEquals":{"n:size":"10.5"}}"#, true),
        (r#"{"NumericGreaterThan":{"n:size":"10.5"}}"#, false),
        (r#"{"NumericGreaterThanEquals":{"n:size":"10.5"}}"#, true),
        (r#"{"NumericEquals":{"n:words":"10"}}"#, false),
        (r#"{"DateGreaterThan":{"d:now":"2026-01-01"}}"#, true),
        (r#"{"DateLessThan":{"d:now":"1700000000"}}"#, false),
        (r#"{"DateEquals":{"d:now":"2026-11-21T11:00:00+01:00"}}"#, true),
        (r#"{"DateNotEquals":{"d:now":"2026-11-21T10:00:00Z"}}"#, false),
        (r#"{"Bool":{"b:secure":true}}"#, true),
        (r#"{"Bool":{"b:secure":"false"}}"#, false),
        (r#"{"BinaryEquals":{"x:bytes":"aGk="}}"#, true),
        (r#"{"BinaryEquals":{"x:bytes":"aG8="}}"#, false),
        (r#"{"IpAddress":{"ip:four":"10.1.0.0/16"}}"#, true),
        (r#"{"IpAddress":{"ip:four":"10.1.2.3"}}"#, true),
        (r#"{"IpAddress":{"ip:four":"2001:db8::/32"}}"#, false),
        (r#"{"IpAddress":{"ip:six":["10.0.0.0/8","2001:db8::/32"]}}"#, true),
        (r#"{"NotIpAddress":{"ip:four":"10.1.0.0/16"}}"#, false),
        (r#"{"ArnLike":{"a:arn":"arn:aws:iam::*:role/*"}}"#, true),
        (r#"{"ArnEquals":{"a:arn":"arn:aws:iam::123456789012:role/app/*"}}"#, true),
        (r#"{"ArnLike":{"a:arn":"arn:aws:iam:*:*:user/*"}}"#, false),
        (r#"{"ArnLike":{"a:arn":"${a:arn}"}}"#, true),
        (r#"{"ArnLike":{"a:arn":"arn:aws:iam::123456789012:role/${x:absent, 'app'}/*"}}"#, true),
        (r#"{"ArnNotLike":{"a:arn":"arn:aws:iam::*:role/*"}}"#, false),
        (r#"{"ArnNotEquals":{"a:arn":"arn:aws:iam::999999999999:role/*"}}"#, true),
        (r#"{"Null":{"s:name":"true"}}"#, false),
        (r#"{"Null":{"s:name":false}}"#, true),
        (r#"{"Null":{"m:empty":"true"}}"#, true),
    ] {
        assert_eq!(holds(element), expected, "{element}");
    }
}

#[test]
fn absent_keys_and_sets() {
    for (element, expected) in [
        (r#"{"StringEquals":{"no:key":"x"}}"#, false),
        (r#"{"StringNotEquals":{"no:key":"x"}}"#, true),
        (r#"{"NotIpAddress":{"no:key":"10.0.0.0/8"}}"#, true),
        (r#"{"StringEqualsIfExists":{"no:key":"x"}}"#, true),
        (r#"{"StringEqualsIfExists":{"s:name":"x"}}"#, false),
        (r#"{"BoolIfExists":{"no:key":"true"}}"#, true),
        (r#"{"ForAllValues:StringEquals":{"m:tags":["a","b","c"]}}"#, true),
        (r#"{"ForAllValues:StringEquals":{"m:tags":["a"]}}"#, false),
        (r#"{"ForAllValues:StringEquals":{"no:key":["a"]}}"#, true),
        (r#"{"ForAllValues:StringEquals":{"m:empty":["a"]}}"#, true),
        (r#"{"ForAnyValue:StringEquals":{"m:tags":["b","x"]}}"#, true),
        (r#"{"ForAnyValue:StringEquals":{"m:tags":["x"]}}"#, false),
        (r#"{"ForAnyValue:StringEquals":{"no:key":["a"]}}"#, false),
        (r#"{"ForAnyValue:StringNotEquals":{"m:tags":["a"]}}"#, true),
        (r#"{"ForAnyValue:StringNotEquals":{"no:key":["a"]}}"#, false),
        (r#"{"ForAllValues:StringNotEquals":{"m:tags":["a"]}}"#, false),
        (r#"{"ForAnyValue:StringLikeIfExists":{"no:key":["a"]}}"#, true),
        (r#"{"StringEquals":{"s:name":"Ann","m:tags":"a"}}"#, true),
        (r#"{"StringEquals":{"s:name":"Ann"},"Null":{"s:name":"true"}}"#, false),
    ] {
        assert_eq!(holds(element), expected, "{element}");
    }
}

#[test]
fn an_old_document_takes_variables_literally() {
    let element = Json::read(r#"{"StringEquals":{"s:var":"${aws:username}"}}"#).unwrap();
    assert!(!Condition::parse_all(&element, false).unwrap()[0].holds(&keys()));
}

#[test]
fn what_is_wrong_is_named() {
    for (element, word) in [
        (r#"{"StringEqualz":{"a:b":"c"}}"#, "Invalid Condition type : StringEqualz."),
        (r#"{"ForSome:StringEquals":{"a:b":"c"}}"#, "ForSome"),
        (r#"{"NullIfExists":{"a:b":"true"}}"#, "NullIfExists"),
        (r#"{"IpAddress":{"aws:SourceIp":"10.0.0.0/99"}}"#, "10.0.0.0/99"),
        (r#"{"DateEquals":{"aws:CurrentTime":"soon"}}"#, "soon"),
        (r#"{"NumericEquals":{"a:b":"ten"}}"#, "ten"),
        (r#"{"Bool":{"a:b":"maybe"}}"#, "maybe"),
        (r#"{"Null":{"a:b":"maybe"}}"#, "maybe"),
        (r#"{"ArnLike":{"a:b":"web"}}"#, "web"),
        (r#"{"ArnLike":{"a:b":"arn:aws:iam:*:role/*"}}"#, "arn:aws:iam:*:role/*"),
        (r#"{"BinaryEquals":{"a:b":"%"}}"#, "%"),
        (r#"{"StringEquals":{"SourceIp":"x"}}"#, "SourceIp"),
        (r#"{"StringEquals":{"a:b":{}}}"#, "no scalar"),
        (r#"{"StringEquals":{"a:b":null}}"#, "no scalar"),
        (r#"{"StringEquals":"x"}"#, "no object"),
        (r#"[]"#, "no object"),
    ] {
        let reason = Condition::parse_all(&Json::read(element).unwrap(), true).unwrap_err();
        assert!(reason.contains(word), "{element}: {reason}");
    }
}
