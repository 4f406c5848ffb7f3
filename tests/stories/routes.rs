//! What stands at an address: the deployed APIs answer as the local run does, also where nothing is.

use crate::template::{functions, resources, root, template};
use axum::{Router, body::Body, http::Request};
use http_body_util::BodyExt as _;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};
use tests::world::{World, story};
use tower::ServiceExt as _;

const START: &str = "2026-11-02T10:00:00Z";

/// How well a route fits a request, best first; nothing when it does not.
///
/// Source: API Gateway developer guide, "Create routes for HTTP APIs": a full match first, then a greedy path variable, then
/// `$default`; at each, the method itself goes before `ANY`.
fn fits(route: &str, method: &str, path: &str) -> Option<u8> {
    if route == "$default" {
        return Some(9);
    }
    let (of_method, of_path) = route.split_once(' ').unwrap();
    let general = match of_method {
        "ANY" => 1,
        own if own == method => 0,
        _ => return None,
    };
    let (wanted, given): (Vec<&str>, Vec<&str>) = (of_path.split('/').collect(), path.split('/').collect());
    let same = |wanted: &[&str], given: &[&str]| wanted.iter().zip(given).all(|(w, g)| w == g || (w.starts_with('{') && !g.is_empty()));
    match wanted.split_last().unwrap() {
        (&"{proxy+}", start) => {
            let rest = given.get(start.len()..)?.join("/");
            (!rest.is_empty() && same(start, &given)).then_some(2 + general)
        }
        _ => (wanted.len() == given.len() && same(&wanted, &given)).then_some(general),
    }
}

/// The function that an API of the template asks.
fn function_of(template: &Value, api: &str, method: &str, path: &str) -> String {
    let routes = resources(template, "AWS::ApiGatewayV2::Route");
    let of_api = routes.values().filter(|route| route["ApiId"]["Ref"] == api);
    let best = of_api.filter_map(|route| Some((fits(route["RouteKey"].as_str().unwrap(), method, path)?, route))).min_by_key(|fit| fit.0);
    let target = best.unwrap_or_else(|| panic!("{api} has nothing for {method} {path}")).1["Target"]["Sub"].as_str().unwrap();
    let integration = target.strip_prefix("integrations/${").unwrap().trim_end_matches('}');
    let function = resources(template, "AWS::ApiGatewayV2::Integration")[integration]["IntegrationUri"]["GetAtt"].clone();
    let function = function.as_str().unwrap().strip_suffix(".Arn").unwrap().to_owned();
    functions(template).into_iter().find(|(_, (name, _))| *name == function).unwrap().0
}

fn router_of(w: &World, function: &str) -> Router {
    let deps = w.deps.clone();
    match function {
        "invoice-page" => invoice_page::router(deps),
        "pay-page" => pay_page::router(deps),
        "gateway-webhooks" => gateway_webhooks::router(deps),
        "admin-api" => admin_api::router(deps),
        other => panic!("{other} answers nobody"),
    }
}

/// Status, content type and body of an answer; what names the request is left out.
async fn answer(router: Router, method: &str, path: &str) -> (u16, String, String) {
    let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
    let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
    let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    let kind = parts.headers.get("content-type").map(|kind| kind.to_str().unwrap().to_owned()).unwrap_or_default();
    let mut json: Value = serde_json::from_str(&body).unwrap_or_default();
    let body = json.as_object_mut().map_or(body, |problem| {
        problem.remove("request_id");
        serde_json::to_string(problem).unwrap()
    });
    (parts.status.as_u16(), kind, body)
}

#[tokio::test(start_paused = true)]
async fn an_address_where_nothing_is_answers_alike_deployed_and_local() {
    let template = template();
    story(START, async |w| {
        let pages = ["/", "/favicon.ico", "/robots.txt", "/i", "/i/", "/i/abc", "/i/abc/def", "/p", "/p/", "/p/abc", "/p/abc/other"];
        let notices = ["/webhooks/stripe", "/webhooks/other", "/webhooks/stripe/more"];
        for path in pages.into_iter().chain(notices) {
            for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"] {
                let function = function_of(&template, "CustomerApi", method, path);
                let deployed = answer(router_of(w, &function), method, path).await;
                let local = answer(local::functions::routes(&w.deps), method, path).await;
                assert_eq!(deployed, local, "{method} {path} by {function}");
                assert!((400..500).contains(&deployed.0) && !deployed.1.is_empty(), "{method} {path}: {deployed:?}");
            }
        }
        for path in ["/v1/nothing", "/v1", "/", "/login/v1", "/other"] {
            let function = function_of(&template, "StaffApi", "GET", path);
            let (status, kind, body) = answer(router_of(w, &function), "GET", path).await;
            assert_eq!((function.as_str(), status, kind.as_str()), ("admin-api", 404, "application/problem+json"), "{path}");
            assert!(body.contains("openapi.json"), "{body}");
        }
    })
    .await;
}

