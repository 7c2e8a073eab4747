//! Giving back, with a network that answers in every way.

use super::network::{Act, Entry};
use super::*;
use crate::refund::path::{Giver, ShownCard, Wanted};
use center_api::{RefundReversal, RefundView};
use codes::{MoneyTaken, api, pay};
use payment::RefundKind;

/// The fingerprint of the card in [`request`].
const CARD: [u8; 16] = [0x0f; 16];

/// The card that was read again.
fn card(fingerprint: [u8; 16]) -> ShownCard {
    let data = request(id(1), 880).card.unwrap();
    ShownCard { fingerprint, atc: Some("0002".into()), ..crate::ask::shown_card(&data).unwrap() }
}

pub(super) fn wanted(refund: PaymentId, payment: PaymentId, yen: i64) -> Wanted {
    Wanted {
        id: refund,
        payment,
        amount: Yen::new(yen).unwrap(),
        slip_no: 2,
        operator: None,
        reason: Some("色違い".into()),
        tax: None,
        card: Some(card(CARD)),
    }
}

impl Center {
    async fn give_back(&self, wanted: Wanted) -> Result<RefundView, Refusal> {
        self.acquiring.give_back(Giver::Terminal(by()), wanted).await
    }

    async fn refund(&self, id: PaymentId) -> refund::Refund {
        self.base.read(move |tx| Ok(refund::load(tx, T, id)?)).await.unwrap().unwrap()
    }

