//! Terminals over HTTP with real signatures, on both engines.

mod activating;
mod administering;
mod bench;
mod signing;

/// Runs an async test once on each engine.
#[macro_export]
macro_rules! on_both {
    ($(#[$meta:meta])* async fn $name:ident($world:ident) $body:block) => {
        $(#[$meta])*
        #[tokio::test]
        async fn $name() {
            for $world in $crate::bench::worlds().await $body
        }
    };
}

#[test]
fn every_statement_is_good_sql_on_both_engines() {
    store::testing::both(&bench::migrations(), |db| {
        store::prepare_all(&db.db, fleet::STATEMENTS).unwrap();
    });
}

on_both! {
    async fn every_act_is_audited_once_and_the_chain_holds(world) {
        // S5. Newest first; the first two were registrations.
        let _device = world.activated(1).await;
        let tenant = world.base.tenant;
        let entries = world.base.read(move |tx| Ok(center_base::audit::newest(tx, tenant, 100)?)).await.unwrap();
        let ours: Vec<&str> = entries
            .iter()
            .filter(|entry| entry.about.starts_with("terminal "))
            .map(|entry| entry.what.as_str())
            .collect();
        assert_eq!(
            ours,
            ["activated", "activation_prepared", "activation_tried", "terminal_changed", "terminal_changed"]
        );
        let text = format!("{entries:?}");
        assert!(!text.contains("5282"), "no password is audited: {text}");
        let verdict = world
            .base
            .read(move |tx| Ok(center_base::audit::verify(tx, tenant, &[&center_base::audit::AuditLog])?))
            .await
            .unwrap();
        assert!(matches!(verdict, center_base::audit::Verdict::Sound { .. }), "{verdict:?}");
    }
}
