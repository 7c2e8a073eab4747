//! PayPay's own SDK of Node, unmodified, drives the simulator over HTTPS: the proof of its face.

#![expect(clippy::unwrap_used, reason = "what does not start fails its test")]

use clock::Clock;
use expect_test::expect;
use netsim::code::rules::Rules;
use netsim::code::{shown, tls};
use netsim::{Keys, Listen, Networks, Settings};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Something that the test run installs at the root of the repository.
fn installed(what: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|folder| folder.join(what))
        .find(|path| path.exists())
        .ok_or_else(|| format!("{what} is missing: run `cargo xtask test`, which installs it"))
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_unmodified_sdk_creates_asks_cancels_and_refunds() {
    // X-046
    let folder = tempfile::tempdir().unwrap();
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let clock = Clock::real();
    let bound = Networks::open(Settings {
        data: folder.path().to_owned(),
        clock: clock.clone(),
        clock_moves: false,
        keys: Keys::test(),
        center_waits: Duration::from_secs(25),
        magic: true,
        listen: Listen { desk: any, card: any, smtp: any, code: None, code_tls: Some(any) },
        hosts: Vec::new(),
        terminals: Vec::new(),
    })
    .unwrap()
    .bind()
    .await
    .unwrap();
    let port = bound.addresses().unwrap().code_tls.unwrap().port();
    let serving = tokio::spawn(bound.serve(std::future::pending()));
    let rules = Rules::built_in().unwrap();
    let (brand, wallet) = (rules.brand("paypay").unwrap(), rules.wallet("aoi-paypay").unwrap());
    let codes = [1, 2].map(|serial| shown::make(brand, wallet, clock.now(), serial).digits);
    let mut node = std::process::Command::new("node");
    node.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/paypay.cjs"))
        .arg(installed("tests/peers-npm/node_modules/@paypayopa").parent().unwrap())
        .arg(port.to_string())
        .args(codes)
        .env("NODE_EXTRA_CA_CERTS", folder.path().join(tls::CERTIFICATE));
    let run = tokio::task::spawn_blocking(move || node.output()).await.unwrap().unwrap();
    serving.abort();
    let out = String::from_utf8(run.stdout).unwrap();
    let said: serde_json::Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    let lines: Vec<String> =
        said.as_object().unwrap().iter().map(|(name, said)| format!("{name} {said}")).collect();
    expect![[r#"
        cancelRefused {"code":"ALREADY_REFUNDED","http":400}
        cancelUnknown {"code":"PAYMENT_NOT_FOUND","http":404}
        cancelled {"code":"REQUEST_ACCEPTED","http":200}
        created {"code":"SUCCESS","http":200,"status":"COMPLETED"}
        createdAgain {"code":"SUCCESS","http":200,"status":"COMPLETED"}
        forged {"code":"UNAUTHORIZED","http":401}
        found {"code":"SUCCESS","http":200,"status":"COMPLETED"}
        foundByCode {"code":"SUCCESS","http":200,"status":"COMPLETED"}
        foundCancelled {"code":"SUCCESS","http":200,"status":"CANCELED"}
        late {"code":"PAYMENT_CANCELED","http":400}
        refundFound {"code":"SUCCESS","http":200,"status":"CREATED"}
        refunded {"code":"SUCCESS","http":200,"status":"CREATED"}"#]]
    .assert_eq(&lines.join("\n"));
}