    async fn faults(&self) -> Vec<String> {
        let now_us = self.base.clock.now_us();
        self.base.read(move |tx| Ok(crate::check::check(tx, T, now_us)?)).await.unwrap().faults
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_payment_is_voided_on_its_day_and_asking_again_is_asking_once() {
    // M-072, R-058, M-059
    for (db, network) in each().await {
        let center = Center::start(&db, &network.address, "a-1");
        let sale = center.paid(ask(id(1), 880)).await;
        let offer = sale.refund_offer.unwrap();
        assert_eq!((offer.kind, offer.most.get(), offer.partial), (RefundKind::Void, 880, false));
        for _ in 0..2 {
            let view = center.give_back(wanted(id(9), id(1), 880)).await.unwrap();
            assert_eq!((view.state, view.money_returned), (StateName::Approved, MoneyTaken::Yes));
            let slip = view.slip.unwrap();
            assert_eq!(slip.public_id, payment::public_id(id(1)), "the same transaction id as the sale");
            assert_eq!(slip.refund.unwrap().kind, RefundKind::Void);
            assert_eq!(slip.card.unwrap().atc.as_deref(), Some("0002"));
        }
        assert_eq!(network.mtis(), ["0200", "0400"]);
        assert_eq!(network.charged(), Vec::<u64>::new());
        assert_eq!(center.transfers(id(9)).await, [Kind::Posted]);
        let payment = center.row(id(1)).await;
        assert_eq!((payment.refunded.get(), payment.refunding.get()), (880, 0));
        let twice = center.give_back(wanted(id(8), id(1), 880)).await.unwrap();
        assert_eq!(twice.state, StateName::Declined);
        assert_eq!(twice.code, Some(pay::NOT_CANCELLABLE), "501, P1241");
        assert_eq!(center.faults().await, Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_payment_is_returned_on_a_later_day() {
    // 返品処理
    for (db, network) in each().await {
        let center = Center::start(&db, &network.address, "a-1");
        center.paid(ask(id(1), 880)).await;
        db.clock.advance(seconds(86_400));
        let view = center.give_back(wanted(id(9), id(1), 880)).await.unwrap();
        assert_eq!((view.kind, view.state), (RefundKind::Return, StateName::Approved));
        assert_eq!(network.mtis(), ["0200", "0200"]);
        assert_eq!((network.charged(), network.returned()), (vec![880], vec![880]));
        assert_eq!(center.faults().await, Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_rules_do_not_allow_is_refused_before_anybody_is_asked() {
    // 501, 504, 506, P1243
    for (db, network) in each().await {
        let center = Center::start(&db, &network.address, "a-1");
        center.paid(ask(id(1), 880)).await;
        let other_card = Wanted { card: Some(card([7; 16])), ..wanted(id(9), id(1), 880) };
        for (wanted, code) in [
            (other_card, pay::DIFFERENT_CARD),
            (wanted(id(10), id(1), 881), pay::ABOVE_REST),
            (wanted(id(11), id(1), 100), pay::PARTIAL_NOT_ALLOWED),
        ] {
            let view = center.give_back(wanted).await.unwrap();
            assert_eq!((view.state, view.money_returned), (StateName::Declined, MoneyTaken::No));
            assert_eq!(view.code, Some(code));
        }
        let nowhere = center.give_back(wanted(id(12), id(5), 880)).await.unwrap_err();
        assert_eq!(nowhere.code, api::NOT_FOUND);
        db.clock.advance(seconds(86_400 * 181));
        let late = center.give_back(wanted(id(13), id(1), 880)).await.unwrap();
        assert_eq!(late.code, Some(pay::CANCEL_EXPIRED));
        assert_eq!(network.mtis(), ["0200"]);
        assert_eq!(center.faults().await, Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_stands_when_its_reason_has_passed_and_a_copy_of_the_request_comes() {
    // model 3.3 rule 9: the same id hears the same answer for ever.
    for (db, network) in each().await {
        let center = Center::start(&db, &network.address, "a-1");
        center.paid(ask(id(1), 880)).await;
        network.requests([Act::OtherAmount]);
        let doubtful = center.give_back(wanted(id(9), id(1), 880)).await.unwrap();
        assert_eq!(doubtful.state, StateName::InDoubt);
        let refused = center.give_back(wanted(id(8), id(1), 880)).await.unwrap();
        assert_eq!(refused.code, Some(pay::REFUND_UNDER_WAY));
        // The one under way is undone, so the reason is gone.
        let found = crate::step::Happening::FoundRefusal(pay::REFUND_REFUSED);
        center
            .base
            .write(move |tx| refund::path::apply(tx, id(9), found.clone(), "network card", None, None))
            .await
            .unwrap();
        assert_eq!(center.row(id(1)).await.refunding.get(), 0);
        let copy = center.give_back(wanted(id(8), id(1), 880)).await.unwrap();
        assert_eq!((copy.state, copy.code), (StateName::Declined, Some(pay::REFUND_UNDER_WAY)));
        assert_eq!(network.mtis(), ["0200", "0400"], "the copy asked nobody");
        let undone =
            RefundReversal { payment: id(1), amount: Yen::new(880).unwrap(), reason: pay::INTERRUPTED };
        let view = center.acquiring.reverse_refund(by(), id(8), undone).await.unwrap();
        assert_eq!(view.state, StateName::Declined, "nothing is there to undo");
        center.give_back(wanted(id(7), id(1), 880)).await.unwrap();
        assert_eq!(network.mtis(), ["0200", "0400", "0400"], "a new wish asks anew");
        assert_eq!(center.faults().await, Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_refund_id_with_other_content_is_refused() {
    for (db, network) in each().await {
        let center = Center::start(&db, &network.address, "a-1");
        center.paid(ask(id(1), 880)).await;
        center.paid(ask(id(2), 880)).await;
        center.give_back(wanted(id(9), id(1), 880)).await.unwrap();
        for other in [wanted(id(9), id(2), 880), wanted(id(9), id(1), 500)] {
            assert_eq!(center.give_back(other).await.unwrap_err().code, api::ID_REUSED);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_voids_at_once_one_wins_on_one_center_and_on_two() {
    // Issue item 2: never more than was paid, decided in the same unit of work.
    for (db, network) in each().await {
        let centers =
            [Center::start(&db, &network.address, "a-1"), Center::start(&db, &network.address, "b-1")];
        // A file has one center; two of its own tasks stand for two.
        let other = usize::from(db.db.kind() != store::Kind::Sqlite);
        for round in 0..6_u128 {
            let sale = id(10 + round);
            centers[0].paid(ask(sale, 880)).await;
            let [one, two] = [(0, 100), (other, 200)].map(|(center, base)| {
                let center = centers[center].acquiring.clone();
                let wanted = wanted(id(base + round), sale, 880);
                tokio::spawn(async move { center.give_back(Giver::Terminal(by()), wanted).await })
            });
            let outcomes = [one.await.unwrap(), two.await.unwrap()];
            let won = outcomes
                .iter()
                .filter(|outcome| outcome.as_ref().is_ok_and(|view| view.state == StateName::Approved));
            assert_eq!(won.count(), 1, "{outcomes:?}");
        }
        assert_eq!(network.charged(), Vec::<u64>::new());
        assert_eq!(centers[0].faults().await, Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_void_that_nobody_answered_is_asked_again_until_it_is() {
    // model 3.3 rule 4
    for (db, network) in each().await {
        let center = Center::start(&db, &network.address, "a-1");
        center.paid(ask(id(1), 880)).await;
        network.requests([Act::OtherAmount]);
        let view = center.give_back(wanted(id(9), id(1), 880)).await.unwrap();
        assert_eq!((view.state, view.money_returned), (StateName::InDoubt, MoneyTaken::Unknown));
        assert_eq!(center.row(id(1)).await.refunding.get(), 880);
        let other = center.give_back(wanted(id(8), id(1), 880)).await.unwrap();
        assert_eq!(other.code, Some(pay::REFUND_UNDER_WAY));
        center.worker.drain().await.unwrap();
        assert_eq!(center.refund(id(9)).await.standing.state.name(), StateName::Approved);
        assert_eq!(network.mtis(), ["0200", "0400", "0401"]);
        assert_eq!(network.entry(&id(1).rrn()), Some(Entry::Undone));
        assert_eq!(center.transfers(id(9)).await, [Kind::Posted]);
        assert_eq!(center.faults().await, Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_in_doubt_is_asked_again_as_soon_as_the_network_is_back() {
    // R4
    for (db, network) in each().await {
        let center = Center::start(&db, &network.address, "a-1");
        center.paid(ask(id(1), 880)).await;
        network.requests([Act::OtherAmount, Act::OtherAmount]);
        center.give_back(wanted(id(9), id(1), 880)).await.unwrap();
        center.worker.drain().await.unwrap();
        assert_eq!(center.worker.drain().await.unwrap(), 0, "it waits out its pause");
        assert_eq!(center.refund(id(9)).await.standing.state.name(), StateName::InDoubt);
        let back = tokio::sync::watch::Sender::new(0);
        let (acquiring, told) = (center.acquiring.clone(), back.subscribe());
        let hastening = tokio::spawn(async move { acquiring.hasten_at(told).await });
        back.send_replace(1);
        // The clock stands still, so only the network's return makes it due.
        let mut commits = db.db.commits();
        while center.worker.drain().await.unwrap() == 0 {
            commits.changed().await.unwrap();
        }
        assert_eq!(center.refund(id(9)).await.standing.state.name(), StateName::Approved);
        hastening.abort();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_return_that_nobody_answered_is_undone_and_may_be_made_again() {
    for (db, network) in each().await {
        let center = Center::start(&db, &network.address, "a-1");
        center.paid(ask(id(1), 880)).await;
        db.clock.advance(seconds(86_400));
        network.requests([Act::OtherAmount]);
        let view = center.give_back(wanted(id(9), id(1), 880)).await.unwrap();
        assert_eq!((view.kind, view.state), (RefundKind::Return, StateName::InDoubt));
        center.worker.drain().await.unwrap();
        let refund = center.refund(id(9)).await;
        assert_eq!(refund.standing.state.name(), StateName::Reversed);
        assert_eq!(network.returned(), Vec::<u64>::new());
        assert_eq!(center.row(id(1)).await.refunding.get(), 0);
        let again = center.give_back(wanted(id(8), id(1), 880)).await.unwrap();
        assert_eq!(again.state, StateName::Approved);
        assert_eq!(network.returned(), [880]);
        assert_eq!(center.faults().await, Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_gives_nothing_back_and_another_try_is_free() {
    for (db, network) in each().await {
        let center = Center::start(&db, &network.address, "a-1");
        center.paid(ask(id(1), 880)).await;
        network.requests([Act::Say("05"), Act::Say("91")]);
        for (number, state) in [(7, StateName::Declined), (8, StateName::Failed)] {
            let view = center.give_back(wanted(id(number), id(1), 880)).await.unwrap();
            assert_eq!((view.state, view.money_returned), (state, MoneyTaken::No));
            assert_eq!(view.code, Some(pay::REFUND_REFUSED));
        }
        assert_eq!(center.transfers(id(8)).await, []);
        let view = center.give_back(wanted(id(9), id(1), 880)).await.unwrap();
        assert_eq!(view.state, StateName::Approved);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_reversed_before_it_came_is_never_made() {
    // model 3.3 rule 9
    for (db, network) in each().await {
        let center = Center::start(&db, &network.address, "a-1");
        center.paid(ask(id(1), 880)).await;
        let undo =
            || RefundReversal { payment: id(1), amount: Yen::new(880).unwrap(), reason: pay::INTERRUPTED };
        let view = center.acquiring.reverse_refund(by(), id(9), undo()).await.unwrap();
        assert_eq!(view.state, StateName::Reversed);
        let late = center.give_back(wanted(id(9), id(1), 880)).await.unwrap();
        assert_eq!(late.state, StateName::Reversed);
        assert_eq!(network.mtis(), ["0200"]);
        center.give_back(wanted(id(8), id(1), 880)).await.unwrap();
        let refused = center.acquiring.reverse_refund(by(), id(8), undo()).await.unwrap_err();
        assert_eq!(refused.code, api::WRONG_STATE, "final is final");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_center_that_stopped_while_it_asked_finds_out_after_its_start() {
    // R4
    for (db, network) in each().await {
        let center = Center::start(&db, &network.address, "a-1");
        center.paid(ask(id(1), 880)).await;
        network.requests([Act::Hold]);
        let acquiring = center.acquiring.clone();
        let asking = tokio::spawn(async move {
            acquiring.give_back(Giver::Terminal(by()), wanted(id(9), id(1), 880)).await
        });
        network.seen(2).await;
        let next = Center::start(&db, &network.address, "a-1");
        next.acquiring.line().up().await;
        assert_eq!(next.acquiring.recover().await.unwrap(), 1);
        assert_eq!(next.refund(id(9)).await.standing.state.name(), StateName::InDoubt);
        next.worker.drain().await.unwrap();
        assert_eq!(next.refund(id(9)).await.standing.state.name(), StateName::Approved);
        // The first center is gone; the terminal asks the next one and hears what it found.
        asking.abort();
        let told = next.give_back(wanted(id(9), id(1), 880)).await.unwrap();
        assert_eq!(told.state, StateName::Approved);
        assert_eq!(next.transfers(id(9)).await, [Kind::Posted]);
        assert_eq!(next.faults().await, Vec::<String>::new());
    }
}
