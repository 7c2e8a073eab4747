//! The gate before every handler, over HTTP without a socket, and the statements on both engines.

use axum::extract::State;
use bytes::Bytes;
use center_base::testing::{Program, base};
use center_base::{
    Access, Actor, Authenticator, Caller, Doc, JsonBody, Level, Person, Refusal, Role, Routes, Scope, Table,
    UserId,
};
use codes::api;
use futures_util::future::BoxFuture;
use http::Method;
use http::request::Parts;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;

#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Note {
    text: String,
}

/// Believes a header: `as: shop_staff shop`, `as: gone`.
struct Believer;

impl Authenticator for Believer {
    fn authenticate<'a>(
        &'a self,
        request: &'a Parts,
        _body: &'a Bytes,
    ) -> BoxFuture<'a, Result<Option<Actor>, Refusal>> {
        Box::pin(async move {
            let Some(who) = request.headers.get("as").and_then(|value| value.to_str().ok()) else {
                return Ok(None);
            };
            let (role, scope) = match who {
                "gone" => return Err(api::NOT_SIGNED_IN.into()),
                "operator" => (Role::Operator, Scope::Tenant),
                _ => (Role::ShopStaff, Scope::Shop("9000009".into())),
            };
            Ok(Some(Actor::Person(Person {
                id: UserId([1; 16]),
                login_id: "tanaka".into(),
                name: "田中".into(),
                role,
                scope,
                session: [0; 32],
                must_change_password: who == "new",
            })))
        })
    }
}

fn table() -> Table {
    let doc = |id| Doc::new(id, "notes", "A note").answer::<Note>(200, "The note");
    Routes::new("state")
        .api(
            Method::POST,
            "/api/v1/notes",
            Access::of(Role::PEOPLE, Level::Shop),
            doc("write").body::<Note>(),
            write,
        )
        .api(Method::GET, "/api/v1/all/{id}", Access::of(Role::PEOPLE, Level::Tenant), doc("all"), whoami)
        .api(Method::GET, "/api/v1/own", Access::TERMINAL, doc("own"), whoami)
        .page(Method::GET, "/notes", Access::of(Role::PEOPLE, Level::Shop), whoami)
        .page(Method::GET, "/password", Access::of(Role::PEOPLE, Level::Shop).before_new_password(), whoami)
        .page(Method::GET, "/open", Access::PUBLIC, whoami)
        .table()
}

async fn write(
    State(state): State<&'static str>,
    JsonBody(note): JsonBody<Note>,
) -> Result<axum::Json<Note>, Refusal> {
    assert_eq!(state, "state");
    if note.text.is_empty() {
        return Err(Refusal::bad("text must not be empty"));
    }
    Ok(axum::Json(note))
}

async fn whoami(caller: Caller) -> String {
    caller.actor.label()
}

fn program() -> Program {
    Program::new([table()], vec![Arc::new(Believer)])
}

#[tokio::test]
async fn roles_and_scope_are_checked_before_the_handler() {
    // S1
    for (who, path, status) in [
        ("", "/api/v1/all/1", 401),
        ("gone", "/api/v1/all/1", 401),
        ("staff", "/api/v1/all/1", 403),
        ("operator", "/api/v1/all/1", 200),
        ("operator", "/api/v1/own", 403),
        ("new", "/api/v1/all/1", 403),
        ("staff", "/notes", 200),
        ("", "/notes", 303),
        ("new", "/notes", 303),
        ("new", "/password", 200),
        ("gone", "/open", 200),
        ("", "/nowhere", 404),
    ] {
        let headers = [("as", who)];
        let answer = program().ask("GET", path, if who.is_empty() { &[] } else { &headers }, "").await;
        assert_eq!(answer.status, status, "{who} {path}");
    }
}

#[tokio::test]
async fn a_page_sends_nobody_to_the_login_and_back_and_a_new_person_to_the_password() {
    let nobody = program().get("/notes").await;
    assert_eq!(nobody.header("location"), "/login?next=/notes");
    let new = program().ask("GET", "/notes", &[("as", "new")], "").await;
    assert_eq!(new.header("location"), "/password");
    let fragment = program().ask("GET", "/notes", &[("hx-request", "true")], "").await;
    assert_eq!((fragment.status.as_u16(), fragment.header("hx-redirect")), (200, "/login?next=/notes"));
}

