//! The description, made from the routes' attributes; and what it says of every operation alike: whose key, under which headers, with
//! which problems.

use crate::{
    routes::{actions, api_keys, attempts, business, contacts, invoices, journal, me, messages, openapi, payments, products},
    scopes,
};
use axum::http::Method;
use serde_json::json;
use utoipa::{
    OpenApi as _, PartialSchema as _, ToSchema,
    openapi::{
        Components, Content, InfoBuilder, LicenseBuilder, ObjectBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Required, ResponseBuilder,
        Schema, ServerBuilder, Type,
        header::HeaderBuilder,
        path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem},
        security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
        tag::TagBuilder,
    },
};

const ABOUT: &str = "Invoices that collect themselves: staff's side.\n\n\
    - Amounts are objects of a decimal string and a currency, dates are local dates of the business, instants are UTC.\n\
    - Every POST carries an `Idempotency-Key`: the same request under the same key is carried out once, for 30 days, whoever sends it. Another \
      request under the key is refused, and a refusal keeps nothing under it.\n\
    - Answers carry an `ETag` where a client may edit; `If-Match` makes an edit or an action depend on it.\n\
    - Lists give `data` and `next_cursor`; the cursor is opaque.\n\
    - Unknown fields and parameters are refused. A problem names its `code`, the `rule` and the `field`.\n\
    - Every answer carries `X-Request-Id`, under which logs and journal know the request.\n\
    - Every route but this description needs one scope, named with it: `read`, `write`, `refund` or `admin`. The role `owner` has \
      all of them, `staff` all but `admin`, `read_only` the first. A key that is revoked is refused everywhere within a minute.";

const TAGS: [(&str, &str); 9] = [
    ("Business", "The business and its settings"),
    ("API keys", "Who may use this API, and for what"),
    ("Contacts", "Who is billed"),
    ("Products", "What is sold often enough to have a name"),
    ("Invoices", "Requests for payment, and what became of them"),
    ("Payments", "Money that moved"),
    ("Attempts", "What was tried to collect through a gateway"),
    ("Messages", "What was and will be told"),
    ("OpenAPI", "This description"),
];

/// A problem: the status, a stable code and a sentence.
#[derive(ToSchema)]
#[schema(as = Problem, examples(json!({
    "status": 409, "code": "status_forbids", "title": "Conflict",
    "detail": "`void` is for invoices in status draft, open, collections, closed, declined, refunded, written_off; this one is voided",
    "rule": "ACT-VOID-STATUS", "request_id": "req_01JZ8Q6X3S9V7K2M4N5P6R8T0W"
})))]
#[expect(dead_code, reason = "it describes what `runtime` writes")]
struct ProblemBody {
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// For machines; it stays the same.
    code: String,
    /// The status in words.
    title: String,
    /// What is wrong and what would be right.
    detail: String,
    /// The rule that was broken.
    #[schema(nullable = false)]
    rule: Option<String>,
    /// The field, parameter or header it is about; a field as a path such as `lines[0].tax.rate`.
    #[schema(nullable = false)]
    field: Option<String>,
    /// The request, as logs and journal name it.
    request_id: String,
}

/// Statuses with the names of their components.
const PROBLEMS: [(&str, &str, &str); 12] = [
    ("400", "Malformed", "The request is not of the form: JSON, a field's type, an id, a parameter, a header"),
    ("401", "Unauthenticated", "A valid API key is needed, or a login that is trusted"),
    ("403", "Forbidden", "Whoever asks lacks the scope named, or would give more than they have"),
    ("404", "NotFound", "Nothing has this id"),
    ("409", "Conflict", "The record's state is in the way, by the rule named"),
    ("410", "Gone", "What an earlier request under this key made has been deleted since"),
    ("412", "Stale", "The record changed since the ETag in If-Match was given"),
    ("413", "TooLarge", "The body is larger than 262144 bytes"),
    ("415", "NotJson", "The body is taken as application/json only"),
    ("422", "Unfit", "A value does not fit, by the rule named, or the Idempotency-Key was used for another request"),
    ("500", "Internal", "Something is wrong on our side"),
    ("503", "Unavailable", "Try again after the seconds in Retry-After, with the same Idempotency-Key"),
];

