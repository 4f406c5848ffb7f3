//! What the store relies on when every call arrives, proved through the real SDK on the engine behind it.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::query::QueryOutput;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, ConditionCheck, Get, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, Put, ReturnConsumedCapacity, ReturnValue, ReturnValuesOnConditionCheckFailure, ScalarAttributeType, TransactGetItem,
    TransactWriteItem, Update,
};
use rust_decimal::Decimal;
use std::collections::HashMap;
use tests::table::{Table, calls_of, operations, read_units, write_units};

pub(crate) const TABLE: &str = "invoices";
const DUE: &str = "due";

type Item = HashMap<String, AttributeValue>;

fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

pub(crate) fn n(number: i64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

pub(crate) fn key(pk: &str, sk: &str) -> Item {
    HashMap::from([("pk".to_owned(), s(pk)), ("sk".to_owned(), s(sk))])
}

fn with(mut item: Item, name: &str, value: AttributeValue) -> Item {
    item.insert(name.to_owned(), value);
    item
}

fn element(name: &str, kind: KeyType) -> KeySchemaElement {
    KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap()
}

pub(crate) async fn table() -> (Table, Client) {
    let table = Table::memory();
    let client = table.client();
    let due = GlobalSecondaryIndex::builder()
        .index_name(DUE)
        .key_schema(element("due_shard", KeyType::Hash))
        .key_schema(element("due_at", KeyType::Range))
        .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build())
        .build()
        .unwrap();
    let mut create = client
        .create_table()
        .table_name(TABLE)
        .billing_mode(BillingMode::PayPerRequest)
        .key_schema(element("pk", KeyType::Hash))
        .key_schema(element("sk", KeyType::Range))
        .global_secondary_indexes(due);
    for name in ["pk", "sk", "due_shard", "due_at"] {
        let attribute = AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S);
        create = create.attribute_definitions(attribute.build().unwrap());
    }
    create.send().await.unwrap();
    table.take_calls();
    (table, client)
}

pub(crate) async fn read(client: &Client, key: Item) -> Option<Item> {
    let answer = client.get_item().table_name(TABLE).set_key(Some(key)).consistent_read(true).send().await;
    answer.unwrap().item
}

async fn put(client: &Client, item: Item) {
    client.put_item().table_name(TABLE).set_item(Some(item)).send().await.unwrap();
}

async fn due_page(client: &Client, until: &str, limit: i32, from: Option<Item>) -> QueryOutput {
    client
        .query()
        .table_name(TABLE)
        .index_name(DUE)
        .key_condition_expression("due_shard = :shard AND due_at <= :until")
        .expression_attribute_values(":shard", s("reminders#3"))
        .expression_attribute_values(":until", s(until))
        .limit(limit)
        .set_exclusive_start_key(from)
        .send()
        .await
        .unwrap()
}

pub(crate) fn new_item(item: Item) -> TransactWriteItem {
    let put = Put::builder()
        .table_name(TABLE)
        .set_item(Some(item))
        .condition_expression("attribute_not_exists(pk)")
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
    TransactWriteItem::builder().put(put.build().unwrap()).build()
}

fn raised_version(key: Item, from: i64) -> TransactWriteItem {
    let update = Update::builder()
        .table_name(TABLE)
        .set_key(Some(key))
        .update_expression("SET version = :next")
        .condition_expression("version = :loaded")
        .expression_attribute_values(":loaded", n(from))
        .expression_attribute_values(":next", n(from + 1))
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
    TransactWriteItem::builder().update(update.build().unwrap()).build()
}

pub(crate) fn one_more(key: Item) -> TransactWriteItem {
    let update = Update::builder()
        .table_name(TABLE)
        .set_key(Some(key))
        .update_expression("ADD taken :one")
        .expression_attribute_values(":one", n(1));
    TransactWriteItem::builder().update(update.build().unwrap()).build()
}

#[tokio::test]
async fn a_put_on_a_condition_writes_once_and_shows_the_item_that_was_in_its_way() {
    let (_table, client) = table().await;
    let put = |version| {
        client
            .put_item()
            .table_name(TABLE)
            .set_item(Some(with(key("inv_1", "state"), "version", n(version))))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    };
    put(1).send().await.unwrap();
    let refused = put(2).send().await.unwrap_err().into_service_error();
    let PutItemError::ConditionalCheckFailedException(broken) = refused else { panic!("not refused: {refused:?}") };
    assert_eq!(broken.item().unwrap()["version"], n(1));
    assert_eq!(read(&client, key("inv_1", "state")).await.unwrap()["version"], n(1));
}

