//! What the store relies on when calls are lost, throttled, cancelled or cut short, proved through the real SDK on the engine
//! behind it.

use crate::store_engine::{TABLE, key, n, new_item, one_more, read, table};
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use std::sync::Arc;
use tests::table::{Call, CallSite, TableFault};

fn first(fault: TableFault) -> Arc<dyn Fn(&CallSite) -> TableFault + Send + Sync> {
    Arc::new(move |site| if site.n == 0 { fault } else { TableFault::None })
}

fn tokens(calls: &[Call]) -> Vec<&str> {
    calls.iter().filter_map(|call| call.request["ClientRequestToken"].as_str()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_transaction_whose_answer_was_lost_is_repeated_under_its_token_and_happens_once() {
    let (table, client) = table().await;
    table.set_fault_plan(first(TableFault::LoseAnswerAfterEffect));
    let take = client.transact_write_items().transact_items(one_more(key("series", "2026")));
    take.send().await.unwrap();

    let calls = table.take_calls();
    assert_eq!(calls.iter().map(|call| call.status).collect::<Vec<_>>(), [None, Some(200)]);
    let tokens = tokens(&calls);
    assert_eq!(tokens.len(), 2);
    assert_eq!(tokens[0], tokens[1]);
    assert_eq!(read(&client, key("series", "2026")).await.unwrap()["taken"], n(1));
}

#[tokio::test(start_paused = true)]
async fn a_lone_update_whose_answer_was_lost_is_repeated_and_happens_twice() {
    let (table, client) = table().await;
    table.set_fault_plan(first(TableFault::LoseAnswerAfterEffect));
    let add = client
        .update_item()
        .table_name(TABLE)
        .set_key(Some(key("series", "2026")))
        .update_expression("ADD taken :one")
        .expression_attribute_values(":one", n(1));
    add.send().await.unwrap();
    assert_eq!(read(&client, key("series", "2026")).await.unwrap()["taken"], n(2));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_was_lost_throttled_or_failed_is_repeated_and_happens_once() {
    for fault in [TableFault::LoseBeforeEffect, TableFault::Throttle, TableFault::ServerError] {
        let (table, client) = table().await;
        table.set_fault_plan(first(fault));
        let take = client.transact_write_items().transact_items(one_more(key("series", "2026")));
        take.send().await.unwrap();
        assert_eq!(table.take_calls().len(), 2, "{fault:?}");
        assert_eq!(read(&client, key("series", "2026")).await.unwrap()["taken"], n(1), "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_conflict_with_another_transaction_cancels_without_effect() {
    let (table, client) = table().await;
    table.set_fault_plan(Arc::new(|_| TableFault::TransactionConflict));
    let refused = client
        .transact_write_items()
        .transact_items(one_more(key("series", "2026")))
        .transact_items(new_item(key("inv_1", "state")))
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    let TransactWriteItemsError::TransactionCanceledException(cancelled) = refused else { panic!("not cancelled: {refused:?}") };
    assert_eq!(cancelled.cancellation_reasons()[0].code(), Some("TransactionConflict"));
    let update = client.update_item().table_name(TABLE).set_key(Some(key("series", "2026")));
    let refused = update.update_expression("SET a = a").send().await.unwrap_err();
    assert_eq!(refused.code(), Some("TransactionConflictException"));
    assert_eq!(read(&client, key("series", "2026")).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_crash_leaves_its_caller_waiting_before_or_after_the_effect() {
    for (fault, taken) in [(TableFault::Crash, None), (TableFault::CrashAfterEffect, Some(n(1)))] {
        let (table, client) = table().await;
        table.set_fault_plan(first(fault));
        let take = client.transact_write_items().transact_items(one_more(key("series", "2026"))).send();
        let waited = tokio::time::timeout(std::time::Duration::from_secs(900), take).await;
        assert!(waited.is_err(), "{fault:?}");
        assert_eq!(table.take_calls()[0].status, None);
        let series = read(&client, key("series", "2026")).await;
        assert_eq!(series.map(|item| item["taken"].clone()), taken, "{fault:?}");
    }
}