/// Every route.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    business::get,
    business::put,
    me::get,
    attempts::list,
    attempts::get,
    attempts::resolve,
    journal::of_attempt,
    journal::of_contact,
    journal::of_payment,
    contacts::credits,
    payments::get,
    api_keys::list,
    api_keys::create,
    api_keys::get,
    api_keys::revoke,
    api_keys::rotate,
    contacts::list,
    contacts::create,
    contacts::get,
    contacts::patch,
    products::list,
    products::create,
    products::get,
    invoices::list,
    invoices::create,
    invoices::get,
    invoices::patch,
    invoices::delete,
    actions::send,
    actions::request,
    actions::void,
    actions::pay,
    journal::list,
    payments::list,
    messages::list,
    openapi::get
))]
struct Routes;

/// The whole document.
pub(super) fn document() -> OpenApi {
    let OpenApi { paths, components, .. } = Routes::openapi();
    let mut document = head();
    document.paths = paths;
    document.components = components;
    complete(&mut document);
    document
}

/// The document before its routes.
fn head() -> OpenApi {
    let license = LicenseBuilder::new().name("MIT OR Apache-2.0").identifier(Some("MIT OR Apache-2.0")).build();
    let info = InfoBuilder::new().title("Remit").version("1").description(Some(ABOUT)).license(Some(license)).build();
    let tags = TAGS.map(|(name, says)| TagBuilder::new().name(name).description(Some(says)).build());
    OpenApiBuilder::new().info(info).servers(Some([ServerBuilder::new().url("/").build()])).tags(Some(tags)).build()
}

/// Adds to every operation what all of its kind have.
fn complete(document: &mut OpenApi) {
    let components = document.components.get_or_insert_with(Components::new);
    components.schemas.values_mut().for_each(answers_are_whole);
    add_components(components);
    for (path, item) in &mut document.paths.paths {
        let with_id = path.contains("{id}");
        let stateful = path == "/v1/business" || (path.starts_with("/v1/invoices") && !path.ends_with("/journal"));
        let a_key = path.starts_with("/v1/api-keys/");
        let PathItem { get, put, post, delete, patch, .. } = item;
        for (operation, method) in [(get, "get"), (put, "put"), (post, "post"), (delete, "delete"), (patch, "patch")] {
            let Some(operation) = operation else { continue };
            let open = operation.security.take_if(|needs| needs.iter().all(|need| *need == SecurityRequirement::default())).is_some();
            if open {
                operation.security = Some(Vec::new());
                continue;
            }
            let scope = Method::from_bytes(method.to_uppercase().as_bytes()).ok().and_then(|method| scopes::needed(&method, path));
            operation.security =
                scope.map(|scope| ["api_key", "login"].map(|scheme| SecurityRequirement::new(scheme, [scope.name()])).into());
            let statuses = statuses(operation, method, with_id, stateful || ((a_key || path.ends_with("/resolve")) && method != "get"));
            add_headers(operation, method);
            add_problems(operation, &statuses);
            body_may_be_left_out(operation, components);
            match method {
                "post" => {
                    add_parameter(operation, "IdempotencyKey");
                    if with_id {
                        add_parameter(operation, "IfMatch");
                    }
                }
                "put" | "patch" | "delete" => add_parameter(operation, "IfMatch"),
                _ => {}
            }
        }
    }
}

fn statuses(operation: &Operation, method: &str, with_id: bool, stateful: bool) -> Vec<&'static str> {
    let queried = operation.parameters.iter().flatten().any(|parameter| match parameter {
        RefOr::T(parameter) => parameter.parameter_in == ParameterIn::Query,
        RefOr::Ref(_) => false,
    });
    let mut statuses = vec!["401", "403", "500", "503"];
    if queried || method != "get" {
        statuses.push("400");
    }
    if with_id {
        statuses.push("404");
    }
    if stateful && (method != "put" || with_id) {
        statuses.push("409");
    }
    if operation.request_body.is_some() {
        statuses.extend(["413", "415", "422"]);
    }
    if method == "post" {
        statuses.push("410");
    }
    if method != "get" && (method != "post" || with_id) {
        statuses.push("412");
    }
    statuses
}

