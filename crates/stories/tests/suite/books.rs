//! The network's own file against the center's books, both of running programs.

use stories::House;

const KIND: &str = "請求されたのに売上がない";
const PROPOSED: &str = "ネットワークの窓口に照会番号で確認してください";
/// What only the form has with which a case is settled.
const FORM: &str = "name=\"reason\"";

#[test]
fn a_file_of_the_running_network_makes_one_case_which_a_person_settles_with_reason_and_evidence() {
    // X-046; docs/networks/network-file.md
    stories::story("network_file", "The network's file says otherwise.", async |house: &mut House| {
        house.sale("770").await;
        house.present("visa", "tap", None).await;
        house.until_screen("approved").await;
        house.press("finish", &[]).await;
        house.until_screen("amount").await;
        // The network charges and does not answer; its file is made before the reversal comes.
        house.fault("drop_answer", 1).await;
        house.sale("880").await;
        house.present("visa", "tap", None).await;
        house.until_charged(2).await;
        let early = house.network_file().await;
        house.center_gives_up().await;
        house.a_little_later("undone").await;

        house.file_arrives(&early).await;
        let session = house.operator().await;
        let cases = house.cases(&session).await;
        let [case] = cases.as_slice() else { panic!("one payment differs: {cases:?}") };
        let shown = house.console(&session, case).await.body;
        for told in [KIND, PROPOSED, "¥880"] {
            assert!(shown.contains(told), "{told}: {shown}");
        }
        for (reason, proof) in [("", "受付 4711"), ("窓口の回答どおり", ""), ("", "")] {
            let refused = house.settle(&session, case, reason, proof).await;
            assert_eq!(refused.status, 422, "asked again: {reason:?} {proof:?}");
            assert!(house.console(&session, case).await.body.contains(FORM), "still open");
        }
        let settled = house.settle(&session, case, "窓口の回答どおり、取消済みと確認", "受付 4711").await;
        assert_eq!(settled.status, 303, "{}", settled.body);
        let shown = house.console(&session, case).await.body;
        assert!(shown.contains("受付 4711") && !shown.contains(FORM), "{shown}");
    });
}

#[test]
fn a_charge_that_a_file_lacks_or_has_too_much_or_with_another_amount_is_a_case_each() {
    // docs/networks/network-file.md; the simulated network makes such files on order.
    stories::story("file_faults", "The network's files are wrong.", async |house: &mut House| {
        house.sale("770").await;
        house.present("visa", "tap", None).await;
        house.until_screen("approved").await;
        house.press("finish", &[]).await;
        let session = house.operator().await;
        for (fault, kind) in [
            ("file_missing", "売上があるのに請求がない"),
            ("file_extra", "請求されたのに売上がない"),
            ("file_amount", "金額が一致しない"),
        ] {
            house.fault(fault, 1).await;
            let file = house.network_file().await;
            house.file_arrives(&file).await;
            house.until_case(&session, kind).await;
        }
    });
}
