//! The kernel against scripted cards: each command that it sends and each answer that it gets.
//!
//! The directory and selection scripts use the answers of openemv/emv-utils
//! `tests/emv_build_candidate_list_test.c`.
#![expect(clippy::expect_used, reason = "a test's helpers fail by panicking, as the test does")]

use device::{
    CardVerdict, Deal, Effect, Event, HostAnswer, HostDecision, Kernel, ReaderPolicy, Refusal, TerminalData,
};
use emv::bench::{Hint, SwipedTrack};
use emv::dictionary::tags;
use emv::tlv;
use money::Yen;

const PSE: &str = "00A404000E315041592E5359532E444446303100";
const PSE_FCI: &str = "6F20840E315041592E5359532E4444463031A50E8801015F2D046E6C656E9F1101019000";
const READ_1: &str = "00B2010C00";
const READ_2: &str = "00B2020C00";
const NO_RECORD: &str = "6A83";

fn kernel_with(policy: ReaderPolicy) -> Kernel {
    let terminal = TerminalData {
        terminal_id: "00358002".into(),
        merchant_id: "9000009".into(),
        merchant_name: "CHOBA".into(),
        merchant_category: 5812,
        reader_serial: "MP200085".into(),
    };
    let at = "2026-11-21T01:15:30Z".parse().expect("an instant");
    let deal = Deal::new(Yen::new(880).expect("an amount"), at, 1, || [0x11, 0x22, 0x33, 0x44]);
    Kernel::new(policy, terminal, deal)
}

fn kernel() -> Kernel {
    kernel_with(ReaderPolicy::default())
}

fn insert(kernel: &mut Kernel) -> Vec<Effect> {
    kernel.step(Event::Inserted { atr: vec![0x3B] })
}

fn sent(effects: &[Effect]) -> String {
    let command = effects.iter().find_map(|e| if let Effect::Send(bytes) = e { Some(bytes) } else { None });
    command.map(hex::encode_upper).unwrap_or_default()
}

/// Plays a script: each command must come as written, each answer is given. The effects after the last.
fn play(kernel: &mut Kernel, mut effects: Vec<Effect>, script: &[(&str, &str)]) -> Vec<Effect> {
    for (n, (command, answer)) in script.iter().enumerate() {
        assert_eq!(sent(&effects), command.replace(' ', ""), "command {n}; {effects:?}");
        let answer = hex::decode(answer.replace(' ', "")).expect("hexadecimal");
        effects = kernel.step(Event::Answer(answer));
    }
    effects
}

fn verdict(effects: &[Effect]) -> Option<&CardVerdict> {
    effects.iter().find_map(|e| if let Effect::Done(verdict) = e { Some(verdict) } else { None })
}

#[test]
fn a_blocked_card_is_refused_at_once() {
    let mut kernel = kernel();
    let effects = insert(&mut kernel);
    let effects = play(&mut kernel, effects, &[(PSE, "6A81")]);
    assert_eq!(verdict(&effects), Some(&CardVerdict::Refused(Refusal::Blocked)));
    // Without a directory the first listed application says it.
    let mut kernel = self::kernel();
    let effects = insert(&mut kernel);
    let effects = play(&mut kernel, effects, &[(PSE, "6A82"), ("00A4040007A000000003101000", "6A81")]);
    assert_eq!(verdict(&effects), Some(&CardVerdict::Refused(Refusal::Blocked)));
}

#[test]
fn a_directory_with_one_application_selects_it() {
    let entry =
        "7029 6127 4F07A0000000031010 500B56495341204352454449 54 870101 9F120B5649534120435245444954 9000";
    let mut kernel = kernel();
    let effects = insert(&mut kernel);
    let effects = play(&mut kernel, effects, &[(PSE, PSE_FCI), (READ_1, entry), (READ_2, NO_RECORD)]);
    assert_eq!(sent(&effects), "00A4040007A000000003101000");
}

