//! One account's tables in one region, written and read at once.

use super::*;
use crate::prepare::prepare;
use serde_json::json;

async fn run(engine: &Engine, operation: &str, input: Value) -> Result<Value, Refusal> {
    let (way, run) = prepare(operation, input, false)?;
    engine.run(way, run).await
}

fn music() -> Value {
    json!({
        "TableName": "music",
        "AttributeDefinitions": [{ "AttributeName": "pk", "AttributeType": "S" }],
        "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
        "BillingMode": "PAY_PER_REQUEST",
        "Tags": [{ "Key": "team", "Value": "red" }],
    })
}

fn item(key: &str) -> Value {
    json!({ "TableName": "music", "Item": { "pk": { "S": key }, "n": { "N": "1" } } })
}

fn key(key: &str) -> Value {
    json!({ "TableName": "music", "Key": { "pk": { "S": key } } })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_is_in_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("t.db");
    let engine = Engine::open(&file).unwrap();
    run(&engine, "CreateTable", music()).await.unwrap();
    run(&engine, "PutItem", item("a")).await.unwrap();
    // What a process that was killed leaves: the file and its log, copied while both are open.
    let copy = dir.path().join("copy.db");
    std::fs::copy(&file, &copy).unwrap();
    std::fs::copy(dir.path().join("t.db-wal"), dir.path().join("copy.db-wal")).unwrap();
    let again = Engine::open(&copy).unwrap();
    let got = run(&again, "GetItem", key("a")).await.unwrap();
    assert_eq!(got["Item"]["n"], json!({ "N": "1" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_see_every_write_that_was_answered_and_every_table_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Arc::new(Engine::open(&dir.path().join("t.db")).unwrap());
    run(&engine, "CreateTable", music()).await.unwrap();
    let work = (0..8).map(|worker| {
        let engine = Arc::clone(&engine);
        tokio::spawn(async move {
            for n in 0..40 {
                let name = format!("{worker}-{n}");
                run(&engine, "PutItem", item(&name)).await.unwrap();
                let got = run(&engine, "GetItem", key(&name)).await.unwrap();
                assert_eq!(got["Item"]["pk"]["S"], json!(name));
            }
        })
    });
    for worker in work.collect::<Vec<_>>() {
        worker.await.unwrap();
    }
    let counted = run(&engine, "Scan", json!({ "TableName": "music", "Select": "COUNT" })).await.unwrap();
    assert_eq!(counted["Count"], 320);
    // A reader that knew the old table must not answer from it.
    run(&engine, "DeleteTable", json!({ "TableName": "music" })).await.unwrap();
    let refusal = run(&engine, "GetItem", key("0-0")).await.unwrap_err();
    assert_eq!(refusal.code, "ResourceNotFoundException");
    run(&engine, "CreateTable", music()).await.unwrap();
    assert_eq!(run(&engine, "GetItem", key("0-0")).await.unwrap(), json!({}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_is_known_with_its_keys_and_tags_and_forgotten_when_it_changes() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(&dir.path().join("t.db")).unwrap();
    assert_eq!(engine.table("music").await.unwrap(), None);
    run(&engine, "CreateTable", music()).await.unwrap();
    let table = engine.table("music").await.unwrap().unwrap();
    assert_eq!(table.keys, ["pk"]);
    assert_eq!(table.tags, [("team".to_owned(), "red".to_owned())]);
    let arn = dynoxide::streams::table_arn("music");
    run(&engine, "UntagResource", json!({ "ResourceArn": arn, "TagKeys": ["team"] })).await.unwrap();
    assert!(engine.table("music").await.unwrap().unwrap().tags.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_within_costs_one_request() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(&dir.path().join("t.db")).unwrap();
    run(&engine, "CreateTable", music()).await.unwrap();
    for way in [Way::InLine, Way::Beside, Way::Alone] {
        let refusal = engine.run(way, Box::new(|_| panic!("boom"))).await.unwrap_err();
        assert!(refusal.inside.unwrap().contains("boom"));
    }
    run(&engine, "PutItem", item("a")).await.unwrap();
    assert!(run(&engine, "GetItem", key("a")).await.unwrap()["Item"].is_object());
}

#[tokio::test(flavor = "multi_thread")]
async fn items_whose_time_is_over_go() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(&dir.path().join("t.db")).unwrap();
    run(&engine, "CreateTable", music()).await.unwrap();
    let on = json!({ "TableName": "music", "TimeToLiveSpecification": { "Enabled": true, "AttributeName": "n" } });
    run(&engine, "UpdateTimeToLive", on).await.unwrap();
    run(&engine, "PutItem", item("over")).await.unwrap();
    let later = json!({ "TableName": "music", "Item": { "pk": { "S": "later" }, "n": { "N": "99999999999" } } });
    run(&engine, "PutItem", later).await.unwrap();
    assert_eq!(engine.expire().unwrap(), 1);
    assert_eq!(run(&engine, "GetItem", key("over")).await.unwrap(), json!({}));
    assert!(run(&engine, "GetItem", key("later")).await.unwrap()["Item"].is_object());
}