#[tokio::test]
async fn a_refusal_is_a_problem_in_the_language_asked_for_and_names_its_request() {
    let staff = [("as", "staff"), ("content-type", "application/json"), ("accept-language", "en")];
    let answer = program().ask("POST", "/api/v1/notes", &staff, json!({"text": ""}).to_string()).await;
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(answer.header("x-request-id").len(), 16);
    let problem = answer.json();
    assert_eq!(problem["code"], "center-400");
    assert_eq!(problem["money_taken"], "no");
    assert_eq!(problem["detail"], "text must not be empty");
    assert!(problem["next"].as_str().unwrap().is_ascii());
    let japanese = program().get("/api/v1/own").await.json();
    assert!(!japanese["next"].as_str().unwrap().is_ascii());
}

#[tokio::test]
async fn bodies_must_be_json_of_the_right_shape_and_size() {
    let send = async |kind: &str, body: String| {
        let headers = [("as", "staff"), ("content-type", kind)];
        program().ask("POST", "/api/v1/notes", &headers, body).await.status.as_u16()
    };
    assert_eq!(send("application/json", json!({"text": "a"}).to_string()).await, 200);
    assert_eq!(send("application/json", json!({"text": "a", "tenant": 2}).to_string()).await, 400);
    assert_eq!(send("application/json", "{".to_owned()).await, 400);
    assert_eq!(send("text/plain", json!({"text": "a"}).to_string()).await, 415);
    assert_eq!(send("application/json", "x".repeat(1024 * 1024 + 1)).await, 413);
}

#[tokio::test]
async fn the_document_and_the_matrix_say_what_the_gate_checks() {
    let answer = program().get("/api/openapi.json").await;
    let document = answer.json();
    assert_eq!(document["openapi"], "3.1.0");
    let write = &document["paths"]["/api/v1/notes"]["post"];
    assert_eq!(write["x-roles"], json!(["operator", "company_manager", "shop_manager", "shop_staff"]));
    assert_eq!(write["x-scope"], "shop");
    assert_eq!(
        write["requestBody"]["content"]["application/json"]["schema"]["$ref"],
        "#/components/schemas/Note"
    );
    assert_eq!(document["paths"]["/api/v1/all/{id}"]["get"]["parameters"][0]["name"], "id");
    assert_eq!(document["paths"]["/api/v1/own"]["get"]["security"][0], json!({"terminal-signature": []}));
    assert!(document["paths"]["/notes"].is_null(), "pages are not in the document");
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            assert!(operation["x-roles"].is_array() && operation["x-scope"].is_string(), "{method} {path}");
        }
    }
    assert!(table().matrix().contains("GET    /api/v1/own"), "{}", table().matrix());
    assert!(table().matrix().contains("terminal terminal"), "{}", table().matrix());
}

#[tokio::test]
async fn health_readiness_and_figures_are_served() {
    let db = store::testing::sqlite(center_base::MIGRATIONS);
    center_base::health::start_metrics();
    let program = Program::new([center_base::health::routes(base(&db))], vec![]);
    assert_eq!(program.get("/healthz").await.text(), "ok\n");
    let ready = program.get("/readyz").await;
    assert_eq!((ready.status.as_u16(), ready.json()["database"].as_str()), (200, Some("serving")));
    program.get("/healthz").await;
    let figures = program.get("/metrics").await.text();
    assert!(figures.contains("choba_requests_total{route=\"/healthz\",status=\"2xx\"}"), "{figures}");
    assert!(figures.contains("choba_outbox_waiting 0"), "{figures}");
}

#[test]
fn every_statement_is_taken_by_both_engines() {
    store::testing::both(center_base::MIGRATIONS, |db| {
        store::prepare_all(&db.db, center_base::STATEMENTS).unwrap();
    });
}