#[test]
fn of_several_applications_the_order_of_the_card_decides_or_the_holder() {
    let entry = "7044 6120 4F07A0000000032020 50055620504159 870101 730B9F0A080001050100000000 \
                 6120 4F07A0000000032010 50055620504159 870102 730B9F0A080001050100000000 9000";
    let script = [(PSE, PSE_FCI), (READ_1, entry), (READ_2, NO_RECORD)];
    let mut by_order = kernel();
    let effects = insert(&mut by_order);
    let effects = play(&mut by_order, effects, &script);
    assert_eq!(sent(&effects), "00A4040007A000000003202000");

    let mut by_holder = kernel_with(ReaderPolicy { application_choice: true, ..ReaderPolicy::default() });
    let effects = insert(&mut by_holder);
    let effects = play(&mut by_holder, effects, &script);
    assert_eq!(effects, [Effect::ChooseApplication(vec!["V PAY".into(), "V PAY".into()])]);
    assert_eq!(by_holder.step(Event::ApplicationChosen(2)), [], "there is no third");
    assert_eq!(sent(&by_holder.step(Event::ApplicationChosen(1))), "00A4040007A000000003201000");
}

#[test]
fn without_a_directory_longer_names_that_begin_alike_are_found_one_by_one() {
    let fci = |last: &str, order: &str| {
        format!(
            "6F45 8408A0000000041010{last} A539 50094D4320435245444954 5F2D046E6C656E 8701{order} 9F110101 \
             9F120A4D415354455243415244 BF0C109F4D020B0A9F0A080001050200000000 9000"
        )
    };
    let (second, first) = (fci("10", "02"), fci("20", "01"));
    let select = |aid: &str| format!("00A40400{:02X}{aid}00", aid.len() / 2);
    let mut script: Vec<(String, String)> = vec![(PSE.into(), "6A82".into())];
    for row in emv::aid::SUPPORTED {
        let aid = hex::encode_upper(row.aid);
        if aid == "A0000000041010" {
            script.push((select(&aid), second.clone()));
            script.push((select(&aid).replace("A40400", "A40402"), first.clone()));
            script.push((select(&aid).replace("A40400", "A40402"), "6A82".into()));
        } else if aid == "A0000000032020" {
            // 6283: this application is blocked; the search goes on.
            script.push((select(&aid), "6283".into()));
        } else {
            script.push((select(&aid), "6A82".into()));
        }
    }
    let script: Vec<(&str, &str)> = script.iter().map(|(c, a)| (c.as_str(), a.as_str())).collect();
    let mut kernel = kernel();
    let effects = insert(&mut kernel);
    let effects = play(&mut kernel, effects, &script);
    assert_eq!(sent(&effects), "00A4040008A00000000410102000", "the one with order 1");
}

#[test]
fn a_card_without_a_common_application_is_refused_and_not_swiped_instead() {
    let mut kernel = kernel();
    let mut effects = insert(&mut kernel);
    for _ in 0..=emv::aid::SUPPORTED.len() {
        assert!(!sent(&effects).is_empty());
        effects = kernel.step(Event::Answer(vec![0x6A, 0x82]));
    }
    assert_eq!(verdict(&effects), Some(&CardVerdict::Refused(Refusal::BrandNotAccepted)));
}

#[test]
fn a_card_of_protocol_t_0_announces_and_corrects_lengths() {
    // EMV 4.4 Book 1, 9.3.1; lengths as in emv-utils' blocked directory.
    let mut kernel = kernel();
    let effects = insert(&mut kernel);
    let script = [
        (PSE, "6124"),
        ("00C0000024", "6C24"),
        ("00C0000024", PSE_FCI),
        (READ_1, "6C2B"),
        ("00B2010C2B", NO_RECORD),
    ];
    let effects = play(&mut kernel, effects, &script);
    assert_eq!(sent(&effects), "00A4040007A000000003101000", "an empty directory falls back to the list");
    // A card that corrects for ever is broken.
    let mut effects = effects;
    for _ in 0..20 {
        effects = kernel.step(Event::Answer(vec![0x6C, 0x10]));
    }
    assert!(sent(&effects).is_empty());
}

