//! No request panics, whatever it holds.

use http::{HeaderMap, HeaderName, HeaderValue};
use postern_wire::{HttpRequest, model, services, sigv4};
use proptest::prelude::*;

/// Bodies near to what some protocol wants, and bodies that are not.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let name = prop::sample::select(vec![
        "Action",
        "Version",
        "VpcId",
        "Filter.1.Name",
        "Filter.1.Value.1",
        "Filter.x",
        "Tags.member.1.Key",
        "A.1.B.2",
        "MaxResults",
        "DryRun",
        "TagSpecification.1.Tag.1.Key",
        "",
        ".",
        "..1",
        "1",
        "DryRun.1",
        "Filter",
    ]);
    let value = prop_oneof![
        Just("DescribeVpcs".to_owned()),
        Just("CreateUser".to_owned()),
        Just("2016-11-15".to_owned()),
        Just("2010-05-08".to_owned()),
        any::<String>()
    ];
    let form = prop::collection::vec((name, value), 0..8).prop_map(|pairs| {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(pairs);
        form.finish().into_bytes()
    });
    let json = "(\\{|\\[|\"[A-Za-z]{0,9}\"|:|,|\\}|\\]|null|true|-?[0-9]{1,25}(\\.[0-9]+)?(e[0-9]{1,4})?){0,40}";
    let xml =
        "(<[a-z]{1,3}>|</[a-z]{1,3}>|<[a-z]/>|&[a-z#0-9]{1,6};|<!\\[CDATA\\[|\\]\\]>|<!DOCTYPE a>|[a-z ]{1,4}){0,40}";
    prop_oneof![
        form,
        json.prop_map(String::into_bytes),
        xml.prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..200)
    ]
}

fn headers(operation: &str) -> impl Strategy<Value = Vec<(&'static str, Vec<u8>)>> {
    let target = ["AmazonSQS", "DynamoDB_20120810", "TrentService"].map(|prefix| format!("{prefix}.{operation}"));
    prop::collection::vec(
        prop_oneof![
            prop::sample::select(target.to_vec()).prop_map(|target| ("x-amz-target", target.into_bytes())),
            Just(("smithy-protocol", b"rpc-v2-cbor".to_vec())),
            Just(("content-encoding", b"gzip".to_vec())),
            "AWS4-HMAC-SHA256 (Credential=[a-z/0-9]{0,40},? ?|SignedHeaders=[a-z;]{0,9},? ?|Signature=[0-9a-zé]{0,64}){0,4}"
                .prop_map(|text| ("authorization", text.into_bytes())),
            "[0-9TZ]{0,20}".prop_map(|text| ("x-amz-date", text.into_bytes())),
            prop::collection::vec(0x20..=0xffu8, 0..40).prop_map(|bytes| ("authorization", bytes)),
            prop::collection::vec(0x20..=0xffu8, 0..40).prop_map(|bytes| ("x-amz-meta-a", bytes)),
            prop::collection::vec(0x20..=0xffu8, 0..40).prop_map(|bytes| ("x-amz-content-sha256", bytes)),
        ],
        0..5,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_request_is_read_or_refused(
        body in body(),
        headers in headers("ListTables"),
        method in "GET|PUT|POST|DELETE|HEAD|[A-Z]{0,5}",
        path in "(/[a-z.%0-9]{0,4}){0,5}|/service/a/operation/(PutMetricData|GetMetricData)",
        query in "([A-Za-z-]{0,9}=?[a-z%0-9]{0,5}&?){0,4}|X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a/b/c/s3/aws4_request&X-Amz-Date=[0-9TZ]{16}",
        operation in any::<prop::sample::Index>(),
    ) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                map.append(HeaderName::from_static(name), value);
            }
        }
        let request = HttpRequest { method: &method, path: &path, query: &query, headers: &map, body: &body };
        for name in services() {
            let model = model(name).unwrap();
            let routed = model.operation(&request);
            let names = model.operations();
            let any = model.operation_named(names[operation.index(names.len())]).unwrap();
            for operation in routed.iter().chain([&any]) {
                if let Err(refusal) = model.read(operation, &request) {
                    let reply = model.refuse_to(&request, &refusal, "id");
                    prop_assert!((400..600).contains(&reply.status));
                }
            }
            if let Err(refusal) = routed {
                let reply = model.refuse(&refusal, "id");
                let read = model.read_refusal(model.protocol(), &reply).unwrap();
                prop_assert_eq!(read.message, refusal.message);
            }
        }
        let now = time::OffsetDateTime::UNIX_EPOCH;
        match sigv4::read(&request) {
            Ok(Some(signed)) => {
                prop_assert!(signed.verify("secret", &request, now).is_err());
                prop_assert!(signed.verify("secret", &request, signed.timestamp).is_err());
            }
            Ok(None) => {}
            Err(error) => for service in services() {
                prop_assert!(error.refusal(service).status >= 400);
            }
        }
    }
}
