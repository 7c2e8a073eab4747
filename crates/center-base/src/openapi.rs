//! The OpenAPI 3.1 document, built from the route table: roles and scope of every operation are those
//! that its gate checks.

use crate::actor::Role;
use crate::routes::{Access, Entry};
use axum::Extension;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{Method, StatusCode, header};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ComponentsBuilder, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ContentBuilder, InfoBuilder, LicenseBuilder, OpenApiBuilder, PathsBuilder, Ref, RefOr, Required,
    Response as Answer, ResponseBuilder, Schema,
};
use utoipa::{PartialSchema, ToSchema};

/// What the document says of one operation. Path parameters, `x-roles`, `x-scope`, security, and the
/// answers that the gate gives are added from the table.
pub struct Doc {
    id: &'static str,
    tag: &'static str,
    summary: &'static str,
    description: Option<&'static str>,
    body: Option<Ref>,
    answers: BTreeMap<String, Answer>,
    schemas: Vec<(String, RefOr<Schema>)>,
}

impl Doc {
    /// `id` is the operation id (`pay`), `tag` the room it stands in (`payments`), `summary` one line.
    pub fn new(id: &'static str, tag: &'static str, summary: &'static str) -> Self {
        Self {
            id,
            tag,
            summary,
            description: None,
            body: None,
            answers: BTreeMap::new(),
            schemas: Vec::new(),
        }
    }

    /// More than one line.
    pub fn description(mut self, text: &'static str) -> Self {
        self.description = Some(text);
        self
    }

    /// The JSON body that it takes.
    pub fn body<T: ToSchema>(mut self) -> Self {
        self.body = Some(self.reference::<T>());
        self
    }

    /// A JSON answer.
    pub fn answer<T: ToSchema>(mut self, status: u16, text: &'static str) -> Self {
        let schema = self.reference::<T>();
        let content = ContentBuilder::new().schema(Some(schema)).build();
        let answer = ResponseBuilder::new().description(text).content("application/json", content).build();
        self.answers.insert(status.to_string(), answer);
        self
    }

    /// An answer without a JSON body.
    pub fn empty(mut self, status: u16, text: &'static str) -> Self {
        self.answers.insert(status.to_string(), ResponseBuilder::new().description(text).build());
        self
    }

    /// A refusal as problem+json.
    pub fn problem(mut self, status: u16, text: &'static str) -> Self {
        self.answers.insert(status.to_string(), problem(text));
        self
    }

    fn reference<T: ToSchema>(&mut self) -> Ref {
        let name = T::name().into_owned();
        self.schemas.push((name.clone(), <T as PartialSchema>::schema()));
        <T as ToSchema>::schemas(&mut self.schemas);
        Ref::from_schema_name(name)
    }
}

fn problem(text: &str) -> Answer {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    ResponseBuilder::new().description(text).content("application/problem+json", content).build()
}

/// The document's bytes, served as they are.
#[derive(Clone)]
pub(crate) struct Document(pub(crate) Bytes);

/// `GET /api/openapi.json`.
pub(crate) fn own_entry() -> Entry {
    let doc = Doc::new("openapi", "service", "This document").empty(200, "OpenAPI 3.1 as JSON");
    crate::routes::entry(Method::GET, "/api/openapi.json", Access::PUBLIC, doc, serve)
}

async fn serve(Extension(document): Extension<Document>) -> Response {
    (StatusCode::OK, [(header::CONTENT_TYPE, "application/json")], document.0).into_response()
}

const SIGNATURE: &str = "terminal-signature";
const SESSION: &str = "console-session";

/// The whole document. Built as JSON text once at start.
pub(crate) fn document(entries: &[Entry]) -> Value {
    let mut paths = PathsBuilder::new();
    let mut components = ComponentsBuilder::new()
        .schema("Problem", <center_api::Problem as PartialSchema>::schema())
        .security_scheme(
            SIGNATURE,
            api_key("Signature", "RFC 9421 with the key of the terminal, see docs/api.md"),
        )
        .security_scheme(SESSION, api_key("Cookie", "The session of a person"));
    for entry in entries {
        let Some(doc) = &entry.doc else { continue };
        let Some(method) = method(&entry.method) else { continue };
        for (name, schema) in &doc.schemas {
            components = components.schema(name.clone(), schema.clone());
        }
        paths = paths.path(entry.path, PathItem::new(method, operation(entry, doc)));
    }
    let info = InfoBuilder::new()
        .title("Choba center")
        .version("1")
        .description(Some(
            "Ids are minted by the device; asking twice with the same id is asking once. Amounts are whole yen.",
        ))
        .license(Some(LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build()))
        .build();
    let whole =
        OpenApiBuilder::new().info(info).paths(paths.build()).components(Some(components.build())).build();
    serde_json::to_value(&whole).unwrap_or_else(|_| json!({}))
}

fn api_key(header: &str, text: &str) -> SecurityScheme {
    SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(header, text)))
}

fn method(method: &Method) -> Option<HttpMethod> {
    match method.as_str() {
        "GET" => Some(HttpMethod::Get),
        "POST" => Some(HttpMethod::Post),
        "PUT" => Some(HttpMethod::Put),
        "DELETE" => Some(HttpMethod::Delete),
        "PATCH" => Some(HttpMethod::Patch),
        _ => None,
    }
}

fn operation(entry: &Entry, doc: &Doc) -> utoipa::openapi::path::Operation {
    let roles = entry.access.roles();
    let words: Vec<&str> = roles.iter().map(|role| role.word()).collect();
    let extensions =
        ExtensionsBuilder::new().add("x-roles", words).add("x-scope", entry.access.level().word()).build();
    let mut operation = OperationBuilder::new()
        .operation_id(Some(doc.id))
        .tag(doc.tag)
        .summary(Some(doc.summary))
        .description(doc.description)
        .extensions(Some(extensions));
    for name in parameters(entry.path) {
        let text = ObjectBuilder::new().schema_type(SchemaType::Type(Type::String)).build();
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .schema(Some(text));
        operation = operation.parameter(parameter.build());
    }
    if let Some(body) = &doc.body {
        let content = ContentBuilder::new().schema(Some(body.clone())).build();
        let body =
            RequestBodyBuilder::new().required(Some(Required::True)).content("application/json", content);
        operation = operation.request_body(Some(body.build()));
    }
    for (status, answer) in answers(entry, doc) {
        operation = operation.response(status, answer);
    }
    for (role, scheme) in [(Role::Terminal, SIGNATURE), (Role::Operator, SESSION)] {
        if !roles.contains(&Role::Anonymous) && roles.contains(&role) {
            operation = operation.security(SecurityRequirement::new(scheme, Vec::<String>::new()));
        }
    }
    operation.build()
}

/// The operation's own answers and those of its gate.
fn answers(entry: &Entry, doc: &Doc) -> BTreeMap<String, Answer> {
    let mut answers = doc.answers.clone();
    let mut gate = |status: &str, text: &str| {
        answers.entry(status.to_owned()).or_insert_with(|| problem(text));
    };
    if !entry.access.roles().contains(&Role::Anonymous) {
        gate("401", "Not signed in, or the signature does not hold");
        gate("403", "Signed in, but not in one of the roles of x-roles");
    }
    if doc.body.is_some() {
        gate("400", "The body does not fit");
        gate("413", "The body is too large");
        gate("415", "The body is not JSON");
    }
    if entry.path.contains('{') {
        gate("404", "Not there, or outside the asker's scope");
    }
    gate("503", "Not available now; nothing was asked of any network");
    answers
}

/// The `{names}` in a path.
fn parameters(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}