#[test]
fn a_mute_chip_is_swiped_instead_and_an_odd_event_changes_nothing() {
    let mut kernel = kernel();
    assert_eq!(kernel.step(Event::Inserted { atr: Vec::new() }), [Effect::Show(Hint::SwipeInstead)]);
    for event in
        [Event::PinEntered, Event::Answer(vec![0x90, 0]), Event::ApplicationChosen(0), Event::Removed]
    {
        assert_eq!(kernel.step(event), []);
    }
    assert_eq!(kernel.step(Event::Tapped), [Effect::Show(Hint::TapNotOffered)]);
    let swiped = SwipedTrack::new(";4111111111111111=30122010000000000000?");
    let effects = kernel.step(Event::Swiped(swiped));
    assert!(effects.iter().any(|e| matches!(e, Effect::GoOnline(read) if read.fallback)));
    assert_eq!(kernel.step(Event::Cancel), [], "what was asked cannot be unasked");
}

#[test]
fn an_unreadable_stripe_may_be_swiped_three_times() {
    // 203.
    let mut kernel = kernel();
    let swipe = || Event::Swiped(SwipedTrack::new(";4111?"));
    assert_eq!(kernel.step(swipe()), [Effect::Show(Hint::SwipeAgain)]);
    assert_eq!(kernel.step(swipe()), [Effect::Show(Hint::SwipeAgain)]);
    assert_eq!(verdict(&kernel.step(swipe())), Some(&CardVerdict::Refused(Refusal::BadStripe)));
    assert!(kernel.is_over());
}

#[test]
fn a_card_that_takes_no_taps_is_to_be_inserted() {
    // 107, 108.
    for (answer, refusal) in
        [("6A82", Refusal::TapNotAllowed), ("6F00", Refusal::TapFailed), ("6F0290", Refusal::TapFailed)]
    {
        let mut kernel = kernel();
        let effects = kernel.step(Event::Tapped);
        assert_eq!(sent(&effects), "00A404000E325041592E5359532E444446303100");
        let effects = kernel.step(Event::Answer(hex::decode(answer).expect("hexadecimal")));
        assert_eq!(verdict(&effects), Some(&CardVerdict::Refused(refusal)), "{answer}");
    }
}

#[test]
fn cancel_before_the_card_and_while_it_is_read_sends_nothing() {
    let mut waiting = kernel();
    assert!(!waiting.has_card());
    assert_eq!(waiting.step(Event::Cancel), [Effect::Done(CardVerdict::Cancelled)]);
    let mut reading = kernel();
    insert(&mut reading);
    assert!(reading.has_card());
    assert_eq!(verdict(&reading.step(Event::Cancel)), Some(&CardVerdict::Cancelled));
    assert_eq!(reading.step(Event::Answer(vec![0x90, 0x00])), []);
}

/// A chip with a signature rule, read up to the host: the answers after the selection.
const TO_HOST: &[(&str, &str)] = &[
    (PSE, PSE_FCI),
    (READ_1, "7013 6111 4F07A0000000031010 5003415050 870101 9000"),
    (READ_2, NO_RECORD),
    ("00A4040007A000000003101000", "6F15 8407A0000000031010 A50A 5003415050 9F380295 00 9000"),
    ("80A8000002830000", "77 0A 82021C00 940408010100 9000"),
    (
        "00B2010C00",
        "70 4B 5713 4111111111111111D30122010000000000000F 5A08 4111111111111111 5F2403301231 5F340101 \
         8C039F0206 8D028A02 8E0A 00000000 00000000 1E00 9F0E050000000000 9F0702FF00 9000",
    ),
];

fn to_host() -> Kernel {
    let mut kernel = kernel();
    let effects = insert(&mut kernel);
    let effects = play(&mut kernel, effects, TO_HOST);
    assert_eq!(sent(&effects), "80AE80000600000000088000");
    let arqc = "8012 80 0007 1122334455667788 06011203A0A000 9000";
    let effects = kernel.step(Event::Answer(hex::decode(arqc.replace(' ', "")).expect("hexadecimal")));
    assert!(effects.iter().any(|e| matches!(e, Effect::GoOnline(_))), "{effects:?}");
    kernel
}