#[tokio::test]
async fn an_update_on_the_version_that_was_loaded_loses_to_the_one_before_it() {
    let (_table, client) = table().await;
    put(&client, with(key("inv_1", "state"), "version", n(1))).await;
    let update = || {
        client
            .update_item()
            .table_name(TABLE)
            .set_key(Some(key("inv_1", "state")))
            .update_expression("SET version = :next")
            .condition_expression("version = :loaded")
            .expression_attribute_values(":loaded", n(1))
            .expression_attribute_values(":next", n(2))
            .return_values(ReturnValue::AllNew)
    };
    assert_eq!(update().send().await.unwrap().attributes().unwrap()["version"], n(2));
    let refused = update().send().await.unwrap_err();
    assert_eq!(refused.code(), Some("ConditionalCheckFailedException"));
}

#[tokio::test]
async fn a_delete_on_a_condition_leaves_an_item_that_has_changed() {
    let (_table, client) = table().await;
    put(&client, with(key("inv_1", "lock"), "holder", s("a"))).await;
    let delete = |holder| {
        client
            .delete_item()
            .table_name(TABLE)
            .set_key(Some(key("inv_1", "lock")))
            .condition_expression("holder = :holder")
            .expression_attribute_values(":holder", s(holder))
            .return_values(ReturnValue::AllOld)
    };
    let refused = delete("b").send().await.unwrap_err();
    assert_eq!(refused.code(), Some("ConditionalCheckFailedException"));
    assert_eq!(delete("a").send().await.unwrap().attributes().unwrap()["holder"], s("a"));
    assert_eq!(read(&client, key("inv_1", "lock")).await, None);
}

#[tokio::test]
async fn a_transaction_with_one_broken_condition_writes_nothing_and_names_it_in_its_place() {
    let (_table, client) = table().await;
    put(&client, with(key("inv_1", "state"), "version", n(7))).await;
    let refused = client
        .transact_write_items()
        .transact_items(new_item(key("inv_1", "entry#1")))
        .transact_items(raised_version(key("inv_1", "state"), 6))
        .transact_items(new_item(key("inv_1", "message#1")))
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    let TransactWriteItemsError::TransactionCanceledException(cancelled) = refused else { panic!("not cancelled: {refused:?}") };
    let reasons = cancelled.cancellation_reasons();
    let codes: Vec<_> = reasons.iter().map(|reason| reason.code().unwrap_or("None")).collect();
    assert_eq!(codes, ["None", "ConditionalCheckFailed", "None"]);
    assert_eq!(reasons[1].item().unwrap()["version"], n(7));
    assert_eq!(read(&client, key("inv_1", "entry#1")).await, None);
    assert_eq!(read(&client, key("inv_1", "message#1")).await, None);
}

#[tokio::test]
async fn a_check_in_a_transaction_guards_an_item_that_is_not_written() {
    let (_table, client) = table().await;
    put(&client, with(key("business", "hold"), "charges", AttributeValue::Bool(true))).await;
    let check = ConditionCheck::builder()
        .table_name(TABLE)
        .set_key(Some(key("business", "hold")))
        .condition_expression("charges = :off")
        .expression_attribute_values(":off", AttributeValue::Bool(false))
        .build()
        .unwrap();
    let refused = client
        .transact_write_items()
        .transact_items(TransactWriteItem::builder().condition_check(check).build())
        .transact_items(new_item(key("inv_1", "attempt#1")))
        .send()
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Some("TransactionCanceledException"));
    assert_eq!(read(&client, key("inv_1", "attempt#1")).await, None);
}

#[tokio::test]
async fn a_transaction_repeated_under_its_token_happens_once_and_another_under_it_is_refused() {
    let (_table, client) = table().await;
    let take = |sk: &str| client.transact_write_items().client_request_token("cmd_1").transact_items(one_more(key("series", sk)));
    take("2026").send().await.unwrap();
    take("2026").send().await.unwrap();
    assert_eq!(read(&client, key("series", "2026")).await.unwrap()["taken"], n(1));
    let refused = take("2027").send().await.unwrap_err();
    assert_eq!(refused.code(), Some("IdempotentParameterMismatchException"));
}

#[tokio::test]
async fn a_read_transaction_answers_in_order_and_with_a_gap_for_what_is_not_there() {
    let (_table, client) = table().await;
    put(&client, with(key("inv_1", "state"), "version", n(1))).await;
    put(&client, with(key("inv_1", "attempt#1"), "version", n(4))).await;
    let get = |sk: &str| {
        let get = Get::builder().table_name(TABLE).set_key(Some(key("inv_1", sk))).build().unwrap();
        TransactGetItem::builder().get(get).build()
    };
    let answer = client
        .transact_get_items()
        .transact_items(get("attempt#1"))
        .transact_items(get("event#1"))
        .transact_items(get("state"))
        .send()
        .await
        .unwrap();
    let versions: Vec<_> = answer.responses().iter().map(|it| it.item().map(|item| item["version"].clone())).collect();
    assert_eq!(versions, [Some(n(4)), None, Some(n(1))]);
}

