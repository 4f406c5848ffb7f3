//! Logins: the claims of a token that API Gateway's authorizer has verified, as Lambda hands them over. No header says them.
//!
//! Source: API Gateway developer guide, "Control access to HTTP APIs with JWT authorizers": the claims stand in the request's
//! context, all as strings; a claim that is a list stands as `[a b]`.

use app::authenticate::Login;
use axum::http::Extensions;
use lambda_http::request::RequestContext;

/// What the request's login says, if it came with one.
pub(crate) fn login(extensions: &Extensions) -> Option<Login> {
    let RequestContext::ApiGatewayV2(context) = extensions.get()? else { return None };
    let claims = &context.authorizer.as_ref()?.jwt.as_ref()?.claims;
    let claim = |name: &str| claims.get(name).cloned();
    Some(Login {
        issuer: claim("iss")?,
        subject: claim("sub").unwrap_or_default(),
        kind: claim("token_use"),
        role: claim("custom:remit_role"),
        groups: claim("cognito:groups").map(|groups| list(&groups)).unwrap_or_default(),
    })
}

fn list(claim: &str) -> Vec<String> {
    let inner = claim.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(claim);
    inner.split_ascii_whitespace().map(str::to_owned).collect()
}