fn approval(scripts: &str) -> Event {
    Event::Host(HostAnswer {
        decision: HostDecision::Approved,
        response_code: *b"00",
        issuer_authentication: Vec::new(),
        scripts: hex::decode(scripts.replace(' ', "")).expect("hexadecimal"),
    })
}

const TC: &str = "8012 40 0007 8877665544332211 06011203606000 9000";

#[test]
fn scripts_run_before_and_after_the_last_cryptogram_and_tell_their_results() {
    let mut kernel = to_host();
    // 71: two commands, the second fails. 72: one command, a warning is no failure.
    let effects = kernel.step(approval(
        "7116 9F180400000001 8606 84240000 0101 8605 84240001 00 \
         720D 9F180400000002 8604 841E0000",
    ));
    let script =
        [("842400000101", "9000"), ("8424000100", "6985"), ("80AE4000023030 00", TC), ("841E0000", "6200")];
    let effects = play(&mut kernel, effects, &script);
    let Some(CardVerdict::Approved(closing)) = verdict(&effects) else {
        unreachable!("approved: {effects:?}")
    };
    let chip = tlv::parse(&closing.emv_data).expect("DE 55");
    // Failed at its second command; done (EMV 4.4 Book 4, annex A5).
    assert_eq!(
        tlv::find_bytes(&chip, tags::SCRIPT_RESULTS).map(hex::encode_upper).as_deref(),
        Some("12000000012000000002")
    );
    // Byte 5 bit 6: script processing failed before the final GENERATE AC.
    assert_eq!(tlv::find_bytes(&chip, tags::TVR).map(|tvr| tvr[4]), Some(0x20));
}

#[test]
fn a_card_that_falls_silent_after_the_approval_does_not_honour_it() {
    for answers in [vec![""], vec!["6F00"], vec!["8003400007 9000"]] {
        let mut kernel = to_host();
        let mut effects = kernel.step(approval(""));
        for answer in answers {
            assert!(!sent(&effects).is_empty());
            effects = kernel.step(Event::Answer(hex::decode(answer.replace(' ', "")).expect("hexadecimal")));
        }
        assert!(matches!(verdict(&effects), Some(CardVerdict::NotHonoured(..))), "{effects:?}");
    }
    let mut removed = to_host();
    removed.step(Event::Removed);
    let effects = removed.step(approval(""));
    assert!(matches!(verdict(&effects), Some(CardVerdict::NotHonoured(..))), "{effects:?}");
}

#[test]
fn records_that_repeat_a_data_object_or_lack_the_track_are_not_used() {
    let (last, before) = TO_HOST.split_last().expect("a script");
    for record in [
        "700C 5A044111111F 5A044111111F 9000",
        "7010 5A08 4111111111111111 5F2403301231 9000",
        // Track 2 names another number than tag 5A.
        "701F 5713 4111111111111111D30122010000000000000F 5A08 4761739001010010 9000",
    ] {
        let mut kernel = kernel();
        let effects = insert(&mut kernel);
        let effects = play(&mut kernel, effects, before);
        let effects = play(&mut kernel, effects, &[(last.0, record)]);
        assert_eq!(effects, [Effect::Show(Hint::SwipeInstead)], "{record}");
    }
}

#[test]
fn neither_events_nor_kernel_show_a_track_in_debug() {
    let mut kernel = kernel();
    let effects = insert(&mut kernel);
    play(&mut kernel, effects, TO_HOST);
    let answer = hex::decode(TO_HOST[5].1.replace(' ', "")).expect("hexadecimal");
    let swipe = Event::Swiped(SwipedTrack::new(";4111111111111111=3012201?"));
    let shown = format!("{kernel:?} {:?} {swipe:?}", Event::Answer(answer));
    assert!(shown.contains("411111*****11"), "{shown}");
    assert!(!shown.contains("4111111111") && !shown.contains("65, 17, 17"), "{shown}");
}