#[tokio::test]
async fn the_due_index_holds_only_what_is_due_and_pages_through_it_in_order() {
    let (table, client) = table().await;
    for minute in 0..7 {
        let item = with(key(&format!("inv_{minute}"), "state"), "due_shard", s("reminders#3"));
        put(&client, with(item, "due_at", s(&format!("2026-03-01T00:0{minute}")))).await;
    }
    put(&client, key("inv_settled", "state")).await;
    table.take_calls();

    let mut found = Vec::new();
    let mut from = None;
    loop {
        let page = due_page(&client, "2026-03-01T00:05", 2, from).await;
        assert!(page.items().len() <= 2);
        found.extend(page.items().iter().map(|item| item["pk"].as_s().unwrap().clone()));
        from = page.last_evaluated_key().cloned();
        if from.is_none() {
            break;
        }
    }
    assert_eq!(found, ["inv_0", "inv_1", "inv_2", "inv_3", "inv_4", "inv_5"]);
    let calls = table.take_calls();
    assert!(calls.iter().all(|call| call.index.as_deref() == Some(DUE) && call.table.as_deref() == Some(TABLE)));
}

#[tokio::test]
async fn an_item_leaves_the_due_index_with_the_attribute_that_put_it_there() {
    let (_table, client) = table().await;
    let item = with(key("inv_1", "state"), "due_shard", s("reminders#3"));
    put(&client, with(item, "due_at", s("2026-03-01"))).await;
    assert_eq!(due_page(&client, "2026-03-02", 10, None).await.count(), 1);
    client
        .update_item()
        .table_name(TABLE)
        .set_key(Some(key("inv_1", "state")))
        .update_expression("REMOVE due_shard, due_at")
        .send()
        .await
        .unwrap();
    assert_eq!(due_page(&client, "2026-03-02", 10, None).await.count(), 0);
}

#[tokio::test]
async fn a_write_is_seen_by_the_consistent_read_that_follows_it() {
    let (_table, client) = table().await;
    for version in 1..=20 {
        put(&client, with(key("inv_1", "state"), "version", n(version))).await;
        assert_eq!(read(&client, key("inv_1", "state")).await.unwrap()["version"], n(version));
    }
}

#[tokio::test]
async fn units_are_counted_for_everyone_and_shown_to_those_who_ask() {
    let (table, client) = table().await;
    let item = with(key("inv_1", "state"), "due_shard", s("reminders#3"));
    let put = client.put_item().table_name(TABLE).set_item(Some(with(item, "due_at", s("2026-03-01"))));
    assert_eq!(put.clone().send().await.unwrap().consumed_capacity(), None);
    let shown = put.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await.unwrap();
    assert!(shown.consumed_capacity().unwrap().capacity_units().is_some());
    read(&client, key("inv_1", "state")).await;

    let calls = table.take_calls();
    assert_eq!(operations(&calls), ["PutItem", "PutItem", "GetItem"]);
    assert_eq!(calls[0].write_units, Decimal::TWO);
    assert_eq!(calls[0].index_units[DUE], Decimal::ONE);
    assert_eq!(calls[2].read_units, Decimal::ONE);
    assert_eq!(calls_of(&calls, "GetItem").len(), 1);
}

#[tokio::test]
async fn a_transaction_costs_two_write_units_for_each_small_item() {
    let (table, client) = table().await;
    client
        .transact_write_items()
        .transact_items(new_item(key("inv_1", "state")))
        .transact_items(new_item(key("inv_1", "entry#1")))
        .send()
        .await
        .unwrap();
    let calls = table.take_calls();
    assert_eq!(write_units(&calls), Decimal::from(4));
    assert_eq!(read_units(&calls), Decimal::ZERO);
}

#[tokio::test]
async fn two_writers_of_one_version_interleave_and_one_of_them_loses() {
    let (_table, client) = table().await;
    put(&client, with(key("inv_1", "state"), "version", n(1))).await;
    let writer = || async {
        let loaded = read(&client, key("inv_1", "state")).await.unwrap()["version"].clone();
        let from = loaded.as_n().unwrap().parse().unwrap();
        client.transact_write_items().transact_items(raised_version(key("inv_1", "state"), from)).send().await.is_ok()
    };
    let (a, b) = tokio::join!(writer(), writer());
    assert_ne!(a, b);
    assert_eq!(read(&client, key("inv_1", "state")).await.unwrap()["version"], n(2));
}