/// What we answer with has all its fields, null or not. Only what is also read refuses others.
fn answers_are_whole(schema: &mut RefOr<Schema>) {
    if let RefOr::T(Schema::Object(object)) = schema
        && object.additional_properties.is_none()
    {
        object.required = object.properties.keys().cloned().collect();
    }
}

/// An empty body is read as an object without fields.
fn body_may_be_left_out(operation: &mut Operation, components: &Components) {
    let Some(RefOr::T(body)) = &mut operation.request_body else { return };
    let Some(RefOr::T(content)) = body.content.get("application/json") else { return };
    let Some(RefOr::Ref(named)) = &content.schema else { return };
    let name = named.ref_location.trim_start_matches("#/components/schemas/");
    if let Some(RefOr::T(Schema::Object(object))) = components.schemas.get(name)
        && object.required.is_empty()
    {
        body.required = Some(Required::False);
    }
}

fn add_headers(operation: &mut Operation, method: &str) {
    let text = || ObjectBuilder::new().schema_type(Type::String).build();
    for response in operation.responses.responses.values_mut() {
        let RefOr::T(response) = response else { continue };
        let id = HeaderBuilder::new().schema(Some(text())).description(Some("The request, as logs and journal name it")).build();
        response.headers.insert("X-Request-Id".to_owned(), id.into());
        if method == "post" {
            let says = "`true` when an earlier request under the same key did it";
            let replayed = HeaderBuilder::new().schema(Some(text())).description(Some(says)).build();
            response.headers.insert("Idempotent-Replayed".to_owned(), replayed.into());
        }
    }
}

fn add_problems(operation: &mut Operation, statuses: &[&str]) {
    for (status, name, _) in PROBLEMS {
        if statuses.contains(&status) {
            operation.responses.responses.insert(status.to_owned(), RefOr::Ref(Ref::from_response_name(name)));
        }
    }
}

fn add_parameter(operation: &mut Operation, name: &str) {
    let parameters = operation.parameters.get_or_insert_with(Vec::new);
    parameters.push(RefOr::Ref(Ref::new(format!("#/components/parameters/{name}"))));
}

fn add_components(components: &mut Components) {
    let key = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("An API key: `key_…_…`")).build();
    components.security_schemes.insert("api_key".to_owned(), RefOr::T(SecurityScheme::Http(key)));
    let says = "A login, where the stack has an issuer of its own: an ID token that API Gateway verifies. Its claim `custom:remit_role` \
                (owner, staff, read_only), or one of its groups remit-owner, remit-staff, remit-read-only, says the role";
    let login = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").description(Some(says)).build();
    components.security_schemes.insert("login".to_owned(), RefOr::T(SecurityScheme::Http(login)));
    components.schemas.insert("Problem".to_owned(), ProblemBody::schema());
    for (status, name, says) in PROBLEMS {
        let content = Content::new(Some(Ref::from_schema_name("Problem")));
        let mut response = ResponseBuilder::new().description(says).content("application/problem+json", content);
        if status == "503" {
            let seconds = ObjectBuilder::new().schema_type(Type::Integer).build();
            let says = "Seconds to wait";
            response = response.header("Retry-After", HeaderBuilder::new().schema(Some(seconds)).description(Some(says)).build());
        }
        components.responses.insert(name.to_owned(), response.build().into());
    }
    let says = "Under it the request is carried out once; a replay is answered with the resource as it stands and \
                `Idempotent-Replayed: true`";
    let form = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(255)).pattern(Some("^[!-~]+$")).build();
    let key = parameter("Idempotency-Key", Required::True, says, form.into(), "b7a1f3de-5c7a-4a0e-9c43-6f0d2b1c8e57");
    components.parameters.insert("IdempotencyKey".to_owned(), key.into());
    let says = "An ETag as it was given: the change is made only if the record is still as it was then";
    let form = ObjectBuilder::new().schema_type(Type::String).pattern(Some(r#"^(\*|"[^"]*")$"#)).build();
    components.parameters.insert("IfMatch".to_owned(), parameter("If-Match", Required::False, says, form.into(), "\"3\"").into());
}

fn parameter(name: &str, required: Required, says: &str, form: Schema, example: &str) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(required)
        .description(Some(says))
        .schema(Some(form))
        .example(Some(json!(example)))
        .build()
}
