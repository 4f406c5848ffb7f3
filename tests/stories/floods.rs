//! Somebody asks far too often: without a valid link it costs nothing, with one it is answered with a page, and others pay on.

use crate::template::{resources, template};
use serde_json::json;
use tests::{
    paying::id_and_pay_url,
    world::{GOOD_CARD, story},
};

const START: &str = "2026-11-02T10:00:00Z";
const DUE: &str = "2026-11-16";

/// What a customer's address is called with by somebody who has no link: guessed, of another kind, and one that was tampered with.
fn forged(pay_url: &str, invoice_url: &str) -> Vec<String> {
    let token = pay_url.rsplit('/').next().unwrap();
    let (at, of) = (token.len() / 2, token.len());
    let other = if token.as_bytes()[at] == b'A' { "B" } else { "A" };
    let tampered = format!("{}{other}{}", &token[..at], &token[at + 1..]);
    let of_a_page = invoice_url.rsplit('/').next().unwrap().to_owned();
    let tokens = ["A".to_owned(), "A".repeat(of), "A".repeat(4_000), tampered, of_a_page];
    tokens.into_iter().map(|token| format!("/p/{token}")).collect()
}

#[tokio::test(start_paused = true)]
async fn a_thousand_presses_without_a_valid_link_cost_no_read_and_leave_the_button_to_those_who_have_one() {
    story(START, async |w| {
        let invoice = w.sent_invoice("165.00", DUE).await;
        let (_, pay_url) = id_and_pay_url(&invoice);
        let forged = forged(pay_url, invoice["links"]["invoice_url"].as_str().unwrap());
        w.table.take_calls();
        for path in forged.iter().cycle().take(1_000) {
            let _ = w.click_again(path, "16500").await.expect(404);
        }
        assert!(w.table.take_calls().is_empty() && w.gateway.exchanges().is_empty());
        let session = w.open_checkout(pay_url).await;
        w.gateway.pay(&session, GOOD_CARD).unwrap();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn twenty_presses_a_minute_with_one_link_are_carried_out_and_the_rest_is_asked_to_wait() {
    story(START, async |w| {
        let emails = json!([{ "address": "ada@example.com" }, { "address": "office@example.com", "cc_invoices": true }]);
        let contact = w.post("/v1/contacts", &json!({ "name": "Ada Lovelace", "emails": emails })).await.expect(201).json();
        let _ = w.invoice_for(contact["id"].as_str().unwrap(), "165.00", DUE, true).await;
        w.dispatch().await;
        let [ada, office] = ["ada@example.com", "office@example.com"].map(|address| w.mailed_pay_url(address));
        for press in 0..20 {
            w.pass(chrono::TimeDelta::seconds(1));
            let _ = w.click_again(&ada, "16500").await.expect(303);
            assert_eq!(w.gateway.sessions().len(), 1, "{press}");
        }
        let asked = w.gateway.exchanges().len();
        w.table.take_calls();
        for _ in 0..1_000 {
            let refused = w.click_again(&ada, "16500").await.expect(429);
            assert_eq!((refused.header("content-type"), refused.header("retry-after")), ("text/html; charset=utf-8", "41"));
            assert!(refused.text.contains("Please wait a minute") && refused.text.contains("paid once"), "{}", refused.text);
        }
        assert!(w.table.take_calls().is_empty());
        assert_eq!(w.gateway.exchanges().len(), asked);
        // The page still opens, and who has another link presses on.
        let _ = w.open(&ada).await.expect(200);
        let _ = w.click_again(&office, "16500").await.expect(303);
        w.pass(chrono::TimeDelta::seconds(41));
        let _ = w.click_again(&ada, "16500").await.expect(303);
    })
    .await;
}

/// Source: API Gateway quotas: 10,000 requests a second and a burst of 5,000 for an account, 2,500 and 1,250 in some regions; a stage
/// whose limit is above is refused.
#[test]
fn no_stage_s_limit_is_met_by_twenty_requests_a_second_nor_above_what_any_account_may_do() {
    for (name, stage) in resources(&template(), "AWS::ApiGatewayV2::Stage") {
        let routes = stage["RouteSettings"].as_object().into_iter().flat_map(|routes| routes.values());
        for limits in routes.chain([&stage["DefaultRouteSettings"]]) {
            let (rate, burst) = (limits["ThrottlingRateLimit"].as_u64().unwrap(), limits["ThrottlingBurstLimit"].as_u64().unwrap());
            assert!((20 * 20..=2_500).contains(&rate) && (rate..=1_250).contains(&burst), "{name}: {limits}");
        }
    }
}