#[test]
fn every_route_may_ask_its_function() {
    let template = template();
    let permissions = resources(&template, "AWS::Lambda::Permission");
    for (name, route) in resources(&template, "AWS::ApiGatewayV2::Route") {
        let (api, key) = (route["ApiId"]["Ref"].as_str().unwrap(), route["RouteKey"].as_str().unwrap());
        let (method, path) = key.split_once(' ').unwrap_or(("", "$default"));
        let asked = function_of(&template, api, method, path);
        // What the gateway says it comes from: the stage, the method and the route's path, or the stage and `$default`.
        let from = if method.is_empty() { "$default/$default".to_owned() } else { format!("$default/{method}{path}") };
        let may = permissions.values().any(|permission| {
            let source = permission["SourceArn"]["Sub"].as_str().unwrap();
            let pattern = source.split_once(&format!("${{{api}}}/")).map(|(_, pattern)| pattern);
            let function = functions(&template)[&asked].0.clone();
            permission["FunctionName"]["Ref"] == function && pattern.is_some_and(|pattern| like(pattern, &from))
        });
        assert!(may, "{name}: {key} may not ask {asked}");
    }
}

/// Whether a text is like a pattern with stars, each of which stands for any text.
fn like(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => {
            text.strip_prefix(start).is_some_and(|text| (0..=text.len()).any(|n| text.get(n..).is_some_and(|text| like(rest, text))))
        }
    }
}

/// An API refuses to make a stage whose settings name a route that is not there yet.
///
/// Source: API Gateway v2, `CreateStage`: "Unable to find Route by key … within the provided RouteSettings".
#[test]
fn a_stage_that_has_settings_for_a_route_is_made_after_it() {
    let template = template();
    let routes = resources(&template, "AWS::ApiGatewayV2::Route");
    let mut set = 0;
    for (name, stage) in resources(&template, "AWS::ApiGatewayV2::Stage") {
        let waits_for: Vec<&str> = match &template["Resources"][&name]["DependsOn"] {
            Value::Array(list) => list.iter().map(|it| it.as_str().unwrap()).collect(),
            Value::String(one) => vec![one.as_str()],
            _ => Vec::new(),
        };
        for key in stage["RouteSettings"].as_object().into_iter().flat_map(|settings| settings.keys()) {
            let is_it = |route: &&Value| route["RouteKey"] == key.as_str() && route["ApiId"] == stage["ApiId"];
            let (route, _) = routes.iter().find(|(_, route)| is_it(route)).unwrap_or_else(|| panic!("{name}: there is no route {key}"));
            assert!(waits_for.contains(&route.as_str()), "{name} has settings for {key} and does not wait for {route}");
            assert!(template["Resources"][route].get("Condition").is_none(), "{route} is not always there");
            set += 1;
        }
    }
    assert!(set >= 2);
}

#[test]
fn every_route_of_the_template_leads_to_a_function_that_serves_it() {
    let template = template();
    let routes: BTreeSet<String> =
        resources(&template, "AWS::ApiGatewayV2::Route").values().map(|route| route["RouteKey"].as_str().unwrap().to_owned()).collect();
    let expected = [
        "$default",
        "ANY /login/v1/{proxy+}",
        "ANY /p/{proxy+}",
        "ANY /v1/{proxy+}",
        "ANY /webhooks/{proxy+}",
        "GET /i/{token}",
        "GET /p/{token}",
        "GET /p/{token}/cancel",
        "GET /p/{token}/return",
        "HEAD /i/{token}",
        "HEAD /p/{token}",
        "POST /p/{token}",
        "POST /webhooks/stripe",
    ];
    assert_eq!(routes, expected.map(str::to_owned).into());
    for (folder, source) in [("invoice-page", "/i/{token}"), ("pay-page", "/p/{token}/return"), ("gateway-webhooks", "/webhooks/stripe")] {
        let door = fs::read_to_string(root().join("functions").join(folder).join("src/lib.rs")).unwrap();
        assert!(door.contains(&format!("\"{source}\"")), "{folder} does not serve {source}");
    }
}

#[test]
fn access_logs_are_json_that_says_where_staff_came_from_and_nothing_of_a_link_a_token_or_a_browser() {
    for (stage, staff) in [("CustomerStage", false), ("StaffStage", true)] {
        let stage = &resources(&template(), "AWS::ApiGatewayV2::Stage")[stage];
        let format = stage["AccessLogSettings"]["Format"].as_str().unwrap();
        let line: BTreeMap<String, String> = serde_json::from_str(format).unwrap();
        let said: BTreeSet<&str> = line.values().map(String::as_str).collect();
        let mut expected = BTreeSet::from([
            "$context.requestId",
            "$context.requestTimeEpoch",
            "$context.routeKey",
            "$context.status",
            "$context.responseLatency",
            "$context.integrationErrorMessage",
        ]);
        if staff {
            expected.extend(["$context.authorizer.error", "$context.identity.sourceIp"]);
        }
        assert_eq!(said, expected);
    }
}
